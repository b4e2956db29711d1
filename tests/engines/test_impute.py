"""`synthnb.engines.impute`: what is filled, what never changes, and whether the truth is met."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.engines.base import Run
from synthnb.engines.impute import Imputed, Method, impute
from synthnb.errors import OptionError

METHODS: tuple[Method, ...] = ("trees", "arf")
N = 200


def complete(n: int = N, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return pd.DataFrame(
        {
            "x": x,
            "y": np.round(2 * x + rng.normal(0, 0.5, n), 2),
            "kind": np.where(x + rng.normal(0, 0.5, n) > 0, "high", "low"),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
            "count": pd.array(rng.integers(0, 30, n), dtype="Int64"),
        }
    )


def with_gaps(n: int = N, seed: int = 0) -> pd.DataFrame:
    """Every column but the first misses cells at random."""
    frame, rng = complete(n, seed), np.random.default_rng(seed + 1)
    for name in list(frame)[1:]:
        frame[name] = frame[name].mask(rng.random(n) < 0.25)
    return frame


def missing_at_random(n: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The truth, and what is left when high x hides y and kind."""
    truth = complete(n, seed)[["x", "y", "kind"]]
    gone = np.random.default_rng(seed + 1).random(n) < 1 / (1 + np.exp(-truth["x"].to_numpy()))
    return truth, truth.assign(y=truth["y"].mask(gone), kind=truth["kind"].mask(gone))


@pytest.mark.parametrize("engine", METHODS)
def test_gaps_are_filled_and_observed_cells_are_unchanged(engine: Method) -> None:
    real = with_gaps()
    before = real.copy(deep=True)
    done = impute(real, engine=engine, seed=1)
    assert not done.frame.isna().any().any()
    pd.testing.assert_frame_equal(done.frame.mask(done.mask), before)
    pd.testing.assert_frame_equal(real, before)
    assert done.frame.dtypes.equals(before.dtypes)


def test_observed_numbers_keep_every_bit() -> None:
    real = with_gaps()
    done = impute(real, seed=1)
    here = real["y"].notna().to_numpy()
    assert done.frame["y"].to_numpy()[here].tobytes() == real["y"].to_numpy()[here].tobytes()


def test_the_mask_tells_which_cells_were_drawn() -> None:
    real = with_gaps()
    done = impute(real, seed=1)
    pd.testing.assert_frame_equal(done.mask, real.isna())


def test_trees_draw_observed_values_only() -> None:
    real = with_gaps()
    done = impute(real, seed=1)
    for name in list(real)[1:]:
        assert set(done.frame[name]) <= set(real[name].dropna())


