"""From a real frame to the recipe that makes more of it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb._frames import cell_types
from synthnb.errors import FrameError, OptionError, shown
from synthnb.recipes.columns import MIXED_LEVELS, Guess, decimal_places, guess_kind, typed_levels
from synthnb.recipes.recipe import KINDS, Column, Level, Recipe

if TYPE_CHECKING:
    from synthnb.recipes.recipe import Kind

__all__ = ["GROUP_LEVELS", "infer_recipe"]

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
        or the kind that would have been inferred.

    Raises
    ------
    OptionError
        A group or an override names no column; a group has more than `GROUP_LEVELS`
        levels; an override's kind can't hold the column.
    FrameError
        Cells of several types, too many to be levels; no column that can be made.
    """
    groups = _known_groups(groups, list(frame.columns))
    chosen = _known_overrides(overrides or {}, list(frame.columns))
    guesses = {name: guess_kind(frame[name]) for name in frame.columns}
    for name, kind in chosen.items():
        guesses[name] = _overridden(name, guesses[name], kind)
    for name in groups:
        guesses[name] = _as_group(name, guesses[name], frame[name])
    _refuse_mixed(frame, [name for name, guess in guesses.items() if guess.kind is None])
    _refuse_nothing_left(guesses)
    columns = tuple(_column(frame[name], guesses[name], is_group=name in groups) for name in frame.columns)
    return Recipe(table=table, rows=rows, seed=seed, groups=groups, columns=columns)


def _known_groups(groups: Sequence[str], names: list[str]) -> tuple[str, ...]:
    listed = (groups,) if isinstance(groups, str) else tuple(groups)
    for name in listed:
        if name not in names:
            raise OptionError.from_choice("A group", name, names)
    return tuple(dict.fromkeys(listed))


def _known_overrides(overrides: Mapping[str, str], names: list[str]) -> dict[str, Kind]:
    for name, kind in overrides.items():
        if name not in names:
            raise OptionError.from_choice("A column in overrides", name, names)
        if kind not in KINDS:
            raise OptionError.from_choice(f"The kind of {shown(name)}", kind, list(KINDS))
    return {name: kind for name, kind in overrides.items() if kind in KINDS}


def _overridden(name: str, guess: Guess, kind: Kind) -> Guess:
    if kind == guess.kind:
        return guess
    if kind == "text":
        return Guess("text", "it was asked for")
    if kind == "category" and guess.kind not in {"empty", "constant"}:
        return Guess("category")
    raise OptionError(
        f"Column {shown(name)} holds {guess.kind or 'values of several types'} and can't be taken as {kind}.",
        fix="Use category or text, or convert the column first.",
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
    if all(guess.kind == "text" for guess in guesses.values()):
        raise FrameError(
            f"At least one column must be of numbers, dates, booleans or categories; all {len(guesses)} are text or codes.",
            fix="Add such a column, or pass overrides={'column': 'category'} for one that is a category.",
        )


def _column(column: pd.Series[Any], guess: Guess, *, is_group: bool) -> Column:
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
        role="group" if is_group else None,
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
