"""Gates: thresholds on scores, with three outcomes.

::

              limit
    ├──●──┤     │              pass: the whole interval is on the good side
             ├──│●──┤          undecided: the interval straddles the limit
                │   ├──●──┤    fail: the whole interval is on the bad side

A score without an interval is held against the limit by its value. A score that
wasn't computed decides nothing, nor does an attack that does no better than
guessing: it may have been too weak to find anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from synthnb.evaluation.base import Score

__all__ = ["Gate", "Outcome", "hold", "pass_all"]

Outcome = Literal["pass", "fail", "undecided"]
_WORSE: dict[str, int] = {"pass": 0, "undecided": 1, "fail": 2}


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A threshold that every score of a metric is held against."""

    metric: str
    """The metric's id."""
    side: Literal["at_least", "at_most"]
    """Which values pass."""
    limit: float
    """The last value that passes."""
    source: str
    """Who says so: a publication, a convention, or the user."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"metric": self.metric, self.side: self.limit, "source": self.source}


def hold(gates: Iterable[Gate], scores: Sequence[Score]) -> list[dict[str, Any]]:
    """Return what becomes of each gate: its outcome, the score that decided it, and why.

    Where a metric has several scores (one per column, attack or group), the
    worst outcome is the gate's.
    """
    return [_held(gate, [score for score in scores if score.metric == gate.metric]) for gate in gates]


def pass_all(held: Iterable[dict[str, Any]]) -> bool:
    """Whether no gate failed; undecided ones don't fail."""
    return all(gate["outcome"] != "fail" for gate in held)


def _held(gate: Gate, scores: Sequence[Score]) -> dict[str, Any]:
    blank: dict[str, Any] = {"label": gate.metric, "subject": [], "value": None, "low": None, "high": None, "scores": len(scores)}
    if not scores:
        return gate.to_dict() | blank | {"outcome": "undecided", "reason": "The metric wasn't part of the evaluation."}
    decided = [(*_outcome(gate, score), score) for score in scores]
    outcome, reason, score = max(decided, key=lambda found: (_WORSE[found[0]], _beyond(gate, found[2])))
    found = {"label": score.label, "subject": list(score.subject), "value": score.value, "low": score.low, "high": score.high}
    return gate.to_dict() | blank | found | {"outcome": outcome, "reason": reason}


def _beyond(gate: Gate, score: Score) -> float:
    """How far a value is on the bad side of the limit."""
    if score.value is None:
        return float("-inf")
    return score.value - gate.limit if gate.side == "at_most" else gate.limit - score.value


def _outcome(gate: Gate, score: Score) -> tuple[Outcome, str]:
    if score.value is None:
        return "undecided", f"Not computed: {score.reason}"
    if score.parameters.get("weak"):
        return "undecided", "The attack did no better than guessing, so it shows nothing."
    low, high = (score.value, score.value) if score.low is None or score.high is None else (score.low, score.high)
    good, bad = (high <= gate.limit, low > gate.limit) if gate.side == "at_most" else (low >= gate.limit, high < gate.limit)
    what = "The value" if score.low is None else "The whole interval"
    if good:
        return "pass", f"{what} is within the limit."
    if bad:
        return "fail", f"{what} is beyond the limit."
    return "undecided", "The interval straddles the limit."
