"""Copies: synthetic rows equal to real ones, and diagnostics of closeness.

Neither is evidence of privacy. Equal rows are expected in a table of few,
coarse columns; the hold-out's own rate shows how many. Rows equal but for the
rounding of numbers, and the share of synthetic rows nearer to the training rows
than to the hold-out, show overfitting only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._encode import Column, Table, row_keys
from synthnb.evaluation._intervals import wilson
from synthnb.evaluation._neighbours import nearest, points
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Step, rounded

__all__ = ["CLOSER", "EXACT", "NEAR", "UNCOMMON", "closer_to_training", "copies", "exact_copies", "near_copies"]

Array = NDArray[Any]

EXACT = Definition(
    metric="exact_copies_share",
    label="Exact copies of real rows",
    dimension="copies",
    direction="lower",
    reference="share of synthetic rows equal to a real row in every shared column; ceiling: the hold-out's own share",
)
UNCOMMON = Definition(
    metric="uncommon_copies_share",
    label="Exact copies of rows that occur once",
    dimension="copies",
    direction="lower",
    reference="share of synthetic rows equal to a real row that occurs once in the real frame; ceiling: the hold-out's own share",
)
NEAR = Definition(
    metric="near_copies_share",
    label="Copies of real rows but for rounding",
    dimension="diagnostic",
    direction="lower",
    reference="share of synthetic rows with a real row that differs in no number by more than that column's own rounding "
    "and in nothing else; ceiling: the hold-out's own share",
)
CLOSER = Definition(
    metric="closer_to_training_share",
    label="Nearer to training than to hold-out rows",
    dimension="diagnostic",
    direction="half",
    reference="share of synthetic rows whose nearest real row is a training row, among equally many of both; overfitting diagnostic only",
    version=2,
)


_NO_ROWS = "There are no synthetic rows."


def exact_copies(comparison: Comparison, _parameters: Mapping[str, Any]) -> Findings:
    """Share of synthetic rows equal to a real row, and to one that occurs once, beside the hold-out's own shares.

    There is no ceiling where equal rows were left out of the hold-out: its share would be 0 by choice.
    """
    if not comparison.synthetic.rows:
        return Findings(scores=[definition.absent(_NO_ROWS) for definition in (EXACT, UNCOMMON)])
    held = comparison.holdout if comparison.holdout_note is None else None
    others = [comparison.synthetic] + ([] if held is None else [held])
    real, synthetic, *more = row_keys([comparison.real, *others])
    levels, counts = np.unique(real, return_counts=True)
    scores = []
    for definition, keys in ((EXACT, levels), (UNCOMMON, levels[counts == 1])):
        hits, n = int(np.isin(synthetic, keys).sum()), len(synthetic)
        low, high = wilson(hits, n)
        ceiling = float(np.isin(more[0], keys).mean()) if more else None
        given = {"count": hits, "columns": len(comparison.columns)}
        scores.append(definition.score(hits / n, n=n, interval=(float(low), float(high)), ceiling=ceiling, parameters=given))
    return Findings(scores=scores)


def copies(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Exact copies, and copies but for rounding."""
    return exact_copies(comparison, parameters) + near_copies(comparison, parameters)


