"""`synthnb.recipes.distributions`: what may be declared, who said it, and everything that is wrong with it at once."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from scipy import stats

from synthnb.errors import RecipeError
from synthnb.recipes._correlated import cut_of, groups_of
from synthnb.recipes._distribution_checks import sequence_of
from synthnb.recipes._quantiles import Cut, mass, quantiles, ranks
from synthnb.recipes.distributions import (
    Beta,
    Binomial,
    Constant,
    Exponential,
    Gamma,
    Integers,
    LogNormal,
    Mixture,
    NegativeBinomial,
    Normal,
    Part,
    Poisson,
    TruncatedNormal,
    Uniform,
    Weibull,
    check_distributions,
    numbers,
)
from synthnb.recipes.recipe import Recipe

Array = np.ndarray[Any, Any]

POINTS = (np.arange(4000) + 0.5) / 4000
NORMAL = {"family": "normal", "mean": 0, "sd": 1}
REFERENCES: list[tuple[Any, Any]] = [
    (Normal(mean=3, sd=2), stats.norm(3, 2)),
    (TruncatedNormal(mean=0, sd=1, low=-1, high=2), stats.truncnorm(-1, 2)),
    (LogNormal(log_mean=1, log_sd=0.5), stats.lognorm(0.5, scale=np.e)),
    (Uniform(low=1, high=3), stats.uniform(1, 2)),
    (Integers(low=-2, high=5), stats.randint(-2, 6)),
    (Gamma(shape=0.3, scale=2), stats.gamma(0.3, scale=2)),
    (Beta(alpha=2, beta=0.5, low=1, high=4), stats.beta(2, 0.5, 1, 3)),
    (Exponential(mean=4), stats.expon(scale=4)),
    (Weibull(shape=1.5, scale=3), stats.weibull_min(1.5, scale=3)),
    (Poisson(mean=4.2), stats.poisson(4.2)),
    (NegativeBinomial(mean=3, dispersion=0.2), stats.nbinom(0.2, 0.2 / 3.2)),
    (Binomial(trials=20, probability=0.3), stats.binom(20, 0.3)),
]


def column(name: str = "x", kind: str = "real", dtype: str = "float64", **said: Any) -> dict[str, Any]:
    limits: dict[str, Any] = {key: said.pop(key) for key in ("minimum", "maximum") if key in said}
    return {"name": name, "kind": kind, "dtype": dtype, "distribution": said if "family" in said else {**NORMAL, **said}, **limits}


def recipe(*columns: dict[str, Any]) -> Recipe:
    return Recipe.from_dict({"table": "t", "rows": 100, "seed": 1, "columns": columns})


def problems(*columns: dict[str, Any]) -> dict[str, str]:
    return {problem.path: problem.message for problem in check_distributions(recipe(*columns))}


@pytest.mark.parametrize(("declared", "reference"), REFERENCES, ids=lambda item: getattr(item, "family", ""))
def test_quantiles_are_those_of_the_closed_form(declared: Any, reference: Any) -> None:
    assert quantiles(declared, POINTS) == pytest.approx(reference.ppf(POINTS), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(("declared", "reference"), REFERENCES, ids=lambda item: getattr(item, "family", ""))
def test_a_location_per_row_gives_the_same_as_one_for_all(declared: Any, reference: Any) -> None:
    if declared.location:
        per_row = quantiles(declared, POINTS, location=np.full(len(POINTS), getattr(declared, declared.location)))
        assert per_row == pytest.approx(reference.ppf(POINTS), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(("declared", "reference"), REFERENCES, ids=lambda item: getattr(item, "family", ""))
def test_ranks_undo_quantiles(declared: Any, reference: Any) -> None:
    cut = Cut(float(reference.ppf(0.1)), float(reference.ppf(0.9)))
    values = quantiles(declared, POINTS, cut)
    low, high = ranks(declared, values, values, cut)
    assert ((low <= POINTS + 1e-5) & (high + 1e-5 >= POINTS)).all()


@pytest.mark.parametrize(("low", "high"), [(8, np.inf), (-np.inf, -8), (36, 37), (2, 2.5), (-1, 5)])
def test_a_cut_normal_keeps_its_shape_far_out(low: float, high: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = quantiles(Normal(mean=0, sd=1), POINTS, Cut(low, high))
    assert np.isfinite(made).all()
    assert made.min() >= low
    assert made.max() <= high
    assert made.mean() == pytest.approx(stats.truncnorm(low, high).mean(), rel=1e-3)


def test_locations_far_from_the_limits_give_no_nan() -> None:
    made = quantiles(Normal(mean=0, sd=1), POINTS, Cut(2, 3), location=np.linspace(-1e6, 1e6, len(POINTS)))
    assert ((made >= 2) & (made <= 3)).all()
    assert (made[0], made[-1]) == (2, 3)


def test_a_mixture_draws_each_part_by_its_weight_and_what_the_limits_leave() -> None:
    mixed = Mixture(parts=(Part(weight=3, of=Constant(value=0)), Part(weight=7, of=Uniform(low=0, high=10))))
    whole, cut = quantiles(mixed, POINTS), quantiles(mixed, POINTS, Cut(0, 5))
    assert (whole == 0).mean() == pytest.approx(0.3, abs=1e-3)
    assert (cut == 0).mean() == pytest.approx(3 / 6.5, abs=1e-3)
    assert cut.max() <= 5


@pytest.mark.parametrize(("declared", "reference"), REFERENCES, ids=lambda item: getattr(item, "family", ""))
def test_mass_is_what_lies_within(declared: Any, reference: Any) -> None:
    expected = reference.cdf(3.5) - reference.cdf(0.5)
    assert mass(declared, Cut(0.5, 3.5)) == pytest.approx(expected, abs=1e-12)


def test_limits_of_whole_numbers_give_the_last_one_its_full_share() -> None:
    assert cut_of(recipe(column(kind="integer", dtype="int64", minimum=18, maximum=99)).columns[0]) == Cut(17.5, 99.5)


def test_parameters_out_of_range_are_told_with_their_path() -> None:
    with pytest.raises(RecipeError, match=r"columns\[0\]\.distribution\.normal\.sd: Input should be greater than 0"):
        recipe(column(sd=0))
    with pytest.raises(RecipeError, match="one weight per level is needed; got 2 levels and 1 weights"):
        recipe(column(kind="category", dtype="str", family="categorical", levels=["a", "b"], weights=[1]))
    with pytest.raises(RecipeError, match=r"low must be below high; got 2\.0 and 1\.0"):
        recipe(column(family="uniform", low=2, high=1))
    with pytest.raises(RecipeError, match="a part of a mixture can't have missing"):
        recipe(column(family="mixture", parts=[{"weight": 1, "of": {**NORMAL, "missing": 0.5}}] * 2))


@pytest.mark.parametrize("value", [1e308, -1e308, float("nan"), float("inf")])
def test_numbers_that_would_overflow_are_refused(value: float) -> None:
    with pytest.raises(RecipeError, match=r"columns\[0\]\.distribution\.normal\.mean"):
        recipe(column(mean=value))


def test_each_stated_number_tells_its_source() -> None:
    declared = Normal(mean=70, sd=12, source="model", sources=({"number": "sd", "source": "summary", "note": "trial 1"},))  # type: ignore[arg-type]  # as JSON has it
    assert [tuple(number) for number in numbers(declared)] == [("mean", 70, "model", ""), ("sd", 12, "summary", "trial 1")]


def test_all_problems_are_found_at_once_with_their_paths() -> None:
    found = problems(
        column("a", sources=[{"number": "mu", "source": "user"}]),
        {"name": "b", "kind": "real", "dtype": "float64"},
        column("c", kind="category", dtype="str"),
        column("d", cases=[{"when": [{"column": "agee", "low": 1}], "parameters": {"mu": 1}}]),
        column("e", effects=[{"column": "s", "by": 1}]),
        column("s", kind="category", dtype="str", family="categorical", levels=["f"], weights=[1]),
        column("agea", minimum=9, maximum=1),
    )
    assert found["columns[0].distribution.sources[0].number"] == "there is no number 'mu'; there are mean, sd"
    assert "needs one, for example" in found["columns[1].distribution"]
    assert found["columns[2].distribution.family"] == "normal gives integer, real; column 'c' holds category"
    assert "there is no column 'agee'; did you mean 'agea'?" in found["columns[3].distribution.cases[0].when[0].column"]
    assert found["columns[3].distribution.cases[0].parameters.mu"] == "normal has the parameters mean, sd; got 'mu'"
    assert "a level is needed, not a slope" in found["columns[4].distribution.effects[0].level"]
    assert found["columns[6].minimum"] == "must not exceed maximum; got 9 and 1"


def test_a_case_that_breaks_its_distribution_is_told() -> None:
    found = problems(column("a"), column("b", cases=[{"when": [{"column": "a", "low": 0}], "parameters": {"sd": -1}}]))
    assert found == {"columns[1].distribution.cases[0].parameters.sd": "Input should be greater than 0"}


def test_a_level_that_never_comes_is_told() -> None:
    sex = column("sex", kind="category", dtype="str", family="categorical", levels=["f", "m"], weights=[1, 1])
    found = problems(sex, column("b", effects=[{"column": "sex", "level": "F", "by": 1}]))
    assert found == {"columns[1].distribution.effects[0].level": "column 'sex' never is 'F'; it is one of 'f', 'm'"}


def test_columns_that_depend_on_one_another_are_told_as_a_circle() -> None:
    ring = [column(a, effects=[{"column": b, "by": 1}]) for a, b in ("ab", "bc", "ca")]
    assert "'a' → 'c' → 'b' → 'a'" in problems(*ring)["columns"]


def test_the_order_follows_what_depends_on_what() -> None:
    made = recipe(column("c", effects=[{"column": "b", "by": 1}]), column("b", family="expression", expression="a + 1"), column("a"))
    assert sequence_of(made) == (["a", "b", "c"], [])


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"minimum": 50, "maximum": 60}, "nothing of normal lies within the limits of column 'x'"),
        ({"minimum": "low"}, "a number was expected; got 'low'"),
    ],
)
def test_limits_that_leave_nothing_are_told(limits: dict[str, Any], message: str) -> None:
    assert message in problems(column(**limits)).values()


def test_days_of_the_week_that_never_come_are_told() -> None:
    days: dict[str, Any] = {"start": "2024-06-01", "end": "2024-06-02", "weekdays": [1, 1, 1, 1, 1, 0, 0]}
    weekend = column(kind="date", dtype="datetime64[s]", family="dates", **days)
    assert problems(weekend) == {"columns[0].distribution.weekdays": "none of the days from start to end has a weight above 0"}


def correlated(r: float, scale: str = "rank", *, other: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return [column("a", correlations=[{"column": "b", "r": r, "scale": scale}]), other or column("b")]


def test_rank_correlations_of_curves_follow_the_closed_form() -> None:
    (group,) = groups_of(recipe(*correlated(0.5)))
    assert group.names == ("a", "b")
    assert group.correlation[0, 1] == pytest.approx(2 * np.sin(np.pi * 0.5 / 6))


def test_pearson_correlations_of_lognormals_follow_the_closed_form() -> None:
    logs: dict[str, Any] = {"family": "lognormal", "log_mean": 0, "log_sd": 1}
    (group,) = groups_of(recipe(column("a", **logs, correlations=[{"column": "b", "r": 0.3, "scale": "pearson"}]), column("b", **logs)))
    assert group.correlation[0, 1] == pytest.approx(np.log(1 + 0.3 * (math.e - 1)), abs=2e-3)


def test_a_pearson_correlation_that_two_columns_cannot_have_is_told_with_its_bounds() -> None:
    skewed = column("b", family="lognormal", log_mean=0, log_sd=2)
    found = problems(*correlated(0.95, "pearson", other=skewed))
    assert "can have a pearson correlation from -0.27" in found["columns[0].distribution.correlations[0].r"]


def test_correlations_that_cannot_hold_together_are_told_not_repaired() -> None:
    pairs = [{"column": "b", "r": 0.9}, {"column": "c", "r": 0.9}]
    found = problems(column("a", correlations=pairs), column("b", correlations=[{"column": "c", "r": -0.9}]), column("c"))
    assert "the correlations among 'a', 'b', 'c' can't hold together (least eigenvalue -" in next(iter(found.values()))


def test_pairs_without_a_correlation_are_independent_given_the_others() -> None:
    made = recipe(column("a", correlations=[{"column": "b", "r": 0.8}]), column("b", correlations=[{"column": "c", "r": 0.5}]), column("c"))
    (group,) = groups_of(made)
    assert group.correlation[0, 2] == pytest.approx(group.correlation[0, 1] * group.correlation[1, 2])


def test_the_same_pair_twice_and_columns_without_ranks_are_told() -> None:
    assert "is said twice" in next(iter(problems(*correlated(0.5, other=column("b", correlations=[{"column": "a", "r": 0.5}]))).values()))
    sex = column("b", kind="category", dtype="str", family="categorical", levels=["f", "m"], weights=[1, 1])
    assert "drawn from categorical, which has no ranks" in next(iter(problems(*correlated(0.5, other=sex)).values()))
