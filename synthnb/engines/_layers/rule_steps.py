"""Columns that a rule ties together, replaced by others that can't break it, and rebuilt from these.

==============  ============================================  =====================================
rule            what the engine learns                        what is put back
==============  ============================================  =====================================
order           the lowest column and the differences         each column from the one below it
sum             the parts                                     the total
sum, share      how much of what is left each part takes      the parts, on their grids, to the last unit
==============  ============================================  =====================================

Combinations and dependencies are in `synthnb.engines._layers.rule_levels`. Real rows that break a rule
aren't learnt, because they can't be said in what replaces the columns.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
from typing_extensions import override

from synthnb.engines._layers.rule_axes import Axis, Read, open_axes
from synthnb.recipes.columns import decimal_places
from synthnb.recipes.recipe import Column

if TYPE_CHECKING:
    from synthnb.engines.base import State, Unit
    from synthnb.recipes.recipe import Kind

__all__ = [
    "Computed",
    "Differences",
    "Parts",
    "Step",
    "Sums",
    "Taken",
    "described",
    "fresh_name",
    "take_differences",
    "take_parts",
    "take_sum",
]

Array = np.ndarray[Any, Any]

_SHARE_DIGITS = 6


class Step(Protocol):
    """One rule's columns, taken off and put back."""

    @property
    def how(self) -> Mapping[str, str]:
        """How each column it makes is made."""

    def rebuild(self, frame: pd.DataFrame, *, rows: Array, seed: int, unit: Unit) -> tuple[pd.DataFrame, Array]:
        """Put the columns back; return also per row whether that failed and it must be drawn again."""

    def to_state(self) -> State:
        """The step as plain data."""


class Taken(NamedTuple):
    """What came of taking a rule's columns off."""

    step: Step
    """Puts them back."""
    kept: Array
    """Per real row, whether it is learnt."""
    removed: tuple[str, ...]
    """Columns the engine doesn't see."""
    added: pd.DataFrame
    """Columns it sees instead, for all rows."""
    columns: tuple[Column, ...]
    """What these hold."""


def fresh_name(name: str, taken: Container[str]) -> str:
    """A name that isn't taken."""
    return next(found for found in itertools.chain([name], (f"{name} ({i})" for i in itertools.count(2))) if found not in taken)


def described(cells: pd.Series[Any], kind: Kind, **more: Any) -> Column:
    """What a column that replaces others holds."""
    here = cells[cells.notna()]
    missing = len(here) < len(cells)
    name, dtype = str(cells.name), str(cells.dtype)
    if here.empty:
        return Column(name=name, kind="empty", dtype=dtype, missing=True)
    if here.nunique() == 1:
        return Column(name=name, kind="constant", dtype=dtype, missing=missing, levels=(here.iloc[0],))
    decimals = decimal_places(here.to_numpy(dtype="f8")) if kind in {"integer", "real"} else None
    return Column(name=name, kind=kind, dtype=dtype, missing=missing, decimals=decimals, **more)


def _state(kind: str, meta: Mapping[str, Any]) -> State:
    from synthnb.engines.base import State

    return State({"step": kind, **meta}, {})


def _numbers(values: Array, missing: Array, name: str) -> pd.Series[Any]:
    """Numbers as a column, of a type that can hold missing cells if there are any."""
    if values.dtype.kind == "f":
        return pd.Series(np.where(missing, np.nan, values), name=name)
    return pd.Series(pd.arrays.IntegerArray(values.copy(), missing.copy()) if missing.any() else values, name=name)


def _read_number(cells: pd.Series[Any], *, floats: bool) -> Read:
    missing = cells.isna().to_numpy(dtype=bool)
    values = cells.to_numpy(dtype="f8", na_value=0.0)
    return Read(np.where(missing, 0.0, values) if floats else _whole(cells, missing), missing)


