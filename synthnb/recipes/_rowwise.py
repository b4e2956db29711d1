"""What a checked expression is in each row of a frame.

Every part becomes an `Operand`: values of one kind, and which of them are missing. A truth value
that a missing cell leaves undecided is itself missing (Kleene's strong three-valued logic).
"""

from __future__ import annotations

import ast
import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from synthnb._frames import cell_types
from synthnb.errors import RecipeError, shown

if TYPE_CHECKING:
    from synthnb.recipes.expressions import Expression

__all__ = ["CLOSE", "computed", "truth"]

Array = np.ndarray[Any, Any]
_Kind = Literal["number", "text", "flag", "moment", "span", "clock", "level", "none", "object"]

CLOSE = 1e-9
"""Numbers that aren't whole are equal if they differ by no more than this part of the larger, or of 1."""

_WORDS: dict[str, str] = {
    "number": "numbers",
    "text": "text",
    "flag": "true or false",
    "moment": "dates",
    "span": "spans of time",
    "clock": "times of day",
    "level": "ordered levels",
    "none": "missing",
    "object": "values of several types",
}
_COMPARE: dict[type, Any] = {ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal}
_MOST_DAYS = 1_000_000
"""Longest span that a number may stand for."""
_BLANK: dict[str, Any] = {"number": 0, "text": "", "flag": False, "clock": 0, "level": 0}


class Operand(NamedTuple):
    """A part's values; a constant has one, a column one per row."""

    kind: _Kind
    """What the values are."""
    values: Array
    """Where missing, something of the right type."""
    missing: Array
    """Boolean, as long as the values."""
    levels: tuple[Any, ...] = ()
    """For ``level``: the levels in their order, of which the values are positions."""
    zone: Any = None
    """For ``moment``: the time zone in which text without one is read; values are then UTC."""
    constant: bool = False
    """Whether it was written into the expression."""


def truth(expression: Expression, frame: pd.DataFrame, *, missing: Literal["fails", "passes"]) -> Array:
    """See `Expression.mask`."""
    found = _flag(_Rows(expression.text, frame), _Rows(expression.text, frame).of(expression.tree))
    value = found.values | found.missing if missing == "passes" else found.values & ~found.missing
    return np.broadcast_to(value, len(frame)).copy()


def computed(expression: Expression, frame: pd.DataFrame) -> pd.Series[Any]:
    """See `Expression.values`."""
    found = _Rows(expression.text, frame).of(expression.tree)
    values = np.array(found.levels, dtype=object)[found.values] if found.kind == "level" else found.values
    values, gone = np.broadcast_to(values, len(frame)), np.broadcast_to(found.missing, len(frame))
    column: pd.Series[Any] = pd.Series(values.copy())
    if found.zone is not None:
        column = column.dt.tz_localize("UTC").dt.tz_convert(found.zone)
    return column.where(~gone) if gone.any() else column


