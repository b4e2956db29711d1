"""Rules written as text.

==============================  ==========================================
``start <= end``                order; ``<`` is strict, chains may be longer
``0 <= age <= 120``             range
``total == a + b + c``          sum; so is ``net == gross - tax``
``share(a, b, c) == 1``         share
``city -> country``             dependency; several names with commas
``combinations(city, country)``  combinations observed together
``unique(id)``                  unique
``sum(cost) == 1000000``        total over the table
``sum(cost, by=site) == 500``   total in each group
anything else                   expression
==============================  ==========================================

A range, an order or an expression may end in ``when``, as in ``start <= end when status == 'closed'``.
"""

from __future__ import annotations

import ast
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from synthnb.errors import OptionError, RecipeError, shown
from synthnb.recipes.expressions import parse_expression
from synthnb.recipes.rules.models import (
    Combinations,
    ExpressionRule,
    FunctionRule,
    Order,
    Range,
    Rule,
    Sum,
    Unique,
)

if TYPE_CHECKING:
    from synthnb.recipes.recipe import Column

__all__ = ["parse_rule", "parse_rules"]

_CALL = re.compile(r"\s*(unique|combinations|share|sum)\s*\((.*)\)\s*(?:==\s*([-+0-9._eE]+)\s*)?", re.DOTALL)
_CLOCK = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?")
_SPAN = re.compile(r"-?\d+(\.\d+)? ?(weeks?|days?|hours?|minutes?|seconds?)")
_FORMS = "Write it as 'start <= end', '0 <= age <= 120', 'unique(id)', 'city -> country', 'sum(cost) == 100' or an expression."
_RULE: TypeAdapter[Rule] = TypeAdapter(Rule)


def parse_rules(rules: Sequence[object], columns: Sequence[Column] = ()) -> tuple[Rule, ...]:
    """Return rules, each as `parse_rule` reads it.

    Parameters
    ----------
    rules : sequence
        Of text, mappings, functions or rules.
    columns : sequence of Column
        The recipe's; names of theirs that aren't words needn't be in backquotes in lists of names.

    Raises
    ------
    RecipeError
        Some aren't rules; all are told at once.
    """
    listed = [rules] if isinstance(rules, (str, Mapping)) else list(rules)
    names = [column.name for column in columns]
    read, problems = [], []
    for number, rule in enumerate(listed):
        try:
            read.append(parse_rule(rule, names))
        except (RecipeError, OptionError) as error:
            problems.append(f"rules[{number}]: {error}")
    if problems:
        raise RecipeError(" ".join(problems))
    return tuple(read)


def parse_rule(rule: object, columns: Sequence[str] = ()) -> Rule:
    """Return a rule from text, a mapping of its fields, a Python function, or a rule.

    Parameters
    ----------
    rule : str, mapping, callable or Rule
        What to read.
    columns : sequence of str
        Names that needn't be in backquotes in lists of names.

    Raises
    ------
    RecipeError
        The text or the mapping isn't a rule.
    OptionError
        Something else came.
    """
    if isinstance(rule, BaseModel) and not isinstance(rule, FunctionRule):
        rule = rule.model_dump()
    if isinstance(rule, str):
        return _read(rule, columns)
    if isinstance(rule, Mapping):
        return _from_fields(rule)
    if isinstance(rule, FunctionRule):
        return rule
    if callable(rule):
        return FunctionRule.of(rule)
    raise RecipeError(f"A rule must be text, a mapping or a function; got {shown(rule)}.", fix=_FORMS)


def _from_fields(fields: Mapping[Any, Any]) -> Rule:
    try:
        return _RULE.validate_python(dict(fields))
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc'])) or 'rule'}: {item['msg']}" for item in error.errors())
        raise RecipeError(f"This isn't a rule: {problems}. Got {shown(dict(fields))}.", fix="Correct the fields named.") from error


