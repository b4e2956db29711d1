"""Whether a hold-out is one: rows of it that the generator must have seen are left out, or the whole is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from synthnb.evaluation._intervals import newcombe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synthnb.evaluation._encode import Table

__all__ = ["Holdout", "unseen"]

_OFTEN_EQUAL = 0.05
"""Share of real rows that occur twice above which an equal row doesn't tell that it was seen."""
_NEEDED = "It needs real rows the generator never saw: pass them as holdout=."


class Holdout(NamedTuple):
    """What can be used of a hold-out."""

    table: Table | None
    """Its rows, less those left out."""
    reason: str | None
    """Why there is none."""
    note: str | None
    """What was left out."""
    kept: NDArray[Any]
    """Which of its rows those are, as a mask."""


def unseen(real: Table, held: Table | None) -> Holdout:
    """The hold-out without the rows that are also real rows, if those are more than chance explains.

    A row of another sample of the same population is equal to a real row about as
    often as a real row is to another one. Where that is rare, equal rows beyond it
    are taken for leaked and left out. Where it is common, which rows leaked can't be
    told, and leaving out all would leave unusual rows only: then none are used.

    Parameters
    ----------
    real : Table
        The rows the generator saw.
    held : Table or None
        The rows said to be unseen, with the same columns.

    Notes
    -----
    "More than chance": with h hold-out rows of which a share s is equal to a real
    row, and a share d of n real rows that occur twice, Newcombe's interval of s − d
    lies above 0; or d is 0 and s isn't.
    """
    if held is None:
        return Holdout(None, _NEEDED, None, np.zeros(0, dtype=bool))
    equal, own = real.overlap(held)
    share, count = float(equal.mean()), int(equal.sum())
    by_chance = share <= own or (own > 0 and newcombe(share, held.rows, own, real.rows)[0] <= 0)
    if not count or by_chance:
        return Holdout(held, None, None, np.ones(held.rows, dtype=bool))
    if own > _OFTEN_EQUAL or count == held.rows:
        more = f"{share:.0%} of the hold-out rows are also among the real rows, of which {own:.0%} occur twice"
        return Holdout(None, f"{more}: pass rows the generator never saw as holdout=.", None, np.zeros(held.rows, dtype=bool))
    note = f"{count:,} of {held.rows:,} hold-out rows are equal to a real row, more than real rows are to one another, and were left out."
    return Holdout(held.take(~equal), None, note, ~equal)
