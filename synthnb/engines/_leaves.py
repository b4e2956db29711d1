"""One column given the earlier ones: a regression tree whose leaves are drawn from.

The tree splits on scores of the target: mid-ranks for an ordered column, one score
per level for a category (which makes the split criterion the Gini index), and a few
coordinates for a category with many levels, so that cost doesn't grow with them.
Levels of an earlier category are put in the order of the target's mean scores,
shrunk so that a level of few rows tells nothing about those rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from synthnb.engines._encode import Coder

__all__ = ["Leaves", "Predictors", "grow"]

Array = np.ndarray[Any, Any]

_MANY_LEVELS = 12
_COORDINATES = 4
_CHANCE = 8.0
"""Residual variances a split must gain; the largest of many chance splits gains about twice the logarithm of their number."""
_REACH = 0.7
"""How far a value moves among its leaf's sorted ones, in square roots of the leaf's size."""


@dataclass(frozen=True)
class Predictors:
    """Earlier columns of some rows: one array of positions per column, -1 where there is no value, and flags."""

    coders: tuple[Coder, ...]
    positions: tuple[Array, ...]
    flags: Array
    """float32, rows by flags: which cells of the row are missing."""

    def rows(self, index: Array) -> Predictors:
        """Return some of the rows."""
        return Predictors(self.coders, tuple(column[index] for column in self.positions), self.flags[index])


@dataclass(frozen=True)
class Leaves:
    """A grown tree and the positions in each of its leaves."""

    tree: Any
    """scikit-learn's low-level tree; None for a column drawn from all rows alike."""
    homes: Array
    """For each of the tree's nodes, the one whose rows are drawn from: itself, or where pruning stopped."""
    orders: tuple[Array | None, ...]
    """Per earlier column, the numbers its levels are replaced by; None where it has an order."""
    starts: Array
    """Where each leaf begins in ``donors``."""
    sizes: Array
    """How many rows each leaf holds."""
    donors: Array
    """Positions of the training rows, leaf by leaf, sorted within a leaf if ordered."""
    kept: Array
    """Which positions are drawn as they are."""

    def draw(self, given: Predictors, uniforms: Array) -> Array:
        """Return positions for rows of earlier columns.

        Parameters
        ----------
        given : Predictors
            The rows.
        uniforms : ndarray of float64, shape (rows, 2)
            From 0 to 1: which row of the leaf, and where about it.
        """
        leaf = self.homes[self.tree.apply(_matrix(given, self.orders))] if self.tree is not None else np.zeros(len(uniforms), dtype="i8")
        starts, sizes = self.starts[leaf], self.sizes[leaf]
        place = np.minimum((uniforms[:, 0] * sizes).astype("i8"), sizes - 1)
        drawn = self.donors[starts + place]
        reach = np.ceil(_REACH * np.sqrt(sizes)).astype("i8")
        low = self.donors[starts + np.maximum(place - reach, 0)]
        high = self.donors[starts + np.minimum(place + reach, sizes - 1)]
        moved = low + uniforms[:, 1] * (high - low)
        return np.asarray(np.where(self.kept[drawn.astype("i8")], drawn, moved))


def grow(coder: Coder, target: Array, given: Predictors, *, leaf: int, seed: int) -> Leaves:
    """Grow a column's tree on the earlier columns.

    Parameters
    ----------
    coder : Coder
        The target column's.
    target : ndarray of float64
        Its positions, one per row; every row has one.
    given : Predictors
        The same rows of the earlier columns.
    leaf : int
        Fewest rows in a leaf.
    seed : int
        Breaks ties between equally good splits.
    """
    scores = _scores(coder, target, given, leaf)
    if scores is None or len(target) < 2 * leaf or not (given.coders or given.flags.shape[1]):
        return _leaves(coder, target, None, np.zeros(1, dtype="i8"), (), np.zeros(len(target), dtype="i8"))
    from sklearn.tree import DecisionTreeRegressor

    orders = tuple(_order(c, p, scores, leaf) for c, p in zip(given.coders, given.positions, strict=True))
    matrix = _matrix(given, orders)
    tree = DecisionTreeRegressor(min_samples_leaf=leaf, random_state=seed).fit(matrix, scores).tree_
    homes = _pruned(tree)
    return _leaves(coder, target, tree, homes, orders, homes[tree.apply(matrix)])


def _leaves(coder: Coder, target: Array, tree: Any, homes: Array, orders: tuple[Array | None, ...], leaf: Array) -> Leaves:
    order = np.lexsort((target, leaf))
    sizes = np.bincount(leaf)
    return Leaves(tree, homes, orders, np.cumsum(sizes) - sizes, sizes, target[order], coder.kept)


