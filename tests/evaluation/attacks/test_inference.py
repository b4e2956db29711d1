from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.attacks.inference import INFERENCE_STEP, _guessed, _right
from synthnb.evaluation.facts import Facts


def test_copied_rows_give_their_secrets_away(people: Any, comparing: Any, tried: Any) -> None:
    real = people(300, 0)
    comparison = comparing(real, real, people(200, 1), facts=Facts(secrets=("stage", "four")))
    for score in tried(INFERENCE_STEP, comparison):
        assert score.value > 0.95
        assert score.parameters["reading"] == "excess"


def test_each_stated_secret_has_a_score(people: Any, comparing: Any, tried: Any) -> None:
    comparison = comparing(people(60, 0), people(60, 1), people(60, 2), facts=Facts(secrets=("stage", "four"), known=("one",)))
    scores = tried(INFERENCE_STEP, comparison)
    assert [score.subject for score in scores] == [("four",), ("stage",)]
    assert scores[0].parameters["known"] == 1


def test_without_a_stated_secret_all_columns_are_pooled(people: Any, comparing: Any, tried: Any) -> None:
    (score,) = tried(INFERENCE_STEP, comparing(people(200, 0), people(200, 1), people(200, 2)))
    assert score.subject == ()
    assert score.parameters["secrets"] == 6
    assert score.low <= 0 <= score.high


def test_success_among_equally_near_rows_is_the_share_that_is_right(comparing: Any, tried: Any) -> None:
    # of the three synthetic rows with k = "a", two have s = "x"; those with "b" all have "y"
    real = pd.DataFrame({"k": ["a", "b"] * 20, "s": ["x", "y"] * 20})
    synthetic = pd.DataFrame({"k": ["a", "a", "a", "b", "b"] * 5, "s": ["x", "x", "y", "y", "y"] * 5})
    comparison = comparing(synthetic, real, real.head(20), facts=Facts(secrets=("s",), known=("k",)))
    (score,) = tried(INFERENCE_STEP, comparison)
    assert score.parameters["main"]["rate"] == pytest.approx((2 / 3 + 1) / 2, abs=1e-6)
    assert score.parameters["baseline"]["rate"] == pytest.approx((2 / 5 + 3 / 5) / 2, abs=1e-6)


def test_a_guess_within_the_tolerance_is_right() -> None:
    truth, guess = np.array([1.0, 1.0, np.nan, np.nan, np.inf]), np.array([1.04, 1.06, np.nan, 1.0, np.inf])
    assert _right(truth, guess, 0.05).tolist() == [True, False, True, False, True]


def test_a_naive_guess_by_hand() -> None:
    synthetic = np.array([1.0, 1.1, 2.0, np.nan])
    assert _guessed(synthetic, np.array([1.0, 2.0, np.nan, 9.0]), 0.2).tolist() == [0.5, 0.25, 0.25, 0]


def test_units_make_no_difference(people: Any, comparing: Any, tried: Any) -> None:
    frames = [people(150, seed) for seed in range(3)]
    changed = [frame.assign(one=frame["one"] * 1.8 + 32) for frame in frames]
    values = [tried(INFERENCE_STEP, comparing(*some))[0].value for some in (frames, changed)]
    assert values[0] == pytest.approx(values[1], abs=1e-9)


def test_the_order_of_rows_and_columns_makes_no_difference(people: Any, comparing: Any, tried: Any) -> None:
    frames = [people(120, seed) for seed in range(3)]
    turned = [frame.iloc[::-1, ::-1].reset_index(drop=True) for frame in frames]
    values = [tried(INFERENCE_STEP, comparing(*some))[0].value for some in (frames, turned)]
    assert values[0] == pytest.approx(values[1], abs=1e-9)


def test_a_secret_that_is_the_only_known_column_is_a_reason(people: Any, comparing: Any, tried: Any) -> None:
    frames = [people(50, seed)[["stage"]] for seed in range(3)]
    (score,) = tried(INFERENCE_STEP, comparing(*frames, facts=Facts(secrets=("stage",))))
    assert "needs a secret column and a known one" in score.reason


def test_an_attack_weaker_than_guessing_is_inconclusive(comparing: Any, tried: Any) -> None:
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame({"k": rng.normal(size=200), "s": rng.choice(["x", "y"], 200, p=[0.9, 0.1])}) for _ in range(3)]
    frames[0]["s"] = np.where(frames[0]["k"] > 0, "x", "y")
    (score,) = tried(INFERENCE_STEP, comparing(*frames, facts=Facts(secrets=("s",))))
    assert score.parameters["reading"] == "inconclusive"
