from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation._design import design
from synthnb.evaluation.propensity import PROPENSITY_STEP, expected_pmse, logistic_pmse, propensity

PARAMETERS = PROPENSITY_STEP.parameters


def scored(comparison: Any, **changed: Any) -> dict[str, Any]:
    return {score.metric: score for score in propensity(comparison, {**PARAMETERS, **changed}).scores}


def logistic(comparison: Any, levels: int = 20, most: int = 200) -> Any:
    plan = design(list(comparison.columns), comparison.real, comparison.synthetic, 0, levels=levels, most=most)
    return logistic_pmse(plan, comparison.real, comparison.synthetic)


def two_levels(first: int, second: int) -> pd.DataFrame:
    return pd.DataFrame({"c": ["a"] * first + ["b"] * second})


def test_two_levels_by_hand(comparing: Any) -> None:
    # guesses are 0.4 and 0.6: pMSE 0.01; k = 2: expected 0.5³ / 200
    scores = scored(comparing(two_levels(40, 60), two_levels(60, 40)))
    assert scores["pmse"].value == pytest.approx(0.01)
    assert scores["s_pmse"].value == pytest.approx(16)
    assert scores["s_pmse"].parameters["parameters"] == 2


def test_the_expectation_is_the_formula_and_larger_for_a_sample_of_the_real_rows() -> None:
    assert expected_pmse(11, 200, 600) == pytest.approx(10 * 0.75**2 * 0.25 / 800)
    assert expected_pmse(11, 200, 600, fitted_on=10**9) == pytest.approx(10 * 0.75 * 0.25 / 800)


def test_rows_told_apart_without_error_reach_the_maximum(comparing: Any) -> None:
    real, synthetic = pd.DataFrame({"x": range(90)}), pd.DataFrame({"x": range(100, 160)})
    assert logistic(comparing(synthetic, real)).pmse == pytest.approx(0.4 * 0.6, abs=1e-8)


def test_a_copy_scores_0_and_says_what_that_means(draw: Any, comparing: Any) -> None:
    frame = draw(300, 0)
    ratio = scored(comparing(frame, frame))["s_pmse"]
    assert ratio.value == pytest.approx(0, abs=1e-6)
    assert "near-copies" in ratio.parameters["ideal"]


def test_columns_that_say_the_same_count_once(draw: Any, comparing: Any) -> None:
    real, synthetic = draw(300, 0), draw(300, 1)
    twice = [frame.assign(again=frame["age"] * 2 + 1, same=frame["arm"]) for frame in (synthetic, real)]
    once, double = logistic(comparing(synthetic, real)), logistic(comparing(*twice))
    assert once.parameters == double.parameters
    assert once.pmse == pytest.approx(double.pmse, abs=1e-9)


def test_units_row_order_and_names_of_levels_change_nothing(draw: Any, comparing: Any) -> None:
    real, synthetic = draw(300, 0), draw(200, 1)
    names = {"a": "zebra", "b": "ant", "c": "mule"}
    other = [f.assign(weight=f["weight"] * 1e6, arm=f["arm"].map(names)).sample(frac=1, random_state=0) for f in (synthetic, real)]
    assert logistic(comparing(synthetic, real)).pmse == pytest.approx(logistic(comparing(*other)).pmse, abs=1e-10)


def fitted_draws(rng: np.random.Generator, real: pd.DataFrame) -> pd.DataFrame:
    """Rows from a correct model fitted to the real ones: a normal law and shares."""
    numbers = rng.multivariate_normal(real[["x", "y"]].mean(), real[["x", "y"]].cov(), len(real))
    shares = real["c"].value_counts(normalize=True)
    return pd.DataFrame(numbers, columns=["x", "y"]).assign(c=rng.choice(shares.index, len(real), p=shares.to_numpy()))