def _whole(cells: pd.Series[Any], missing: Array) -> Array:
    if pd.api.types.is_integer_dtype(cells.dtype):
        return cells.to_numpy(dtype="i8", na_value=0)
    return np.where(missing, 0, np.rint(cells.to_numpy(dtype="f8", na_value=0.0))).astype("i8")


def _write(frame: pd.DataFrame, columns: Mapping[str, pd.Series[Any]], drop: Sequence[str]) -> pd.DataFrame:
    made = {name: cells.set_axis(frame.index) for name, cells in columns.items()}
    return frame.drop(columns=[name for name in drop if name in frame]).assign(**made)


@dataclass(frozen=True)
class Differences(Step):
    """Columns that rise from left to right, as the lowest and the steps up from it."""

    axes: tuple[Axis, ...]
    """The columns, lowest first."""
    names: tuple[str, ...]
    """What the engine sees: for each column but the lowest, its distance from the one below it that isn't missing."""
    least: int
    """Smallest difference allowed, in the shared unit; 1 for a strict order."""
    first: str = ""
    """Where the lowest may be missing alone: the column that holds the lowest value that isn't."""
    pattern: str = ""
    """In that case, the column that says which are missing."""
    patterns: tuple[tuple[bool, ...], ...] = ()
    """What its levels mean: per column, whether it is missing."""

    @property
    def how(self) -> Mapping[str, str]:
        """How each column but the lowest is made."""
        names = [axis.column.name for axis in self.axes]
        made = {high: f"{low} plus a learnt difference, so that it can't be lower" for low, high in itertools.pairwise(names)}
        return {names[0]: "put back from the lowest value of the row"} | made if self.first else made

    @override
    def rebuild(self, frame: pd.DataFrame, *, rows: Array, seed: int, unit: Unit) -> tuple[pd.DataFrame, Array]:
        """Put the columns back, each on its grid and not below the one before it."""
        lowest, gone = self._start(frame)
        bad = np.zeros(len(frame), dtype=bool) if gone is None else ~frame[self.pattern].isin(list(self._levels)).to_numpy()
        last, known = lowest.values, ~lowest.missing
        made: dict[str, pd.Series[Any]] = {}
        for j, axis in enumerate(self.axes):
            if j == 0:
                values, missing = last, lowest.missing if gone is None else gone[:, 0]
            else:
                gap = _read_number(frame[self.names[j - 1]], floats=not axis.factor)
                missing = gap.missing if gone is None else gone[:, j]
                opens = (gone[:, :j].all(axis=1) if gone is not None else np.zeros(len(frame), dtype=bool)) & ~missing
                values = np.where(opens, axis.up(last), axis.up(last + gap.values))
                bad |= ~missing & ~opens & (~known | gap.missing | (gap.values < (self.least if axis.factor else 0)))
                last = np.where(missing, last, values)
            if j or self.first:
                made[axis.column.name], outside = axis.write(values, missing)
                bad |= outside
        return _write(frame, made, [*self.names, self.first, self.pattern]), bad

    @property
    def _levels(self) -> dict[str, tuple[bool, ...]]:
        return {_pattern_name(pattern): pattern for pattern in self.patterns}

    def _start(self, frame: pd.DataFrame) -> tuple[Read, Array | None]:
        """The lowest value of each row, and which columns are missing where a column says so."""
        if not self.first:
            return self.axes[0].read(frame[self.axes[0].column.name]), None
        known = [self._levels.get(str(cell), self.patterns[0]) for cell in frame[self.pattern]]
        gone = np.array(known, dtype=bool).reshape(len(frame), len(self.axes))
        return _read_number(frame[self.first], floats=not self.axes[0].factor), gone

    def to_state(self) -> State:
        """The step as plain data."""
        meta = {"axes": [axis.to_json() for axis in self.axes], "names": list(self.names), "least": self.least, "first": self.first}
        return _state("differences", meta | {"pattern": self.pattern, "patterns": [list(pattern) for pattern in self.patterns]})

    @classmethod
    def from_state(cls, state: State) -> Differences:
        """What `to_state` wrote."""
        meta = state.meta
        return cls(
            tuple(map(Axis.from_json, meta["axes"])),
            tuple(map(str, meta["names"])),
            int(meta["least"]),
            str(meta["first"]),
            str(meta["pattern"]),
            tuple(tuple(map(bool, pattern)) for pattern in meta["patterns"]),
        )


