"""From a mean, a standard deviation, quartiles and limits to the distribution that has them.

================================  ===========================================================================
what is known                     distribution
================================  ===========================================================================
a median and quartiles            the normal, lognormal or Weibull that has all three to the figures stated; else
                                  two half normals that meet at the median
mean, sd, both limits             a normal cut at the limits, its mean and sd solved for what the cut leaves; where
                                  there is none, a beta, whose mean and variance have a closed form, or that is solved
                                  for what is rounded to whole numbers
mean, sd, skewed or near 0        gamma: shape (mean / sd)², scale sd² / mean
mean, sd of counts                negative binomial with dispersion mean² / (sd² - mean), Poisson where sd² ≈ mean
both limits alone                 every value alike; so too an age of which only the least is stated, to 90
another limit alone               half a bell curve beyond it; every value alike from 0
================================  ===========================================================================

A mean and a variance are those of the whole numbers that are kept: rounding adds a twelfth of the squared
step to a variance (Sheppard's correction), which is taken off before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from synthnb.recipes.distributions import Source

__all__ = ["Fitted", "Shape", "Wanted", "fitted"]

Shape = Literal["bell", "skewed", "flat", "count", "waiting"]
"""How values lie: around the mean, with a long right tail, all alike, as counts, or as waiting times."""

_QUARTER = 0.6744897501960817
_FAR = 4.5
_CLOSE = 1e-4
_SPREAD = 0.2
_TINY = 1e-3
_ADULT, _OLD, _OLDER = 18, 90.0, 15.0
"""Years from and to which ages are drawn where that isn't stated; and how far above a least age that is."""
_OLDEST = 105.0
"""Years at which ages end whose quartiles alone are stated."""
_MOST_STEPS = 1_000


@dataclass(frozen=True)
class Wanted:
    """What is known of a column of numbers, and who said it."""

    numbers: Mapping[str, float]
    """``mean``, ``sd``, ``median``, ``q1``, ``q3``, ``low``, ``high``."""
    sources: Mapping[str, Source]
    """Who stated each."""
    shape: Shape | None = None
    """How values lie, if anybody said."""
    step: float = 0.0
    """The grid of the values kept; 0 where every digit counts."""
    places: int = 0
    """Decimal places in which quartiles must agree."""
    signed: bool = False
    """Whether it may be negative, as a change or a temperature may."""
    of_age: bool = False
    """Whether its values are ages in years."""


@dataclass(frozen=True)
class Fitted:
    """A distribution, as a recipe has it, with who stated its numbers."""

    body: dict[str, Any]
    """``family`` and its parameters."""
    sources: dict[str, Source] = field(default_factory=dict)
    """By parameter, such as ``mean`` or ``parts.0.of.low``."""
    notes: tuple[str, ...] = ()
    """What had to be assumed, in sentences that follow the column's name."""
    floor: float | None = None
    """A least value that was taken, as the mean and the spread leave no room below it."""


def fitted(wanted: Wanted) -> Fitted:
    """Return the distribution that has what is wanted."""
    n = wanted.numbers
    if "q1" in n:
        return _by_quartiles(wanted)
    if "median" in n and "mean" not in n:
        return _by_median(wanted)
    if "mean" in n and ("sd" in n or wanted.shape == "count" or wanted.shape == "waiting"):
        return _by_moments(wanted)
    if "mean" in n:
        return _by_mean(wanted)
    return _by_limits(wanted)


def _cuts(wanted: Wanted) -> tuple[float, float]:
    """The limits, as far beyond the last value on the grid as is rounded to it."""
    half = wanted.step / 2
    return wanted.numbers.get("low", -math.inf) - half, wanted.numbers.get("high", math.inf) + half


def _from(wanted: Wanted, *names: str) -> Source:
    """Who stated what depends on several numbers: the least certain of them."""
    told = {wanted.sources.get(name, "default") for name in names if name in wanted.numbers} or {"default"}
    return next(source for source in ("default", "model", "summary", "user") if source in told)


def _sources(wanted: Wanted, **depends: tuple[str, ...]) -> dict[str, Source]:
    return {name: _from(wanted, *names) for name, names in depends.items()}


