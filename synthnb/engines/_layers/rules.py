"""The layer that keeps a recipe's rules.

::

    rule                      kept by
    order, sum, share,        construction: the columns are replaced by others that can't break the rule
    combinations, dependency,     (`rule_steps`, `rule_levels`, `rule_formula`)
    column == expression
    range, expression, …      drawing a row again; a range at last by moving the cell to its limit
    unique, total             the whole table: repeated values move apart, sums are reached exactly (`rule_table`)

A rule that can't be built in, because one of its columns is fixed from outside or tied by another
rule, is kept by drawing again. Rules are built in in such an order that each finds the columns it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from typing_extensions import override

from synthnb.engines._layers import Layer
from synthnb.engines._layers.rule_axes import open_axes
from synthnb.engines._layers.rule_formula import DrawnFormula, Formula, formula_of
from synthnb.engines._layers.rule_levels import Combined, Followed
from synthnb.engines._layers.rule_planning import Plan, plan_steps
from synthnb.engines._layers.rule_steps import Computed, Differences, Parts, Step, Sums
from synthnb.engines._layers.rule_table import apart, to_total
from synthnb.engines.base import State
from synthnb.errors import RecipeError, RecordError, shown
from synthnb.recipes.conditions import parse_conditions
from synthnb.recipes.expressions import parse_expression
from synthnb.recipes.recipe import Recipe
from synthnb.recipes.rules import Combinations, Dependency, ExpressionRule, Range, Share, Sum, Total, Unique
from synthnb.recipes.rules.broken import broken_rows

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.base import Unit
    from synthnb.recipes.rules import Rule
    from synthnb.recipes.rules.broken import Lookup

__all__ = ["RulesLayer", "restore", "take_off"]

Array = np.ndarray[Any, Any]

_STEPS: dict[str, Callable[[State], Step]] = {
    "differences": Differences.from_state,
    "sums": Sums.from_state,
    "parts": Parts.from_state,
    "combined": Combined.from_state,
    "followed": Followed.from_state,
    "computed": Computed.from_state,
    "formula": Formula.from_state,
    "drawn formula": DrawnFormula.from_state,
}
_FIX = "The file is damaged or was changed: save the generator again, or fit it anew."


@dataclass(frozen=True)
class RulesLayer(Layer):
    """Puts the columns that rules tie together back, and finds rows that break the others."""

    recipe: Recipe
    """The table as it comes out of this layer, with the rules."""
    steps: tuple[tuple[int, Step], ...]
    """Rules built in, by number, in the order they were taken off."""
    lookups: Mapping[int, Lookup] = field(default_factory=dict)
    """Allowed combinations and dependents, by rule; of real rows, or listed."""
    remarks: tuple[str, ...] = ()
    """What became of the real rows and why some rules weren't built in."""

    @property
    def how(self) -> Mapping[str, str]:
        """How each column that a rule makes is made."""
        return {name: words for _, step in self.steps for name, words in step.how.items()}

    @property
    def read_from_data(self) -> tuple[str, ...]:
        """Rules whose allowed values were read from real rows, which a guarantee of differential privacy doesn't cover."""
        rules = self.recipe.rules
        return tuple(rules[number].text for number in self.lookups if getattr(rules[number], "listed", None) is None)

    def rebuild(self, frame: pd.DataFrame, *, numbers: Array, seed: int, unit: Unit) -> tuple[pd.DataFrame, Array]:
        """Put the columns back; rows in which that fails, or which break another rule, must be drawn again."""
        again = np.zeros(len(frame), dtype=bool)
        frame = frame.reset_index(drop=True)
        for _, step in reversed(self.steps):
            frame, failed = step.rebuild(frame, rows=numbers, seed=seed, unit=unit)
            again |= failed
        frame = self._ordered(frame)
        return frame, again | (self.reasons(frame) != "")

    def reasons(self, frame: pd.DataFrame, *, of_table: bool = True) -> Array:
        """Return per row which rule it breaks first, in words that finish "not made because"; empty where it breaks none.

        Parameters
        ----------
        frame : pandas.DataFrame
            Rows with all columns.
        of_table : bool
            Whether to look for rows that repeat an earlier one, too.
        """
        found = np.full(len(frame), "", dtype=object)
        for number, rule in enumerate(self.recipe.rules):
            if (of_table or not rule.of_table) and _concerns(rule, frame):
                broken = broken_rows(rule, frame, self.lookups.get(number))
                found[broken & (found == "")] = f"the rule {shown(rule.text)} was not met"
        return found

    def repair(self, frame: pd.DataFrame, *, fixed: Sequence[str] = ()) -> tuple[pd.DataFrame, Array]:
        """Move cells outside a range to its limit, for rows that drawing again didn't help.

        Parameters
        ----------
        frame : pandas.DataFrame
            Such rows.
        fixed : sequence of str
            Columns that must not be changed, beside those of the recipe's ``given``.

        Returns
        -------
        frame : pandas.DataFrame
            The rows.
        repaired : ndarray of bool
            Rows that were changed and now break no rule. Others are as they were.
        """
        repaired = frame.copy()
        changed = np.zeros(len(frame), dtype=bool)
        for rule in self.recipe.rules:
            if isinstance(rule, Range) and rule.column not in {*self._given, *fixed} and rule.column in frame:
                repaired, moved = self._within(repaired, rule)
                changed |= moved
        good = changed & (self.reasons(repaired) == "")
        if good.all():
            return repaired, good
        whole = pd.concat([repaired[good], frame[~good]])
        return whole.loc[frame.index], good

    def _within(self, frame: pd.DataFrame, rule: Range) -> tuple[pd.DataFrame, Array]:
        broken = broken_rows(rule, frame)
        column = next(column for column in self.recipe.columns if column.name == rule.column)
        axes = open_axes(frame, [column]) if broken.any() else ""
        if isinstance(axes, str):
            return frame, np.zeros(len(frame), dtype=bool)
        axis = axes[0]
        read = axis.read(frame[rule.column])
        values = read.values.copy()
        if rule.low is not None:
            low = axis.at(rule.low, up=True)
            low += axis.step if rule.open_low and low == axis.at(rule.low, up=False) else 0
            values = np.where(broken & (values < low), low, values)
        if rule.high is not None:
            high = axis.at(rule.high, up=False)
            high -= axis.step if rule.open_high and high == axis.at(rule.high, up=True) else 0
            values = np.where(broken & (values > high), high, values)
        cells, outside = axis.write(values, read.missing)
        kept: Any = cells.set_axis(frame.index).where(broken & ~outside, frame[rule.column])
        return frame.assign(**{rule.column: kept.astype(frame[rule.column].dtype)}), broken & ~outside

    @override
    def finish(self, frame: pd.DataFrame, *, seed: int) -> tuple[pd.DataFrame, dict[str, int], Array]:
        """Move repeated values apart, leave out those that can't be, and reach the totals with the rest."""
        counts: dict[str, int] = {}
        dropped = np.zeros(len(frame), dtype=bool)
        unique = [(number, rule) for number, rule in enumerate(self.recipe.rules) if isinstance(rule, Unique) and _concerns(rule, frame)]
        for number, rule in unique:
            left = frame[~dropped].reset_index(drop=True)
            settled = apart(left, rule, self.recipe, self._fixed(rule), self._broken)
            frame = _returned(frame, settled.frame, ~dropped)
            counts |= _counted(number, "values_moved_apart", settled.moved) | _counted(number, "rows_left_out", int(settled.failed.sum()))
            dropped[np.flatnonzero(~dropped)[settled.failed]] = True
        for number, rule in unique[:-1]:  # a later one may have moved a value back onto another
            again = broken_rows(rule, frame[~dropped].reset_index(drop=True))
            counts |= _counted(number, "rows_left_out", counts.get(f"rule_{number + 1}_rows_left_out", 0) + int(again.sum()))
            dropped[np.flatnonzero(~dropped)[again]] = True
        left = frame[~dropped].reset_index(drop=True)
        for number, total in enumerate(self.recipe.rules):
            if isinstance(total, Total) and _concerns(total, left):
                done = to_total(left, total, self.recipe, self._broken)
                left = done.frame
                counts |= _counted(number, "values_moved_to_total", done.moved) | _counted(number, "totals_missed", int(done.failed.sum()))
        return _returned(frame, left, ~dropped), counts, dropped

    def _broken(self, frame: pd.DataFrame) -> Array:
        """Which rows break a rule about rows, or the recipe's condition."""
        found = self.reasons(frame, of_table=False) != ""
        if self.recipe.where:
            conditions = parse_conditions(self.recipe.where, [column.name for column in self.recipe.columns])
            if set(conditions.names) <= set(frame.columns):
                found = found | ~conditions.mask(frame)
        return np.asarray(found, dtype=bool)

    @property
    def _given(self) -> set[str]:
        """Columns fixed from outside; those that only a condition restricts may move, and are held against it."""
        conditioned = parse_expression(self.recipe.where).names if self.recipe.where else ()
        return set(self.recipe.given) - set(conditioned)

    def _fixed(self, rule: Unique) -> tuple[str, ...]:
        """Columns that a value must not be moved in: those fixed from outside or tied by other rules."""
        tying = (Combinations, Dependency, Share, Sum)
        formulas = [other for other in self.recipe.rules if isinstance(other, ExpressionRule) and formula_of(other)]
        tied = {name for other in self.recipe.rules if isinstance(other, tying) or other in formulas for name in other.names}
        return tuple(name for name in rule.columns if name in self._given | tied)

    def _ordered(self, frame: pd.DataFrame) -> pd.DataFrame:
        names = [column.name for column in self.recipe.columns if column.name in frame]
        return frame[[*names, *(name for name in frame.columns if name not in names)]]

    def notes(self, counts: Mapping[str, int]) -> list[str]:
        """How each rule was kept, what became of the real rows, and what had to be moved."""
        return [*self._kept_how(), *self.remarks, *self._moved(counts)]

    def _kept_how(self) -> list[str]:
        rules = self.recipe.rules
        built = {number for number, _ in self.steps}
        known = {column.name for column in self.recipe.columns}
        outside = {number for number, rule in enumerate(rules) if not set(rule.names) <= known}
        whole = {number for number, rule in enumerate(rules) if rule.of_table} - outside
        redrawn = set(range(len(rules))) - built - outside - whole
        groups = [
            ("hold in every row by the way the rows are made", built),
            ("hold because every identifier is made afresh and differs from all others", outside),
            ("were kept by drawing rows that broke them again", redrawn),
            ("were settled over the whole table", whole),
        ]
        return [
            f"Rules that {words}: {', '.join(shown(rules[number].text) for number in sorted(numbers))}."
            for words, numbers in groups
            if numbers
        ]

    def _moved(self, counts: Mapping[str, int]) -> list[str]:
        words = {
            "rows_repaired": "rows were brought within the limits of a range, because drawing them again didn't help",
            "values_moved_apart": "repeated values were moved to the nearest free one for the rule {}",
            "values_moved_to_total": "values were moved to reach the rule {}",
            "rows_left_out": "rows were left out, because they repeat another and no free value was near, for the rule {}",
            "totals_missed": "sums could not be reached within the limits and the other rules, for the rule {}",
        }
        notes = []
        for key, count in counts.items():
            number, _, what = key.removeprefix("rule_").partition("_")
            if key == "rows_repaired" and count:
                notes.append(f"{count:,} {words[key]}.")
            elif key.startswith("rule_") and what in words and count and int(number) <= len(self.recipe.rules):
                notes.append(f"{count:,} {words[what].format(shown(self.recipe.rules[int(number) - 1].text))}.")
        return notes

    def to_state(self) -> State:
        """Everything needed to put the columns back, as plain data."""
        parts = [(number, step.to_state()) for number, step in self.steps]
        meta: dict[str, Json] = {
            "recipe": self.recipe.to_dict(),
            "steps": [{"rule": number, **state.meta} for number, state in parts],
            "lookups": [{"rule": number, "pairs": _pairs(lookup)} for number, lookup in self.lookups.items()],
            "remarks": list(self.remarks),
        }
        arrays = {f"{i}.{name}": array for i, (_, state) in enumerate(parts) for name, array in state.arrays.items()}
        return State(meta, arrays)


