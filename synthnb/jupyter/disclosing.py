"""``%synth disclose``: the record, and the form for what only a person can state."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from synthnb._api import disclose
from synthnb.disclosure.fields import human_fields
from synthnb.errors import OptionError, SynthnbWarning, shown
from synthnb.jupyter.display import show_record
from synthnb.jupyter.publish import publish_bundle

if TYPE_CHECKING:
    from synthnb.disclosure.record import Record

__all__ = ["read_statements", "show_disclosure"]


def read_statements(body: str) -> dict[str, str]:
    """Read ``Label: text`` lines; a line that begins with a space goes on with the one before.

    Raises
    ------
    OptionError
        A line names no field that a person fills.
    """
    known = {name.casefold(): field["id"] for field in human_fields() for name in (field["id"], field["label"])}
    statements: dict[str, str] = {}
    last = ""
    for line in filter(str.strip, body.splitlines()):
        name, colon, text = line.partition(":")
        if line[0].isspace() and last:
            statements[last] += f" {line.strip()}"
        elif colon and name.strip().casefold() in known:
            last = known[name.strip().casefold()]
            statements[last] = text.strip()
        else:
            labels = ", ".join(field["label"] for field in human_fields())
            raise OptionError(f"A statement reads 'Field: text'; got {shown(line)}.", fix=f"The fields are: {labels}.")
    return statements


def show_disclosure(body: str | None, *, form: bool) -> None:
    """Show the record, with the form under it; saving the form updates the record's output in place."""
    record = disclose(statements=read_statements(body) if body else None)
    for warning in _lint_warnings(record) if body else []:
        warnings.warn(warning, SynthnbWarning, stacklevel=2)
    handle = publish_bundle(show_record(record)[0], updatable=True)
    if form and body is None and handle is not None:
        _show_form({name: _stated(field) for name, field in record.fields.items()}, handle)


def _lint_warnings(record: Record) -> list[str]:
    """What the lint says about the latest statements: they are the person's own, so they stand."""
    said = [entry for entry in record.entries if entry["kind"] == "disclose"]
    found = said[-1]["detail"].get("warnings", []) if said else []
    return [str(warning) for warning in found]


def _stated(field: dict[str, Any]) -> str:
    return "; ".join(str(value["value"]) for value in field["values"])


def _show_form(values: dict[str, str], handle: Any) -> None:
    from synthnb.widgets.disclosure_form import DisclosureForm

    form = DisclosureForm([dict(field) | {"value": values.get(field["id"], "")} for field in human_fields()])

    def keep(_change: object) -> None:
        handle.update(show_record(disclose(statements=dict(form.statements)))[0], raw=True)
        record = disclose()
        form.message = " ".join(["Recorded in this notebook's disclosure.", *_lint_warnings(record)])

    form.observe(keep, names="saved")
    shape: Any = form._repr_mimebundle_()
    bundle, metadata = shape if isinstance(shape, tuple) else (shape, None)
    publish_bundle(
        dict(bundle or {}) | {"text/plain": "A form for what only a person can state; it needs the running notebook."}, metadata=metadata
    )
