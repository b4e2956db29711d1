"""The method ``aim``: tables chosen one after the other where the model is worst, on a junction tree kept small.

After McKenna, Mullins, Sheldon & Miklau (2022), "AIM: An Adaptive and Iterative Mechanism for
Differentially Private Synthetic Data", arXiv 2201.12677. The model is the distribution of largest entropy that
agrees best with the noisy tables (Private-PGM: McKenna, Sheldon & Miklau 2019, arXiv 1901.09136), fitted by
mirror descent. All of it but the choices and the noisy tables is post-processing.

The score of a table is its weight times the sum over its cells of |count - the model's count|, less the noise
expected in it. The model's counts are rounded to whole numbers and fixed before the score looks at the data; one row
more or less changes the sum by at most 1. Scores are divided by the largest weight, so that their sensitivity is 1.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from synthnb.engines.dp.graph import Columns, Graph, Tree, junction_tree, tree_cells
from synthnb.engines.dp.noise import usable_epsilon, usable_variance
from synthnb.engines.dp.tree import expected_noise, pair_counts

if TYPE_CHECKING:
    from synthnb.engines.dp.bins import Marginal
    from synthnb.engines.dp.noise import Noise

__all__ = ["MOST_CELLS", "Measured", "adapt", "fit_graph"]

Array = np.ndarray[Any, Any]

MOST_CELLS = 40_000
"""Most cells that the junction tree's tables may hold together."""

CHOICE_SHARE = 0.1
"""Share of a round's ρ that its choice takes."""

_STEPS = 60
_LAST_STEPS = 300
_HALVINGS = 25
_SETTLED = 1e-6
_SCORE_SCALE = 64


class Measured(NamedTuple):
    """A noisy table."""

    columns: Columns
    """In increasing order."""
    counts: Array
    """float64, with noise."""
    variance: Array | float
    """Variance of the noise, by cell or for all."""


class _Round(NamedTuple):
    """What a round spends."""

    choice: float
    table: float


def adapt(
    codes: Array,
    marginals: Sequence[Marginal],
    rows: float,
    *,
    rho: float,
    rounds: int,
    degree: int,
    weights: Sequence[float],
    noise: Noise,
    told: Callable[[float], None],
) -> tuple[Graph, list[Columns], float]:
    """Choose, count and fit until the budget is spent.

    Parameters
    ----------
    codes : ndarray of int, rows by columns
        Bins of the real rows.
    marginals : sequence of Marginal
        Noisy distributions of the columns.
    rows : float
        Noisy number of rows.
    rho : float
        What may be spent.
    rounds : int
        How many rounds the budget is first spread over; those that teach nothing make later ones larger.
    degree : {2, 3}
        Most columns of a table.
    weights : sequence of float
        How much each column matters; a table's weight is the product of its columns'.
    noise : Noise
        Where the randomness comes from.
    told : callable
        Is told which share of the budget is spent.

    Returns
    -------
    graph : Graph
    chosen : list of tuple of int
        The tables counted, in order.
    spent : float
        ρ spent, at most `rho`.
    """
    sizes = [marginal.bins for marginal in marginals]
    measured = [Measured((j,), marginal.shares * rows, marginal.variance) for j, marginal in enumerate(marginals)]
    candidates = [columns for r in range(2, degree + 1) for columns in itertools.combinations(range(len(sizes)), r)]
    exact = {columns: pair_counts(codes, columns, sizes) for columns in candidates if np.prod([sizes[j] for j in columns]) <= MOST_CELLS}
    importance = {columns: float(np.prod([weights[j] for j in columns])) for columns in exact}
    model = fit_graph(measured, sizes, rows, steps=_STEPS)
    chosen: list[Columns] = [(j,) for j in range(len(sizes))]
    share, spent = rho / rounds, 0.0
    while exact and rho - spent > 1e-9 * rho:
        if rho - spent < 2.0 * share:
            share = rho - spent
        now = _Round(CHOICE_SHARE * share, (1.0 - CHOICE_SHARE) * share)
        allowed = _allowed(exact, chosen, sizes, (spent + share) / rho)
        variance = usable_variance(1.0 / (2.0 * now.table))
        best = _choose(exact, allowed, model, rows, importance, float(variance), now, noise)
        noisy = exact[best].ravel() + noise.gaussian(variance, exact[best].size)
        measured.append(Measured(best, noisy.reshape(exact[best].shape).astype("f8"), float(variance)))
        chosen.append(best)
        spent += share
        before = _table_of(model, best) * rows
        model = fit_graph(measured, sizes, rows, steps=_STEPS, start=model)
        if np.abs(_table_of(model, best) * rows - before).sum() <= expected_noise(float(variance), before.size):
            share *= 4.0
        told(min(1.0, spent / rho))
    return fit_graph(measured, sizes, rows, steps=_LAST_STEPS, start=model).graph, chosen[len(sizes) :], spent


