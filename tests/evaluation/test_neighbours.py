from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation import _neighbours
from synthnb.evaluation._neighbours import nearest, points
from synthnb.evaluation.base import Clock, OverBudgetError


def placed(comparison: Any) -> tuple[Any, Any]:
    columns = comparison.of("number", "level")
    return points(columns, [comparison.real], comparison.synthetic), points(columns, [comparison.real], comparison.real)


def test_distance_by_hand(comparing: Any) -> None:
    # places of 1 2 3 4 are 1/8 3/8 5/8 7/8; the level differs from the nearest row in x, and the other way round
    real = pd.DataFrame({"x": [1, 2, 3, 4], "c": ["a", "a", "b", "b"]})
    synthetic = pd.DataFrame({"x": [1, 2], "c": ["a", "b"]})
    assert nearest(*placed(comparing(synthetic, real)), Clock()).tolist() == pytest.approx([0, 0.125])


def test_missing_is_at_least_half_away_and_equal_to_missing(comparing: Any) -> None:
    real, synthetic = pd.DataFrame({"x": [1, 2, 3, 4]}), pd.DataFrame({"x": [None, 2.0]})
    assert nearest(*placed(comparing(synthetic, real)), Clock())[0] == pytest.approx(0.625)
    with_missing = pd.DataFrame({"x": [1, 2, None, 4]})
    assert nearest(*placed(comparing(synthetic, with_missing)), Clock())[0] == 0


def test_a_row_is_not_its_own_neighbour(draw: Any, comparing: Any) -> None:
    _, rows = placed(comparing(draw(50, 0), draw(50, 1)))
    assert (nearest(rows, rows, Clock(), same=True) > 0).all()
    assert (nearest(rows, rows, Clock()) == 0).all()


def test_blocks_change_nothing(draw: Any, comparing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, rows = placed(comparing(draw(50, 0), draw(60, 1)))
    whole = nearest(rows, rows, Clock(), same=True)
    monkeypatch.setattr(_neighbours, "_CELLS", 420)
    assert np.array_equal(whole, nearest(rows, rows, Clock(), same=True))


def test_a_budget_stops_the_loop(draw: Any, comparing: Any) -> None:
    with pytest.raises(OverBudgetError, match="longer than its 0 seconds"):
        nearest(*placed(comparing(draw(50, 0), draw(50, 1))), Clock(0))