class _Rows:
    """Computes the parts of one expression over one frame."""

    def __init__(self, text: str, frame: pd.DataFrame) -> None:
        self.text = text
        self.frame = frame

    def refuse(self, problem: str, fix: str = "Correct the expression, or convert the column.") -> RecipeError:
        return RecipeError(f"The expression {shown(self.text)} can't be computed: {problem}.", fix=fix)

    def of(self, node: ast.expr) -> Operand:
        """The values of a part."""
        if isinstance(node, ast.Constant):
            return _constant(node.value)
        if isinstance(node, ast.Name):
            if node.id not in self.frame:
                raise self.refuse(f"there is no column {shown(node.id)}")
            return _cells(self.frame[node.id])
        if isinstance(node, ast.BoolOp):
            return self._logic(node)
        if isinstance(node, ast.UnaryOp):
            return self._unary(node)
        if isinstance(node, ast.BinOp):
            return self._arithmetic(node)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._call(node.func.id, [self.of(argument) for argument in node.args])
        raise self.refuse(f"{type(node).__name__} isn't allowed")

    def _logic(self, node: ast.BoolOp) -> Operand:
        done = _flag(self, self.of(node.values[0]))
        for value in node.values[1:]:
            next_ = _flag(self, self.of(value))
            true, false = done.values & ~done.missing, ~done.values & ~done.missing
            more, less = next_.values & ~next_.missing, ~next_.values & ~next_.missing
            both = (true & more, false | less) if isinstance(node.op, ast.And) else (true | more, false & less)
            done = Operand("flag", both[0], ~(both[0] | both[1]))
        return done

    def _unary(self, node: ast.UnaryOp) -> Operand:
        operand = self.of(node.operand)
        if isinstance(node.op, ast.Not):
            flag = _flag(self, operand)
            return Operand("flag", ~flag.values, flag.missing)
        if operand.kind not in {"number", "span"}:
            raise self.refuse(f"a sign needs numbers, not {_WORDS[operand.kind]}")
        return operand._replace(values=-operand.values if isinstance(node.op, ast.USub) else operand.values)

    def _arithmetic(self, node: ast.BinOp) -> Operand:
        left, right = self.of(node.left), self.of(node.right)
        if "none" in {left.kind, right.kind} or (isinstance(node.op, ast.Sub) and "moment" in {left.kind, right.kind}):
            left, right = _alike(self, left, right)
        gone = left.missing | right.missing
        kinds = (left.kind, right.kind)
        if "moment" in kinds or "span" in kinds or kinds == ("text", "text"):
            return self._time_arithmetic(node.op, left, right, gone)
        if kinds != ("number", "number"):
            raise self.refuse(f"{_WORDS[kinds[0]]} and {_WORDS[kinds[1]]} can't be computed with each other")
        return _numbers(node.op, left.values, right.values, gone)

    def _time_arithmetic(self, op: ast.operator, left: Operand, right: Operand, gone: Array) -> Operand:
        if isinstance(op, ast.Sub) and (left.kind, right.kind) == ("text", "text"):
            left, right = self._moments(left), self._moments(right)
        sign = {ast.Add: 1, ast.Sub: -1}.get(type(op), 0)
        if sign == -1 and left.kind == right.kind == "moment":
            return Operand("span", left.values - right.values, gone)
        if sign and left.kind in {"moment", "span"} and right.kind in {"span", "text"}:
            step = right if right.kind == "span" else self._span(right)
            return left._replace(values=left.values + sign * step.values, missing=gone)
        raise self.refuse(f"{_WORDS[left.kind]} and {_WORDS[right.kind]} can't be computed with each other by {type(op).__name__}")

    def _moments(self, operand: Operand, zone: Any = None) -> Operand:
        """Text as dates."""
        if operand.kind == "moment":
            return operand
        if operand.kind != "text":
            raise self.refuse(f"dates can't be compared or computed with {_WORDS[operand.kind]}")
        try:
            read: Any = pd.to_datetime(_words(operand), format="ISO8601")
        except (ValueError, TypeError, OverflowError) as error:
            raise self.refuse("text was compared with dates and isn't an ISO 8601 date", "Write it as '2024-01-31'.") from error
        if zone is not None and read.dt.tz is None:
            read = read.dt.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward")
        return _cells(read)._replace(constant=operand.constant)

    def _span(self, operand: Operand) -> Operand:
        try:
            return _cells(pd.to_timedelta(_words(operand)))
        except (ValueError, TypeError, OverflowError) as error:
            raise self.refuse("text was used as a span of time and isn't one", "Write it as '30 days'.") from error

    def _clock(self, operand: Operand) -> Operand:
        try:
            values = [dt.time.fromisoformat(word) if word else None for word in np.where(operand.missing, "", operand.values)]
        except (ValueError, TypeError) as error:
            raise self.refuse("text was compared with times of day and isn't one", "Write it as '08:30'.") from error
        return _cells(pd.Series(values, dtype=object))

    def _comparison(self, node: ast.Compare) -> Operand:
        done, left = Operand("flag", np.array([True]), np.array([False])), self.of(node.left)
        for operator, side in zip(node.ops, node.comparators, strict=True):
            if isinstance(side, ast.List):
                return self._membership(left, [_constant(item.value) for item in side.elts if isinstance(item, ast.Constant)], operator)
            right = self.of(side)
            found = self._compared(operator, left, right)
            false = (~done.values & ~done.missing) | (~found.values & ~found.missing)
            true = done.values & ~done.missing & found.values & ~found.missing
            done, left = Operand("flag", true, ~(true | false)), right
        return done

    def _membership(self, left: Operand, items: list[Operand], operator: ast.cmpop) -> Operand:
        found, gone = np.zeros(len(left.values), dtype=bool), left.missing.copy()
        for item in items:
            hit = self._compared(ast.Eq(), left, item)
            found |= hit.values & ~hit.missing
            gone &= item.kind != "none"
        return Operand("flag", ~found if isinstance(operator, ast.NotIn) else found, gone)

    def _compared(self, operator: ast.cmpop, left: Operand, right: Operand) -> Operand:
        equality = isinstance(operator, (ast.Eq, ast.NotEq, ast.Is, ast.IsNot))
        negated = isinstance(operator, (ast.NotEq, ast.IsNot))
        constants = [side for side in (left, right) if side.kind == "none" and side.constant]
        if constants and equality:
            gone = right.missing if constants[0] is left else left.missing
            return Operand("flag", ~gone if negated else gone, np.zeros(len(gone), dtype=bool))
        left, right = _alike(self, left, right)
        missing = left.missing | right.missing
        if left.kind != right.kind or left.kind == "object":
            if not equality:
                raise self.refuse(f"{_WORDS[left.kind]} and {_WORDS[right.kind]} have no order between them")
            same = np.array([_same(a, b) for a, b in np.broadcast(left.values.astype(object), right.values.astype(object))], dtype=bool)
            return Operand("flag", ~same if negated else same, missing)
        if left.kind == "number":
            return Operand("flag", _compare_numbers(operator, left.values, right.values, negated=negated, equality=equality), missing)
        if equality:
            same = np.asarray(left.values == right.values, dtype=bool)
            return Operand("flag", ~same if negated else same, missing)
        return Operand("flag", np.asarray(_COMPARE[type(operator)](left.values, right.values), dtype=bool), missing)

    def _call(self, name: str, arguments: list[Operand]) -> Operand:
        first, rest = arguments[0], arguments[1:]
        if name in {"isna", "notna"}:
            return Operand("flag", first.missing if name == "isna" else ~first.missing, np.zeros(len(first.missing), dtype=bool))
        if name in {"min", "max"}:
            return self._extreme(name, arguments)
        if name in {"year", "month", "day"}:
            return self._calendar(name, first)
        if name == "days" and first.kind == "number":
            return self._days(first)
        if name == "days":
            span = first if first.kind == "span" else self._span(first) if first.kind == "text" else None
            if span is None:
                raise self.refuse(f"days needs spans of time, not {_WORDS[first.kind]}", "Write it as `days(end - start)`.")
            return Operand("number", span.values / np.timedelta64(1, "D"), span.missing)
        if name in {"abs", "round"}:
            return self._rounded(name, first, rest)
        return self._on_text(name, first, rest)

    def _days(self, number: Operand) -> Operand:
        """Numbers as spans of as many days; missing where no calendar is that long."""
        days = number.values.astype("f8")
        gone = number.missing | ~(np.abs(days) <= _MOST_DAYS)
        return Operand("span", np.rint(np.where(gone, 0.0, days) * 86_400e6).astype("i8").view("m8[us]"), gone)

    def _extreme(self, name: str, arguments: list[Operand]) -> Operand:
        done = arguments[0]
        for argument in arguments[1:]:
            left, right = _alike(self, done, argument)
            if left.kind != right.kind or left.kind not in {"number", "moment", "span", "clock", "level"}:
                raise self.refuse(f"{name} needs numbers or dates, not {_WORDS[left.kind]} and {_WORDS[right.kind]}")
            pick = np.minimum if name == "min" else np.maximum
            done = left._replace(values=pick(left.values, right.values), missing=left.missing | right.missing, constant=False)
        return done

    def _calendar(self, name: str, operand: Operand) -> Operand:
        moments = self._moments(operand)
        stamps: Any = pd.Series(moments.values)
        if moments.zone is not None:
            stamps = stamps.dt.tz_localize("UTC").dt.tz_convert(moments.zone)
        parts = getattr(stamps.dt, name).fillna(0).to_numpy(dtype="i8")
        return Operand("number", parts, moments.missing)

    def _rounded(self, name: str, first: Operand, rest: list[Operand]) -> Operand:
        if first.kind not in {"number", "span"} or (name == "round" and first.kind == "span"):
            raise self.refuse(f"{name} needs numbers, not {_WORDS[first.kind]}")
        if name == "abs":
            return first._replace(values=np.abs(first.values))
        if rest and not (rest[0].constant and rest[0].kind == "number" and rest[0].values[0] in range(-15, 16)):
            raise self.refuse("round's second argument must be a whole number from -15 to 15")
        return first._replace(values=np.round(first.values, int(rest[0].values[0]) if rest else 0))

    def _on_text(self, name: str, first: Operand, rest: list[Operand]) -> Operand:
        if first.kind == "level":
            first = Operand("text", np.array([str(level) for level in first.levels] or [""], dtype=object)[first.values], first.missing)
        if any(part.kind != "text" for part in (first, *rest)):
            raise self.refuse(f"{name} needs text, not {', '.join(_WORDS[part.kind] for part in (first, *rest))}")
        words = first.values.tolist()
        if name == "len":
            return Operand("number", np.array([len(word) for word in words], dtype="i8"), first.missing)
        if not rest:
            return first._replace(values=np.array([word.lower() if name == "lower" else word.upper() for word in words], dtype=object))
        pairs = np.broadcast(first.values, rest[0].values)
        tests = {"startswith": str.startswith, "endswith": str.endswith, "contains": str.__contains__}
        return Operand("flag", np.array([tests[name](word, part) for word, part in pairs], dtype=bool), first.missing | rest[0].missing)


