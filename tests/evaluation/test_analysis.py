from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.errors import OptionError
from synthnb.evaluation.analysis import ANALYSES_STEP, Analysis, compare_analyses
from synthnb.evaluation.analysis.comparing import interval_overlap, pair, pooled
from synthnb.evaluation.analysis.estimates import Estimate, Verdict, read
from synthnb.evaluation.facts import Facts

PARAMETERS = ANALYSES_STEP.parameters


class Fitted:
    """What statsmodels gives of a formula: three tables by term."""

    def __init__(self, params: Any, bse: Any, ends: Any) -> None:
        self.params, self.bse, self._ends = params, bse, ends

    def conf_int(self) -> Any:
        return self._ends


def slope(frame: pd.DataFrame) -> tuple[float, float]:
    """Weight on age by least squares, with its standard error."""
    known = frame[["age", "weight"]].dropna().astype(float)
    x, y = known["age"] - known["age"].mean(), known["weight"] - known["weight"].mean()
    b = float((x * y).sum() / (x * x).sum())
    return b, float(np.sqrt(((y - b * x) ** 2).sum() / (len(known) - 2) / (x * x).sum()))


def analysed(comparing: Any, frames: Any, function: Callable[[Any], Any], *, replicates: Any = (), **options: Any) -> Any:
    facts = Facts(analyses=(Analysis(name="own", function=function, **options),), replicates=tuple(replicates))
    return compare_analyses(comparing(*frames, facts=facts), PARAMETERS)


def by_metric(found: Any) -> dict[str, Any]:
    return {score.metric: score for score in found.scores}


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [((0, 2), (0, 2), 1.0), ((0, 2), (1, 5), 0.375), ((0, 1), (2, 4), -0.75), ((1, 1), (1, 1), 1.0), ((1, 1), (0, 2), None)],
)
def test_overlap_by_hand(one: Any, other: Any, overlap: float | None) -> None:
    assert interval_overlap(one, other) == overlap


def test_a_pair_by_hand() -> None:
    made = pair(Estimate(2.0, 0.5, 1.02, 2.98), Estimate(1.0, 1.0, -0.96, 2.96), 0.0)
    assert made.difference == 2
    assert (made.sign, made.decision) == (True, False)
    assert made.overlap == pytest.approx(0.5 * (1.94 / 1.96 + 1.94 / 3.92))


def test_ratios_are_told_from_one() -> None:
    made = pair(Estimate(2.0, None, 1.5, 2.5), Estimate(0.5, None, 0.2, 0.8), 1.0)
    assert (made.sign, made.decision) == (False, False)


def test_replicates_are_combined_by_hand() -> None:
    # v̄ = (1 + 4) / 2, T = 2.5 (200/100 + 1/2) = 6.25
    made = pooled([Estimate(1.0, 1.0), Estimate(3.0, 2.0)], [200, 200], 100)
    assert made is not None
    assert made.value == 2
    assert made.high - made.value == pytest.approx(1.959964 * 2.5)
    assert pooled([Estimate(1.0, 1.0), Estimate(3.0)], [200, 200], 100) is None


@pytest.mark.parametrize(
    ("result", "terms"),
    [
        (2, {"value": Estimate(2.0)}),
        (np.float32(2), {"value": Estimate(2.0)}),
        ((2.0, 0.0), {"value": Estimate(2.0, 0.0, 2.0, 2.0)}),
        (True, {"value": Verdict("yes")}),
        ("treat", {"value": Verdict("treat")}),
        ({"a": 1.0, "b": float("nan")}, {"a": Estimate(1.0)}),
        (pd.Series({"a": 1.0}), {"a": Estimate(1.0)}),
        (pd.DataFrame({"estimate": [1.0]}, index=["a"]), {"a": Estimate(1.0)}),
        (pd.DataFrame({"estimate": [1.0], "term": ["t"]}), {"t": Estimate(1.0)}),
    ],
)
def test_what_a_function_may_give(result: Any, terms: Any) -> None:
    assert read(result)[0] == terms


