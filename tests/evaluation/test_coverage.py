"""Each interval that a report gives holds the truth about nineteen times in twenty, with fixed seeds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation._intervals import auc_interval, bootstrap, delong_variance, excess_risk, wilson
from synthnb.evaluation.bias import SUBGROUPS_STEP, subgroups
from synthnb.evaluation.detection import cross_validated_auc
from synthnb.evaluation.privacy import hits_at, without_signal
from synthnb.evaluation.utility import performance
from synthnb.evaluation.validity import adherence


def covered(intervals: Iterable[tuple[Any, Any]], truth: float) -> float:
    return float(np.mean([low <= truth <= high for low, high in intervals]))


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.95])
def test_wilson(share: float) -> None:
    hits = np.random.default_rng(1).binomial(300, share, 4000)
    assert 0.93 <= covered(zip(*wilson(hits, 300), strict=True), share) <= 0.98


@pytest.mark.parametrize("columns", [1, 6])
def test_mean_adherence_of_columns(comparing: Any, columns: int) -> None:
    # of values spread over 0 to 100, 95 % are within the real range of 0 to 95
    rng, real = np.random.default_rng(2), pd.DataFrame({f"c{i}": np.linspace(0, 95, 40) for i in range(columns)})
    drawn = (pd.DataFrame(rng.uniform(0, 100, (150, columns)), columns=real.columns) for _ in range(100))
    scores = [adherence(comparing(frame, real), {}).scores[0] for frame in drawn]
    assert covered(((score.low, score.high) for score in scores), 0.95) >= 0.92


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_delong(shift: float) -> None:
    from statistics import NormalDist

    rng, truth = np.random.default_rng(3), NormalDist().cdf(shift / np.sqrt(2))
    made = (auc_interval(*delong_variance(rng.normal(shift, 1, 80), rng.normal(0, 1, 60)), 60).interval for _ in range(400))
    assert 0.92 <= covered(made, truth) <= 0.98


@pytest.mark.parametrize(("main", "control"), [(0.1, 0.1), (0.3, 0.1), (0.9, 0.5)])
def test_excess_risk(main: float, control: float) -> None:
    rng = np.random.default_rng(4)
    made = (excess_risk(int(rng.binomial(300, main)), 300, int(rng.binomial(150, control)), 150).interval for _ in range(1000))
    assert 0.93 <= covered(made, (main - control) / (1 - control)) <= 0.98


@pytest.mark.parametrize("control", [100, 150, 400])
def test_the_attack_at_few_false_alarms_is_seldom_an_excess_without_a_signal(control: int) -> None:
    rng = np.random.default_rng(5)
    hits = (hits_at(rng.normal(size=300), rng.normal(size=control), 0.01)[0] for _ in range(400))
    assert np.mean([without_signal(count, 300, control, 0.01)[1] <= 0.025 for count in hits]) <= 0.045


def test_bootstrap_of_the_auc() -> None:
    rng, truth, made = np.random.default_rng(6), 0.7602, []
    for _ in range(100):
        classes = rng.integers(0, 2, 150)
        predicted = np.column_stack([np.zeros(150), rng.normal(classes, 1)])

        def statistic(rows: Any, classes: Any = classes, predicted: Any = predicted) -> float:
            return performance("classes", classes[rows], predicted[rows])

        made.append(bootstrap(statistic, 150, draws=100, rng=rng).interval)
    assert 0.88 <= covered(made, truth) <= 0.99


def test_cross_validated_auc(comparing: Any) -> None:
    rng, made = np.random.default_rng(7), []
    parameters = {"folds": 5, "iterations": 5, "most_rows": 5000}
    for _ in range(60):
        comparison = comparing(*(pd.DataFrame(rng.normal(size=(100, 3)), columns=list("abc")) for _ in range(2)))
        found = cross_validated_auc(comparison.of("number"), comparison.real, comparison.synthetic, comparison, parameters, "unit")
        made.append(found[1])
    assert covered(made, 0.5) >= 0.9


@pytest.mark.parametrize("levels", [2, 12])
def test_the_largest_log_ratio_of_shares(comparing: Any, levels: int) -> None:
    rng, made = np.random.default_rng(8), []
    for _ in range(100):
        frames = (pd.DataFrame({"g": [f"level {i}" for i in rng.integers(0, levels, 60 * levels)]}) for _ in range(2))
        score = subgroups(comparing(*frames, groups=("g",)), SUBGROUPS_STEP.parameters).scores[0]
        made.append((score.low, score.high))
    assert covered(made, 0) >= 0.92
