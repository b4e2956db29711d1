from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.attacks.cap import CAP_STEP, attributed
from synthnb.evaluation.facts import Facts

ASKED = Facts(known=("k",), secrets=("s",))


def test_attribution_by_hand() -> None:
    # known value 0: two of three synthetic rows have secret 0; value 1: none of one; value 2 isn't among them
    found = attributed(np.array([0, 1, 2]), np.array([0, 0, 0]), np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]))
    assert found.correct.tolist() == pytest.approx([2 / 3, 0])
    assert found.matched == pytest.approx(2 / 3)


def test_a_secret_that_follows_from_what_is_known_isn_t_protected(comparing: Any, tried: Any) -> None:
    real = pd.DataFrame({"k": list("abcd") * 10, "s": list("wxyz") * 10})
    (score,) = tried(CAP_STEP, comparing(real, real, facts=ASKED))
    assert (score.value, score.direction, score.parameters["matched"]) == (0, "higher", 1)


def test_a_secret_at_random_is_protected(comparing: Any, tried: Any) -> None:
    rng = np.random.default_rng(0)
    real, synthetic = (pd.DataFrame({"k": rng.choice(list("ab"), 400), "s": rng.choice(list("wxyz"), 400)}) for _ in range(2))
    assert tried(CAP_STEP, comparing(synthetic, real, facts=ASKED))[0].value == pytest.approx(1, abs=0.05)


def test_the_ceiling_is_the_holdouts(comparing: Any, tried: Any) -> None:
    real = pd.DataFrame({"k": [f"k{i}" for i in range(20)] * 2, "s": list("wxyz") * 10})
    holdout = pd.DataFrame({"k": [f"k{i}" for i in range(20)], "s": list("zwxy") * 5})
    (score,) = tried(CAP_STEP, comparing(real, real, holdout, facts=ASKED))
    assert (score.value, score.ceiling) == (0, 1)


def test_numbers_are_cut_into_bins(comparing: Any, tried: Any) -> None:
    real = pd.DataFrame({"k": np.linspace(0, 1, 200), "s": np.linspace(5, 6, 200)})
    (score,) = tried(CAP_STEP, comparing(real + 0.001, real, facts=ASKED))
    assert score.value < 0.1
    assert score.parameters["chance"] == pytest.approx(0.9)


def test_without_secrets_the_reason_says_what_to_state(people: Any, comparing: Any, tried: Any) -> None:
    assert "state them as secrets=" in tried(CAP_STEP, comparing(people(50, 0), people(50, 1)))[0].reason


def test_no_row_with_the_same_known_values_is_a_reason(comparing: Any, tried: Any) -> None:
    real = pd.DataFrame({"k": list("ab") * 20, "s": list("xy") * 20})
    (score,) = tried(CAP_STEP, comparing(real.assign(k="other"), real, facts=ASKED))
    assert "state fewer known columns" in score.reason