def _by_moments(wanted: Wanted) -> Fitted:
    n = wanted.numbers
    mean, low, high = n["mean"], n.get("low", -math.inf), n.get("high", math.inf)
    if wanted.shape in {"count", "waiting"} and mean > 0 and low <= 0 and math.isinf(high):
        return (
            _counted(wanted)
            if wanted.shape == "count"
            else Fitted({"family": "exponential", "mean": mean}, _sources(wanted, mean=("mean",)))
        )
    if "sd" not in n:
        return _by_mean(wanted)
    sd = math.sqrt(max(n["sd"] ** 2 - wanted.step**2 / 12, 0.25 * n["sd"] ** 2))
    both = ("mean", "sd")
    positive = mean > 0 and not wanted.signed and (math.isinf(low) or low >= -wanted.step)
    near_zero = positive and mean < _FAR * sd and (math.isinf(low) or low == 0)
    if (wanted.shape == "skewed" or near_zero) and positive and (math.isinf(low) or low == 0) and high - mean > 8 * sd:
        shape = (mean / sd) ** 2
        body = {"family": "gamma", "shape": max(shape, _TINY), "scale": sd**2 / mean}
        return Fitted(body, _sources(wanted, shape=both, scale=both), floor=0.0)
    a, b = _cuts(wanted)
    floor = 0.0 if near_zero and math.isinf(a) else None
    a = -wanted.step / 2 if floor is not None else a
    if mean - a > 8 * sd and b - mean > 8 * sd:
        return Fitted({"family": "normal", "mean": mean, "sd": sd}, _sources(wanted, mean=("mean",), sd=("sd",)))
    solved = _cut_normal(mean, sd, a, b)
    if solved:
        told = _sources(wanted, mean=both, sd=both)
        return Fitted({"family": "normal", "mean": solved[0], "sd": solved[1]}, told, floor=floor)
    return replace(_beta(wanted, sd, a, b), floor=floor)


def _beta(wanted: Wanted, sd: float, a: float, b: float) -> Fitted:
    mean = wanted.numbers["mean"]
    both = ("mean", "sd")
    if math.isinf(b) and mean - a > 0:  # more spread than any cut normal has: a long tail
        shift, shape = a, ((mean - a) / sd) ** 2
        if shift <= 0 <= wanted.numbers.get("low", 0.0):
            shape = (mean / sd) ** 2
            return Fitted({"family": "gamma", "shape": max(shape, _TINY), "scale": sd**2 / mean}, _sources(wanted, shape=both, scale=both))
        b = mean + 12 * sd
    if math.isinf(a):
        a = mean - 12 * sd
    m, v = (mean - a) / (b - a), (sd / (b - a)) ** 2
    k = m * (1 - m) / v - 1
    shapes = (max(m * k, _TINY), max((1 - m) * k, _TINY))
    if wanted.step and (b - a) / wanted.step <= _MOST_STEPS:
        shapes = _rounded_beta(shapes, a, b, wanted) or shapes
    body = {"family": "beta", "alpha": shapes[0], "beta": shapes[1], "low": a, "high": b}
    return Fitted(body, _sources(wanted, alpha=both, beta=both, low=("low",), high=("high",)))


def _rounded_beta(shapes: tuple[float, float], a: float, b: float, wanted: Wanted) -> tuple[float, float] | None:
    """Shapes of a beta that has the mean and sd once it is rounded, which draws the ends of a U in; None if there are none."""
    import numpy as np
    from scipy import optimize, special

    edges = np.arange(a, b + wanted.step / 2, wanted.step)
    values, mean, sd = (edges[:-1] + edges[1:]) / 2, wanted.numbers["mean"], wanted.numbers["sd"]

    def off(x: Any) -> list[float]:
        shares = np.diff(special.betainc(math.exp(x[0]), math.exp(x[1]), (edges - a) / (edges[-1] - a)))
        centre = float(shares @ values)
        return [(centre - mean) / sd, math.sqrt(max(float(shares @ (values - centre) ** 2), 0.0)) / sd - 1]

    found = optimize.least_squares(off, [math.log(shape) for shape in shapes], bounds=(math.log(_TINY), math.log(1e6)))
    return (math.exp(found.x[0]), math.exp(found.x[1])) if max(map(abs, found.fun)) <= _CLOSE else None