def _pruned(tree: Any) -> Array:
    """For each node, the one drawn from: splits that gain less than `_CHANCE` residual variances are taken back."""
    left, right, rows = tree.children_left, tree.children_right, tree.n_node_samples
    here = tree.impurity * rows
    below, splits = here.copy(), np.zeros(len(left))
    homes = np.arange(len(left))
    for node in range(len(left) - 1, -1, -1):
        a, b = left[node], right[node]
        if a < 0:
            continue
        below[node], splits[node] = below[a] + below[b], splits[a] + splits[b] + 1
        if (here[node] - below[node]) * rows[node] <= _CHANCE * splits[node] * below[node]:
            below[node], splits[node] = here[node], 0.0
    for node in range(len(left)):
        if left[node] >= 0 and (splits[node] == 0 or homes[node] != node):
            homes[[left[node], right[node]]] = homes[node]
    return homes


def _scores(coder: Coder, target: Array, given: Predictors, leaf: int) -> Array | None:
    """What the tree predicts, rows by outputs; None if there is nothing to tell apart."""
    if coder.size < 2 or np.ptp(target) == 0:
        return None
    if coder.ordered:
        return coder.ranks(target).reshape(-1, 1)
    codes = target.astype("i8")
    if coder.size <= _MANY_LEVELS:
        return np.asarray(np.eye(coder.size)[codes][:, : coder.size if coder.size > 2 else 1])
    return np.asarray(_coordinates(codes, coder.size, given, leaf)[codes])


def _coordinates(codes: Array, size: int, given: Predictors, leaf: int) -> Array:
    """Put many levels in a few dimensions, by the earlier columns' means within each."""
    parts = [_features(c, p) for c, p in zip(given.coders, given.positions, strict=True)]
    features = np.column_stack([*parts, given.flags]) if parts else given.flags
    if not features.shape[1]:
        return np.zeros((size, 1))
    means = _level_means(codes, size, features - features.mean(axis=0), leaf)
    return _projected(means, np.bincount(codes, minlength=size), _COORDINATES)


def _projected(means: Array, counts: Array, dimensions: int) -> Array:
    """Means on their principal axes, levels weighted by their rows."""
    _, _, axes = np.linalg.svd(means * np.sqrt(counts)[:, None], full_matrices=False)
    return np.asarray(means @ axes[:dimensions].T)


def _features(coder: Coder, positions: Array) -> Array:
    """An earlier column as comparable numbers: ranks, or one column per level if they are few."""
    here = positions >= 0
    if coder.ordered or coder.size == 2:
        return np.where(here, coder.ranks(np.maximum(positions, 0)), 0.5).reshape(-1, 1)
    if coder.size > _MANY_LEVELS:
        return np.empty((len(positions), 0))
    return np.asarray(np.eye(coder.size)[np.maximum(positions, 0).astype("i8")] * here[:, None] / np.sqrt(2))


def _level_means(codes: Array, size: int, scores: Array, leaf: int) -> Array:
    """Mean scores per level, drawn towards 0 as if each level had ``leaf`` further rows there."""
    sums = np.column_stack([np.bincount(codes, weights=column, minlength=size) for column in scores.T])
    return np.asarray(sums / (np.bincount(codes, minlength=size) + leaf)[:, None])


def _order(coder: Coder, positions: Array, scores: Array, leaf: int) -> Array | None:
    """Numbers for an unordered column's levels (and its missing cells, last) that follow the target."""
    if coder.ordered or coder.size <= 2:
        return None
    codes = np.where(positions < 0, coder.size, positions).astype("i8")
    means = _level_means(codes, coder.size + 1, scores - scores.mean(axis=0), leaf)
    if means.shape[1] == 1:
        return means[:, 0].astype("f4")
    return np.asarray(_projected(means, np.bincount(codes, minlength=coder.size + 1), 1)[:, 0], dtype="f4")


def _matrix(given: Predictors, orders: tuple[Array | None, ...]) -> Array:
    """Earlier columns as the numbers a tree splits on."""
    matrix = np.empty((len(given.flags), len(given.positions) + given.flags.shape[1]), dtype="f4")
    for j, (positions, order) in enumerate(zip(given.positions, orders, strict=True)):
        matrix[:, j] = positions if order is None else order[np.where(positions < 0, -1, positions).astype("i8")]
    matrix[:, len(given.positions) :] = given.flags
    return matrix
