from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation._lifetimes import concordance, cox, curve, curve_gap, share_interval
from synthnb.evaluation.facts import Facts
from synthnb.evaluation.survival import SURVIVAL_STEP, survival

ORACLE = json.loads((Path(__file__).parents[1] / "fixtures" / "survival" / "oracle.json").read_text(encoding="utf-8"))
PARAMETERS = SURVIVAL_STEP.parameters
FACTS = Facts(survival=("time", "event"))


def patients(rows: int, seed: int, effect: float = -0.7) -> pd.DataFrame:
    """Times that age shortens and arm b lengthens; about a third are censored."""
    rng = np.random.default_rng(seed)
    age, arm = rng.integers(40, 80, rows), rng.choice(["a", "b"], rows, p=[0.6, 0.4])
    rate = np.exp(0.05 * (age - 60) + effect * (arm == "b"))
    time, censored = rng.exponential(300 / rate), rng.uniform(50, 900, rows)
    return pd.DataFrame({"age": age, "arm": arm, "time": np.ceil(np.minimum(time, censored)), "event": time <= censored})


def by_metric(found: Any) -> dict[str, Any]:
    return {score.metric: score for score in found.scores}


def oracle() -> tuple[Any, Any, Any]:
    return np.array(ORACLE["t"]), np.array(ORACLE["e"]) > 0, np.column_stack([ORACLE["x"], ORACLE["arm"]])


def test_a_curve_by_hand() -> None:
    # 4 at risk at 1, 3 at 2 (one event, one censored), 1 at 3
    made = curve(np.array([1.0, 2, 2, 3]), np.array([True, True, False, True]))
    assert made.survival.tolist() == [0.75, 0.5, 0.0]
    assert made.median() == 2
    assert made.at(np.array([0.5, 1.0, 2.9, 9.0])).tolist() == [1, 0.75, 0.5, 0]
    assert made.mean_until(3)[0] == 1 + 0.75 + 0.5
    # areas after 1 and 2: 1.25 and 0.5; Σ A² h / (n (1 − h)), h = 1/4 of 4 and 1/3 of 3
    assert made.mean_until(3)[1] == pytest.approx(1.25**2 * 0.25 / (4 * 0.75) + 0.5**2 * (1 / 3) / (3 * 2 / 3))


def test_distance_of_curves_by_hand() -> None:
    one, other = curve(np.array([1.0, 2.0]), np.array([True, True])), curve(np.array([2.0, 2.0]), np.array([True, True]))
    assert curve_gap(one, other, 4.0) == (0.5, 0.125)
    assert curve_gap(one, one, 4.0) == (0, 0)


def test_curves_are_those_of_lifelines() -> None:
    times, events, _ = oracle()
    made = curve(times, events)
    assert made.at(np.array([moment for moment, _ in ORACLE["km"]])) == pytest.approx([share for _, share in ORACLE["km"]], abs=1e-12)
    assert made.median() == ORACLE["median"]
    assert made.mean_until(10)[0] == pytest.approx(ORACLE["rmst10"], abs=1e-9)


def test_cox_is_that_of_lifelines_and_statsmodels() -> None:
    fitted = cox(*oracle())
    assert fitted.converged
    assert fitted.log_ratios == pytest.approx(ORACLE["coef"], abs=1e-6)
    assert fitted.errors == pytest.approx(ORACLE["se"], abs=1e-6)
    assert fitted.log_ratios == pytest.approx(ORACLE["sm_coef"], abs=1e-6)


def test_concordance_is_that_of_lifelines() -> None:
    times, events, data = oracle()
    assert concordance(times, events, data.sum(axis=1)).value == pytest.approx(ORACLE["c"], abs=1e-12)


def test_concordance_at_its_extremes() -> None:
    times, events = np.arange(1.0, 9.0), np.ones(8, dtype=bool)
    assert concordance(times, events, -times).value == 1
    assert concordance(times, events, times).value == 0
    assert concordance(times, events, times * 0).value == 0.5
    assert np.isnan(concordance(times, ~events, times).value)


def test_a_group_without_events_does_not_converge() -> None:
    times, data = np.arange(1.0, 41.0), np.repeat([[0.0], [1.0]], 20, axis=0)
    assert not cox(times, data[:, 0] == 0, data).converged


@pytest.mark.parametrize(("effect", "truth"), [(0.0, 0.5), (1.0, 0.7332), (2.0, 0.8436)])
def test_the_interval_of_the_concordance_holds_the_truth(effect: float, truth: float) -> None:
    rng, made = np.random.default_rng(5), []
    for _ in range(400):
        x = rng.normal(size=120)
        time, censored = rng.exponential(np.exp(-effect * x)), rng.exponential(2, 120)
        found = concordance(np.minimum(time, censored), time <= censored, x)
        made.append((found.value, *(share_interval(found.value, float(np.sqrt((found.influence**2).sum())) / 120) or (0.0, 0.0))))
    assert 0.92 <= np.mean([low <= truth <= high for _, low, high in made]) <= 0.98


def test_the_interval_of_the_restricted_mean_holds_the_truth() -> None:
    rng, held, truth = np.random.default_rng(4), [], 1 - np.exp(-1)
    for _ in range(400):
        time, censored = rng.exponential(1, 100), rng.exponential(2, 100)
        value, variance = curve(np.minimum(time, censored), time <= censored).mean_until(1.0)
        held.append(abs(value - truth) <= 1.96 * np.sqrt(variance))
    assert 0.92 <= np.mean(held) <= 0.975


