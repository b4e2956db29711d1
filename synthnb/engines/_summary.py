"""What may be said of real rows without showing one: figures over at least ``minimum_cell`` rows, all else withheld.

=====================  =======================================================================================
figure                 how it is kept from telling of a few rows
=====================  =======================================================================================
levels of a category   one that fewer rows hold isn't named; while those not named are together fewer, the
                       share of the next rarest isn't told either
share of missing       not told where fewer rows are missing, or fewer are not
quantiles, limits      each the mean of the ``minimum_cell`` values nearest to it, to three figures of their span
mean, spread           over the rows that have a value, if there are enough
outliers               values beyond the median of the ``minimum_cell`` least, or largest, count as that median in all of these
by a level of a group  over the rows of that level, if there are enough
correlations           Spearman's, over the rows that have both, to one decimal
=====================  =======================================================================================

Rounded figures over eleven rows still tell something of each of them; no bound on that is claimed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb.engines._encoding.table import LEVEL_KINDS, ORDINARY

if TYPE_CHECKING:
    from synthnb.engines._encoding.table import Table

__all__ = ["LevelSummary", "MeasureSummary", "Summary", "summarise", "suppressed"]

Array = np.ndarray[Any, Any]

_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_FIGURES = 3
_LEAST_CORRELATION = 0.3
_MOST_CORRELATIONS = 12
_MOST_BY = 12
_MOST_LEVELS_BY = 10


@dataclass(frozen=True, kw_only=True)
class LevelSummary:
    """A category, a boolean or a constant."""

    name: str
    """The column."""
    shares: dict[int, float | None]
    """By level, as its place among the coder's: the share of rows that have a value; None where it is withheld."""
    unnamed: int
    """Levels too rare to be named."""
    missing: float | None
    """Share of missing cells, to two decimals; None where it is withheld."""


@dataclass(frozen=True, kw_only=True)
class MeasureSummary:
    """A number, a date or a span, in the coder's unit."""

    name: str
    """The column."""
    quantiles: tuple[float, ...]
    """At 10, 25, 50, 75 and 90 %; empty where too few rows have a value."""
    low: float | None
    """The mean of the least values, or the next power of ten below where too few rows have one; None without any."""
    high: float | None
    """Likewise above."""
    mean: float | None
    """None where it is withheld."""
    spread: float | None
    """Standard deviation."""
    missing: float | None
    """As in `LevelSummary`."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A table in figures."""

    rows: int
    """Rows summarised."""
    minimum_cell: int
    """Fewest rows behind a figure."""
    columns: tuple[LevelSummary | MeasureSummary, ...]
    """One per column of the encoded table, in its order."""
    correlations: tuple[tuple[str, str, float], ...] = ()
    """Pairs of measures, the strongest first, with Spearman's ρ to one decimal."""
    by: tuple[tuple[str, int, int, dict[str, float]], ...] = ()
    """Group column, level, rows, and the mean of each measure among them."""
    withheld: dict[str, int] = field(default_factory=dict)
    """Levels not named, by column."""


def summarise(table: Table, *, minimum_cell: int, groups: Iterable[str] = ()) -> Summary:
    """Return the figures of an encoded table.

    Parameters
    ----------
    table : Table
        The rows.
    minimum_cell : int
        Fewest rows behind a figure, at least 1.
    groups : iterable of str
        Categories by whose levels the means of measures are told.
    """
    columns: list[LevelSummary | MeasureSummary] = []
    for j, coder in enumerate(table.coders):
        here = table.states[:, j] == ORDINARY
        missing = _share(int((~here).sum()), len(here), minimum_cell)
        if coder.column.kind in LEVEL_KINDS:
            counts = np.bincount(table.positions[here, j].astype("i8"), minlength=coder.size).tolist()
            named, told = suppressed(counts, minimum_cell)
            total = max(sum(counts), 1)
            shares = {level: (round(counts[level] / total, 2) if level in told else None) for level in sorted(named)}
            columns.append(LevelSummary(name=coder.column.name, shares=shares, unnamed=len(counts) - len(named), missing=missing))
        else:
            columns.append(_measured(coder.column.name, np.sort(_values(table, j)[here]), minimum_cell, missing))
    return Summary(
        rows=table.rows,
        minimum_cell=minimum_cell,
        columns=tuple(columns),
        correlations=tuple(_correlations(table, minimum_cell)),
        by=tuple(_by_groups(table, list(groups), minimum_cell)),
        withheld={one.name: one.unnamed for one in columns if isinstance(one, LevelSummary) and one.unnamed},
    )


def suppressed(counts: Sequence[int], minimum_cell: int) -> tuple[set[int], set[int]]:
    """Return which levels may be named, and of these, whose shares may be told, given the rows that hold each.

    Examples
    --------
    >>> suppressed([80, 16, 4], 11)
    ({0, 1}, {0})
    """
    named = {level for level, count in enumerate(counts) if count >= minimum_cell}
    told = set(named)
    hidden = sum(counts) - sum(counts[level] for level in told)
    while told and 0 < hidden < minimum_cell:
        rarest = min(told, key=lambda level: (counts[level], level))
        told.discard(rarest)
        hidden += counts[rarest]
    return named, told


