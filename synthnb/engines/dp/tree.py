"""The method ``tree``: pairs of columns along a spanning tree chosen in private, and consistent tables in closed form.

After McKenna, Miklau & Sheldon (2021), "Winning the NIST Contest: A scalable and general approach
to differentially private synthetic data", arXiv 2108.04978 (the mechanism MST).

The score of a pair is the sum, over the cells of its table, of |count - what independence predicts|,
less the noise expected in the table. The prediction comes from noisy counts, so that it is fixed before the
score looks at the data; one row more or less changes one count by 1 and so the score by at most 1.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from synthnb.engines.dp.bins import Marginal, onto_simplex
from synthnb.engines.dp.graph import Clique, Graph

if TYPE_CHECKING:
    from collections.abc import Callable

    from synthnb.engines.dp.noise import Noise

__all__ = ["Pair", "consistent", "expected_noise", "grow_tree", "independent", "pair_counts"]

Array = np.ndarray[Any, Any]

_PROJECTIONS = 200


class Pair(NamedTuple):
    """A measured pair of columns."""

    columns: tuple[int, int]
    """The lower first."""
    counts: Array
    """float64, bins by bins: with noise."""
    variance: float
    """Variance of the noise."""


def expected_noise(variance: float, cells: int) -> float:
    """Expected sum of the absolute noise in a table: ``cells σ √(2/π)``."""
    return float(cells * np.sqrt(2.0 * variance / np.pi))


def pair_counts(codes: Array, columns: Sequence[int], sizes: Sequence[int]) -> Array:
    """Exact counts over the bins of some columns."""
    shape = [sizes[column] for column in columns]
    at = np.ravel_multi_index(tuple(codes[:, column] for column in columns), shape)
    return np.bincount(at, minlength=int(np.prod(shape))).reshape(shape)


def grow_tree(
    codes: Array,
    marginals: Sequence[Marginal],
    rows: float,
    *,
    epsilon: Fraction,
    variance: Fraction,
    noise: Noise,
    told: Callable[[int], None],
) -> list[Pair]:
    """Choose and count the pairs of a spanning tree.

    Parameters
    ----------
    codes : ndarray of int, rows by columns
        Bins of the real rows.
    marginals : sequence of Marginal
        Noisy distributions of the columns.
    rows : float
        Noisy number of rows.
    epsilon, variance : Fraction
        ε of each choice and variance of the noise in each table.
    noise : Noise
        Where the randomness comes from.
    told : callable
        Is told how many pairs have been counted.
    """
    sizes = [marginal.bins for marginal in marginals]
    candidates = list(itertools.combinations(range(len(sizes)), 2))
    scores = np.array([_score(codes, marginals, rows, pair, float(variance)) for pair in candidates], dtype="i8")
    group = list(range(len(sizes)))
    pairs: list[Pair] = []
    while len(pairs) < len(sizes) - 1:
        open_ = [i for i, (a, b) in enumerate(candidates) if group[a] != group[b]]
        a, b = candidates[open_[noise.choose(scores[open_], epsilon)]]
        true = pair_counts(codes, (a, b), sizes)
        noisy = true.ravel() + noise.gaussian(variance, true.size)
        pairs.append(Pair((a, b), noisy.reshape(true.shape).astype("f8"), float(variance)))
        group = [group[a] if label == group[b] else label for label in group]
        told(len(pairs))
    return pairs


def _score(codes: Array, marginals: Sequence[Marginal], rows: float, pair: tuple[int, int], variance: float) -> int:
    a, b = pair
    predicted = np.rint(rows * np.outer(marginals[a].shares, marginals[b].shares)).astype("i8")
    true = pair_counts(codes, pair, [marginal.bins for marginal in marginals])
    return int(np.abs(true - predicted).sum()) - round(expected_noise(variance, true.size))


def consistent(marginals: Sequence[Marginal], pairs: Sequence[Pair], rows: float) -> Graph:
    """The tree's tables: consistent, non-negative, weighted by the variance of their noise.

    Each column's counts are the mean, weighted by inverse variance, of its own noisy counts and of the
    row or column sums of the noisy tables it is in. Each table is then moved to the nearest one, by squared
    distance, that has these sums and no negative count (Dykstra's alternating projections).
    """
    totals = [_column_counts(j, marginal, pairs, rows) for j, marginal in enumerate(marginals)]
    tables = {pair.columns: _table(pair.counts, totals[pair.columns[0]], totals[pair.columns[1]]) / rows for pair in pairs}
    sizes = tuple(marginal.bins for marginal in marginals)
    if not tables:
        return independent(marginals)
    tree: list[Clique] = []
    ordered: list[Array] = []
    placed: dict[int, int] = {}
    left = list(tables)
    while left:
        columns = next(pair for pair in left if not placed or placed.keys() & set(pair))
        left.remove(columns)
        ordered.append(tables[columns])
        shared = tuple(column for column in columns if column in placed)
        tree.append(Clique(columns, placed[shared[0]] if shared else -1, shared))
        for column in columns:
            placed.setdefault(column, len(tree) - 1)
    return Graph(sizes, tuple(tree), tuple(ordered))


def independent(marginals: Sequence[Marginal]) -> Graph:
    """Columns without any dependence."""
    tree = tuple(Clique((j,), -1, ()) for j in range(len(marginals)))
    return Graph(tuple(marginal.bins for marginal in marginals), tree, tuple(marginal.shares for marginal in marginals))


def _column_counts(j: int, marginal: Marginal, pairs: Sequence[Pair], rows: float) -> Array:
    weight = 1.0 / marginal.variance
    total = marginal.shares * rows * weight
    for pair in pairs:
        if j in pair.columns:
            axis = 1 - pair.columns.index(j)
            precision = 1.0 / (pair.variance * pair.counts.shape[axis])
            total = total + pair.counts.sum(axis=axis) * precision
            weight = weight + precision
    return onto_simplex(total / weight, rows)


def _table(counts: Array, by_row: Array, by_column: Array) -> Array:
    """The nearest table with given sums and no negative cell."""
    table, correction = counts, np.zeros_like(counts)
    for _ in range(_PROJECTIONS):
        fitting = _with_sums(table, by_row, by_column)
        table = np.maximum(fitting + correction, 0.0)
        correction = fitting + correction - table
        if np.abs(fitting - table).max() < 1e-6 * by_row.sum():
            break
    return _scaled(table, by_row, by_column)


def _with_sums(table: Array, by_row: Array, by_column: Array) -> Array:
    rows = by_row - table.sum(axis=1)
    columns = by_column - table.sum(axis=0)
    return np.asarray(table + rows[:, None] / table.shape[1] + columns[None, :] / table.shape[0] - rows.sum() / table.size)


def _scaled(table: Array, by_row: Array, by_column: Array) -> Array:
    """Sums made exact by proportional fitting, which keeps zeros and signs."""
    table = table + 1e-9 * np.outer(by_row, by_column) / max(by_row.sum(), 1e-300)
    for _ in range(50):
        table = table * (by_row / np.maximum(table.sum(axis=1), 1e-300))[:, None]
        table = table * (by_column / np.maximum(table.sum(axis=0), 1e-300))[None, :]
    return np.asarray(table)
