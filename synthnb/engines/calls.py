"""One call of ``generate``: what it was given, and which way of making it leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from synthnb._progress import Progress
    from synthnb.engines.base import Synthesis
    from synthnb.engines.plan import Ready
    from synthnb.engines.replicates import Replicates

__all__ = ["Call", "asks_for", "carry_out", "has_several_tables", "made_once", "opened", "prepared"]

Way = Literal["one table", "several tables", "a saved generator", "a language model"]
"""What rows can be made from, or by."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """What ``generate`` was given; see there."""

    source: Any
    recipe: Any
    rows: int | None
    engine: str
    options: Mapping[str, Any]
    rules: Sequence[Any]
    where: str
    given: Any
    balance: Sequence[str]
    replicates: int
    decision: Callable[[Any], Any] | None
    on: str
    groups: Sequence[str]
    roles: Mapping[str, str]
    merge_below: int | Mapping[str, int] | None
    relations: Sequence[Any] | None
    panel: Any
    survival: Sequence[Any]
    name: str
    source_name: str
    overrides: Mapping[str, str]
    seed: int | None
    announce: Callable[[Sequence[Mapping[str, Any]]], None] | None
    progress: Progress


_LIMITED: Mapping[str, tuple[Any, tuple[Way, ...]]] = {
    "recipe": (None, ("one table", "a language model")),
    "engine": ("auto", ("one table", "several tables", "a language model")),
    "options": ({}, ("one table", "several tables", "a language model")),
    "rules": ((), ("one table",)),
    "where": ("", ("one table", "a saved generator")),
    "given": (None, ("one table", "a saved generator")),
    "balance": ((), ("one table",)),
    "replicates": (1, ("one table", "several tables", "a saved generator")),
    "decision": (None, ("one table", "several tables", "a saved generator")),
    "on": ("inline", ("one table", "a saved generator")),
    "groups": ((), ("one table", "several tables", "a language model")),
    "roles": ({}, ("one table", "a language model")),
    "merge_below": (None, ("one table",)),
    "relations": (None, ("several tables",)),
    "panel": (None, ("several tables",)),
    "survival": ((), ("one table",)),
    "overrides": ({}, ("one table", "several tables", "a language model")),
}
"""What can't be asked for in every way: its value where it isn't asked for, and the ways in which it can be had."""

_WORDS = {"engine": "an engine", "recipe": "a recipe", "merge_below": "merging"}


def asks_for(call: Call, way: Way) -> list[str]:
    """Return what a call asks for that can't be had in a way, by the names of the arguments."""
    return [name for name, (nothing, ways) in _LIMITED.items() if way not in ways and _is_asked(getattr(call, name), nothing)]


def _is_asked(value: Any, nothing: Any) -> bool:
    if value is None or nothing is None:
        return value is not nothing
    return not isinstance(value, str | tuple | list | Mapping | int) or value != nothing


def carry_out(call: Call) -> Synthesis | Replicates:
    """Make what the call asks for.

    Raises
    ------
    SynthnbError
        As `synthnb.generate` says.
    """
    call = opened(call)
    if call.decision is not None and not callable(call.decision):
        raise OptionError(f"A decision is a function of a frame; got {shown(call.decision)}.", fix="Pass a function.")
    if isinstance(call.replicates, bool) or call.replicates != 1 or call.decision is not None:
        from synthnb.engines.replicates import replicate

        return replicate(call)
    return made_once(call)


def made_once(call: Call) -> Synthesis:
    """Make one synthesis of an opened call."""
    if has_several_tables(call):
        if not isinstance(call.source, Mapping) and type(call.source).__name__ == "Generator":
            raise OptionError("A saved generator draws one table; `panel` can't be asked of it.", fix="Pass the real frame.")
        return _several_tables(call)
    return prepared(call).draw(output_name=call.name, progress=call.progress)


def has_several_tables(call: Call) -> bool:
    """Whether the call is for tables that hang together, or for repeated visits."""
    return isinstance(call.source, Mapping) or call.panel is not None


def prepared(call: Call) -> Ready:
    """Read and fit what an opened call of one table asks for."""
    from synthnb.engines._requests import Request
    from synthnb.engines.generator import Generator
    from synthnb.engines.plan import prepare, prepare_more

    if call.relations is not None:
        raise OptionError("Relations are between tables; one table was given.", fix="Pass a mapping of tables, or leave `relations` out.")
    request = Request(
        groups=call.groups,
        overrides=call.overrides,
        roles=call.roles,
        merge_below=call.merge_below,
        survival=call.survival,
        rules=call.rules,
        where=call.where,
        given=call.given,
        balance=call.balance,
    )
    if isinstance(call.source, Generator):
        _refuse_to_refit(call)
        return prepare_more(
            call.source,
            name=call.source_name,
            rows=call.rows,
            seed=call.seed,
            request=request,
            on=call.on,
        )
    return prepare(
        call.source,
        name=call.source_name,
        rows=call.rows,
        seed=call.seed,
        engine=call.engine,
        options=call.options,
        progress=call.progress,
        recipe=call.recipe,
        request=request,
        on=call.on,
        announce=call.announce,
    )


def _refuse_to_refit(call: Call) -> None:
    """A saved generator has been fitted: what would have to be learnt anew can't be asked of it."""
    if found := asks_for(call, "a saved generator"):
        told = ", ".join(_WORDS.get(name, name) for name in found)
        raise OptionError(
            f"A saved generator is drawn from as it was fitted; {told} can't be asked of it.",
            fix="Fit a new one to the real frame, or use rows, where, given and the seed.",
        )


def opened(call: Call) -> Call:
    """Return the call with paths read, and a recipe in its own place.

    Raises
    ------
    SynthnbError
        A file can't be read, there are two recipes, or neither a frame nor a recipe.
    """
    from synthnb.recipes.recipe import Recipe

    source, name = call.source, call.source_name
    if isinstance(source, str | Path):
        source, name = _read(Path(source)), Path(source).name if name == "real" else name
    recipe = _read_recipe(call.recipe)
    if isinstance(source, Recipe):
        if recipe is not None:
            raise OptionError("Two recipes were given, as source and as recipe.", fix="Leave one of them out.")
        source, recipe = None, source
    if source is None and recipe is None:
        raise OptionError("A frame, a recipe or a generator was expected; got none.", fix="Pass one as the source.")
    return replace(call, source=source, recipe=recipe, source_name=name)


def _read(path: Path) -> Any:
    if path.suffix == ".synthgen":
        from synthnb.engines.generator import Generator

        return Generator.load(path)
    if path.suffix == ".json":
        return _read_recipe(path)
    from synthnb._tables import read_table

    return read_table(path)


def _read_recipe(recipe: Any) -> Any:
    from synthnb.recipes.recipe import Recipe

    if isinstance(recipe, str | Path):
        from synthnb.recipes.io import read_recipe

        return read_recipe(Path(recipe))
    if isinstance(recipe, Mapping):
        return Recipe.from_dict(recipe)
    if recipe is not None and not isinstance(recipe, Recipe):
        raise OptionError(
            f"A recipe, or a file of one, was expected; got {shown(type(recipe).__name__)}.", fix="Pass what `profile` returned."
        )
    return recipe


def _several_tables(call: Call) -> Synthesis:
    from synthnb.engines.relational import synthesise_tables

    found = asks_for(call, "several tables")
    if found:
        are = "is" if len(found) == 1 else "are"
        raise OptionError(f"{', '.join(found)} {are} for one table; several were given, or repeated visits.", fix="Leave it out.")
    return synthesise_tables(call)
