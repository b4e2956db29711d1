"""A distribution over columns' bins as a junction tree: built, drawn from, and conditioned exactly.

::

    clique 0 (a, b) ── b ── clique 1 (b, c)          P(a,b) · P(c | b) · P(d | b, c)
                       └─ b, c ── clique 2 (b, c, d)

Each clique adds its own columns to those it shares with an earlier clique (its separator).
Evidence, a weight for each bin of a column, is gathered from the last clique to the first and
rows are then drawn from the first to the last (Koller & Friedman 2009, chapter 10).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Clique", "Graph", "Tree", "junction_tree", "tree_cells"]

Array = np.ndarray[Any, Any]
Columns = tuple[int, ...]

_CELLS_AT_ONCE = 4_000_000
_BLEND = 1e-6


class Clique(NamedTuple):
    """A set of columns whose joint distribution is kept."""

    columns: Columns
    """In increasing order."""
    parent: int
    """The earlier clique it hangs from; -1 for none."""
    shared: Columns
    """The columns it shares with it."""


Tree = tuple[Clique, ...]


def junction_tree(sets: Iterable[Columns], sizes: Sequence[int]) -> Tree:
    """A junction tree whose cliques hold every one of some sets of columns.

    Columns are eliminated greedily, the one whose clique has the fewest cells first; the
    cliques are then joined by a spanning tree of largest separators.
    """
    neighbours: dict[int, set[int]] = {column: set() for column in range(len(sizes))}
    for columns in sets:
        for a, b in itertools.permutations(columns, 2):
            neighbours[a].add(b)
    found: list[frozenset[int]] = []
    while neighbours:
        best = min(neighbours, key=lambda column: (_cells({column, *neighbours[column]}, sizes), column))
        around = neighbours.pop(best)
        found.append(frozenset({best, *around}))
        for a in around:
            neighbours[a] = (neighbours[a] | around) - {a, best}
    maximal = [clique for clique in dict.fromkeys(found) if not any(clique < other for other in found)]
    return _joined([tuple(sorted(clique)) for clique in maximal])


def _joined(cliques: list[Columns]) -> Tree:
    """Cliques in an order in which each hangs from an earlier one."""
    tree = [Clique(cliques[0], -1, ())]
    left = cliques[1:]
    while left:
        shared, _, parent, columns = max(
            (len(set(columns) & set(clique.columns)), -i, -p, columns) for i, columns in enumerate(left) for p, clique in enumerate(tree)
        )
        own = tuple(sorted(set(columns) & set(tree[-parent].columns)))
        tree.append(Clique(columns, -parent if shared else -1, own))
        left.remove(columns)
    return tuple(tree)


def tree_cells(tree: Tree, sizes: Sequence[int]) -> int:
    """How many cells a junction tree's tables hold."""
    return sum(_cells(clique.columns, sizes) for clique in tree)


def _cells(columns: Iterable[int], sizes: Sequence[int]) -> int:
    cells = 1
    for column in columns:
        cells *= sizes[column]
    return cells


class _Plan(NamedTuple):
    """How one clique is drawn: a matrix over the cells of its separator and of its own columns."""

    own: Columns
    chance: Array
    """P(own cell | separator cell)."""
    cumulative: Array
    """The same, cumulative, row after row: row i runs from i to i + 1."""
    own_codes: Array
    """Bins of each own column, by own cell."""
    children: tuple[tuple[int, Array], ...]
    """Cliques that hang from this one, and their separator's cell for each cell of this one."""


