"""`synthnb.engines.trees.nodes`: a tree's splits as arrays, and files that lie about them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from synthnb.engines.trees.nodes import Nodes
from synthnb.errors import RecordError

Array = np.ndarray[Any, Any]


def grown(leaf: int = 5) -> tuple[Nodes, Array, Any]:
    x = np.random.default_rng(0).normal(size=(400, 4)).astype("f4")
    tree = DecisionTreeRegressor(min_samples_leaf=leaf, random_state=0).fit(x, x[:, 1] + x[:, 3] ** 2).tree_
    return Nodes.from_grown(tree, tree.children_left >= 0), x, tree


def test_the_way_down_is_scikit_learns() -> None:
    nodes, x, tree = grown()
    _, expected = np.unique(tree.apply(x), return_inverse=True)
    assert nodes.apply(x).tolist() == expected.tolist()


def test_packed_splits_need_only_the_columns_they_use() -> None:
    nodes, x, _ = grown(leaf=60)
    packed, used = nodes.packed()
    assert packed.width == len(used) <= 4
    assert packed.apply(x[:, used]).tolist() == nodes.apply(x).tolist()


def test_splits_that_leave_too_few_rows_are_taken_back() -> None:
    nodes, x, _ = grown()
    merged = nodes.merged(nodes.apply(x), 40)
    assert np.bincount(merged.apply(x)).min() >= 40
    assert 2 < merged.leaves < nodes.leaves


def test_arrays_give_the_same_tree() -> None:
    nodes, x, _ = grown()
    assert Nodes.from_arrays(nodes.to_arrays(), 4).apply(x).tolist() == nodes.apply(x).tolist()


@pytest.mark.parametrize(
    "change",
    [
        {"left": [1, 0, -1]},  # a loop
        {"left": [9, -1, -1]},  # outside
        {"left": [2, -1, -1]},  # one child twice
        {"feature": [7, -1, -1]},  # a column that isn't there
        {"threshold": [0.5]},  # too short
        {"left": [[1, -1, -1]]},  # of another shape
        {"feature": [0.0, -1.0, -1.0]},  # of another type
    ],
)
def test_a_file_that_lies_is_refused(change: dict[str, Any]) -> None:
    arrays = {"feature": [0, -1, -1], "threshold": [0.5, 0.0, 0.0], "left": [1, -1, -1], "right": [2, -1, -1]} | change
    with pytest.raises(RecordError, match=r"A tree's .*these (don't|aren't)"):
        Nodes.from_arrays({name: np.array(array) for name, array in arrays.items()}, 4)
