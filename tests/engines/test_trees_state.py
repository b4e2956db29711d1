"""Fitted trees as plain data: what comes back draws the same, and what was altered is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.engines.base import State
from synthnb.engines.trees import FittedTrees, Trees
from synthnb.errors import RecordError
from synthnb.recipes.infer import infer_recipe

N = 400


def fit(given: tuple[str, ...] = ()) -> FittedTrees:
    rng = np.random.default_rng(0)
    x = rng.normal(size=N)
    frame = pd.DataFrame({"x": x, "g": rng.choice(list("abcd"), N), "twice": 2 * x, "y": (x + rng.normal(size=N)).round(1)})
    frame["gone"] = frame["y"].mask(rng.random(N) < 0.3)
    recipe = infer_recipe(frame, table="t", rows=N, seed=1).model_copy(update={"given": given})
    return Trees().fit(frame, recipe, seed=1)


@pytest.mark.parametrize("given", [(), ("g", "gone")])
def test_what_was_kept_draws_the_same(given: tuple[str, ...]) -> None:
    fitted = fit(given)
    state = fitted.to_state()
    assert all(array.dtype.kind in "biuf" for array in state.arrays.values())
    back = Trees().restore(fitted.recipe, state)
    first, second = (each.draw(np.arange(300), seed=4, unit=(0,)) for each in (fitted, back))
    pd.testing.assert_frame_equal(first.frame, second.frame)
    assert first.counts == second.counts
    assert back.parameters == fitted.parameters
    assert back.notes({}) == fitted.notes({})


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("order", np.array([0, 0, 1, 2, 3])),
        ("leaves1.donors", np.full(N, 999)),
        ("leaves1.sizes", np.array([N + 1])),
        ("leaves0.residuals", np.full(N, np.nan)),
        ("leaves1.predictors", np.array([77])),
        ("follow2.table", np.full(N, 1e9)),
        ("patterns0.columns", np.array([0, 1])),
    ],
)
def test_what_was_altered_is_refused(name: str, array: np.ndarray[Any, Any]) -> None:
    fitted = fit()
    state = fitted.to_state()
    assert name in state.arrays
    with pytest.raises(RecordError, match=r"expected|must"):
        Trees().restore(fitted.recipe, State(state.meta, {**state.arrays, name: array}))


def test_what_is_missing_is_said() -> None:
    fitted = fit()
    state = fitted.to_state()
    with pytest.raises(RecordError, match="uncommon"):
        Trees().restore(fitted.recipe, State(state.meta, {name: a for name, a in state.arrays.items() if name != "uncommon"}))


def test_trees_grown_on_some_of_the_rows_hold_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from synthnb.engines.trees import leaves as _leaves

    monkeypatch.setattr(_leaves, "_GROWN", 200)
    trees = fit().chain.leaves
    assert {int(leaves.sizes.sum()) for leaves in trees[:3]} == {N}
    assert all(leaves.sizes.min() >= 20 for leaves in trees)


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from synthnb.engines.trees import chain as _chain

    several = fit().to_state()
    monkeypatch.setattr(_chain, "_THREADS", 1)
    alone = fit().to_state()
    assert several.meta == alone.meta
    assert several.arrays.keys() == alone.arrays.keys()
    assert all(np.array_equal(array, alone.arrays[name]) for name, array in several.arrays.items())
