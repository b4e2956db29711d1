"""Distances to the nearest row, in blocks of bounded memory.

The distance is Gower's (1971, doi 10.2307/2528823) on ranks: per column, the
difference of the values' places in the real rows for numbers, 0 or 1 for levels;
the mean over columns, in [0, 1]. Numbers use a Manhattan embedding, so that a
missing value is at most 1 and at least ½ away from any present one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table
    from synthnb.evaluation.base import Clock

__all__ = ["Points", "nearest", "points"]

Array = NDArray[Any]

_CELLS = 2_000_000
"""Distances held at a time: 16 MB."""


class Points(NamedTuple):
    """Rows as points."""

    numbers: Array
    """Places of numbers, and half a step for missing ones."""
    levels: Array
    """Codes."""
    columns: int
    """How many columns the points stand for."""

    def first(self, rows: int) -> Points:
        """The first so many of them."""
        return Points(self.numbers[:rows], self.levels[:rows], self.columns)


def points(columns: list[Column], reference: list[Table], table: Table) -> Points:
    """A table's rows as points; places of numbers are taken in the rows of the reference tables together."""
    numbers = [column.name for column in columns if column.family == "number"]
    levels = [column.name for column in columns if column.family == "level"]
    placed = [_places(np.concatenate([other.values[name] for other in reference]), table.values[name]) for name in numbers]
    gone = [np.isnan(table.values[name]) * 0.5 for name in numbers]
    blank = np.zeros((table.rows, 0))
    return Points(
        np.column_stack([blank, *placed, *gone]),
        np.column_stack([blank, *(table.values[name] for name in levels)]),
        len(columns),
    )


def _places(reference: Array, values: Array) -> Array:
    """Share of reference values below, ties counting half; ½ for missing."""
    seen = np.sort(reference[~np.isnan(reference)])
    if not len(seen):
        return np.full(len(values), 0.5)
    ends = np.searchsorted(seen, values, side="left") + np.searchsorted(seen, values, side="right")
    return np.where(np.isnan(values), 0.5, ends / (2 * len(seen)))


def nearest(queries: Points, targets: Points, clock: Clock, *, same: bool = False) -> Array:
    """Distance of each query to its nearest target.

    Parameters
    ----------
    queries, targets : Points
        Over the same columns.
    clock : Clock
        Asked between blocks whether to go on.
    same : bool
        Whether the queries are the first of the targets; a row is then not its own neighbour.
    """
    rows = len(queries.numbers)
    block = max(1, _CELLS // max(len(targets.numbers), 1))
    found = np.empty(rows)
    for start in range(0, rows, block):
        clock.check()
        distances = _distances(queries, targets, slice(start, start + block))
        if same:
            np.fill_diagonal(distances[:, start:], np.inf)
        found[start : start + block] = distances.min(axis=1)
    return found


def _distances(queries: Points, targets: Points, rows: slice) -> Array:
    from scipy.spatial.distance import cdist

    total = np.zeros((len(queries.numbers[rows]), len(targets.numbers)))
    if queries.numbers.shape[1]:
        total += cdist(queries.numbers[rows], targets.numbers, "cityblock")
    if queries.levels.shape[1]:
        total += cdist(queries.levels[rows], targets.levels, "hamming") * queries.levels.shape[1]
    return total / queries.columns
