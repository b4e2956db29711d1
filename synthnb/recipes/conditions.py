"""Conditions: what every row made must meet, taken apart by column where that can be done.

::

    age > 65 and sex == 'F' and start <= end
    └─ age ┘     └─ sex ──┘     └── rest ──┘

An engine that draws column after column can meet a condition on one column as it draws it;
what ties several columns together is looked at when the row is complete.
"""

from __future__ import annotations

import ast
import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from synthnb.errors import RecipeError, shown
from synthnb.recipes.expressions import Expression, conjunction, parse_expression

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from synthnb.recipes.recipe import Column

__all__ = ["Condition", "Conditions", "parse_conditions"]

_MOMENTS = ("date", "datetime")
_NUMBERS = ("integer", "real")


@dataclass(frozen=True)
class Condition:
    """What the cells of one column must meet."""

    column: str
    """The column's name."""
    expression: Expression
    """The condition; it reads no other column."""

    def admits(self, cells: pd.Series[Any]) -> np.ndarray[Any, Any]:
        """Return a boolean per cell; False where a missing cell leaves it undecided.

        Raises
        ------
        RecipeError
            The cells can't be compared as the condition does.
        """
        import pandas as pd

        return self.expression.mask(pd.DataFrame({self.column: cells}))


@dataclass(frozen=True)
class Conditions:
    """What every row must meet."""

    text: str
    """As it was written; empty for no condition."""
    by_column: Mapping[str, Condition] = field(default_factory=dict)
    """What can be told of one column alone. All must hold."""
    rest: Expression | None = None
    """What ties several columns together; it must hold too."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns read, in order of appearance by column, then in the rest."""
        return tuple(dict.fromkeys([*self.by_column, *(self.rest.names if self.rest else ())]))

    def mask(self, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        """Return a boolean per row: whether it meets every condition.

        Raises
        ------
        RecipeError
            A column isn't in the frame, or can't be compared as a condition does.
        """
        import numpy as np

        met = np.ones(len(frame), dtype=bool)
        for condition in self.by_column.values():
            met &= condition.expression.mask(frame)
        return met & self.rest.mask(frame) if self.rest else met


def parse_conditions(text: str, columns: Sequence[str | Column]) -> Conditions:
    """Return conditions, taken apart by column.

    Parameters
    ----------
    text : str
        An expression as in `synthnb.recipes.expressions`; empty for none.
    columns : sequence of str or Column
        The columns there are. With columns of a recipe, levels that don't exist and
        conditions that no cell can meet are found too.

    Raises
    ------
    RecipeError
        Not an expression; a column or a level that doesn't exist; a condition that no row can meet.
    """
    if not text.strip():
        return Conditions("")
    known = {column if isinstance(column, str) else column.name: column for column in columns}
    whole = parse_expression(text, list(known))
    if not whole.names:
        raise RecipeError(f"The condition {shown(text)} names no column.", fix="Name one, as in 'age > 65'.")
    apart: dict[str, list[ast.expr]] = {}
    rest: list[ast.expr] = []
    for part in conjunction(whole.tree):
        names = whole.part(part).names
        (apart.setdefault(names[0], []) if len(names) == 1 else rest).append(part)
    by_column = {name: Condition(name, whole.part(_all(parts))) for name, parts in apart.items()}
    _refuse_impossible(text, by_column, {name: column for name, column in known.items() if not isinstance(column, str)})
    return Conditions(text.strip(), by_column, whole.part(_all(rest)) if rest else None)


def _all(parts: list[ast.expr]) -> ast.expr:
    return parts[0] if len(parts) == 1 else ast.BoolOp(ast.And(), parts)


def _refuse_impossible(text: str, by_column: Mapping[str, Condition], known: Mapping[str, Column]) -> None:
    problems = [
        problem
        for name, condition in by_column.items()
        if name in known
        for problem in (_left_out(known[name]) or _unknown_levels(condition, known[name]) or _unmet(condition, known[name]))
    ]
    if problems:
        raise RecipeError(f"The condition {shown(text)} can't be met: {'; '.join(problems)}.", fix="Correct or widen the condition.")


def _left_out(column: Column) -> list[str]:
    """Text isn't made by an engine, so nothing about it can be asked for."""
    unmade = {"text": "text, which is left out", "identifier": "an identifier, which is made afresh"}.get(column.kind)
    return [f"column {shown(column.name)} is {unmade}"] if unmade else []


def _unknown_levels(condition: Condition, column: Column) -> list[str]:
    """Constants that a category is to equal and that are none of its levels."""
    if column.kind not in {"category", "constant"} or column.levels is None:
        return []
    asked = [value for value in _equal_to(condition.expression.tree) if not any(_is_level(value, level) for level in column.levels)]
    levels = ", ".join(map(shown, column.levels[:8])) + (f" and {len(column.levels) - 8} more" if len(column.levels) > 8 else "")
    return [f"column {shown(column.name)} has no level {shown(value)}; its levels are {levels}" for value in asked]


def _is_level(value: object, level: object) -> bool:
    return value == level or str(value) == level  # a level that JSON can't say is given by its text


def _equal_to(tree: ast.expr) -> list[Any]:
    """Constants compared with a bare column by ``==`` or ``in``."""
    found: list[Any] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.left, (ast.Name, ast.Constant)):
            sides = [node.left, *node.comparators]
            for i, operator in enumerate(node.ops):
                if isinstance(operator, (ast.Eq, ast.In)) and any(isinstance(side, ast.Name) for side in sides[i : i + 2]):
                    found += [value for side in sides[i : i + 2] for value in _constants(side)]
    return list(dict.fromkeys(found))


