from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.privacy import hits_at, membership, without_signal

PARAMETERS = {"quantile": 0.1, "most_rows": 500, "most_pairs": 250_000, "least_rows": 20}


def attacked(comparison: Any) -> dict[str, Any]:
    return {score.metric: score for score in membership(comparison, PARAMETERS).scores}


def readings(found: dict[str, Any]) -> set[str]:
    return {score.parameters["reading"] for score in found.values() if score.value is not None}


def test_copied_rows_are_found(draw: Any, comparing: Any) -> None:
    real = draw(300, 0)
    found = attacked(comparing(real, real, draw(200, 1)))
    assert found["membership_auc"].value > 0.95
    assert found["membership_excess_risk"].low > 0.8
    assert found["membership_tpr_at_1pct_fpr"].value > 0.9
    assert readings(found) == {"excess"}


def test_independent_rows_give_intervals_that_cover_no_excess(draw: Any, comparing: Any) -> None:
    found = attacked(comparing(draw(300, 0), draw(300, 1), draw(200, 2)))
    for metric, nothing in {"membership_auc": 0.5, "membership_excess_risk": 0}.items():
        assert found[metric].low <= nothing <= found[metric].high
    assert found["membership_tpr_at_1pct_fpr"].parameters["p_value"] > 0.025
    assert readings(found) == {"inconclusive"}


def test_a_tenth_of_copies_raises_the_risk(draw: Any, comparing: Any) -> None:
    real = draw(400, 0)
    synthetic = pd.concat([real.head(120), draw(280, 1)])
    assert attacked(comparing(synthetic, real, draw(300, 2)))["membership_excess_risk"].low > 0.1


def test_both_rates_stand_beside_the_risk(draw: Any, comparing: Any) -> None:
    given = attacked(comparing(draw(300, 0), draw(300, 1), draw(200, 2)))["membership_excess_risk"].parameters
    for rate in (given["main"], given["control"]):
        assert rate["low"] <= rate["rate"] <= rate["high"]
        assert rate["rate"] == pytest.approx(rate["hits"] / rate["n"], abs=1e-6)


def test_without_a_holdout_nothing_is_claimed(draw: Any, comparing: Any) -> None:
    for score in attacked(comparing(draw(100, 0), draw(100, 1))).values():
        assert score.value is None
        assert "rows the generator never saw" in score.reason


def test_a_holdout_the_generator_saw_is_refused(draw: Any, comparing: Any) -> None:
    real = draw(200, 1)
    score = attacked(comparing(draw(200, 0), real, real.tail(60)))["membership_auc"]
    assert score.value is None
    assert score.reason.startswith("100% of the hold-out rows are also among the real rows")


def test_a_small_holdout_is_said(draw: Any, comparing: Any) -> None:
    score = attacked(comparing(draw(100, 0), draw(100, 1), draw(10, 2)))["membership_auc"]
    assert score.reason == "It needs at least 20 rows of each kind; control has 10."


def test_one_percent_needs_a_hundred_control_rows(draw: Any, comparing: Any) -> None:
    found = attacked(comparing(draw(100, 0), draw(100, 1), draw(60, 2)))
    assert found["membership_auc"].value is not None
    assert "pass a hold-out of 100 rows or more" in found["membership_tpr_at_1pct_fpr"].reason


def test_a_tenth_of_a_percent_needs_a_thousand_control_rows(draw: Any, comparing: Any) -> None:
    real = draw(300, 0)
    few = attacked(comparing(real, real, draw(200, 1)))["membership_tpr_at_01pct_fpr"]
    assert "0.1 % of the control rows must be at least one row; there are 200" in few.reason
    many = {"most_rows": 2000, "most_pairs": 4_000_000}
    scores: dict[str, Any] = {score.metric: score for score in membership(comparing(real, real, draw(1000, 1)), PARAMETERS | many).scores}
    assert scores["membership_tpr_at_01pct_fpr"].value > 0.9


def test_the_advantage_is_the_difference_of_the_rates(draw: Any, comparing: Any) -> None:
    found = attacked(comparing(draw(300, 0), draw(300, 1), draw(200, 2)))
    rates = found["membership_excess_risk"].parameters
    advantage = found["membership_advantage"]
    assert advantage.value == pytest.approx(rates["main"]["rate"] - rates["control"]["rate"], abs=2e-6)
    assert advantage.low <= 0 <= advantage.high


def test_the_order_of_columns_and_names_of_levels_make_no_difference(draw: Any, comparing: Any) -> None:
    frames = [draw(150, seed) for seed in range(3)]
    changed = [frame.iloc[:, ::-1].assign(sex=frame["sex"].map({"female": "zz", "male": "aa"})) for frame in frames]
    values = [[score.value for score in attacked(comparing(*some)).values()] for some in (frames, changed)]
    assert values[0] == values[1]


def test_rows_as_near_as_the_threshold_are_claimed(comparing: Any) -> None:
    # every row has a twin among the synthetic ones, so the threshold is 0, and so are all distances
    frame = pd.DataFrame({"c": ["a", "b"] * 60})
    given = attacked(comparing(frame, frame, frame))["membership_excess_risk"].parameters
    assert (given["threshold"], given["main"]["rate"], given["control"]["rate"]) == (0, 1, 1)


def test_hits_at_one_percent_by_hand() -> None:
    control = np.arange(1.0, 101.0)
    # one control row of a hundred may be claimed: everything nearer than the second
    assert hits_at(np.array([0.5, 1.0, 1.9, 2.0, 3.0]), control, 0.01) == (3, 1)


def test_without_a_signal_two_in_a_hundred_and_one_are_claimed() -> None:
    # the second nearest of 100 control rows: 2/101 of exchangeable rows are nearer, and no fewer hits than none are certain
    assert without_signal(0, 50, 100, 0.01) == pytest.approx((2 / 101, 1))
    assert without_signal(10, 50, 100, 0.01)[1] < 0.01


def test_the_threshold_is_the_spacing_among_all_rows_that_the_attack_uses(draw: Any, comparing: Any) -> None:
    comparison = comparing(draw(500, 0), draw(100, 1), draw(100, 2))
    few = {score.metric: score for score in membership(comparison, PARAMETERS | {"most_rows": 100}).scores}["membership_excess_risk"]
    full = attacked(comparison)["membership_excess_risk"]
    assert few.parameters["threshold"] == pytest.approx(full.parameters["threshold"], rel=0.3)


def test_hits_at_one_percent_claim_nothing_where_control_rows_tie() -> None:
    assert hits_at(np.zeros(5), np.zeros(100), 0.01) == (0, 0)
