from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.marginals import MARGINALS_STEP, drawn_sets, filled_cells, marginal_errors, table_error

PARAMETERS = MARGINALS_STEP.parameters


def errors(comparison: Any, **changed: Any) -> list[Any]:
    return list(marginal_errors(comparison, {**PARAMETERS, **changed}).scores)


def parity(rows: int, odd: int) -> pd.DataFrame:
    """Three fair coins of which every two are independent: all eight outcomes, or only those of one parity."""
    triples = [(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1) if odd < 0 or (a + b + c) % 2 == odd]
    return pd.DataFrame((triples * rows)[:rows], columns=["a", "b", "c"]).replace({0: "tails", 1: "heads"})


def test_what_only_three_columns_show_is_seen_by_the_third_error_alone(comparing: Any) -> None:
    # half of the eight cells are empty: Σ |1/4 - 1/8| · 4 + 4 · 1/8 = 1, half of it
    one, two, three = errors(comparing(parity(800, 0), parity(800, -1)))
    assert (one.value, two.value, three.value) == (0, 0, 0.5)


def test_independent_columns_are_seen_by_the_second(comparing: Any) -> None:
    real = pd.DataFrame({"a": ["x", "y"] * 20, "b": ["p", "q"] * 20})
    synthetic = pd.DataFrame({"a": ["x", "y"] * 20, "b": ["p", "p", "q", "q"] * 10})
    one, two, three = errors(comparing(synthetic, real))
    assert (one.value, two.value) == (0, 0.5)
    assert "fewer than three columns" in str(three.reason)


def test_disjoint_levels_are_1_and_equal_frames_0(comparing: Any) -> None:
    real, other = pd.DataFrame({"c": ["a", "b"] * 10}), pd.DataFrame({"c": ["y", "z"] * 10})
    assert errors(comparing(other, real))[0].value == 1
    assert errors(comparing(real, real))[0].value == 0


@pytest.mark.parametrize("wide", [False, True])
def test_a_wide_table_gives_the_same_as_a_narrow_one(wide: bool) -> None:
    rng = np.random.default_rng(0)
    real, synthetic = ([rng.integers(0, 6, size) for _ in range(2)] for size in (300, 200))
    widths = [3000, 3000] if wide else [6, 6]
    tables = [np.bincount(a * 6 + b, minlength=36) / len(a) for a, b in (real, synthetic)]
    assert table_error(real, synthetic, widths) == pytest.approx(np.abs(tables[0] - tables[1]).sum() / 2)


def test_cells_come_in_order_with_their_rows() -> None:
    cells, counts = filled_cells([np.array([1, 0, 1]), np.array([0, 2, 0])], [2, 3])
    assert (cells.tolist(), counts.tolist()) == ([2, 3], [1, 2])


def test_sets_are_all_or_drawn_without_repetition() -> None:
    assert len(drawn_sets(6, 3, 20, seed=1)) == 20
    few = drawn_sets(30, 3, 50, seed=1)
    assert len(set(few)) == 50
    assert few == drawn_sets(30, 3, 50, seed=1) != drawn_sets(30, 3, 50, seed=2)


def test_what_is_drawn_is_said(draw: Any, comparing: Any) -> None:
    three = errors(comparing(draw(200, 0), draw(200, 1)), most_triples=5, most_rows=150)[2]
    assert (three.parameters["tables"], three.parameters["tables_in_all"]) == (5, 20)
    assert three.parameters["rows_drawn"] == [150, 150]


def test_beside_the_ceiling_stands_the_error_at_its_size(draw: Any, comparing: Any) -> None:
    for score in errors(comparing(draw(2000, 0), draw(2000, 1), draw(300, 2))):
        assert score.matched == pytest.approx(score.ceiling, rel=0.35)
        assert score.value < score.matched


def test_row_order_and_monotone_units_change_nothing(draw: Any, comparing: Any) -> None:
    real, synthetic = draw(300, 0), draw(250, 1)
    other = [frame.assign(age=np.exp(frame["age"] / 10)).sample(frac=1, random_state=1) for frame in (synthetic, real)]
    one, two = errors(comparing(synthetic, real)), errors(comparing(*other))
    assert [score.value for score in one] == [score.value for score in two]
