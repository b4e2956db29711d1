"""Normals of which some are fixed, or kept within limits, and the others follow.

Limits are met one column after another, each within its own given those before (the
sampler of Geweke, Hajivassiliou and Keane); where two or more columns have limits, that is done
for several candidates per row, one is picked by the product of what the limits left
(sampling importance resampling), and a few Gibbs sweeps over the limited columns follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

__all__ = ["CANDIDATES", "SWEEPS", "Limits", "draw_limited", "uniforms_needed"]

Array = np.ndarray[Any, Any]

CANDIDATES = 16
"""Candidates per row."""

SWEEPS = 8
"""Gibbs sweeps after one was picked."""

_CELLS = 1 << 20
_LEAST = 1e-300


@dataclass(frozen=True)
class Limits:
    """Where one column's normals may lie: one or more intervals per row; an interval of no length is a point."""

    low: Array
    """Shape (rows, intervals)."""
    high: Array
    """Shape (rows, intervals)."""

    @property
    def fixed(self) -> Array:
        """Per row, whether it is a point."""
        return np.asarray((self.low == self.high).all(axis=1))

    def rows(self, index: slice) -> Limits:
        """Return some of the rows."""
        return Limits(self.low[index], self.high[index])


def uniforms_needed(columns: int) -> int:
    """How many uniforms a row takes when so many columns are limited."""
    return columns * (CANDIDATES + SWEEPS) + 1


def draw_limited(correlation: Array, limits: Mapping[int, Limits], uniforms: Array, normals: Array) -> Array:
    """Return normals that meet their limits.

    Parameters
    ----------
    correlation : ndarray of float64, shape (columns, columns)
        Positive definite, 1 on the diagonal.
    limits : mapping of int to Limits
        By column.
    uniforms : ndarray of float64, shape (rows, uniforms_needed(len(limits)))
        From 0 to 1.
    normals : ndarray of float64, shape (rows, columns)
        Independent standard normals for the columns without limits.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
    """
    chosen = sorted(limits, key=lambda c: (-float(limits[c].fixed.mean()), c))
    open_columns = int(sum(not limits[c].fixed.all() for c in chosen))
    inner = correlation[np.ix_(chosen, chosen)]
    width = max(limits[c].low.shape[1] for c in chosen)
    step = max(1, _CELLS // (CANDIDATES * width))
    z = np.empty((len(uniforms), len(chosen)))
    for start in range(0, len(uniforms), step):
        part = slice(start, start + step)
        some = [limits[c].rows(part) for c in chosen]
        z[part] = _limited(inner, some, uniforms[part], several=open_columns > 1)
    return _completed(correlation, chosen, z, normals)


def _completed(correlation: Array, chosen: list[int], z: Array, normals: Array) -> Array:
    """Draw the columns without limits given those with."""
    free = [j for j in range(len(correlation)) if j not in set(chosen)]
    out = np.empty(normals.shape)
    out[:, chosen] = z
    if free:
        slopes = np.linalg.solve(correlation[np.ix_(chosen, chosen)], correlation[np.ix_(chosen, free)])
        left = correlation[np.ix_(free, free)] - correlation[np.ix_(free, chosen)] @ slopes
        out[:, free] = z @ slopes + normals[:, free] @ np.linalg.cholesky(left).T
    return out


def _limited(inner: Array, limits: list[Limits], uniforms: Array, *, several: bool) -> Array:
    columns = len(limits)
    candidates = CANDIDATES if several else 1
    first = uniforms[:, : columns * CANDIDATES].reshape(len(uniforms), columns, CANDIDATES)[:, :, :candidates]
    z, weights = _forward(np.linalg.cholesky(inner), limits, first)
    if not several:
        return z[:, 0]
    picked = _pick(weights, uniforms[:, columns * CANDIDATES])
    here = z[np.arange(len(z)), picked]
    sweeps = uniforms[:, columns * CANDIDATES + 1 :].reshape(len(uniforms), SWEEPS, columns)
    precision = np.linalg.inv(inner)
    for sweep in range(SWEEPS):
        for j, limit in enumerate(limits):
            spread = 1 / np.sqrt(precision[j, j])
            middle = here[:, j] - here @ precision[j] / precision[j, j]
            drawn, _ = _between((limit.low - middle[:, None]) / spread, (limit.high - middle[:, None]) / spread, sweeps[:, sweep, j])
            here[:, j] = np.where(limit.fixed, here[:, j], middle + spread * drawn)
    return here


def _forward(root: Array, limits: list[Limits], uniforms: Array) -> tuple[Array, Array]:
    """Candidates, column after column, and the logarithms of their weights."""
    rows, columns, candidates = uniforms.shape
    e = np.empty((rows, candidates, columns))
    weights = np.zeros((rows, candidates))
    for j, limit in enumerate(limits):
        middle = e[:, :, :j] @ root[j, :j]
        low = (limit.low[:, None, :] - middle[:, :, None]) / root[j, j]
        high = (limit.high[:, None, :] - middle[:, :, None]) / root[j, j]
        e[:, :, j], mass = _between(low, high, uniforms[:, j])
        weights += np.log(np.maximum(mass, _LEAST))
    return e @ root.T, weights


def _between(low: Array, high: Array, uniforms: Array) -> tuple[Array, Array]:
    """Standard normals within the union of intervals along the last axis, and the intervals' mass; a point's is its density."""
    flipped = low > 0
    left, right = ndtr(np.where(flipped, -high, low)), ndtr(np.where(flipped, -low, high))
    masses = right - left
    ends = np.cumsum(masses, axis=-1)
    total = ends[..., -1]
    length = uniforms * total
    part = np.minimum((ends <= length[..., None]).sum(axis=-1), masses.shape[-1] - 1)[..., None]
    inside = length - (np.take_along_axis(ends, part, -1) - np.take_along_axis(masses, part, -1))[..., 0]
    a, b, turned = (np.take_along_axis(found, part, -1)[..., 0] for found in (low, high, flipped))
    start, stop = (np.take_along_axis(found, part, -1)[..., 0] for found in (left, right))
    z = np.where(turned, -ndtri(np.maximum(stop - inside, 0.0)), ndtri(np.minimum(start + inside, 1.0)))
    drawn = np.clip(np.where(total > 0, z, 0.0), a, b)
    fixed = a == b
    return np.where(fixed, a, drawn), np.where(fixed, np.exp(-0.5 * np.minimum(a**2, 1e3)), total)


def _pick(weights: Array, uniforms: Array) -> Array:
    """One candidate per row, by weight."""
    shares = np.exp(weights - weights.max(axis=1, keepdims=True))
    ends = np.cumsum(shares, axis=1)
    return np.asarray(np.minimum((ends <= (uniforms * ends[:, -1])[:, None]).sum(axis=1), weights.shape[1] - 1))
