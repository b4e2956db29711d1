"""Stereotypes: what words go with which people, and what changes if only the people are swapped. English only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.evaluation._encode import LONGEST_LABEL
from synthnb.evaluation._intervals import newcombe
from synthnb.evaluation.base import Comparison, Definition, Findings, Score, Step
from synthnb.evaluation.texts._classifier import CLASSIFIER, NO_LABEL, Classifier, Labelled, label_of, labelled, learn
from synthnb.evaluation.texts._columns import TextColumn, per_column
from synthnb.evaluation.texts._terms import ASSOCIATIONS, GROUPS, Association, Groups

if TYPE_CHECKING:
    from synthnb.evaluation.texts._tokens import Texts

__all__ = ["GAPS", "SHIFTS", "STEREOTYPES_STEP", "association_gap", "stereotypes", "swapped"]

Array = NDArray[Any]

GAPS = {
    key: Definition(
        metric=f"stereotype_{key}_gap",
        label=f"{one.groups.name[0].upper()}{one.groups.name[1:]}: {one.reads}",
        dimension="bias",
        direction="none",
        reference="P(first sort | first group) - P(first sort | second group), over texts with words of one group and one sort; words of "
        "Caliskan et al. (2017), doi 10.1126/science.aal4230; Newcombe (1998), method 10; 0: no association; ceiling: real",
    )
    for key, one in ASSOCIATIONS.items()
}
SHIFTS = {
    key: Definition(
        metric=f"swap_{key}_shift",
        label=f"{one.name[0].upper()}{one.name[1:]}: change of the label's probability when swapped",
        dimension="bias",
        direction="none",
        reference="mean of P(label | text with the first group's words) - P(label | the second's), by a classifier trained on the texts' "
        "labels; words of Caliskan et al. (2017), doi 10.1126/science.aal4230; delete-a-group jackknife; 0: no association; ceiling: "
        "trained on real",
    )
    for key, one in GROUPS.items()
}
_FOLDS = 10


def stereotypes(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Gaps of association, and shifts of a label's probability under a swap, for each text column."""
    gives = (*GAPS.values(), *SHIFTS.values())
    return per_column(comparison, gives, lambda column: _scores(comparison, column, parameters))


def _scores(comparison: Comparison, column: TextColumn, parameters: Mapping[str, Any]) -> Iterable[Score]:
    least = max(parameters["least_texts"], comparison.minimum_cell)
    for key, definition in GAPS.items():
        comparison.clock.check()
        yield _gap(definition, ASSOCIATIONS[key], column, least)
    data = labelled(comparison, comparison.frames.synthetic, column.synthetic).first(parameters["most_texts"])
    real = labelled(comparison, comparison.frames.real, column.real).first(parameters["most_texts"])
    learned = _Learned(comparison, data, real)
    yield from (_shift(definition, GROUPS[key], column.shown, learned, least) for key, definition in SHIFTS.items())


def _gap(definition: Definition, association: Association, column: TextColumn, least: int) -> Score:
    counts = association_counts(column.synthetic.spoken, association)
    n, subject = int(counts.sum()), [column.shown]
    given = {"groups": association.groups.name, "words": association.reads, "language": "English"}
    if counts.sum(axis=1).min() < least:
        reason = f"It needs at least {least} texts of each group with words of one sort."
        return definition.score(None, n=n, subject=subject, reason=reason, parameters=given)
    value, interval = association_gap(counts)
    real = association_counts(column.real.spoken, association)
    ceiling = association_gap(real)[0] if real.sum(axis=1).min() >= least else None
    return definition.score(value, n=n, subject=subject, interval=interval, ceiling=ceiling, parameters=given)


def association_counts(texts: Texts, association: Association) -> Array:
    """Texts by group (rows) and sort of words (columns); texts with words of both groups or of both sorts aren't counted."""
    groups = (frozenset(association.groups.first), frozenset(association.groups.second))
    counts = np.zeros((2, 2), dtype=np.int64)
    for found in texts.words:
        own = set(found)
        people, sorts = ([bool(own & words) for words in pair] for pair in (groups, association.words))
        if sum(people) == 1 and sum(sorts) == 1:
            counts[people.index(True), sorts.index(True)] += 1
    return counts


