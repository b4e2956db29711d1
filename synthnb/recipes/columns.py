"""What one column of a frame holds, read from its cells: its kind, and why if that may surprise."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from synthnb._frames import cell_types

if TYPE_CHECKING:
    from synthnb.recipes.recipe import Kind

__all__ = ["DATE_FORMATS", "MIXED_LEVELS", "Guess", "decimal_places", "guess_kind", "largest_integer", "spelling_of", "typed_levels"]

MIXED_LEVELS = 50
"""Most distinct values for which cells of several types still make a category."""

DATE_FORMATS: tuple[tuple[str, str, Kind], ...] = (
    (r"\d{4}-\d{2}-\d{2}", "%Y-%m-%d", "date"),
    (r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}", "%Y-%m-%d %H:%M", "datetime"),
    (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", "%Y-%m-%dT%H:%M", "datetime"),
    (r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}", "%Y-%m-%d %H:%M:%S", "datetime"),
    (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}", "%Y-%m-%dT%H:%M:%S", "datetime"),
)
"""ISO 8601 spellings read as dates in columns of strings: pattern, strftime format, kind."""

_NUMBER = r"[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?"
_LOCAL_DATES = tuple(
    f"{day}{clock}"
    for day in ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y%m%d", "%d/%m/%y", "%m/%d/%y")
    for clock in ("", " %H:%M", " %H:%M:%S")
)
_TRIED = 20

_DISTINCT_CODE = 0.9
_DISTINCT_TEXT = 0.5
_DISTINCT_PROSE = 0.2
_PROSE_LENGTH = 40
_FEW_LEVELS = 20
_FINEST = 12


class Guess(NamedTuple):
    """A column's kind, and for text and for dates in strings what led to it."""

    kind: Kind | None
    """None where the cells are of several types and too many to be levels."""
    why: str = ""
    """For text: the reason, in words that finish a sentence."""
    format: str = ""
    """For dates kept as strings: their strftime format."""
    pattern: str = ""
    """For identifiers: how they are spelt."""


def guess_kind(column: pd.Series[Any]) -> Guess:
    """Return what a column holds, from its storage type and its cells."""
    cells = column[column.notna()]
    if cells.empty:
        return Guess("empty")
    if isinstance(cells.dtype, pd.ArrowDtype) and cells.dtype.kind not in "biufmM":
        cells = cells.astype(object)
    dtype = cells.dtype
    if isinstance(dtype, (pd.CategoricalDtype, pd.IntervalDtype)):
        return _constant_or("category", cells)
    if pd.api.types.is_bool_dtype(dtype):
        return _constant_or("boolean", cells)
    if pd.api.types.is_complex_dtype(dtype):
        return Guess(None)
    if pd.api.types.is_numeric_dtype(dtype):
        return _constant_or(_number_kind(cells), cells)
    if isinstance(dtype, pd.PeriodDtype):
        return _constant_or("date", cells)
    if isinstance(dtype, pd.DatetimeTZDtype) or dtype.kind == "M":
        whole_days = bool((cells.dt.normalize() == cells).all())
        return _constant_or("date" if whole_days else "datetime", cells)
    if dtype.kind == "m":
        return _constant_or("timedelta", cells)
    return _guess_objects(cells)


def _constant_or(kind: Kind, cells: pd.Series[Any]) -> Guess:
    return Guess("constant" if cells.nunique() == 1 else kind)


def _number_kind(cells: pd.Series[Any]) -> Kind:
    if pd.api.types.is_integer_dtype(cells.dtype):
        return "integer"
    values = cells.to_numpy(dtype="f8")
    finite = values[np.isfinite(values)]
    return "integer" if np.array_equal(finite, np.trunc(finite)) else "real"


def _guess_objects(cells: pd.Series[Any]) -> Guess:
    """The kind of a column of Python objects or strings."""
    types = cell_types(cells)
    if _within(types, (str,)):
        return _guess_strings(cells)
    if _within(types, (bool, np.bool_)):
        return _constant_or("boolean", cells)
    if _within(types, (int, float, np.integer, np.floating)) and bool not in types:
        return _constant_or(_number_kind(cells.astype("f8")), cells)
    if _within(types, (Decimal,)):
        return _constant_or("real", cells)
    if _within(types, (dt.datetime,)):
        zones = {moment.tzinfo for moment in cells}
        return _constant_or("datetime", cells) if len(zones) == 1 else Guess(None)
    plain: dict[type, Kind] = {dt.date: "date", dt.time: "time", dt.timedelta: "timedelta"}
    for kind, name in plain.items():
        if _within(types, (kind,)):
            return _constant_or(name, cells)
    return Guess("category") if len(typed_levels(cells)[1]) <= MIXED_LEVELS else Guess(None)


