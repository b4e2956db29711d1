"""`synthnb.engines.trees`: what sequential trees keep, what they change, and what they count."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthnb.engines._nearness import nearer_share
from synthnb.engines.base import BLOCK, Synthesis
from synthnb.engines.generator import Generator
from synthnb.engines.plan import prepare
from synthnb.engines.sampling import Asked, Delivered, draw_rows
from synthnb.engines.trees import FittedTrees, Trees
from synthnb.engines.trees.leaves import _pruned
from synthnb.engines.trees.nodes import Nodes
from synthnb.engines.trees.tuning import Trial, candidates
from synthnb.errors import FrameError, OptionError
from synthnb.recipes.infer import infer_recipe

N = 200
LEAF = 15


def fit(frame: pd.DataFrame, *, leaf: int | None = LEAF, seed: int = 1, **options: Any) -> FittedTrees:
    recipe = infer_recipe(frame, table="t", rows=len(frame), seed=seed, **options)
    return Trees(leaf=leaf).fit(frame, recipe, seed=seed)


def sample(fitted: FittedTrees, rows: int, *, seed: int = 1) -> Delivered:
    return draw_rows(Generator("trees", fitted, (), fitted.recipe, fitted.recipe), Asked(rows=rows, seed=seed))


def made_of(frame: pd.DataFrame) -> Synthesis:
    return prepare(frame, seed=1, engine="trees").draw(output_name="synthetic")


def draw(frame: pd.DataFrame, rows: int = N, *, seed: int = 1, **options: Any) -> Delivered:
    return sample(fit(frame, seed=seed, **options), rows, seed=seed)


def notes(frame: pd.DataFrame, rows: int = N, *, seed: int = 1, **options: Any) -> list[str]:
    fitted = fit(frame, seed=seed, **options)
    return fitted.notes(sample(fitted, rows, seed=seed).counts)


def numbers(seed: int = 0, n: int = N) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(size=n)


def every_kind() -> dict[str, pd.Series[Any]]:
    """A column of each storage type, the even ones with missing cells where the type can."""
    whole = np.random.default_rng(0).integers(0, 500, N)
    hours = pd.Timestamp("2024-01-01") + pd.to_timedelta(whole, unit="h")
    gone = np.arange(N) % 7 == 0
    objects: dict[str, list[Any]] = {
        "date objects": [dt.date(2020, 1, 1) + dt.timedelta(int(x)) for x in whole],
        "time objects": [dt.time(int(x) % 24, int(x) % 60) for x in whole],
        "datetime objects": [dt.datetime.fromisoformat("2020-01-01") + dt.timedelta(hours=int(x)) for x in whole],
        "timedelta objects": [dt.timedelta(minutes=int(x)) for x in whole],
        "decimal objects": [Decimal(int(x)) / 4 for x in whole],
        "int objects": [int(x) for x in whole],
        "mixed objects": [(1, "1", True, 2.5)[x % 4] for x in whole],
        "date strings": [f"2020-{1 + x % 12:02d}-{1 + x % 28:02d}" for x in whole],
    }
    columns = {
        "int64": pd.Series(whole),
        "int8": pd.Series(whole % 100).astype("int8"),
        "uint64": pd.Series(whole).astype("uint64"),
        "Int64": pd.Series(whole).astype("Int64").mask(gone),
        "float64": pd.Series(whole / 7).mask(gone),
        "float32": pd.Series(whole / 10).astype("float32"),
        "Float64": pd.Series(whole / 7).astype("Float64").mask(gone),
        "whole floats": pd.Series(whole * 1.0).mask(gone),
        "bool": pd.Series(whole % 3 == 0),
        "boolean": pd.Series(whole % 3 == 0).astype("boolean").mask(gone),
        "str": pd.Series([f"l{x % 5}" for x in whole]),
        "string": pd.Series([f"l{x % 5}" for x in whole]).astype("string").mask(gone),
        "category": pd.Series(pd.Categorical.from_codes(whole % 3, categories=["b", "a", "c", "unused"])).mask(gone),  # type: ignore[call-overload]
        "ordered": pd.Series(pd.Categorical.from_codes(whole % 3, categories=["lo", "mid", "hi"], ordered=True)),  # type: ignore[call-overload]
        "number levels": pd.Series(pd.Categorical(whole % 4)),
        "naive": pd.Series(hours).mask(gone),
        "days": pd.Series(hours.normalize()).astype("datetime64[s]"),
        "zoned": pd.Series(hours.tz_localize("UTC").tz_convert("Europe/Madrid")).mask(gone),
        "zoned days": pd.Series(hours.normalize().tz_localize("America/New_York")),
        "timedelta64": pd.Series(pd.to_timedelta(whole, unit="min")).mask(gone),
        "period": pd.Series(hours.to_period("M")),
        "arrow int": pd.Series(whole).astype("int64[pyarrow]").mask(gone),
        "arrow string": pd.Series([f"l{x % 5}" for x in whole]).astype("string[pyarrow]"),
        "arrow moment": pd.Series(hours).astype("timestamp[us][pyarrow]"),
    }
    return columns | {name: pd.Series(cells, dtype=object).mask(gone, None) for name, cells in objects.items()}


@pytest.mark.parametrize("name", every_kind())
def test_every_type_comes_back(name: str) -> None:
    real = every_kind()[name]
    made = draw(pd.DataFrame({"x": real, "y": numbers()})).frame["x"]
    assert made.dtype == real.dtype
    assert made.isna().any() == real.isna().any()
    assert set(map(type, made.dropna())) == set(map(type, real.dropna()))
    if name not in {"mixed objects", "category", "ordered", "number levels", "string", "str", "arrow string"}:
        assert real.dropna().min() <= made.dropna().min() <= made.dropna().max() <= real.dropna().max()


def test_days_stay_days_by_the_local_clock() -> None:
    made = draw(pd.DataFrame({"x": every_kind()["zoned days"], "y": numbers()})).frame["x"]
    assert (made.dt.normalize() == made).all()


def test_columns_missing_together_stay_together() -> None:
    gone = np.arange(N) % 50 == 0
    frame = pd.DataFrame({"a": numbers(1), "b": numbers(2), "c": numbers(3)}).mask(
        np.column_stack([gone, gone, ~gone & (np.arange(N) % 3 == 0)])
    )
    made = draw(frame, 2000).frame
    assert (made["a"].isna() == made["b"].isna()).all()
    assert not (made["a"].isna() & made["c"].isna()).any()
    assert made["a"].isna().mean() == pytest.approx(0.02, abs=0.015)


def test_common_values_are_kept_and_others_moved() -> None:
    amount = np.where(np.arange(N) % 2 == 0, 0.0, np.exp(numbers()))
    frame = pd.DataFrame({"amount": amount})
    fitted = fit(frame)
    made = sample(fitted, 1000).frame["amount"].to_numpy()
    assert np.mean(made == 0) == pytest.approx(0.5, abs=0.06)
    assert not set(made[made != 0]) & set(amount)
    assert "common values as they are" in fitted.how["amount"]


def test_no_continuous_value_is_repeated() -> None:
    frame = pd.DataFrame({"x": numbers(1), "y": numbers(2)})
    made = draw(frame, 1000).frame
    assert not set(made["x"]) & set(frame["x"])
    assert made["x"].nunique() == 1000


def test_numbers_keep_their_decimals_and_grid() -> None:
    frame = pd.DataFrame({"weight": np.round(70 + 10 * numbers(1), 1), "dose": 25 * np.random.default_rng(1).integers(1, 400, N)})
    made = draw(frame, 500).frame
    assert (made["weight"].round(1) == made["weight"]).all()
    assert (made["dose"] % 25 == 0).all()


def test_infinities_are_kept_like_missing_cells() -> None:
    x = np.where(np.arange(N) % 10 == 0, np.inf, np.where(np.arange(N) % 10 == 1, -np.inf, numbers()))
    made = draw(pd.DataFrame({"x": x, "y": numbers(1)}), 1000).frame["x"]
    assert np.isposinf(made).mean() == pytest.approx(0.1, abs=0.04)
    assert np.isneginf(made).mean() == pytest.approx(0.1, abs=0.04)
    assert made[np.isfinite(made)].abs().max() <= np.abs(numbers()).max()


def test_large_integers_stay_exact() -> None:
    frame = pd.DataFrame({"id": 2**60 + np.random.default_rng(0).permutation(1000)[:N] * 2, "y": numbers()})
    made = draw(frame).frame["id"]
    assert made.between(2**60, 2**60 + 2000).all()
    assert (made % 2 == 0).all()


def test_an_empty_and_a_constant_column_stay_so() -> None:
    frame = pd.DataFrame({"none": [None] * N, "nan": np.nan, "one": "same", "some": [1.0, None] * (N // 2), "y": numbers()})
    made = draw(frame).frame
    assert made[["none", "nan"]].isna().all().all()
    assert set(made["one"]) == {"same"}
    assert set(made["some"].dropna()) == {1.0}
    assert made["some"].isna().mean() == pytest.approx(0.5, abs=0.15)


def test_a_correlation_is_kept() -> None:
    x = numbers(1, 2000)
    frame = pd.DataFrame({"x": x, "y": x + 0.5 * numbers(2, 2000)})
    made = draw(frame, 2000, leaf=None).frame
    assert made["x"].corr(made["y"]) == pytest.approx(frame["x"].corr(frame["y"]), abs=0.05)


def test_a_category_that_decides_another_still_does() -> None:
    sex = np.random.default_rng(0).choice(["f", "m"], 400)
    frame = pd.DataFrame({"sex": sex, "pregnant": np.where((sex == "f") & (np.arange(400) % 4 == 0), "yes", "no")})
    made = draw(frame, 1000).frame
    assert not ((made["sex"] == "m") & (made["pregnant"] == "yes")).any()


def test_many_levels_follow_the_other_columns() -> None:
    codes = np.random.default_rng(0).integers(0, 100, 3000)
    frame = pd.DataFrame({"level": [f"l{c:03d}" for c in codes], "y": codes + numbers(1, 3000)})
    made = draw(frame, 3000, leaf=55).frame
    assert np.corrcoef(made["level"].str[1:].astype(int), made["y"])[0, 1] > 0.9
    assert made["level"].nunique() > 90


def test_rare_levels_do_not_vanish() -> None:
    frame = pd.DataFrame({"y": numbers(0, 1000), "rare": np.where(np.arange(1000) % 100 == 0, "rare", "common")})
    assert 20 <= (draw(frame, 4000).frame["rare"] == "rare").sum() <= 70


def test_copies_of_uncommon_rows_are_drawn_again_and_counted() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.integers(0, 12, 60), "b": rng.integers(0, 12, 60)}).astype(str)
    drawn = draw(frame, 300)
    counts = frame.value_counts()
    once = set(counts[counts == 1].index)
    left = sum(row in once for row in drawn.frame.itertuples(index=False, name=None))
    assert drawn.counts["uncommon_copies_left"] == left
    assert drawn.counts["uncommon_copies_resampled"] > 0


def test_copies_that_cannot_be_avoided_are_said() -> None:
    frame = pd.DataFrame({"a": ["x"] * 39 + ["y"], "b": ["p"] * 39 + ["q"]})
    fitted = fit(frame, leaf=20)
    drawn = sample(fitted, 2000)
    left = int(((drawn.frame["a"] == "y") & (drawn.frame["b"] == "q")).sum())
    assert drawn.counts["uncommon_copies_left"] == left
    assert any("equal a real row" in note for note in fitted.notes(drawn.counts)) == bool(left)


def test_common_rows_may_be_repeated() -> None:
    frame = pd.DataFrame({"a": ["x", "y"] * 50})
    assert draw(frame).counts == {"uncommon_copies_resampled": 0, "uncommon_copies_left": 0}


def test_the_first_rows_do_not_depend_on_how_many_are_drawn() -> None:
    fitted = fit(pd.DataFrame({"x": numbers(1), "g": np.arange(N) % 4, "y": numbers(2)}).mask(np.arange(N)[:, None] % 9 == [1, 2, 3]))
    few, many = (sample(fitted, rows, seed=3).frame for rows in (700, BLOCK + 500))
    pd.testing.assert_frame_equal(few, many.head(700))
    assert not many.head(500).equals(many.tail(500).reset_index(drop=True))


def test_other_seeds_give_other_rows() -> None:
    frame = pd.DataFrame({"x": numbers()})
    assert draw(frame, seed=1).frame.equals(draw(frame, seed=1).frame)
    assert not draw(frame, seed=1).frame.equals(draw(frame, seed=2).frame)


def test_the_leaf_is_tuned_and_the_trials_reported() -> None:
    fitted = fit(pd.DataFrame({"x": numbers(1), "y": numbers(2)}), leaf=None)
    trials = fitted.parameters["leaf_trials"]
    assert trials[0]["leaf"] == 15  # the square root of 200, rounded up
    assert trials[-1]["leaf"] == fitted.leaf
    assert all(trial["share_nearer_to_train"] > trial["limit"] for trial in trials[:-1])


@pytest.mark.parametrize(("rows", "leaves"), [(20, [5]), (100, [10, 15, 22]), (2500, [50, 75, 112, 169, 253, 380])])
def test_leaf_sizes_tried(rows: int, leaves: list[int]) -> None:
    assert candidates(rows) == leaves


def test_too_small_a_leaf_is_refused() -> None:
    with pytest.raises(OptionError, match=r"at least 5 rows, so that no value stands for one row; got 2"):
        Trees(leaf=2)


def test_the_order_can_be_said() -> None:
    frame = pd.DataFrame({"a": numbers(1), "b": numbers(2), "c": numbers(3)})
    recipe = infer_recipe(frame, table="t", rows=N, seed=1)
    assert Trees(leaf=LEAF, order=["c", "a"]).fit(frame, recipe, seed=1).parameters["order"] == ["c", "a", "b"]
    with pytest.raises(OptionError, match=r"A column of the order must be one of a, b, c; got 'd'"):
        Trees(order=["d"]).fit(frame, recipe, seed=1)
    with pytest.raises(OptionError, match=r"must be a list of column names; got 'c'"):
        Trees(order="c")


def test_trees_need_rows_to_learn() -> None:
    recipe = infer_recipe(pd.DataFrame({"x": numbers()}), table="t", rows=N, seed=1)
    with pytest.raises(FrameError, match="Trees learn from real rows"):
        Trees().fit(None, recipe, seed=1)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(FrameError, match=r"at least 20 rows.*got 19.*Add rows"):
        draw(pd.DataFrame({"x": numbers(0, 19)}))


def test_twenty_rows_are_enough() -> None:
    assert len(draw(pd.DataFrame({"x": numbers(0, 20), "g": ["a", "b"] * 10}), 50, leaf=None).frame) == 50


def test_an_identifier_kept_as_a_number_is_said() -> None:
    said = notes(pd.DataFrame({"patient": range(1000, 1000 + N), "y": numbers()}))
    assert any("'patient' has a different whole number in each row" in note for note in said)


def test_levels_of_a_single_row_are_said() -> None:
    said = notes(pd.DataFrame({"job": ["nurse", "clerk"] * 99 + ["judge", "mayor"], "y": numbers()}))
    assert any("'job' has 2 levels that one real row each holds" in note for note in said)


def test_a_leaf_tuned_on_few_rows_is_said_to_be_poorly_tested() -> None:
    few, many = (notes(pd.DataFrame({"x": numbers(1, n), "y": numbers(2, n)}), 5, leaf=None) for n in (20, 600))
    assert any(re.search(r"of 20 synthetic rows judged, \d+% lay nearer", note) for note in few)
    assert not any("judged" in note for note in many)


def test_half_width_by_hand() -> None:
    assert Trial(leaf=5, share=0.5, limit=0.7, n=100).half_width == pytest.approx(1.959964 * 0.05)


def test_nearer_share_by_hand() -> None:
    learnt, held = np.array([[0.0], [10.0]], dtype="f4"), np.array([[4.0], [20.0]], dtype="f4")
    made = np.array([[1.0], [3.0], [2.0], [9.0]], dtype="f4")  # nearer to learnt, held, a tie, learnt
    assert nearer_share(made, learnt, held) == pytest.approx((1 + 0 + 0.5 + 1) / 4)


def test_a_copy_is_nearer_and_a_fresh_draw_is_not() -> None:
    learnt, held, fresh = (numbers(seed, 3000).reshape(-1, 3).astype("f4") for seed in (1, 2, 3))
    assert nearer_share(learnt, learnt, held) == 1.0
    assert nearer_share(fresh, learnt, held) == pytest.approx(0.5, abs=0.05)


def test_splits_that_chance_explains_are_taken_back() -> None:
    from sklearn.tree import DecisionTreeRegressor

    noise, signal = numbers(1, 500), np.where(numbers(2, 500) > 0, 5.0, 0.0)
    x = numbers(2, 500).reshape(-1, 1)
    chance = DecisionTreeRegressor(min_samples_leaf=20, random_state=0).fit(x, noise).tree_
    real = DecisionTreeRegressor(min_samples_leaf=20, random_state=0).fit(x, signal + 0.1 * noise).tree_
    assert Nodes.from_grown(chance, _pruned(chance)).leaves == 1
    assert Nodes.from_grown(real, _pruned(real)).leaves == 2


def frames() -> st.SearchStrategy[pd.DataFrame]:
    cell = {
        "whole": st.one_of(st.none(), st.integers(-(2**53), 2**53)),
        "real": st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True)),
        "word": st.one_of(st.none(), st.sampled_from(["a", "b", "", "<b>", "\x00", "é"])),
        "moment": st.one_of(st.none(), st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)).map(pd.Timestamp)),
    }
    columns = {name: st.lists(values, min_size=24, max_size=24) for name, values in cell.items()}
    return st.fixed_dictionaries(columns).map(lambda data: pd.DataFrame({"row": range(24)} | data))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frames())
def test_any_frame_gives_rows_of_its_own_types_within_its_own_range(frame: pd.DataFrame) -> None:
    made = draw(frame, 30, leaf=5).frame
    assert len(made) == 30
    for name in made:
        assert made[name].dtype == frame[name].dtype
        if frame[name].isna().all():
            assert made[name].isna().all()
        elif name != "word" and made[name].notna().any():
            assert frame[name].min() <= made[name].min() <= made[name].max() <= frame[name].max()


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([2**64 - 1 - i for i in range(60)], dtype="uint64"),
        pd.Series([2**63 - 1, -(2**63)] * 30, dtype="int64"),
        pd.Series([2**70 + i for i in range(60)], dtype=object),
        pd.Series([Decimal("12345678901234567890.12") + i for i in range(60)], dtype=object),
    ],
    ids=["uint64", "int64", "python", "decimal"],
)
def test_numbers_with_too_many_digits_are_refused(values: pd.Series[Any]) -> None:
    from synthnb.errors import FrameError

    with pytest.raises(FrameError, match="too many digits to be exact"):
        made_of(pd.DataFrame({"n": values, "x": range(60)}))


def test_large_numbers_that_fit_stay_exact() -> None:
    base = 1_700_000_000_000_000_000
    made = made_of(pd.DataFrame({"n": [base + 1000 * i for i in range(60)], "x": range(60)})).frame
    assert made["n"].between(base, base + 60_000).all()


def test_rare_numbers_that_are_drawn_as_they_are_get_a_note() -> None:
    frame = pd.DataFrame({"kids": [0, 1, 2] * 99 + [17, 1, 2], "x": range(300)})
    assert any("kids" in note and "1 of them stand in one real row" in note for note in made_of(frame).run.notes)
