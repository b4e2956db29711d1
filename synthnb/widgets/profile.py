"""The columns of a frame as an editable table: each change is a correction the kernel answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

__all__ = ["ROLE_LABELS", "ProfileEditor"]

_HERE = Path(__file__).parent

ROLE_LABELS: dict[str, str] = {
    "": "none",
    "key": "key: names rows",
    "sensitive": "sensitive",
    "group": "group: subgroups",
    "target": "target: predicted",
}
"""What a column can be for, with what each means."""


class ProfileEditor(anywidget.AnyWidget):
    """A table with a row per column and a control for its kind and its role.

    Observe ``corrections``: it is set each time the person changes something.

    Parameters
    ----------
    columns : sequence of mappings
        ``Profile.columns``.
    title : str
        What the frame is called and how large it is.
    """

    _esm = _HERE / "profile.js"
    _css = _HERE / "profile.css"

    columns = traitlets.List(traitlets.Dict()).tag(sync=True)
    """What each column is taken for."""
    roles = traitlets.Dict(ROLE_LABELS).tag(sync=True)
    """The roles there are, and what they mean."""
    corrections = traitlets.Dict().tag(sync=True)
    """What the person has changed so far: ``{"kinds": {column: kind}, "roles": {column: role}}``."""
    title = traitlets.Unicode("").tag(sync=True)
    """The table's heading."""
    message = traitlets.Unicode("").tag(sync=True)
    """A sentence from the kernel for the status line."""

    def __init__(self, columns: Sequence[Mapping[str, Any]] = (), **traits: Any) -> None:
        none: dict[str, dict[str, str]] = {"kinds": {}, "roles": {}}
        super().__init__(columns=[dict(column) for column in columns], **{"corrections": none, **traits})
