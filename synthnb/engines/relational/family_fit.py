"""How families are learnt: first rows given the parent, later rows given the parent and what came before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb._random import generator
from synthnb.engines._association import most_associated
from synthnb.engines._choice import make_engine
from synthnb.engines._encoding.table import encode_table
from synthnb.engines.relational.families import Before, Family, Stage, latest, row_prints, running_means
from synthnb.engines.relational.innovations import Innovation, learn_innovation
from synthnb.recipes.recipe import Column, Recipe

if TYPE_CHECKING:
    from synthnb.engines._encoding.table import Coder
    from synthnb.engines.base import Progress

__all__ = ["FEWEST", "MOST_GIVEN", "Learning", "learn_family", "unused_name"]

Array = np.ndarray[Any, Any]

FEWEST = 40
"""Fewest rows for which an engine of their own is worth while."""

MOST_GIVEN = 16
"""Most of a parent's columns that its children are drawn given."""

_MOST_LAGS = 40
_MOST_MEANS = 20
_NUMBERS = {"integer", "real"}
_LEVELS = {"category", "boolean", "constant"}
_AT_RISK = 20
"""Fewest rows that follow a level, for "never left" to be more than chance."""


@dataclass(frozen=True, kw_only=True)
class Learning:
    """What families are learnt from, and how."""

    table: str
    """The children's table, for messages and seeds."""
    rows: pd.DataFrame
    """The children, family by family, each family in its order."""
    recipe: Recipe
    """What they hold."""
    context: pd.DataFrame
    """All parents."""
    context_columns: Sequence[Column]
    """What the parents hold."""
    parent: Array
    """For each child the number of its parent's row, increasing."""
    engine: str
    """The engine's registered name."""
    options: Mapping[str, Any]
    """The engine's options."""
    seed: int
    """The run's."""
    always: Sequence[str] = ()
    """Parent's columns to be given whatever they tell."""
    order: str = ""
    """The children's column, a number, in whose order they stand; empty for none."""
    end: str = ""
    """The parent's column that `order` never exceeds; empty for none."""

    @property
    def made(self) -> tuple[Column, ...]:
        """The columns an engine can make."""
        return tuple(column for column in self.recipe.columns if column.kind not in {"text", "identifier"})


def learn_family(learning: Learning, *, progress: Progress) -> Family:
    """Learn first and later rows.

    Where there are fewer than `FEWEST` first rows or later rows, one engine learns all rows given the parent alone.
    """
    made = learning.made
    place = _places(learning.parent)
    first_rows, later_rows = np.flatnonzero(place == 0), np.flatnonzero(place > 0)
    prints = _printed_once(learning.rows[[column.name for column in made]])
    recipe = learning.recipe.model_copy(update={"columns": made})
    if not made or not len(learning.rows):
        return Family(recipe=recipe, first=None, later=None, prints=prints)
    apart = bool(learning.order) or min(len(first_rows), len(later_rows)) >= FEWEST
    if not apart:
        first_rows, later_rows = np.arange(len(place)), later_rows[:0]
    first = _fit_first(learning, first_rows, progress)
    if not len(later_rows):
        return Family(recipe=recipe, first=first, later=None, order=learning.order, end=learning.end, prints=prints)
    increments = _increments(learning, later_rows)
    innovations = _innovations(learning, later_rows, increments)
    return Family(
        recipe=recipe,
        first=first,
        later=_fit_later(learning, later_rows, increments, innovations, progress),
        increments=increments,
        innovations={name: innovation for name, (innovation, _) in innovations.items()},
        absorbing=_absorbing(learning, later_rows),
        order=learning.order,
        end=learning.end,
        prints=prints,
    )


def unused_name(name: str, taken: set[str]) -> str:
    """Return a name that isn't taken, the given one if possible, and take it."""
    found = next(n for n in (name, *(f"{name} ({i})" for i in range(2, len(taken) + 3))) if n not in taken)
    taken.add(found)
    return found


def _places(parent: Array) -> Array:
    """Which of its family's rows each row is, from 0."""
    if not len(parent):
        return np.zeros(0, dtype="i8")
    starts = np.r_[True, parent[1:] != parent[:-1]]
    index = np.arange(len(parent))
    return index - np.maximum.accumulate(np.where(starts, index, 0))


