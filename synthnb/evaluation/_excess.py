"""How much less the synthetic rows resemble the real ones than other real rows do, with its standard error.

The distance of a column is a difference of two shares on the event where they differ
most (see `fidelity`). To first order that event may be taken as given; the error is
then that of a mean over rows, whatever the columns' dependence. Where the true
distance is zero this is too large an error, never too small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table

__all__ = ["Excess", "excess_distance"]

Array = NDArray[Any]


class Excess(NamedTuple):
    """A mean over columns of two distances' difference."""

    value: float
    """Positive if the synthetic rows are farther from the real ones."""
    se: float
    """Its standard error."""


def excess_distance(columns: list[Column], real: Table, synthetic: Table, holdout: Table) -> Excess:
    """Mean distance of columns, real from synthetic rows, less the same of real from hold-out rows.

    Parameters
    ----------
    columns : list of Column
        Numbers and levels.
    real, synthetic, holdout : Table
        Synthetic and hold-out rows should be equally many, since a distance grows as samples shrink.
    """
    tables = (real, synthetic, holdout)
    influence = [np.zeros(table.rows) for table in tables]
    total = 0.0
    for column in columns:
        cells = [table.values[column.name] for table in tables]
        for other, sign in ((1, 1.0), (2, -1.0)):
            one, two = (_event_number if column.family == "number" else _event_level)(cells[0], cells[other])
            gap = one.mean() - two.mean()
            total += sign * abs(gap)
            influence[0] += sign * np.sign(gap) * one
            influence[other] -= sign * np.sign(gap) * two
    variance = sum(float(each.var()) / len(each) for each in influence)
    return Excess(total / len(columns), float(np.sqrt(variance)) / len(columns))


def _event_number(one: Array, other: Array) -> tuple[Array, Array]:
    """Which cells of two samples are in the event "at most x" or "more than x" where their shares differ most; missing ones never are."""
    seen = [np.sort(cells[~np.isnan(cells)]) for cells in (one, other)]
    grid = np.concatenate(seen)
    if not len(grid):
        return np.zeros(len(one)), np.zeros(len(other))
    below = [np.searchsorted(cells, grid, side="right") for cells in seen]
    at_most = np.abs(below[0] / len(one) - below[1] / len(other))
    more = np.abs((len(seen[0]) - below[0]) / len(one) - (len(seen[1]) - below[1]) / len(other))
    i, upper = int(np.argmax(np.maximum(at_most, more))), bool(more.max() > at_most.max())
    events = [np.where(np.isnan(cells), 0.0, (cells > grid[i]) if upper else (cells <= grid[i])) for cells in (one, other)]
    return events[0], events[1]


def _event_level(one: Array, other: Array) -> tuple[Array, Array]:
    """The same for codes: all levels more frequent in the first sample, missing being one."""
    width = int(max(one.max(), other.max())) + 2
    p, q = (np.bincount(codes + 1, minlength=width) / len(codes) for codes in (one, other))
    more = (p > q).astype(float)
    return more[one + 1], more[other + 1]
