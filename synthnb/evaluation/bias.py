"""Bias: whether subgroups keep their share, their shape and their use, or are lost behind a good average."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._excess import Excess, excess_distance
from synthnb.evaluation._groups import Group, visible_groups
from synthnb.evaluation._performance import Measure
from synthnb.evaluation._worst import OF_THE_WORST, largest
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step, equal_sizes, rounded
from synthnb.evaluation.fidelity import shapes
from synthnb.evaluation.utility import Predictions, predictions

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table

__all__ = ["DISPARITY", "EXCESS", "FIDELITY_GAP", "SUBGROUPS_STEP", "UTILITY_GAP", "subgroups"]

Array = NDArray[Any]

DISPARITY = Definition(
    metric="subgroup_log_disparity",
    label="Subgroup share, largest log ratio",
    dimension="bias",
    direction="lower",
    reference="max over subgroups of |log(p_s(g) / p_r(g))|; delta-method intervals, Bonferroni over subgroups",
    version=2,
)
FIDELITY_GAP = Definition(
    metric="subgroup_fidelity_gap",
    label="Subgroup fidelity, worst less overall",
    dimension="bias",
    direction="higher",
    reference="mean column shape within the worst subgroup less the overall mean; ceiling: real rows against the hold-out",
    version=2,
)
UTILITY_GAP = Definition(
    metric="subgroup_utility_gap",
    label="Subgroup utility, worst less overall",
    dimension="bias",
    direction="higher",
    reference="TSTR within the worst subgroup of the hold-out less TSTR overall, first-order interval; ceiling: the same with TRTR",
    version=3,
)
EXCESS = Definition(
    metric="subgroup_fidelity_excess",
    label="Subgroup fidelity, worst less overall, beyond that of real rows",
    dimension="bias",
    direction="higher",
    reference="min over subgroups of [F_s(g) - F_s] - [F_h(g) - F_h], F the mean column shape of real rows against as many "
    "synthetic (s) or hold-out (h) rows; first-order interval",
)

WORST = f"{NO_INTERVAL} a largest difference of the worst of several subgroups"
"""Why the fidelity gap has no interval."""
CERTAIN = f"{NO_INTERVAL} subgroups of which one is predicted without error"
"""Why a utility gap may have none."""


def subgroups(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """The subgroup table, and the worst subgroup by share, by fidelity and by utility.

    Subgroups are each group column's levels (bands for numbers of many values), and
    with two or more columns also the combinations of all, if there are at most
    ``most_cells``. A subgroup with fewer real rows than the minimum cell has no
    figures, nor have others from which its size could be worked out.
    """
    definitions = (DISPARITY, FIDELITY_GAP, EXCESS, UTILITY_GAP)
    if not comparison.groups:
        return _none(definitions, "No group column was named: pass the columns whose subgroups matter as groups=.")
    visible = visible_groups(comparison, parameters["most_cells"])
    if not visible.groups:
        return _none(definitions, " ".join(visible.notes))
    made = predictions(comparison, parameters)
    context = _Context(comparison, visible.tables, made, visible.columns, parameters["size_draws"], parameters["excess_rows"])
    figures = [(group, None if i in visible.hidden else context.figures(group)) for i, group in enumerate(visible.groups)]
    shown = [(group, found) for group, found in figures if found is not None]
    scores = [
        _disparity(shown, comparison),
        _fidelity(shown, context),
        _excess(shown, context),
        _utility(shown, context),
    ]
    notes = [{"dimension": "bias", "reason": note} for note in visible.notes]
    return Findings(scores=scores, subgroups=[_row(group, found) for group, found in figures], not_evaluated=notes)


def _none(definitions: tuple[Definition, ...], reason: str) -> Findings:
    return Findings(scores=[definition.absent(reason) for definition in definitions])


class Figures(NamedTuple):
    """What is known of one subgroup that may be shown."""

    n_real: int
    n_synthetic: int
    share_real: float
    share_synthetic: float
    fidelity: float | None
    """Mean column shape of its real and synthetic rows."""
    matched: float | None
    """The same with as many synthetic rows as the ceiling rests on."""
    ceiling: float | None
    """Of its real rows and hold-out rows."""
    excess: Excess | None
    """How much farther its synthetic rows are than as many hold-out rows."""
    utility: float | None
    """TSTR on its hold-out rows."""
    utility_ceiling: float | None
    """TRTR on them."""

    @property
    def log_ratio(self) -> float:
        """Of the shares; −∞ if no synthetic row is in the subgroup."""
        return math.log(self.share_synthetic / self.share_real) if self.n_synthetic else -math.inf


Shown = list[tuple[Group, Figures]]


@dataclass(frozen=True, eq=False)
class _Context:
    """What a subgroup's figures are computed from."""

    comparison: Comparison
    tables: dict[str, Table]
    predictions: Predictions | str
    grouped_by: set[str]
    draws: int
    excess_rows: int

    def columns(self) -> list[Column]:
        """Columns whose shapes are compared: all but those that make the groups."""
        return [column for column in self.comparison.of("number", "level") if column.name not in self.grouped_by]

    def figures(self, group: Group) -> Figures:
        """Those of one subgroup."""
        self.comparison.clock.check()
        n, m = group.rows("real"), group.rows("synthetic")
        members = {name: table.take(group.members[name]) for name, table in self.tables.items()}
        shares = n / self.comparison.real.rows, m / self.comparison.synthetic.rows
        return Figures(n, m, *shares, *self.shapes(members), self.excess(members), *self.utility(group))

    def shapes(self, tables: dict[str, Table]) -> tuple[float | None, float | None, float | None]:
        """Mean column shape of real and synthetic rows; with as few rows as the ceiling; the ceiling. None where rows are too few."""
        columns, least = self.columns(), self.comparison.minimum_cell
        if not columns or min(tables["real"].rows, tables["synthetic"].rows) < least:
            return None, None, None

        def measure(one: Table, other: Table) -> Array:
            return shapes(columns, one, other)

        value = float(measure(tables["real"], tables["synthetic"]).mean())
        if "holdout" not in tables or tables["holdout"].rows < least:
            return value, None, None
        best, matched, _ = equal_sizes(
            measure, tables["real"], tables["holdout"], tables["synthetic"], draws=self.draws, seed=self.comparison.seed
        )
        return value, float(matched.mean()), float(best.mean())

    def excess(self, tables: dict[str, Table]) -> Excess | None:
        """How much farther synthetic rows are than as many hold-out rows; None where rows are too few."""
        columns, least, seed = self.columns(), self.comparison.minimum_cell, self.comparison.seed
        if not columns or "holdout" not in tables or min(table.rows for table in tables.values()) < least:
            return None
        most = min(tables["holdout"].rows, tables["synthetic"].rows, self.excess_rows)
        few = {name: table.sample(self.excess_rows if name == "real" else most, seed, "excess", name) for name, table in tables.items()}
        return excess_distance(columns, few["real"], few["synthetic"], few["holdout"])

    def utility(self, group: Group) -> tuple[float | None, float | None]:
        """TSTR and TRTR on the hold-out rows of a subgroup."""
        made = self.predictions
        if isinstance(made, str) or group.members["holdout"][made.rows].sum() < self.comparison.minimum_cell:
            return None, None
        chosen = group.members["holdout"][made.rows].astype(float)
        found = made.measures[0].at(chosen), made.measures[1].at(chosen)
        return found if np.isfinite(found).all() else (None, None)


