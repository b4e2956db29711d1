"""Rows that a language model writes one by one: ``generate(engine="llm")``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from inspect import signature
from typing import TYPE_CHECKING, Any, cast

from synthnb._api.calling import calls_to
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from synthnb.engines.base import Synthesis
    from synthnb.engines.calls import Call
    from synthnb.models.base import Model
    from synthnb.models.limits import Limits

__all__ = ["rows_by_model", "with_preview"]


def rows_by_model(
    call: Call, *, model: str | Model | None, allow_hosted: bool, sensitive: bool, limits: Limits | Mapping[str, Any] | None
) -> Synthesis:
    """Return rows that a language model wrote one by one, as ``generate(engine="llm")`` asks for them.

    Raises
    ------
    OptionError
        Something is asked that only engines which learn a frame can do.
    """
    from synthnb._api.describing import check_described, is_compiled, is_description
    from synthnb._api.making import profile
    from synthnb.engines.calls import asks_for, opened
    from synthnb.engines.rows import write_rows

    asked = asks_for(call, "a language model")
    if asked:
        raise OptionError(
            f"The engine llm writes rows of one table from examples or a summary; it doesn't take {', '.join(asked)}.",
            fix="Put rules into the recipe, and leave out the rest; or choose another engine.",
        )
    own = [name for name in signature(write_rows).parameters if name not in _SAID_BY_THE_CALL]
    for option in call.options:
        if option not in own:
            raise OptionError.from_choice("An option of the engine llm", option, own)
    described = is_description(call.source)
    if described or is_compiled(call.source):
        check_described(call.source, {item.name: getattr(call, item.name) for item in fields(call)}, by_model=described)
    call = call if described else opened(call)
    source, source_name, recipe = call.source, call.source_name, call.recipe
    if recipe is None and not described and (call.groups or call.roles or call.overrides):
        recipe = profile(source, name=source_name, groups=call.groups, overrides=call.overrides, roles=call.roles).recipe
    rows = _rows_of(call.rows, source, recipe)
    with calls_to(model, limits=limits, sensitive=sensitive) as calls:
        return write_rows(
            source,
            rows=rows,
            calls=calls,
            recipe=recipe,
            seed=call.seed,
            name=call.name,
            source_name=source_name,
            allow_hosted=allow_hosted,
            announce=cast("Any", call.announce),
            progress=call.progress,
            **call.options,
        )


def with_preview(options: Mapping[str, Any], preview: int | None, engine: str) -> dict[str, Any]:
    """Return an engine's options with a preview among them.

    Raises
    ------
    OptionError
        The engine isn't one by which a model writes each row, or a preview is among the options already.
    """
    if preview is None:
        return dict(options)
    if engine != "llm":
        raise OptionError(
            f"A preview is of rows that a language model writes one by one; got the engine {shown(engine)}.",
            fix="Leave it out: other engines' rows cost no calls, and a compiled description shows ten.",
        )
    if "preview" in options:
        raise OptionError("preview was given twice, by itself and as an option.", fix="Leave one of them out.")
    return {**options, "preview": preview}


_SAID_BY_THE_CALL = {"source", "rows", "calls", "recipe", "seed", "name", "source_name", "allow_hosted", "announce", "progress"}
"""What `write_rows` takes that isn't an option of the engine, as `generate` has words of its own for it."""


def _rows_of(rows: int | None, source: Any, recipe: Any) -> int:
    """As many rows as were asked for, else as many as there are, or as the recipe says."""
    if rows is not None:
        return rows
    if isinstance(source, str):
        raise OptionError("How many rows to write isn't said.", fix="Say it, such as rows=50.")
    return int(recipe.rows) if source is None else len(source)