def test_an_interval_gives_the_error_and_the_error_an_interval() -> None:
    (both,) = read((1.0, 0.5))[0].values()
    assert isinstance(both, Estimate)
    assert both.low == pytest.approx(1 - 0.979982)
    (error,) = read({"a": (1.0, both.low, both.high)})[0].values()
    assert isinstance(error, Estimate)
    assert error.se == pytest.approx(0.5)


def test_a_fit_like_those_of_statsmodels_is_read() -> None:
    terms = ["Intercept", "age"]
    fit = Fitted(pd.Series([1.0, 2.0], terms), pd.Series([0.1, 0.2], terms), pd.DataFrame([[0.8, 1.2], [1.6, 2.4]], terms))
    assert read(fit)[0] == {"Intercept": Estimate(1.0, 0.1, 0.8, 1.2), "age": Estimate(2.0, 0.2, 1.6, 2.4)}


def test_a_fit_on_arrays_and_one_of_several_equations_are_read() -> None:
    arrays = Fitted(np.array([1.0, 2.0]), np.array([0.1, 0.2]), np.array([[0.8, 1.2], [1.6, 2.4]]))
    assert list(read(arrays)[0]) == ["x1", "x2"]
    table = pd.DataFrame({0: [1.0, 2.0], 1: [3.0, 4.0]}, index=["const", "age"])
    assert list(read(Fitted(table, table * 0 + 1, np.zeros((2, 2, 2))))[0]) == ["0: const", "0: age", "1: const", "1: age"]


