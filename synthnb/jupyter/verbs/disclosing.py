"""Verbs that say what was done, check it and write it."""

from __future__ import annotations

from synthnb.disclosure.venues.names import VENUES
from synthnb.jupyter.verbs.base import Option, Verb
from synthnb.jupyter.verbs.options import NOTEBOOK

__all__ = ["DISCLOSING"]

DISCLOSING: tuple[Verb, ...] = (
    Verb(
        name="diff",
        summary="Show what changed between two runs: prompts, model, parameters, recipe, inputs and what came out.",
        options=(
            Option(name="RUN", help="A run's id, or its beginning.", takes="run", required=True),
            Option(name="OTHER", help="The other run's.", takes="run", required=True),
        ),
        example="%synth diff run-3f2a run-91bc",
    ),
    Verb(
        name="replay",
        summary="Make a run again from the replies that were kept, and tell whether the bytes are the same or why not.",
        options=(Option(name="RUN", help="A run's id, or its beginning.", takes="run", required=True),),
        example="%synth replay run-3f2a",
    ),
    Verb(
        name="disclose",
        summary="Show the record, and a form for what only a person can state.",
        options=(
            Option(name="--no-form", help="Show the record without the form.", takes="flag"),
            Option(
                name="--for",
                help="Show what a venue asks, as a paragraph and a checklist, with what the record states; or a .toml file of your own.",
                choices=VENUES,
            ),
        ),
        example="%synth disclose",
        body="One statement a line, such as 'Intent: replica for teaching'.",
    ),
    Verb(
        name="risk",
        summary="Show the risk record, with a guided form: attack results, the risk left, mitigations, which release class is recommended.",
        options=(
            Option(name="--no-form", help="Show the risk record without the form.", takes="flag"),
            Option(name="--by", help="Who says it; the setting person, if left out."),
        ),
        example="%synth risk",
        body="One answer a line, such as 'Residual risk: rare combinations of age and diagnosis'.",
    ),
    Verb(
        name="check",
        summary="Hold every rule of the policy against this notebook: kept, violated or not decidable, with what to do.",
        options=(
            Option(name="--policy", help="A policy's file; the one in force, if left out.", takes="file"),
            Option(
                name="--release",
                help="The release class it is held against; the one stated, if left out.",
                choices=("local", "team", "controlled", "public"),
            ),
            NOTEBOOK,
        ),
        example="%synth check --release team",
    ),
    Verb(
        name="export",
        summary="Export the notebook with its disclosure, or a frame with its record; the file's ending says as what.",
        options=(
            Option(
                name="FILE",
                help="Where to write: .html, .slides.html, .pdf, .md, .tex, .py, .ipynb, .zip, .croissant.json, .prov.json, .prov.svg, "
                ".card.md; with --frame .csv, .jsonl, .parquet, .arrow, .feather, .xlsx.",
                takes="file",
                required=True,
            ),
            Option(name="--frame", help="The frame to write.", takes="frame"),
            NOTEBOOK,
            Option(name="--overwrite", help="Replace the file even if it isn't as synthnb wrote it.", takes="flag"),
            Option(name="--override", help="Why it is exported although a gate failed or a rule is broken; the record states it."),
            Option(name="--release", help="The release class it is meant for.", choices=("local", "team", "controlled", "public")),
        ),
        example="%synth export report.html",
    ),
    Verb(
        name="verify",
        summary="Recompute every digest and name what has drifted.",
        options=(
            Option(name="FILE", help="A notebook, an export or a data file; this notebook, if left out.", takes="file"),
            NOTEBOOK,
        ),
        example="%synth verify",
    ),
    Verb(
        name="sign",
        summary="Sign the notebook as it is saved, or a file, with your key (made once by synthnb signing-key new).",
        options=(
            Option(name="FILE", help="A notebook, an export, a data file or a folder; this notebook, if left out.", takes="file"),
            Option(name="--by", help="Who signs; the setting person, if left out."),
            Option(name="--valid-until", help="The day, as 2027-12-31, until which the signature is to count."),
            NOTEBOOK,
        ),
        example="%synth sign",
    ),
    Verb(
        name="sign-off",
        summary="Note that a reviewer has seen the record as it now is; a later change makes that void, visibly.",
        options=(
            Option(name="--reviewer", help="The reviewer's name and role, in quotes.", required=True),
            Option(name="--scope", help="What was reviewed, in the reviewer's words.", required=True),
            Option(name="--by", help="Who enters it, if not the reviewer; the setting person, if left out."),
            NOTEBOOK,
        ),
        example='%synth sign-off --reviewer "Ada Núñez, statistician" --scope "methods and evaluation"',
    ),
    Verb(
        name="label",
        summary="Show the record on one card, as a nutrition label, or write it.",
        options=(
            Option(name="FILE", help="Where to write it: .svg, .html or .txt; it is only shown, if left out.", takes="file"),
            NOTEBOOK,
            Option(name="--overwrite", help="Replace the file even if it isn't a label as synthnb wrote it.", takes="flag"),
        ),
        example="%synth label label.svg",
    ),
    Verb(
        name="runs",
        summary="List what was done in this project, from the ledger, or show one entry in full.",
        options=(
            Option(name="ENTRY", help="An entry's id, or its beginning, to be shown in full.", takes="run"),
            Option(name="--kind", help="Only entries of this kind, such as generate,evaluate."),
            Option(name="--since", help="Only since a date (2026-11-20), or so long ago (12h, 7d), in UTC."),
            Option(name="--frame", help="Only what made, read, judged or wrote the frame of this name."),
            Option(name="--model", help="Only what a language model did whose id or name holds this.", takes="model"),
            Option(name="--limit", help="Only so many, the newest.", takes="number"),
            Option(name="--to", help="Write whole entries to this .jsonl file too.", takes="file"),
            Option(name="--overwrite", help="Replace that file even if synthnb didn't write it.", takes="flag"),
        ),
        example="%synth runs --kind generate,evaluate --since 7d",
    ),
)
