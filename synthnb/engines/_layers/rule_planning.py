"""Which rules are built in, in which order, and what the engine sees then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb.engines._layers.rule_axes import open_axes
from synthnb.engines._layers.rule_formula import DrawnFormula, formula_of, take_formula
from synthnb.engines._layers.rule_levels import take_combinations, take_dependents
from synthnb.engines._layers.rule_steps import Computed, Step, Taken, take_differences, take_parts, take_sum
from synthnb.errors import shown
from synthnb.recipes.rules import Combinations, Dependency, ExpressionRule, Order, Range, Share, Sum
from synthnb.recipes.rules.broken import broken_rows, keys_of, listed, look_up

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.recipes.recipe import Column, Recipe
    from synthnb.recipes.rules import Rule
    from synthnb.recipes.rules.broken import Lookup

__all__ = ["Plan", "plan_steps"]

Array = np.ndarray[Any, Any]

_NUMBERS = {"integer", "real"}
_LEVELS = {"category", "boolean", "constant", "empty"}


@dataclass(frozen=True)
class Plan:
    """What becomes of a frame and its rules."""

    frame: pd.DataFrame | None
    """What the engine learns."""
    columns: dict[str, Column]
    """What that holds, by name."""
    steps: tuple[tuple[int, Step], ...]
    """Rules built in, by number."""
    lookups: dict[int, Lookup]
    """Allowed combinations and dependents, by rule."""
    remarks: tuple[str, ...]
    """Sentences on real rows left out and rules that couldn't be built in."""


def plan_steps(frame: pd.DataFrame | None, recipe: Recipe) -> Plan:
    """Take the columns of as many rules as possible off a frame."""
    columns = {column.name: column for column in recipe.columns}
    lookups = _lookups(frame, recipe)
    if frame is None:
        return Plan(None, columns, tuple(_without_data(recipe)), lookups, ())
    work = _Work(frame, columns, recipe, lookups)
    for number in _order(recipe):
        work.build_in(number, recipe.rules[number])
    kept = work.frame if work.kept.all() else work.frame[work.kept].reset_index(drop=True)
    return Plan(kept, work.columns, tuple(work.steps), lookups, tuple(work.remarks))


def _lookups(frame: pd.DataFrame | None, recipe: Recipe) -> dict[int, Lookup]:
    found: dict[int, Lookup] = {}
    for number, rule in enumerate(recipe.rules):
        if not isinstance(rule, Combinations | Dependency) or not _present(rule, recipe):
            continue
        if frame is not None:
            found[number] = look_up(rule, frame)
        elif isinstance(rule, Combinations) and rule.listed is not None:
            found[number] = listed(rule)
    return found


def _present(rule: Rule, recipe: Recipe) -> bool:
    return set(rule.names) <= {column.name for column in recipe.columns}


def _without_data(recipe: Recipe) -> list[tuple[int, Step]]:
    """Sums, shares and formulas, which need nothing learnt: they are put right on what the engine draws."""
    columns = {column.name: column for column in recipe.columns}
    found: list[tuple[int, Step]] = []
    for number in _order(recipe):
        rule = recipe.rules[number]
        names = set(rule.names)
        if _removes(rule, recipe) & set(recipe.given) or not names <= set(columns):
            continue
        if isinstance(rule, (Sum, Share)) and all(columns[name].kind in _NUMBERS for name in names):
            limited = isinstance(rule, Sum) and _limited(rule, recipe)
            constant = rule.constant if isinstance(rule, Share) else None
            found.append((number, Computed(tuple(columns[name] for name in rule.names), constant, to_total=limited)))
        formula = formula_of(rule) if isinstance(rule, ExpressionRule) else None
        if formula is not None and columns[formula[0]].kind in _NUMBERS:
            found.append((number, DrawnFormula(columns[formula[0]], formula[1].text)))
    return found


def _removes(rule: Rule, recipe: Recipe) -> set[str]:
    """Columns that wouldn't be seen, or not be final, once the rule is built in."""
    if isinstance(rule, Order):
        return set(rule.columns[1:])
    if isinstance(rule, (Combinations, Share)):
        return set(rule.names)
    if isinstance(rule, Dependency):
        return set(rule.names) if _needs_pairs(rule, recipe) else set(rule.dependents)
    if isinstance(rule, ExpressionRule):
        formula = formula_of(rule)
        return set() if formula is None else {formula[0]}
    if isinstance(rule, Sum):
        return set(rule.parts) if _limited(rule, recipe) else {rule.total}
    return set()


def _needs_pairs(rule: Dependency, recipe: Recipe) -> bool:
    """Whether a determinant is a number, of which new values may be drawn that nothing is known to follow from."""
    kinds = {column.name: column.kind for column in recipe.columns}
    return any(kinds.get(name) not in _LEVELS for name in rule.determinants)


def _limited(rule: Sum, recipe: Recipe) -> bool:
    """Whether a total must stay visible, because it is fixed, has limits of its own, or an earlier sum computes it."""
    name = rule.total
    fixed = name in recipe.given or any(isinstance(other, Range) and other.column == name for other in recipe.rules)
    return fixed or rule is not next(other for other in recipe.rules if isinstance(other, Sum) and other.total == name)


