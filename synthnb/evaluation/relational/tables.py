"""Several tables at once: each as a comparison of its own, and the relations between them.

::

    real, synthetic, hold-out: name → frame
          │
          ├── each table: its shared columns as numbers and codes (keys and references left out)
          └── each relation: whose child each row is, in each set of tables

A family is a row of a table without a parent with all that hangs on it, by each
table's first relation. Halves of the real tables never part a family.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.config import get_config
from synthnb.errors import FrameError, OptionError, shown
from synthnb.evaluation._encode import Column, Table, encode, shown_names
from synthnb.evaluation.base import Clock, Comparison, Frames
from synthnb.evaluation.facts import Facts
from synthnb.evaluation.relational.linked import Link, Linked, look_up
from synthnb.recipes.tables import Relation, parents_first

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RelationalComparison", "compare_tables"]

Array = NDArray[Any]
Sets = Mapping[str, Mapping[str, "pd.DataFrame"]]
_NEEDED = "No hold-out was given: pass tables of parents the generator never saw as holdout=."


@dataclass(frozen=True, eq=False, kw_only=True)
class RelationalComparison(Comparison):
    """Tables compared one by one and through their relations; columns are named ``table.column``."""

    tables: Mapping[str, Comparison]
    """Each table by itself."""
    links: tuple[Link, ...]
    """The relations."""
    names: Mapping[str, Mapping[str, str]]
    """By table, how each column is named among the columns of all."""
    families: Mapping[str, Array]
    """By table, the family of each real row: a row of a table without a parent; −1 for rows that belong to none."""


class _Held(NamedTuple):
    """The hold-out as far as it can be used."""

    frames: Mapping[str, pd.DataFrame] | None
    usable: frozenset[str]
    note: str | None


def compare_tables(
    synthetic: Mapping[str, pd.DataFrame],
    real: Mapping[str, pd.DataFrame],
    holdout: Mapping[str, pd.DataFrame] | None,
    *,
    relations: Iterable[Any],
    seed: int,
    budget: float,
) -> RelationalComparison:
    """What the steps of a relational profile are given.

    Raises
    ------
    FrameError
        A set of tables lacks one that a relation or the real tables have, or no table has a column to compare.
    OptionError
        A relation names no table or column, or tables refer to themselves.
    """
    read = _checked([Relation.of(value) for value in relations], {"real": real, "synthetic": synthetic, "hold-out": holdout or real})
    order = parents_first(real, read)
    clock = Clock(budget)
    owners = _owners(real, read)
    halves = _halves(order, real, read, owners, seed)
    held = _held(order, real, holdout, read)
    tables = {name: _table(name, synthetic, real, held, read, halves[name], seed=seed, clock=clock) for name in real if name in synthetic}
    links = tuple(_link(relation, read, tables, synthetic, real, held, halves) for relation in read)
    families = _families(order, real, read, owners)
    return _joined(tables, links, synthetic, real, held, families=families, seed=seed, clock=clock)


def _checked(relations: list[Relation], sets: Sets) -> list[Relation]:
    """The relations, if every set of tables has what they name."""
    for name in sets["real"]:
        for what, frames in sets.items():
            if name not in frames:
                raise FrameError(f"The {what} tables must have a table {shown(name)}; they have {_few(frames)}.", fix="Pass all tables.")
    ends = set()
    for relation in relations:
        for table, column in [(relation.parent, relation.key), (relation.child, relation.column)] + (
            [(relation.child, relation.order)] if relation.order else []
        ):
            for what, frames in sets.items():
                if table not in frames:
                    raise OptionError.from_choice(f"A table of the relation {relation}", table, [str(name) for name in frames])
                if column not in frames[table].columns:
                    columns = [str(name) for name in frames[table].columns]
                    raise OptionError.from_choice(f"A column of {shown(table)} ({what}) in the relation {relation}", column, columns)
        if (relation.child, relation.column) in ends:
            end = f"{shown(relation.column)} of {shown(relation.child)}"
            raise OptionError(f"A column refers to one table; {end} is given two.", fix="Leave one of them out.")
        ends.add((relation.child, relation.column))
    return relations


def _few(frames: Mapping[str, Any]) -> str:
    names = [shown(name) for name in frames]
    return ", ".join(names[:10]) + (" and others" if len(names) > 10 else "") if names else "none"


def _owners(frames: Mapping[str, pd.DataFrame], relations: Sequence[Relation]) -> dict[str, Array]:
    """By child, the parent's row of each row, by the child's first relation."""
    found: dict[str, Array] = {}
    for relation in relations:
        if relation.child not in found:
            found[relation.child] = look_up(frames[relation.parent][relation.key], frames[relation.child][relation.column])[0]
    return found


def _first_parents(relations: Sequence[Relation]) -> dict[str, str]:
    parents: dict[str, str] = {}
    for relation in relations:
        parents.setdefault(relation.child, relation.parent)
    return parents


def _families(
    order: Sequence[str], frames: Mapping[str, pd.DataFrame], relations: Sequence[Relation], owners: Mapping[str, Array]
) -> dict[str, Array]:
    """By table, the number of the row that each row's family begins with."""
    parents = _first_parents(relations)
    found: dict[str, Array] = {}
    for name in order:
        found[name] = np.append(found[parents[name]], -1)[owners[name]] if name in parents else np.arange(len(frames[name]))
    return found


