"""Declared domains: the values a column may hold, known before the data are looked at.

A domain numbers its values 0, 1, 2, …: levels in the order declared, or a grid from the least
to the largest value. One number more stands for a missing cell, where those are declared.

Names, kinds, storage types and the spelling of dates are the table's schema and taken as public.
Bounds, steps, levels and whether cells may be missing must be declared. Every cell is brought into
the domain by itself, without looking at others: numbers beyond a bound are put on it, and a
level that isn't listed counts as missing, or as the last level where missing cells aren't declared.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb._frames import cell_types
from synthnb.errors import OptionError, RecordError, reason, shown

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.recipes.recipe import Column, Level, Recipe

__all__ = ["MOST_LEVELS", "Domain", "declared_domains"]

Array = np.ndarray[Any, Any]

MOST_LEVELS = 10_000
"""Most levels that may be declared for one column."""

_LARGEST_GRID = 2**53
_FEWEST_STEPS = 50
_LEAST_PLACES = 12
_NUMBERS = {"integer", "real"}
_MOMENTS = {"date", "datetime", "time", "timedelta"}
_KEYS = {"min", "max", "step", "levels", "missing"}
_MICROSECONDS = {"date": 86_400_000_000, "datetime": 1_000_000, "time": 1_000_000, "timedelta": 1_000_000}


@dataclass(frozen=True)
class Domain:
    """The values one column may hold."""

    column: Column
    """What the column is."""
    cells: str
    """Name of the Python type of the cells, for columns of objects."""
    size: int
    """How many values there are; their number stands for a missing cell."""
    missing: bool
    """Whether cells may be missing."""
    levels: tuple[Level, ...] | None = None
    """The levels; None for a grid."""
    kind: str = ""
    """For a grid: ``number`` or one of the kinds of moments."""
    low: int = 0
    """For a grid: its least value, in units of the last decimal place or microseconds."""
    step: int = 1
    """For a grid: its step, in the same unit."""
    places: int = 0
    """For a grid of numbers: decimal places."""

    def encode(self, cells: pd.Series[Any]) -> Array:
        """The number of each cell's value, from 0 to `size`."""
        if self.levels is not None:
            return self._encode_levels(cells)
        ticks, here = _number_ticks(cells, self.places) if self.kind == "number" else _moment_ticks(cells, self.column, self.kind)
        place = np.clip(np.rint((ticks - self.low) / self.step), 0, self.size - 1)
        index = np.where(here, place, 0).astype("i8")
        return index if not self.missing else np.where(here, index, self.size)

    def decode(self, index: Array) -> pd.Series[Any]:
        """Cells in the column's own type."""
        gone = index >= self.size
        inside = np.where(gone, 0, index)
        if self.levels is not None:
            return self._decode_levels(inside, gone)
        ticks = self.low + inside * self.step
        made = self._numbers(ticks) if self.kind == "number" else _moments(ticks, self.column, self.kind, self.cells)
        return _typed(made, gone, self.column.dtype)

    def to_dict(self) -> dict[str, Json]:
        """What was declared, as plain JSON; `restored` reads it."""
        body: dict[str, Json] = {"cells": self.cells, "missing": self.missing}
        if self.levels is not None:
            return body | {"levels": list(self.levels)}
        return body | {"size": self.size, "kind": self.kind, "low": self.low, "step": self.step, "places": self.places}

    @classmethod
    def restored(cls, column: Column, body: Mapping[str, Json]) -> Domain:
        """Build a domain from `to_dict`'s mapping."""
        try:
            if "levels" in body:
                levels = tuple(body["levels"])
                return cls(column, str(body["cells"]), len(levels), bool(body["missing"]), levels=levels)
            low, step, places, size = (int(body[key]) for key in ("low", "step", "places", "size"))
            if (
                step < 1
                or not 1 <= size < _LARGEST_GRID
                or not 0 <= places <= _LEAST_PLACES
                or max(abs(low), abs(low + size * step)) > 2**62
            ):
                raise ValueError("its grid is impossible")
            return cls(column, str(body["cells"]), size, bool(body["missing"]), kind=str(body["kind"]), low=low, step=step, places=places)
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(
                f"The saved domain of {shown(column.name)} isn't one: {reason(error)}.", fix="Save the generator again, or fit it anew."
            ) from error

    def _encode_levels(self, cells: pd.Series[Any]) -> Array:
        assert self.levels is not None
        known = {_key(level): code for code, level in enumerate(self.levels)}
        elsewhere = self.size if self.missing else self.size - 1
        codes, distinct = pd.factorize(cells.astype(object))
        table = np.array([known.get(_key(value), elsewhere) for value in distinct] + [elsewhere], dtype="i8")
        return np.asarray(table[codes])

    def _decode_levels(self, inside: Array, gone: Array) -> pd.Series[Any]:
        assert self.levels is not None
        dtype = self.column.dtype
        if dtype == "category" or isinstance(pd.api.types.pandas_dtype(dtype), pd.CategoricalDtype):
            levels = pd.Index(list(self.levels))
            codes: Any = np.where(gone, -1, inside)
            return pd.Series(pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(levels, ordered=self.column.ordered)))
        table = np.empty(self.size, dtype=object)
        table[:] = self.levels
        return _typed(pd.Series(table[inside], dtype=object), gone, dtype)

    def _numbers(self, ticks: Array) -> pd.Series[Any]:
        if self.cells == "Decimal" and self.column.dtype == "object":
            return pd.Series([Decimal(int(tick)).scaleb(-self.places) for tick in ticks], dtype=object)
        if self.places == 0:
            return pd.Series(ticks.astype("i8"))
        return pd.Series(np.round(ticks / 10.0**self.places, self.places))


