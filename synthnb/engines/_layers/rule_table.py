"""What only the whole table can settle: values that differ in every row, and totals that are exact."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from synthnb.engines._layers.rule_axes import Axis, open_axes
from synthnb.recipes.rules import Order, Range, Total, Unique
from synthnb.recipes.rules.broken import keys_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from synthnb.recipes.recipe import Recipe

__all__ = ["Room", "Settled", "apart", "moved_to", "room_for", "to_total"]

Array = np.ndarray[Any, Any]

_ROUNDS = 6
_HALVINGS = 200
_FAR = 2**61


class Room(NamedTuple):
    """Between which values each row's cell may be moved."""

    low: Array
    """int64, in the axis's unit."""
    high: Array
    """int64, in the axis's unit."""


class Settled(NamedTuple):
    """What came of settling one rule."""

    frame: pd.DataFrame
    """The table."""
    moved: int
    """Cells that were changed."""
    failed: Array
    """For a unique rule: per row, whether it repeats another and can't be moved. For a total: per group, whether it is missed."""


def room_for(frame: pd.DataFrame, axis: Axis, recipe: Recipe) -> Room:
    """Between which values the declared limits, the ranges and the orders leave each row's cell.

    A column without negative numbers gets none.
    """
    from synthnb.recipes.expressions import parse_expression

    name, column = axis.column.name, axis.column
    read = axis.read(frame[name])
    present = read.values[~read.missing]
    low, high = np.full(len(frame), -_FAR), np.full(len(frame), _FAR)
    if column.kind in {"integer", "real"} and len(present) and present.min() >= 0:
        low[:] = 0
    declared = Range(column=name, low=column.minimum, high=column.maximum)
    for rule in (declared, *(rule for rule in recipe.rules if isinstance(rule, Range) and rule.column == name)):
        here = parse_expression(rule.when).mask(frame) if rule.when else np.ones(len(frame), dtype=bool)
        least, most = _ends(axis, rule)
        low[here], high[here] = np.maximum(low[here], least), np.minimum(high[here], most)
    for order in recipe.rules:
        if isinstance(order, Order) and name in order.columns:
            here = parse_expression(order.when).mask(frame) if order.when else np.ones(len(frame), dtype=bool)
            low, high = _between(frame, axis, order, recipe, here, Room(low, high))
    return Room(low, high)


def _ends(axis: Axis, rule: Range) -> tuple[int, int]:
    least = -_FAR if rule.low is None else int(axis.at(rule.low, up=True))
    most = _FAR if rule.high is None else int(axis.at(rule.high, up=False))
    if rule.open_low and rule.low is not None and least == int(axis.at(rule.low, up=False)):
        least += axis.step
    if rule.open_high and rule.high is not None and most == int(axis.at(rule.high, up=True)):
        most -= axis.step
    return least, most


