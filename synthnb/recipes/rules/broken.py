"""Which rows of a frame break a rule.

A row isn't broken by a cell that is missing. Rows are looked at one by one, but for a dependency,
combinations and a unique rule, which compare rows with one another or with a `Lookup`.
"""

from __future__ import annotations

import ast
import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb.recipes.expressions import Expression, parse_expression
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
    from synthnb.recipes.rules.models import Rule

__all__ = ["Key", "Lookup", "broken_rows", "keys_of", "listed", "look_up"]

Array = np.ndarray[Any, Any]

Key = tuple[Any, ...]
"""Cells of several columns in one row, as plain JSON values; None where missing."""

Lookup = Mapping[Key, Key]
"""For combinations: those allowed, each by itself. For a dependency: the dependents by the determinants."""


def broken_rows(rule: Rule, frame: pd.DataFrame, lookup: Lookup | None = None) -> Array:
    """Return a boolean per row: whether it breaks a rule.

    Parameters
    ----------
    rule : Rule
        What must hold. No single row breaks a rule about a total.
    frame : pandas.DataFrame
        With the rule's columns.
    lookup : mapping, optional
        What `look_up` found in other rows; by default it is looked up in the frame itself,
        so that observed combinations are never broken.

    Raises
    ------
    RecipeError
        A column isn't there, or an expression can't be computed.
    """
    if isinstance(rule, (Combinations, Dependency)):
        return _looked_up(rule, frame, look_up(rule, frame) if lookup is None else lookup)
    if isinstance(rule, Unique):
        present = frame[list(rule.columns)].notna().all(axis=1).to_numpy()
        found = np.zeros(len(frame), dtype=bool)
        found[present] = frame.loc[present, list(rule.columns)].duplicated().to_numpy()
        return found
    if isinstance(rule, FunctionRule):
        return ~rule.mask(frame)
    if isinstance(rule, Total):
        return np.zeros(len(frame), dtype=bool)
    broken = np.zeros(len(frame), dtype=bool)
    for expression in _expressions(rule):
        broken |= ~expression.mask(frame, missing="passes")
    when = rule.when if isinstance(rule, (Range, Order, ExpressionRule)) else ""
    return broken & parse_expression(when).mask(frame) if when else broken


def keys_of(frame: pd.DataFrame, columns: Sequence[str]) -> list[Key]:
    """Return a row's cells of some columns, as plain values that compare alike however they are stored."""
    return list(zip(*(_plain_cells(frame[name]) for name in columns), strict=True))


def look_up(rule: Combinations | Dependency, frame: pd.DataFrame) -> Lookup:
    """Return the combinations allowed, or the dependents most often seen with each value of the determinants.

    Of dependents seen equally often, those seen first.
    """
    if isinstance(rule, Combinations):
        return listed(rule) if rule.listed is not None else {key: key for key in keys_of(frame, rule.columns)}
    pairs = Counter(zip(keys_of(frame, rule.determinants), keys_of(frame, rule.dependents), strict=True))
    found: dict[Key, Key] = {}
    for (determinants, dependents), _ in pairs.most_common():
        if None not in determinants:
            found.setdefault(determinants, dependents)
    return found


def listed(rule: Combinations) -> Lookup:
    """Return the combinations that a rule lists; for these no row is looked at."""
    return {tuple(row): tuple(row) for row in rule.listed or ()}


def _looked_up(rule: Combinations | Dependency, frame: pd.DataFrame, lookup: Lookup) -> Array:
    if isinstance(rule, Combinations):
        return np.array([None not in key and key not in lookup for key in keys_of(frame, rule.columns)], dtype=bool)
    pairs = zip(keys_of(frame, rule.determinants), keys_of(frame, rule.dependents), strict=True)
    return np.array([None not in known and not _follows(lookup.get(known), found) for known, found in pairs], dtype=bool)


def _follows(expected: Key | None, found: Key) -> bool:
    return expected is not None and all(cell is None or cell == wanted for cell, wanted in zip(found, expected, strict=True))


def _plain_cells(cells: pd.Series[Any]) -> list[Any]:
    codes, distinct = pd.factorize(cells.astype(object) if isinstance(cells.dtype, pd.CategoricalDtype) else cells)
    plain = np.empty(len(distinct) + 1, dtype=object)
    plain[:-1] = [_plain(value) for value in distinct]
    plain[-1] = None
    return list(plain[codes])


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, dt.datetime) and value.time() == dt.time() and value.tzinfo is None:
        return value.date().isoformat()
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def _expressions(rule: Range | Order | Sum | Share | ExpressionRule) -> list[Expression]:
    """What a rule says of each row, in expressions of which all must hold."""
    if isinstance(rule, ExpressionRule):
        return [parse_expression(rule.expression)]
    if isinstance(rule, Range):
        return [_compared(rule.text, rule.names, _limits(rule))]
    if isinstance(rule, Order):
        operator: ast.cmpop = ast.Lt() if rule.strict else ast.LtE()
        pairs = [(low, high) for i, low in enumerate(rule.columns) for high in rule.columns[i + 1 :]]
        return [_compared(rule.text, pair, [(_name(pair[0]), operator, _name(pair[1]))]) for pair in pairs]
    total: ast.expr = _name(rule.total) if isinstance(rule, Sum) else ast.Constant(rule.constant)
    added: ast.expr = _name(rule.parts[0])
    for part in rule.parts[1:]:
        added = ast.BinOp(added, ast.Add(), _name(part))
    least = [(_name(part), ast.GtE(), ast.Constant(0)) for part in rule.parts] if isinstance(rule, Share) else []
    return [_compared(rule.text, rule.names, [comparison]) for comparison in [(total, ast.Eq(), added), *least]]


_Comparison = tuple[ast.expr, ast.cmpop, ast.expr]


def _limits(rule: Range) -> list[_Comparison]:
    found: list[_Comparison] = []
    if rule.low is not None:
        found.append((_name(rule.column), ast.Gt() if rule.open_low else ast.GtE(), ast.Constant(rule.low)))
    if rule.high is not None:
        found.append((_name(rule.column), ast.Lt() if rule.open_high else ast.LtE(), ast.Constant(rule.high)))
    return found


def _compared(text: str, names: tuple[str, ...], comparisons: Sequence[_Comparison]) -> Expression:
    parts: list[ast.expr] = [ast.Compare(left, [operator], [right]) for left, operator, right in comparisons]
    tree = parts[0] if len(parts) == 1 else ast.BoolOp(ast.And(), parts) if parts else ast.Constant(value=True)
    return Expression(text, names, tree)


def _name(column: str) -> ast.expr:
    return ast.Name(column, ast.Load())
