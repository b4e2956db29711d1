"""Fairness: whether a model trained on synthetic rows errs alike in all subgroups, and the outcome kept its shares in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._groups import Group, Visible, visible_groups
from synthnb.evaluation._intervals import newcombe
from synthnb.evaluation._predictions import predictions, two_classes
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step, rounded

if TYPE_CHECKING:
    from synthnb.evaluation._predictions import Predictions

__all__ = ["FAIRNESS_STEP", "fairness"]

Array = NDArray[Any]

ODDS = Definition(
    metric="equalised_odds_score",
    label="Equalised odds, trained on synthetic rows",
    dimension="bias",
    direction="higher",
    reference="min(1 - |ΔTPR|, 1 - |ΔFPR|), Δ the largest between subgroups of a column, on the hold-out, with 5 positives and 5 negatives "
    "each; ceiling: trained on the real rows",
)
FPED = Definition(
    metric="fpr_equality_difference",
    label="False positive equality difference",
    dimension="bias",
    direction="lower",
    reference="Σ over subgroups of |FPR(g) - FPR|, trained on synthetic rows, on the hold-out; ceiling: trained on the real rows",
)
FNED = Definition(
    metric="fnr_equality_difference",
    label="False negative equality difference",
    dimension="bias",
    direction="lower",
    reference="Σ over subgroups of |FNR(g) - FNR|, trained on synthetic rows, on the hold-out; ceiling: trained on the real rows",
)
F1 = Definition(
    metric="f1_difference",
    label="F1 difference between subgroups",
    dimension="bias",
    direction="lower",
    reference="max - min over subgroups of F1, trained on synthetic rows, on the hold-out; ceiling: trained on the real rows",
)
PARITY = Definition(
    metric="statistical_parity_difference",
    label="Outcome's share, subgroup less the largest subgroup",
    dimension="bias",
    direction="none",
    reference="P(y = 1 | g) - P(y = 1 | ref) in the synthetic rows, where it is largest; ceiling: its own in the real rows; "
    "Newcombe's interval, doi 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I",
)
IMPACT = Definition(
    metric="disparate_impact",
    label="Outcome's share, subgroup over the largest subgroup",
    dimension="bias",
    direction="none",
    reference="P(y = 1 | g) / P(y = 1 | ref) in the synthetic rows, of the subgroup farthest from 1; ceiling: its own in the real rows; "
    "log-ratio interval, doi 10.2307/2530610",
)
_MODEL = (ODDS, FPED, FNED, F1)
_DATA = (PARITY, IMPACT)
_GIVES = (*_MODEL, *_DATA)

_OF_SEVERAL = f"{NO_INTERVAL} a largest difference of rates"
_LEAST = 5


class Rates(NamedTuple):
    """Errors of a model in one set of rows."""

    tpr: float
    fpr: float
    f1: float


@dataclass(frozen=True)
class Outcome:
    """The target as true or false, in each frame."""

    happened: dict[str, Array]
    """1, 0, or NaN where it isn't known."""
    shown: str
    """The value that counts as positive, if it may be shown."""
    positive: float
    """Its code, or the number it is."""


