"""A forest whose leaves hold rows in which the columns no longer depend on one another.

::

    real rows  ─┐                         real rows      ─┐
                ├─► trees tell apart ──►  resampled in    ├─► trees tell apart ──► … until they can't
    shuffled   ─┘   (split)               the new leaves ─┘   (split further)

Each tree starts with all rows in one leaf. In a round, every leaf that is large enough is set
against as many rows whose cells are drawn column by column from the same leaf; a tree that tells
the two apart splits the leaf where the columns depend on one another. Rounds end when rows held
out of the splitting are no longer told apart.

Watson, Blesch, Kapar and Wright (2023), "Adversarial random forests for density estimation and
generative modeling", AISTATS, arXiv:2205.09435, is the method's source. There each round grows
a new forest from the root; here it splits the leaves of the last one further, so that what an
earlier round found is kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from synthnb._random import generator
from synthnb.engines._encoding.table import MINUS_INFINITY, MISSING, ORDINARY, PLUS_INFINITY, Table

if TYPE_CHECKING:
    from synthnb.engines._encoding.table import Coder
    from synthnb.engines.base import Progress

__all__ = ["Forest", "grow_forest"]

Array = np.ndarray[Any, Any]

_GROWN = 20_000
_IN_BAG = 0.632
_MOST_ROUNDS = 5
_PROBES = 10
_TOLERANCE = 0.02
_DIRECTIONS = 16
_FEW_LEVELS = 12
_THREADS = 2


@dataclass(frozen=True)
class Forest:
    """Which leaf each row falls into, tree by tree."""

    leaves: tuple[Array, ...]
    """int32 per tree: each row's leaf, counted from 0."""
    accuracies: tuple[float, ...]
    """By round: the share of held-out rows, real and resampled, told correctly; the last one ended the growth."""


def grow_forest(table: Table, *, leaf: int, trees: int, seed: int, progress: Progress | None = None) -> Forest:
    """Grow a forest on a table's rows.

    Parameters
    ----------
    table : Table
        The rows to learn.
    leaf : int
        Fewest rows in a leaf.
    trees : int
        How many trees.
    seed : int
        The run's.
    progress : Progress, optional
        Told of each tree of each round.
    """
    places = _Places(table, seed)
    leaves = [np.zeros(table.rows, dtype="i4") for _ in range(trees)]
    accuracies: list[float] = []
    for number in range(_MOST_ROUNDS):
        grower = _Round(table, places, leaf, seed, number)
        probes = _PROBES if number else trees
        grown = list(_grown(grower, leaves[:probes], 0, trees, progress))
        correct, judged = sum(part.correct for part in grown), sum(part.judged for part in grown)
        if not judged:
            break
        accuracies.append(correct / judged)
        if number and accuracies[-1] <= 0.5 + _TOLERANCE:
            break
        grown += _grown(grower, leaves[probes:], probes, trees, progress)
        leaves = [part.leaves for part in grown]
    return Forest(tuple(leaves), tuple(accuracies))


def _grown(grower: _Round, leaves: list[Array], first: int, trees: int, progress: Progress | None) -> Iterator[_Grown]:
    """Split some trees' leaves, in order; each draws from a generator of its own, so threads change nothing."""
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
        for done, part in enumerate(pool.map(grower, range(first, first + len(leaves)), leaves)):
            if progress:
                progress(first + done, trees, f"tree {first + done + 1}, round {grower.number + 1}")
            yield part


class _Grown(NamedTuple):
    """A tree's leaves after a round."""

    leaves: Array
    """int32: each row's leaf."""
    correct: int
    """Held-out rows, real and resampled, told correctly."""
    judged: int
    """Of how many."""


@dataclass(frozen=True)
class _Round:
    """Splits the leaves of one tree."""

    table: Table
    places: _Places
    leaf: int
    seed: int
    number: int

    def __call__(self, tree: int, leaves: Array) -> _Grown:
        """Split one tree's leaves."""
        rng = generator(self.seed, "fit", "forest", self.number, tree)
        matrix = _matrix(self.table, self.places.orders(generator(self.seed, "fit", "level orders", tree)))
        order = np.argsort(leaves, kind="stable")
        sizes = np.bincount(leaves)
        found = np.empty(len(leaves), dtype="i4")
        correct = judged = following = 0
        for rows in np.split(order, np.cumsum(sizes)[:-1]):
            if len(rows) < 2 * self.leaf:
                found[rows] = following
                following += 1
                continue
            parts, right, seen = self._split(matrix, rows, rng)
            found[rows] = parts + following
            following += int(parts.max()) + 1
            correct += right
            judged += seen
        return _Grown(found, correct, judged)

    def _split(self, matrix: Array, rows: Array, rng: np.random.Generator) -> tuple[Array, int, int]:
        """Split one leaf's rows where a tree tells them from rows resampled column by column."""
        size, width = len(rows), matrix.shape[1]
        bag = max(2, min(round(_IN_BAG * size), _GROWN))
        shuffled = rows[rng.permutation(size)]
        real, held = matrix[shuffled[:bag]], matrix[shuffled[bag : 2 * bag]]
        made = matrix[rows[rng.integers(size, size=(bag + len(held), width))], np.arange(width)]
        least = max(2, round(self.leaf * bag / size))
        model = DecisionTreeClassifier(min_samples_leaf=least, max_features="sqrt", random_state=int(rng.integers(2**31)))
        model.fit(np.concatenate([real, made[:bag]]), np.repeat([1, 0], bag))
        correct = int(model.predict(held).sum() + (model.predict(made[bag:]) == 0).sum()) if len(held) else 0
        return _partition(model.tree_, matrix[rows], self.leaf), correct, 2 * len(held)


