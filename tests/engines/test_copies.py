"""Rows that equal one real row: found, drawn again, counted and told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.engines._copies import ATTEMPTS, COPIES, CopyCheck, on_copies
from synthnb.engines._encoding.table import Table, encode_table
from synthnb.engines.arf import Arf
from synthnb.engines.copula import Copula
from synthnb.engines.trees import Trees
from synthnb.recipes.infer import infer_recipe


@pytest.fixture
def table() -> Table:
    """Sixty rows; each of the numbers 0 to 29 with ``a`` once, and 30 alike rows."""
    frame = pd.DataFrame({"n": [*range(30), *[7] * 30], "g": ["a"] * 30 + ["b"] * 30})
    return encode_table(frame, infer_recipe(frame, table="t", rows=60, seed=0))


def nothing(rows: int) -> Any:
    return np.zeros(rows, dtype=bool)


def test_rows_that_occur_once_are_copies_and_common_ones_are_not(table: Table) -> None:
    assert CopyCheck(table)(table.states, table.positions).tolist() == [True] * 30 + [False] * 30


def test_only_copies_are_drawn_again_until_they_are_none(table: Table) -> None:
    states, positions = table.states.copy(), table.positions.copy()
    asked: list[tuple[list[int], Any]] = []

    def again(some: Any, attempt: Any) -> tuple[Any, Any, Any]:
        asked.append((some.tolist(), attempt))
        return states[30:31].repeat(len(some), axis=0), positions[30:31].repeat(len(some), axis=0), nothing(len(some))

    assert CopyCheck(table).redraw(states, positions, nothing(60), again) == {"uncommon_copies_resampled": 30, "uncommon_copies_left": 0}
    assert asked == [(list(range(30)), ("again", 1))]
    assert (positions[:30] == table.positions[30]).all()
    assert (positions[30:] == table.positions[30:]).all()


def test_copies_that_chance_repeats_are_counted_and_told(table: Table) -> None:
    states, positions = table.states.copy(), table.positions.copy()
    attempts: list[Any] = []

    def again(some: Any, attempt: Any) -> tuple[Any, Any, Any]:
        attempts.append(attempt)
        return states[some], positions[some], nothing(len(some))

    counts = CopyCheck(table).redraw(states, positions, nothing(60), again)
    assert counts == {"uncommon_copies_resampled": 0, "uncommon_copies_left": 30}
    assert attempts == [("again", number) for number in range(1, ATTEMPTS + 1)]
    assert on_copies(counts)[0].startswith("30 rows equal a real row that occurs once, after 10 new draws each")
    assert on_copies({"uncommon_copies_left": 0}) == []


def test_rows_that_could_not_be_made_as_asked_are_left_as_they_are(table: Table) -> None:
    short = np.arange(60) < 29

    def again(some: Any, attempt: Any) -> tuple[Any, Any, Any]:
        assert some.tolist() == [29]
        return table.states[some], table.positions[some], ~nothing(1)

    counts = CopyCheck(table).redraw(table.states.copy(), table.positions.copy(), short, again)
    assert counts == {"uncommon_copies_resampled": 1, "uncommon_copies_left": 0}
    assert short[:30].all()


@pytest.mark.parametrize("engine", [Trees(leaf=15), Copula(), Arf(leaf=15, trees=3)], ids=["trees", "copula", "arf"])
def test_every_engine_that_looks_for_copies_says_the_same(engine: Any) -> None:
    frame = pd.DataFrame({"n": range(60), "g": ["a", "b"] * 30})
    fitted = engine.fit(frame, infer_recipe(frame, table="t", rows=60, seed=0), seed=1)
    assert fitted.account["copies"] == COPIES
    assert fitted.parameters["copy_attempts"] == ATTEMPTS
