"""Between which limits a recipe and its rules leave each column."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from synthnb.recipes.rules.models import Order, Range

if TYPE_CHECKING:
    from synthnb.recipes.recipe import Column, Recipe
    from synthnb.recipes.rules.models import Bound, Rule

__all__ = ["MOMENTS", "NUMBERS", "Limits", "family", "limits_of", "narrowed", "ordered", "position"]

NUMBERS = ("integer", "real")
"""Kinds that are numbers."""

MOMENTS = ("date", "datetime")
"""Kinds that are moments."""

_DAY = 86_400.0


@dataclass(frozen=True)
class Limits:
    """Least and largest value, as numbers; dates in seconds since 1970, by their own clock."""

    low: float = -math.inf
    """Least."""
    high: float = math.inf
    """Largest."""
    step: float = 0.0
    """Distance between neighbouring values; 0 where there is none."""

    @property
    def size(self) -> float:
        """How many values there are; infinite where there is no step."""
        if self.low > self.high:
            return 0
        return math.inf if not self.step or math.isinf(self.high - self.low) else math.floor((self.high - self.low) / self.step + 1e-9) + 1

    @property
    def empty(self) -> bool:
        """Whether no value is left."""
        return self.low > self.high


def family(column: Column) -> str:
    """What a column's cells can be compared with: ``number``, ``moment``, ``zoned``, ``timedelta``, ``time``, or its kind."""
    if column.kind in NUMBERS:
        return "number"
    if column.kind in MOMENTS:
        return "zoned" if "," in column.dtype and column.dtype.startswith("datetime") else "moment"
    return column.kind


def position(bound: Bound, column: Column) -> float:
    """A limit as a number.

    Raises
    ------
    ValueError
        It isn't a limit for such a column.
    """
    kind = family(column)
    if kind == "number":
        if isinstance(bound, (bool, str)) or not math.isfinite(bound):
            raise ValueError(f"{bound!r} isn't a number")
        return float(bound)
    if not isinstance(bound, str):
        raise ValueError(f"{bound!r} isn't text, as limits of dates and times are")
    if kind in {"moment", "zoned"}:
        moment = dt.datetime.fromisoformat(bound)
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
    if kind == "time":
        time = dt.time.fromisoformat(bound)
        return time.hour * 3600.0 + time.minute * 60.0 + time.second + time.microsecond / 1e6
    if kind == "timedelta":
        import pandas as pd

        return float(pd.Timedelta(bound).total_seconds())
    raise ValueError(f"a column of kind {column.kind} has no limits")


def limits_of(recipe: Recipe) -> dict[str, Limits]:
    """The limits declared for each column that has an order."""
    found = {}
    for column in recipe.columns:
        if family(column) in {"number", "moment", "zoned", "timedelta", "time"}:
            step = _DAY if column.kind == "date" else 1.0 if column.kind == "integer" else 0.0
            if column.kind == "real" and column.decimals is not None:
                step = 10.0 ** -max(column.decimals, 0)
            low, high = (_or(bound, column, fallback) for bound, fallback in ((column.minimum, -math.inf), (column.maximum, math.inf)))
            found[column.name] = Limits(low, high, step)
    return found


def _or(bound: Bound | None, column: Column, fallback: float) -> float:
    try:
        return fallback if bound is None else position(bound, column)
    except ValueError:
        return fallback


def narrowed(limits: Limits, rule: Range, column: Column) -> Limits:
    """The limits within a range too; an excluded limit is one step further in where there are steps.

    Raises
    ------
    ValueError
        A limit of the range isn't one for such a column.
    """
    low = -math.inf if rule.low is None else position(rule.low, column)
    high = math.inf if rule.high is None else position(rule.high, column)
    if rule.open_low:
        low = math.nextafter(low, math.inf) if not limits.step else low + limits.step
    if rule.open_high:
        high = math.nextafter(high, -math.inf) if not limits.step else high - limits.step
    if column.kind == "integer":
        low, high = (float(math.ceil(low)) if math.isfinite(low) else low), (float(math.floor(high)) if math.isfinite(high) else high)
    return replace(limits, low=max(limits.low, low), high=min(limits.high, high))


def ordered(limits: Mapping[str, Limits], rules: Sequence[Rule]) -> dict[str, Limits]:
    """The limits that orders without a condition leave, each column pushed by its neighbours."""
    found = dict(limits)
    pairs = [
        (low, high, rule.strict)
        for rule in rules
        if isinstance(rule, Order) and not rule.when
        for low, high in itertools.pairwise(rule.columns)
        if low in found and high in found
    ]
    for _ in range(len(found) + 1):
        before = dict(found)
        for low, high, strict in pairs:
            same = found[low].step == found[high].step
            step = found[high].step if strict and same else 0.0
            up, down = found[low].low + step, found[high].high - step
            if strict and not step:
                up, down = math.nextafter(up, math.inf), math.nextafter(down, -math.inf)
            found[high] = replace(found[high], low=max(found[high].low, up))
            found[low] = replace(found[low], high=min(found[low].high, down))
        if found == before:
            break
    return found