def _cut_normal(mean: float, sd: float, a: float, b: float) -> tuple[float, float] | None:
    """Mean and sd of the whole normal of which what lies between two limits has the ones given; None if there is none."""
    from scipy import optimize, stats

    def off(x: Any) -> list[float]:
        scale = sd * math.exp(x[1])
        centre = mean + sd * x[0]
        m, v = stats.truncnorm.stats((a - centre) / scale, (b - centre) / scale, loc=centre, scale=scale, moments="mv")
        return [(float(m) - mean) / sd, math.sqrt(max(float(v), 0.0)) / sd - 1]

    found = optimize.least_squares(off, [0.0, 0.0], bounds=([-12.0, -2.0], [12.0, 2.0]))
    if max(map(abs, found.fun)) > _CLOSE:
        return None
    return mean + sd * float(found.x[0]), sd * math.exp(float(found.x[1]))


def _counted(wanted: Wanted) -> Fitted:
    mean, sd = wanted.numbers["mean"], wanted.numbers.get("sd")
    if sd is None or sd**2 <= 1.02 * mean:
        notes = (
            () if sd is None or sd**2 > 0.9 * mean else (f"counts with mean {mean:g} vary more than sd {sd:g}; a Poisson count was taken",)
        )
        return Fitted({"family": "poisson", "mean": mean}, _sources(wanted, mean=("mean",)), notes)
    body = {"family": "negative_binomial", "mean": mean, "dispersion": max(mean**2 / (sd**2 - mean), _TINY)}
    return Fitted(body, _sources(wanted, mean=("mean",), dispersion=("mean", "sd")))


def _by_mean(wanted: Wanted) -> Fitted:
    """A mean alone: a spread has to be assumed."""
    n = wanted.numbers
    mean, low, high = n["mean"], n.get("low", -math.inf), n.get("high", math.inf)
    sd = (high - low) / 6 if math.isfinite(high - low) else _SPREAD * abs(mean) or 1.0
    note = f"no spread was stated; a standard deviation of {sd:.3g} was taken"
    more = Wanted({**n, "sd": sd}, {**wanted.sources, "sd": "default"}, wanted.shape, wanted.step, wanted.places, wanted.signed)
    made = _by_moments(more)
    return Fitted(made.body, made.sources, (*made.notes, note))


def _by_limits(wanted: Wanted) -> Fitted:
    n = wanted.numbers
    if not {"low", "high"} & set(n) and wanted.of_age:
        body = {"family": "integers", "low": _ADULT, "high": int(_OLD)}
        note = f"nothing was stated of it but its name; every age from {_ADULT} to {_OLD:g} is drawn alike"
        return Fitted(body, {"low": "default", "high": "default"}, (note,))
    if not {"low", "high"} & set(n):
        body = {"family": "normal", "mean": 0.0, "sd": 1.0}
        return Fitted(body, {"mean": "default", "sd": "default"}, ("nothing was stated of its numbers; a standard normal was taken",))
    if "high" not in n and not wanted.of_age and not 0 <= n["low"] <= wanted.step:
        return _falling(wanted, "low", "upper", "above")
    if "low" not in n and n["high"] <= 0:
        return _falling(wanted, "high", "lower", "below")
    low = n.get("low", min(0.0, n.get("high", 0.0) - 1))
    high = n.get("high", max(_OLD, low + _OLDER) if wanted.of_age else low + 100.0)
    notes: tuple[str, ...] = ()
    if "high" not in n or "low" not in n:
        which, value = ("upper", high) if "high" not in n else ("lower", low)
        notes = (f"no {which} limit was stated; {value:g} was taken",)
    told = {"low": _from(wanted, "low"), "high": _from(wanted, "high")}
    whole = wanted.step == 1 and low.is_integer() and high.is_integer()
    body = {"family": "integers", "low": int(low), "high": int(high)} if whole else {"family": "uniform", "low": low, "high": high}
    return Fitted(body, told, (*notes, "its shape wasn't stated; every value is drawn alike"))


