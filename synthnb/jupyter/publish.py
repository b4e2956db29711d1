"""The one place where something is put into a cell's output."""

from __future__ import annotations

from typing import Any

import IPython.display

__all__ = ["publish", "publish_bundle"]

_display: Any = IPython.display.display
"""IPython's own function, which has no annotations."""


def publish(value: object) -> None:
    """Show a result as it shows itself."""
    _display(value)


def publish_bundle(bundle: dict[str, Any], *, updatable: bool = False, metadata: dict[str, Any] | None = None) -> Any:
    """Show a mime bundle; return a handle with ``update(bundle, raw=True)`` if it is to be updatable."""
    return _display(bundle, raw=True, display_id=True if updatable else None, metadata=metadata)
