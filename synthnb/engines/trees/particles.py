"""Rows that meet conditions, drawn without rejection: several half-made rows for each row, weighted by what is admissible.

::

    row 7   ● ● ● ● ● ● ● ●    half-made rows, each drawn from the admissible part of its leaf
             .2 .9 0 .1 .9 …   weight: how large that part is
            ● ● ● ● ● ● ● ●    drawn again among themselves, by weight
            …                  and so on to the last column of the condition; one is taken, and finished

This is sequential importance resampling (Doucet, de Freitas and Gordon, 2001, "Sequential Monte
Carlo Methods in Practice", doi:10.1007/978-1-4757-3437-9), for each row by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb._random import generator
from synthnb.engines._encoding.table import ORDINARY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from synthnb.engines._encoding.table import Coder
    from synthnb.engines.base import Unit
    from synthnb.engines.trees.chain import Chain
    from synthnb.engines.trees.leaves import Leaves, Seen
    from synthnb.engines.trees.patterns import Patterns
    from synthnb.recipes.conditions import Condition, Conditions

__all__ = ["Aims", "aims_of", "draw_aimed"]

Array = np.ndarray[Any, Any]

_FEWEST, _MOST = 32, 1_024
"""Half-made rows for each row."""
_EVEN, _EFFECTIVE = 0.99, 96
"""Weights this even need the fewest; otherwise as many as are worth this number of equally weighted ones."""
_AT_ONCE = 131_072
"""Half-made rows worked on at once: a bound on memory."""
_PILOT = 4_096
"""Half-made rows that show how uneven the weights are."""
_STATES = 4
_FINE = 8
_FINE_VALUES = 100_000
_HALVINGS = 40


@dataclass(frozen=True)
class Target:
    """What a condition admits of one column, on the scale of positions."""

    states: Array
    """bool per state: whether it is admissible; of an ordinary cell, whether any value is."""
    edges: Array
    """Where admissible intervals begin and end, in turn."""
    whole: Array
    """bool per whole position: whether its value is admissible."""

    def holds(self, positions: Array) -> Array:
        """Whether the values at positions are admissible."""
        within = np.searchsorted(self.edges, positions, side="right") % 2 == 1
        at_end = np.isin(positions, self.edges)
        return np.asarray(np.where(positions == np.floor(positions), self.whole[positions.astype("i8")], within | at_end))


@dataclass(frozen=True)
class Aim:
    """A column's leaves with what is admissible of each row in them."""

    leaves: Leaves
    """The leaves."""
    target: Target
    """What is admissible."""
    edges: Array
    """Where admissible intervals of ranks begin and end, in turn."""
    moved: Array
    """Per row in the leaves, whether it is moved."""
    low: Array
    """Per row in the leaves, the rank from which it may be moved."""
    high: Array
    """Per row in the leaves, to which."""
    sums: Array
    """Admissible parts of the rows before each, added up; one more than there are rows."""

    def share(self, leaf: Array) -> Array:
        """How much of each leaf is admissible."""
        starts, sizes = self.leaves.starts[leaf], self.leaves.sizes[leaf]
        return np.asarray((self.sums[starts + sizes] - self.sums[starts]) / np.maximum(sizes, 1))

    def draw(self, leaf: Array, uniforms: Array) -> Array:
        """Positions among what is admissible of the leaves; of no meaning where nothing is."""
        starts, sizes = self.leaves.starts[leaf], self.leaves.sizes[leaf]
        low, high = self.sums[starts], self.sums[starts + sizes]
        slot = np.searchsorted(self.sums, low + uniforms[:, 0] * (high - low), side="right") - 1
        slot = np.clip(slot, starts, starts + np.maximum(sizes - 1, 0))
        donors = self.leaves.donors[slot]
        drawn: Array = donors.astype("f8")
        at = np.flatnonzero(self.moved[slot])
        if self.leaves.moving is None or not len(at) or not len(self.edges):
            return drawn
        below, above = self.measure(self.low[slot[at]]), self.measure(self.high[slot[at]])
        ranks = self.at(below + uniforms[at, 1] * (above - below))
        free = self.leaves.moving.to_positions(ranks)
        put = self.leaves.moving.on_grid(free, donors[at])
        drawn[at] = np.where(self.target.holds(put), put, free)
        return drawn

    def measure(self, ranks: Array) -> Array:
        """How much of the ranks below each is admissible."""
        begins, ends = self.edges[::2], self.edges[1::2]
        lengths = np.concatenate([[0.0], np.cumsum(ends - begins)])
        if not len(begins):
            return np.zeros(len(ranks))
        part = np.searchsorted(begins, ranks, side="right")
        before = np.maximum(part - 1, 0)
        inside = np.minimum(ranks, ends[before]) - begins[before]
        return np.asarray(np.where(part > 0, lengths[before] + np.maximum(inside, 0.0), 0.0))

    def at(self, lengths: Array) -> Array:
        """The rank below which so much is admissible."""
        begins, ends = self.edges[::2], self.edges[1::2]
        starts = np.concatenate([[0.0], np.cumsum(ends - begins)])
        part = np.clip(np.searchsorted(starts, lengths, side="right") - 1, 0, len(begins) - 1)
        return np.asarray(np.minimum(begins[part] + lengths - starts[part], ends[part]))


