"""Numbers, dates and times inside a term's name, held against the cells that few real rows hold."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column
    from synthnb.evaluation.base import Comparison

__all__ = ["holds_rare_number"]

Array = NDArray[Any]

_NUMBER = re.compile(r"\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    r"(?<!\d)(?:\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|(?:1[89]|20)\d{6}|\d{1,2}:\d{2}(?::\d{2})?)(?!\d)"
    rf"|\b{_MONTH}\W{{0,3}}\d|\d\W{{0,3}}{_MONTH}\b",
    re.IGNORECASE,
)
_LEVEL = re.compile(r"(?:C\((?P<called>[^,()]+)(?:,[^()]*)?\)|(?P<column>[^\[\]]+))\[(?:T\.)?(?P<level>[^\[\]]*)\]")
_CLOSE = 1e-7
_DAY, _YEAR_ONE = 86_400.0, 1970
_PER_SECOND = (1.0, 1e3, 1e6, 1e9)


def holds_rare_number(name: str, comparison: Comparison) -> bool:
    """Whether a name holds a date, a time of day, or a number that is a cell which too few real rows hold.

    A model's term of a column and of a level that enough rows hold (``C(stage)[T.2]``) is
    no such name; names of columns don't count.
    """
    if all(_is_common(part, comparison) for part in name.split(":")):
        return False
    bare = _without_columns(name, comparison)
    if _DATE.search(bare):
        return True
    cells = comparison.remembered("rare numbers", lambda: _rare_numbers(comparison))
    return any(_among(cells, number) for number in _numbers(bare))


def _is_common(part: str, comparison: Comparison) -> bool:
    """Whether a factor of a term is a column, or a level of one that enough rows hold."""
    if comparison.column(part) is not None and not _is_number(part):
        return True
    found = _LEVEL.fullmatch(part)
    column = comparison.column((found["called"] or found["column"]).strip()) if found else None
    if found is None or column is None:
        return False
    values, level = comparison.real.values[column.name], found["level"]
    if column.family == "level":
        return level in column.levels and int((values == column.levels.index(level)).sum()) >= comparison.minimum_cell
    if column.family != "number" or not _is_number(level):
        return False
    return int((values == float(level)).sum()) >= comparison.minimum_cell


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _without_columns(name: str, comparison: Comparison) -> str:
    names = [str(column) for column in comparison.frames.real.columns if str(column) in name and re.search(r"[^\W\d_]", str(column))]
    for column in sorted(names, key=len, reverse=True):
        name = re.sub(rf"(?<!\w){re.escape(column)}(?!\w)", " ", name)
    return name


def _numbers(name: str) -> Iterator[float]:
    """Numbers in a text, read with a decimal comma and with commas between thousands too, of either sign."""
    for text in {name, name.replace(",", "."), name.replace(",", ""), name.replace("_", "."), name.replace("_", "")}:
        for found in _NUMBER.finditer(text):
            number = float(found.group())
            if math.isfinite(number):
                yield number
                yield -number


def _among(cells: Array, number: float) -> bool:
    """Whether a number is one of the sorted cells; a large one may count a time in small units."""
    for unit in _PER_SECOND if abs(number) > 1e8 else _PER_SECOND[:1]:
        value, room = number / unit, abs(number / unit) * _CLOSE
        if np.searchsorted(cells, value - room, "left") < np.searchsorted(cells, value + room, "right"):
            return True
    return False


def _rare_numbers(comparison: Comparison) -> Array:
    """Sorted: numbers that fewer real rows than the minimum cell hold in some column, days of spans, years of dates, numeric levels."""
    found = [np.empty(0)]
    for column in comparison.columns:
        found += _of_column(column, comparison.real.values[column.name], comparison.minimum_cell)
    for name in comparison.only_real:
        series = comparison.frames.real[name]
        if series.dtype.kind in "iuf":
            found.append(_few(series.to_numpy(dtype=float), comparison.minimum_cell))
    return np.unique(np.concatenate(found))


def _of_column(column: Column, values: Array, minimum_cell: int) -> list[Array]:
    if column.family == "level":
        counts = np.bincount(values[values >= 0], minlength=len(column.levels))
        few = [level for level, count in zip(column.levels, counts, strict=True) if count < minimum_cell]
        return [np.array([float(level) for level in few if _is_number(level)])]
    if column.family != "number":
        return []
    found = [_few(values, minimum_cell)]
    if column.kind == "timedelta":
        found.append(found[0] / _DAY)
    if column.kind in ("datetime", "date"):
        seen = values[np.isfinite(values)]
        found.append(_few(seen.astype("datetime64[s]").astype("datetime64[Y]").astype(float) + _YEAR_ONE, minimum_cell))
    return found


def _few(values: Array, minimum_cell: int) -> Array:
    cells, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    kept: Array = cells[counts < minimum_cell]
    return kept
