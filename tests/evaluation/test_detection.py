from __future__ import annotations

from typing import Any

import pandas as pd

from synthnb.evaluation.detection import two_sample

PARAMETERS = {"folds": 3, "iterations": 20, "most_rows": 400, "least_rows": 50}


def test_samples_of_one_population_cannot_be_told_apart(draw: Any, comparing: Any) -> None:
    score: Any = two_sample(comparing(draw(400, 0), draw(400, 1), draw(400, 2)), PARAMETERS).scores[0]
    assert score.low < 0.5 < score.high
    assert abs(score.ceiling - 0.5) < 0.1


def test_another_population_is_told_apart(draw: Any, comparing: Any) -> None:
    shifted = draw(300, 0).assign(age=lambda frame: frame["age"] + 60)
    score: Any = two_sample(comparing(shifted, draw(300, 1)), PARAMETERS).scores[0]
    assert score.value > 0.95
    assert score.direction == "half"


def test_copies_fall_below_one_half_and_are_named(draw: Any, comparing: Any) -> None:
    score: Any = two_sample(comparing(draw(300, 0), draw(300, 0)), PARAMETERS).scores[0]
    assert score.high < 0.5
    assert score.parameters["reading"] == "near-copies"


def test_too_few_rows_give_the_reason(comparing: Any) -> None:
    frame = pd.DataFrame({"x": range(10)})
    score: Any = two_sample(comparing(frame, frame), PARAMETERS).scores[0]
    assert score.value is None
    assert "at least 50 rows" in str(score.reason)
