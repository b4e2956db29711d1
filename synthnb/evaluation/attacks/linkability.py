"""Linkability: whether two parts of a person's data are linked by the synthetic rows.

The attacker holds two data sets with different columns of the same people and
looks, for each part, for the nearest synthetic rows. If both parts lead to a common
synthetic row, the attacker links them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.evaluation._neighbours import nearest_few, points
from synthnb.evaluation.attacks.rates import Outcome, Rate, detailed
from synthnb.evaluation.base import Comparison, Definition, Findings, Step
from synthnb.evaluation.privacy import affordable, too_few

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table

__all__ = ["LINKABILITY", "LINKABILITY_STEP", "link"]

Array = NDArray[Any]

LINKABILITY = Definition(
    metric="linkability_risk",
    label="Linkability risk",
    dimension="privacy",
    direction="lower",
    reference="(a - c) / (1 - c), two parts of a row whose nearest synthetic rows meet; Giomi et al. (2023), doi 10.56553/popets-2023-0055",
    version=3,
)


def link(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Risk that the known columns and the others are linked; every other column, where none is stated as known.

    Notes
    -----
    With k neighbours of each part among n synthetic rows, two random choices meet with
    probability 1 − C(n − k, k) / C(n, k): the naive guess. Equally near rows are
    chosen among by chance.
    """
    reason = comparison.no_holdout or too_few(comparison, parameters["least_rows"])
    sides = _sides(comparison)
    if reason is None and not all(sides):
        reason = "It needs two columns that are numbers, times or categories, one of them not among the known ones."
    if reason is not None:
        return Findings(scores=[LINKABILITY.absent(reason)])
    assert comparison.holdout is not None
    synthetic, seed = comparison.synthetic, comparison.seed
    most = affordable(parameters["most_rows"], parameters["most_pairs"], synthetic.rows)
    near = min(int(parameters["neighbours"]), synthetic.rows)
    main, control = (
        Rate.of(_linked(comparison, sides, table.sample(most, seed, "linkability", unit), near))
        for table, unit in ((comparison.real, "train"), (comparison.holdout, "control"))
    )
    rule = "the known columns and the others" if comparison.facts.known else "no column was stated as known: every other column"
    given = {"neighbours": near, "synthetic_rows": synthetic.rows, "columns": [len(side) for side in sides], "parts": rule}
    baseline = Rate(_meet(synthetic.rows, near), main.n, float(main.n))
    outcome = Outcome(name="linkability", main=main, baseline=baseline, control=control, parameters=given)
    return Findings(scores=[outcome.score(LINKABILITY)], details=detailed(comparison, [outcome]))


def _sides(comparison: Comparison) -> tuple[list[Column], list[Column]]:
    usable, known = comparison.of("number", "level"), comparison.facts.known
    if known:
        return [column for column in usable if column.name in known], [column for column in usable if column.name not in known]
    return usable[::2], usable[1::2]


def _meet(rows: int, near: int) -> float:
    """Probability that two random choices of ``near`` rows share one."""
    return 1 - math.prod(max(rows - near - i, 0) / (rows - i) for i in range(near))


def _linked(comparison: Comparison, sides: tuple[list[Column], list[Column]], table: Table, near: int) -> Array:
    """1 for each row whose two parts lead to a common synthetic row, else 0."""
    assert comparison.holdout is not None
    reference, synthetic = [comparison.real, comparison.holdout], comparison.synthetic
    found = []
    for side, unit in zip(sides, ("one", "other"), strict=True):
        # below a step, so that it decides between equally near rows only; the same for every target of a part
        chance = generator(comparison.seed, "linkability", unit).permutation(synthetic.rows) / synthetic.rows
        queries, targets = (points(side, reference, rows) for rows in (table, synthetic))
        found.append(nearest_few(queries, targets, chance, near, comparison.clock))
    linked: Array = (found[0][:, :, None] == found[1][:, None, :]).any(axis=(1, 2)).astype(float)
    return linked


LINKABILITY_STEP = Step(
    name="linkability attack",
    run=link,
    gives=(LINKABILITY,),
    parameters={"neighbours": 1, "most_rows": 2000, "most_pairs": 500_000_000, "least_rows": 20},
)
"""``linkability``."""
