from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.coverage import coverage, level_coverage, range_coverage


def ranged(real: list[float], synthetic: list[float]) -> float:
    return range_coverage(np.array(real, dtype=float), np.array(synthetic, dtype=float))


def test_range_by_hand() -> None:
    assert ranged([0, 10, 5], [2, 7]) == 0.5


@pytest.mark.parametrize(("synthetic", "wanted"), [([-5, 20], 1), ([0, 10], 1), ([20, 30], 0), ([np.nan], 0), ([np.inf, 0, 10], 1)])
def test_range_extremes(synthetic: list[float], wanted: float) -> None:
    assert ranged([0, 10], synthetic) == wanted


def test_ranges_near_the_largest_number_do_not_overflow() -> None:
    assert ranged([-1.7e308, 1.7e308], [-1.7e308, 0]) == pytest.approx(0.5)


def test_a_range_of_one_value_has_no_coverage() -> None:
    assert np.isnan(ranged([3, 3], [3]))


def test_levels_by_hand() -> None:
    assert level_coverage(np.array([0, 1, 2, 3, -1]), np.array([3, 3, 4, -1])) == 0.25


def test_the_worst_columns_are_named_beside_a_ceiling(draw: Any, comparing: Any) -> None:
    synthetic = draw(300, 0).query("age > 50 and arm != 'c'")
    found: Any = coverage(comparing(synthetic, draw(300, 1), draw(200, 2)), {}).scores
    ranges, levels = found
    assert ranges.parameters["worst"][0][0] == "age"
    assert levels.parameters["worst"] == [["arm", pytest.approx(2 / 3, abs=1e-4)]]
    assert ranges.value < ranges.ceiling
    assert (ranges.low, ranges.parameters["interval"].split(":")[0]) == (None, "none")


def test_a_column_without_values_covers_nothing(comparing: Any) -> None:
    real = pd.DataFrame({"x": [1.5, 2, 3], "c": ["a", "b", "a"]})
    gone = pd.DataFrame({"x": [None] * 3, "c": [None] * 3})
    assert [score.value for score in coverage(comparing(gone, real), {}).scores] == [0, 0]


def test_without_such_columns_the_reason_is_given(comparing: Any) -> None:
    frame = pd.DataFrame({"c": ["a", "b", "b", "a"]})
    assert "no numeric or temporal column" in str(coverage(comparing(frame, frame), {}).scores[0].reason)
