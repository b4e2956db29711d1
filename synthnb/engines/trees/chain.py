"""A chain of trees over a table's columns, and how rows are drawn from it.

::

    fixed from outside            everything else
    ┌──────────┴─────────┐   ┌────────────┴──────────────┐
    missing? ─► column ─►…─► which cells are missing ─► column ─► column ─► … ─► last
    (each given those before)  (one draw for the row)   (each given all before)

The unit of work is one column of one block of rows. Each has a generator of its
own, and draws row after row, so neither the schedule nor the number of rows
changes what an earlier row holds.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb._random import generator
from synthnb.engines._encoding.state import coders_from_state, coders_to_state
from synthnb.engines._encoding.table import ORDINARY, Coder, Table
from synthnb.engines.base import State
from synthnb.engines.trees.follows import Follow, follow_of
from synthnb.engines.trees.leaves import DAMAGED, Leaves, Seen, grow, leaves_from_arrays, leaves_to_arrays
from synthnb.engines.trees.moving import moving
from synthnb.engines.trees.patterns import Patterns, learn_patterns, patterns_from_arrays, patterns_to_arrays
from synthnb.errors import RecordError, reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from synthnb.engines.base import Progress, Unit
    from synthnb.recipes.recipe import Recipe

__all__ = ["Chain", "chain_from_state", "chain_to_state", "grow_chain"]

Array = np.ndarray[Any, Any]

_THREADS = min(2, os.cpu_count() or 1)
"""Columns grown at once; scikit-learn lets other threads run meanwhile."""


@dataclass(frozen=True)
class Chain:
    """Trees in the order they are drawn, and the patterns of missing cells."""

    coders: tuple[Coder, ...]
    """What positions mean, by column."""
    order: tuple[int, ...]
    """Columns in the order they are drawn."""
    leaves: tuple[Leaves, ...]
    """A tree per column, in that order."""
    follows: tuple[Follow | None, ...]
    """How a column follows an earlier one, in that order; None where it doesn't."""
    patterns: tuple[Patterns, ...]
    """Which cells are missing: of each column to be fixed by itself, then of all others."""

    def draw(self, rows: Array, *, seed: int, unit: Unit, fixed: tuple[Array, Array] | None = None) -> tuple[Array, Array]:
        """Return states and positions of some rows of one block, columns in the table's order.

        Parameters
        ----------
        rows : ndarray of int
            Which rows of the block, increasing.
        seed : int
            The run's.
        unit : Unit
            What sets this block and attempt apart from others.
        fixed : tuple of ndarray, optional
            States and positions of the first columns of ``order``, which are left as they are.
        """
        seen = self.blank(len(rows))
        done = 0
        if fixed is not None:
            done = fixed[0].shape[1]
            first = list(self.order[:done])
            seen.states[:, first], seen.positions[:, first] = fixed
        if len(rows):
            self.extend(seen, rows, range(done, len(self.order)), seed=seed, unit=unit)
        return seen.states, seen.positions

    @cached_property
    def blocks(self) -> dict[int, Patterns]:
        """Patterns by the step at which they are drawn."""
        return {self.order.index(patterns.columns[0]): patterns for patterns in self.patterns}

    @cached_property
    def _mids(self) -> dict[int, Array]:
        """Mid-ranks by column, shared by all rows drawn."""
        return {}

    def blank(self, rows: int) -> Seen:
        """Rows of which nothing is known yet."""
        shape = (rows, len(self.coders))
        return Seen(self.coders, np.zeros(shape, dtype="i1", order="F"), np.zeros(shape, order="F"), self._mids)

    def extend(self, seen: Seen, rows: Array, steps: Sequence[int], *, seed: int, unit: Unit) -> None:
        """Draw further columns, written into ``seen``; those of earlier steps are there already."""
        spots = int(rows.max()) + 1
        for step in steps:
            if step in self.blocks:
                seen.states[:, list(self.blocks[step].columns)] = self.blocks[step].draw(seen, rows, seed=seed, unit=unit)
            column = self.order[step]
            uniforms = generator(seed, "sample", "column", self.coders[column].column.name, *unit).random((spots, 2))[rows]
            here = seen.states[:, column] == ORDINARY
            if here.all():
                seen.positions[:, column] = self.draw_column(step, seen, uniforms)
            elif here.any():
                seen.positions[here, column] = self.draw_column(step, seen.rows(here), uniforms[here])

    def draw_column(self, step: int, seen: Seen, uniforms: Array) -> Array:
        """Return a column's positions for rows that have a value there."""
        leaves, follow = self.leaves[step], self.follows[step]
        drawn = leaves.draw(seen, uniforms)
        return drawn if follow is None else follow.draw(seen, drawn, whole=leaves.moving is None)


