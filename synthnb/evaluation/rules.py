"""Rules: how many synthetic rows break what the recipe asks of every row, counted exactly.

What counts as broken is `synthnb.recipes.rules`' business: a missing cell breaks no
rule, a unique rule is broken by every repetition after the first, and combinations
and dependencies are those of the real rows unless the recipe lists them. The
condition that every row meets (``where``) is broken also where a missing cell leaves it undecided.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthnb.errors import OptionError, RecipeError
from synthnb.evaluation._bins import cut
from synthnb.evaluation._encode import level_text, shown_names
from synthnb.evaluation.base import Comparison, Definition, Findings, Score, Step, rounded
from synthnb.evaluation.keys import COUNTED
from synthnb.recipes.expressions import parse_expression
from synthnb.recipes.rules import Combinations, Dependency, FunctionRule, Range, Rule, Total
from synthnb.recipes.rules.broken import broken_rows, look_up

if TYPE_CHECKING:
    from synthnb.recipes.expressions import Expression
    from synthnb.recipes.recipe import Column, Recipe

__all__ = ["DECLARED", "ROWS", "TABLE", "broken_by", "total_holds", "violations"]

Array = NDArray[Any]

ROWS = Definition(
    metric="rule_violation_rate",
    label="Rows that break a rule",
    dimension="validity",
    direction="lower",
    reference="rows that break at least one of the recipe's rules / rows",
)
TABLE = Definition(
    metric="table_rule_violation_rate",
    label="Totals that don't come out",
    dimension="validity",
    direction="lower",
    reference="broken rules about the whole table / rules about the whole table",
)
DECLARED = Definition(
    metric="declaration_violation_rate",
    label="Rows outside what columns declare",
    dimension="validity",
    direction="lower",
    reference="rows with a cell outside its column's declared range or levels, or missing where none may be / rows",
)

_LARGEST_DETAIL = 5_500
"""Bytes of the list of rules in a report."""
_NOTHING = {"rule": "The recipe has no rule.", "declaration": "The recipe declares no range, no levels and no complete column."}
_NO_RECIPE = "No recipe was given, so no rule is known: pass recipe=."


@dataclass(frozen=True)
class _Check:
    """Something a table must satisfy."""

    text: str
    """As people read it."""
    about: str
    """``rule``, ``table``, ``range``, ``levels`` or ``missing``."""
    names: tuple[str, ...]
    """Columns it needs."""
    broken: Callable[[pd.DataFrame], Array]
    """Which rows break it; for a rule about the table, one boolean."""

    @property
    def sort(self) -> str:
        """Which rate it counts for: ``rule``, ``table`` or ``declaration``."""
        return self.about if self.about in ("rule", "table") else "declaration"


def violations(comparison: Comparison, _parameters: Mapping[str, Any]) -> Findings:
    """Share of rows that break a rule or a column's declaration; each rule's count is in the details."""
    recipe = comparison.facts.recipe
    if recipe is None:
        return Findings(scores=[ROWS.absent(_NO_RECIPE), DECLARED.absent(_NO_RECIPE)])
    tally = _Tally(len(comparison.frames.synthetic))
    for check in (*_rules(recipe, comparison.frames.real), *_declarations(recipe)):
        tally.add(check, *_counted(check, comparison))
    scores = [_rate(ROWS, "rule", tally, comparison), _rate(DECLARED, "declaration", tally, comparison)]
    if any(entry["about"] == "table" for entry in tally.entries):
        scores.insert(1, _of_tables(tally))
    return Findings(scores=scores, details={"rules": _detail(tally)} if tally.entries else {})


def _rules(recipe: Recipe, real: pd.DataFrame) -> Iterator[_Check]:
    unseen = {column.name for column in recipe.columns if column.kind in ("text", "identifier")}  # what engines don't show a function
    for rule in recipe.rules:
        about = "table" if isinstance(rule, Total) else "rule"
        yield _Check(rule.text, about, rule.names, partial(broken_by, rule, real=real, unseen=unseen))
    if recipe.where:
        condition = parse_expression(recipe.where)
        yield _Check(f"where {recipe.where}", "rule", condition.names, partial(_fails, condition))


def broken_by(rule: Rule, frame: pd.DataFrame, real: pd.DataFrame, unseen: Collection[str] = ()) -> Array:
    """Which rows break a rule; for a total, an array of one boolean: whether it doesn't come out.

    Parameters
    ----------
    rule : Rule
        What must hold.
    frame, real : pandas.DataFrame
        The rows looked at, and those in which unlisted combinations and dependencies are looked up.
    unseen : collection of str
        Columns that a Python function isn't given.
    """
    if isinstance(rule, Total):
        return np.array([not total_holds(rule, frame)])
    if isinstance(rule, FunctionRule):
        return broken_rows(rule, frame.drop(columns=[name for name in frame.columns if name in unseen]))
    if isinstance(rule, (Combinations, Dependency)) and set(rule.names) <= set(real.columns):
        return broken_rows(rule, frame, look_up(rule, real))
    return broken_rows(rule, frame)


def total_holds(rule: Total, frame: pd.DataFrame) -> bool:
    """Whether a column's sum, or each group's, is what the rule says, within one part in 10⁹.

    Examples
    --------
    >>> import pandas as pd
    >>> total_holds(Total(column="x", value=6), pd.DataFrame({"x": [1.0, 5.0, None]}))
    True
    """
    numbers = pd.to_numeric(frame[rule.column], errors="coerce").to_numpy(dtype="f8", na_value=np.nan)
    if rule.by is None:
        return _equal(float(np.nansum(numbers)), rule.value)
    texts = frame[rule.by].map(level_text, na_action="ignore")
    sums = {
        str(level): float(total) for level, total in pd.Series(np.nan_to_num(numbers)).groupby(texts.to_numpy(dtype=object)).sum().items()
    }
    if rule.values:
        return all(_equal(sums.get(level_text(level), 0.0), value) for level, value in rule.values)
    return all(_equal(total, rule.value) for total in sums.values())


def _equal(found: float, wanted: float | None) -> bool:
    return wanted is not None and math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)


def _declarations(recipe: Recipe) -> Iterator[_Check]:
    for column in recipe.columns:
        names, label = (column.name,), shown_names([column.name])[column.name]
        if column.minimum is not None or column.maximum is not None:
            limits = Range(column=column.name, low=column.minimum, high=column.maximum)
            yield _Check(limits.text, "range", names, partial(broken_rows, limits))
        if column.levels is not None and column.kind == "category":
            yield _Check(f"levels of {label}", "levels", names, partial(_other_levels, column))
        if not column.missing and column.kind != "empty":
            yield _Check(f"no missing {label}", "missing", names, partial(_missing, column.name))


def _fails(condition: Expression, frame: pd.DataFrame) -> Array:
    return ~condition.mask(frame)


def _missing(name: str, frame: pd.DataFrame) -> Array:
    return frame[name].isna().to_numpy(dtype=bool)


def _other_levels(column: Column, frame: pd.DataFrame) -> Array:
    """Which rows hold a level that the column doesn't declare."""
    codes, found = pd.factorize(frame[column.name].astype(object))
    declared = {level_text(level) for level in column.levels or ()}
    outside = np.array([*(level_text(value) not in declared for value in found), False])
    made: Array = outside[codes]
    return made


