"""How small a leaf of an adversarial forest may be: the smallest at which rows drawn aren't shown to lie nearer to the rows learnt.

As for `trees` (`synthnb.engines.trees.tuning`), but the rows are cut in thirds: a forest grown on two of them
draws rows that are compared with each of the two and with the third, and each third is held out in turn.
A half-grown forest stands nearer to its rows than one grown on all of them does; the tolerance is 0.015. The ladder starts at a
quarter of the square root of the rows, since in a leaf every column is drawn apart from the others:
a leaf of few rows can't give one of them back whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb._random import generator
from synthnb.engines._encoding.table import Table
from synthnb.engines._nearness import SMALLEST_LEAF, Space, nearer_share
from synthnb.engines.arf.densities import fill
from synthnb.engines.arf.forest import grow_forest

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.base import Progress

__all__ = ["Tried", "choose_forest_leaf", "forest_leaves"]

Array = np.ndarray[Any, Any]

_PARTS = 3
_TREES = 10
_LADDER = 1.5
_RUNGS = 8
_LEARNT = 20_000
_JUDGED = 2_000
_TOLERANCE = 0.015
_Z = 1.959964


@dataclass(frozen=True)
class Tried:
    """One leaf size tried."""

    leaf: int
    """Fewest rows in a leaf."""
    share: float
    """Share of rows drawn that lie nearer to the rows learnt than to as many held out; ties count half."""
    limit: float
    """Largest share accepted: one half, or the share of independent columns if larger, a tolerance and a 95 % half-width."""
    n: int
    """Rows judged."""

    @property
    def passed(self) -> bool:
        """Whether the share is within the limit: not shown to be larger than it should be."""
        return self.share <= self.limit

    def to_dict(self) -> dict[str, Json]:
        """The trial as plain JSON types."""
        return {"leaf": self.leaf, "share_nearer_to_train": round(self.share, 4), "limit": round(self.limit, 4), "rows": self.n}


def forest_leaves(rows: int) -> list[int]:
    """Leaf sizes to try: from a quarter of the square root of the rows upwards, to at most a quarter of the rows."""
    floor = max(SMALLEST_LEAF, math.ceil(math.sqrt(rows) / 4))
    ladder = dict.fromkeys(round(floor * _LADDER**rung) for rung in range(_RUNGS))
    return [floor, *(leaf for leaf in ladder if floor < leaf <= rows / 4)]


def choose_forest_leaf(table: Table, *, trees: int, seed: int, progress: Progress | None = None) -> tuple[int, list[Tried]]:
    """Return the leaf size and what was tried, in order; the last trial is the one chosen.

    Parameters
    ----------
    table : Table
        The rows to learn.
    trees : int
        How many trees a forest has.
    seed : int
        The run's.
    progress : Progress, optional
        Told of each leaf size tried.
    """
    size = min(table.rows // _PARTS, _LEARNT // 2)
    shuffled = generator(seed, "tune", "parts").permutation(table.rows)
    parts = [np.sort(shuffled[part * size : (part + 1) * size]) for part in range(_PARTS)]
    space = Space(table, seed)

    def share(leaf: int) -> float:
        turns = [_nearer(table, parts, turn, space, leaf=leaf, trees=trees, seed=seed) for turn in range(_PARTS)]
        return float(np.mean(turns))

    judged = _PARTS * min(2 * size, _JUDGED)
    limit = max(0.5, share(table.rows)) + _TOLERANCE + _Z * math.sqrt(0.25 / judged)
    trials: list[Tried] = []
    ladder = forest_leaves(table.rows)
    for number, leaf in enumerate(ladder):
        if progress:
            progress(number, len(ladder), f"leaves of {leaf}")
        trials.append(Tried(leaf, share(leaf), limit, judged))
        if trials[-1].passed:
            break
    return trials[-1].leaf, trials


def _nearer(table: Table, parts: list[Array], turn: int, space: Space, *, leaf: int, trees: int, seed: int) -> float:
    """The share with one part held out, over both of the others."""
    held = _some(table, parts[turn])
    others = [_some(table, part) for number, part in enumerate(parts) if number != turn]
    learnt = _some(table, np.sort(np.concatenate([part for number, part in enumerate(parts) if number != turn])))
    densities = fill(learnt, grow_forest(learnt, leaf=leaf, trees=min(trees, _TREES), seed=seed))
    uniforms = generator(seed, "tune", "rows", turn).random((min(learnt.rows, _JUDGED), 1 + 2 * len(densities.columns)))
    made, away = space(*densities.draw(uniforms)), space(held.states, held.positions)
    return float(np.mean([nearer_share(made, space(other.states, other.positions), away) for other in others]))


def _some(table: Table, index: Array) -> Table:
    return Table(table.coders, table.states[index], table.positions[index])
