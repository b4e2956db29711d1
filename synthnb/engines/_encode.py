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
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb._frames import cell_types
from synthnb.errors import FrameError, shown
from synthnb.recipes.columns import typed_levels

if TYPE_CHECKING:
    from collections.abc import Callable

    from synthnb.recipes.recipe import Column, Recipe

__all__ = ["MISSING", "ORDINARY", "Coder", "Table", "encode_table"]

Array = np.ndarray[Any, Any]

ORDINARY, MISSING, PLUS_INFINITY, MINUS_INFINITY = 0, 1, 2, 3
"""What state a cell is in."""

_COMMON_CELL = 11
_COMMON_SHARE = 0.1
_COMMON_LEAST = 5
_FEW_VALUES = 20
_WIDEST = 2.0**62
_EXACT = 2**53


@dataclass(frozen=True)
class Coder:
    """One column's way from positions back to cells."""

    column: Column
    """What the column holds."""
    dtype: Any
    """The pandas type it came in."""
    values: Array
    """The distinct values: int64 or float64 on the way to cells, or a plain count for levels."""
    counts: Array
    """How many rows hold each."""
    kept: Array
    """Which values are drawn as they are; the others are smoothed away."""
    ordered: bool
    """Whether positions have an order."""
    step: int
    """Grid of whole-numbered values; 0 where every digit counts, and for levels."""
    cells: Callable[[Array, Array], pd.Series[Any]]
    """Builds the cells from values (or level codes) and states."""

    @property
    def size(self) -> int:
        """How many distinct values there are."""
        return len(self.counts)

    def decode(self, states: Array, positions: Array) -> pd.Series[Any]:
        """Return the cells, in the type the column came in."""
        column = self.cells(self._at(positions, states), states)
        return column if column.dtype == self.dtype else column.astype(self.dtype)

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
        part = safe - low
        base = self.values[low]
        above = self.values[np.minimum(low + 1, self.size - 1)]
        if base.dtype.kind == "f":  # as a weighted sum, so that the span may exceed the largest float
            return np.asarray(np.clip(base * (1.0 - part) + above * part, base, above))
        steps = np.rint((above - base) * part / self.step) if self.step else np.zeros(len(base))
        return np.asarray(base + steps.astype("i8") * self.step)


@dataclass(frozen=True)
class Table:
    """A frame as positions and states."""

    coders: tuple[Coder, ...]
    """One per column that is made; text is left out."""
    states: Array
    """int8, rows by columns."""
    positions: Array
    """float64, rows by columns; 0 where the cell isn't ordinary."""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.states)


def encode_table(frame: pd.DataFrame, recipe: Recipe) -> Table:
    """Return a frame's columns as positions and states, those of text left out."""
    coded = [_encode(frame[column.name], column) for column in recipe.columns if column.kind != "text"]
    return Table(
        coders=tuple(coder for coder, _, _ in coded),
        states=np.column_stack([states for _, states, _ in coded]),
        positions=np.column_stack([positions for _, _, positions in coded]),
    )


def _encode(cells: pd.Series[Any], column: Column) -> tuple[Coder, Array, Array]:
    if column.kind in {"category", "boolean", "constant", "empty"}:
        return _encode_levels(cells, column)
    return _encode_numbers(cells, column)


def _encode_levels(cells: pd.Series[Any], column: Column) -> tuple[Coder, Array, Array]:
    here = cells.notna().to_numpy()
    codes, build = _categorical(cells, here) if isinstance(cells.dtype, pd.CategoricalDtype) else _levels(cells, here)
    size = int(codes.max(initial=-1)) + 1
    positions = np.zeros(len(cells))
    positions[here] = codes
    counts = np.bincount(codes, minlength=size)
    coder = Coder(column, cells.dtype, np.arange(size), counts, np.ones(size, dtype=bool), ordered=column.ordered, step=0, cells=build)
    return coder, np.where(here, ORDINARY, MISSING).astype("i1"), positions


def _categorical(cells: pd.Series[Any], here: Array) -> tuple[Array, Callable[[Array, Array], pd.Series[Any]]]:
    """Codes among the categories that occur, in their order."""
    used, codes = np.unique(cells.cat.codes.to_numpy()[here], return_inverse=True)
    dtype: Any = cells.dtype

    def build(at: Array, states: Array) -> pd.Series[Any]:
        found = used[at.astype("i8")] if len(used) else np.full(len(at), -1)
        return pd.Series(pd.Categorical.from_codes(np.where(states == ORDINARY, found, -1), dtype=dtype))

    return codes, build


