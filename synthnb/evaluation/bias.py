"""Bias: whether subgroups keep their share, their shape and their use, or are lost behind a good average."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._bins import Binning, group_bins
from synthnb.evaluation._suppression import Sum, withheld
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step, equal_sizes, rounded
from synthnb.evaluation.fidelity import shapes
from synthnb.evaluation.utility import Predictions, predictions

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table

__all__ = ["DISPARITY", "FIDELITY_GAP", "UTILITY_GAP", "subgroups"]

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
    reference="TSTR within the worst subgroup of the hold-out less TSTR overall; ceiling: the same with TRTR",
    version=2,
)

WORST = f"{NO_INTERVAL} the worst of several subgroups"
"""Why gaps have no interval."""


class Group(NamedTuple):
    """One subgroup."""

    labels: dict[str, str]
    """The columns that make it, and what each holds there."""
    members: dict[str, Array]
    """Per frame, a mask of its rows."""

    @property
    def name(self) -> str:
        """What it is called."""
        return " × ".join(f"{column} = {label}" for column, label in self.labels.items())

    def rows(self, table: str) -> int:
        """How many rows of a frame are in it."""
        return int(self.members[table].sum())


@dataclass(frozen=True)
class Grouping:
    """A group column cut into subgroups."""

    column: Column
    binning: Binning

    def masks(self, tables: Mapping[str, Table]) -> list[tuple[str, dict[str, Array]]]:
        """Each subgroup's label and its rows in every table; missing is one if any real row is."""
        codes = {name: self.binning.codes(table.values[self.column.name]) for name, table in tables.items()}
        labels = list(enumerate(self.binning.labels))
        if (codes["real"] < 0).any():
            labels.append((-1, "missing"))
        return [(label, {name: found == i for name, found in codes.items()}) for i, label in labels]


