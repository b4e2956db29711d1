"""Fidelity of single columns as distances: Wasserstein-1, Jensen–Shannon, Hellinger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthnb.errors import OptionError
from synthnb.evaluation.base import Comparison, Definition, Findings, Score, Step, rounded
from synthnb.evaluation.fidelity import merged
from synthnb.evaluation.marginals import coded
from synthnb.evaluation.validity import MEAN_OF_DIFFERENCES, worst

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table

__all__ = ["HELLINGER", "JENSEN_SHANNON", "WASSERSTEIN", "distances", "hellinger", "jensen_shannon", "spread", "wasserstein"]

Array = NDArray[Any]

WASSERSTEIN = Definition(
    metric="wasserstein_distance",
    label="Wasserstein distance of numbers",
    dimension="fidelity",
    direction="lower",
    reference="∫ |F_r - F_s| dx, in standard deviations (or interquartile ranges) of the real column, mean over columns",
)
JENSEN_SHANNON = Definition(
    metric="jensen_shannon_divergence",
    label="Jensen–Shannon divergence",
    dimension="fidelity",
    direction="lower",
    reference="(KL(p, m) + KL(q, m)) / 2, m = (p + q) / 2, base 2, mean over columns; Lin 1991, doi 10.1109/18.61115",
)
HELLINGER = Definition(
    metric="hellinger_distance",
    label="Hellinger distance",
    dimension="fidelity",
    direction="lower",
    reference="sqrt(1 - Σ sqrt(p_i q_i)), mean over columns",
)

_SCALES = ("sd", "iqr")
_MOST_ENTRIES = 100
"""Columns up to which each one's distances are shown; a report of more has no room for them."""


def wasserstein(real: Array, synthetic: Array) -> float:
    """Area between two samples' distribution functions, in the values' own unit.

    Parameters
    ----------
    real, synthetic : array of float
        Values that aren't finite are left out.

    Returns
    -------
    float
        At least 0; NaN where a sample is empty.

    Examples
    --------
    >>> import numpy as np
    >>> wasserstein(np.array([0.0, 1, 3]), np.array([5.0, 6, 8]))
    5.0
    """
    one, other = (np.sort(sample[np.isfinite(sample)]) for sample in (real, synthetic))
    if not len(one) or not len(other):
        return float("nan")
    grid, ones, others = merged(one, other)
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sum(np.abs(ones[:-1] / len(one) - others[:-1] / len(other)) * np.diff(grid)))


def spread(values: Array, scale: str) -> float:
    """Standard deviation (``sd``) or interquartile range (``iqr``) of the finite values; NaN where it is 0.

    A column of which half the values are equal has no interquartile range.
    """
    seen = values[np.isfinite(values)]
    if not len(seen):
        return float("nan")
    largest = float(np.abs(seen).max()) or 1.0  # so that squares of large values stay finite
    found = float(np.std(seen / largest)) * largest if scale == "sd" else float(np.subtract(*np.quantile(seen, [0.75, 0.25])))
    return found if found > 1e-12 * largest else float("nan")


def jensen_shannon(p: Array, q: Array) -> float:
    """Jensen–Shannon divergence of two distributions over the same cells.

    Parameters
    ----------
    p, q : array, shape (cells,)
        Shares that add up to 1.

    Returns
    -------
    float
        From 0 (equal) to 1 (they share no cell); the square of the Jensen–Shannon distance.

    Examples
    --------
    >>> import numpy as np
    >>> jensen_shannon(np.array([1.0, 0]), np.array([0.0, 1]))
    1.0
    """
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(share > 0, share * np.log2(share / middle), 0.0).sum() for share in (p, q)]
    return float(max(sum(parts) / 2, 0.0))


def hellinger(p: Array, q: Array) -> float:
    """Hellinger distance of two distributions over the same cells, from 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> round(hellinger(np.array([0.5, 0.5]), np.array([1.0, 0.0])), 4)
    0.5412
    """
    return float(np.sqrt(max(1 - np.sqrt(p * q).sum(), 0.0)))


