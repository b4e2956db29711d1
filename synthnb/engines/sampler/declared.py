"""Columns drawn from declared distributions: points of (0, 1) in, cells out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Never

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from synthnb.errors import RecipeError, shown
from synthnb.recipes._correlated import cut_of, rounding
from synthnb.recipes._distribution_checks import with_parameters
from synthnb.recipes._quantiles import Cut, quantiles, ranks
from synthnb.recipes.distributions import (
    LARGEST_WHOLE,
    Categorical,
    Constant,
    Dates,
    Expressed,
    Identifier,
    Mixture,
    Sequence,
    Times,
)

if TYPE_CHECKING:
    from synthnb.recipes.recipe import Column

__all__ = ["Drawer", "drawer_of"]

Array = np.ndarray[Any, Any]

_SECONDS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
_EDGE = 1e-3
_EPOCH = dt.datetime.fromisoformat("1970-01-01")
"""Without a zone, as declared moments are; the column's type adds it."""


@dataclass(frozen=True)
class Drawer:
    """One column's way from points of (0, 1) to cells."""

    column: Column
    """What it makes."""
    distribution: Any
    """Its distribution."""
    variants: tuple[Any, ...] = field(default=())
    """The distribution with each case's parameters in place; last, as it is."""

    @cached_property
    def cut(self) -> Cut:
        """A numeric column's limits."""
        return cut_of(self.column)

    @cached_property
    def dtype(self) -> Any:
        """How it is stored."""
        return pd.api.types.pandas_dtype(self.column.dtype)

    def draw(self, u: Array, seen: Mapping[str, pd.Series[Any]]) -> pd.Series[Any]:
        """Return the cells at points of (0, 1), before any are made missing.

        Parameters
        ----------
        u : ndarray of float64
            One per row, within (0, 1).
        seen : mapping of str to pandas.Series
            The columns it depends on.

        Raises
        ------
        RecipeError
            A number too large for its column.
        """
        values = self._each(u, seen)
        if isinstance(self.distribution, Categorical):
            return self._levels(values.astype("i8"))
        if isinstance(self.distribution, Constant):
            return self._repeated(self.distribution.value, len(u))
        if isinstance(self.distribution, Dates):
            return self._moments(values)
        if isinstance(self.distribution, Times):
            return self._clock(values)
        return self.cells(values)

    def cells(self, values: Array) -> pd.Series[Any]:
        """Return numbers as cells, put on the column's grid."""
        if self.column.kind == "boolean":
            return self._stored(values >= 0.5)
        values = self._rounded(values)
        if self.column.kind == "integer":
            if len(values) and not float(np.abs(values).max()) <= LARGEST_WHOLE:
                self._refuse(float(values[np.argmax(np.abs(values))]))
            values = values.astype("i8")
        return self._stored(values)

    def _stored(self, values: Array) -> pd.Series[Any]:
        """Numbers in the column's storage type; none changes on the way there but by the type's own precision."""
        if self.dtype == object:
            return pd.Series(values.tolist(), dtype=object)
        kept: pd.Series[Any] = pd.Series(values)
        with np.errstate(over="ignore"):
            made: pd.Series[Any] = kept.astype(self.dtype)
        if values.dtype.kind == "i" and pd.api.types.is_integer_dtype(self.dtype) and not bool((made == kept).all()):
            self._refuse(float(values[np.argmax(np.abs(values))]))
        if values.dtype.kind == "f" and pd.api.types.is_float_dtype(self.dtype) and np.isinf(made.to_numpy(dtype="f8", na_value=0.0)).any():
            self._refuse(float(values[np.argmax(np.abs(values))]))
        return made

    def _refuse(self, value: float) -> Never:
        raise RecipeError(
            f"Column {shown(self.column.name)} came out with {value:g}, which {self.column.dtype} can't hold exactly.",
            fix="Give it a minimum and a maximum, smaller parameters, or a wider dtype.",
        )

    def _rounded(self, values: Array) -> Array:
        grid = rounding(self.column)
        if grid and self.column.decimals is not None and self.column.decimals > 0:
            return np.round(values, self.column.decimals)
        return np.rint(values / grid) * grid if grid else values

    def _each(self, u: Array, seen: Mapping[str, pd.Series[Any]]) -> Array:
        """Numbers, places of levels, or steps of time, each row's by the case that fits it."""
        if len(self.variants) == 1:
            return self._values(self.variants[0], u, self._location(self.variants[0], seen, slice(None)))
        case = self._cases(seen, len(u))
        out = np.empty(len(u))
        for number, variant in enumerate(self.variants):
            here = np.flatnonzero(case == number)
            if len(here):
                out[here] = self._values(variant, u[here], self._location(variant, seen, here))
        return out

    def _values(self, variant: Any, u: Array, location: Array | None) -> Array:
        if isinstance(variant, Categorical):
            return self._places(variant, u)
        if isinstance(variant, (Dates, Times)):
            return self._steps(variant, u)
        if isinstance(variant, Constant):
            return np.zeros(len(u))
        edge = rounding(self.column) * _EDGE  # a value on the very limit would be rounded past it
        return np.clip(quantiles(variant, u, self.cut, location), self.cut.low + edge, self.cut.high - edge)

    def _places(self, variant: Categorical, u: Array) -> Array:
        """Where the levels drawn stand among the column's."""
        ends = np.cumsum(variant.weights) / sum(variant.weights)
        held = np.flatnonzero(np.array(variant.weights) > 0)
        drawn = held[np.minimum(np.searchsorted(ends[held], u, side="right"), len(held) - 1)]
        if variant is self.distribution:
            return drawn.astype("f8")
        known = {(type(level), level): place for place, level in enumerate(self._all_levels)}
        places = np.array([known[type(level), level] for level in variant.levels])
        return np.asarray(places[drawn], dtype="f8")

    @cached_property
    def _all_levels(self) -> list[Any]:
        found = {(type(level), level): level for variant in (self.distribution, *self.variants) for level in variant.levels}
        return list(found.values())

    def _levels(self, places: Array) -> pd.Series[Any]:
        if isinstance(self.dtype, pd.CategoricalDtype):
            levels = list(self.column.levels or self._all_levels)
            order = {(type(level), level): place for place, level in enumerate(levels)}
            codes = np.array([order[type(level), level] for level in self._all_levels])
            return self._categorical(codes[places], levels)
        palette: pd.Series[Any] = pd.Series(self._all_levels, dtype=self.dtype)
        return pd.Series(palette.array.take(places))

    def _repeated(self, value: Any, rows: int) -> pd.Series[Any]:
        if isinstance(self.dtype, pd.CategoricalDtype):
            levels = list(self.column.levels or [value])
            return self._categorical(np.full(rows, levels.index(value)), levels)
        made: pd.Series[Any] = pd.Series([value] * rows, dtype=self.dtype)
        return made

    def _categorical(self, codes: Array, levels: list[Any]) -> pd.Series[Any]:
        dtype: Any = pd.CategoricalDtype(levels, ordered=self.column.ordered)
        return pd.Series(pd.Categorical.from_codes(codes, dtype=dtype))

    def _cases(self, seen: Mapping[str, pd.Series[Any]], rows: int) -> Array:
        """The number of the first case that fits each row; one past the last where none does."""
        case = np.full(rows, len(self.variants) - 1)
        for number in range(len(self.distribution.cases) - 1, -1, -1):
            fits = np.ones(rows, dtype=bool)
            for match in self.distribution.cases[number].when:
                fits &= _fits(match, seen[match.column])
            case[fits] = number
        return case

    def _location(self, variant: Any, seen: Mapping[str, pd.Series[Any]], rows: Any) -> Array | None:
        """The parameter that effects act on, per row; None where nothing acts on it."""
        effects = getattr(variant, "effects", ())
        if not effects:
            return None
        link = variant.link or variant.links[0]
        base = float(getattr(variant, variant.location))
        start = {"identity": base, "log": np.log(max(base, 1e-300)), "logit": logit(np.clip(base, 1e-15, 1 - 1e-15))}[link]
        total: Any = float(start)
        for effect in effects:
            total = total + _added(effect, seen[effect.column].iloc[rows])
        if link == "log":
            total = np.exp(np.clip(total, -200.0, 200.0))
        if link == "logit":
            total = expit(total)
        return np.asarray(np.clip(total, *_RANGES.get(variant.family, (-1e150, 1e150))))

    def _steps(self, variant: Dates | Times, u: Array) -> Array:
        """Seconds: since 1970 for dates, since midnight for times."""
        step = _SECONDS[variant.step]
        low, high = self._ends(variant)
        count = (high - low) // step + 1
        weekdays = getattr(variant, "weekdays", None)
        if weekdays is None:
            return np.asarray(low + np.minimum(np.floor(u * count), count - 1) * step)
        per_day = max(86_400 // step, 1)
        days = np.arange(low // 86_400, high // 86_400 + 1)
        weights = np.array(weekdays)[(days + 3) % 7]
        ends = np.cumsum(weights) / weights.sum()
        day = np.minimum(np.searchsorted(ends, u, side="right"), len(days) - 1)
        starts = np.concatenate([[0.0], ends[:-1]])
        inside = np.clip((u - starts[day]) / np.maximum(ends[day] - starts[day], 1e-300), 0.0, 1.0)
        within = np.minimum(np.floor(inside * per_day), per_day - 1) * step
        return np.asarray(np.clip(days[day] * 86_400 + within, low, high))

    def _ends(self, variant: Dates | Times) -> tuple[int, int]:
        """First and last second, within the column's limits."""
        low, high = (_seconds(variant, text) for text in (variant.start, variant.end))
        if isinstance(variant, Dates) and variant.step != "day" and len(variant.end) == len("2020-01-01"):
            high += 86_400 - _SECONDS[variant.step]
        if self.column.minimum is not None:
            low = max(low, -(-_seconds(variant, str(self.column.minimum)) // _SECONDS[variant.step]) * _SECONDS[variant.step])
        if self.column.maximum is not None:
            high = min(high, _seconds(variant, str(self.column.maximum)))
        return low, high

    def _moments(self, seconds: Array) -> pd.Series[Any]:
        stamps: Any = pd.Series(seconds.astype("i8").view("M8[s]"))
        if self.column.format:
            written: pd.Series[Any] = stamps.dt.strftime(self.column.format).astype(self.dtype)
            return written
        if self.dtype == object:
            days = self.column.kind == "date"
            return pd.Series(stamps.dt.date.tolist() if days else stamps.dt.to_pydatetime().tolist(), dtype=object)
        if isinstance(self.dtype, pd.DatetimeTZDtype):
            local = stamps.dt.tz_localize(self.dtype.tz, ambiguous=np.ones(len(stamps), dtype=bool), nonexistent="shift_forward")
            return pd.Series(local.astype(self.dtype))
        return pd.Series(stamps.astype(self.dtype))

    def _clock(self, seconds: Array) -> pd.Series[Any]:
        distinct, at = np.unique(seconds.astype("i8"), return_inverse=True)
        times = np.empty(len(distinct), dtype=object)
        times[:] = [(_EPOCH + dt.timedelta(seconds=int(second))).time() for second in distinct]
        made: pd.Series[Any] = pd.Series(times[at], dtype=object)
        return made.astype(self.dtype)

    def pieces(self, cells: pd.Series[Any], seen: Mapping[str, pd.Series[Any]]) -> tuple[Array, Array]:
        """Return the points of (0, 1) between which a numeric column comes out with these cells; for those missing, 0 and 1."""
        values = cells.to_numpy(dtype="f8", na_value=np.nan)
        gone = np.isnan(values)
        values = np.where(gone, 0.0, values)
        half = rounding(self.column) / 2
        case = self._cases(seen, len(values)) if len(self.variants) > 1 else np.zeros(len(values), dtype="i8")
        low, high = np.zeros(len(values)), np.ones(len(values))
        for number, variant in enumerate(self.variants):
            here = np.flatnonzero(case == number)
            if len(here):
                location = self._location(variant, seen, here)
                low[here], high[here] = _variant_pieces(variant, values[here], half, self.cut, location)
        return np.where(gone, 0.0, low), np.where(gone, 1.0, high)


_RANGES: dict[str, tuple[float, float]] = {
    "lognormal": (-600.0, 600.0),
    "poisson": (1e-12, 1e9),
    "negative_binomial": (1e-12, 1e9),
    "binomial": (0.0, 1.0),
    "bernoulli": (0.0, 1.0),
    "gamma": (1e-100, 1e100),
    "exponential": (1e-100, 1e100),
    "weibull": (1e-100, 1e100),
}


def drawer_of(column: Column) -> Drawer:
    """Return a column's drawer; it must have a distribution."""
    distribution = column.distribution
    cases = getattr(distribution, "cases", ())
    return Drawer(column, distribution, (*(with_parameters(distribution, case.parameters) for case in cases), distribution))


def _variant_pieces(variant: Any, values: Array, half: float, cut: Cut, location: Array | None) -> tuple[Array, Array]:
    if not isinstance(variant, Mixture):
        return ranks(variant, values - half, values + half, cut, location)
    from synthnb.recipes._quantiles import mass

    weights = np.array([part.weight * mass(part.of, cut) for part in variant.parts])
    ends = np.cumsum(weights / weights.sum())
    starts = ends - weights / weights.sum()
    low, high = np.zeros(len(values)), np.ones(len(values))
    for part, start, end in reversed(list(zip(variant.parts, starts, ends, strict=True))):
        if isinstance(part.of, Constant):
            here = np.abs(values - float(part.of.value)) <= half
            low[here], high[here] = start, end
            continue
        left, right = ranks(part.of, values - half, values + half, cut)
        here = (right > 0) & (left < 1)
        low[here], high[here] = (start + left * (end - start))[here], (start + right * (end - start))[here]
    return low, high


def _fits(match: Any, cells: pd.Series[Any]) -> Array:
    """Which cells a match holds for; a missing one never."""
    if match.levels is not None:
        return np.asarray(cells.isin(list(match.levels)).to_numpy(dtype=bool, na_value=False))
    values = cells.to_numpy(dtype="f8", na_value=np.nan)
    low, high = -np.inf if match.low is None else match.low, np.inf if match.high is None else match.high
    return np.asarray((values >= low) & (values < high))


def _added(effect: Any, cells: pd.Series[Any]) -> Array:
    """What a column adds to the location; nothing where its cell is missing."""
    if effect.level is not None:
        return np.asarray(np.where(cells.isin([effect.level]).to_numpy(dtype=bool, na_value=False), effect.by, 0.0))
    values = cells.to_numpy(dtype="f8", na_value=np.nan)
    return np.asarray(np.where(np.isnan(values), 0.0, effect.by * (values - effect.centre)))


def _seconds(variant: Dates | Times, text: str) -> int:
    if isinstance(variant, Times):
        time = dt.time.fromisoformat(text)
        return (time.hour * 60 + time.minute) * 60 + time.second
    return int((dt.datetime.fromisoformat(text) - _EPOCH).total_seconds())


def is_drawn(distribution: Any) -> bool:
    """Whether cells follow from a point of (0, 1)."""
    return not isinstance(distribution, (Expressed, Sequence, Identifier))
