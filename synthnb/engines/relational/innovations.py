r"""Numbers that keep near to what they were: what is new in a row, given the rows before it.

A number's normal score is z = Φ⁻¹(r), r its mid-rank among all rows. What is new in a row is

    e = z − a·z_last − b·z_mean,

z_last the score of the family's latest value, z_mean the mean of all its scores so far, 0 where there is none
yet; a and b by least squares over the real rows. An engine draws e; the number is the quantile at
Φ(e + a·z_last + b·z_mean), so that it stays within the real range, in the data's own decimals, and values
that many rows share come as often. Without this, a leaf of a tree would tell one row's level from another's
only as finely as leaves are, and rows of a family would be less alike than they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr, ndtri

from synthnb.engines._encoding.table import MISSING, ORDINARY

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.engines._encoding.table import Coder

__all__ = ["Innovation", "learn_innovation"]

Array = np.ndarray[Any, Any]

_FEWEST = 40
_DIFFERENT = 20
"""Fewest distinct values for which a number is taken as continuous."""
_WEAKEST = 0.2
_TAIL = 1e-9


@dataclass(frozen=True)
class Innovation:
    """One column's way from numbers to what is new in them, and back."""

    coder: Coder
    """The numbers of all real rows."""
    last: float
    """a: what the family's latest score counts."""
    mean: float
    """b: what the mean of its scores counts."""

    def scores(self, cells: pd.Series[Any]) -> Array:
        """Return normal scores; NaN where a cell is missing or infinite."""
        states, positions = self.coder.encode(cells)
        ranks = np.clip(self.coder.ranks(positions), _TAIL, 1 - _TAIL)
        return np.asarray(np.where(states == ORDINARY, ndtri(ranks), np.nan))

    def expected(self, last: Array, mean: Array) -> Array:
        """Return a·z_last + b·z_mean; a score that isn't there counts 0."""
        return np.asarray(self.last * np.nan_to_num(last) + self.mean * np.nan_to_num(mean))

    def cells(self, new: Array, last: Array, mean: Array) -> pd.Series[Any]:
        """Return the numbers for what is new in them; missing where that is NaN."""
        missing = np.isnan(new)
        ranks = ndtr(np.where(missing, 0.0, new) + self.expected(last, mean))
        return self.coder.decode(np.where(missing, MISSING, ORDINARY).astype("i1"), self._positions(ranks))

    def _positions(self, ranks: Array) -> Array:
        """Where ranks stand among the distinct values: on a value that many share, else between two."""
        coder = self.coder
        ends = np.cumsum(coder.counts) / coder.counts.sum()
        middles = ends - coder.counts / coder.counts.sum() / 2
        at = np.minimum(np.searchsorted(ends, ranks), coder.size - 1)
        between = np.interp(ranks, middles, np.arange(coder.size))
        return np.asarray(np.where(coder.kept[at], at, between))


def learn_innovation(coder: Coder, scores: Array, last: Array, mean: Array) -> Innovation | None:
    """Return a column's innovation, or None if rows of a family are hardly alike in it or the column isn't continuous.

    Parameters
    ----------
    coder : Coder
        The numbers of all rows.
    scores, last, mean : ndarray of float64, shape (n,)
        z, z_last and z_mean of later rows; NaN where there is none.
    """
    here = ~np.isnan(scores) & ~np.isnan(last)
    if here.sum() < _FEWEST or coder.size < _DIFFERENT or bool(coder.kept.all()):
        return None
    before = np.column_stack([last[here], mean[here]])
    weights, *_ = np.linalg.lstsq(before - before.mean(axis=0), scores[here] - scores[here].mean(), rcond=None)
    explained = np.corrcoef(before @ weights, scores[here])[0, 1] if np.ptp(before @ weights) > 0 else 0.0
    if explained < _WEAKEST or np.abs(weights).sum() > 1.5:  # an unstable fit would drift away over many rows
        return None
    return Innovation(coder, float(weights[0]), float(weights[1]))
