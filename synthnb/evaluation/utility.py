"""Utility: what a model learns from the synthetic rows is worth on real rows that nobody has seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.evaluation._intervals import Z95
from synthnb.evaluation._more_learners import LEARNERS, learned
from synthnb.evaluation._performance import Measure, percentiles, performance, resampled
from synthnb.evaluation._predictions import HEADLINE, Predictions, predictions
from synthnb.evaluation.base import Comparison, Definition, Findings, Score, Step, rounded

__all__ = ["AUGMENTATION_STEP", "GAP", "TSTR", "TSTR_STEP", "Predictions", "augmentation", "performance", "predictions", "train_and_test"]

Array = NDArray[Any]

_PAIRED = "paired bootstrap interval, doi 10.1214/aos/1176344552"

TSTR = Definition(
    metric="tstr",
    label="Train on synthetic, test on real",
    dimension="utility",
    direction="higher",
    reference="AUC (classes, one against the rest) or R² (numbers) on the hold-out; ceiling: trained on the real rows (TRTR)",
)
GAP = Definition(
    metric="tstr_minus_trtr",
    label="Lost by training on synthetic rows",
    dimension="utility",
    direction="higher",
    reference=f"TSTR - TRTR on the same hold-out rows; {_PAIRED}",
)
MATTHEWS = Definition(
    metric="tstr_mcc",
    label="Train on synthetic, test on real, Matthews correlation",
    dimension="utility",
    direction="higher",
    reference="Matthews correlation of the likeliest class on the hold-out, doi 10.1016/j.compbiolchem.2004.09.006; "
    "ceiling: trained on the real rows",
)
GAIN = Definition(
    metric="augmentation_gain",
    label="Gained by adding synthetic rows to the real ones",
    dimension="utility",
    direction="higher",
    reference=f"performance trained on real and synthetic rows together less TRTR, on the hold-out; {_PAIRED}",
)

_FLAT = "The hold-out's target doesn't vary enough: each class needs 5 rows of it and 5 of the others, numbers must differ."
_FIXED = "these fitted models on other rows of the population; another synthetic sample or fit isn't in it"


def train_and_test(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """TSTR beside TRTR with several learners, and their differences, with intervals over the hold-out rows.

    The models stay as they are, so the intervals don't hold what another synthetic sample would change.
    """
    definitions = (TSTR, GAP, MATTHEWS)
    headline = predictions(comparison, parameters)
    if isinstance(headline, str):
        return Findings(scores=[definition.absent(headline) for definition in definitions])
    if not np.isfinite([measure.at() for measure in headline.measures]).all():
        return Findings(scores=[definition.absent(_FLAT) for definition in definitions])
    made = {name: found for name in LEARNERS if not isinstance(found := predictions(comparison, parameters, name), str)}
    rows = [_learner_row(name, found) for name, found in made.items()]
    scores = [*_headline(headline, comparison, parameters), _matthews(headline, comparison, parameters)]
    return Findings(scores=scores, details={"utility": rows})


def _given(made: Predictions, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What TSTR and its gap depend on."""
    given = {"measure": made.task.measure, "rows_trained": made.trained, "iterations": parameters["iterations"]}
    return given | {"bootstrap": parameters["draws"], "interval_of": _FIXED}


def _headline(made: Predictions, comparison: Comparison, parameters: Mapping[str, Any]) -> list[Score]:
    ours, best = (measure.at() for measure in made.measures)
    rng = generator(comparison.seed, "utility", "bootstrap")
    drawn = resampled(made.measures, len(made.rows), draws=parameters["draws"], rng=rng, clock=comparison.clock)
    scores = []
    for definition, value, values, ceiling in ((TSTR, ours, drawn[:, 0], best), (GAP, ours - best, drawn[:, 0] - drawn[:, 1], None)):
        scores.append(_bootstrapped(definition, value, values, made, _given(made, parameters), ceiling))
    return scores


def _bootstrapped(
    definition: Definition, value: float, values: Array, made: Predictions, given: Mapping[str, Any], ceiling: float | None = None
) -> Score:
    """A score with the percentile interval of its draws."""
    interval, undefined = percentiles(values)
    more: dict[str, Any] = {"bootstrap_undefined": undefined} if undefined else {}
    more |= {} if ceiling is None else {"ceiling_from": "trained on the real rows"}
    subject = [made.task.target.shown]
    return definition.score(value, n=len(made.rows), subject=subject, interval=interval, ceiling=ceiling, parameters={**given, **more})


def _matthews(made: Predictions, comparison: Comparison, parameters: Mapping[str, Any]) -> Score:
    if made.task.kind == "numbers":
        return MATTHEWS.absent("The target is a number; a Matthews correlation is of classes.")
    ours, best = (measure.at() for measure in made.correlations)
    if not np.isfinite(ours):
        return MATTHEWS.absent("The model predicts one class for every row, so that its correlation with the true ones isn't defined.")
    rng = generator(comparison.seed, "utility", "matthews")
    drawn = resampled(made.correlations[:1], len(made.rows), draws=parameters["draws"], rng=rng, clock=comparison.clock)
    given = _given(made, parameters) | {"measure": "Matthews correlation"}
    return _bootstrapped(MATTHEWS, ours, drawn[:, 0], made, given, best)


def _learner_row(name: str, made: Predictions) -> dict[str, Any]:
    """A learner's performance as a drill-down shows it."""
    ours, best = (measure.at() for measure in made.measures)
    half = Z95 * float(np.sqrt(np.sum((made.measures[0].influence() - made.measures[1].influence()) ** 2))) / len(made.rows)
    gap = [rounded(each, 4) for each in (ours - best, ours - best - half, ours - best + half)]
    return {"learner": name, "measure": made.task.measure, "synthetic": rounded(ours, 4), "real": rounded(best, 4), "gap": gap}


def augmentation(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """What boosted trees gain on the hold-out from synthetic rows added to the real ones, with a paired bootstrap interval."""
    made = predictions(comparison, parameters)
    if isinstance(made, str):
        return Findings(scores=[GAIN.absent(made)])
    task = made.task
    lesson = task.lesson(1, 0, size=parameters["iterations"])
    comparison.clock.check()
    both = Measure(task.kind, task.truths[2], task.wide(learned(HEADLINE, lesson, most_rows=len(lesson.data))))
    value, best = both.at(), made.measures[1].at()
    if not np.isfinite([value, best]).all():
        return Findings(scores=[GAIN.absent(_FLAT)])
    rng = generator(comparison.seed, "utility", "augmentation")
    drawn = resampled([both, made.measures[1]], len(made.rows), draws=parameters["draws"], rng=rng, clock=comparison.clock)
    given = _given(made, parameters) | {"real": rounded(best, 4), "together": rounded(value, 4)}
    return Findings(scores=[_bootstrapped(GAIN, value - best, drawn[:, 0] - drawn[:, 1], made, given)])


_SETTINGS = {"iterations": 100, "most_rows": 20000, "least_rows": 30}

TSTR_STEP = Step(
    name="train on synthetic, test on real",
    run=train_and_test,
    gives=(TSTR, GAP, MATTHEWS),
    parameters={**_SETTINGS, "draws": 200, "trees": 50, "forest_rows": 10000},
)
"""``tstr``."""

AUGMENTATION_STEP = Step(name="augmentation", run=augmentation, gives=(GAIN,), parameters={**_SETTINGS, "draws": 200})
"""``augmentation``."""
