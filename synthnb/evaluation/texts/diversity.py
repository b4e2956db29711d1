"""How varied the texts are among themselves, each measure beside that of as many real texts."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any

import numpy as np

from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step
from synthnb.evaluation.texts._columns import TextColumn, alone, per_column
from synthnb.evaluation.texts._tokens import Texts, grams
from synthnb.evaluation.texts.embedding import WEIGHTS, similarities_of

__all__ = ["DISTINCT", "DIVERSITY_STEP", "MTLD", "SELF_BLEU", "TTR", "VENDI", "distinct", "diversity", "mtld", "self_bleu", "vendi_score"]

_UNCALIBRATED = f"{NO_INTERVAL} a count of different words: in texts drawn again, words repeat that didn't"

DISTINCT = tuple(
    Definition(
        metric=f"distinct_{n}",
        label=f"Different runs of {n} words" if n > 1 else "Different words",
        dimension="text",
        direction="higher",
        reference=f"different runs of {n} words / all runs; Li et al. (2016), doi 10.18653/v1/N16-1014; ceiling: real, equal n",
    )
    for n in (1, 2, 3)
)
TTR = Definition(
    metric="type_token_ratio",
    label="Type-token ratio",
    dimension="text",
    direction="higher",
    reference="different words / words, over equally many words of synthetic and of real texts",
)
MTLD = Definition(
    metric="mtld",
    label="MTLD",
    dimension="text",
    direction="higher",
    reference="words / stretches whose type-token ratio stays at 0.72, mean of both directions; McCarthy & Jarvis (2010), "
    "doi 10.3758/BRM.42.2.381",
)
SELF_BLEU = Definition(
    metric="self_bleu_4",
    label="Self-BLEU-4",
    dimension="text",
    direction="lower",
    reference="mean BLEU-4 of each text against all others; Zhu et al. (2018), doi 10.1145/3209978.3210080; 0.1 for a numerator of 0: "
    "Chen & Cherry (2014), method 1, doi 10.3115/v1/W14-3346; a text of k < 4 words: BLEU-k",
)
VENDI = Definition(
    metric="vendi_score",
    label="Vendi score (effective number of texts)",
    dimension="text",
    direction="higher",
    reference="exp(-Σ λ ln λ), λ the eigenvalues of K/n, K cosines; Friedman & Dieng (2023), arXiv 2210.02410; from 1 to n",
)
_THRESHOLD = 0.72
_LONGEST_RUN = 4


def diversity(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Every measure of diversity, for each text column."""
    gives = (*DISTINCT, TTR, MTLD, SELF_BLEU, VENDI)
    return per_column(comparison, gives, lambda column: _scores(comparison, column, parameters))


def _scores(comparison: Comparison, column: TextColumn, parameters: Mapping[str, Any]) -> Iterable[Score]:
    most = parameters["most_texts"]
    for n, definition in enumerate(DISTINCT, 1):
        yield _score(definition, column, partial(_distinct, n=n), most, interval=_UNCALIBRATED)
    comparison.clock.check()
    yield _ratio(column, parameters["most_words"])
    yield _mtld(column, parameters)
    comparison.clock.check()
    yield _score(SELF_BLEU, column, lambda texts: self_bleu(texts.words), most, interval=f"{NO_INTERVAL} a mean over pairs of texts")
    comparison.clock.check()
    similar = similarities_of(comparison, column)
    yield _score(
        VENDI, column, lambda texts: vendi_score(similar(texts)), parameters["most_for_vendi"],
        interval=f"{NO_INTERVAL} a number of texts, which depends on how many there are", embedder=WEIGHTS,
    )  # fmt: skip


def _score(definition: Definition, column: TextColumn, measure: Callable[[Texts], float], most: int, **given: Any) -> Score:
    made = alone(measure, column, most)
    return definition.score(
        made.value, n=made.n, subject=[column.shown], ceiling=made.ceiling, matched=made.matched, parameters=given | made.parameters,
        reason="There are too few texts or words.",
    )  # fmt: skip


def _distinct(texts: Texts, n: int) -> float:
    return distinct(texts.words, n)


def distinct(texts: Iterable[Sequence[str]], n: int) -> float:
    """Different runs of n words as a share of all; NaN if no text has n words.

    Examples
    --------
    >>> distinct([["a", "b", "a"], ["a", "b"]], 1)
    0.4
    """
    found: set[tuple[str, ...]] = set()
    total = 0
    for text in texts:
        found.update(grams(text, n))
        total += max(len(text) - n + 1, 0)
    return len(found) / total if total else math.nan


def _ratio(column: TextColumn, most: int) -> Score:
    """The type-token ratio over as many words of either corpus."""
    corpora = [list(islice(chain.from_iterable(texts.spoken.words), most)) for texts in (column.synthetic, column.real)]
    k = min(len(found) for found in corpora if found)
    value = len(set(corpora[0][:k])) / k
    ceiling = len(set(corpora[1][:k])) / k if corpora[1] else None
    given = {"words": k, "interval": _UNCALIBRATED}
    return TTR.score(value, n=len(column.synthetic.spoken), subject=[column.shown], ceiling=ceiling, matched=value, parameters=given)


