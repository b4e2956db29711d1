"""Exact noise: the distribution is the one the accounting assumes, and the accounting is tight."""

from __future__ import annotations

import math
import time
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import chisquare

from synthnb.engines.dp.accounting import delta_of, epsilon_of, rho_of
from synthnb.engines.dp.noise import Noise, usable_epsilon, usable_variance


def replayed(seed: int) -> Noise:
    return Noise(np.random.default_rng(seed).bytes)


def shares(variance: float, most: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The exact probabilities of -most … most."""
    far = int(20 * math.sqrt(variance)) + 20
    x = np.arange(-far, far + 1)
    weight = np.exp(-(x**2) / (2 * variance))
    return np.asarray(weight[far - most : far + most + 1] / weight.sum())


@pytest.mark.parametrize(("variance", "most"), [("1/10", 1), ("1/2", 2), ("1", 3), ("7/3", 5), ("40", 20), ("900", 90)])
def test_draws_have_the_exact_distribution(variance: str, most: int) -> None:
    sigma2 = Fraction(variance)
    drawn = replayed(1).gaussian(sigma2, 20_000)
    expected = shares(float(sigma2), most)
    seen = np.array([np.sum(drawn == x) for x in range(-most, most + 1)] + [np.sum(np.abs(drawn) > most)])
    chances = np.append(expected, max(0.0, 1.0 - expected.sum()))
    rare = chances * len(drawn) < 5
    counts, wanted = (part[~rare].astype("f8") for part in (seen, chances * len(drawn)))
    counts[0], wanted[0] = counts[0] + seen[rare].sum(), wanted[0] + (chances[rare] * len(drawn)).sum()
    assert chances.argmax() == most
    assert chisquare(counts, wanted * counts.sum() / wanted.sum()).pvalue > 1e-4


@pytest.mark.parametrize("variance", [3, 10_000, 10**10, 10**14])
def test_draws_are_symmetric_with_the_right_variance(variance: int) -> None:
    n = 20_000 if variance < 10**12 else 2_000
    drawn = replayed(2).gaussian(Fraction(variance), n).astype("f8") / variance**0.5
    assert abs(drawn.mean()) < 4 / n**0.5
    assert drawn.var() == pytest.approx(1.0, abs=4 * (2 / n) ** 0.5)
    assert abs((drawn > 0).mean() - (drawn < 0).mean()) < 4 / n**0.5


def test_large_fractions_are_drawn_one_by_one_with_the_same_distribution() -> None:
    drawn = replayed(3).gaussian(Fraction(10**15 + 1, 10**15), 1_500)
    assert drawn.var() == pytest.approx(1.0, abs=0.15)
    assert (drawn == 0).mean() == pytest.approx(shares(1.0, 0)[0], abs=0.05)


def test_twenty_thousand_draws_take_less_than_two_seconds() -> None:
    started = time.process_time()
    Noise().gaussian(usable_variance(1234.5), 20_000)
    assert time.process_time() - started < 2.0


def test_the_default_noise_cannot_be_repeated() -> None:
    assert not np.array_equal(Noise().gaussian(Fraction(10**6), 50), Noise().gaussian(Fraction(10**6), 50))


def test_choices_follow_the_exponential_mechanism() -> None:
    noise, scores = replayed(4), np.array([0, 10, 20, -500])
    seen = np.bincount([noise.choose(scores, Fraction(1, 5)) for _ in range(3_000)], minlength=4) / 3_000
    expected = np.exp([0.0, 1.0, 2.0]) / np.exp([0.0, 1.0, 2.0]).sum()
    assert seen[:3] == pytest.approx(expected, abs=0.04)
    assert seen[3] == 0.0


@pytest.mark.parametrize("value", [1e-4, 0.3, 1.0, 77.7, 1e9])
def test_fractions_err_on_the_safe_side_and_by_little(value: float) -> None:
    assert value <= usable_variance(value) <= value * 1.001
    assert value * 0.999 <= usable_epsilon(value) <= value


@pytest.mark.parametrize(("rho", "epsilon"), [(0.01, 0.5), (0.1, 1.0), (0.5, 3.0), (2.0, 10.0)])
def test_delta_is_the_least_over_all_orders(rho: float, epsilon: float) -> None:
    alpha = 1.0 + np.logspace(-4, 4, 200_001)
    logarithm = (alpha - 1) * (alpha * rho - epsilon) + alpha * np.log1p(-1 / alpha) - np.log(alpha - 1)
    assert delta_of(rho, epsilon) == pytest.approx(np.exp(logarithm.min()), rel=1e-6)


def test_delta_lies_between_the_gaussian_mechanisms_own_and_the_simple_bound() -> None:
    from scipy.stats import norm

    rho, epsilon = 0.05, 1.0
    mu = math.sqrt(2 * rho)
    exact = norm.cdf(mu / 2 - epsilon / mu) - math.exp(epsilon) * norm.cdf(-mu / 2 - epsilon / mu)
    simple = math.exp(-((epsilon - rho) ** 2) / (4 * rho))
    assert exact < delta_of(rho, epsilon) < simple


@pytest.mark.parametrize(("epsilon", "delta"), [(0.01, 1e-6), (1.0, 1e-6), (1.0, 1e-9), (8.0, 1e-5)])
def test_rho_uses_all_of_the_promise_and_no_more(epsilon: float, delta: float) -> None:
    rho = rho_of(epsilon, delta)
    assert delta * 0.999 < delta_of(rho, epsilon) <= delta
    assert epsilon_of(rho, delta) == pytest.approx(epsilon, rel=1e-9)
