"""A compiled description as an editable table: each number with its source, ten rows, and a button that accepts it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from synthnb._api.describing import SOURCE_LABELS

__all__ = ["RecipeEditor"]

_HERE = Path(__file__).parent


class RecipeEditor(anywidget.AnyWidget):
    """A table with a field for each number of a recipe, over ten rows drawn from it.

    Observe ``change``: it is set each time the person changes a number, and answered by `show` or by ``message``;
    and ``accepted``, which counts up when the person accepts the recipe.

    Parameters
    ----------
    compiled : mapping
        `synthnb._api.describing.shape_of`'s.
    """

    _esm = _HERE / "recipe.js"
    _css = _HERE / "recipe.css"

    compiled = traitlets.Dict().tag(sync=True)
    """The table's name and size, its columns, numbers, statements, sample rows and notes."""
    sources = traitlets.Dict(SOURCE_LABELS).tag(sync=True)
    """Where numbers come from, in words."""
    change = traitlets.Dict().tag(sync=True)
    """The last change: ``{"column", "number", "value", "turn"}``."""
    accepted = traitlets.Int(0).tag(sync=True)
    """How often the recipe was accepted."""
    state = traitlets.Enum(("open", "drawing", "drawn"), default_value="open").tag(sync=True)
    """Whether the recipe can be accepted, or rows are or were drawn from it as it is shown."""
    message = traitlets.Unicode("").tag(sync=True)
    """A sentence from the kernel for the status line."""

    def __init__(self, compiled: Mapping[str, Any] | None = None, **traits: Any) -> None:
        super().__init__(compiled=dict(compiled or {}), **traits)

    def show(self, compiled: Mapping[str, Any]) -> None:
        """Show another state of the recipe, whose rows aren't drawn yet."""
        self.state = "open"
        self.compiled = dict(compiled)