def grow_chain(table: Table, order: tuple[int, ...], *, leaf: int, seed: int, first: int = 0, progress: Progress | None = None) -> Chain:
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
    first : int
        How many columns of ``order`` may be fixed when rows are drawn.
    progress : Progress, optional
        Told of each column.
    """
    seen = Seen(table.coders, table.states, table.positions)
    blocks = [*([column] for column in order[:first]), list(order[first:])]
    patterns = []
    for block in blocks:
        before = order[: order.index(block[0])] if block else ()
        patterns += [learn_patterns(seen, block, _predictors(seen, before, ()), leaf=leaf, seed=seed)] if block else []
    flagged = _flagged(table.states, order)

    def grown(step: int) -> tuple[Leaves, Follow | None]:
        column, coder = order[step], table.coders[order[step]]
        here = table.states[:, column] == ORDINARY
        ties = int(generator(seed, "fit", coder.column.name).integers(2**31))
        known = _predictors(seen, order[:step], flagged if step >= first else [j for j in flagged if j in order[:step]])
        some = seen if here.all() else seen.rows(here)
        target = table.positions[here, column]
        leaves = grow(coder, target, some, known, leaf=leaf, seed=ties, moving=moving(coder), sloped=step >= first)
        return leaves, follow_of(table, column, order[:step])

    leaves, follows = [], []
    with ThreadPoolExecutor(_THREADS) as pool:
        for step, (tree, follow) in enumerate(pool.map(grown, range(len(order)))):
            leaves.append(tree)
            follows.append(follow)
            if progress:
                progress(step, len(order), table.coders[order[step]].column.name)
    return Chain(table.coders, order, tuple(leaves), tuple(follows), tuple(patterns))


def _predictors(seen: Seen, columns: Sequence[int], flagged: Sequence[int]) -> list[int]:
    """Earlier columns that vary, and states."""
    return [*(j for j in columns if seen.scales[j].size > 1), *(len(seen.scales) + j for j in flagged)]


def _flagged(states: Array, order: tuple[int, ...]) -> list[int]:
    """Columns with several states, leaving out those whose states repeat an earlier one's."""
    found: dict[bytes, int] = {}
    for j in order:
        column = np.ascontiguousarray(states[:, j])
        if column.min() != column.max():
            found.setdefault(column.tobytes(), j)
    return list(found.values())


def chain_to_state(chain: Chain) -> State:
    """A chain as plain data."""
    state = coders_to_state(chain.coders)
    arrays = {f"coders.{name}": array for name, array in state.arrays.items()}
    arrays["order"] = np.array(chain.order, dtype="i8")
    for k, leaves in enumerate(chain.leaves):
        arrays |= {f"leaves{k}.{name}": array for name, array in leaves_to_arrays(leaves).items()}
    for k, follow in enumerate(chain.follows):
        if follow is not None:
            arrays |= {f"follow{k}.source": np.array([follow.source, follow.rising], dtype="i8"), f"follow{k}.table": follow.table}
    for k, patterns in enumerate(chain.patterns):
        arrays |= {f"patterns{k}.{name}": array for name, array in patterns_to_arrays(patterns).items()}
    return State({"coders": state.meta, "patterns": len(chain.patterns)}, arrays)


def chain_from_state(recipe: Recipe, state: State) -> Chain:
    """Build a chain from `chain_to_state`'s data.

    Raises
    ------
    RecordError
        It doesn't hold together.
    """
    parts: dict[str, dict[str, Array]] = {}
    for name, array in state.arrays.items():
        part, _, rest = name.partition(".")
        parts.setdefault(part, {})[rest] = array
    order, blocks = state.arrays.get("order"), state.meta.get("patterns")
    coders = coders_from_state(recipe.columns, State(state.meta.get("coders") or {}, parts.get("coders", {})))
    if order is None or sorted(order.tolist()) != list(range(len(coders))) or not isinstance(blocks, int) or not 0 < blocks <= len(coders):
        raise RecordError(f"An order of {len(coders):,} columns was expected; there is none that names each once.", fix=DAMAGED)
    patterns = tuple(patterns_from_arrays(parts.get(f"patterns{k}", {}), coders) for k in range(blocks))
    expected = [*((j,) for j in order[: blocks - 1].tolist()), tuple(order[blocks - 1 :].tolist())]
    if [block.columns for block in patterns] not in (expected, [*expected[:-1], *((j,) for j in expected[-1])]):
        raise RecordError("Patterns of missing cells must cover the columns in their order; these don't.", fix=DAMAGED)
    leaves = [leaves_from_arrays(parts.get(f"leaves{k}", {}), coders[j], coders, moving(coders[j])) for k, j in enumerate(order.tolist())]
    for step, tree in enumerate(leaves):
        _check_filled(tree, patterns, int(order[step]))
    follows = tuple(_follow_from(parts.get(f"follow{k}"), order.tolist()[:k], coders, int(j)) for k, j in enumerate(order))
    return Chain(coders, tuple(order.tolist()), tuple(leaves), follows, patterns)


def _follow_from(arrays: dict[str, Array] | None, earlier: list[int], coders: tuple[Coder, ...], column: int) -> Follow | None:
    if arrays is None:
        return None
    try:
        source, rising = (int(x) for x in arrays["source"])
        table = arrays["table"].astype("f8")
    except (KeyError, ValueError, TypeError) as error:
        raise RecordError(f"How a column follows another was expected; it isn't said: {reason(error)}.", fix=DAMAGED) from error
    whole = bool(rising) or np.array_equal(table, np.rint(table))
    if source not in earlier or len(table) != coders[source].size or not whole or not ((table >= -1) & (table < coders[column].size)).all():
        raise RecordError(f"Column {column} must follow an earlier column's values; it doesn't.", fix=DAMAGED)
    return Follow(source, table, bool(rising))


def _check_filled(leaves: Leaves, patterns: tuple[Patterns, ...], column: int) -> None:
    """No row is drawn from an empty leaf."""
    block = next(block for block in patterns if column in block.columns)
    if not (leaves.sizes > 0).all() and block.may_be(column, ORDINARY):
        raise RecordError(f"A tree's leaves must hold rows; some of column {column} hold none.", fix=DAMAGED)
