from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.attacks.identity import IDENTITY_STEP, meaningful
from synthnb.evaluation.facts import Facts

UNIQUE = pd.DataFrame({"k": np.repeat(np.arange(8), 5), "l": list("abcde") * 8, "s": list("wxyz") * 10})


def test_the_risk_by_hand() -> None:
    # rows 0, 1 share their known values, row 2 is alone, row 3 has no match; secrets 0 0 1 0, so that 0 is common
    known, secret = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])
    risk, matched = meaningful(known, secret, np.array([0, 0, 1]), np.array([0, 1, 1]), scale=2.0, common=0.75)
    assert matched == 0.75
    assert risk == pytest.approx((0.5 / 4 + 0.5 / 4 + 1 / 2) / 4)


def test_a_common_value_teaches_nothing() -> None:
    risk, _ = meaningful(np.arange(4), np.zeros(4, dtype=int), np.arange(4), np.zeros(4, dtype=int), scale=1.0, common=0.5)
    assert risk == 0


def test_copies_of_unique_people_are_at_risk(comparing: Any, tried: Any) -> None:
    (score,) = tried(IDENTITY_STEP, comparing(UNIQUE, UNIQUE, facts=Facts(known=("k", "l"), secrets=("s",))))
    assert (score.value, score.subject) == (1, ("s",))
    assert "taken for all people there are" in score.parameters["population_rule"]


def test_a_larger_population_lowers_the_risk(comparing: Any, tried: Any) -> None:
    facts = Facts(known=("k", "l"), secrets=("s",), population=400)
    assert tried(IDENTITY_STEP, comparing(UNIQUE, UNIQUE, facts=facts))[0].value == pytest.approx(0.1)


def test_a_population_smaller_than_the_sample_is_refused(comparing: Any, tried: Any) -> None:
    facts = Facts(known=("k", "l"), secrets=("s",), population=10)
    assert "at least the 40 real rows; got 10" in tried(IDENTITY_STEP, comparing(UNIQUE, UNIQUE, facts=facts))[0].reason


def test_the_ceiling_is_what_as_many_unseen_rows_suffer(comparing: Any, tried: Any) -> None:
    holdout = UNIQUE.head(20).assign(s=list("zwxy") * 5)
    (score,) = tried(IDENTITY_STEP, comparing(UNIQUE, UNIQUE, holdout, facts=Facts(known=("k", "l"), secrets=("s",))))
    assert (score.ceiling, score.matched) == (0, 1)
    assert score.low is None


def test_without_secrets_the_reason_says_what_to_state(people: Any, comparing: Any, tried: Any) -> None:
    assert "state them as secrets=" in tried(IDENTITY_STEP, comparing(people(50, 0), people(50, 1)))[0].reason
