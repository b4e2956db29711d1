from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.config import config_context
from synthnb.evaluation._excess import excess_distance
from synthnb.evaluation._performance import Measure
from synthnb.evaluation._worst import largest
from synthnb.evaluation.bias import subgroups
from synthnb.evaluation.fidelity import column_shapes, distributions
from synthnb.evaluation.gates import Gate, hold

PARAMETERS = {"most_cells": 24, "iterations": 20, "most_rows": 1000, "least_rows": 30, "size_draws": 2, "excess_rows": 2000}


def by_metric(found: Any) -> dict[str, Any]:
    return {score.metric: score for score in found.scores}


def rows_by(found: Any, **group: str) -> dict[str, Any]:
    row: dict[str, Any] = next(row for row in found.subgroups if row["group"] == group)
    return row


def test_shares_and_log_disparity_by_hand(comparing: Any) -> None:
    real = pd.DataFrame({"g": ["a"] * 20 + ["b"] * 80, "x": range(100)})
    synthetic = pd.DataFrame({"g": ["a"] * 40 + ["b"] * 60, "x": range(100)})
    found = subgroups(comparing(synthetic, real, groups=("g",)), PARAMETERS)
    row = rows_by(found, g="a")
    assert (row["n_real"], row["n_synthetic"], row["share_real"], row["share_synthetic"]) == (20, 40, 0.2, 0.4)
    assert row["log_disparity"] == pytest.approx(np.log(2), abs=1e-4)
    assert found.scores[0].subject == ("g = a",)


def test_one_degraded_subgroup_is_seen_behind_a_good_average(draw: Any, comparing: Any) -> None:
    real, made = draw(1000, 0), draw(1000, 1)
    made.loc[made["sex"] == "female", "age"] = 30
    found = subgroups(comparing(made, real, draw(400, 2), groups=("sex",)), PARAMETERS)
    gap = next(score for score in found.scores if score.metric == "subgroup_fidelity_gap")
    assert gap.parameters["overall"] > 0.9
    assert gap.subject == ("sex = female",)
    assert gap.value is not None
    assert gap.value < -0.1
    assert gap.matched is not None
    assert gap.ceiling is not None
    assert gap.matched < gap.ceiling
    assert gap.low is None
    assert rows_by(found, sex="female")["fidelity"] < rows_by(found, sex="male")["fidelity"]


def test_a_small_cell_has_no_figures(comparing: Any) -> None:
    real = pd.DataFrame({"g": ["rare"] * 10 + ["b"] * 90, "x": range(100)})
    found = subgroups(comparing(real, real, groups=("g",)), PARAMETERS)
    row = rows_by(found, g="other (1 level)")
    assert row["suppressed"]
    assert {value for key, value in row.items() if key not in ("group", "suppressed")} == {None}


def test_one_small_cell_takes_the_next_smallest_with_it(comparing: Any) -> None:
    real = pd.DataFrame({"g": ["rare"] * 4 + ["b"] * 20 + ["c"] * 76, "x": range(100)})
    found = subgroups(comparing(real, real, groups=("g",)), PARAMETERS)
    assert {row["group"]["g"]: row["suppressed"] for row in found.subgroups} == {"other (1 level)": True, "b": True, "c": False}


def test_a_small_cell_of_the_crossing_cannot_be_worked_out_from_the_sums(comparing: Any) -> None:
    pairs = [("a", "x")] * 60 + [("a", "y")] * 40 + [("b", "x")] * 50 + [("b", "y")] * 3 + [("c", "x")] * 30 + [("c", "y")] * 30
    real = pd.DataFrame(pairs, columns=["g", "h"]).assign(v=range(213))
    found = subgroups(comparing(real, real, groups=("g", "h")), PARAMETERS)
    hidden = {tuple(row["group"].values()) for row in found.subgroups if row["suppressed"]}
    assert hidden == {("b", "y"), ("b", "x"), ("c", "x"), ("c", "y")}


def test_the_minimum_cell_is_a_setting(comparing: Any) -> None:
    real = pd.DataFrame({"g": ["rare"] * 10 + ["b"] * 90, "x": range(100)})
    with config_context(minimum_cell=5):
        found = subgroups(comparing(real, real, groups=("g",)), PARAMETERS)
    assert rows_by(found, g="rare")["n_real"] == 10


