from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation._encode import Column
from synthnb.evaluation.copies import _rounding, closer_to_training, exact_copies, near_copies


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


def near(comparison: Any) -> Any:
    return near_copies(comparison, {"most_rows": 500}).scores[0]


def test_copies_within_the_rounding_by_hand(comparing: Any) -> None:
    # ages are whole, weights have a decimal; row 0 is off by one step in both, row 1 by two, row 2 has another level
    real = pd.DataFrame({"age": [30, 40, 50], "weight": [60.1, 70.2, 80.3], "sex": ["f", "m", "f"]})
    synthetic = pd.DataFrame({"age": [31, 40, 50], "weight": [60.2, 70.4, 80.3], "sex": ["f", "m", "m"]})
    score = near(comparing(synthetic, real))
    assert (score.value, score.parameters["count"], score.dimension) == (pytest.approx(1 / 3, abs=1e-6), 1, "diagnostic")


def test_missing_is_no_number(comparing: Any) -> None:
    real, synthetic = pd.DataFrame({"x": [1.0, 2, None], "y": [5, 6, 7]}), pd.DataFrame({"x": [None, 0.0], "y": [7, 7]})
    assert near(comparing(synthetic, real)).parameters["count"] == 1


def test_near_copies_stand_beside_the_holdouts_share(draw: Any, comparing: Any) -> None:
    real = draw(200, 0)
    score = near(comparing(real, real, draw(100, 1)))
    assert score.value == 1
    assert score.ceiling < 0.2


@pytest.mark.parametrize(
    ("values", "kind", "step"),
    [
        ([10.0, 2000.0], "integer", 10),
        ([1.0, 2.5], "real", 0.1),
        ([0.0, 86400.0], "date", 86400),
        ([60.0, 3600.0], "time", 60),
        ([np.nan, np.inf], "real", 1),
    ],
)
def test_the_rounding_of_a_column(values: list[float], kind: str, step: float) -> None:
    assert _rounding(Column("x", "x", kind, "number"), np.array(values)) == pytest.approx(step)


def test_a_column_without_rounding_has_a_thousandth_of_its_span() -> None:
    values = np.random.default_rng(0).uniform(0, 100, 2000)
    assert _rounding(Column("x", "x", "real", "number"), values) == pytest.approx(0.09, rel=0.05)


def test_overfitting_protection_is_given_as_sdmetrics_has_it(draw: Any, comparing: Any) -> None:
    score: Any = closer_to_training(comparing(draw(300, 0), draw(300, 1), draw(150, 2)), {"most_rows": 300}).scores[0]
    assert score.parameters["overfitting_protection"] == pytest.approx(min(2 * (1 - score.value), 1), abs=1e-5)
