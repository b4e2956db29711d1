"""Distances between rows, and to the nearest row, in blocks of bounded memory.

The distance is Gower's (1971, doi 10.2307/2528823) on ranks: per column, the
difference of the values' places in the real rows for numbers, 0 or 1 for levels;
the mean over columns, in [0, 1]. Numbers use a Manhattan embedding, so that a
missing value is at most 1 and at least ½ away from any present one.

Places are whole numbers of steps, so few that every sum of them is exact in 32-bit
floats: equal distances are equal to the last bit, whatever the order of summation.
Numbers are compared by |a − b| = 2 max(a, b) − a − b, which takes two passes a
column and not three; levels as bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table
    from synthnb.evaluation.base import Clock

__all__ = ["Points", "between", "blocks", "nearest", "nearest_few", "points", "tiles"]

Array = NDArray[Any]

_QUERIES = 16
"""Rows compared at a time: with `_TARGETS`, what stays in a processor's cache."""
_TARGETS = 4096
_EXACT = 2**24
"""Whole numbers below are exact as 32-bit floats."""


class Points(NamedTuple):
    """Rows as points."""

    numbers: Array
    """Places of numbers in steps, the middle for missing ones; shape (rows, numbers), 32-bit floats."""
    missing: Array
    """Which of the numbers are missing, as bytes."""
    levels: Array
    """Codes plus one, of the shortest unsigned type; shape (rows, levels)."""
    columns: int
    """How many columns the points stand for."""
    steps: int
    """Steps from one end of a column to the other."""

    def take(self, rows: Any) -> Points:
        """The rows of these numbers."""
        numbers, gone, levels = (np.asfortranarray(part[rows]) for part in (self.numbers, self.missing, self.levels))
        return self._replace(numbers=numbers, missing=gone, levels=levels)

    def first(self, rows: int) -> Points:
        """The first so many of them."""
        return self.take(slice(0, rows))


def points(columns: list[Column], reference: list[Table], table: Table, *, steps: int | None = None) -> Points:
    """A table's rows as points; places of numbers are taken in the rows of the reference tables together.

    Parameters
    ----------
    columns : list of Column
        Numbers and levels.
    reference : list of Table
        Whose values say where a number stands.
    table : Table
        The rows.
    steps : int, optional
        Steps of a column; as many as are exact, if not given. Distances over some of
        the columns can be taken from those over all of them if both have the same steps.
    """
    numbers = [column.name for column in columns if column.family == "number"]
    levels = [column for column in columns if column.family == "level"]
    fine = steps or 2 ** int(np.log2(_EXACT / (3 * max(len(columns), 1))))
    placed = [_places(np.concatenate([part.values[name] for part in reference]), table.values[name]) for name in numbers]
    gone = [np.isnan(table.values[name]) for name in numbers]
    kind = np.min_scalar_type(max((len(column.levels) for column in levels), default=0) + 1)
    return Points(
        np.asfortranarray(np.rint(_stacked(table.rows, placed) * fine), dtype=np.float32),
        np.asfortranarray(_stacked(table.rows, gone), dtype=np.uint8),
        np.asfortranarray(_stacked(table.rows, [table.values[column.name] + 1 for column in levels]), dtype=kind),
        len(columns),
        fine,
    )


def _stacked(rows: int, columns: list[Array]) -> Array:
    return np.column_stack(columns) if columns else np.zeros((rows, 0))


def _places(reference: Array, values: Array) -> Array:
    """Share of reference values below, ties counting half; ½ for missing."""
    seen = np.sort(reference[~np.isnan(reference)])
    if not len(seen):
        return np.full(len(values), 0.5)
    ends = np.searchsorted(seen, values, side="left") + np.searchsorted(seen, values, side="right")
    return np.where(np.isnan(values), 0.5, ends / (2 * len(seen)))