@dataclass(frozen=True)
class Graph:
    """A distribution over bins."""

    sizes: tuple[int, ...]
    """Bins of each column."""
    tree: Tree
    """The cliques."""
    tables: tuple[Array, ...]
    """Each clique's joint shares, consistent between cliques."""

    @cached_property
    def _plans(self) -> tuple[_Plan, ...]:
        return tuple(self._plan(i) for i in range(len(self.tree)))

    def _plan(self, i: int) -> _Plan:
        clique = self.tree[i]
        own = tuple(column for column in clique.columns if column not in clique.shared)
        order = [clique.columns.index(column) for column in (*clique.shared, *own)]
        table = self._blended(i).transpose(order).reshape(_cells(clique.shared, self.sizes), -1)
        chance = table / table.sum(axis=1, keepdims=True)
        cumulative = np.minimum(np.cumsum(chance, axis=1), 1.0)
        cumulative[:, -1] = 1.0
        codes = np.indices([self.sizes[column] for column in (*clique.shared, *own)]).reshape(len(order), -1)
        by_column = dict(zip((*clique.shared, *own), codes, strict=True))
        children = tuple(
            (c, _cell_of([by_column[column] for column in child.shared], child.shared, self.sizes, codes.shape[1]).reshape(table.shape))
            for c, child in enumerate(self.tree)
            if child.parent == i
        )
        own_codes = np.indices([self.sizes[column] for column in own]).reshape(len(own), -1)
        return _Plan(own, chance, (cumulative + np.arange(len(cumulative))[:, None]).ravel(), own_codes, children)

    def _blended(self, i: int) -> Array:
        """A clique's table with a trace of independence, so that every combination can be conditioned on."""
        table = np.maximum(self.tables[i], 0.0)
        table = table / table.sum()
        product = np.ones(())
        for axis in range(table.ndim):
            share = table.sum(axis=tuple(other for other in range(table.ndim) if other != axis))
            product = np.multiply.outer(product, (1 - _BLEND) * share + _BLEND / len(share))
        return np.asarray((1 - _BLEND) * table + _BLEND * product)

    def draw(self, uniforms: Array, evidence: dict[int, Array] | None = None) -> tuple[Array, Array]:
        """Draw bins.

        Parameters
        ----------
        uniforms : ndarray of float, rows by cliques
            From 0 to 1; row r of the result depends on row r alone.
        evidence : dict of int to ndarray, optional
            By column a weight for each bin: one row for all, or one per row drawn.

        Returns
        -------
        codes : ndarray of int64, rows by columns
        possible : ndarray of bool
            Whether the evidence leaves a row any chance; where not, its bins mean nothing.
        """
        rows = len(uniforms)
        codes = np.zeros((rows, len(self.sizes)), dtype="i8")
        if not evidence:
            for i, plan in enumerate(self._plans):
                at = self._separator(i, codes)
                cell = np.searchsorted(plan.cumulative, uniforms[:, i] + at, side="right") - at * plan.chance.shape[1]
                self._place(codes, plan, np.clip(cell, 0, plan.chance.shape[1] - 1))
            return codes, np.ones(rows, dtype=bool)
        possible = np.ones(rows, dtype=bool)
        patterns, which = _patterns(evidence, rows)
        size = max(1, _CELLS_AT_ONCE // max(plan.chance.size for plan in self._plans))
        for start in range(0, int(which.max(initial=-1)) + 1, size):
            mine = {column: weights if len(weights) == 1 else weights[start : start + size] for column, weights in patterns.items()}
            chosen = np.flatnonzero((which >= start) & (which < start + size))
            for part in np.array_split(chosen, -(-len(chosen) // size)):
                codes[part], possible[part] = self._draw_given(uniforms[part], mine, which[part] - start)
        return codes, possible

    def _separator(self, i: int, codes: Array) -> Array:
        shared = self.tree[i].shared
        return _cell_of([codes[:, column] for column in shared], shared, self.sizes, len(codes))

    def _place(self, codes: Array, plan: _Plan, cell: Array) -> None:
        for column, own in zip(plan.own, plan.own_codes, strict=True):
            codes[:, column] = own[cell]

    def _draw_given(self, uniforms: Array, evidence: dict[int, Array], which: Array) -> tuple[Array, Array]:
        """Rows under some patterns of evidence; ``which`` says under which each."""
        rows = len(uniforms)
        messages = self._messages(evidence)
        codes = np.zeros((rows, len(self.sizes)), dtype="i8")
        possible = np.ones(rows, dtype=bool)
        for i, plan in enumerate(self._plans):
            at = self._separator(i, codes)
            own = self._own_evidence(plan, evidence)
            weights = plan.chance[at] * (own if len(own) == 1 else own[which])
            for child, cells in plan.children:
                message = messages[child]
                weights = weights * (message[0, cells[at]] if len(message) == 1 else message[which[:, None], cells[at]])
            upto = np.cumsum(weights, axis=1)
            possible &= upto[:, -1] > 0.0
            cell = (upto <= (uniforms[:, i] * upto[:, -1])[:, None]).sum(axis=1)
            last = weights.shape[1] - 1 - (weights[:, ::-1] > 0.0).argmax(axis=1)
            self._place(codes, plan, np.minimum(cell, last))
        return codes, possible

    def _messages(self, evidence: dict[int, Array]) -> dict[int, Array]:
        """What each clique and those hanging from it say about its separator: evidence rows by separator cells, scaled."""
        messages: dict[int, Array] = {}
        for i in reversed(range(len(self.tree))):
            plan = self._plans[i]
            weights = plan.chance[None] * self._own_evidence(plan, evidence)[:, None, :]
            for child, cells in plan.children:
                weights = weights * messages[child][:, cells]
            message = weights.sum(axis=2)
            top = message.max(axis=1, keepdims=True)
            messages[i] = message / np.where(top > 0.0, top, 1.0)
        return messages

    def _own_evidence(self, plan: _Plan, evidence: dict[int, Array]) -> Array:
        weights = np.ones((1, plan.own_codes.shape[1]))
        for column, codes in zip(plan.own, plan.own_codes, strict=True):
            if column in evidence:
                weights = weights * evidence[column][:, codes]
        return weights


def _patterns(evidence: dict[int, Array], rows: int) -> tuple[dict[int, Array], Array]:
    """The different patterns of evidence, and which of them each row has: what is gathered for one serves all its rows."""
    varying = [column for column, weights in evidence.items() if len(weights) > 1]
    if not varying:
        return evidence, np.zeros(rows, dtype="i8")
    distinct, which = np.unique(np.hstack([evidence[column] for column in varying]), axis=0, return_inverse=True)
    ends = np.cumsum([evidence[column].shape[1] for column in varying])
    split = np.split(distinct, ends[:-1], axis=1)
    return evidence | dict(zip(varying, split, strict=True)), which.ravel()


def _cell_of(codes: Sequence[Array], columns: Columns, sizes: Sequence[int], rows: int) -> Array:
    """The cell of several columns' bins in a table over them."""
    if not columns:
        return np.zeros(rows, dtype="i8")
    return np.asarray(np.ravel_multi_index(tuple(codes), [sizes[column] for column in columns]))