def _between(frame: pd.DataFrame, axis: Axis, order: Order, recipe: Recipe, here: Array, room: Room) -> Room:
    """The room that a row's other cells in an order leave."""
    columns = {column.name: column for column in recipe.columns}
    low, high = room
    at = order.columns.index(axis.column.name)
    for j, other in enumerate(order.columns):
        if j == at:
            continue
        axes = open_axes(frame, [axis.column, columns[other]])
        if isinstance(axes, str) or axes[0].factor != axis.factor or not axes[1].factor:
            continue  # the rule is looked at again on the rows moved
        read = axes[1].read(frame[other])
        use, gap = here & ~read.missing, axis.step if order.strict else 0
        if j < at:
            low = np.where(use, np.maximum(low, -(-(read.values + gap) // axis.step) * axis.step), low)
        else:
            high = np.where(use, np.minimum(high, (read.values - gap) // axis.step * axis.step), high)
    return Room(low, high)


def apart(frame: pd.DataFrame, rule: Unique, recipe: Recipe, fixed: Sequence[str], broken: Callable[[pd.DataFrame], Array]) -> Settled:
    """Move repeated values to the nearest free ones.

    Parameters
    ----------
    frame : pandas.DataFrame
        The whole table.
    rule : Unique
        What must differ.
    recipe : Recipe
        What limits the columns.
    fixed : sequence of str
        Columns that must not be changed.
    broken : callable
        From a frame to a boolean per row: whether it breaks a rule that it must not break.
    """
    present = frame[list(rule.columns)].notna().all(axis=1).to_numpy()
    repeated = np.zeros(len(frame), dtype=bool)
    repeated[present] = frame.loc[present, list(rule.columns)].duplicated().to_numpy()
    axis = _movable(frame, rule, recipe, fixed) if repeated.any() else None
    if axis is None:
        return Settled(frame, 0, repeated)
    name = axis.column.name
    rows = np.flatnonzero(repeated)
    values = axis.read(frame[name]).values.copy()
    found = _free(frame, rule, axis, values, rows, room_for(frame, axis, recipe))
    able = rows[[new is not None for new in found]]
    values[able] = [new for new in found if new is not None]
    cells, outside = axis.write(values[able], np.zeros(len(able), dtype=bool))
    after = frame.copy()
    after[name] = _placed(frame[name], able, cells)
    was = broken(frame.iloc[able].reset_index(drop=True))
    wrong = (broken(after.iloc[able].reset_index(drop=True)) & ~was) | outside
    undone = able[wrong]
    if len(undone):
        after[name] = _placed(after[name], undone, frame[name].iloc[undone])
    repeated[able[~wrong]] = False
    return Settled(after, int((~wrong).sum()), repeated)


def _placed(cells: pd.Series[Any], rows: Array, new: pd.Series[Any]) -> pd.Series[Any]:
    out = cells.copy()
    out.iloc[rows] = new.to_numpy() if out.dtype == object else new.array
    return out


def _movable(frame: pd.DataFrame, rule: Unique, recipe: Recipe, fixed: Sequence[str]) -> Axis | None:
    """The last column of the rule whose values have a grid and may be changed."""
    columns = {column.name: column for column in recipe.columns}
    for name in reversed(rule.columns):
        if name not in fixed and name in columns:
            axes = open_axes(frame, [columns[name]])
            if not isinstance(axes, str) and axes[0].step:
                return axes[0]
    return None


def _free(frame: pd.DataFrame, rule: Unique, axis: Axis, values: Array, rows: Array, room: Room) -> list[int | None]:
    """For each repeated row the nearest free value within its room; later rows see what earlier ones took."""
    others = [name for name in rule.columns if name != axis.column.name]
    keys = keys_of(frame, others) if others else [()] * len(frame)
    taken = {(key, int(value)) for key, value in zip(keys, values, strict=True)}
    above: dict[Any, int] = {}
    below: dict[Any, int] = {}
    found: list[int | None] = []
    for row in rows:
        key, value = keys[row], int(values[row])
        up, down = _next(taken, above, key, value, axis.step), _next(taken, below, key, value, -axis.step)
        fits = [new for new in (up, down) if room.low[row] <= new <= room.high[row]]
        best = min(fits, key=lambda new: (abs(new - value), new), default=None)
        found.append(best)
        if best is not None:
            taken.add((key, best))
    return found


def _next(taken: set[Any], known: dict[Any, int], key: Any, value: int, step: int) -> int:
    """The next free value in one direction; paths already walked are walked at once."""
    walked, at = [], value
    while (key, at) in taken:
        walked.append(at)
        at = known.get((key, at), at + step)
    for passed in walked:
        known[key, passed] = at
    return at


def to_total(frame: pd.DataFrame, rule: Total, recipe: Recipe, broken: Callable[[pd.DataFrame], Array]) -> Settled:
    """Move a column's values in proportion until its sum is exactly what was declared.

    Values keep to the column's grid and to their rows' limits; the last units go to the rows that
    rounding took most from (controlled rounding by largest remainders). A row that would come to break
    another rule keeps its value.

    Parameters
    ----------
    frame : pandas.DataFrame
        The whole table.
    rule : Total
        The sum, or sums by group.
    recipe : Recipe
        What limits the column.
    broken : callable
        From a frame to a boolean per row: whether it breaks a rule that it must not break.
    """
    missed: list[bool] = []
    column = next(column for column in recipe.columns if column.name == rule.column)
    axis = _grid(frame, column.model_copy(update={"role": None}))
    if axis is None:
        return Settled(frame, 0, np.ones(1, dtype=bool))
    moved = 0
    for rows, value in _groups(frame, rule):
        after = _group_to(frame, axis, rows, value, recipe, broken)
        missed.append(after is None)
        if after is None:
            continue
        moved += int((frame[rule.column].ne(after[rule.column]) & frame[rule.column].notna()).sum())
        frame = after
    return Settled(frame, moved, np.array(missed, dtype=bool))


def _grid(frame: pd.DataFrame, column: Any) -> Axis | None:
    """The column on its grid; where it has no last decimal place, on one as fine as exact sums allow."""
    axes = open_axes(frame, [column])
    if isinstance(axes, str):
        return None
    if axes[0].factor:
        return replace(axes[0], step=axes[0].factor)
    largest = float(np.abs(axes[0].read(frame[column.name]).values).max(initial=0.0)) * max(len(frame), 1)
    places = max(0, min(9, 15 - math.ceil(math.log10(max(largest, 1.0)))))
    finer = open_axes(frame, [column.model_copy(update={"decimals": places})])
    return None if isinstance(finer, str) or not finer[0].factor else replace(finer[0], step=finer[0].factor)


def _groups(frame: pd.DataFrame, rule: Total) -> list[tuple[Array, float]]:
    if rule.by is None:
        return [(np.ones(len(frame), dtype=bool), rule.value or 0)]
    keys = [key for (key,) in keys_of(frame, [rule.by])]
    wanted = list(rule.values) or [(key, rule.value or 0) for key in dict.fromkeys(keys) if key is not None]
    return [(np.array([key in (level, str(level)) for key in keys], dtype=bool), value) for level, value in wanted]


def _group_to(
    frame: pd.DataFrame, axis: Axis, rows: Array, value: float, recipe: Recipe, broken: Callable[[pd.DataFrame], Array]
) -> pd.DataFrame | None:
    """The table with one group's sum reached; None if it can't be."""
    name, target = axis.column.name, _units(value, axis)
    read = axis.read(frame[name])
    here = np.flatnonzero(rows & ~read.missing)
    if target is None:
        return None
    if not len(here):
        return frame if target == 0 else None
    room = room_for(frame, axis, recipe)
    old = read.values[here] // axis.step
    low, high = -(-room.low[here] // axis.step), room.high[here] // axis.step
    was = broken(frame.iloc[here].reset_index(drop=True))
    low, high = np.where(low > high, old, low), np.where(low > high, old, high)
    for _ in range(_ROUNDS):
        new = moved_to(old, low, high, target)
        if new is None:
            return None
        cells, outside = axis.write(new * axis.step, np.zeros(len(new), dtype=bool))
        after = frame.copy()
        after[name] = _placed(frame[name], here, cells)
        wrong = (broken(after.iloc[here].reset_index(drop=True)) & ~was) | outside
        if not wrong.any():
            return after
        low, high = np.where(wrong, old, low), np.where(wrong, old, high)
    return None


def _units(value: float, axis: Axis) -> int | None:
    """A sum as a whole number of the column's steps; None if it isn't one."""
    from fractions import Fraction

    places = getattr(axis.cells, "places", 0)
    units = Fraction(str(value)) * 10**places * axis.factor / axis.step
    return int(units) if units.denominator == 1 else None


def moved_to(values: Array, low: Array, high: Array, target: int) -> Array | None:
    """Return whole numbers near the given ones, within limits, that add up to a target exactly.

    Numbers that aren't negative are scaled, so that nothing stays nothing; others are shifted.

    Parameters
    ----------
    values, low, high : ndarray of int64
        The numbers and their limits.
    target : int
        What they are to add up to.

    Returns
    -------
    ndarray of int64, or None
        None if the limits rule the target out.
    """
    if not sum(map(int, low)) <= target <= sum(map(int, high)):
        return None
    real = values.astype("f8")
    scaled = bool((values >= 0).all()) and bool(values.any()) and target >= 0
    wanted = _along(real, low, high, target, scaled=scaled)
    base: Array = np.clip(np.floor(wanted).astype("i8"), low, high)
    rest = target - sum(map(int, base))
    order = np.argsort(-(wanted - np.floor(wanted)), kind="stable")
    while rest:
        slack = high - base if rest > 0 else base - low
        open_ = order[slack[order] > 0] if rest > 0 else order[::-1][slack[order[::-1]] > 0]
        each = max(abs(rest) // len(open_), 1)
        chosen = open_[: abs(rest)]
        step = np.minimum(slack[chosen], each)
        base[chosen] += step if rest > 0 else -step
        rest -= int(step.sum()) if rest > 0 else -int(step.sum())
    return base


def _along(values: Array, low: Array, high: Array, target: int, *, scaled: bool) -> Array:
    """The values scaled, or shifted, by what brings their sum nearest to the target, by halving."""

    def at(amount: float) -> Array:
        return np.clip(values * amount if scaled else values + amount, low, high)

    span = float(np.abs(values).max()) + float(abs(target)) + 1.0
    least, most = (0.0, max(2.0, float(target) * 2 + 1.0)) if scaled else (-span * 2, span * 2)
    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        least, most = (middle, most) if float(at(middle).sum()) < target else (least, middle)
    return at(most)
