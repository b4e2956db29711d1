"""The guided form of the risk record: five steps, of which two only tell what the record has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

__all__ = ["RiskForm"]

_HERE = Path(__file__).parent


class RiskForm(anywidget.AnyWidget):
    """A form for what only a person can say of the risk of giving data away.

    Observe ``saved``: it grows by one each time the person presses Save, after ``answers`` and ``person`` were set. ``answers``
    holds what was filled in or changed, and an empty string for what was said before and is now withdrawn.

    Parameters
    ----------
    steps : sequence of mappings
        ``{"id", "label", "lead"}`` for each step, in order.
    questions : sequence of mappings
        `synthnb.disclosure.risk.Question.to_dict`, with ``value``: what a person said before, empty if nobody did.
    """

    _esm = _HERE / "risk.js"
    _css = _HERE / "risk.css"

    steps = traitlets.List(traitlets.Dict()).tag(sync=True)
    """The steps."""
    questions = traitlets.List(traitlets.Dict()).tag(sync=True)
    """The questions, each in its step."""
    risk = traitlets.Dict().tag(sync=True)
    """The risk record as it stands: `synthnb._api.risking.Risk.to_dict`."""
    person = traitlets.Unicode("").tag(sync=True)
    """Who says it."""
    answers = traitlets.Dict().tag(sync=True)
    """What the person said, by question."""
    saved = traitlets.Int(0).tag(sync=True)
    """How often Save was pressed."""
    message = traitlets.Unicode("").tag(sync=True)
    """A sentence from the kernel for the form's status line."""

    def __init__(self, steps: Sequence[Mapping[str, Any]] = (), questions: Sequence[Mapping[str, Any]] = (), **traits: Any) -> None:
        super().__init__(steps=[dict(step) for step in steps], questions=[dict(one) for one in questions], **traits)
