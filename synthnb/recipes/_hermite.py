"""Correlated normals seen through functions of them, by Hermite polynomials.

A score function turns a standard normal into a column's score: a step per distinct value.
Two such columns whose normals correlate by r have scores with the covariance

    cov(r) = sum over m ≥ 1 of a_m b_m r^m

where a and b are the functions' coefficients on the normalised Hermite polynomials
(Mehler's formula; for its use with given margins see Xiao 2014, doi:10.1016/j.ress.2014.04.005).
It rises with r, so that a covariance of scores tells the correlation of the normals.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtr

__all__ = ["LARGEST", "TERMS", "covariances", "latent_correlations", "step_coefficients"]

Array = np.ndarray[Any, Any]

TERMS = 48
"""Hermite terms kept."""

LARGEST = 0.9999
"""Largest correlation of two normals."""

_HALVINGS = 36


def step_coefficients(thresholds: Array, scores: Array, terms: int = TERMS) -> Array:
    """Return a step function's coefficients on the normalised Hermite polynomials 1 to ``terms``.

    What higher terms would hold is added to the last one, so that the squares sum to the variance.

    Parameters
    ----------
    thresholds : ndarray of float64, shape (steps - 1,)
        Where one step ends and the next begins, increasing.
    scores : ndarray of float64, shape (steps,)
        The function's value on each step.
    terms : int
        How many.
    """
    rises = np.diff(scores) * np.exp(-0.5 * thresholds**2) / np.sqrt(2 * np.pi)
    found = np.empty(terms)
    before, here = np.zeros(len(thresholds)), np.ones(len(thresholds))
    for m in range(1, terms + 1):
        found[m - 1] = rises @ here / np.sqrt(m)
        before, here = here, (thresholds * here - np.sqrt(m - 1) * before) / np.sqrt(m)
    shares = np.diff(np.concatenate([[0.0], ndtr(thresholds), [1.0]]))
    variance = shares @ (scores - shares @ scores) ** 2
    rest = variance - found[:-1] @ found[:-1]
    found[-1] = np.copysign(np.sqrt(max(rest, 0.0)), found[-1])
    return found


def latent_correlations(wanted: Array, coefficients: Array) -> Array:
    """Return the correlations of normals whose scores have these covariances.

    Parameters
    ----------
    wanted : ndarray of float64, shape (columns, columns)
        Covariances of the scores.
    coefficients : ndarray of float64, shape (columns, terms)
        Of each column's score function.

    Returns
    -------
    ndarray of float64, shape (columns, columns)
        Within ±0.9999, 1 on the diagonal; what no correlation reaches gets the nearest one that can be.
    """
    low = np.full(wanted.shape, -LARGEST)
    high = -low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        short = covariances(middle, coefficients) < wanted
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    found = (low + high) / 2
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def covariances(r: Array, coefficients: Array) -> Array:
    """Return the covariances of scores whose normals correlate by r: the sum of a_m b_m r^m.

    Parameters
    ----------
    r : ndarray of float64, shape (columns, columns)
        From -1 to 1.
    coefficients : ndarray of float64, shape (columns, terms)
        Of each column's score function.
    """
    total = np.zeros(r.shape)
    for column in coefficients.T[::-1]:
        total = (total + np.outer(column, column)) * r
    return total
