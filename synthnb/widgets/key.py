"""A field for a provider's key. The key is no trait: it is sent to the kernel once, and no output or notebook can hold it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

__all__ = ["KeyField"]

_HERE = Path(__file__).parent


class KeyField(anywidget.AnyWidget):
    """A password field with a button.

    Parameters
    ----------
    provider : str
        Whose key.
    """

    _esm = _HERE / "key.js"
    _css = _HERE / "key.css"

    provider = traitlets.Unicode("").tag(sync=True)
    """Whose key."""
    message = traitlets.Unicode("").tag(sync=True)
    """A sentence from the kernel: whether there is a key, and where from."""

    def __init__(self, provider: str = "", **traits: Any) -> None:
        super().__init__(provider=provider, **traits)

    def on_key(self, take: Callable[[str], None]) -> None:
        """Call a function with each key that is entered."""

        def hear(_widget: Any, content: Any, _buffers: Any) -> None:
            if isinstance(content, dict) and content.get("type") == "key" and isinstance(content.get("value"), str):
                take(content["value"])

        self.on_msg(hear)