def take_off(frame: pd.DataFrame | None, recipe: Recipe) -> tuple[RulesLayer, pd.DataFrame | None, Recipe]:
    """Return the layer of a recipe's rules, and the frame and the recipe that the engine sees instead.

    Parameters
    ----------
    frame : pandas.DataFrame, optional
        The real rows; None for an engine that needs none.
    recipe : Recipe
        With rules.

    Raises
    ------
    RecipeError
        Observed combinations without rows to observe them in.
    """
    for number, rule in enumerate(recipe.rules):
        if frame is None and isinstance(rule, Combinations) and rule.listed is None:
            raise RecipeError(
                f"rules[{number}]: {shown(rule.text)} allows the combinations of the real rows, and there are none.",
                fix="List the combinations allowed: {'rule': 'combinations', 'columns': [...], 'listed': [[...], ...]}.",
            )
    plan: Plan = plan_steps(frame, recipe)
    layer = RulesLayer(recipe, plan.steps, plan.lookups, plan.remarks)
    groups = [name for name in recipe.groups if name in plan.columns]
    groups += [name for name, column in plan.columns.items() if column.role == "group" and name not in groups]
    inner = recipe.model_copy(
        update={
            "columns": tuple(plan.columns.values()),
            "rules": (),
            "groups": tuple(groups),
            "given": tuple(name for name in recipe.given if name in plan.columns),
        }
    )
    return layer, plan.frame, inner


