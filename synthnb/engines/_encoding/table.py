"""Columns as numbers, and back.

Each cell becomes a *state* (ordinary, missing, plus or minus infinity) and, if it
is ordinary, a *position*: the index of its value among the column's distinct ones.

::

    values (distinct, sorted)   12.0   12.5        14.0   71.3
    position                     0      1     1.4    2      3
                                              └─ between two values: interpolated
                                                 and put on the data's own grid

Positions between whole numbers stand for values the data don't hold; that is how
a drawn number can be new. Levels of a category have whole positions only.

A coder is plain data, and so can be kept in a file and read from one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from synthnb.engines._encoding.codec import (
    MINUS_INFINITY,
    MISSING,
    ORDINARY,
    PLUS_INFINITY,
    Levels,
    NumberCells,
    Real,
    absent_mark,
    describe_numbers,
    on_grid,
    without_arrow,
)
from synthnb.errors import FrameError, shown
from synthnb.recipes.columns import typed_levels

if TYPE_CHECKING:
    from synthnb.engines.base import State
    from synthnb.recipes.recipe import Column, Recipe

__all__ = ["LEVEL_KINDS", "MINUS_INFINITY", "MISSING", "ORDINARY", "PLUS_INFINITY", "Coder", "Encoded", "Table", "encode_table"]

Array = np.ndarray[Any, Any]

LEVEL_KINDS = frozenset({"category", "boolean", "constant", "empty"})
"""Kinds whose cells are one of several levels."""

_LEVELS_SHOWN = 20
_COMMON_CELL = 11
_COMMON_SHARE = 0.1
_COMMON_LEAST = 5
_FEW_VALUES = 20


class Encoded(NamedTuple):
    """Cells as numbers."""

    states: Array
    """int8 per cell."""
    positions: Array
    """float64 per cell; 0 where it isn't ordinary."""


