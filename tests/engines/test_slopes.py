"""`synthnb.engines.trees.slopes`: lines within leaves, by hand and against noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synthnb.engines.trees import Trees
from synthnb.engines.trees.slopes import Slopes, fit_slopes
from synthnb.recipes.infer import infer_recipe


def test_each_leaf_gets_its_own_line() -> None:
    rng = np.random.default_rng(0)
    x, leaf = rng.random((400, 3)), np.repeat([0, 1], 200)
    target = np.where(leaf == 0, 0.5 * x[:, 0], 0.9 - 0.3 * x[:, 2]) + 0.01 * rng.normal(size=400)
    found = fit_slopes(target, x, leaf, 2, [10, 11, 12])
    assert found is not None
    assert [found.predictors[k] for k in found.which[:, 0]] == [10, 12]
    assert found.slope[:, 0] == pytest.approx([0.5, -0.3], abs=0.02)


def test_noise_gives_no_line() -> None:
    rng = np.random.default_rng(0)
    assert fit_slopes(rng.random(500), rng.random((500, 8)), np.repeat(np.arange(5), 100), 5, range(8)) is None


def test_what_a_line_says_by_hand() -> None:
    lines = Slopes((4,), np.array([[0], [-1]], dtype="i4"), np.array([[2.0], [0.0]]), np.array([[0.5], [0.0]]))
    said = lines.shift(np.array([[0.75], [0.75], [np.nan]]), np.array([0, 1, 0]))
    assert said.tolist() == [0.5, 0.0, 0.0]


def test_a_tie_finer_than_the_leaves_is_kept() -> None:
    x = np.random.default_rng(0).normal(size=2000)
    frame = pd.DataFrame({"x": x, "y": 3 * x + 0.05 * np.random.default_rng(1).normal(size=2000)})
    made = (
        Trees(leaf=200).fit(frame, infer_recipe(frame, table="t", rows=10, seed=1), seed=1).draw(np.arange(2000), seed=1, unit=(0,)).frame
    )
    assert (made["y"] - 3 * made["x"]).std() < 0.5  # leaves of 200 rows alone give 1.0 or more


@pytest.mark.parametrize("change", [{"which": [[5], [0]]}, {"slope": [[1.0]]}, {"predictors": [99]}])
def test_lines_that_do_not_fit_are_refused(change: dict[str, list[float]]) -> None:
    arrays = {"predictors": [1], "which": [[0], [-1]], "slope": [[1.0], [0.0]], "centre": [[0.5], [0.0]]} | change
    with pytest.raises(ValueError, match="the lines of 2 leaves don't fit"):
        Slopes.from_arrays({f"slopes.{name}": np.array(array) for name, array in arrays.items()}, "slopes", 2, 10)