def _halves(
    order: Sequence[str], frames: Mapping[str, pd.DataFrame], relations: Sequence[Relation], owners: Mapping[str, Array], seed: int
) -> dict[str, Array]:
    """Which rows of each table are in the first half, as masks; a row without a parent goes by lot."""
    parents = _first_parents(relations)
    halves: dict[str, Array] = {}
    for name in order:
        rows = len(frames[name])
        lot = np.zeros(rows, dtype=bool)
        lot[generator(seed, "halves", name).permutation(rows)[: rows // 2]] = True
        if name in parents:
            owner = owners[name]
            lot = np.where(owner >= 0, np.append(halves[parents[name]], False)[owner], lot)
        halves[name] = lot
    return halves


def _held(
    order: Sequence[str], real: Mapping[str, pd.DataFrame], holdout: Mapping[str, pd.DataFrame] | None, relations: Sequence[Relation]
) -> _Held:
    """The hold-out without families whose first row is one of the real tables', key and all.

    A table without a parent of which more than half is in the real tables too, such as
    a list of hospitals, isn't held out; its own ceiling then comes from halves.
    """
    if holdout is None:
        return _Held(None, frozenset(), _NEEDED)
    parents = _first_parents(relations)
    owners = _owners(holdout, relations)
    kept: dict[str, Array] = {}
    usable, notes = set(), []
    for name in order:
        rows = len(holdout[name])
        if name in parents:
            owner, above = owners[name], kept[parents[name]]
            kept[name] = np.append(above, True)[owner]
            if parents[name] in usable:
                usable.add(name)
            continue
        equal = _also_in(real[name], holdout[name])
        if equal.sum() * 2 > rows:
            kept[name] = np.ones(rows, dtype=bool)
            notes.append(
                f"{equal.sum():,} of {rows:,} rows of {shown(name)} are in the real tables too, so ceilings there come from halves"
            )
            continue
        kept[name] = ~equal
        usable.add(name)
        if equal.any():
            notes.append(f"{equal.sum():,} of {rows:,} rows of {shown(name)} are in the real tables too and were left out")
    frames = {name: holdout[name][kept[name]].reset_index(drop=True) for name in order}
    return _Held(frames, frozenset(usable), f"{'; '.join(notes)}." if notes else None)


def _also_in(real: pd.DataFrame, held: pd.DataFrame) -> Array:
    """Which rows of one frame are rows of the other, in every column they share."""
    shared = [name for name in real.columns if name in held.columns]
    if not shared or not len(real) or not len(held):
        return np.zeros(len(held), dtype=bool)
    _, (one, other) = encode(shared, [real, held])
    return one.overlap(other)[0]


def _apart(name: str, relations: Sequence[Relation]) -> set[str]:
    """Columns of a table that only say who is who."""
    keys = {relation.key for relation in relations if relation.parent == name}
    return keys | {relation.column for relation in relations if relation.child == name}


def _table(
    name: str,
    synthetic: Mapping[str, pd.DataFrame],
    real: Mapping[str, pd.DataFrame],
    held: _Held,
    relations: Sequence[Relation],
    half: Array,
    *,
    seed: int,
    clock: Clock,
) -> Comparison:
    """One table by itself; its halves are those of the families."""
    sets = [real[name], synthetic[name]] + ([] if held.frames is None or name not in held.usable else [held.frames[name]])
    apart = _apart(name, relations)
    shared = [column for column in real[name].columns if column not in apart and all(column in frame.columns for frame in sets)]
    columns, (first, second, *others) = encode(shared, sets)
    made = Comparison(
        columns=columns,
        real=first,
        synthetic=second,
        holdout=others[0] if others else None,
        no_holdout=None if others else held.note or _NEEDED,
        only_real=tuple(column for column in real[name].columns if column not in synthetic[name].columns),
        only_synthetic=tuple(column for column in synthetic[name].columns if column not in real[name].columns),
        facts=Facts(),
        frames=Frames(synthetic[name], real[name], sets[2] if others else None),
        seed=seed,
        minimum_cell=get_config().minimum_cell,
        clock=clock,
    )
    made.memo["halves"] = first.take(np.flatnonzero(half)), first.take(np.flatnonzero(~half))
    return made


def _link(
    relation: Relation,
    relations: Sequence[Relation],
    tables: Mapping[str, Comparison],
    synthetic: Mapping[str, pd.DataFrame],
    real: Mapping[str, pd.DataFrame],
    held: _Held,
    halves: Mapping[str, Array],
) -> Link:
    parent, child = tables[relation.parent], tables[relation.child]
    order = _order(relation, child)

    def linked(frames: Mapping[str, pd.DataFrame], parents: Table, children: Table) -> tuple[Linked, Any]:
        owner, integrity = look_up(frames[relation.parent][relation.key], frames[relation.child][relation.column])
        return Linked(parents, children, owner, None if order is None else children.values[order.name]), integrity

    ours, of_real = linked(real, parent.real, child.real)
    theirs, of_synthetic = linked(synthetic, parent.synthetic, child.synthetic)
    held_out = None
    if held.frames is not None and parent.holdout is not None and child.holdout is not None:
        held_out = linked(held.frames, parent.holdout, child.holdout)[0]
    half = halves[relation.parent]
    twice = sum((other.parent, other.child) == (relation.parent, relation.child) for other in relations) > 1
    names = [relation.parent, relation.child, *([relation.column] if twice else [])]
    return Link(
        relation=relation,
        subject=tuple(shown_names([name])[name] for name in names),
        parent_columns=parent.columns,
        child_columns=tuple(column for column in child.columns if order is None or column.name != order.name),
        real=ours,
        synthetic=theirs,
        holdout=held_out,
        halves=(np.flatnonzero(half), np.flatnonzero(~half)),
        integrity=(of_real, of_synthetic),
        temporal=order is not None and order.kind in ("date", "datetime", "time", "timedelta"),
    )


def _order(relation: Relation, child: Comparison) -> Column | None:
    """What orders the children of one parent: the column declared, else the child's only date or moment."""
    if relation.order is not None:
        declared = child.column(relation.order)
        return declared if declared is not None and declared.family == "number" else None
    moments = [column for column in child.columns if column.kind in ("date", "datetime")]
    return moments[0] if len(moments) == 1 else None


def _joined(
    tables: Mapping[str, Comparison],
    links: tuple[Link, ...],
    synthetic: Mapping[str, pd.DataFrame],
    real: Mapping[str, pd.DataFrame],
    held: _Held,
    *,
    families: Mapping[str, Array],
    seed: int,
    clock: Clock,
) -> RelationalComparison:
    names = _names(tables)
    if not any(names.values()) and not links:
        raise FrameError("The tables must share columns or have relations; there is nothing to compare.", fix="Declare the relations.")
    given = {names[table][column.name]: column for table, made in tables.items() for column in made.columns}
    columns = tuple(replace(given[name], name=name, shown=cut) for name, cut in shown_names(given).items())
    first = next(iter(tables))
    return RelationalComparison(
        columns=columns,
        real=_only_rows(real),
        synthetic=_only_rows(synthetic),
        holdout=None if held.frames is None or not held.usable else _only_rows(held.frames),
        no_holdout=held.note,
        holdout_note=None if held.frames is None else held.note,
        only_real=tuple(f"{table}.{name}" for table, made in tables.items() for name in made.only_real),
        only_synthetic=tuple(f"{table}.{name}" for table, made in tables.items() for name in made.only_synthetic)
        + tuple(f"{name}.*" for name in synthetic if name not in real),
        facts=Facts(),
        frames=tables[first].frames,
        seed=seed,
        minimum_cell=get_config().minimum_cell,
        clock=clock,
        tables=tables,
        links=links,
        names=names,
        families=families,
    )


def _names(tables: Mapping[str, Comparison]) -> dict[str, dict[str, str]]:
    """``table.column`` for every column; a point in a name may make two alike, of which the second gets a sign more."""
    used: set[str] = set()
    names: dict[str, dict[str, str]] = {}
    for table, made in tables.items():
        names[table] = {}
        for column in made.columns:
            name = f"{table}.{column.name}"
            while name in used:
                name += "′"
            used.add(name)
            names[table][column.name] = name
    return names


def _only_rows(frames: Mapping[str, pd.DataFrame]) -> Table:
    """How many rows the tables have together, without any column: rows of different tables have nothing in common."""
    return Table(sum(len(frame) for frame in frames.values()), {}, {})
