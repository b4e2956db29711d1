from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from synthnb.evaluation._intervals import excess_risk, scored_risk, wilson
from synthnb.evaluation.attacks.rates import Outcome, Rate, detailed


def outcome(main: float, baseline: float, control: float, n: int = 100, **more: Any) -> Outcome:
    return Outcome(name="attack", main=Rate(main, n, n), baseline=Rate(baseline, n, n), control=Rate(control, n, n), **more)


def test_a_rate_of_hits_has_wilsons_interval() -> None:
    rate = Rate.of(np.array([1.0] * 8 + [0.0] * 2))
    assert rate.value == pytest.approx(0.8)
    assert rate.interval == pytest.approx([float(end) for end in wilson(8, 10)], abs=0.01)


def test_expected_successes_tell_more_than_hits() -> None:
    # variance 0.0625 where hits of the same mean have 0.25: each tells as much as four
    rate = Rate.of(np.tile([0.25, 0.75], 5000))
    assert rate.trials / rate.n == pytest.approx(4, rel=0.01)


def test_a_rate_that_never_varies_keeps_an_interval() -> None:
    low, high = Rate.of(np.full(50, 0.5)).interval
    assert low < 0.5 < high


def test_the_risk_by_hand() -> None:
    # Wilson's centres of 90 and 50 in 100: 0.8852 and 0.5
    assert outcome(0.9, 0.1, 0.5).risk.value == pytest.approx(0.7704, abs=1e-4)


def test_an_attack_no_better_than_guessing_is_weak_and_inconclusive() -> None:
    found = outcome(0.5, 0.5, 0.1)
    assert (found.weak, found.reading) == (True, "inconclusive")
    assert (outcome(0.9, 0.5, 0.1).weak, outcome(0.9, 0.5, 0.1).reading) == (False, "excess")


def test_the_riskiest_outcomes_of_each_attack_are_listed(draw: Any, comparing: Any) -> None:
    comparison = comparing(draw(30, 0), draw(30, 1))
    found = detailed(comparison, [outcome(0.02 * i, 0.0, 0.0, subject=(f"c{i}",)) for i in range(40)])["attacks"]
    assert [row["subject"] for row in found] == [[f"c{i}"] for i in range(39, 27, -1)]


def test_a_step_run_twice_is_listed_once_after_the_attacks_before_it(draw: Any, comparing: Any) -> None:
    comparison = comparing(draw(30, 0), draw(30, 1))
    other = Outcome(name="other", main=Rate(0.5, 9, 9), baseline=Rate(0.1, 9, 9), control=Rate(0.1, 9, 9))
    detailed(comparison, [outcome(0.5, 0.1, 0.1)])
    detailed(comparison, [other])
    assert [row["name"] for row in detailed(comparison, [other])["attacks"]] == ["attack", "other"]


def test_the_interval_of_few_successes_by_hand() -> None:
    # the two ratios r at which (960 - 1000 rq)^2 / 1000 rq(1 - rq) + (499 - 500 q)^2 / 500 q(1 - q) is 1.96^2
    risk = scored_risk(40, 1000, 1, 500)
    assert risk.interval == pytest.approx((0.02576, 0.05239), abs=1e-5)
    assert risk.value == excess_risk(40, 1000, 1, 500).value


@pytest.mark.parametrize(
    ("main", "control", "rate", "other"),
    [(1000, 500, 0.001, 0.001), (1000, 500, 0.004, 0.004), (1000, 500, 0.011, 0.001), (100, 50, 0.1, 0.1)],
)
def test_an_interval_holds_the_truth_where_successes_are_few(main: int, control: int, rate: float, other: float) -> None:
    # exact: over every outcome that isn't next to impossible, weighted by its probability
    truth = (rate - other) / (1 - other)
    chances = np.outer(binom.pmf(np.arange(main + 1), main, rate), binom.pmf(np.arange(control + 1), control, other))
    likely = np.argwhere(chances > 1e-4)
    ends = np.array([scored_risk(hits, main, others, control).interval for hits, others in likely])
    weights = chances[tuple(likely.T)]
    assert 0.94 <= np.average((ends[:, 0] <= truth) & (truth <= ends[:, 1]), weights=weights) <= 0.97


@pytest.mark.parametrize("hits", [(0, 0), (20, 20), (0, 20), (20, 0), (10, 10), (0.5, 19.5)])
def test_an_interval_holds_its_value_at_every_extreme(hits: tuple[float, float]) -> None:
    risk = scored_risk(hits[0], 20, hits[1], 20)
    assert -1 <= risk.low <= max(risk.value, -1) <= risk.high <= 1
