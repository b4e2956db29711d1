"""Columns that can be compared, as whole numbers of one unit they share, and back.

::

    admitted   2024-01-05 (days)              ──┐
                                                ├──► microseconds since 1970, whole numbers
    discharged 2024-01-07 16:30 (minutes)     ──┘    each column on a grid of its own: days, minutes

Numbers share the finest last decimal place among them. Where a column has none, all are floats.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from synthnb.engines._encoding.codec import (
    MISSING,
    ORDINARY,
    Calendar,
    Cells,
    Clock,
    Levels,
    Moments,
    NumberCells,
    Periods,
    Real,
    describe_numbers,
    without_arrow,
)
from synthnb.engines._encoding.dtypes import dtype_from_json, dtype_to_json
from synthnb.errors import FrameError
from synthnb.recipes.columns import decimal_places
from synthnb.recipes.recipe import Column

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.recipes.recipe import Kind

__all__ = ["Axis", "Read", "open_axes"]

Array = np.ndarray[Any, Any]

_CELLS: TypeAdapter[Any] = TypeAdapter(Cells)
_NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_UNITS = (86_400 * 10**9, 3_600 * 10**9, 60 * 10**9, 10**9, 10**6, 10**3, 1)
_WIDEST = 2**62
_YEARS = (np.datetime64("0001-01-02"), np.datetime64("9999-12-30"))


@dataclass(frozen=True)
class Read:
    """Cells as numbers."""

    values: Array
    """int64 in the shared unit, or float64; 0 where missing."""
    missing: Array
    """Boolean per cell."""


@dataclass(frozen=True)
class Axis:
    """One column's way to numbers of the shared unit, and back."""

    column: Column
    """What it holds."""
    dtype: Any
    """How it is stored."""
    cells: NumberCells
    """How its cells become numbers."""
    factor: int
    """Shared units in one unit of the cells' own numbers; 0 where all are floats."""
    step: int
    """Distance between neighbouring values, in shared units; 0 where all are floats."""

    def read(self, cells: pd.Series[Any]) -> Read:
        """Cells as numbers; infinite ones count as missing."""
        plain = without_arrow(cells)
        states = np.where(plain.isna(), MISSING, ORDINARY).astype("i1")
        raw = self.cells.read(plain, states)
        missing = states != ORDINARY
        if not self.factor:
            return Read(np.where(missing, 0.0, raw.astype("f8")), missing)
        if isinstance(self.cells, Real):
            raw = np.rint(raw * 10.0**self.cells.places).astype("i8")
        return Read(np.where(missing, 0, raw * self.factor), missing)

    def write(self, values: Array, missing: Array) -> tuple[pd.Series[Any], Array]:
        """Numbers as cells, and which of them the column can't hold; those are put at its nearest value."""
        raw = np.where(missing, 0, values)
        outside = np.zeros(len(raw), dtype=bool)
        if self.factor:
            low, high = self._ends
            outside = (raw < low) | (raw > high) | (raw % self.factor != 0)
            raw = np.clip(raw, low, high) // self.factor
        elif isinstance(self.cells, Real) and self.cells.decimal:
            raw = np.rint(raw * 10.0**self.cells.places).astype("i8")
        elif self.column.decimals is not None:
            raw = np.round(raw, max(self.column.decimals, 0))
        states = np.where(missing, MISSING, ORDINARY).astype("i1")
        made = self.cells.write(raw, states, self.dtype)
        return (made if made.dtype == self.dtype else made.astype(self.dtype)), outside & ~missing

    def up(self, values: Array) -> Array:
        """The nearest values of the column's own grid that aren't less."""
        if self.step:
            return -(-values // self.step) * self.step
        if self.column.decimals is None:
            return values
        scale = 10.0 ** max(self.column.decimals, 0)
        return np.asarray(np.ceil(np.round(values * scale, 6)) / scale)

    def at(self, bound: float | str, *, up: bool) -> int | float:
        """A limit in the shared unit, on the column's grid: the least value not below it, or the largest not above.

        Raises
        ------
        ValueError
            It isn't a limit for such a column.
        """
        from synthnb.recipes.rules.bounds import position

        if isinstance(self.cells, (Moments, Calendar, Periods)) and isinstance(bound, str) and self.column.kind in {"date", "datetime"}:
            value = self._moment(bound)
        else:
            value = position(bound, self.column) * (self.per_one if self.factor else 1.0)
        if not self.factor:
            return value
        steps = round(value / self.step, 9)
        return (math.ceil(steps) if up else math.floor(steps)) * self.step

    def _moment(self, bound: str) -> float:
        stamp, zone = pd.Timestamp(bound), getattr(self.dtype, "tz", None)
        if zone is not None and not (isinstance(self.cells, Moments) and self.cells.by_day):
            stamp = stamp.tz_localize(zone) if stamp.tzinfo is None else stamp
            stamp = stamp.tz_convert("UTC").tz_localize(None)
        if isinstance(self.cells, Periods):
            return float(stamp.tz_localize(None).to_period(self.dtype.freq).ordinal)
        return float(stamp.tz_localize(None).as_unit("ns").value / self._nanoseconds * self.factor)

    @property
    def _nanoseconds(self) -> int:
        """Nanoseconds in one unit of the cells' own numbers."""
        if isinstance(self.cells, (Moments, Calendar)):
            return _NANOSECONDS[np.datetime_data(np.dtype(self.cells.ticks))[0]]
        return 1_000

    @property
    def per_one(self) -> float:
        """Shared units in 1, or in one second."""
        if isinstance(self.cells, Real):
            return self.factor * 10.0**self.cells.places
        if isinstance(self.cells, (Moments, Calendar, Clock)):
            return self.factor * 1e9 / self._nanoseconds
        return float(self.factor)

    @property
    def _ends(self) -> tuple[int, int]:
        """Least and largest number the column can hold, in the shared unit."""
        dtype = getattr(self.dtype, "numpy_dtype", self.dtype)
        if isinstance(dtype, np.dtype) and dtype.kind in "iu" and not isinstance(self.cells, Clock):
            info = np.iinfo(dtype)
            return max(int(info.min), -_WIDEST // self.factor) * self.factor, min(int(info.max), _WIDEST // self.factor) * self.factor
        if isinstance(self.cells, Clock):
            return 0, 86_400 * 10**6 - 1
        if isinstance(self.cells, Calendar) and self.cells.kept_as not in {"timedelta", "Timedelta"} and self._nanoseconds > 1:
            unit = np.datetime_data(np.dtype(self.cells.ticks))[0]
            low, high = (int(day.astype(f"M8[{unit}]").astype("i8")) * self.factor for day in _YEARS)
            return low, high
        return -_WIDEST // self.factor * self.factor, _WIDEST // self.factor * self.factor

    def to_json(self) -> Json:
        """The axis as plain data."""
        return {
            "column": self.column.model_dump(mode="json"),
            "dtype": dtype_to_json(self.dtype),
            "cells": self.cells.model_dump(mode="json"),
            "factor": self.factor,
            "step": self.step,
        }

    @classmethod
    def from_json(cls, data: Json) -> Axis:
        """What `to_json` wrote."""
        cells = _CELLS.validate_python(data["cells"])
        if isinstance(cells, Levels) or int(data["factor"]) < 0 or int(data["step"]) < 0:
            raise ValueError("an axis needs numbers")
        return cls(Column.model_validate(data["column"]), dtype_from_json(data["dtype"]), cells, int(data["factor"]), int(data["step"]))


def open_axes(frame: pd.DataFrame, columns: Sequence[Column]) -> tuple[Axis, ...] | str:
    """Return the axes of columns that can be compared, or why there are none, in words that finish a sentence."""
    described: list[tuple[NumberCells, Array]] = []
    columns = [_varying(column, frame[column.name]) for column in columns]
    for column in columns:
        if column.kind not in {"integer", "real", "date", "datetime", "time", "timedelta"}:
            return f"{column.name} is {column.kind}"
        plain = without_arrow(frame[column.name])
        states = np.where(plain.isna(), MISSING, ORDINARY).astype("i1")
        try:
            cells = describe_numbers(plain, column, states == ORDINARY)
        except (FrameError, IndexError, ValueError, TypeError) as error:
            return f"{column.name} can't be put on a scale ({error})"
        raw = cells.read(plain, states)
        if (states > MISSING).any():
            return f"{column.name} holds infinite numbers"
        described.append((cells, raw[states == ORDINARY]))
    families = {_family(column, cells, frame[column.name].dtype) for column, (cells, _) in zip(columns, described, strict=True)}
    if len(families) > 1:
        return "the columns are of different kinds"
    dtypes = [frame[column.name].dtype for column in columns]
    if families == {"number"}:
        return _number_axes(columns, dtypes, described)
    return _moment_axes(columns, dtypes, described)


def _varying(column: Column, cells: pd.Series[Any]) -> Column:
    """A column of one value, as what it would be with several."""
    here = cells[cells.notna()]
    if column.kind != "constant" or here.empty:
        return column
    value = here.iloc[0]
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        whole = not isinstance(value, Decimal) and float(value).is_integer()
        return column.model_copy(update={"kind": "integer" if whole else "real", "decimals": decimal_places(np.array([float(value)]))})
    by_clock = isinstance(value, dt.datetime) and (
        (isinstance(cells.dtype, np.dtype) and cells.dtype == object) or value.time() != dt.time()
    )
    kinds: list[tuple[bool, Kind]] = [
        (by_clock or "%H" in (column.format or ""), "datetime"),
        (isinstance(value, (dt.date, pd.Period)) or bool(column.format), "date"),
        (isinstance(value, dt.time), "time"),
        (isinstance(value, dt.timedelta), "timedelta"),
    ]
    return column.model_copy(update={"kind": next((kind for fits, kind in kinds if fits), "constant")})


def _family(column: Column, cells: NumberCells, dtype: Any) -> str:
    if column.kind in {"integer", "real"}:
        return "number"
    if isinstance(cells, Periods):
        return str(dtype)
    zone = getattr(dtype, "tz", None)
    if isinstance(cells, Moments):
        return f"days of {zone}" if zone and cells.by_day else column.kind if column.kind == "timedelta" else f"moment {bool(zone)}"
    if isinstance(cells, Calendar):
        return column.kind if column.kind == "timedelta" else f"moment {cells.zone is not None}"
    return column.kind


def _number_axes(columns: Sequence[Column], dtypes: list[Any], described: list[tuple[NumberCells, Array]]) -> tuple[Axis, ...]:
    places = [cells.places if isinstance(cells, Real) else 0 for cells, _ in described]
    finest = max(places)
    floats = any(isinstance(cells, Real) and column.decimals is None for column, (cells, _) in zip(columns, described, strict=True))
    far = (
        max((float(np.abs(raw.astype("f8")).max(initial=0.0)) for _, raw in described), default=0.0) * 10.0**finest * len(columns)
        >= _WIDEST
    )
    axes = []
    for column, dtype, place, (cells, _) in zip(columns, dtypes, places, described, strict=True):
        if floats or far:
            axes.append(Axis(column, dtype, cells, 0, 0))
        else:
            trailing = min(max(-(column.decimals or 0), 0), 12) if place == 0 else 0
            axes.append(Axis(column, dtype, cells, 10 ** (finest - place), 10 ** min(finest - place + trailing, 15)))
    return tuple(axes)


def _moment_axes(columns: Sequence[Column], dtypes: list[Any], described: list[tuple[NumberCells, Array]]) -> tuple[Axis, ...] | str:
    if isinstance(described[0][0], Periods):
        return tuple(Axis(column, dtype, cells, 1, 1) for column, dtype, (cells, _) in zip(columns, dtypes, described, strict=True))
    units = [Axis(column, dtype, cells, 1, 1)._nanoseconds for column, dtype, (cells, _) in zip(columns, dtypes, described, strict=True)]
    finest = min(units)
    axes = []
    for column, dtype, unit, (cells, raw) in zip(columns, dtypes, units, described, strict=True):
        factor = unit // finest
        if float(np.abs(raw.astype("f8")).max(initial=0.0)) * factor >= 0.9 * _WIDEST:
            return f"{column.name} reaches too far"
        steps = [size // unit for size in _UNITS if size >= unit]
        step = next((size for size in steps if not (raw % size).any()), 1)
        axes.append(Axis(column, dtype, cells, factor, step * factor))
    return tuple(axes)
