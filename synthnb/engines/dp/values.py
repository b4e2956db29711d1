"""From a bin to a value: a leaf by its noisy share, then a value of the leaf with equal chances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from synthnb.engines.dp.bins import Marginal
    from synthnb.engines.dp.domain import Domain
    from synthnb.recipes.conditions import Condition

__all__ = ["Values"]

Array = np.ndarray[Any, Any]

_POINTS = 1024
"""Values of a leaf that a condition is tried on; of a wider leaf so many, evenly spread."""


@dataclass(frozen=True)
class Values:
    """The values of one column that may be drawn."""

    open: Array
    """float64: by bin, the share of its mass that may be drawn."""
    cumulative: Array
    """float64: leaf after leaf, cumulative within bins; bin b runs from b to b + 1."""
    leaves: Array
    """int64: which leaf each entry is."""
    first: Array
    """int64: by leaf, where its values start in `points`; or its first value's number, if there is no condition."""
    count: Array
    """int64: by leaf, how many values may be drawn."""
    points: Array | None
    """int64: the numbers of the values that meet the condition, leaf after leaf; None if there is no condition."""

    @classmethod
    def of(cls, domain: Domain, marginal: Marginal, condition: Condition | None) -> Values:
        """Work out which values may be drawn, by trying the condition on them; no real row takes part."""
        points, share = None, np.ones(len(marginal.low))
        first, count = marginal.low, marginal.width
        if condition is not None:
            tried = [_tried(int(low), int(width)) for low, width in zip(marginal.low, marginal.width, strict=True)]
            numbers = np.concatenate(tried)
            leaf = np.repeat(np.arange(len(tried)), [len(part) for part in tried])
            good = np.asarray(condition.admits(domain.decode(numbers)), dtype=bool)
            points = numbers[good]
            count = np.bincount(leaf[good], minlength=len(tried))
            first = np.cumsum(count) - count
            share = count / np.array([len(part) for part in tried])
        mass = marginal.mass + 1e-9 * marginal.width / marginal.width.sum()
        order = np.argsort(marginal.bin, kind="stable")
        bins = marginal.bin[order]
        whole, left = (np.bincount(marginal.bin, part, minlength=marginal.bins) for part in (mass, mass * share))
        running = np.cumsum((mass * share)[order])
        start = (np.cumsum(left) - left)[bins]
        within = np.where(left[bins] > 0, (running - start) / np.where(left[bins] > 0, left[bins], 1.0), 1.0)
        return cls(left / whole, np.clip(within, 0.0, 1.0) + bins, order, first, count, points)

    def draw(self, bins: Array, uniforms: Array) -> Array:
        """A value's number for each bin.

        Parameters
        ----------
        bins : ndarray of int
            One per row; a bin without any value that may be drawn gives one that means nothing.
        uniforms : ndarray of float, rows by 2
            From 0 to 1.
        """
        at = np.searchsorted(self.cumulative, bins + uniforms[:, 0], side="right")
        leaf = self.leaves[np.minimum(at, len(self.leaves) - 1)]
        place = self.first[leaf] + np.minimum((uniforms[:, 1] * self.count[leaf]).astype("i8"), np.maximum(self.count[leaf] - 1, 0))
        if self.points is None:
            return np.asarray(place)
        return self.points[np.minimum(place, len(self.points) - 1)] if len(self.points) else np.zeros(len(bins), dtype="i8")


def _tried(low: int, width: int) -> Array:
    if width <= _POINTS:
        return low + np.arange(width)
    return low + np.array([width * k // _POINTS for k in range(_POINTS)], dtype="i8")
