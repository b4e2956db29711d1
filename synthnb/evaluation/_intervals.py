"""Confidence intervals for shares, differences of shares, attack risk and areas under the ROC curve.

Every interval is at 95 %. Sources:

- Wilson (1927), doi 10.1080/01621459.1927.10502953: one share.
- Newcombe (1998), doi 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I, method 10: two shares' difference.
- DeLong, DeLong and Clarke-Pearson (1988), doi 10.2307/2531595: the area under an ROC curve.
- Zou and Donner (2008), doi 10.1002/sim.3095: a difference of two estimates from their intervals.
- Giomi et al. (2023), doi 10.56553/popets-2023-0055: excess risk of an attack.
- Koopman (1984), doi 10.2307/2531405: the ratio of two shares.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Z95 = 1.959963984540054
"""Standard normal quantile at 0.975."""


_LEAST_RATIO = 1e-9
"""A ratio of failures that is as good as none."""


class Estimate(NamedTuple):
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def interval(self) -> tuple[float, float]:
        """The two ends."""
        return self.low, self.high


def wilson(hits: Any, n: Any) -> tuple[Any, Any]:
    """Wilson's score interval of a share.

    Parameters
    ----------
    hits : float or array
        Successes, from 0 to ``n``.
    n : float or array
        Trials, at least 1.

    Returns
    -------
    tuple
        Lower and upper end, in [0, 1], of the shape of the input.

    Notes
    -----
    With p = hits/n and z = 1.96: centre (p + z²/2n) / (1 + z²/n), half-width
    z √(p(1−p)/n + z²/4n²) / (1 + z²/n). Wilson (1927), doi
    10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> [round(float(end), 3) for end in wilson(8, 10)]
    [0.49, 0.943]
    """
    centre, half = _wilson_parts(hits, n)
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)


def _wilson_parts(hits: Any, n: Any) -> tuple[Any, Any]:
    n = np.asarray(n, dtype=float)
    p, z2 = hits / n, Z95**2
    scale = 1 + z2 / n
    return (p + z2 / (2 * n)) / scale, Z95 * np.sqrt(np.maximum(p * (1 - p), 0) / n + z2 / (4 * n * n)) / scale


def newcombe(p: Any, n: Any, q: Any, m: Any) -> tuple[Any, Any]:
    """Interval of the difference p − q of two independent shares.

    Parameters
    ----------
    p, q : float or array
        The shares.
    n, m : float or array
        Trials each rests on, at least 1.

    Returns
    -------
    tuple
        Lower and upper end, in [−1, 1].

    Notes
    -----
    With Wilson ends (l, u) of each share: p − q − √((p−l_p)² + (u_q−q)²) and
    p − q + √((u_p−p)² + (q−l_q)²). Newcombe (1998), method 10.

    Examples
    --------
    >>> [round(float(end), 4) for end in newcombe(56 / 70, 70, 48 / 80, 80)]
    [0.0524, 0.3339]
    """
    low_p, high_p = wilson(p * n, n)
    low_q, high_q = wilson(q * m, m)
    below = np.sqrt((p - low_p) ** 2 + (high_q - q) ** 2)
    above = np.sqrt((high_p - p) ** 2 + (q - low_q) ** 2)
    return np.maximum(p - q - below, -1.0), np.minimum(p - q + above, 1.0)


def excess_risk(main_hits: float, n_main: float, control_hits: float, n_control: float) -> Estimate:
    """How much better an attack does on rows the generator saw than on rows it never saw.

    Parameters
    ----------
    main_hits, n_main : float
        Successes and trials on rows the generator saw.
    control_hits, n_control : float
        Successes and trials on rows it never saw.

    Returns
    -------
    Estimate
        The risk, at most 1, and its interval; negative where the control did
        better, which is inconclusive and never evidence of safety.

    Notes
    -----
    R = (a − c) / (1 − c), where a and c are the centres of the two Wilson
    intervals, so that c < 1. With half-widths e, the error is
    √((e_a / (1−c))² + (e_c (a−1) / (1−c)²)²). Giomi et al. (2023), doi
    10.56553/popets-2023-0055; they cut R to [0, 1], which is not done here so
    that an interval can show that it covers 0.

    Examples
    --------
    >>> round(excess_risk(90, 100, 50, 100).value, 3)
    0.77
    """
    a, error_a = _wilson_parts(main_hits, n_main)
    c, error_c = _wilson_parts(control_hits, n_control)
    risk = (a - c) / (1 - c)
    error = np.hypot(error_a / (1 - c), error_c * (a - 1) / (1 - c) ** 2)
    return Estimate(float(risk), float(max(risk - error, -1.0)), float(min(risk + error, 1.0)))


def scored_risk(main_hits: float, n_main: float, control_hits: float, n_control: float) -> Estimate:
    """The excess risk of `excess_risk` with a score interval, which holds also where successes are few.

    Parameters
    ----------
    main_hits, n_main, control_hits, n_control : float
        As for `excess_risk`.

    Notes
    -----
    1 − R = (1 − a) / (1 − c) is the ratio of the two shares of failures. Its interval is Koopman's: every ratio r for
    which (s − np)²/np(1−p) + (t − mq)²/mq(1−q) ≤ 1.96², with s of n and t of m failures, p = rq, and q the
    likeliest share under r, the smaller root of (n+m)rq² − (nr + s + m + tr)q + s + t = 0. With the square root of its variance at
    the estimate, as in `excess_risk`, an interval of two successes in a thousand is far too wide. Koopman (1984),
    doi 10.2307/2531405. The interval is cut to [−1, 1] and holds a value in there.

    Examples
    --------
    >>> [round(end, 3) for end in scored_risk(40, 1000, 1, 500)]
    [0.036, 0.026, 0.052]
    """
    from scipy.optimize import brentq

    value = excess_risk(main_hits, n_main, control_hits, n_control).value
    s, t = n_main - main_hits, n_control - control_hits

    def over(ratio: float) -> float:
        return _ratio_score(ratio, s, n_main, t, n_control) - Z95**2

    best = min(max(s * n_control / (t * n_main) if t > 0 else math.inf, _LEAST_RATIO), 1 / _LEAST_RATIO)
    low, high = -1.0, 1.0
    if best < 2 and over(best) < 0 < over(2.0):
        low = 1 - float(brentq(over, best, 2.0))
    if over(best) < 0 < over(_LEAST_RATIO):
        high = 1 - float(brentq(over, _LEAST_RATIO, best))
    held = max(value, -1.0)
    return Estimate(value, min(low, held), max(high, held))


def _ratio_score(ratio: float, s: float, n: float, t: float, m: float) -> float:
    """How far s of n and t of m failures are from the likeliest two shares with this ratio, as a χ² of one degree."""
    linear, square = n * ratio + s + m + t * ratio, (n + m) * ratio
    q = min((linear - math.sqrt(max(linear**2 - 4 * square * (s + t), 0.0))) / (2 * square), 1.0)
    far = 0.0
    for failed, trials, share in ((s, n, min(ratio * q, 1.0)), (t, m, q)):
        gap, variance = failed - trials * share, trials * share * (1 - share)
        if abs(gap) > 1e-9 * trials:
            far += gap**2 / variance if variance > 0 else math.inf
    return min(far, 1e12)


def difference(first: Estimate, second: Estimate) -> Estimate:
    """The first less the second, both independent, from their intervals.

    Notes
    -----
    d − √((p − l_p)² + (u_q − q)²) and d + √((u_p − p)² + (q − l_q)²). Zou and
    Donner (2008), doi 10.1002/sim.3095.

    Examples
    --------
    >>> [round(end, 3) for end in difference(Estimate(3.0, 2.6, 3.3), Estimate(1.0, 0.7, 1.4))]
    [2.0, 1.434, 2.424]
    """
    gap = first.value - second.value
    below = math.hypot(first.value - first.low, second.high - second.value)
    above = math.hypot(first.high - first.value, second.value - second.low)
    return Estimate(gap, gap - below, gap + above)


def midranks(values: Floats) -> Floats:
    """Ranks from 1, ties sharing the mean of their places."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    mean: Floats = (ends - (counts - 1) / 2)[inverse]
    return mean


