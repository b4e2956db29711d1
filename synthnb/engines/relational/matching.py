"""Which row of a further parent each row refers to: matched on features, each parent as often as it is to be referred to.

::

    rows, by the features drawn for them     a a a b b c      ┐ both in the order of the features,
    parents, each as often as its degree     p p q r r s      ┘ matched place by place

Degrees are scaled so that the parents of each band of the first feature are named by the rows that want
that band; a row whose band no parent has gets the parent next in the order of the features.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb._random import generator
from synthnb.engines._association import bands

if TYPE_CHECKING:
    from synthnb.recipes.recipe import Column

__all__ = ["assign", "part_pairs"]

Array = np.ndarray[Any, Any]

_TRIES = 200
"""Rows tried for an exchange, for each pair that repeats."""


def assign(
    wanted: pd.DataFrame, parents: pd.DataFrame, columns: Sequence[Column], *, weights: Array, degrees: Array, seed: int, table: str
) -> Array:
    """Return a parent for each row.

    Parameters
    ----------
    wanted, parents : pandas.DataFrame
        The features each row's parent should have, and those the parents have; the same columns.
    columns : sequence of Column
        What these hold, the most telling first.
    weights : ndarray of int
        How many references each row stands for: the rows of a family that all name one parent count as one.
    degrees : ndarray of int
        How often each parent is to be referred to; scaled within each band of the first feature.
    seed : int
        The run's; decides among rows and parents of the same features.
    table : str
        The rows' table.
    """
    rng = generator(seed, "sample", "references", table)
    coded = [bands(pd.concat([wanted[c.name], parents[c.name]], ignore_index=True), c) for c in columns]
    row_order = np.lexsort((rng.random(len(wanted)), *(codes[: len(wanted)] for codes in reversed(coded))))
    parent_order = np.lexsort((rng.random(len(parents)), *(codes[len(wanted) :] for codes in reversed(coded))))
    shares = degrees[parent_order].astype("f8") if degrees.sum() else np.ones(len(parents))
    if coded:
        shares = shares * _scale(coded[0], weights, shares, parent_order)
    ends = np.cumsum(shares) * (weights.sum() / shares.sum())
    middles = np.cumsum(weights[row_order]) - weights[row_order] / 2
    found = np.empty(len(wanted), dtype="i8")
    found[row_order] = parent_order[np.minimum(np.searchsorted(ends, middles), len(parents) - 1)]
    return found


def _scale(codes: Array, weights: Array, shares: Array, parent_order: Array) -> Array:
    """For each parent in order what its share is to be multiplied by, so that each band gets the rows that want it."""
    bands_wanted, bands_had = codes[: len(weights)], codes[len(weights) :][parent_order]
    size = int(codes.max(initial=0)) + 1
    demand = np.bincount(bands_wanted, weights=weights, minlength=size)
    supply = np.bincount(bands_had, weights=shares, minlength=size)
    ratio = np.divide(demand, supply, out=np.ones(size), where=supply > 0)
    return np.asarray(np.maximum(ratio, 1e-12)[bands_had])


def part_pairs(first: Array, second: Array, *, seed: int, table: str) -> tuple[Array, int]:
    """Return ``second`` with values exchanged between rows until no pair occurs twice, and how many pairs still do.

    Parameters
    ----------
    first, second : ndarray of int
        Two references per row; how often each value occurs doesn't change.
    seed : int
        The run's.
    table : str
        The rows' table.
    """
    rng = generator(seed, "sample", "pairs", table)
    second = second.copy()
    taken = Counter(zip(first.tolist(), second.tolist(), strict=True))
    for row in _repeated(first, second).tolist():
        for other in rng.integers(len(second), size=_TRIES).tolist():
            old = [(first[row], second[row]), (first[other], second[other])]
            new = [(first[row], second[other]), (first[other], second[row])]
            if taken[old[0]] < 2 or taken[new[0]] or taken[new[1]] or new[0] == new[1]:
                continue
            taken.subtract(old)
            taken.update(new)
            second[row], second[other] = second[other], second[row]
            break
    return second, len(_repeated(first, second))


def _repeated(first: Array, second: Array) -> Array:
    """Rows whose pair an earlier row has."""
    return np.flatnonzero(pd.DataFrame({"a": first, "b": second}).duplicated().to_numpy())
