"""Verbs that say what was done, check it and write it."""

from __future__ import annotations

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
        options=(Option(name="--no-form", help="Show the record without the form.", takes="flag"),),
        example="%synth disclose",
        body="One statement a line, such as 'Intent: replica for teaching'.",
    ),
    Verb(
        name="export",
        summary="Export the notebook with its disclosure (.html, .md, .ipynb), or a frame with a sidecar (.csv, .parquet).",
        options=(
            Option(name="FILE", help="Where to write; its ending says what.", takes="file", required=True),
            Option(name="--frame", help="The frame to write, for .csv and .parquet.", takes="frame"),
            NOTEBOOK,
            Option(name="--overwrite", help="Replace the file even if it isn't as synthnb wrote it.", takes="flag"),
            Option(name="--override", help="Why it is exported although a gate failed, in words; the record states it."),
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
    Verb(name="runs", summary="List what was done in this project, from the ledger.", example="%synth runs"),
)
