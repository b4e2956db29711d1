"""Which parts of (0, 1) give admissible values when a column is drawn by the inverse of its distribution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Parts", "admissible_parts"]

Array = np.ndarray[Any, Any]

_GRID = 2048
_EXTREME = 1e-12
_HALVINGS = 60


class Parts(NamedTuple):
    """Disjoint intervals, increasing."""

    low: Array
    """Where each begins."""
    high: Array
    """Where each ends."""

    def at(self, uniforms: Array) -> Array:
        """Return the points that stand where these do when the intervals are laid end to end and scaled to (0, 1)."""
        ends = np.cumsum(self.high - self.low)
        length = uniforms * ends[-1]
        part = np.minimum(np.searchsorted(ends, length, side="right"), len(ends) - 1)
        inside = length - (ends[part] - (self.high - self.low)[part])
        return np.asarray(np.clip(self.low[part] + inside, self.low[part], self.high[part]))


def admissible_parts(admits: Callable[[Array], Array], knots: Array | None = None) -> Parts:
    """Return the intervals of (0, 1) on which a condition holds.

    Parameters
    ----------
    admits : callable
        Tells for points of (0, 1), increasing, whether the value drawn there is admissible.
    knots : ndarray of float64, optional
        Further points to look at; an admissible interval that holds none of the 2,048 even points nor of these isn't seen.
    """
    even = (np.arange(_GRID) + 0.5) / _GRID
    more = np.array([_EXTREME, 1e-6, 1e-4, 1 - 1e-4, 1 - 1e-6, 1 - _EXTREME])
    found = [even, more] if knots is None else [even, more, knots[(knots > 0) & (knots < 1)]]
    grid = np.unique(np.concatenate(found))
    inside = admits(grid)
    turns = np.flatnonzero(inside[1:] != inside[:-1])
    cuts = _refined(admits, grid[turns], grid[turns + 1], inside[turns])
    edges = np.concatenate([[0.0] if inside[0] else [], cuts, [1.0] if inside[-1] else []])
    return Parts(edges[::2], edges[1::2])


def _refined(admits: Callable[[Array], Array], left: Array, right: Array, state: Array) -> Array:
    """Where between two points the answer changes, on the admissible side."""
    if not len(left):
        return left
    for _ in range(_HALVINGS):
        middle = (left + right) / 2
        same = admits(middle) == state
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    return np.asarray(np.where(state, left, right))
