"""Expressions over the rows of a frame, read from text that may come from anybody.

An expression is parsed into Python's syntax tree, checked against a list of what is
allowed, and computed by `synthnb.recipes._rowwise`, one array operation per part. Nothing in it is
ever executed: no names but columns, no calls but the functions below, no attribute of any object.

======================================  =======================================================
columns                                 ``age``, or ```systolic pressure``` where a name isn't a word
constants                               numbers, ``'text'``, ``True``, ``False``, ``None`` (missing)
comparisons                             ``== != < <= > >=``, chains, ``in [...]``, ``not in [...]``
logic                                   ``and or not``, or ``& | ~``
arithmetic                              ``+ - * / // % **``
numbers                                 ``abs(x)  min(x, y, ...)  max(x, y, ...)  round(x, places)``
missing cells                           ``isna(x)  notna(x)``
text                                    ``len  lower  upper  startswith(x, 'a')  endswith  contains``
dates                                   ``year(x)  month(x)  day(x)  days(end - start)``; ``start + days(5)``
as pandas writes it                     ``x.isna()  x.isin([...])  x.between(a, b)  x.str.lower()  x.dt.year``
======================================  =======================================================

Dates are compared with ISO 8601 text; in a column with a time zone, text without one means that zone.
Numbers that aren't whole count as equal within one part in 10⁹, so that ``total == a + b`` means what it says.
"""

from __future__ import annotations

import ast
import difflib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from synthnb.errors import RecipeError, shown

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["FUNCTIONS", "LONGEST", "Expression", "conjunction", "near_names", "parse_expression"]

LONGEST = 4_000
"""Most characters of an expression."""

FUNCTIONS: dict[str, tuple[int, int]] = {
    "abs": (1, 1),
    "min": (2, 50),
    "max": (2, 50),
    "round": (1, 2),
    "isna": (1, 1),
    "notna": (1, 1),
    "len": (1, 1),
    "lower": (1, 1),
    "upper": (1, 1),
    "startswith": (2, 2),
    "endswith": (2, 2),
    "contains": (2, 2),
    "year": (1, 1),
    "month": (1, 1),
    "day": (1, 1),
    "days": (1, 1),
}
"""Functions by name, with the fewest and most arguments."""

_DEEPEST = 60
_MOST_PARTS = 1_000
_ALIASES = {"isnull": "isna", "notnull": "notna"}
_LOGIC: dict[type[ast.operator], type[ast.boolop]] = {ast.BitAnd: ast.And, ast.BitOr: ast.Or}
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot)
_FIX = "The functions and operators are listed in `help('synthnb.recipes.expressions')`."


@dataclass(frozen=True)
class Expression:
    """A checked expression."""

    text: str
    """As it was written."""
    names: tuple[str, ...]
    """Columns it reads, in order of appearance."""
    tree: ast.expr
    """The checked syntax tree; a name is a column, ``& | ~`` and methods are written as logic and functions."""

    def mask(self, frame: pd.DataFrame, *, missing: Literal["fails", "passes"] = "fails") -> np.ndarray[Any, Any]:
        """Return a boolean per row: whether it meets the expression.

        A comparison with a missing cell is neither true nor false, and neither is its negation;
        ``False and`` it is false, ``True or`` it is true.

        Parameters
        ----------
        frame : pandas.DataFrame
            With the columns in `names`.
        missing : {"fails", "passes"}
            What becomes of rows that missing cells leave undecided.

        Raises
        ------
        RecipeError
            A column isn't there; parts that can't be compared or computed; a result that isn't true or false.
        """
        from synthnb.recipes._rowwise import truth

        return truth(self, frame, missing=missing)

    def values(self, frame: pd.DataFrame) -> pd.Series[Any]:
        """Return what the expression is in each row; missing where a cell it needs is.

        Raises
        ------
        RecipeError
            As for `mask`.
        """
        from synthnb.recipes._rowwise import computed

        return computed(self, frame)

    def part(self, tree: ast.expr) -> Expression:
        """Return a part of this expression as one of its own."""
        return Expression(ast.unparse(_spelt(tree)), _names_in(tree), tree)


def parse_expression(text: str, columns: Sequence[str] | None = None) -> Expression:
    """Return a checked expression.

    Parameters
    ----------
    text : str
        At most `LONGEST` characters.
    columns : sequence of str, optional
        The names it may use; any by default.

    Raises
    ------
    RecipeError
        The text isn't an expression, uses something that isn't allowed, or names no column.
    """
    if not text.strip():
        raise RecipeError(f"An expression must be text such as 'age >= 18'; got {shown(text)}.", fix=_FIX)
    if len(text) > LONGEST:
        raise RecipeError(f"An expression may have {LONGEST:,} characters; got {len(text):,}.", fix="Split it into several rules.")
    return _Checker(text, columns).parse()


def near_names(name: str, columns: Sequence[str]) -> str:
    """A sentence with the names nearest to one that isn't there; empty if none is near."""
    near = difflib.get_close_matches(name, list(columns), n=2)
    return f"Did you mean {' or '.join(map(shown, near))}? " if near else ""


