"""Subgroups of rows: by the levels or bands of each group column, and by all of them together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._bins import Binning, group_bins
from synthnb.evaluation._suppression import Sum, withheld

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table
    from synthnb.evaluation.base import Comparison

__all__ = ["Group", "Visible", "visible_groups"]

Array = NDArray[Any]


class Group(NamedTuple):
    """One subgroup."""

    labels: dict[str, str]
    """The columns that make it, and what each holds there."""
    members: dict[str, Array]
    """Per frame, a mask of its rows."""

    @property
    def name(self) -> str:
        """What it is called."""
        return " × ".join(f"{column} = {label}" for column, label in self.labels.items())

    def rows(self, table: str) -> int:
        """How many rows of a frame are in it."""
        return int(self.members[table].sum())


@dataclass(frozen=True)
class Grouping:
    """A group column cut into subgroups."""

    column: Column
    binning: Binning

    def masks(self, tables: Mapping[str, Table]) -> list[tuple[str, dict[str, Array]]]:
        """Each subgroup's label and its rows in every table; missing is one if any real row is."""
        codes = {name: self.binning.codes(table.values[self.column.name]) for name, table in tables.items()}
        labels = list(enumerate(self.binning.labels))
        if (codes["real"] < 0).any():
            labels.append((-1, "missing"))
        return [(label, {name: found == i for name, found in codes.items()}) for i, label in labels]


class Visible(NamedTuple):
    """The subgroups of a comparison."""

    groups: list[Group]
    """All of them."""
    hidden: set[int]
    """Numbers of those of which no figure may be shown."""
    tables: dict[str, Table]
    """The frames they are cut from, by name."""
    columns: set[str]
    """Names of the columns that make them."""
    notes: list[str]
    """What was left out, and why."""


def visible_groups(comparison: Comparison, most_cells: int) -> Visible:
    """The subgroups by the group columns, and which of them are too small to be shown, or would give such a one away."""
    groupings, left_out = _groupings(comparison)
    tables = {"real": comparison.real, "synthetic": comparison.synthetic}
    tables |= {} if comparison.holdout is None else {"holdout": comparison.holdout}
    groups, crossing = _groups(groupings, tables, most_cells) if groupings else ([], [])
    hidden = withheld([group.rows("real") for group in groups], _sums(groups), comparison.minimum_cell)
    return Visible(groups, hidden, tables, {each.column.name for each in groupings}, [*left_out, *crossing])


def _sums(groups: list[Group]) -> list[Sum]:
    """How the subgroups add up: each column's to all rows, and combinations to the single subgroup they are part of."""
    single = {next(iter(group.labels.items())): i for i, group in enumerate(groups) if len(group.labels) == 1}
    crossed = [(i, group.labels) for i, group in enumerate(groups) if len(group.labels) > 1]
    names = dict.fromkeys(name for name, _ in single)
    totals = [Sum(tuple(i for (name, _), i in single.items() if name == column)) for column in names]
    parts = {pair: tuple(i for i, labels in crossed if labels[pair[0]] == pair[1]) for pair in single}
    return totals + [Sum(cells, single[pair]) for pair, cells in parts.items() if cells]


def _groupings(comparison: Comparison) -> tuple[list[Grouping], list[str]]:
    """Group columns that can be used, and why the others can't."""
    usable, left_out = [], []
    for name in comparison.groups:
        column = comparison.column(name)
        if column is None:
            left_out.append(f"The synthetic frame doesn't have the group column {name[:80]!r}.")
        elif column.family not in ("number", "level"):
            left_out.append(f"The group column {column.shown!r} is of kind {column.kind}, which makes no subgroups.")
        else:
            usable.append(Grouping(column, group_bins(column, comparison.real.values[name], comparison.minimum_cell)))
    return usable, left_out


def _groups(groupings: list[Grouping], tables: dict[str, Table], most_cells: int) -> tuple[list[Group], list[str]]:
    """Single subgroups, then combinations; and why combinations are left out, if they are."""
    cut = [(grouping.column.shown, grouping.masks(tables)) for grouping in groupings]
    single = [Group({name: label}, members) for name, parts in cut for label, members in parts]
    if len(cut) < 2:
        return single, []
    cells = math.prod(len(parts) for _, parts in cut)
    if cells > most_cells:
        return single, [f"The {len(cut)} group columns make {cells} combinations; combinations are shown up to {most_cells}."]
    return single + list(_crossed(cut)), []


def _crossed(cut: list[tuple[str, list[tuple[str, dict[str, Array]]]]]) -> Iterator[Group]:
    names = [name for name, _ in cut]
    for parts in itertools.product(*(parts for _, parts in cut)):
        members = {table: np.logical_and.reduce([masks[table] for _, masks in parts]) for table in parts[0][1]}
        yield Group(dict(zip(names, (label for label, _ in parts), strict=True)), members)
