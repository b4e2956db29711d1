from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.quality import QUALITY_STEP, association, quality, width_codes


def scored(comparison: Any, **changed: Any) -> Any:
    return quality(comparison, {**QUALITY_STEP.parameters, **changed}).scores[0]


def test_association_by_hand() -> None:
    # χ² of 30 10 / 10 30 is 20: √(20 / 80)
    one = np.repeat([0, 0, 1, 1], [30, 10, 10, 30])
    other = np.repeat([0, 1, 0, 1], [30, 10, 10, 30])
    assert association(one, other, [2, 2]) == pytest.approx(0.5)
    assert association(one, other, [4000, 4000]) == pytest.approx(0.5)


def test_a_constant_column_has_no_association() -> None:
    assert np.isnan(association(np.zeros(4, dtype=int), np.arange(4), [1, 4]))


def test_bins_have_equal_width_and_missing_shares_the_last() -> None:
    assert width_codes(np.array([0.0, 1, 2, 9.9, 10, np.nan]), bins=10).tolist() == [1, 2, 3, 10, 11, 11]


def test_identical_frames_score_1(draw: Any, comparing: Any) -> None:
    frame = draw(200, 0)
    assert scored(comparing(frame, frame)).value == 1


def test_the_mean_of_two_means(comparing: Any) -> None:
    x = np.arange(50)
    score = scored(comparing(pd.DataFrame({"x": x, "y": -x}), pd.DataFrame({"x": x, "y": x})))
    assert (score.parameters["shapes"], score.parameters["trends"]) == (0.51, 0.0)
    assert score.value == pytest.approx(0.255)


def test_unrelated_columns_leave_the_shapes_alone(comparing: Any) -> None:
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame({"x": rng.normal(size=300), "y": rng.normal(size=300)}) for _ in range(2)]
    score = scored(comparing(*frames))
    assert (score.parameters["pairs"], score.parameters["trends"]) == (0, None)
    assert score.value == pytest.approx(score.parameters["shapes"], abs=1e-4)


def test_rows_drawn_are_said(draw: Any, comparing: Any) -> None:
    assert scored(comparing(draw(200, 0), draw(200, 1)), most_rows=150).parameters["rows_drawn"] == [150, 150]