def _mtld(column: TextColumn, parameters: Mapping[str, Any]) -> Score:
    corpora = [list(islice(chain.from_iterable(texts.spoken.words), parameters["most_words"])) for texts in (column.synthetic, column.real)]
    least, subject = parameters["least_words"], [column.shown]
    n, given = len(column.synthetic.spoken), {"threshold": _THRESHOLD, "words": len(corpora[0]), "interval": _UNCALIBRATED}
    if len(corpora[0]) < least:
        return MTLD.score(None, n=n, subject=subject, reason=f"It needs at least {least} words.", parameters=given)
    ceiling = mtld(corpora[1]) if len(corpora[1]) >= least else None
    reason = "Hardly any word comes twice, so that no stretch ends."
    return MTLD.score(mtld(corpora[0]), n=n, subject=subject, ceiling=ceiling, parameters=given, reason=reason)


def mtld(found: Sequence[str]) -> float:
    """The mean length of stretches that keep a type-token ratio of at least 0.72; NaN if none ends.

    Notes
    -----
    A stretch ends with the word that brings its ratio below 0.72; what is left at
    the end counts (1 − ratio) / (1 − 0.72) of a stretch. Words / stretches,
    forwards and backwards, and the mean of both.

    Examples
    --------
    >>> mtld(["a"] * 100)
    2.0
    """
    counts = [_stretches(found), _stretches(found[::-1])]
    return float(np.mean([len(found) / count for count in counts])) if min(counts) > 0 else math.nan


def _stretches(found: Sequence[str]) -> float:
    types: set[str] = set()
    length, whole = 0, 0
    for word in found:
        types.add(word)
        length += 1
        if len(types) / length < _THRESHOLD:
            types.clear()
            length, whole = 0, whole + 1
    return whole + ((1 - len(types) / length) / (1 - _THRESHOLD) if length else 0.0)


def self_bleu(texts: Sequence[Sequence[str]]) -> float:
    """The mean BLEU-4 of each text with all others as its references, from 0 to 1; NaN of fewer than two texts.

    Notes
    -----
    Each text's runs of 1 to 4 words count at most as often as in the other text
    that has them most; of each run the two greatest counts are kept, so that this is
    exact in time linear in the words. Geometric mean of the four precisions,
    times exp(1 − r/c) if the closest other length r exceeds the own length c. A text
    of fewer than four words has the precisions of the runs it holds, equally weighted:
    as runs that it lacks it would count as varied even beside its own copy.

    Examples
    --------
    >>> round(self_bleu([["a", "b", "c", "d", "e"]] * 2), 6)
    1.0
    >>> self_bleu([["no", "pain"]] * 2)
    1.0
    """
    if len(texts) < 2:
        return math.nan
    logs = np.zeros(len(texts))
    for n in range(1, _LONGEST_RUN + 1):
        counts = [Counter(grams(text, n)) for text in texts]
        top = _greatest(counts)
        for i, own in enumerate(counts):
            if n > max(len(texts[i]), 1):
                continue
            shared = sum(min(count, _elsewhere(top[run], i)) for run, count in own.items())
            if n == 1 and not shared:
                logs[i] = -math.inf
            logs[i] += math.log((shared or 0.1) / max(own.total(), 1)) / min(max(len(texts[i]), 1), _LONGEST_RUN)
    lengths = sorted(len(text) for text in texts)
    return float(np.mean(np.exp(logs + [_brevity(len(text), lengths) for text in texts])))


def _greatest(counts: Sequence[Counter[Any]]) -> dict[Any, tuple[int, int, int]]:
    """Of each run: the greatest count, whose it is, and the greatest of all others."""
    top: dict[Any, tuple[int, int, int]] = {}
    for i, own in enumerate(counts):
        for run, count in own.items():
            best, whose, second = top.get(run, (0, -1, 0))
            top[run] = (count, i, best) if count > best else (best, whose, max(second, count))
    return top


def _elsewhere(top: tuple[int, int, int], own: int) -> int:
    return top[2] if top[1] == own else top[0]


def _brevity(own: int, lengths: Sequence[int]) -> float:
    """The logarithm of the brevity penalty; of two closest lengths the shorter counts."""
    at = bisect_left(lengths, own)
    if at + 1 < len(lengths) and lengths[at + 1] == own:
        return 0.0
    others = [lengths[j] for j in (at - 1, at + 1) if 0 <= j < len(lengths)]
    closest = min(others, key=lambda length: (abs(length - own), length))
    if not own:
        return 0.0
    return min(0.0, 1 - closest / own)


def vendi_score(similarities: Any) -> float:
    """The effective number of texts, from 1 (all alike) to n (nothing shared); NaN of fewer than two.

    Parameters
    ----------
    similarities : array, shape (n, n)
        Cosines, 1 on the diagonal.

    Examples
    --------
    >>> import numpy as np
    >>> round(vendi_score(np.eye(5)), 6)
    5.0
    """
    n = len(similarities)
    if n < 2:
        return math.nan
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        values = np.linalg.eigvalsh(similarities / n)
    values = values[values > 1e-12]
    return float(np.exp(-(values * np.log(values)).sum()))


DIVERSITY_STEP = Step(
    name="diversity of texts",
    run=diversity,
    gives=(*DISTINCT, TTR, MTLD, SELF_BLEU, VENDI),
    parameters={"most_texts": 5000, "most_for_vendi": 1000, "most_words": 200_000, "least_words": 100},
)
"""``text-diversity``."""
