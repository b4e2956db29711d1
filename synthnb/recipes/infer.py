"""From a real frame to the recipe that makes more of it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb._frames import cell_types
from synthnb.errors import FrameError, OptionError, RecipeError, SynthnbError, shown
from synthnb.recipes.columns import MIXED_LEVELS, Guess, decimal_places, guess_kind, spelling_of, typed_levels
from synthnb.recipes.formats import parse_format
from synthnb.recipes.recipe import KINDS, ROLES, Column, Level, Recipe

if TYPE_CHECKING:
    from synthnb.recipes.recipe import Kind, Role

__all__ = ["GROUP_LEVELS", "fit_recipe", "infer_recipe", "merge_rare"]

GROUP_LEVELS = 50
"""Most levels a group column may have."""

_SAFE_INTEGER = 2**53


def infer_recipe(
    frame: pd.DataFrame,
    *,
    table: str,
    rows: int,
    seed: int,
    groups: Sequence[str] = (),
    overrides: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    merge_below: Mapping[str, int] | None = None,
) -> Recipe:
    """Return the recipe of a frame.

    Parameters
    ----------
    frame : pandas.DataFrame
        With unique string names, as `synthnb._frames.to_pandas` gives it.
    table : str
        The table's name.
    rows : int
        How many rows to make.
    seed : int
        From 0 to 2**32 - 1.
    groups : sequence of str
        Columns that declare subgroups; taken as categories.
    overrides : mapping of str to str, optional
        Kinds to use instead of the inferred ones, by column; ``category``, ``text``,
        ``identifier``, or the kind that would have been inferred.
    roles : mapping of str to str, optional
        What columns are for; ``group`` is the same as naming it in ``groups``. Where none
        is called a key, the first identifier that differs in every row is taken for one.
    merge_below : mapping of str to int, optional
        Levels of a category that fewer rows hold are merged into one.

    Raises
    ------
    OptionError
        A group, an override, a role or a merging names no column; a group has more than
        `GROUP_LEVELS` levels; a kind or a role can't hold the column.
    FrameError
        Cells of several types, too many to be levels; no column that can be made.
    """
    names = list(frame.columns)
    asked = _known_roles(roles or {}, names)
    groups = _known_groups([*_listed(groups), *(name for name, role in asked.items() if role == "group")], names)
    chosen = _known_overrides(overrides or {}, names)
    merged = _known_merging(merge_below or {}, names)
    guesses = {name: guess_kind(frame[name]) for name in names}
    for name, kind in chosen.items():
        guesses[name] = _overridden(frame[name], guesses[name], kind)
    for name, role in asked.items():
        if role == "key" and name not in chosen:
            guesses[name] = _as_key(frame[name], guesses[name])
    for name in groups:
        guesses[name] = _as_group(name, guesses[name], frame[name])
    _refuse_mixed(frame, [name for name, guess in guesses.items() if guess.kind is None])
    _refuse_nothing_left(guesses)
    purposes = _purposes(frame, guesses, asked, groups)
    columns = tuple(_column(frame[name], guesses[name], role=purposes.get(name), merge_below=merged.get(name)) for name in names)
    return Recipe(table=table, rows=rows, seed=seed, groups=groups, columns=columns)


def fit_recipe(frame: pd.DataFrame, recipe: Recipe, *, seed: int) -> Recipe:
    """Return a recipe made to fit a frame: what it says stands, and what it leaves open is read off the frame.

    Parameters
    ----------
    frame : pandas.DataFrame
        With unique string names.
    recipe : Recipe
        Written by hand, or for another frame of the same columns.
    seed : int
        The run's.

    Raises
    ------
    RecipeError
        The frame doesn't have the recipe's columns, or they can't hold what it says; every problem is listed.
    """
    described = {column.name: column for column in recipe.columns}
    problems = [f"columns[{at}]: {shown(name)} isn't in the frame" for at, name in enumerate(described) if name not in frame]
    problems += [f"the frame's column {shown(name)} isn't in the recipe" for name in frame if name not in described]
    found: dict[str, Column] = {}
    for at, (name, column) in enumerate(described.items()):
        if name in frame:
            try:
                found[name] = _fitted(frame[name], column)
            except SynthnbError as error:
                problems.append(f"columns[{at}]: {error.message.rstrip('.')}")
    if problems:
        raise RecipeError(
            f"The recipe doesn't fit the frame: {'; '.join(problems)}.", fix="Correct the recipe, or drop those columns from the frame."
        )
    return recipe.model_copy(update={"seed": seed, "columns": tuple(found.values())})


def _fitted(cells: pd.Series[Any], column: Column) -> Column:
    """One column of a recipe, with what it leaves open read off its cells."""
    guess = _as_declared(cells, guess_kind(cells), column)
    found = _column(cells, guess, role=column.role, merge_below=column.merge_below)
    if column.levels is not None and found.levels is not None and not column.merge_below:
        strange = [level for level in found.levels if level not in column.levels]
        if strange:
            raise RecipeError(f"column {shown(column.name)} holds {shown(strange[0])}, which isn't one of the recipe's levels")
    declared = ("minimum", "maximum", "distribution", "pattern", "levels", "decimals", "format")
    kept = {name: value for name in declared if (value := getattr(column, name)) is not None}
    kept |= {"missing": column.missing or found.missing, "ordered": column.ordered or found.ordered}
    return found.model_copy(update=kept)


def _as_declared(cells: pd.Series[Any], guess: Guess, column: Column) -> Guess:
    """What the recipe says a column is, if its cells can be that."""
    if column.role == "group":
        return _as_group(column.name, guess, cells)
    if column.kind == guess.kind or guess.kind in {"empty", "constant"}:
        return guess
    if (column.kind, guess.kind) in {("real", "integer"), ("datetime", "date")}:
        return guess._replace(kind=column.kind)
    if column.kind == "identifier" and column.pattern and guess.kind in {"text", "category", "integer"}:
        parse_format(column.pattern)
        return Guess("identifier", pattern=column.pattern)
    return _overridden(cells, guess, column.kind)


def merge_rare(frame: pd.DataFrame, recipe: Recipe) -> tuple[pd.DataFrame, Recipe, list[str]]:
    """Merge the levels that too few rows hold, where the recipe asks for it.

    Returns
    -------
    frame : pandas.DataFrame
        With the merged levels; a new frame.
    recipe : Recipe
        With the levels that are left.
    notes : list of str
        How many levels and rows were merged into what.
    """
    made, columns, notes = frame, [], []
    for column in recipe.columns:
        if column.merge_below is None or column.kind != "category":
            columns.append(column)
            continue
        cells, note = _merged(made[column.name], column.merge_below)
        made = made.assign(**{column.name: cells})
        levels, ordered = _levels(cells)
        columns.append(column.model_copy(update={"levels": levels, "ordered": ordered}))
        notes += [note] if note else []
    return made, recipe.model_copy(update={"columns": tuple(columns)}), notes


def _merged(cells: pd.Series[Any], least: int) -> tuple[pd.Series[Any], str]:
    """Cells with their rare levels merged, and what was done; levels in order are merged with their neighbours."""
    counts = {level: int(count) for level, count in cells.value_counts().items() if count}
    rare = [level for level, count in counts.items() if count < least]
    if not rare or len(counts) < 2:
        return cells, ""
    dtype: Any = cells.dtype
    ordered = isinstance(dtype, pd.CategoricalDtype) and bool(dtype.ordered)
    into = _into_neighbours(counts, list(dtype.categories), least) if ordered else _into_one(counts, least)
    made = cells.astype(object).map(lambda level: into.get(level, level), na_action="ignore")
    if isinstance(dtype, pd.CategoricalDtype):
        new = [level for level in dict.fromkeys(into.values()) if level not in dtype.categories]
        kept = [level for level in dtype.categories if into.get(level, level) == level]
        dtype = pd.CategoricalDtype([*kept, *new], ordered=dtype.ordered)
    others, rows = len(into) - len(rare), sum(counts[level] for level in into)
    more = f" and the {others:,} next {'to them' if ordered else 'rarest'}" if others else ""
    where = "with their neighbours in order" if ordered else f"into {shown(next(iter(into.values())))}"
    note = (
        f"{len(rare):,} levels of {shown(str(cells.name))} that fewer than {least} rows hold{more}, {rows:,} rows in all, "
        f"were merged {where}, as asked."
    )
    return made.astype(dtype), note


def _into_one(counts: Mapping[Any, int], least: int) -> dict[Any, Any]:
    """Rare levels, and the next rarest until there are enough rows, as one: a new word, or the most frequent of them if not text."""
    rising = sorted(counts, key=lambda level: (counts[level], str(level)))
    merged = [level for level in rising if counts[level] < least]
    while (len(merged) < 2 or sum(counts[level] for level in merged) < least) and len(merged) < len(rising):
        merged.append(rising[len(merged)])
    name: Any = merged[-1]
    if all(isinstance(level, str) for level in counts):
        words = ("other", "other levels", "(other)", *(f"other {i}" for i in range(2, len(counts) + 3)))
        name = next(word for word in words if word not in counts)
    return dict.fromkeys(merged, name)


def _into_neighbours(counts: Mapping[Any, int], order: list[Any], least: int) -> dict[Any, Any]:
    """Levels in order, cut into stretches of enough rows, each called by its most frequent level."""
    stretches: list[list[Any]] = [[]]
    for level in (level for level in order if level in counts):
        if sum(counts[other] for other in stretches[-1]) >= least:
            stretches.append([])
        stretches[-1].append(level)
    if len(stretches) > 1 and sum(counts[level] for level in stretches[-1]) < least:
        last = stretches.pop()
        stretches[-1] += last
    merged = [stretch for stretch in stretches if len(stretch) > 1]
    return {level: max(stretch, key=lambda other: counts[other]) for stretch in merged for level in stretch}


def _listed(groups: Sequence[str]) -> list[str]:
    return [groups] if isinstance(groups, str) else list(groups)


def _known_roles(roles: Mapping[str, str], names: list[str]) -> dict[str, Role]:
    for name, role in roles.items():
        if name not in names:
            raise OptionError.from_choice("A column in roles", name, names)
        if role not in ROLES:
            raise OptionError.from_choice(f"The role of {shown(name)}", role, list(ROLES))
    return {name: role for name, role in roles.items() if role in ROLES}


def _known_merging(merging: Mapping[str, int], names: list[str]) -> dict[str, int]:
    for name, least in merging.items():
        if name not in names:
            raise OptionError.from_choice("A column in merge_below", name, names)
        if type(least) is not int or least < 2:
            raise OptionError(f"Levels are merged below a whole number of rows, at least 2; got {shown(least)}.", fix="Pass an int.")
    return dict(merging)


def _purposes(frame: pd.DataFrame, guesses: Mapping[str, Guess], asked: Mapping[str, Role], groups: Sequence[str]) -> dict[str, Role]:
    """What each column is for: as asked, a group, or the table's key."""
    purposes: dict[str, Role] = {**asked, **dict.fromkeys(groups, "group")}
    if "key" not in purposes.values():
        whole = (name for name, guess in guesses.items() if guess.kind == "identifier" and _names_each_row(frame[name]))
        key = next((name for name in whole if name not in purposes), None)
        purposes |= {} if key is None else {key: "key"}
    return purposes


