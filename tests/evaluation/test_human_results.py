"""What ratings show: hand-worked values, intervals that cover, and reasons where there are too few."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from synthnb.evaluation._intervals import Estimate, difference
from synthnb.evaluation.human import RUBRICS, Answer, Question, Rubric
from synthnb.evaluation.human.estimates import bounded_mean, clopper_pearson, detectable_accuracy, shares_mean
from synthnb.evaluation.human.results import Answers, compute_results

ITEMS = tuple(f"item-{i:03d}" for i in range(1, 41))
KEY = {item: "real" if i < 20 else "synthetic" for i, item in enumerate(ITEMS)}
CALL = Rubric("call", 1, "Call", "", (RUBRICS["discrimination"].questions[0],))
Calls = dict[str, dict[str, dict[str, Any]]]


def calls(**wrong: int) -> Calls:
    """Raters who call every item right but the first so many of each origin."""
    flip = {"real": "synthetic", "synthetic": "real"}
    return {
        rater: {item: {"origin": flip[KEY[item]] if i % 20 < number else KEY[item]} for i, item in enumerate(ITEMS)}
        for rater, number in wrong.items()
    }


def scores(given: Calls, rubric: Rubric = CALL, key: Any = KEY) -> dict[str, Any]:
    found, _, _ = compute_results(Answers(rubric, ITEMS, given, key))
    return {" ".join((score.metric, *score.subject)): score for score in found}


def rated(question: str, *values: Any, rater: str = "a") -> Calls:
    return {rater: {item: {question: value} for item, value in zip(ITEMS, values, strict=False)}}


def test_accuracy_of_one_rater_has_the_exact_interval() -> None:
    found = scores(calls(a=4))["discrimination_accuracy"]
    assert (found.value, found.n) == (0.8, 40)
    assert binom.sf(31, 40, found.low) == pytest.approx(0.025, abs=1e-4)
    assert binom.cdf(32, 40, found.high) == pytest.approx(0.025, abs=1e-4)


def test_sensitivity_and_specificity_are_those_of_their_origin() -> None:
    given = calls(a=0)
    for item in ITEMS[:5]:
        given["a"][item] = {"origin": "synthetic"}
    found = scores(given)
    assert found["discrimination_sensitivity"].value == 1.0
    assert found["discrimination_specificity"].value == 0.75


def test_two_raters_who_say_the_same_tell_no_more_than_one() -> None:
    one, twice = scores(calls(a=6))["discrimination_accuracy"], scores(calls(a=6, b=6))["discrimination_accuracy"]
    assert twice.value == one.value == 0.7
    assert twice.n == 80
    assert twice.high - twice.low == pytest.approx(one.high - one.low, rel=0.1)


def test_two_raters_who_differ_tell_more() -> None:
    given = calls(a=6) | {"b": {item: calls(b=6)["b"][ITEMS[(i + 10) % 20 + i // 20 * 20]] for i, item in enumerate(ITEMS)}}
    assert scores(given)["discrimination_accuracy"].value == 0.7
    apart, alike = (scores(one)["discrimination_accuracy"] for one in (given, calls(a=6, b=6)))
    assert apart.high - apart.low < 0.8 * (alike.high - alike.low)


def test_an_interval_over_a_half_is_absence_of_evidence() -> None:
    found = scores(calls(a=10))["discrimination_accuracy"]
    assert found.value == 0.5
    assert "absence of evidence that raters can tell, not evidence that they can't" in found.parameters["reading"]
    assert found.parameters["detectable_accuracy"] == pytest.approx(0.7216, abs=1e-3)


@pytest.mark.parametrize("n", [10, 40, 60, 200])
def test_the_detectable_accuracy_has_its_power(n: int) -> None:
    least = next(k for k in range(n + 1) if clopper_pearson(k, n).low > 0.5)
    found = detectable_accuracy(n)
    assert found is not None
    assert binom.sf(least - 1, n, found) == pytest.approx(0.8, abs=1e-6)


def test_five_calls_tell_nothing() -> None:
    assert detectable_accuracy(5) is None
    assert detectable_accuracy(0) is None


def test_means_of_both_origins_and_their_difference_by_hand() -> None:
    given = rated("plausibility", *([4, 5] * 10), *([2, 4] * 10))
    found = scores(given, RUBRICS["plausibility"])
    mean, gap = found["rubric_mean plausibility"], found["rubric_gap plausibility"]
    assert (mean.value, mean.ceiling, mean.n) == (3.0, 4.5, 20)
    assert gap.value == -1.5
    assert gap.high < -0.9


def test_kappa_of_two_raters_by_hand() -> None:
    found = scores(calls(a=0, b=5))["cohen_kappa origin"]
    assert found.value == pytest.approx(0.5)  # 30 of 40 agree, both call half of them real
    assert scores(calls(a=0, b=5))["krippendorff_alpha origin"].value == pytest.approx(1 - 0.25 * 79 / 40)


def test_three_raters_have_fleiss_kappa() -> None:
    found = scores(calls(a=0, b=5, c=5))
    assert "cohen_kappa origin" not in found
    assert found["fleiss_kappa origin"].value == pytest.approx(1 - (10 / 40 * 2 / 3) / 0.5)


def test_one_rater_has_no_agreement_and_the_reason_says_so() -> None:
    found = scores(calls(a=0))["krippendorff_alpha origin"]
    assert (found.value, found.reason) == (None, "1 raters answered this question; agreement needs at least 2.")


def test_a_rater_who_says_always_the_same_has_no_kappa_and_a_note() -> None:
    given = calls(a=0) | {"b": {item: {"origin": "real"} for item in ITEMS}}
    found = scores(given)
    assert "gave every item the same label" in found["cohen_kappa origin"].reason
    assert found["rater_discrimination_accuracy b"].parameters["note"] == "The rater gave every item the same answer."


def test_few_ratings_give_reasons() -> None:
    given = {"a": {item: {"origin": "real"} for item in ITEMS[:5]}}
    found = scores(given)
    assert found["discrimination_accuracy"].reason == "0 items of an origin were rated; a figure needs at least 10."
    assert found["rater_discrimination_accuracy a"].reason == "5 items were rated; a figure needs at least 10."


@pytest.mark.parametrize("rubric", list(RUBRICS.values()), ids=list(RUBRICS))
def test_without_ratings_or_key_there_are_reasons_only(rubric: Rubric) -> None:
    cases: list[tuple[Calls, Any]] = [({}, KEY), ({}, None), ({"a": {}}, None)]
    for given, key in cases:
        assert all(score.value is None and score.reason for score in scores(given, rubric, key).values())


def test_a_review_without_real_items_has_means_and_no_difference() -> None:
    found = scores(rated("harm", *([1, 2] * 20)), RUBRICS["harm"], dict.fromkeys(ITEMS, "synthetic"))
    assert found["rubric_mean harm"].value == 1.5
    assert found["rubric_mean harm"].ceiling is None
    assert found["rubric_gap harm"].reason == "0 real items were rated; a figure needs at least 10."


def test_disagreements_are_listed_the_furthest_apart_first() -> None:
    first, second = rated("harm", 1, 2, 3, 4, rater="a"), rated("harm", 5, 2, 2, 4, rater="b")
    _, found, twice = compute_results(Answers(RUBRICS["harm"], ITEMS, first | second, KEY))
    assert [(one.item, one.apart) for one in found] == [("item-001", 4), ("item-003", 1)]
    assert found[0].ratings == {"a": 1, "b": 5}
    assert twice == 1.0


def test_the_share_rated_twice_is_of_the_rated_items() -> None:
    first, second = rated("harm", 1, 2, 3, 4, rater="a"), rated("harm", 5, rater="b")
    assert compute_results(Answers(RUBRICS["harm"], ITEMS, first | second, KEY))[2] == 0.25


def test_names_on_a_nominal_scale_are_apart_by_one() -> None:
    sort = Rubric("s", 1, "S", "", (Question("sort", "?", "nominal", tuple(Answer(word, word) for word in "xyz")),))
    _, found, _ = compute_results(Answers(sort, ITEMS, rated("sort", "x", rater="a") | rated("sort", "z", rater="b"), KEY))
    assert found[0].apart == 1


def test_the_order_of_items_and_raters_changes_no_score() -> None:
    given = calls(a=3, b=7)
    other = {rater: dict(reversed(list(given[rater].items()))) for rater in ("b", "a")}
    one, two = scores(given), scores(other)
    assert {name: score.to_dict() for name, score in one.items()} == {name: score.to_dict() for name, score in two.items()}


def test_the_difference_of_shares_is_newcombes() -> None:
    found = difference(Estimate(0.8, 0.6918, 0.8769), Estimate(0.6, 0.4904, 0.7006))
    assert found.interval == pytest.approx((0.0524, 0.3339), abs=2e-3)  # Newcombe (1998), 56/70 less 48/80


def covered(inside: list[bool]) -> float:
    return sum(inside) / len(inside)


@pytest.mark.parametrize("shares", [[0.1, 0.2, 0.4, 0.2, 0.1], [0.02, 0.03, 0.05, 0.2, 0.7], [0.0, 0.1, 0.8, 0.1, 0.0]])
def test_intervals_of_means_cover(shares: list[float]) -> None:
    rng, scale = np.random.default_rng(2), np.arange(1, 6)
    true = float(np.dot(shares, scale))
    found = [bounded_mean(rng.choice(scale, 30, p=shares).astype(float), 1, 5) for _ in range(1000)]
    assert 0.925 <= covered([one.low <= true <= one.high for one in found]) <= 0.975


@pytest.mark.parametrize(("real", "synthetic", "together"), [(0.5, 0.5, 0.3), (0.7, 0.7, 0.4), (0.9, 0.3, 0.2)])
def test_intervals_over_raters_and_items_cover(real: float, synthetic: float, together: float) -> None:
    """Three raters, whose calls on an item hang together as beta-binomials do."""
    rng, found = np.random.default_rng(4), []
    for _ in range(1000):
        chances = [rng.beta(p * (1 / together - 1), (1 - p) * (1 / together - 1), 30) for p in (real, synthetic)]
        found.append(shares_mean([rng.binomial(3, chance) / 3 for chance in chances], 180))
    true = (real + synthetic) / 2
    assert 0.925 <= covered([one.low <= true <= one.high for one in found]) <= 0.985


def test_means_at_the_end_of_the_scale_have_an_interval() -> None:
    found = bounded_mean(np.full(20, 5.0), 1, 5)
    assert found.value == found.high == 5.0
    assert 4 < found.low < 5
    assert math.isfinite(found.low)