def test_a_fit_like_those_of_lifelines_is_read() -> None:
    class Model:
        summary = pd.DataFrame(
            {"coef": [0.5], "exp(coef)": [1.6], "se(coef)": [0.1], "coef lower 95%": [0.3], "coef upper 95%": [0.7]}, index=["arm"]
        )

    assert read(Model())[0] == {"arm": Estimate(0.5, 0.1, 0.3, 0.7)}


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "gave a NoneType; a number"),
        ({"a": None}, "has a NoneType; a number"),
        ({}, "no finite number and no decision"),
        (float("nan"), "no finite number"),
        ((1, 2, 3, 4), "has a tuple"),
        (pd.DataFrame({"x": [1]}), "needs the column estimate"),
        (dict.fromkeys(range(3000), 1.0), "more than 2,000 terms"),
    ],
)
def test_what_else_it_gives_is_said_by_type(result: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        read(result)


def test_good_synthetic_rows_say_the_same(draw: Any, comparing: Any) -> None:
    scores = by_metric(analysed(comparing, (draw(800, 0), draw(800, 1), draw(400, 2)), slope))
    assert scores["ci_overlap"].value > 0.3
    assert scores["ci_overlap"].ceiling is not None
    assert scores["ci_overlap"].parameters["ceiling_rows"] == [800, 400]
    assert (scores["sign_agreement"].value, scores["significance_agreement"].value) == (1, 1)
    assert scores["ci_overlap"].subject == ("own",)


def test_shuffled_rows_say_something_else(draw: Any, comparing: Any) -> None:
    made = draw(800, 0).assign(age=lambda frame: frame["age"].sample(frac=1, random_state=0).to_numpy())
    scores = by_metric(analysed(comparing, (made, draw(800, 1)), slope))
    assert scores["ci_overlap"].value < 0
    assert scores["significance_agreement"].value == 0
    assert scores["coefficient_difference"].value > 5


def test_a_copy_says_the_very_same(draw: Any, comparing: Any) -> None:
    real = draw(200, 0)
    scores = by_metric(analysed(comparing, (real, real), lambda frame: {"slope": slope(frame), "old": bool(frame["age"].mean() > 50)}))
    assert [scores[name].value for name in ("ci_overlap", "ci_overlap_least", "coefficient_difference")] == [1, 1, 0]
    assert scores["significance_agreement"].n == 2


def test_decisions_are_counted_over_replicates(draw: Any, comparing: Any) -> None:
    real = pd.DataFrame({"x": [1.0] * 20})
    replicates = [pd.DataFrame({"x": [value] * 20}) for value in (1.0, 1.0, 0.0)]
    found = analysed(comparing, (real, real), lambda frame: bool(frame["x"].mean() > 0.5), replicates=replicates)
    score = by_metric(found)["decision_agreement"]
    assert (score.value, score.n) == (0.75, 4)
    assert (score.low, score.high) == (pytest.approx(0.3006, abs=1e-4), pytest.approx(0.9544, abs=1e-4))
    assert "More than 100" in score.parameters["few"]
    assert found.details["analyses"][0]["terms"][0]["agreement"][0] == 0.75


def test_a_replicate_on_which_it_fails_does_not_agree(comparing: Any) -> None:
    real = pd.DataFrame({"x": [1.0] * 20})
    found = analysed(comparing, (real, real), lambda frame: 10 / frame["x"].iloc[0] > 1, replicates=[real.assign(x=None), real])
    assert by_metric(found)["decision_agreement"].value == pytest.approx(2 / 3, abs=1e-6)
    assert by_metric(found)["decision_agreement"].parameters["failed"] == 1


def test_combined_estimates_are_shown(draw: Any, comparing: Any) -> None:
    found = analysed(comparing, (draw(300, 0), draw(300, 1)), slope, replicates=[draw(300, 2), draw(300, 3)])
    (term,) = found.details["analyses"][0]["terms"]
    value, low, high = term["pooled"]
    assert low < value < high
    assert term["term"] == "value"


def test_errors_by_resampling(comparing: Any, draw: Any) -> None:
    real = draw(400, 0)
    found = analysed(comparing, (real, real), lambda frame: frame["age"].mean(), resamples=200)
    _, low, high = found.details["analyses"][0]["terms"][0]["real"]
    assert (high - low) / (2 * 1.96) == pytest.approx(real["age"].std() / 20, rel=0.15)
    again = analysed(comparing, (real, real), lambda frame: frame["age"].mean(), resamples=200)
    assert again.details == found.details


def test_a_bare_number_has_no_overlap(draw: Any, comparing: Any) -> None:
    scores = by_metric(analysed(comparing, (draw(100, 0), draw(100, 1)), lambda frame: frame["age"].mean()))
    assert "return standard errors, or set resamples" in str(scores["ci_overlap"].reason)
    assert scores["sign_agreement"].value == 1


def test_an_error_is_a_reason_without_its_message(draw: Any, comparing: Any) -> None:
    found = analysed(comparing, (draw(100, 0), draw(100, 1)), lambda frame: int("secret cell"))
    assert len(found.scores) == 6
    for score in found.scores:
        assert score.reason == "On the real rows: The function failed (ValueError)."


def test_the_frames_are_not_changed(draw: Any, comparing: Any) -> None:
    def spoils(frame: pd.DataFrame) -> float:
        frame["age"] = 0
        frame.drop(frame.index[1:], inplace=True)
        return 1.0

    real = draw(50, 0)
    comparison = comparing(real, real, facts=Facts(analyses=(Analysis(name="own", function=spoils),)))
    compare_analyses(comparison, PARAMETERS)
    assert comparison.frames.real.equals(draw(50, 0))


def test_a_warning_is_named_by_its_kind(draw: Any, comparing: Any) -> None:
    def warns(frame: pd.DataFrame) -> float:
        import warnings

        warnings.warn("the cell 123-45 is odd", RuntimeWarning, stacklevel=1)
        return 1.0

    score = analysed(comparing, (draw(50, 0), draw(50, 1)), warns).scores[0]
    assert score.parameters["warned_on_real"] == ["RuntimeWarning"]


def test_terms_that_name_a_rare_cell_are_not_named(comparing: Any) -> None:
    real = pd.DataFrame(
        {
            "arm": ["a"] * 30 + ["b"] * 30 + ["rare"],
            "who": [f"Ann {i} of {i}" for i in range(61)],
            "pay": [1000.0 + i for i in range(61)],
            "zip": [[f"z{i}"][0] for i in range(61)],
        }
    )
    keys = ["arm[T.b]", "arm[T.rare]", "who: Ann 7 of 7", 1003.0, "z5", "intercept", ("mu", "arm"), "zip[z9]:pay"]
    found = analysed(comparing, (real, real), lambda frame: dict.fromkeys(keys, (1.0, 0.5)))
    names = [row["term"] for row in found.details["analyses"][0]["terms"]]
    assert names == ["arm[T.b]", "term 2", "term 3", "term 4", "term 5", "intercept", "mu: arm", "term 8"]


def test_a_term_the_synthetic_rows_lack_agrees_in_nothing(comparing: Any) -> None:
    real, made = pd.DataFrame({"x": [1.0, 2.0] * 10}), pd.DataFrame({"x": [3.0, 4.0] * 10})
    scores = by_metric(analysed(comparing, (made, real), lambda frame: {f"x {min(frame['x']):g}": (2.0, 0.1), "both": (1.0, 0.1)}))
    assert scores["sign_agreement"].value == 0.5
    assert scores["ci_overlap"].n == 1
    assert scores["ci_overlap"].parameters["terms_without_a_synthetic_estimate"] == 1


def test_only_the_terms_named_decide(draw: Any, comparing: Any) -> None:
    found = analysed(comparing, (draw(100, 0), draw(100, 1)), lambda frame: {"a": (1.0, 0.1), "b": (2.0, 0.1)}, terms=("b",))
    assert found.scores[0].n == 1
    nothing = analysed(comparing, (draw(100, 0), draw(100, 1)), lambda frame: {"a": 1.0}, terms=("b",))
    assert "None of the terms named" in str(nothing.scores[0].reason)


def test_the_table_stays_small(draw: Any, comparing: Any) -> None:
    import json

    found = analysed(comparing, (draw(60, 0), draw(60, 1)), lambda frame: {f"t{i}": (i + 0.123456, 0.1) for i in range(300)})
    assert len(json.dumps(found.details["analyses"])) < 6000
    assert found.details["analyses"][0]["omitted"] == 276
    assert found.scores[0].parameters["terms_left_out"] == 100


def test_without_an_analysis_the_reason_is_given(draw: Any, comparing: Any) -> None:
    for score in compare_analyses(comparing(draw(50, 0), draw(50, 1)), PARAMETERS).scores:
        assert "as analyses=" in str(score.reason)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": ""}, "1 to 80 printable characters"),
        ({"name": "a\x00b"}, "1 to 80 printable characters"),
        ({"function": 3}, "must be a function of a frame; 'own' got a int"),
        ({"terms": "arm"}, "must be a tuple of texts"),
        ({"null": float("nan")}, "must be a number"),
        ({"resamples": 5}, "0, or from 20 to 10,000"),
    ],
)
def test_an_analysis_is_checked(options: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Analysis(**{"name": "own", "function": len} | options)


def test_fits_of_statsmodels(draw: Any, comparing: Any) -> None:
    formulas = pytest.importorskip("statsmodels.formula.api")

    def fit(frame: pd.DataFrame) -> Any:
        return formulas.logit("event ~ age + C(arm)", frame.assign(event=frame["event"].astype(int))).fit(disp=0)

    found = analysed(comparing, (draw(600, 0), draw(600, 1), draw(300, 2)), fit)
    rows = {row["term"]: row for row in found.details["analyses"][0]["terms"]}
    assert list(rows) == ["Intercept", "C(arm)[T.b]", "C(arm)[T.c]", "age"]
    known = fit(draw(600, 1))
    assert rows["age"]["real"] == pytest.approx([known.params["age"], *known.conf_int().loc["age"]], rel=1e-3)
    assert by_metric(found)["significance_agreement"].value == 1


def terms_shown(comparing: Any, real: pd.DataFrame, keys: list[Any]) -> list[str]:
    found = analysed(comparing, (real, real), lambda frame: dict.fromkeys(keys, (1.0, 0.5)))
    return [row["term"] for row in found.details["analyses"][0]["terms"]]


@pytest.mark.parametrize(
    "key",
    [
        "weight 67.25",
        "weight_67.25",
        "kg67,25",
        ("kg", 67.25),
        ("kg", "-67.250"),
        "(50.0, 67.25]",
        pd.Timestamp("1990-01-05"),
        "visit 05/01/1990",
        "5 Jan 1990",
        "at 12:30",
        "631497600",
        "20200105",
    ],
)
def test_numbers_and_dates_that_few_hold_are_in_no_name(comparing: Any, key: Any) -> None:
    real = pd.DataFrame({"kg": [67.25 + i for i in range(60)], "visit": pd.date_range("1990-01-01", periods=60)})
    assert terms_shown(comparing, real, ["first", key]) == ["first", "term 2"]


def test_levels_that_many_hold_and_columns_keep_their_names(comparing: Any) -> None:
    real = pd.DataFrame({"stage": [1, 2, 3] * 20, "HbA1c": [float(i % 59) + 0.5 for i in range(60)], "age": range(60)})
    keys = ["C(stage)[T.2]", "HbA1c", "C(stage)[T.2]:HbA1c", "I(HbA1c ** 100)"]
    assert terms_shown(comparing, real, keys) == keys


def test_an_errors_name_is_shown_only_if_a_library_has_it(draw: Any, comparing: Any) -> None:
    def fails(frame: pd.DataFrame) -> float:
        raise type("Ann123", (ValueError,), {"__module__": "numpy"})("x")

    for score in analysed(comparing, (draw(50, 0), draw(50, 1)), fails).scores:
        assert score.reason == "On the real rows: The function failed."


def test_a_function_that_exits_is_a_result(draw: Any, comparing: Any) -> None:
    def leaves(frame: pd.DataFrame) -> float:
        raise SystemExit(1)

    assert "called exit" in str(analysed(comparing, (draw(50, 0), draw(50, 1)), leaves).scores[0].reason)


def test_an_interrupt_stops_the_evaluation(draw: Any, comparing: Any) -> None:
    def stopped(frame: pd.DataFrame) -> float:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        analysed(comparing, (draw(50, 0), draw(50, 1)), stopped)


def test_an_own_error_of_the_package_is_no_message_either(draw: Any, comparing: Any) -> None:
    def fails(frame: pd.DataFrame) -> float:
        raise OptionError("the cell 123-45", fix="x")

    assert "123-45" not in str(analysed(comparing, (draw(50, 0), draw(50, 1)), fails).scores[0].reason)


@pytest.mark.parametrize("constant", ["const", "Intercept", "(Intercept)", ("mu_", "Intercept")])
def test_intercepts_are_shown_and_not_counted(comparing: Any, constant: Any) -> None:
    real, made = pd.DataFrame({"x": [1.0, 2.0] * 10}), pd.DataFrame({"x": [5.0, 6.0] * 10})
    found = analysed(comparing, (made, real), lambda frame: {constant: (frame["x"].mean() - 3, 0.1), "slope": (1.0, 0.1)})
    scores = by_metric(found)
    assert (scores["ci_overlap"].value, scores["sign_agreement"].value, scores["significance_agreement"].value) == (1, 1, 1)
    assert [row.get("counted", True) for row in found.details["analyses"][0]["terms"]] == [False, True]


def test_an_intercept_alone_counts(comparing: Any) -> None:
    real = pd.DataFrame({"x": [1.0, 2.0] * 10})
    assert by_metric(analysed(comparing, (real, real), lambda frame: {"Intercept": (1.0, 0.1)}))["ci_overlap"].n == 1
