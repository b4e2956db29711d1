"""What a call asks beyond the frame: what columns are, rules, a condition, fixed cells, balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb._random import generator
from synthnb.errors import OptionError, reason, shown

if TYPE_CHECKING:
    from synthnb.recipes.recipe import Column, Recipe

__all__ = ["MOST_ROWS", "Request", "balanced", "checked_rows", "fixed_cells"]

MOST_ROWS = 50_000_000
"""Most rows made at once, whatever the memory."""

_BYTES_PER_CELL = 64
_SHARE_OF_MEMORY = 0.8

_MOST_CELLS = 1_000


@dataclass(frozen=True, kw_only=True)
class Request:
    """What columns are, rules, conditions, fixed cells and balance, as a call gives them."""

    groups: Sequence[str] = ()
    """Columns that declare subgroups; modelled first, as categories."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Kinds to use instead of the inferred ones, by column."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """What columns are for."""
    merge_below: int | Mapping[str, int] | None = None
    """Levels that fewer rows hold are merged: in every category, or by column."""
    survival: Sequence[Any] = ()
    """Times that end with an event or are censored, as `Survival` or as its mapping."""
    rules: Sequence[Any] = ()
    """Rules, as text, as mappings, as `synthnb.recipes.rules` has them, or as functions of a frame."""
    where: str = ""
    """A condition every row must meet."""
    given: Any = None
    """A frame of columns fixed from outside."""
    balance: Sequence[str] = ()
    """Columns whose levels are to be equally frequent."""

    def conditioned(self, recipe: Recipe, where: str) -> list[str]:
        """Columns that a condition restricts by themselves, in the recipe's order."""
        if not where:
            return []
        from synthnb.recipes.conditions import parse_conditions

        found = parse_conditions(where, recipe.columns).by_column
        return [column.name for column in recipe.columns if column.name in found]


def balanced(
    frame: pd.DataFrame, recipe: Recipe, columns: tuple[str, ...], *, declared: Mapping[str, Sequence[Any]] | None = None
) -> pd.DataFrame:
    """Return fixed cells in which every combination of levels is equally frequent, to within one row.

    Parameters
    ----------
    frame : pandas.DataFrame
        The real rows, whose levels, and combinations of levels, are taken.
    recipe : Recipe
        What they are.
    columns : tuple of str
        Which to balance.
    declared : mapping, optional
        Levels by column to take instead, in every combination: the rows aren't looked at then.

    Raises
    ------
    OptionError
        A column isn't one of few levels, or there are more combinations than rows.
    """
    kinds = {column.name: column.kind for column in recipe.columns}
    for name in columns:
        if name not in kinds:
            raise OptionError.from_choice("A column of balance", name, list(kinds))
        if kinds[name] not in {"category", "boolean", "constant"}:
            raise OptionError(
                f"Only a category can be balanced; {shown(name)} holds {kinds[name]}.",
                fix="Declare it a group (--groups), or cut it into bands first, for example with `pandas.cut`.",
            )
    if declared is None:
        here = frame[list(columns)].dropna().astype(object)
        cells = sorted(set(here.itertuples(index=False, name=None)), key=repr)
    else:
        cells = list(product(*(_levels(name, kinds[name], declared) for name in columns)))
    if not cells:
        raise OptionError("The columns of balance have no value at all.", fix="Leave them out.")
    if len(cells) > min(recipe.rows, _MOST_CELLS):
        raise OptionError(
            f"{len(cells):,} combinations of levels can't be balanced over {recipe.rows:,} rows.",
            fix="Balance fewer columns, or make more rows.",
        )
    order = generator(recipe.seed, "balance").permutation(np.resize(np.arange(len(cells)), recipe.rows))
    made = {name: pd.Series([cells[cell][j] for cell in order], dtype=frame[name].dtype) for j, name in enumerate(columns)}
    return pd.DataFrame(made)


def _levels(name: str, kind: str, declared: Mapping[str, Sequence[Any]]) -> list[Any]:
    if name not in declared and kind == "boolean":
        return [False, True]
    levels = declared.get(name)
    if not isinstance(levels, (list, tuple)):
        raise OptionError(
            f"To balance {shown(name)} without looking at the rows, its levels must be declared.", fix="List them in the option `domain`."
        )
    return [level for level in levels if level is not None]