def declared_domains(frame: pd.DataFrame | None, recipe: Recipe, declared: Mapping[str, Any]) -> dict[str, Domain]:
    """Return the domain of each column that is made; nothing but the schema is read off the frame.

    Parameters
    ----------
    frame : pandas.DataFrame or None
        Tells the Python types of cells in columns of objects; may be left out.
    recipe : Recipe
        The columns; those of text are left out unless their levels are declared.
    declared : mapping
        By column, ``[least, largest]``, ``[least, largest, step]`` or a list of levels, with None among them where cells may be missing;
        or a mapping with ``min``, ``max``, ``step``, ``levels``, ``missing``.

    Raises
    ------
    OptionError
        A column lacks a declaration, or one can't be; every problem is listed.
    """
    names = [column.name for column in recipe.columns]
    for name in declared:
        if name not in names:
            raise OptionError.from_choice("A column in domain", name, names)
    found: dict[str, Domain] = {}
    lacking: list[Column] = []
    problems: list[str] = []
    for column in recipe.columns:
        try:
            spec = _spec(column, declared.get(column.name))
            if spec is None:
                lacking += [column] if column.kind not in {"text", "identifier"} else []
            else:
                found[column.name] = _domain(column, spec, _cell_type(frame, column))
        except _Wrong as wrong:
            problems.append(f"{shown(column.name)}: {wrong}")
    _refuse(lacking, problems)
    return found


class _Wrong(Exception):
    """A declaration that can't be; its text says why."""


def _refuse(lacking: list[Column], problems: list[str]) -> None:
    if not lacking and not problems:
        return
    example = ", ".join(f"{column.name!r}: {_example(column)}" for column in lacking)
    parts = [f"not declared: {', '.join(shown(column.name) for column in lacking)}"] if lacking else []
    fix = f"Write down what may occur, from what is known without the data: domain={{{example}}}. " if lacking else ""
    raise OptionError(
        "The engine dp needs the domain of every column, because bounds and levels read off the data would not be private; "
        f"{'; '.join([*parts, *problems])}.",
        fix=f"{fix}A None in a list says that cells may be missing.",
    )


def _example(column: Column) -> str:
    if column.kind in {"date", "datetime"}:
        return "['2000-01-01', '2029-12-31']"
    if column.kind in {"time", "timedelta"}:
        return "['00:00:00', '23:59:59']"
    return "[0, 100]" if _is_grid(column) else "['first level', 'second level']"


def _is_grid(column: Column) -> bool:
    """Whether a plain list declares bounds and not levels."""
    if column.kind in _NUMBERS | _MOMENTS:
        return True
    dtype = column.dtype.lower()
    return column.kind in {"constant", "empty"} and dtype.startswith(
        ("int", "uint", "float", "double", "datetime", "timedelta", "timestamp", "period")
    )


def _spec(column: Column, declared: Any) -> dict[str, Any] | None:
    """A declaration as a mapping, from the option or else from the recipe; None where there is none."""
    if declared is None:
        if column.minimum is not None and column.maximum is not None:
            return {"min": column.minimum, "max": column.maximum}
        return {"levels": [False, True]} if column.dtype in {"bool", "boolean"} else None
    if isinstance(declared, Mapping):
        unknown = set(declared) - _KEYS
        if unknown:
            raise _Wrong(f"a mapping may hold {', '.join(sorted(_KEYS))}; got {shown(sorted(unknown)[0])}")
        return dict(declared)
    if isinstance(declared, str) or not isinstance(declared, Sequence):
        raise _Wrong(f"a list or a mapping was expected; got {shown(declared)}")
    values = [value for value in declared if value is not None]
    missing = len(values) < len(declared)
    if not _is_grid(column):
        return {"levels": values, "missing": missing}
    if len(values) not in (2, 3):
        raise _Wrong(
            f"[least, largest] or [least, largest, step] was expected; got {shown(declared)} (for levels write {{'levels': [...]}})"
        )
    return {"min": values[0], "max": values[1], "step": values[2] if values[2:] else None, "missing": missing}


