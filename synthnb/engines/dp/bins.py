"""Noisy counts of one column, and the bins that its pairs with other columns are counted in.

::

    values      0 1 2 3 … 99,999            (the declared grid)
    cells       |    |    |    | …          64 of equal width, counted with noise
    heavy cell  |    |                      those that hold many rows are cut into 64 again,
                 ||||                       and once more if need be: a spike is found so
    leaves      |||||    |    | …           what is left: value drawn evenly within a leaf
    bins        [][  ][         …           neighbouring leaves joined, of about equal mass

Only the noisy counts decide where cells are cut and joined, so that bins cost no budget of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fractions import Fraction

    from synthnb.engines.dp.domain import Domain
    from synthnb.engines.dp.noise import Noise

__all__ = ["Leaves", "Marginal", "bin_leaves", "cut", "first_cells", "onto_simplex", "refine", "rounds"]

Array = np.ndarray[Any, Any]

_WHOLE = 128
_PARTS = 64
_MOST_ROUNDS = 3
_HEAVY = 0.05
_HEAVY_NOISE = 5.0
_SPIKE = 0.7
_SEEN = 3.0
_REST = 2.0


@dataclass(frozen=True)
class Leaves:
    """Disjoint cells that cover a domain, with estimated counts."""

    low: Array
    """int64: the first value's number of each."""
    width: Array
    """int64: how many values each holds."""
    count: Array
    """float64: how many rows each holds, not below 0."""


@dataclass(frozen=True)
class Marginal:
    """One column's distribution over leaves, and its bins."""

    low: Array
    """int64: the first value's number of each leaf."""
    width: Array
    """int64: how many values each leaf holds."""
    mass: Array
    """float64: each leaf's share."""
    bin: Array
    """int64: the bin each leaf is in."""
    variance: Array
    """float64: variance of the noise in each bin's count."""

    @property
    def bins(self) -> int:
        """How many bins there are."""
        return len(self.variance)

    @property
    def shares(self) -> Array:
        """Each bin's share."""
        return np.bincount(self.bin, self.mass, minlength=self.bins)

    def leaf_of(self, index: Array) -> Array:
        """The leaf of each value's number."""
        return np.asarray(np.searchsorted(self.low, index, side="right") - 1)

    def bin_of(self, index: Array) -> Array:
        """The bin of each value's number."""
        return np.asarray(self.bin[self.leaf_of(index)])


