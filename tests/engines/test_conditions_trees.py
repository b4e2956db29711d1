"""`trees` with cells fixed from outside and with conditions: what comes out, and that it is statistically right."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from synthnb.engines.generator import Generator
from synthnb.engines.sampling import Asked, draw_rows
from synthnb.engines.trees import FittedTrees, Trees
from synthnb.errors import FrameError, OptionError
from synthnb.recipes.conditions import parse_conditions
from synthnb.recipes.infer import infer_recipe

N = 3000


@cache
def real() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=N)
    level = np.where(x + rng.normal(size=N) > 0.5, "a", "b")
    y = (x + (level == "a") + 0.5 * rng.normal(size=N)).round(2)
    z = pd.Series(y).where(rng.random(N) > 0.2)
    return pd.DataFrame({"x": x, "level": level, "y": y, "z": z, "k": rng.poisson(np.exp(x / 2))})


@cache
def fitted(*given: str) -> FittedTrees:
    recipe = infer_recipe(real(), table="t", rows=N, seed=1).model_copy(update={"given": given})
    return Trees(leaf=55).fit(real(), recipe, seed=1)


def draw(trees: FittedTrees, rows: int, *, where: str = "", given: pd.DataFrame | None = None, seed: int = 2) -> pd.DataFrame:
    conditions = parse_conditions(where, trees.recipe.columns) if where else None
    asked = Asked(rows=rows, seed=seed, given=given, where=conditions)
    return draw_rows(Generator("trees", trees, (), trees.recipe, trees.recipe), asked).frame


@cache
def many(*given: str) -> pd.DataFrame:
    return draw(fitted(*given), 500_000, seed=9)


def assert_alike(made: pd.DataFrame, kept: pd.DataFrame) -> None:
    """Means agree to within four standard errors."""
    for name in ("x", "y", "k"):
        error = np.hypot(made[name].std() / len(made) ** 0.5, kept[name].std() / len(kept) ** 0.5)
        assert abs(made[name].mean() - kept[name].mean()) <= 4 * error + 1e-9, name
    share = (kept["level"] == "a").mean()
    error = (share * (1 - share)) ** 0.5 * np.hypot(len(made) ** -0.5, len(kept) ** -0.5)
    assert abs((made["level"] == "a").mean() - share) <= 4 * error + 1e-9


CONDITIONS = ["k == 3", "y > 1 and isna(z)", "z > 1.5 and k >= 3 and level == 'b'", "z > 0 and z < x"]


@pytest.mark.parametrize("where", CONDITIONS)
def test_a_condition_known_at_the_fit_gives_what_rejection_gives(where: str) -> None:
    trees = fitted("z", "k", "level")
    kept = many("z", "k", "level")[parse_conditions(where, trees.recipe.columns).mask(many("z", "k", "level"))]
    made = draw(trees, 2000, where=where)
    assert len(made) == 2000
    assert parse_conditions(where, trees.recipe.columns).mask(made).all()
    assert_alike(made, kept)


@pytest.mark.parametrize("where", CONDITIONS)
def test_a_later_condition_gives_what_rejection_gives(where: str) -> None:
    kept = many()[parse_conditions(where, fitted().recipe.columns).mask(many())]
    made = draw(fitted(), 1000, where=where)
    assert parse_conditions(where, fitted().recipe.columns).mask(made).all()
    assert_alike(made, kept)


def test_a_condition_that_few_rows_meet_still_gives_every_row() -> None:
    where = "z > 2.2 and level == 'b'"
    trees = fitted("z", "k", "level")
    kept = many("z", "k", "level")[parse_conditions(where, trees.recipe.columns).mask(many("z", "k", "level"))]
    assert 0 < len(kept) < 0.003 * 500_000
    made = draw(trees, 2000, where=where)
    assert len(made) == 2000
    assert_alike(made, kept)


def test_a_row_that_cannot_be_made_is_marked() -> None:
    trees = fitted("level")
    given = pd.DataFrame({"level": ["a", "b"]})
    drawn = trees.draw(np.arange(2), seed=1, unit=(0,), given=given, where=parse_conditions("level == 'a'", trees.recipe.columns))
    assert drawn.short is None or not drawn.short[0]
    far = parse_conditions("y > 1000 and x < 0", ["x", "level", "y", "z", "k"])
    short = fitted().draw(np.arange(3), seed=1, unit=(0,), where=far).short
    assert short is not None
    assert short.all()


def test_rows_under_a_condition_do_not_depend_on_which_are_asked_for() -> None:
    where = parse_conditions("y > 1", fitted().recipe.columns)
    whole = fitted().draw(np.arange(300), seed=1, unit=(0,), where=where).frame
    some = fitted().draw(np.array([3, 250]), seed=1, unit=(0,), where=where).frame
    pd.testing.assert_frame_equal(some, whole.iloc[[3, 250]].reset_index(drop=True))


def test_fixed_cells_come_back_and_the_others_follow_them() -> None:
    given = pd.DataFrame({"y": [-1.0, 0.005, 2.0, 99.0] * 100})
    made = draw(fitted("y"), 400, given=given)
    assert made["y"].tolist() == given["y"].tolist()
    means = made.groupby("y")["x"].mean()
    assert means[-1.0] < means[0.005] < means[2.0]


def test_a_fixed_cell_may_be_missing() -> None:
    made = draw(fitted("z"), 50, given=pd.DataFrame({"z": [np.nan, 1.0] * 25}))
    assert made["z"].isna().tolist() == [True, False] * 25


def test_a_fixed_level_that_does_not_exist_is_refused() -> None:
    with pytest.raises(FrameError, match=r"'level'.*'q'"):
        draw(fitted("level"), 2, given=pd.DataFrame({"level": ["a", "q"]}))


def test_columns_that_are_not_drawn_first_cannot_be_fixed() -> None:
    with pytest.raises(OptionError, match=r"drawn first.*'x'.*got 'k'.*Fit the generator with these columns given"):
        draw(fitted(), 2, given=pd.DataFrame({"k": [1, 2]}))


def test_missingness_follows_fixed_columns() -> None:
    rng = np.random.default_rng(0)
    group = rng.choice(["old", "new"], 2000)
    frame = pd.DataFrame({"v": np.where((group == "old") & (rng.random(2000) < 0.6), np.nan, rng.normal(size=2000)), "group": group})
    recipe = infer_recipe(frame, table="t", rows=10, seed=1).model_copy(update={"given": ("group",)})
    made = draw(Trees(leaf=45).fit(frame, recipe, seed=1), 1000, given=pd.DataFrame({"group": ["old", "new"] * 500}))
    gone = made["v"].isna().groupby(made["group"]).mean()
    assert gone["old"] == pytest.approx(0.6, abs=0.08)
    assert gone["new"] == 0