def _levels(cells: pd.Series[Any], here: Array) -> tuple[Array, Callable[[Array, Array], pd.Series[Any]]]:
    """Codes among the distinct values, each with its Python type."""
    codes, distinct = typed_levels(cells[here])
    absent = _absent(cells, here)

    def build(at: Array, states: Array) -> pd.Series[Any]:
        table = np.empty(len(distinct) + 1, dtype=object)
        table[:-1] = distinct
        table[-1] = absent
        return pd.Series(table[np.where(states == ORDINARY, at.astype("i8"), len(distinct))], dtype=object)

    return codes, build


def _absent(cells: pd.Series[Any], here: Array) -> Any:
    """The mark the column itself uses for a missing cell."""
    return None if here.all() else cells[~here].astype(object).iloc[0]


def _encode_numbers(cells: pd.Series[Any], column: Column) -> tuple[Coder, Array, Array]:
    states = np.where(cells.isna(), MISSING, ORDINARY).astype("i1")
    if column.kind in {"integer", "real"}:
        raw, build = _numbers(cells, column, states)
    else:
        raw, build = _moments(cells, column, states)
    ordinary = states == ORDINARY
    values, index, counts = np.unique(raw[ordinary], return_inverse=True, return_counts=True)
    positions = np.zeros(len(cells))
    positions[ordinary] = index
    step = int(np.gcd.reduce(np.diff(values))) if values.dtype.kind == "i" and len(values) > 1 else 0
    return Coder(column, cells.dtype, values, counts, _kept(counts), ordered=True, step=step, cells=build), states, positions


def _kept(counts: Array) -> Array:
    """Values drawn as they are: all of a column with few, and those that many rows share."""
    total = int(counts.sum())
    if len(counts) <= min(_FEW_VALUES, total / _COMMON_LEAST):
        return np.ones(len(counts), dtype=bool)
    return counts >= min(_COMMON_CELL, max(_COMMON_LEAST, _COMMON_SHARE * total))


def _numbers(cells: pd.Series[Any], column: Column, states: Array) -> tuple[Array, Callable[[Array, Array], pd.Series[Any]]]:
    """Whole numbers of the last decimal place where there is one, else floats; marks infinities in ``states``."""
    types = cell_types(cells) if cells.dtype == object else set()
    whole = pd.api.types.is_integer_dtype(cells.dtype) or (bool(types) and all(issubclass(kind, (int, np.integer)) for kind in types))
    places = max(column.decimals or 0, 0)
    _refuse_too_large(cells, column, places, whole=whole, decimal=bool(types) and types <= {Decimal})
    raw = cells.to_numpy(dtype="i8" if whole else "f8", na_value=0).copy()
    if not whole:
        states[np.isposinf(raw)] = PLUS_INFINITY
        states[np.isneginf(raw)] = MINUS_INFINITY
        raw[states != ORDINARY] = 0.0
    raw = _on_grid(raw, places, exact=whole or column.decimals is not None)

    def build(at: Array, states: Array) -> pd.Series[Any]:
        if whole:
            return _whole_cells(np.rint(at).astype("i8") if at.dtype.kind == "f" else at, states)
        out = at / 10.0**places if at.dtype.kind == "i" else at.copy()
        for state, value in ((MISSING, np.nan), (PLUS_INFINITY, np.inf), (MINUS_INFINITY, -np.inf)):
            out[states == state] = value
        return _decimal_cells(out, places) if types and types <= {Decimal} else pd.Series(out)

    return raw, build


def _refuse_too_large(cells: pd.Series[Any], column: Column, places: int, *, whole: bool, decimal: bool) -> None:
    """Refuse exact numbers that 64-bit arithmetic would change without a word."""
    numbers = cells.dropna()
    if not (whole or decimal) or numbers.empty:
        return
    low, high = numbers.min(), numbers.max()
    if decimal and not (low.is_finite() and high.is_finite()):
        return
    low, high = int(low), int(high)
    in_64_bits = low >= -(2**63) and high < 2**63 and high - low < _WIDEST
    in_a_float = max(abs(low), abs(high)) * 10**places < _EXACT
    if not (in_64_bits if whole else in_a_float):
        raise FrameError(
            f"Column {shown(column.name)} holds numbers from {low:,} to {high:,} with {places} decimals, too many digits to be exact.",
            fix="Scale it, drop it, or turn it into text if it identifies rows.",
        )


def _on_grid(raw: Array, places: int, *, exact: bool) -> Array:
    """Integers where the numbers have a last decimal place and their span fits, else floats."""
    scale = 10.0**places
    if not exact or (float(raw.max()) - float(raw.min())) * scale >= _WIDEST:
        return raw.astype("f8")
    if raw.dtype.kind == "i":
        return raw
    return np.rint(raw * scale).astype("i8") if float(np.abs(raw).max()) * scale < _WIDEST else raw


def _whole_cells(at: Array, states: Array) -> pd.Series[Any]:
    missing = states != ORDINARY
    return pd.Series(pd.arrays.IntegerArray(at.copy(), missing)) if missing.any() else pd.Series(at)


