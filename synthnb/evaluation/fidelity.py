"""Fidelity of single columns: how close each synthetic column is to the real one.

Pairs of columns are in `pairs`, whole rows in `detection`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._bins import display_bins, shares
from synthnb.evaluation._encode import missing
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Step, rounded
from synthnb.evaluation.validity import apart, share_range

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table

__all__ = ["KS", "SHAPES", "TV", "UNCALIBRATED", "Gap", "column_shapes", "distributions", "ks_gap", "merged", "shape", "shapes", "tv_gap"]

Array = NDArray[Any]

UNCALIBRATED = f"{NO_INTERVAL} a largest difference"
"""Why scores made of largest differences have no interval."""

KS = Definition(
    metric="ks_complement",
    label="KS complement",
    dimension="fidelity",
    direction="higher",
    reference="1 - sup |F_r - F_s|",
    version=3,
)
TV = Definition(
    metric="tv_complement",
    label="TV complement",
    dimension="fidelity",
    direction="higher",
    reference="1 - Σ |p_r - p_s| / 2",
    version=3,
)
SHAPES = Definition(
    metric="column_shapes",
    label="Column shapes",
    dimension="fidelity",
    direction="higher",
    reference="mean over columns of the KS complement (numbers, times) and the TV complement (levels)",
    version=3,
)


class Gap(NamedTuple):
    """Shares of two samples on the event where they differ most."""

    real: float
    synthetic: float

    @property
    def complement(self) -> float:
        """1 less the distance."""
        return 1 - abs(self.real - self.synthetic)


NOTHING = Gap(float("nan"), float("nan"))
"""Of samples of which one is empty."""


def ks_gap(real: Array, synthetic: Array, *, missing_as: tuple[float, float] | None = None) -> Gap:
    """Where two samples of numbers differ most, over all "at most x" and "more than x".

    Parameters
    ----------
    real, synthetic : array of float, at least one element each
        NaN is missing. It is in no event, so a difference in missing cells
        counts: the distance is at least the difference of the missing shares.
    missing_as : tuple of float, optional
        Shares of missing cells to take for the samples' own.

    Notes
    -----
    Without missing cells |real − synthetic| is the two-sample
    Kolmogorov–Smirnov statistic sup_x |F_r(x) − F_s(x)|.

    Examples
    --------
    >>> import numpy as np
    >>> ks_gap(np.array([1.0, 2, 3, 4]), np.array([3.0, 4, 5, 6])).complement
    0.5
    """
    if not len(real) or not len(synthetic):
        return NOTHING
    seen = [np.sort(sample[~np.isnan(sample)]) for sample in (real, synthetic)]
    grid, *counts = merged(*seen)
    if not len(grid):
        return Gap(0.0, 0.0)
    last = np.append(grid[1:] != grid[:-1], True)
    present = [len(values) / len(sample) for values, sample in zip(seen, (real, synthetic), strict=True)]
    whole = [float(len(real)), float(len(synthetic))]
    if missing_as is not None:
        present = [1 - share for share in missing_as]
        whole = [len(values) / share if share and len(values) else 1.0 for values, share in zip(seen, present, strict=True)]
    below = [counted[last] / rows for counted, rows in zip(counts, whole, strict=True)]
    apart = below[0] - below[1]
    beyond = present[0] - present[1] - apart
    i, j = int(np.argmax(np.abs(apart))), int(np.argmax(np.abs(beyond)))
    if abs(apart[i]) >= abs(beyond[j]):
        return Gap(float(below[0][i]), float(below[1][i]))
    return Gap(float(present[0] - below[0][j]), float(present[1] - below[1][j]))


def merged(one: Array, other: Array) -> tuple[Array, Array, Array]:
    """Two sorted samples as one, and how many of each come up to and with each place.

    Examples
    --------
    >>> import numpy as np
    >>> grid, ones, others = merged(np.array([1.0, 3]), np.array([2.0, 4]))
    >>> grid.tolist(), ones.tolist(), others.tolist()
    ([1.0, 2.0, 3.0, 4.0], [1, 1, 2, 2], [0, 1, 1, 2])
    """
    mine = np.zeros(len(one) + len(other), dtype=bool)
    mine[np.searchsorted(other, one) + np.arange(len(one))] = True
    grid = np.empty(len(mine))
    grid[mine], grid[~mine] = one, other
    ones = np.cumsum(mine)
    return grid, ones, np.arange(1, len(mine) + 1) - ones


def tv_gap(real: Array, synthetic: Array, *, missing_as: tuple[float, float] | None = None) -> Gap:
    """Where two samples of codes differ most: all levels more frequent in the real one, −1 (missing) being a level.

    Parameters
    ----------
    real, synthetic : array of int
    missing_as : tuple of float, optional
        Shares of missing cells to take for the samples' own.

    Notes
    -----
    |real − synthetic| is the total variation distance ½ Σ |p_r − p_s|.

    Examples
    --------
    >>> import numpy as np
    >>> tv_gap(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1])).complement
    0.5
    """
    if not len(real) or not len(synthetic):
        return NOTHING
    levels = int(max(real.max(), synthetic.max())) + 2
    p, q = (np.bincount(codes + 1, minlength=levels) / len(codes) for codes in (real, synthetic))
    if missing_as is not None:
        p, q = (np.append(share, each[1:] * (1 - share) / max(1 - each[0], 1e-300)) for each, share in zip((p, q), missing_as, strict=True))
    more = p > q
    return Gap(float(p[more].sum()), float(q[more].sum()))


def shape(column: Column, real: Array, synthetic: Array, *, missing_as: tuple[float, float] | None = None) -> Gap:
    """How a column differs between two samples, by its family."""
    return (ks_gap if column.family == "number" else tv_gap)(real, synthetic, missing_as=missing_as)


def column_shapes(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """A score per column and their mean, each beside the same of real rows against real rows.

    None has an interval: each rests on the event for which the samples differ most,
    so an interval of that event's shares would cover the truth too seldom.
    """
    columns = comparison.of("number", "level")
    if not columns:
        return Findings(scores=[SHAPES.absent("The frames share no column that is a number, a time or a category.")])

    def measure(one: Table, other: Table) -> Array:
        comparison.clock.check()
        return np.array([guarded(columns, one, other, comparison.minimum_cell, real=real) for real in (False, True)])

    values = measure(comparison.real, comparison.synthetic)[0]
    equal = comparison.like_for_like(measure, draws=parameters["size_draws"])
    matched_each, best_each = equal.matched[0], equal.best[1]
    n, found = comparison.synthetic.rows, list(zip(columns, values, matched_each, best_each, strict=True))
    scores = [
        (KS if column.family == "number" else TV).score(
            value,
            n=n,
            subject=[column.shown],
            ceiling=best,
            matched=matched,
            parameters={"interval": "none: not calibrated", "ceiling_from": equal.parameters["ceiling_from"]}
            | ({"few_missing": _ROUNDED} if _few(column, comparison.real, comparison.minimum_cell) else {}),
        )
        for column, value, matched, best in found
    ]
    mean = SHAPES.score(
        float(values.mean()),
        n=n,
        ceiling=float(best_each.mean()),
        matched=float(matched_each.mean()),
        parameters={"columns": len(scores), "rows_real": comparison.real.rows, "interval": UNCALIBRATED} | equal.parameters,
    )
    entries = {
        column.name: {"score": rounded(value, 4), "matched": rounded(matched, 4), "ceiling": rounded(best, 4)}
        for column, value, matched, best in found
    }
    return Findings(scores=[mean, *scores], columns=entries)


def shapes(columns: list[Column], one: Table, other: Table) -> Array:
    """Each column's shape complement of two tables; NaN where a table is empty."""
    return np.array([shape(column, one.values[column.name], other.values[column.name]).complement for column in columns])


