"""Missing cells of one column, drawn from the observed cells of rows that are alike: a tree's leaf.

Burgette and Reiter (2010), "Multiple imputation for missing data via sequential regression trees",
American Journal of Epidemiology 172(9), 1070-1076, doi:10.1093/aje/kwq260; Doove, van Buuren and
Dusseldorp (2014), "Recursive partitioning for missing data imputation in the presence of interaction
effects", Computational Statistics & Data Analysis 72, 92-104, doi:10.1016/j.csda.2013.10.025.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.tree import DecisionTreeRegressor

from synthnb.engines._encoding.table import MINUS_INFINITY, ORDINARY, PLUS_INFINITY, Table

__all__ = ["Chained"]

Array = np.ndarray[Any, Any]

_FEW_LEVELS = 12
_COORDINATES = 4


class Chained:
    """Rows whose missing cells hold draws, one column's improved at a time.

    Parameters
    ----------
    table : Table
        The rows.
    missing : ndarray of bool, shape (rows, columns)
        Which cells are missing; each is first drawn from its column's observed ones.
    leaf : int
        Fewest rows in a leaf.
    rng : numpy.random.Generator
        For these first draws.
    """

    def __init__(self, table: Table, missing: Array, leaf: int, rng: np.random.Generator) -> None:
        self.codes = table.positions.copy()
        """Positions, missing cells filled by the last draw."""
        coders = table.coders
        self._coders = coders
        for j, coder in enumerate(coders):  # infinite cells aren't drawn, but tell something of the others
            self.codes[table.states[:, j] == PLUS_INFINITY, j] = coder.size
            self.codes[table.states[:, j] == MINUS_INFINITY, j] = -1.0
        self._missing = missing
        self._donors = table.states == ORDINARY
        self._leaf = leaf
        self._plain = [j for j, coder in enumerate(coders) if coder.size > 1 and (coder.ordered or coder.size == 2)]
        self._levels = [j for j, coder in enumerate(coders) if coder.size > 2 and not coder.ordered]
        for j in np.flatnonzero(missing.any(axis=0)).tolist():
            observed = table.positions[self._donors[:, j], j]
            if len(observed):
                self.codes[missing[:, j], j] = observed[rng.integers(len(observed), size=int(missing[:, j].sum()))]

    def redraw(self, j: int, rng: np.random.Generator) -> None:
        """Draw a column's missing cells anew, given all other columns.

        The tree is grown on a bootstrap sample of the rows with an observed cell, and its leaves hold
        that sample, so that what isn't known about the tree shows between replicates.
        """
        observed = np.flatnonzero(self._donors[:, j])
        gone = np.flatnonzero(self._missing[:, j])
        sample = observed[rng.integers(len(observed), size=len(observed))]
        target = self.codes[sample, j]
        matrix = self._matrix(j, sample, target)
        if not matrix.shape[1] or np.ptp(target) == 0 or len(observed) < 2 * self._leaf:
            self.codes[gone, j] = target[rng.integers(len(target), size=len(gone))]
            return
        tree = DecisionTreeRegressor(min_samples_leaf=self._leaf, random_state=int(rng.integers(2**31)))
        tree.fit(matrix[sample], self._scores(j, target, matrix[sample]))
        self.codes[gone, j] = _drawn(tree.apply(matrix[sample]), target, tree.apply(matrix[gone]), rng)

    def _scores(self, j: int, target: Array, others: Array) -> Array:
        """What the tree predicts: mid-ranks, one score per level if they are few, else a few coordinates."""
        coder = self._coders[j]
        if coder.ordered:
            return coder.ranks(target)
        codes = target.astype("i8")
        if coder.size <= _FEW_LEVELS:
            return np.asarray(np.eye(coder.size)[codes])
        ranked = np.argsort(np.argsort(others, axis=0, kind="stable"), axis=0) / len(others) - 0.5
        means = _means(codes, coder.size, ranked, self._leaf)
        _, _, axes = np.linalg.svd(means * np.sqrt(np.bincount(codes, minlength=coder.size))[:, None], full_matrices=False)
        return np.asarray((means @ axes[:_COORDINATES].T)[codes])

    def _matrix(self, j: int, sample: Array, target: Array) -> Array:
        """All other columns as numbers; levels are ordered by the target's mean rank (or first level's share) in the sample."""
        plain, levels = [k for k in self._plain if k != j], [k for k in self._levels if k != j]
        coder = self._coders[j]
        outcome = coder.ranks(target) if coder.ordered else (target == np.bincount(target.astype("i8")).argmax()).astype("f8")
        parts = [self.codes[:, k] for k in plain]
        for k in levels:
            codes = self.codes[:, k].astype("i8")
            means = _means(codes[sample], self._coders[k].size, outcome[:, None] - outcome.mean(), self._leaf)
            parts.append(means[codes, 0])
        return np.column_stack(parts).astype("f4") if parts else np.empty((len(self.codes), 0), dtype="f4")


def _means(codes: Array, size: int, scores: Array, shrink: int) -> Array:
    """Mean scores per level, drawn towards 0 as if each level had ``shrink`` further rows there."""
    sums = np.column_stack([np.bincount(codes, weights=column, minlength=size) for column in scores.T])
    return np.asarray(sums / (np.bincount(codes, minlength=size) + shrink)[:, None])


def _drawn(leaves: Array, target: Array, wanted: Array, rng: np.random.Generator) -> Array:
    """A donor for each wanted leaf, all of the leaf's equally likely."""
    order = np.argsort(leaves, kind="stable")
    starts = np.searchsorted(leaves[order], wanted, side="left")
    sizes = np.searchsorted(leaves[order], wanted, side="right") - starts
    return np.asarray(target[order[starts + rng.integers(sizes)]])