def _flag(rows: _Rows, operand: Operand) -> Operand:
    if operand.kind == "none":
        return Operand("flag", np.array([False]), np.array([True]))
    if operand.kind != "flag":
        raise rows.refuse(f"{_WORDS[operand.kind]} stand where something true or false is needed", "Compare them with something.")
    return operand


def _words(operand: Operand) -> pd.Series[Any]:
    words = pd.Series(operand.values.astype(object))
    return words.where(~operand.missing, None)


def _same(left: object, right: object) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _constant(value: object) -> Operand:
    gone = np.array([value is None])
    if value is None:
        return Operand("none", np.array([None]), gone, constant=True)
    if isinstance(value, bool):
        return Operand("flag", np.array([value]), gone, constant=True)
    if isinstance(value, int):
        return Operand("number", np.array([value] if -(2**63) <= value < 2**63 else [float(value)]), gone, constant=True)
    if isinstance(value, float):
        return Operand("number", np.array([value]), gone, constant=True)
    return Operand("text", np.array([value], dtype=object), gone, constant=True)


def _alike(rows: _Rows, left: Operand, right: Operand) -> tuple[Operand, Operand]:
    """Two operands brought to one kind, where there is a meaning to that."""
    if "none" in {left.kind, right.kind}:
        return _absent(left, right), _absent(right, left)
    if left.kind == right.kind:
        if left.kind == "moment" and (left.zone is None) != (right.zone is None):
            raise rows.refuse("dates with a time zone were compared with dates without one", "Give both columns a time zone, or neither.")
        if left.kind == "level" and left.levels != right.levels:
            return _named(left), _named(right)
        return left, right
    if right.kind in {"moment", "span", "clock", "level"} and left.kind not in {"moment", "span", "clock", "level"}:
        right, left = _alike(rows, right, left)
        return left, right
    if left.kind == "moment":
        return left, _zoned(rows, left, rows._moments(right, left.zone))
    if left.kind == "span" and right.kind == "text":
        return left, rows._span(right)
    if left.kind == "clock" and right.kind == "text":
        return left, rows._clock(right)
    if left.kind == "level":
        return _levelled(left, right)
    return left, right


