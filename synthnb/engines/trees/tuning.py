"""How small a leaf may be: the smallest at which synthetic rows aren't shown to lie nearer to the rows learnt.

"Nearer" is against as many rows held out, and "shown" means by more than 0.02 and the
sampling error. Turned round, the same distances say whether a row was learnt: how often a
row learnt lies nearer to the synthetic rows than one held out does. That must not be shown
either. A leaf size passes unless one of the two is; it isn't proved safe. With few rows
the error is wide: of 20 rows judged, 14 may be nearer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from synthnb._random import generator
from synthnb.engines._encoding.table import Table
from synthnb.engines._nearness import SMALLEST_LEAF, Space, membership_auc, nearer_share
from synthnb.engines.base import BLOCK
from synthnb.engines.trees.chain import grow_chain

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.base import Progress

__all__ = ["Trial", "candidates", "choose_leaf"]

Array = np.ndarray[Any, Any]

_LADDER = 1.5
_RUNGS = 6
_LEARNT = 20_000
_JUDGED = 2_000
_TOLERANCE = 0.02
_Z = 1.959964


@dataclass(frozen=True)
class Trial:
    """One leaf size tried."""

    leaf: int
    """Fewest rows in a leaf."""
    share: float
    """Share of synthetic rows nearer to the rows learnt than to as many held out; ties count half."""
    limit: float
    """Largest share accepted: one half, or the share of independent columns if larger, a tolerance and a 95 % half-width."""
    n: int
    """Synthetic rows judged."""
    membership: float = 0.5
    """Probability that a row learnt lies nearer to the synthetic rows than one held out; 0.5 tells nothing."""
    membership_limit: float = 1.0
    """Largest membership figure accepted, made like ``limit``."""

    @property
    def passed(self) -> bool:
        """Whether both figures are within their limits: not shown to be larger than they should be."""
        return self.share <= self.limit and self.membership <= self.membership_limit

    @property
    def half_width(self) -> float:
        """Half-width of a 95 % interval around a share of one half of so many rows."""
        return _half_width(self.n)

    def to_dict(self) -> dict[str, Json]:
        """The trial as plain JSON types."""
        return {
            "leaf": self.leaf,
            "share_nearer_to_train": round(self.share, 4),
            "limit": round(self.limit, 4),
            "membership_auc": round(self.membership, 4),
            "membership_limit": round(self.membership_limit, 4),
            "rows": self.n,
        }


def _half_width(n: int) -> float:
    return _Z * math.sqrt(0.25 / n)


def _auc_half_width(n: int) -> float:
    """The same for the Mann-Whitney statistic of two samples of so many rows that don't differ."""
    return _Z * math.sqrt((2 * n + 1) / (12 * n * n))


def candidates(rows: int) -> list[int]:
    """Leaf sizes to try, from the square root of the rows upwards, to at most a quarter of them."""
    floor = max(SMALLEST_LEAF, math.ceil(math.sqrt(rows)))
    ladder = [round(floor * _LADDER**rung) for rung in range(_RUNGS)]
    return [floor, *(leaf for before, leaf in pairwise(ladder) if before < leaf <= rows / 4)]


def choose_leaf(
    table: Table, order: tuple[int, ...], *, seed: int, first: int = 0, progress: Progress | None = None
) -> tuple[int, list[Trial]]:
    """Return the leaf size and what was tried, in order; the last trial is the one chosen.

    The rows are cut in two halves at random. A chain is grown on each in turn, and the
    rows it draws are compared with both halves. Columns drawn independently of one
    another (save those that another decides) give what the columns' own distributions account
    for, which no leaf size can change. The first leaf size whose share and membership figure
    exceed that (or one half, if that is larger) by no more than a tolerance of 0.02 and
    sampling error is taken, or the largest if none is.

    Parameters
    ----------
    table : Table
        The rows to learn.
    order : tuple of int
        Columns in the order they are drawn.
    seed : int
        The run's.
    first : int
        How many columns of ``order`` may be fixed when rows are drawn.
    progress : Progress, optional
        Told of each leaf size tried.
    """
    size = min(table.rows // 2, _LEARNT)
    shuffled = generator(seed, "tune", "halves").permutation(table.rows)
    halves = [_rows(table, np.sort(shuffled[:size])), _rows(table, np.sort(shuffled[size : 2 * size]))]
    space = Space(table, seed)
    trials: list[Trial] = []
    ladder = candidates(table.rows)
    alone = _judged(halves, order, space, first=first, leaf=table.rows, seed=seed)
    limit = max(0.5, alone.nearer) + _TOLERANCE + _half_width(alone.rows)
    member_limit = max(0.5, alone.membership) + _TOLERANCE + _auc_half_width(alone.rows)
    for number, leaf in enumerate(ladder):
        if progress:
            progress(number, len(ladder), f"leaves of {leaf}")
        found = _judged(halves, order, space, first=first, leaf=leaf, seed=seed, progress=_rung(progress, number, len(ladder), leaf))
        trials.append(Trial(leaf, found.nearer, limit, found.rows, found.membership, member_limit))
        if trials[-1].passed:
            break
    return trials[-1].leaf, trials


class _Judged(NamedTuple):
    nearer: float
    membership: float
    rows: int


def _rung(progress: Progress | None, number: int, rungs: int, leaf: int) -> Progress | None:
    """Progress within one leaf size: columns grown, of all rungs' columns."""
    if progress is None:
        return None
    tell = progress
    return lambda done, total, what: tell(number * total + done, rungs * total, f"leaves of {leaf}, {what}")


def _judged(
    halves: list[Table], order: tuple[int, ...], space: Space, *, first: int, leaf: int, seed: int, progress: Progress | None = None
) -> _Judged:
    """The figures over both turns, and the rows they rest on."""
    nearer, membership, judged = 0.0, 0.0, 0
    for turn, (learnt, held) in enumerate((halves, halves[::-1])):
        chain = grow_chain(learnt, order, leaf=leaf, seed=seed, first=first, progress=progress)
        rows = np.arange(min(learnt.rows, _JUDGED, BLOCK))
        made = space(*chain.draw(rows, seed=seed, unit=("tune", leaf, turn)))
        known, other = space(learnt.states, learnt.positions), space(held.states, held.positions)
        nearer += nearer_share(made, known, other) * len(rows)
        membership += membership_auc(known[: len(rows)], other[: len(rows)], made) * len(rows)
        judged += len(rows)
    return _Judged(nearer / judged, membership / judged, judged)


def _rows(table: Table, index: Array) -> Table:
    return Table(table.coders, table.states[index], table.positions[index])