def _row(group: Group, found: Figures | None) -> dict[str, Any]:
    """A row of the subgroup table."""
    figures = {
        "n_real": found and found.n_real,
        "n_synthetic": found and found.n_synthetic,
        "share_real": found and rounded(found.share_real, 4),
        "share_synthetic": found and rounded(found.share_synthetic, 4),
        "log_disparity": found and rounded(found.log_ratio, 4),
        "fidelity": found and rounded(found.fidelity, 4),
        "fidelity_matched": found and rounded(found.matched, 4),
        "fidelity_ceiling": found and rounded(found.ceiling, 4),
        "utility": found and rounded(found.utility, 4),
        "utility_ceiling": found and rounded(found.utility_ceiling, 4),
    }
    return {"group": group.labels} | figures | {"suppressed": found is None}


def _disparity(shown: Shown, comparison: Comparison) -> Score:
    """The largest |log ratio| of shares; a subgroup that vanished has an infinite one and is named instead.

    Every subgroup's interval is as wide as makes all of them right together 95 times
    in 100 (Bonferroni), so that the worst may be chosen among them: the interval of
    the largest is from the highest lower end to the highest upper end.
    """
    gone = [group.name for group, found in shown if not found.n_synthetic]
    if gone:
        return DISPARITY.absent(
            "A subgroup has no synthetic row, so its ratio is 0.", n=comparison.synthetic.rows, parameters={"vanished": gone[:5]}
        )
    if not shown:
        return DISPARITY.absent(f"Every subgroup has fewer than {comparison.minimum_cell} real rows, or is withheld besides one that has.")
    z = NormalDist().inv_cdf(1 - 0.025 / len(shown))
    halves = [z * math.sqrt((1 - f.share_real) / f.n_real + (1 - f.share_synthetic) / f.n_synthetic) for _, f in shown]
    sizes = [abs(found.log_ratio) for _, found in shown]
    at = int(np.argmax(sizes))
    ends = [(max(size - half, 0.0), size + half) for size, half in zip(sizes, halves, strict=True)]
    return DISPARITY.score(
        sizes[at],
        n=shown[at][1].n_synthetic,
        subject=[shown[at][0].name],
        interval=(max(low for low, _ in ends), max(high for _, high in ends)),
        parameters={"subgroups": len(shown), "interval": f"simultaneous over {len(shown)} subgroups"},
    )


