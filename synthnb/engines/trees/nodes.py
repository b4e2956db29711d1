"""A grown tree's splits as plain arrays, and the way down them.

::

    node        0        1        2        3        4
    feature     2       -1        0       -1       -1        -1: a leaf
    threshold   0.5      ·       3.5       ·        ·        at most this: left
    left        1        -1       3       -1       -1        children come after their parent
    right       2        -1       4       -1       -1
    leaf        -1        0      -1        1        2        the leaves, numbered in order
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Nodes"]

Array = np.ndarray[Any, Any]

_FIX = "The file was damaged or altered: use another copy, or fit it anew."
_FIELDS = ("feature", "threshold", "left", "right")


@dataclass(frozen=True)
class Nodes:
    """Splits of one tree."""

    feature: Array
    """int32 per node: the column of the matrix it splits on, -1 for a leaf."""
    threshold: Array
    """float64 per node: rows of at most this go left."""
    left: Array
    """int32 per node: the left child, -1 for a leaf."""
    right: Array
    """int32 per node: the right child, -1 for a leaf."""
    width: int
    """Columns of the matrix."""

    @classmethod
    def from_grown(cls, tree: Any, kept: Array) -> Nodes:
        """Return scikit-learn's low-level tree without the splits taken back.

        Parameters
        ----------
        tree : sklearn.tree._tree.Tree
            As it was grown.
        kept : ndarray of bool
            Per node, whether it still splits.
        """
        splits = tree.feature, tree.threshold, tree.children_left, tree.children_right
        return cls(*_cut(*splits, kept), int(tree.n_features))

    def merged(self, leaf: Array, least: int) -> Nodes:
        """Return the splits without those of which one side gets too few rows; these go the other side's way.

        Parameters
        ----------
        leaf : ndarray of int
            The leaf of each row.
        least : int
            Fewest rows in a leaf.
        """
        rows = np.zeros(len(self.feature), dtype="i8")
        rows[self.feature < 0] = np.bincount(leaf, minlength=self.leaves)
        stands_for = np.arange(len(self.feature))
        for node in np.flatnonzero(self.feature >= 0)[::-1]:
            left, right = self.left[node], self.right[node]
            rows[node] = rows[left] + rows[right]
            if min(rows[left], rows[right]) < least:
                stands_for[node] = stands_for[left if rows[left] >= rows[right] else right]
        inner = self.feature >= 0
        left, right = np.where(inner, stands_for[self.left], -1), np.where(inner, stands_for[self.right], -1)
        return Nodes(*_cut(self.feature, self.threshold, left, right, inner, int(stands_for[0])), self.width)

    def packed(self) -> tuple[Nodes, list[int]]:
        """Return the same splits over only the columns they use, and which those are."""
        inner = self.feature >= 0
        used, numbers = np.unique(self.feature[inner], return_inverse=True)
        feature = self.feature.copy()
        feature[inner] = numbers
        return Nodes(feature, self.threshold, self.left, self.right, len(used)), used.tolist()

    @property
    def leaves(self) -> int:
        """How many leaves there are."""
        return int((self.feature < 0).sum())

    @cached_property
    def _leaf(self) -> Array:
        """Per node, the leaf's number."""
        return np.cumsum(self.feature < 0) - 1

    @cached_property
    def _tree(self) -> Any:
        """The splits as scikit-learn holds them, whose way down is compiled."""
        from sklearn.tree._tree import NODE_DTYPE, Tree

        nodes = np.zeros(len(self.feature), dtype=NODE_DTYPE)
        nodes["left_child"], nodes["right_child"] = self.left, self.right
        nodes["feature"], nodes["threshold"] = self.feature, self.threshold
        tree = Tree(self.width, np.ones(1, dtype=np.intp), 1)
        tree.__setstate__({"max_depth": len(nodes), "node_count": len(nodes), "nodes": nodes, "values": np.zeros((len(nodes), 1, 1))})
        return tree

    def apply(self, matrix: Array) -> Array:
        """Return each row's leaf.

        Parameters
        ----------
        matrix : ndarray of float32, shape (rows, width)
        """
        return np.asarray(self._leaf[self._tree.apply(matrix)])

    def to_arrays(self) -> dict[str, Array]:
        """The splits by name."""
        return {name: getattr(self, name) for name in _FIELDS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], width: int) -> Nodes:
        """Build splits from `to_arrays`'s mapping.

        Raises
        ------
        RecordError
            They aren't a tree over so many columns.
        """
        feature, threshold, left, right = (np.asarray(arrays[name]) for name in _FIELDS)
        if any(array.ndim != 1 for array in (feature, threshold, left, right)) or {
            feature.dtype.kind,
            left.dtype.kind,
            right.dtype.kind,
        } != {"i"}:
            raise RecordError("A tree's nodes must be lists of numbers; these aren't.", fix=_FIX)
        size, inner = len(feature), feature >= 0
        children = np.sort(np.concatenate([left[inner], right[inner]]))
        after = np.minimum(left, right)[inner] > np.flatnonzero(inner)
        sound = (
            size > 0
            and len(threshold) == len(left) == len(right) == size
            and bool((feature < width).all())
            and bool((np.maximum(left, right)[~inner] == -1).all())
            and np.array_equal(children, np.arange(1, size))
            and bool(after.all())
        )
        if not sound:
            raise RecordError(
                f"A tree's {size:,} nodes must each be reached once, from a node before them, and split on one of {width:,} columns; "
                "these don't.",
                fix=_FIX,
            )
        return cls(feature.astype("i4"), threshold.astype("f8"), left.astype("i4"), right.astype("i4"), width)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.to_arrays(), "width": self.width}


def _cut(feature: Array, threshold: Array, left: Array, right: Array, kept: Array, root: int = 0) -> tuple[Array, Array, Array, Array]:
    """Nodes that are still reached when only some splits are kept, numbered anew in the same order."""
    reached = np.zeros(len(kept), dtype=bool)
    reached[root] = True
    for node in np.flatnonzero(kept):
        if reached[node]:
            reached[left[node]] = reached[right[node]] = True
    numbers = np.cumsum(reached) - 1
    inner = kept[reached]
    return (
        np.where(inner, feature[reached], -1).astype("i4"),
        np.where(inner, threshold[reached], 0.0),
        np.where(inner, numbers[left[reached]], -1).astype("i4"),
        np.where(inner, numbers[right[reached]], -1).astype("i4"),
    )
