"""Distributions by name, shares that are approximate, and stays: what a description says of them steers the recipe."""

from __future__ import annotations

import pytest

from synthnb.engines.compile import compile_recipe
from tests.engines.test_compile import made, number


def test_a_distribution_that_stated_figures_do_not_go_with_is_told() -> None:
    compiled = compile_recipe("Visits have a Poisson distribution with mean 3 and SD 9.", calls=None, rows=100, seed=1)
    assert "What 'Poisson distribution' states doesn't hold: it is drawn from negative binomial." in compiled.notes
    assert [item["held"] for item in compiled.statements] == [True, False]
    left = compile_recipe("Aged 20 to 80. The outcome is not Poisson distributed.", calls=None, rows=100, seed=1)
    assert any("Poisson" in note for note in left.notes)


@pytest.mark.parametrize(
    ("text", "column", "family", "mean", "sd"),
    [
        ("Number of visits is Poisson with mean 3.", "number_of_visits", "poisson", 3, 3**0.5),
        ("Income is log-normal with mean 40000 (SD 20000).", "income", "lognormal", 40_000, 20_000),
        ("Log-normally distributed income, mean 30,000 (SD 9,000).", "income", "lognormal", 30_000, 9_000),
        ("Survival time follows a Weibull distribution with mean 14 months (SD 9).", "survival_time", "weibull", 14, 9),
        ("Waiting times are exponentially distributed with mean 40 minutes.", "waiting_times", "exponential", 40, 40),
        ("Adherence has a beta distribution with mean 0.8 (SD 0.1).", "adherence", "beta", 0.8, 0.1),
        ("Dose is uniform between 20 and 60.", "dose", "integers", 40, 40 / 12**0.5),
        ("BMI is normally distributed with mean 27 (SD 4) and ranges from 15 to 50.", "bmi", "normal", 27, 4),
        ("Cost has a gamma distribution with mean 5000 (SD 3000), at most 20000.", "cost", "gamma", 5_000, 3_000),
        ("Exacerbations follow a negative binomial distribution with mean 2 (SD 3).", "exacerbations", "negative_binomial", 2, 3),
    ],
)
def test_a_distribution_that_is_named_steers_the_column(text: str, column: str, family: str, mean: float, sd: float) -> None:
    compiled = compile_recipe(text, calls=None, rows=100, seed=1)
    [found] = [one.distribution for one in compiled.recipe.columns if one.name == column]
    cells = made(compiled, 40_000)[column].astype("f8")
    assert found is not None
    assert found.family == family
    assert (cells.mean(), cells.std()) == (pytest.approx(mean, rel=0.03), pytest.approx(sd, rel=0.05))
    assert [item["held"] for item in compiled.statements] == [True] * len(compiled.statements)


@pytest.mark.parametrize(
    ("text", "column", "share", "words"),
    [
        ("Almost half are female, aged 20 to 80.", "sex", 0.48, "approximate: 'almost', taken as 0.48"),
        ("Just under 60 % female, aged 20 to 80.", "sex", 0.59, "approximate: 'just under', taken as 0.59"),
        ("Just over 40 % have diabetes.", "diabetes", 0.41, "approximate: 'just over', taken as 0.41"),
        ("Roughly a third smoke.", "smoker", 1 / 3, "approximate: 'roughly', taken as 0.3333"),
        ("Nearly 20 % are widowed.", "widowed", 0.19, "approximate: 'nearly', taken as 0.19"),
        ("60 % female.", "sex", 0.6, "60 % female"),
    ],
)
def test_a_share_that_is_approximate_says_so_and_is_not_taken_as_exact(text: str, column: str, share: float, words: str) -> None:
    compiled = compile_recipe(text, calls=None, rows=100, seed=1)
    told = number(compiled, column, "weights.0" if column == "sex" else "probability")
    assert told["value"] == pytest.approx(share, abs=1e-9)
    assert told["source"] == "user"
    assert words in told["note"]


def test_a_discharge_follows_from_the_admission_and_the_stay() -> None:
    text = "Admitted between January 2020 and March 2022. Median length of stay 4 days (IQR 2 to 8). Discharge is after admission."
    compiled = compile_recipe(text, calls=None, rows=100, seed=1)
    frame = made(compiled)
    assert ((frame["discharge_date"] - frame["admission_date"]).dt.days == frame["length_of_stay"]).all()
    assert [item["held"] for item in compiled.statements] == [True] * 3
    stated = compile_recipe(f"{text} Discharged between May 2020 and June 2022.", calls=None, rows=100, seed=1)
    assert any("its days are stated, so it isn't tied" in note for note in stated.notes)
