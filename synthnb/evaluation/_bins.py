"""Columns cut into bins: for showing, for joint tables, for subgroups.

What is shown never lets a small cell be seen: a level with fewer real rows than
the minimum cell is pooled, a numeric bin is merged with a neighbour, and the
outermost edges are percentiles, not extremes.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._encode import LONGEST_LABEL, Column

__all__ = ["Binning", "display_bins", "group_bins", "pair_codes", "pair_edges", "shares"]

Array = NDArray[Any]

MOST_LEVELS = 12
"""Levels shown before the rest is pooled."""
NUMERIC_BINS = 10
"""Numeric bins aimed at."""


@dataclass(frozen=True)
class Binning:
    """Bins with their labels, and how values fall into them."""

    labels: tuple[str, ...]
    """One per bin."""
    edges: Array | None = None
    """For numbers: the inner edges; a bin holds its lower edge."""
    places: Array | None = None
    """For levels: the bin of each code."""

    def codes(self, values: Array) -> Array:
        """The bin of each value; −1 where there is none."""
        if self.edges is not None:
            placed: Array = np.where(np.isnan(values), -1, np.searchsorted(self.edges, values, side="right"))
            return placed
        assert self.places is not None
        found: Array = np.append(self.places, -1)[values]
        return found


def shares(codes: Array, bins: int) -> Array:
    """Share of the rows that have a value in each bin."""
    counts = np.bincount(codes[codes >= 0], minlength=bins)
    found: Array = counts / max(counts.sum(), 1)
    return found


def pair_edges(real: Array, most: int) -> Array:
    """Inner edges of quantile bins of the real numbers; fewer where values are frequent."""
    seen = real[np.isfinite(real)]
    return np.unique(np.quantile(seen, np.arange(1, most) / most, method="inverted_cdf")) if len(seen) else np.array([])


def pair_codes(column: Column, real: Array, values: Array, *, most: int, edges: Array | None = None) -> Array:
    """Bins for joint tables, missing being one: quantiles of the real numbers, or the most frequent levels and the rest.

    ``edges`` are `pair_edges` of the real numbers, if they are known.
    """
    if column.family != "number":
        return np.where(values < 0, most + 1, np.minimum(values, most))
    cuts = pair_edges(real, most) if edges is None else edges
    return np.where(np.isnan(values), most + 1, np.searchsorted(cuts, values, side="right"))


def group_bins(column: Column, real: Array, minimum_cell: int) -> Binning:
    """Bins that make subgroups: levels large enough, and up to four bands of numbers with more than six values.

    A pool of rare levels stays as small as it is; a subgroup too small has no figures.
    Bands are made of the bins that reports show, so that the difference between the
    two tells no small count; their edges are those nearest to the quartiles.
    """
    if column.family == "level":
        return _level_bins(column, real, minimum_cell, smallest_pool=0)
    distinct = np.unique(real[np.isfinite(real)])
    if len(distinct) <= 6:
        return _number_bins(column, real, distinct[1:], minimum_cell)
    shown = _merged(real[~np.isnan(real)], _display_edges(column.kind, real), minimum_cell)
    quartiles = np.quantile(real[np.isfinite(real)], [0.25, 0.5, 0.75], method="inverted_cdf")
    nearest = {int(np.argmin(np.abs(shown - quartile))) for quartile in quartiles} if len(shown) else set()
    return _number_bins(column, real, shown[sorted(nearest)], minimum_cell)


def display_bins(column: Column, real: Array, minimum_cell: int) -> Binning:
    """Bins as a report shows them; none if too few real rows have a value."""
    present = int((~np.isnan(real)).sum() if column.family == "number" else (real >= 0).sum())
    if present < minimum_cell or column.family in ("text", "empty"):
        return Binning((), edges=np.array([]))
    if column.family == "level":
        return _level_bins(column, real, minimum_cell, smallest_pool=minimum_cell)
    return _number_bins(column, real, _display_edges(column.kind, real), minimum_cell)


def _level_bins(column: Column, real: Array, minimum_cell: int, *, smallest_pool: int) -> Binning:
    """Levels come by falling frequency, so those shown are the first few; a pool too small takes in the last of them."""
    counts = np.bincount(real[real >= 0], minlength=len(column.levels))
    kept = min(int((counts >= minimum_cell).sum()), MOST_LEVELS)
    while kept and 0 < counts[kept:].sum() < smallest_pool:
        kept -= 1
    pooled = len(column.levels) - kept
    names = _in_order(column, column.levels[:kept])
    places = np.array([names.index(name) for name in column.levels[:kept]] + [kept] * pooled, dtype=np.int64)
    labels = [cut(name) for name in names] + ([f"other ({pooled} {'level' if pooled == 1 else 'levels'})"] if pooled else [])
    return Binning(tuple(labels), places=places)


def _in_order(column: Column, names: tuple[str, ...]) -> list[str]:
    """Levels in their own order; numbers by size; others by frequency."""
    if column.order:
        return sorted(names, key=column.order.index)
    try:
        return sorted(names, key=float)
    except ValueError:
        return list(names)


def cut(label: object) -> str:
    """A label of at most 80 characters, those that aren't Unicode spelt out."""
    label = str(label).encode("utf-8", "backslashreplace").decode()
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def _display_edges(kind: str, real: Array) -> Array:
    """Inner edges: each value if there are few, else round numbers between the 1st and the 99th percentile."""
    seen = real[np.isfinite(real)]
    if not len(seen):
        return np.array([])
    distinct = np.unique(seen)
    if len(distinct) <= NUMERIC_BINS:
        return distinct[1:]
    low, high = (float(end) for end in np.quantile(seen, [0.01, 0.99], method="inverted_cdf"))
    if not 0 < high - low < math.inf:
        return np.array([low])
    step = _round_step((high - low) / (NUMERIC_BINS - 2), kind)
    return step * np.arange(math.ceil(low / step), math.floor(high / step) + 1)


