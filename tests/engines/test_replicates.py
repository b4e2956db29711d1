"""`synthnb.engines.replicates`: several syntheses, their estimates combined, their decisions counted."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

import synthnb
from synthnb.engines.replicates import agreement, combine
from synthnb.errors import OptionError


@pytest.fixture
def real() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    age = rng.integers(20, 80, 120)
    return pd.DataFrame({"age": age, "arm": rng.choice(["a", "b"], 120), "score": np.round(age / 10 + rng.normal(0, 1, 120), 2)})


def mean_age(frame: pd.DataFrame) -> tuple[float, float]:
    return float(frame["age"].mean()), float(frame["age"].var() / len(frame))


def test_replicates_are_independent_and_accounted_for(real: pd.DataFrame) -> None:
    made = synthnb.generate(real, rows=40, replicates=3, random_state=5)
    assert (len(made), made.run.requested, made.run.delivered) == (3, 120, 120)
    assert not made.frames[0].equals(made.frames[1])
    assert made.run.parameters["replicates"] == 3
    assert len(set(made.run.parameters["replicate_seeds"])) == 3
    json.dumps(made.to_dict(), allow_nan=False)


def test_the_first_replicate_is_the_single_synthesis_of_the_same_seed(real: pd.DataFrame) -> None:
    single = synthnb.generate(real, rows=40, random_state=5)
    pd.testing.assert_frame_equal(synthnb.generate(real, rows=40, replicates=2, random_state=5).frames[0], single.frame)


@pytest.mark.parametrize("many", [0, -1, True, 2.5, 10_001])
def test_a_senseless_number_is_refused(real: pd.DataFrame, many: Any) -> None:
    with pytest.raises(OptionError, match="number of replicates must be from 1 to 10,000"):
        synthnb.generate(real, replicates=many)


def test_the_rule_for_syntheses_by_hand() -> None:
    frames = [pd.DataFrame({"q": [value] * 4}) for value in (1.0, 2.0, 3.0)]
    found = combine(frames, lambda frame: (frame["q"][0], 0.5), real_rows=8)
    assert (found.estimate, found.within, found.between) == pytest.approx((2.0, 0.5, 1.0))
    assert found.total == pytest.approx(0.5 * (4 / 8 + 1 / 3))
    assert found.high - found.estimate == pytest.approx(1.959964 * found.total**0.5)


def test_rubins_rule_by_hand() -> None:
    frames = [pd.DataFrame({"q": [value]}) for value in (1.0, 2.0, 3.0)]
    found = combine(frames, lambda frame: (frame["q"][0], 0.5), rule="imputation")
    assert found.total == pytest.approx(0.5 + (1 + 1 / 3) * 1.0)
    freedom = 2 * (1 + 0.5 / (4 / 3)) ** 2  # 3.78
    assert freedom == pytest.approx(3.78, abs=0.01)
    assert (found.high - found.estimate) / found.total**0.5 == pytest.approx(2.84, abs=0.02)  # t at 97.5 %


def test_the_interval_covers_the_population_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        sample = rng.normal(10, 2, 50)
        frames = [pd.DataFrame({"age": rng.normal(sample.mean(), sample.std(ddof=1), 80)}) for _ in range(5)]
        found = combine(frames, mean_age, real_rows=50)
        covered += found.low <= 10 <= found.high
    assert 0.915 <= covered / 400 <= 0.985


def test_a_model_that_does_not_fit_is_said() -> None:
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame({"age": rng.normal(rng.normal(0, 5), 1, 50)}) for _ in range(30)]
    assert "can't be relied on" in combine(frames, mean_age, real_rows=50).note


def test_combining_needs_the_real_size_and_finite_numbers() -> None:
    frames = [pd.DataFrame({"age": [1.0, 2.0]})] * 3
    with pytest.raises(OptionError, match="number of real rows isn't known"):
        combine(frames, mean_age)
    with pytest.raises(OptionError, match="an estimate and its variance; got 3"):
        combine(frames, lambda frame: 3, real_rows=5)  # type: ignore[arg-type, return-value]  # wrong on purpose
    with pytest.raises(OptionError, match="finite numbers and a variance of at least 0"):
        combine(frames, lambda frame: (1.0, -1.0), real_rows=5)
    with pytest.raises(OptionError, match="Too few frames to combine: 1"):
        combine(frames[:1], mean_age, rule="imputation")


def test_a_known_flip_rate_is_estimated_within_its_interval() -> None:
    rng = np.random.default_rng(1)
    frames = [pd.DataFrame({"effect": rng.normal(0.5, 1, 100)}) for _ in range(400)]
    found = agreement(frames, lambda frame: bool(frame["effect"].mean() > 0.42), real=pd.DataFrame({"effect": [0.5]}))
    truth = 0.7881  # a mean of 100 draws exceeds 0.42: the normal distribution at 0.8
    assert found.agree == found.counts["True"]
    assert found.low is not None
    assert found.high is not None
    assert found.low <= truth <= found.high


def test_decisions_are_counted_against_the_real_frame() -> None:
    frames = [pd.DataFrame({"x": [value]}) for value in (1, 1, 2, 1)]
    found = agreement(frames, lambda frame: "treat" if frame["x"][0] == 1 else "wait", real=frames[2])
    assert (found.real, found.agree, found.share, dict(found.counts)) == ("wait", 1, 0.25, {"treat": 3, "wait": 1})
    assert "1 of 4 replicates agree" in found.note


def test_numbers_get_quantiles_and_the_real_value_beside() -> None:
    frames = [pd.DataFrame({"x": [float(value)]}) for value in range(101)]
    found = agreement(frames, lambda frame: frame["x"][0], real=pd.DataFrame({"x": [120.0]}))
    assert (found.quantiles["mean"], found.quantiles["2.5 %"], found.quantiles["97.5 %"]) == pytest.approx((50, 2.5, 97.5))
    assert "gives 120, outside that range" in found.note


def test_a_single_draw_carries_a_caution() -> None:
    assert "One draw can turn a decision round" in agreement([pd.DataFrame({"x": [1]})], lambda frame: True).note


def test_failures_are_counted_as_disagreeing_and_said() -> None:
    frames = [pd.DataFrame({"x": [1]}), pd.DataFrame({"y": [1]})]
    found = agreement(frames, lambda frame: bool(frame["x"][0] == 1), real=frames[0])
    assert (found.agree, found.share, len(found.failed)) == (1, 0.5, 1)
    with pytest.raises(OptionError, match="fails on every replicate: KeyError"):
        agreement(frames[1:], lambda frame: frame["x"][0])
    with pytest.raises(OptionError, match="fails on the real frame: KeyError"):
        agreement(frames, lambda frame: frame["x"][0], real=frames[1])
    with pytest.raises(OptionError, match="A number, a boolean or a text"):
        agreement(frames, lambda frame: frame, real=frames[0])


def test_the_run_says_how_a_decision_varies(real: pd.DataFrame) -> None:
    def older(frame: pd.DataFrame) -> bool:
        return bool(frame["age"].mean() > 20)

    run = synthnb.generate(real, replicates=4, decision=older, random_state=1).run
    assert (run.parameters["decision"]["function"], run.parameters["decision"]["agree"]) == ("older", 4)
    assert any(note.startswith("Decision older: Over 4 replicates: True: 4.") for note in run.notes)
