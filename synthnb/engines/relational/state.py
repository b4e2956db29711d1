"""Learnt tables as plain JSON and arrays of numbers, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb import plugins
from synthnb.engines._encoding.dtypes import dtype_from_json, dtype_to_json
from synthnb.engines._encoding.state import coders_from_state, coders_to_state
from synthnb.engines.base import State
from synthnb.engines.generator import Generator
from synthnb.engines.relational.draw import FittedTables
from synthnb.engines.relational.families import Before, Family, Stage
from synthnb.engines.relational.fit import Further, TableModel
from synthnb.engines.relational.innovations import Innovation
from synthnb.engines.relational.keys import restore_keys
from synthnb.engines.saving import layer_name, read_layer
from synthnb.errors import OptionError, RecipeError, RecordError, reason, shown
from synthnb.recipes.recipe import Column, Recipe
from synthnb.recipes.tables import Relation, TablesRecipe

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines._encoding.table import Coder

__all__ = [
    "SCHEMA",
    "family_from_state",
    "family_to_state",
    "generator_from_state",
    "generator_to_state",
    "inside",
    "joined",
    "restore_tables",
    "tables_to_state",
]

SCHEMA = "synthnb.fitted-tables/1"
"""Name and version of the state's shape."""


def tables_to_state(fitted: FittedTables) -> State:
    """Everything needed to draw again; arrays are named by table and part.

    Raises
    ------
    OptionError
        A table is kept as it is: real rows have no place in a saved generator.
    """
    if any(len(frame) for frame in fitted.kept.values()):
        kept = ", ".join(shown(name) for name, frame in fitted.kept.items() if len(frame))
        raise OptionError(f"A generator that keeps real tables can't be saved; it keeps {kept}.", fix="Fit it without these tables.")
    parts = [_model_state(model) for model in fitted.models.values()]
    meta: dict[str, Json] = {
        "schema": SCHEMA,
        "recipe": fitted.recipe.to_dict(),
        "tables": [part.meta for part in parts],
        "empty": {name: [str(column) for column in frame.columns] for name, frame in fitted.kept.items()},
    }
    return State(meta, {f"t{number}.{name}": array for number, part in enumerate(parts) for name, array in part.arrays.items()})


def restore_tables(state: State) -> FittedTables:
    """Return what `tables_to_state` kept.

    Raises
    ------
    RecordError
        The state isn't one of fitted tables, or doesn't hold together.
    """
    try:
        if state.meta["schema"] != SCHEMA:
            raise ValueError(f"its schema is {shown(state.meta['schema'])}")
        recipe = TablesRecipe.from_dict(state.meta["recipe"])
        models = [_model(State(meta, _part(state, f"t{number}")), recipe) for number, meta in enumerate(state.meta["tables"])]
        kept = {name: pd.DataFrame({column: [] for column in columns}) for name, columns in state.meta["empty"].items()}
        return FittedTables(recipe, {model.name: model for model in models}, kept)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecipeError) as error:
        if isinstance(error, RecordError):
            raise
        raise RecordError(
            f"The state of fitted tables was expected; this isn't one: {reason(error)}.", fix="Fit the tables again."
        ) from error


def _part(state: State, prefix: str) -> dict[str, Any]:
    start = f"{prefix}."
    return {name.removeprefix(start): array for name, array in state.arrays.items() if name.startswith(start)}


def joined(meta: dict[str, Json], parts: Mapping[str, State]) -> State:
    """Return a state of several parts, each part's arrays under its name."""
    arrays = {f"{part}.{name}": array for part, state in parts.items() for name, array in state.arrays.items()}
    return State({**meta, "parts": {part: state.meta for part, state in parts.items()}}, arrays)


def inside(state: State, part: str) -> State | None:
    """One part of a state that `joined` made; None if it has no such part."""
    meta = state.meta["parts"].get(part)
    return None if meta is None else State(meta, _part(state, part))


def _model_state(model: TableModel) -> State:
    meta: dict[str, Json] = {
        "name": model.name,
        "rows": model.rows,
        "parent": None if model.parent is None else model.parent.model_dump(),
        "further": [
            {
                **further._asdict(),
                "relation": further.relation.model_dump(),
                "columns": [column.model_dump(mode="json") for column in further.columns],
            }
            for further in model.further
        ],
        "sizes": [[relation.model_dump(), label] for relation, label in model.sizes.items()],
        "inherited": dict(model.inherited),
        "missing": model.missing,
        "dtypes": {name: dtype_to_json(dtype) for name, dtype in model.dtypes.items()},
        "notes": list(model.notes),
        "reason": model.reason,
    }
    parts = {}
    if model.key is not None:
        parts["key"] = model.key.to_state()
    if model.generator is not None:
        parts["generator"] = generator_to_state(model.generator)
    if model.family is not None:
        parts["family"] = family_to_state(model.family)
    return joined(meta, parts)