def aim(leaves: Leaves, target: Target) -> Aim:
    """Return leaves with what is admissible of each row in them."""
    sums = np.concatenate([[0.0], np.cumsum(target.whole[leaves.donors])])
    if leaves.moving is None:
        none = np.zeros(0)
        return Aim(leaves, target, none, np.zeros(len(leaves.donors), dtype=bool), none, none, sums)
    low, high = leaves.reach()
    found = Aim(leaves, target, leaves.moving.to_ranks(target.edges), leaves.moved, low, high, sums)
    width = high - low
    part = (found.measure(high) - found.measure(low)) / np.where(width > 0, width, 1.0)
    part = np.where(found.moved & (width > 0), part, target.whole[leaves.donors])
    return replace(found, sums=np.concatenate([[0.0], np.cumsum(part)]))


def target_of(coder: Coder, condition: Condition, states: Sequence[int]) -> Target:
    """Return what a condition admits of a column whose cells may be in some states."""

    def admits(positions: Array) -> Array:
        return condition.admits(coder.decode(np.zeros(len(positions), dtype="i1"), positions))

    marks = np.zeros(_STATES, dtype=bool)
    if states:
        marks[list(states)] = condition.admits(coder.decode(np.array(states, dtype="i1"), np.zeros(len(states))))
    whole = admits(np.arange(coder.size, dtype="f8")) if coder.size else np.zeros(0, dtype=bool)
    if not coder.ordered or bool(coder.kept.all()):
        marks[ORDINARY] = whole.any()
        return Target(marks, np.zeros(0), whole)
    steps = _FINE if coder.size <= _FINE_VALUES else 2
    grid = np.arange((coder.size - 1) * steps + 1) / steps
    edges = _edges(admits, grid)
    marks[ORDINARY] = bool(whole.any() or len(edges))
    return Target(marks, edges, whole)


def _edges(admits: Callable[[Array], Array], grid: Array) -> Array:
    """Where admissible intervals begin and end, in turn."""
    inside = admits(grid)
    turns = np.flatnonzero(inside[1:] != inside[:-1])
    left, right, state = grid[turns], grid[turns + 1], inside[turns]
    for _ in range(_HALVINGS if len(turns) else 0):
        middle = (left + right) / 2
        same = admits(middle) == state
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    cuts = np.where(state, left, right)
    return np.concatenate([grid[:1] if inside[0] else [], cuts, grid[-1:] if inside[-1] else []])


@dataclass(frozen=True)
class Aims:
    """Everything conditions ask of a chain."""

    last: int
    """How many steps of the chain it takes until all columns of the conditions are drawn."""
    targets: dict[int, Target]
    """What is admissible, by column."""
    values: dict[int, Aim]
    """Leaves aimed at it, by column."""
    patterns: dict[int, Aim]
    """Leaves of patterns aimed at those that are admissible, by the step they are drawn at."""
    particles: int = _FEWEST
    """Half-made rows for each row: the more, the more uneven their weights are."""

    @property
    def group(self) -> int:
        """Rows worked on at once."""
        return _AT_ONCE // self.particles


