"""Utility: what a model learns from the synthetic rows is worth on real rows that nobody has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.evaluation._encode import Column, Table, missing
from synthnb.evaluation._intervals import auc, bootstrap
from synthnb.evaluation.base import Comparison, Definition, Findings, Step

__all__ = ["GAP", "TSTR", "Predictions", "performance", "predictions", "train_and_test"]

Array = NDArray[Any]

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
    reference="TSTR - TRTR on the same hold-out rows; paired bootstrap interval, doi 10.1214/aos/1176344552",
)

_MOST_CLASSES = 20
_LEAST_OF_A_CLASS = 5


@dataclass(frozen=True, eq=False)
class Predictions:
    """What two models predict for the hold-out rows that have a target."""

    task: str
    """``classes`` or ``numbers``."""
    rows: Array
    """Their numbers in the hold-out."""
    truth: Array
    """Class codes, or values."""
    synthetic: Array
    """By the model trained on synthetic rows: a probability per class, or a value."""
    real: Array
    """By the model trained on real rows."""
    trained: list[int]
    """Synthetic and real rows the models learned from."""
    iterations: int
    """Rounds of boosting."""

    def measure(self, predicted: Array, chosen: Array) -> float:
        """Performance on some of the rows."""
        return performance(self.task, self.truth[chosen], predicted[chosen])


def performance(task: str, truth: Array, predicted: Array) -> float:
    """Mean one-against-the-rest AUC, or R²; NaN if undefined.

    Parameters
    ----------
    task : {"classes", "numbers"}
        What is predicted.
    truth : array, shape (n,)
        Class codes, or values.
    predicted : array, shape (n, classes) or (n,)
        Probabilities, or values.

    Notes
    -----
    A class counts if at least 5 rows are of it and 5 aren't. R² is
    1 − Σ(y − ŷ)² / Σ(y − ȳ)², at most 1, negative if worse than the mean.
    """
    if task == "numbers":
        with np.errstate(over="ignore", invalid="ignore"):
            spread = float(((truth - truth.mean()) ** 2).sum()) if len(truth) > 1 else 0.0
            return 1 - float(((truth - predicted) ** 2).sum()) / spread if spread > 0 else float("nan")
    counts = np.bincount(truth, minlength=predicted.shape[1])
    usable = [k for k, count in enumerate(counts) if _LEAST_OF_A_CLASS <= count <= len(truth) - _LEAST_OF_A_CLASS]
    if len(counts) == 2 and usable:
        usable = [1]
    areas = [auc(predicted[truth == k, k], predicted[truth != k, k]) for k in usable]
    return float(np.mean(areas)) if areas else float("nan")


def train_and_test(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """TSTR beside TRTR, and their difference, each with a bootstrap interval over the hold-out rows.

    The models stay as they are in each draw, so the intervals don't hold what another synthetic sample would change.
    """
    made = predictions(comparison, parameters)
    if isinstance(made, str):
        return Findings(scores=[TSTR.absent(made), GAP.absent(made)])
    everything = np.arange(len(made.rows))
    ours, best = made.measure(made.synthetic, everything), made.measure(made.real, everything)
    if not np.isfinite([ours, best]).all():
        why = "The hold-out's target doesn't vary enough: each class needs 5 rows of it and 5 of the others, numbers must differ."
        return Findings(scores=[TSTR.absent(why), GAP.absent(why)])
    draws, rng = parameters["draws"], generator(comparison.seed, "utility", "bootstrap")

    def value(rows: Array) -> float:
        comparison.clock.check()
        return made.measure(made.synthetic, rows)

    def difference(rows: Array) -> float:
        comparison.clock.check()
        return made.measure(made.synthetic, rows) - made.measure(made.real, rows)

    target = comparison.column(str(comparison.target))
    given = {"measure": "AUC" if made.task == "classes" else "R²", "rows_trained": made.trained, "iterations": made.iterations}
    subject = [target.shown] if target else []
    n = len(made.rows)
    scores = []
    for definition, what, statistic, ceiling in ((TSTR, ours, value, best), (GAP, ours - best, difference, None)):
        drawn = bootstrap(statistic, n, draws=draws, rng=rng)
        more = {"bootstrap": draws} | ({"bootstrap_undefined": drawn.undefined} if drawn.undefined else {})
        scores.append(definition.score(what, n=n, subject=subject, interval=drawn.interval, ceiling=ceiling, parameters=given | more))
    return Findings(scores=scores)


def predictions(comparison: Comparison, parameters: Mapping[str, Any]) -> Predictions | str:
    """Both models' predictions for the hold-out, made once; or why there are none."""
    made: Predictions | str = comparison.remembered("predictions", lambda: _predict(comparison, parameters))
    return made