@dataclass(frozen=True)
class Coder:
    """One column's way from cells to positions and back, as plain data."""

    column: Column
    """What the column holds."""
    dtype: Any
    """The pandas type it came in."""
    values: Array
    """The distinct values, increasing: int64 or float64 on the way to cells, or a plain count for levels."""
    counts: Array
    """How many rows hold each."""
    kept: Array
    """Which values are drawn as they are; the others are smoothed away."""
    ordered: bool
    """Whether positions have an order."""
    step: int
    """Grid of whole-numbered values; 0 where every digit counts, and for levels."""
    cells: Levels | NumberCells
    """How values become cells."""
    levels: tuple[Any, ...] = ()
    """For levels: each one, or where it stands among the storage type's categories."""

    @property
    def size(self) -> int:
        """How many distinct values there are."""
        return len(self.counts)

    def decode(self, states: Array, positions: Array) -> pd.Series[Any]:
        """Return the cells, in the type the column came in."""
        at = self._at(positions, states)
        if isinstance(self.cells, Levels):
            picked: pd.Series[Any] = pd.Series(self._palette.take(np.where(states == ORDINARY, at, self.size)), dtype=self.dtype)
            return picked
        made: pd.Series[Any] = self.cells.write(at, states, self.dtype)
        return made if made.dtype == self.dtype else made.astype(self.dtype)

    def encode(self, cells: pd.Series[Any]) -> Encoded:
        """Return states and positions of further cells of the column.

        A number between two known ones gets a position between theirs; one beyond
        the least or largest gets that one's.

        Raises
        ------
        FrameError
            A level that the column doesn't hold, or a cell of another type.
        """
        plain = without_arrow(cells)
        states = np.where(plain.isna(), MISSING, ORDINARY).astype("i1")
        try:
            positions = self._level_positions(plain, states) if isinstance(self.cells, Levels) else self._positions(plain, states)
        except (TypeError, ValueError, OverflowError, AttributeError) as error:
            if isinstance(error, FrameError):
                raise
            sample = next(iter(plain[plain.notna()]), None)
            raise FrameError(
                f"Column {shown(self.column.name)} holds {self.column.kind} values ({self.dtype}); got cells such as {shown(sample)}.",
                fix="Give cells of the column's own type.",
            ) from error
        return Encoded(states, positions)

    def to_state(self) -> State:
        """The coder as plain data; see `synthnb.engines._encoding.state`."""
        from synthnb.engines._encoding.state import coder_to_state

        return coder_to_state(self)

    def known(self, states: Array, positions: Array) -> Array:
        """Return an integer per cell that is the same for the same cell, and -1 for a value the data don't hold."""
        at = self._at(positions, states)
        index = np.clip(np.searchsorted(self.values, at), 0, max(self.size - 1, 0))
        found = np.where(self.values[index] == at, index, -1) if self.size else np.full(len(states), -1)
        return np.asarray(np.where(states == ORDINARY, found, states.astype("i8") + self.size))

    def ranks(self, positions: Array) -> Array:
        """Return mid-ranks between 0 and 1."""
        if self.size < 2:
            return np.zeros(len(positions))
        ends = np.cumsum(self.counts)
        return np.asarray(np.interp(positions, np.arange(self.size), (ends - self.counts / 2) / ends[-1]))

    def _at(self, positions: Array, states: Array) -> Array:
        """Values at positions; between two, a mixture put on the grid."""
        if not self.size:
            return np.zeros(len(positions), dtype=self.values.dtype)
        safe = np.where(states == ORDINARY, positions, 0.0)
        low = np.floor(safe).astype("i8")
        base: Array = self.values[low]
        if isinstance(self.cells, Levels):
            return base
        part = safe - low
        above = self.values[np.minimum(low + 1, self.size - 1)]
        if base.dtype.kind == "f":  # as a weighted sum, so that the span may exceed the largest float
            return np.asarray(np.clip(base * (1.0 - part) + above * part, base, above))
        steps = np.rint((above - base) * part / self.step) if self.step else np.zeros(len(base))
        return np.asarray(base + steps.astype("i8") * self.step)

    @cached_property
    def _palette(self) -> Any:
        """The levels in the column's own type, then the mark of a missing cell if the column has one."""
        if isinstance(self.dtype, pd.CategoricalDtype):
            return pd.Categorical.from_codes([*self.levels, -1], dtype=self.dtype)
        mark = [] if self.cells.absent is None else [self.cells.mark]
        table = np.empty(len(self.levels) + len(mark), dtype=object)
        table[:] = [*self.levels, *mark]
        return pd.Series(table, dtype=object).astype(self.dtype).array

    @cached_property
    def _places(self) -> dict[tuple[type, Any], int]:
        return {(type(level), level): place for place, level in enumerate(self.levels)}

    def _level_positions(self, cells: pd.Series[Any], states: Array) -> Array:
        positions = np.zeros(len(cells))
        here = states == ORDINARY
        if isinstance(self.dtype, pd.CategoricalDtype):
            places = {place: code for code, place in enumerate(self.levels)}
            listed = self.dtype.categories.get_indexer(cells[here].astype(object)).tolist()
            codes = [places.get(place, -1) for place in listed]
        else:
            codes = [self._place(value) for value in cells[here].astype(object)]
        if -1 in codes:
            raise FrameError(
                f"Column {shown(self.column.name)} has no level {shown(cells[here].iloc[codes.index(-1)])}; "
                f"it has {', '.join(str(level)[:50] for level in (self.column.levels or self.levels)[:_LEVELS_SHOWN])}.",
                fix="Use one of its levels.",
            )
        positions[here] = codes
        return positions

    @cached_property
    def _equals(self) -> dict[Any, int]:
        return {level: place for place, level in reversed(list(enumerate(self.levels)))}

    def _place(self, value: Any) -> int:
        """Where a level stands; an equal value of another type will do where the very type isn't there."""
        found = self._places.get((type(value), value))
        return self._equals.get(value, -1) if found is None else found

    def _positions(self, cells: pd.Series[Any], states: Array) -> Array:
        assert not isinstance(self.cells, Levels)
        raw = self.cells.read(cells, states)
        if isinstance(self.cells, Real) and self.values.dtype.kind == "i":
            raw = np.rint(raw * 10.0**self.cells.places).astype("i8")
        if not self.size:
            return np.zeros(len(raw))
        above = np.clip(np.searchsorted(self.values, raw), 0, self.size - 1)
        low = np.maximum(above - 1, 0)
        wide = self.values[above].astype("f8") - self.values[low]
        part = np.clip((raw.astype("f8") - self.values[low]) / np.where(wide > 0, wide, 1.0), 0.0, 1.0)
        exact = (self.values[above] == raw) | (above == 0)
        return np.asarray(np.where(states == ORDINARY, np.where(exact, above, low + part), 0.0))


