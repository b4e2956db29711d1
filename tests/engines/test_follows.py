"""`synthnb.engines.trees.follows`: what another column decides stays decided."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthnb.engines._encoding.table import encode_table
from synthnb.engines.trees import FittedTrees, Trees
from synthnb.engines.trees.follows import decided_after, follow_of
from synthnb.recipes.infer import infer_recipe

N = 1000


def table_of(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(columns)


def fit(frame: pd.DataFrame, leaf: int = 32) -> FittedTrees:
    return Trees(leaf=leaf).fit(frame, infer_recipe(frame, table="t", rows=N, seed=1), seed=1)


def schooling() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    level = rng.choice(["none", "primary", "secondary", "bachelor", "doctor"], N, p=[0.01, 0.3, 0.4, 0.28, 0.01])
    years = pd.Series(level).map({"none": 0, "primary": 6, "secondary": 12, "bachelor": 15, "doctor": 20})
    return table_of(level=level, years=years, age=rng.integers(20, 80, N))


def test_a_code_and_its_label_stay_together_however_rare() -> None:
    real = schooling()
    fitted = fit(real)
    made = fitted.draw(np.arange(5000), seed=1, unit=(0,)).frame
    assert set(map(tuple, made[["level", "years"]].to_numpy())) <= set(map(tuple, real[["level", "years"]].to_numpy()))
    assert fitted.how["years"].startswith("as column 'level' decides")


def test_a_number_and_its_logarithm_stay_together() -> None:
    income = np.exp(np.random.default_rng(0).normal(10, 1, N))
    made = fit(table_of(income=income, log=np.log(income))).draw(np.arange(3000), seed=1, unit=(0,)).frame
    assert np.abs(np.log(made["income"]) - made["log"]).median() < 1e-3
    assert not set(made["log"]) & set(np.log(income))


def test_a_column_is_drawn_after_the_one_that_decides_it() -> None:
    frame = schooling().assign(band=lambda f: np.where(f["years"] > 12, "high", "low"))[["band", "age", "level"]]
    table = encode_table(frame, infer_recipe(frame, table="t", rows=N, seed=1))
    assert decided_after(table, (0, 1, 2), 0) == (1, 2, 0)
    assert decided_after(table, (0, 1, 2), 1) == (0, 1, 2)


def test_chance_is_no_tie() -> None:
    rng = np.random.default_rng(0)
    frame = table_of(code=rng.permutation(N) % 400, rare=np.arange(N) == 7)
    table = encode_table(frame, infer_recipe(frame, table="t", rows=N, seed=1))
    assert follow_of(table, 1, [0]) is None


def test_a_level_of_few_rows_decides_nothing() -> None:
    frame = schooling()
    few = np.arange(N) < 3
    frame = frame.assign(level=frame["level"].mask(few, "nobel"), years=frame["years"].mask(few, 21))
    table = encode_table(frame, infer_recipe(frame, table="t", rows=N, seed=1))
    follow = follow_of(table, 1, [0])
    assert follow is not None
    assert follow.table.min() == -1
