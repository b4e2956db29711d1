"""Coverage: how much of the real columns' ranges and levels the synthetic rows reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step
from synthnb.evaluation.validity import worst

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table

__all__ = ["LEVELS", "RANGE", "coverage", "level_coverage", "range_coverage"]

Array = NDArray[Any]

RANGE = Definition(
    metric="range_coverage",
    label="Range of the real values reached",
    dimension="fidelity",
    direction="higher",
    reference="max(1 - (max(min_s - min_r, 0) + max(max_r - max_s, 0)) / (max_r - min_r), 0), mean over columns",
)
LEVELS = Definition(
    metric="category_coverage",
    label="Real levels that occur",
    dimension="fidelity",
    direction="higher",
    reference="share of the real column's levels that synthetic rows have, mean over columns",
)

EXTREMES = f"{NO_INTERVAL} a figure that rests on extremes and rare levels"
"""Why neither has an interval."""


def range_coverage(real: Array, synthetic: Array) -> float:
    """Share of the real range between the synthetic extremes.

    Parameters
    ----------
    real, synthetic : array of float
        Values that aren't finite are left out.

    Returns
    -------
    float
        From 0 to 1; 0 where no synthetic value is left, NaN where the real values don't vary.

    Examples
    --------
    >>> import numpy as np
    >>> range_coverage(np.array([0.0, 10]), np.array([2.0, 7]))
    0.5
    """
    r, s = (sample[np.isfinite(sample)] for sample in (real, synthetic))
    if not len(r) or r.min() == r.max():
        return float("nan")
    if not len(s):
        return 0.0
    low, high, whole = (float(value) / 2 for value in (r.min(), r.max(), r.max() / 2 - r.min() / 2))  # halves can't overflow
    whole *= 2
    gone = max(float(s.min()) / 2 - low, 0.0) + max(high - float(s.max()) / 2, 0.0)
    return max(1 - gone / whole, 0.0)


def level_coverage(real: Array, synthetic: Array) -> float:
    """Share of the real codes that occur among the synthetic ones; −1 is missing. NaN where no real row has a level.

    Examples
    --------
    >>> import numpy as np
    >>> level_coverage(np.array([0, 1, 2, -1]), np.array([1, 1, 3]))
    0.3333333333333333
    """
    most = int(max(real.max(initial=-1), synthetic.max(initial=-1))) + 2
    in_real, in_synthetic = (np.bincount(codes + 1, minlength=most)[1:] > 0 for codes in (real, synthetic))
    return float(in_synthetic[in_real].mean()) if in_real.any() else float("nan")


def coverage(comparison: Comparison, _parameters: Mapping[str, Any]) -> Findings:
    """Range coverage of ordered columns and level coverage of the others, beside the same of real rows."""
    found = Findings()
    for definition, family, why in ((RANGE, "number", "numeric or temporal"), (LEVELS, "level", "categorical")):
        columns = comparison.of(family)
        found.scores.append(_mean(definition, columns, comparison) if columns else definition.absent(f"The frames share no {why} column."))
    return found


def _mean(definition: Definition, columns: list[Column], comparison: Comparison) -> Score:
    def measure(one: Table, other: Table) -> Array:
        comparison.clock.check()
        one_column = range_coverage if definition is RANGE else level_coverage
        return np.array([one_column(one.values[column.name], other.values[column.name]) for column in columns])

    values = measure(comparison.real, comparison.synthetic)
    known = {column.shown: float(value) for column, value in zip(columns, values, strict=True) if np.isfinite(value)}
    if not known:
        return definition.absent("The real columns have no two values that differ." if definition is RANGE else "No real row has a level.")
    equal = comparison.like_for_like(measure)
    kept = np.isfinite(values)
    best, matched = (float(np.nanmean(side[kept])) if np.isfinite(side[kept]).any() else None for side in (equal.best, equal.matched))
    return definition.score(
        float(np.mean(list(known.values()))),
        n=comparison.synthetic.rows,
        ceiling=best,
        matched=matched,
        parameters={"columns": len(known), "interval": EXTREMES} | worst(known, lambda value: value < 1) | equal.parameters,
    )


COVERAGE_STEP = Step(name="coverage", run=coverage, gives=(RANGE, LEVELS))
"""``coverage``."""
