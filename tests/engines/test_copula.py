"""`synthnb.engines.copula`: what a Gaussian copula keeps, what it changes, and how it meets conditions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.engines._truncated import Limits, draw_limited, uniforms_needed
from synthnb.engines.base import State
from synthnb.engines.copula import Copula, FittedCopula
from synthnb.engines.copula.gaussian import consistent, nearest_correlation, pairwise
from synthnb.engines.copula.marginals import margin_of
from synthnb.errors import FrameError, RecordError
from synthnb.recipes._hermite import covariances, latent_correlations
from synthnb.recipes.conditions import parse_conditions
from synthnb.recipes.infer import infer_recipe

Array = np.ndarray[Any, Any]

N = 400
MANY = 20_000


def numbers(columns: int, r: float = 0.6, rows: int = N, seed: int = 0) -> Array:
    """Normals that correlate by r."""
    matrix = np.full((columns, columns), r) + (1 - r) * np.eye(columns)
    return np.random.default_rng(seed).standard_normal((rows, columns)) @ np.linalg.cholesky(matrix).T


def trial() -> pd.DataFrame:
    z = numbers(5)
    return pd.DataFrame(
        {
            "cost": np.where(z[:, 0] < -0.3, 0.0, np.round(np.exp(z[:, 0]) * 100, 2)),
            "age": np.clip(np.rint(60 + 12 * z[:, 1]), 18, 99).astype(int),
            "stage": pd.Categorical(np.array(["I", "II", "III"])[np.digitize(z[:, 2], [-0.5, 0.5])], ordered=True),
            "event": z[:, 3] > 0.4,
            "bmi": np.where(z[:, 4] > 1.2, np.nan, np.round(26 + 4 * z[:, 4], 1)),
        }
    )


def fit(frame: pd.DataFrame) -> FittedCopula:
    return Copula().fit(frame, infer_recipe(frame, table="t", rows=len(frame), seed=1), seed=1)


def draw(fitted: FittedCopula, rows: int = MANY, *, seed: int = 1, where: str = "", given: pd.DataFrame | None = None) -> Any:
    columns = [coder.column for coder in fitted.latents.coders]
    return fitted.draw(np.arange(rows), seed=seed, unit=(0,), given=given, where=parse_conditions(where, columns) if where else None)


def test_margins_and_correlations_of_every_kind_are_kept() -> None:
    real = trial()
    made = draw(fit(real)).frame
    assert dict(made.dtypes) == dict(real.dtypes)
    assert (made["cost"] == 0).mean() == pytest.approx((real["cost"] == 0).mean(), abs=0.02)
    assert made["event"].mean() == pytest.approx(real["event"].mean(), abs=0.02)
    codes = [frame.assign(stage=frame["stage"].cat.codes).astype("f8").corr("spearman").to_numpy() for frame in (made, real)]
    assert np.abs(codes[0] - codes[1])[~np.eye(5, dtype=bool)].mean() < 0.05


def test_no_continuous_value_is_repeated_and_the_grid_is_kept() -> None:
    real = pd.DataFrame({"x": numbers(2)[:, 0], "dose": 25 * np.random.default_rng(1).integers(1, 300, N)})
    made = draw(fit(real)).frame
    assert not set(made["x"]) & set(real["x"])
    assert real["x"].min() <= made["x"].min() <= made["x"].max() <= real["x"].max()
    assert (made["dose"] % 25 == 0).all()


def test_a_level_order_is_found_that_carries_the_association() -> None:
    z = numbers(2, 0.9)
    real = pd.DataFrame({"y": z[:, 0], "site": np.array(["b", "d", "a", "c"])[np.digitize(z[:, 1], [-0.7, 0, 0.7])]})
    made = draw(fit(real)).frame
    differences = made.groupby("site")["y"].mean() - real.groupby("site")["y"].mean()
    assert np.abs(differences).max() < 0.2


def test_columns_missing_together_stay_together() -> None:
    frame = pd.DataFrame(numbers(3), columns=["a", "b", "c"])
    frame.loc[frame["c"] > 0.8, ["a", "b"]] = np.nan
    made = draw(fit(frame)).frame
    assert (made["a"].isna() == made["b"].isna()).all()
    assert made["a"].isna().mean() == pytest.approx(frame["a"].isna().mean(), abs=0.02)
    assert made.loc[made["a"].isna(), "c"].mean() > 0.8


def test_infinities_are_kept_like_missing_cells() -> None:
    frame = pd.DataFrame({"x": numbers(1)[:, 0], "y": numbers(1, seed=2)[:, 0]})
    frame.loc[:39, "x"] = np.inf
    frame.loc[40:59, "x"] = -np.inf
    made = draw(fit(frame)).frame["x"]
    assert np.isposinf(made).mean() == pytest.approx(0.1, abs=0.01)
    assert np.isneginf(made).mean() == pytest.approx(0.05, abs=0.01)


def test_empty_and_constant_columns_stay_so_and_nothing_else_is_needed() -> None:
    made = draw(fit(pd.DataFrame({"none": [None] * N, "one": "same"})), 50).frame
    assert made["none"].isna().all()
    assert set(made["one"]) == {"same"}


def test_almost_as_many_columns_as_rows_are_drawn_and_the_shrinkage_is_told() -> None:
    fitted = fit(pd.DataFrame(numbers(60, 0.0, rows=50), columns=[f"c{k}" for k in range(60)]))
    assert fitted.figures["shrinkage"] > 0.5
    assert np.linalg.eigvalsh(fitted.latents.correlation)[0] > 0
    assert "With 50 rows the correlations are uncertain" in " ".join(fitted.notes({}))


def test_identical_columns_do_not_break_it() -> None:
    x = numbers(1)[:, 0]
    made = draw(fit(pd.DataFrame({"a": x, "b": x, "c": -x}))).frame
    assert made.corr().abs().to_numpy().min() > 0.99


def test_a_row_depends_on_its_number_alone() -> None:
    fitted = fit(trial())
    whole = draw(fitted, 500).frame
    some = fitted.draw(np.array([7, 499]), seed=1, unit=(0,)).frame
    pd.testing.assert_frame_equal(some, whole.iloc[[7, 499]].reset_index(drop=True))
    assert not draw(fitted, 500, seed=2).frame.equals(whole)


def test_fixed_cells_come_back_and_move_the_others_exactly() -> None:
    frame = pd.DataFrame(numbers(3, 0.6, rows=MANY, seed=3), columns=["a", "b", "c"])
    given = pd.DataFrame({"a": np.full(MANY, 1.5)})
    made = draw(fit(frame), given=given).frame
    assert (made["a"] == 1.5).all()
    assert made["b"].mean() == pytest.approx(0.9, abs=0.06)
    assert made["b"].std() == pytest.approx(0.8, abs=0.03)
    assert made["b"].corr(made["c"]) == pytest.approx(0.375, abs=0.04)


def test_fixed_levels_numbers_and_missing_cells_go_together() -> None:
    fitted = fit(trial())
    rows = pd.DataFrame({"stage": ["III", "I"], "cost": [0.0, 250.0], "bmi": [np.nan, 40.0]})
    given = rows.iloc[np.tile([0, 1], 500)].reset_index(drop=True).astype({"stage": trial()["stage"].dtype})
    made = draw(fitted, 1_000, given=given).frame
    pd.testing.assert_frame_equal(made[["stage", "cost", "bmi"]], given)
    assert made["age"].between(18, 99).all()


def test_a_level_that_is_not_there_is_refused() -> None:
    with pytest.raises(FrameError, match="has no level"):
        draw(fit(pd.DataFrame({"g": ["a", "b"] * 50, "x": range(100)})), 2, given=pd.DataFrame({"g": ["a", "z"]}))


@pytest.mark.parametrize(
    "where",
    [
        "age > 75",
        "stage == 'III' and event",
        "bmi > 30 and cost == 0",
        "age < 45 or age > 80",
        "stage in ['I', 'III'] and cost > 50",
        "isna(bmi)",
    ],
)
def test_conditions_are_met_by_construction_and_as_rejection_would(where: str) -> None:
    fitted = fit(trial())
    made = draw(fitted, 4_000, where=where)
    assert made.short is None or not made.short.any()
    whole = draw(fitted, 60_000 // 2, seed=2).frame
    kept = whole[parse_conditions(where, list(whole)).mask(whole)]
    for name in ("age", "cost", "bmi"):
        error = 5 * kept[name].std() / np.sqrt(max(kept[name].notna().sum(), 1)) + 1e-9
        if kept[name].notna().any():
            assert made.frame[name].mean() == pytest.approx(kept[name].mean(), abs=error)
    assert made.frame["event"].mean() == pytest.approx(kept["event"].mean(), abs=5 * 0.5 / np.sqrt(len(kept)))


def test_a_rare_condition_is_met_in_every_row() -> None:
    frame = pd.DataFrame(numbers(2, 0.5, rows=2_000), columns=["a", "b"])
    made = draw(fit(frame), 1_000, where="a > 2.5 and b < -0.5")
    assert made.frame["a"].min() > 2.5
    assert made.frame["b"].max() < -0.5


def test_what_no_value_meets_is_short() -> None:
    made = draw(fit(pd.DataFrame(numbers(2), columns=["a", "b"])), 10, where="a > 100")
    assert made.short.all()


def test_copies_of_a_row_that_occurs_once_are_drawn_again_and_counted() -> None:
    frame = pd.DataFrame({f"q{k}": np.random.default_rng(k).integers(0, 3, 60) for k in range(4)})
    drawn = draw(fit(frame), 2_000)
    once = frame.drop_duplicates(keep=False)
    copies = drawn.frame.merge(once, how="inner")
    assert drawn.counts["uncommon_copies_resampled"] > 100
    assert len(copies) == drawn.counts["uncommon_copies_left"]


def test_a_saved_copula_draws_the_same() -> None:
    fitted = fit(trial())
    state = fitted.to_state()
    again = Copula().restore(infer_recipe(trial(), table="t", rows=N, seed=1), state)
    pd.testing.assert_frame_equal(draw(again, 100).frame, draw(fitted, 100).frame)
    assert again.parameters == fitted.parameters


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("correlation", np.full((7, 7), 2.0)),
        ("correlation", np.eye(3)),
        ("correlation", np.full((7, 7), np.nan)),
        ("order.1", np.array([0, 0, 5])),
        ("states.0", np.array([9, 9], dtype="i1")),
        ("ends.0", np.array([0.9, 0.2])),
        ("fixed", np.zeros(2, dtype="i1")),
    ],
)
def test_a_state_that_lies_is_refused(name: str, value: Array) -> None:
    state = fit(trial()).to_state()
    with pytest.raises(RecordError, match="expected"):
        Copula().restore(infer_recipe(trial(), table="t", rows=N, seed=1), State(state.meta, {**state.arrays, name: value}))


def test_too_few_rows_and_no_table_are_refused() -> None:
    with pytest.raises(FrameError, match=r"at least 20 rows.*got 5 rows"):
        fit(pd.DataFrame({"x": range(5)}))
    with pytest.raises(FrameError, match="got no table"):
        Copula().fit(None, infer_recipe(trial(), table="t", rows=N, seed=1), seed=1)


def test_what_a_copula_can_not_carry_is_told() -> None:
    notes = " ".join(fit(pd.DataFrame({"g": ["a", "b", "c", "d"] * 50, "id": range(200), "x": numbers(1, rows=200)[:, 0]})).notes({}))
    assert "Column 'g' is a category without an order" in notes
    assert "Column 'id' has a different whole number in each row" in notes


def test_scores_tell_the_correlation_of_the_normals() -> None:
    margins = [margin_of(np.array(counts), np.ones(len(counts), dtype=bool)) for counts in ([30, 50, 20], [10, 90], [1] * 200)]
    coefficients = np.vstack([margin.coefficients() for margin in margins])
    z = numbers(3, 0.55, rows=100_000)
    scores = np.column_stack([margin.scores[margin.positions(z[:, k]).astype("i8")] for k, margin in enumerate(margins)])
    assert covariances(np.full((3, 3), 0.55), coefficients)[0, 1] == pytest.approx(np.cov(scores.T)[0, 1], abs=0.005)
    assert latent_correlations(np.cov(scores.T), coefficients)[[0, 0, 1], [1, 2, 2]] == pytest.approx(0.55, abs=0.015)


def test_a_matrix_that_fits_together_is_left_alone_and_another_is_brought_near() -> None:
    good = np.array([[1, 0.5], [0.5, 1.0]])
    assert nearest_correlation(good)[0] is good
    bad = np.array([[1, 0.9, 0.9], [0.9, 1, -0.9], [0.9, -0.9, 1.0]])
    found, change = nearest_correlation(bad)
    assert np.linalg.eigvalsh(found)[0] > 0
    assert np.diag(found) == pytest.approx(1)
    assert change == pytest.approx(np.abs(found - bad).max())


def test_shrinkage_spares_what_is_measured_exactly() -> None:
    matrix = np.array([[1, 0.99, 0.1], [0.99, 1, 0.1], [0.1, 0.1, 1.0]])
    found, _ = consistent(matrix, np.full((3, 3), 100.0), 0.2)
    assert found[0, 1] > 0.989
    assert found[0, 2] < 0.09


def test_pairs_are_judged_by_the_rows_that_have_both() -> None:
    scores = numbers(2, 0.7, rows=1_000)
    here = np.column_stack([np.arange(1_000) < 700, np.arange(1_000) >= 200])
    found, rows, _ = pairwise(np.where(here, scores, 99.0), here)
    assert rows[0, 1] == 500
    assert found[0, 1] == pytest.approx(np.corrcoef(scores[200:700].T)[0, 1])


def test_normals_within_limits_are_those_that_rejection_would_leave() -> None:
    correlation = np.array([[1, 0.6, -0.4], [0.6, 1, 0.2], [-0.4, 0.2, 1.0]])
    rng = np.random.default_rng(0)
    limits = {
        0: Limits(np.tile([-9.0, 1.2], (MANY, 1)), np.tile([-1.5, 9.0], (MANY, 1))),
        1: Limits(np.full((MANY, 1), 0.3), np.full((MANY, 1), 9.0)),
    }
    made = draw_limited(correlation, limits, rng.random((MANY, uniforms_needed(2))), rng.standard_normal((MANY, 3)))
    z = rng.standard_normal((400_000, 3)) @ np.linalg.cholesky(correlation).T
    kept = z[((z[:, 0] < -1.5) | (z[:, 0] > 1.2)) & (z[:, 1] > 0.3)]
    assert made.mean(axis=0) == pytest.approx(kept.mean(axis=0), abs=0.03)
    assert np.corrcoef(made.T) == pytest.approx(np.corrcoef(kept.T), abs=0.03)
    assert ((made[:, 0] <= -1.5) | (made[:, 0] >= 1.2)).all()
