"""Each table by itself: what a single table is evaluated by, with ceilings from whole families."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb.evaluation._bins import display_bins
from synthnb.evaluation._encode import shown_names
from synthnb.evaluation.base import NO_INTERVAL, Clock, Comparison, Findings, Step, run_step
from synthnb.evaluation.fidelity import DISTRIBUTIONS_STEP, SHAPES_STEP
from synthnb.evaluation.pairs import PAIRS_STEP
from synthnb.evaluation.relational.keys import ONE_TABLE
from synthnb.evaluation.relational.tables import RelationalComparison
from synthnb.evaluation.validity import MISSING_STEP, RANGES_STEP, SCHEMA_STEP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synthnb.evaluation.base import Score

__all__ = ["TABLES_STEP"]

_STEPS = (SCHEMA_STEP, RANGES_STEP, MISSING_STEP, SHAPES_STEP, DISTRIBUTIONS_STEP, PAIRS_STEP)
GIVES = tuple(definition for step in _STEPS for definition in step.gives)
_DEPENDENT = f"{NO_INTERVAL} rows of which several belong to one parent"
_ONLY_KEYS = "The table has keys and references only."


def each_table(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Every table's scores; a score's subject begins with the table's name."""
    if not isinstance(comparison, RelationalComparison):
        return Findings(scores=[definition.absent(ONE_TABLE) for definition in GIVES])
    found = Findings()
    for name, table in comparison.tables.items():
        comparison.clock.check()
        found += _of(name, table, comparison, parameters)
    return found


def _of(name: str, table: Comparison, comparison: RelationalComparison, parameters: Mapping[str, Any]) -> Findings:
    shown = shown_names([name])[name]
    if not table.columns:
        return Findings(not_evaluated=[{"dimension": f"table {shown}", "reason": _ONLY_KEYS}])
    if not table.real.rows or not table.synthetic.rows:
        which = "real" if not table.real.rows else "synthetic"
        return Findings(not_evaluated=[{"dimension": f"table {shown}", "reason": f"The {which} table has no rows."}])
    found = Findings()
    for step in _STEPS:
        left = max(comparison.clock.budget - comparison.clock.elapsed(), 0.0)
        chosen = {key: value for key, value in parameters.items() if key in step.parameters}
        found += run_step(replace(step, parameters={**step.parameters, **chosen}), replace(table, clock=Clock(left)))
    names = comparison.names[name]
    children = {link.relation.child for link in comparison.links}
    return Findings(
        scores=[_under(shown, score, depends=name in children) for score in found.scores],
        columns={
            names[column]: _without_few(column, entry, table, comparison.families[name]) if name in children else entry
            for column, entry in found.columns.items()
        },
        pairs=[(names[a], names[b], error) for a, b, error in found.pairs],
        not_evaluated=found.not_evaluated,
    )


def _without_few(name: str, entry: dict[str, Any], table: Comparison, families: NDArray[Any]) -> dict[str, Any]:
    """A column's entry without its bins where one of them rests on fewer families than the minimum cell.

    Many rows of one person are still one person.
    """
    column = table.column(name)
    if column is None or not entry.get("bins", {}).get("labels"):
        return entry
    values = table.real.values[name]
    codes = display_bins(column, values, table.minimum_cell).codes(values)
    held = np.unique(np.column_stack([codes, families])[codes >= 0], axis=0)[:, 0]
    if np.bincount(held, minlength=len(entry["bins"]["labels"])).min() >= table.minimum_cell:
        return entry
    return entry | {"bins": {"labels": [], "real": [], "synthetic": []}}


def _under(table: str, score: Score, *, depends: bool) -> Score:
    """The score under the table's name; rows of one parent are alike, so an interval for independent rows would be too short."""
    named = replace(score, subject=(table, *score.subject))
    if not depends or score.low is None:
        return named
    return replace(named, low=None, high=None, parameters=score.parameters | {"interval": _DEPENDENT})


TABLES_STEP = Step(
    name="tables",
    run=each_table,
    gives=GIVES,
    parameters={"size_draws": 3, "bins": 10, "levels": 20, "most_pairs": 1_000, "most_rows": 50_000},
)
"""``relations-tables``."""
