from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation._intervals import delong_variance
from synthnb.evaluation._more_learners import LEARNERS, Lesson, design, learned
from synthnb.evaluation._performance import Matthews, Measure, resampled
from synthnb.evaluation.base import Clock
from synthnb.evaluation.utility import augmentation, performance, train_and_test

PARAMETERS = {"iterations": 30, "most_rows": 1000, "least_rows": 30, "draws": 50, "trees": 10, "forest_rows": 500}


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
    tstr, gap, *_ = train_and_test(comparing(draw(400, 0), draw(400, 1), draw(300, 2), target="event"), PARAMETERS).scores
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


def by_metric(found: Any) -> dict[str, Any]:
    return {score.metric: score for score in found.scores}


def test_a_weight_is_a_row_so_often() -> None:
    rng = np.random.default_rng(0)
    truth, counts = rng.integers(0, 3, 200), rng.integers(0, 4, 200)
    predicted = np.round(rng.random((200, 3)) + np.eye(3)[truth] / 2, 1)
    again = np.repeat(np.arange(200), counts)
    assert Measure("classes", truth, predicted).at(counts) == pytest.approx(performance("classes", truth[again], predicted[again]))
    numbers = Measure("numbers", predicted[:, 0], predicted[:, 1])
    assert numbers.at(counts) == pytest.approx(performance("numbers", predicted[again, 0], predicted[again, 1]))


def test_influence_of_an_area_is_that_of_delong() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 400)
    scores = np.round(rng.normal(truth, 1), 1)
    measure = Measure("classes", truth, np.column_stack([-scores, scores]))
    value, variance = delong_variance(scores[truth == 1], scores[truth == 0])
    assert measure.at() == pytest.approx(value)
    assert float((measure.influence() ** 2).sum()) / 400**2 == pytest.approx(variance, rel=0.01)


def test_influence_of_r_squared_is_that_of_resamples() -> None:
    rng = np.random.default_rng(2)
    truth = rng.normal(size=500)
    measure = Measure("numbers", truth, 0.6 * truth + 0.3 * rng.normal(size=500))
    drawn = resampled([measure], 500, draws=400, rng=rng, clock=Clock())
    assert float((measure.influence() ** 2).sum()) / 500**2 == pytest.approx(float(drawn.var()), rel=0.2)


def test_matthews_by_hand() -> None:
    # two of three true, one of two false called rightly: (2·1 − 1·1) / √(3·3·2·2)
    truth, said = np.array([1, 1, 1, 0, 0]), np.array([1, 1, 0, 0, 1])
    assert Matthews(truth, np.eye(2)[said]).at() == pytest.approx(1 / 6)
    assert Matthews(truth, np.eye(2)[truth]).at() == 1
    assert Matthews(truth, np.eye(2)[1 - truth]).at() == -1
    assert np.isnan(Matthews(truth, np.eye(2)[truth * 0]).at())


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("task", ["classes", "numbers"])
def test_every_learner_learns(draw: Any, comparing: Any, learner: str, task: str) -> None:
    from synthnb.evaluation._learners import features

    comparison = comparing(draw(400, 0), draw(400, 1))
    columns = [column for column in comparison.of("number", "level") if column.name in ("age", "sex", "weight")]
    data, test = features(columns, comparison.synthetic), features(columns, comparison.real)
    truth, tested = ((data[:, 0] > 50).astype(int), (test[:, 0] > 50).astype(int)) if task == "classes" else (data[:, 0], test[:, 0])
    predicted = learned(learner, Lesson(task, columns, data, truth, test, 0, 30), most_rows=300)
    assert performance(task, tested, predicted) > 0.9


@pytest.mark.parametrize("learner", LEARNERS)
def test_learners_bear_hostile_columns(draw: Any, comparing: Any, learner: str) -> None:
    frames = [draw(80, seed).assign(weight=[np.inf, -np.inf] * 40, empty=np.nan, same=1.0) for seed in range(3)]
    found = train_and_test(comparing(*frames, target="event"), PARAMETERS)
    row = next(row for row in found.details["utility"] if row["learner"] == learner)
    assert 0 <= row["synthetic"] <= 1


def test_a_design_standardises_numbers_and_marks_levels(comparing: Any) -> None:
    frame = pd.DataFrame({"x": [1.0, 3.0, np.nan, 1e308], "g": ["a", "a", "b", "b"]})
    columns = list(comparing(frame, frame).columns)
    data, _ = design(columns, np.array([[1.0, 0], [3.0, 0], [np.nan, 1], [1e300, 1]]), np.zeros((0, 2)))
    assert data.tolist() == [[-1, 1, 0], [1, 1, 0], [0, 0, 1], [10, 0, 1]]


def test_learners_stand_beside_each_other(draw: Any, comparing: Any) -> None:
    found = train_and_test(comparing(draw(400, 0), draw(400, 1), draw(300, 2), target="event"), PARAMETERS)
    assert [row["learner"] for row in found.details["utility"]] == list(LEARNERS)
    first, scores = found.details["utility"][0], by_metric(found)
    assert first["synthetic"] == pytest.approx(scores["tstr"].value, abs=1e-4)
    assert first["gap"][0] == pytest.approx(scores["tstr_minus_trtr"].value, abs=1e-4)
    assert first["gap"][1] == pytest.approx(scores["tstr_minus_trtr"].low, abs=0.03)
    assert scores["tstr"].parameters["ceiling_from"] == scores["tstr_mcc"].parameters["ceiling_from"] == "trained on the real rows"
    assert "these fitted models" in scores["tstr_minus_trtr"].parameters["interval_of"]
    assert 0 < scores["tstr_mcc"].low < scores["tstr_mcc"].value < scores["tstr_mcc"].high


def test_few_real_rows_gain_by_good_synthetic_ones(draw: Any, comparing: Any) -> None:
    gain = augmentation(comparing(draw(1000, 0), draw(40, 1), draw(500, 2), target="event"), PARAMETERS).scores[0]
    assert gain.value == pytest.approx(gain.parameters["together"] - gain.parameters["real"], abs=1e-3)
    assert gain.low is not None
    assert gain.low > 0


def test_noise_added_to_real_rows_loses(draw: Any, comparing: Any) -> None:
    made = draw(1000, 0)
    made["event"] = ~made["event"]
    gain = augmentation(comparing(made, draw(400, 1), draw(500, 2), target="event"), PARAMETERS).scores[0]
    assert gain.high is not None
    assert gain.high < 0


def test_the_gap_holds_the_truth_of_two_fixed_models() -> None:
    rng, held = np.random.default_rng(5), []
    for _ in range(100):
        truth = rng.integers(0, 2, 200)
        good, weak = rng.normal(truth, 1), rng.normal(truth * 0.5, 1)
        models = [Measure("classes", truth, np.column_stack([-scores, scores])) for scores in (good, weak)]
        drawn = resampled(models, 200, draws=100, rng=rng, clock=Clock())
        low, high = np.quantile(drawn[:, 0] - drawn[:, 1], [0.025, 0.975])
        held.append(low <= 0.7602 - 0.6382 <= high)
    assert 0.89 <= np.mean(held) <= 0.99
