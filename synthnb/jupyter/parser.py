"""The words of ``%synth``: one table of verbs and options, read by the parser, the help and the completer."""

from __future__ import annotations

import argparse
import csv
import difflib
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from synthnb.errors import OptionError

__all__ = ["VERBS", "Option", "Verb", "help_for", "help_overview", "parse"]


@dataclass(frozen=True, kw_only=True)
class Option:
    """One word a verb takes."""

    name: str
    """``FRAME`` for a position, ``--rows`` for an option."""
    help: str
    """What it does, in a sentence."""
    takes: str = "text"
    """What stands there: frame, variable, columns, column, number, decimal, file, model, engine, flag or text; completion follows it."""
    required: bool = False
    """Whether the verb fails without it."""
    repeats: bool = False
    """Whether it may be given several times."""

    @property
    def key(self) -> str:
        """The attribute it is parsed into."""
        return self.name.lstrip("-").lower().replace("-", "_")


@dataclass(frozen=True, kw_only=True)
class Verb:
    """One verb of ``%synth``."""

    name: str
    """The word after ``%synth``."""
    summary: str
    """What it gives, in a sentence."""
    options: tuple[Option, ...] = ()
    """What it takes, positions first."""
    example: str = ""
    """A line that works."""
    body: str = ""
    """What the cell's body means, for a verb that takes ``%%synth``."""


_SEED = Option(name="--seed", help="Whole number that makes the result repeatable.", takes="number")
_GROUPS = Option(name="--groups", help="Columns, comma-separated, whose subgroups must be shown.", takes="columns")
_NOTEBOOK = Option(name="--notebook", help="The notebook's file, where the front end doesn't say which it is.", takes="file")

VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            name="generate",
            summary="Generate a synthetic frame from a real one, a recipe or a saved generator.",
            options=(
                Option(
                    name="FRAME",
                    help="A pandas, polars or Arrow frame, a mapping of frames, a recipe or a generator: a variable, or a file of one.",
                    takes="frame",
                    required=True,
                ),
                Option(name="--rows", help="How many rows to make; as many as the real frame has, if left out.", takes="number"),
                Option(name="--as", help="The variable to put the synthetic frame in.", takes="variable"),
                _SEED,
                _GROUPS,
                Option(name="--engine", help="How rows come to be: auto, trees or another registered engine.", takes="engine"),
                Option(name="--option", help="One of the engine's own options, as name=value.", repeats=True),
                Option(name="--recipe", help="A variable or file with what to make, where it isn't to be inferred.", takes="variable"),
                Option(name="--rule", help='What every row must satisfy, such as "start <= end".', repeats=True),
                Option(name="--where", help="A condition every row must meet, such as \"age > 65 and sex == 'F'\"."),
                Option(name="--given", help="A frame of columns fixed from outside, one row for each row to make.", takes="frame"),
                Option(name="--balance", help="Columns, comma-separated, whose levels are to be equally frequent.", takes="columns"),
                Option(name="--replicates", help="How many independent syntheses to make.", takes="number"),
                Option(
                    name="--decision",
                    help="A function of a frame; the run says how its result varies over the replicates.",
                    takes="variable",
                ),
                Option(name="--relation", help='How two tables hang together, such as "patients.id -> visits.patient".', repeats=True),
                Option(name="--subject", help="For repeated visits: the column that names the subject.", takes="column"),
                Option(name="--time", help="For repeated visits: the column that holds a visit's time.", takes="column"),
                Option(
                    name="--survival",
                    help="A time and its event, as time,event: columns of how long, and of whether it ended.",
                    repeats=True,
                ),
                Option(name="--merge-below", help="Merge the levels of a category that fewer rows hold.", takes="number"),
                Option(name="--epsilon", help="A privacy budget for the engine dp.", takes="decimal"),
                Option(name="--on", help="Where rows are drawn: inline, processes, processes:N, dask or dask://host:port."),
                Option(name="--save", help="A file, ending in .synthgen, to keep the fitted generator in.", takes="file"),
                Option(name="--overwrite", help="Replace the variable, or the file, even if synthnb didn't make it.", takes="flag"),
            ),
            example="%synth generate trial --rows 2000 --as synthetic --seed 7 --groups sex,arm",
        ),
        Verb(
            name="profile",
            summary="Show what each column of a frame is taken for, to be corrected before anything runs; it becomes the recipe.",
            options=(
                Option(name="FRAME", help="The real frame.", takes="frame", required=True),
                Option(name="--as", help="The variable to put the recipe in; recipe, if left out.", takes="variable"),
                _GROUPS,
                Option(name="--overwrite", help="Replace the variable even if synthnb didn't make it.", takes="flag"),
            ),
            example="%synth profile trial --as recipe",
        ),
        Verb(
            name="impute",
            summary="Fill the missing cells of a real frame by draws conditioned on what is there.",
            options=(
                Option(name="FRAME", help="The real frame.", takes="frame", required=True),
                Option(name="--as", help="The variable to put the filled frame in.", takes="variable"),
                Option(name="--columns", help="Columns, comma-separated, to fill; all, if left out.", takes="columns"),
                Option(name="--engine", help="How cells are drawn: trees or arf.", takes="engine"),
                Option(name="--replicates", help="How many completed frames to make.", takes="number"),
                _SEED,
                Option(name="--overwrite", help="Replace the variable even if synthnb didn't make it.", takes="flag"),
            ),
            example="%synth impute trial --as completed --seed 7",
        ),
        Verb(
            name="budget",
            summary="Show the privacy budgets kept on this machine: what each account allows, what was spent, and on what.",
            options=(
                Option(name="ACCOUNT", help="One account; all, if left out."),
                Option(name="--epsilon", help="Open the account with this limit.", takes="decimal"),
                Option(name="--delta", help="The limit's delta.", takes="decimal"),
            ),
            example="%synth budget trial --epsilon 3 --delta 1e-6",
        ),
        Verb(
            name="column",
            summary="Have a language model write a text column, conditioned on each row.",
            options=(
                Option(name="NAME", help="The new column's name.", required=True),
                Option(name="--into", help="The frame that gets the column.", takes="frame", required=True),
                Option(name="--model", help="local, echo, a registered model or the path of a GGUF file.", takes="model"),
                Option(name="--given", help="Columns, comma-separated, shown to the model beside those in braces.", takes="columns"),
                _SEED,
                Option(name="--max-tokens", help="Longest text, in tokens.", takes="number"),
                Option(name="--temperature", help="How freely the model chooses its words, 0 to 2.", takes="decimal"),
                Option(name="--overwrite", help="Replace a column of that name.", takes="flag"),
            ),
            example="%%synth column note --into synthetic --model local",
            body="What to write, as an instruction. {name} stands for the row's value in a column.",
        ),
        Verb(
            name="evaluate",
            summary="Evaluate a synthetic frame against the real one.",
            options=(
                Option(name="FRAME", help="The synthetic frame.", takes="frame", required=True),
                Option(name="--against", help="The real frame it was made from.", takes="frame", required=True),
                Option(name="--holdout", help="Real rows the generator never saw; attacks and utility need them.", takes="frame"),
                Option(name="--target", help="The column a model would predict.", takes="column"),
                _GROUPS,
                _SEED,
                Option(name="--as", help="A variable to keep the report in.", takes="variable"),
                Option(name="--overwrite", help="Replace the variable even if synthnb didn't make it.", takes="flag"),
            ),
            example="%synth evaluate synthetic --against trial --holdout holdout --target event --groups sex",
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
                _NOTEBOOK,
                Option(name="--overwrite", help="Replace the file even if it isn't as synthnb wrote it.", takes="flag"),
            ),
            example="%synth export report.html",
        ),
        Verb(
            name="verify",
            summary="Recompute every digest and name what has drifted.",
            options=(
                Option(name="FILE", help="A notebook, an export or a data file; this notebook, if left out.", takes="file"),
                _NOTEBOOK,
            ),
            example="%synth verify",
        ),
        Verb(name="runs", summary="List what was done in this project, from the ledger.", example="%synth runs"),
        Verb(name="models", summary="List the language models, and which are on this machine.", example="%synth models"),
    )
}


