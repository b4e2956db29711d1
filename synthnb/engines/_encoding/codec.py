"""Ordinary cells of a column as whole or real numbers, and back, each way of doing it as plain data.

A *cells* object says how numbers become cells again: it is checked JSON, so a
generator that was saved can be read by whoever doesn't trust it. Categories aren't
numbers: their levels are kept beside it, by the coder.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import override

from synthnb._frames import cell_types
from synthnb.engines._encoding.dtypes import value_from_json, value_to_json, zone_from_json, zone_to_json
from synthnb.errors import FrameError, RecordError, shown

if TYPE_CHECKING:
    from synthnb.recipes.recipe import Column

__all__ = [
    "MINUS_INFINITY",
    "MISSING",
    "ORDINARY",
    "PLUS_INFINITY",
    "Cells",
    "Levels",
    "NumberCells",
    "absent_mark",
    "describe_numbers",
    "without_arrow",
]

Array = np.ndarray[Any, Any]

ORDINARY, MISSING, PLUS_INFINITY, MINUS_INFINITY = 0, 1, 2, 3
"""What state a cell is in."""

_WIDEST = 2.0**62
_EXACT = 2**53
_MIDNIGHT = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)

Ticks = Annotated[str, Field(pattern=r"^[<>|=]?[mM]8\[(\d+)?(s|ms|us|ns)\]$")]
"""A numpy type of instants or spans."""


KeptAs = Literal["date", "datetime", "timedelta", "Timestamp", "Timedelta", "str"]
"""The Python type of a date, an instant or a span."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    absent: list[Any] | None = None
    """The mark of a missing cell in a column of Python objects, as `value_to_json` gives it; None where the type has one mark."""

    @property
    def mark(self) -> Any:
        """The mark of a missing cell.

        Raises
        ------
        RecordError
            It can't be read, or is an ordinary value.
        """
        mark = None if self.absent is None else value_from_json(self.absent)
        if mark is not None and pd.isna(mark) is not True:
            raise RecordError(f"The mark of a missing cell was expected; got {shown(mark)}.", fix="The file is damaged or was changed.")
        return mark

    def marked(self, cells: Array, gone: Array) -> pd.Series[Any]:
        """Python objects as a column, with the column's own mark where a cell is missing."""
        if gone.any():
            cells[gone] = self.mark
        return pd.Series(cells, dtype=object)


class Levels(_Data):
    """One of several levels, which the coder holds."""

    cells: Literal["levels", "categories"]
    """Whether the coder's levels are the values themselves, or places among the storage type's categories."""


class _Numbers(_Data, ABC):
    """One of the ways in which a cell is a number."""

    @abstractmethod
    def read(self, cells: pd.Series[Any], states: Array) -> Array:
        """Cells as numbers, in the order of what they stand for; what isn't ordinary may be marked in the states."""

    @abstractmethod
    def write(self, at: Array, states: Array, dtype: Any) -> pd.Series[Any]:
        """Cells at numbers, in a column's type."""


class Whole(_Numbers):
    """Integers of at most 64 bits."""

    cells: Literal["whole"] = "whole"

    @override
    def read(self, cells: pd.Series[Any], states: Array) -> Array:
        """Integers; 0 where missing."""
        return cells.to_numpy(dtype="i8", na_value=0).copy()

    def write(self, at: Array, states: Array, dtype: Any) -> pd.Series[Any]:
        """Cells at integers."""
        at, gone = np.rint(at).astype("i8") if at.dtype.kind == "f" else at, states != ORDINARY
        if pd.api.types.is_object_dtype(dtype):
            return self.marked(at.astype(object), gone)
        return pd.Series(pd.arrays.IntegerArray(at.copy(), gone)) if gone.any() else pd.Series(at)