def _model(state: State, recipe: TablesRecipe) -> TableModel:
    meta = state.meta
    key, drawn, family = inside(state, "key"), inside(state, "generator"), inside(state, "family")
    return TableModel(
        name=str(meta["name"]),
        recipe=recipe.tables[str(meta["name"])],
        rows=int(meta["rows"]),
        generator=None if drawn is None else generator_from_state(drawn),
        parent=None if meta["parent"] is None else Relation.model_validate(meta["parent"]),
        family=None if family is None else family_from_state(family),
        further=tuple(_further(item) for item in meta["further"]),
        key=None if key is None else restore_keys(key),
        sizes={Relation.model_validate(relation): str(label) for relation, label in meta["sizes"]},
        inherited=dict(meta["inherited"]),
        missing=float(meta["missing"]),
        dtypes={name: dtype_from_json(dtype) for name, dtype in meta["dtypes"].items()},
        notes=tuple(meta["notes"]),
        reason=str(meta["reason"]),
    )


def _further(data: Mapping[str, Any]) -> Further:
    return Further(
        Relation.model_validate(data["relation"]),
        dict(data["features"]),
        str(data["same"]),
        str(data["here"]),
        tuple(Column.model_validate(column) for column in data["columns"]),
        bool(data["distinct"]),
    )


def generator_to_state(generator: Generator) -> State:
    """A generator of one table, as plain data."""
    meta: dict[str, Json] = {
        "engine": generator.engine,
        "recipe": generator.recipe.to_dict(),
        "inner": generator.inner.to_dict(),
        "layers": [layer_name(layer) for layer in generator.layers],
    }
    layers = {f"layer{number}": layer.to_state() for number, layer in enumerate(generator.layers)}
    return joined(meta, {"fitted": generator.fitted.to_state(), **layers})


def generator_from_state(state: State) -> Generator:
    """Return what `generator_to_state` kept."""
    recipe, inner = Recipe.from_dict(state.meta["recipe"]), Recipe.from_dict(state.meta["inner"])
    engine = str(state.meta["engine"])
    layers = []
    for number, name in enumerate(state.meta["layers"]):
        part = inside(state, f"layer{number}")
        assert part is not None
        layers.append(read_layer(name, recipe, part))
    return Generator(engine, _restored(engine, inner, state), tuple(layers), recipe, inner)


def _restored(engine: str, recipe: Recipe, state: State) -> Any:
    fitted = inside(state, "fitted")
    if fitted is None:
        raise ValueError("it has no fitted engine")
    return plugins.load("synthnb.engines", engine)().restore(recipe, fitted)


def family_to_state(family: Family) -> State:
    """What draws families, as plain data."""
    meta: dict[str, Json] = {
        "recipe": family.recipe.to_dict(),
        "increments": list(family.increments),
        "innovations": {name: [item.last, item.mean] for name, item in family.innovations.items()},
        "absorbing": list(family.absorbing),
        "order": family.order,
        "end": family.end,
    }
    parts = {"innovations": coders_to_state([item.coder for item in family.innovations.values()])}
    parts["absorbing"] = coders_to_state(list(family.absorbing.values()))
    parts |= {name: _stage_state(stage) for name, stage in (("first", family.first), ("later", family.later)) if stage is not None}
    state = joined(meta, parts)
    return State(state.meta, {**state.arrays, "prints": family.prints})


def family_from_state(state: State) -> Family:
    """Return what `family_to_state` kept."""
    meta, recipe = state.meta, Recipe.from_dict(state.meta["recipe"])
    by_name = {column.name: column for column in recipe.columns}
    first, later = inside(state, "first"), inside(state, "later")
    innovations = _coders(state, "innovations", [by_name[name] for name in meta["innovations"]])
    return Family(
        recipe=recipe,
        first=None if first is None else _stage(first),
        later=None if later is None else _stage(later),
        increments=tuple(meta["increments"]),
        innovations={name: Innovation(innovations[name], float(last), float(mean)) for name, (last, mean) in meta["innovations"].items()},
        absorbing=_coders(state, "absorbing", [by_name[name] for name in meta["absorbing"]]),
        order=str(meta["order"]),
        end=str(meta["end"]),
        prints=np.asarray(state.arrays["prints"], dtype="u8"),
    )


def _coders(state: State, part: str, columns: list[Column]) -> dict[str, Coder]:
    kept = inside(state, part)
    if kept is None:
        raise ValueError(f"it has no {part}")
    return {coder.column.name: coder for coder in coders_from_state(columns, kept)}


def _stage_state(stage: Stage) -> State:
    meta: dict[str, Json] = {
        "engine": stage.engine,
        "recipe": stage.recipe.to_dict(),
        "before": {name: dict(part) if isinstance(part, Mapping) else part for name, part in stage.before._asdict().items()},
        "guards": list(stage.guards),
    }
    return joined(meta, {"fitted": stage.fitted.to_state(), "guards": coders_to_state(list(stage.guards.values()))})


def _stage(state: State) -> Stage:
    recipe = Recipe.from_dict(state.meta["recipe"])
    by_name = {column.name: column for column in recipe.columns}
    guards = _coders(state, "guards", [by_name[name] for name in state.meta["guards"]])
    engine = str(state.meta["engine"])
    return Stage(_restored(engine, recipe, state), recipe, Before(**state.meta["before"]), guards, engine)
