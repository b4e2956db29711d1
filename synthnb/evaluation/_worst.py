"""Intervals for the largest of several figures, each of which has an error of its own.

The largest of noisy figures is too large on average where several truths are nearly
equal. The upper end needs no correction for that: it is too low only if the truly
largest figure's own is. The lower end is raised by chance by any figure near the
top, so it is corrected for as many as may be the largest; where one stands out, that
is one, and the interval is the usual one. Selecting contenders first is due to Andrews
and Soares (2010), doi 10.3982/ECTA7502; the correction is Bonferroni's.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from synthnb.evaluation._intervals import Z95

__all__ = ["OF_THE_WORST", "Worst", "largest"]

OF_THE_WORST = "of the worst subgroup: corrected for as many as may be the worst, so right at least 95 times in 100"
"""How parameters name the interval."""


class Worst(NamedTuple):
    """The largest figure."""

    at: int
    """Its place."""
    value: float
    """The figure."""
    low: float
    """Lower end of the interval of the largest truth."""
    high: float
    """Its upper end."""

    @property
    def interval(self) -> tuple[float, float]:
        """The two ends."""
        return self.low, self.high


def largest(values: Sequence[float], errors: Sequence[float]) -> Worst:
    """The largest of figures, and a 95 % interval for the largest of what they estimate.

    Parameters
    ----------
    values, errors : sequence of float, at least one each
        Figures that are about normal, and their standard errors.

    Examples
    --------
    >>> [round(end, 2) for end in largest([0.0, 5.0], [1.0, 1.0]).interval]
    [3.04, 6.96]
    >>> [round(end, 2) for end in largest([4.0, 5.0], [1.0, 1.0]).interval]
    [2.76, 6.96]
    """
    found, scale = np.asarray(values, dtype=float), np.asarray(errors, dtype=float)
    contenders = int((found + Z95 * scale >= (found - Z95 * scale).max()).sum())
    z = NormalDist().inv_cdf(1 - 0.025 / contenders)
    at = int(found.argmax())
    return Worst(at, float(found[at]), float((found - z * scale).max()), float((found + Z95 * scale).max()))