class Real(_Numbers):
    """Numbers with a fixed last decimal place, or floats."""

    cells: Literal["real"] = "real"
    places: int = Field(ge=0, le=12)
    """Decimal places of numbers that are kept as integers."""
    decimal: bool = False
    """Whether the cells are Python decimals."""

    def read(self, cells: pd.Series[Any], states: Array) -> Array:
        """Floats; 0 where missing, infinite ones marked in the states."""
        raw = cells.to_numpy(dtype="f8", na_value=np.nan).copy()
        states[np.isposinf(raw)] = PLUS_INFINITY
        states[np.isneginf(raw)] = MINUS_INFINITY
        raw[states != ORDINARY] = 0.0
        return raw

    def write(self, at: Array, states: Array, dtype: Any) -> pd.Series[Any]:
        """Cells at floats, or at integers of the last decimal place."""
        if self.decimal:
            return self._decimals(at, states)
        out = at / 10.0**self.places if at.dtype.kind == "i" else at.copy()
        for state, value in ((PLUS_INFINITY, np.inf), (MINUS_INFINITY, -np.inf), (MISSING, np.nan)):
            out[states == state] = value
        return self.marked(out.astype(object), states == MISSING) if pd.api.types.is_object_dtype(dtype) else pd.Series(out)

    def _decimals(self, at: Array, states: Array) -> pd.Series[Any]:
        def made(values: Array) -> list[Any]:
            numbers = values / 10.0**self.places if values.dtype.kind == "i" else values
            return [Decimal(f"{x:.{self.places}f}") for x in numbers]

        out = _each_once(at, made)
        for state, value in ((PLUS_INFINITY, Decimal("Infinity")), (MINUS_INFINITY, Decimal("-Infinity"))):
            out[states == state] = value
        return self.marked(out, states == MISSING)


class Periods(_Numbers):
    """Periods, by their ordinal in the storage type's frequency."""

    cells: Literal["periods"] = "periods"

    @override
    def read(self, cells: pd.Series[Any], states: Array) -> Array:
        """Ordinals."""
        return pd.PeriodIndex(cells).asi8.copy()

    def write(self, at: Array, states: Array, dtype: Any) -> pd.Series[Any]:
        """Cells at ordinals."""
        periods: Any = pd.PeriodIndex
        made: pd.Series[Any] = pd.Series(periods.from_ordinals(at, freq=dtype.freq))
        return made.where(states == ORDINARY) if (states != ORDINARY).any() else made


class Moments(_Numbers):
    """Instants and spans in numpy's own form."""

    cells: Literal["moments"] = "moments"
    ticks: Ticks
    """Numpy's type of them."""
    by_day: bool = False
    """Whether days count by the local clock; else instants count in UTC."""

    @override
    def read(self, cells: pd.Series[Any], states: Array) -> Array:
        """Ticks."""
        naive: Any = cells
        if getattr(cells.dtype, "tz", None):
            naive = cells.dt.tz_localize(None) if self.by_day else cells.dt.tz_convert("UTC").dt.tz_localize(None)
        return np.asarray(naive.to_numpy().astype(self.ticks).view("i8"))

    def write(self, at: Array, states: Array, dtype: Any) -> pd.Series[Any]:
        """Cells at ticks."""
        made: Any = pd.Series(_stamps(at, states, self.ticks))
        zone = getattr(dtype, "tz", None) or getattr(getattr(dtype, "pyarrow_dtype", None), "tz", None)
        if zone and self.by_day:
            first = np.ones(len(made), dtype=bool)
            made = made.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
        elif zone:
            made = made.dt.tz_localize("UTC").dt.tz_convert(zone)
        return pd.Series(made)


class Calendar(_Numbers):
    """Dates, instants and spans kept as Python objects or as strings."""

    cells: Literal["calendar"] = "calendar"
    ticks: Ticks
    """Numpy's type of them, once read."""
    kept_as: KeptAs
    """What a cell is."""
    zone: Any = None
    """The time zone they share, as `zone_to_json` gives it."""
    format: str = ""
    """For strings: their strftime format."""

    @override
    def read(self, cells: pd.Series[Any], states: Array) -> Array:
        """Ticks, in UTC where there is a zone."""
        parsed = _parsed(cells, self.kept_as, self.format)
        naive = parsed.dt.tz_convert("UTC").dt.tz_localize(None) if getattr(parsed.dtype, "tz", None) else parsed
        return np.asarray(naive.to_numpy().astype(self.ticks).view("i8"))

    @override
    def write(self, at: Array, states: Array, dtype: Any) -> pd.Series[Any]:
        """Cells at ticks."""
        return self.marked(_each_once(at, self._objects), states != ORDINARY)

    def _objects(self, at: Array) -> Sequence[Any]:
        made: Any = pd.Series(_stamps(at, np.zeros(len(at), dtype="i1"), self.ticks))
        if self.zone is not None:
            made = made.dt.tz_localize("UTC").dt.tz_convert(zone_from_json(self.zone))
        if self.kept_as == "str":
            return list(made.dt.strftime(self.format))
        if self.kept_as == "date":
            return list(made.dt.date)
        stamps = made.astype(object).tolist()
        turn = {"datetime": "to_pydatetime", "timedelta": "to_pytimedelta"}.get(self.kept_as)
        return [getattr(stamp, turn)() for stamp in stamps] if turn else list(stamps)


