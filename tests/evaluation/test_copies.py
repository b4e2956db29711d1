from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from synthnb.evaluation.copies import closer_to_training, exact_copies


def test_copies_and_uncommon_copies_by_hand(comparing: Any) -> None:
    real = pd.DataFrame({"x": [1, 1, 2, 3], "c": ["a", "a", "b", "c"]})
    synthetic = pd.DataFrame({"x": [1.0, 2.0, 2.0, 9.0], "c": ["a", "b", "c", "c"]})
    exact, uncommon = exact_copies(comparing(synthetic, real), {}).scores
    assert (exact.value, exact.parameters["count"]) == (0.5, 2)
    assert (uncommon.value, uncommon.parameters["count"]) == (0.25, 1)


def test_missing_cells_are_equal_to_each_other(comparing: Any) -> None:
    frame = pd.DataFrame({"x": [1, None], "c": ["a", None]})
    assert exact_copies(comparing(frame, frame), {}).scores[0].value == 1


def test_the_reference_is_the_holdouts_own_share(comparing: Any) -> None:
    real, holdout = pd.DataFrame({"x": [1, 1, 2, 3]}), pd.DataFrame({"x": [1, 7, 8, 9]})
    assert exact_copies(comparing(real, real, holdout), {}).scores[0].ceiling == 0.25


def test_a_holdout_with_leaked_rows_gives_no_reference(draw: Any, comparing: Any) -> None:
    real = draw(200, 0)
    holdout = pd.concat([draw(100, 1), real.head(50)])
    assert exact_copies(comparing(real, real, holdout), {}).scores[0].ceiling is None


def test_text_counts_in_a_copy(comparing: Any) -> None:
    real = pd.DataFrame({"x": [1] * 10, "note": [f"note {i}" for i in range(10)]})
    assert exact_copies(comparing(real.assign(note="other"), real), {}).scores[0].value == 0


def test_copies_are_nearer_to_training_rows(draw: Any, comparing: Any) -> None:
    real = draw(200, 0)
    score = closer_to_training(comparing(real, real, draw(200, 1)), {"most_rows": 200}).scores[0]
    assert score.value == pytest.approx(1, abs=0.02)
    assert (score.dimension, score.direction) == ("diagnostic", "half")


def test_independent_rows_are_as_near_to_either(draw: Any, comparing: Any) -> None:
    score: Any = closer_to_training(comparing(draw(300, 0), draw(300, 1), draw(150, 2)), {"most_rows": 300}).scores[0]
    assert score.value == pytest.approx(0.5, abs=0.1)
    assert score.low is None
    assert score.parameters["rows_of_each"] == 150


def test_without_a_holdout_the_reason_is_given(draw: Any, comparing: Any) -> None:
    assert "never saw" in str(closer_to_training(comparing(draw(50, 0), draw(50, 1)), {"most_rows": 50}).scores[0].reason)