def _predict(comparison: Comparison, parameters: Mapping[str, Any]) -> Predictions | str:
    reason = _not_possible(comparison)
    if reason is not None:
        return reason
    assert comparison.target is not None
    assert comparison.holdout is not None
    target = comparison.column(comparison.target)
    assert target is not None
    columns = [column for column in comparison.of("number", "level") if column.name != target.name]
    task = "classes" if target.family == "level" or _two_values(comparison.real.values[target.name]) else "numbers"
    trained = [table.sample(parameters["most_rows"], comparison.seed, "utility") for table in (comparison.synthetic, comparison.real)]
    tables = [*trained, comparison.holdout]
    truths, kept = zip(*_truths(target, task, tables), strict=True)
    if min(len(rows) for rows in kept) < parameters["least_rows"]:
        return f"Each frame needs at least {parameters['least_rows']} rows with a value in the target."
    return _fit_and_predict(columns, task, tables, truths, kept, comparison, parameters["iterations"])


def _not_possible(comparison: Comparison) -> str | None:
    """Why nothing can be predicted, if that is so."""
    if comparison.target is None:
        return "No target was named: pass the column a model would predict as target=."
    if comparison.no_holdout is not None:
        return comparison.no_holdout
    target = comparison.column(comparison.target)
    if target is None:
        return "The synthetic frame doesn't have the target."
    if target.family not in ("number", "level"):
        return f"The target's kind is {target.kind}; it must be a number, a time or a category."
    if target.family == "level" and target.in_real > _MOST_CLASSES:
        return f"The target has {target.in_real} levels; at most {_MOST_CLASSES} can be predicted."
    others = [column for column in comparison.of("number", "level") if column.name != target.name]
    return None if others else "There is no other column to predict the target from."


def _two_values(values: Array) -> bool:
    return len(np.unique(values[np.isfinite(values)])) <= 2


def _truths(target: Column, task: str, tables: list[Table]) -> list[tuple[Array, Array]]:
    """Per table (synthetic, real, hold-out): the target's classes or values, and the rows that have one.

    Classes are those of the real rows; synthetic rows of another class have none.
    """
    cells = [table.values[target.name] for table in tables]
    present = [~missing(target, values) & np.isfinite(values) for values in cells]
    if task == "numbers":
        return [(values[here], np.flatnonzero(here)) for values, here in zip(cells, present, strict=True)]
    classes = np.unique(np.concatenate([values[here] for values, here in zip(cells[1:], present[1:], strict=True)]))
    rows = [np.flatnonzero(here & np.isin(values, classes)) for values, here in zip(cells, present, strict=True)]
    return [(np.searchsorted(classes, values[kept]), kept) for values, kept in zip(cells, rows, strict=True)]


def _fit_and_predict(
    columns: list[Column], task: str, tables: list[Table], truths: Any, kept: Any, comparison: Comparison, iterations: int
) -> Predictions:
    from synthnb.evaluation._learners import classify, features, regress

    inputs = [features(columns, table)[rows] for table, rows in zip(tables, kept, strict=True)]
    learn = classify if task == "classes" else regress
    predicted = []
    for data, truth in zip(inputs[:2], truths[:2], strict=True):
        comparison.clock.check()
        predicted.append(learn(columns, data, truth, inputs[2], seed=comparison.seed, iterations=iterations))
    if task == "classes":
        width = max(int(truths[2].max()) + 1, *(table.shape[1] for table in predicted))
        predicted = [np.pad(table, ((0, 0), (0, width - table.shape[1]))) for table in predicted]
    return Predictions(task, kept[2], truths[2], predicted[0], predicted[1], [len(rows) for rows in kept[:2]], iterations)


TSTR_STEP = Step(
    name="train on synthetic, test on real",
    run=train_and_test,
    gives=(TSTR, GAP),
    parameters={"iterations": 100, "most_rows": 20000, "least_rows": 30, "draws": 200},
)
"""``tstr``."""