class Clock(_Numbers):
    """Times of day, as microseconds since midnight."""

    cells: Literal["clock"] = "clock"
    zone: Any = None
    """The time zone they share, as `zone_to_json` gives it."""

    def read(self, cells: pd.Series[Any], states: Array) -> Array:
        """Microseconds; 0 where missing."""
        gone = states != ORDINARY
        return np.array([0 if out else _microseconds(cell) for cell, out in zip(cells, gone, strict=True)], dtype="i8")

    @override
    def write(self, at: Array, states: Array, dtype: Any) -> pd.Series[Any]:
        """Cells at microseconds."""
        return self.marked(_each_once(at, self._objects), states != ORDINARY)

    def _objects(self, at: Array) -> Sequence[Any]:
        zone = zone_from_json(self.zone)
        return [(_MIDNIGHT + dt.timedelta(microseconds=int(x))).time().replace(tzinfo=zone) for x in at]


NumberCells = Whole | Real | Periods | Moments | Calendar | Clock
"""Cells that numbers stand for."""

Cells = Annotated[Levels | NumberCells, Field(discriminator="cells")]
"""How the cells of any column are built."""


def without_arrow(cells: pd.Series[Any]) -> pd.Series[Any]:
    """A column in Arrow's storage as the nearest of pandas' own; any other as it is."""
    if not isinstance(cells.dtype, pd.ArrowDtype):
        return cells
    import pyarrow as pa

    kind = cells.dtype.pyarrow_dtype
    target = _plain_type(kind, pa.types)
    if target is not None:
        return cells.astype(target)
    objects = cells.astype(object)
    return objects.where(objects.notna(), None)


def _plain_type(kind: Any, types: Any) -> Any:
    """The pandas type for one of Arrow's; None where cells are best kept as Python objects."""
    if types.is_boolean(kind):
        return "boolean"
    if types.is_integer(kind):
        return str(kind).replace("u", "U").replace("i", "I")
    if types.is_floating(kind):
        return "Float64" if types.is_float64(kind) else "Float32"
    if types.is_timestamp(kind):
        return pd.DatetimeTZDtype(kind.unit, kind.tz) if kind.tz else f"datetime64[{kind.unit}]"
    return f"timedelta64[{kind.unit}]" if types.is_duration(kind) else None


def absent_mark(cells: pd.Series[Any], here: Array) -> list[Any] | None:
    """The mark the column itself uses for a missing cell."""
    return None if here.all() else value_to_json(cells[~here].astype(object).iloc[0])


def describe_numbers(cells: pd.Series[Any], column: Column, here: Array) -> NumberCells:
    """How a column's cells become numbers.

    Raises
    ------
    FrameError
        Exact numbers of more digits than 64 bits hold, or a time zone that can't be named.
    """
    absent = absent_mark(cells, here) if cells.dtype == object else None
    if column.kind in {"integer", "real"}:
        return _describe_plain_numbers(cells, column, absent)
    if isinstance(cells.dtype, pd.PeriodDtype):
        return Periods()
    if column.kind == "time":
        return Clock(zone=zone_to_json(cells[here].iloc[0].tzinfo), absent=absent)
    if cells.dtype == object or column.format:
        return _describe_calendar(cells, column, absent if cells.dtype == object else absent_mark(cells, here))
    return Moments(ticks=_plain_ticks(cells), by_day=column.kind == "date")


