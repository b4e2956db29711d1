"""A relation as one table: a row per child, or a row per parent with a summary of its children."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.evaluation._encode import Column, Table
from synthnb.evaluation.relational.families import figures

if TYPE_CHECKING:
    from synthnb.evaluation.relational.linked import Linked

__all__ = ["Joined", "Summaries", "View", "by_name", "family_means"]

Array = NDArray[Any]
Pairs = list[tuple[Column, Column]]

_COUNT, _MEAN = "\x1fcount", "\x1fmean\x1f"
"""Names that no column of a table has."""


class View(ABC):
    """A relation as one table, and which of its columns are paired."""

    pairs: Pairs

    @abstractmethod
    def table(self, linked: Linked) -> Table:
        """The relation in one set of tables."""


class Joined(View):
    """One row per child that has a parent; columns are named as in the whole comparison."""

    def __init__(self, parents: Mapping[str, Column], children: Mapping[str, Column], most: int, seed: int) -> None:
        self.parents, self.children, self.most, self.seed = parents, children, most, seed
        self.pairs = [(replace(a, name=one), replace(b, name=other)) for one, a in parents.items() for other, b in children.items()]

    def table(self, linked: Linked) -> Table:
        """Its rows, all or as many as may be."""
        rows = np.flatnonzero(linked.owner >= 0)
        if len(rows) > self.most:
            rows = np.sort(generator(self.seed, "joined children").choice(rows, self.most, replace=False))
        values = {name: linked.parents.values[column.name][linked.owner[rows]] for name, column in self.parents.items()}
        return Table(len(rows), values | {name: linked.children.values[column.name][rows] for name, column in self.children.items()}, {})


class Summaries(View):
    """One row per parent: its columns, how many children it has, and the means of theirs."""

    def __init__(self, parents: Mapping[str, Column], children: Mapping[str, Column]) -> None:
        self.parents, self.children = parents, children
        count = Column(_COUNT, "number of children", "integer", "number")
        means = [Column(f"{_MEAN}{name}", f"mean {column.shown}", "real", "number") for name, column in children.items()]
        self.pairs = [(replace(a, name=name), summary) for name, a in parents.items() for summary in (count, *means)]

    def table(self, linked: Linked) -> Table:
        """Its rows, one a parent."""
        values = {name: linked.parents.values[column.name] for name, column in self.parents.items()} | {_COUNT: linked.counts}
        means = {f"{_MEAN}{name}": family_means(linked, column) for name, column in self.children.items()}
        return Table(linked.parents.rows, values | means, {})


def by_name(names: Mapping[str, str], columns: list[Column]) -> dict[str, Column]:
    """Columns of one table by their names among the columns of all."""
    return {names[column.name]: column for column in columns}


def family_means(linked: Linked, column: Column) -> Array:
    """Mean over each parent's children that have a value; NaN for none."""
    values = figures(column, linked.children.values[column.name])
    here = ~np.isnan(values)
    n = linked.sums(here.astype(np.float64))
    total = linked.sums(np.where(here, values, 0.0))
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)
