"""A column's margin under a Gaussian copula: from a standard normal to a position, and back.

::

    u = Φ(z)        0 ─── .30 ─────────── .45 ─────────── 1
    position        2.1 … 3.9      5 (kept)     5.6 … 9
                    moved between      as        moved between
                    its neighbours     it is     its neighbours

Each distinct value owns a piece of (0, 1) as long as its share of the rows. A value that is
kept is drawn on its whole piece; a run of values that aren't is interpolated, end to end, along a
curve that goes through some of them only, so that it doesn't tell where each one lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from synthnb.recipes._hermite import step_coefficients

__all__ = ["Margin", "margin_of"]

Array = np.ndarray[Any, Any]

_PIECES = 3.0
_FEWEST = 3


@dataclass(frozen=True)
class Margin:
    """The way between standard normals and the positions of one column."""

    order: Array
    """Positions in the order in which the normal rises; for an ordered column, 0, 1, 2 …"""
    ends: Array
    """Where each one's piece of (0, 1) ends, in that order; the last is 1."""
    knots: Array | None
    """Points of (0, 1) between which positions are interpolated; None if all values are kept."""
    places: Array | None
    """The positions at the knots."""

    @property
    def thresholds(self) -> Array:
        """Normals at which one piece ends and the next begins."""
        return np.asarray(ndtri(self.ends[:-1]))

    @property
    def scores(self) -> Array:
        """Mean of the normal on each position's piece, by position."""
        cuts = np.concatenate([[-np.inf], self.thresholds, [np.inf]])
        heights = np.exp(-0.5 * cuts**2) / np.sqrt(2 * np.pi)
        found = np.empty(len(self.order))
        found[self.order] = -np.diff(heights) / np.diff(np.concatenate([[0.0], self.ends]))
        return found

    def coefficients(self) -> Array:
        """Hermite coefficients of the scores as a function of the normal."""
        return step_coefficients(self.thresholds, self.scores[self.order])

    def positions(self, z: Array) -> Array:
        """Return the positions at standard normals."""
        if self.knots is None or self.places is None:
            return np.asarray(self.order[np.searchsorted(self.thresholds, z, side="right")].astype("f8"))
        return self.at(ndtr(z))

    def at(self, u: Array) -> Array:
        """Return the positions at points of (0, 1)."""
        if self.knots is None or self.places is None:
            return np.asarray(self.order[np.minimum(np.searchsorted(self.ends, u, side="right"), len(self.ends) - 1)].astype("f8"))
        return np.asarray(np.interp(u, self.knots, self.places))

    def normals(self, low: Array, high: Array) -> tuple[Array, Array]:
        """Return the normals at the ends of intervals of (0, 1)."""
        return np.asarray(ndtri(low)), np.asarray(ndtri(high))

    def pieces(self, positions: Array) -> tuple[Array, Array]:
        """Return the normals between which each position is drawn; both the same for one that is interpolated."""
        if self.knots is not None and self.places is not None:
            left, right = _inverse(positions, self.knots, self.places)
            return np.asarray(ndtri(left)), np.asarray(ndtri(right))
        rank = np.empty(len(self.order), dtype="i8")
        rank[self.order] = np.arange(len(self.order))
        cuts = np.concatenate([[-np.inf], self.thresholds, [np.inf]])
        at = rank[np.rint(positions).astype("i8")]
        return cuts[at], cuts[at + 1]


def _inverse(positions: Array, knots: Array, places: Array) -> tuple[Array, Array]:
    """Where an interpolated curve that never falls takes these values, first and last."""
    eager, lazy = np.searchsorted(places, positions, side="left"), np.searchsorted(places, positions, side="right")
    between = np.interp(positions, places, knots)
    low = np.where(eager < lazy, knots[np.minimum(eager, len(knots) - 1)], between)
    high = np.where(eager < lazy, knots[np.maximum(lazy - 1, 0)], between)
    tiny = 0.5 / (len(knots) + 1) ** 2
    single = low == high
    return np.where(single, np.clip(low, tiny, 1 - tiny), low), np.where(single, np.clip(high, tiny, 1 - tiny), high)


def margin_of(counts: Array, kept: Array, order: Array | None = None, values: Array | None = None) -> Margin:
    """Return the margin of a column with two or more distinct values.

    Parameters
    ----------
    counts : ndarray of int
        Rows per distinct value, in the order of the positions.
    kept : ndarray of bool
        Which values are drawn as they are.
    order : ndarray of int, optional
        For an unordered column: its positions in the order in which the normal rises.
    values : ndarray of int64 or float64, optional
        The distinct values, increasing. Where they are given, runs of values that aren't kept are drawn
        by a curve through some of their quantiles, about three times the square root of their number.
    """
    rank = np.arange(len(counts)) if order is None else order
    ends = np.cumsum(counts[rank]) / counts.sum()
    ends[-1] = 1.0
    if kept.all():
        return Margin(rank, ends, None, None)
    return Margin(rank, ends, *_curve(ends, kept, values))


def _curve(ends: Array, kept: Array, values: Array | None) -> tuple[Array, Array]:
    """Knots and positions: level on kept values, rising from end to end on each run of the others."""
    starts = np.concatenate([[0.0], ends[:-1]])
    edges = np.flatnonzero(np.diff(kept.astype("i1"))) + 1
    knots: list[Array] = []
    places: list[Array] = []
    for run in np.split(np.arange(len(kept)), edges):
        low, high = starts[run[0]], ends[run[-1]]
        if kept[run[0]]:
            knots.append(np.column_stack([starts[run], ends[run]]).ravel())
            places.append(np.repeat(run, 2).astype("f8"))
        elif len(run) == 1:
            knots.append(np.array([low, high]))
            places.append(np.clip([run[0] - 0.5, run[0] + 0.5], 0, len(kept) - 1))
        else:
            middles = (starts[run] + ends[run]) / 2
            part = (middles - middles[0]) / (middles[-1] - middles[0])
            points = low + part * (high - low)
            knots.append(points if values is None else _smoothed(points, _scaled(values[run])))
            places.append(run.astype("f8"))
    return np.concatenate(knots), np.concatenate(places)


def _smoothed(points: Array, values: Array) -> Array:
    """Where a curve through some of the points reaches each value; the first and the last stay."""
    pieces = max(_FEWEST, int(np.ceil(_PIECES * np.sqrt(len(values)))))
    if pieces >= len(values) - 1:
        return points
    at = np.unique(np.rint(np.linspace(0, len(values) - 1, pieces + 1)).astype("i8"))
    return np.asarray(np.interp(values, values[at], points[at]))


def _scaled(values: Array) -> Array:
    """Increasing numbers brought to a span from 0 to 1."""
    halves = values.astype("f8") / 2 if values.dtype.kind == "f" else (values - values[0]).astype("f8")
    return np.asarray((halves - halves[0]) / (halves[-1] - halves[0]))
