"""Whether a text shows what it was to show, by a classifier that learned from real texts only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.evaluation._intervals import wilson
from synthnb.evaluation.agreement import cohen_kappa
from synthnb.evaluation.base import Comparison, Definition, Findings, Score, Step
from synthnb.evaluation.texts._classifier import CLASSIFIER, MOST_CLASSES, NO_LABEL, Labelled, label_of, labelled, learn
from synthnb.evaluation.texts._columns import TextColumn, per_column

__all__ = ["ACCURACY", "KAPPA", "LABELS_STEP", "label_validity"]

Array = NDArray[Any]

ACCURACY = Definition(
    metric="label_agreement",
    label="Labels a classifier of real texts agrees with",
    dimension="text",
    direction="higher",
    reference="share of synthetic texts whose intended label a classifier of real texts gives; Wilson interval; ceiling: real texts",
)
KAPPA = Definition(
    metric="label_kappa",
    label="Labels a classifier of real texts agrees with, beyond chance",
    dimension="text",
    direction="higher",
    reference="(p_o - p_e) / (1 - p_e), Cohen (1960), doi 10.1177/001316446002000104; ceiling: real texts",
)
_GIVES = (ACCURACY, KAPPA)
_FOLDS = 5


def label_validity(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Agreement of intended labels with a classifier's, for each text column."""
    if label_of(comparison) is None:
        return Findings(scores=[definition.absent(NO_LABEL) for definition in _GIVES])
    return per_column(comparison, _GIVES, lambda column: _scores(comparison, column, parameters), needs_real=True)


def _scores(comparison: Comparison, column: TextColumn, parameters: Mapping[str, Any]) -> Iterable[Score]:
    frames, most, least = comparison.frames, parameters["most_texts"], parameters["least_of_a_class"]
    real = labelled(comparison, frames.real, column.real).first(most)
    classes = real.classes(least)
    real, intended = real.among(classes), labelled(comparison, frames.synthetic, column.synthetic).first(most)
    known = intended.among(classes)
    if not 2 <= len(classes) <= MOST_CLASSES or not len(known.labels):
        reason = f"It needs from 2 to {MOST_CLASSES} labels with {least} real texts each, and synthetic texts of these."
        return [definition.score(None, n=len(known.labels), subject=[column.shown], reason=reason) for definition in _GIVES]
    comparison.clock.check()
    found = learn(real).labels(known.texts.words)
    truth, guessed, control = _control(comparison, column, real, classes)
    given = {"classifier": CLASSIFIER, "trained_on": len(real.labels), "labels": len(classes), "ceiling_from": control}
    given |= {"left_out": len(intended.labels) - len(known.labels), "rows": "texts with a label that real texts have"}
    return [
        _accuracy(column.shown, known.labels, found, float((truth == guessed).mean()), given),
        _kappa(column.shown, known.labels, found, cohen_kappa(truth, guessed).value, given),
    ]


def _accuracy(shown: str, intended: Array, found: Array, ceiling: float, given: Mapping[str, Any]) -> Score:
    hits, n = int((intended == found).sum()), len(found)
    low, high = wilson(hits, n)
    return ACCURACY.score(hits / n, n=n, subject=[shown], interval=(float(low), float(high)), ceiling=ceiling, parameters=given)


def _kappa(shown: str, intended: Array, found: Array, ceiling: float | None, given: Mapping[str, Any]) -> Score:
    made = cohen_kappa(intended, found)
    return KAPPA.score(
        made.value, n=len(found), subject=[shown], interval=(made.low, made.high), ceiling=ceiling, parameters=dict(given),
        reason="All texts have one label, by intention and by the classifier, so agreement beyond chance isn't defined.",
    )  # fmt: skip


def _control(comparison: Comparison, column: TextColumn, real: Labelled, classes: Array) -> tuple[Array, Array, str]:
    """True and guessed labels of real texts the classifier didn't learn from: the hold-out's, or by cross-validation."""
    held = labelled(comparison, comparison.frames.holdout, column.unseen()).among(classes)
    if len(held.labels) >= _FOLDS:
        return held.labels, learn(real).labels(held.texts.words), "hold-out"
    fold = generator(comparison.seed, "labels").permutation(len(real.labels)) % _FOLDS
    guessed = np.empty(len(real.labels), dtype=object)
    for k in range(_FOLDS):
        comparison.clock.check()
        guessed[fold == k] = learn(real.take(np.flatnonzero(fold != k))).labels(real.take(np.flatnonzero(fold == k)).texts.words)
    return real.labels, guessed.astype(str), f"{_FOLDS}-fold cross-validation on the real texts"


LABELS_STEP = Step(
    name="labels of texts",
    run=label_validity,
    gives=_GIVES,
    parameters={"most_texts": 5000, "least_of_a_class": 5},
)
"""``text-labels``."""
