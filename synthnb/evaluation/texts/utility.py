"""What a classifier of texts that learned from the synthetic ones is worth on real texts nobody has seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.evaluation._intervals import bootstrap
from synthnb.evaluation.base import Comparison, Definition, Findings, Score, Step
from synthnb.evaluation.texts._classifier import CLASSIFIER, MOST_CLASSES, NO_LABEL, Labelled, label_of, labelled, learn
from synthnb.evaluation.texts._columns import TextColumn, per_column
from synthnb.evaluation.utility import performance

__all__ = ["GAP", "TSTR", "UTILITY_STEP", "train_and_test"]

Array = NDArray[Any]

TSTR = Definition(
    metric="text_tstr",
    label="Train on synthetic texts, test on real ones",
    dimension="utility",
    direction="higher",
    reference="mean AUC, one label against the rest, on the hold-out; bootstrap interval over its texts, doi 10.1214/aos/1176344552; "
    "ceiling: trained on the real texts (TRTR)",
)
GAP = Definition(
    metric="text_tstr_minus_trtr",
    label="Lost by training on synthetic texts",
    dimension="utility",
    direction="higher",
    reference="TSTR - TRTR on the same hold-out texts; paired bootstrap interval, doi 10.1214/aos/1176344552",
)
_GIVES = (TSTR, GAP)


def train_and_test(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """TSTR beside TRTR, and their difference, for each text column; the models stay as they are in each draw of the bootstrap."""
    if label_of(comparison) is None:
        return Findings(scores=[definition.absent(NO_LABEL) for definition in _GIVES])
    if comparison.frames.holdout is None:
        reason = comparison.no_holdout or "It needs a hold-out."
        return Findings(scores=[definition.absent(reason) for definition in _GIVES])
    return per_column(comparison, _GIVES, lambda column: _scores(comparison, column, parameters), needs_real=True)


def _scores(comparison: Comparison, column: TextColumn, parameters: Mapping[str, Any]) -> Iterable[Score]:
    frames, most = comparison.frames, parameters["most_texts"]
    held = labelled(comparison, frames.holdout, column.holdout)
    classes = np.unique(held.labels)
    trained = [
        labelled(comparison, frame, texts).among(classes).first(most)
        for frame, texts in ((frames.synthetic, column.synthetic), (frames.real, column.real))
    ]
    if reason := _not_possible(held, classes, trained, parameters["least_texts"]):
        return [definition.score(None, n=len(held.labels), subject=[column.shown], reason=reason) for definition in _GIVES]
    truth, predicted = np.searchsorted(classes, held.labels), []
    for data in trained:
        comparison.clock.check()
        predicted.append(_placed(data, held, classes))
    return _measured(comparison, column, truth, predicted, [len(data.labels) for data in trained], parameters["draws"])


def _not_possible(held: Labelled, classes: Array, trained: list[Labelled], least: int) -> str | None:
    if not 2 <= len(classes) <= MOST_CLASSES:
        return f"The hold-out's texts must have from 2 to {MOST_CLASSES} labels; they have {len(classes)}."
    if min(len(held.labels), *(len(data.labels) for data in trained)) < least:
        return f"Each frame needs at least {least} texts with a word and a label of the hold-out."
    return None


def _placed(data: Labelled, held: Labelled, classes: Array) -> Array:
    """Probabilities of the hold-out's classes; a class that the model never saw gets 0."""
    model = learn(data)
    made = np.zeros((len(held.labels), len(classes)))
    made[:, np.searchsorted(classes, model.classes)] = model.probabilities(held.texts.words)
    return made


def _measured(
    comparison: Comparison, column: TextColumn, truth: Array, predicted: list[Array], trained: list[int], draws: int
) -> Iterable[Score]:
    synthetic, real = predicted

    def area(table: Array, rows: Array) -> float:
        return performance("classes", truth[rows], table[rows])

    def value(rows: Array) -> float:
        comparison.clock.check()
        return area(synthetic, rows)

    def difference(rows: Array) -> float:
        comparison.clock.check()
        return area(synthetic, rows) - area(real, rows)

    n, rng = len(truth), generator(comparison.seed, "text utility")
    everything = np.arange(n)
    given = {"measure": "AUC", "classifier": CLASSIFIER, "texts_trained": trained, "bootstrap": draws}
    for definition, statistic, ceiling in ((TSTR, value, area(real, everything)), (GAP, difference, None)):
        drawn = bootstrap(statistic, n, draws=draws, rng=rng)
        more = {"bootstrap_undefined": drawn.undefined} if drawn.undefined else {}
        yield definition.score(
            statistic(everything), n=n, subject=[column.shown], interval=drawn.interval, ceiling=ceiling, parameters=given | more,
            reason="Each label needs 5 hold-out texts of it and 5 of others.",
        )  # fmt: skip


UTILITY_STEP = Step(
    name="train on synthetic texts, test on real ones",
    run=train_and_test,
    gives=_GIVES,
    parameters={"most_texts": 5000, "least_texts": 30, "draws": 200},
)
"""``text-utility``."""
