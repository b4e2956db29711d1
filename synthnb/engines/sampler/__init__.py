"""Rows from a declared recipe alone: numpy draws each column from the distribution it states.

Columns are drawn in the order of what they depend on, each from points of (0, 1) of its own, so that
neither the order in which a recipe lists them nor the number of rows changes a value. Limits cut a
distribution by construction: the points are taken from the part that lies within.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri
from typing_extensions import override

from synthnb._random import generator
from synthnb.engines._admissible import Parts, admissible_parts
from synthnb.engines._layers.codes import Codes
from synthnb.engines._truncated import Limits, draw_limited, uniforms_needed
from synthnb.engines.base import BLOCK, Drawn, Engine, Progress, State, no_progress
from synthnb.engines.sampler.declared import Drawer, drawer_of, is_drawn
from synthnb.errors import OptionError, RecipeError, RecordError, shown
from synthnb.recipes._correlated import Group, groups_of
from synthnb.recipes._distribution_checks import drawn_columns, parents, sequence_of
from synthnb.recipes.distributions import Expressed, Identifier, Problem, check_distributions, numbers
from synthnb.recipes.expressions import parse_expression
from synthnb.recipes.formats import parse_format

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines._choice import Reads
    from synthnb.engines.base import Unit
    from synthnb.recipes.conditions import Conditions
    from synthnb.recipes.recipe import Column, Recipe

__all__ = ["FittedSampler", "Sampler"]

Array = np.ndarray[Any, Any]

_TRIES = 200
_MOST_TOLD = 40
_STATE = "synthnb.sampler/1"
_TRIAL = np.array([1e-9, 0.25, 0.5, 0.75, 1 - 1e-9])
_ACCOUNT = {
    "method": "random numbers drawn by numpy from the distributions that the recipe declares; no real row was read",
    "missing_data": "cells are made missing at random, by each column's declared share, independently of everything else",
    "record_links": "none; there are no source rows",
    "copies": "not looked for, since no real row was read",
}


class Sampler(Engine):
    """The engine ``sampler``. It takes no options and needs no data."""

    reads: ClassVar[Reads] = "nothing"
    not_for_tables: ClassVar[str] = "it learns nothing from data"

    @override
    def fit(self, frame: pd.DataFrame | None, recipe: Recipe, *, seed: int, progress: Progress = no_progress) -> FittedSampler:
        """Check a recipe; a frame is not read.

        Raises
        ------
        RecipeError
            The recipe can't be drawn; everything that is wrong is listed with its path.
        """
        found = check_distributions(recipe) or _storage_problems(recipe)
        if found:
            told = "; ".join(f"{problem.path}: {problem.message}" for problem in found[:_MOST_TOLD])
            more = f"; and {len(found) - _MOST_TOLD:,} more" if len(found) > _MOST_TOLD else ""
            raise RecipeError(f"The recipe of {shown(recipe.table)} can't be drawn: {told}{more}.", fix="Correct what is named.")
        return FittedSampler(recipe, had_frame=frame is not None)

    def restore(self, recipe: Recipe, state: State) -> FittedSampler:
        """Return what `FittedSampler.to_state` kept: the recipe is all there is.

        Raises
        ------
        RecordError
            The state isn't one of this engine's.
        """
        if state.meta.get("state") != _STATE:
            raise RecordError(
                f"A sampler's state, {_STATE}, was expected; got {shown(state.meta.get('state'))}.", fix="Save the generator again."
            )
        fitted = self.fit(None, recipe, seed=recipe.seed)
        return FittedSampler(fitted.recipe, had_frame=bool(state.meta.get("had_frame")))


@dataclass(frozen=True)
class FittedSampler:
    """A recipe that can be drawn."""

    recipe: Recipe
    """What is made."""
    had_frame: bool = False
    """Whether a frame was given, which wasn't read."""
    _parts: dict[tuple[str, str], Parts] = field(default_factory=dict, repr=False, compare=False)
    """By column and condition: the points that are admitted."""

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Columns that are drawn, by name."""
        return {column.name: column for column in drawn_columns(self.recipe)}

    @cached_property
    def order(self) -> list[str]:
        """Their names, each after those it depends on."""
        return sequence_of(self.recipe)[0]

    @cached_property
    def parents(self) -> dict[str, set[str]]:
        """By name, the columns each depends on directly."""
        return {name: {parent for _, parent in parents(column.distribution)} for name, column in self.columns.items()}

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Columns that are correlated."""
        return groups_of(self.recipe)

    @cached_property
    def drawers(self) -> dict[str, Drawer]:
        """What draws each column that follows from points of (0, 1)."""
        return {name: drawer_of(column) for name, column in self.columns.items() if is_drawn(column.distribution)}

    @cached_property
    def codes(self) -> dict[str, Codes]:
        """What spells each identifier."""
        return {name: _codes(column) for name, column in self.columns.items() if isinstance(column.distribution, Identifier)}

    @property
    def parameters(self) -> Mapping[str, Json]:
        """Families, who stated the numbers, and which columns are correlated."""
        families = Counter(column.distribution.family for column in self.columns.values() if column.distribution)
        return {
            "families": dict(sorted(families.items())),
            "numbers_stated_by": dict(sorted(self._sources.items())),
            "correlated": [list(group.names) for group in self.groups],
            "block": BLOCK,
        }

    @cached_property
    def _sources(self) -> Counter[str]:
        return Counter(number.source for column in self.columns.values() for number in numbers(column.distribution))

    @property
    def how(self) -> Mapping[str, str]:
        """How each column is made, by name."""
        made = {column.name: "left empty, as declared" for column in self.recipe.columns if column.kind == "empty"}
        return made | {name: _how(column, self.parents[name]) for name, column in self.columns.items()}

    @property
    def account(self) -> Mapping[str, str]:
        """What drawing from a recipe does, in the disclosure's words."""
        return _ACCOUNT

    @property
    def conditions(self) -> frozenset[str]:
        """What `draw` can honour by itself."""
        return frozenset({"given", "where"})

    def draw(self, rows: Array, *, seed: int, unit: Unit, given: pd.DataFrame | None = None, where: Conditions | None = None) -> Drawn:
        """Draw some rows of one block.

        A condition on a column that depends on no other is met by drawing from what it admits; for
        others, rows are drawn again, up to 200 times.

        Raises
        ------
        OptionError
            A fixed column depends on columns that aren't fixed.
        RecipeError
            A number too large for its column came out.
        """
        if given is not None:
            self._check_given(given)
        frame, broken, counts = self._rows(rows, seed, unit, given, where)
        if where is None:
            return Drawn(frame, counts, broken if broken.any() else None)
        known = all(name in frame for name in where.names)
        short = broken | ~where.mask(frame) if known else broken
        for attempt in range(1, _TRIES + 1):
            again = np.flatnonzero(short)
            if not len(again):
                break
            some = None if given is None else given.iloc[again].reset_index(drop=True)
            redrawn, wrong, _ = self._rows(rows[again], seed, (*unit, "where", attempt), some, where)
            met = ~wrong & where.mask(redrawn) if known else ~wrong
            if met.any():
                frame = _replaced(frame, again[met], redrawn[met])
                short[again[met]] = False
        return Drawn(frame, counts, short if short.any() else None)

    def _rows(
        self, rows: Array, seed: int, unit: Unit, given: pd.DataFrame | None, where: Conditions | None
    ) -> tuple[pd.DataFrame, Array, dict[str, int]]:
        """Rows, which of them lie outside a limit that only shows when they are computed, and counts."""
        fixed = {} if given is None else {str(name): given[name].reset_index(drop=True) for name in given if name in self.columns}
        points = self._points(rows, seed, unit, fixed, where)
        seen: dict[str, pd.Series[Any]] = {}
        broken = np.zeros(len(rows), dtype=bool)
        undefined = 0
        for name in self.order:
            if name in fixed:
                seen[name] = fixed[name]
            elif name in points:
                seen[name] = self.drawers[name].draw(points[name], seen)
            elif isinstance(self.columns[name].distribution, Expressed):
                seen[name], wrong, nowhere = self._computed(self.columns[name], seen, len(rows))
                broken |= wrong
                undefined += nowhere
            else:
                seen[name] = self._counted(self.columns[name], int(unit[0]) * BLOCK + rows, seed)
            if name not in fixed:
                seen[name] = self._with_missing(self.columns[name], seen[name], rows, seed, unit, where)
        listed = [column for column in self.recipe.columns if column.kind != "text"]
        frame = pd.DataFrame({column.name: self._listed(column, seen, len(rows)) for column in listed})
        return frame, broken, {"cells_without_value": undefined} if undefined else {}

    def _listed(self, column: Column, seen: Mapping[str, pd.Series[Any]], rows: int) -> pd.Series[Any]:
        empty: pd.Series[Any] = pd.Series([None] * rows, dtype=column.dtype) if column.kind == "empty" else seen[column.name]
        return empty

    def _points(
        self, rows: Array, seed: int, unit: Unit, fixed: Mapping[str, pd.Series[Any]], where: Conditions | None
    ) -> dict[str, Array]:
        """Points of (0, 1) per column, from what conditions admit and correlations ask."""
        limited = {name: parts for name in self.drawers if name not in fixed and (parts := self._admitted(name, where)) is not None}
        grouped = {name for group in self.groups for name in group.names}
        points = {}
        for name in self.drawers:
            if name not in grouped and name not in fixed:
                u = _uniforms(seed, ("sample", "column", name, *unit), rows)
                points[name] = limited[name].at(u) if name in limited else u
        for group in self.groups:
            points |= self._group_points(group, rows, seed, unit, fixed, limited)
        return points

    def _group_points(
        self, group: Group, rows: Array, seed: int, unit: Unit, fixed: Mapping[str, pd.Series[Any]], limited: Mapping[str, Parts]
    ) -> dict[str, Array]:
        """Points of columns that are correlated, given those that are fixed or limited."""
        spots = int(rows.max(initial=-1)) + 1
        normals = np.column_stack([generator(seed, "sample", "column", name, *unit).standard_normal(spots)[rows] for name in group.names])
        limits = {}
        for k, name in enumerate(group.names):
            if name in fixed:
                low, high = (ndtri(end)[:, None] for end in self.drawers[name].pieces(fixed[name], fixed))
                limits[k] = Limits(np.clip(low, -40.0, 40.0), np.clip(high, -40.0, 40.0))
            elif name in limited:
                limits[k] = Limits(*(np.tile(ndtri(ends), (len(rows), 1)) for ends in limited[name]))
        if limits:
            uniforms = generator(seed, "sample", "limits", *group.names, *unit).random((spots, uniforms_needed(len(limits))))[rows]
            z = draw_limited(group.correlation, limits, uniforms, normals)
        else:
            z = normals @ np.linalg.cholesky(group.correlation).T
        return {name: np.clip(ndtr(z[:, k]), 1e-300, 1 - 2.0**-53) for k, name in enumerate(group.names) if name not in fixed}

    def _admitted(self, name: str, where: Conditions | None) -> Parts | None:
        """The points whose values a condition admits; None where nothing limits them, or they depend on other columns."""
        condition = where.by_column.get(name) if where else None
        if condition is None or self.parents[name]:
            return None
        key = (name, condition.expression.text)
        if key not in self._parts:
            drawer = self.drawers[name]
            self._parts[key] = admissible_parts(lambda u: condition.admits(drawer.draw(u, {})))
        found = self._parts[key]
        return found if len(found.low) else None

    def _computed(self, column: Column, seen: Mapping[str, pd.Series[Any]], rows: int) -> tuple[pd.Series[Any], Array, int]:
        """A computed column, which rows lie outside its limits or can't be held, and how many cells have no finite value."""
        assert isinstance(column.distribution, Expressed)
        expression = parse_expression(column.distribution.expression)
        values = expression.values(pd.DataFrame({name: seen[name] for name in expression.names}, index=range(rows)))
        if column.kind not in {"integer", "real", "boolean"}:
            made: pd.Series[Any] = values.astype(pd.api.types.pandas_dtype(column.dtype))
            return made, np.zeros(len(values), dtype=bool), 0
        found = values.astype("f8").to_numpy(dtype="f8", na_value=np.nan)
        gone = ~np.isfinite(found)
        cells = Drawer(column, column.distribution).cells(np.where(gone, 0.0, found))
        outside = ~gone & _outside(column, cells)
        if gone.any() and not _may_be_missing(cells.dtype):
            return cells, outside | gone, 0
        return cells.mask(gone) if gone.any() else cells, outside, int(np.isinf(found).sum())

    def _counted(self, column: Column, places: Array, seed: int) -> pd.Series[Any]:
        """A sequence or codes, by the rows' numbers in the whole output."""
        if column.name in self.codes:
            return self.codes[column.name].column(places, seed=seed)
        distribution: Any = column.distribution
        return Drawer(column, distribution).cells((distribution.start + distribution.step * places).astype("f8"))

    def _with_missing(
        self, column: Column, cells: pd.Series[Any], rows: Array, seed: int, unit: Unit, where: Conditions | None
    ) -> pd.Series[Any]:
        """Cells with some made missing, unless a condition on this column admits no missing one."""
        share = column.distribution.missing if column.distribution else 0.0
        if not share or column.name in self.codes:
            return cells
        condition = where.by_column.get(column.name) if where else None
        gone = _uniforms(seed, ("sample", "missing", column.name, *unit), rows) < share
        if condition is not None and gone.any() and not condition.admits(cells.iloc[:1].mask(np.ones(1, dtype=bool)))[0]:
            return cells
        return cells.mask(gone)

    def _check_given(self, given: pd.DataFrame) -> None:
        """Fixed columns must depend on fixed columns only; the others then follow as declared."""
        for name in map(str, given):
            free = sorted(self.parents.get(name, set()) - set(map(str, given)))
            if free:
                raise OptionError(
                    f"Column {shown(name)} depends on {', '.join(map(shown, free))}, so it can't be fixed alone.",
                    fix=f"Fix {', '.join(map(shown, free))} too, or state a condition with where.",
                )

    def notes(self, counts: Mapping[str, int]) -> list[str]:
        """Sentences the reader of the run should see."""
        told = []
        if self.had_frame:
            told.append("The real rows weren't read: the engine sampler draws what the recipe declares.")
        total, stated = sum(self._sources.values()), self._sources["model"]
        if stated:
            told.append(f"{stated:,} of the recipe's {total:,} numbers were stated by a language model and checked against no data.")
        if counts.get("cells_without_value"):
            told.append(
                f"{counts['cells_without_value']:,} computed cells have no finite value, such as after a division by 0; they are missing."
            )
        return told

    def to_state(self) -> State:
        """What is needed beside the recipe: nothing but a mark."""
        return State({"state": _STATE, "had_frame": self.had_frame}, {})


