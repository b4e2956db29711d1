"""How numbers that few rows share are moved: along the ranks, and within the grid they were written on.

::

    value     0      12.0   12.4   13.1   14.0
    rows     310        1      2      1      1
    kept      ✓                                    drawn as it is
    rank      ·        .1     .4     .7     .9     the others, among themselves

People round: a weight is written in whole pounds, a count in tens. Such grids, coarser than
the column's own, are looked for; a number that lay on one is put back on it when it was moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from synthnb.engines._encoding.table import Coder

__all__ = ["Moving", "moving"]

Array = np.ndarray[Any, Any]

_GRIDS = 3
_FREQUENT = (6, 12, 24)
_LEAST_SHARE = 0.15
_TIMES_CHANCE = 2.0
_LEAST_VALUES = 12
_ROUND = (2, 5, 10, 20, 25, 50, 100, 500, 1000, 10_000)


@dataclass(frozen=True)
class Moving:
    """The scale on which a column's numbers are moved."""

    places: Array
    """float64: whole positions of the values that aren't kept."""
    ranks: Array
    """float64: their mid-ranks among themselves, from 0 to 1."""
    values: Array
    """int64 or float64: every value of the column."""
    step: int
    """The column's own grid; 0 where every digit counts."""
    grids: tuple[tuple[int, int], ...]
    """Coarser grids, most used first: distance and where it begins."""
    grid_of: Array
    """int8 per whole position: the grid that its value lies on, -1 for none."""

    @cached_property
    def is_kept(self) -> Array:
        """Per whole position, whether its value is drawn as it is."""
        kept = np.ones(len(self.values), dtype=bool)
        kept[self.places.astype("i8")] = False
        return kept

    def to_ranks(self, positions: Array) -> Array:
        """Ranks of positions; of a kept value, between its neighbours'."""
        return np.asarray(np.interp(positions, self.places, self.ranks))

    def to_positions(self, ranks: Array) -> Array:
        """Positions of ranks; those beyond an end are turned back there."""
        low, high = self.ranks[0], self.ranks[-1]
        inside = np.where(ranks < low, 2 * low - ranks, np.where(ranks > high, 2 * high - ranks, ranks))
        return np.asarray(np.interp(inside, self.ranks, self.places))

    def on_grid(self, positions: Array, donors: Array) -> Array:
        """Return positions put on the coarser grids that other positions' values lie on, or off them where these don't."""
        if not self.grids:
            return positions
        found = positions.copy()
        value = np.interp(positions, np.arange(len(self.values)), self.values.astype("f8"))
        for number, grid in enumerate(self.grids):
            at = np.flatnonzero(self.grid_of[donors] == number)
            found[at] = self._position(self._nearest(value[at], *grid))
        at = np.flatnonzero(self.grid_of[donors] < 0)
        own = self._nearest(value[at], self.step, int(self.values[0]))
        lying = np.any([(own - begin) % distance == 0 for distance, begin in self.grids], axis=0)
        beside = np.where(own + self.step <= self.values[-1], own + self.step, own - self.step)
        found[at[lying]] = self._position(beside[lying])
        return found

    def _nearest(self, value: Array, distance: int, begin: int) -> Array:
        """The grid's nearest points within the column's range."""
        whole = np.rint((value - begin) / distance).astype("i8") * distance + begin
        return np.where(whole < self.values[0], whole + distance, np.where(whole > self.values[-1], whole - distance, whole))

    def _position(self, values: Array) -> Array:
        """Positions of values, from exact differences."""
        low = np.clip(np.searchsorted(self.values, values, side="right") - 1, 0, len(self.values) - 2)
        gap = self.values[low + 1] - self.values[low]
        return np.asarray(low + np.clip((values - self.values[low]) / gap, 0.0, 1.0))


def moving(coder: Coder) -> Moving | None:
    """Return the scale on which a column's numbers are moved; None where all are drawn as they are."""
    if not coder.ordered or coder.size < 2 or bool(coder.kept.all()):
        return None
    loose = np.flatnonzero(~coder.kept)
    counts = coder.counts[loose]
    ends = np.cumsum(counts)
    grids, grid_of = _grids(coder)
    return Moving(loose.astype("f8"), (ends - counts / 2) / ends[-1], coder.values, coder.step, grids, grid_of)


def _grids(coder: Coder) -> tuple[tuple[tuple[int, int], ...], Array]:
    """Coarser grids that many rows lie on, and the one each value lies on."""
    grid_of = np.full(coder.size, -1, dtype="i1")
    grids: list[tuple[int, int]] = []
    if not coder.step or coder.values.dtype.kind != "i":
        return (), grid_of
    total = coder.counts[~coder.kept].sum()
    while len(grids) < _GRIDS:
        left = (grid_of < 0) & ~coder.kept
        found = _best_grid(coder.values[left], coder.counts[left], coder.step, _LEAST_SHARE * total)
        if found is None:
            break
        grid_of[left & ((coder.values - found[1]) % found[0] == 0)] = len(grids)
        grids.append(found)
    return tuple(grids), grid_of


def _best_grid(values: Array, counts: Array, step: int, least: float) -> tuple[int, int] | None:
    """The grid that most rows lie on beyond what chance would put there."""
    if len(values) < _FREQUENT[0] or counts.sum() < least:
        return None
    often = np.argsort(-counts, kind="stable")
    distances = {step * times for times in _ROUND}
    distances |= {int(np.gcd.reduce(values[often[:k]] - values[often[0]])) for k in _FREQUENT}
    begin = int(values[often[0]])
    best, most = None, 0.0
    for distance in sorted(distances):
        if distance <= step:
            continue
        lying = (values - begin) % distance == 0
        on = counts[lying].sum()
        chance = counts.sum() * step / distance
        said = (on - chance) * np.log(distance / step)
        if said > most and on > max(least, _TIMES_CHANCE * chance) and lying.sum() >= _LEAST_VALUES:
            best, most = (distance, begin % distance), said
    return best