@dataclass
class _Tally:
    """Checks counted one after another, so that one mask is held at a time."""

    rows: int
    """Rows of the frame."""
    union: dict[str, Array] = field(default_factory=dict)
    """Rows that break any check, for ``rule`` and for declarations."""
    checks: dict[str, list[_Check]] = field(default_factory=dict)
    """Those counted, likewise."""
    unknown: dict[str, list[str]] = field(default_factory=dict)
    """Why others weren't, likewise."""
    entries: list[dict[str, Any]] = field(default_factory=list)
    """One per check."""

    def add(self, check: _Check, broken: Array | None, why: str) -> None:
        """Count a check, or note why it can't be."""
        self.entries.append(_entry(check, broken, why, self.rows))
        if broken is None:
            self.unknown.setdefault(check.sort, []).append(why)
            return
        self.checks.setdefault(check.sort, []).append(check)
        self.union[check.sort] = broken | self.union[check.sort] if check.sort in self.union else broken


def _counted(check: _Check, comparison: Comparison) -> tuple[Array | None, str]:
    """Which synthetic rows break it, or why that isn't known.

    What an error says isn't repeated: it may quote cells.
    """
    comparison.clock.check()
    lacking = [name for name in check.names if name not in comparison.frames.synthetic.columns]
    if lacking:
        return None, f"The synthetic frame lacks {cut(lacking[0])}."
    try:
        return check.broken(comparison.frames.synthetic), ""
    except (OptionError, RecipeError) as error:
        return None, f"It can't be told from the cells ({type(error).__name__})."


