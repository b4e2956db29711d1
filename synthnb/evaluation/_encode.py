"""Frames as arrays: numbers for what can be ordered, codes for what can't.

Each shared column belongs to one family, told by the real frame's kind:

========  ==========================================  =================================
family    kinds                                       array
========  ==========================================  =================================
number    integer real datetime date time timedelta   float64; times in seconds; NaN
                                                      for missing
level     boolean category constant                   codes, the real frame's most
                                                      frequent level first; −1 missing
text      text                                        codes likewise, used only to find
                                                      equal rows
empty     empty                                       codes likewise
========  ==========================================  =================================

A value is a level by its text, so that 1, 1.0 and "1" are the same level
whatever the type a frame stores them in.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.recipes.columns import guess_kind

__all__ = ["Column", "Table", "encode", "shown_names"]

Array = NDArray[Any]
Family = Literal["number", "level", "text", "empty"]

LONGEST_LABEL = 80
"""Characters of a name or level that a report shows."""

_FAMILIES: dict[str, Family] = {
    "integer": "number",
    "real": "number",
    "datetime": "number",
    "date": "number",
    "time": "number",
    "timedelta": "number",
    "boolean": "level",
    "category": "level",
    "constant": "level",
    "text": "text",
    "identifier": "text",
    "empty": "empty",
}


@dataclass(frozen=True)
class Column:
    """A column that both frames have."""

    name: str
    """Its name."""
    shown: str
    """Its name as reports show it: at most 80 characters, still unique."""
    kind: str
    """What the real frame holds there."""
    family: Family
    """How it is compared."""
    levels: tuple[str, ...] = ()
    """Texts of the codes: the real frame's levels by frequency, then those only other frames have."""
    in_real: int = 0
    """How many of the levels the real frame has."""
    order: tuple[str, ...] = ()
    """The levels in their own order, if they have one."""


