"""Models of the target, trained on synthetic and on real rows, and what they predict for the hold-out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._encode import Column, Table, missing
from synthnb.evaluation._more_learners import LEARNERS, Lesson, learned
from synthnb.evaluation._performance import Matthews, Measure

if TYPE_CHECKING:
    from synthnb.evaluation.base import Comparison

__all__ = ["HEADLINE", "Predictions", "Task", "predictions", "task_of", "two_classes"]

Array = NDArray[Any]

HEADLINE = next(iter(LEARNERS))
"""The learner whose scores stand in the report."""
_MOST_CLASSES = 20
_YES = ("true", "yes", "1")


@dataclass(frozen=True, eq=False)
class Task:
    """A target to be predicted: training rows of both kinds, and the hold-out rows that have a target."""

    kind: str
    """``classes`` or ``numbers``."""
    target: Column
    """The column to predict."""
    columns: list[Column]
    """Those it is predicted from."""
    classes: Array
    """Values of the classes, in the order of their codes; empty for numbers."""
    rows: Array
    """Numbers in the hold-out of the rows tested."""
    inputs: tuple[Array, Array, Array]
    """Synthetic, real and tested rows as floats."""
    truths: tuple[Array, Array, Array]
    """Their class codes, or values."""
    seed: int
    """For learners that draw."""

    def lesson(self, *which: int, size: int) -> Lesson:
        """What a learner is given: training rows of these kinds (0 synthetic, 1 real) together."""
        data, truth = (np.concatenate([parts[i] for i in which]) for parts in (self.inputs, self.truths))
        return Lesson(self.kind, self.columns, data, truth, self.inputs[2], self.seed, size)

    def wide(self, predicted: Array) -> Array:
        """Predictions with a column for every class of the tested rows."""
        if self.kind == "numbers":
            return predicted
        return np.pad(predicted, ((0, 0), (0, max(len(self.classes) - predicted.shape[1], 0))))

    @property
    def measure(self) -> str:
        """What performance is measured by."""
        return "AUC" if self.kind == "classes" else "R²"


@dataclass(frozen=True, eq=False)
class Predictions:
    """What two models predict for the hold-out rows that have a target."""

    task: Task
    """What was to be predicted."""
    synthetic: Array
    """By the model trained on synthetic rows: a probability per class, or a value."""
    real: Array
    """By the model trained on real rows."""

    @property
    def rows(self) -> Array:
        """Numbers in the hold-out of the rows predicted."""
        return self.task.rows

    @property
    def trained(self) -> list[int]:
        """Synthetic and real rows the models learned from."""
        return [len(truth) for truth in self.task.truths[:2]]

    @cached_property
    def measures(self) -> tuple[Measure, Measure]:
        """Performance of both models, on any weighting of the rows."""
        kind, truth = self.task.kind, self.task.truths[2]
        return Measure(kind, truth, self.synthetic), Measure(kind, truth, self.real)

    @cached_property
    def correlations(self) -> tuple[Matthews, Matthews]:
        """Matthews correlations of both models; only of classes."""
        truth = self.task.truths[2]
        return Matthews(truth, self.synthetic), Matthews(truth, self.real)


def predictions(comparison: Comparison, parameters: Mapping[str, Any], learner: str = HEADLINE) -> Predictions | str:
    """Both models' predictions for the hold-out, made once per learner and setting; or why there are none.

    Parameters
    ----------
    comparison : Comparison
        The frames, with a target and a hold-out.
    parameters : mapping
        ``most_rows`` to learn from, ``least_rows`` with a target in each frame, and
        ``iterations`` of boosting; for forests ``trees`` and ``forest_rows``.
    learner : str
        One of `LEARNERS`.
    """
    size, most = _settings(parameters, learner)
    key = f"predictions {learner} {size} {most} {parameters['most_rows']} {parameters['least_rows']}"

    def make() -> Predictions | str:
        task = task_of(comparison, parameters)
        if isinstance(task, str):
            return task
        made = []
        for i in (0, 1):
            comparison.clock.check()
            made.append(task.wide(learned(learner, task.lesson(i, size=size), most_rows=most)))
        return Predictions(task, *made)

    found: Predictions | str = comparison.remembered(key, make)
    return found


def _settings(parameters: Mapping[str, Any], learner: str) -> tuple[int, int]:
    """Rounds or trees, and the most rows to learn from."""
    if learner == "random forest":
        return parameters["trees"], parameters["forest_rows"]
    return parameters["iterations"] if learner == HEADLINE else 0, parameters["most_rows"]


def task_of(comparison: Comparison, parameters: Mapping[str, Any]) -> Task | str:
    """The prediction task, made once; or why there is none."""
    most, least = parameters["most_rows"], parameters["least_rows"]
    found: Task | str = comparison.remembered(f"task {most} {least}", lambda: _task(comparison, most, least))
    return found


def _task(comparison: Comparison, most: int, least: int) -> Task | str:
    from synthnb.evaluation._learners import features

    reason = _not_possible(comparison)
    if reason is not None:
        return reason
    assert comparison.target is not None
    assert comparison.holdout is not None
    target = comparison.column(comparison.target)
    assert target is not None
    columns = _others(comparison, target)
    kind = "classes" if target.family == "level" or _two_values(comparison.real.values[target.name]) else "numbers"
    trained = [table.sample(most, comparison.seed, "utility") for table in (comparison.synthetic, comparison.real)]
    tables = [*trained, comparison.holdout]
    classes, truths, kept = _truths(target, kind, tables)
    if min(len(rows) for rows in kept) < least:
        return f"Each frame needs at least {least} rows with a value in the target."
    synthetic, real, tested = (features(columns, table)[rows] for table, rows in zip(tables, kept, strict=True))
    return Task(kind, target, columns, classes, kept[2], (synthetic, real, tested), (truths[0], truths[1], truths[2]), comparison.seed)


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
    return None if _others(comparison, target) else "There is no other column to predict the target from."


def _others(comparison: Comparison, target: Column) -> list[Column]:
    return [column for column in comparison.of("number", "level") if column.name != target.name]


def _two_values(values: Array) -> bool:
    return len(np.unique(values[np.isfinite(values)])) <= 2


def two_classes(target: Column, real: Array) -> tuple[float, float] | None:
    """The two values of a target, the one that counts as positive last; None if it hasn't two.

    Of true and false, yes and no, or numbers the positive one is true, yes or the larger; of others the rarer.
    """
    found = np.unique(real[~missing(target, real) & np.isfinite(real)])
    if len(found) != 2:
        return None
    first, second = float(found[0]), float(found[1])
    if target.family == "level" and target.levels[int(first)].lower() in _YES:
        return second, first
    return first, second


def _truths(target: Column, kind: str, tables: list[Table]) -> tuple[Array, list[Array], list[Array]]:
    """The classes; and per table (synthetic, real, hold-out) the target's codes or values, and the rows that have one.

    Classes are those of the real rows; synthetic rows of another class have none.
    """
    cells = [table.values[target.name] for table in tables]
    present = [~missing(target, values) & np.isfinite(values) for values in cells]
    if kind == "numbers":
        rows = [np.flatnonzero(here) for here in present]
        return np.array([]), [values[kept] for values, kept in zip(cells, rows, strict=True)], rows
    classes = np.unique(np.concatenate([values[here] for values, here in zip(cells[1:], present[1:], strict=True)]))
    rows = [np.flatnonzero(here & np.isin(values, classes)) for values, here in zip(cells, present, strict=True)]
    return classes, [np.searchsorted(classes, values[kept]) for values, kept in zip(cells, rows, strict=True)], rows
