"""Questions that repeat one another, or a hold-out that they must not give away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from synthnb._novelty import Grams, Known, normalised

__all__ = ["Screening"]

RUN = 13
"""Words in a run that no question may share with the hold-out."""

_NAMES = ("duplicates_exact", "duplicates_near", "holdout_exact", "holdout_near", "holdout_runs")


class Screening:
    """Looks at each question once, in order, and keeps the new ones.

    Parameters
    ----------
    holdout : sequence of str
        Texts that nothing kept may repeat: the same words, runs of words with a Jaccard index of at least
        ``near``, or, question and answer together, 13 words in a row.
    near : float
        Jaccard index of 3-word runs from which two questions count as near; above 0, at most 1.
    """

    def __init__(self, holdout: Sequence[str] = (), *, near: float = 0.8) -> None:
        self.near = near
        self._kept = Known(near)
        self._exact: set[str] = set()
        self._held = Known(near)
        for text in holdout:
            self._held.add(text)
        self._held_exact = {normalised(text) for text in holdout}
        self._runs = Grams(holdout, n=RUN)
        self._tally: Counter[str] = Counter()

    def refuse(self, question: str, answer: str) -> str:
        """Why a question can't be kept, or an empty string, upon which it is among those kept."""
        self._tally["candidates"] += 1
        reason = self._reason(question, answer)
        if reason:
            self._tally[reason] += 1
            return _WORDS[reason]
        self._kept.add(question)
        self._exact.add(normalised(question))
        return ""

    def _reason(self, question: str, answer: str) -> str:
        if normalised(question) in self._held_exact:
            return "holdout_exact"
        if self._held.nearest(question) is not None:
            return "holdout_near"
        if self._runs.share(f"{question} {answer}") > 0:
            return "holdout_runs"
        if normalised(question) in self._exact:
            return "duplicates_exact"
        return "duplicates_near" if self._kept.nearest(question) is not None else ""

    @property
    def counts(self) -> dict[str, int]:
        """``candidates`` looked at, those left out by reason, and ``candidates_kept``; they add up."""
        out = sum(self._tally[name] for name in _NAMES)
        return {name: self._tally[name] for name in ("candidates", *_NAMES)} | {"candidates_kept": self._tally["candidates"] - out}


_WORDS = {
    "duplicates_exact": "it repeats another question",
    "duplicates_near": "it nearly repeats another question",
    "holdout_exact": "it is in the hold-out",
    "holdout_near": "it is nearly in the hold-out",
    "holdout_runs": f"it shares {RUN} words in a row with the hold-out",
}
