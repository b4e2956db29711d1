"""`synthnb.engines._layers.survival`: times to an event keep their curves, their hazard ratios and the end of follow-up."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.engines._layers.survival import SurvivalLayer, cox_coefficients, restore, take_off
from synthnb.engines.base import BLOCK, State
from synthnb.errors import FrameError, OptionError, RecordError
from synthnb.recipes.infer import infer_recipe
from synthnb.recipes.timing import Survival

Array = np.ndarray[Any, Any]
SURVIVAL = Survival(time="days", event="event")
LOG_RATIO = -0.5
ROWS = 20_000


@cache
def trial(n: int = 1_000, seed: int = 0) -> pd.DataFrame:
    """Two arms, exponential times with log hazard ratio -0.5, dropout, and an end of follow-up after 1,500 days."""
    rng = np.random.default_rng(seed)
    arm, age = rng.permutation(np.arange(n) % 2), rng.integers(40, 80, n)
    event = rng.exponential(1 / (0.0008 * np.exp(LOG_RATIO * arm + 0.03 * (age - 60))))
    censored = np.minimum(rng.exponential(2_500, n), 1_500)
    return pd.DataFrame(
        {
            "arm": np.where(arm == 1, "drug", "placebo"),
            "age": age,
            "days": np.ceil(np.minimum(event, censored)).astype("i8"),
            "event": (event <= censored).astype("i8"),
        }
    )


@cache
def layer(groups: tuple[str, ...] = ("arm",)) -> SurvivalLayer:
    recipe = infer_recipe(trial(), table="t", rows=1_000, seed=1, groups=list(groups))
    return take_off(trial(), recipe, SURVIVAL, seed=1)[0]


@cache
def drawn(groups: tuple[str, ...] = ("arm",)) -> pd.DataFrame:
    people = pd.concat([trial()[["arm", "age"]]] * (ROWS // 1_000), ignore_index=True)
    return layer(groups).rebuild(people, numbers=np.arange(ROWS), seed=2, unit=(0,))[0]


def curve(frame: pd.DataFrame, times: Array) -> Array:
    """Kaplan and Meier's estimate of the share without event after each time."""
    days, event = frame["days"].to_numpy(), frame["event"].to_numpy(bool)
    order = np.sort(days)
    found = []
    alive = 1.0
    for t in np.unique(days[event]):
        alive *= 1 - (days[event] == t).sum() / (len(order) - np.searchsorted(order, t))
        found.append((t, alive))
    at, values = np.array(found).T
    return np.asarray(np.r_[1.0, values][np.searchsorted(at, times, side="right")])


def log_ratio(frame: pd.DataFrame) -> float:
    x = np.column_stack([frame["arm"] == "drug", (frame["age"] - 60) / 10]).astype("f8")
    return float(cox_coefficients(x, frame["days"].to_numpy(), frame["event"].to_numpy(bool))[0])


@pytest.mark.parametrize("arm", ["placebo", "drug"])
def test_survival_curves_stay_within_the_real_ones_band(arm: str) -> None:
    times = np.arange(50, 1_500, 50)
    real, made = (curve(frame[frame["arm"] == arm], times) for frame in (trial(), drawn()))
    band = 1.36 / np.sqrt((trial()["arm"] == arm).sum())  # Kolmogorov's 95 % band without censoring, narrower than with it
    assert np.abs(real - made).max() < band / 2


@pytest.mark.parametrize("groups", [("arm",), ()])
def test_the_hazard_ratio_is_recovered(groups: tuple[str, ...]) -> None:
    assert log_ratio(drawn(groups)) == pytest.approx(log_ratio(trial()), abs=0.06)


def test_the_share_of_events_and_the_end_of_follow_up_are_kept() -> None:
    assert drawn()["event"].mean() == pytest.approx(trial()["event"].mean(), abs=0.015)
    assert (drawn()["days"] == 1_500).mean() == pytest.approx((trial()["days"] == 1_500).mean(), abs=0.015)
    assert drawn()["days"].max() == 1_500


def test_columns_stand_as_before_and_keep_their_types() -> None:
    assert drawn().dtypes.to_dict() == trial().dtypes.to_dict()
    assert list(drawn()) == list(trial())


def test_a_row_depends_on_its_number_alone() -> None:
    some = np.array([3, 40, 900])
    part = layer().rebuild(drawn()[["arm", "age"]].iloc[some].reset_index(drop=True), numbers=some, seed=2, unit=(0,))[0]
    pd.testing.assert_frame_equal(part, drawn().iloc[some].reset_index(drop=True))


