"""What a leaf's rows still say about a number once the tree has split: straight lines, on the scale of ranks.

In a leaf of a tree the target is taken as the same whatever the earlier columns are.
Where it still follows some of them there, a line per leaf and column says how; a row is
then drawn as the line's value plus what a real row in the leaf differs from its own.
The columns are found one after another, each on what the last left over (matching
pursuit; Mallat and Zhang, 1993, doi:10.1109/78.258082), as long as chance is no explanation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Slopes", "fit_slopes"]

Array = np.ndarray[Any, Any]

_LINES = 4
_STRONG = 12.0
"""Residual variances that a line must explain: well above twice the logarithm of the columns tried."""


@dataclass(frozen=True)
class Slopes:
    """Lines per leaf."""

    predictors: tuple[int, ...]
    """The columns that any line is on."""
    which: Array
    """int32, leaves by lines: the place of a line's column in ``predictors``, -1 for no line."""
    slope: Array
    """float64, leaves by lines."""
    centre: Array
    """float64, leaves by lines: the column's mean rank in the leaf."""

    def shift(self, ranks: Array, leaf: Array) -> Array:
        """Return what the lines say for rows, relative to their leaf's mean.

        Parameters
        ----------
        ranks : ndarray of float64, shape (rows, predictors)
            The columns' ranks; NaN where there is no value.
        leaf : ndarray of int
            The leaf of each row.
        """
        total = np.zeros(len(leaf))
        row = np.arange(len(leaf))
        for line in range(self.which.shape[1]):
            which = self.which[leaf, line]
            at = np.flatnonzero(which >= 0)
            if len(at):
                away = ranks[row[at], which[at]] - self.centre[leaf[at], line]
                total[at] += self.slope[leaf[at], line] * np.where(np.isnan(away), 0.0, away)
        return total

    def to_arrays(self) -> dict[str, Array]:
        """The lines by name."""
        return {"predictors": np.array(self.predictors, dtype="i8"), "which": self.which, "slope": self.slope, "centre": self.centre}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], name: str, leaves: int, columns: int) -> Slopes:
        """Build lines from `to_arrays`'s mapping, each name after ``name`` and a dot.

        Raises
        ------
        ValueError
            They don't fit so many leaves and columns.
        """
        predictors = tuple(arrays[f"{name}.predictors"].astype("i8").tolist())
        which, slope, centre = (arrays[f"{name}.{part}"] for part in ("which", "slope", "centre"))
        fits = which.ndim == 2 and len(which) == leaves and which.shape == slope.shape == centre.shape and which.dtype.kind == "i"
        if not fits or not all(0 <= j < columns for j in predictors) or which.min() < -1 or which.max() >= len(predictors):
            raise ValueError(f"the lines of {leaves} leaves don't fit")
        return cls(predictors, which.astype("i4"), slope.astype("f8"), centre.astype("f8"))


def fit_slopes(target: Array, ranks: Array, leaf: Array, leaves: int, predictors: Sequence[int]) -> Slopes | None:
    """Return the lines of each leaf, or None where there are none.

    Parameters
    ----------
    target : ndarray of float64
        The target's ranks, one per row.
    ranks : ndarray of float64, shape (rows, predictors)
        The earlier columns' ranks; NaN where there is no value.
    leaf : ndarray of int
        The leaf of each row.
    leaves : int
        How many there are.
    predictors : sequence of int
        What the columns of ``ranks`` are.
    """
    if not ranks.shape[1] or not len(target):
        return None
    rows = np.maximum(np.bincount(leaf, minlength=leaves), 1)
    centres = np.column_stack([_means(column, leaf, leaves) for column in ranks.T])
    away = np.nan_to_num(ranks - centres[leaf])
    spread = np.column_stack([np.bincount(leaf, column * column, leaves) for column in away.T])
    left = target - (np.bincount(leaf, target, leaves) / rows)[leaf]
    which, slope, centre = [], [], []
    every = np.arange(leaves)
    for _ in range(_LINES):
        shared = np.column_stack([np.bincount(leaf, column * left, leaves) for column in away.T])
        gain = np.where(spread > 1e-9, shared**2 / np.maximum(spread, 1e-9), 0.0)
        best = gain.argmax(axis=1)
        gained = gain[every, best]
        rest = np.maximum(np.bincount(leaf, left * left, leaves) - gained, 0.0)
        strong = (gained > 1e-9) & (gained * (rows - 2) > _STRONG * rest) & (rows > 2 * _LINES + 2)
        if not strong.any():
            break
        rise = np.where(strong, shared[every, best] / np.maximum(spread[every, best], 1e-9), 0.0)
        which.append(np.where(strong, best, -1))
        slope.append(rise)
        centre.append(np.where(strong, centres[every, best], 0.0))
        left = left - rise[leaf] * away[np.arange(len(leaf)), best[leaf]]
    if not which:
        return None
    used, numbers = np.unique(np.column_stack(which), return_inverse=True)
    numbers = numbers.reshape(leaves, -1) - (used[0] < 0)
    kept = used[used >= 0]
    return Slopes(tuple(predictors[k] for k in kept), numbers.astype("i4"), np.column_stack(slope), np.column_stack(centre))


def _means(column: Array, leaf: Array, leaves: int) -> Array:
    """Mean per leaf of what isn't NaN; one half where all is."""
    here = ~np.isnan(column)
    sums = np.bincount(leaf[here], column[here], leaves)
    counts = np.bincount(leaf[here], minlength=leaves)
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), 0.5))