def _absent(operand: Operand, other: Operand) -> Operand:
    """Cells that are all missing, as whatever they stand beside."""
    if operand.kind != "none" or other.kind == "none":
        return operand._replace(kind="number", values=np.zeros(len(operand.missing))) if operand.kind == "none" else operand
    return other._replace(values=other.values[:1].repeat(len(operand.missing)), missing=operand.missing)


def _zoned(rows: _Rows, left: Operand, right: Operand) -> Operand:
    if (left.zone is None) != (right.zone is None):
        raise rows.refuse("dates without a time zone were compared with a date that has one", "Leave the zone out of the text.")
    return right


def _named(operand: Operand) -> Operand:
    return Operand("object", np.array([*operand.levels, None], dtype=object)[operand.values], operand.missing)


def _levelled(left: Operand, right: Operand) -> tuple[Operand, Operand]:
    """Ordered levels beside a constant that is one of them; others are equal to no level."""
    names = list(left.levels)
    if right.constant and right.values[0] in names:
        return left, Operand("level", np.array([names.index(right.values[0])]), right.missing, left.levels, constant=True)
    return _named(left), right._replace(kind="object", values=right.values.astype(object))


def _compare_numbers(operator: ast.cmpop, left: Array, right: Array, *, negated: bool, equality: bool) -> Array:
    if left.dtype.kind in "iu" and right.dtype.kind in "iu":
        close = left == right
    else:
        x, y = left.astype("f8"), right.astype("f8")
        with np.errstate(invalid="ignore", over="ignore"):
            near = np.abs(x - y) <= CLOSE * np.maximum(1.0, np.minimum(np.maximum(np.abs(x), np.abs(y)), np.finfo("f8").max / 2))
        close = (x == y) | (near & np.isfinite(x) & np.isfinite(y))
    if equality:
        return np.asarray(~close if negated else close)
    compared = _COMPARE[type(operator)](left, right)
    return np.asarray(compared | close if isinstance(operator, (ast.LtE, ast.GtE)) else compared & ~close)