def _partition(tree: Any, matrix: Array, leaf: int) -> Array:
    """Each row's leaf; a split that would leave fewer than ``leaf`` rows on a side is passed over."""
    found = np.empty(len(matrix), dtype="i4")
    following = 0
    pending = [(0, np.arange(len(matrix)))]
    while pending:
        node, rows = pending.pop()
        while tree.children_left[node] >= 0 and len(rows) >= 2 * leaf:
            low = matrix[rows, tree.feature[node]] <= tree.threshold[node]
            count = int(low.sum())
            left, right = tree.children_left[node], tree.children_right[node]
            if count < leaf:
                node = right
            elif len(rows) - count < leaf:
                node = left
            else:
                pending.append((right, rows[~low]))
                node, rows = left, rows[low]
        found[rows] = following
        following += 1
    return found


class _Places:
    """Where the levels of unordered columns stand, by what the other columns are like there."""

    def __init__(self, table: Table, seed: int) -> None:
        rng = generator(seed, "fit", "level places")
        parts = [_projected(table, j, rng) for j in range(len(table.coders))]
        total = sum(parts, np.zeros((table.rows, _DIRECTIONS), dtype="f4"))
        self._places = [_places(table, j, total - part) for j, part in enumerate(parts)]

    def orders(self, rng: np.random.Generator) -> list[Array | None]:
        """One tree's order of each unordered column's levels, along a direction of its own."""
        directions = rng.standard_normal((len(self._places), _DIRECTIONS))
        return [None if at is None else _ranks(at @ way) for at, way in zip(self._places, directions, strict=True)]


def _ranks(values: Array) -> Array:
    return np.argsort(np.argsort(values, kind="stable"), kind="stable").astype("f4")


def _projected(table: Table, j: int, rng: np.random.Generator) -> Array:
    """A column as comparable numbers (ranks, or one per level if they are few), projected onto random directions."""
    coder, positions = table.coders[j], table.positions[:, j]
    here = table.states[:, j] == ORDINARY
    ways = rng.standard_normal((max(coder.size, 1), _DIRECTIONS)).astype("f4")
    if coder.ordered or coder.size == 2:
        return np.asarray(np.where(here, coder.ranks(positions) - 0.5, 0.0)[:, None].astype("f4") * ways[:1])
    if coder.size > _FEW_LEVELS:
        return np.zeros((table.rows, _DIRECTIONS), dtype="f4")
    return np.asarray(ways[positions.astype("i8") % max(coder.size, 1)] * here[:, None] / np.float32(np.sqrt(2)))


def _places(table: Table, j: int, others: Array) -> Array | None:
    """Mean of the other columns' projections per level, shrunk so that a level of few rows tells little about them."""
    coder = table.coders[j]
    if coder.ordered or coder.size <= 2:
        return None
    here = table.states[:, j] == ORDINARY
    codes, others = table.positions[here, j].astype("i8"), others[here] - others[here].mean(axis=0)
    sums = np.column_stack([np.bincount(codes, weights=column, minlength=coder.size) for column in others.T])
    return np.asarray(sums / (np.bincount(codes, minlength=coder.size) + _DIRECTIONS)[:, None])


def _matrix(table: Table, orders: list[Array | None]) -> Array:
    """Rows as the numbers a tree splits on; cells without a value lie beyond the others."""
    matrix = np.empty(table.positions.shape, dtype="f4")
    for j, (coder, order) in enumerate(zip(table.coders, orders, strict=True)):
        matrix[:, j] = table.positions[:, j] if order is None else order[table.positions[:, j].astype("i8")]
        for state, mark in _marks(coder):
            matrix[table.states[:, j] == state, j] = mark
    return matrix


def _marks(coder: Coder) -> tuple[tuple[int, float], ...]:
    return (MISSING, -1.0), (PLUS_INFINITY, float(coder.size)), (MINUS_INFINITY, -2.0)
