"""A column that an expression says outright, such as ``bmi == round(weight / height ** 2, 1)``, computed."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from typing_extensions import override

from synthnb.engines._layers.rule_axes import Axis, open_axes
from synthnb.engines._layers.rule_steps import Step, Taken
from synthnb.engines.base import State
from synthnb.errors import RecipeError
from synthnb.recipes.expressions import Expression, parse_expression
from synthnb.recipes.recipe import Column

if TYPE_CHECKING:
    from synthnb.engines.base import Unit
    from synthnb.recipes.rules import ExpressionRule

__all__ = ["DrawnFormula", "Formula", "formula_of", "take_formula"]

Array = np.ndarray[Any, Any]

_OFF_GRID = 1e-6


def formula_of(rule: ExpressionRule) -> tuple[str, Expression] | None:
    """Return the column that a rule says outright, and what it says; None if it says none."""
    try:
        whole = parse_expression(rule.expression)
    except RecipeError:
        return None
    tree = whole.tree
    if rule.when or not isinstance(tree, ast.Compare) or len(tree.ops) != 1 or not isinstance(tree.ops[0], ast.Eq):
        return None
    for target, said in ((tree.left, tree.comparators[0]), (tree.comparators[0], tree.left)):
        found = whole.part(said)
        if isinstance(target, ast.Name) and found.names and target.id not in found.names:
            return target.id, found
    return None


@dataclass(frozen=True)
class Formula(Step):
    """A column of numbers, computed from others."""

    axis: Axis
    """The column."""
    text: str
    """What it is."""
    learnt: bool
    """Whether the engine draws the column too, for rows in which the expression is missing."""

    @property
    def how(self) -> Mapping[str, str]:
        """How the column is made."""
        return {self.axis.column.name: f"computed: {self.text}" + (", and learnt where that is missing" if self.learnt else "")}

    @cached_property
    def _expression(self) -> Expression:
        return parse_expression(self.text)

    @override
    def rebuild(self, frame: pd.DataFrame, *, rows: Array, seed: int, unit: Unit) -> tuple[pd.DataFrame, Array]:
        """Compute the column; a row whose value isn't on the column's grid must be drawn again."""
        values = self._expression.values(frame)
        missing = values.isna().to_numpy(dtype=bool)
        found, off = _in_units(values.to_numpy(dtype="f8", na_value=0.0), self.axis)
        if self.learnt:
            drawn = self.axis.read(frame[self.axis.column.name])
            found, missing, off = np.where(missing, drawn.values, found), drawn.missing, off & ~missing
        cells, outside = self.axis.write(found, missing)
        return frame.assign(**{self.axis.column.name: cells.set_axis(frame.index)}), (outside | off) & ~missing

    def to_state(self) -> State:
        """The step as plain data."""
        return State({"step": "formula", "axis": self.axis.to_json(), "text": self.text, "learnt": self.learnt}, {})

    @classmethod
    def from_state(cls, state: State) -> Formula:
        """What `to_state` wrote."""
        step = cls(Axis.from_json(state.meta["axis"]), str(state.meta["text"]), bool(state.meta["learnt"]))
        assert step._expression.names, "a formula reads columns"
        return step


@dataclass(frozen=True)
class DrawnFormula(Step):
    """The same where there was nothing to learn from: put right on what the engine drew."""

    column: Column
    """The column."""
    text: str
    """What it is."""

    @property
    def how(self) -> Mapping[str, str]:
        """How the column is made."""
        return {self.column.name: f"computed: {self.text}"}

    def rebuild(self, frame: pd.DataFrame, *, rows: Array, seed: int, unit: Unit) -> tuple[pd.DataFrame, Array]:
        """Compute the column; where the expression is missing, what was drawn stays."""
        axes = open_axes(frame, [self.column])
        if isinstance(axes, str):
            return frame, np.ones(len(frame), dtype=bool)
        return Formula(axes[0], self.text, learnt=True).rebuild(frame, rows=rows, seed=seed, unit=unit)

    def to_state(self) -> State:
        """The step as plain data."""
        return State({"step": "drawn formula", "column": self.column.model_dump(mode="json"), "text": self.text}, {})

    @classmethod
    def from_state(cls, state: State) -> DrawnFormula:
        """What `to_state` wrote."""
        return cls(Column.model_validate(state.meta["column"]), parse_expression(str(state.meta["text"])).text)


def _in_units(values: Array, axis: Axis) -> tuple[Array, Array]:
    """Numbers in the axis's unit, and which don't lie on its grid."""
    if not axis.factor:
        return values, ~np.isfinite(values)
    units = np.where(np.isfinite(values), values, 0.0) * axis.per_one
    units = np.clip(units, -(2.0**61), 2.0**61)
    whole = np.rint(units)
    return whole.astype("i8"), (np.abs(units - whole) > _OFF_GRID * np.maximum(1.0, np.abs(whole) * 1e-3)) | ~np.isfinite(values)


def take_formula(frame: pd.DataFrame, column: Column, expression: Expression) -> Taken | str:
    """Take a column off that follows from others; real rows that break the rule are learnt without it."""
    axes = open_axes(frame, [column])
    if isinstance(axes, str):
        return axes
    values = expression.values(frame)
    if column.kind not in {"integer", "real", "constant"} or not pd.api.types.is_numeric_dtype(values.dtype):
        return f"{column.name} isn't a number"
    known, present = values.notna().to_numpy(dtype=bool), axes[0].read(frame[column.name])
    found, off = _in_units(values.to_numpy(dtype="f8", na_value=0.0), axes[0])
    if (off & known).sum() * 2 > known.sum():
        return f"what is said of {column.name} has more decimals than the column; put round(..., places) around it"
    learnt = bool((~known | present.missing).any())
    near = np.abs(found - present.values) <= 1e-9 * np.maximum(1.0, np.abs(found)) if not axes[0].factor else found == present.values
    kept = ~known | present.missing | (near & ~off)
    return Taken(Formula(axes[0], expression.text, learnt), kept, () if learnt else (column.name,), frame[[]], ())
