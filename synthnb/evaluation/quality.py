"""The quality score of SDMetrics, as its report computes it, for those who hold a threshold against it.

It is the mean of two means, over columns and over pairs of columns. Missing cells are
left out of single columns and of correlations. A pair counts only if it is related in
the real rows: Pearson's correlation of at least 0.5 for numbers, Cramér's V of at least
0.3 for a joint table. Numbers in joint tables are cut into ten bins of equal width, each
frame's by its own range, so that a column in another unit doesn't show there.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._encode import missing
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Step, rounded
from synthnb.evaluation.fidelity import shape
from synthnb.evaluation.marginals import filled_cells, table_error
from synthnb.evaluation.pairs import linear_correlations

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table

__all__ = ["QUALITY", "Quality", "association", "quality", "quality_of", "width_codes"]

Array = NDArray[Any]

QUALITY = Definition(
    metric="sdmetrics_quality",
    label="SDMetrics quality score",
    dimension="fidelity",
    direction="higher",
    reference="mean of the means of column shapes and of column pair trends; SDMetrics 0.32, QualityReport",
)

_BINS = 10
_WIDEST = 8e307


class Quality(NamedTuple):
    """The two means and how many columns and pairs they rest on; NaN where there is none."""

    shapes: float
    columns: int
    trends: float
    pairs: int

    @property
    def score(self) -> float:
        """Mean of those that are."""
        known = [value for value in (self.shapes, self.trends) if np.isfinite(value)]
        return float(np.mean(known)) if known else float("nan")


def width_codes(values: Array, bins: int = _BINS) -> Array:
    """Bins of equal width over a sample's own range; a missing value shares the last bin with the largest.

    Examples
    --------
    >>> import numpy as np
    >>> width_codes(np.array([0.0, 4.9, 5.0, 10.0, np.nan]), bins=2)
    array([1, 1, 2, 3, 3])
    """
    seen = values[np.isfinite(values)]
    if not len(seen):
        return np.full(len(values), bins + 1)
    scale = 0.25 if seen.max() / 2 - seen.min() / 2 > _WIDEST else 1.0  # a range beyond the largest number has no edges
    found: Array = np.digitize(values * scale, np.histogram_bin_edges(seen * scale, bins))
    return found


def association(one: Array, other: Array, widths: Sequence[int]) -> float:
    """Cramér's V of two arrays of codes; NaN where either is constant.

    Parameters
    ----------
    one, other : array of int, at least one element
        Codes from 0 to their width less 1.
    widths : sequence of int
        How many codes each may have; those that don't occur don't count.

    Notes
    -----
    √(χ² / n / (smaller number of levels − 1)), where χ² / n = Σ O² / (row total × column total) − 1.
    Cramér (1946), Mathematical Methods of Statistics.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([0, 0, 1, 1])
    >>> association(x, x, [2, 2]), association(x, np.array([0, 1, 0, 1]), [2, 2])
    (1.0, 0.0)
    """
    rows, columns = np.bincount(one, minlength=widths[0]), np.bincount(other, minlength=widths[1])
    smaller = min(np.count_nonzero(rows), np.count_nonzero(columns))
    if smaller < 2:
        return float("nan")
    cells, counts = filled_cells([one, other], widths)
    squares = (counts**2 / (rows[cells // widths[1]] * columns[cells % widths[1]])).sum() - 1
    return float(np.sqrt(max(squares, 0.0) / (smaller - 1)))


def quality_of(
    columns: list[Column], real: Table, synthetic: Table, *, correlation: float, related: float, check: Any = lambda: None
) -> Quality:
    """The two means.

    Parameters
    ----------
    columns : list of Column
        Numbers and levels; others don't count.
    real, synthetic : Table
        The rows.
    correlation, related : float
        Least absolute correlation and least Cramér's V of pairs that count.
    check : callable
        Called once per column and pair.
    """
    shapes = [_shape(column, real, synthetic) for column in columns]
    trends = [*_correlated(columns, real, synthetic, correlation), *_tabulated(columns, real, synthetic, related, check)]
    known = [[value for value in values if np.isfinite(value)] for values in (shapes, trends)]
    means = [float(np.mean(values)) if values else float("nan") for values in known]
    return Quality(means[0], len(known[0]), means[1], len(known[1]))


def _shape(column: Column, real: Table, synthetic: Table) -> float:
    samples = [table.values[column.name] for table in (real, synthetic)]
    return shape(column, *(values[~missing(column, values)] for values in samples)).complement


def _correlated(columns: list[Column], real: Table, synthetic: Table, least: float) -> list[float]:
    numbers = [column for column in columns if column.family == "number"]
    if len(numbers) < 2:
        return []
    upper = np.triu_indices(len(numbers), 1)
    r, s = (linear_correlations(numbers, table)[upper] for table in (real, synthetic))
    found: list[float] = (1 - np.abs(r - s) / 2)[np.abs(r) >= least].tolist()
    return found


def _tabulated(columns: list[Column], real: Table, synthetic: Table, least: float, check: Any) -> list[float]:
    coded = [{column.name: _codes(column, table.values[column.name]) for column in columns} for table in (real, synthetic)]
    found = []
    for a, b in itertools.combinations(columns, 2):
        if a.family == b.family == "number":
            continue
        check()
        widths = [len(column.levels) + 1 if column.family == "level" else _BINS + 2 for column in (a, b)]
        one, other = ([codes[a.name], codes[b.name]] for codes in coded)
        if association(one[0], one[1], widths) >= least:
            found.append(1 - table_error(one, other, widths))
    return found


def _codes(column: Column, values: Array) -> Array:
    return width_codes(values) if column.family == "number" else values + 1


def quality(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """The score, beside the same of real rows.

    Parameters of the profile: ``correlation`` and ``association`` a pair needs in the
    real rows to count, ``most_rows`` of each frame.
    """
    columns = comparison.of("number", "level")
    if not columns:
        return Findings(scores=[QUALITY.absent("The frames share no column that is a number, a time or a category.")])
    parts: list[Quality] = []

    def measure(one: Table, other: Table) -> Array:
        few = [table.sample(parameters["most_rows"], comparison.seed, "quality", unit) for table, unit in ((one, "one"), (other, "other"))]
        least = {"correlation": parameters["correlation"], "related": parameters["association"]}
        parts.append(quality_of(columns, *few, **least, check=comparison.clock.check))
        return np.array([parts[-1].score])

    value = float(measure(comparison.real, comparison.synthetic)[0])
    equal = comparison.like_for_like(measure)
    first = parts[0]
    given: dict[str, Any] = {
        "shapes": rounded(first.shapes, 4),
        "columns": first.columns,
        "trends": rounded(first.trends, 4),
        "pairs": first.pairs,
    }
    given |= {key: parameters[key] for key in ("correlation", "association")} | {"interval": f"{NO_INTERVAL} a mean of largest differences"}
    sizes = [comparison.real.rows, comparison.synthetic.rows]
    given |= {"rows_drawn": [min(rows, parameters["most_rows"]) for rows in sizes]} if max(sizes) > parameters["most_rows"] else {}
    score = QUALITY.score(
        value,
        n=comparison.synthetic.rows,
        ceiling=float(equal.best[0]),
        matched=float(equal.matched[0]),
        parameters=given | equal.parameters,
    )
    return Findings(scores=[score])


QUALITY_STEP = Step(
    name="SDMetrics quality",
    run=quality,
    gives=(QUALITY,),
    parameters={"correlation": 0.5, "association": 0.3, "most_rows": 50000},
)
"""``quality``."""