def test_good_synthetic_rows_agree(comparing: Any) -> None:
    frames = patients(800, 0), patients(800, 1), patients(400, 2)
    found = survival(comparing(*frames, facts=FACTS, groups=("arm",)), PARAMETERS)
    scores = by_metric(found)
    assert scores["km_difference"].value < 0.1
    assert scores["km_difference"].matched == pytest.approx(scores["km_difference"].ceiling, abs=0.07)
    assert scores["rmst_difference"].low < 0 < scores["rmst_difference"].high
    assert scores["hazard_ratio_overlap"].value > 0.3
    assert scores["c_index_tstr"].value == pytest.approx(scores["c_index_tstr"].ceiling, abs=0.05)
    assert [row["term"] for row in found.details["survival"]["terms"]] == ["arm = b"]
    assert len(json.dumps(found.details)) < 6000


def test_an_effect_that_is_lost_is_seen(comparing: Any) -> None:
    made = patients(800, 0, effect=1.0)
    scores = by_metric(survival(comparing(made, patients(800, 1), patients(400, 2), facts=FACTS, groups=("arm",)), PARAMETERS))
    assert scores["hazard_ratio_overlap"].value < 0
    assert scores["rmst_difference"].high < 0
    assert scores["c_index_gap"].high < 0


def test_a_copy_differs_in_nothing(comparing: Any) -> None:
    real = patients(200, 0)
    scores = by_metric(survival(comparing(real, real, facts=FACTS), PARAMETERS))
    assert [scores[name].value for name in ("km_difference", "km_mean_difference", "rmst_difference")] == [0, 0, 0]
    assert scores["hazard_ratio_overlap"].value == 1
    assert scores["c_index_tstr"].value is None


def test_the_unit_of_time_and_the_order_of_rows_change_nothing(comparing: Any) -> None:
    frames = [patients(150, seed) for seed in range(3)]
    other = [frame.assign(time=frame["time"] * 10).iloc[::-1] for frame in frames]
    for one, two in zip(*(survival(comparing(*each, facts=FACTS), PARAMETERS).scores for each in (frames, other)), strict=True):
        if one.metric != "rmst_difference":
            assert two.value == pytest.approx(one.value, abs=1e-6)


@pytest.mark.parametrize("marks", [{True: 1, False: 0}, {True: "yes", False: "no"}, {True: 1.0, False: 0.0}])
def test_events_may_be_marked_in_several_ways(comparing: Any, marks: Any) -> None:
    frames = [patients(100, seed) for seed in range(2)]
    other = [frame.assign(event=frame["event"].map(marks)) for frame in frames]
    one, two = (survival(comparing(*each, facts=FACTS), PARAMETERS).scores[0].value for each in (frames, other))
    assert one == two


@pytest.mark.parametrize(
    ("change", "facts", "reason"),
    [
        ({}, Facts(), "as survival="),
        ({"time": pd.Timestamp("2020-01-01")}, FACTS, "of kind"),
        ({"event": "perhaps"}, FACTS, "marked by true and false"),
        ({"time": lambda frame: -frame["age"]}, FACTS, "aren't negative"),
        ({"event": False}, FACTS, "5 events"),
    ],
)
def test_what_is_needed_is_said(comparing: Any, change: Any, facts: Facts, reason: str) -> None:
    frames = [patients(60, seed).assign(**change) for seed in range(2)]
    for score in survival(comparing(*frames, facts=facts), PARAMETERS).scores:
        assert score.value is None
        assert reason in str(score.reason)


def test_nobodys_longest_time_is_shown(comparing: Any) -> None:
    frames = [patients(100, seed) for seed in range(2)]
    frames[1].loc[0, "time"] = 987654.0
    found = survival(comparing(*frames, facts=FACTS), PARAMETERS)
    assert "987654" not in json.dumps([score.to_dict() for score in found.scores] + [found.details])


def test_a_synthetic_level_missing_is_a_term_without_an_estimate(comparing: Any) -> None:
    made = patients(300, 0).assign(arm="a")
    found = survival(comparing(made, patients(300, 1), facts=FACTS, groups=("arm", "age")), PARAMETERS)
    row = next(row for row in found.details["survival"]["terms"] if row["term"] == "arm = b")
    assert (row["synthetic"], row["sign"]) == (None, False)


def test_a_concordance_of_1_has_no_interval() -> None:
    assert share_interval(1.0, 0.0) is None
    low, high = share_interval(0.9, 0.05) or (0, 0)
    assert 0 < low < 0.9 < high < 1


def test_a_perfect_ranking_says_why_it_has_no_interval(comparing: Any) -> None:
    frame = pd.DataFrame({"time": np.arange(1.0, 201), "event": True, "risk": -np.arange(1.0, 201)})
    frames = frame, frame, frame.assign(time=frame["time"] + 0.25, risk=frame["risk"] - 0.25)
    scores = by_metric(survival(comparing(*frames, facts=Facts(survival=("time", "event"))), PARAMETERS))
    for metric in ("c_index_tstr", "c_index_gap"):
        assert scores[metric].low is None
        assert scores[metric].parameters["interval"].startswith("none: no calibrated interval")
    assert scores["c_index_tstr"].parameters["ceiling_from"] == "trained on the real rows"