def _allowed(exact: dict[Columns, Array], chosen: list[Columns], sizes: Sequence[int], progress: float) -> list[Columns]:
    """Tables that keep the junction tree within a size that grows as the budget is spent; depends on no count."""
    limit = max(MOST_CELLS * progress, 4.0 * sum(sizes))
    kept = [columns for columns in exact if tree_cells(junction_tree([*chosen, columns], sizes), sizes) <= limit]
    return kept or [min(exact, key=lambda columns: (exact[columns].size, columns))]


def _choose(
    exact: dict[Columns, Array],
    allowed: list[Columns],
    model: _Model,
    rows: float,
    importance: dict[Columns, float],
    variance: float,
    now: _Round,
    noise: Noise,
) -> Columns:
    """One table by the exponential mechanism; scores are in 64ths, and ε is divided by as much."""
    top = max(importance[columns] for columns in allowed)
    scores = np.zeros(len(allowed), dtype="i8")
    for i, columns in enumerate(allowed):
        weight = int(_SCORE_SCALE * importance[columns] / top)
        predicted = np.rint(_table_of(model, columns) * rows).astype("i8")
        wrong = int(np.abs(exact[columns] - predicted).sum()) - round(expected_noise(variance, predicted.size))
        scores[i] = weight * wrong
    return allowed[noise.choose(scores, usable_epsilon((8.0 * now.choice) ** 0.5) / _SCORE_SCALE)]


class _Model(NamedTuple):
    """A fitted graph with its potentials, from which fitting may go on."""

    graph: Graph
    potentials: tuple[Array, ...]
    """One per measured table."""


class _Problem(NamedTuple):
    """Noisy tables, the tree that holds them, and where each lies in it."""

    tree: Tree
    measured: Sequence[Measured]
    hosts: tuple[int, ...]
    sizes: Sequence[int]
    rows: float

    def tables(self, potentials: Sequence[Array]) -> list[Array]:
        """Every clique's shares under some potentials."""
        belief = [np.zeros([self.sizes[j] for j in clique.columns]) for clique in self.tree]
        for table, host, potential in zip(self.measured, self.hosts, potentials, strict=True):
            belief[host] = belief[host] + _spread(potential, table.columns, self.tree[host].columns)
        return propagate(self.tree, belief)

    def shares(self, tables: Sequence[Array]) -> list[Array]:
        """The shares of what was measured."""
        return [_summed(tables[host], self.tree[host].columns, one.columns) for one, host in zip(self.measured, self.hosts, strict=True)]

    def loss(self, shares: Sequence[Array]) -> tuple[float, list[Array]]:
        """The loss, and its slope for each measured table's shares."""
        off = [share * self.rows - one.counts for share, one in zip(shares, self.measured, strict=True)]
        loss = sum(float((part**2 / one.variance).sum()) for part, one in zip(off, self.measured, strict=True)) / 2.0
        return loss, [np.asarray(part * self.rows / one.variance) for part, one in zip(off, self.measured, strict=True)]