def _constants(node: ast.expr) -> list[Any]:
    nodes = node.elts if isinstance(node, ast.List) else [node]
    return [item.value for item in nodes if isinstance(item, ast.Constant) and item.value is not None]


def _unmet(condition: Condition, column: Column) -> list[str]:
    """Whether no cell the column may hold meets the condition; nothing where that can't be told."""
    samples = _samples(condition.expression.tree, column)
    if samples is None or condition.admits(samples).any():
        return []
    within = f" from {column.minimum} to {column.maximum}" if column.minimum is not None and column.maximum is not None else ""
    return [f"no value of column {shown(column.name)}{within} meets {shown(condition.expression.text)}"]


def _samples(tree: ast.expr, column: Column) -> pd.Series[Any] | None:
    """Cells of which one meets the condition if any cell does: levels, or points at and between the constants."""
    import pandas as pd

    gone = [None] if column.missing else []
    if column.kind == "boolean":
        return pd.Series([True, False, *gone], dtype=object)
    if column.kind in {"category", "constant"} and column.levels and not column.ordered and column.dtype in {"object", "str", "category"}:
        return pd.Series([*column.levels, *gone], dtype=object)
    constants = _cut_points(tree)
    if constants is None or column.kind not in (*_NUMBERS, *_MOMENTS):
        return None
    try:
        points = _number_points(constants, column) if column.kind in _NUMBERS else _moment_points(constants, column)
    except (TypeError, ValueError):
        return None
    return pd.Series([*points, *gone], dtype=object) if points or gone else None


def _cut_points(tree: ast.expr) -> list[Any] | None:
    """Every constant, if the condition does nothing with its column but compare it with constants."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) or (isinstance(node, ast.Call) and _name(node) not in {"isna", "notna"}):
            return None
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value is not None]


def _name(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _number_points(constants: list[Any], column: Column) -> list[Any]:
    if any(isinstance(value, str) for value in constants):
        raise TypeError
    low, high = column.minimum, column.maximum
    cuts = sorted({float(value) for value in (*constants, *(bound for bound in (low, high) if bound is not None))})
    step = 1.0 if column.kind == "integer" else 10.0 ** -(column.decimals or 0) if (column.decimals or 0) > 0 else 0.0
    near = [cut + sign * (step or max(1.0, abs(cut)) / 2) for cut in cuts for sign in (-1, 0, 1)]
    if not step:
        near += [(a + b) / 2 for a, b in itertools.pairwise(cuts)]
    if column.kind == "integer":
        near = [float(round(point)) for point in near]
    return [x for x in near if (low is None or x >= float(low)) and (high is None or x <= float(high))]


def _moment_points(constants: list[Any], column: Column) -> list[Any]:
    """Moments at, just before and just after the constants; days for dates. None in a column with a zone."""
    if "," in column.dtype or any(not isinstance(value, str) for value in constants):
        raise TypeError
    low, high = (None if bound is None else dt.datetime.fromisoformat(str(bound)) for bound in (column.minimum, column.maximum))
    cuts = [dt.datetime.fromisoformat(value) for value in constants] + [bound for bound in (low, high) if bound is not None]
    step = dt.timedelta(days=1) if column.kind == "date" else dt.timedelta(seconds=1)
    near = [cut + sign * step for cut in cuts for sign in (-1, 0, 1)]
    if column.kind == "date":
        near = [point.replace(hour=0, minute=0, second=0, microsecond=0) for point in near]
    return [x for x in near if (low is None or x >= low) and (high is None or x <= high)]