def subgroups(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """The subgroup table, and the worst subgroup by share, by fidelity and by utility.

    Subgroups are each group column's levels (bands for numbers of many values), and
    with two or more columns also the combinations of all, if there are at most
    ``most_cells``. A subgroup with fewer real rows than the minimum cell has no
    figures, nor have others from which its size could be worked out.
    """
    definitions = (DISPARITY, FIDELITY_GAP, UTILITY_GAP)
    if not comparison.groups:
        return _none(definitions, "No group column was named: pass the columns whose subgroups matter as groups=.")
    groupings, left_out = _groupings(comparison)
    if not groupings:
        return _none(definitions, " ".join(left_out))
    tables = {"real": comparison.real, "synthetic": comparison.synthetic} | (
        {} if comparison.holdout is None else {"holdout": comparison.holdout}
    )
    groups, crossing = _groups(groupings, tables, parameters["most_cells"])
    hidden = withheld([group.rows("real") for group in groups], _sums(groups), comparison.minimum_cell)
    context = _Context(
        comparison, tables, predictions(comparison, parameters), {g.column.name for g in groupings}, parameters["size_draws"]
    )
    figures = [(group, None if i in hidden else context.figures(group)) for i, group in enumerate(groups)]
    shown = [(group, found) for group, found in figures if found is not None]
    scores = [_disparity(shown, comparison), _fidelity(shown, context), _utility(shown, context)]
    notes = [{"dimension": "bias", "reason": note} for note in [*left_out, *crossing]]
    return Findings(scores=scores, subgroups=[_row(group, found) for group, found in figures], not_evaluated=notes)


def _sums(groups: list[Group]) -> list[Sum]:
    """How the subgroups add up: each column's to all rows, and combinations to the single subgroup they are part of."""
    single = {next(iter(group.labels.items())): i for i, group in enumerate(groups) if len(group.labels) == 1}
    crossed = [(i, group.labels) for i, group in enumerate(groups) if len(group.labels) > 1]
    names = dict.fromkeys(name for name, _ in single)
    totals = [Sum(tuple(i for (name, _), i in single.items() if name == column)) for column in names]
    parts = {pair: tuple(i for i, labels in crossed if labels[pair[0]] == pair[1]) for pair in single}
    return totals + [Sum(cells, single[pair]) for pair, cells in parts.items() if cells]


def _none(definitions: tuple[Definition, ...], reason: str) -> Findings:
    return Findings(scores=[definition.absent(reason) for definition in definitions])


def _groupings(comparison: Comparison) -> tuple[list[Grouping], list[str]]:
    """Group columns that can be used, and why the others can't."""
    usable, left_out = [], []
    for name in comparison.groups:
        column = comparison.column(name)
        if column is None:
            left_out.append(f"The synthetic frame doesn't have the group column {name[:80]!r}.")
        elif column.family not in ("number", "level"):
            left_out.append(f"The group column {column.shown!r} is of kind {column.kind}, which makes no subgroups.")
        else:
            usable.append(Grouping(column, group_bins(column, comparison.real.values[name], comparison.minimum_cell)))
    return usable, left_out


def _groups(groupings: list[Grouping], tables: dict[str, Table], most_cells: int) -> tuple[list[Group], list[str]]:
    """Single subgroups, then combinations; and why combinations are left out, if they are."""
    cut = [(grouping.column.shown, grouping.masks(tables)) for grouping in groupings]
    single = [Group({name: label}, members) for name, parts in cut for label, members in parts]
    if len(cut) < 2:
        return single, []
    cells = math.prod(len(parts) for _, parts in cut)
    if cells > most_cells:
        return single, [f"The {len(cut)} group columns make {cells} combinations; combinations are shown up to {most_cells}."]
    return single + list(_crossed(cut)), []


def _crossed(cut: list[tuple[str, list[tuple[str, dict[str, Array]]]]]) -> Iterator[Group]:
    names = [name for name, _ in cut]
    for parts in itertools.product(*(parts for _, parts in cut)):
        members = {table: np.logical_and.reduce([masks[table] for _, masks in parts]) for table in parts[0][1]}
        yield Group(dict(zip(names, (label for label, _ in parts), strict=True)), members)


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

    def columns(self) -> list[Column]:
        """Columns whose shapes are compared: all but those that make the groups."""
        return [column for column in self.comparison.of("number", "level") if column.name not in self.grouped_by]

    def figures(self, group: Group) -> Figures:
        """Those of one subgroup."""
        self.comparison.clock.check()
        n, m = group.rows("real"), group.rows("synthetic")
        members = {name: table.take(group.members[name]) for name, table in self.tables.items()}
        shares = n / self.comparison.real.rows, m / self.comparison.synthetic.rows
        return Figures(n, m, *shares, *self.shapes(members), *self.utility(group))

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

    def utility(self, group: Group) -> tuple[float | None, float | None]:
        """TSTR and TRTR on the hold-out rows of a subgroup."""
        made = self.predictions
        if isinstance(made, str):
            return None, None
        chosen = np.flatnonzero(group.members["holdout"][made.rows])
        if len(chosen) < self.comparison.minimum_cell:
            return None, None
        found = made.measure(made.synthetic, chosen), made.measure(made.real, chosen)
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


def _utility(shown: Shown, context: _Context) -> Score:
    made = context.predictions
    if isinstance(made, str):
        return UTILITY_GAP.absent(made)
    valued = [(found.utility, group) for group, found in shown if found.utility is not None]
    if not valued:
        return UTILITY_GAP.absent("No subgroup has enough hold-out rows with a target that varies.")
    everything = np.arange(len(made.rows))
    overall, best = made.measure(made.synthetic, everything), made.measure(made.real, everything)
    worst, group = min(valued, key=lambda entry: entry[0])
    return UTILITY_GAP.score(
        worst - overall,
        n=int(group.members["holdout"][made.rows].sum()),
        subject=[group.name],
        ceiling=_less([found.utility_ceiling for _, found in shown], best),
        parameters={"subgroups": len(shown), "overall": rounded(overall, 4), "interval": WORST},
    )


SUBGROUPS_STEP = Step(
    name="subgroups",
    run=subgroups,
    gives=(DISPARITY, FIDELITY_GAP, UTILITY_GAP),
    parameters={"most_cells": 24, "iterations": 100, "most_rows": 20000, "least_rows": 30, "size_draws": 3},
)
"""``subgroups``."""
