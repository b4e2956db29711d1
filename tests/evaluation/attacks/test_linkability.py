from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from synthnb.evaluation.attacks.linkability import LINKABILITY_STEP, _meet
from synthnb.evaluation.facts import Facts


def test_copied_rows_are_linked(people: Any, comparing: Any, tried: Any) -> None:
    real = people(300, 0)
    (score,) = tried(LINKABILITY_STEP, comparing(real, real, people(200, 1)))
    assert score.value > 0.95
    assert score.parameters["control"]["rate"] < 0.1


def test_independent_rows_give_an_interval_that_holds_nothing(people: Any, comparing: Any, tried: Any) -> None:
    (score,) = tried(LINKABILITY_STEP, comparing(people(300, 0), people(300, 1), people(300, 2)))
    assert score.low <= 0 <= score.high


def test_known_columns_are_one_part(people: Any, comparing: Any, tried: Any) -> None:
    facts = Facts(known=("one", "sex"))
    (score,) = tried(LINKABILITY_STEP, comparing(people(60, 0), people(60, 1), people(60, 2), facts=facts))
    assert score.parameters["columns"] == [2, 4]
    assert score.parameters["parts"] == "the known columns and the others"


def test_more_neighbours_link_at_least_as_often(people: Any, comparing: Any, tried: Any) -> None:
    comparison = comparing(people(200, 0), people(200, 1), people(200, 2))
    few, many = (tried(LINKABILITY_STEP, comparison, neighbours=k)[0].parameters["main"]["rate"] for k in (1, 20))
    assert few <= many


def test_a_random_choice_meets_by_hand() -> None:
    # two of five each: no common row in C(3,2)/C(5,2) = 3/10
    assert _meet(5, 2) == pytest.approx(0.7)
    assert _meet(100, 1) == pytest.approx(0.01)
    assert _meet(3, 2) == 1


def test_one_column_has_no_two_parts(comparing: Any, tried: Any) -> None:
    frames = [pd.DataFrame({"x": [i + 0.1 * seed for i in range(40)]}) for seed in range(3)]
    (score,) = tried(LINKABILITY_STEP, comparing(*frames))
    assert "needs two columns" in score.reason


def test_without_a_holdout_the_reason_is_given(people: Any, comparing: Any, tried: Any) -> None:
    assert "never saw" in tried(LINKABILITY_STEP, comparing(people(50, 0), people(50, 1)))[0].reason
