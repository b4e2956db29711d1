"""Correlations behind a Gaussian copula: found pair by pair, shrunk, and made consistent."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["cholesky", "consistent", "nearest_correlation", "pairwise"]

Array = np.ndarray[Any, Any]

_FLOOR = 1e-4
_ROUNDS = 100
_CLOSE = 1e-6


def pairwise(scores: Array, here: Array) -> tuple[Array, Array, float]:
    """Return pairwise correlations, the rows behind each, and how far to draw them towards 0.

    The intensity is that of Schäfer & Strimmer (2005), doi:10.2202/1544-6115.1175, after Ledoit & Wolf (2004):
    the sum of the correlations' estimated variances over the sum of their squares.

    Parameters
    ----------
    scores : ndarray of float64, shape (rows, columns)
        One per cell.
    here : ndarray of bool, shape (rows, columns)
        Which cells hold a value; a pair is judged by the rows that have both.

    Returns
    -------
    correlations, rows : ndarray of float64, shape (columns, columns)
    intensity : float
        From 0 to 1.
    """
    mask = here.astype("f8")
    filled = np.where(here, scores, 0.0)
    rows = mask.T @ mask
    n = np.maximum(rows, 1.0)
    sums = filled.T @ mask
    mean = sums / n
    squares = (filled**2).T @ mask / n
    spread = np.sqrt(np.maximum(squares - mean**2, 0.0))
    scale = spread * spread.T
    usable = (rows >= 3) & (scale > 1e-12)
    found = np.where(usable, (filled.T @ filled / n - mean * mean.T) / np.where(usable, scale, 1.0), 0.0)
    variances = np.where(usable, _variances(filled, mask, found, n), 0.0)
    off = ~np.eye(len(found), dtype=bool)
    total = float((found[off] ** 2).sum())
    intensity = min(1.0, float(variances[off].sum()) / total) if total > 0 else 1.0
    np.fill_diagonal(found, 1.0)
    return np.clip(found, -1.0, 1.0), rows, intensity


def _variances(filled: Array, mask: Array, found: Array, n: Array) -> Array:
    """Estimated variance of each correlation, from scores standardised column by column."""
    count = mask.sum(axis=0)
    mean = filled.sum(axis=0) / np.maximum(count, 1.0)
    centred = (filled - mean) * mask
    spread = np.sqrt((centred**2).sum(axis=0) / np.maximum(count, 1.0))
    unit = centred / np.where(spread > 0, spread, 1.0)
    fourth = (unit**2).T @ unit**2 / n
    return np.asarray(np.maximum(fourth - found**2, 0.0) / np.maximum(n - 1, 1.0))


def consistent(found: Array, rows: Array, intensity: float, spared: Array | None = None) -> tuple[Array, float]:
    """Return correlations that were found pair by pair, shrunk and made one matrix, and the largest change the latter took.

    Each is shrunk in proportion to its own sampling variance, (1 − r²)² / n, so that what is measured exactly,
    such as a radius and a perimeter, stays; over all pairs that is the intensity asked for.

    Parameters
    ----------
    found, rows : ndarray of float64, shape (columns, columns)
        Correlations, and the rows behind each.
    intensity : float
        From 0 to 1.
    spared : ndarray of bool, shape (columns, columns), optional
        Pairs that aren't shrunk.
    """
    off = ~np.eye(len(found), dtype=bool)
    variances = (1 - found**2) ** 2 / np.maximum(rows, 1.0)
    usual = float(variances[off].mean()) if off.any() else 0.0
    shares = np.minimum(intensity * variances / usual, 1.0) if usual > 0 else np.zeros(found.shape)
    if spared is not None:
        shares = np.where(spared, 0.0, shares)
    return nearest_correlation(np.where(off, found * (1 - shares), 1.0))


def nearest_correlation(matrix: Array) -> tuple[Array, float]:
    """Return the nearest correlation matrix whose eigenvalues are above a small floor, and the largest change made.

    Alternating projections with Dykstra's correction: Higham (2002), doi:10.1093/imanum/22.3.329.

    Parameters
    ----------
    matrix : ndarray of float64, shape (columns, columns)
        Symmetric, with 1 on the diagonal.
    """
    if not len(matrix) or np.linalg.eigvalsh(matrix)[0] >= _FLOOR:
        return matrix, 0.0
    here, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(_ROUNDS):
        shifted = here - correction
        values, vectors = np.linalg.eigh(shifted)
        inside = (vectors * np.maximum(values, 2 * _FLOOR)) @ vectors.T
        correction = inside - shifted
        new = inside.copy()
        np.fill_diagonal(new, 1.0)
        done = float(np.abs(new - here).max()) < _CLOSE
        here = new
        if done:
            break
    return _definite(here), float(np.abs(here - matrix).max())


def _definite(matrix: Array) -> Array:
    """Lift what the projections left below the floor, and rescale to 1 on the diagonal."""
    values, vectors = np.linalg.eigh(matrix)
    lifted = (vectors * np.maximum(values, _FLOOR)) @ vectors.T
    scale = np.sqrt(np.diag(lifted))
    out = lifted / np.outer(scale, scale)
    np.fill_diagonal(out, 1.0)
    return np.asarray((out + out.T) / 2)


def cholesky(matrix: Array) -> Array:
    """The lower triangle whose product with its transpose is the matrix."""
    return np.asarray(np.linalg.cholesky(matrix)) if len(matrix) else np.zeros((0, 0))