@dataclass(frozen=True)
class Table:
    """A frame as positions and states."""

    coders: tuple[Coder, ...]
    """One per column that is made; text and identifiers are left out."""
    states: Array
    """int8, rows by columns."""
    positions: Array
    """float64, rows by columns; 0 where the cell isn't ordinary."""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.states)


def encode_table(frame: pd.DataFrame, recipe: Recipe) -> Table:
    """Return a frame's columns as positions and states, those of text and of identifiers left out."""
    coded = [_encode(frame[column.name], column) for column in recipe.columns if column.kind not in {"text", "identifier"}]
    states = np.empty((len(frame), len(coded)), dtype="i1")
    positions = np.empty((len(frame), len(coded)))
    for j, (_, encoded) in enumerate(coded):
        states[:, j], positions[:, j] = encoded
    return Table(tuple(coder for coder, _ in coded), states, positions)


def _encode(cells: pd.Series[Any], column: Column) -> tuple[Coder, Encoded]:
    plain = without_arrow(cells)
    if column.kind in LEVEL_KINDS:
        return _encode_levels(plain, column, cells.dtype)
    return _encode_numbers(plain, column, cells.dtype)


def _encode_levels(cells: pd.Series[Any], column: Column, dtype: Any) -> tuple[Coder, Encoded]:
    here = cells.notna().to_numpy()
    levels: Sequence[Any]
    if isinstance(cells.dtype, pd.CategoricalDtype):
        used, codes = np.unique(cells.cat.codes.to_numpy()[here], return_inverse=True)
        how, levels = Levels(cells="categories"), used.tolist()
    else:
        codes, levels = typed_levels(cells[here])
        how = Levels(cells="levels", absent=absent_mark(cells, here))
    size = len(levels)
    positions = np.zeros(len(cells))
    positions[here] = codes
    counts = np.bincount(codes, minlength=size)
    coder = Coder(column, dtype, np.arange(size), counts, np.ones(size, dtype=bool), column.ordered, 0, how, tuple(levels))
    return coder, Encoded(np.where(here, ORDINARY, MISSING).astype("i1"), positions)


def _encode_numbers(cells: pd.Series[Any], column: Column, dtype: Any) -> tuple[Coder, Encoded]:
    states = np.where(cells.isna(), MISSING, ORDINARY).astype("i1")
    how = describe_numbers(cells, column, states == ORDINARY)
    raw = how.read(cells, states)
    if column.kind in {"integer", "real"}:
        raw = on_grid(raw, how.places if isinstance(how, Real) else 0, exact=raw.dtype.kind == "i" or column.decimals is not None)
    ordinary = states == ORDINARY
    values, index, counts = np.unique(raw[ordinary], return_inverse=True, return_counts=True)
    positions = np.zeros(len(cells))
    positions[ordinary] = index
    step = int(np.gcd.reduce(np.diff(values))) if values.dtype.kind == "i" and len(values) > 1 else 0
    return Coder(column, dtype, values, counts, _kept(counts), ordered=True, step=step, cells=how), Encoded(states, positions)


def _kept(counts: Array) -> Array:
    """Values drawn as they are: all of a column with few, and those that many rows share."""
    total = int(counts.sum())
    if len(counts) <= min(_FEW_VALUES, total / _COMMON_LEAST):
        return np.ones(len(counts), dtype=bool)
    return counts >= min(_COMMON_CELL, max(_COMMON_LEAST, _COMMON_SHARE * total))