def _falling(wanted: Wanted, end: str, other: str, side: str) -> Fitted:
    """One limit alone: values grow rarer beyond it, as in half a bell curve, whose other half the limit cuts."""
    limit = wanted.numbers[end]
    sd = max(limit / 3 if end == "low" and limit > 0 else abs(limit), wanted.step or _TINY)
    note = f"no {other} limit and no shape were stated; values grow rarer {side} {limit:g}, with a spread of {sd:.3g} that was taken"
    return Fitted({"family": "normal", "mean": limit, "sd": sd}, {"mean": "default", "sd": "default"}, (note,))


def _by_median(wanted: Wanted) -> Fitted:
    """A median without quartiles: its spread comes from limits, or has to be assumed."""
    n = wanted.numbers
    median, low, high = n["median"], n.get("low", -math.inf), n.get("high", math.inf)
    if math.isfinite(low) and math.isfinite(high) and low < median < high:
        told = _sources(wanted, low=("low",), high=("high",), median=("median",))
        parts = [
            _flat(low - wanted.step / 2, median, told["low"], told["median"]),
            _flat(median, high + wanted.step / 2, told["median"], told["high"]),
        ]
        return _mixed(parts, ("only its median and limits were stated; values are drawn alike on either side",))
    sd = n.get("sd", _SPREAD * abs(median) or 1.0)
    notes = () if "sd" in n else (f"no spread was stated; a standard deviation of {sd:.3g} was taken",)
    told = {"mean": _from(wanted, "median"), "sd": _from(wanted, "sd")}
    if median > 0 and not wanted.signed and median < _FAR * sd:
        body = {"family": "lognormal", "log_mean": math.log(median), "log_sd": math.sqrt(math.log1p((sd / median) ** 2))}
        return Fitted(body, {"log_mean": told["mean"], "log_sd": told["sd"]}, notes)
    return Fitted({"family": "normal", "mean": median, "sd": sd}, told, notes)


class _Part(NamedTuple):
    """A part of a mixture."""

    weight: float
    """Its share, in proportion to the other parts'."""
    of: dict[str, Any]
    """What is drawn."""
    sources: dict[str, Source]
    """Who stated its parameters."""


def _mixed(parts: Sequence[_Part], notes: tuple[str, ...]) -> Fitted:
    """A mixture; its weights follow from what a median and quartiles are, and nobody stated them."""
    told: dict[str, Source] = {}
    for i, part in enumerate(parts):
        told[f"parts.{i}.weight"] = "default"
        told |= {f"parts.{i}.of.{name}": source for name, source in part.sources.items()}
    return Fitted({"family": "mixture", "parts": [{"weight": part.weight, "of": part.of} for part in parts]}, told, notes)


def _flat(low: float, high: float, low_source: Source, high_source: Source) -> _Part:
    return _Part(1.0, {"family": "uniform", "low": low, "high": high}, {"low": low_source, "high": high_source})


def _spike(weight: float, value: float, source: Source) -> _Part:
    return _Part(weight, {"family": "constant", "value": value}, {"value": source})


def _by_quartiles(wanted: Wanted) -> Fitted:
    n = wanted.numbers
    q1, median, q3 = n["q1"], n["median"], n["q3"]
    half = 0.5 * 10.0**-wanted.places
    a, b = _cuts(wanted)
    free = (math.isinf(a) or a <= q1 - 3 * (median - q1)) and (math.isinf(b) or b >= q3 + 5 * (q3 - median))
    names = ("median", "q1", "q3")
    sd = (q3 - q1) / (2 * _QUARTER)
    low_enough = wanted.signed or median > 3.2 * sd
    if sd > 0 and free and low_enough and abs((q1 + q3) / 2 - median) <= half / 2:
        return Fitted({"family": "normal", "mean": median, "sd": sd}, _sources(wanted, mean=names, sd=names))
    if sd > 0 and q1 > 0 and not wanted.signed and (math.isinf(a) or a <= 0) and math.isinf(b):
        log_sd = math.log(q3 / q1) / (2 * _QUARTER)
        if abs(median * math.exp(-_QUARTER * log_sd) - q1) <= half / 2 and abs(median * math.exp(_QUARTER * log_sd) - q3) <= half / 2:
            return Fitted(
                {"family": "lognormal", "log_mean": math.log(median), "log_sd": log_sd}, _sources(wanted, log_mean=names, log_sd=names)
            )
        shape = math.log(math.log(4) / math.log(4 / 3)) / math.log(q3 / q1)
        scale = q1 / math.log(4 / 3) ** (1 / shape)
        if abs(scale * math.log(2) ** (1 / shape) - median) <= half / 2:
            return Fitted({"family": "weibull", "shape": shape, "scale": scale}, _sources(wanted, shape=names, scale=names))
    return _halves(wanted, a, b)


