from __future__ import annotations

import numpy as np
import pytest

from synthnb.evaluation._intervals import auc, auc_interval, bootstrap, delong_variance, excess_risk, newcombe, wilson


def test_wilson_of_eight_in_ten() -> None:
    low, high = wilson(8, 10)
    assert (round(float(low), 4), round(float(high), 4)) == (0.4902, 0.9433)


@pytest.mark.parametrize(("hits", "expected"), [(0, (0.0, 0.2775)), (10, (0.7225, 1.0))])
def test_wilson_stays_within_0_and_1(hits: int, expected: tuple[float, float]) -> None:
    assert wilson(hits, 10) == pytest.approx(expected, abs=1e-4)


def test_newcombe_gives_the_published_example() -> None:
    # Newcombe (1998), table II, contrast (a): 56/70 - 48/80, method 10
    assert newcombe(56 / 70, 70, 48 / 80, 80) == pytest.approx((0.0524, 0.3339), abs=1e-4)


def test_excess_risk_by_hand() -> None:
    # Wilson centres: (0.9 + 0.0192)/1.0384 = 0.8852 and 0.5, so (0.8852 - 0.5) / 0.5
    risk = excess_risk(90, 100, 50, 100)
    assert risk.value == pytest.approx(0.7704, abs=1e-4)
    assert risk.low < 0.7704 < risk.high


def test_excess_risk_is_negative_when_the_control_does_better() -> None:
    risk = excess_risk(10, 100, 20, 100)
    assert risk.value < 0 < risk.high


def test_excess_risk_is_finite_when_every_control_row_is_hit() -> None:
    assert np.isfinite(excess_risk(100, 100, 100, 100)).all()


def test_auc_counts_pairs_and_ties_half() -> None:
    assert auc(np.array([3.0, 2.0]), np.array([1.0, 2.0])) == pytest.approx(3.5 / 4)


def test_delong_by_hand() -> None:
    # placements of the positives 1 and 0.5, of the negatives 1 and 0.5: variances 0.125, over 2 each
    value, variance = delong_variance(np.array([4.0, 2.0]), np.array([1.0, 3.0]))
    assert (value, variance) == pytest.approx((0.75, 0.125))


def test_a_perfect_auc_still_has_an_interval() -> None:
    estimate = auc_interval(1.0, 0.0, 10)
    assert estimate.interval == pytest.approx((0.7225, 1.0), abs=1e-4)


def test_bootstrap_is_repeatable_and_holds_the_mean() -> None:
    values = np.arange(100.0)
    first, again = (bootstrap(lambda rows: float(values[rows].mean()), 100, draws=200, rng=np.random.default_rng(1)) for _ in range(2))
    assert first == again
    assert first.low < 49.5 < first.high


def test_bootstrap_counts_the_draws_without_a_value() -> None:
    values = np.array([0.0, np.nan])
    found = bootstrap(lambda rows: float(values[rows].mean()), 2, draws=100, rng=np.random.default_rng(1))
    assert (found.low, found.high) == (0, 0)
    assert 60 < found.undefined < 90


def test_excess_risk_takes_parts_of_hits() -> None:
    assert excess_risk(90.5, 100.0, 50.0, 100.0).value == pytest.approx((0.88998 - 0.5) / 0.5, abs=1e-3)