def _order(recipe: Recipe) -> list[int]:
    """Rules that can be built in, such that none needs a column that an earlier one took off.

    A rule that needs what another makes is taken off after it would be too late; so it goes first.
    Of rules that need each other's columns, an order isn't built in, for it is met most easily by
    drawing again; else the later one.
    """
    todo = {number: _removes(rule, recipe) for number, rule in enumerate(recipe.rules) if _removes(rule, recipe)}
    done: list[int] = []
    while todo:
        names = {number: set(recipe.rules[number].names) for number in todo}
        free = [number for number in todo if not any(todo[number] & names[other] for other in todo if other != number)]
        if free:
            done.append(free[0])
            del todo[free[0]]
        else:
            del todo[max(todo, key=lambda number: (isinstance(recipe.rules[number], Order), number))]
    return done


class _Work:
    """A frame on its way to what the engine learns."""

    def __init__(self, frame: pd.DataFrame, columns: dict[str, Column], recipe: Recipe, lookups: Mapping[int, Lookup]) -> None:
        self.frame = frame
        self.columns = dict(columns)
        self.recipe = recipe
        self.lookups = lookups
        self.kept = np.ones(len(frame), dtype=bool)
        self.steps: list[tuple[int, Step]] = []
        self.remarks: list[str] = []

    def build_in(self, number: int, rule: Rule) -> None:
        """Take a rule's columns off, or say why that can't be done."""
        if not set(rule.names) <= set(self.columns) or any(self.columns[name].kind == "text" for name in rule.names):
            return
        taken = self._take(number, rule)
        if isinstance(taken, str):
            self.remarks.append(f"The rule {shown(rule.text)} wasn't built in, because {taken}; rows that break it are drawn again.")
            return
        out = int((~taken.kept).sum())
        if 2 * out > len(self.frame):
            self.remarks.append(
                f"The rule {shown(rule.text)} wasn't built in, because {out:,} of the {len(self.frame):,} real rows break it; "
                "rows that break it are drawn again."
            )
            return
        if out:
            self.remarks.append(f"The real rows that break the rule {shown(rule.text)}, {out:,} of {len(self.frame):,}, were not learnt.")
        self.steps.append((number, taken.step))
        self.kept &= taken.kept
        self._replace(taken)

    def _replace(self, taken: Taken) -> None:
        """The new columns stand where the first of those taken off stood."""
        new = {column.name: column for column in taken.columns}
        columns: dict[str, Column] = {}
        for name, column in self.columns.items():
            if name in taken.removed:
                columns |= new
                new = {}
            else:
                columns[name] = column
        self.columns = columns | new
        kept = self.frame.drop(columns=list(taken.removed))
        added = taken.added.set_axis(kept.index)
        self.frame = kept.assign(**{str(name): added[name] for name in added})

    def _take(self, number: int, rule: Rule) -> Taken | str:
        fixed = set(self.recipe.given)
        removed = _removes(rule, self.recipe)
        if removed & fixed:
            return f"{', '.join(sorted(map(shown, removed & fixed)))} is fixed or restricted from outside"
        takes: dict[type, Callable[[Any], Taken | str]] = {
            Order: self._take_order,
            Sum: self._take_sum,
            Share: self._take_share,
            ExpressionRule: self._take_formula,
        }
        if isinstance(rule, (Combinations, Dependency)):
            return self._take_levels(rule, self.lookups[number])
        return takes[type(rule)](rule)

    def _take_formula(self, rule: ExpressionRule) -> Taken | str:
        formula = formula_of(rule)
        assert formula is not None, "only formulas are planned"
        return take_formula(self.frame, self.columns[formula[0]], formula[1])

    def _take_order(self, rule: Order) -> Taken | str:
        if rule.when:
            return "it is for some rows only"
        axes = open_axes(self.frame, [self.columns[name] for name in rule.columns])
        if isinstance(axes, str):
            return axes
        return take_differences(self.frame, axes, strict=rule.strict, whole=rule.columns[0] in self.recipe.given)

    def _take_sum(self, rule: Sum) -> Taken | str:
        axes = open_axes(self.frame, [self.columns[name] for name in rule.names])
        if isinstance(axes, str):
            return axes
        if _limited(rule, self.recipe):
            return take_parts(self.frame, axes[1:], total=axes[0])
        return take_sum(self.frame, axes[0], axes[1:])

    def _take_share(self, rule: Share) -> Taken | str:
        axes = open_axes(self.frame, [self.columns[name] for name in rule.parts])
        return axes if isinstance(axes, str) else take_parts(self.frame, axes, constant=rule.constant)

    def _take_levels(self, rule: Combinations | Dependency, lookup: Lookup) -> Taken:
        columns = [self.columns[name] for name in rule.names]
        if isinstance(rule, Combinations):
            self._tell_unseen(rule, lookup)
            return take_combinations(self.frame, columns, lookup if rule.listed is not None else None)
        known = [self.columns[name] for name in rule.determinants]
        if _needs_pairs(rule, self.recipe):
            return take_combinations(self.frame, columns, {known + followed: () for known, followed in lookup.items()})
        self._tell_conflicts(rule, lookup)
        return take_dependents(self.frame, known, [self.columns[name] for name in rule.dependents], lookup)

    def _tell_unseen(self, rule: Combinations, lookup: Lookup) -> None:
        unseen = set(lookup) - set(keys_of(self.frame, rule.columns))
        if unseen:
            self.remarks.append(
                f"{len(unseen):,} of the {len(lookup):,} combinations listed in the rule {shown(rule.text)} occur in no real row "
                "and are never made."
            )

    def _tell_conflicts(self, rule: Dependency, lookup: Lookup) -> None:
        broken = int(broken_rows(rule, self.frame, lookup).sum())
        if broken:
            self.remarks.append(
                f"{broken:,} of the {len(self.frame):,} real rows break the rule {shown(rule.text)}; what most rows have was taken."
            )
