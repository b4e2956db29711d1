"""Which columns of a parent tell most about its children: association between columns of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb._random import generator

if TYPE_CHECKING:
    from synthnb.recipes.recipe import Column

__all__ = ["association", "bands", "most_associated"]

Array = np.ndarray[Any, Any]

_ROWS = 5_000
_BANDS = 8
_ORDERED = {"integer", "real", "datetime", "date", "time", "timedelta"}


def bands(cells: pd.Series[Any], column: Column) -> Array:
    """Return each cell's band: eighths by rank for an ordered column, the commonest levels for others; missing is one more."""
    missing = cells.isna().to_numpy()
    if column.kind in _ORDERED:
        ranks = pd.Series(pd.factorize(cells, sort=True)[0]).where(~missing).rank(pct=True).to_numpy()
        codes = np.minimum(np.nan_to_num(ranks) * _BANDS, _BANDS - 1).astype("i8")
    else:
        found = pd.factorize(cells.astype(object))[0]
        counts = np.bincount(np.maximum(found, 0), minlength=1)
        place = np.full(len(counts), _BANDS)
        common = np.argsort(-counts, kind="stable")[:_BANDS]
        place[common] = np.arange(len(common))
        codes = place[np.maximum(found, 0)]
    return np.where(missing, _BANDS + 1, codes)


def association(left: Array, right: Array) -> float:
    """Return Cramér's V of two codings, corrected for what chance adds; from 0 (none) to 1.

    Bergsma (2013), "A bias-correction for Cramér's V and Tschuprow's T", Journal of the Korean
    Statistical Society 42, 323–328, doi:10.1016/j.jkss.2012.10.002.

    Parameters
    ----------
    left, right : ndarray of int, shape (n,)
        Codes from 0, one per row.
    """
    table = np.zeros((int(left.max(initial=0)) + 1, int(right.max(initial=0)) + 1))
    np.add.at(table, (left, right), 1.0)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    n, (r, c) = table.sum(), table.shape
    if n < 2 or min(r, c) < 2:
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi = float(((table - expected) ** 2 / expected).sum()) / n
    beyond = max(0.0, phi - (r - 1) * (c - 1) / (n - 1))
    least = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    return float(np.sqrt(min(beyond / least, 1.0))) if least > 0 else 0.0


def most_associated(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    targets: pd.DataFrame,
    target_columns: Sequence[Column],
    *,
    most: int,
    always: Sequence[str] = (),
    ranked: bool = False,
    seed: int,
) -> list[str]:
    """Return the names of at most so many columns: those with the highest association with any target.

    Parameters
    ----------
    frame, targets : pandas.DataFrame
        The same rows.
    columns, target_columns : sequence of Column
        What they hold.
    most : int
        How many names to return; where there are fewer, all are.
    always : sequence of str
        Names to keep whatever their association.
    ranked : bool
        The most telling first; else in the columns' own order.
    seed : int
        Chooses the rows looked at where there are many.
    """
    names = [column.name for column in columns]
    if len(names) <= most and not ranked:
        return names
    rows = np.arange(len(frame))
    if len(rows) > _ROWS:
        rows = np.sort(generator(seed, "association").choice(rows, _ROWS, replace=False))
    coded = [bands(targets[column.name].iloc[rows], column) for column in target_columns]
    scores = {column.name: _highest(bands(frame[column.name].iloc[rows], column), coded) for column in columns}
    scores |= dict.fromkeys(always, 2.0)
    best = sorted(names, key=lambda name: -scores[name])[:most]
    if ranked:
        return best
    kept = set(best)
    return [name for name in names if name in kept]


def _highest(codes: Array, targets: Sequence[Array]) -> float:
    return max((association(codes, target) for target in targets), default=0.0)
