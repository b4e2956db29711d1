from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest


def test_without_one_it_is_asked_for(draw: Any, comparing: Any) -> None:
    assert "pass them as holdout=" in comparing(draw(30, 0), draw(30, 1)).no_holdout


@pytest.mark.parametrize("leaked", [1, 5, 49, 51, 99])
def test_leaked_rows_are_left_out(draw: Any, comparing: Any, leaked: int) -> None:
    real = draw(300, 1)
    found = comparing(draw(30, 0), real, pd.concat([real.head(leaked), draw(100 - leaked, 2)]))
    assert found.holdout.rows == 100 - leaked
    assert found.holdout_note.startswith(f"{leaked} of 100 hold-out rows are equal to a real row")


def test_a_holdout_of_seen_rows_only_is_none(draw: Any, comparing: Any) -> None:
    real = draw(300, 1)
    found = comparing(draw(30, 0), real, real.tail(100))
    assert found.holdout is None
    assert found.no_holdout.startswith("100% of the hold-out rows are also among the real rows")


def test_equal_rows_of_a_coarse_table_are_no_leak(comparing: Any) -> None:
    real, held = (pd.DataFrame({"x": np.random.default_rng(seed).integers(0, 400, 300)}) for seed in (1, 2))
    found = comparing(real, real, held)
    assert (found.holdout.rows, found.holdout_note) == (300, None)


def test_a_coarse_table_with_more_equal_rows_than_chance_has_no_holdout(comparing: Any) -> None:
    real, held = (pd.DataFrame({"x": np.random.default_rng(seed).integers(0, 1500, 300)}) for seed in (1, 2))
    found = comparing(real, real, pd.concat([held, real.head(200)]))
    assert found.holdout is None
    assert "pass rows the generator never saw" in found.no_holdout
