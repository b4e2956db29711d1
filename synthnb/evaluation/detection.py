"""Fidelity of whole rows: whether a classifier can tell synthetic rows from real ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb._random import generator
from synthnb.evaluation._intervals import auc_interval, delong_variance
from synthnb.evaluation.base import Comparison, Definition, Findings, Step

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table

__all__ = ["C2ST", "cross_validated_auc", "two_sample"]

C2ST = Definition(
    metric="c2st_auc",
    label="Two-sample classifier AUC",
    dimension="fidelity",
    direction="half",
    reference="AUC of real against synthetic rows, cross-validated; Lopez-Paz & Oquab, arXiv 1610.06545; DeLong, doi 10.2307/2531595",
    version=2,
)

INTERVAL = "DeLong; variance × (1 + folds / (folds - 1)), since folds share rows; doi 10.1023/A:1024068626366"
"""How the interval comes about."""


def two_sample(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """AUC of a classifier that tells real from synthetic rows, and of one that tells real from other real rows.

    Below 0.5 the classifier errs systematically, as it does when synthetic rows
    are near-copies of real ones.
    """
    columns = comparison.of("number", "level")
    pools = (comparison.real, comparison.synthetic)
    least = parameters["least_rows"]
    if not columns or min(table.rows for table in pools) < least:
        return Findings(scores=[C2ST.absent(f"It needs a column to compare and at least {least} rows in each frame.")])
    value, interval, rows = cross_validated_auc(columns, *pools, comparison, parameters, "c2st")
    given = {"rows_per_frame": rows, "classifier": "HistGradientBoostingClassifier", "interval": INTERVAL}
    given |= {"reading": "near-copies"} if interval[1] < 0.5 else {}
    given |= {key: parameters[key] for key in ("folds", "iterations")}
    best, matched = math.nan, math.nan
    if min(*(table.rows for table in comparison.halves()[:2]), comparison.synthetic.rows) >= least:
        equal = comparison.like_for_like(
            lambda one, other: np.array([cross_validated_auc(columns, one, other, comparison, parameters, "ceiling")[0]])
        )
        best, matched, given = float(equal.best[0]), float(equal.matched[0]), given | equal.parameters
    return Findings(scores=[C2ST.score(value, n=2 * rows, interval=interval, ceiling=best, matched=matched, parameters=given)])


def cross_validated_auc(
    columns: list[Column], one: Table, other: Table, comparison: Comparison, parameters: Mapping[str, Any], unit: str
) -> tuple[float, tuple[float, float], int]:
    """Mean AUC over folds with DeLong's interval, from equally many rows of each table, and how many those are.

    Averaging within-fold areas avoids comparing scores of different classifiers.
    The folds' classifiers share rows, so their areas aren't independent: the
    variance of the mean is taken (1 + k / (k − 1)) times as large as if they were,
    for k folds. Nadeau and Bengio (2003), doi 10.1023/A:1024068626366.
    """
    from synthnb.evaluation._learners import classify, features

    most = min(one.rows, other.rows, parameters["most_rows"])
    samples = [table.sample(most, comparison.seed, unit, str(i)) for i, table in enumerate((one, other))]
    data = np.vstack([features(columns, table) for table in samples])
    truth = np.repeat([0, 1], most)
    fold = np.concatenate([generator(comparison.seed, "folds", unit, i).permutation(most) % parameters["folds"] for i in range(2)])
    areas = []
    for k in range(parameters["folds"]):
        comparison.clock.check()
        held = fold == k
        scores = classify(columns, data[~held], truth[~held], data[held], seed=comparison.seed, iterations=parameters["iterations"])[:, 1]
        areas.append(delong_variance(scores[truth[held] == 1], scores[truth[held] == 0]))
    value = float(np.mean([area for area, _ in areas]))
    k = len(areas)
    variance = float(np.sum([part for _, part in areas])) / k**2 * (1 + k / (k - 1))
    return value, auc_interval(value, variance, most).interval, most


C2ST_STEP = Step(
    name="two-sample classifier",
    run=two_sample,
    gives=(C2ST,),
    parameters={"folds": 5, "iterations": 60, "most_rows": 5000, "least_rows": 50},
)
"""``c2st``."""
