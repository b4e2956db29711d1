"""Verbs that find out what data are worth."""

from __future__ import annotations

from synthnb.jupyter.verbs.base import Option, Verb
from synthnb.jupyter.verbs.options import COMPARED, HOSTED, IDENTIFIERS, LIMITS, MODEL, OVERWRITE, SEED, SENSITIVE, STATED

__all__ = ["JUDGING"]

JUDGING: tuple[Verb, ...] = (
    Verb(
        name="evaluate",
        summary="Evaluate a synthetic frame against the real one.",
        options=(
            Option(name="FRAME", help="The synthetic frame.", takes="frame", required=True),
            *COMPARED,
            *STATED,
            SEED,
            Option(name="--as", help="A variable to keep the report in.", takes="variable"),
            OVERWRITE,
        ),
        example="%synth evaluate synthetic --against trial --holdout holdout --target event --groups sex",
    ),
    Verb(
        name="compare",
        summary="Evaluate several syntheses of the same real frame and set them side by side.",
        options=(
            Option(name="FRAME", help="Two or more synthetic frames.", takes="frame", required=True, repeats=True),
            *COMPARED,
            *STATED,
            Option(name="--utility", help="The metric of the plot's one axis; chosen by what was computed, if left out."),
            Option(name="--privacy", help="The metric of the other axis, likewise."),
            SEED,
            Option(name="--as", help="A variable to keep the comparison in.", takes="variable"),
            OVERWRITE,
        ),
        example="%synth compare by_trees by_copula --against trial --holdout holdout --target event --seed 7",
    ),
    Verb(
        name="review",
        summary="Have people rate a blinded sample of synthetic and real items.",
        options=(
            Option(
                name="FRAME",
                help="The synthetic frame, or a .review.json file that another notebook exported.",
                takes="frame",
                required=True,
            ),
            Option(name="--real", help="The real frame, whose items are mixed in; without it, all are synthetic.", takes="frame"),
            Option(name="--n", help="How many items, half of them real; 60, if left out.", takes="number"),
            Option(name="--raters", help="How many people are to rate them; 2, if left out.", takes="number"),
            Option(name="--text", help="The column whose texts are rated; rows are, if left out.", takes="column"),
            Option(name="--columns", help="Columns, comma-separated, that are shown of a row.", takes="columns"),
            Option(
                name="--rubric",
                help="What is asked: a name, several joined by commas, or a .toml file; discrimination, if left out.",
                choices=("discrimination", "plausibility", "correctness", "completeness", "harm"),
            ),
            Option(name="--rater", help="Who rates here; the widget asks, if left out."),
            Option(name="--qualification", help="What qualifies that rater, in words; the record states it."),
            Option(name="--results", help="Show what came of it so far, in place of the widget.", takes="flag"),
            Option(name="--export", help="Write the items, without their origin, for raters elsewhere.", takes="file"),
            Option(name="--add", help="Take in a rating file from elsewhere.", takes="file", repeats=True),
            SEED,
            Option(name="--as", help="A variable to keep the review in.", takes="variable"),
            OVERWRITE,
        ),
        example="%synth review synthetic --real trial --n 60 --raters 2 --rater a",
    ),
    Verb(
        name="judge",
        summary="Have a language model judge synthetic items, and see how far that can be relied on.",
        options=(
            Option(
                name="FRAME",
                help="The synthetic frame, or a review by people, whose items are then judged.",
                takes="frame",
                required=True,
            ),
            Option(name="--against", help="The real frame: its items are judged among the others, and compared in pairs.", takes="frame"),
            Option(name="--n", help="How many items, half of them real; 40, if left out.", takes="number"),
            Option(name="--text", help="The column whose texts are judged; rows are, if left out.", takes="column"),
            Option(
                name="--rubric",
                help="What is asked: a name, several joined by commas, or a .toml file; plausibility, if left out.",
                choices=("plausibility", "correctness", "completeness", "harm", "discrimination"),
            ),
            Option(name="--repeats", help="How often each item is judged; 3, if left out.", takes="number"),
            Option(name="--pairs", help="Pairs of a real and a synthetic item, each shown in both orders.", takes="number"),
            Option(name="--other", help="A further synthetic frame, as family=FRAME, of another model's family.", repeats=True),
            MODEL,
            SEED,
            HOSTED,
            IDENTIFIERS,
            SENSITIVE,
            *LIMITS,
            Option(name="--as", help="A variable to keep the judgement in.", takes="variable"),
            OVERWRITE,
        ),
        example="%synth judge messages --text text --rubric plausibility --model local",
    ),
    Verb(
        name="scale",
        summary="Fit a scaling law to errors measured at several sizes: how much more data is worth making.",
        options=(
            Option(name="FRAME", help="The measurements: a frame, or a .csv or .parquet file.", takes="frame", required=True),
            Option(name="--size", help="The column with the sizes.", takes="column", required=True),
            Option(name="--error", help="The column with the errors.", takes="column", required=True),
            Option(name="--weight", help="The column with the measurements' weights; all alike, if left out.", takes="column"),
            Option(name="--at", help="Sizes, comma-separated, to predict the error at."),
            SEED,
            Option(name="--as", help="A variable to keep the law in.", takes="variable"),
            OVERWRITE,
        ),
        example="%synth scale measured --size rows --error loss --at 20000,40000",
    ),
)
