"""A linear model and a forest, beside the boosted trees of `_learners`, on the same encoded columns.

Each runs on one thread, so that its result can't depend on how many a machine has.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._learners import classify, regress

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column

__all__ = ["LEARNERS", "Lesson", "design", "learned"]

Array = NDArray[Any]

_MOST_LEVELS = 50
_FARTHEST = 10.0
_LARGEST = 1e30
_ROUNDS = 200
_LEAF = 5


def design(columns: list[Column], data: Array, test: Array) -> tuple[Array, Array]:
    """Training and test rows for a linear model.

    Numbers are standardised by the training rows, the mean where missing, and cut at
    10 standard deviations; levels are 0 or 1 each, at most 50 a column. Columns
    without spread in the training rows are left out.
    """
    parts = [
        _number(data[:, i], test[:, i]) if column.family == "number" else _levels(data[:, i], test[:, i])
        for i, column in enumerate(columns)
    ]
    made = [np.hstack([part[side] for part in parts]) for side in (0, 1)]
    kept = made[0].std(axis=0) > 0
    return made[0][:, kept], made[1][:, kept]


def _number(values: Array, test: Array) -> tuple[Array, Array]:
    usable = np.abs(values) < _LARGEST
    seen = values[usable]
    centre, spread = (float(seen.mean()), float(seen.std())) if len(seen) else (0.0, 0.0)

    def scaled(cells: Array) -> Array:
        known = np.where(np.isnan(cells), centre, np.clip(cells, -_LARGEST, _LARGEST))
        found: Array = np.clip((known - centre) / (spread or 1.0), -_FARTHEST, _FARTHEST)
        return found[:, None]

    return scaled(values), scaled(test)


def _levels(values: Array, test: Array) -> tuple[Array, Array]:
    """A column per level, the most frequent ones; missing is none of them."""
    found, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    kept = found[np.argsort(-counts, kind="stable")[:_MOST_LEVELS]]
    return (values[:, None] == kept).astype(float), (test[:, None] == kept).astype(float)


class Lesson(NamedTuple):
    """What a learner is given."""

    task: str
    """``classes`` or ``numbers``."""
    columns: list[Column]
    """Of the rows."""
    data: Array
    """Training rows."""
    truth: Array
    """Their class codes, or values."""
    test: Array
    """Rows to predict."""
    seed: int
    """For learners that draw."""
    size: int
    """Rounds of boosting, or trees; a linear model has none."""


def _boosted(given: Lesson) -> Array:
    learn = classify if given.task == "classes" else regress
    return learn(given.columns, given.data, given.truth, given.test, seed=given.seed, iterations=given.size)


def _linear(given: Lesson) -> Array:
    """Ridge regression, or logistic regression with the same penalty."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, Ridge

    inputs, tested = design(given.columns, given.data, given.test)
    if not inputs.shape[1]:
        inputs, tested = np.zeros((len(given.data), 1)), np.zeros((len(given.test), 1))
    if given.task == "numbers":
        found: Array = Ridge(alpha=1.0).fit(inputs, given.truth).predict(tested)
        return found
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return _probabilities(LogisticRegression(C=1.0, max_iter=_ROUNDS), inputs, given.truth, tested)


def _forest(given: Lesson) -> Array:
    """Random forest with leaves of at least five rows; levels are ordered by how frequent they are."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    inputs, tested = (np.clip(cells, -_LARGEST, _LARGEST) for cells in (given.data, given.test))
    empty = np.isnan(inputs).all(axis=0)
    inputs, tested = np.where(empty, 0.0, inputs), np.where(empty, 0.0, tested)
    settings: dict[str, Any] = {"n_estimators": given.size, "min_samples_leaf": _LEAF, "random_state": given.seed, "n_jobs": 1}
    if given.task == "numbers":
        found: Array = RandomForestRegressor(max_features=1 / 3, **settings).fit(inputs, given.truth).predict(tested)
        return found
    return _probabilities(RandomForestClassifier(max_features="sqrt", **settings), inputs, given.truth, tested)


def _probabilities(model: Any, data: Array, truth: Array, test: Array) -> Array:
    """Of each class from 0 to the largest seen; those not seen get 0."""
    classes = np.unique(truth)
    out = np.zeros((len(test), int(classes.max()) + 1))
    out[:, classes] = 1.0 if len(classes) == 1 else model.fit(data, truth).predict_proba(test)
    return out


LEARNERS: dict[str, Callable[[Lesson], Array]] = {"boosted trees": _boosted, "linear model": _linear, "random forest": _forest}
"""By name; the first is the one of the headline."""


def learned(name: str, lesson: Lesson, *, most_rows: int) -> Array:
    """What a learner predicts for the test rows: a probability per class, or a value.

    Parameters
    ----------
    name : str
        One of `LEARNERS`.
    lesson : Lesson
        What it is given.
    most_rows : int
        Training rows used at most: evenly spaced ones, as rows come in no order that matters.
    """
    from threadpoolctl import threadpool_limits

    if len(lesson.data) > most_rows:
        kept = np.linspace(0, len(lesson.data) - 1, most_rows).astype(np.int64)
        lesson = lesson._replace(data=lesson.data[kept], truth=lesson.truth[kept])
    with threadpool_limits(1):
        return LEARNERS[name](lesson)
