"""``%synth mix``: from the words of the line to a mixed frame, and how one shows itself. No row of it is shown: some are real."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synthnb._api import entry_of
from synthnb._tables import is_table
from synthnb.disclosure.session import session
from synthnb.jupyter.namespace import look_up

if TYPE_CHECKING:
    from synthnb._api.mixing import Mixed

__all__ = ["mix_as_asked", "show_mixed"]

_SHOWN = ("syntheticShare", "digitalSourceType", "generationDepth", "recordLinks", "runId")


def mix_as_asked(given: Namespace, name: str, variables: Mapping[str, Any]) -> Mixed:
    """Mix the two frames, or files, that a line names."""
    from synthnb._api import mix

    frames = {which: _frame(getattr(given, which), variables) for which in ("real", "synthetic")}
    names = {f"{which}_name": str(getattr(given, which)) for which, frame in frames.items() if not isinstance(frame, str)}
    return mix(frames["real"], frames["synthetic"], name=name, random_state=given.seed, **names)


def _frame(expression: str, variables: Mapping[str, Any]) -> Any:
    """A frame by its variable's name, or a file's path as it is."""
    return expression if is_table(expression) and expression not in variables else look_up(expression, variables)


def show_mixed(mixed: Mixed) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was mixed, in words, and the entry; the entry point of a `Mixed`'s display."""
    from synthnb.disclosure.fields import catalogue
    from synthnb.jupyter._words import clean
    from synthnb.jupyter.mime import RECORD_MIME, render

    entry = session.remember(entry_of(mixed))
    said = [(catalogue()[name].label, clean(entry["fields"][name], 400), "") for name in _SHOWN if entry["fields"].get(name)]
    title = clean(entry["fields"]["humanReadableStatement"], 400)
    view = {"title": title, "note": "", "facts": [("", "", ""), *said]}
    bundle = {
        "text/html": render("export.html.j2", **view),
        "text/markdown": render("export.md.j2", **view),
        "text/plain": "\n".join([title, *(f"{label}: {words}" for label, words, _ in said)]),
        RECORD_MIME: {"schema": "synthnb.record/1", "entries": [entry]},
    }
    return session.mark_shown([entry], bundle), {}