def fit_graph(measured: Sequence[Measured], sizes: Sequence[int], rows: float, *, steps: int, start: _Model | None = None) -> _Model:
    """The distribution of largest entropy that agrees best with noisy tables.

    Minimises Σ (model's count - noisy count)² / (2 variance) by mirror descent with a step that is halved until the loss falls
    enough; the slope is taken from the potentials and the shares come from belief propagation.

    Parameters
    ----------
    measured : sequence of Measured
        If there is a start, its tables first and in the same order.
    sizes : sequence of int
        Bins of each column.
    rows : float
        Number of rows.
    steps : int
        Most steps.
    start : optional
        An earlier result to go on from.
    """
    tree = junction_tree([table.columns for table in measured], sizes)
    hosts = tuple(next(i for i, clique in enumerate(tree) if set(table.columns) <= set(clique.columns)) for table in measured)
    problem = _Problem(tree, measured, hosts, sizes, rows)
    known = () if start is None else start.potentials
    potentials = [*known, *(np.zeros_like(table.counts) for table in measured[len(known) :])]
    tables = problem.tables(potentials)
    shares = problem.shares(tables)
    loss, slope = problem.loss(shares)
    step = 1.0 / max(float(np.max(rows / np.asarray(table.variance))) for table in measured)
    for _ in range(steps):
        for _ in range(_HALVINGS):
            tried = [potential - step * part for potential, part in zip(potentials, slope, strict=True)]
            tables = problem.tables(tried)
            new = problem.shares(tables)
            new_loss, new_slope = problem.loss(new)
            gain = sum(float((part * (a - b)).sum()) for part, a, b in zip(slope, shares, new, strict=True))
            if loss - new_loss >= 0.5 * gain:
                break
            step /= 2.0
        settled = loss - new_loss < _SETTLED * abs(loss)
        potentials, shares, loss, slope = tried, new, new_loss, new_slope
        step *= 1.5
        if settled:
            break
    return _Model(Graph(tuple(sizes), tree, tuple(problem.tables(potentials))), tuple(potentials))


def _spread(table: Array, columns: Columns, onto: Columns) -> Array:
    """A table over some columns, shaped so that it broadcasts over more."""
    sizes = iter(table.shape)
    return table.reshape([next(sizes) if column in columns else 1 for column in onto])


def _summed(table: Array, columns: Columns, onto: Columns) -> Array:
    return np.asarray(table.sum(axis=tuple(axis for axis, column in enumerate(columns) if column not in onto)))


def propagate(tree: Tree, potentials: Sequence[Array]) -> list[Array]:
    """Every clique's shares, by belief propagation in logarithms."""
    belief = [np.asarray(potential) for potential in potentials]
    sent: dict[int, Array] = {}
    for i in reversed(range(len(tree))):
        clique = tree[i]
        if clique.parent >= 0:
            sent[i] = _log_sum(belief[i], clique.columns, clique.shared)
            belief[clique.parent] = belief[clique.parent] + _spread(sent[i], clique.shared, tree[clique.parent].columns)
    for i, clique in enumerate(tree):
        if clique.parent >= 0:
            from_parent = _log_sum(belief[clique.parent], tree[clique.parent].columns, clique.shared) - sent[i]
            belief[i] = belief[i] + _spread(from_parent, clique.shared, clique.columns)
    shares = [np.exp(one - one.max()) for one in belief]
    return [one / one.sum() for one in shares]


def _log_sum(table: Array, columns: Columns, onto: Columns) -> Array:
    axes = tuple(axis for axis, column in enumerate(columns) if column not in onto)
    top = table.max(axis=axes, keepdims=True)
    return np.asarray(np.log(np.exp(table - top).sum(axis=axes)) + np.squeeze(top, axis=axes))


def _table_of(model: _Model, columns: Columns) -> Array:
    """The model's shares over any columns: from one clique, or by elimination over the smallest part of the tree."""
    graph = model.graph
    for clique, table in zip(graph.tree, graph.tables, strict=True):
        if set(columns) <= set(clique.columns):
            return _summed(table, clique.columns, columns)
    return _eliminated(graph, columns)


def _eliminated(graph: Graph, columns: Columns) -> Array:
    """Shares over columns of several cliques: tables multiplied along the tree and summed, from the last clique to the first."""
    held: dict[int, tuple[Columns, Array]] = {}
    for i in reversed(range(len(graph.tree))):
        clique = graph.tree[i]
        names, table = clique.columns, np.asarray(graph.tables[i])
        if clique.shared:
            below = _summed(table, names, clique.shared)
            table = table / _spread(np.where(below > 0, below, 1.0), clique.shared, names)
        for child, other in enumerate(graph.tree):
            if other.parent == i and child in held:
                names, table = _product(names, table, *held[child])
        keep = tuple(column for column in names if column in columns or column in clique.shared)
        held[i] = (keep, _summed(table, names, keep))
    names, table = (), np.ones(())
    for i, clique in enumerate(graph.tree):
        if clique.parent < 0:
            names, table = _product(names, table, *held[i])
    return _summed(table, names, columns)


def _product(names: Columns, table: Array, more: Columns, other: Array) -> tuple[Columns, Array]:
    every = tuple(sorted({*names, *more}))
    return every, np.asarray(_spread(table, names, every) * _spread(other, more, every))