def rounds(domain: Domain) -> int:
    """How often a column is counted: once, and again for each finer cut; known from the domain alone."""
    values, times = domain.size, 1
    if domain.levels is None and values > _WHOLE:
        while values > _PARTS and times < _MOST_ROUNDS:
            values, times = -(-values // _PARTS), times + 1
    return times


def first_cells(domain: Domain) -> tuple[Array, Array]:
    """First numbers and widths of the cells counted first; a missing cell's comes last."""
    whole = domain.levels is not None or domain.size <= _WHOLE
    low, width = (np.arange(domain.size), np.ones(domain.size, dtype="i8")) if whole else cut(0, domain.size)
    if domain.missing:
        low, width = np.append(low, domain.size), np.append(width, 1)
    return low, width


def cut(low: int, width: int) -> tuple[Array, Array]:
    """Cut an interval into up to 64 parts of about equal width."""
    parts = min(_PARTS, width)
    edges = low + np.array([width * part // parts for part in range(parts + 1)], dtype="i8")
    return edges[:-1], np.diff(edges)


def refine(leaves: Leaves, index: Array, rows: float, variance: Fraction, noise: Noise) -> Leaves:
    """Cut the heavy leaves and count their parts with noise; one row lies in one part only."""
    deviation = float(variance) ** 0.5
    heavy = np.flatnonzero((leaves.width > 1) & (leaves.count > max(_HEAVY * rows, _HEAVY_NOISE * deviation)))
    if not len(heavy):
        return leaves
    pieces = {i: cut(int(leaves.low[i]), int(leaves.width[i])) for i in heavy.tolist()}
    kept = np.ones(len(leaves.low), dtype=bool)
    kept[heavy] = False
    low, width, count = [leaves.low[kept]], [leaves.width[kept]], [leaves.count[kept]]
    for i, (starts, widths) in pieces.items():
        inside = index[(index >= leaves.low[i]) & (index < leaves.low[i] + leaves.width[i])]
        true = np.bincount(np.searchsorted(starts, inside, side="right") - 1, minlength=len(starts))
        noisy = (true + noise.gaussian(variance, len(starts))).astype("f8")
        low.append(starts)
        width.append(widths)
        count.append(onto_simplex(noisy, float(leaves.count[i])))
    order = np.argsort(np.concatenate(low))
    return Leaves(*(np.concatenate(part)[order] for part in (low, width, count)))


def onto_simplex(values: Array, total: float) -> Array:
    """The nearest non-negative values with a given total, by squared distance."""
    ordered = np.sort(values)[::-1]
    excess = (np.cumsum(ordered) - total) / np.arange(1, len(values) + 1)
    last = np.flatnonzero(ordered > excess)
    shift = excess[last[-1]] if len(last) else excess[-1]
    return np.asarray(np.maximum(values - shift, 0.0))


def bin_leaves(domain: Domain, leaves: Leaves, *, most: int, deviation: float) -> Marginal:
    """Join leaves into at most about so many bins.

    Parameters
    ----------
    domain : Domain
        Whether there is an order, and whether the last leaf stands for missing cells.
    leaves : Leaves
        Counts are those estimated.
    most : int
        Bins wished for at most.
    deviation : float
        Standard deviation of the noise in a leaf's count; a level with less than three times that gets no bin of its own.
    """
    here = len(leaves.low) - domain.missing
    ordered = domain.levels is None or domain.column.ordered
    rows = float(leaves.count.sum())
    label = np.zeros(len(leaves.low), dtype="i8")
    grouped = _sweep if ordered else _common
    label[:here] = grouped(leaves.count[:here], most, rows, deviation)
    if domain.missing:
        label[-1] = label[:here].max() + 1
    label = _without_small(label, leaves.count, deviation)
    variance = np.maximum(np.bincount(label, leaves.count > 0), 1.0) * deviation**2
    total = max(rows, 1e-9)
    mass = leaves.count / total if rows > 0 else leaves.width / leaves.width.sum()
    return Marginal(leaves.low, leaves.width, mass, label, variance)


def _sweep(count: Array, most: int, rows: float, deviation: float) -> Array:
    """Neighbouring leaves joined until a bin holds its share; a leaf that holds as much by itself stays alone."""
    if len(count) <= 2:
        return np.arange(len(count))
    aim = max(rows / most, _SEEN * deviation)
    label, current, held = np.zeros(len(count), dtype="i8"), 0, 0.0
    for i, value in enumerate(count):
        if i and (held >= aim or (value >= _SPIKE * aim and held > 0)):
            current, held = current + 1, 0.0
        label[i] = current
        held += float(value)
    return label


def _common(count: Array, most: int, rows: float, deviation: float) -> Array:
    """A bin for each level that enough rows hold, and one for all others."""
    least = max(_SEEN * deviation, rows / (4 * most))
    own = np.flatnonzero(count >= least)
    own = own[np.argsort(-count[own], kind="stable")][: 2 * most]
    if len(count) <= 2:
        own = np.arange(len(count))
    label = np.full(len(count), len(own), dtype="i8")
    label[np.sort(own)] = np.arange(len(own))
    return label


def _without_small(label: Array, count: Array, deviation: float) -> Array:
    """Bins that noise alone could fill are joined with the smallest other one."""
    label = np.unique(label, return_inverse=True)[1]
    while (bins := int(label.max()) + 1) > 2:
        held = np.bincount(label, count, minlength=bins)
        order = np.argsort(held, kind="stable")
        if held[order[0]] >= _REST * deviation:
            break
        label[label == order[0]] = order[1]
        label = np.unique(label, return_inverse=True)[1]
    return np.asarray(label)