def _fidelity(shown: Shown, context: _Context) -> Score:
    comparison = context.comparison
    valued = [(found.fidelity, group, found) for group, found in shown if found.fidelity is not None]
    if not valued:
        return FIDELITY_GAP.absent(f"No subgroup has {comparison.minimum_cell} rows in both frames and a column to compare.")
    overall, matched, best = context.shapes(context.tables)
    if overall is None:
        return FIDELITY_GAP.absent("The frames have too few rows to compare.")
    worst, group, found = min(valued, key=lambda entry: entry[0])
    return FIDELITY_GAP.score(
        worst - overall,
        n=found.n_synthetic,
        subject=[group.name],
        ceiling=_less([found.ceiling for _, found in shown], best),
        matched=_less([found.matched for _, found in shown], matched),
        parameters={"subgroups": len(shown), "overall": rounded(overall, 4), "interval": WORST}
        | ({} if best is None else {"ceiling_from": "hold-out", "ceiling_size": "as many rows as the hold-out has in each subgroup"}),
    )


def _less(values: list[float | None], overall: float | None) -> float | None:
    """The least of the values, less the overall one."""
    found = [value for value in values if value is not None]
    return min(found) - overall if found and overall is not None else None


def _excess(shown: Shown, context: _Context) -> Score:
    """The largest excess distance over the overall one, as a loss."""
    comparison = context.comparison
    if comparison.holdout is None:
        return EXCESS.absent(str(comparison.no_holdout))
    valued = [(found.excess, group) for group, found in shown if found.excess is not None]
    overall = context.excess(context.tables)
    if not valued or overall is None:
        return EXCESS.absent(f"No subgroup has {comparison.minimum_cell} rows in every frame and a column to compare.")
    worst = largest([each.value - overall.value for each, _ in valued], [each.se for each, _ in valued])
    group = valued[worst.at][1]
    given = {"subgroups": len(valued), "overall": rounded(overall.value, 4), "interval": OF_THE_WORST, "rows_at_most": context.excess_rows}
    return EXCESS.score(
        -worst.value,
        n=group.rows("synthetic"),
        subject=[group.name],
        interval=(-worst.high, -worst.low),
        ceiling=0.0,
        parameters=given,
    )


def _utility(shown: Shown, context: _Context) -> Score:
    made = context.predictions
    if isinstance(made, str):
        return UTILITY_GAP.absent(made)
    valued = [(found.utility, group) for group, found in shown if found.utility is not None]
    if not valued:
        return UTILITY_GAP.absent("No subgroup has enough hold-out rows with a target that varies.")
    overall, best = (measure.at() for measure in made.measures)
    members = [group.members["holdout"][made.rows] for _, group in valued]
    errors = [_gap_error(made, here) for here in members]
    worst = largest([overall - value for value, _ in valued], errors)
    sure = min(errors) > 0
    given = {"subgroups": len(valued), "overall": rounded(overall, 4), "interval": OF_THE_WORST if sure else CERTAIN}
    return UTILITY_GAP.score(
        -worst.value,
        n=int(members[worst.at].sum()),
        subject=[valued[worst.at][1].name],
        interval=(-worst.high, -worst.low) if sure else None,
        ceiling=_less([found.utility_ceiling for _, found in shown], best),
        parameters=given,
    )


def _gap_error(made: Predictions, members: Array) -> float:
    """Standard error of a subgroup's performance less the overall one, both on the same hold-out, to first order."""
    task = made.task
    part = Measure(task.kind, task.truths[2][members], made.synthetic[members]).influence()
    each = -made.measures[0].influence() / len(members)
    each[members] += part / len(part)
    return float(np.sqrt((each**2).sum()))


SUBGROUPS_STEP = Step(
    name="subgroups",
    run=subgroups,
    gives=(DISPARITY, FIDELITY_GAP, EXCESS, UTILITY_GAP),
    parameters={
        "most_cells": 24,
        "iterations": 100,
        "most_rows": 20000,
        "least_rows": 30,
        "size_draws": 3,
        "excess_rows": 5000,
        "draws": 200,
    },
)
"""``subgroups``."""