def aims_of(chain: Chain, where: Conditions) -> Aims:
    """Return what conditions ask of a chain."""
    places = {chain.coders[column].column.name: step for step, column in enumerate(chain.order)}
    last = max((places[name] + 1 for name in where.names if name in places), default=0)
    targets = {}
    for name, condition in where.by_column.items():
        if name in places:
            column = chain.order[places[name]]
            block = next(block for block in chain.patterns if column in block.columns)
            states = [state for state in range(1, _STATES) if block.may_be(column, state)]
            targets[column] = target_of(chain.coders[column], condition, states)
    values = {column: aim(chain.leaves[chain.order.index(column)], target) for column, target in targets.items()}
    patterns = {step: found for step, block in chain.blocks.items() if (found := _aimed_patterns(block, targets)) is not None}
    aims = Aims(last, targets, values, patterns)
    pilot = _Crowd(chain, aims, np.arange(_PILOT // _FEWEST), 0, ("pilot",))
    weights = pilot.weigh_up(where)
    effective = weights.sum() ** 2 / (weights.size * (weights**2).sum()) if weights.any() else 0.0
    needed = _FEWEST if effective > _EVEN else min(_EFFECTIVE / max(effective, 1e-9), _MOST)
    return replace(aims, particles=int(2 ** np.ceil(np.log2(needed))))


def _aimed_patterns(patterns: Patterns, targets: dict[int, Target]) -> Aim | None:
    """Leaves of patterns, aimed at those whose states are admissible; rare ones are looked at when they are drawn."""
    restricted = [(place, targets[column]) for place, column in enumerate(patterns.columns) if column in targets]
    if patterns.which is None or not restricted:
        return None
    admissible = np.ones(len(patterns.common), dtype=bool)
    for place, target in restricted:
        admissible &= target.states[patterns.common[:, place]]
    if patterns.has_rare:
        admissible[-1] = True
    return aim(patterns.which, Target(np.ones(_STATES, dtype=bool), np.zeros(0), admissible))


def draw_aimed(
    chain: Chain, aims: Aims, where: Conditions, rows: Array, *, seed: int, unit: Unit, fixed: tuple[Array, Array] | None = None
) -> tuple[Array, Array, Array]:
    """Return states, positions, and which rows could not be made to meet the conditions.

    Parameters are those of `Chain.draw`, and what the conditions ask of the chain.
    """
    done = 0 if fixed is None else fixed[0].shape[1]
    whole = chain.blank(len(rows))
    short = np.zeros(len(rows), dtype=bool)
    for number in np.unique(rows // aims.group):
        at = np.flatnonzero(rows // aims.group == number)
        crowd = _Crowd(chain, aims, rows[at] % aims.group, seed, ("aimed", int(number), *unit))
        if fixed is not None:
            crowd.fix(fixed[0][at], fixed[1][at])
        picked, lost = crowd.run(done, where)
        whole.states[at], whole.positions[at] = picked.states, picked.positions
        short[at] = lost
    chain.extend(whole, rows, range(max(aims.last, done), len(chain.order)), seed=seed, unit=unit)
    return whole.states, whole.positions, short


class _Crowd:
    """The half-made rows of a group of rows."""

    def __init__(self, chain: Chain, aims: Aims, rows: Array, seed: int, unit: Unit) -> None:
        self._chain, self._aims, self._rows, self._seed, self._unit = chain, aims, rows, seed, unit
        self._size = aims.particles
        self._seen = chain.blank(len(rows) * self._size)
        self._weights = np.ones((len(rows), self._size))

    def fix(self, states: Array, positions: Array) -> None:
        """Put cells fixed from outside into every half-made row."""
        first = list(self._chain.order[: states.shape[1]])
        self._seen.states[:, first] = np.repeat(states, self._size, axis=0)
        self._seen.positions[:, first] = np.repeat(positions, self._size, axis=0)

    def run(self, done: int, where: Conditions) -> tuple[Seen, Array]:
        """Draw the columns up to the last that the conditions concern; return one row each, and which could not be made."""
        for step in range(done, self._aims.last):
            if self._advance(step):
                self._resample(("resample", step))
        self._weigh_rest(where)
        return self._picked()

    def weigh_up(self, where: Conditions) -> Array:
        """Draw the same columns without resampling and return the weights."""
        for step in range(self._aims.last):
            self._advance(step)
        self._weigh_rest(where)
        return self._weights

    def _advance(self, step: int) -> bool:
        """Draw one column; return whether weights have changed."""
        if step in self._chain.blocks:
            self._draw_patterns(step)
        self._draw_column(step)
        return self._chain.order[step] in self._aims.values or step in self._aims.patterns

    def _weigh_rest(self, where: Conditions) -> None:
        if where.rest is not None:
            self._weigh(where.rest.mask(self._decoded(where.rest.names)))

    def _uniforms(self, *name: str | int, width: int = 2) -> Array:
        spots = int(self._rows.max()) + 1
        drawn = generator(self._seed, "sample", *name, *self._unit).random((spots, self._size, width))
        return drawn[self._rows].reshape(-1, width)

    def _weigh(self, factor: Array) -> None:
        self._weights *= factor.reshape(self._weights.shape)

    def _draw_patterns(self, step: int) -> None:
        block = self._chain.blocks[step]
        columns = list(block.columns)
        numbers = (self._rows[:, None] * self._size + np.arange(self._size)).ravel()
        aimed = self._aims.patterns.get(step)
        if aimed is None:
            self._seen.states[:, columns] = block.draw(self._seen, numbers, seed=self._seed, unit=self._unit)
        else:
            leaf = aimed.leaves.find(self._seen)
            level = aimed.draw(leaf, self._uniforms("missing pattern", block.columns[0])).astype("i8")
            self._weigh(aimed.share(leaf))
            self._seen.states[:, columns] = block.states_of(level, numbers, seed=self._seed, unit=self._unit)
        for column in columns:
            if column in self._aims.targets:
                self._weigh(self._aims.targets[column].states[self._seen.states[:, column]])

    def _draw_column(self, step: int) -> None:
        column = self._chain.order[step]
        uniforms = self._uniforms("column", self._chain.coders[column].column.name)
        here = np.flatnonzero(self._seen.states[:, column] == ORDINARY)
        if not len(here) or not self._chain.coders[column].size:
            return
        some = self._seen.rows(here)
        aimed = self._aims.values.get(column)
        if aimed is None:
            self._seen.positions[here, column] = self._chain.draw_column(step, some, uniforms[here])
            return
        share = np.ones(len(self._seen))
        if aimed.leaves.slopes is None and self._chain.follows[step] is None:
            leaf = aimed.leaves.find(some)
            drawn, share[here] = aimed.draw(leaf, uniforms[here]), aimed.share(leaf)
        else:
            drawn = self._chain.draw_column(step, some, uniforms[here])
            share[here] = aimed.target.holds(drawn)
        self._seen.positions[here, column] = drawn
        self._weigh(share)

    def _resample(self, name: tuple[str, int]) -> None:
        """Replace each row's half-made rows by some of them, drawn by weight and spread evenly, where the weights differ."""
        low, high = self._weights.min(axis=1), self._weights.max(axis=1)
        uneven = np.flatnonzero((high > 0) & (low < high))
        if not len(uneven):
            return
        shift = self._uniforms(*name, width=1).reshape(self._weights.shape)[uneven, :1]
        ends = np.cumsum(self._weights[uneven], axis=1)
        ends /= ends[:, -1:]
        row = np.arange(len(uneven))[:, None]
        wanted = (np.arange(self._size) + shift) / self._size
        found = np.searchsorted((ends + row).ravel(), (wanted + row).ravel(), side="right").reshape(wanted.shape)
        chosen = np.clip(found - row * self._size, 0, self._size - 1)
        source = (uneven[:, None] * self._size + chosen).ravel()
        into = (uneven[:, None] * self._size + np.arange(self._size)).ravel()
        self._seen.states[into], self._seen.positions[into] = self._seen.states[source], self._seen.positions[source]
        self._weights[uneven] = 1.0

    def _picked(self) -> tuple[Seen, Array]:
        """One half-made row for each row, by weight."""
        total = self._weights.sum(axis=1)
        ends = np.cumsum(self._weights, axis=1)
        uniforms = self._uniforms("pick", width=1).reshape(self._weights.shape)[:, 0]
        chosen = np.minimum((uniforms[:, None] * total[:, None] >= ends).sum(axis=1), self._size - 1)
        return self._seen.rows(np.arange(len(total)) * self._size + chosen), total <= 0

    def _decoded(self, names: tuple[str, ...]) -> pd.DataFrame:
        found = {coder.column.name: j for j, coder in enumerate(self._chain.coders)}
        columns = {name: found[name] for name in names if name in found}
        return pd.DataFrame(
            {name: self._chain.coders[j].decode(self._seen.states[:, j], self._seen.positions[:, j]) for name, j in columns.items()}
        )