_TIME_STEPS = (1, 5, 15, 60, 300, 900, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 7 * 86400)


def _round_step(step: float, kind: str) -> float:
    """The next larger round number; for times, a round number of seconds, hours or days."""
    if kind in ("datetime", "date", "time", "timedelta"):
        floor = 86400 if kind == "date" else 1
        rounds = (unit for unit in _TIME_STEPS if unit >= max(step, floor))
        return next(rounds, 86400 * _round_step(step / 86400, "integer"))
    power = 10.0 ** math.floor(math.log10(step))
    rounded = power * next(mantissa for mantissa in (1, 2, 2.5, 5, 10, 20) if power * mantissa >= step)
    return max(1.0, float(math.ceil(rounded))) if kind == "integer" else rounded


def _number_bins(column: Column, real: Array, edges: Array, minimum_cell: int) -> Binning:
    edges = _merged(real[~np.isnan(real)], edges, minimum_cell)
    distinct = np.unique(real[~np.isnan(real)])
    return Binning(tuple(_label(column.kind, edges, i, distinct) for i in range(len(edges) + 1)), edges=edges)


def _merged(seen: Array, edges: Array, minimum_cell: int) -> Array:
    """Edges left after the smallest bin has been joined to its smaller neighbour until none is too small."""
    kept = list(edges)
    counts = list(np.bincount(np.searchsorted(edges, seen, side="right"), minlength=len(edges) + 1))
    while kept and min(counts) < minimum_cell:
        i = counts.index(min(counts))
        left = i > 0 and (i == len(counts) - 1 or counts[i - 1] <= counts[i + 1])
        first = i - 1 if left else i
        counts[first : first + 2] = [counts[first] + counts[first + 1]]
        del kept[first]
    return np.array(kept, dtype=np.float64)


def _label(kind: str, edges: Array, i: int, distinct: Array) -> str:
    """How one bin reads: its only value, or from where to where."""
    if not len(edges):
        return "all values"
    low, high = edges[i - 1] if i else -math.inf, edges[i] if i < len(edges) else math.inf
    inside = distinct[(distinct >= low) & (distinct < high)]
    if len(inside) == 1 and len(distinct) <= NUMERIC_BINS:
        return _text(inside[0], kind)
    if i == 0:
        return f"< {_text(high, kind)}"
    if i == len(edges):
        return f"≥ {_text(low, kind)}"
    last = high - 1 if kind == "integer" else high
    if last == low:
        return _text(low, kind)
    return f"{_text(low, kind)}{' to ' if low < 0 else '–'}{_text(last, kind)}"


def _text(value: float, kind: str) -> str:
    """A number, day or time as people read it."""
    if not math.isfinite(value):
        return f"{value:g}"
    try:
        return _time_text(value, kind) or (str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.6g}")
    except OverflowError:
        return f"{value:.6g} s"


def _time_text(value: float, kind: str) -> str:
    """Seconds as a day, a moment, a time of day or a span; empty for other kinds."""
    if kind in ("date", "datetime"):
        moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=round(value))
        return moment.strftime("%Y-%m-%d") if value % 86400 == 0 else moment.strftime("%Y-%m-%d %H:%M")
    if kind == "time":
        return f"{int(value) // 3600:02d}:{int(value) % 3600 // 60:02d}"
    if kind == "timedelta":
        return str(dt.timedelta(seconds=round(value)))
    return ""
