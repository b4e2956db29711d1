"""`synthnb.engines.sampler`: rows from a declared recipe alone."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.engines.base import BLOCK
from synthnb.engines.sampler import FittedSampler, Sampler
from synthnb.errors import OptionError, RecipeError, RecordError
from synthnb.recipes.conditions import parse_conditions
from synthnb.recipes.recipe import Recipe

N = 20_000
Z = 4.5  # how many standard errors a figure may be off; one test in 150,000 would fail by chance


def column(name: str, kind: str = "real", dtype: str = "float64", **said: Any) -> dict[str, Any]:
    own: dict[str, Any] = {key: said.pop(key) for key in ("minimum", "maximum", "decimals", "ordered", "format") if key in said}
    return {"name": name, "kind": kind, "dtype": dtype, **own, "distribution": said or None}


def normal(name: str = "x", **said: Any) -> dict[str, Any]:
    return column(name, **{"family": "normal", "mean": 0, "sd": 1, **said})


SEX = column("sex", "category", "str", family="categorical", levels=["f", "m"], weights=[3, 1])


def fit(*columns: dict[str, Any], rows: int = 100) -> FittedSampler:
    return Sampler().fit(None, Recipe.from_dict({"table": "t", "rows": rows, "seed": 1, "columns": columns}), seed=1)


def draw(*columns: dict[str, Any], rows: int = N, seed: int = 1, where: str = "", given: pd.DataFrame | None = None) -> pd.DataFrame:
    drawn = drawn_by(fit(*columns), rows, seed=seed, where=where, given=given)
    assert drawn.short is None
    made: pd.DataFrame = drawn.frame
    return made


def drawn_by(fitted: FittedSampler, rows: int = N, *, seed: int = 1, where: str = "", given: pd.DataFrame | None = None) -> Any:
    conditions = parse_conditions(where, fitted.recipe.columns) if where else None
    return fitted.draw(np.arange(rows), seed=seed, unit=(0,), given=given, where=conditions)


def assert_mean(cells: pd.Series[Any], mean: float, sd: float) -> None:
    assert abs(cells.mean() - mean) < Z * sd / np.sqrt(len(cells))


@pytest.mark.parametrize(
    ("said", "mean", "sd"),
    [
        ({"family": "normal", "mean": 10, "sd": 3}, 10, 3),
        ({"family": "lognormal", "log_mean": 1, "log_sd": 0.5}, np.exp(1.125), np.exp(1.125) * np.sqrt(np.expm1(0.25))),
        ({"family": "uniform", "low": 2, "high": 5}, 3.5, 3 / np.sqrt(12)),
        ({"family": "integers", "low": 1, "high": 6}, 3.5, np.sqrt(35 / 12)),
        ({"family": "gamma", "shape": 2, "scale": 3}, 6, np.sqrt(18)),
        ({"family": "beta", "alpha": 2, "beta": 3}, 0.4, 0.2),
        ({"family": "exponential", "mean": 4}, 4, 4),
        ({"family": "weibull", "shape": 1, "scale": 4}, 4, 4),
        ({"family": "poisson", "mean": 3}, 3, np.sqrt(3)),
        ({"family": "negative_binomial", "mean": 3, "dispersion": 2}, 3, np.sqrt(7.5)),
        ({"family": "binomial", "trials": 10, "probability": 0.2}, 2, np.sqrt(1.6)),
    ],
    ids=lambda item: item["family"] if isinstance(item, dict) else "",
)
def test_moments_are_those_of_the_closed_form(said: dict[str, Any], mean: float, sd: float) -> None:
    cells = draw(column("x", **said))["x"]
    assert_mean(cells, mean, sd)
    assert cells.std() == pytest.approx(sd, rel=0.06)


def test_levels_come_by_weight() -> None:
    cells = draw(SEX)["sex"]
    assert_mean(pd.Series(cells == "f"), 0.75, np.sqrt(0.75 * 0.25))
    assert str(cells.dtype) == "str"


def test_a_level_of_no_weight_never_comes() -> None:
    cells = draw(column("x", "category", "category", family="categorical", levels=["a", "b", "c"], weights=[0, 1, 0]))["x"]
    assert set(cells) == {"b"}
    assert list(cells.cat.categories) == ["a", "b", "c"]


def test_cases_choose_the_parameters() -> None:
    old = {"when": [{"column": "age", "low": 65}, {"column": "sex", "levels": ["f"]}], "parameters": {"mean": 5}}
    frame = draw(SEX, normal("age", mean=60, sd=10), normal("y", cases=[old]))
    fits = (frame["age"] >= 65) & (frame["sex"] == "f")
    assert_mean(frame.loc[fits, "y"], 5, 1)
    assert_mean(frame.loc[~fits, "y"], 0, 1)


def test_cases_choose_levels_and_their_weights() -> None:
    never = {"when": [{"column": "sex", "levels": ["m"]}], "parameters": {"levels": ["no"], "weights": [1]}}
    frame = draw(SEX, column("pregnant", "category", "str", family="categorical", levels=["no", "yes"], weights=[8, 2], cases=[never]))
    assert set(frame.loc[frame["sex"] == "m", "pregnant"]) == {"no"}
    assert_mean(pd.Series(frame.loc[frame["sex"] == "f", "pregnant"] == "yes"), 0.2, 0.4)


def test_effects_move_the_location_on_the_scale_of_the_link() -> None:
    effects = [{"column": "x", "by": 0.5, "centre": 1}, {"column": "sex", "level": "m", "by": -1}]
    frame = draw(SEX, normal(), column("y", family="poisson", mean=2, effects=effects))
    expected = 2 * np.exp(0.5 * (frame["x"] - 1) - (frame["sex"] == "m"))
    residual = (frame["y"] - expected) / np.sqrt(expected)
    assert_mean(residual, 0, 1)
    assert residual.std() == pytest.approx(1, abs=0.03)
    assert abs(residual.corr(frame["x"])) < Z / np.sqrt(N)


def test_a_logit_link_moves_a_probability() -> None:
    frame = draw(normal(), column("y", "boolean", "bool", family="bernoulli", probability=0.2, effects=[{"column": "x", "by": 2}]))
    share = 1 / (1 + np.exp(-(np.log(0.25) + 2 * frame["x"])))
    assert_mean(pd.Series((frame["y"] - share) / np.sqrt(share * (1 - share))), 0, 1)


def test_a_missing_cell_moves_nothing_and_fits_no_case() -> None:
    gone = normal(missing=0.5)
    case = {"when": [{"column": "x", "low": -100}], "parameters": {"mean": 9}}
    frame = draw(gone, normal("y", cases=[case]), normal("z", effects=[{"column": "x", "by": 3}]))
    assert_mean(frame.loc[frame["x"].isna(), "y"], 0, 1)
    assert_mean(frame.loc[frame["x"].isna(), "z"], 0, 1)
    assert_mean(pd.Series(frame["x"].isna()), 0.5, 0.5)


@pytest.mark.parametrize(("scale", "method"), [("rank", "spearman"), ("pearson", "pearson")])
def test_correlations_come_as_declared(scale: str, method: Any) -> None:
    skewed = column("b", family="lognormal", log_mean=0, log_sd=0.8)
    frame = draw(normal("a", correlations=[{"column": "b", "r": 0.6, "scale": scale}]), skewed)
    assert frame["a"].corr(frame["b"], method=method) == pytest.approx(0.6, abs=0.025)


def test_rank_correlations_of_counts_come_as_declared() -> None:
    counts = column("b", "integer", "int64", family="poisson", mean=1)
    frame = draw(normal("a", correlations=[{"column": "b", "r": -0.5}]), counts)
    assert frame["a"].corr(frame["b"], method="spearman") == pytest.approx(-0.5, abs=0.02)


def test_a_computed_column_follows_its_expression() -> None:
    frame = draw(normal("w", mean=70, sd=8), normal("h", mean=170, sd=7), column("bmi", family="expression", expression="w / (h/100)**2"))
    assert frame["bmi"].to_numpy() == pytest.approx((frame["w"] / (frame["h"] / 100) ** 2).to_numpy())


def test_what_can_not_be_computed_is_missing_and_counted() -> None:
    fitted = fit(column("n", family="poisson", mean=1), column("y", family="expression", expression="1 / n"))
    drawn = drawn_by(fitted)
    zeros = int((drawn.frame["n"] == 0).sum())
    assert int(drawn.frame["y"].isna().sum()) == drawn.counts["cells_without_value"] == zeros
    assert f"{zeros:,} computed cells have no finite value" in fitted.notes(drawn.counts)[0]


def test_computed_values_outside_their_limits_are_left_to_be_drawn_again() -> None:
    drawn = drawn_by(fit(normal(), column("y", family="expression", expression="x * 2", minimum=0)))
    assert (drawn.short == (drawn.frame["y"] < 0)).all()
    assert drawn.short.mean() == pytest.approx(0.5, abs=0.02)


def test_limits_hold_by_construction_with_whole_shares_at_the_ends() -> None:
    frame = draw(column("x", "integer", "int64", family="normal", mean=0, sd=2, minimum=-1, maximum=1))
    shares = frame["x"].value_counts(normalize=True).sort_index()
    expected = np.diff([0.2266274, 0.4012937, 0.5987063, 0.7733726]) / (0.7733726 - 0.2266274)
    assert list(shares.index) == [-1, 0, 1]
    assert shares.to_numpy() == pytest.approx(expected, abs=0.016)


def test_a_limit_eight_deviations_out_gives_numbers() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cells = draw(normal(minimum=8))["x"]
    assert cells.min() >= 8
    assert_mean(cells, 8.121368, 0.119)


def test_limits_hold_where_effects_push_everything_beyond_them() -> None:
    push = {"column": "x", "by": 1e6}
    whole = column("n", "integer", "int64", family="normal", mean=50, sd=1, minimum=1, maximum=99, effects=[push])
    tenths = column("t", decimals=1, family="normal", mean=5, sd=1, minimum=0.05, maximum=9.99, effects=[push])
    frame = draw(normal(), whole, tenths)
    assert set(frame["n"][frame["x"].abs() > 0.01]) == {1, 99}
    assert (frame["t"].min(), frame["t"].max()) == (0.1, 9.9)


def test_dates_come_on_their_days_within_their_limits() -> None:
    said = {"family": "dates", "start": "2020-01-01", "end": "2020-12-31", "weekdays": [1, 1, 1, 1, 1, 0, 0]}
    cells = draw(column("d", "date", "datetime64[s]", minimum="2020-03-01", **said))["d"]
    assert cells.min() == pd.Timestamp("2020-03-02")
    assert cells.max() == pd.Timestamp("2020-12-31")
    assert cells.dt.day_of_week.max() == 4
    assert cells.nunique() == 219


@pytest.mark.parametrize(
    ("kind", "dtype", "said"),
    [
        ("date", "object", {"family": "dates", "start": "2020-01-01", "end": "2020-02-01"}),
        ("date", "str", {"family": "dates", "start": "2020-01-01", "end": "2020-02-01", "format": "%d.%m.%Y"}),
        ("datetime", "datetime64[us, Europe/Madrid]", {"family": "dates", "start": "2020-03-28", "end": "2020-03-30", "step": "minute"}),
        ("time", "object", {"family": "times", "start": "08:00", "end": "17:30"}),
        ("boolean", "boolean", {"family": "bernoulli", "probability": 0.5, "missing": 0.1}),
        ("integer", "Int16", {"family": "integers", "low": -5, "high": 300, "missing": 0.1}),
        ("integer", "object", {"family": "integers", "low": 0, "high": 3}),
        ("real", "Float64", {"family": "beta", "alpha": 1, "beta": 1, "missing": 0.1, "decimals": 2}),
        ("category", "category", {"family": "categorical", "levels": [1, 2], "weights": [1, 1], "ordered": True, "missing": 0.2}),
        ("integer", "int64", {"family": "sequence", "start": 10, "step": -2}),
        ("constant", "str", {"family": "constant", "value": "<b>x</b>"}),
        ("identifier", "str", {"family": "identifier", "pattern": "P-[0-9]{6}", "missing": 0.1}),
    ],
)
def test_columns_are_stored_as_declared(kind: str, dtype: str, said: dict[str, Any]) -> None:
    cells = draw(column("x", kind, dtype, **said), rows=2_000)["x"]
    assert str(cells.dtype) == dtype
    assert_mean(pd.Series(cells.isna()), said.get("missing", 0), 0.5)


def test_sequences_and_identifiers_go_on_over_blocks() -> None:
    fitted = fit(
        column("n", "integer", "int64", family="sequence"), column("id", "identifier", "str", family="identifier", pattern="[0-9]{6}")
    )
    first, second = (fitted.draw(np.arange(10), seed=1, unit=(block,)).frame for block in (0, 1))
    assert list(second["n"]) == list(range(BLOCK + 1, BLOCK + 11))
    assert not set(first["id"]) & set(second["id"])


def test_a_row_is_the_same_whichever_others_are_drawn_and_however_columns_are_ordered() -> None:
    columns = [
        SEX,
        normal("a", correlations=[{"column": "b", "r": 0.5}]),
        normal("b"),
        normal("c", effects=[{"column": "sex", "level": "m", "by": 1}]),
    ]
    whole = draw(*columns, rows=500)
    some = fit(*columns[::-1]).draw(np.array([3, 400]), seed=1, unit=(0,)).frame
    pd.testing.assert_frame_equal(some[whole.columns.tolist()], whole.iloc[[3, 400]].reset_index(drop=True))
    assert not draw(*columns, rows=500, seed=2).equals(whole)


def test_fixed_cells_come_back_and_the_others_follow() -> None:
    given = pd.DataFrame({"sex": ["m"] * N})
    frame = draw(SEX, normal(cases=[{"when": [{"column": "sex", "levels": ["m"]}], "parameters": {"mean": 4}}]), given=given)
    assert (frame["sex"] == "m").all()
    assert_mean(frame["x"], 4, 1)


def test_a_fixed_cell_moves_what_it_is_correlated_with() -> None:
    given = pd.DataFrame({"a": np.full(N, 2.0)})
    frame = draw(normal("a", correlations=[{"column": "b", "r": 0.8, "scale": "pearson"}]), normal("b"), given=given)
    assert_mean(frame["b"], 1.6, 0.6)
    assert frame["b"].std() == pytest.approx(0.6, rel=0.03)


def test_a_column_that_depends_on_others_can_not_be_fixed_alone() -> None:
    with pytest.raises(OptionError, match="Column 'y' depends on 'x', so it can't be fixed alone"):
        draw(normal(), normal("y", effects=[{"column": "x", "by": 1}]), given=pd.DataFrame({"y": [0.0] * N}))


def test_a_condition_on_a_root_is_met_by_construction() -> None:
    fitted = fit(normal(), normal("y", effects=[{"column": "x", "by": 1}]))
    drawn = drawn_by(fitted, where="x > 3.5")
    assert drawn.short is None
    assert drawn.frame["x"].min() > 3.5
    assert_mean(drawn.frame["x"], 3.7513, 0.231)
    assert_mean(drawn.frame["y"] - drawn.frame["x"], 0, 1)


def test_a_condition_on_one_of_two_correlated_moves_the_other() -> None:
    pair = [normal("a", correlations=[{"column": "b", "r": 0.8, "scale": "pearson"}]), normal("b")]
    frame, whole = draw(*pair, where="a > 1 or a < -1.5"), draw(*pair, seed=2)
    expected = whole[(whole["a"] > 1) | (whole["a"] < -1.5)]
    assert frame["b"].mean() == pytest.approx(expected["b"].mean(), abs=Z * 1.5 / np.sqrt(len(expected)))
    assert frame["a"].min() < -1.5


def test_a_condition_on_what_depends_on_others_draws_again_and_is_exact() -> None:
    chain = [SEX, normal(effects=[{"column": "sex", "level": "m", "by": 1}])]
    frame, whole = draw(*chain, where="x > 1.5", rows=5_000), draw(*chain, seed=2)
    expected = (whole.loc[whole["x"] > 1.5, "sex"] == "m").mean()
    assert (frame["sex"] == "m").mean() == pytest.approx(expected, abs=0.05)


def test_levels_and_missing_cells_obey_conditions() -> None:
    region = column("r", "category", "str", family="categorical", levels=["n", "e", "s"], weights=[6, 3, 1], missing=0.3)
    frame = draw(region, where="r in ['e', 's']")
    assert_mean(pd.Series(frame["r"] == "s"), 0.25, 0.433)
    assert draw(region, where="isna(r)", rows=200)["r"].isna().all()


def test_what_no_row_can_meet_is_short() -> None:
    drawn = drawn_by(fit(normal(), column("y", family="expression", expression="x * 0")), 20, where="y > 1")
    assert drawn.short.all()


def test_a_saved_sampler_draws_the_same() -> None:
    fitted = fit(SEX, normal())
    again = Sampler().restore(fitted.recipe, fitted.to_state())
    pd.testing.assert_frame_equal(drawn_by(again, 50).frame, drawn_by(fitted, 50).frame)
    with pytest.raises(RecordError, match=r"synthnb\.sampler/1, was expected; got None"):
        Sampler().restore(fitted.recipe, type(fitted.to_state())({}, {}))


def test_who_stated_the_numbers_is_told() -> None:
    fitted = fit(normal(source="model", sources=[{"number": "sd", "source": "user"}]))
    assert fitted.parameters["numbers_stated_by"] == {"model": 1, "user": 1}
    assert "1 of the recipe's 2 numbers were stated by a language model" in fitted.notes({})[0]


def test_every_problem_is_raised_at_once() -> None:
    with pytest.raises(RecipeError, match=r"columns\[0\]\.distribution: column 'a' needs one.*columns\[1\]\.distribution\.family"):
        fit(column("a"), normal("b") | {"kind": "boolean"})


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (column("x", "integer", "int8", family="integers", low=0, high=300), "came out with 300, which int8 can't hold exactly"),
        (column("x", "integer", "int64", family="integers", low=0, high=3, missing=0.1), "no mark for a missing cell; use Int64"),
        (column("x", "integer", "int64", family="normal", mean=0, sd=1e90), "which int64 can't hold exactly"),
        (column("x", "real", "float99", family="uniform", low=0, high=1), "columns\\[0\\]\\.dtype: 'float99' can't hold this column"),
        (column("x", "identifier", "str", family="identifier", pattern="[0-9]"), "spells 10 codes, fewer than the 100 rows"),
    ],
)
def test_what_a_type_can_not_hold_is_told_before_drawing(said: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        fit(said)


def test_names_are_only_names() -> None:
    name = "<script>alert(1)</script>`x`\x00"
    frame = draw(normal(name), normal("y", effects=[{"column": name, "by": 1}]), rows=10)
    assert list(frame) == [name, "y"]


def test_hundreds_of_columns_in_a_chain_are_drawn() -> None:
    columns = [normal("c0"), *(normal(f"c{k}", effects=[{"column": f"c{k - 1}", "by": 0.5}]) for k in range(1, 500))]
    assert draw(*columns, rows=3).shape == (3, 500)