class _Parser(argparse.ArgumentParser):
    """argparse that raises one clear error instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        example = VERBS[self.prog.split()[-1]].example if self.prog.split()[-1] in VERBS else "%synth help"
        raise OptionError(f"{self.prog}: {message}.", fix=f"For example: {example}")


def _whole(text: str) -> int:
    try:
        return int(text.replace("_", "").replace(",", ""))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}") from None


def _decimal(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}") from None


def _names(text: str) -> list[str]:
    return [name.strip() for row in csv.reader([text], skipinitialspace=True) for name in row if name.strip()]


_TYPES: dict[str, Any] = {"number": _whole, "decimal": _decimal, "columns": _names}


def _parser_for(verb: Verb) -> _Parser:
    parser = _Parser(prog=f"%synth {verb.name}", add_help=False, allow_abbrev=False)
    for option in verb.options:
        if option.takes == "flag":
            parser.add_argument(option.name, dest=option.key, action="store_true")
        elif option.repeats:
            parser.add_argument(option.name, dest=option.key, action="append", default=[])
        elif option.name.startswith("--"):
            parser.add_argument(option.name, dest=option.key, type=_TYPES.get(option.takes, str), required=option.required)
        else:
            parser.add_argument(option.key, metavar=option.name, type=str, nargs=None if option.required else "?")
    return parser


_WORD = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")
"""A run of signs and quoted parts without a space between."""


def _split(line: str) -> list[str]:
    """Words of a line; quotation marks around a whole word or option value go, those within one stay."""
    text = line.strip().removesuffix(";")
    if _WORD.sub("", text).strip():
        raise OptionError("%synth couldn't read the line: a quotation mark isn't closed.", fix="Close the quotation marks.")
    return [_unquoted(word) for word in _WORD.findall(text)]


def _unquoted(word: str) -> str:
    name, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    whole = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" and value[0] not in value[1:-1]
    return f"{name}{equals}{value[1:-1] if whole else value}"


def parse(line: str) -> tuple[Verb | None, argparse.Namespace]:
    """Read the text after ``%synth``.

    Returns
    -------
    verb : Verb or None
        None when no verb was given.
    arguments : argparse.Namespace
        The verb's options by key; ``help`` is True when help is asked for.

    Raises
    ------
    OptionError
        The verb or one of its options isn't known, is missing or has the wrong form.
    """
    words = _split(line)
    if not words or words[0] in {"help", "--help", "-h"}:
        named = words[1:2]
        return (_verb(named[0]) if named else None), argparse.Namespace(help=True)
    verb = _verb(words[0])
    if {"--help", "-h"} & set(words[1:]):
        return verb, argparse.Namespace(help=True)
    arguments, rest = _parser_for(verb).parse_known_args(words[1:])
    if rest:
        raise OptionError(
            f"%synth {verb.name} doesn't take {rest[0]!r}.{_nearest_option(rest[0], verb)}", fix=f"For example: {verb.example}"
        )
    arguments.help = False
    return verb, arguments


def _verb(word: str) -> Verb:
    if word not in VERBS:
        raise OptionError.from_choice("A verb after %synth", word, list(VERBS))
    return VERBS[word]


def _nearest_option(word: str, verb: Verb) -> str:
    near = difflib.get_close_matches(word, [option.name for option in verb.options], n=1)
    return f" Did you mean {near[0]}?" if near else ""


def help_overview() -> str:
    """The help of ``%synth`` as a whole."""
    lines = ["%synth — generate, evaluate and disclose synthetic data, in the notebook.", ""]
    lines += [f"  %synth {verb.name:<9} {verb.summary}" for verb in VERBS.values()]
    return "\n".join([*lines, "", "%synth VERB --help, or %synth VERB?, shows what a verb takes."])


def help_for(verb: Verb) -> str:
    """The help of one verb: what it gives, what it takes, an example."""
    width = max([len(option.name) for option in verb.options], default=0)
    lines = [f"%synth {verb.name} — {verb.summary}", ""]
    lines += [f"  {option.name:<{width}}  {option.help}{' Required.' if option.required else ''}" for option in verb.options]
    lines += ["", f"  The cell's body: {verb.body}"] if verb.body else []
    return "\n".join([*lines, "", f"Example: {verb.example}"])
