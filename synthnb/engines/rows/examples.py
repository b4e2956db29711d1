"""Which rows a prompt shows: balanced over classes, or those that what was written so far still lacks.

*Balanced*: as many of each class, in blocks one after another (Kim, Kim and Choo 2024, "EPIC", arXiv 2404.12404).
*Residual*: each row is weighted by how much rarer its values are among the rows written so far than among the
rows given, column by column, and drawn in proportion (after Fang and others 2025, "TabGen-ICL", arXiv 2502.16414).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb.engines.rows.fields import At, LevelField

if TYPE_CHECKING:
    from synthnb.engines._encoding.table import Table
    from synthnb.engines.rows.lines import Layout

__all__ = ["Pool", "balanced", "lacking", "residual"]

Array = np.ndarray[Any, Any]

_BINS = 8
_FLOOR = 0.02
_MISSING = -1


@dataclass(frozen=True)
class Pool:
    """The rows that may be shown."""

    layout: Layout
    """The fields."""
    table: Table
    """The rows, encoded."""

    @cached_property
    def values(self) -> list[tuple[At | None, ...]]:
        """Each row's values."""
        columns = [field.values(self.table.states[:, at], self.table.positions[:, at]) for at, field in enumerate(self.layout.fields)]
        return list(zip(*columns, strict=True))

    @cached_property
    def lines(self) -> list[str]:
        """Each row as a line."""
        return [self.layout.spell(row) for row in self.values]

    @cached_property
    def _times(self) -> Counter[str]:
        return Counter(self.lines)

    def is_uncommon(self, row: int) -> bool:
        """Whether no other row reads the same."""
        return self._times[self.lines[row]] == 1

    def copies(self, rows: Sequence[Sequence[At | None]]) -> int:
        """How many of some rows read like a row that occurs once."""
        return sum(self._times[self.layout.spell(row)] == 1 for row in rows)

    @cached_property
    def shown(self) -> Array:
        """Rows that can be spelt whole: no infinite number, no level that may not be told."""
        found = [at for at, row in enumerate(self.values) if self._is_whole(at, row)]
        return np.array(found, dtype="i8")

    def _is_whole(self, at: int, row: Sequence[At | None]) -> bool:
        return all(value is not None or state == 1 for value, state in zip(row, self.table.states[at], strict=True))

    @cached_property
    def edges(self) -> list[Array | None]:
        """For each field of a number: where its bins meet."""
        found: list[Array | None] = []
        for at, field in enumerate(self.layout.fields):
            here = np.array([row[at] for row in self.values if row[at] is not None], dtype="f8")
            cuts = np.unique(np.quantile(here, np.arange(1, _BINS) / _BINS)) if len(here) else here
            found.append(None if isinstance(field, LevelField) else cuts)
        return found

    def binned(self, rows: Sequence[Sequence[At | None]]) -> Array:
        """Codes of values, rows by fields: the level, the bin of a number, or -1 where missing."""
        codes = np.full((len(rows), len(self.layout.fields)), _MISSING, dtype="i8")
        for at, edges in enumerate(self.edges):
            for number, row in enumerate(rows):
                value = row[at]
                if value is not None:
                    codes[number, at] = int(value) if edges is None else int(np.searchsorted(edges, value, side="right"))
        return codes

    @cached_property
    def own(self) -> Array:
        """The codes of the pool's rows."""
        return self.binned(self.values)


def balanced(pool: Pool, count: int, rng: np.random.Generator, classes: Sequence[int]) -> list[list[int]]:
    """Return blocks of rows, one for each class, as equal in size as can be; one block without classes.

    Parameters
    ----------
    pool : Pool
        The rows to choose from.
    count : int
        How many to show.
    rng : numpy.random.Generator
        The call's.
    classes : sequence of int
        Places of the columns whose combinations are the classes.
    """
    rows = pool.shown
    if not len(rows) or not count:
        return []
    keys = [tuple(pool.own[row, at] for at in classes) for row in rows]
    members: dict[tuple[int, ...], list[int]] = {}
    for row, key in zip(rows.tolist(), keys, strict=True):
        members.setdefault(key, []).append(row)
    order = [sorted(members)[at] for at in rng.permutation(len(members))][:count]
    each = [count // len(order) + (at < count % len(order)) for at in range(len(order))]
    return [
        rng.choice(members[key], size=min(size, len(members[key])), replace=False).tolist() for key, size in zip(order, each, strict=True)
    ]


def residual(pool: Pool, count: int, rng: np.random.Generator, written: Sequence[Sequence[At | None]]) -> list[list[int]]:
    """Return one block of rows that what was written so far lacks most.

    Notes
    -----
    With p and q the shares of a value among the pool's rows and among those written, a row's weight is the mean over
    columns of ``max(0, p - q) / p``, and at least 0.02 so that every row can be drawn.
    """
    rows = pool.shown
    if not len(rows) or not count:
        return []
    weights = lacking(pool, written)[rows]
    size = min(count, len(rows))
    return [rng.choice(rows, size=size, replace=False, p=weights / weights.sum()).tolist()]


def lacking(pool: Pool, written: Sequence[Sequence[At | None]]) -> Array:
    """How much what was written lacks each of the pool's rows, from 0.02 to 1."""
    own = pool.own
    if not len(written):
        return np.ones(len(own))
    made = pool.binned(written)
    missing = np.zeros(own.shape)
    for at in range(own.shape[1]):
        levels, codes = np.unique(own[:, at], return_inverse=True)
        p = np.bincount(codes, minlength=len(levels)) / len(own)
        q = np.array([(made[:, at] == level).mean() for level in levels])
        missing[:, at] = (np.maximum(0.0, p - q) / p)[codes]
    return np.asarray(np.maximum(missing.mean(axis=1), _FLOOR))