def fairness(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """Errors by subgroup of a model trained on synthetic rows, and shares of the outcome by subgroup, for each group column."""
    if not comparison.groups:
        return _none("No group column was named: pass the columns whose subgroups matter as groups=.")
    outcome = _outcome(comparison)
    if isinstance(outcome, str):
        return _none(outcome)
    visible = visible_groups(comparison, parameters["most_cells"])
    if not visible.groups:
        return _none(" ".join(visible.notes))
    made = predictions(comparison, parameters)
    scores: list[Score] = []
    for column, groups in _by_column(visible):
        scores += _of_model(column, groups, made, outcome, comparison)
        scores += _of_data(column, groups, outcome, comparison)
    return Findings(scores=scores)


def _none(reason: str) -> Findings:
    return Findings(scores=[definition.absent(reason) for definition in _GIVES])


def _by_column(visible: Visible) -> list[tuple[str, list[Group]]]:
    """The subgroups that may be shown, by the columns that make them; combinations are a column of their own."""
    shown = [group for i, group in enumerate(visible.groups) if i not in visible.hidden]
    return [(name, list(groups)) for name, groups in groupby(shown, key=lambda group: " × ".join(group.labels))]


def _outcome(comparison: Comparison) -> Outcome | str:
    """The target's cells as true or false, or why they aren't."""
    target = None if comparison.target is None else comparison.column(comparison.target)
    if comparison.target is None:
        return "No target was named: pass the column a model would predict as target=."
    if target is None or target.family not in ("number", "level"):
        return "The target must be a column of both frames with two values."
    tables = {"real": comparison.real, "synthetic": comparison.synthetic}
    classes = two_classes(target, comparison.real.values[target.name])
    if classes is None:
        return "The target has other than two values; rates of errors and shares by subgroup are of a target with two."
    happened = {}
    for name, table in tables.items():
        cells = table.values[target.name]
        happened[name] = np.where(cells == classes[1], 1.0, np.where(cells == classes[0], 0.0, np.nan))
    many = min(int((happened["real"] == side).sum()) for side in (0, 1)) >= comparison.minimum_cell
    label = target.levels[int(classes[1])][:60] if target.family == "level" else f"{classes[1]:g}"
    return Outcome(happened, label if many else "a value few rows hold", classes[1])


def _of_model(column: str, groups: list[Group], made: Predictions | str, outcome: Outcome, comparison: Comparison) -> list[Score]:
    """The four scores of a model's errors."""
    if isinstance(made, str) or made.task.kind == "numbers":
        why = made if isinstance(made, str) else "The target is a number."
        return [definition.score(None, n=0, subject=[column], reason=why) for definition in _MODEL]
    code = int(np.searchsorted(made.task.classes, outcome.positive))
    truth = made.task.truths[2] == code
    said = [predicted[:, code] >= 0.5 for predicted in (made.synthetic, made.real)]
    members = [group.members["holdout"][made.rows] for group in groups]
    usable = [here for here in members if min((truth & here).sum(), (~truth & here).sum()) >= _LEAST]
    usable = [here for here in usable if here.sum() >= comparison.minimum_cell]
    if len(usable) < 2:
        why = f"Fewer than two subgroups have {_LEAST} positives and {_LEAST} negatives in the hold-out."
        return [definition.score(None, n=0, subject=[column], reason=why) for definition in _MODEL]
    ours, best = (_summary([_rates(truth[here], each[here]) for here in usable], _rates(truth, each)) for each in said)
    n = int(np.logical_or.reduce(usable).sum())
    given = {"subgroups": len(usable), "positive": outcome.shown, "threshold": 0.5, "interval": _OF_SEVERAL}
    return [definition.score(ours[i], n=n, subject=[column], ceiling=best[i], parameters=given) for i, definition in enumerate(_MODEL)]


def _rates(truth: Array, said: Array) -> Rates:
    true, false = float((truth & said).sum()), float((~truth & said).sum())
    missed = float((truth & ~said).sum())
    return Rates(true / (true + missed), false / float((~truth).sum()), 2 * true / (2 * true + false + missed))


def _summary(rates: list[Rates], overall: Rates) -> tuple[float, float, float, float]:
    """Equalised odds, both equality differences, and the F1 difference.

    Examples
    --------
    >>> tuple(round(value, 3) for value in _summary([Rates(0.9, 0.1, 0.8), Rates(0.6, 0.2, 0.7)], Rates(0.8, 0.1, 0.75)))
    (0.7, 0.1, 0.3, 0.1)
    """
    tpr, fpr, f1 = (np.array([getattr(each, name) for each in rates]) for name in Rates._fields)
    return (
        float(1 - max(np.ptp(tpr), np.ptp(fpr))),
        float(np.abs(fpr - overall.fpr).sum()),
        float(np.abs(tpr - overall.tpr).sum()),
        float(np.ptp(f1)),
    )


class Share(NamedTuple):
    """How often the outcome happened in a subgroup of both frames."""

    group: Group
    hits: dict[str, int]
    rows: dict[str, int]

    def of(self, table: str) -> float:
        """The share."""
        return self.hits[table] / self.rows[table]


def _of_data(column: str, groups: list[Group], outcome: Outcome, comparison: Comparison) -> list[Score]:
    """The two scores of the outcome's shares against the largest subgroup's."""
    shares = [share for group in groups if (share := _share(group, outcome, comparison.minimum_cell)) is not None]
    if len(shares) < 2:
        why = f"Fewer than two subgroups have {comparison.minimum_cell} rows with a target in both frames."
        return [definition.score(None, n=0, subject=[column], reason=why) for definition in _DATA]
    reference = max(shares, key=lambda share: share.rows["real"])
    others = [share for share in shares if share is not reference]
    given = {"against": reference.group.name, "positive": outcome.shown, "subgroups": len(shares)}
    return [_parity(column, others, reference, given), _impact(column, others, reference, given)]


def _share(group: Group, outcome: Outcome, minimum_cell: int) -> Share | None:
    known = {name: cells[group.members[name]] for name, cells in outcome.happened.items()}
    rows = {name: int(np.isfinite(cells).sum()) for name, cells in known.items()}
    if min(rows.values()) < minimum_cell:
        return None
    return Share(group, {name: int(np.nansum(cells)) for name, cells in known.items()}, rows)


def _parity(column: str, others: list[Share], reference: Share, given: Mapping[str, Any]) -> Score:
    """The largest difference in the synthetic rows."""
    worst = max(others, key=lambda share: abs(share.of("synthetic") - reference.of("synthetic")))
    value = worst.of("synthetic") - reference.of("synthetic")
    n, m = worst.rows["synthetic"], reference.rows["synthetic"]
    interval, said = None, {"interval": _OF_SEVERAL}
    if len(others) == 1:
        low, high = newcombe(worst.of("synthetic"), n, reference.of("synthetic"), m)
        interval, said = (float(low), float(high)), {}
    return PARITY.score(
        value,
        n=n + m,
        subject=[column, worst.group.name],
        interval=interval,
        ceiling=worst.of("real") - reference.of("real"),
        parameters={**given, **said},
    )


def _impact(column: str, others: list[Share], reference: Share, given: Mapping[str, Any]) -> Score:
    """The ratio farthest from 1 in the synthetic rows."""
    known = [share for share in others if share.hits["synthetic"]]
    if len(known) < len(others) or not reference.hits["synthetic"]:
        why = "A subgroup has no synthetic row with the outcome, so that a ratio is 0 or isn't defined."
        return IMPACT.score(None, n=0, subject=[column], reason=why, parameters=given)
    worst = max(known, key=lambda share: abs(np.log(share.of("synthetic") / reference.of("synthetic"))))
    ratio = worst.of("synthetic") / reference.of("synthetic")
    interval, said = None, {"interval": _OF_SEVERAL}
    pair = (worst, reference)
    if len(others) == 1:
        error = np.sqrt(sum(1 / each.hits["synthetic"] - 1 / each.rows["synthetic"] for each in pair))
        ends = ratio * np.exp(np.array([-1, 1]) * NormalDist().inv_cdf(0.975) * error)
        interval, said = (float(ends[0]), float(ends[1])), {}
    best = worst.of("real") / reference.of("real") if reference.hits["real"] else None
    n = sum(each.rows["synthetic"] for each in pair)
    return IMPACT.score(
        ratio, n=n, subject=[column, worst.group.name], interval=interval, ceiling=rounded(best), parameters={**given, **said}
    )


FAIRNESS_STEP = Step(
    name="fairness",
    run=fairness,
    gives=_GIVES,
    parameters={"most_cells": 24, "iterations": 100, "most_rows": 20000, "least_rows": 30},
)
"""``fairness``."""