def _pattern_name(pattern: Sequence[bool]) -> str:
    return "".join("-" if gone else "+" for gone in pattern)


def take_differences(frame: pd.DataFrame, axes: tuple[Axis, ...], *, strict: bool, whole: bool) -> Taken | str:
    """Replace columns that rise from left to right by the lowest and the differences.

    Parameters
    ----------
    frame : pandas.DataFrame
        The real rows.
    axes : tuple of Axis
        The columns, lowest first.
    strict : bool
        Whether a difference of nothing breaks the rule.
    whole : bool
        Whether the lowest column must stay visible under its own name.
    """
    names = [axis.column.name for axis in axes]
    read = [axis.read(frame[name]) for axis, name in zip(axes, names, strict=True)]
    gone = np.column_stack([cells.missing for cells in read])
    alone = bool((gone[:, 0] & ~gone.all(axis=1)).any())
    if alone and whole:
        return f"{names[0]} is missing where others aren't, and is fixed from outside"
    last, known, kept = read[0].values, ~gone[:, 0], np.ones(len(frame), dtype=bool)
    gaps: dict[str, pd.Series[Any]] = {}
    least = int(strict)
    for j in range(1, len(axes)):
        gap = read[j].values - last
        absent = gone[:, j] | ~known
        kept &= absent | (gap > 0 if strict else gap >= 0)
        name = fresh_name(f"{names[j]} minus {names[j - 1]}", [*frame.columns, *gaps])
        gaps[name] = _numbers(np.where(absent, 0, gap), absent, name)
        last, known = np.where(gone[:, j], last, read[j].values), known | ~gone[:, j]
    step, added = Differences(axes, tuple(gaps), least), pd.DataFrame(gaps)
    if alone:
        step, added = _with_pattern(step, added, read, gone, list(frame.columns))
    removed = tuple(names if alone else names[1:])
    kinds: list[Kind] = ["real" if added[name].dtype.kind == "f" else "integer" for name in gaps]
    columns = [
        described(added.loc[kept, name], kind, minimum=least if axes[j].factor else 0, maximum=_widest(axes[j], axes[j + 1]))
        for j, (name, kind) in enumerate(zip(gaps, kinds, strict=True))
    ]
    if alone:
        columns = [_first_column(added.loc[kept, step.first]), *columns, _pattern_column(added.loc[kept, step.pattern])]
    return Taken(step, kept, removed, added, tuple(columns))


def _widest(low: Axis, high: Axis) -> float | None:
    """The largest difference that the declared limits leave; None where they leave any."""
    if low.column.minimum is None or high.column.maximum is None:
        return None
    try:
        return high.at(high.column.maximum, up=False) - low.at(low.column.minimum, up=True)
    except ValueError:
        return None


def _with_pattern(
    step: Differences, added: pd.DataFrame, read: list[Read], gone: Array, taken: list[str]
) -> tuple[Differences, pd.DataFrame]:
    """The same where the lowest column may be missing alone: its place is taken by the lowest value there is."""
    which = np.argmin(gone, axis=1)
    values = np.column_stack([cells.values for cells in read])[np.arange(len(gone)), which]
    first = fresh_name(f"lowest of {', '.join(axis.column.name for axis in step.axes)}", taken)
    pattern = fresh_name(f"missing among {', '.join(axis.column.name for axis in step.axes)}", taken)
    patterns = tuple(tuple(map(bool, row)) for row in np.unique(gone, axis=0))
    marks = pd.Series([_pattern_name(row) for row in gone], name=pattern, dtype=object)
    absent = np.asarray(gone.all(axis=1))
    lowest = _numbers(np.where(absent, 0, values), absent, first)
    found = Differences(step.axes, step.names, step.least, first, pattern, patterns)
    return found, pd.concat([lowest, added, marks], axis=1)