def restore(state: State) -> RulesLayer:
    """Return what `RulesLayer.to_state` kept, with the recipe as it was when the rules were taken off.

    Raises
    ------
    RecordError
        The state isn't one of a layer of rules.
    RecipeError
        A rule is a Python function, which no file carries.
    """
    meta = state.meta
    try:
        kept = Recipe.from_dict(meta["recipe"])
        steps = tuple(
            (_rule_number(part, kept), _STEPS[part["step"]](State(part, _arrays(state, i)))) for i, part in enumerate(meta["steps"])
        )
        lookups = {_rule_number(part, kept): {tuple(key): tuple(value) for key, value in part["pairs"]} for part in meta["lookups"]}
        remarks = tuple(map(str, meta["remarks"]))
    except RecipeError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, AssertionError) as error:
        raise RecordError(f"The layer of rules doesn't hold together: {shown(str(error))}.", fix=_FIX) from error
    return RulesLayer(kept, steps, lookups, remarks)


def _rule_number(part: Mapping[str, Any], recipe: Recipe) -> int:
    number = int(part["rule"])
    if not 0 <= number < len(recipe.rules):
        raise ValueError(f"there is no rule {number}")
    return number


def _arrays(state: State, part: int) -> dict[str, Array]:
    prefix = f"{part}."
    return {name.removeprefix(prefix): array for name, array in state.arrays.items() if name.startswith(prefix)}


def _pairs(lookup: Lookup) -> list[Json]:
    return [[list(key), list(value)] for key, value in lookup.items()]


def _concerns(rule: Rule, frame: pd.DataFrame) -> bool:
    """Whether the rule's columns are there; identifiers are made by a layer around this one, each different."""
    return set(rule.names) <= set(frame.columns)


def _returned(frame: pd.DataFrame, part: pd.DataFrame, rows: Array) -> pd.DataFrame:
    """A frame with some of its rows replaced, in place."""
    if rows.all():
        return part
    whole = pd.concat([part.set_axis(np.flatnonzero(rows)), frame[~rows]])
    return whole.sort_index()


def _counted(number: int, what: str, count: int) -> dict[str, int]:
    return {f"rule_{number + 1}_{what}": count} if count else {}