def _names_each_row(cells: pd.Series[Any]) -> bool:
    return bool(cells.notna().all() and cells.is_unique)


def _as_key(cells: pd.Series[Any], guess: Guess) -> Guess:
    """A declared key is made afresh, whatever it is."""
    here = cells[cells.notna()]
    whole = guess.kind == "integer"
    if not (whole or guess.kind in {"identifier", "text", "category"}) or not here.is_unique:
        raise OptionError(
            f"A key must hold a different whole number or text in each row; {shown(str(cells.name))} doesn't.",
            fix="Give it another role, or none.",
        )
    return guess if guess.kind == "identifier" else _as_identifier(here, whole=whole)


def _as_identifier(here: pd.Series[Any], *, whole: bool) -> Guess:
    spelling = spelling_of(here.astype("Int64") if whole and not pd.api.types.is_integer_dtype(here.dtype) else here)
    if not spelling:
        raise OptionError(
            f"The codes in column {shown(str(here.name))} share no spelling that new ones could follow.",
            fix="Take it as text, give it a pattern in a recipe, or drop it.",
        )
    return Guess("identifier", pattern=spelling)


def _known_groups(groups: Sequence[str], names: list[str]) -> tuple[str, ...]:
    for name in groups:
        if name not in names:
            raise OptionError.from_choice("A group", name, names)
    return tuple(dict.fromkeys(groups))


