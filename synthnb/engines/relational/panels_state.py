"""A learnt panel as plain JSON and arrays of numbers, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from synthnb.engines._encoding.codec import Cells, Levels, NumberCells
from synthnb.engines._encoding.dtypes import dtype_from_json, dtype_to_json
from synthnb.engines.relational.keys import restore_keys
from synthnb.engines.relational.panels import FittedPanel
from synthnb.engines.relational.state import family_from_state, family_to_state, generator_from_state, generator_to_state, inside, joined
from synthnb.errors import RecipeError, RecordError, reason, shown
from synthnb.recipes.recipe import Recipe
from synthnb.recipes.timing import Panel

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.base import State

__all__ = ["SCHEMA", "panel_to_state", "restore_panel"]

SCHEMA = "synthnb.fitted-panel/1"
"""Name and version of the state's shape."""

_CLOCK: TypeAdapter[Levels | NumberCells] = TypeAdapter(Cells)


def panel_to_state(fitted: FittedPanel) -> State:
    """Everything needed to draw again."""
    meta: dict[str, Json] = {
        "schema": SCHEMA,
        "panel": fitted.panel.model_dump(),
        "recipe": fitted.recipe.to_dict(),
        "size": fitted.size,
        "clock": fitted.clock.model_dump(mode="json"),
        "dtype": dtype_to_json(fitted.dtype),
        "subject_dtype": dtype_to_json(fitted.subject_dtype),
        "learnt": fitted.learnt,
    }
    parts = {"subjects": generator_to_state(fitted.subjects), "keys": fitted.keys.to_state(), "visits": family_to_state(fitted.visits)}
    return joined(meta, parts)


def restore_panel(state: State) -> FittedPanel:
    """Return what `panel_to_state` kept.

    Raises
    ------
    RecordError
        The state isn't one of a fitted panel, or doesn't hold together.
    """
    meta: Any = state.meta
    try:
        if meta["schema"] != SCHEMA:
            raise ValueError(f"its schema is {shown(meta['schema'])}")
        subjects, keys, visits = inside(state, "subjects"), inside(state, "keys"), inside(state, "visits")
        if subjects is None or keys is None or visits is None:
            raise ValueError("a part is missing")
        return FittedPanel(
            panel=Panel.model_validate(meta["panel"]),
            recipe=Recipe.from_dict(meta["recipe"]),
            subjects=generator_from_state(subjects),
            keys=restore_keys(keys),
            visits=family_from_state(visits),
            size=str(meta["size"]),
            clock=_CLOCK.validate_python(meta["clock"]),
            dtype=dtype_from_json(meta["dtype"]),
            subject_dtype=dtype_from_json(meta["subject_dtype"]),
            learnt=int(meta["learnt"]),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecipeError) as error:
        if isinstance(error, RecordError):
            raise
        raise RecordError(
            f"The state of a fitted panel was expected; this isn't one: {reason(error)}.", fix="Fit the panel again."
        ) from error
