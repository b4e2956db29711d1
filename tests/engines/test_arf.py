"""`synthnb.engines.arf`: what a forest keeps, what can be fixed and restricted, and what its density is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from synthnb.engines._encoding.table import MISSING, encode_table
from synthnb.engines.arf import Arf, FittedArf
from synthnb.engines.arf.densities import cut, fill
from synthnb.engines.arf.forest import Forest, grow_forest
from synthnb.engines.arf.tuning import forest_leaves
from synthnb.engines.base import State
from synthnb.errors import FrameError, OptionError, RecordError
from synthnb.recipes.conditions import parse_conditions
from synthnb.recipes.infer import infer_recipe

if TYPE_CHECKING:
    from synthnb.engines.base import Drawn

N = 400


def table(n: int = N, seed: int = 0) -> pd.DataFrame:
    """Invented patients whose columns depend on one another."""
    rng = np.random.default_rng(seed)
    age = rng.integers(20, 90, n)
    sex = rng.choice(["f", "m"], n)
    weight = np.round(60 + 12 * (sex == "m") + 0.2 * (age - 50) + rng.normal(0, 4, n), 1)
    marker = rng.normal(size=n) + (sex == "m") * 2
    return pd.DataFrame(
        {
            "age": age,
            "sex": sex,
            "weight": np.where(rng.random(n) < 0.1 + 0.3 * (sex == "m"), np.nan, weight),
            "marker": marker,
            "ward": rng.choice(list("abcde"), n, p=[0.4, 0.3, 0.2, 0.05, 0.05]),
            "dose": np.where(rng.random(n) < 0.5, 0.0, np.exp(rng.normal(size=n))),
        }
    )


def fit(frame: pd.DataFrame, *, leaf: int | None = 15, trees: int = 10, seed: int = 1, **options: Any) -> FittedArf:
    recipe = infer_recipe(frame, table="t", rows=len(frame), seed=seed, **options)
    return Arf(leaf=leaf, trees=trees).fit(frame, recipe, seed=seed)


def draw(fitted: FittedArf, rows: int = 2000, **asked: Any) -> Drawn:
    return fitted.draw(np.arange(rows), seed=3, unit=(0,), **asked)


@pytest.fixture(scope="module")
def real() -> pd.DataFrame:
    return table()


@pytest.fixture(scope="module")
def fitted(real: pd.DataFrame) -> FittedArf:
    return fit(real)


def test_columns_keep_their_types_and_margins(real: pd.DataFrame, fitted: FittedArf) -> None:
    made = draw(fitted).frame
    assert made.dtypes.equals(real.dtypes)
    assert stats.ks_2samp(made["age"], real["age"]).statistic < 0.06
    assert (made["ward"] == "a").mean() == pytest.approx((real["ward"] == "a").mean(), abs=0.05)
    assert (made["dose"] == 0).mean() == pytest.approx((real["dose"] == 0).mean(), abs=0.05)


def test_dependence_is_kept(real: pd.DataFrame, fitted: FittedArf) -> None:
    made = draw(fitted).frame
    gap = {name: frame.groupby("sex")["marker"].mean().diff().iloc[-1] for name, frame in (("real", real), ("made", made))}
    assert gap["made"] == pytest.approx(gap["real"], abs=0.35)
    assert made["weight"].isna().groupby(made["sex"]).mean().diff().iloc[-1] == pytest.approx(0.3, abs=0.12)


def test_no_continuous_value_is_repeated_and_grids_are_kept(real: pd.DataFrame, fitted: FittedArf) -> None:
    made = draw(fitted).frame
    assert not set(made["marker"]) & set(real["marker"])
    assert made["marker"].between(real["marker"].min(), real["marker"].max()).all()
    assert (made["weight"].dropna().round(1) == made["weight"].dropna()).all()


def test_a_row_depends_on_its_number_alone(fitted: FittedArf) -> None:
    whole = fitted.draw(np.arange(50), seed=3, unit=(0,)).frame
    some = fitted.draw(np.array([4, 17, 30]), seed=3, unit=(0,)).frame
    pd.testing.assert_frame_equal(some, whole.iloc[[4, 17, 30]].reset_index(drop=True))


def test_fitting_again_gives_the_same_rows(real: pd.DataFrame, fitted: FittedArf) -> None:
    pd.testing.assert_frame_equal(draw(fit(real)).frame, draw(fitted).frame)


def test_no_rows_can_be_drawn(fitted: FittedArf) -> None:
    assert fitted.draw(np.arange(0), seed=1, unit=(0,)).frame.shape == (0, 6)


def test_uncommon_copies_are_drawn_again() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.choice(list("abcdefgh"), 100), "b": rng.choice(list("abcdefgh"), 100)})
    drawn = draw(fit(frame, leaf=5), 500)
    once = frame.groupby(["a", "b"]).size()
    assert drawn.counts["uncommon_copies_left"] == drawn.frame.apply(tuple, axis=1).isin(set(once[once == 1].index)).sum()
    assert drawn.counts["uncommon_copies_resampled"] > 0


def test_given_cells_come_back_unchanged_and_shape_the_others(fitted: FittedArf) -> None:
    """The real gap between the sexes is 2; leaves that mix them draw it in."""
    given = pd.DataFrame({"sex": ["f", "m"] * 500, "age": np.tile([25, 33, 200, 61], 250)})
    made = draw(fitted, 1000, given=given).frame
    pd.testing.assert_frame_equal(made[["sex", "age"]], given)
    gap = made["marker"][made["sex"] == "m"].mean() - made["marker"][made["sex"] == "f"].mean()
    assert gap > 1.0


def test_given_columns_may_be_any(real: pd.DataFrame, fitted: FittedArf) -> None:
    made = draw(fitted, N, given=real[["marker", "weight"]]).frame
    high = real["marker"].to_numpy() > 2
    assert (made["sex"][high] == "m").mean() > (made["sex"][~high] == "m").mean() + 0.2


def test_given_leaf_weights_are_bayes_rule() -> None:
    frame = pd.DataFrame({"a": ["x"] * 30 + ["y"] * 30, "b": ["p"] * 27 + ["q"] * 3 + ["p"] * 6 + ["q"] * 24})
    coded = encode_table(frame, infer_recipe(frame, table="t", rows=60, seed=0))
    densities = fill(coded, Forest((np.repeat([0, 1], 30).astype("i4"),), ()))
    logs = densities.log_weights(np.array([[0, 0]]), np.array([[False, True]]))[0]
    # "p" is in 27 of 30 and in 6 of 30 rows; a quarter of a row is spread as 33 : 27
    assert np.exp(logs[0] - logs[1]) == pytest.approx((27 + 33 / 240) / (6 + 33 / 240))


def test_an_unknown_given_level_is_refused(fitted: FittedArf) -> None:
    with pytest.raises(FrameError, match="'z'"):
        draw(fitted, 1, given=pd.DataFrame({"ward": ["z"]}))


@pytest.mark.parametrize(
    "text",
    [
        "age > 80",
        "sex == 'm' and age < 30",
        "marker > 1.234 and ward in ['d', 'e']",
        "isna(weight)",
        "weight > 80",
        "40 <= age < 42",
        "dose > 0",
    ],
)
def test_conditions_are_met_by_construction(real: pd.DataFrame, fitted: FittedArf, text: str) -> None:
    where = parse_conditions(text, infer_recipe(real, table="t", rows=N, seed=1).columns)
    drawn = draw(fitted, 500, where=where)
    assert where.mask(drawn.frame).all()
    assert drawn.short is not None
    assert not drawn.short.any()


def test_restricting_one_column_shifts_the_others(real: pd.DataFrame, fitted: FittedArf) -> None:
    where = parse_conditions("marker > 2.5", [*map(str, real)])
    share = (draw(fitted, where=where).frame["sex"] == "m").mean()
    assert share == pytest.approx((real["sex"][real["marker"] > 2.5] == "m").mean(), abs=0.15)


def test_rows_that_miss_a_joint_condition_are_short(real: pd.DataFrame, fitted: FittedArf) -> None:
    where = parse_conditions("age > weight", [*map(str, real)])
    drawn = draw(fitted, 500, where=where)
    assert drawn.short is not None
    np.testing.assert_array_equal(drawn.short, ~(drawn.frame["age"] > drawn.frame["weight"]))


def test_a_condition_nothing_meets_leaves_every_row_short(real: pd.DataFrame, fitted: FittedArf) -> None:
    drawn = draw(fitted, 50, where=parse_conditions("age > 500", [*map(str, real)]))
    assert drawn.short is not None
    assert drawn.short.all()


def test_density_of_two_leaves_by_hand() -> None:
    frame = pd.DataFrame({"a": ["x"] * 30 + ["y"] * 10, "b": ["p"] * 30 + ["q"] * 10})
    coded = encode_table(frame, infer_recipe(frame, table="t", rows=40, seed=0))
    densities = fill(coded, Forest((np.repeat([0, 1], [30, 10]).astype("i4"),), ()))
    # a leaf of n rows has (count + share / 4) / (n + 1/4)
    first, second = (30.1875 / 30.25) ** 2, (0.1875 / 10.25) ** 2
    found = densities.log_density(np.zeros((1, 2), dtype="i1"), np.zeros((1, 2)))
    assert np.exp(found[0]) == pytest.approx(0.75 * first + 0.25 * second)


def test_density_sums_to_one_over_levels(fitted: FittedArf, real: pd.DataFrame) -> None:
    frame = pd.DataFrame({"a": list("xyxxyz") * 20, "b": list("ppqqpq") * 20})
    every = pd.DataFrame([(a, b) for a in "xyz" for b in "pq"], columns=["a", "b"])
    assert np.exp(fit(frame, leaf=5).density(every)).sum() == pytest.approx(1.0, abs=1e-5)


def test_density_integrates_to_one_over_a_number() -> None:
    frame = pd.DataFrame({"x": np.random.default_rng(0).gamma(2, size=300)})
    grid = np.linspace(frame["x"].min(), frame["x"].max(), 20_001)
    dense = np.exp(fit(frame).density(pd.DataFrame({"x": grid})))
    assert np.trapezoid(dense, grid) == pytest.approx(1.0, abs=0.1)


def test_real_rows_are_denser_than_shuffled_ones(real: pd.DataFrame, fitted: FittedArf) -> None:
    fresh = table(seed=9)
    shuffled = fresh.assign(sex=np.random.default_rng(0).permutation(fresh["sex"]))
    assert fitted.density(fresh).mean() > fitted.density(shuffled).mean() + 0.2


def test_density_needs_every_column(fitted: FittedArf, real: pd.DataFrame) -> None:
    with pytest.raises(FrameError, match="'ward'"):
        fitted.density(real.drop(columns="ward"))


def test_a_restored_forest_draws_the_same(real: pd.DataFrame, fitted: FittedArf) -> None:
    state = fitted.to_state()
    assert all(array.dtype.kind in "iufb" for array in state.arrays.values())
    again = Arf().restore(infer_recipe(real, table="t", rows=N, seed=1), State(json.loads(json.dumps(state.meta)), state.arrays))
    pd.testing.assert_frame_equal(draw(again).frame, draw(fitted).frame)
    assert again.parameters == fitted.parameters


@pytest.mark.parametrize("name", ["leaves.0.entries", "leaves.1.bounds", "leaves.2.counts", "leaves.sizes", "leaves.3.codes"])
def test_a_damaged_state_is_refused(real: pd.DataFrame, fitted: FittedArf, name: str) -> None:
    state = fitted.to_state()
    damaged = state.arrays | {name: state.arrays[name] + 1000}
    with pytest.raises(RecordError, match=r"hold together|doesn't|expected"):
        Arf().restore(infer_recipe(real, table="t", rows=N, seed=1), State(state.meta, damaged))


def test_the_leaf_is_tuned_and_what_was_tried_is_told(real: pd.DataFrame) -> None:
    parameters = fit(real, leaf=None, trees=3).parameters
    assert parameters["leaf_tuned"] is True
    assert [trial["leaf"] for trial in parameters["leaf_trials"]] == forest_leaves(N)[: len(parameters["leaf_trials"])]
    assert parameters["leaf_trials"][-1]["leaf"] == parameters["leaf"]


def test_leaves_hold_no_fewer_rows_than_asked(real: pd.DataFrame) -> None:
    coded = encode_table(real, infer_recipe(real, table="t", rows=N, seed=1))
    forest = grow_forest(coded, leaf=20, trees=3, seed=1)
    assert min(np.bincount(leaves).min() for leaves in forest.leaves) >= 20
    assert min(leaves.max() for leaves in forest.leaves) > 2


def test_independent_columns_are_not_told_apart() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=600), "b": rng.normal(size=600), "c": rng.choice(list("xyz"), 600)})
    first = fit(frame, leaf=20).growth.accuracies[0]
    assert first == pytest.approx(0.5, abs=0.03)


def test_bands_hold_five_rows_and_common_values_stand_alone(real: pd.DataFrame) -> None:
    coded = encode_table(real, infer_recipe(real, table="t", rows=N, seed=1))
    cells = cut(coded.coders[5], N)
    sizes = np.bincount(cells.codes, weights=coded.coders[5].counts)
    assert sizes[0] == (real["dose"] == 0).sum()
    assert sizes[1:-1].min() >= 5


def test_missing_cells_come_with_their_leaf() -> None:
    frame = pd.DataFrame({"a": list("xy") * 100, "b": [None, 1.5] * 100})
    made = draw(fit(frame)).frame
    assert (made["b"].isna() == (made["a"] == "x")).mean() > 0.95
    assert fit(frame).densities.columns[1].shares[-3 + MISSING - 1] == pytest.approx(0.5)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": range(20)}),
        pd.DataFrame({"a": ["x"] * 30, "b": [None] * 30, "c": range(30)}),
        pd.DataFrame({"a": [f"l{i % 150}" for i in range(300)], "b": range(300)}),
        pd.DataFrame({"a": [np.inf, -np.inf, 1.5, 2.5, np.nan] * 10, "b": range(50)}),
    ],
    ids=["one column", "nothing in two columns", "many levels", "infinite"],
)
def test_hostile_frames_are_made(frame: pd.DataFrame) -> None:
    made = draw(fit(frame, leaf=None, trees=3), 100).frame
    assert list(made) == list(frame)
    assert made.dtypes.equals(frame.dtypes)


@pytest.mark.parametrize("options", [{"leaf": 4}, {"leaf": True}, {"trees": 0}, {"trees": 501}, {"leaf": "5"}])
def test_options_are_checked(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=r"at least 5 rows|from 1 to 500"):
        Arf(**options)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(FrameError, match="at least 20 rows"):
        fit(pd.DataFrame({"a": range(19)}))
