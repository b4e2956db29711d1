"""The form for what only a human may state in a disclosure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

__all__ = ["CHOICES", "DisclosureForm"]

_HERE = Path(__file__).parent

CHOICES: dict[str, dict[str, str]] = {
    "intent": {
        "replica": "replica: stands in for the real table",
        "augmentation": "augmentation: added to real data",
        "scenario": "scenario: what might happen",
        "fixture": "fixture: tests software",
        "training": "training: people learn with it",
        "evaluation": "evaluation: methods are compared on it",
    },
    "oversightLevel": {
        "fully_autonomous": "fully autonomous: nobody looked at the rows",
        "prompt_guided": "prompt-guided: a person steered, rows were not checked",
        "human_validated": "human-validated: a person checked the rows",
    },
}
"""Fields that take one of a few values, with what each means."""

_LINES = {"responsiblePerson"}


class DisclosureForm(anywidget.AnyWidget):
    """A form for the human-only fields.

    Observe ``saved``: it grows by one each time the person presses Save, after
    ``statements`` was set. ``statements`` holds the fields filled in, and an
    empty string for one that was stated before and is now withdrawn.

    Parameters
    ----------
    fields : sequence of mappings
        ``{"id", "label", "help", "value"}`` for each field, in order; ``value``
        is what a person stated before, empty if nobody did. The catalogue's
        ``hint`` will do for ``help``, and its ``required`` marks the optional ones.
    """

    _esm = _HERE / "disclosure_form.js"
    _css = _HERE / "disclosure_form.css"

    fields = traitlets.List(traitlets.Dict()).tag(sync=True)
    """The fields shown, each with its control and choices."""
    statements = traitlets.Dict().tag(sync=True)
    """What the person stated, by field id."""
    saved = traitlets.Int(0).tag(sync=True)
    """How often Save was pressed."""
    message = traitlets.Unicode("").tag(sync=True)
    """A sentence from the kernel for the form's status line, such as where it was recorded."""

    def __init__(self, fields: Sequence[Mapping[str, Any]] = (), **traits: Any) -> None:
        super().__init__(fields=[_with_control(field) for field in fields], **traits)


def _with_control(field: Mapping[str, Any]) -> dict[str, Any]:
    """Add to a field how it is filled in: one of a few values, a line, or text."""
    name = str(field["id"])
    choices = [{"value": value, "label": label} for value, label in CHOICES.get(name, {}).items()]
    control = "choice" if choices else "line" if name in _LINES else "text"
    given = {"label": name, "help": field.get("hint", ""), "value": "", "required": True}
    return given | {"control": control, "choices": choices} | dict(field)
