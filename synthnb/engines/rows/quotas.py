"""Quotas: which of the rows to be written hold which levels, drawn before any is, so that parallel calls don't all write the same.

Each row to be written is a *slot*. The levels of a few columns are fixed for it beforehand: over all slots they
come as often as in the data, to within one row, and which call gets which follows from the seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb._random import generator
from synthnb.engines._summary import MeasureSummary, Summary
from synthnb.engines.rows.fields import At, Band, Field, LevelField, MomentField, Unreadable

if TYPE_CHECKING:
    from synthnb.engines._encoding.table import Table
    from synthnb.engines.rows.lines import Fixed, Layout

__all__ = ["Quotas", "plan_quotas"]

Array = np.ndarray[Any, Any]

_MOST_COLUMNS = 3
_BY_CHANCE = 2
_FEW_LEVELS = 10

_Cell = tuple[At | Band | None, ...]


@dataclass(frozen=True)
class Quotas:
    """What is fixed for each slot."""

    columns: tuple[int, ...]
    """Places of the columns that have quotas; none where there are no quotas."""
    cells: tuple[_Cell, ...]
    """Combinations, the most frequent first."""
    slots: tuple[int, ...]
    """For each slot, its combination."""

    def fixed(self, slot: int) -> Fixed:
        """What a slot holds."""
        return dict(zip(self.columns, self.cells[self.slots[slot]], strict=True)) if self.columns else {}


def plan_quotas(
    table: Table,
    layout: Layout,
    summary: Summary,
    *,
    rows: int,
    seed: int,
    first: Sequence[str],
    minimum_cell: int,
) -> Quotas:
    """Return quotas for rows to be written.

    Parameters
    ----------
    table : Table
        The rows whose frequencies are followed.
    layout : Layout
        The fields.
    summary : Summary
        The rows' figures, from which the bands of numbers are taken.
    rows : int
        How many rows are to be written.
    seed : int
        The run's.
    first : sequence of str
        Columns that get quotas: the target and the groups. Without any, the first two columns of few levels, else the first number.
    minimum_cell : int
        A combination of levels that fewer rows hold gets no slot.
    """
    columns = _columns(table, layout, summary, first)
    coded = {at: _coded(table, layout, summary, at) for at in columns}
    while columns:
        held = Counter(zip(*(coded[at][0] for at in columns), strict=True))
        kept = [(cell, count) for cell, count in held.items() if count >= minimum_cell and _OUTSIDE not in cell]
        if kept:
            kept.sort(key=lambda one: (-one[1], one[0]))
            cells = tuple(tuple(coded[at][1][code] for at, code in zip(columns, cell, strict=True)) for cell, _ in kept)
            shares = _apportioned([count for _, count in kept], rows)
            order = generator(seed, "rows", "quotas").permutation(np.repeat(np.arange(len(cells)), shares))
            return Quotas(tuple(columns), cells, tuple(order.tolist()))
        columns = columns[:-1]
    return Quotas((), (), (0,) * rows)


_OUTSIDE = -2
"""The code of a value that may not be told."""


def _columns(table: Table, layout: Layout, summary: Summary, first: Sequence[str]) -> list[int]:
    names = [coder.column.name for coder in table.coders]
    wanted = [names.index(name) for name in first if name in names and _may_have(layout, summary, names.index(name))]
    if wanted:
        return wanted[:_MOST_COLUMNS]
    few = [at for at, field in enumerate(layout.fields) if isinstance(field, LevelField) and 1 < len(field.only) <= _FEW_LEVELS]
    measures = [at for at in range(len(names)) if isinstance(summary.columns[at], MeasureSummary) and _may_have(layout, summary, at)]
    return few[:_BY_CHANCE] or measures[:1]


def _may_have(layout: Layout, summary: Summary, at: int) -> bool:
    told, field = summary.columns[at], layout.fields[at]
    if isinstance(told, MeasureSummary):
        return len(_edges(told)) > 2 and not isinstance(field, MomentField)
    return isinstance(field, LevelField) and len(field.only) > 1


def _edges(told: MeasureSummary) -> list[float]:
    """Where bands meet: the limits and the quartiles that differ."""
    if not told.quantiles or told.low is None or told.high is None:
        return []
    quarters = [cut for cut in told.quantiles[1:4] if told.low < cut < told.high]
    return sorted({told.low, *quarters, told.high})


def _coded(table: Table, layout: Layout, summary: Summary, at: int) -> tuple[list[int], dict[int, At | Band | None]]:
    """A code per row, and what each code fixes; -1 for a missing cell."""
    told, field = summary.columns[at], layout.fields[at]
    values = field.values(table.states[:, at], table.positions[:, at])
    missing: dict[int, At | Band | None] = {-1: None} if layout.optional[at] else {}
    gone = -1 if missing else _OUTSIDE
    if not isinstance(told, MeasureSummary):
        present = table.states[:, at] == 0
        return [int(v) if v is not None else _OUTSIDE if here else gone for v, here in zip(values, present, strict=True)], {
            **missing,
            **{level: level for level in getattr(field, "only", ())},
        }
    edges = _edges(told)
    cuts = sorted({_snapped(field, edge) for edge in edges})
    bands: dict[int, At | Band | None] = dict(enumerate(pairwise(cuts)))
    inner = np.array(cuts[1:-1], dtype="f8")
    return [gone if v is None else int(np.searchsorted(inner, v, side="right")) for v in values], missing | bands


def _snapped(field: Field, edge: float) -> At:
    """A figure as the nearest value that can be written."""
    whole = field.coder.values.dtype.kind == "i"
    try:
        return field.read(field.spell(round(edge) if whole else edge))[0]
    except Unreadable:
        return round(edge) if whole else edge


def _apportioned(counts: Sequence[int], rows: int) -> Array:
    """So many rows in the proportions of counts, by largest remainders."""
    exact = np.array(counts, dtype="f8") / sum(counts) * rows
    shares = np.floor(exact).astype("i8")
    shares[np.argsort(-(exact - shares), kind="stable")[: rows - int(shares.sum())]] += 1
    return shares
