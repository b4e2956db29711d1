"""Contradictions among rules, found before anything runs and told all at once."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from synthnb.errors import RecipeError, shown
from synthnb.recipes.conditions import parse_conditions
from synthnb.recipes.expressions import near_names, parse_expression
from synthnb.recipes.rules.bounds import Limits, family, limits_of, narrowed, ordered
from synthnb.recipes.rules.equations import contradictions
from synthnb.recipes.rules.models import (
    Combinations,
    Dependency,
    ExpressionRule,
    FunctionRule,
    Order,
    Range,
    Share,
    Sum,
    Total,
    Unique,
)

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.recipes.recipe import Column, Recipe
    from synthnb.recipes.rules.models import Rule

__all__ = ["check_rules"]

_ORDERED = {"number", "moment", "zoned", "timedelta", "time"}
_GROUPS = {"category", "boolean", "constant"}


def check_rules(recipe: Recipe, frame: pd.DataFrame | None = None) -> list[str]:
    """Return how many real rows break each rule, in sentences; empty where none does or there is no frame.

    Parameters
    ----------
    recipe : Recipe
        With the rules to check.
    frame : pandas.DataFrame, optional
        The real rows.

    Raises
    ------
    RecipeError
        Rules that name no column, don't fit their columns, or contradict one another or the columns'
        declared limits. Every problem is listed with its path, such as ``rules[2].columns[0]``.
    """
    check = _Check(recipe)
    problems = check.names() or [
        *check.kinds(),
        *check.ranges(),
        *check.orders(),
        *check.sums(),
        *check.equations(),
        *check.tables(),
        *check.makers(),
        *check.where(),
    ]
    notes: list[str] = []
    if frame is not None and not problems:
        notes, problems = _on_real_rows(recipe, frame)
    if problems:
        raise RecipeError(f"The rules don't hold together: {'; '.join(problems)}.", fix="Correct or drop the rules named.")
    return notes


def _on_real_rows(recipe: Recipe, frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Sentences on rules that real rows break, and problems with rules that can't be computed."""
    from synthnb.recipes.rules.broken import broken_rows

    notes, problems = [], []
    for number, rule in enumerate(recipe.rules):
        if set(rule.names) <= set(frame.columns):
            try:
                count = int(broken_rows(rule, frame).sum())
            except RecipeError as error:
                problems.append(f"rules[{number}]: {error.message.rstrip('.')}")
                continue
            notes += [f"{count:,} of the {len(frame):,} real rows break the rule {shown(rule.text)}."] if count else []
    return notes, problems


