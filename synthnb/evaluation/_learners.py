"""Boosted trees on encoded columns: the classifier and the regressor that metrics use.

scikit-learn's histogram gradient boosting takes missing values and categories
as they are. It runs on one thread: on tables of this size more threads gain
little, and the result can't depend on how many a machine has.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table

__all__ = ["classify", "features", "one_thread", "regress"]

Array = NDArray[Any]

_MOST_LEVELS = 250
_LARGEST = 1e300


def features(columns: list[Column], table: Table) -> Array:
    """The table as floats, one column each: NaN for missing, codes for levels, infinities cut to ±1e300."""
    return np.column_stack([_feature(column, table.values[column.name]) for column in columns])


def _feature(column: Column, values: Array) -> Array:
    if column.family == "number":
        return np.clip(values, -_LARGEST, _LARGEST)
    return np.where(values < 0, np.nan, values)


def _settings(columns: list[Column], seed: int, iterations: int) -> dict[str, Any]:
    categorical = [column.family != "number" and len(column.levels) <= _MOST_LEVELS for column in columns]
    return {
        "max_iter": iterations,
        "max_leaf_nodes": 15,
        "learning_rate": 0.1,
        "early_stopping": False,
        "categorical_features": categorical if any(categorical) else None,
        "random_state": seed,
    }


def _without_empty(data: Array, test: Array) -> tuple[Array, Array]:
    """Both with zeros in columns that are missing from every training row, which scikit-learn can't bin."""
    empty = np.isnan(data).all(axis=0)
    return np.where(empty, 0.0, data), np.where(empty, 0.0, test)


def one_thread() -> AbstractContextManager[Any]:
    """Hold the numerical libraries to one thread; scikit-learn brings threadpoolctl."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(1)
    return limits


def classify(columns: list[Column], data: Array, truth: Array, test: Array, *, seed: int, iterations: int) -> Array:
    """Probabilities of each class for the test rows, of shape (rows, classes 0 … max(truth)); classes unseen get 0."""
    classes = np.unique(truth)
    out = np.zeros((len(test), int(truth.max()) + 1))
    if len(classes) == 1:
        out[:, classes[0]] = 1.0
        return out
    from sklearn.ensemble import HistGradientBoostingClassifier

    data, test = _without_empty(data, test)
    with one_thread():
        model = HistGradientBoostingClassifier(**_settings(columns, seed, iterations)).fit(data, truth)
        out[:, classes] = model.predict_proba(test)
    return out


def regress(columns: list[Column], data: Array, truth: Array, test: Array, *, seed: int, iterations: int) -> Array:
    """Predicted values for the test rows."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    data, test = _without_empty(data, test)
    with one_thread():
        predicted: Array = HistGradientBoostingRegressor(**_settings(columns, seed, iterations)).fit(data, truth).predict(test)
    return predicted
