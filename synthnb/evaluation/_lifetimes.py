"""Times to an event, some censored: survival curves, Cox's model, and how well risks rank the times.

Sources:

- Kaplan and Meier (1958), doi 10.1080/01621459.1958.10501452; variance by Greenwood.
- Cox (1972), doi 10.1111/j.2517-6161.1972.tb00899.x; ties by Efron (1977), doi 10.1080/01621459.1977.10480613.
- Harrell, Lee and Mark (1996), doi 10.1002/(SICI)1097-0258(19960229)15:4<361::AID-SIM168>3.0.CO;2-4: the index of concordance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._intervals import Z95

__all__ = ["Concordance", "Cox", "Curve", "concordance", "cox", "curve", "curve_gap", "share_interval"]

Array = NDArray[Any]

_ROUNDS = 30
_CLOSE = 1e-9
_BLOCK = 512


@dataclass(frozen=True, eq=False)
class Curve:
    """A Kaplan–Meier curve."""

    times: Array
    """Where it falls."""
    survival: Array
    """The share that survives each of them."""
    hazard: Array
    """Events over people at risk, at each."""
    at_risk: Array
    """People at risk just before each."""

    def at(self, moments: Array) -> Array:
        """The share that survives each moment."""
        found: Array = np.append(1.0, self.survival)[np.searchsorted(self.times, moments, side="right")]
        return found

    def median(self) -> float | None:
        """The first time that at most half survive; None if more always do."""
        below = np.flatnonzero(self.survival <= 0.5 + 1e-12)
        return float(self.times[below[0]]) if len(below) else None

    def mean_until(self, horizon: float) -> tuple[float, float]:
        """Mean time survived of the time until a horizon, and its variance.

        The area under the curve; its variance is Σ A² h / (n (1 − h)) over the times it
        falls, A the area from there on. Irwin (1949); Klein and Moeschberger (2003), section 4.5.
        """
        kept = self.times <= horizon
        edges = np.concatenate([[0.0], self.times[kept], [horizon]])
        areas = np.diff(edges) * np.append(1.0, self.survival[kept])
        after = np.cumsum(areas[::-1])[::-1][1:]
        hazard, at_risk = self.hazard[kept], self.at_risk[kept]
        alive = hazard < 1
        return float(areas.sum()), float((after[alive] ** 2 * hazard[alive] / (at_risk[alive] * (1 - hazard[alive]))).sum())


def curve(times: Array, events: Array) -> Curve:
    """The Kaplan–Meier curve of times of which some are events and the others censored.

    Parameters
    ----------
    times : array of float, shape (n,)
        Not negative.
    events : array of bool, shape (n,)
        Whether the event happened then.

    Examples
    --------
    >>> import numpy as np
    >>> curve(np.array([1.0, 2, 2, 3]), np.array([True, True, False, True])).survival.tolist()
    [0.75, 0.5, 0.0]
    """
    found, deaths = np.unique(times[events], return_counts=True)
    at_risk = len(times) - np.searchsorted(np.sort(times), found, side="left")
    hazard = deaths / np.maximum(at_risk, 1)
    return Curve(found, np.cumprod(1 - hazard), hazard, at_risk)


def curve_gap(one: Curve, other: Curve, horizon: float) -> tuple[float, float]:
    """The largest distance of two curves until a horizon, and the mean one over that time."""
    moments = np.unique(np.concatenate([[0.0], one.times, other.times]))
    moments = moments[moments <= horizon]
    apart = np.abs(one.at(moments) - other.at(moments))
    return float(apart.max()), float((apart * np.diff(np.append(moments, horizon))).sum() / horizon)


class Cox(NamedTuple):
    """A fitted proportional-hazards model."""

    log_ratios: Array
    """Log hazard ratio of each column."""
    errors: Array
    """Their standard errors."""
    converged: bool
    """Whether the search ended where it should."""


def cox(times: Array, events: Array, data: Array, *, ridge: float = 0.0) -> Cox:
    """Fit Cox's model by Newton's method, ties by Efron's formula.

    Parameters
    ----------
    times, events : array, shape (n,)
        Times, and whether the event happened then.
    data : array of float, shape (n, p)
        Columns of about unit scale.
    ridge : float
        Half of it times the squared coefficients is taken off the log partial likelihood.

    Notes
    -----
    Memory is of the order of ``data``: the second derivatives are one weighted product of it, since a
    row adds its outer product to every risk set it is in.
    """
    from threadpoolctl import threadpool_limits

    order = np.argsort(times, kind="stable")
    made = _Partial(times[order], events[order].astype(bool), np.ascontiguousarray(data[order], dtype=float), ridge)
    beta, converged = np.zeros(data.shape[1]), False
    with threadpool_limits(1), np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # a step too far is halved
        value, slope, bend = made.at(beta)
        for _ in range(_ROUNDS):
            if not np.isfinite(bend).all():
                return Cox(beta, np.full(len(beta), np.nan), converged=False)
            step = np.linalg.lstsq(bend, slope, rcond=None)[0]
            if not np.isfinite(step).all():
                break
            beta, (new, slope, bend) = _uphill(made, beta, step, value)
            converged = abs(new - value) <= _CLOSE * (abs(value) + 1)
            value = new
            if converged:
                break
        variance = np.diag(np.linalg.pinv(bend)) if np.isfinite(bend).all() else np.full(len(beta), np.nan)
    errors = np.sqrt(np.maximum(variance, 0))
    return Cox(beta, errors, converged and bool(np.abs(beta).max(initial=0) < 15))


def _uphill(made: _Partial, beta: Array, step: Array, value: float) -> tuple[Array, tuple[float, Array, Array]]:
    """The first of ever shorter steps that doesn't lead down."""
    for halving in range(12):
        tried = beta + step / 2**halving
        found = made.at(tried)
        if np.isfinite(found[0]) and found[0] >= value - 1e-12 * abs(value):
            return tried, found
    return beta, made.at(beta)


