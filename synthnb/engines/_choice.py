"""Which engine makes a table, and why."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal

from synthnb import plugins
from synthnb.errors import OptionError, RecipeError, shown

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.engines.base import Engine
    from synthnb.recipes.recipe import Recipe

__all__ = ["Reads", "approve", "approving", "choose_engine", "is_private", "make_engine", "reads_of", "why_not_tables"]

Reads = Literal["rows", "noisy counts", "nothing"]
"""What an engine takes from a frame: the rows themselves, what noise keeps private, or nothing."""

_GROUP = "synthnb.engines"
_SMALL = 500
_NUMERIC = 0.8
_ORDERED = {"integer", "real", "datetime", "date", "time", "timedelta"}
_asked: ContextVar[Callable[[str], None] | None] = ContextVar("synthnb_approving", default=None)


@contextmanager
def approving(ask: Callable[[str], None]) -> Iterator[None]:
    """Have each engine that is chosen inside asked about before it learns anything; ``ask`` raises to refuse one."""
    token = _asked.set(ask)
    try:
        yield
    finally:
        _asked.reset(token)


def approve(engine: str) -> None:
    """Ask about an engine that was chosen, if somebody wants to be asked."""
    if (ask := _asked.get()) is not None:
        ask(engine)


def choose_engine(asked: str, frame: pd.DataFrame | None, recipe: Recipe, options: Mapping[str, Any]) -> tuple[str, str]:
    """Return an engine's name and, in a sentence, why it.

    Raises
    ------
    OptionError
        No engine of that name is registered.
    """
    known = plugins.available(_GROUP)
    if asked != "auto":
        if asked not in known:
            raise OptionError.from_choice("An engine", asked, ["auto", *known])
        return asked, "It was asked for."
    if frame is None:
        if not any(column.distribution for column in recipe.columns):
            raise RecipeError(
                "This recipe describes a real frame and declares no distributions.", fix="Pass the frame too: generate(frame, recipe=...)."
            )
        return "sampler", "There is no real frame: numpy draws what the recipe declares."
    if "epsilon" in options:
        return "dp", "A privacy budget was given, which only the engine dp can keep."
    made = [column for column in recipe.columns if column.kind not in {"text", "empty", "constant"}]
    ordered = sum(column.kind in _ORDERED or column.kind == "boolean" or column.ordered or len(column.levels or ()) == 2 for column in made)
    size = (
        f"A real frame of {len(frame):,} rows and {len(recipe.columns)} columns, {len(made) - ordered} of them categories of several levels"
    )
    if len(frame) < _SMALL and made and ordered >= _NUMERIC * len(made) and not options:
        return (
            "copula",
            f"{size}: on small tables of numbers a Gaussian copula keeps correlations better than trees, which would repeat rows.",
        )
    return "trees", f"{size}: sequential trees take mixed types and missing values as they are."


def is_private(asked: str, options: Mapping[str, Any]) -> bool:
    """Whether an engine is asked for whose guarantee would break if anything else read the frame."""
    name = "dp" if asked == "auto" and "epsilon" in options else asked
    return name in plugins.available(_GROUP) and reads_of(name) == "noisy counts"


def reads_of(name: str) -> Reads:
    """What a registered engine takes from a frame, as its class says in ``reads``; ``rows`` where it doesn't say."""
    found: Reads = getattr(plugins.load(_GROUP, name), "reads", "rows")
    return found


def why_not_tables(name: str) -> str:
    """Why a registered engine can't make tables that hang together, as its class says in ``not_for_tables``; empty if it can."""
    return str(getattr(plugins.load(_GROUP, name), "not_for_tables", "")) if name in plugins.available(_GROUP) else ""


def make_engine(name: str, options: Mapping[str, Any]) -> Engine:
    """Return an engine with the user's options.

    Raises
    ------
    OptionError
        It doesn't take one of them; those it takes are listed.
    """
    kind = plugins.load(_GROUP, name)
    parameters = inspect.signature(kind).parameters.values()
    known = [item.name for item in parameters if item.kind not in {item.VAR_KEYWORD, item.VAR_POSITIONAL}]
    for option in options:
        if option not in known:
            raise (
                OptionError.from_choice(f"An option of the engine {name}", option, known)
                if known
                else OptionError(f"The engine {name} takes no options; got {shown(option)}.", fix="Leave it out.")
            )
    made: Engine = kind(**options)
    return made