def _read(text: str, columns: Sequence[str]) -> Rule:
    if not text.strip():
        raise RecipeError("A rule is empty.", fix=_FORMS)
    sides = _split(text, "->")
    if len(sides) == 2:
        return _from_fields(
            {"rule": "dependency", "determinants": _names(sides[0], text, columns), "dependents": _names(sides[1], text, columns)}
        )
    call = _CALL.fullmatch(text)
    if call and len(_split(call[2], ")")) == 1:
        return _called(text, call, columns)
    parts = _split(text, " when ")
    if len(parts) > 2:
        raise RecipeError(f"The rule {shown(text)} has more than one `when`.", fix="Join the conditions with `and`.")
    when = parts[1].strip() if len(parts) == 2 else ""
    if when:
        parse_expression(when)
    return _recognised(parts[0].strip(), when)


def _split(text: str, mark: str) -> list[str]:
    """Cut text at a mark that stands outside quotes and backquotes."""
    parts, start, at, inside = [], 0, 0, ""
    while at < len(text):
        if inside:
            inside = "" if text[at] == inside else inside
        elif text[at] in "'\"`":
            inside = text[at]
        elif text.startswith(mark, at):
            parts.append(text[start:at])
            at = start = at + len(mark)
            continue
        at += 1
    return [*parts, text[start:]]


def _names(text: str, rule: str, columns: Sequence[str]) -> list[str]:
    names = [part.strip() for part in _split(text, ",")]
    bare = [name[1:-1] if len(name) > 2 and name[0] == name[-1] == "`" else name for name in names]
    for name, found in zip(names, bare, strict=True):
        if not found or (name == found and name not in columns and not found.isidentifier()):
            raise RecipeError(
                f"The rule {shown(rule)} needs names of columns, and {shown(name)} isn't one.",
                fix="Put a name that isn't a word in `backquotes`.",
            )
    return bare


def _called(text: str, call: re.Match[str], columns: Sequence[str]) -> Rule:
    """``unique(...)``, ``combinations(...)``, ``share(...) == 1`` or ``sum(...) == 100``."""
    form, inside, value = call[1], call[2], call[3]
    if (form in {"share", "sum"}) != (value is not None):
        expected = f"`{form}(...) == number`" if value is None else f"`{form}(...)`"
        raise RecipeError(f"The rule {shown(text)} must be written as {expected}.", fix=_FORMS)
    if form in {"unique", "combinations"}:
        model = Unique if form == "unique" else Combinations
        return _from_fields({"rule": model.model_fields["rule"].default, "columns": _names(inside, text, columns)})
    number = _number(value or "", text)
    if form == "share":
        return _from_fields({"rule": "share", "parts": _names(inside, text, columns), "constant": number})
    first, *rest = _split(inside, ",")
    by = None
    if rest:
        match = re.fullmatch(r"\s*by\s*=(.*)", rest[0], re.DOTALL)
        if len(rest) > 1 or not match:
            raise RecipeError(
                f"The rule {shown(text)} must be written as `sum(column) == number` or `sum(column, by=group) == number`.", fix=_FORMS
            )
        by = _names(match[1], text, columns)[0]
    return _from_fields({"rule": "total", "column": _names(first, text, columns)[0], "value": number, "by": by})


def _number(text: str, rule: str) -> int | float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    raise RecipeError(f"The rule {shown(rule)} needs a number after `==`; got {shown(text)}.", fix=_FORMS)


def _recognised(text: str, when: str) -> Rule:
    """A comparison that is an order, a range or a sum; else an expression."""
    tree = parse_expression(text).tree
    if isinstance(tree, ast.Compare):
        for form in (_order, _range, _sum):
            found: Order | Range | Sum | None = form([tree.left, *tree.comparators], tree.ops)
            if found is not None and (not when or isinstance(found, (Order, Range))):
                return found.model_copy(update={"when": when}) if when else found
    return ExpressionRule(expression=text, when=when)