def _known_overrides(overrides: Mapping[str, str], names: list[str]) -> dict[str, Kind]:
    for name, kind in overrides.items():
        if name not in names:
            raise OptionError.from_choice("A column in overrides", name, names)
        if kind not in KINDS:
            raise OptionError.from_choice(f"The kind of {shown(name)}", kind, list(KINDS))
    return {name: kind for name, kind in overrides.items() if kind in KINDS}


def _overridden(cells: pd.Series[Any], guess: Guess, kind: Kind) -> Guess:
    if kind == guess.kind:
        return guess
    if kind == "text":
        return Guess("text", "it was asked for")
    if kind == "category" and guess.kind not in {"empty", "constant"}:
        return Guess("category")
    if kind == "identifier" and guess.kind in {"text", "category", "integer"}:
        return _as_identifier(cells[cells.notna()], whole=guess.kind == "integer")
    raise OptionError(
        f"Column {shown(str(cells.name))} holds {guess.kind or 'values of several types'} and can't be taken as {kind}.",
        fix="Use category, text or identifier, or convert the column first.",
    )


def _as_group(name: str, guess: Guess, column: pd.Series[Any]) -> Guess:
    """A declared group is a category, whatever its cells are."""
    if guess.kind in {"empty", "constant"}:
        return guess
    levels = len(typed_levels(column[column.notna()])[1])
    if levels > GROUP_LEVELS:
        raise OptionError(
            f"A group needs at most {GROUP_LEVELS} levels; {shown(name)} has {levels:,}.",
            fix="Cut it into bands first, for example with `pandas.cut`.",
        )
    return Guess("category")


