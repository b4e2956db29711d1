"""Privacy accounting in zero-concentrated differential privacy (zCDP), and how a budget is split.

Two tables are neighbours if one holds one row more than the other. A Gaussian of variance σ² on
counts that one row changes by at most 1 in the Euclidean norm is 1/(2σ²)-zCDP, the exponential
mechanism with ε is ε²/8-zCDP, and ρ adds up over steps, also over steps chosen after looking at
earlier results (Bun & Steinke 2016, arXiv 1605.02065; Canonne, Kamath & Steinke 2020, arXiv 2004.00010).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from synthnb._canonical import Json

__all__ = ["Step", "delta_of", "epsilon_of", "rho_of"]

_HALVINGS = 200


class Step(NamedTuple):
    """A part of the budget."""

    name: str
    """What is done with it, such as ``"counts of 'age'"``."""
    times: int
    """How often at most; the figures are for one time."""
    rho: float
    """ρ of zCDP."""
    scale: float
    """Standard deviation of the noise on each count, or ε of a choice."""
    mechanism: str
    """``gaussian`` or ``exponential``."""

    def to_dict(self) -> dict[str, Json]:
        """The step as plain JSON types."""
        return dict(self._asdict())


def delta_of(rho: float, epsilon: float) -> float:
    """The δ for which ρ-zCDP implies (ε, δ)-differential privacy.

    The infimum over α > 1 of ``exp((α-1)(αρ-ε)) (1-1/α)^α / (α-1)`` (Canonne, Kamath & Steinke 2020,
    corollary 13); any α gives a valid bound, so that the search can't err on the wrong side.
    """
    if rho <= 0.0:
        return 0.0
    above = _halved(lambda x: (2.0 * x + 1.0) * rho - epsilon + math.log(x / (x + 1.0)) < 0.0, 0.0, 1.0 + (epsilon + 50.0) / rho)[1]
    alpha = 1.0 + above
    logarithm = above * (alpha * rho - epsilon) + alpha * math.log(above / alpha) - math.log(above)
    return min(1.0, math.exp(min(0.0, logarithm)))


def rho_of(epsilon: float, delta: float) -> float:
    """The largest ρ that implies (ε, δ)-differential privacy."""
    return _halved(lambda rho: delta_of(rho, epsilon) <= delta, 0.0, epsilon + 10.0 + epsilon**2)[0]


def epsilon_of(rho: float, delta: float) -> float:
    """The least ε for which ρ-zCDP implies (ε, δ)-differential privacy."""
    if rho <= 0.0:
        return 0.0
    return _halved(lambda epsilon: delta_of(rho, epsilon) > delta, 0.0, rho + 2.0 * math.sqrt(rho * math.log(1.0 / delta)) + 1.0)[1]


def _halved(holds: Callable[[float], bool], low: float, high: float) -> tuple[float, float]:
    """The last point where a condition holds and the first where it doesn't, with it holding below and not above."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low, high