def nearest(queries: Points, targets: Points, clock: Clock, *, same: bool = False) -> Array:
    """Distance of each query to its nearest target, in [0, 1].

    Parameters
    ----------
    queries, targets : Points
        Over the same columns and steps.
    clock : Clock
        Asked between blocks whether to go on.
    same : bool
        Whether the queries are the first of the targets; a row is then not its own neighbour.
    """
    found = np.full(len(queries.numbers), np.inf, dtype=np.float32)
    for rows, part, distances in tiles(queries, targets, clock):
        if same:
            own = np.arange(rows.start, rows.stop)
            within = (own >= part.start) & (own < part.stop)
            distances[np.flatnonzero(within), own[within] - part.start] = np.inf
        np.minimum(found[rows], distances.min(axis=1), out=found[rows])
    return found.astype(float) / (queries.steps * max(queries.columns, 1))


def nearest_few(queries: Points, targets: Points, chance: Array, near: int, clock: Clock) -> Array:
    """Places of the ``near`` nearest targets of each query, shape (queries, near), in no order.

    Parameters
    ----------
    queries, targets : Points
        Over the same columns and steps.
    chance : array of float, shape (targets,)
        From 0 to below 1, all different: which of equally near targets goes first.
    near : int
        At most as many as there are targets.
    clock : Clock
        Asked between blocks whether to go on.
    """
    rows = len(queries.numbers)
    found, best = np.zeros((rows, near), dtype=np.int64), np.full((rows, near), np.inf)
    for part, of, distances in tiles(queries, targets, clock):
        keys = distances + chance[of]
        here = min(near, keys.shape[1])
        few = keys.argmin(axis=1)[:, None] if here == 1 else np.argpartition(keys, here - 1, axis=1)[:, :here]
        both = np.hstack([best[part], np.take_along_axis(keys, few, axis=1)])
        kept = np.argsort(both, axis=1)[:, :near]
        best[part] = np.take_along_axis(both, kept, axis=1)
        found[part] = np.take_along_axis(np.hstack([found[part], few + of.start]), kept, axis=1)
    return found


def tiles(queries: Points, targets: Points, clock: Clock) -> Iterator[tuple[slice, slice, Array]]:
    """Some queries and some targets at a time, and their distances in steps: never more than a block, however many there are."""
    for start in range(0, len(targets.numbers), _TARGETS):
        of = slice(start, min(start + _TARGETS, len(targets.numbers)))
        for part, distances in blocks(queries, targets.take(of), clock):
            yield part, of, distances


def blocks(queries: Points, targets: Points, clock: Clock) -> Iterator[tuple[slice, Array]]:
    """Some queries at a time, and their distances to every target in steps, summed over columns."""
    rows = len(queries.numbers)
    for start in range(0, rows, _QUERIES):
        clock.check()
        part = slice(start, min(start + _QUERIES, rows))
        yield part, between(queries.take(part), targets)


def between(queries: Points, targets: Points) -> Array:
    """Distances in steps, summed over columns; 32-bit floats of shape (queries, targets)."""
    shape = len(queries.numbers), len(targets.numbers)
    total, part = np.zeros(shape, dtype=np.float32), np.empty(shape, dtype=np.float32)
    for k in range(queries.numbers.shape[1]):
        np.maximum(queries.numbers[:, k, None], targets.numbers[None, :, k], out=part)
        total += part
    total *= 2
    total -= queries.numbers.sum(axis=1, dtype=np.float32)[:, None]
    total -= targets.numbers.sum(axis=1, dtype=np.float32)[None, :]
    for one, other, steps in ((queries.missing, targets.missing, queries.steps / 2), (queries.levels, targets.levels, queries.steps)):
        used = [k for k in range(one.shape[1]) if one[:, k].any() or other[:, k].any()]
        if used:
            total += np.multiply(_differing(one, other, used), np.float32(steps), out=part)
    return total


def _differing(one: Array, other: Array, columns: list[int]) -> Array:
    """In how many of these columns two rows differ."""
    count = np.zeros((len(one), len(other)), dtype=np.min_scalar_type(len(columns)))
    unequal = np.empty(count.shape, dtype=bool)
    for k in columns:
        np.not_equal(one[:, k, None], other[None, :, k], out=unequal)
        np.add(count, unequal.view(np.uint8), out=count)
    return count
