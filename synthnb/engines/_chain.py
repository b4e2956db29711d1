"""A chain of trees over a table's columns, and how rows are drawn from it.

::

    which cells are missing ──► first column ──► second column ──► … ──► last column
    (one draw for the row)      (given those)    (given all before)

The unit of work is one column of one block of rows. Each has a generator of its
own, and draws row after row, so neither the schedule nor the number of rows
changes what an earlier row holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb._random import generator
from synthnb.engines._encode import ORDINARY, PLUS_INFINITY, Table
from synthnb.engines._leaves import Leaves, Predictors, grow

if TYPE_CHECKING:
    from synthnb.engines.base import Progress

__all__ = ["BLOCK", "Chain", "grow_chain"]

Array = np.ndarray[Any, Any]

BLOCK = 4096
"""Rows in a unit of work."""


@dataclass(frozen=True)
class Chain:
    """Trees in the order they are drawn, and the patterns of missing cells."""

    table: Table
    """The rows it was grown on; its coders say what positions mean."""
    order: tuple[int, ...]
    """Columns in the order they are drawn."""
    leaves: tuple[Leaves, ...]
    """A tree per column, in that order."""
    flagged: tuple[int, ...]
    """Columns whose states tell the missing patterns apart; others repeat one of these or have one state."""

    def draw(self, rows: Array, *, seed: int, unit: tuple[str | int, ...], progress: Progress | None = None) -> tuple[Array, Array]:
        """Return states and positions of some rows of one block, columns in the table's order.

        Parameters
        ----------
        rows : ndarray of int
            Which rows of the block.
        seed : int
            The run's.
        unit : tuple
            What sets this block and attempt apart from others.
        progress : Progress, optional
            Told of each column.
        """
        table = self.table
        if not len(rows):
            return table.states[:0], table.positions[:0]
        spots = int(rows.max()) + 1
        pattern = generator(seed, "sample", "missing pattern", *unit).random(spots)[rows]
        states = table.states[(pattern * table.rows).astype("i8")]
        positions = np.zeros(states.shape)
        flags = _flags(states, self.flagged)
        for step, (column, leaves) in enumerate(zip(self.order, self.leaves, strict=True)):
            name = table.coders[column].column.name
            if progress:
                progress(step, len(self.order), name)
            uniforms = generator(seed, "sample", "column", name, *unit).random((spots, 2))[rows]
            here = states[:, column] == ORDINARY
            if here.any():
                given = _given(table, states, positions, self.order[:step], flags).rows(here)
                positions[here, column] = leaves.draw(given, uniforms[here])
        return states, positions


def grow_chain(table: Table, order: tuple[int, ...], *, leaf: int, seed: int, progress: Progress | None = None) -> Chain:
    """Grow a tree per column on the columns before it.

    Parameters
    ----------
    table : Table
        The rows to learn.
    order : tuple of int
        Columns in the order they are to be drawn.
    leaf : int
        Fewest rows in a leaf.
    seed : int
        The run's.
    progress : Progress, optional
        Told of each column.
    """
    flagged = _distinct_states(table)
    flags = _flags(table.states, flagged)
    leaves = []
    for step, column in enumerate(order):
        coder = table.coders[column]
        if progress:
            progress(step, len(order), coder.column.name)
        here = table.states[:, column] == ORDINARY
        given = _given(table, table.states, table.positions, order[:step], flags).rows(here)
        ties = int(generator(seed, "fit", coder.column.name).integers(2**31))
        leaves.append(grow(coder, table.positions[here, column], given, leaf=leaf, seed=ties))
    return Chain(table, order, tuple(leaves), flagged)


def _distinct_states(table: Table) -> tuple[int, ...]:
    """Columns with several states, leaving out those whose states repeat another's."""
    found: dict[bytes, int] = {}
    for j, states in enumerate(table.states.T):
        if states.min() != states.max():
            found.setdefault(states.tobytes(), j)
    return tuple(found.values())


def _flags(states: Array, flagged: tuple[int, ...]) -> Array:
    return states[:, list(flagged)].astype("f4")


def _given(table: Table, states: Array, positions: Array, columns: tuple[int, ...], flags: Array) -> Predictors:
    """The earlier columns that vary; no value is -1, plus infinity is past the last position."""
    coders = table.coders
    used = [j for j in columns if coders[j].size > 1]
    marks = [np.where(states[:, j] == PLUS_INFINITY, coders[j].size, -1) for j in used]
    return Predictors(
        coders=tuple(coders[j] for j in used),
        positions=tuple(np.where(states[:, j] == ORDINARY, positions[:, j], mark) for j, mark in zip(used, marks, strict=True)),
        flags=flags,
    )
