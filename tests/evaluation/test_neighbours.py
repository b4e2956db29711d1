from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation import _neighbours
from synthnb.evaluation._neighbours import between, nearest, points
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
    monkeypatch.setattr(_neighbours, "_QUERIES", 7)
    monkeypatch.setattr(_neighbours, "_TARGETS", 13)
    assert np.array_equal(whole, nearest(rows, rows, Clock(), same=True))


def test_a_budget_stops_the_loop(draw: Any, comparing: Any) -> None:
    with pytest.raises(OverBudgetError, match="longer than its 0 seconds"):
        nearest(*placed(comparing(draw(50, 0), draw(50, 1))), Clock(0))


def test_distances_are_the_sums_of_each_columns(draw: Any, comparing: Any) -> None:
    comparison = comparing(draw(40, 0), draw(50, 1))
    columns = comparison.of("number", "level")
    steps = placed(comparison)[0].steps
    each = [
        between(*(points([column], [comparison.real], table, steps=steps) for table in (comparison.synthetic, comparison.real)))
        for column in columns
    ]
    assert np.array_equal(between(*placed(comparison)), np.sum(each, axis=0))


def test_agrees_with_scikit_learn_by_brute_force(draw: Any, comparing: Any) -> None:
    from sklearn.neighbors import NearestNeighbors

    queries, targets = placed(comparing(draw(80, 0), draw(90, 1)))
    flat = [
        np.column_stack([rows.numbers / rows.steps, rows.missing / 2, *((rows.levels == code) / 2 for code in range(5))])
        for rows in (queries, targets)
    ]
    found = NearestNeighbors(n_neighbors=1, algorithm="brute", metric="manhattan").fit(flat[1]).kneighbors(flat[0])[0][:, 0]
    assert nearest(queries, targets, Clock()) == pytest.approx(found / queries.columns, abs=1e-9)


def test_many_columns_and_levels_keep_sums_exact(comparing: Any) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"c{i}": rng.normal(size=30) for i in range(200)} | {"many": [f"level {i % 15}{i}" for i in range(30)]})
    queries, targets = placed(comparing(frame, frame))
    assert between(queries, targets).max() < 2**24
    assert (nearest(queries, targets, Clock()) == 0).all()


def test_infinite_numbers_are_at_the_ends(comparing: Any) -> None:
    real, synthetic = pd.DataFrame({"x": [1.0, 2, 3, 4]}), pd.DataFrame({"x": [np.inf, -np.inf]})
    assert nearest(*placed(comparing(synthetic, real)), Clock()).tolist() == pytest.approx([0.125, 0.125])