def _printed_once(frame: pd.DataFrame) -> Array:
    prints, counts = np.unique(row_prints(frame), return_counts=True)
    return np.asarray(prints[counts == 1])


def _named(sources: Sequence[str], what: str, taken: set[str]) -> dict[str, str]:
    return {source: unused_name(f"{source} {what}", taken) for source in sources}


def _context(learning: Learning, rows: Array) -> list[str]:
    """The parent's columns that tell most about the children's."""
    usable = [column for column in learning.context_columns if column.kind not in {"text", "identifier", "empty"}]
    parents = learning.parent[rows]
    frame = learning.context[[column.name for column in usable]].iloc[parents].reset_index(drop=True)
    return most_associated(
        frame,
        usable,
        learning.rows.iloc[rows].reset_index(drop=True),
        learning.made,
        most=MOST_GIVEN,
        always=[name for name in (*learning.always, learning.end) if name],
        seed=learning.seed,
    )


def _context_cells(learning: Learning, rows: Array, before: Before) -> dict[str, Any]:
    parents = learning.parent[rows]
    return {name: learning.context[source].iloc[parents].reset_index(drop=True) for source, name in before.context.items()}


def _context_described(learning: Learning, before: Before) -> list[Column]:
    by_name = {column.name: column for column in learning.context_columns}
    return [by_name[source].model_copy(update={"name": name, "role": None}) for source, name in before.context.items()]


def _fit_first(learning: Learning, rows: Array, progress: Progress) -> Stage:
    before = Before(_named(_context(learning, rows), "of parent", {column.name for column in learning.made}))
    own = learning.rows[[column.name for column in learning.made]].iloc[rows].reset_index(drop=True)
    frame = pd.concat([pd.DataFrame(_context_cells(learning, rows, before), index=range(len(rows))), own], axis=1)
    return _fit(learning, frame, [*_context_described(learning, before), *learning.made], before, "first rows", progress)


def _before_later(learning: Learning, rows: Array) -> Before:
    """What later rows are drawn given: the parent, the row before, means of all before, and how far the family has come."""
    made = [column for column in learning.made if column.kind != "empty"]
    taken = {column.name for column in learning.made}
    named = learning.rows[[column.name for column in made]].iloc[rows - 1].reset_index(drop=True)
    own = learning.rows.iloc[rows].reset_index(drop=True)
    lags = most_associated(named, made, own, made, most=_MOST_LAGS, always=[learning.order], seed=learning.seed)
    numbers = [column for column in made if column.kind in _NUMBERS and column.name != learning.order]
    means = most_associated(named, numbers, own, made, most=_MOST_MEANS, seed=learning.seed)
    ordered = bool(learning.order)
    return Before(
        context=_named(_context(learning, rows), "of parent", taken),
        lags=_named(lags, "before", taken),
        means=_named(means, "so far", taken),
        to_come=unused_name("rows to come", taken) if ordered else "",
        left=unused_name("left until the end", taken) if learning.end else "",
    )


def _fit_later(
    learning: Learning, rows: Array, increments: Sequence[str], innovations: Mapping[str, tuple[Innovation, Array]], progress: Progress
) -> Stage:
    before = _before_later(learning, rows)
    made = {column.name: column for column in learning.made}
    by_name = dict(made)
    last = learning.rows.iloc[rows - 1].reset_index(drop=True)
    own = learning.rows[list(made)].iloc[rows].reset_index(drop=True)
    for name in increments:
        steps = own[name].to_numpy() - last[name].to_numpy()
        decimals = made[name].decimals
        own[name] = np.round(steps, decimals) if steps.dtype.kind == "f" and decimals is not None else steps
    for name, (_, new) in innovations.items():
        own[name] = new
        made[name] = Column(name=name, kind="real", dtype="float64")
    given = _context_cells(learning, rows, before)
    described = _context_described(learning, before)
    for source, name in before.lags.items():
        given[name] = last[source]
        described.append(by_name[source].model_copy(update={"name": name, "role": None}))
    for source, name in before.means.items():
        given[name] = running_means(learning.rows[source], learning.parent)[rows - 1]
        described.append(Column(name=name, kind="real", dtype="float64", missing=True))
    if before.to_come:
        sizes = np.bincount(learning.parent, minlength=len(learning.context))
        given[before.to_come] = sizes[learning.parent[rows]] - _places(learning.parent)[rows] - 1
        described.append(Column(name=before.to_come, kind="integer", dtype="int64", decimals=0))
    if before.left:
        given[before.left] = learning.context[learning.end].to_numpy(dtype="f8")[learning.parent[rows]] - last[learning.order].to_numpy(
            "f8"
        )
        described.append(Column(name=before.left, kind="real", dtype="float64"))
    frame = pd.concat([pd.DataFrame(given, index=range(len(rows))), own], axis=1)
    steps_described = [
        column.model_copy(update={"minimum": None, "maximum": None}) if column.name in increments else column for column in made.values()
    ]
    return _fit(learning, frame, [*described, *steps_described], before, "later rows", progress)


