"""Regressors for a linear model on encoded columns: a constant, standardised numbers, a column per level, a column for missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthnb._random import generator

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table

__all__ = ["Design", "design"]

Array = NDArray[Any]

_BLOCK = 16_384


@dataclass(frozen=True)
class _Part:
    """The regressors of one column."""

    name: str
    """The column."""
    width: int
    """How many regressors."""
    centre: float = 0.0
    """Mean of the pooled values, for a number."""
    scale: float = 0.0
    """Their standard deviation; 0 for levels."""
    places: Array | None = None
    """For levels: the regressor of each code, −1 for none; the last entry is for missing."""

    def fill(self, values: Array, out: Array) -> None:
        """Write the regressors of some rows into columns of zeros."""
        if self.places is not None:
            place = self.places[values]
            rows = np.flatnonzero(place >= 0)
            out[rows, place[rows]] = 1.0
            return
        seen = np.isfinite(values)
        if self.scale:
            out[seen, 0] = values[seen] / self.scale - self.centre
        if self.width > (1 if self.scale else 0):
            out[~seen, -1] = 1.0


@dataclass(frozen=True)
class Design:
    """How rows become regressors."""

    parts: tuple[_Part, ...]
    """One per column used."""
    width: int
    """Regressors, the constant included."""
    left_out: dict[str, Any] = field(default_factory=dict)
    """Columns that were drawn, where there are too many, for a score's parameters."""

    def blocks(self, table: Table) -> Iterator[Array]:
        """The regressors of some rows at a time, shape (rows, width)."""
        for start in range(0, table.rows, _BLOCK):
            stop = min(start + _BLOCK, table.rows)
            out, at = np.zeros((stop - start, self.width)), 1
            out[:, 0] = 1.0
            for part in self.parts:
                part.fill(table.values[part.name][start:stop], out[:, at : at + part.width])
                at += part.width
            yield out


def design(columns: list[Column], real: Table, synthetic: Table, seed: int, *, levels: int, most: int) -> Design:
    """The regressors of these columns, of which two tables tell what varies.

    Parameters
    ----------
    columns : list of Column
        Numbers and levels.
    real, synthetic : Table
        Rows whose pooled mean and standard deviation numbers are given in.
    seed : int
        For the draw of columns where there are too many.
    levels : int
        Most levels kept apart; rarer ones share a regressor.
    most : int
        Most regressors: first fewer levels are kept apart, then columns are drawn at random.
    """
    used = columns
    if 2 * len(columns) > most:
        chosen = generator(seed, "design").choice(len(columns), max(most // 2, 1), replace=False)
        used = [columns[i] for i in np.sort(chosen)]
    apart = max(1, min(levels, most // len(used) - 1))
    parts = [_part(column, [table.values[column.name] for table in (real, synthetic)], apart) for column in used]
    kept = tuple(part for part in parts if part.width)
    left_out: dict[str, Any] = {"levels": apart} if apart < levels else {}
    left_out |= {"columns_drawn": len(used), "columns_in_all": len(columns)} if len(used) < len(columns) else {}
    return Design(kept, 1 + sum(part.width for part in kept), left_out)


def _part(column: Column, arrays: list[Array], levels: int) -> _Part:
    if column.family == "number":
        return _number(column.name, np.concatenate(arrays))
    # codes come by falling frequency in the real rows; the first level is what the others are told from
    shown = len(column.levels)
    places = np.minimum(np.arange(shown + 1) - 1, levels - 1)
    places[-1] = max(min(shown - 1, levels), 0)
    return _Part(column.name, int(places.max()) + 1, places=places)


def _number(name: str, values: Array) -> _Part:
    seen = np.isfinite(values)
    if not seen.any():
        return _Part(name, 0)
    largest = float(np.abs(values[seen]).max()) or 1.0  # so that squares of large values stay finite
    scale = float(np.std(values[seen] / largest)) * largest
    scale = scale if scale > 1e-9 * largest else 0.0
    centre = float(np.mean(values[seen] / scale)) if scale else 0.0
    return _Part(name, int(scale > 0) + int(not seen.all()), centre, scale)