def test_numbers_of_later_blocks_count_from_their_own_start() -> None:
    people = drawn()[["arm", "age"]].head(5)
    first = layer().rebuild(people, numbers=np.arange(5), seed=2, unit=(0,))[0]
    later = layer().rebuild(people, numbers=BLOCK + np.arange(5), seed=2, unit=(0,))[0]
    pd.testing.assert_frame_equal(first, later)


def test_competing_outcomes_keep_their_shares() -> None:
    frame = trial().assign(event=np.where((trial()["event"] == 1) & (trial().index % 3 == 0), 2, trial()["event"]))
    recipe = infer_recipe(frame, table="t", rows=1_000, seed=1)
    made = take_off(frame, recipe, SURVIVAL, seed=1)[0].rebuild(drawn()[["arm", "age"]], numbers=np.arange(ROWS), seed=2, unit=(0,))[0]
    for level in (0, 1, 2):
        assert (made["event"] == level).mean() == pytest.approx((frame["event"] == level).mean(), abs=0.02)


def test_what_the_engine_sees_has_neither_column() -> None:
    recipe = infer_recipe(trial(), table="t", rows=1_000, seed=1)
    _, frame, inner = take_off(trial(), recipe, SURVIVAL, seed=1)
    assert list(frame) == [column.name for column in inner.columns] == ["arm", "age"]


def test_a_restored_layer_draws_the_same() -> None:
    again = restore(layer().recipe, layer().to_state())
    people = drawn()[["arm", "age"]].head(500)
    expected = layer().rebuild(people, numbers=np.arange(500), seed=9, unit=(0,))[0]
    pd.testing.assert_frame_equal(again.rebuild(people, numbers=np.arange(500), seed=9, unit=(0,))[0], expected)


def test_a_state_that_lies_is_refused() -> None:
    state = layer().to_state()
    with pytest.raises(RecordError, match="another shape than its columns"):
        restore(layer().recipe, State(state.meta, {**state.arrays, "baseline0": np.zeros((1, 3))}))
    with pytest.raises(RecordError, match="a survival layer was expected"):
        restore(layer().recipe, State({}, {}))


def test_coefficients_of_two_rows_at_risk_are_worked_out_by_hand() -> None:
    """One failure at x = 1 among {1, 0}: the score 1/(1 + e^b) equals the ridge's pull b."""
    beta = cox_coefficients(np.array([[1.0], [0.0]]), np.array([1, 2]), np.array([True, False]))[0]
    assert beta == pytest.approx(1 / (1 + np.exp(beta)), abs=1e-9)


def test_perfect_separation_stays_finite() -> None:
    x = np.repeat([[0.0], [1.0]], 50, axis=0)
    beta = cox_coefficients(x, np.r_[np.full(50, 10), np.arange(50) % 9], np.r_[np.zeros(50), np.ones(50)].astype(bool))
    assert np.isfinite(beta).all()
    assert beta[0] > 1


def test_an_event_without_censoring_level_is_refused() -> None:
    frame = trial().assign(event=np.where(trial()["event"] == 1, "dead", "lost"))
    with pytest.raises(OptionError, match=r"needs a level that means censored .*; 'event' has '(lost|dead)', '(lost|dead)'"):
        take_off(frame, infer_recipe(frame, table="t", rows=1_000, seed=1), SURVIVAL, seed=1)


def test_a_negative_time_is_refused() -> None:
    frame = trial().assign(days=trial()["days"] - 100)
    with pytest.raises(FrameError, match="A time to an event is a number, 0 or more"):
        take_off(frame, infer_recipe(frame, table="t", rows=1_000, seed=1), SURVIVAL, seed=1)


def test_a_missing_event_is_refused() -> None:
    frame = trial().assign(event=trial()["event"].where(trial().index > 4))
    with pytest.raises(FrameError, match="'event' must be known in every row; 5 are missing"):
        take_off(frame, infer_recipe(frame, table="t", rows=1_000, seed=1), SURVIVAL, seed=1)


def test_an_unknown_column_is_named() -> None:
    recipe = infer_recipe(trial(), table="t", rows=1_000, seed=1)
    with pytest.raises(OptionError, match=r"The time of a survival must be one of .*; got 'months'"):
        take_off(trial(), recipe, Survival(time="months", event="event"), seed=1)
