"""A compiled description: the recipe, the source of each number, and which statements hold in rows drawn from it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from synthnb._canonical import digest_bytes
from synthnb._display import Shown
from synthnb._progress import Progress, no_progress
from synthnb._random import resolve_seed
from synthnb.engines.compile.aligning import aligned
from synthnb.engines.compile.asking import Asking, Level
from synthnb.engines.compile.building import built
from synthnb.engines.compile.figures import drafted, send
from synthnb.engines.compile.revising import revised
from synthnb.engines.compile.settling import TRIAL, drawn, settled
from synthnb.errors import OptionError, RecipeError, shown
from synthnb.recipes.distributions import numbers
from synthnb.recipes.draft import Draft
from synthnb.recipes.rules import check_rules
from synthnb.recipes.statements.holding import Check, checked
from synthnb.recipes.statements.reading import read_statements
from synthnb.recipes.statements.stated import Stated, gathered, with_names

if TYPE_CHECKING:
    import pandas as pd

    from synthnb._canonical import Json
    from synthnb.engines.compile.building import Built
    from synthnb.engines.compile.figures import Figures
    from synthnb.engines.egress import Policy
    from synthnb.models.calls import Calls
    from synthnb.recipes.distributions import Source
    from synthnb.recipes.recipe import Column, Recipe
    from synthnb.recipes.statements.statement import Reading, Statement

__all__ = ["Compiled", "compile_recipe"]

SAMPLE = 10
"""Rows shown with a compiled recipe."""

_ROWS = 1_000
_MOST_ROWS = 2**53
_MOST_UNREAD = 5


@dataclass(frozen=True, kw_only=True)
class Compiled(Shown):
    """What a description was compiled to. Pass it to `synthnb.generate`, or change it with `revise` first."""

    display_name: ClassVar[str] = "compiled"

    description: str
    """The words it was compiled from."""
    recipe: Recipe
    """What is made."""
    said: tuple[Statement, ...]
    """What rules read from the description."""
    checks: tuple[Check, ...]
    """Whether each holds, in the same order."""
    sample: pd.DataFrame
    """The first ten rows, or as many as there are."""
    notes: tuple[str, ...] = ()
    """What had to be assumed or left out, in sentences."""
    level: Level = "none"
    """How much a model contributed: ``full``; ``less``, only names, kinds and levels; or ``none``."""
    units: Mapping[str, str] = field(default_factory=dict)
    """Units, by column."""
    limits: Mapping[tuple[str, str], tuple[Source, str]] = field(default_factory=dict)
    """Who stated ``minimum`` and ``maximum`` of a column, and in which words."""
    calls: Mapping[str, Json] = field(default_factory=dict)
    """The calls made, as `synthnb.models.calls.Calls.account` tells them."""
    prompts: tuple[Mapping[str, Json], ...] = ()
    """Each prompt sent, with its step and the key of its reply."""
    model: Mapping[str, Json] = field(default_factory=dict)
    """The model that was asked."""
    sensitive: bool = False
    """Whether the description's words are kept out of `to_dict`, the recipe and the notes."""
    summary: Mapping[str, Json] = field(default_factory=dict)
    """``{"name", "rows", "columns", "digest"}`` of the real frame whose summary was used, and ``minimum_cell``; empty if there was none."""

    @property
    def description_digest(self) -> str:
        """``"sha256:<hex>"`` of the description."""
        return digest_bytes(self.description.encode("utf-8", "surrogatepass"))

    @property
    def numbers(self) -> list[dict[str, Json]]:
        """Every number of the recipe: ``{"column", "number", "value", "source", "note"}``.

        ``number`` is its path in the column's distribution, or ``minimum`` or ``maximum``; ``source`` is ``user``, ``model``,
        ``summary``, or ``default`` for a neutral value that nobody stated.
        """
        found: list[dict[str, Json]] = []
        for column in self.recipe.columns:
            for name, value in (("minimum", column.minimum), ("maximum", column.maximum)):
                if value is not None and not isinstance(value, str):
                    source, note = self.limits.get((column.name, name), ("default", ""))
                    found.append({"column": column.name, "number": name, "value": value, "source": source, "note": note})
            if column.distribution is not None:
                found += [
                    {"column": column.name, "number": item.path, "value": item.value, "source": item.source, "note": item.note}
                    for item in numbers(column.distribution)
                ]
        return found

    @property
    def statements(self) -> list[dict[str, Json]]:
        """What was read from the description: ``{"text", "meaning", "held", "found", "start", "end", "column"}``.

        ``held`` is whether it holds in 10,000 rows drawn on trial, or in the table as a whole; None where too few rows
        are concerned to tell.
        """
        return [
            {
                "text": "" if self.sensitive else item.text,
                "meaning": item.meaning,
                "held": check.held,
                "found": check.found,
                "start": item.start,
                "end": item.end,
                "column": item.column,
            }
            for item, check in zip(self.said, self.checks, strict=True)
        ]

    def revise(self, changes: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Compiled:
        """Return a new one with some numbers changed; their source is the user.

        Parameters
        ----------
        changes : mapping or sequence of mapping
            Each ``{"column", "number", "value"}``, with ``number`` as in `numbers`.

        Raises
        ------
        RecipeError
            There is no such number, or the recipe can't be drawn with its new value; the message names the path.
        """
        recipe, limits = revised(self.recipe, self.limits, [changes] if isinstance(changes, Mapping) else list(changes))
        frame = drawn(recipe, TRIAL)
        checks = tuple(_about_table(item, recipe) or checked(item, frame) for item in self.said)
        return replace(self, recipe=recipe, limits=limits, checks=checks, sample=drawn(recipe, min(SAMPLE, recipe.rows)))

    def to_dict(self) -> dict[str, Json]:
        """Everything as plain JSON types; the rows are the ten of the sample."""
        return {
            "schema_": "synthnb.compiled/1",
            "table": self.recipe.table,
            "description": None if self.sensitive else self.description,
            "description_digest": self.description_digest,
            "digest": self.recipe.digest,
            "rows": self.recipe.rows,
            "seed": self.recipe.seed,
            "level": self.level,
            "columns": [self._column(column.name) for column in self.recipe.columns],
            "numbers": self.numbers,
            "statements": self.statements,
            "rules": [rule.text for rule in self.recipe.rules],
            "sample": {"columns": [str(name) for name in self.sample], "rows": _rows(self.sample)},
            "notes": list(self.notes),
            "calls": dict(self.calls),
            "prompts": [dict(prompt) for prompt in self.prompts],
            "model": dict(self.model),
            "summary": dict(self.summary),
            "recipe": self.recipe.to_dict(),
        }

    def _column(self, name: str) -> dict[str, Json]:
        column = next(column for column in self.recipe.columns if column.name == name)
        body = column.distribution
        return {
            "name": name,
            "kind": column.kind,
            "unit": self.units.get(name, ""),
            "family": body.family if body is not None else "",
            "how": _how(column),
            "levels": list(getattr(body, "levels", ())),
            "numbers": [number for number in self.numbers if number["column"] == name],
            "depends_on": sorted({match.column for case in getattr(body, "cases", ()) for match in case.when}),
            "correlated": [{"column": item.column, "r": item.r} for item in getattr(body, "correlations", ())],
        }

    def __repr__(self) -> str:
        held = sum(check.held is True for check in self.checks)
        broken = sum(check.held is False for check in self.checks)
        told = f"{held} statements hold" + (f", {broken} don't" if broken else "")
        return f"<Compiled {self.recipe.table[:60]!r}: {self.recipe.rows:,} rows × {len(self.recipe.columns)} columns, {told}>"


def _how(column: Column) -> str:
    """How a column is made, in a few words."""
    body = column.distribution
    if body is None:
        return column.why
    words = [body.family.replace("_", " ")]
    parents = sorted({match.column for case in getattr(body, "cases", ()) for match in case.when})
    words += [f"given {', '.join(parents)}"] if parents else []
    words += [f"correlated with {item.column}" for item in getattr(body, "correlations", ())]
    words += [f"{body.missing:.3g} missing"] if body.missing else []
    return ", ".join(words)


def _rows(frame: pd.DataFrame) -> list[list[Json]]:
    import json

    plain = frame.copy()
    for name in plain:
        if str(plain[name].dtype).startswith("datetime"):
            plain[name] = plain[name].dt.strftime("%Y-%m-%d")
    found: list[list[Json]] = json.loads(plain.to_json(orient="values", force_ascii=False))
    return found


def compile_recipe(
    description: str,
    *,
    calls: Calls | None,
    rows: int | None = None,
    name: str = "synthetic",
    seed: int | None = None,
    progress: Progress = no_progress,
    figures: Figures | None = None,
    allow_hosted: bool = False,
    identifiers: Policy | None = None,
    sensitive: bool = False,
) -> Compiled:
    """Return the recipe that a description comes to.

    Parameters
    ----------
    description : str
        The table in words, in English; see `synthnb.recipes.statements` for what is read by rules.
    calls : Calls, optional
        How a model is asked about what the description leaves open; None asks none.
    rows : int, optional
        Rows of the recipe; as many as the description says by default, else 1,000.
    name : str
        The table's name.
    seed : int, optional
        From 0 to 2**32 - 1; drawn afresh by default.
    progress : Progress
        Told of each question.
    figures : Figures, optional
        The summary of a real frame, for what the description leaves open; a model is asked only what neither has.
    allow_hosted : bool
        Let the summary leave this machine, to a hosted model.
    identifiers : {"block", "warn"}, optional
        What a direct identifier does in what would be sent of the summary; ``block`` by default.
    sensitive : bool
        Keep the description's words out of the recipe and the notes, as calls that are sensitive do.

    Raises
    ------
    OptionError
        The description is empty or too long, or the number of rows isn't one.
    RecipeError
        Statements contradict one another, or can't be drawn; everything is told at once. No column can be found.
    ModelError
        The model failed on the first question.
    """
    reading = with_names(read_statements(description))
    if figures is not None:
        reading = aligned(reading, figures.columns)
    found = gathered(reading)
    resolved = resolve_seed(seed)
    notes: list[str] = list(figures.notes) if figures is not None else []
    wanted = _row_count(rows, reading.statements, notes)
    draft = _summarised(figures, found, reading)
    asking = Asking(calls, description, found, resolved, progress, draft) if calls is not None else None
    if asking is not None:
        if figures is not None:
            notes += send(figures, asking.calls, allowed=allow_hosted, policy=identifiers, whole=not asking.small)
            asking.figures = "" if asking.small else figures.text
        asking.run()
        notes += asking.notes
    if not found and not draft.columns:
        raise RecipeError(
            f"No column can be read from {shown(description)}.",
            fix="Name columns with their ranges, shares or levels, such as 'aged 40 to 85, 60 % female'.",
        )
    made = built(found, reading.statements, draft, rows=wanted, table=name, seed=resolved)
    if texts := _only_texts(made):
        raise RecipeError(
            f"Only text can be read from {shown(description)}: {', '.join(texts)}. Text is written, and nothing is left to draw.",
            fix="Name another column too, such as an id; or use synthnb.write_texts.",
        )
    check_rules(made.recipe(table=name, rows=wanted, seed=resolved))
    done = settled(made, reading.statements, table=name, rows=wanted, seed=resolved)
    checks = tuple(_about_table(item, done.recipe) or check for item, check in zip(reading.statements, done.checks, strict=True))
    sensitive = sensitive or (calls is not None and calls.sensitive)
    notes += [*_on_unread(reading.unread, asked=asking is not None and asking.level == "full", quoted=not sensitive)]
    notes += [note.replace("no spread was stated", "no spread was read") if reading.unread else note for note in made.notes]
    notes += _on_families(reading, done.recipe, quoted=not sensitive)
    notes += _on_results(done.recipe, reading.statements, checks, quoted=not sensitive)
    return Compiled(
        description=description,
        recipe=_without_words(done.recipe) if sensitive else done.recipe,
        said=reading.statements,
        checks=checks,
        sample=drawn(done.recipe, min(SAMPLE, wanted)),
        notes=tuple(dict.fromkeys(notes)),
        level=asking.level if asking else "none",
        units=_units(draft, found, done.recipe),
        limits={at: (source, "" if sensitive else words) for at, (source, words) in made.limits.items()},
        sensitive=sensitive,
        summary={**figures.frame, "minimum_cell": figures.minimum_cell} if figures is not None else {},
        calls=calls.account() if calls is not None else {},
        prompts=tuple(_without_text(prompt, sensitive=sensitive) for prompt in (asking.asked if asking else [])),
        model=calls.model.info.to_dict() if calls is not None else {},
    )


def _summarised(figures: Figures | None, found: dict[str, Stated], reading: Reading) -> Draft:
    """The draft that a summary makes; what is stated of every column is stated of its columns too."""
    if figures is None:
        return Draft()
    everywhere = next((item for item in reading.statements if item.kind == "missing" and not item.column), None)
    for name in figures.columns if everywhere is not None else ():
        if everywhere is not None and name not in found:
            found[name] = Stated(name, numbers={"missing": everywhere.numbers["share"]}, words={"missing": everywhere.text})
    return drafted(figures)


def _only_texts(made: Built) -> list[str]:
    """The columns, if all hold text."""
    names = [name for name, column in made.columns.items() if column["kind"] == "text"]
    return names if len(names) == len(made.columns) else []


def _units(draft: Draft, found: Mapping[str, Stated], recipe: Recipe) -> dict[str, str]:
    """Units of columns of numbers; stated ones count before a model's."""
    units = {column.name: column.unit for column in draft.columns} | {name: stated.unit for name, stated in found.items() if stated.unit}
    numeric = {column.name for column in recipe.columns if column.kind in {"integer", "real"}}
    return {name: unit for name, unit in units.items() if unit and name in numeric}


_FAMILIES = {
    "poisson": {"poisson"},
    "log-?normal": {"lognormal"},
    "exponential(?:ly)?": {"exponential"},
    "gamma(?=[- ]distribut)": {"gamma"},
    "weibull": {"weibull"},
    "negative binomial": {"negative_binomial"},
    "normally distributed": {"normal", "truncated_normal"},
    "uniform(?:ly|(?= distribution))": {"uniform", "integers"},
}
"""Words that name a distribution, and what they would be in a recipe."""


def _on_families(reading: Reading, recipe: Recipe, *, quoted: bool) -> list[str]:
    """What is to be told of distributions that are named, and that no column of the same sentence is drawn from."""
    drawn_from = {column.name: column.distribution.family for column in recipe.columns if column.distribution is not None}
    notes = []
    for sentence in re.finditer(r"(?:[^.;\n]|\.(?=\S))+", reading.text):
        said = [
            item.text.lower() for item in reading.statements if item.kind == "family" and sentence.start() <= item.start < sentence.end()
        ]
        named = [
            (word, known)
            for pattern, known in _FAMILIES.items()
            if (word := re.search(rf"\b{pattern}\b", sentence.group(), re.I)) and not any(word.group().lower() in text for text in said)
        ]
        about = {item.column for item in reading.statements if sentence.start() <= item.start < sentence.end()}
        about |= {item.column for item in reading.statements if item.start < sentence.end() <= item.end}
        lacking = [word.group() for word, known in named if not known & {drawn_from.get(name, "") for name in about}]
        if lacking and quoted:
            families = " and ".join(map(shown, lacking))
            notes.append(f"{families} in {shown(' '.join(sentence.group().split()))} was not followed: see what each column is drawn from.")
        elif lacking:
            notes.append("A distribution that the description names was not followed.")
    return notes


def _on_results(recipe: Recipe, said: Sequence[Statement], checks: Sequence[Check], *, quoted: bool) -> list[str]:
    """What is to be told of statements that don't hold, and of columns that are to be written."""
    broken = [
        f"What {shown(item.text) if quoted else item.meaning} states doesn't hold: {check.found}."
        for item, check in zip(said, checks, strict=True)
        if check.held is False
    ]
    texts = [column.name for column in recipe.columns if column.kind == "text"]
    return [*broken, *(f"{name} holds text, which is to be written: %%synth column {name}." for name in texts)]


def _without_words(recipe: Recipe) -> Recipe:
    """The recipe without the words of the description that its numbers were read from."""
    body = recipe.to_dict()
    for column in body["columns"]:
        for spot in [column["distribution"], *column["distribution"]["sources"]] if column["distribution"] else []:
            spot["note"] = ""
    return recipe.from_dict(body)


def _about_table(item: Statement, recipe: Recipe) -> Check | None:
    """Whether a statement holds that is about the table rather than its rows; None for others."""
    if item.kind == "rows":
        held = recipe.rows == int(item.numbers["rows"])
        return Check(held or None, f"{recipe.rows:,} rows are made" if held else f"{recipe.rows:,} rows were asked for instead")
    if item.kind == "family":
        return _about_family(item, recipe)
    if item.kind in {"text", "column"}:
        kinds = {column.name: column.kind for column in recipe.columns}
        return Check(item.column in kinds, f"it holds {kinds.get(item.column, 'nothing')}")
    return None


_AS = {"normal": {"normal", "truncated_normal"}, "uniform": {"uniform", "integers"}}


def _about_family(item: Statement, recipe: Recipe) -> Check:
    """Whether a column is drawn from the distribution that was named."""
    body = next((column.distribution for column in recipe.columns if column.name == item.column), None)
    family = "" if body is None else body.family
    return Check(family in _AS.get(item.family, {item.family}), f"it is drawn from {family.replace('_', ' ') or 'nothing'}")


def _without_text(prompt: Mapping[str, Json], *, sensitive: bool) -> dict[str, Json]:
    """A prompt with its digest; of a sensitive run, the digest alone."""
    text = str(prompt["prompt"])
    found = digest_bytes(text.encode("utf-8", "surrogatepass"))
    return {**prompt, "prompt": None if sensitive else text, "digest": found}


def _row_count(rows: int | None, said: Sequence[Statement], notes: list[str]) -> int:
    stated = next((int(item.numbers["rows"]) for item in said if item.kind == "rows"), None)
    if rows is None:
        if stated is None:
            notes.append(f"How many rows wasn't stated; {_ROWS:,} were taken.")
        return _checked_rows(_ROWS if stated is None else stated)
    if stated not in (None, rows):
        notes.append(f"The description says {stated:,} rows; {rows:,} were asked for and are made.")
    return _checked_rows(rows)


def _checked_rows(rows: Any) -> int:
    if isinstance(rows, bool) or not hasattr(rows, "__index__") or not 1 <= rows.__index__() <= _MOST_ROWS:
        raise OptionError(f"rows must be a whole number, at least 1; got {shown(rows)}.", fix="Choose one.")
    return int(rows)


def _on_unread(unread: Sequence[str], *, asked: bool, quoted: bool) -> list[str]:
    family = re.compile(rf"(?:an?\s)?(?:{'|'.join(_FAMILIES)})(?:\sdistribut\w+)?", re.IGNORECASE)
    unread = [words for words in unread if not family.fullmatch(words)]  # whether it was followed is told apart
    if not unread:
        return []
    if not quoted:
        return [f"The rules read nothing from {len(unread)} pieces of the description."]
    listed = "; ".join(map(shown, unread[:_MOST_UNREAD])) + (
        f"; and {len(unread) - _MOST_UNREAD} more" if len(unread) > _MOST_UNREAD else ""
    )
    by = "the model was shown them, but nothing makes sure of them" if asked else "nothing in the recipe comes from them"
    return [f"Figures and words that the rules read nothing from: {listed}; {by}."]
