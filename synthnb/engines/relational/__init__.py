"""Several tables that refer to one another: parents first, then their children given them.

::

    patients ──────────────► visits ────────► measurements
    drawn as any table,      drawn family     given the visit and
    with the number of       by family,       what it was given
    visits as a column       given the patient
                                ▲
    doctors ────────────────────┘ a further parent: assigned by its features

The cost grows with the rows made: no column is made per pair of tables, and a child sees at most a
fixed number of its parent's columns. Every reference names a row that exists, every key is new.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb._canonical import digest
from synthnb._clock import utc_now
from synthnb._frames import Restore, frame_digest, to_pandas
from synthnb._random import resolve_seed
from synthnb.engines._choice import why_not_tables
from synthnb.engines.base import Progress, Run, Synthesis, new_run_id, no_progress, versions
from synthnb.engines.relational.draw import FittedTables
from synthnb.engines.relational.fit import Known, TableModel, learn_table
from synthnb.engines.relational.relations import Reference, read_reference, read_relations
from synthnb.errors import FrameError, OptionError, shown
from synthnb.recipes.infer import infer_recipe
from synthnb.recipes.recipe import Column, Recipe
from synthnb.recipes.tables import Relation, TablesRecipe, parents_first

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.calls import Call

__all__ = ["FittedTables", "fit_tables", "make_tables", "synthesise_tables"]

Array = np.ndarray[Any, Any]


def fit_tables(
    frames: Mapping[str, pd.DataFrame],
    *,
    relations: Sequence[Any] | None = None,
    keep: Sequence[str] = (),
    groups: Sequence[str] = (),
    overrides: Mapping[str, str] | None = None,
    engine: str = "auto",
    options: Mapping[str, Any] | None = None,
    seed: int,
    progress: Progress = no_progress,
) -> FittedTables:
    """Learn tables that refer to one another.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        The real tables, with unique string column names.
    relations : sequence of Relation, optional
        Who refers to whom; found by names and values by default.
    keep : sequence of str
        Tables to give back as they are, such as lists of codes; references to them are made as categories.
    groups : sequence of str
        Columns that declare subgroups, written ``"table.column"``.
    overrides : mapping of str to str, optional
        Kinds to use instead of the inferred ones, by ``"table.column"``.
    engine, options, seed, progress
        As for one table.

    Raises
    ------
    OptionError
        A relation, a table to keep or an engine isn't one that can be used.
    FrameError
        A table can't be learnt; the message names it.
    """
    if why := why_not_tables(engine):
        raise OptionError(f"The engine {engine} can't make several tables: {why}.", fix="Use --engine trees.")
    for name in keep:
        if name not in frames:
            raise OptionError.from_choice("A table to keep", name, list(frames))
    used = read_relations(frames, relations)
    empty = [name for name, frame in frames.items() if not len(frame)]
    aside = {*keep, *empty}
    active = tuple(relation for relation in used if not {relation.parent, relation.child} & aside)
    _refuse_empty_parents(frames, used, empty)
    references = {relation: read_reference(frames, relation) for relation in active}
    order = [name for name in parents_first(frames, active) if name not in aside]
    if not order:
        raise OptionError("At least one table must be made; all are kept or empty.", fix="Leave one out of `keep`.")
    recipes = {name: _recipe(name, frames[name], used, active, groups, overrides or {}, seed) for name in order}
    models: dict[str, TableModel] = {}
    known: dict[str, Known] = {}
    for name in order:
        parents = _drawn_by_first([references[r] for r in active if r.child == name])
        children = [references[r] for r in active if r.parent == name]
        models[name], known[name] = learn_table(
            name,
            frames[name],
            recipes[name],
            parents,
            children,
            known,
            key=_key(name, active),
            engine=engine,
            options=options or {},
            seed=seed,
            progress=_of(name, progress),
        )
    return FittedTables(TablesRecipe(tables=recipes, relations=active), models, {name: frames[name] for name in frames if name in aside})


def _of(table: str, progress: Progress) -> Progress:
    return lambda done, total, what: progress(done, total, f"{table}: {what}")


def _refuse_empty_parents(frames: Mapping[str, pd.DataFrame], relations: Sequence[Relation], empty: Sequence[str]) -> None:
    for relation in relations:
        if relation.parent in empty and len(frames[relation.child]):
            raise FrameError(
                f"{shown(relation.child)} refers to {shown(relation.parent)}, which is empty.",
                fix="Load its rows, or leave the relation out.",
            )


def _key(table: str, relations: Sequence[Relation]) -> str | None:
    keys = list(dict.fromkeys(relation.key for relation in relations if relation.parent == table))
    if len(keys) > 1:
        raise OptionError(
            f"All references to {shown(table)} must use one key; they use {', '.join(map(shown, keys))}.", fix="Refer by the same column."
        )
    return keys[0] if keys else None


def _drawn_by_first(references: list[Reference]) -> list[Reference]:
    """References of a table, first the one its rows are drawn by: with an order, else to most parents."""
    if not references:
        return []
    best = min(references, key=lambda r: (r.relation.order is None, -len(np.unique(r.parent)) * float((r.parent >= 0).mean())))
    return [best, *(reference for reference in references if reference is not best)]


def _recipe(
    name: str,
    frame: pd.DataFrame,
    used: Sequence[Relation],
    active: Sequence[Relation],
    groups: Sequence[str],
    overrides: Mapping[str, str],
    seed: int,
) -> Recipe:
    """What a table holds, keys and references as identifiers, references to kept tables as categories."""
    names = {relation.key for relation in active if relation.parent == name} | {r.column for r in active if r.child == name}
    looked_up = {r.column: "category" for r in used if r.child == name and r.column not in names}
    start = f"{name}."
    own = frame.drop(columns=list(names))
    kinds = {column.removeprefix(start): kind for column, kind in overrides.items() if column.startswith(start)} | looked_up
    columns: dict[str, Column] = {}
    listed: list[str] = []
    if own.shape[1]:
        listed = [group.removeprefix(start) for group in groups if group.startswith(start)]
        columns = _inferred(own, name, seed, listed, kinds)
    for column in names:
        key = any(relation.parent == name and relation.key == column for relation in active)
        columns[column] = Column(
            name=column,
            kind="identifier",
            dtype=str(frame[column].dtype),
            missing=bool(frame[column].isna().any()),
            role="key" if key else None,
        )
    ordered = tuple(columns[str(column)] for column in frame.columns)
    return Recipe(table=name, rows=len(frame), seed=seed, columns=ordered, groups=tuple(listed))


def _inferred(own: pd.DataFrame, name: str, seed: int, groups: Sequence[str], kinds: Mapping[str, str]) -> dict[str, Column]:
    """The columns of a table; one that holds nothing but text is left without any that can be made."""
    try:
        found = infer_recipe(own, table=name, rows=len(own), seed=seed, groups=groups, overrides=kinds)
    except FrameError as error:
        if "all" not in error.message or "text" not in error.message:
            raise
        stand_in = "x" * 8
        wide = infer_recipe(own.assign(**{stand_in: np.arange(len(own))}), table=name, rows=len(own), seed=seed, overrides=kinds)
        return {column.name: column for column in wide.columns if column.name != stand_in}
    return {column.name: column for column in found.columns}


def make_tables(
    frames: Mapping[str, Any],
    *,
    relations: Sequence[Any] | None = None,
    keep: Sequence[str] = (),
    rows: Mapping[str, int] | int | None = None,
    seed: int | None = None,
    groups: Sequence[str] = (),
    overrides: Mapping[str, str] | None = None,
    engine: str = "auto",
    options: Mapping[str, Any] | None = None,
    output_name: str = "synthetic",
    progress: Progress = no_progress,
) -> Synthesis:
    """Return synthetic tables of the same kind as those given, and the run that made them.

    Parameters
    ----------
    frames : mapping of str to frame
        The real tables by name, pandas, polars or Arrow.
    rows : mapping of str to int, or int, optional
        How many rows tables without a parent are to have, by name; a number where there is one such table.
        As many as there are by default. The others have as many as follow.
    relations, keep, groups, overrides, engine, options, seed, progress
        See `fit_tables`.
    output_name : str
        What the synthetic tables are called together.

    Raises
    ------
    OptionError, FrameError
        See `fit_tables`.
    """
    started, clock = utc_now(), time.perf_counter()
    chosen = resolve_seed(seed)
    inside, restores = _read(frames)
    fitted = fit_tables(
        inside,
        relations=relations,
        keep=keep,
        groups=groups,
        overrides=overrides,
        engine=engine,
        options=options,
        seed=chosen,
        progress=progress,
    )
    wanted = _wanted(fitted, rows)
    fitted_at = time.perf_counter()
    made, counts, missing = fitted.draw(wanted, seed=chosen, progress=progress)
    out = {table: restores[table](made[table]) if table in restores and table not in fitted.kept else frames[table] for table in frames}
    explained: list[dict[str, Json]] = [{"count": count, "reason": reason} for reason, count in missing.items() if count]
    requested = sum(wanted[table] for table in fitted.roots)
    run = Run(
        id=new_run_id(),
        kind="generate",
        engine=_engine(fitted),
        engine_reason="Several tables: each row of a table with a parent is drawn given the parent's.",
        recipe_digest=fitted.recipe.digest,
        seed=chosen,
        started=started,
        ended=utc_now(),
        seconds={"fit": round(fitted_at - clock, 3), "sample": round(time.perf_counter() - fitted_at, 3)},
        requested=requested,
        delivered=sum(len(made[table]) for table in fitted.roots),
        explained=explained,
        counts=counts,
        parameters=_parameters(fitted, keep, made),
        account=_account(fitted),
        inputs=[_described(table, frame) for table, frame in inside.items()],
        output=_output(output_name, {table: made[table] for table in frames}),
        versions=versions(),
        columns=[column for model in fitted.models.values() for column in _columns(model)],
        notes=[*(note for table in restores for note in restores[table].notes), *_notes(fitted, made)],
    )
    first = next(iter(fitted.models))
    return Synthesis(out[first], run, frames=out)


def _read(frames: Mapping[str, Any]) -> tuple[dict[str, pd.DataFrame], dict[str, Restore]]:
    """The tables as pandas; one without rows is allowed."""
    if not frames:
        raise OptionError("At least one table was expected; the mapping is empty.", fix="Pass tables by name.")
    inside: dict[str, pd.DataFrame] = {}
    restores: dict[str, Restore] = {}
    for table, frame in frames.items():
        if not str(table):
            raise OptionError(f"A table's name must be text; got {shown(table)}.", fix="Use strings as the mapping's keys.")
        if hasattr(frame, "columns") and hasattr(frame, "__len__") and not len(frame):
            inside[table] = pd.DataFrame({str(column): [] for column in getattr(frame, "column_names", frame.columns)})
        else:
            inside[table], restores[table] = to_pandas(frame, what=f"table {shown(table)}")
    return inside, restores


def _wanted(fitted: FittedTables, rows: Mapping[str, int] | int | None) -> dict[str, int]:
    roots = fitted.roots
    if rows is not None and not isinstance(rows, Mapping):
        if len(roots) != 1:
            raise OptionError(
                f"Several tables have no parent ({', '.join(map(shown, roots))}); how many rows each is to have must be said by name.",
                fix=f"Pass rows={{{shown(roots[0])}: {rows}}}.",
            )
        rows = {roots[0]: rows}
    asked = dict(rows or {})
    for table, number in asked.items():
        if table not in roots:
            raise OptionError.from_choice("A table whose number of rows can be chosen (one without a parent)", table, roots)
        if isinstance(number, bool) or not hasattr(number, "__index__") or int(number) < 1:
            raise OptionError(
                f"The number of rows of {shown(table)} must be a whole number, at least 1; got {shown(number)}.", fix="Pass an int."
            )
    return {table: int(asked.get(table, fitted.models[table].rows)) for table in roots}


def _engine(fitted: FittedTables) -> str:
    return next((model.generator.engine for model in fitted.models.values() if model.generator is not None), "trees")


def _account(fitted: FittedTables) -> dict[str, str]:
    found = next((model.generator.fitted.account for model in fitted.models.values() if model.generator is not None), {})
    more = (
        "; in several tables, rows of a table with a parent are drawn given the parent's columns, the row before them and the "
        "mean of all rows before them in the same family"
    )
    copies = "rows equal to a real row that occurs once are looked for in each table by itself, keys and references left out"
    return {**found, "method": f"{found.get('method', '')}{more}", "copies": copies}


def _parameters(fitted: FittedTables, keep: Sequence[str], made: Mapping[str, pd.DataFrame]) -> dict[str, Json]:
    tables: dict[str, Json] = {}
    for table, model in fitted.models.items():
        told: dict[str, Json] = {"rows_learnt": model.rows, "rows_made": len(made[table])}
        if model.generator is not None:
            told |= {"engine": model.generator.engine, **model.generator.fitted.parameters}
        if model.family is not None and model.family.first is not None:
            told["first_rows"] = dict(model.family.first.fitted.parameters)
        if model.family is not None and model.family.later is not None:
            told["later_rows"] = dict(model.family.later.fitted.parameters)
        tables[table] = told
    return {"tables": tables, "relations": [str(relation) for relation in fitted.recipe.relations], "keep": list(keep)}


def _columns(model: TableModel) -> list[dict[str, Json]]:
    how = {} if model.generator is None else dict(model.generator.how)
    for stage in (model.family.later, model.family.first) if model.family else ():
        how |= dict(stage.fitted.how) if stage else {}
    if model.parent is not None:
        how[model.parent.column] = f"the key of the row of {model.parent.parent} it was drawn for"
    how |= {further.relation.column: f"the key of a row of {further.relation.parent}, matched on its features" for further in model.further}
    if model.key is not None:
        how[model.key.name] = model.key.how
    return [
        {"name": f"{model.name}.{column.name}", "kind": column.kind, "how": how.get(column.name, _left_out(column))}
        for column in model.recipe.columns
    ]


def _left_out(column: Column) -> str:
    return f"left out: {column.why}" if column.kind == "text" else ""


def _notes(fitted: FittedTables, made: Mapping[str, pd.DataFrame]) -> list[str]:
    said = [note for model in fitted.models.values() for note in model.notes]
    for table, model in fitted.models.items():
        said += [
            f"Column {shown(column.name)} of {shown(table)} was left out: {column.why}."
            for column in model.recipe.columns
            if column.kind == "text" and column.name not in made[table]
        ]
        if model.generator is not None:
            counted = [shown(label) for label in model.sizes.values()]
            said += [f"{table}: {note}" for note in model.generator.fitted.notes({}) if not any(label in note for label in counted)]
    for table, frame in fitted.kept.items():
        said.append(
            f"Table {shown(table)} is empty and stays so." if not len(frame) else f"Table {shown(table)} holds the real rows, as was asked."
        )
    return said


def _described(table: str, frame: pd.DataFrame) -> dict[str, Json]:
    return {"name": table, "rows": len(frame), "columns": list(frame.columns), "digest": frame_digest(frame)}


def _output(name: str, frames: Mapping[str, pd.DataFrame]) -> dict[str, Json]:
    """All tables as one output: its digest is over theirs."""
    tables = [_described(table, frame) for table, frame in frames.items()]
    return {
        "name": name,
        "rows": sum(len(frame) for frame in frames.values()),
        "columns": [f"{table}.{column}" for table, frame in frames.items() for column in frame.columns],
        "digest": digest({str(table["name"]): table["digest"] for table in tables}),
        "tables": tables,
    }


def synthesise_tables(call: Call) -> Synthesis:
    """Make the tables, or the panel, that a call asks for.

    Raises
    ------
    OptionError
        An option of the call isn't for several tables.
    """
    options = dict(call.options)
    if call.panel is not None:
        from synthnb.engines.relational.panels import panel_of, synthesise_panel

        return synthesise_panel(
            call.source,
            panel=panel_of(call.panel),
            name=call.source_name,
            output_name=call.name,
            rows=call.rows,
            subjects=options.pop("subjects", None),
            seed=call.seed,
            groups=call.groups,
            engine=call.engine,
            options=options,
            overrides=call.overrides,
            progress=call.progress,
        )
    return make_tables(
        call.source,
        relations=call.relations,
        keep=options.pop("keep", ()),
        rows=call.rows,
        seed=call.seed,
        groups=call.groups,
        overrides=call.overrides,
        engine=call.engine,
        options=options,
        output_name=call.name,
        progress=call.progress,
    )
