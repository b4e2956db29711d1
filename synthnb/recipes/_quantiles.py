"""Inverse distribution functions, whole or cut to an interval, with one set of parameters or one location per row.

A cut is made by construction: for F the distribution function and u uniform on (0, 1),

    x = F⁻¹( F(low) + u (F(high) − F(low)) )

computed from the nearer tail, so that an interval far out keeps its shape.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from synthnb.recipes.distributions import (
    Bernoulli,
    Beta,
    Binomial,
    Constant,
    Exponential,
    Gamma,
    Integers,
    LogNormal,
    Mixture,
    NegativeBinomial,
    Normal,
    Poisson,
    TruncatedNormal,
    Uniform,
    Weibull,
)

__all__ = ["DISCRETE", "Cut", "mass", "quantiles", "ranks"]

Array = np.ndarray[Any, Any]

DISCRETE = (Integers, Poisson, NegativeBinomial, Binomial, Bernoulli)
"""Families of whole numbers."""

_TABLE = 1 << 16
_DEEPEST = 8.3
_MOST_COUNTS = 1 << 20
_LEAST = 1e-290
_STEPS = 64


class Cut(NamedTuple):
    """The limits of a column; infinite where there is none."""

    low: float = -np.inf
    high: float = np.inf


UNCUT = Cut()
"""No limits."""


class _Curve(NamedTuple):
    """A continuous distribution from both ends."""

    below: Callable[[Any], Array]
    """Share below a value."""
    above: Callable[[Any], Array]
    """Share above a value."""
    at: Callable[[Array], Array]
    """Value below which a share lies."""
    at_above: Callable[[Array], Array]
    """Value above which a share lies."""


def quantiles(found: Any, u: Array, cut: Cut = UNCUT, location: Array | None = None) -> Array:
    """Return the values of a numeric distribution at points of (0, 1).

    Parameters
    ----------
    found : Normal, Poisson, Mixture, … or Constant
        The distribution.
    u : ndarray of float64
        Points within (0, 1), ends left out.
    cut : Cut
        Values are drawn from within these limits.
    location : ndarray of float64, optional
        The parameter that effects act on, one per point.
    """
    if isinstance(found, Constant):
        return np.full(len(u), float(found.value))
    if isinstance(found, Mixture):
        return _mixed(found, u, cut)
    if isinstance(found, DISCRETE):
        return _counts(found, u, cut, location)
    cut = _narrowed(found, cut)
    if location is None and isinstance(found, (Gamma, Beta)):
        return _tabled(found, u, cut)
    return _cut_curve(_curve(found, location), u, cut)


def mass(found: Any, cut: Cut) -> float:
    """Return the share of a distribution that lies within limits, from 0 to 1."""
    if isinstance(found, Constant):
        return float(cut.low <= float(found.value) <= cut.high)
    if isinstance(found, Mixture):
        weights = np.array([part.weight for part in found.parts])
        return float(weights / weights.sum() @ [mass(part.of, cut) for part in found.parts])
    if isinstance(found, DISCRETE):
        below = _below(found, None)
        return max(0.0, float(below(np.floor(cut.high)) - below(np.ceil(cut.low) - 1)))
    cut = _narrowed(found, cut)
    if cut.low > cut.high:
        return 0.0
    within = _within(_curve(found, None), cut)
    if isinstance(found, TruncatedNormal):
        return min(1.0, within / max(_within(_curve(found, None), Cut(found.low, found.high)), _LEAST))
    return within


def _within(curve: _Curve, cut: Cut) -> float:
    """The share of a curve between limits, from the nearer tail."""
    if float(curve.below(cut.low)) > 0.5:
        return max(0.0, float(curve.above(cut.low) - curve.above(cut.high)))
    return max(0.0, float(curve.below(cut.high) - curve.below(cut.low)))


def ranks(found: Any, low: Array, high: Array, cut: Cut, location: Array | None = None) -> tuple[Array, Array]:
    """Return the points of (0, 1) between which a distribution, cut, gives values from ``low`` to ``high``; not for mixtures.

    For whole numbers both ends are included.
    """
    if isinstance(found, DISCRETE):
        below = _below(found, location)
        start, stop = below(np.ceil(cut.low) - 1), below(np.floor(cut.high))
        left, right = below(np.ceil(low) - 1), below(np.floor(high))
    else:
        cut = _narrowed(found, cut)
        curve = _curve(found, location)
        start, stop = curve.below(cut.low), curve.below(cut.high)
        left, right = curve.below(np.clip(low, cut.low, cut.high)), curve.below(np.clip(high, cut.low, cut.high))
    whole = np.maximum(stop - start, _LEAST)
    return np.clip((left - start) / whole, 0.0, 1.0), np.clip((right - start) / whole, 0.0, 1.0)


def _narrowed(found: Any, cut: Cut) -> Cut:
    """Limits together with those of the family itself."""
    if isinstance(found, (Uniform, Beta, TruncatedNormal)):
        return Cut(max(cut.low, found.low), min(cut.high, found.high))
    if isinstance(found, Normal):
        return cut
    return Cut(max(cut.low, 0.0), cut.high)


def _cut_curve(curve: _Curve, u: Array, cut: Cut) -> Array:
    if np.isneginf(cut.low) and np.isposinf(cut.high):
        return curve.at(u)
    a, b, above, beyond = curve.below(cut.low), curve.below(cut.high), curve.above(cut.low), curve.above(cut.high)
    far = a > 0.5
    if not np.any(far):
        x, whole = curve.at(np.minimum(a + u * (b - a), 1.0)), b - a
    elif np.all(far):
        x, whole = curve.at_above(np.maximum(above - u * (above - beyond), 0.0)), above - beyond
    else:
        x = np.where(far, curve.at_above(np.maximum(above - u * (above - beyond), 0.0)), curve.at(np.minimum(a + u * (b - a), 1.0)))
        whole = np.where(far, above - beyond, b - a)
    nearest = np.where(far, cut.low, cut.high)
    return np.clip(np.where(whole > 0, x, nearest), cut.low, cut.high)


def _curve(found: Any, location: Array | None) -> _Curve:
    """The curve of a continuous family; limits are left to the caller."""
    if isinstance(found, (Normal, TruncatedNormal)):
        return _normal(found.mean if location is None else location, found.sd)
    if isinstance(found, LogNormal):
        return _lognormal(found.log_mean if location is None else location, found.log_sd)
    if isinstance(found, Uniform):
        return _uniform(found.low, found.high)
    if isinstance(found, Gamma):
        return _gamma(found.shape, found.scale if location is None else location)
    if isinstance(found, Beta):
        return _beta(found)
    if isinstance(found, Exponential):
        return _weibull(1.0, found.mean if location is None else location)
    assert isinstance(found, Weibull)
    return _weibull(found.shape, found.scale if location is None else location)


def _normal(mean: Any, sd: float) -> _Curve:
    return _Curve(
        lambda x: special.ndtr((x - mean) / sd),
        lambda x: special.ndtr((mean - x) / sd),
        lambda p: mean + sd * special.ndtri(p),
        lambda p: mean - sd * special.ndtri(p),
    )


def _lognormal(mean: Any, sd: float) -> _Curve:
    def standard(x: Any) -> Array:
        with np.errstate(divide="ignore"):
            return np.asarray((np.log(np.maximum(x, 0.0)) - mean) / sd)

    def value(z: Array) -> Array:
        return np.asarray(np.exp(np.clip(mean + sd * z, -700.0, 700.0)))

    return _Curve(
        lambda x: special.ndtr(standard(x)),
        lambda x: special.ndtr(-standard(x)),
        lambda p: value(special.ndtri(p)),
        lambda p: value(-special.ndtri(p)),
    )


def _uniform(low: float, high: float) -> _Curve:
    span = high - low
    return _Curve(
        lambda x: np.clip((x - low) / span, 0.0, 1.0),
        lambda x: np.clip((high - x) / span, 0.0, 1.0),
        lambda p: low + p * span,
        lambda p: high - p * span,
    )


def _gamma(shape: float, scale: Any) -> _Curve:
    return _Curve(
        lambda x: special.gammainc(shape, np.maximum(x, 0.0) / scale),
        lambda x: special.gammaincc(shape, np.maximum(x, 0.0) / scale),
        lambda p: scale * special.gammaincinv(shape, p),
        lambda p: scale * special.gammainccinv(shape, p),
    )


def _beta(found: Beta) -> _Curve:
    span = found.high - found.low

    def part(x: Any) -> Array:
        return np.clip((np.asarray(x) - found.low) / span, 0.0, 1.0)

    return _Curve(
        lambda x: special.betainc(found.alpha, found.beta, part(x)),
        lambda x: special.betaincc(found.alpha, found.beta, part(x)),
        lambda p: found.low + span * special.betaincinv(found.alpha, found.beta, p),
        lambda p: found.low + span * special.betainccinv(found.alpha, found.beta, p),
    )


def _weibull(shape: float, scale: Any) -> _Curve:
    def hazard(x: Any) -> Array:
        with np.errstate(over="ignore"):
            return np.asarray((np.maximum(x, 0.0) / scale) ** shape)

    def value(hazards: Array) -> Array:
        return np.asarray(np.minimum(scale * hazards ** (1 / shape), 1e300))

    def at_above(p: Array) -> Array:
        with np.errstate(divide="ignore"):
            return value(-np.log(p))

    return _Curve(lambda x: -np.expm1(-hazard(x)), lambda x: np.exp(-hazard(x)), lambda p: value(-np.log1p(-p)), at_above)


@lru_cache(maxsize=256)
def _table(found: Gamma | Beta, cut: Cut) -> tuple[Array, Array]:
    """Values at 65,536 even steps of the normal scale; between them a line differs by less than a millionth of the spread."""
    z = np.linspace(-_DEEPEST, _DEEPEST, _TABLE)
    return z, _cut_curve(_curve(found, None), special.ndtr(z), cut)


def _tabled(found: Gamma | Beta, u: Array, cut: Cut) -> Array:
    plain = type(found).model_construct(**{name: getattr(found, name) for name in _PARAMETERS[type(found)]})
    return np.asarray(np.interp(special.ndtri(u), *_table(plain, cut)))


_PARAMETERS: dict[type, tuple[str, ...]] = {Gamma: ("shape", "scale"), Beta: ("alpha", "beta", "low", "high")}


def _below(found: Any, location: Array | None) -> Callable[[Any], Array]:
    """The distribution function of a family of whole numbers."""
    if isinstance(found, Integers):
        span = float(found.high - found.low + 1)
        return lambda k: np.clip((k - found.low + 1) / span, 0.0, 1.0)
    if isinstance(found, Poisson):
        mean = found.mean if location is None else location
        return lambda k: np.where(k < 0, 0.0, special.pdtr(np.maximum(k, 0.0), mean))
    if isinstance(found, NegativeBinomial):
        mean = found.mean if location is None else location
        p = found.dispersion / (found.dispersion + mean)
        return lambda k: np.where(k < 0, 0.0, special.betainc(found.dispersion, np.clip(k, 0.0, 1e18) + 1.0, p))
    share = found.probability if location is None else location
    if isinstance(found, Bernoulli):
        return lambda k: np.where(np.asarray(k) < 0, 0.0, np.where(np.asarray(k) >= 1, 1.0, 1.0 - share))
    trials = found.trials
    return lambda k: np.where(
        k < 0, 0.0, np.where(k >= trials, 1.0, special.betaincc(np.clip(k, 0, trials - 1) + 1.0, trials - np.clip(k, 0, trials - 1), share))
    )


def _counts(found: Any, u: Array, cut: Cut, location: Array | None) -> Array:
    """Whole numbers: the least k whose distribution function reaches the point."""
    low, high = np.ceil(cut.low), np.floor(cut.high)
    if isinstance(found, Integers):
        low, high = max(found.low, low), min(found.high, high)
        return np.asarray(np.minimum(low + np.floor(u * (high - low + 1)), high))
    below = _below(found, location)
    a, b = below(low - 1), below(high)
    q = a + u * (b - a)
    support = _support(found) if location is None else None
    if support is not None:
        k = support[0] + np.searchsorted(below(np.arange(support[0], support[1])), q, side="left")
    else:
        k = _search(found, location, q, _guess(found, q, location))
    return np.asarray(np.clip(k.astype("f8"), max(low, 0.0), min(high, _most(found))))


def _most(found: Any) -> float:
    return float(found.trials) if isinstance(found, Binomial) else 1.0 if isinstance(found, Bernoulli) else np.inf


def _support(found: Any) -> tuple[float, float] | None:
    """Where all but 1e-15 of the counts lie; None if that is too wide for a table."""
    if isinstance(found, (Binomial, Bernoulli)):
        trials = found.trials if isinstance(found, Binomial) else 1
        mean, sd = trials * found.probability, np.sqrt(trials * found.probability * (1 - found.probability))
    else:
        mean = found.mean
        sd = np.sqrt(mean + (mean**2 / found.dispersion if isinstance(found, NegativeBinomial) else 0.0))
    reach = 40.0 if isinstance(found, NegativeBinomial) else 12.0
    low, high = max(0.0, np.floor(mean - reach * sd - 20)), np.ceil(mean + reach * sd + 60)
    if isinstance(found, NegativeBinomial) and found.dispersion < 1:
        high = high + np.ceil(40 * mean / found.dispersion)
    high = min(high, _most(found))
    return (low, high) if high - low <= _MOST_COUNTS else None


def _guess(found: Any, q: Array, location: Array | None) -> Array:
    """Near the answer: for a skewed count exactly, for others from the normal curve and the third moment (Cornish & Fisher 1938)."""
    if isinstance(found, NegativeBinomial):
        mean = found.mean if location is None else location
        k = special.nbdtrik(q, found.dispersion, found.dispersion / (found.dispersion + mean))
        return np.asarray(np.ceil(np.nan_to_num(k, nan=0.0, posinf=0.0)))
    if isinstance(found, Poisson):
        mean = variance = found.mean if location is None else location
        skew: Any = 1.0
    else:
        trials = found.trials if isinstance(found, Binomial) else 1
        share = found.probability if location is None else location
        mean, variance, skew = trials * share, trials * share * (1 - share), 1 - 2 * share
    z = special.ndtri(np.clip(q, 1e-300, 1 - 2.0**-53))
    return np.asarray(np.maximum(np.rint(mean + np.sqrt(variance) * z + skew * (z**2 - 1) / 6), 0.0))


def _search(found: Any, location: Array | None, q: Array, k: Array) -> Array:
    """Correct guesses that are off by a little; only those still wrong are looked at again."""
    for step in (1.0, -1.0):
        wrong = np.arange(len(k))
        for _ in range(_STEPS):
            below = _below(found, None if location is None else location[wrong])
            here = k[wrong]
            short = below(here) < q[wrong] if step > 0 else (here > 0) & (below(here - 1) >= q[wrong])
            wrong = wrong[short]
            if not len(wrong):
                break
            k[wrong] += step
    return k


def _mixed(found: Mixture, u: Array, cut: Cut) -> Array:
    """Parts in turn, each on as much of (0, 1) as its weight and what the cut leaves of it."""
    weights = np.array([part.weight * mass(part.of, cut) for part in found.parts])
    ends = np.cumsum(weights / weights.sum())
    ends[-1] = 1.0
    part = np.minimum(np.searchsorted(ends, u, side="right"), len(ends) - 1)
    starts = np.concatenate([[0.0], ends[:-1]])
    out = np.empty(len(u))
    for number, item in enumerate(found.parts):
        here = part == number
        if here.any():
            wide = ends[number] - starts[number]
            inside = np.clip((u[here] - starts[number]) / wide, 1e-17, 1 - 2.0**-53)
            out[here] = quantiles(item.of, inside, cut)
    return out