def _refuse_mixed(frame: pd.DataFrame, names: list[str]) -> None:
    if not names:
        return
    told = "; ".join(f"{shown(name)} ({_type_names(frame[name])})" for name in names[:5])
    raise FrameError(
        f"A column must hold one type of value, or at most {MIXED_LEVELS} distinct ones; these hold several, or one not known: {told}.",
        fix="Convert it first (`pandas.to_numeric`, `pandas.to_datetime`, `.astype(str)`) or drop it.",
    )


def _type_names(column: pd.Series[Any]) -> str:
    return ", ".join(sorted({kind.__name__ for kind in cell_types(column)}))


def _refuse_nothing_left(guesses: Mapping[str, Guess]) -> None:
    if all(guess.kind in {"text", "identifier"} for guess in guesses.values()):
        raise FrameError(
            f"At least one column must be of numbers, dates, booleans or categories; all {len(guesses)} are text or codes.",
            fix="Add such a column, or pass overrides={'column': 'category'} for one that is a category.",
        )


def _column(column: pd.Series[Any], guess: Guess, *, role: Role | None, merge_below: int | None) -> Column:
    assert guess.kind is not None
    levels, ordered = _levels(column) if guess.kind in {"category", "constant"} else (None, False)
    return Column(
        name=str(column.name),
        kind=guess.kind,
        dtype=str(column.dtype),
        missing=bool(column.isna().any()),
        decimals=_decimals(column, guess.kind),
        levels=levels,
        ordered=ordered,
        format=guess.format or None,
        role=role,
        pattern=guess.pattern or None,
        merge_below=merge_below,
        why=guess.why,
    )


def _levels(column: pd.Series[Any]) -> tuple[tuple[Level, ...], bool]:
    """Levels that occur, in their order if they have one, else sorted where they can be."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = column.cat.remove_unused_categories().cat
        return tuple(map(_level, used.categories.tolist())), bool(used.ordered)
    found = typed_levels(column[column.notna()])[1]
    with contextlib.suppress(TypeError):
        found = sorted(found)
    return tuple(map(_level, found)), False


def _level(value: Any) -> Level:
    """A level as JSON can carry it exactly, else its text."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) < _SAFE_INTEGER):
        return value
    if isinstance(value, float) and np.isfinite(value):
        return value
    return str(value).encode("utf-8", "backslashreplace").decode()


def _decimals(column: pd.Series[Any], kind: Kind) -> int | None:
    if kind not in {"integer", "real"}:
        return None
    values = column[column.notna()].to_numpy(dtype="f4" if str(column.dtype).lower() == "float32" else "f8")
    return decimal_places(values[np.isfinite(values)])