def guarded(columns: list[Column], one: Table, other: Table, minimum_cell: int, *, real: bool) -> Array:
    """Each column's shape complement, from which few missing cells of real rows can't be counted.

    Where fewer rows than the minimum cell are missing in the first table, or in the other
    if it is ``real``, any share up to that bound is taken for theirs, the one closest to
    the other table's; and the complement is rounded, since shares of the rows that have a
    value tell by their denominator how many those are.
    """
    found = shapes(columns, one, other)
    for i, column in enumerate(columns):
        if not _few(column, one, minimum_cell) and not (real and _few(column, other, minimum_cell)):
            continue
        values = one.values[column.name], other.values[column.name]
        if not all(len(each) for each in values):
            continue
        known = [
            share_range(float(missing(column, each).mean()), len(each), cell)
            for each, cell in zip(values, (minimum_cell, minimum_cell if real else 0), strict=True)
        ]
        found[i] = round(
            shape(column, *values, missing_as=apart(known[0], known[1])).complement, 2 if min(one.rows, other.rows) >= _MANY else 1
        )
    return found


def _few(column: Column, table: Table, minimum_cell: int) -> bool:
    """Whether few of a table's cells are missing, or few are not."""
    gone = int(missing(column, table.values[column.name]).sum())
    return 0 < gone < table.rows and min(gone, table.rows - gone) < minimum_cell


_MANY = 100
_ROUNDED = "few real cells are missing: any share up to the bound counts as theirs, and the score is rounded"


def distributions(comparison: Comparison, _parameters: Mapping[str, Any]) -> Findings:
    """Each column's shares by bin, of the rows that have a value, as a report shows them.

    Real shares are rounded to per cent where few cells are missing: exact ones would
    tell how many rows have a value, and so how many have none.
    """
    found = Findings()
    for column in comparison.columns:
        real, synthetic = comparison.real.values[column.name], comparison.synthetic.values[column.name]
        bins = display_bins(column, real, comparison.minimum_cell)
        decimals = 2 if 0 < int(missing(column, real).sum()) < comparison.minimum_cell else 4
        by_frame = {
            name: [rounded(share, places) for share in shares(bins.codes(values), len(bins.labels))] if bins.labels else []
            for name, values, places in (("real", real, decimals), ("synthetic", synthetic, 4))
        }
        found.columns[column.name] = {"bins": {"labels": list(bins.labels), **by_frame}}
    return found


SHAPES_STEP = Step(name="column shapes", run=column_shapes, gives=(SHAPES,), parameters={"size_draws": 3})
"""``column-shapes``."""
DISTRIBUTIONS_STEP = Step(name="distributions", run=distributions, gives=())
"""``distributions``."""