def _rate(definition: Definition, sort: str, tally: _Tally, comparison: Comparison) -> Score:
    """Rows that break at least one check of a sort."""
    checks, unknown = tally.checks.get(sort, []), tally.unknown.get(sort, [])
    if not checks and not unknown:
        return definition.absent(_NOTHING[sort])
    if not checks or not tally.rows:
        return definition.absent(
            f"None of {len(checks) + len(unknown)} can be counted: {[*unknown, 'The synthetic frame has no rows.'][0]}"
        )
    broken = int(tally.union[sort].sum())
    parameters: dict[str, Any] = {"checks": len(checks), "broken_rows": broken, "interval": COUNTED}
    parameters |= {"not_counted": len(unknown)} if unknown else {}
    return definition.score(broken / tally.rows, n=tally.rows, ceiling=_real_rate(checks, comparison), parameters=parameters)


def _real_rate(checks: list[_Check], comparison: Comparison) -> float | None:
    """The real rows' own rate; None where it can't be told or few rows make it."""
    frame = comparison.frames.real
    if not len(frame) or any(name not in frame.columns for check in checks for name in check.names):
        return None
    union = np.zeros(len(frame), dtype=bool)
    try:
        for check in checks:
            comparison.clock.check()
            union |= check.broken(frame)
    except (OptionError, RecipeError):
        return None
    broken = int(union.sum())
    return None if 0 < broken < comparison.minimum_cell else broken / len(frame)


def _of_tables(tally: _Tally) -> Score:
    known = [entry["broken"] for entry in tally.entries if entry["about"] == "table" and entry["broken"] is not None]
    if not known:
        return TABLE.absent(tally.unknown["table"][0])
    return TABLE.score(sum(known) / len(known), n=len(known), parameters={"unit": "rules", "interval": COUNTED})


def _detail(tally: _Tally) -> dict[str, Any]:
    """Every check with its count, the most broken first, as far as there is room."""
    entries = sorted(tally.entries, key=lambda entry: -(entry["share"] or 0.0))
    kept: list[dict[str, Any]] = []
    room = _LARGEST_DETAIL
    for entry in entries:
        room -= len(json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace")) + 2
        if room < 0:
            break
        kept.append(entry)
    return {"rows": tally.rows, "checks": kept} | ({"omitted": len(entries) - len(kept)} if len(kept) < len(entries) else {})


def _entry(check: _Check, mask: Array | None, why: str, rows: int) -> dict[str, Any]:
    text = {"rule": cut(check.text.encode("utf-8", "backslashreplace").decode()), "about": check.about}
    if mask is None:
        return text | {"broken": None, "share": None, "reason": why}
    if check.about == "table":
        return text | {"broken": int(mask[0]), "share": float(mask[0])}
    return text | {"broken": int(mask.sum()), "share": rounded(mask.sum() / rows) if rows else None}


RULES_STEP = Step(name="rules and declarations", run=violations, gives=(ROWS, DECLARED))
"""``rules``."""