def _fit(learning: Learning, frame: pd.DataFrame, columns: Sequence[Column], before: Before, what: str, progress: Progress) -> Stage:
    """An engine fitted to the joined columns."""
    seed = int(generator(learning.seed, "fit", "family", learning.table, what).integers(2**32))
    described = [column.model_copy(update={"missing": bool(frame[column.name].isna().any())}) for column in columns]
    recipe = Recipe(table=f"{learning.table}, {what}", rows=len(frame), seed=seed, columns=tuple(described), given=before.names)
    engine = make_engine(learning.engine, learning.options)
    fitted = engine.fit(frame, recipe, seed=seed, progress=lambda done, total, unit: progress(done, total, f"{learning.table}: {unit}"))
    given = tuple(column for column in described if column.name in before.names and column.kind in _LEVELS)
    guards = encode_table(frame, recipe.model_copy(update={"columns": given})).coders if given else ()
    return Stage(fitted, recipe, before, {coder.column.name: coder for coder in guards}, learning.engine)


def _increments(learning: Learning, rows: Array) -> tuple[str, ...]:
    """The order's column, and numbers that never fall within a family: later rows hold their increase."""
    if not learning.order:
        return ()
    found = [learning.order]
    for column in learning.made:
        cells = learning.rows[column.name]
        if column.name == learning.order or column.kind not in _NUMBERS or cells.isna().any() or cells.dtype == object:
            continue
        steps = cells.to_numpy()[rows] - cells.to_numpy()[rows - 1]
        if len(steps) >= _AT_RISK and (steps >= 0).all() and (steps > 0).sum() >= _AT_RISK:
            found.append(column.name)
    return tuple(found)


def _innovations(learning: Learning, rows: Array, increments: Sequence[str]) -> dict[str, tuple[Innovation, Array]]:
    """Numbers in which the rows of a family are alike, and what is new in each later row."""
    found = {}
    for column in learning.made:
        if column.kind not in _NUMBERS or column.name in increments:
            continue
        cells = learning.rows[[column.name]]
        coder = encode_table(cells, learning.recipe.model_copy(update={"columns": (column,)})).coders[0]
        scores = Innovation(coder, 0.0, 0.0).scores(cells[column.name])
        last = latest(scores, learning.parent)[rows - 1]
        mean = running_means(pd.Series(scores), learning.parent)[rows - 1]
        learnt = learn_innovation(coder, scores[rows], last, mean)
        if learnt is not None:
            found[column.name] = (learnt, scores[rows] - learnt.expected(last, mean))
    return found


def _absorbing(learning: Learning, rows: Array) -> dict[str, Coder]:
    """Levels that are never left once entered, of columns in which some are."""
    if not learning.order:
        return {}
    found = {}
    for column in learning.made:
        if column.kind not in {"category", "boolean"} or learning.rows[column.name].isna().any():
            continue
        cells = learning.rows[column.name]
        before, now = cells.iloc[rows - 1].reset_index(drop=True), cells.iloc[rows].reset_index(drop=True)
        stayed = (before.astype(object) == now.astype(object)).groupby(before.astype(object)).agg(["all", "size"])
        stuck = stayed.index[stayed["all"] & (stayed["size"] >= _AT_RISK)]
        if len(stuck) and not stayed["all"].all():
            only = cells[cells.isin(stuck)].reset_index(drop=True).to_frame()
            found[column.name] = encode_table(only, learning.recipe.model_copy(update={"columns": (column,)})).coders[0]
    return found