def _domain(column: Column, spec: Mapping[str, Any], cells: str) -> Domain:
    missing = bool(spec.get("missing", False)) and not re.fullmatch(r"u?int\d+|bool", column.dtype)
    if "levels" in spec:
        return _level_domain(column, spec["levels"], missing=missing, cells=cells)
    if "min" not in spec or "max" not in spec:
        raise _Wrong("either levels, or both min and max were expected")
    kind = column.kind if column.kind in _MOMENTS else _moment_kind(column) or "number"
    low, high, step, places = _number_grid(column, spec) if kind == "number" else _moment_grid(column, kind, spec)
    if high < low:
        raise _Wrong(f"the least value must not exceed the largest; got {shown(spec['min'])} and {shown(spec['max'])}")
    if step > high - low > 0:
        raise _Wrong(f"the step must not exceed the range; got {shown(spec.get('step'))}")
    size = (high - low) // step + 1
    if size >= _LARGEST_GRID:
        raise _Wrong(f"the range holds {size:,} steps, more than can be told apart; declare a larger step")
    return Domain(column, cells, size, missing, kind=kind, low=low, step=step, places=places)


def _moment_kind(column: Column) -> str:
    dtype = column.dtype.lower()
    kinds = {"datetime": "datetime", "timestamp": "datetime", "period": "date", "timedelta": "timedelta"}
    return next((kind for start, kind in kinds.items() if dtype.startswith(start)), "")


def _level_domain(column: Column, levels: Any, *, missing: bool, cells: str) -> Domain:
    listed = tuple(levels) if isinstance(levels, Sequence) and not isinstance(levels, str) else ()
    kept = tuple(level for level in listed if level is not None)
    if not 1 <= len(kept) <= MOST_LEVELS or not all(isinstance(level, bool | int | float | str) for level in kept):
        raise _Wrong(f"1 to {MOST_LEVELS:,} levels, each a text, number or boolean, were expected; got {shown(levels)}")
    if len({_key(level) for level in kept}) < len(kept):
        raise _Wrong("each level may be listed once only")
    if missing is False and len(kept) < len(listed):
        missing = True
    return Domain(column, cells, len(kept), missing, levels=kept)


