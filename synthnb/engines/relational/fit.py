"""One table among several, learnt: with how many rows each of its rows has in other tables, and without its references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from synthnb.engines._association import most_associated
from synthnb.engines.plan import fit_generator
from synthnb.engines.relational.family_fit import FEWEST, MOST_GIVEN, Learning, learn_family, unused_name
from synthnb.engines.relational.keys import Keys, learn_keys
from synthnb.errors import FrameError, SynthnbError, shown
from synthnb.recipes.infer import infer_recipe
from synthnb.recipes.recipe import Column, Recipe

if TYPE_CHECKING:
    from synthnb.engines.base import Progress
    from synthnb.engines.generator import Generator
    from synthnb.engines.relational.families import Family
    from synthnb.engines.relational.relations import Reference
    from synthnb.recipes.tables import Relation

__all__ = ["Further", "Known", "TableModel", "learn_table"]

Array = np.ndarray[Any, Any]

_FEATURES = 4
"""Most columns of a further parent that are matched."""


class Further(NamedTuple):
    """A reference to a parent beside the one a row is drawn from."""

    relation: Relation
    """Which."""
    features: dict[str, str]
    """The parent's columns that are matched, and what they are called among the row's own."""
    same: str
    """The row's own column that tells whether it names the same parent as the row before it."""
    here: str
    """The row's own column that tells whether it names a parent at all; empty where all do."""
    columns: tuple[Column, ...]
    """What the features hold."""
    distinct: bool
    """Whether no two real rows name the same two parents."""


@dataclass(frozen=True, kw_only=True)
class TableModel:
    """One table's part in drawing all of them."""

    name: str
    """The table."""
    recipe: Recipe
    """Its columns as they come out, keys and references among them."""
    rows: int
    """How many real rows were learnt."""
    generator: Generator | None
    """Draws its rows where it has no parent."""
    parent: Relation | None
    """The reference its rows are drawn by."""
    family: Family | None
    """Draws its rows where it has a parent."""
    further: tuple[Further, ...] = ()
    """Other references."""
    key: Keys | None = None
    """Names its rows, where other tables refer to them."""
    sizes: Mapping[Relation, str] = field(default_factory=dict)
    """For each reference to this table, its column with the number of rows that name each row."""
    inherited: Mapping[str, str] = field(default_factory=dict)
    """Its parent's columns that its own children see too, and what they are called there."""
    missing: float = 0.0
    """Share of its rows that name no parent by the reference they are drawn by."""
    dtypes: Mapping[str, Any] = field(default_factory=dict)
    """Storage types of its references."""
    notes: tuple[str, ...] = ()
    """What the reader should know of how it was learnt."""
    reason: str = ""
    """Why its engine."""


class Known(NamedTuple):
    """A learnt table as its children see it: all its real rows, with columns they may be drawn given."""

    frame: pd.DataFrame
    """The rows."""
    columns: tuple[Column, ...]
    """What they hold."""