def test_the_same_seed_fills_alike_and_another_differently() -> None:
    real = with_gaps()
    first, again, other = (impute(real, seed=seed).frame for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


@pytest.mark.parametrize("engine", METHODS)
def test_replicates_differ_in_the_gaps_alone(engine: Method) -> None:
    done = impute(with_gaps(), engine=engine, seed=1, replicates=3, cycles=2)
    assert len(done.completed) == 3
    assert (done.completed[0]["y"] != done.completed[1]["y"])[done.mask["y"]].mean() > 0.5
    pd.testing.assert_frame_equal(done.completed[0].mask(done.mask), done.completed[2].mask(done.mask))


def test_a_replicate_is_the_same_however_many_are_made() -> None:
    real = with_gaps()
    one, two = (impute(real, seed=1, replicates=count, cycles=2) for count in (1, 2))
    pd.testing.assert_frame_equal(one.completed[0], two.completed[0])


@pytest.mark.parametrize(("engine", "least"), [("trees", 0.9), ("arf", 0.5)])
def test_draws_follow_the_other_columns(engine: Method, least: float) -> None:
    """The real correlation is 0.97."""
    done = impute(with_gaps(600), engine=engine, seed=1)
    gone = done.mask["y"]
    assert np.corrcoef(done.frame["x"][gone], done.frame["y"][gone])[0, 1] > least


@pytest.mark.parametrize("engine", METHODS)
def test_under_mar_the_mean_and_the_share_come_near_the_truth(engine: Method) -> None:
    """Over 4 samples, the draws' error is less than half that of the rows without gaps."""
    errors = []
    for seed in range(4):
        truth, real = missing_at_random(400, seed)
        done = impute(real, engine=engine, seed=seed, cycles=3).frame
        share = [frame["kind"].eq("high").mean() for frame in (done, real.dropna(), truth)]
        means = [frame["y"].mean() for frame in (done, real.dropna(), truth)]
        errors.append([means[0] - means[2], means[1] - means[2], share[0] - share[2], share[1] - share[2]])
    ours, rows, our_share, rows_share = np.abs(np.mean(errors, axis=0))
    assert rows > 0.5
    assert ours < rows / 2
    assert our_share < rows_share / 2


def test_intervals_by_rubins_rules_cover_the_truth_under_mar() -> None:
    """With true mean 0: 95 % intervals of 5 replicates cover it in most of 10 samples, those of complete rows in none."""
    covered = rows_covered = 0
    for seed in range(10):
        _, real = missing_at_random(300, 100 + seed)
        done = impute(real, seed=seed, replicates=5, cycles=3)
        found = done.combine(lambda frame: (frame["y"].mean(), frame["y"].var() / len(frame)))
        covered += found.low <= 0 <= found.high
        left = real["y"].dropna()
        rows_covered += abs(left.mean()) <= 1.96 * left.std() / np.sqrt(len(left))
    assert covered >= 8
    assert rows_covered == 0


def test_under_mcar_spread_is_kept_where_a_mean_would_shrink_it() -> None:
    truth = complete(600, 3)
    real = truth.assign(y=truth["y"].mask(np.random.default_rng(0).random(600) < 0.4))
    assert impute(real, seed=1).frame["y"].std() == pytest.approx(truth["y"].std(), rel=0.08)


def test_rows_and_cells_are_accounted_for() -> None:
    real = with_gaps().assign(empty=np.nan)
    run = impute(real, seed=1).run
    gone = int(real.isna().sum().sum())
    assert run.kind == "impute"
    assert run.requested == run.delivered == N
    assert run.counts == {"cells_missing": gone, "cells_filled": gone - N, "cells_left": N}
    assert run.parameters["columns"]["y"] == real["y"].isna().sum()
    assert Run.from_dict(run.to_dict()).to_dict() == run.to_dict()


def test_the_trace_has_a_mean_for_each_cycle() -> None:
    trace = impute(with_gaps(), seed=1, cycles=4, replicates=2).run.parameters["trace_of_mean_ranks"]
    assert set(trace) == {"y", "day", "count"}
    assert [len(values) for values in trace["y"]] == [4, 4]


@pytest.mark.parametrize("engine", METHODS)
def test_a_column_without_values_stays_and_is_said(engine: Method) -> None:
    real = with_gaps().assign(empty=np.nan)
    done = impute(real, engine=engine, seed=1)
    assert done.frame["empty"].isna().all()
    assert not done.mask["empty"].any()
    assert any("'empty' keeps 200 missing cells: it has no observed cell" in note for note in done.run.notes)


def test_only_the_columns_asked_for_are_filled() -> None:
    done = impute(with_gaps(), columns=["y"], seed=1)
    assert not done.frame["y"].isna().any()
    assert done.frame["kind"].isna().any()
    assert any("'kind' keeps" in note for note in done.run.notes)


def test_text_is_not_drawn() -> None:
    real = pd.DataFrame({"a": [1.0, None] * 20, "note": [f"a remark of its own, number {i} of many" if i % 5 else None for i in range(40)]})
    done = impute(real, seed=1)
    assert done.frame["note"].isna().sum() == 8
    assert any("'note' keeps 8" in note for note in done.run.notes)


@pytest.mark.parametrize("engine", METHODS)
def test_infinite_cells_stay_and_are_not_drawn(engine: Method) -> None:
    real = pd.DataFrame({"a": [np.inf, 1.0, np.nan, 2.0] * 20, "b": list("pq") * 40})
    made = impute(real, engine=engine, seed=1).frame["a"]
    assert np.isinf(made).sum() == 20
    assert made[real["a"].isna()].between(1, 2).all()


def test_the_index_and_the_labels_stay() -> None:
    real = with_gaps().set_axis([f"row {i}" for i in range(N)], axis=0).rename(columns={"y": 7})
    done = impute(real, seed=1)
    assert list(done.frame.index) == list(done.mask.index) == list(real.index)
    assert list(done.frame) == list(real)


def test_polars_comes_back_as_polars() -> None:
    polars = pytest.importorskip("polars")
    real = polars.DataFrame(
        {"a": [1, None, 3, 4] * 10, "b": ["x", "y", None, "x"] * 10, "c": [None] * 40, "d": [0.1, float("nan"), None, 2.5] * 10}
    )
    done = impute(real, columns=["a", "b"], seed=1)
    assert done.frame.schema == real.schema
    assert done.frame.select(polars.col("a", "b").null_count()).row(0) == (0, 0)
    assert done.frame["d"].is_nan().sum() == 10
    assert done.mask["a"].to_list() == real["a"].is_null().to_list()


def test_arrow_comes_back_as_arrow() -> None:
    arrow = pytest.importorskip("pyarrow")
    real = arrow.table({"a": arrow.array([1, None, 3, 4] * 10, arrow.int16()), "b": ["x", "y", None, "x"] * 10})
    done = impute(real, seed=1)
    assert done.frame.schema == real.schema
    assert done.frame.column("a").null_count == 0
    assert done.mask.column("b").to_pylist() == real.column("b").is_null().to_pylist()


@pytest.mark.parametrize("engine", METHODS)
@pytest.mark.parametrize(
    "real",
    [
        pd.DataFrame({"a": [None, None]}),
        pd.DataFrame({"a": [None, 1.5]}),
        pd.DataFrame({"a": [1.5], "b": [None]}),
        pd.DataFrame({"a": [None, "x", "y"] * 10}),
        pd.DataFrame({"a": [f"l{i % 300}" if i % 4 else None for i in range(1200)], "b": range(1200)}),
        pd.DataFrame({"a": [np.inf, 1.0, np.nan, 2.0] * 10, "b": list("pq") * 20}),
        pd.DataFrame({"a": [np.nan, np.inf] * 10}),
        pd.DataFrame({"a": [None] * 39 + [1.5], "b": [None, *range(39)]}),
        pd.DataFrame({"a": range(30)}),
    ],
    ids=["all missing", "one value", "one row", "one column", "300 levels", "infinite", "only infinite", "one donor", "no gaps"],
)
def test_hostile_frames_are_handled(real: pd.DataFrame, engine: Method) -> None:
    done = impute(real, engine=engine, seed=1, cycles=2)
    assert done.run.counts["cells_filled"] + done.run.counts["cells_left"] == real.isna().sum().sum()
    assert done.frame.isna().sum().sum() == done.run.counts["cells_left"]
    pd.testing.assert_frame_equal(done.frame.mask(done.mask.to_numpy()), real, check_dtype=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "mean"}, "must be one of trees, arf"),
        ({"replicates": 0}, "number of replicates must be a whole number from 1 to 1,000"),
        ({"cycles": 101}, "number of cycles must be a whole number from 1 to 100"),
        ({"leaf": 0}, "A leaf's fewest rows must be"),
        ({"columns": ["z"]}, "A column to fill must be one of"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        impute(with_gaps(), seed=1, **options)


def test_the_result_shows_itself_as_a_synthesis() -> None:
    done = impute(with_gaps(), seed=1, cycles=1)
    assert isinstance(done, Imputed)
    assert "200 rows × 5 columns by trees" in repr(done)
