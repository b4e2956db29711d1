"""What rules that say equal numbers of a row come to together: contradictions, and columns left a single value.

Sums, shares, and formulas that are linear in their columns are linear equations between the cells of a row. They are
solved exactly, in fractions, as far as they go: ``a == b + 1`` and ``b == a + 1`` leave 0 = 2. Other formulas are passed over.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeGuard

from synthnb.errors import RecipeError, shown
from synthnb.recipes.expressions import parse_expression
from synthnb.recipes.rules.models import ExpressionRule, Range, Share, Sum

if TYPE_CHECKING:
    from synthnb.recipes.rules.bounds import Limits
    from synthnb.recipes.rules.models import Rule

__all__ = ["contradictions"]

_MOST = 200
"""Equations looked at; more would take long."""
_LARGEST = 10**300
_ALIKE = Fraction(1, 10**9)
"""Numbers that aren't whole count as equal within this share; see `synthnb.recipes.expressions`."""


@dataclass(frozen=True)
class _Equation:
    """Σ coefficient × column = constant, and the rules it follows from."""

    terms: Mapping[str, Fraction]
    constant: Fraction
    rules: frozenset[int]

    def less(self, other: _Equation, times: Fraction) -> _Equation:
        """What is left once a multiple of another equation is taken off."""
        names = dict.fromkeys((*self.terms, *other.terms))
        terms = {name: self.terms.get(name, Fraction(0)) - times * other.terms.get(name, Fraction(0)) for name in names}
        kept = {name: factor for name, factor in terms.items() if factor}
        return _Equation(kept, self.constant - times * other.constant, self.rules | other.rules)


def contradictions(rules: Iterable[tuple[int, Rule]], numbers: Iterable[str], limits: Mapping[str, Limits]) -> list[str]:
    """Return a sentence for each rule that can't hold in any row together with those before it.

    Parameters
    ----------
    rules : iterable of (int, Rule)
        The rules with their numbers.
    numbers : iterable of str
        The columns that hold numbers; rules about others are passed over.
    limits : mapping
        Between which values columns may lie.
    """
    known, listed = set(numbers), dict(rules)
    solved: dict[str, _Equation] = {}
    problems = []
    for number, rule in list(listed.items())[:_MOST]:
        found = _equation(number, rule)
        if found is None or not set(found.terms) <= known:
            continue
        scale = max((abs(part) for part in (*found.terms.values(), found.constant)), default=Fraction(0))
        for name, equation in solved.items():
            if name in found.terms:
                found = found.less(equation, found.terms[name])
        if not found.terms:
            if abs(found.constant) > _ALIKE * scale and not _is_told_elsewhere(found, listed):
                problems.append(_told(number, found, listed))
            continue
        name = next(iter(found.terms))
        unit = _Equation({}, Fraction(0), frozenset()).less(found, -1 / found.terms[name])
        solved = {other: equation.less(unit, equation.terms.get(name, Fraction(0))) for other, equation in solved.items()} | {name: unit}
    return problems or [problem for name, equation in solved.items() if (problem := _outside(name, equation, limits, listed))]


def _is_told_elsewhere(found: _Equation, listed: Mapping[int, Rule]) -> bool:
    """Whether single values contradict one another, or one sum's parts or total, which the check of limits tells."""
    tied = [listed[number] for number in found.rules if not isinstance(listed[number], Range)]
    return not tied or (len(tied) == 1 and isinstance(tied[0], Sum | Share))


def _told(number: int, found: _Equation, listed: Mapping[int, Rule]) -> str:
    others = [shown(listed[other].text) for other in sorted(found.rules - {number})]
    together = f" together with {' and '.join(others)}" if others else ""
    return f"rules[{number}]: {shown(listed[number].text)} holds in no row{together}"


def _outside(name: str, equation: _Equation, limits: Mapping[str, Limits], listed: Mapping[int, Rule]) -> str:
    """A problem if the rules leave a column one value, and that lies beyond its limits."""
    if len(equation.terms) > 1 or name not in limits or len(equation.rules) < 2:
        return ""
    if abs(equation.constant) > _LARGEST:
        return ""
    value, limit = float(equation.constant), limits[name]
    slack = 1e-9 * max(abs(value), 1.0)
    off_grid = bool(limit.step) and abs(value / limit.step - round(value / limit.step)) > 1e-6
    if limit.low - slack <= value <= limit.high + slack and not off_grid:
        return ""
    told = " and ".join(shown(listed[number].text) for number in sorted(equation.rules))
    return f"rules[{max(equation.rules)}]: {told} together leave column {shown(name)} the value {value:g} alone, which it can't hold"


def _equation(number: int, rule: Rule) -> _Equation | None:
    """What a rule says of every row, as an equation; None if it says another thing."""
    one = Fraction(1)
    if isinstance(rule, Sum):
        return _Equation({rule.total: one, **dict.fromkeys(rule.parts, -one)}, Fraction(0), frozenset({number}))
    if isinstance(rule, Share):
        return _Equation(dict.fromkeys(rule.parts, one), _exact(rule.constant), frozenset({number}))
    if isinstance(rule, Range) and not rule.when and rule.low == rule.high and _is_finite(rule.low):
        return _Equation({rule.column: one}, _exact(rule.low), frozenset({number}))
    if not isinstance(rule, ExpressionRule) or rule.when:
        return None
    try:
        tree = parse_expression(rule.expression).tree
    except RecipeError:
        return None
    if not isinstance(tree, ast.Compare) or len(tree.ops) != 1 or not isinstance(tree.ops[0], ast.Eq):
        return None
    left, right = _linear(tree.left), _linear(tree.comparators[0])
    if left is None or right is None:
        return None
    whole = left.less(right, one)
    return _Equation(whole.terms, whole.constant, frozenset({number}))


def _is_finite(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _exact(value: float) -> Fraction:
    """A number as it is written: 0.1 is a tenth."""
    return Fraction(repr(value))


def _linear(tree: ast.expr) -> _Equation | None:
    """A part of an expression as Σ terms − constant; None if it isn't linear.

    The constant is negative so that moving all to one side gives an equation.
    """
    nothing: frozenset[int] = frozenset()
    if isinstance(tree, ast.Name):
        return _Equation({tree.id: Fraction(1)}, Fraction(0), nothing)
    if isinstance(tree, ast.Constant) and _is_finite(tree.value):
        return _Equation({}, -_exact(tree.value), nothing)
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub | ast.UAdd):
        part = _linear(tree.operand)
        return part if part is None or isinstance(tree.op, ast.UAdd) else _times(part, Fraction(-1))
    if not isinstance(tree, ast.BinOp):
        return None
    left, right = _linear(tree.left), _linear(tree.right)
    if left is None or right is None:
        return None
    if isinstance(tree.op, ast.Add | ast.Sub):
        return left.less(right, Fraction(-1 if isinstance(tree.op, ast.Add) else 1))
    if isinstance(tree.op, ast.Mult) and not (left.terms and right.terms):
        return _times(left, -right.constant) if not right.terms else _times(right, -left.constant)
    if isinstance(tree.op, ast.Div) and not right.terms and right.constant:
        return _times(left, -1 / right.constant)
    return None


def _times(part: _Equation, factor: Fraction) -> _Equation:
    return _Equation({}, Fraction(0), frozenset()).less(part, -factor)