def _first_column(cells: pd.Series[Any]) -> Column:
    return described(cells, "real" if cells.dtype.kind == "f" else "integer")


def _pattern_column(cells: pd.Series[Any]) -> Column:
    return described(cells, "category", levels=tuple(sorted(cells.unique())))


@dataclass(frozen=True)
class Sums(Step):
    """A total, computed from its parts."""

    total: Axis
    """The total."""
    parts: tuple[Axis, ...]
    """What is added."""
    learnt: bool
    """Whether the engine draws the total too, for rows in which a part is missing."""

    @property
    def how(self) -> Mapping[str, str]:
        """How the total is made."""
        parts = " + ".join(axis.column.name for axis in self.parts)
        return {self.total.column.name: f"computed: {parts}" + (", and learnt where one of them is missing" if self.learnt else "")}

    @override
    def rebuild(self, frame: pd.DataFrame, *, rows: Array, seed: int, unit: Unit) -> tuple[pd.DataFrame, Array]:
        """Add the parts up."""
        read = [axis.read(frame[axis.column.name]) for axis in self.parts]
        values = np.sum([cells.values for cells in read], axis=0)
        missing = np.any([cells.missing for cells in read], axis=0)
        name = self.total.column.name
        if self.learnt:
            drawn = self.total.read(frame[name])
            values, missing = np.where(missing, drawn.values, values), drawn.missing
        cells, outside = self.total.write(values, missing)
        return _write(frame, {name: cells}, []), outside

    def to_state(self) -> State:
        """The step as plain data."""
        return _state("sums", {"total": self.total.to_json(), "parts": [axis.to_json() for axis in self.parts], "learnt": self.learnt})

    @classmethod
    def from_state(cls, state: State) -> Sums:
        """What `to_state` wrote."""
        return cls(Axis.from_json(state.meta["total"]), tuple(map(Axis.from_json, state.meta["parts"])), bool(state.meta["learnt"]))


def take_sum(frame: pd.DataFrame, total: Axis, parts: tuple[Axis, ...]) -> Taken | str:
    """Take a total off, which follows from its parts."""
    if total.step > min(axis.step for axis in parts):
        return f"{total.column.name} has fewer decimals than its parts"
    if not total.factor and total.column.decimals is not None:
        return f"{total.column.name} has a last decimal place and its parts don't"
    read = [axis.read(frame[axis.column.name]) for axis in parts]
    drawn = total.read(frame[total.column.name])
    absent = np.any([cells.missing for cells in read], axis=0)
    added = np.sum([cells.values for cells in read], axis=0)
    near = np.abs(added - drawn.values) <= (1e-9 * np.maximum(1.0, np.abs(added)) if not total.factor else 0)
    learnt = bool((absent | drawn.missing).any())
    return Taken(Sums(total, parts, learnt), absent | drawn.missing | near, () if learnt else (total.column.name,), frame[[]], ())


