"""Rows as points, and which of two sets of rows a synthetic one lies nearer to."""

from __future__ import annotations

from typing import Any

import numpy as np

from synthnb._random import generator
from synthnb.engines._encoding.table import ORDINARY, Table

__all__ = ["SMALLEST_LEAF", "Space", "membership_auc", "nearer_share"]

Array = np.ndarray[Any, Any]

SMALLEST_LEAF = 5
"""No leaf has fewer rows, however small the table."""

_CHUNK = 512
_DIRECTIONS = 16


class Space:
    """Rows as points: ranks for ordered columns, unit distance between levels and between states."""

    def __init__(self, table: Table, seed: int) -> None:
        self._table = table
        self._directions = [self._places(j, seed) for j in range(len(table.coders))]

    def _places(self, j: int, seed: int) -> Array | None:
        coder = self._table.coders[j]
        if coder.ordered or coder.size < 2:
            return None
        if coder.size <= _DIRECTIONS:
            return np.asarray(np.eye(coder.size, dtype="f4") / np.float32(np.sqrt(2)))
        places = generator(seed, "tune", "directions", j).standard_normal((coder.size, _DIRECTIONS))
        return np.asarray(places / np.linalg.norm(places, axis=1, keepdims=True) / np.sqrt(2), dtype="f4")

    def __call__(self, states: Array, positions: Array) -> Array:
        parts = []
        for j, (coder, places) in enumerate(zip(self._table.coders, self._directions, strict=True)):
            here = (states[:, j] == ORDINARY)[:, None]
            if places is not None:
                parts.append(places[positions[:, j].astype("i8")] * here)
            elif coder.size > 1:
                parts.append(np.where(here, coder.ranks(positions[:, j])[:, None], 0.5))
            if coder.column.missing:
                parts.append(here)
        return np.column_stack([np.zeros(len(states)), *parts]).astype("f4")


def nearer_share(synthetic: Array, learnt: Array, held: Array) -> float:
    """Share of synthetic points whose nearest learnt point is nearer than their nearest held-out point.

    Parameters
    ----------
    synthetic, learnt, held : ndarray of float32, shapes (m, d), (n, d), (n, d)
        ``learnt`` and ``held`` of equal size.

    Returns
    -------
    float
        From 0 to 1; ties count one half. 0.5 where nothing was copied.
    """
    toward = _nearest(synthetic, learnt)
    away = _nearest(synthetic, held)
    tied = np.isclose(toward, away, rtol=0.0, atol=1e-6)
    return float(np.mean(np.where(tied, 0.5, toward < away)))


def membership_auc(learnt: Array, held: Array, synthetic: Array) -> float:
    """Probability that a learnt point lies nearer to the synthetic points than a held-out one does.

    This is the area under the ROC curve of an attack that takes rows near to synthetic ones for
    rows learnt (the Mann-Whitney statistic of the distances).

    Parameters
    ----------
    learnt, held, synthetic : ndarray of float32, shapes (n, d), (m, d), (k, d)
        Learnt and held-out points to tell apart, and all that is seen of the former.

    Returns
    -------
    float
        From 0 to 1; ties count one half. 0.5 where nothing is told.
    """
    inside, outside = np.round(_nearest(learnt, synthetic), 6), np.sort(np.round(_nearest(held, synthetic), 6))
    beyond = len(outside) - (np.searchsorted(outside, inside, "left") + np.searchsorted(outside, inside, "right")) / 2
    return float(beyond.mean() / len(outside))


def _nearest(points: Array, targets: Array) -> Array:
    """Squared distance to the nearest target, in pieces so that memory stays bounded."""
    norms = np.einsum("ij,ij->i", targets, targets)
    found = np.empty(len(points), dtype="f4")
    for start in range(0, len(points), _CHUNK):
        piece = points[start : start + _CHUNK]
        squares = norms - 2.0 * (piece @ targets.T)
        found[start : start + _CHUNK] = squares.min(axis=1) + np.einsum("ij,ij->i", piece, piece)
    return found