class _Check:
    """The rules of a recipe, with what is known of its columns."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.rules = list(enumerate(recipe.rules))
        self.columns = {column.name: column for column in recipe.columns}
        self.limits: dict[str, Limits] = limits_of(recipe)

    def each(self, kind: Any) -> Iterator[tuple[int, Any]]:
        """The rules of a kind, with their numbers."""
        return ((number, rule) for number, rule in self.rules if isinstance(rule, kind))

    def names(self) -> list[str]:
        """Columns that don't exist or occur twice in a rule, and expressions that don't parse."""
        problems = []
        for number, rule in self.rules:
            for path, name in _paths(rule):
                if name not in self.columns:
                    near = near_names(name, list(self.columns)).strip()
                    problems.append(
                        f"rules[{number}].{path}: there is no column {shown(name)}" + (f" ({near[0].lower()}{near[1:]})" if near else "")
                    )
            twice = [name for name, count in Counter(rule.names).items() if count > 1 and not isinstance(rule, ExpressionRule)]
            problems += [f"rules[{number}]: column {shown(name)} occurs twice" for name in twice]
            problems += self._expressions(number, rule)
        return problems

    def _expressions(self, number: int, rule: Rule) -> list[str]:
        fields = [(field, getattr(rule, field, "")) for field in ("expression", "when")]
        problems = []
        for field, text in fields:
            if text:
                try:
                    expression = parse_expression(text, list(self.columns))
                except RecipeError as error:
                    problems.append(f"rules[{number}].{field}: {error.message.rstrip('.')}")
                    continue
                unmade = [name for name in expression.names if self.columns[name].kind in {"text", "identifier"}]
                problems += [f"rules[{number}].{field}: {self._unmade(name)}" for name in unmade]
        return problems

    def _unmade(self, name: str) -> str:
        kind = self.columns[name].kind
        return f"column {shown(name)} is {'text, which is left out' if kind == 'text' else 'an identifier, which is made afresh'}"

    def kinds(self) -> list[str]:
        """Columns that a rule can't be about."""
        problems = []
        for number, rule in self.rules:
            for path, name in _paths(rule):
                column = self.columns[name]
                if column.kind == "text" or (column.kind == "identifier" and not isinstance(rule, Unique)):
                    problems.append(f"rules[{number}].{path}: {self._unmade(name)}")
                elif (wanted := _wanted(rule, path, column)) and column.kind != "empty":
                    problems.append(f"rules[{number}].{path}: column {shown(name)} is of kind {column.kind}; {wanted}")
            if isinstance(rule, Order):
                families = {self._family(name) for name in rule.columns if self.columns[name].kind not in {"constant", "empty"}}
                if len(families) > 1:
                    problems.append(f"rules[{number}]: {', '.join(map(shown, rule.columns))} can't be compared with one another")
            if isinstance(rule, Combinations) and rule.listed is not None and any(len(row) != len(rule.columns) for row in rule.listed):
                problems.append(f"rules[{number}].listed: each combination needs {len(rule.columns)} values")
        return problems

    def _family(self, name: str) -> str:
        column = self.columns[name]
        return f"levels {column.levels}" if column.ordered else family(column)

    def ranges(self) -> list[str]:
        """Limits that leave nothing; narrows what is known of the columns on the way."""
        problems = []
        for number, rule in self.each(Range):
            column = self.columns[rule.column]
            if column.kind in {"constant", "empty"} or column.ordered or rule.column not in self.limits:
                continue
            try:
                alone = narrowed(Limits(step=self.limits[rule.column].step), rule, column)
                within = narrowed(self.limits[rule.column], rule, column)
            except (ValueError, OverflowError) as error:
                problems.append(f"rules[{number}]: {shown(rule.text)} isn't a range of {column.kind} column {shown(rule.column)} ({error})")
                continue
            if alone.empty:
                problems.append(f"rules[{number}]: no {column.kind} value lies in {shown(rule.text)}")
            elif within.empty and not rule.when:
                problems.append(
                    f"rules[{number}]: {shown(rule.text)} leaves no value of column {shown(rule.column)} within its other limits"
                )
            elif not rule.when:
                self.limits[rule.column] = within
        return problems

    def orders(self) -> list[str]:
        """Strict orders that turn in a circle, and orders that the limits rule out."""
        rules = [(number, rule) for number, rule in self.each(Order) if not rule.when]
        problems = [
            f"rules[{number}]: the order {shown(rule.text)} turns in a circle with the other orders" for number, rule in _circular(rules)
        ]
        if problems:
            return problems
        pushed = ordered(self.limits, [rule for _, rule in rules])
        for number, rule in rules:
            tight = [name for name in rule.columns if name in pushed and pushed[name].empty]
            if tight and not any(self.limits[name].empty for name in tight):
                problems.append(
                    f"rules[{number}]: the limits of {', '.join(map(shown, tight))} leave no room for the order {shown(rule.text)}"
                )
        if not problems:
            self.limits = pushed
        return problems

    def sums(self) -> list[str]:
        """Sums and shares that the limits of their parts rule out."""
        problems = []
        for number, rule in self.each((Sum, Share)):
            parts = [self.limits.get(name, Limits()) for name in rule.parts]
            low, high = sum(part.low for part in parts), sum(part.high for part in parts)
            if isinstance(rule, Share):
                whole = Limits(rule.constant, rule.constant)
                low = sum(max(part.low, 0.0) for part in parts)
                problems += [
                    f"rules[{number}].parts: column {shown(name)} is at most {part.high:g}, and a share isn't negative"
                    for name, part in zip(rule.parts, parts, strict=True)
                    if part.high < 0
                ]
                if all(self.columns[name].kind == "integer" for name in rule.parts) and rule.constant != int(rule.constant):
                    problems.append(f"rules[{number}].constant: whole numbers can't add up to {rule.constant}")
            else:
                whole = self.limits.get(rule.total, Limits())
            if low > whole.high + 1e-9 or high < whole.low - 1e-9:
                span = f"{low:g} to {high:g}, not {whole.low:g}" + ("" if whole.low == whole.high else f" to {whole.high:g}")
                problems.append(f"rules[{number}]: the parts of {shown(rule.text)} add up to {span}")
        return problems

    def equations(self) -> list[str]:
        """Rules that say equal numbers and can't all hold in one row."""
        numbers = [name for name, column in self.columns.items() if family(column) == "number" or _is_number(column)]
        return contradictions(self.rules, numbers, self.limits)

    def tables(self) -> list[str]:
        """Unique columns with too few values, and totals that can't be reached."""
        problems = []
        for number, rule in self.each(Unique):
            size = math.prod(self._size(name) for name in rule.columns)
            if size < self.recipe.rows:
                problems.append(
                    f"rules[{number}]: {shown(rule.text)} leaves {size:,.0f} possible rows, but {self.recipe.rows:,} are to be made"
                )
        totals = Counter((rule.column, rule.by) for _, rule in self.each(Total))
        for number, rule in self.each(Total):
            if totals[rule.column, rule.by] > 1:
                problems.append(f"rules[{number}]: column {shown(rule.column)} has several totals")
            problems += self._total(number, rule)
        return problems

    def _size(self, name: str) -> float:
        """How many values a column may hold; infinite if that isn't known or missing cells aren't compared."""
        column = self.columns[name]
        if column.missing:
            return math.inf
        if column.kind in {"category", "constant"} and column.levels is not None:
            return len(column.levels)
        if column.kind == "boolean":
            return 2
        return self.limits[name].size if name in self.limits else math.inf

    def _total(self, number: int, rule: Total) -> list[str]:
        column, limits = self.columns[rule.column], self.limits.get(rule.column, Limits())
        wanted = [rule.value] if rule.value is not None else [value for _, value in rule.values]
        problems = []
        for value in wanted:
            steps = value / limits.step if limits.step else 0.0
            if abs(steps - round(steps)) > 1e-6:
                problems.append(f"rules[{number}]: {column.kind} cells of column {shown(rule.column)} can't add up to {value}")
            most, least = self.recipe.rows * max(limits.high, 0.0), self.recipe.rows * min(limits.low, 0.0)
            if rule.by is None and not column.missing:
                most, least = self.recipe.rows * limits.high, self.recipe.rows * limits.low
            if value > most or value < least:
                problems.append(
                    f"rules[{number}]: {self.recipe.rows:,} rows of {shown(rule.column)} add up to {least:g} to {most:g}, not {value}"
                )
        levels = self.columns[rule.by].levels if rule.by else None
        if levels is not None:
            problems += [
                f"rules[{number}].values: column {shown(rule.by)} has no level {shown(level)}"
                for level, _ in rule.values
                if level not in levels
            ]
        return problems

    def makers(self) -> list[str]:
        """Columns of which two rules would have to have the last word."""
        taken = {name: rule for _, rule in self.each((Sum, Share, Dependency, Combinations, Unique)) for name in rule.names}
        return [
            f"rules[{number}].column: {shown(rule.column)} can't be moved to a total: {shown(taken[rule.column].text)} ties it"
            for number, rule in self.each(Total)
            if rule.column in taken
        ] + [
            f"rules[{number}].column: column {shown(rule.column)} is fixed from outside and can't be moved to a total"
            for number, rule in self.each(Total)
            if rule.column in self.recipe.given
        ]

    def where(self) -> list[str]:
        """A condition that the rules leave no row for."""
        if not self.recipe.where:
            return []
        try:
            parse_conditions(self.recipe.where, [self._limited(column) for column in self.recipe.columns])
        except RecipeError as error:
            return [f"where: {error.message.rstrip('.')}"]
        return []

    def _limited(self, column: Column) -> Column:
        """A column with the limits that the rules leave it."""
        limits = self.limits.get(column.name)
        if limits is None or family(column) not in {"number", "moment"}:
            return column
        found: dict[str, Any] = {}
        for field, value in (("minimum", limits.low), ("maximum", limits.high)):
            if math.isfinite(value):
                found[field] = value if family(column) == "number" else _instant(value)
        return column.model_copy(update=found)