def distances(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """The three distances, each a mean over columns, beside the same of real rows against real rows.

    Parameters of the profile: ``scale`` of the Wasserstein distance (``sd`` or ``iqr``
    of the real column), quantile ``bins`` of numbers for the other two, ``size_draws``
    over which the ceiling is averaged. Missing cells are a cell of their own in those
    two and aren't in the Wasserstein distance.
    """
    if parameters["scale"] not in _SCALES:
        raise OptionError.from_choice("The scale of distances", str(parameters["scale"]), list(_SCALES))
    columns = comparison.of("number", "level")
    if not columns:
        reason = "The frames share no column that is a number, a time or a category."
        return Findings(scores=[definition.absent(reason) for definition in (WASSERSTEIN, JENSEN_SHANNON, HELLINGER)])

    def measure(one: Table, other: Table) -> Array:
        return _all_distances(comparison, columns, one, other, parameters)

    values = measure(comparison.real, comparison.synthetic)
    equal = comparison.like_for_like(measure, draws=parameters["size_draws"])
    given = {"bins": parameters["bins"]} | equal.parameters
    scores = [
        _mean_score(definition, columns, values[i], (equal.best[i], equal.matched[i]), comparison, given)
        for i, definition in enumerate((WASSERSTEIN, JENSEN_SHANNON, HELLINGER))
    ]
    scores[0].parameters["scale"] = parameters["scale"]
    return Findings(scores=scores, columns=_entries(columns, values) if len(columns) <= _MOST_ENTRIES else {})


def _entries(columns: list[Column], values: Array) -> dict[str, dict[str, Any]]:
    """What each column's entry shows."""
    names = (WASSERSTEIN.metric, JENSEN_SHANNON.metric, HELLINGER.metric)
    shown = (dict(zip(names, (rounded(value, 4) for value in found), strict=True)) for found in values.T)
    return {column.name: {"distances": entry} for column, entry in zip(columns, shown, strict=True)}


def _mean_score(
    definition: Definition, columns: list[Column], values: Array, real: tuple[Array, Array], comparison: Comparison, given: dict[str, Any]
) -> Score:
    known = {column.shown: float(value) for column, value in zip(columns, values, strict=True) if np.isfinite(value)}
    if not known:
        return definition.absent("No column has values that vary in the real rows and occur in the synthetic ones.")
    kept = np.isfinite(values)
    best, matched = (float(np.nanmean(side[kept])) if np.isfinite(side[kept]).any() else None for side in real)
    return definition.score(
        float(np.mean(list(known.values()))),
        n=comparison.synthetic.rows,
        ceiling=best,
        matched=matched,
        parameters={"columns": len(known), "interval": MEAN_OF_DIFFERENCES} | worst(known, lambda value: value > 0, reverse=True) | given,
    )


def _all_distances(comparison: Comparison, columns: list[Column], one: Table, other: Table, parameters: Mapping[str, Any]) -> Array:
    """The three distances of each column, shape (3, columns); NaN where there is none."""
    found = np.full((3, len(columns)), np.nan)
    for i, column in enumerate(columns):
        comparison.clock.check()
        real, pair = comparison.real.values[column.name], (one.values[column.name], other.values[column.name])
        if column.family == "number":
            found[0, i] = wasserstein(*pair) / spread(real, parameters["scale"])
        if one.rows and other.rows:
            p, q = _cells(comparison, column, pair, parameters["bins"])
            found[1:, i] = jensen_shannon(p, q), hellinger(p, q)
    return found


def _cells(comparison: Comparison, column: Column, pair: tuple[Array, Array], bins: int) -> list[Array]:
    """Shares of two samples by cell: quantile bins of the real numbers or all levels, and missing."""
    most = bins if column.family == "number" else len(column.levels)
    return [np.bincount(coded(comparison, column, values, most), minlength=most + 2) / len(values) for values in pair]


DISTANCES_STEP = Step(
    name="distances of columns",
    run=distances,
    gives=(WASSERSTEIN, JENSEN_SHANNON, HELLINGER),
    parameters={"scale": "sd", "bins": 20, "size_draws": 1},
)
"""``distances``."""
