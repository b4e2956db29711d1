"""`synthnb.engines.trees.moving`: numbers are moved along the ranks, and stay on the grid they were written on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthnb.engines._encoding.table import Coder, encode_table
from synthnb.engines.trees import Trees
from synthnb.engines.trees.moving import moving
from synthnb.recipes.infer import infer_recipe

N = 2000


def coder_of(cells: pd.Series[float]) -> Coder:
    frame = pd.DataFrame({"x": cells})
    return encode_table(frame, infer_recipe(frame, table="t", rows=10, seed=1)).coders[0]


def counts_in_tens(share: float) -> pd.Series[float]:
    rng = np.random.default_rng(0)
    cells = np.exp(rng.normal(6.5, 0.5, N)).round()
    return pd.Series(np.where(rng.random(N) < share, (cells / 10).round() * 10, cells).astype(int))


def test_a_grid_that_people_round_to_is_found() -> None:
    found = moving(coder_of(counts_in_tens(0.4)))
    assert found is not None
    assert found.grids == ((10, 0),)


def test_no_grid_is_found_where_there_is_none() -> None:
    found = moving(coder_of(counts_in_tens(0.0)))
    assert found is not None
    assert found.grids == ()


def test_pounds_are_found_in_kilograms() -> None:
    rng = np.random.default_rng(0)
    pounds = rng.normal(165, 28, N).round() * 0.4536
    found = moving(coder_of(pd.Series(np.where(rng.random(N) < 0.6, pounds.round(4), rng.normal(75, 12, N).round(1)))))
    assert found is not None
    assert 4536 in [distance for distance, _ in found.grids]


def test_ranks_and_positions_are_inverse_and_ends_turn_back() -> None:
    found = moving(coder_of(pd.Series(np.random.default_rng(0).normal(size=300))))
    assert found is not None
    positions = np.array([0.0, 3.5, 299.0])
    assert np.allclose(found.to_positions(found.to_ranks(positions)), positions)
    beyond = found.to_positions(found.ranks[[0, -1]] + [-0.01, 0.01])
    assert 0 < beyond[0] < 5
    assert 294 < beyond[1] < 299


def test_rounded_counts_are_made_as_often_as_they_were() -> None:
    frame = pd.DataFrame({"x": counts_in_tens(0.4), "y": np.random.default_rng(1).normal(size=N)})
    recipe = infer_recipe(frame, table="t", rows=N, seed=1)
    made = Trees(leaf=45).fit(frame, recipe, seed=1).draw(np.arange(N), seed=1, unit=(0,)).frame["x"]
    assert abs((made % 10 == 0).mean() - (frame["x"] % 10 == 0).mean()) < 0.04