def population(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    return pd.DataFrame(rng.normal(size=(rows, 2)), columns=["x", "y"]).assign(c=rng.choice(list("abcd"), rows, p=[0.4, 0.3, 0.2, 0.1]))


def test_correct_syntheses_lie_in_the_null_range_nineteen_times_in_twenty(comparing: Any) -> None:
    rng = np.random.default_rng(1)
    ratios, independent = list[float](), list[float]()
    for _ in range(200):
        real = population(rng, 200)
        for made, into in ((fitted_draws(rng, real), ratios), (population(rng, 200), independent)):
            fit = logistic(comparing(made, real))
            into.append(fit.pmse / expected_pmse(fit.parameters, 200, 200))
    low, high = scored(comparing(made, real))["s_pmse"].parameters["null_range"]
    assert 0.92 <= np.mean([low <= ratio <= high for ratio in ratios]) <= 0.98
    assert np.mean(ratios) == pytest.approx(1, abs=0.1)
    assert np.mean(independent) == pytest.approx(2, abs=0.2)  # 1 / (1 - c): they don't share the real rows' chance


def test_a_sample_of_the_real_rows_keeps_the_expectation_at_1(comparing: Any) -> None:
    rng, ratios = np.random.default_rng(2), []
    for _ in range(60):
        real = population(rng, 1000)
        ratios.append(scored(comparing(fitted_draws(rng, real), real), most_rows=250, permutations=2, tree_rows=50)["s_pmse"].value)
    assert np.mean(ratios) == pytest.approx(1, abs=0.2)


def test_samples_of_one_population_lie_in_the_trees_range_nineteen_times_in_twenty(comparing: Any) -> None:
    rng, inside, values = np.random.default_rng(3), [], []
    for _ in range(50):
        score = scored(comparing(population(rng, 120), population(rng, 120)))["s_pmse_trees"]
        low, high = score.parameters["null_range"]
        inside.append(low <= score.value <= high)
        values.append(score.value)
    assert np.mean(inside) >= 0.9
    assert np.mean(values) == pytest.approx(1, abs=0.05)


def test_dependence_lost_is_seen_by_trees_and_not_by_main_effects(comparing: Any) -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=800)
    real, synthetic = pd.DataFrame({"x": x, "y": x}), pd.DataFrame({"x": x, "y": rng.permutation(x)})
    scores = scored(comparing(synthetic, real))
    assert scores["s_pmse"].value < 1
    assert scores["s_pmse_trees"].value > 2


def test_beside_the_ratio_stands_that_of_real_rows(draw: Any, comparing: Any) -> None:
    ratio = scored(comparing(draw(600, 0), draw(600, 1), draw(600, 2)))["s_pmse"]
    assert ratio.ceiling == pytest.approx(1, abs=0.6)
    assert "independent samples" in ratio.parameters["ceiling_null"]
    assert (ratio.low, ratio.parameters["interval"].split(":")[0]) == (None, "none")


def test_too_many_columns_are_drawn_and_too_few_rows_refused(comparing: Any) -> None:
    rng = np.random.default_rng(5)
    frames = [pd.DataFrame(rng.normal(size=(100, 80))).rename(columns=str) for _ in range(2)]
    comparison = comparing(*frames)
    assert {score.parameters["columns_drawn"] for score in scored(comparison, most_parameters=40).values()} == {20}
    assert "too few for a model of 81 parameters" in str(scored(comparison)["pmse"].reason)


def test_few_levels_share_a_regressor_when_there_is_no_room(draw: Any, comparing: Any) -> None:
    frame = pd.DataFrame({"c": [f"l{i % 30}" for i in range(300)]})
    assert logistic(comparing(frame, frame), levels=5).parameters == 6
    assert logistic(comparing(frame, frame)).parameters == 21


def test_few_rows_have_a_reason(draw: Any, comparing: Any) -> None:
    assert {score.value for score in scored(comparing(draw(30, 0), draw(300, 1))).values()} == {None}


@pytest.mark.parametrize("values", [[np.inf, 1, 2] * 20, [1e300, -1e300, 0] * 20, [np.nan] * 60, [5.0] * 59 + [np.nan]])
def test_strange_numbers_do_not_crash(comparing: Any, values: list[float]) -> None:
    real = pd.DataFrame({"x": [0.5, 1.5, 2.5] * 20, "y": range(60)})
    assert scored(comparing(real.assign(x=values), real))["pmse"].value >= 0