def conjunction(tree: ast.expr) -> list[ast.expr]:
    """The parts of an expression that must all hold."""
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And):
        return [part for value in tree.values for part in conjunction(value)]
    return [tree]


def _names_in(tree: ast.expr) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_walk_names(tree)))


def _walk_names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Call):
        return [name for argument in node.args for name in _walk_names(argument)]
    if isinstance(node, ast.Name):
        return [node.id]
    return [name for child in ast.iter_child_nodes(node) for name in _walk_names(child)]


def _spelt(tree: ast.expr) -> ast.expr:
    """The tree with names that aren't words in backquotes, for `ast.unparse`, which writes names as they are."""

    class Quoting(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.Name:
            return node if node.id.isidentifier() else ast.Name(f"`{node.id}`", ast.Load())

    import copy

    quoted: ast.expr = Quoting().visit(copy.deepcopy(tree))
    return quoted


class _Checker:
    """Turns text into a tree that holds nothing but what is allowed."""

    def __init__(self, text: str, columns: Sequence[str] | None) -> None:
        self.text = text
        self.columns = None if columns is None else list(columns)
        self.source, self.quoted = self._without_backquotes(text.replace("\n", " "))
        self.parts = 0

    def parse(self) -> Expression:
        start = len(self.source) - len(self.source.lstrip())
        self.source, self.quoted = self.source[start:], {at - start: name for at, name in self.quoted.items()}
        self.shift = start
        try:
            with warnings.catch_warnings():  # a backslash that means nothing is no reason to warn
                warnings.simplefilter("ignore")
                tree = ast.parse(self.source, mode="eval").body
        except SyntaxError as error:
            self._refuse((error.offset or 1) - 1, f"it isn't written as an expression ({error.msg})")
        except (ValueError, MemoryError, RecursionError):
            self._refuse(0, "it isn't written as an expression, or is nested too deeply")
        checked = self._check(tree, 0)
        return Expression(self.text.strip(), _names_in(checked), checked)

    def _without_backquotes(self, text: str) -> tuple[str, dict[int, str]]:
        """The text with each backquoted name as a word of the same length, and the names by position."""
        out, quoted, at, inside = list(text), {}, 0, ""
        while at < len(text):
            sign = text[at]
            if inside:
                at += 1 if sign == "\\" else 0
                inside = "" if sign == inside else inside
            elif sign in "'\"":
                inside = sign
            elif sign == "`":
                end = text.find("`", at + 1)
                if end <= at + 1:
                    self.shift = 0
                    self._refuse(at, "a backquote opens a column's name and isn't closed, or the name is empty")
                quoted[at] = text[at + 1 : end]
                out[at : end + 1] = "_" * (end + 1 - at)
                at = end
            at += 1
        return "".join(out), quoted

    def _refuse(self, at: int, problem: str, fix: str = _FIX) -> NoReturn:
        raise RecipeError(f"The expression {shown(self.text)} can't be used: at character {at + self.shift + 1}, {problem}.", fix=fix)

    def _at(self, node: ast.expr) -> int:
        """Where a node begins; Python counts bytes."""
        return len(self.source.encode()[: node.col_offset].decode(errors="replace"))

    def _check(self, node: ast.expr, depth: int) -> ast.expr:
        self.parts += 1
        if depth > _DEEPEST or self.parts > _MOST_PARTS:
            self._refuse(self._at(node), f"it is nested more than {_DEEPEST} deep or has more than {_MOST_PARTS:,} parts")
        checked = self._leaf(node) or self._branch(node, depth + 1)
        if checked is None:
            self._refuse(self._at(node), f"{_said(node)} isn't allowed")
        return ast.copy_location(checked, node)

    def _leaf(self, node: ast.expr) -> ast.expr | None:
        if isinstance(node, ast.Name):
            return self._name(node)
        return self._constant(node) if isinstance(node, ast.Constant) else None

    def _branch(self, node: ast.expr, depth: int) -> ast.expr | None:
        if isinstance(node, ast.BoolOp):
            return ast.BoolOp(node.op, [self._check(value, depth) for value in node.values])
        if isinstance(node, ast.UnaryOp):
            return self._unary(node, depth)
        if isinstance(node, ast.BinOp):
            return self._binary(node, depth)
        if isinstance(node, ast.Compare):
            return self._comparison(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        return self._attribute(node, depth) if isinstance(node, ast.Attribute) else None

    def _name(self, node: ast.Name) -> ast.expr:
        at = self._at(node)
        end = len(self.source.encode()[: node.end_col_offset].decode(errors="replace"))
        name = self.quoted.get(at, self.source[at:end])
        if self.columns is not None and name not in self.columns:
            self._refuse(at, f"there is no column {shown(name)}", f"{near_names(name, self.columns)}Put text in quotes.")
        return ast.Name(name, ast.Load())

    def _constant(self, node: ast.Constant) -> ast.expr:
        if node.value is not None and type(node.value) not in {bool, int, float, str}:
            self._refuse(self._at(node), f"the constant {shown(node.value)} isn't a number, text, True, False or None")
        return ast.Constant(node.value)

    def _unary(self, node: ast.UnaryOp, depth: int) -> ast.expr:
        operand = self._check(node.operand, depth)
        value = operand.value if isinstance(operand, ast.Constant) else None
        if isinstance(node.op, ast.USub) and isinstance(value, (int, float)) and not isinstance(value, bool):
            return ast.Constant(-value)
        return ast.UnaryOp(ast.Not() if isinstance(node.op, ast.Invert) else node.op, operand)

    def _binary(self, node: ast.BinOp, depth: int) -> ast.expr:
        left, right = self._check(node.left, depth), self._check(node.right, depth)
        if type(node.op) in _LOGIC:
            if any(
                isinstance(side, ast.BinOp) or (isinstance(side, ast.Constant) and side.value not in {True, False})
                for side in (left, right)
            ):
                self._refuse(
                    self._at(node),
                    "`&` and `|` bind more tightly than comparisons",
                    "Put each comparison in parentheses, or use `and`, `or`.",
                )
            return ast.BoolOp(_LOGIC[type(node.op)](), [left, right])
        if not isinstance(node.op, _ARITHMETIC):
            self._refuse(self._at(node), f"the operator {type(node.op).__name__} isn't allowed")
        return ast.BinOp(left, node.op, right)

    def _comparison(self, node: ast.Compare, depth: int) -> ast.expr:
        sides = [self._check(node.left, depth)]
        for operator, side in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, (ast.In, ast.NotIn)):
                sides.append(self._list(side, depth))
            elif isinstance(operator, _COMPARISONS):
                sides.append(self._check(side, depth))
            if isinstance(operator, (ast.Is, ast.IsNot)) and not _is_none(sides[-1]):
                self._refuse(self._at(side), "`is` compares with None only", "Use `==`.")
        if len(node.ops) > 1 and any(isinstance(operator, (ast.In, ast.NotIn)) for operator in node.ops):
            self._refuse(self._at(node), "`in` can't stand in a chain of comparisons", "Join two comparisons with `and`.")
        return ast.Compare(sides[0], node.ops, sides[1:])

    def _list(self, node: ast.expr, depth: int) -> ast.expr:
        if not isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            self._refuse(self._at(node), "`in` must be followed by a list of constants", "Write it as `in ['a', 'b']`.")
        items = [self._check(item, depth) for item in node.elts]
        if not items or not all(isinstance(item, ast.Constant) for item in items):
            self._refuse(self._at(node), "a list must hold constants, at least one", "Write it as `in ['a', 'b']`.")
        return ast.List(items, ast.Load())

    def _call(self, node: ast.Call, depth: int) -> ast.expr:
        if node.keywords:
            self._refuse(self._at(node), "arguments by keyword aren't allowed")
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func, depth)
        if not isinstance(node.func, ast.Name):
            self._refuse(self._at(node), f"{_said(node.func)} can't be called")
        return self._function(node, node.func.id, node.args, depth)

    def _method(self, node: ast.Call, func: ast.Attribute, depth: int) -> ast.expr:
        """A call as pandas writes it, as the function it is."""
        target = _without_accessor(func.value)
        if func.attr == "between" and len(node.args) == 2:
            low, high = (self._check(argument, depth) for argument in node.args)
            return ast.Compare(low, [ast.LtE(), ast.LtE()], [self._check(target, depth), high])
        if func.attr == "isin" and len(node.args) == 1:
            return ast.Compare(self._check(target, depth), [ast.In()], [self._list(node.args[0], depth)])
        return self._function(node, func.attr, [target, *node.args], depth)

    def _function(self, node: ast.expr, name: str, arguments: list[ast.expr], depth: int) -> ast.expr:
        name = _ALIASES.get(name, name)
        if name not in FUNCTIONS:
            self._refuse(self._at(node), f"there is no function {shown(name)}", f"{near_names(name, list(FUNCTIONS))}{_FIX}")
        fewest, most = FUNCTIONS[name]
        if not fewest <= len(arguments) <= most:
            expected = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            self._refuse(self._at(node), f"{name} takes {expected} arguments and has {len(arguments)}")
        return ast.Call(ast.Name(name, ast.Load()), [self._check(argument, depth) for argument in arguments], [])

    def _attribute(self, node: ast.Attribute, depth: int) -> ast.expr:
        """``x.dt.year`` and its kin; no other attribute is looked up."""
        if node.attr not in {"year", "month", "day", "days"} or node.value is _without_accessor(node.value):
            self._refuse(self._at(node), f"the attribute {shown(node.attr)} isn't allowed")
        return self._function(node, node.attr, [_without_accessor(node.value)], depth)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _without_accessor(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Attribute) and node.attr in {"str", "dt"} else node


def _said(node: ast.expr) -> str:
    """What a part of Python is called."""
    names = {"Lambda": "a lambda", "ListComp": "a comprehension", "Subscript": "an index", "JoinedStr": "an f-string", "IfExp": "`if`"}
    return names.get(type(node).__name__, f"Python's {type(node).__name__}")