def _key(value: Any) -> Any:
    """What makes two levels the same: numbers by value, all else by kind and text."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | float | np.integer | np.floating):
        return ("number", float(value))
    return str(value)


def _number_grid(column: Column, spec: Mapping[str, Any]) -> tuple[int, int, int, int]:
    low, high = _decimal(spec["min"]), _decimal(spec["max"])
    whole = column.dtype.lower().startswith(("int", "uint")) or (column.dtype == "object" and column.kind == "integer")
    step = _decimal(spec["step"]) if spec.get("step") is not None else Decimal(1) if whole else _default_step(low, high)
    places = max(0, *(-int(part.normalize().as_tuple().exponent) for part in (low, high, step)))
    if step <= 0 or places > _LEAST_PLACES or (whole and places):
        raise _Wrong(
            f"a step above 0 with at most {0 if whole else _LEAST_PLACES} decimal places was expected; got {shown(spec.get('step'))}"
        )
    return int(low.scaleb(places)), int(high.scaleb(places)), int(step.scaleb(places)), places


def _decimal(value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _Wrong(f"numbers were expected; got {shown(value)}") from None
    if isinstance(value, bool) or not number.is_finite():
        raise _Wrong(f"finite numbers were expected; got {shown(value)}")
    return number


def _default_step(low: Decimal, high: Decimal) -> Decimal:
    """The last decimal place in which the bounds are written, made finer until there are enough steps."""
    places = max(0, *(-int(part.normalize().as_tuple().exponent) for part in (low, high)))
    while high > low and (high - low).scaleb(places) < _FEWEST_STEPS and places < _LEAST_PLACES:
        places += 1
    return Decimal(1).scaleb(-places)


def _moment_grid(column: Column, kind: str, spec: Mapping[str, Any]) -> tuple[int, int, int, int]:
    try:
        low, high = (_microseconds(spec[key], column, kind) for key in ("min", "max"))
        step = _MICROSECONDS[kind] if spec.get("step") is None else int(pd.Timedelta(spec["step"]) / pd.Timedelta(microseconds=1))
    except (ValueError, TypeError, OverflowError):
        raise _Wrong(f"ISO 8601 texts such as {_example(column)} were expected; got {shown(spec)}") from None
    if step < 1 or (kind == "date" and step % _MICROSECONDS["date"]):
        raise _Wrong(f"a step such as '1D' or '15min' was expected, in whole days for dates; got {shown(spec.get('step'))}")
    return low, high, step, 0


def _microseconds(value: Any, column: Column, kind: str) -> int:
    if kind in {"time", "timedelta"}:
        text = str(value)
        return int(pd.Timedelta(f"{text}:00" if text.count(":") == 1 else text) / pd.Timedelta(microseconds=1))
    stamp: Any = pd.Timestamp(value)
    zone = _zone(column.dtype)
    if stamp.tzinfo is None and zone is not None and kind != "date":
        stamp = stamp.tz_localize(zone)
    if stamp.tzinfo is not None:
        stamp = stamp.tz_localize(None) if kind == "date" else stamp.tz_convert("UTC").tz_localize(None)
    return int((stamp - pd.Timestamp(0)) / pd.Timedelta(microseconds=1))


def _zone(dtype: str) -> Any:
    kind: Any = pd.api.types.pandas_dtype(dtype)
    return getattr(kind, "tz", None) or getattr(getattr(kind, "pyarrow_dtype", None), "tz", None)


def _cell_type(frame: pd.DataFrame | None, column: Column) -> str:
    """The Python type that cells of objects have, which is part of the schema."""
    if frame is None or frame[column.name].dtype != object:
        return ""
    types = sorted(kind.__name__ for kind in cell_types(frame[column.name]))
    return types[0] if types else ""


def _number_ticks(cells: pd.Series[Any], places: int) -> tuple[Array, Array]:
    numbers = pd.to_numeric(cells.astype(object), errors="coerce").to_numpy(dtype="f8", na_value=np.nan)
    here = ~np.isnan(numbers)
    return np.clip(np.nan_to_num(numbers, posinf=1e300, neginf=-1e300) * 10.0**places, -1e300, 1e300), here


def _moment_ticks(cells: pd.Series[Any], column: Column, kind: str) -> tuple[Array, Array]:
    """Microseconds, in UTC for instants and by the local clock for days, and which cells hold any."""
    moments: Any = _parsed(cells, column, kind)
    here = moments.notna().to_numpy()
    unit = "timedelta64[us]" if kind in {"time", "timedelta"} else "datetime64[us]"
    return moments.to_numpy(dtype=unit).view("i8").astype("f8"), here


def _parsed(cells: pd.Series[Any], column: Column, kind: str) -> Any:
    if kind == "time":
        spans = [None if pd.isna(cell) else dt.timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second) for cell in cells]
        return pd.Series(spans, dtype="timedelta64[us]")
    if kind == "timedelta":
        return pd.to_timedelta(cells, errors="coerce")
    if isinstance(cells.dtype, pd.PeriodDtype):
        periods: Any = cells
        return periods.dt.to_timestamp()
    zone = _zone(column.dtype)
    moments: Any = pd.to_datetime(cells, format=column.format, errors="coerce", utc=zone is not None and kind != "date")
    if zone is None:
        return moments
    return moments.dt.tz_localize(None)


def _moments(ticks: Array, column: Column, kind: str, cells: str) -> pd.Series[Any]:
    if kind == "time":
        midnight = dt.datetime.fromisoformat("2000-01-01")
        return pd.Series([(midnight + dt.timedelta(microseconds=int(tick))).time() for tick in ticks], dtype=object)
    if kind == "timedelta":
        spans = pd.Series(ticks.astype("m8[us]"))
        return spans if column.dtype != "object" else pd.Series([span.to_pytimedelta() for span in spans], dtype=object)
    made: Any = pd.Series(ticks.astype("M8[us]"))
    dtype: Any = pd.api.types.pandas_dtype(column.dtype)
    zone = _zone(column.dtype)
    if isinstance(dtype, pd.PeriodDtype):
        return pd.Series(made.dt.to_period(dtype.freq))
    if zone is not None and kind == "date":
        return pd.Series(made.dt.tz_localize(zone, ambiguous=np.ones(len(made), dtype=bool), nonexistent="shift_forward"))
    if zone is not None:
        return pd.Series(made.dt.tz_localize("UTC").dt.tz_convert(zone))
    if column.format:
        return pd.Series(made.dt.strftime(column.format).astype(object))
    if column.dtype == "object":
        stamps = made.dt.date if cells == "date" else [stamp.to_pydatetime() if cells == "datetime" else stamp for stamp in made]
        return pd.Series(list(stamps), dtype=object)
    return pd.Series(made)


def _typed(made: pd.Series[Any], gone: Array, dtype: str) -> pd.Series[Any]:
    """The cells as the column stores them, with those missing that are to be."""
    if dtype == "object":
        return made.astype(object).mask(pd.Series(gone), None)
    kind: Any = pd.api.types.pandas_dtype(dtype)
    stored: pd.Series[Any] = made.astype(kind)
    return stored.mask(pd.Series(gone)) if gone.any() else stored