def auc(positive: Floats, negative: Floats) -> float:
    """Probability that a positive outranks a negative, ties counting half."""
    m, n = len(positive), len(negative)
    ranks = midranks(np.concatenate([positive, negative]))
    return float((ranks[:m].sum() - m * (m + 1) / 2) / (m * n))


def delong_variance(positive: Floats, negative: Floats) -> tuple[float, float]:
    """The area under the ROC curve and its variance.

    Parameters
    ----------
    positive, negative : array, shape (m,) and (n,)
        Scores of the two classes, at least two each; higher speaks for positive.

    Notes
    -----
    With placements V(x) = share of the other class that x beats, ties half:
    var = var(V₊)/m + var(V₋)/n, both with m−1 and n−1. DeLong, DeLong and
    Clarke-Pearson (1988), doi 10.2307/2531595.
    """
    m, n = len(positive), len(negative)
    ranks = midranks(np.concatenate([positive, negative]))
    above = (ranks[:m] - midranks(positive)) / n
    below = 1 - (ranks[m:] - midranks(negative)) / m
    return float(above.mean()), float(above.var(ddof=1) / m + below.var(ddof=1) / n)


def auc_interval(value: float, variance: float, smaller_class: int) -> Estimate:
    """DeLong's interval, cut to [0, 1]; Wilson's on the smaller class where the variance vanishes at 0 or 1."""
    if variance <= 0 and value in (0.0, 1.0):
        low, high = wilson(value * smaller_class, smaller_class)
        return Estimate(value, float(low), float(high))
    half = Z95 * float(np.sqrt(max(variance, 0.0)))
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0))


class Bootstrapped(NamedTuple):
    """A percentile interval, and the draws without a value."""

    low: float
    high: float
    undefined: int

    @property
    def interval(self) -> tuple[float, float]:
        """The two ends."""
        return self.low, self.high


def bootstrap(statistic: Callable[[NDArray[np.intp]], float], n: int, *, draws: int, rng: np.random.Generator) -> Bootstrapped:
    """Percentile interval of a statistic of row numbers, drawn with replacement.

    Draws for which the statistic isn't finite are left out and counted. Efron
    (1979), doi 10.1214/aos/1176344552.
    """
    values = np.array([statistic(rng.integers(0, n, n)) for _ in range(draws)])
    finite = values[np.isfinite(values)]
    low, high = np.quantile(finite, [0.025, 0.975]) if len(finite) else (np.nan, np.nan)
    return Bootstrapped(float(low), float(high), draws - len(finite))
