"""What an analysis gave, read: terms with an estimate and its error, and decisions.

Fitted results are recognised by what they offer, so that neither statsmodels nor
lifelines has to be installed: ``params``, ``bse`` and ``conf_int()``, or a
``summary`` with the columns ``coef`` and ``se(coef)``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from synthnb.errors import OptionError
from synthnb.evaluation._intervals import Z95
from synthnb.evaluation.analysis.classes import class_name

__all__ = ["Entry", "Estimate", "Verdict", "read"]

_LIFELINES = ("coef", "se(coef)")
_MOST_TERMS = 2000
ONLY = "value"
"""What the one term of an analysis that gives no names is called."""


@dataclass(frozen=True)
class Estimate:
    """A number with its error, as far as it has one."""

    value: float
    """The estimate; finite."""
    se: float | None = None
    """Its standard error."""
    low: float | None = None
    """Lower end of its 95 % interval."""
    high: float | None = None
    """Its upper end."""

    def decision(self, null: float) -> str | None:
        """On which side of the null the whole interval is; ``none`` if it holds it; None without an interval."""
        if self.low is None or self.high is None:
            return None
        return "above" if self.low > null else "below" if self.high < null else "none"

    def sign(self, null: float) -> int:
        """On which side of the null the estimate is."""
        return int(np.sign(self.value - null))


@dataclass(frozen=True)
class Verdict:
    """A decision that the function took itself."""

    said: str
    """What it said; never shown, since it can be a cell."""

    def decision(self, _null: float) -> str | None:
        """What it said."""
        return self.said


Entry = Estimate | Verdict
Key = Any


def read(result: Any) -> tuple[dict[Key, Entry], int]:
    """Return the terms of what an analysis gave, and how many more had no finite value.

    Intervals come from the result, else from the standard error (± 1.96), and the
    other way round.

    Raises
    ------
    OptionError
        The result is none of what `Analysis` describes; the message names its type only.
    """
    found: dict[Key, Entry] = {}
    without = 0
    for name, value in _terms(result):
        entry = _entry(value)
        if entry is None:
            without += 1
        else:
            found[name] = entry
        if len(found) > _MOST_TERMS:
            raise OptionError(f"The analysis gave more than {_MOST_TERMS:,} terms.", fix="Return a summary.")
    if not found:
        raise OptionError("The analysis gave no finite number and no decision.", fix="Check it on one frame.")
    return found, without


def _terms(result: Any) -> Iterator[tuple[Key, Any]]:
    """Names and what they have, from any of the forms."""
    if _is_single(result):
        yield ONLY, result
    elif _offers(result, "params", "bse"):
        yield from _of_params(result)
    elif _offers(result, "summary") and _is_frame(result.summary):
        yield from _of_summary(result.summary)
    elif _is_frame(result):
        yield from _of_frame(result)
    elif isinstance(result, Mapping) or _is_series(result):
        yield from result.items()
    else:
        raise OptionError(
            f"The analysis gave {_called(result)}; a number, a pair, a decision, a mapping, a frame or a fit was expected.",
            fix="Return one of these.",
        )


def _called(value: Any) -> str:
    """A value by its type, where that has a name of Python or a known library."""
    name = class_name(type(value))
    return f"a {name}" if name else "an object"


def _is_frame(value: Any) -> bool:
    return all(hasattr(value, name) for name in ("columns", "index", "iterrows"))


def _is_series(value: Any) -> bool:
    return all(hasattr(value, name) for name in ("index", "items", "to_numpy")) and not _is_frame(value)


def _offers(value: Any, *names: str) -> bool:
    """Whether it is an object with these; frames offer their columns as attributes, so they are not asked."""
    return not _is_frame(value) and not isinstance(value, Mapping) and not _is_series(value) and all(hasattr(value, name) for name in names)


def _is_single(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_, str)) or _number(value) is not None or isinstance(value, (tuple, list))


def _number(value: Any) -> float | None:
    """A plain number of any library, NaN included; None for anything else."""
    if isinstance(value, (bool, np.bool_, str, bytes, complex, np.complexfloating)):
        return None
    if isinstance(value, (int, float, np.number)) or (getattr(value, "shape", None) == () and hasattr(value, "__float__")):
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            return math.nan
    return None


def _entry(value: Any) -> Entry | None:
    """An estimate or a decision; None if the number isn't finite.

    Raises
    ------
    OptionError
        It is neither.
    """
    if isinstance(value, Verdict | Estimate):
        return value
    if isinstance(value, (bool, np.bool_)):
        return Verdict("yes" if value else "no")
    if isinstance(value, str):
        return Verdict(value)
    parts = [value] if _number(value) is not None else list(value) if isinstance(value, (tuple, list)) else []
    numbers = [_number(part) for part in parts]
    if not 1 <= len(numbers) <= 3 or None in numbers:
        raise OptionError(
            f"A term of the analysis has {_called(value)}; a number, (estimate, error) or (estimate, low, high) was expected.",
            fix="Return one of these for each term.",
        )
    return _estimate(*[math.nan if number is None else number for number in numbers])


def _estimate(value: float, *rest: float) -> Estimate | None:
    """One number is an estimate, two are one with its error, three one with its interval."""
    if not math.isfinite(value):
        return None
    if len(rest) == 1 and math.isfinite(rest[0]) and rest[0] >= 0:
        return Estimate(value, rest[0], value - Z95 * rest[0], value + Z95 * rest[0])
    if len(rest) == 2 and all(math.isfinite(end) for end in rest) and rest[0] <= rest[1]:
        return Estimate(value, (rest[1] - rest[0]) / (2 * Z95), *rest)
    return Estimate(value)


def _whole(value: float, se: float, low: float, high: float) -> Estimate | None:
    """An estimate of which error and interval are given, either of which may be missing."""
    by_interval = _estimate(value, low, high)
    if by_interval is None or by_interval.se is None:
        return _estimate(value, se)
    return Estimate(value, se, low, high) if math.isfinite(se) and se >= 0 else by_interval


def _of_params(fitted: Any) -> Iterator[tuple[Key, Any]]:
    """A result with ``params`` and ``bse``: a coefficient each; of tables of coefficients, each column's in turn."""
    values, errors = np.asarray(fitted.params, dtype=float), np.asarray(fitted.bse, dtype=float)
    names = _param_names(fitted, values)
    values, errors = values.ravel(order="F"), errors.ravel(order="F")
    ends = np.full((len(values), 2), np.nan)
    if hasattr(fitted, "conf_int"):
        given = np.asarray(fitted.conf_int(), dtype=float)
        ends = given if given.shape == ends.shape else ends
    if len(errors) != len(values):
        errors = np.full(len(values), np.nan)
    for name, value, error, (low, high) in zip(names, values, errors, ends, strict=True):
        entry = _whole(float(value), float(error), float(low), float(high))
        yield name, entry if entry is not None else math.nan