def _describe_plain_numbers(cells: pd.Series[Any], column: Column, absent: list[Any] | None) -> NumberCells:
    types = cell_types(cells) if cells.dtype == object else set()
    whole = pd.api.types.is_integer_dtype(cells.dtype) or (bool(types) and all(issubclass(kind, (int, np.integer)) for kind in types))
    places, decimal = max(column.decimals or 0, 0), bool(types) and types <= {Decimal}
    _refuse_too_large(cells, column, places, whole=whole, decimal=decimal)
    return Whole(absent=absent) if whole else Real(places=places, decimal=decimal, absent=absent)


def _refuse_too_large(cells: pd.Series[Any], column: Column, places: int, *, whole: bool, decimal: bool) -> None:
    """Refuse exact numbers that 64-bit arithmetic would change without a word."""
    numbers = cells.dropna()
    if not (whole or decimal) or numbers.empty:
        return
    low, high = numbers.min(), numbers.max()
    if decimal and not (low.is_finite() and high.is_finite()):
        return
    low, high = int(low), int(high)
    in_64_bits = low >= -(2**63) and high < 2**63 and high - low <= _WIDEST
    in_a_float = max(abs(low), abs(high)) * 10**places < _EXACT
    if not (in_64_bits if whole else in_a_float):
        raise FrameError(
            f"Column {shown(column.name)} holds numbers from {low:,} to {high:,} with {places} decimals, too many digits to be exact.",
            fix="Scale it, drop it, or turn it into text if it identifies rows.",
        )


def on_grid(raw: Array, places: int, *, exact: bool) -> Array:
    """Integers where the numbers have a last decimal place and their span fits, else floats."""
    scale = 10.0**places
    if exact and len(raw) and raw.dtype.kind == "i":
        # Whole numbers are compared as such: as floats, a span just below the widest would look as wide.
        return raw if int(raw.max()) - int(raw.min()) <= _WIDEST else raw.astype("f8")
    if not exact or not len(raw) or (float(raw.max()) - float(raw.min())) * scale >= _WIDEST:
        return raw.astype("f8")
    return np.rint(raw * scale).astype("i8") if float(np.abs(raw).max()) * scale < _WIDEST else raw


def _describe_calendar(cells: pd.Series[Any], column: Column, absent: list[Any] | None) -> Calendar:
    kept_as: KeptAs = "str" if column.format else _kept_as(cell_types(cells), spans=column.kind == "timedelta")
    parsed = _parsed(cells, kept_as, column.format or "")
    zone = zone_to_json(getattr(parsed.dtype, "tz", None))
    return Calendar(ticks=_plain_ticks(parsed), kept_as=kept_as, zone=zone, format=column.format or "", absent=absent)


def _kept_as(types: set[type], *, spans: bool) -> KeptAs:
    if spans:
        return "Timedelta" if types == {pd.Timedelta} else "timedelta"
    return "date" if types == {dt.date} else "Timestamp" if types == {pd.Timestamp} else "datetime"


def _parsed(cells: pd.Series[Any], kept_as: str, form: str) -> pd.Series[Any]:
    if kept_as in {"timedelta", "Timedelta"}:
        return pd.to_timedelta(cells)
    return pd.to_datetime(cells, format=form or None)


def _plain_ticks(cells: pd.Series[Any]) -> str:
    """Numpy's type of a column of instants or spans, without its zone."""
    dtype: Any = cells.dtype
    unit = dtype.unit if isinstance(dtype, pd.DatetimeTZDtype) else np.datetime_data(dtype)[0]
    return f"<{dtype.kind}8[{unit}]"


def _stamps(at: Array, states: Array, ticks: str) -> Array:
    stamps = at.astype("i8").view(ticks)
    stamps[states != ORDINARY] = np.array("NaT", dtype=ticks)
    return stamps


def _each_once(at: Array, made: Callable[[Array], Sequence[Any]]) -> Array:
    """Python objects of numbers, each distinct number turned into one only once."""
    distinct, index = np.unique(at, return_inverse=True)
    objects = np.empty(len(distinct), dtype=object)
    objects[:] = made(distinct)
    return np.asarray(objects[index])


def _microseconds(time: dt.time) -> int:
    return ((time.hour * 60 + time.minute) * 60 + time.second) * 10**6 + time.microsecond