def _instant(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).replace(tzinfo=None).isoformat()


def _paths(rule: Rule) -> list[tuple[str, str]]:
    """Columns of a rule by the path of the field that names them; those in expressions are looked at apart."""
    if isinstance(rule, (ExpressionRule, FunctionRule)):
        return []
    found: list[tuple[str, str]] = []
    for field in ("column", "total", "by", "columns", "determinants", "dependents", "parts"):
        value = getattr(rule, field, None)
        if isinstance(value, str):
            found.append((field, value))
        elif value is not None:
            found += [(f"{field}[{i}]", name) for i, name in enumerate(value)]
    return found


def _wanted(rule: Rule, path: str, column: Column) -> str:
    """What the rule needs, in words, if the column isn't that."""
    checks: dict[type, tuple[Callable[[], bool], str]] = {
        Range: (lambda: family(column) in _ORDERED or column.ordered or column.kind == "constant", "a range needs numbers, dates or times"),
        Order: (
            lambda: family(column) in _ORDERED or column.ordered or column.kind == "constant",
            "an order needs numbers, dates or times",
        ),
        Sum: (lambda: family(column) == "number" or _is_number(column), "a sum needs numbers"),
        Share: (lambda: family(column) == "number" or _is_number(column), "shares are numbers"),
        Total: (
            lambda: column.kind in _GROUPS if path == "by" else family(column) == "number",
            "a total needs numbers, and groups need levels",
        ),
    }
    fits, words = checks.get(type(rule), (lambda: True, ""))
    return "" if fits() else words


def _is_number(column: Column) -> bool:
    level = column.levels[0] if column.kind == "constant" and column.levels else None
    return isinstance(level, (int, float)) and not isinstance(level, bool)


def _circular(rules: Sequence[tuple[int, Order]]) -> list[tuple[int, Order]]:
    """Strict orders of which a column lies, through the orders, below itself."""
    above: dict[str, set[str]] = {}
    for _, rule in rules:
        for low, high in itertools.pairwise(rule.columns):
            above.setdefault(low, set()).add(high)
    return [
        (number, rule)
        for number, rule in rules
        if rule.strict and any(low in _reached(high, above) for low, high in itertools.pairwise(rule.columns))
    ]


def _reached(start: str, above: dict[str, set[str]]) -> set[str]:
    found, todo = {start}, [start]
    while todo:
        for name in above.get(todo.pop(), set()) - found:
            found.add(name)
            todo.append(name)
    return found
