"""Two results of one analysis held against each other, and several combined.

- Overlap of intervals: ½ [(min U − max L) / (U_r − L_r) + (min U − max L) / (U_s − L_s)]; 1 where
  they are the same, negative where they are apart. Karr et al. (2006), doi 10.1198/000313006X124640.
- Standardised difference: |b_s − b_r| / se_r.
- Combined over m replicates of k rows made from n real ones: the mean, with the variance
  T = v̄ (k/n + 1/m), v̄ the mean of the replicates' squared errors. Raab, Nowok and Dibben (2017),
  doi 10.29012/jpc.v7i3.407. It holds where the generator's model holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from synthnb.evaluation._intervals import Z95
from synthnb.evaluation._intervals import Estimate as Interval
from synthnb.evaluation.analysis.estimates import Entry, Estimate, Key

__all__ = ["Pair", "interval_overlap", "pair", "pooled"]


class Pair(NamedTuple):
    """One term, real against other rows."""

    real: Entry
    """On the real rows."""
    other: Entry | None
    """On the others; None if the term wasn't there."""
    overlap: float | None
    """Of the intervals."""
    difference: float | None
    """Standardised."""
    sign: bool | None
    """Whether both estimates are on the same side of the null; None for decisions."""
    decision: bool | None
    """Whether both decide alike; None if the real rows decide nothing."""


def interval_overlap(one: tuple[float, float], other: tuple[float, float]) -> float | None:
    """Mean share of either interval that both hold; negative where they are apart; None if one has no width.

    Parameters
    ----------
    one, other : tuple of float
        Lower and upper ends.

    Notes
    -----
    Karr et al. (2006), doi 10.1198/000313006X124640; at most 1, not bounded below.

    Examples
    --------
    >>> interval_overlap((0.0, 2.0), (1.0, 5.0))
    0.375
    """
    shared = min(one[1], other[1]) - max(one[0], other[0])
    widths = one[1] - one[0], other[1] - other[0]
    if widths == (0, 0) and shared == 0:
        return 1.0
    if min(widths) <= 0:
        return None
    return 0.5 * (shared / widths[0] + shared / widths[1])


def pair(real: Entry, other: Entry | None, null: float) -> Pair:
    """One term of two results; a term that the other lacks differs in sign and decision."""
    decision = real.decision(null)
    alike = None if decision is None else other is not None and other.decision(null) == decision
    if not isinstance(real, Estimate):
        return Pair(real, other, None, None, None, alike)
    if not isinstance(other, Estimate):
        return Pair(real, None, None, None, sign=False, decision=alike)
    same = real.sign(null) == other.sign(null)
    difference = abs(other.value - real.value) / real.se if real.se else None
    if real.low is None or real.high is None or other.low is None or other.high is None:
        return Pair(real, other, None, difference, same, alike)
    return Pair(real, other, interval_overlap((real.low, real.high), (other.low, other.high)), difference, same, alike)


def pooled(entries: Sequence[Estimate], rows: Sequence[int], real_rows: int) -> Interval | None:
    """The mean of replicates' estimates with its 95 % interval; None if one has no error.

    Parameters
    ----------
    entries : sequence of Estimate
        A term's, of every replicate.
    rows : sequence of int
        How many rows each replicate has.
    real_rows : int
        How many real rows they were made from.
    """
    errors = [entry.se for entry in entries if entry.se is not None]
    if not entries or len(errors) < len(entries):
        return None
    value, within = float(np.mean([entry.value for entry in entries])), float(np.mean(np.square(errors)))
    half = Z95 * float(np.sqrt(within * (np.mean(rows) / real_rows + 1 / len(entries))))
    return Interval(value, value - half, value + half)


def agrees(real: dict[Key, Entry], other: dict[Key, Entry], null: float, terms: Sequence[Key]) -> bool:
    """Whether a result decides as the real one does on every one of these terms."""
    return all(pair(real[term], other.get(term), null).decision for term in terms)
