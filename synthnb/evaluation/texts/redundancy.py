"""Texts that say the same again: word for word, or nearly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb._novelty import PERMUTATIONS, MinHash, jaccard
from synthnb.evaluation.base import NO_INTERVAL, Clock, Comparison, Definition, Findings, Score, Step
from synthnb.evaluation.texts._columns import TextColumn, alone, per_column
from synthnb.evaluation.texts._tokens import grams

__all__ = ["EXACT", "NEAR", "REDUNDANCY_STEP", "Twins", "redundancy", "twins"]

Array = NDArray[Any]

EXACT = Definition(
    metric="text_duplicates_share",
    label="Texts with the same words as another",
    dimension="text",
    direction="lower",
    reference="share of texts of which another has the same words, case and punctuation aside; ceiling: real texts, equal n",
)
NEAR = Definition(
    metric="text_near_duplicates_share",
    label="Texts nearly the same as another",
    dimension="text",
    direction="lower",
    reference="share of texts with another whose Jaccard index of 3-word runs is 0.85 or more, as in The Stack (arXiv 2211.15533); "
    "found by MinHash, Broder (1997), doi 10.1109/SEQUEN.1997.666900",
)
CLUSTERED = f"{NO_INTERVAL} a share of texts that depend on one another"
_MISSED = 0.001
_RUN = 3


class Twins(NamedTuple):
    """Which texts aren't alone."""

    exact: Array
    """Whether another text has the same words."""
    near: Array
    """Whether another text is nearly the same, or the same."""


def redundancy(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """The shares of texts that have a twin, and that have a near twin, beside those of as many real texts."""
    return per_column(comparison, (EXACT, NEAR), lambda column: _scores(comparison, column, parameters))


def _scores(comparison: Comparison, column: TextColumn, parameters: Mapping[str, Any]) -> Iterable[Score]:
    threshold, found = parameters["jaccard"], {}

    def shares(i: int) -> Any:
        def share(texts: Any) -> float:
            key = id(texts)
            if key not in found:
                found[key] = (twins(texts.words, threshold, comparison.clock), texts)
            return float(found[key][0][i].mean())

        return share

    synthetic = column.synthetic.spoken.first(parameters["most_texts"])
    for i, definition in enumerate((EXACT, NEAR)):
        made = alone(shares(i), column, parameters["most_texts"])
        given = made.parameters | {"interval": CLUSTERED} | ({"jaccard": threshold} if i else {})
        given["distinct"] = len(set(synthetic.words))
        yield definition.score(made.value, n=made.n, subject=[column.shown], ceiling=made.ceiling, matched=made.matched, parameters=given)


def twins(texts: Sequence[Sequence[str]], threshold: float, clock: Clock) -> Twins:
    """Which texts have a twin, and which a near one.

    Parameters
    ----------
    texts : sequence of sequence of str
        The words of each.
    threshold : float
        Jaccard index of 3-word runs from which two are near; above 0, at most 1.
    clock : Clock
        Stops it when its time is up.
    """
    same = [tuple(text) for text in texts]
    counts = Counter(same)
    exact = np.array([counts[text] > 1 for text in same], dtype=bool)
    different = list(counts)
    paired = _paired([frozenset(_runs(text)) for text in different], threshold, clock)
    place = {text: i for i, text in enumerate(different)}
    near = np.array([paired[place[text]] for text in same], dtype=bool)
    return Twins(exact, exact | near)


def _runs(text: Sequence[str]) -> Iterable[str]:
    return (" ".join(run) for run in grams(text, _RUN)) if len(text) > _RUN else iter([" ".join(text)] if text else [])


def _paired(runs: Sequence[frozenset[str]], threshold: float, clock: Clock) -> Array:
    """Which sets have another that is near; signatures propose, the exact index decides."""
    minhash, rows = MinHash(), _rows_of_a_band(threshold)
    buckets: dict[bytes, list[int]] = {}
    for i, own in enumerate(runs):
        if not i % 256:
            clock.check()
        signature = minhash.signature(own)
        for start in range(0, PERMUTATIONS - rows + 1, rows):
            key = start.to_bytes(2, "big") + signature[start : start + rows].tobytes()
            buckets.setdefault(key, []).append(i)
    found = np.zeros(len(runs), dtype=bool)
    tried: set[tuple[int, int]] = set()
    for members in buckets.values():
        if len(members) > 1:
            clock.check()
            _settle(members, runs, threshold, found, tried)
    return found


def _settle(members: Sequence[int], runs: Sequence[frozenset[str]], threshold: float, found: Array, tried: set[tuple[int, int]]) -> None:
    """Compare each text of a bucket that has no near one yet with the others, until one is found."""
    for i in members:
        for j in members:
            if found[i]:
                break
            pair = (min(i, j), max(i, j))
            if i == j or pair in tried:
                continue
            tried.add(pair)
            if jaccard(runs[i], runs[j]) >= threshold:
                found[i] = found[j] = True


def _rows_of_a_band(threshold: float) -> int:
    """The most entries a band may have so that a pair at the threshold is missed with a probability of at most 0.001."""
    return max((r for r in range(1, PERMUTATIONS + 1) if (1 - threshold**r) ** (PERMUTATIONS // r) <= _MISSED), default=1)


REDUNDANCY_STEP = Step(
    name="redundancy of texts",
    run=redundancy,
    gives=(EXACT, NEAR),
    parameters={"jaccard": 0.85, "most_texts": 20_000},
)
"""``text-redundancy``."""
