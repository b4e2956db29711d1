"""Copies: synthetic rows equal to real ones, and a diagnostic of closeness.

Neither is evidence of privacy. Equal rows are expected in a table of few,
coarse columns; the hold-out's own rate shows how many. The share of synthetic
rows nearer to the training rows than to the hold-out shows overfitting only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._encode import row_keys
from synthnb.evaluation._intervals import wilson
from synthnb.evaluation._neighbours import nearest, points
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Step

__all__ = ["CLOSER", "EXACT", "UNCOMMON", "closer_to_training", "exact_copies"]

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
CLOSER = Definition(
    metric="closer_to_training_share",
    label="Nearer to training than to hold-out rows",
    dimension="diagnostic",
    direction="half",
    reference="share of synthetic rows whose nearest real row is a training row, among equally many of both; overfitting diagnostic only",
    version=2,
)


def exact_copies(comparison: Comparison, _parameters: Mapping[str, Any]) -> Findings:
    """Share of synthetic rows equal to a real row, and to one that occurs once, beside the hold-out's own shares.

    There is no ceiling where equal rows were left out of the hold-out: its share would be 0 by choice.
    """
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


def closer_to_training(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Share of synthetic rows nearer to training rows than to as many hold-out rows, ties counting half.

    It has no interval: the share's own error is the smaller part, and which real
    rows fell into the hold-out the larger.
    """
    reason, columns = comparison.no_holdout, comparison.of("number", "level")
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
    given = {"rows_of_each": most, "interval": f"{NO_INTERVAL} the chance by which real rows fell to either side"}
    return Findings(scores=[CLOSER.score(hits / n, n=n, parameters=given)])


COPIES_STEP = Step(name="exact copies", run=exact_copies, gives=(EXACT, UNCOMMON))
"""``copies``."""
CLOSENESS_STEP = Step(name="closeness to training rows", run=closer_to_training, gives=(CLOSER,), parameters={"most_rows": 5000})
"""``closeness``."""