def association_gap(counts: Array) -> tuple[float, tuple[float, float]]:
    """The difference of the two groups' shares of the first sort, with Newcombe's interval.

    Examples
    --------
    >>> import numpy as np
    >>> round(association_gap(np.array([[30, 10], [20, 20]]))[0], 2)
    0.25
    """
    sizes = counts.sum(axis=1)
    p, q = (float(share) for share in counts[:, 0] / sizes)
    low, high = newcombe(p, int(sizes[0]), q, int(sizes[1]))
    return p - q, (float(low), float(high))


class _Learned:
    """Classifiers of the labels, made when asked for: of all synthetic texts, of all but each tenth, of the real texts."""

    def __init__(self, comparison: Comparison, data: Labelled, real: Labelled) -> None:
        self.comparison, self.data, self.real = comparison, data, real

    @cached_property
    def whole(self) -> Classifier:
        return learn(self.data)

    @cached_property
    def parts(self) -> list[Classifier]:
        n = len(self.data.labels)
        fold = generator(self.comparison.seed, "stereotypes").permutation(n) % _FOLDS
        made = []
        for k in range(_FOLDS):
            self.comparison.clock.check()
            made.append(learn(self.data.take(np.flatnonzero(fold != k))))
        return made

    @cached_property
    def of_real(self) -> Classifier:
        return learn(self.real)


def _shift(definition: Definition, groups: Groups, shown: str, learned: _Learned, least: int) -> Score:
    given: dict[str, Any] = {"groups": groups.name, "language": "English", "classifier": CLASSIFIER}
    data, cell = learned.data, learned.comparison.minimum_cell
    chosen = [found for found in data.texts.words if set(found) & {*groups.first, *groups.second}]
    n, subject, classes = len(chosen), [shown], data.classes(cell)
    if label_of(learned.comparison) is None:
        return definition.score(None, n=0, subject=subject, reason=NO_LABEL, parameters=given)
    if n < least or len(classes) < 2:
        reason = f"It needs at least {least} labelled texts with such words, and two labels of {cell} texts or more."
        return definition.score(None, n=n, subject=subject, reason=reason, parameters=given)
    label = max(classes.tolist(), key=lambda one: (int((data.labels == one).sum()), one))
    pairs = [swapped(found, groups) for found in chosen]
    value = _mean_shift(learned.whole, pairs, label)
    interval = jackknifed(value, [_mean_shift(part, pairs, label) for part in learned.parts])
    usable = label in learned.real.classes(cell) and len(np.unique(learned.real.labels)) > 1
    ceiling = _mean_shift(learned.of_real, pairs, label) if usable else None
    given |= {"label": label[:LONGEST_LABEL], "trained_on": len(data.labels), "folds": _FOLDS}
    return definition.score(value, n=n, subject=subject, interval=interval, ceiling=ceiling, parameters=given)


def swapped(found: Sequence[str], groups: Groups) -> tuple[list[str], list[str]]:
    """The words with every word of either group as the first group's, and as the second's."""
    first = dict(zip(groups.second, groups.first, strict=True))
    second = dict(zip(groups.first, groups.second, strict=True))
    return [first.get(word, word) for word in found], [second.get(word, word) for word in found]


def _mean_shift(model: Classifier, pairs: Sequence[tuple[list[str], list[str]]], label: str) -> float:
    """How much likelier the label is with the first group's words, on average over texts."""
    at = np.flatnonzero(model.classes == label)
    if not len(at):
        return 0.0
    one, other = (model.probabilities([pair[side] for pair in pairs])[:, int(at[0])] for side in (0, 1))
    return float((one - other).mean())


def jackknifed(value: float, without: Sequence[float]) -> tuple[float, float]:
    """An interval of a statistic from its values without each of k groups of rows.

    Notes
    -----
    value ± t √((k − 1) / k Σ (v − v̄)²), t Student's 0.975 quantile of k − 1 degrees. It holds what another sample of
    texts would teach the classifier, which is most of the error. Wolter (2007), chapter 4, doi 10.1007/978-0-387-35099-8.

    Examples
    --------
    >>> [round(end, 3) for end in jackknifed(2.0, [1.0, 3.0])]
    [-10.706, 14.706]
    """
    from scipy.stats import t

    k, kept = len(without), np.asarray(without)
    half = float(t.ppf(0.975, k - 1) * np.sqrt((k - 1) / k * ((kept - kept.mean()) ** 2).sum()))
    return value - half, value + half


STEREOTYPES_STEP = Step(
    name="stereotypes in texts",
    run=stereotypes,
    gives=(*GAPS.values(), *SHIFTS.values()),
    parameters={"most_texts": 5000, "least_texts": 20},
)
"""``text-stereotypes``."""
