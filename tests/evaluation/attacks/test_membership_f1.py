from __future__ import annotations

from typing import Any

import pytest

from synthnb.evaluation.attacks.disclosure import MEMBERSHIP_F1_STEP, relative_f1
from synthnb.evaluation.facts import Facts


def test_f1_by_hand() -> None:
    # a = 0.8, c = 0.2, t = 0.5: F1 = 0.8/(0.4 + 0.1 + 0.5) = 0.8, naive 2/3
    assert relative_f1(80, 100, 20, 100, 0.5).value == pytest.approx((0.8 - 2 / 3) / (1 / 3))


def test_claiming_everybody_gains_nothing() -> None:
    assert relative_f1(100, 100, 100, 100, 0.3).value == pytest.approx(0)


def test_a_perfect_attack_reaches_1() -> None:
    found = relative_f1(100, 100, 0, 100, 0.1)
    assert found.value == 1
    assert found.low < 1 == found.high


def test_a_threshold_that_may_move_widens_the_interval() -> None:
    still, moved = (relative_f1(30, 100, 10, 100, 0.1, moved=by) for by in (0.0, 0.05))
    assert moved.low < still.low < still.high < moved.high


def test_copies_are_found_at_the_sampling_fraction(people: Any, comparing: Any, tried: Any) -> None:
    real = people(300, 0)
    (score,) = tried(MEMBERSHIP_F1_STEP, comparing(real, real, people(300, 1), facts=Facts(population=3000)))
    assert score.parameters["fraction"] == pytest.approx(0.1)
    assert score.parameters["naive_f1"] == pytest.approx(0.2 / 1.1, abs=1e-6)
    assert score.low > 0.2


def test_independent_rows_are_weak(people: Any, comparing: Any, tried: Any) -> None:
    facts = Facts(population=3000)
    (score,) = tried(MEMBERSHIP_F1_STEP, comparing(people(300, 0), people(300, 1), people(300, 2), facts=facts))
    assert score.parameters["weak"] is True
    assert score.parameters["reading"] == "inconclusive"


def test_without_a_population_the_reason_says_what_to_state(people: Any, comparing: Any, tried: Any) -> None:
    comparison = comparing(people(60, 0), people(60, 1), people(60, 2))
    assert "as population=" in tried(MEMBERSHIP_F1_STEP, comparison)[0].reason
    assumed = tried(MEMBERSHIP_F1_STEP, comparison, fraction=0.05)[0].parameters
    assert (assumed["fraction"], assumed["fraction_rule"]) == (0.05, "assumed by the profile")


def test_a_population_no_larger_than_the_sample_is_refused(people: Any, comparing: Any, tried: Any) -> None:
    comparison = comparing(people(60, 0), people(60, 1), people(60, 2), facts=Facts(population=60))
    assert "larger than the 60 real rows; got 60" in tried(MEMBERSHIP_F1_STEP, comparison)[0].reason