def _numbers(op: ast.operator, left: Array, right: Array, gone: Array) -> Operand:
    """Arithmetic in 64-bit floats, or in integers where these can't overflow; no number is missing."""
    functions: dict[type, Any] = {ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply}
    functions |= {ast.Div: np.divide, ast.FloorDiv: np.floor_divide, ast.Mod: np.mod, ast.Pow: np.power}
    small = all(side.dtype.kind in "iu" and (not len(side) or int(np.abs(side.astype("f8")).max()) < 2**31) for side in (left, right))
    if not (small and isinstance(op, (ast.Add, ast.Sub, ast.Mult))):
        exact = all(side.dtype.kind == "i" for side in (left, right)) and isinstance(op, (ast.Add, ast.Sub))
        far = exact and float(np.abs(left.astype("f8")).max(initial=0)) + float(np.abs(right.astype("f8")).max(initial=0)) >= 2.0**62
        if not exact or far:
            left, right = left.astype("f8"), right.astype("f8")
    with np.errstate(all="ignore"):
        values = functions[type(op)](left, right)
    undefined = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)
    return Operand("number", np.where(undefined, 0, values), gone | undefined)


def _cells(cells: pd.Series[Any]) -> Operand:
    """A column's cells."""
    gone = cells.isna().to_numpy(dtype=bool)
    dtype = cells.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _categorical(cells, dtype, gone)
    if pd.api.types.is_bool_dtype(dtype):
        return Operand("flag", cells.to_numpy(dtype=bool, na_value=False), gone)
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype):
        whole = pd.api.types.is_integer_dtype(dtype)
        kind = ("u8" if pd.api.types.is_unsigned_integer_dtype(dtype) else "i8") if whole else "f8"
        return Operand("number", cells.to_numpy(dtype=kind, na_value=0), gone)
    if isinstance(dtype, pd.PeriodDtype):
        return _cells(cells.dt.to_timestamp())
    if isinstance(dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_any_dtype(dtype):
        return _stamps(cells, gone)
    if pd.api.types.is_timedelta64_dtype(dtype) or str(dtype).startswith("duration"):
        return Operand("span", cells.to_numpy(dtype="m8[us]" if dtype.kind != "m" else None), gone)
    return _objects(cells, gone)


def _categorical(cells: pd.Series[Any], dtype: pd.CategoricalDtype, gone: Array) -> Operand:
    if dtype.ordered:
        return Operand("level", cells.cat.codes.to_numpy().astype("i8"), gone, tuple(dtype.categories.tolist()))
    objects = cells.astype(object)
    if str(dtype.categories.dtype).startswith("interval"):
        return Operand("object", objects.to_numpy(), gone)
    return _objects(objects, gone)


def _stamps(cells: pd.Series[Any], gone: Array) -> Operand:
    zone = getattr(cells.dtype, "tz", None) or getattr(getattr(cells.dtype, "pyarrow_dtype", None), "tz", None)
    naive: Any = cells.dt.tz_convert("UTC").dt.tz_localize(None) if zone else cells
    ticks = naive.to_numpy()
    return Operand("moment", ticks if ticks.dtype.kind == "M" else naive.astype(naive.dtype.numpy_dtype).to_numpy(), gone, zone=zone)


def _objects(cells: pd.Series[Any], gone: Array) -> Operand:
    """Cells whose kind only they themselves tell."""
    raw = cells.astype(object).to_numpy()
    types = cell_types(cells)
    if not types:
        return Operand("none", raw, gone)
    if all(issubclass(kind, str) for kind in types):
        return Operand("text", np.where(gone, "", raw), gone)
    if types <= {bool, np.bool_}:
        return Operand("flag", np.where(gone, 0, raw).astype(bool), gone)
    if all(issubclass(kind, (int, float, np.integer, np.floating, Decimal)) and kind is not bool for kind in types):
        whole = all(issubclass(kind, (int, np.integer)) for kind in types)
        return Operand("number", np.where(gone, 0, raw).astype("i8" if whole else "f8"), gone)
    if types == {dt.time}:
        return Operand(
            "clock", np.array([0 if skip else _microseconds(cell) for cell, skip in zip(raw, gone, strict=True)], dtype="i8"), gone
        )
    if all(issubclass(kind, dt.date) for kind in types):
        return _stamps(pd.to_datetime(cells.astype(object).where(~gone, None)), gone)
    if all(issubclass(kind, dt.timedelta) for kind in types):
        return Operand("span", pd.to_timedelta(cells).to_numpy(), gone)
    return Operand("object", raw, gone)


def _microseconds(time: dt.time) -> int:
    return ((time.hour * 60 + time.minute) * 60 + time.second) * 10**6 + time.microsecond
