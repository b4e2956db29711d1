"""What holds for each engine of ours: seeds, sizes, types, files, conditions, words."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import synthnb
from synthnb import plugins
from synthnb.disclosure.lint import warnings
from synthnb.engines.base import BLOCK
from synthnb.engines.generator import Generator
from synthnb.errors import OptionError

N = 240
DOMAIN = {"age": [18, 90], "sex": ["f", "m"], "arm": ["drug", "placebo", "wait"], "score": [0.0, 20.0, 0.1], "seen": [False, True]}
OPTIONS: dict[str, dict[str, Any]] = {"trees": {}, "copula": {}, "arf": {}, "dp": {"epsilon": 3.0, "delta": 1e-6, "domain": DOMAIN}}
LEARNING = sorted(OPTIONS)


@pytest.fixture(scope="module")
def real() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.integers(18, 91, N)
    return pd.DataFrame(
        {
            "age": age,
            "sex": rng.choice(["f", "m"], N),
            "arm": rng.choice(["drug", "placebo", "wait"], N, p=[0.5, 0.4, 0.1]),
            "score": np.round(np.clip(age / 6 + rng.normal(0, 2, N), 0, 20), 1),
            "seen": rng.random(N) < 0.3 + 0.005 * age,
        }
    )


@pytest.fixture(scope="module")
def made(real: pd.DataFrame) -> dict[str, Any]:
    """A synthesis by each engine that learns."""
    return {name: synthnb.generate(real, rows=300, engine=name, options=OPTIONS[name], random_state=7) for name in LEARNING}


def test_every_engine_of_ours_is_judged_here() -> None:
    assert {*LEARNING, "sampler"} == set(plugins.available("synthnb.engines"))


@pytest.mark.parametrize("engine", LEARNING)
def test_columns_and_types_come_back(engine: str, real: pd.DataFrame, made: dict[str, Any]) -> None:
    frame = made[engine].frame
    assert list(frame.columns) == list(real.columns)
    assert frame.dtypes.equals(real.dtypes)
    assert frame["age"].between(18, 90).all()
    assert set(frame["arm"]) <= set(real["arm"])
    assert (frame["score"].round(1) == frame["score"]).all()


@pytest.mark.parametrize("engine", LEARNING)
def test_the_generator_repeats_its_bytes_and_extends_them(engine: str, made: dict[str, Any]) -> None:
    generator = made[engine].generator
    few, many = generator.sample(50, random_state=3), generator.sample(BLOCK + 20, random_state=3)
    pd.testing.assert_frame_equal(few, many.head(50))
    pd.testing.assert_frame_equal(generator.sample(50, random_state=3), few)
    assert not generator.sample(50, random_state=4).equals(few)


@pytest.mark.parametrize("engine", LEARNING)
def test_a_saved_generator_draws_the_same(engine: str, made: dict[str, Any], tmp_path: Any) -> None:
    generator = made[engine].generator
    path = generator.save(tmp_path / "one.synthgen")
    again = Generator.load(path)
    pd.testing.assert_frame_equal(again.sample(200, random_state=1), generator.sample(200, random_state=1))
    assert again.save(tmp_path / "two.synthgen").read_bytes() == path.read_bytes()
    assert again.holds_real_values == (engine != "dp")


@pytest.mark.parametrize("engine", LEARNING)
def test_a_condition_is_met_by_every_row(engine: str, real: pd.DataFrame) -> None:
    where = "age > 65 and sex == 'f' and score < age"
    run = synthnb.generate(real, rows=200, engine=engine, options=OPTIONS[engine], where=where, random_state=2)
    assert run.run.requested == run.run.delivered + sum(item["count"] for item in run.run.explained)
    assert len(run.frame) >= 190
    assert ((run.frame["age"] > 65) & (run.frame["sex"] == "f") & (run.frame["score"] < run.frame["age"])).all()


@pytest.mark.parametrize("engine", LEARNING)
def test_fixed_cells_come_back_and_the_others_follow_them(engine: str, real: pd.DataFrame) -> None:
    fixed = pd.DataFrame({"age": [20, 85] * 250})
    frame = synthnb.generate(real, given=fixed, engine=engine, options=OPTIONS[engine], random_state=2).frame
    assert frame["age"].tolist() == fixed["age"].tolist()
    assert frame.loc[frame["age"] == 85, "score"].mean() > frame.loc[frame["age"] == 20, "score"].mean() + 2


@pytest.mark.parametrize("engine", LEARNING)
def test_levels_are_balanced_exactly(engine: str, real: pd.DataFrame) -> None:
    frame = synthnb.generate(real, rows=300, balance="arm", engine=engine, options=OPTIONS[engine], random_state=2).frame
    assert frame["arm"].value_counts().to_dict() == {"drug": 100, "placebo": 100, "wait": 100}


@pytest.mark.parametrize("engine", LEARNING)
def test_the_run_is_plain_data_in_words_our_own_lint_accepts(engine: str, made: dict[str, Any]) -> None:
    run = made[engine].run
    assert set(run.account) == {"method", "missing_data", "record_links", "copies"}
    assert all(run.account.values())
    assert {item["how"] != "" for item in run.columns} == {True}
    json.dumps(run.to_dict(), allow_nan=False)
    assert [finding for text in [*run.account.values(), *run.notes] for finding in warnings(text)] == []


@pytest.mark.parametrize("engine", sorted([*LEARNING, "sampler"]))
def test_options_that_are_not_its_own_are_refused(engine: str, real: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match=rf"engine {engine}"):
        synthnb.generate(real, engine=engine, options={"nonsense": 1})


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    engine=st.sampled_from(["trees", "copula", "arf"]),
    seed=st.integers(0, 2**32 - 1),
    gone=st.integers(2, 9),
    rows=st.integers(1, 60),
)
def test_rows_asked_for_are_delivered_or_explained(engine: str, seed: int, gone: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 50, 60)
    frame = pd.DataFrame({"low": low, "high": low + rng.integers(0, 9, 60), "kind": rng.choice(list("abc"), 60)})
    frame["high"] = frame["high"].astype("Int64").mask(np.arange(60) % gone == 0)
    done = synthnb.generate(frame, rows=rows, engine=engine, rules=["low <= high"], where="kind != 'c'", random_state=seed)
    assert rows == len(done.frame) + sum(item["count"] for item in done.run.explained)
    assert done.frame.dtypes.equals(frame.dtypes)
    assert (done.frame["high"].isna() | (done.frame["low"] <= done.frame["high"])).all()
    assert (done.frame["kind"] != "c").all()
