"""The form for what only a person can state in a disclosure, and for what the tool proposes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

__all__ = ["CHOICES", "PERSON", "DisclosureForm"]

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
    "releaseClass": {
        "local": "local: it stays on this machine",
        "team": "team: named people who work on it",
        "controlled": "controlled: others, on application and under conditions",
        "public": "public: anybody",
    },
}
"""Fields that take one of a few values, with what each means."""

PERSON = "_person"
"""The name under which ``problems`` speaks of who states it."""

_LINES = {"responsiblePerson", "name", "version", "datePublished", "license", "url"}


class DisclosureForm(anywidget.AnyWidget):
    """A form for the fields that a person fills or confirms.

    Observe ``saved``: it grows by one each time the person presses Save, after ``person`` and ``statements`` were set.
    ``statements`` holds what changed: the fields filled in, an empty string for one that was stated before and is now
    withdrawn, and the proposal's own words, as a list, for a proposal that was accepted. Set ``received`` to
    ``saved`` once it is recorded; until then the form keeps what was typed.

    Parameters
    ----------
    fields : sequence of mappings
        ``{"id", "label", "help", "section", "fill", "value", "proposal"}`` for each field, in order; ``value``
        is what a person stated before, empty if nobody did; ``proposal`` lists what the tool proposes. The catalogue's
        ``hint`` will do for ``help``, and its ``required`` marks the optional ones.
    """

    _esm = _HERE / "disclosure_form.js"
    _css = _HERE / "disclosure_form.css"

    fields = traitlets.List(traitlets.Dict()).tag(sync=True)
    """The fields shown, each with its control and choices."""
    person = traitlets.Unicode("").tag(sync=True)
    """Who states it."""
    statements = traitlets.Dict().tag(sync=True)
    """What the person stated, by field id."""
    draft = traitlets.Dict().tag(sync=True)
    """What was typed and not saved yet, so that a view drawn anew has it."""
    problems = traitlets.Dict().tag(sync=True)
    """A sentence for each field that can't be recorded as it is, shown beside it."""
    saved = traitlets.Int(0).tag(sync=True)
    """How often Save was pressed."""
    received = traitlets.Int(0).tag(sync=True)
    """How many of these the kernel has recorded."""
    key = traitlets.Unicode("").tag(sync=True)
    """Under which name the browser's tab keeps a draft for the case that the kernel is gone; empty for not at all."""
    message = traitlets.Unicode("").tag(sync=True)
    """A sentence from the kernel for the form's status line, such as where it was recorded."""

    def __init__(self, fields: Sequence[Mapping[str, Any]] = (), **traits: Any) -> None:
        super().__init__(fields=[_with_control(field) for field in fields], **traits)

    def show_fields(self, fields: Sequence[Mapping[str, Any]]) -> None:
        """Show the fields as they now are."""
        self.fields = [_with_control(field) for field in fields]


def _with_control(field: Mapping[str, Any]) -> dict[str, Any]:
    """Add to a field how it is filled in: one of a few values, a line, or text."""
    name = str(field["id"])
    choices = [{"value": value, "label": label} for value, label in CHOICES.get(name, {}).items()]
    control = "choice" if choices else "line" if name in _LINES else "text"
    given = {"label": name, "help": field.get("hint", ""), "value": "", "required": True, "section": "", "fill": "human", "proposal": []}
    return given | {"control": control, "choices": choices} | dict(field)
