"""What one column of a frame holds, read from its cells: its kind, and why if that may surprise."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import time
from decimal import Decimal
from itertools import pairwise
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

_WHOLE = r"[+-]?(?:0|[1-9][0-9]*)"
_GROUPED = r"[+-]?[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+(?:\.[0-9]+)?|(?:\.[0-9]{3})+(?:,[0-9]+)?|('[0-9]{3})+(?:[.,][0-9]+)?)"
_NUMBER = rf"(?:{_GROUPED}|[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]{{1,3}})?|[+-]?[.,][0-9]+)"
_QUANTITY = rf"(?:{_GROUPED}|{_WHOLE}(?:[.,][0-9]+)?)"
_CURRENCY = r"(?:[€$£¥₹]|EUR|USD|GBP|CHF|JPY)"
_UNIT = (
    r"(?:%|‰|°[CF]?|[kcmµμn]?(?:g|m|l|L|s|mol|Hz|W|V)|kcal|kJ|mmHg|bpm|h|min|IU|(?:m|µ|μ|n)?(?:g|mol|IU)/[dm]?[lL]"
    r"|kg/m2|kg/m²|days?|weeks?|months?|years?)"
)
_AMOUNT = rf"(?:[+-]?{_CURRENCY} ?{_QUANTITY}|{_QUANTITY} ?(?:{_CURRENCY}|{_UNIT}))"
_MEASURE = rf"[^\W\d_]+ ?[ :=] ?[+-]?[0-9]+[.,][0-9]+(?: ?{_UNIT})?"
_PHONE = r"[+][0-9]{7,15}|[1-9][0-9]{2}(?:\.[0-9]{3}){2}"
_RATIO = r"(?:0|[1-9][0-9]{0,2})(?:[.,][0-9]{1,2})? ?/ ?(?:0|[1-9][0-9]{0,2})(?:[.,][0-9]{1,2})?"
_PLACE = r"[(]?[+-]?[0-9]{1,3}\.[0-9]+(?:[,;] ?| )[+-]?[0-9]{1,3}\.[0-9]+[)]?"
_CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?(?: ?[AaPp]\.?[Mm]\.?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_LASTING = r"-?[0-9]{1,4}:[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?"
_ISO = r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}(?:[T ][0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2}(?:[.,][0-9]+)?)?)?(?: ?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
_NETWORK = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}"
_READINGS = (
    (_MEASURE, "the cells are measurements with a word before them; take it off and convert them with `pandas.to_numeric`"),
    (_RATIO, "the cells are two numbers each, such as blood pressures; split them with `str.split('/', expand=True)`"),
    (_PLACE, "the cells are two numbers each, such as coordinates; split them with `str.split` and convert them"),
    (_CLOCK, "the cells are times of day kept as text; convert them with `pandas.to_datetime(...).dt.time`"),
    (_LASTING, "the cells are durations kept as text; convert them with `pandas.to_timedelta`"),
)
"""What else cells hold that name nothing: pattern, and why they are text."""
_DAYS = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m", "%m/%Y"),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y"),
    *("%d %b %Y", "%d-%b-%Y", "%d%b%Y", "%d-%b-%y", "%d%b%y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y"),
)
_LOCAL_DATES = tuple(
    f"{day}{clock}" for day in _DAYS for clock in ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ":%H:%M:%S", " %H:%M:%S.%f")
)
_TRIED = 20
_COUNTED_ROWS = 5
_COUNTED_DIGITS = 18

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
        return _constant_or("date" if _whole_days(cells) else "datetime", cells)
    if dtype.kind == "m":
        return _constant_or("timedelta", cells)
    return _guess_objects(cells)


def _whole_days(cells: pd.Series[Any]) -> bool:
    """Whether every instant is a midnight of the local clock; by that clock, as some zones skip or repeat midnight itself."""
    zoned = isinstance(cells.dtype, pd.DatetimeTZDtype) or getattr(getattr(cells.dtype, "pyarrow_dtype", None), "tz", None)
    naive = cells.dt.tz_localize(None) if zoned else cells
    return bool((naive.dt.normalize() == naive).all())


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
    try:
        return Guess("category") if len(typed_levels(cells)[1]) <= MIXED_LEVELS else Guess(None)
    except TypeError:  # cells that can't be hashed, which only some values of a type may show
        return Guess(None)


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
        return Guess("text", _other_cells(words) or f"most values occur only once ({distinct:,} distinct in {n:,})")
    if length > _PROSE_LENGTH and distinct > max(_FEW_LEVELS, _DISTINCT_PROSE * n):
        return Guess("text", f"the values are long ({length:.0f} characters on average) and mostly differ ({distinct:,} distinct in {n:,})")
    return Guess("category")


def _other_cells(words: pd.Series[Any]) -> str:
    """Why strings that differ in nearly every row are neither codes nor prose; empty if they may be."""
    if _are_numbers(words):
        return "the cells are numbers kept as text; convert them with `pandas.to_numeric`"
    for form in _LOCAL_DATES:
        if _reads(str(words.iloc[0]), form) and _parses(words.head(_TRIED), form) and _parses(words, form):
            return f"the cells are dates kept as text in the form {form}; convert them with `pandas.to_datetime`"
    if _all_match(words, _ISO) and _parses(words, "ISO8601"):
        return (
            "the cells are ISO 8601 dates and times kept as text; convert them with `pandas.to_datetime(..., format='ISO8601', utc=True)`"
        )
    if _all_match(words, _NETWORK) and all(map(_is_address, words)):
        return "the cells are IP addresses; one made up may be somebody's"
    if _all_match(words, _AMOUNT) and (_vary_in_length(words) or bool(words.str.contains("[.,]", regex=True).all())):
        return "the cells are amounts with a unit; take it off and convert them with `pandas.to_numeric`"
    return next((why for pattern, why in _READINGS if _all_match(words, pattern)), "")


def _all_match(words: pd.Series[Any], pattern: str) -> bool:
    return re.fullmatch(pattern, words.iloc[0]) is not None and bool(words.str.fullmatch(pattern).all())


def _are_numbers(words: pd.Series[Any]) -> bool:
    """Whether strings are numbers: whole ones only if they vary in length and neither begin with zeros nor count the rows."""
    if not _all_match(words, _NUMBER) or _all_match(words, _PHONE):
        return False
    if not _all_match(words, "[0-9]+"):
        return True
    return _all_match(words, _WHOLE) and _vary_in_length(words) and not _count_rows(words)


def _vary_in_length(words: pd.Series[Any]) -> bool:
    return int(words.str.len().nunique()) > 1


def _count_rows(words: pd.Series[Any]) -> bool:
    """Whether whole numbers rise by the same step from row to row."""
    if len(words) < _COUNTED_ROWS or int(words.str.len().max()) > _COUNTED_DIGITS:
        return False
    steps = {int(after) - int(before) for before, after in pairwise(words)}
    return len(steps) == 1 and min(steps) > 0


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


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
    return bool(pd.to_datetime(words, format=form, errors="coerce", utc=True).notna().all())


def _reads(word: str, form: str) -> bool:
    """Whether one string is a date of a form; quicker than pandas, and enough to leave most forms out."""
    try:
        time.strptime(word, form)
    except ValueError:
        return False
    return True


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
