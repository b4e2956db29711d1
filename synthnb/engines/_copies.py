"""Rows that equal one real row: found by a fingerprint of the whole row, drawn again, counted and told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from synthnb.engines._encoding.table import Coder, Table
    from synthnb.engines.base import Unit

__all__ = ["ATTEMPTS", "COPIES", "CopyCheck", "on_copies"]

Array = np.ndarray[Any, Any]

ATTEMPTS = 10
"""Times a row that equals an uncommon real row is drawn again, at most."""

COPIES = "only rows equal to a real row that occurs once are looked for; those equal to one that occurs more often aren't counted"
"""What an engine that uses `CopyCheck.redraw` says of copies; see `synthnb.engines.base.Run.account`."""

Again = Callable[[Array, "Unit"], tuple[Array, Array, Array]]
"""Rows, by their places, and what sets the attempt apart: states, positions, and which rows can't be made as asked."""

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


class CopyCheck:
    """Tells which drawn rows equal a real row that only one person, or case, has.

    A real row that occurs twice or more is common and may be drawn.

    Parameters
    ----------
    table : Table
        The real rows.
    """

    def __init__(self, table: Table) -> None:
        self._coders = table.coders
        prints, counts = np.unique(self._fingerprints(table.states, table.positions), return_counts=True)
        self._uncommon = prints[counts == 1]

    @classmethod
    def restore(cls, coders: tuple[Coder, ...], uncommon: Array) -> CopyCheck:
        """Build a check from its columns and `uncommon`."""
        check = cls.__new__(cls)
        check._coders = coders
        check._uncommon = np.sort(uncommon.astype("u8"))
        return check

    @property
    def uncommon(self) -> Array:
        """uint64: fingerprints of the real rows that occur once."""
        return np.asarray(self._uncommon)

    def __call__(self, states: Array, positions: Array) -> Array:
        """Return a boolean per row: whether it equals an uncommon real row."""
        if not len(self._uncommon):
            return np.zeros(len(states), dtype=bool)
        prints = self._fingerprints(states, positions)
        at = np.minimum(np.searchsorted(self._uncommon, prints), len(self._uncommon) - 1)
        return np.asarray(self._uncommon[at] == prints)

    def redraw(self, states: Array, positions: Array, short: Array, again: Again) -> dict[str, int]:
        """Draw rows that equal an uncommon real row again, in place, and return how many were and how many still do.

        Parameters
        ----------
        states, positions, short : ndarray
            The rows drawn, and which of them couldn't be made as asked: these are left as they are.
        again : callable
            Draws some of the rows anew.
        """
        copies = np.flatnonzero(self(states, positions) & ~short)
        first = len(copies)
        for attempt in range(1, ATTEMPTS + 1):
            if not len(copies):
                break
            states[copies], positions[copies], short[copies] = again(copies, ("again", attempt))
            copies = copies[self(states[copies], positions[copies]) & ~short[copies]]
        return {"uncommon_copies_resampled": first - len(copies), "uncommon_copies_left": len(copies)}

    def _fingerprints(self, states: Array, positions: Array) -> Array:
        """A 64-bit hash per row; values the data don't hold hash like no real row's."""
        hashes = np.zeros(len(states), dtype="u8")
        for j, coder in enumerate(self._coders):
            hashes = _mixed(hashes + (coder.known(states[:, j], positions[:, j]) + 2).astype("u8") * _ODD)
        return hashes


def _mixed(hashes: Array) -> Array:
    """Spread every bit over all bits (the finaliser of splitmix64)."""
    hashes = hashes + _ODD
    hashes = (hashes ^ (hashes >> np.uint64(30))) * _MIX[0]
    hashes = (hashes ^ (hashes >> np.uint64(27))) * _MIX[1]
    return np.asarray(hashes ^ (hashes >> np.uint64(31)))


def on_copies(counts: Mapping[str, int]) -> list[str]:
    """What the reader of a run should know of copies that are left."""
    left = counts.get("uncommon_copies_left", 0)
    if not left:
        return []
    return [
        f"{left:,} rows equal a real row that occurs once, after {ATTEMPTS} new draws each: "
        "the table has few possible rows, so chance repeats them."
    ]