def learn_table(
    name: str,
    frame: pd.DataFrame,
    recipe: Recipe,
    parents: Sequence[Reference],
    children: Sequence[Reference],
    known: Mapping[str, Known],
    *,
    key: str | None,
    engine: str,
    options: Mapping[str, Any],
    seed: int,
    progress: Progress,
) -> tuple[TableModel, Known]:
    """Learn a table, given that its parents are learnt.

    Parameters
    ----------
    name : str
        The table.
    frame : pandas.DataFrame
        Its real rows.
    recipe : Recipe
        What they hold.
    parents, children : sequence of Reference
        The references it makes, the one it is drawn by first, and those made to it.
    known : mapping of str to Known
        The tables learnt so far.
    key : str, optional
        The column others refer to it by.
    engine, options, seed, progress
        As for one table.

    Raises
    ------
    SynthnbError
        The table can't be learnt; the message names it.
    """
    references = [reference.relation.column for reference in parents]
    own = frame.drop(columns=[*references, *([key] if key else [])])
    taken = set(map(str, frame.columns))
    sizes = {}
    columns = [column for column in recipe.columns if column.name in own and column.kind != "identifier"]
    for reference in children:
        label = unused_name(f"rows in {reference.relation.child} by {reference.relation.column}", taken)
        sizes[reference.relation] = label
        own = own.assign(**{label: np.bincount(reference.parent[reference.parent >= 0], minlength=len(frame))})
        columns.append(_described(own[[label]])[0])
    notes = _notes(name, parents)
    keys = learn_keys(frame[key], name, seed=seed) if key else None
    described = recipe.model_copy(update={"columns": tuple(columns), "seed": seed})
    dtypes = {column: frame[column].dtype for column in references}
    shared: dict[str, Any] = {"name": name, "recipe": recipe, "key": keys, "sizes": sizes, "dtypes": dtypes}
    try:
        if not parents:
            generator, reason = (
                fit_generator(
                    own[[c.name for c in columns]],
                    described,
                    engine="trees" if engine == "auto" else engine,
                    options=options,
                    progress=progress,
                )
                if columns
                else (None, "It has no column but its key.")
            )
            model = TableModel(**shared, rows=len(frame), generator=generator, parent=None, family=None, notes=notes, reason=reason)
            return model, Known(own, tuple(columns))
        return _learn_child(shared, own, described, parents, known, notes, engine=engine, options=options, progress=progress)
    except SynthnbError as error:
        raise type(error)(
            f"Table {shown(name)}: {error.message}", fix=f"{error.fix} A table without people in it can be kept as it is."
        ) from error


def _described(frame: pd.DataFrame) -> tuple[Column, ...]:
    return infer_recipe(frame, table="sizes", rows=max(len(frame), 1), seed=0).columns


def _notes(name: str, parents: Sequence[Reference]) -> tuple[str, ...]:
    said = []
    for number, reference in enumerate(parents):
        relation = reference.relation
        if reference.orphans:
            became = "were not learnt" if number == 0 else "count as naming none"
            named = f"{reference.orphans:,} rows of {shown(name)} name by {shown(relation.column)} no row of {shown(relation.parent)}"
            said.append(f"{named}; they {became}.")
        if number:
            said.append(
                f"Rows of {shown(name)} are drawn given their {shown(parents[0].relation.parent)}; their {shown(relation.parent)} is then "
                "assigned by its features, each as often as in the real tables."
            )
    return tuple(said)


def _learn_child(
    shared: dict[str, Any],
    own: pd.DataFrame,
    recipe: Recipe,
    parents: Sequence[Reference],
    known: Mapping[str, Known],
    notes: tuple[str, ...],
    *,
    engine: str,
    options: Mapping[str, Any],
    progress: Progress,
) -> tuple[TableModel, Known]:
    """A table whose rows are drawn given those of its first parent."""
    drawn = parents[0]
    name, relation = str(shared["name"]), drawn.relation
    context = known[relation.parent]
    learnt = np.flatnonzero(drawn.parent >= 0)
    order = learnt[np.lexsort(_sort_keys(own, relation, learnt, drawn.parent))]
    rows, owner = own.iloc[order].reset_index(drop=True), drawn.parent[order]
    columns, further = list(recipe.columns), []
    for reference in parents[1:]:
        rows, more, made = _with_further(rows, columns, owner, reference, reference.parent[order], known, seed=recipe.seed)
        columns += more
        further.append(made)
    if relation.order is not None:
        _check_order(rows, columns, relation)
    learning = Learning(
        table=name,
        rows=rows[[column.name for column in columns]],
        recipe=recipe.model_copy(update={"columns": tuple(columns)}),
        context=context.frame,
        context_columns=context.columns,
        parent=owner,
        engine="trees" if engine == "auto" else engine,
        options=options,
        seed=recipe.seed,
        always=[column.name for column in context.columns if column.name.startswith(f"rows in {name} by {relation.column}")],
        order=relation.order or "",
    )
    family = learn_family(learning, progress=progress)
    given = family.first.before.context if family.first else {}
    taken = {str(label) for label in own.columns}
    inherited = {source: unused_name(f"{source} of {relation.parent}", taken) for source in given}
    kinds = {column.name: column for column in context.columns}
    seen = own.copy()
    above = context.frame[list(inherited)].iloc[np.maximum(drawn.parent, 0)].reset_index(drop=True)
    for source, label in inherited.items():
        seen[label] = above[source].where(pd.Series(drawn.parent >= 0))
    usable = tuple(column for column in recipe.columns if column.kind != "text")
    passed = tuple(kinds[source].model_copy(update={"name": label, "role": None}) for source, label in inherited.items())
    if len(context.columns) > MOST_GIVEN:
        notes = (
            *notes,
            f"Rows of {shown(name)} are drawn given the {MOST_GIVEN} columns of {shown(relation.parent)} that tell most about them.",
        )
    model = TableModel(
        **shared,
        rows=len(order),
        generator=None,
        parent=relation,
        family=family,
        further=tuple(further),
        inherited=inherited,
        missing=drawn.missing / max(len(own) - drawn.orphans, 1),
        notes=(*notes, *_on_family(name, family, len(order))),
        reason="Rows are drawn given the rows of another table.",
    )
    return model, Known(seen, (*usable, *passed))


