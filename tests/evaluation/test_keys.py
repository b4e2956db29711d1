from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from synthnb.evaluation.facts import Facts
from synthnb.evaluation.keys import key_uniqueness, repeated
from synthnb.recipes.recipe import Column, Recipe

REAL = pd.DataFrame({"id": range(40), "code": [f"P{i:03d}" for i in range(40)], "x": [1.5, 2.5] * 20})


def scored(comparing: Any, synthetic: pd.DataFrame, **facts: Any) -> list[Any]:
    return list(key_uniqueness(comparing(synthetic, REAL, facts=Facts(**facts)), {}).scores)


def test_repetitions_and_gaps_are_counted() -> None:
    assert repeated(pd.Series([1, 1, 1, None, 2, None])) == (2, 2)


def test_cells_that_cannot_be_hashed_are_compared_by_their_text() -> None:
    assert repeated(pd.Series([[1], [1], [2]])) == (1, 0)


def test_three_repeated_keys_in_ten(comparing: Any) -> None:
    synthetic = REAL.head(10).assign(id=[1, 1, 2, 2, 3, 3, 4, 5, 6, 7])
    (score,) = scored(comparing, synthetic, keys=("id",))
    assert (score.value, score.n, score.subject, score.ceiling) == (0.7, 10, ("id",), 1.0)
    assert score.parameters["repeated"] == 3
    assert score.low is None


def test_keys_come_from_the_recipe_too(comparing: Any) -> None:
    columns = (Column(name="code", kind="identifier", dtype="str", role="key"), Column(name="x", kind="real", dtype="float64"))
    scores = scored(comparing, REAL, keys=("id",), recipe=Recipe(table="t", rows=40, seed=1, columns=columns))
    assert [(score.subject, score.value) for score in scores] == [(("id",), 1.0), (("code",), 1.0)]


def test_a_key_that_is_not_there_has_a_reason(comparing: Any) -> None:
    (score,) = scored(comparing, REAL.drop(columns="id"), keys=("id",))
    assert score.reason == "The synthetic frame lacks the column."


def test_without_a_key_the_reason_is_given(comparing: Any) -> None:
    assert "No key column was named" in str(scored(comparing, REAL)[0].reason)


@pytest.mark.parametrize("cell", ["<b>x</b>", "\ud800", "=1+1", "y" * 100_000])
def test_hostile_keys_are_only_counted(comparing: Any, cell: str) -> None:
    (score,) = scored(comparing, REAL.assign(code=pd.Series([cell] * 40, dtype=object)), keys=("code",))
    assert score.value == pytest.approx(1 / 40)
    assert cell not in str(score.to_dict())