def near_copies(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Share of synthetic rows with a real row within the data's own rounding, beside the hold-out's own share.

    Notes
    -----
    A column's rounding is the largest power of ten (for times: day, hour, minute,
    second) of which all its real values are multiples; where they have more than six
    decimals, a thousandth of the span from their 5th to their 95th percentile.
    """
    numbers = comparison.of("number")
    if not numbers or not comparison.synthetic.rows:
        return Findings(scores=[NEAR.absent("The frames share no column that is a number or a time." if not numbers else _NO_ROWS)])
    held = comparison.holdout if comparison.holdout_note is None else None
    seed, most = comparison.seed, parameters["most_rows"]
    synthetic = comparison.synthetic.sample(most, seed, "near copies", "synthetic")
    asked = [synthetic] + ([] if held is None else [held.sample(most, seed, "near copies", "hold-out")])
    hits, *others = _within_rounding(numbers, comparison.real, asked)
    count, n = int(hits.sum()), len(hits)
    low, high = wilson(count, n)
    ceiling = float(others[0].mean()) if others else None
    given = {"count": count, "numbers": len(numbers)}
    return Findings(scores=[NEAR.score(count / n, n=n, interval=(float(low), float(high)), ceiling=ceiling, parameters=given)])


def _within_rounding(numbers: list[Column], real: Table, asked: list[Table]) -> list[Array]:
    """For each row of each table, whether a real row is equal but for rounding."""
    from scipy.spatial import KDTree

    steps = {column.name: _rounding(column, real.values[column.name]) for column in numbers}
    apart = row_keys([_without_numbers(table, set(steps)) for table in (real, *asked)])
    placed = [
        np.column_stack([10.0 * keys, *(np.where(np.isfinite(v := table.values[name]), v, 0.0) / step for name, step in steps.items())])
        for keys, table in zip(apart, (real, *asked), strict=True)
    ]
    tree = KDTree(placed[0])
    # a little more than one step, for numbers that aren't exact in binary
    return [np.isfinite(tree.query(rows, p=np.inf, distance_upper_bound=1.001)[0]) for rows in placed[1:]]


def _without_numbers(table: Table, numbers: set[str]) -> Table:
    """The table with each number replaced by whether it is missing or infinite."""
    values = {
        name: np.where(np.isnan(array), 2.0, np.where(np.isinf(array), np.sign(array), 0.0)) if name in numbers else array
        for name, array in table.values.items()
    }
    return Table(table.rows, values, {})


def _rounding(column: Column, values: Array) -> float:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 1.0
    timely = column.kind in ("datetime", "date", "time", "timedelta")
    for step in (86400.0, 3600.0, 60.0, 1.0) if timely else 10.0 ** np.arange(3, -7, -1):
        multiples = finite / step
        if np.allclose(multiples, np.round(multiples), rtol=0, atol=1e-6):
            return float(step)
    return float(np.subtract(*np.quantile(finite, [0.95, 0.05]))) / 1000 or 1.0


def closer_to_training(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Share of synthetic rows nearer to training rows than to as many hold-out rows, ties counting half.

    It has no interval: the share's own error is the smaller part, and which real
    rows fell into the hold-out the larger.
    """
    reason, columns = comparison.no_holdout or (None if comparison.synthetic.rows else _NO_ROWS), comparison.of("number", "level")
    if reason is not None or not columns:
        return Findings(scores=[CLOSER.absent(reason or "The frames share no column that is a number, a time or a category.")])
    assert comparison.holdout is not None
    most = min(comparison.real.rows, comparison.holdout.rows, parameters["most_rows"])
    reference = [comparison.real, comparison.holdout]
    synthetic = points(columns, reference, comparison.synthetic.sample(parameters["most_rows"], comparison.seed, "closer", "synthetic"))
    train, control = (
        nearest(synthetic, points(columns, reference, table.sample(most, comparison.seed, "closer", unit)), comparison.clock)
        for table, unit in zip(reference, ("train", "control"), strict=True)
    )
    n, hits = len(train), float((train < control).sum() + (train == control).sum() / 2)
    protection = rounded(min(2 * (1 - hits / n), 1.0))
    given = {
        "rows_of_each": most,
        "overfitting_protection": protection,
        "interval": f"{NO_INTERVAL} the chance by which real rows fell to either side",
    }
    return Findings(scores=[CLOSER.score(hits / n, n=n, parameters=given)])


COPIES_STEP = Step(name="copies", run=copies, gives=(EXACT, UNCOMMON, NEAR), parameters={"most_rows": 5000})
"""``copies``."""
CLOSENESS_STEP = Step(name="closeness to training rows", run=closer_to_training, gives=(CLOSER,), parameters={"most_rows": 5000})
"""``closeness``."""
