from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation._encode import Table
from synthnb.evaluation.attacks.singling import SINGLING_STEP, Part, _counts, _univariate, expected, single_out
from synthnb.evaluation.base import Clock


def test_copied_rows_are_singled_out(people: Any, comparing: Any, tried: Any) -> None:
    real = people(300, 0)
    score = tried(SINGLING_STEP, comparing(real, real, people(300, 1)))[0]
    assert score.value > 0.95
    assert score.parameters["main"]["rate"] == 1
    assert score.parameters["reading"] == "excess"


def test_independent_rows_give_an_interval_that_holds_nothing(people: Any, comparing: Any, tried: Any) -> None:
    score = tried(SINGLING_STEP, comparing(people(300, 0), people(300, 1), people(300, 2)))[0]
    assert score.low <= 0 <= score.high
    assert score.parameters["reading"] == "inconclusive"


def test_all_synthetic_and_training_rows_are_used(people: Any, comparing: Any, tried: Any) -> None:
    score = tried(SINGLING_STEP, comparing(people(300, 0), people(200, 1), people(120, 2)))[0]
    assert [score.parameters[f"{kind}_rows"] for kind in ("training", "control", "synthetic")] == [200, 120, 300]
    assert score.parameters["control_share"] == 0.6


@pytest.mark.parametrize("rows", [40, 400])
def test_a_full_copy_is_singled_out_however_few_control_rows_there_are(rows: int, people: Any, comparing: Any, tried: Any) -> None:
    real = people(1200, 0)
    score = tried(SINGLING_STEP, comparing(real, real, people(rows, 1)))[0]
    assert score.low > 0.9
    assert score.high == 1


def test_few_control_rows_give_a_wide_interval(people: Any, comparing: Any, tried: Any) -> None:
    scores = (tried(SINGLING_STEP, comparing(people(600, 0), people(600, 1), people(rows, 2)))[0] for rows in (30, 600))
    few, many = (score.high - score.low for score in scores)
    assert few > 2 * many


def test_the_expected_rate_by_hand() -> None:
    # 3 training rows, 1 control row: of one row met, 3/4 are training rows, so that one control row stands for three
    assert expected(np.array([1, 0, 0, 0]), np.array([0, 0, 0, 0]), 3, 1).value == 0
    assert expected(np.array([1, 1, 0, 0, 0, 0, 0]), np.array([0, 0, 1, 0, 0, 0, 0]), 3, 1).value == pytest.approx(3 / 7)
    # of two rows met, exactly one is a training row in half of all draws
    assert expected(np.array([2, 0, 0, 0]), np.array([0, 0, 0, 0]), 3, 1).value == pytest.approx(1 / 4)


def test_rows_like_the_control_rows_are_expected_as_often_as_they_succeed() -> None:
    rng = np.random.default_rng(0)
    mass = rng.gamma(1, 1 / 200, 40_000).clip(0, 1)
    met, other = rng.binomial(200, mass), rng.binomial(50, mass)
    assert expected(met, other, 200, 50).value == pytest.approx((met == 1).mean(), abs=0.02)


def test_conditions_on_one_column_by_hand(comparing: Any) -> None:
    frame = pd.DataFrame({"x": [1.0, 2, 3, 3, None], "c": ["a", "a", "a", "b", "a"]})
    comparison = comparing(frame, frame)
    found = {(part.column, part.how, part.value) for (part,) in _univariate(list(comparison.columns), comparison.synthetic)}
    assert found == {("x", "<", 1.5), ("x", "missing", 0.0), ("c", "=", 1.0)}


@pytest.mark.parametrize(("how", "expected"), [("<", 2), (">", 2), ("=", 1), ("missing", 1)])
def test_a_part_holds_for_its_rows(how: str, expected: int) -> None:
    table = Table(4, {"x": np.array([1.0, 2.0, 3.0, np.nan])}, {})
    assert _counts([(Part("x", how, 2.0),)], table, Clock()).tolist() == [expected]


def test_the_parts_of_a_condition_hold_together() -> None:
    table = Table(4, {"x": np.array([1.0, 2.0, 3.0, 4.0]), "y": np.array([0, 0, 1, 1])}, {})
    assert _counts([(Part("x", ">", 2.0), Part("y", "=", 0.0)), (Part("x", "<", 3.0),)], table, Clock()).tolist() == [1, 3]


def test_too_few_conditions_are_a_reason(comparing: Any, tried: Any) -> None:
    frame = pd.DataFrame({"c": ["a", "b"] * 50})
    several, one = tried(SINGLING_STEP, comparing(frame, frame, frame.head(40)))
    assert several.value is None
    assert one.value is None
    assert "never saw" in one.reason or "conditions that hold for one synthetic row; there are 0" in one.reason


def test_without_a_holdout_the_reason_is_given(people: Any, comparing: Any, tried: Any) -> None:
    assert all("never saw" in score.reason for score in tried(SINGLING_STEP, comparing(people(50, 0), people(50, 1))))


def test_the_same_seed_gives_the_same_scores(people: Any, comparing: Any, tried: Any) -> None:
    frames = people(100, 0), people(100, 1), people(100, 2)
    first, again = (tried(SINGLING_STEP, comparing(*frames)) for _ in range(2))
    assert first == again


def test_units_and_names_of_levels_make_no_difference(people: Any, comparing: Any, tried: Any) -> None:
    frames = [people(150, seed) for seed in range(3)]
    changed = [frame.assign(one=frame["one"] * 1000, sex=frame["sex"].map({"f": "zz", "m": "yy"})) for frame in frames]
    assert tried(SINGLING_STEP, comparing(*frames))[0].value == tried(SINGLING_STEP, comparing(*changed))[0].value


def test_what_the_drill_down_shows(people: Any, comparing: Any) -> None:
    found = single_out(comparing(people(100, 0), people(100, 1), people(100, 2)), SINGLING_STEP.parameters)
    row = found.details["attacks"][0]
    assert row["name"] == "singling out, several columns"
    assert set(row) == {"name", "subject", "main", "baseline", "control", "n", "risk", "weak"}
    assert all(len(row[key]) == 3 for key in ("main", "baseline", "control", "risk"))
