from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from synthnb.evaluation.validity import adherence, missing_difference, named, schema


def test_the_share_of_columns_and_what_is_wrong_are_named(comparing: Any) -> None:
    real = pd.DataFrame({"a": [1, 2], "b": [1.5, 2.5], "c": ["x", "y"], "d": [3, 4]})
    synthetic = pd.DataFrame({"a": [1, 2], "b": ["?", "2.5"], "c": ["x", "x"], "note": ["s", "t"]})
    score = schema(comparing(synthetic, real), {}).scores[0]
    assert score.value == 0.5
    assert score.parameters == {"unit": "columns", "missing": ["d"], "unreadable": ["b"], "extra": ["note"]}


def test_fractions_are_no_whole_numbers(comparing: Any) -> None:
    real, synthetic = pd.DataFrame({"a": [1, 2, 3]}), pd.DataFrame({"a": [1, 2, 2.5]})
    assert schema(comparing(synthetic, real), {}).scores[0].parameters["unreadable"] == ["a"]


def test_range_adherence_counts_present_values_outside(comparing: Any) -> None:
    real, synthetic = pd.DataFrame({"x": [1, 5, 9]}), pd.DataFrame({"x": [0, 1, 9, 10, None]})
    score: Any = adherence(comparing(synthetic, real), {}).scores[0]
    assert score.value == 0.5
    assert score.low < 0.5 < score.high
    assert score.parameters["worst"] == [["x", 0.5]]


def test_category_adherence_counts_unknown_levels(comparing: Any) -> None:
    real, synthetic = pd.DataFrame({"c": ["a", "b", "b", "a"]}), pd.DataFrame({"c": ["a", "b", "b", "z"]})
    found = adherence(comparing(synthetic, real), {})
    assert found.scores[1].value == 0.75
    assert found.columns == {"c": {"valid": 0.75}}


def test_without_such_columns_the_reason_is_given(comparing: Any) -> None:
    frame = pd.DataFrame({"c": ["a", "b", "b", "a"]})
    score = adherence(comparing(frame, frame), {}).scores[0]
    assert score.value is None
    assert "no numeric or temporal column" in str(score.reason)


def test_the_ceiling_is_the_holdouts_own_adherence(comparing: Any) -> None:
    real, holdout = pd.DataFrame({"x": [1, 5, 9]}), pd.DataFrame({"x": [2, 3, 12, 4]})
    score = adherence(comparing(real, real, holdout), {}).scores[0]
    assert (score.ceiling, score.parameters["ceiling_from"]) == (0.75, "hold-out")


def test_missing_shares_are_compared(comparing: Any) -> None:
    real = pd.DataFrame({"x": [1, 2, None, None], "c": ["a", "b", "a", "b"]})
    synthetic = pd.DataFrame({"x": [1, 2, 3, None], "c": ["a", None, None, "b"]})
    found = missing_difference(comparing(synthetic, real), {})
    assert found.scores[0].value == pytest.approx((0 + 0.5) / 2)  # 2 of 4 may be any share
    assert found.columns["x"] == {"missing": {"real": 1.0, "synthetic": 0.25, "bound": "≤"}}


@pytest.mark.parametrize(("gone", "shown"), [(0, {"real": 0}), (4, {"real": 0.055, "bound": "≤"}), (20, {"real": 0.1})])
def test_few_missing_cells_are_a_bound(comparing: Any, gone: int, shown: dict[str, Any]) -> None:
    real = pd.DataFrame({"x": [None] * gone + list(range(200 - gone))})
    found = missing_difference(comparing(real.fillna(1), real), {})
    assert found.columns["x"]["missing"] == shown | {"synthetic": 0}
    assert found.scores[0].value == (0.1 if gone == 20 else 0)


def test_few_missing_cells_cannot_be_counted_from_the_score(comparing: Any) -> None:
    synthetic = pd.DataFrame({"x": [None] * 40 + list(range(160))})
    reals = [pd.DataFrame({"x": [None] * gone + list(range(200 - gone))}) for gone in (1, 7, 10)]
    scores = [missing_difference(comparing(synthetic, real, reals[0]), {}).scores[0] for real in reals]
    assert {(score.value, score.ceiling) for score in scores} == {(0.145, 0)}


def test_few_present_cells_are_a_bound(comparing: Any) -> None:
    real = pd.DataFrame({"x": [None] * 196 + [1.5, 2, 3, 4]})
    assert missing_difference(comparing(real, real), {}).columns["x"]["missing"]["bound"] == "≥"


def test_many_columns_are_counted_not_listed() -> None:
    assert named(tuple("abcdefgh")) == ["a", "b", "c", "d", "e", "and 3 more"]