def _within(types: set[type], allowed: tuple[type, ...]) -> bool:
    return all(issubclass(kind, allowed) for kind in types)


def _guess_strings(cells: pd.Series[Any]) -> Guess:
    words = cells.astype(object)
    distinct, n = int(words.nunique()), len(words)
    for pattern, form, kind in DATE_FORMATS:
        if re.fullmatch(pattern, words.iloc[0]) and bool(words.str.fullmatch(pattern).all()) and _parses(words, form):
            return Guess("constant" if distinct == 1 else kind, format=form)
    if distinct == 1:
        return Guess("constant")
    length = float(words.str.len().mean())
    if distinct >= _DISTINCT_CODE * n:
        other = _other_cells(words)
        if other:
            return Guess("text", other)
        spelling = spelling_of(words)
        if spelling:
            return Guess("identifier", pattern=spelling)
        return Guess("text", f"nearly every row has a value of its own ({distinct:,} distinct in {n:,}), as names, codes and free text do")
    if distinct > max(_FEW_LEVELS, _DISTINCT_TEXT * n):
        return Guess("text", f"most values occur only once ({distinct:,} distinct in {n:,})")
    if length > _PROSE_LENGTH and distinct > max(_FEW_LEVELS, _DISTINCT_PROSE * n):
        return Guess("text", f"the values are long ({length:.0f} characters on average) and mostly differ ({distinct:,} distinct in {n:,})")
    return Guess("category")


def _other_cells(words: pd.Series[Any]) -> str:
    """Why strings that differ in nearly every row are neither codes nor prose: they are numbers or dates."""
    if words.str.contains("[^0-9]", regex=True).any() and re.fullmatch(_NUMBER, words.iloc[0]) and bool(words.str.fullmatch(_NUMBER).all()):
        return "the cells are numbers kept as text; convert them with `pandas.to_numeric`"
    for form in _LOCAL_DATES:
        if _parses(words.head(_TRIED), form) and _parses(words, form):
            return f"the cells are dates kept as text in the form {form}; convert them with `pandas.to_datetime`"
    return ""


def spelling_of(cells: pd.Series[Any]) -> str:
    """The pattern that a column's codes share, in the notation of `synthnb.recipes.formats`; empty if they share none.

    Parameters
    ----------
    cells : pandas.Series
        Text or whole numbers, without missing ones.
    """
    from synthnb.recipes._spellings import infer_format, infer_integer_format

    values = cells.astype(object).tolist()
    if values and all(isinstance(value, (int, float, np.integer)) for value in values):
        return str(infer_integer_format(values, largest=largest_integer(cells.dtype)))
    found = infer_format([str(value) for value in values])
    return "" if found is None else str(found)


def largest_integer(dtype: Any) -> int:
    """The largest whole number that a storage type holds exactly, of those of 64 bits or fewer."""
    plain = getattr(dtype, "numpy_dtype", dtype)
    if isinstance(plain, np.dtype) and plain.kind in "iu":
        return min(int(np.iinfo(plain).max), 2**63 - 1)
    return 2**53 if pd.api.types.is_float_dtype(dtype) else 2**63 - 1


def _parses(words: pd.Series[Any], form: str) -> bool:
    return bool(pd.to_datetime(words, format=form, errors="coerce").notna().all())


def typed_levels(cells: pd.Series[Any]) -> tuple[np.ndarray[Any, Any], list[Any]]:
    """Codes and distinct values of cells, where ``1``, ``1.0``, ``True`` and ``"1"`` all differ."""
    values = cells.astype(object).tolist()
    if len(set(map(type, values))) == 1:
        alone = {value: code for code, value in enumerate(dict.fromkeys(values))}
        return np.fromiter(map(alone.__getitem__, values), dtype="i8", count=len(values)), list(alone)
    keys: dict[tuple[type, Any], int] = {}
    codes = [keys.setdefault((type(value), value), len(keys)) for value in values]
    return np.array(codes, dtype="i8"), [value for _, value in keys]


def decimal_places(values: np.ndarray[Any, Any]) -> int | None:
    """Decimal places that hold every value; negative for trailing zeros, None if no small number does.

    Parameters
    ----------
    values : ndarray of float64 or float32
        Finite numbers.
    """
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0.0:
        return 0
    places = next((p for p in range(_FINEST + 1) if _holds(values, p, largest)), None)
    if places == 0:
        while -places < _FINEST and _holds(values, places - 1, largest):
            places -= 1
    return places


def _holds(values: np.ndarray[Any, Any], places: int, largest: float) -> bool:
    """Whether rounding to so many places changes nothing, while the float type could still tell."""
    digits = 2 ** (np.finfo(values.dtype).nmant - 2)
    if places > 0 and largest * 10.0**places >= digits:
        return False
    return bool(np.array_equal(np.round(values.astype("f8"), places).astype(values.dtype), values))