def _decimal_cells(at: Array, places: int) -> pd.Series[Any]:
    return pd.Series([None if np.isnan(x) else Decimal(f"{x:.{places}f}") for x in at], dtype=object)


def _moments(cells: pd.Series[Any], column: Column, states: Array) -> tuple[Array, Callable[[Array, Array], pd.Series[Any]]]:
    """Dates, times and spans as whole numbers of their own unit."""
    if isinstance(cells.dtype, pd.PeriodDtype):
        return _periods(cells)
    if cells.dtype == object or column.format:
        return _moment_objects(cells, column, states)
    return _moments_of(cells, by_day=column.kind == "date")


def _periods(cells: pd.Series[Any]) -> tuple[Array, Callable[[Array, Array], pd.Series[Any]]]:
    dtype: Any = cells.dtype
    raw = pd.PeriodIndex(cells).asi8

    def build(at: Array, states: Array) -> pd.Series[Any]:
        periods: Any = pd.PeriodIndex
        made: pd.Series[Any] = pd.Series(periods.from_ordinals(at, freq=dtype.freq))
        return made.where(states == ORDINARY)

    return raw, build


def _moments_of(cells: pd.Series[Any], *, by_day: bool) -> tuple[Array, Callable[[Array, Array], pd.Series[Any]]]:
    """Instants in UTC, or days by the local clock, and spans; in the unit they are stored in."""
    zone = getattr(cells.dtype, "tz", None) or getattr(getattr(cells.dtype, "pyarrow_dtype", None), "tz", None)
    naive: Any = cells
    if zone:
        naive = cells.dt.tz_localize(None) if by_day else cells.dt.tz_convert("UTC").dt.tz_localize(None)
    ticks = naive.to_numpy()
    if ticks.dtype.kind not in "mM":
        ticks = naive.astype(naive.dtype.numpy_dtype).to_numpy()

    def build(at: Array, states: Array) -> pd.Series[Any]:
        stamps = at.view(ticks.dtype).copy()
        stamps[states != ORDINARY] = np.array("NaT", dtype=ticks.dtype)
        made: Any = pd.Series(stamps)
        if zone and by_day:
            made = made.dt.tz_localize(zone, ambiguous=np.ones(len(made), dtype=bool), nonexistent="shift_forward")
        elif zone:
            made = made.dt.tz_localize("UTC").dt.tz_convert(zone)
        return pd.Series(made)

    return ticks.view("i8"), build


def _moment_objects(cells: pd.Series[Any], column: Column, states: Array) -> tuple[Array, Callable[[Array, Array], pd.Series[Any]]]:
    """Dates, times and spans kept as Python objects or as strings."""
    absent = _absent(cells, states == ORDINARY)
    if column.kind == "time":
        raw, to_objects = _clock(cells, states)
    else:
        raw, to_objects = _calendar(cells, column)

    def build(at: Array, states: Array) -> pd.Series[Any]:
        out = np.empty(len(at), dtype=object)
        out[:] = to_objects(at)
        out[states != ORDINARY] = absent
        return pd.Series(out, dtype=object)

    return raw, build


def _calendar(cells: pd.Series[Any], column: Column) -> tuple[Array, Callable[[Array], list[Any]]]:
    types = cell_types(cells)
    parsed: Any = pd.to_timedelta(cells) if column.kind == "timedelta" else pd.to_datetime(cells, format=column.format)
    raw, back = _moments_of(parsed, by_day=False)

    def to_objects(at: Array) -> list[Any]:
        made: Any = back(at, np.zeros(len(at), dtype="i1"))
        if column.format:
            return list(made.dt.strftime(column.format))
        if types == {dt.date}:
            return list(made.dt.date)
        stamps = made.astype(object).tolist()
        if types <= {pd.Timestamp, pd.Timedelta}:
            return list(stamps)
        return [stamp.to_pytimedelta() if column.kind == "timedelta" else stamp.to_pydatetime() for stamp in stamps]

    return raw, to_objects


def _clock(cells: pd.Series[Any], states: Array) -> tuple[Array, Callable[[Array], list[dt.time]]]:
    """Times of day as microseconds since midnight."""
    first = cells[states == ORDINARY].iloc[0]
    raw = np.array([0 if gone else _microseconds(cell) for cell, gone in zip(cells, states != ORDINARY, strict=True)], dtype="i8")

    def to_objects(at: Array) -> list[dt.time]:
        midnight = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
        return [(midnight + dt.timedelta(microseconds=int(x))).time().replace(tzinfo=first.tzinfo) for x in at]

    return raw, to_objects


def _microseconds(time: dt.time) -> int:
    return ((time.hour * 60 + time.minute) * 60 + time.second) * 10**6 + time.microsecond