def test_a_subgroup_that_vanished_is_named(comparing: Any) -> None:
    real = pd.DataFrame({"g": ["a", "b"] * 30, "x": range(60)})
    score = subgroups(comparing(real[real["g"] == "a"], real, groups=("g",)), PARAMETERS).scores[0]
    assert score.value is None
    assert score.parameters == {"vanished": ["g = b"]}


def test_two_columns_are_also_crossed(draw: Any, comparing: Any) -> None:
    found = subgroups(comparing(draw(300, 0), draw(300, 1), groups=("sex", "arm")), PARAMETERS)
    assert len(found.subgroups) == 2 + 3 + 6
    assert rows_by(found, sex="female", arm="a")["n_real"] > 0


def test_too_many_combinations_are_said(draw: Any, comparing: Any) -> None:
    found = subgroups(comparing(draw(300, 0), draw(300, 1), groups=("sex", "arm")), PARAMETERS | {"most_cells": 5})
    assert len(found.subgroups) == 5
    assert found.not_evaluated[0]["reason"] == "The 2 group columns make 6 combinations; combinations are shown up to 5."


def test_bands_of_numbers_are_made_of_the_bins_that_are_shown(draw: Any, comparing: Any) -> None:
    comparison = comparing(draw(300, 0), draw(300, 1), groups=("age",))
    shown = distributions(comparison, {}).columns["age"]["bins"]["labels"]
    firsts = {re.split("–", row["group"]["age"])[0] for row in subgroups(comparison, PARAMETERS).subgroups[1:-1]}
    assert firsts <= {re.split("–", label)[0] for label in shown}


def test_numbers_are_cut_in_bands_and_missing_is_a_subgroup(draw: Any, comparing: Any) -> None:
    found = subgroups(comparing(draw(300, 0), draw(300, 1), groups=("weight",)), PARAMETERS)
    labels = [row["group"]["weight"] for row in found.subgroups]
    assert len(labels) == 5
    assert labels[-1] == "missing"


def test_utility_is_shown_per_subgroup(draw: Any, comparing: Any) -> None:
    comparison = comparing(draw(400, 0), draw(400, 1), draw(300, 2), groups=("sex",), target="event")
    found = subgroups(comparison, PARAMETERS)
    assert rows_by(found, sex="male")["utility"] > 0.6
    gap = by_metric(found)["subgroup_utility_gap"]
    assert gap.low < gap.value < gap.high


def test_without_groups_the_reason_is_given(draw: Any, comparing: Any) -> None:
    for score in subgroups(comparing(draw(50, 0), draw(50, 1)), PARAMETERS).scores:
        assert score.value is None
        assert "as groups=" in str(score.reason)


def test_a_group_of_text_or_missing_from_the_synthetic_frame_is_said(draw: Any, comparing: Any) -> None:
    real = draw(60, 0).assign(note=[f"note {i} was read" for i in range(60)])
    score = subgroups(comparing(real.drop(columns="sex"), real, groups=("note", "sex")), PARAMETERS).scores[0]
    assert "of kind text" in str(score.reason)
    assert "doesn't have the group column 'sex'" in str(score.reason)


def test_the_aggregate_passes_and_the_subgroup_gate_fails(draw: Any, comparing: Any) -> None:
    # one in ten people is of the subgroup whose rows are spoilt
    def marked(seed: int) -> pd.DataFrame:
        frame: pd.DataFrame = draw(2000, seed)
        return frame.assign(site=np.where(np.arange(2000) % 10 == 0, "small", "large"))

    made = marked(1)
    spoilt = made["site"] == "small"
    made.loc[spoilt, ["age", "weight"]] = 40, 90.0
    made.loc[spoilt, "arm"] = "a"
    comparison = comparing(made, marked(0), marked(2), groups=("site",))
    gates = [Gate(metric="column_shapes", side="at_least", limit=0.9, source="a test")]
    gates += [Gate(metric="subgroup_fidelity_excess", side="at_least", limit=-0.1, source="a test")]
    aggregate, subgroup = hold(gates, [*column_shapes(comparison, {"size_draws": 1}).scores, *subgroups(comparison, PARAMETERS).scores])
    assert (aggregate["outcome"], subgroup["outcome"]) == ("pass", "fail")
    assert subgroup["subject"] == ["site = small"]


