"""Options that several verbs take."""

from __future__ import annotations

from synthnb.jupyter.verbs.base import Option

__all__ = [
    "COMPARED",
    "GROUPS",
    "HOSTED",
    "IDENTIFIERS",
    "LIMITS",
    "MODEL",
    "NOTEBOOK",
    "OVERRIDE",
    "OVERWRITE",
    "SEED",
    "SENSITIVE",
    "SHOWN",
    "STATED",
    "VARIETY",
    "WORDS",
]

SEED = Option(name="--seed", help="Whole number that makes the result repeatable.", takes="number")
GROUPS = Option(name="--groups", help="Columns, comma-separated, whose subgroups must be shown.", takes="columns")
OVERWRITE = Option(name="--overwrite", help="Replace the variable even if synthnb didn't make it.", takes="flag")
MODEL = Option(
    name="--model",
    help="Who writes, as %synth models lists it, or the path of a GGUF file; the setting model, if left out.",
    takes="model",
)
OVERRIDE = Option(name="--override", help="Why it is done although a rule of the policy is broken, in words; the record states it.")
LIMITS = (
    Option(name="--limit-tokens", help="Most tokens that may be read and written together.", takes="number"),
    Option(name="--limit-cost", help="Most US dollars that the calls may cost.", takes="decimal"),
    Option(name="--limit-minutes", help="Most minutes that the calls may take.", takes="decimal"),
    Option(name="--limit-watt-hours", help="Most energy that the calls may use, as estimated.", takes="decimal"),
    OVERRIDE,
)
HOSTED = Option(
    name="--allow-hosted",
    help="Let what goes into prompts leave this machine, to a hosted model; real rows need the setting hosted_rows too.",
    takes="flag",
)
SENSITIVE = Option(name="--sensitive", help="Keep prompts out of the record and the store of replies; their digests stay.", takes="flag")
VARIETY = (
    Option(name="--per-call", help="Texts asked for in one call; chosen by the model's ability, if left out.", takes="number"),
    Option(name="--style", help='Styles, one drawn for each text, such as "terse|chatty", or with weights "terse:2|chatty:1".'),
    Option(name="--length", help='Lengths, likewise, such as "short|medium|long".'),
    Option(name="--persona", help='Who writes, likewise, such as "nurse|physician".'),
    Option(name="--language", help="The language of the texts, such as German; it is asked for and checked."),
)
SHOWN = Option(name="--must-show", help="Columns or labels, comma-separated, whose value must stand in the text.", takes="columns")
IDENTIFIERS = Option(
    name="--identifiers",
    help="What direct identifiers do that would go to a hosted model: block or warn.",
    choices=("block", "warn"),
)
WORDS = (
    Option(name="--max-tokens", help="Longest text, in tokens.", takes="number"),
    Option(name="--temperature", help="How freely the model chooses its words, 0 to 2.", takes="decimal"),
)
COMPARED = (
    Option(name="--against", help="The real frame it was made from; texts and questions can do without.", takes="frame"),
    Option(name="--holdout", help="Real rows the generator never saw; attacks and utility need them.", takes="frame"),
    Option(name="--target", help="The column a model would predict.", takes="column"),
    GROUPS,
    Option(name="--profile", help="The named set of metrics and gates, or a .toml file that extends one; auto, if left out."),
    Option(name="--gate", help="Another limit for a gate of the profile, as metric=0.2; the report lists the change.", repeats=True),
    OVERRIDE,
)
STATED = (
    Option(name="--secrets", help="Columns, comma-separated, that an attacker would guess.", takes="columns"),
    Option(name="--known", help="Columns, comma-separated, that an attacker knows; all others, if left out.", takes="columns"),
    Option(name="--keys", help="Columns, comma-separated, of which each is different in every row.", takes="columns"),
    Option(name="--survival", help="A time and its event, as time,event."),
    Option(name="--population", help="How many people the real rows are a sample of.", takes="number"),
    Option(name="--recipe", help="A variable or file with what was to be made; its rules are counted.", takes="variable"),
    Option(name="--analysis", help="A function of a frame, run on both; the estimates are compared.", takes="variable", repeats=True),
    Option(name="--replicates", help="Further syntheses of the same frame, over which decisions are counted.", takes="variable"),
    Option(name="--text", help="Columns, comma-separated, of texts; the profile is then text-core/1.", takes="columns"),
    Option(name="--label", help="The column that says what a text was to show.", takes="column"),
    Option(name="--examples", help="A variable with texts that prompts showed to the model.", takes="variable"),
    Option(name="--sources", help="The folder of documents of questions; the profile is then corpus-core/1.", takes="file"),
    Option(name="--relation", help='For several tables: how two hang together, such as "patients.id -> visits.patient".', repeats=True),
)
NOTEBOOK = Option(name="--notebook", help="The notebook's file, where the front end doesn't say which it is.", takes="file")