def _share(part: int, whole: int, minimum_cell: int) -> float | None:
    """A share to two decimals, unless it or its complement is of too few; none and all are told."""
    if part in {0, whole}:
        return float(part > 0)
    return round(part / whole, 2) if min(part, whole - part) >= minimum_cell else None


def _measured(name: str, values: Array, minimum_cell: int, missing: float | None) -> MeasureSummary:
    n, k = len(values), minimum_cell
    if n < max(k, 2):
        low, high = _powers(values)
        return MeasureSummary(name=name, quantiles=(), low=low, high=high, mean=None, spread=None, missing=missing)
    near = _clipped(values.astype("f8"), values.astype("f8"), k)
    low, high = float(near[:k].mean()), float(near[-k:].mean())
    size = high - low or abs(high) or 1.0
    quantiles = tuple(_rounded(_around(near, q, k), size) for q in _QUANTILES) if n >= 2 * k else ()
    return MeasureSummary(
        name=name,
        quantiles=quantiles,
        low=_rounded(low, size),
        high=_rounded(high, size),
        mean=_rounded(float(near.mean()), size),
        spread=_rounded(float(near.std(ddof=1)), size),
        missing=missing,
    )


def _clipped(values: Array, among: Array, k: int) -> Array:
    """Values without outliers: none beyond the median of the k least, or of the k largest, of sorted ones."""
    return np.asarray(np.clip(values, np.median(among[:k]), np.median(among[-k:])))


def _around(values: Array, q: float, k: int) -> float:
    """The mean of the k values around a quantile of sorted values."""
    start = min(max(round(q * (len(values) - 1)) - k // 2, 0), len(values) - k)
    return float(values[start : start + k].mean())


def _powers(values: Array) -> tuple[float | None, float | None]:
    """Powers of ten that hold all values: their size and sign, and nothing else."""
    if not len(values):
        return None, None
    largest = max(abs(float(values[0])), abs(float(values[-1])), 1.0)
    power = 10.0 ** np.ceil(np.log10(largest))
    return (-float(power) if values[0] < 0 else 0.0), float(power)


def _rounded(value: float, size: float) -> float:
    """A value to as many figures as tell a span of some size in three."""
    places = _FIGURES - 1 - math.floor(math.log10(size))
    return round(value, places)


def _values(table: Table, j: int) -> Array:
    coder = table.coders[j]
    if not coder.size:
        return np.zeros(table.rows)
    return np.asarray(coder.values[np.where(table.states[:, j] == ORDINARY, table.positions[:, j], 0).astype("i8")])


def _measures(table: Table) -> list[int]:
    return [j for j, coder in enumerate(table.coders) if coder.column.kind not in LEVEL_KINDS and coder.size > 1]


def _correlations(table: Table, minimum_cell: int) -> list[tuple[str, str, float]]:
    """The strongest rank correlations of measures."""
    measures = _measures(table)[:40]
    found = []
    for at, i in enumerate(measures):
        for j in measures[at + 1 :]:
            both = (table.states[:, i] == ORDINARY) & (table.states[:, j] == ORDINARY)
            if both.sum() >= max(minimum_cell, 3) and (rho := _spearman(table.positions[both, i], table.positions[both, j])) is not None:
                found.append((table.coders[i].column.name, table.coders[j].column.name, round(rho, 1)))
    strong = [one for one in found if abs(one[2]) >= _LEAST_CORRELATION]
    return sorted(strong, key=lambda one: -abs(one[2]))[:_MOST_CORRELATIONS]


def _spearman(a: Array, b: Array) -> float | None:
    """Pearson's correlation of mid-ranks (Spearman 1904, doi:10.2307/1412159); None where one doesn't vary."""
    from scipy.stats import rankdata

    first, second = rankdata(a), rankdata(b)
    if not (first.std() and second.std()):
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _by_groups(table: Table, groups: list[str], minimum_cell: int) -> list[tuple[str, int, int, dict[str, float]]]:
    """Means of measures among the rows of each level of a group."""
    names = [coder.column.name for coder in table.coders]
    found = []
    for group in groups:
        if group not in names or table.coders[names.index(group)].column.kind not in LEVEL_KINDS:
            continue
        g = names.index(group)
        codes = np.where(table.states[:, g] == ORDINARY, table.positions[:, g], -1).astype("i8")
        counts = np.bincount(codes[codes >= 0], minlength=table.coders[g].size).tolist()
        for level in sorted(suppressed(counts, minimum_cell)[1])[:_MOST_LEVELS_BY]:
            means = _means(table, codes == level, minimum_cell)
            found.append((group, level, counts[level], means))
    return found


def _means(table: Table, rows: Array, minimum_cell: int) -> dict[str, float]:
    """Means of measures among some rows; of one that few lack or few have, none."""
    means = {}
    for j in _measures(table)[:_MOST_BY]:
        here = rows & (table.states[:, j] == ORDINARY)
        lacking = int(rows.sum() - here.sum())
        if here.sum() >= minimum_cell and (lacking == 0 or lacking >= minimum_cell):
            present = table.states[:, j] == ORDINARY
            among = np.sort(_values(table, j)[present].astype("f8"))
            found = _clipped(_values(table, j).astype("f8"), among, minimum_cell)
            size = float(found.max()) - float(found.min())
            means[table.coders[j].column.name] = _rounded(float(found[here].mean()), size or 1.0)
    return means
