"""Fidelity of one, two and three columns at a time: the mean error of binned joint tables."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.evaluation._bins import pair_codes, pair_edges
from synthnb.evaluation.base import Comparison, Definition, Findings, Step
from synthnb.evaluation.fidelity import UNCALIBRATED

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table

__all__ = ["ERRORS", "coded", "drawn_sets", "filled_cells", "marginal_errors", "table_error"]

Array = NDArray[Any]

_WAYS = {1: "one", 2: "two", 3: "three"}
ERRORS = tuple(
    Definition(
        metric=f"{word}_way_error",
        label=f"Error of {word}-way tables",
        dimension="fidelity",
        direction="lower",
        reference="Σ |p_r - p_s| / 2 over the cells of a binned table, mean over "
        + ("columns", "pairs of columns", "triples of columns")[way - 1],
    )
    for way, word in _WAYS.items()
)
"""One per number of columns, from one to three."""

_DENSE = 1_000_000
"""Cells up to which a table is laid out in full."""
_CHECKED_EVERY = 64
"""Tables between two looks at the clock."""


def table_error(real: Sequence[Array], synthetic: Sequence[Array], widths: Sequence[int]) -> float:
    """Total variation distance of two joint tables.

    Parameters
    ----------
    real, synthetic : sequence of array of int
        The codes of each column, from 0 to its width less 1.
    widths : sequence of int
        How many codes each column has; their product is the number of cells.

    Returns
    -------
    float
        From 0 to 1; NaN where a table has no rows.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([0, 1] * 4)
    >>> table_error([x, x], [x, np.array([0, 0, 1, 1] * 2)], [2, 2])
    0.5
    """
    if not len(real[0]) or not len(synthetic[0]):
        return float("nan")
    (cells, p), (others, q) = (filled_cells(codes, widths) for codes in (real, synthetic))
    p, q = p / len(real[0]), q / len(synthetic[0])
    if math.prod(widths) <= _DENSE:
        dense = np.zeros(math.prod(widths))
        dense[cells] = p
        dense[others] -= q
        return float(np.abs(dense).sum() / 2)
    _, both, too = np.intersect1d(cells, others, assume_unique=True, return_indices=True)
    return float(1 - np.minimum(p[both], q[too]).sum())


def filled_cells(codes: Sequence[Array], widths: Sequence[int]) -> tuple[Array, Array]:
    """Numbers of the cells of a joint table that hold rows, in rising order, and how many rows each holds.

    Examples
    --------
    >>> import numpy as np
    >>> filled_cells([np.array([0, 1, 1]), np.array([2, 0, 0])], [2, 3])
    (array([2, 3]), array([1, 2]))
    """
    packed = codes[0]
    for column, width in zip(codes[1:], widths[1:], strict=True):
        packed = packed * width + column
    if math.prod(widths) > _DENSE:
        return np.unique(packed, return_counts=True)
    counts = np.bincount(packed)
    cells = np.flatnonzero(counts)
    return cells, counts[cells]


def coded(comparison: Comparison, column: Column, values: Array, most: int) -> Array:
    """The bins of some values of a column for joint tables; the real column's quantiles are worked out once."""
    real = comparison.real.values[column.name]
    if column.family != "number":
        return pair_codes(column, real, values, most=most)
    edges = comparison.remembered(f"edges {most} {column.name}", lambda: pair_edges(real, most))
    return pair_codes(column, real, values, most=most, edges=edges)


def drawn_sets(columns: int, way: int, most: int, seed: int) -> list[tuple[int, ...]]:
    """Which sets of columns are looked at: all, or so many drawn at random without repetition.

    Examples
    --------
    >>> drawn_sets(3, 2, 10, seed=0)
    [(0, 1), (0, 2), (1, 2)]
    """
    total = math.comb(columns, way)
    if total <= most:
        return list(itertools.combinations(range(columns), way))
    rng, found = generator(seed, "marginals", way), set[tuple[int, ...]]()
    while len(found) < most:
        found.add(tuple(sorted(rng.choice(columns, way, replace=False).tolist())))
    return sorted(found)


def marginal_errors(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Mean error of the tables of one, two and three columns, beside the same of real rows against real rows.

    Parameters of the profile: quantile ``bins`` of the real numbers and ``levels`` kept
    apart (missing is one more), ``most_pairs`` and ``most_triples`` looked at (more are
    drawn at random), ``most_rows`` of each frame. Tables of three columns have many
    cells, so that samples of one population differ in them too: read them beside the ceiling.
    """
    columns = comparison.of("number", "level")
    limits = (len(columns), parameters["most_pairs"], parameters["most_triples"])
    sets = [drawn_sets(len(columns), way, most, comparison.seed) for way, most in zip(_WAYS, limits, strict=True)]
    if not columns:
        return Findings(
            scores=[definition.absent("The frames share no column that is a number, a time or a category.") for definition in ERRORS]
        )

    def measure(one: Table, other: Table) -> Array:
        return _means(comparison, columns, (one, other), sets, parameters)

    values, equal = measure(comparison.real, comparison.synthetic), comparison.like_for_like(measure)
    given = {key: parameters[key] for key in ("bins", "levels")} | _rows_drawn(comparison, parameters["most_rows"]) | equal.parameters
    scores = []
    for i, (definition, chosen) in enumerate(zip(ERRORS, sets, strict=True)):
        if not chosen:
            scores.append(definition.absent(f"The frames share fewer than {_WAYS[i + 1]} columns that can be tabulated."))
            continue
        total = math.comb(len(columns), i + 1)
        drawn = {"tables": len(chosen)} | ({"tables_in_all": total} if len(chosen) < total else {})
        scores.append(
            definition.score(
                values[i],
                n=comparison.synthetic.rows,
                ceiling=equal.best[i],
                matched=equal.matched[i],
                parameters=drawn | {"interval": UNCALIBRATED} | given,
            )
        )
    return Findings(scores=scores)


def _rows_drawn(comparison: Comparison, most: int) -> dict[str, Any]:
    sizes = [comparison.real.rows, comparison.synthetic.rows]
    return {"rows_drawn": [min(rows, most) for rows in sizes]} if max(sizes) > most else {}


def _means(
    comparison: Comparison,
    columns: list[Column],
    tables: tuple[Table, Table],
    sets: list[list[tuple[int, ...]]],
    parameters: Mapping[str, Any],
) -> Array:
    """The mean error over each list of sets; NaN for an empty one."""
    most = [parameters["bins" if column.family == "number" else "levels"] for column in columns]
    few = [
        table.sample(parameters["most_rows"], comparison.seed, "marginals", unit)
        for table, unit in zip(tables, ("one", "other"), strict=True)
    ]
    cells = [
        [coded(comparison, column, table.values[column.name], limit) for column, limit in zip(columns, most, strict=True)] for table in few
    ]
    means = np.full(len(sets), np.nan)
    for i, chosen in enumerate(sets):
        errors = np.empty(len(chosen))
        for j, members in enumerate(chosen):
            if j % _CHECKED_EVERY == 0:
                comparison.clock.check()
            one, other = ([codes[k] for k in members] for codes in cells)
            errors[j] = table_error(one, other, [most[k] + 2 for k in members])
        means[i] = errors.mean() if len(errors) else np.nan
    return means


MARGINALS_STEP = Step(
    name="tables of one, two and three columns",
    run=marginal_errors,
    gives=ERRORS,
    parameters={"bins": 10, "levels": 20, "most_pairs": 1000, "most_triples": 300, "most_rows": 50000},
)
"""``marginals``."""