def _rising(sides: list[ast.expr], ops: list[ast.cmpop]) -> tuple[list[ast.expr], list[ast.cmpop]] | None:
    """A chain that rises from left to right, turned round if it falls; None if it does neither."""
    if all(isinstance(op, (ast.Lt, ast.LtE)) for op in ops):
        return sides, ops
    if all(isinstance(op, (ast.Gt, ast.GtE)) for op in ops):
        return sides[::-1], [ast.Lt() if isinstance(op, ast.Gt) else ast.LtE() for op in ops[::-1]]
    return None


def _order(sides: list[ast.expr], ops: list[ast.cmpop]) -> Order | None:
    rising = _rising(sides, ops)
    names = [side.id for side in sides if isinstance(side, ast.Name)]
    if rising is None or len(names) < len(sides) or len(set(names)) < len(names) or len({type(op) for op in ops}) > 1:
        return None
    ordered = [side.id for side in rising[0] if isinstance(side, ast.Name)]
    return Order(columns=tuple(ordered), strict=isinstance(rising[1][0], ast.Lt))


def _range(sides: list[ast.expr], ops: list[ast.cmpop]) -> Range | None:
    if len(sides) == 2 and isinstance(ops[0], ast.Eq):
        return _one_value(*sides)
    rising = _rising(sides, ops)
    if rising is None or len(sides) > 3:
        return None
    at = next((i for i, side in enumerate(rising[0]) if isinstance(side, ast.Name)), None)
    if at is None or (len(sides) == 3 and at != 1):
        return None
    column = rising[0][at]
    limits = [None if i == at else _limit(side) for i, side in enumerate(rising[0])]
    if not isinstance(column, ast.Name) or limits.count(None) > 1:
        return None
    low, high = (limits[at - 1] if at else None), (limits[at + 1] if at + 1 < len(limits) else None)
    strict = [isinstance(op, ast.Lt) for op in rising[1]]
    return Range(
        column=column.id, low=low, high=high, open_low=bool(at and strict[at - 1]), open_high=bool(high is not None and strict[-1])
    )


def _one_value(left: ast.expr, right: ast.expr) -> Range | None:
    """A column that equals a number: a range of one value."""
    column, value = (left, _limit(right)) if isinstance(left, ast.Name) else (right, _limit(left))
    if not isinstance(column, ast.Name) or not isinstance(value, (int, float)):
        return None
    return Range(column=column.id, low=value, high=value)


def _limit(node: ast.expr) -> int | float | str | None:
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    return value if not isinstance(value, str) or _is_moment(value) else None


def _is_moment(text: str) -> bool:
    """Whether text says a date, an instant, a time of day or a span, as limits do."""
    if _CLOCK.fullmatch(text) or _SPAN.fullmatch(text):
        return True
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _sum(sides: list[ast.expr], ops: list[ast.cmpop]) -> Sum | None:
    if len(sides) != 2 or not isinstance(ops[0], ast.Eq):
        return None
    total, added = sides if isinstance(sides[0], ast.Name) else sides[::-1]
    terms = _added(added)
    if not isinstance(total, ast.Name) or terms is None:
        return None
    plus, minus = [name for name, sign in terms if sign > 0], [name for name, sign in terms if sign < 0]
    whole, parts = (total.id, plus) if not minus else (plus[0], [total.id, *minus]) if len(plus) == 1 else ("", [])
    if len(parts) < 2 or len({whole, *parts}) < len(parts) + 1:
        return None
    return Sum(total=whole, parts=tuple(parts))


def _added(node: ast.expr, sign: int = 1) -> list[tuple[str, int]] | None:
    """Names joined by ``+`` and ``-``, with their signs."""
    if isinstance(node, ast.Name):
        return [(node.id, sign)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        left, right = _added(node.left, sign), _added(node.right, sign if isinstance(node.op, ast.Add) else -sign)
        return None if left is None or right is None else left + right
    return None