def fixed_cells(
    given: pd.DataFrame, recipe: Recipe, frame: pd.DataFrame | None = None, *, declared: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Return fixed cells in the types their columns have.

    Parameters
    ----------
    given : pandas.DataFrame
        Cells fixed from outside.
    recipe : Recipe
        What the columns hold.
    frame : pandas.DataFrame, optional
        The real rows, for types that can't be told by name.
    declared : mapping, optional
        What may occur, by column, where an engine was told.

    Raises
    ------
    OptionError
        A column isn't the recipe's, or its cells can't be held by it.
    """
    columns = {column.name: column for column in recipe.columns}
    made: dict[str, pd.Series[Any]] = {}
    for name, cells in given.items():
        if name not in columns:
            raise OptionError.from_choice("A column of `given`", name, list(columns))
        column = columns[str(name)]
        _refuse_outside(cells, column, (declared or {}).get(column.name))
        made[column.name] = _as_stored(cells, column, None if frame is None else frame[column.name].dtype)
    return pd.DataFrame(made)


def _as_stored(cells: pd.Series[Any], column: Column, dtype: Any) -> pd.Series[Any]:
    """Cells in a column's type, unless that would change one."""
    try:
        kind = dtype if dtype is not None else pd.api.types.pandas_dtype(column.dtype)
        if kind == cells.dtype or (dtype is None and isinstance(kind, pd.CategoricalDtype)):
            return cells
        if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_numeric_dtype(cells.dtype):
            raise ValueError(f"{cells.dtype} isn't a number")
        if pd.api.types.is_bool_dtype(kind) != pd.api.types.is_bool_dtype(cells.dtype):
            raise ValueError(f"{cells.dtype} isn't {kind}")
        stored = cells.astype(kind)
        same = stored.isna() == cells.isna()
        if not bool(same.all()) or not bool((stored.astype(object) == cells.astype(object))[cells.notna()].all()):
            raise ValueError("some cells would change")
    except (ValueError, TypeError, OverflowError) as error:
        raise OptionError(
            f"The cells of {shown(column.name)} in `given` can't be held by a column of type {column.dtype}: {reason(error)}.",
            fix="Convert them first, for example with `astype`.",
        ) from error
    return stored


def _refuse_outside(cells: pd.Series[Any], column: Column, domain: Any) -> None:
    """Refuse levels and numbers outside what the recipe, or the domain, declares."""
    here = cells[cells.notna()]
    levels = domain if isinstance(domain, (list, tuple)) and column.kind == "category" else column.levels
    if levels is not None and column.kind == "category" and len(here):
        strange = here[~here.map(lambda cell: cell in levels or str(cell) in map(str, levels))]
        if len(strange):
            raise OptionError(f"{shown(strange.iloc[0])} in `given` isn't a level of {shown(column.name)}.", fix="Use a level it has.")
    for bound, outside in ((column.minimum, here.lt), (column.maximum, here.gt)):
        if isinstance(bound, (int, float)) and pd.api.types.is_numeric_dtype(here.dtype) and bool(outside(bound).any()):
            raise OptionError(
                f"A number of {shown(column.name)} in `given` is outside its limits.", fix="Keep within the recipe's minimum and maximum."
            )


def checked_rows(rows: Any, columns: int) -> int:
    """Return the rows asked for, if they are a sensible number that fits in memory.

    Raises
    ------
    OptionError
        They aren't.
    """
    if isinstance(rows, bool) or not hasattr(rows, "__index__"):
        raise OptionError(f"The number of rows must be a whole number; got {shown(rows)}.", fix="Pass an int.")
    number = int(rows.__index__())
    if number < 1:
        raise OptionError(f"The number of rows must be at least 1; got {number:,}.", fix="Leave it out for as many as the real table has.")
    if number > MOST_ROWS:
        raise OptionError(
            f"At most {MOST_ROWS:,} rows can be made at once; got {shown(number)}.", fix="Make fewer, or several runs with different seeds."
        )
    memory = _available_memory()
    most = int(_SHARE_OF_MEMORY * memory / (_BYTES_PER_CELL * columns)) if memory else MOST_ROWS
    if number > most:
        raise OptionError(
            f"{number:,} rows of {columns} columns would need about {number * columns * _BYTES_PER_CELL / 1e9:.1f} GB of memory; "
            f"there is room for {most:,} rows.",
            fix="Make fewer, or several runs with different seeds.",
        )
    return number


def _available_memory() -> int | None:
    """Bytes that can be had without swapping, where the system tells."""
    from contextlib import suppress
    from pathlib import Path

    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None