@dataclass(frozen=True)
class Parts(Step):
    """Parts that add up to a constant or to a column, by how much of what is left each takes."""

    axes: tuple[Axis, ...]
    """The parts, the one on the finest grid last."""
    names: tuple[str, ...]
    """What the engine sees: for each part but the last, its share of what the parts before it left."""
    whole: float = 0
    """The constant, in the shared unit."""
    total: Axis | None = None
    """The column they add up to instead."""
    drawn: bool = field(default=False, kw_only=True)
    """Whether the engine draws the parts themselves, which are then brought to the sum in proportion."""

    @property
    def how(self) -> Mapping[str, str]:
        """How each part is made."""
        of = "a constant" if self.total is None else self.total.column.name
        return {axis.column.name: f"a learnt share of {of}, rounded so that all parts add up exactly" for axis in self.axes}

    @override
    def rebuild(self, frame: pd.DataFrame, *, rows: Array, seed: int, unit: Unit) -> tuple[pd.DataFrame, Array]:
        """Give each part its share and the last one the rest."""
        shares, missing, bad = self._shares(frame)
        left = self._left(frame, missing)
        bad |= (left < 0) & ~missing
        left = np.maximum(left, 0)
        made: dict[str, pd.Series[Any]] = {}
        for j, axis in enumerate(self.axes):
            values = left
            if j < len(shares):
                wanted = np.clip(shares[j], 0.0, 1.0) * left
                values = (
                    np.minimum(np.rint(wanted / axis.step).astype("i8") * axis.step, left // axis.step * axis.step) if axis.step else wanted
                )
            made[axis.column.name], outside = axis.write(values, missing)
            bad |= outside
            left = left - values
        return _write(frame, made, self.names), bad

    def _shares(self, frame: pd.DataFrame) -> tuple[list[Array], Array, Array]:
        """How much of what is left each part takes; which rows have no parts; which have only some."""
        if self.drawn:
            read = [axis.read(frame[axis.column.name]) for axis in self.axes]
            values = np.maximum(np.column_stack([cells.values for cells in read]).astype("f8"), 0.0)
            shares = list(_broken_off(values).T)
        else:
            read = [_read_number(frame[name], floats=True) for name in self.names]
            shares = [cells.values for cells in read]
        gone = np.column_stack([cells.missing for cells in read])
        absent = np.asarray(gone.all(axis=1))
        nothing = values.sum(axis=1) <= 0 if self.drawn else np.zeros(len(frame), dtype=bool)
        return shares, absent, np.asarray(gone.any(axis=1) | nothing) & ~absent

    def _left(self, frame: pd.DataFrame, missing: Array) -> Array:
        kind = "i8" if self.axes[-1].factor else "f8"
        if self.total is None:
            return np.where(missing, 0, np.full(len(frame), self.whole)).astype(kind)
        read = self.total.read(frame[self.total.column.name])
        return np.where(missing, 0, np.where(read.missing, -1, read.values)).astype(kind)

    def to_state(self) -> State:
        """The step as plain data."""
        total = None if self.total is None else self.total.to_json()
        meta = {"axes": [axis.to_json() for axis in self.axes], "names": list(self.names), "whole": repr(self.whole), "drawn": self.drawn}
        return _state("parts", meta | {"total": total})

    @classmethod
    def from_state(cls, state: State) -> Parts:
        """What `to_state` wrote."""
        meta = state.meta
        total = None if meta["total"] is None else Axis.from_json(meta["total"])
        return cls(
            tuple(map(Axis.from_json, meta["axes"])), tuple(map(str, meta["names"])), float(meta["whole"]), total, drawn=bool(meta["drawn"])
        )


@dataclass(frozen=True)
class Computed(Step):
    """A sum or shares put right on what the engine drew, where there was nothing to learn from."""

    columns: tuple[Column, ...]
    """For a sum, the total and then the parts; for shares, the parts."""
    constant: float | None
    """What shares add up to; None for a sum."""
    to_total: bool = field(default=False, kw_only=True)
    """For a sum: whether the parts are brought to the total instead."""

    @property
    def how(self) -> Mapping[str, str]:
        """How each column is made."""
        names = [column.name for column in self.columns]
        if self.constant is None and not self.to_total:
            return {names[0]: f"computed: {' + '.join(names[1:])}"}
        whole = f"{self.constant:g}" if self.constant is not None else names[0]
        return dict.fromkeys(names if self.constant is not None else names[1:], f"brought in proportion to a sum of {whole}")

    def rebuild(self, frame: pd.DataFrame, *, rows: Array, seed: int, unit: Unit) -> tuple[pd.DataFrame, Array]:
        """Put the total, or the parts, right."""
        axes = open_axes(frame, self.columns)
        if isinstance(axes, str):
            return frame, np.ones(len(frame), dtype=bool)
        step: Step = Sums(axes[0], axes[1:], learnt=True)
        if self.constant is not None or self.to_total:
            parts = tuple(sorted(axes if self.constant is not None else axes[1:], key=lambda axis: -axis.step))
            whole = constant_units(self.constant, parts) if self.constant is not None else 0
            if whole is None:
                return frame, np.ones(len(frame), dtype=bool)
            step = Parts(parts, (), whole, axes[0] if self.constant is None else None, drawn=True)
        return step.rebuild(frame, rows=rows, seed=seed, unit=unit)

    def to_state(self) -> State:
        """The step as plain data."""
        columns = [column.model_dump(mode="json") for column in self.columns]
        constant = None if self.constant is None else repr(float(self.constant))
        return _state("computed", {"columns": columns, "constant": constant, "to_total": self.to_total})

    @classmethod
    def from_state(cls, state: State) -> Computed:
        """What `to_state` wrote."""
        meta = state.meta
        columns = tuple(Column.model_validate(column) for column in meta["columns"])
        return cls(columns, None if meta["constant"] is None else float(meta["constant"]), to_total=bool(meta["to_total"]))


def _broken_off(values: Array) -> Array:
    """For each part but the last, its share of what the parts before it left; 0 of nothing."""
    after = np.cumsum(values[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(np.divide(values[:, :-1], after[:, :-1], out=np.zeros_like(values[:, :-1]), where=after[:, :-1] > 0))


def take_parts(frame: pd.DataFrame, axes: tuple[Axis, ...], *, constant: float = 0, total: Axis | None = None) -> Taken | str:
    """Replace parts by how much of what is left each takes.

    Parameters
    ----------
    frame : pandas.DataFrame
        The real rows.
    axes : tuple of Axis
        The parts.
    constant : float
        What they add up to.
    total : Axis, optional
        The column they add up to instead.
    """
    axes = tuple(sorted(axes, key=lambda axis: -axis.step))
    whole = constant_units(constant, axes) if total is None else 0
    if whole is None:
        return f"{constant:g} has more decimals than the parts"
    read = [axis.read(frame[axis.column.name]) for axis in axes]
    gone, values = np.column_stack([cells.missing for cells in read]), np.column_stack([cells.values for cells in read])
    absent = gone.all(axis=1)
    target = np.full(len(frame), float(whole))
    if total is not None:
        drawn = total.read(frame[total.column.name])
        target, unknown = drawn.values.astype("f8"), drawn.missing & ~absent
        if unknown.any():
            return f"{total.column.name} is missing where the parts aren't"
        if (values < 0).any():
            return "some parts are negative, and their sum has limits of its own"
    if (gone.any(axis=1) & ~absent).any():
        return "some parts of a row are missing and others aren't"
    slack = sum(axis.step for axis in axes) / 2 if total is None and axes[0].step else 1e-9 * np.maximum(1.0, np.abs(target))
    kept = absent | ((values >= 0).all(axis=1) & (np.abs(values.sum(axis=1) - target) <= slack))
    shares = np.round(_broken_off(np.maximum(values, 0).astype("f8")), _SHARE_DIGITS)
    names: list[str] = []
    for axis in axes[:-1]:
        names.append(fresh_name(f"share of {axis.column.name}", [*frame.columns, *names]))
    added = pd.DataFrame({name: np.where(absent, np.nan, share) for name, share in zip(names, shares.T, strict=True)}, index=frame.index)
    columns = tuple(described(added.loc[kept, name], "real", minimum=0, maximum=1) for name in names)
    return Taken(Parts(axes, tuple(names), whole, total), kept, tuple(axis.column.name for axis in axes), added, columns)


def constant_units(constant: float, axes: Sequence[Axis]) -> float | None:
    """A constant in the unit the axes share; None if the finest grid doesn't hold it."""
    finest = min(axes, key=lambda axis: axis.step)
    if not finest.factor:
        return constant
    units = constant * finest.per_one
    return float(round(units)) if abs(units - round(units)) < 1e-6 and round(units) % finest.step == 0 else None