def _uniforms(seed: int, path: Sequence[str | int], rows: Array) -> Array:
    """A point within (0, 1) per row, neither end included."""
    spots = int(rows.max(initial=-1)) + 1
    return np.asarray(generator(seed, *path).random(spots)[rows] * (1 - 2.0**-53) + 2.0**-54)


def _replaced(frame: pd.DataFrame, at: Array, rows: pd.DataFrame) -> pd.DataFrame:
    """The frame with some rows replaced, types unchanged."""
    order = np.arange(len(frame))
    order[at] = len(frame) + np.arange(len(at))
    return pd.concat([frame, rows], ignore_index=True).iloc[order].reset_index(drop=True)


def _codes(column: Column) -> Codes:
    assert isinstance(column.distribution, Identifier)
    made = parse_format(column.distribution.pattern)
    dtype = pd.api.types.pandas_dtype(column.dtype)
    absent = None if pd.api.types.is_object_dtype(dtype) else pd.NA
    return Codes(column.name, dtype, made, np.empty(0, dtype="u8"), salt=0, missing=column.distribution.missing, absent=absent, start=1)


def _outside(column: Column, cells: pd.Series[Any]) -> Array:
    """Which numbers lie outside a column's limits."""
    values = cells.to_numpy(dtype="f8")
    low, high = (-np.inf if column.minimum is None else column.minimum), (np.inf if column.maximum is None else column.maximum)
    return np.asarray((values < float(low)) | (values > float(high)))