def test_without_a_difference_the_excess_holds_nothing(draw: Any, comparing: Any) -> None:
    found = subgroups(comparing(draw(800, 1), draw(800, 0), draw(800, 2), groups=("sex", "arm")), PARAMETERS)
    excess = by_metric(found)["subgroup_fidelity_excess"]
    assert excess.low <= 0 <= excess.high


def test_the_excess_does_not_depend_on_order_names_or_units(draw: Any, comparing: Any) -> None:
    def other(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(weight=frame["weight"] * 2.2 + 1, arm=frame["arm"].map({"a": "x", "b": "y", "c": "z"}))[frame.columns[::-1]]

    frames = [draw(300, seed) for seed in range(3)]
    one = by_metric(subgroups(comparing(*frames, groups=("sex",)), PARAMETERS))["subgroup_fidelity_excess"]
    two = by_metric(subgroups(comparing(*map(other, frames), groups=("sex",)), PARAMETERS))["subgroup_fidelity_excess"]
    assert (two.value, two.low, two.high) == pytest.approx((one.value, one.low, one.high), abs=1e-6)


def test_excess_distance_by_hand(comparing: Any) -> None:
    # real 1 2 3 4, hold-out the same, synthetic 3 4 5 6: the distance is 1/2, on "at most 2"
    real, made = pd.DataFrame({"x": [1.5, 2, 3, 4]}), pd.DataFrame({"x": [3.0, 4, 5, 6]})
    comparison = comparing(made, real)
    found = excess_distance(list(comparison.columns), comparison.real, comparison.synthetic, comparison.real)
    assert found.value == 0.5
    # real rows weigh 1 1 0 0 with variance 1/4 over 4 rows; no synthetic row is in the event
    assert found.se == pytest.approx(np.sqrt(0.25 / 4))


@pytest.mark.parametrize("shift", [0.0, 0.15, 1.0])
def test_the_error_of_the_excess_is_never_too_small(comparing: Any, shift: float) -> None:
    rng, found = np.random.default_rng(1), []
    for _ in range(80):
        frames = [pd.DataFrame(rng.normal(mean, 1, (rows, 3)), columns=list("abc")) for mean, rows in ((0, 120), (shift, 60), (0, 60))]
        real, made, held = (comparing(frame, frames[0]).synthetic for frame in frames)
        found.append(excess_distance(list(comparing(frames[0], frames[0]).columns), real, made, held))
    truth = np.mean([each.value for each in found])
    assert np.mean([abs(each.value - truth) <= 1.96 * each.se for each in found]) >= 0.92


@pytest.mark.parametrize("truths", [[0.0, 0.0], [0.0, 5.0, 0.0, 0.0], [0.0] * 8])
def test_the_interval_of_the_largest_holds_it(truths: list[float]) -> None:
    rng = np.random.default_rng(3)
    made = [largest(rng.normal(truths, 1.0).tolist(), [1.0] * len(truths)) for _ in range(2000)]
    assert np.mean([each.low <= max(truths) <= each.high for each in made]) >= 0.94


def test_the_worst_utility_gap_holds_the_truth_of_one_weak_group() -> None:
    # areas of 0.76 and 0.58; overall 0.7254 where one in five is of the weak group
    rng, held = np.random.default_rng(6), []
    for _ in range(100):
        weak, truth = rng.random(400) < 0.2, rng.integers(0, 2, 400)
        scores = rng.normal(np.where(weak, 0.3, 1.0) * truth, 1)
        whole, part = (Measure("classes", truth[here], np.column_stack([-scores[here], scores[here]])) for here in (weak >= 0, weak))
        error = -whole.influence() / 400
        error[weak] += part.influence() / weak.sum()
        held.append(abs(part.at() - whole.at() + 0.1418) <= 1.96 * np.sqrt((error**2).sum()))
    assert 0.9 <= np.mean(held) <= 0.99
