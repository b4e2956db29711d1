"""Which counts of a table to withhold, so that no subtraction gives a small one back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Sum", "withheld"]


class Sum(NamedTuple):
    """Cells whose counts add up to another cell's, or to a total that is known."""

    parts: tuple[int, ...]
    """Numbers of the cells that are added."""
    whole: int | None = None
    """Number of the cell they add up to; None for a known total."""


def withheld(counts: Sequence[int], sums: Sequence[Sum], minimum_cell: int) -> set[int]:
    """Numbers of the cells to withhold: the small ones, and others from which a small one could be worked out.

    In each sum the smallest cell is withheld besides, until either nothing is
    hidden there, or at least two cells are whose counts together reach the minimum
    cell. Equal parts of a known total are withheld together, since the rest of a
    report pools the rarest of them and may choose another one. Sums are looked at
    one by one: what several of them tell together isn't.

    Parameters
    ----------
    counts : sequence of int
        Rows in each cell.
    sums : sequence of Sum
        How cells add up.
    minimum_cell : int
        The smallest count that may be shown.

    Examples
    --------
    >>> withheld([80, 16, 4], [Sum((0, 1, 2))], 11)
    {1, 2}
    """
    hidden = {i for i, count in enumerate(counts) if count < minimum_cell}
    before = -1
    while before < len(hidden):
        before = len(hidden)
        for each in sums:
            while more := _next(counts, each, hidden, minimum_cell):
                hidden |= more
    return hidden


def _next(counts: Sequence[int], each: Sum, hidden: set[int], minimum_cell: int) -> set[int]:
    """What must be hidden next for a sum; empty if nothing, or nothing is left."""
    members = each.parts if each.whole is None else (*each.parts, each.whole)
    gone = hidden.intersection(members)
    known = each.whole not in gone
    if not gone or (len(gone) > 1 and not (known and sum(counts[i] for i in gone) < minimum_cell)):
        return set()
    rest = sorted((counts[i], i == each.whole, i) for i in members if i not in hidden)
    equal = 1 if each.whole is not None else sum(count == rest[0][0] for count, *_ in rest)
    return {i for *_, i in rest[:equal]}