def _sort_keys(own: pd.DataFrame, relation: Relation, rows: Array, parent: Array) -> tuple[Array, ...]:
    """Family by family, in the declared order, else as the rows stand."""
    if relation.order is None:
        return (parent[rows],)
    return (pd.factorize(own[relation.order].iloc[rows], sort=True)[0], parent[rows])


def _check_order(rows: pd.DataFrame, columns: Sequence[Column], relation: Relation) -> None:
    column = next(column for column in columns if column.name == relation.order)
    if column.kind not in {"integer", "real"} or rows[column.name].isna().any() or rows[column.name].dtype == object:
        raise FrameError(
            f"The order of rows must be a column of numbers without missing cells; {shown(relation.order)} holds {column.kind}.",
            fix="Convert dates to days since a fixed day first, or leave `order` out.",
        )


def _on_family(name: str, family: Family, rows: int) -> tuple[str, ...]:
    if family.first is not None and family.later is None and rows:
        return (f"Fewer than {FEWEST} first or later rows of {shown(name)} per parent: its rows are drawn given the parent alone.",)
    return ()


def _with_further(
    rows: pd.DataFrame,
    columns: Sequence[Column],
    owner: Array,
    reference: Reference,
    parent: Array,
    known: Mapping[str, Known],
    *,
    seed: int,
) -> tuple[pd.DataFrame, list[Column], Further]:
    """The rows with features of a further parent among their own columns."""
    relation = reference.relation
    there = known[relation.parent]
    counted = {f"rows in {relation.child} by {relation.column}"}
    usable = [column for column in there.columns if column.kind not in {"text", "identifier", "empty"} and column.name not in counted]
    named = there.frame[[column.name for column in usable]].iloc[np.maximum(parent, 0)].reset_index(drop=True)
    here = parent >= 0
    targets = [column for column in columns if column.kind not in {"text", "identifier"}]
    chosen = most_associated(named, usable, rows, targets, most=_FEATURES, ranked=True, seed=seed)
    taken = {*map(str, rows.columns)}
    features = {source: unused_name(f"{source} of {relation.column}", taken) for source in chosen}
    added: dict[str, Any] = {label: named[source].where(pd.Series(here)) for source, label in features.items()}
    same = unused_name(f"same {relation.column} as before", taken)
    added[same] = np.r_[False, (owner[1:] == owner[:-1]) & (parent[1:] == parent[:-1])] if len(owner) else np.zeros(0, dtype=bool)
    has = unused_name(f"has {relation.column}", taken) if not here.all() else ""
    if has:
        added[has] = here
    wide = pd.concat([rows, pd.DataFrame(added, index=rows.index)], axis=1)
    labels = [*features.values(), same, *([has] if has else [])]
    kinds = {column.name: column for column in usable}
    described = {label: kinds[source].model_copy(update={"name": label, "role": None}) for source, label in features.items()}
    described |= {label: Column(name=label, kind="boolean", dtype="bool") for label in labels if label not in described}
    described = {
        label: column.model_copy(update={"missing": bool(wide[label].isna().any()), "dtype": str(wide[label].dtype)})
        for label, column in described.items()
    }
    pairs = pd.DataFrame({"a": owner[here], "b": parent[here]})
    made = Further(relation, features, same, has, tuple(kinds[source] for source in features), not pairs.duplicated().any())
    return wide, [described[label] for label in labels], made
