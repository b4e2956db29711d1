"""The rectified scaling law, against planted curves, the paper's table and simulation."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from synthnb.errors import OptionError
from synthnb.evaluation.scaling import ScalingLaw, fit_scaling

SIZES = [100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000]
PROJECTED = {
    "3B": [60.0, 64.6, 74.7, 80.5, 80.9, 83.1, 84.4],
    "8B": [71.3, 73.2, 78.6, 81.4, 81.6, 82.6, 83.2],
}
"""Projected accuracy in percent at `TOKENS`: SynthLLM, arXiv 2503.19551."""
TOKENS = [4.5, 10, 50, 250, 300, 1000, 4000]
"""In billions."""
PLANTED = {"b": 60.0, "d_l": 150.0, "beta": 0.9, "e": 0.1}


def planted(size: float, *, b: float, d_l: float, beta: float, e: float) -> float:
    return b / (d_l + math.pow(size, beta)) + e


def noisy(sd: float, seed: int) -> list[float]:
    noise = np.random.default_rng(seed).normal(0, sd, len(SIZES))
    return [planted(size, **PLANTED) + float(step) for size, step in zip(SIZES, noise, strict=True)]


def exact(**changes: Any) -> ScalingLaw:
    return fit_scaling(SIZES, noisy(0, 0), seed=1, draws=0, **changes)


@pytest.mark.parametrize("truth", [PLANTED, PLANTED | {"beta": 0.34, "d_l": 4.0}, PLANTED | {"e": 0.0}, PLANTED | {"d_l": 0.0}])
def test_planted_parameters_are_recovered(truth: dict[str, float]) -> None:
    law = fit_scaling(SIZES, [planted(size, **truth) for size in SIZES], seed=1, draws=0)
    found = [law.b.value, law.d_l.value, law.beta.value, law.e.value]
    assert found == pytest.approx(list(truth.values()), rel=1e-3, abs=1e-3)
    assert law.rmse < 1e-9


@pytest.mark.parametrize(("model", "beta", "floor"), [("3B", 0.66, 15.1), ("8B", 0.79, 16.5)])
def test_the_papers_table_is_followed_within_a_fifth_of_a_point(model: str, beta: float, floor: float) -> None:
    law = fit_scaling(TOKENS, [100 - value for value in PROJECTED[model]], seed=1, draws=0, unit="billion tokens")
    assert law.rmse <= 0.17
    assert law.beta.value == pytest.approx(beta, abs=0.01)
    assert law.e.value == pytest.approx(floor, abs=0.3)
    assert [100 - law.at(size) for size in TOKENS] == pytest.approx(PROJECTED[model], abs=0.35)


def test_the_papers_table_tells_the_rectified_from_the_plain_law() -> None:
    law = fit_scaling(TOKENS, [100 - value for value in PROJECTED["3B"]], seed=1, draws=200)
    assert law.plain["rmse"] > 3 * law.rmse
    assert law.plain["p"] < 0.02


def test_a_plain_curve_isnt_taken_for_a_rectified_one() -> None:
    truth = PLANTED | {"d_l": 0.0, "beta": 0.5, "b": 4.0}
    noise = np.random.default_rng(3).normal(0, 0.01, len(SIZES))
    law = fit_scaling(SIZES, [planted(size, **truth) + float(step) for size, step in zip(SIZES, noise, strict=True)], seed=1, draws=200)
    assert law.plain["p"] > 0.1


def test_the_intervals_cover_as_often_as_they_say() -> None:
    hits, draws = {"beta": 0, "e": 0, "far": 0, "gain": 0}, 80
    far = 2 * SIZES[-1]
    gain = planted(SIZES[-1], **PLANTED) - planted(far, **PLANTED)
    for seed in range(draws):
        law = fit_scaling(SIZES, noisy(0.005, seed), seed=1, draws=0, confidence=0.9)
        ahead, doubling = law.predict(far), law.to_dict()["doubling"]
        hits["beta"] += law.beta.low <= PLANTED["beta"] <= law.beta.high
        hits["e"] += law.e.low <= PLANTED["e"] <= law.e.high
        hits["far"] += ahead.low <= planted(far, **PLANTED) <= ahead.high
        hits["gain"] += doubling["low"] <= gain <= doubling["high"]
    assert {name: count / draws >= 0.9 - 3 * 0.0336 for name, count in hits.items()} == dict.fromkeys(hits, True)
    assert min(hits.values()) < draws  # intervals that always cover would be too wide


def test_the_unit_of_the_sizes_has_no_influence() -> None:
    errors = noisy(0.005, 1)
    small, large = fit_scaling(SIZES, errors, seed=1, draws=0), fit_scaling([1e6 * size for size in SIZES], errors, seed=1, draws=0)
    assert large.beta == pytest.approx(small.beta, rel=1e-6)
    assert large.e == pytest.approx(small.e, rel=1e-6)
    assert large.d_l.value == pytest.approx(small.d_l.value * 1e6**small.beta.value, rel=1e-5)
    assert large.predict(2e11).low == pytest.approx(small.predict(2e5).low, rel=1e-6)


def test_the_unit_of_the_errors_has_no_influence() -> None:
    errors = noisy(0.005, 1)
    share, percent = fit_scaling(SIZES, errors, seed=1, draws=0), fit_scaling(SIZES, [100 * error for error in errors], seed=1, draws=0)
    assert percent.beta == pytest.approx(share.beta, rel=1e-6)
    assert percent.e == pytest.approx([100 * end for end in share.e], rel=1e-6)


def test_the_order_of_the_measurements_has_no_influence() -> None:
    errors = noisy(0.005, 1)
    assert fit_scaling(SIZES[::-1], errors[::-1], seed=1).to_dict() == fit_scaling(SIZES, errors, seed=1).to_dict()


def test_a_weight_of_two_is_a_measurement_made_twice() -> None:
    errors = noisy(0.005, 1)
    weighted = fit_scaling(SIZES, errors, weights=[2] + [1] * 7, seed=1, draws=0)
    repeated = fit_scaling([SIZES[0], *SIZES], [errors[0], *errors], seed=1, draws=0)
    assert weighted.beta.value == pytest.approx(repeated.beta.value, rel=1e-6)
    assert weighted.rmse == pytest.approx(repeated.rmse, rel=1e-6)


def test_it_refuses_to_look_far_beyond_what_was_measured() -> None:
    law = exact()
    assert law.predict(1_200_000).extrapolated
    assert not law.predict(300_000).extrapolated
    with pytest.raises(
        OptionError, match=r"from 25 to 1,200,000 rows was expected, 4 times beyond .*got 1,300,000\. Measure a larger size"
    ):
        law.predict(1_300_000)


def test_how_far_it_looks_is_the_users_to_state_within_bounds() -> None:
    assert exact(reach=8).predict(2_400_000).extrapolated
    with pytest.raises(OptionError, match="A reach must be from 1 to 10; got 100"):
        exact(reach=100)


def test_the_size_for_a_target_solves_the_law() -> None:
    worth = exact().worth(target=0.102)
    assert worth.size is not None
    assert planted(worth.size, **PLANTED) == pytest.approx(0.102, abs=1e-6)
    assert worth.more == 0
    assert "no more than was measured" in worth.reason


def test_a_target_below_the_floor_isnt_reached() -> None:
    worth = exact().worth(target=0.05)
    assert worth.size is None
    assert "no amount of such data removes at 0.1 (" in worth.reason


def test_a_target_beyond_reach_isnt_told() -> None:
    worth = exact().worth(target=0.100001)
    assert (worth.size, worth.more) == (None, None)
    assert "within 4 times the largest size measured" in worth.reason


def test_a_gain_is_reached_where_doubling_gives_less() -> None:
    law = fit_scaling(SIZES[:5], [planted(size, **PLANTED) for size in SIZES[:5]], seed=1, draws=0)
    gain = planted(15_000, **PLANTED) - planted(30_000, **PLANTED)
    worth = law.worth(gain=gain)
    assert worth.size == pytest.approx(15_000, rel=1e-3)
    assert worth.more == pytest.approx(5_000, rel=1e-2)
    assert law.worth(gain=1e-6).size is None


def test_the_interval_of_a_size_holds_the_size() -> None:
    law = fit_scaling(SIZES, noisy(0.003, 2), seed=1, draws=0)
    worth = law.worth(target=0.15)
    assert worth.size is not None
    assert worth.low is not None
    assert worth.low <= worth.size <= (worth.high or np.inf)


MEASURED: dict[str, Any] = {
    "sizes": [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000],
    "errors": [0.301, 0.262, 0.228, 0.203, 0.187, 0.176, 0.170],
}
"""The curve of docs/scaling.md."""


def test_a_gain_reached_within_the_sizes_measured_is_solved_for() -> None:
    law = fit_scaling(**MEASURED, seed=1, draws=0)
    worth = law.worth(gain=0.005)
    assert worth.size is not None
    assert worth.size == pytest.approx(41_580, rel=1e-3)
    assert law.at(worth.size) - law.at(2 * worth.size) == pytest.approx(0.005, rel=1e-9)
    assert worth.reason == "Reached at 41,580 rows (95 % interval 36,132 to 48,976): no more than was measured."


def test_the_ends_of_a_gains_interval_are_where_the_doublings_interval_holds_it() -> None:
    law = fit_scaling(**MEASURED, seed=1, draws=0)
    worth = law.worth(gain=0.003)
    assert worth.low is not None
    assert worth.high is not None
    assert law._bounded(*law._doubling(worth.low)).low == pytest.approx(0.003, rel=1e-9)
    assert law._bounded(*law._doubling(worth.high)).high == pytest.approx(0.003, rel=1e-9)


@pytest.mark.parametrize("asked", [{"target": 0.4}, {"gain": 0.5}])
def test_the_edge_of_what_was_measured_is_no_interval(asked: dict[str, float]) -> None:
    worth = fit_scaling(**MEASURED, seed=1, draws=0).worth(**asked)
    assert (worth.size, worth.low, worth.more) == (1000, 0, 0)
    assert worth.reason == "Already reached at the smallest size measured, 1,000 rows; whether less does isn't told."


def test_a_lower_end_below_what_was_measured_is_told_as_such() -> None:
    worth = fit_scaling(**MEASURED, seed=1, draws=0).worth(target=0.301)
    assert worth.low == 0
    assert worth.reason.startswith("Reached at 1,001 rows (95 % interval less than 1,000 to 1,020)")


def test_what_may_be_within_reach_is_told_though_the_law_does_not_reach_it() -> None:
    worth = fit_scaling(**MEASURED, seed=1, draws=0).worth(target=0.1635)
    assert worth.size is None
    assert worth.low is not None
    assert f"don't rule out that it is reached from {worth.low:,.0f} rows on" in worth.reason


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e-50, 1e-30, 1e45])
@pytest.mark.parametrize("error", [1e-97, 1e100])
def test_units_far_from_one_have_no_influence(size: float, error: float) -> None:
    plain = fit_scaling(**MEASURED, seed=1, draws=0)
    sizes, errors = [size * d for d in MEASURED["sizes"]], [error * y for y in MEASURED["errors"]]
    law = fit_scaling(sizes, errors, seed=1, draws=10)
    assert law.predict(2 * sizes[-1]).low / error == pytest.approx(plain.predict(128_000).low, rel=1e-4)
    assert law.worth(gain=0.005 * error).size == pytest.approx(size * 41_580.05, rel=1e-4)
    assert json.dumps(law.to_dict(), allow_nan=False)


@pytest.mark.parametrize("draws", [-5, 2.5, "x", True, 10_001, 10**5000], ids=lambda value: str(value)[:9] if value != 10**5000 else "huge")
def test_draws_are_a_whole_number_within_bounds(draws: Any) -> None:
    with pytest.raises(OptionError, match=r"The number of draws must be a whole number from 0 to 10,000; got "):
        fit_scaling(**MEASURED, draws=draws)


@pytest.mark.parametrize(
    ("errors", "warning"),
    [
        ([0.30, 0.31, 0.29, 0.30, 0.31, 0.30, 0.29, 0.30], "can't be told from their scatter"),
        ([0.30, 0.31, 0.32, 0.33, 0.34, 0.35, 0.36, 0.37], "the law is a flat line"),
        ([1.0, 0.999, 0.995, 0.98, 0.5, 0.02, 0.01, 0.01], "β lies at the bound"),
        ([0.9, 0.7, 0.5, 0.35, 0.25, 0.18, 0.12, 0.08], "E isn't determined from below"),
    ],
)
def test_what_the_curve_cannot_tell_is_said(errors: list[float], warning: str) -> None:
    assert any(warning in said for said in fit_scaling(SIZES, errors, seed=1, draws=0).warnings)


def test_too_few_sizes_and_a_narrow_span_are_said() -> None:
    sizes = [100, 200, 300, 400, 500]
    warnings = fit_scaling(sizes, [0.5, 0.4, 0.35, 0.33, 0.32], seed=1, draws=0).warnings
    assert any("There are 5 sizes for four parameters" in said for said in warnings)
    assert any("span a factor of 5 only" in said for said in warnings)


def test_a_clear_curve_has_no_warning() -> None:
    assert exact().warnings == ()


@pytest.mark.parametrize(
    ("sizes", "errors", "weights", "message"),
    [
        ([1, 2, 4, 8], [4, 3, 2, 1], None, "at least 5 different sizes; got 4"),
        ([1, 1, 2, 2, 4], [4, 3, 2, 1, 1], None, "at least 5 different sizes; got 3"),
        ([1, 2, 4, 8, 16], [4, 3, 2], None, "must pair up; got 5, 3 and 5"),
        ([0, 2, 4, 8, 16], [4, 3, 2, 1, 1], None, "sizes must be above 0; got 0"),
        ([1, 2, 4, 8, 16], [4, 3, -2, 1, 1], None, "errors must be at least 0; got -2"),
        ([1, 2, 4, 8, 16], [4, 3, 2, 1, float("nan")], None, "errors must be finite; got nan"),
        ([1, 2, 4, 8, "x" * 500], [4, 3, 2, 1, 1], None, r"sizes must be numbers; got .*characters\)"),
        ([1, 2, 4, 8, 16], [4, 3, 2, 1, 1], [1, 1, 1, 1, 0], "weights must be above 0; got 0"),
        ([1, 2, 4, 8, 10**400], [4, 3, 2, 1, 1], None, r"sizes must be at most 1e\+50; got a larger number"),
        ([1e-300, 2, 4, 8, 16], [4, 3, 2, 1, 1], None, r"sizes must be from 1e-50 to 1e\+50; got 1e-300"),
        ([1, 2, 4, 8, 1e13], [4, 3, 2, 1, 1], None, r"largest of the sizes must be at most 1e\+12 times the smallest; got 1 to 1e\+13"),
        ([1, 2, 4, 8, 16], [1e308, 3, 2, 1, 1], None, r"errors must be 0 or from 1e-100 to 1e\+100; got 1e\+308"),
        ([1, 2, 4, 8, 16], [4, 3, 2, 1, 1], [1e308] * 5, r"weights must be from 1e-100 to 1e\+100; got 1e\+308"),
    ],
)
def test_measurements_that_make_no_sense_are_refused(sizes: Any, errors: Any, weights: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        fit_scaling(sizes, errors, weights=weights, seed=1)


@pytest.mark.parametrize("asked", [{}, {"target": 0.2, "gain": 0.1}, {"gain": 0.0}, {"target": -1.0}, {"target": True}, {"gain": 10**400}])
def test_what_is_asked_must_make_sense(asked: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=r"expected|must be"):
        exact().worth(**asked)


def test_the_same_seed_gives_the_same_answer() -> None:
    errors = noisy(0.01, 5)
    first, second = (fit_scaling(SIZES, errors, seed=4, draws=50).to_dict() for _ in range(2))
    assert first == second
    assert first["seed"] == 4


def test_the_answer_is_plain_json_with_a_picture() -> None:
    made = json.loads(json.dumps(exact(unit="<b>rows</b> & more").to_dict(), allow_nan=False))
    picture = ET.fromstring(made["svg"])
    assert len(picture.findall(".//{*}circle")) == len(SIZES)
    assert picture.findall(".//{*}b") == []
    assert len(made["text"].splitlines()) == 1 + len(SIZES)
    assert all(before["error"] >= after["error"] for before, after in pairwise(made["curve"]))


def test_the_summary_tells_the_next_doubling_and_the_floor() -> None:
    summary = exact().summary
    assert "Doubling the data from 300,000 to 600,000 rows" in summary
    assert "below 0.1 (0.1 to 0.1)" in summary
