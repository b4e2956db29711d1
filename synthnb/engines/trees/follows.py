"""Columns that another column decides: a code and its label, a number and its logarithm.

::

    education    Bachelors  Masters  Doctorate        each level has one number: looked up
    years               13       14         16

    income       12.0   15.5   71.3                   as one rises so does the other: interpolated
    log income   2.48   2.74   4.27

A tree whose leaves hold many rows can't keep such a tie where a level has few rows. It is
kept only where the whole table shows it; a level that fewer than `COMMON` rows have decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb.engines._encoding.table import ORDINARY
from synthnb.engines.trees.patterns import COMMON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from synthnb.engines._encoding.table import Coder, Table
    from synthnb.engines.trees.leaves import Seen

__all__ = ["Follow", "decided_after", "follow_of"]

Array = np.ndarray[Any, Any]

_SCREENED = (64, 2_000)
_COVERED = 0.9
_DISTINCT = 20
_MORE_KEPT = 0.1
_CHANCE = np.log(1e-9)
"""Logarithm of the probability under which a tie isn't chance."""


@dataclass(frozen=True)
class Follow:
    """How a column follows another."""

    source: int
    """The column that decides."""
    table: Array
    """float64 per whole position of the source: the position of the column that follows, -1 where nothing is decided."""
    rising: bool
    """Whether positions between whole ones are interpolated: both columns are numbers that rise, or fall, together."""

    def draw(self, seen: Seen, drawn: Array, *, whole: bool) -> Array:
        """Return positions where they are decided, and those given elsewhere.

        Parameters
        ----------
        seen : Seen
            The rows.
        drawn : ndarray of float64
            Positions drawn otherwise.
        whole : bool
            Whether only whole positions exist.
        """
        source = seen.positions[:, self.source]
        low = source.astype("i8")
        base = self.table[low]
        known = (seen.states[:, self.source] == ORDINARY) & (base >= 0)
        if self.rising:
            above = self.table[np.minimum(low + 1, len(self.table) - 1)]
            base = base + (source - low) * (above - base)
        return np.where(known, np.rint(base) if whole else base, drawn)


def follow_of(table: Table, column: int, earlier: Sequence[int]) -> Follow | None:
    """Return how a column follows an earlier one; None where it follows none."""
    coder = table.coders[column]
    if coder.size < 2:
        return None
    for source in earlier:
        if table.coders[source].size < 2 or not _may_follow(table, column, source):
            continue
        found = _followed(table, column, source)
        if found is not None:
            return found
    return None


def _may_follow(table: Table, column: int, source: int) -> bool:
    """Whether a few rows, and then some more, don't speak against it."""
    return all(_agree(table, column, source, table.rows // few + 1) for few in _SCREENED)


def _agree(table: Table, column: int, source: int, every: int) -> bool:
    rows = slice(None, None, every)
    both = (table.states[rows, column] == ORDINARY) & (table.states[rows, source] == ORDINARY)
    x, y = table.positions[rows, source][both].astype("i8"), table.positions[rows, column][both]
    if not len(x):
        return False
    if not bool(table.coders[source].kept.all()):
        steps = np.diff(y[np.argsort(x, kind="stable")])
        return table.coders[column].ordered and bool((steps >= 0).all() or (steps <= 0).all())
    last = np.empty(table.coders[source].size)
    last[x] = y
    return bool((last[x] == y).all())


def _followed(table: Table, column: int, source: int) -> Follow | None:
    both = (table.states[:, column] == ORDINARY) & (table.states[:, source] == ORDINARY)
    x, y = table.positions[both, source].astype("i8"), table.positions[both, column].astype("i8")
    giver, taker = table.coders[source], table.coders[column]
    found = np.full(giver.size, -1.0)
    found[x] = y
    if not (found[x] == y).all():
        return None
    if _is_rising(giver, taker, found):
        return Follow(source, _filled(found), rising=True)
    if not bool(giver.kept.all()):
        return None
    counts = np.bincount(x, minlength=giver.size)
    found[counts < COMMON] = -1.0
    told = found >= 0
    share = np.maximum(taker.counts / taker.counts.sum(), 1e-12)
    chance = ((counts[told] - 1) * np.log(share[found[told].astype("i8")])).sum()
    covered = counts[told].sum() >= _COVERED * len(x)
    return Follow(source, found, rising=False) if covered and chance < _CHANCE else None


def _is_rising(giver: Coder, taker: Coder, found: Array) -> bool:
    """Whether both are numbers and rise, or fall, together."""
    at = found[found >= 0]
    if not (giver.ordered and taker.ordered) or len(np.unique(at)) < _DISTINCT:
        return False
    if _kept_share(taker) > _kept_share(giver) + _MORE_KEPT and not bool(taker.kept.all()):
        return False  # where the giver is moved, the taker would leave its common values
    steps = np.diff(at)
    return bool((steps >= 0).all() or (steps <= 0).all())


def _kept_share(coder: Coder) -> float:
    """Share of rows whose value is drawn as it is."""
    return float(coder.counts[coder.kept].sum() / coder.counts.sum())


def _filled(found: Array) -> Array:
    """Positions that no row told, between their neighbours'."""
    told = np.flatnonzero(found >= 0)
    return np.interp(np.arange(len(found)), told, found[told])


def decided_after(table: Table, order: tuple[int, ...], first: int) -> tuple[int, ...]:
    """Return an order in which what is decided comes after what decides it; the first columns stay."""
    decided: dict[int, int] = {}
    for place, column in enumerate(order):
        if place < first or table.coders[column].size < 2:
            continue
        for source in order[place + 1 :]:
            if source in decided or table.coders[source].size <= table.coders[column].size:
                continue
            if _may_follow(table, column, source) and _followed(table, column, source) is not None:
                decided[column] = source
                break
    kept = [column for column in order if column not in decided]
    out: list[int] = []
    for column in kept:
        out.append(column)
        pending = [follower for follower in order if decided.get(follower) == column]
        while pending:
            out.append(pending.pop(0))
            pending += [follower for follower in order if decided.get(follower) == out[-1]]
    return tuple(out)
