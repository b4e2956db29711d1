"""Which of several syntheses another one outdoes: by value, and where intervals leave no doubt.

::

    better ↑        b──┐        front by value: b, c
    privacy │  a     ╲ │        a is outdone by value: b is better on both
            │     c   ╲┘        a is clearly outdone only if a's and b's intervals
            └──────────→        don't overlap, on either axis
              better utility
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from synthnb.evaluation.base import Score

__all__ = ["Oriented", "clearly_outdone", "level_with_best", "on_front", "orient"]

_SAME = 1e-9


class Oriented(NamedTuple):
    """A score turned so that more is better."""

    value: float
    """Higher is better."""
    low: float | None
    """Lower end of the interval so turned; None without one."""
    high: float | None
    """Upper end."""


def orient(score: Score | Mapping[str, Any]) -> Oriented | None:
    """The score with more as better; None without a value, or where no way is better.

    A score whose ideal is 0.5 counts by its distance from it; an attack's counts by how
    far it is above, since one that does worse than guessing shows nothing.
    """
    get = score.get if isinstance(score, Mapping) else lambda name: getattr(score, name)
    value, low, high, direction = (get(name) for name in ("value", "low", "high", "direction"))
    if value is None or direction == "none":
        return None
    if direction == "half":
        return _from_half(value, low, high, attack=get("dimension") == "privacy")
    sign = 1.0 if direction == "higher" else -1.0
    if low is None or high is None:
        return Oriented(sign * value, None, None)
    return Oriented(sign * value, *sorted((sign * low, sign * high)))


def _from_half(value: float, low: float | None, high: float | None, *, attack: bool) -> Oriented:
    def cost(one: float) -> float:
        return max(one - 0.5, 0.0) if attack else abs(one - 0.5)

    if low is None or high is None:
        return Oriented(-cost(value), None, None)
    least = 0.0 if low <= 0.5 <= high else min(cost(low), cost(high))
    return Oriented(-cost(value), -max(cost(low), cost(high)), -least)


def level_with_best(scores: Sequence[Oriented | None]) -> tuple[list[int], list[int]]:
    """Numbers of the best, and of those whose interval overlaps a best one's; none if all are equally good."""
    known = [score.value for score in scores if score is not None]
    if len(known) < 2:
        return [], []
    top = max(known)
    best = [i for i, score in enumerate(scores) if score is not None and score.value >= top - _SAME]
    if len(best) == len(known):
        return [], []
    level = [i for i, score in enumerate(scores) if i not in best and score is not None and any(_overlap(score, scores[j]) for j in best)]
    return best, level


def _overlap(one: Oriented, other: Oriented | None) -> bool:
    """Whether two intervals share a value; False if one has none, since then nothing is known."""
    if other is None or one.high is None or other.high is None or one.low is None or other.low is None:
        return False
    return one.low <= other.high and other.low <= one.high


def on_front(points: Mapping[str, tuple[Oriented, Oriented]]) -> list[str]:
    """Names of the points that no other is at least as good as on both axes and better on one, by value."""
    return [name for name, point in points.items() if not any(_better(other, point) for other in points.values())]


def _better(one: tuple[Oriented, Oriented], other: tuple[Oriented, Oriented]) -> bool:
    gains = [a.value - b.value for a, b in zip(one, other, strict=True)]
    return min(gains) >= -_SAME and max(gains) > _SAME


def clearly_outdone(points: Mapping[str, tuple[Oriented, Oriented]]) -> dict[str, list[str]]:
    """Names of the points that others outdo on both axes with intervals that don't overlap, and by which."""
    found = {
        name: [rival for rival, other in points.items() if all(_above(b, a) for a, b in zip(point, other, strict=True))]
        for name, point in points.items()
    }
    return {name: rivals for name, rivals in found.items() if rivals}


def _above(one: Oriented, other: Oriented) -> bool:
    low, high = one.low, other.high
    return low is not None and high is not None and math.isfinite(low) and low > high
