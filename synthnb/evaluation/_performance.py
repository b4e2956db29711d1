"""How well predictions fit, on any weighting of the rows: areas under the ROC curve, R², Matthews correlation.

Predictions are sorted once; each resample of the rows is then a vector of counts and
costs one pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from synthnb.evaluation.base import Clock

__all__ = ["Matthews", "Measure", "percentiles", "performance", "resampled"]

Array = NDArray[Any]

_LEAST_OF_A_CLASS = 5


class Measure:
    """Mean one-against-the-rest AUC of classes, or R² of numbers, on weighted rows.

    Parameters
    ----------
    task : {"classes", "numbers"}
        What is predicted.
    truth : array, shape (n,)
        Class codes, or values.
    predicted : array, shape (n, classes) or (n,)
        Probabilities, or values.
    """

    def __init__(self, task: str, truth: Array, predicted: Array) -> None:
        self.rows = len(truth)
        self._truth, self._predicted = truth, predicted
        self._classes = [] if task == "numbers" else [_Ranked(truth == k, predicted[:, k]) for k in range(predicted.shape[1])]

    def at(self, weights: Array | None = None) -> float:
        """The value with each row counted so often; NaN if undefined.

        A class counts if at least 5 rows are of it and 5 aren't. R² is
        1 − Σ(y − ŷ)² / Σ(y − ȳ)², at most 1, negative if worse than the mean.
        """
        counts = np.ones(self.rows) if weights is None else np.asarray(weights, dtype=float)
        if not self._classes:
            return self._r_squared(counts)
        areas = [self._classes[k].area(counts) for k in self._usable(counts)]
        return float(np.mean(areas)) if areas else float("nan")

    def influence(self) -> Array:
        """What each row adds to the value's error, to first order: the standard error is √Σψ² / n; NaN if undefined.

        For an area these are DeLong's placements, doi 10.2307/2531595.
        """
        if not self._classes:
            spread = (self._truth - self._truth.mean()) ** 2
            found: Array = (spread * (1 - self.at()) - (self._truth - self._predicted) ** 2) / spread.mean()
            return found
        usable = self._usable(np.ones(self.rows))
        if not usable:
            return np.full(self.rows, np.nan)
        mean: Array = np.mean([self._classes[k].influence() for k in usable], axis=0)
        return mean

    def _usable(self, counts: Array) -> list[int]:
        """Numbers of the classes that count."""
        sizes = np.bincount(self._truth, weights=counts, minlength=len(self._classes))[: len(self._classes)]
        usable = [k for k, size in enumerate(sizes) if _LEAST_OF_A_CLASS <= size <= counts.sum() - _LEAST_OF_A_CLASS]
        return [1] if len(sizes) == 2 and usable else usable

    def _r_squared(self, counts: Array) -> float:
        whole = counts.sum()
        if whole <= 1:
            return float("nan")
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float((counts * self._truth).sum()) / whole
            spread = float((counts * (self._truth - mean) ** 2).sum())
            return 1 - float((counts * (self._truth - self._predicted) ** 2).sum()) / spread if spread > 0 else float("nan")


class _Ranked:
    """One class's rows in the order of their scores; sums rather than dot products, which depend on the number of threads."""

    def __init__(self, positive: Array, scores: Array) -> None:
        self._order = np.argsort(scores, kind="stable")
        ranked = scores[self._order]
        self._starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]])) if len(ranked) else np.zeros(0, dtype=np.int64)
        self._tied = len(self._starts) < len(ranked)
        self._mask = positive[self._order].astype(float)

    def area(self, counts: Array) -> float:
        """Weighted probability that a row of the class outranks another, ties counting half."""
        ranked = counts[self._order]
        ours = ranked * self._mask
        others = ranked - ours
        if self._tied:
            ours, others = np.add.reduceat(ours, self._starts), np.add.reduceat(others, self._starts)
        below = np.cumsum(others) - others / 2
        return float((ours * below).sum() / (ours.sum() * others.sum()))

    def influence(self) -> Array:
        """What each row adds to the area's error: its placement less the area, over the share of its class."""
        n, ours = len(self._mask), self._mask
        others = 1 - ours
        grouped = [np.add.reduceat(each, self._starts) for each in (ours, others)]
        widths = np.diff(np.append(self._starts, n))
        below, above = (np.repeat(np.cumsum(grouped[k]) - grouped[k] / 2, widths) for k in (1, 0))
        m = ours.sum()
        placed = np.where(ours > 0, below / (n - m), 1 - above / m)
        area = float((ours * placed).sum() / m)
        found = np.empty(n)
        found[self._order] = (placed - area) * np.where(ours > 0, n / m, n / (n - m))
        return found


class Matthews:
    """Matthews correlation of the likeliest classes with the true ones, on weighted rows.

    Notes
    -----
    Of the table C of true against likeliest classes, with s its sum, c its trace, t
    and p its margins: (c s − t·p) / √((s² − p·p)(s² − t·t)), from −1 to 1. Gorodkin
    (2004), doi 10.1016/j.compbiolchem.2004.09.006; of two classes it is Matthews' own
    (1975), doi 10.1016/0005-2795(75)90109-9.
    """

    def __init__(self, truth: Array, predicted: Array) -> None:
        self._width = predicted.shape[1]
        self._cells = truth * self._width + predicted.argmax(axis=1)

    def at(self, weights: Array | None = None) -> float:
        """The value with each row counted so often; NaN where only one class is true or predicted."""
        table = np.bincount(self._cells, weights=weights, minlength=self._width**2).astype(float).reshape(self._width, -1)
        whole, true, said = table.sum(), table.sum(axis=1), table.sum(axis=0)
        scale = float((whole**2 - (said**2).sum()) * (whole**2 - (true**2).sum()))
        return float(np.trace(table) * whole - (true * said).sum()) / scale**0.5 if scale > 0 else float("nan")


def performance(task: str, truth: Array, predicted: Array) -> float:
    """Mean one-against-the-rest AUC, or R², of all rows; see `Measure`."""
    return Measure(task, truth, predicted).at()


def resampled(measures: Sequence[Measure | Matthews], n: int, *, draws: int, rng: np.random.Generator, clock: Clock) -> Array:
    """Each measure on each resample of the rows, shape (draws, measures); all see the same resamples."""
    found = np.full((draws, len(measures)), np.nan)
    for i in range(draws):
        clock.check()
        counts = np.bincount(rng.integers(0, n, n), minlength=n).astype(float)
        found[i] = [measure.at(counts) for measure in measures]
    return found


def percentiles(values: Array) -> tuple[tuple[float, float], int]:
    """The 95 % percentile interval of draws, and how many have no value."""
    finite = values[np.isfinite(values)]
    low, high = np.quantile(finite, [0.025, 0.975]) if len(finite) else (np.nan, np.nan)
    return (float(low), float(high)), len(values) - len(finite)