def _halves(wanted: Wanted, a: float, b: float) -> Fitted:
    """Half of the values below the median, half above, each half of a normal whose own median is the quartile."""
    n = wanted.numbers
    q1, median, q3 = n["q1"], n["median"], n["q3"]
    if not wanted.signed and q1 >= 0:
        a = max(a, -wanted.step / 2 if wanted.step else 0.0)
    wide = max(q3 - median, median - q1, 1.0)
    low = a if math.isfinite(a) else median - 12 * max(median - q1, 0.01 * wide)
    high = b if math.isfinite(b) else _furthest(wanted, 12 * max(q3 - median, 0.01 * wide))
    below = _half(wanted, "q1", "low", low)
    ends = (("low", "lower", low + wanted.step / 2), ("high", "upper", high - wanted.step / 2))
    notes = tuple(f"no {which} limit was stated; {value:,.6g} was taken" for name, which, value in ends if name not in n)
    return _mixed([*reversed(below), *_half(wanted, "q3", "high", high)], notes)


def _furthest(wanted: Wanted, away: float) -> float:
    """Where values end that far above the median, as nobody said; ages end as ages do."""
    high = wanted.numbers["median"] + away
    high = min(high, max(_OLDEST, wanted.numbers["q3"] + _OLDER)) if wanted.of_age else high
    return math.ceil(high) + wanted.step / 2 if wanted.step else high


def _half(wanted: Wanted, name: str, limit: str, end: float) -> list[_Part]:
    """One side of the median, outwards, with half of it on either side of the quartile."""
    median, quartile = wanted.numbers["median"], wanted.numbers[name]
    centre, inner, outer = _from(wanted, "median"), _from(wanted, name), _from(wanted, limit)

    def flat(one: float, other: float, one_source: Source, other_source: Source) -> _Part:
        return _flat(one, other, one_source, other_source) if one < other else _flat(other, one, other_source, one_source)

    away, far = abs(quartile - median), abs(end - median)
    if far <= 0:
        return [_spike(2.0, median, centre)]
    if away <= 0:
        return [_spike(1.0, median, centre), flat(median, end, centre, outer)]
    if away >= far:
        return [flat(median, quartile, centre, inner), _spike(1.0, quartile, inner)]
    if away >= 0.49 * far:  # further out than any half normal has it: two stretches, each drawn alike
        return [flat(median, quartile, centre, inner), flat(quartile, end, inner, outer)]
    low, high = min(median, end), max(median, end)
    told = {"mean": centre, "sd": _from(wanted, "median", name), limit: outer, "high" if limit == "low" else "low": centre}
    return [_Part(2.0, {"family": "truncated_normal", "mean": median, "sd": _half_sd(away, far), "low": low, "high": high}, told)]


def _half_sd(away: float, far: float) -> float:
    """The sd of a half normal, cut at ``far``, of which half lies within ``away`` of its peak."""
    from scipy.optimize import brentq
    from scipy.special import ndtr

    def off(sd: float) -> float:
        return float((ndtr(away / sd) - 0.5) - 0.5 * (ndtr(far / sd) - 0.5))

    start = away / _QUARTER
    if off(start) >= 0 or far / start > 8:
        top = start
        while off(top) > 0 and top < 1e6 * start:
            top *= 2
        return float(brentq(off, start * 0.5, top)) if off(start * 0.5) * off(top) < 0 else start
    return start