def _param_names(fitted: Any, values: Any) -> list[Key]:
    params = fitted.params
    if _is_frame(params):
        return [f"{column}: {term}" for column in params.columns for term in params.index]
    if _is_series(params):
        return list(params.index)
    names = list(getattr(getattr(fitted, "model", None), "exog_names", None) or ())
    return names if len(names) == values.size else [f"x{i + 1}" for i in range(values.size)]


def _of_summary(table: Any) -> Iterator[tuple[Key, Any]]:
    """A lifelines model's summary; its interval's columns are the two that begin with ``coef``."""
    if not set(_LIFELINES) <= set(table.columns):
        raise OptionError("The fitted model's summary lacks the columns coef and se(coef).", fix="Return a frame of terms.")
    ends = [next((name for name in table.columns if str(name).startswith(f"coef {side}")), None) for side in ("lower", "upper")]
    yield from _rows(table, "coef", "se(coef)", *ends)


def _of_frame(table: Any) -> Iterator[tuple[Key, Any]]:
    if "estimate" not in table.columns:
        raise OptionError("A frame of terms needs the column estimate, and se or low and high.", fix="Name its columns so.")
    yield from _rows(table, "estimate", *(name if name in table.columns else None for name in ("se", "low", "high")))


def _rows(table: Any, value: str, *others: str | None) -> Iterator[tuple[Key, Any]]:
    keys = table["term"] if "term" in table.columns else table.index
    columns = [np.full(len(table), np.nan) if name is None else np.asarray(table[name], dtype=float) for name in (value, *others)]
    for key, *numbers in zip(keys, *columns, strict=True):
        entry = _whole(*(float(number) for number in numbers))
        yield key, entry if entry is not None else math.nan