@dataclass(frozen=True, eq=False)
class Table:
    """One frame as arrays of equal length."""

    rows: int
    """How many rows."""
    values: Mapping[str, Array]
    """One array per shared column."""
    unreadable: Mapping[str, int]
    """Per column, how many cells can't be read as the column's kind."""

    def take(self, rows: Array) -> Table:
        """The rows of these numbers, or where a mask is true."""
        values = {name: array[rows] for name, array in self.values.items()}
        return Table(int(np.count_nonzero(rows)) if rows.dtype == bool else len(rows), values, {})

    def sample(self, most: int, seed: int, *unit: str) -> Table:
        """At most that many rows, drawn without replacement."""
        if self.rows <= most:
            return self
        return self.take(np.sort(generator(seed, "sample", *unit).choice(self.rows, most, replace=False)))

    def split(self, seed: int) -> tuple[Table, Table]:
        """Two random halves."""
        order = generator(seed, "halves").permutation(self.rows)
        return self.take(order[: self.rows // 2]), self.take(order[self.rows // 2 :])

    def overlap(self, other: Table) -> tuple[Array, float]:
        """Which of the other table's rows are also rows here, and the share of this table's rows that occur twice here."""
        mine, theirs = row_keys([self, other])
        _, inverse, counts = np.unique(mine, return_inverse=True, return_counts=True)
        return np.isin(theirs, mine), float((counts[inverse] > 1).mean()) if len(mine) else 0.0


def missing(column: Column, values: Array) -> Array:
    """Which cells have no value."""
    return np.isnan(values) if column.family == "number" else values < 0


def row_keys(tables: Sequence[Table]) -> list[Array]:
    """One integer per row; two rows of any of the tables are equal in every column exactly if their integers are."""
    keys = np.zeros(sum(table.rows for table in tables), dtype=np.int64)
    for name in tables[0].values:
        codes = pd.factorize(np.concatenate([table.values[name] for table in tables]), use_na_sentinel=False)[0]
        keys = pd.factorize(keys * (int(codes.max(initial=0)) + 1) + codes)[0]
    return np.split(keys, np.cumsum([table.rows for table in tables])[:-1])


def shown_names(names: Iterable[str]) -> dict[str, str]:
    """Each name as reports show it; a long one is cut and told apart by a digest."""
    return {name: name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 9]}…{_short_digest(name)}" for name in names}


def _short_digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def encode(names: Iterable[str], frames: Sequence[pd.DataFrame]) -> tuple[tuple[Column, ...], list[Table]]:
    """Columns and tables of frames that share these columns; the first frame is the real one and tells their kinds.

    Parameters
    ----------
    names : iterable of str
        Columns that all frames have.
    frames : sequence of pandas.DataFrame
        The real frame first.
    """
    shown = shown_names(names)
    made: list[Column] = []
    arrays: list[dict[str, Array]] = [{} for _ in frames]
    unreadable: list[dict[str, int]] = [{} for _ in frames]
    for name in shown:
        column, encoded = _encode_column(name, shown[name], [frame[name] for frame in frames])
        made.append(column)
        for i, (values, wrong) in enumerate(encoded):
            arrays[i][name], unreadable[i][name] = values, wrong
    return tuple(made), [Table(len(frame), *parts) for frame, parts in zip(frames, zip(arrays, unreadable, strict=True), strict=True)]


def _encode_column(name: str, shown: str, cells: list[pd.Series[Any]]) -> tuple[Column, list[tuple[Array, int]]]:
    kind = guess_kind(cells[0]).kind or "text"
    family = _FAMILIES[kind]
    if family == "number":
        return Column(name, shown, kind, family), [_numbers(series, kind) for series in cells]
    texts = [_factorised(series) for series in cells]
    if kind == "boolean":
        texts = [(codes, [_BOOLEANS.get(text.lower(), text) for text in found]) for codes, found in texts]
    levels, in_real = _union(texts)
    place = {text: i for i, text in enumerate(levels)}
    arrays = [np.array([*(place[text] for text in found), -1], dtype=np.int64)[codes] for codes, found in texts]
    kept = tuple(levels) if family == "level" else ()
    return Column(name, shown, kind, family, kept, in_real, _order(cells[0])), [(array, 0) for array in arrays]


def _order(series: pd.Series[Any]) -> tuple[str, ...]:
    if not isinstance(series.dtype, pd.CategoricalDtype) or not series.dtype.ordered:
        return ()
    return tuple(level_text(level) for level in series.dtype.categories)


_BOOLEANS = {"true": "true", "false": "false", "1": "true", "0": "false"}


def level_text(value: Any) -> str:
    """The text by which a value is told from others: whole numbers without a point, booleans in lower case."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).encode("utf-8", "backslashreplace").decode()


def _factorised(series: pd.Series[Any]) -> tuple[Array, list[str]]:
    """Codes (−1 missing) and the text of each."""
    cells = series.astype(object)
    codes, found = pd.factorize(cells.where(series.notna(), None))
    return codes, [level_text(value) for value in found]


def _union(texts: list[tuple[Array, list[str]]]) -> tuple[list[str], int]:
    """Levels of all frames, the first frame's by falling frequency (ties by text), and how many those are."""
    codes, names = texts[0]
    counts: dict[str, int] = {}
    for name, count in zip(names, np.bincount(codes[codes >= 0], minlength=len(names)), strict=True):
        counts[name] = counts.get(name, 0) + int(count)
    first = sorted(counts, key=lambda name: (-counts[name], name))
    return first + sorted({name for _, others in texts[1:] for name in others} - set(counts)), len(first)


def _numbers(series: pd.Series[Any], kind: str) -> tuple[Array, int]:
    """Values as floats, and how many cells couldn't be read as the kind."""
    readers = {"integer": _plain, "real": _plain, "datetime": _moments, "date": _moments, "time": _times, "timedelta": _spans}
    values = readers[kind](series)
    wrong = np.isnan(values) & series.notna().to_numpy()
    if kind == "integer":
        wrong |= np.isfinite(values) & (values != np.trunc(np.where(np.isfinite(values), values, 0)))
    return values, int(wrong.sum())


def _plain(series: pd.Series[Any]) -> Array:
    if pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_complex_dtype(series.dtype):
        return series.to_numpy(dtype=np.float64, na_value=np.nan).copy()
    if series.dtype.kind in "mM":
        return np.full(len(series), np.nan)
    return _as_floats(pd.to_numeric(series.astype(object), errors="coerce"))


def _as_floats(series: Any) -> Array:
    return cast(Array, series.to_numpy(dtype=np.float64, na_value=np.nan))


def _moments(series: pd.Series[Any]) -> Array:
    """Seconds since 1970; numbers aren't moments."""
    if pd.api.types.is_numeric_dtype(series.dtype):
        return np.full(len(series), np.nan)
    if isinstance(series.dtype, pd.PeriodDtype):
        series = series.dt.to_timestamp()
    moments = pd.to_datetime(series if series.dtype.kind == "M" else series.astype(object), errors="coerce", utc=True, format="ISO8601")
    return _seconds(moments.dt.tz_localize(None).to_numpy())


def _spans(series: pd.Series[Any]) -> Array:
    if pd.api.types.is_numeric_dtype(series.dtype):
        return np.full(len(series), np.nan)
    return _seconds(pd.to_timedelta(series if series.dtype.kind == "m" else series.astype(object), errors="coerce").to_numpy())


def _seconds(stamps: Array) -> Array:
    """Datetimes or spans of any unit as float seconds, NaN where there is none."""
    unit, _ = np.datetime_data(stamps.dtype)
    per_second = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[unit]
    return np.where(np.isnat(stamps), np.nan, stamps.view("i8") / per_second)


def _times(series: pd.Series[Any]) -> Array:
    """Seconds since midnight."""
    return np.array([_time_seconds(cell) for cell in series.astype(object)], dtype=np.float64)


def _time_seconds(cell: Any) -> float:
    if not isinstance(cell, dt.time):
        return float("nan")
    return cell.hour * 3600 + cell.minute * 60 + cell.second + cell.microsecond / 1e6
