from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.utility import performance, train_and_test

PARAMETERS = {"iterations": 30, "most_rows": 1000, "least_rows": 30, "draws": 50}


def test_performance_of_two_classes_is_the_auc() -> None:
    truth = np.repeat([0, 1], 5)
    predicted = np.linspace(0, 1, 10)
    assert performance("classes", truth, np.column_stack([1 - predicted, predicted])) == 1


def test_performance_of_three_classes_leaves_out_the_rare() -> None:
    truth = np.array([0] * 6 + [1] * 6 + [2] * 2)
    predicted = np.eye(3)[truth] * 0.8
    assert performance("classes", truth, predicted) == 1
    assert np.isnan(performance("classes", truth[:6], predicted[:6]))


def test_r_squared_by_hand() -> None:
    # residuals 1 and 1 over a spread of 2
    assert performance("numbers", np.array([1.0, 2, 3]), np.array([2.0, 2, 2])) == 0
    assert np.isnan(performance("numbers", np.array([1.0, 1]), np.array([1.0, 1])))


def test_a_good_synthetic_frame_teaches_as_much(draw: Any, comparing: Any) -> None:
    tstr, gap = train_and_test(comparing(draw(400, 0), draw(400, 1), draw(300, 2), target="event"), PARAMETERS).scores
    assert tstr.value == pytest.approx(tstr.ceiling, abs=0.1)
    assert gap.value == pytest.approx(0, abs=0.1)
    assert gap.low is not None


def test_a_shuffled_target_teaches_nothing(draw: Any, comparing: Any) -> None:
    made = draw(400, 0)
    made["event"] = made["event"].sample(frac=1, random_state=0).to_numpy()
    tstr: Any = train_and_test(comparing(made, draw(400, 1), draw(300, 2), target="event"), PARAMETERS).scores[0]
    assert tstr.low < 0.6
    assert tstr.ceiling > 0.75


@pytest.mark.parametrize(("target", "measure"), [("weight", "R²"), ("arm", "AUC"), ("visit", "R²")])
def test_the_measure_follows_the_targets_kind(draw: Any, comparing: Any, target: str, measure: str) -> None:
    score = train_and_test(comparing(draw(200, 0), draw(200, 1), draw(200, 2), target=target), PARAMETERS).scores[0]
    assert score.parameters["measure"] == measure
    assert score.value is not None


def test_a_number_of_two_values_is_a_class(draw: Any, comparing: Any) -> None:
    frames = [draw(200, seed).assign(event=lambda frame: frame["event"].astype(int)) for seed in range(3)]
    assert train_and_test(comparing(*frames, target="event"), PARAMETERS).scores[0].parameters["measure"] == "AUC"


@pytest.mark.parametrize(
    ("holdout", "target", "reason"),
    [
        (True, None, "pass the column a model would predict as target="),
        (False, "event", "rows the generator never saw"),
        (True, "note", "kind is text"),
        (True, "sex", "doesn't have the target"),
    ],
)
def test_what_is_needed_is_said(draw: Any, comparing: Any, holdout: bool, target: str | None, reason: str) -> None:
    frames = [draw(100, seed).assign(note=lambda frame: [f"note {i} was read" for i in range(len(frame))]) for seed in range(3)]
    comparison = comparing(frames[0].drop(columns="sex"), frames[1], frames[2] if holdout else None, target=target)
    for score in train_and_test(comparison, PARAMETERS).scores:
        assert score.value is None
        assert reason in str(score.reason)


def test_a_synthetic_target_of_other_classes_is_too_few_rows(draw: Any, comparing: Any) -> None:
    score = train_and_test(comparing(draw(100, 0).assign(arm="z"), draw(100, 1), draw(100, 2), target="arm"), PARAMETERS).scores[0]
    assert "at least 30 rows with a value" in str(score.reason)


def test_a_column_missing_from_every_synthetic_row_is_no_obstacle(draw: Any, comparing: Any) -> None:
    made = draw(100, 0).assign(weight=np.nan)
    assert train_and_test(comparing(made, draw(100, 1), draw(100, 2), target="event"), PARAMETERS).scores[0].value is not None


def test_infinite_targets_are_left_out(draw: Any, comparing: Any) -> None:
    frames = [draw(100, seed) for seed in range(3)]
    frames[0].loc[0, "weight"] = np.inf
    score = train_and_test(comparing(*frames, target="weight"), PARAMETERS).scores[0]
    assert pd.notna(score.value)