def _may_be_missing(dtype: Any) -> bool:
    return not (isinstance(dtype, np.dtype) and dtype.kind in "biu")


def _storage_problems(recipe: Recipe) -> list[Problem]:
    """Types that don't exist or can't hold what is drawn, and codes that are too few."""
    found = []
    for i, column in enumerate(recipe.columns):
        if column.kind != "text":
            try:
                _try_storage(column, recipe.rows)
            except RecipeError as error:
                found.append(Problem(f"columns[{i}]", error.message.rstrip(".")))
            except (TypeError, ValueError, OverflowError, ImportError) as error:
                found.append(Problem(f"columns[{i}].dtype", f"{shown(column.dtype)} can't hold this column: {str(error)[:200]}"))
    return found


def _try_storage(column: Column, rows: int) -> None:
    dtype = pd.api.types.pandas_dtype(column.dtype)
    distribution = column.distribution
    if column.kind == "empty" or (distribution is not None and distribution.missing):
        if not _may_be_missing(dtype):
            raise TypeError("it has no mark for a missing cell; use Int64, boolean or float64")
        pd.Series([None], dtype=dtype)
    if isinstance(distribution, Identifier):
        codes = _codes(column)
        if codes.capacity < rows:
            raise RecipeError(f"the pattern of {shown(column.name)} spells {codes.capacity:,} codes, fewer than the {rows:,} rows to make")
        codes.column(np.arange(1), seed=0)
    elif distribution is not None and is_drawn(distribution):
        plain: dict[str, Any] = {name: () for name in ("cases", "effects") if name in type(distribution).model_fields}
        variant = column.model_copy(update={"distribution": distribution.model_copy(update=plain)})
        drawer_of(variant).draw(_TRIAL, {})


def _how(column: Column, depends: set[str]) -> str:
    """How a column is made, in a few words."""
    distribution: Any = column.distribution
    words = [f"drawn from the declared {distribution.family.replace('_', ' ')}"]
    if isinstance(distribution, Expressed):
        words = [f"computed as {distribution.expression}"]
    elif depends:
        words.append(f"given {', '.join(sorted(depends)[:5])}")
    correlated = [item.column for item in getattr(distribution, "correlations", ())]
    if correlated:
        words.append(f"correlated with {', '.join(correlated[:5])}")
    words += [f"at least {column.minimum}"] if column.minimum is not None else []
    words += [f"at most {column.maximum}"] if column.maximum is not None else []
    if distribution.missing:
        words.append(f"{distribution.missing:.1%} missing at random")
    return ", ".join(words)