class _Partial:
    """The log partial likelihood of rows in order of time."""

    def __init__(self, times: Array, events: Array, data: Array, ridge: float) -> None:
        self.data, self.ridge = data, ridge
        self.places = np.flatnonzero(events)
        when, self.tied, counts = np.unique(times[self.places], return_inverse=True, return_counts=True)
        self.first = np.searchsorted(times, when, side="left")
        """Of each time with events, the first row still at risk."""
        before = np.cumsum(counts) - counts
        self.part = (np.arange(len(self.places)) - before[self.tied]) / counts[self.tied]
        """Efron's share of the tied rows that has left the risk set."""
        self.until = np.searchsorted(when, times, side="right")
        """Of each row, how many of these times it is at risk at."""
        self.starts = before

    def at(self, beta: Array) -> tuple[float, Array, Array]:
        """Its value, its slope, and minus its second derivatives."""
        if not len(self.places):
            return -0.5 * self.ridge * float((beta**2).sum()), -self.ridge * beta, self.ridge * np.eye(len(beta))
        score = self.data @ beta
        score -= score.max()
        risk = np.exp(score)
        weighted = self.data * risk[:, None]
        whole, sums = _suffix(risk)[self.first], _suffix(weighted)[self.first]
        gone, gone_sums = (np.add.reduceat(each[self.places], self.starts, axis=0) for each in (risk, weighted))
        left = whole[self.tied] - self.part * gone[self.tied]
        means = (sums[self.tied] - self.part[:, None] * gone_sums[self.tied]) / left[:, None]
        value = float(score[self.places].sum() - np.log(left).sum()) - 0.5 * self.ridge * float((beta**2).sum())
        slope = self.data[self.places].sum(axis=0) - means.sum(axis=0) - self.ridge * beta
        inverse = np.append(0.0, np.cumsum(np.add.reduceat(1 / left, self.starts)))
        weights = inverse[self.until] * risk
        weights[self.places] -= risk[self.places] * np.add.reduceat(self.part / left, self.starts)[self.tied]
        bend = self.data.T @ (self.data * weights[:, None]) - means.T @ means + self.ridge * np.eye(len(beta))
        return value, slope, bend


def _suffix(values: Array) -> Array:
    """Sums of each row and all that follow."""
    found: Array = np.cumsum(values[::-1], axis=0)[::-1]
    return found


class Concordance(NamedTuple):
    """How often the one who has the event first had the higher risk."""

    value: float
    """Share of comparable pairs, ties of risk counting half; NaN if there are none."""
    influence: Array
    """What each row adds to its error, to first order: the standard error is √Σψ² / n."""


def concordance(times: Array, events: Array, risk: Array) -> Concordance:
    """Harrell's index of concordance.

    Parameters
    ----------
    times, events, risk : array, shape (n,)
        Times, whether the event happened then, and scores that are higher for shorter times.

    Notes
    -----
    Two rows are comparable if one has the event and the other is known to live longer:
    a later time, or the same time censored. The error is that of a ratio of two
    U-statistics (Hoeffding 1948, doi 10.1214/aoms/1177730196). Memory is of the order of n.
    """
    n = len(times)
    good, all_pairs = np.zeros(n), np.zeros(n)
    firsts = np.flatnonzero(events)
    for start in range(0, len(firsts), _BLOCK):
        rows = firsts[start : start + _BLOCK]
        later = (times[rows, None] < times) | ((times[rows, None] == times) & ~events)
        won = later * ((risk[rows, None] > risk) + 0.5 * (risk[rows, None] == risk))
        good += won.sum(axis=0)
        all_pairs += later.sum(axis=0)
        good[rows] += won.sum(axis=1)
        all_pairs[rows] += later.sum(axis=1)
    total = all_pairs.sum()
    if not total:
        return Concordance(float("nan"), np.full(n, np.nan))
    value = float(good.sum() / total)
    return Concordance(value, 2 * (good - value * all_pairs) / (total / n))


def share_interval(value: float, error: float) -> tuple[float, float] | None:
    """A 95 % interval for a share that is about normal on the scale of log odds, so that it stays between 0 and 1.

    None at 0 and at 1, and without an error: what such a sample shows of its error isn't how large it is.
    """
    if not 0 < value < 1 or not error > 0:
        return None
    centre, half = np.log(value / (1 - value)), Z95 * error / (value * (1 - value))
    low, high = (float(1 / (1 + np.exp(-end))) for end in (centre - half, centre + half))
    return low, high
