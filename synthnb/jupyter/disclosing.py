"""``%synth disclose``: the record, and the form for what only a person can state."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synthnb._api import disclose
from synthnb.disclosure.entries import StatementError, stateable
from synthnb.disclosure.fields import catalogue, sections
from synthnb.disclosure.session import session
from synthnb.errors import OptionError, SynthnbError, SynthnbWarning, shown
from synthnb.jupyter.display import show_record
from synthnb.jupyter.publish import publish_bundle

if TYPE_CHECKING:
    from synthnb.disclosure.record import Record
    from synthnb.widgets.disclosure_form import DisclosureForm

__all__ = ["form_fields", "read_statements", "show_disclosure"]

_TAKEN_UP = ("disclose", "risk")
"""Kinds of what persons said that a new kernel takes up from the notebook."""


def read_statements(body: str) -> dict[str, str]:
    """Read ``Label: text`` lines; a line that begins with a space goes on with the one before.

    Raises
    ------
    OptionError
        A line names no field that a person fills.
    """
    known = {name.casefold(): field.id for field in catalogue().values() for name in (field.id, field.label) if field.fill != "machine"}
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
            labels = ", ".join(field.label for field in stateable())
            raise OptionError(f"A statement reads 'Field: text'; got {shown(line)}.", fix=f"The fields are: {labels}.")
    return statements


def show_disclosure(body: str | None, *, form: bool, venue: str | None = None) -> None:
    """Show the record, with the form under it; saving the form updates the record's output in place."""
    _take_up_notebook()
    record = disclose(statements=read_statements(body) if body else None)
    for warning in _lint_warnings(record) if body else []:
        warnings.warn(warning, SynthnbWarning, stacklevel=2)
    handle = publish_bundle(show_record(record)[0], updatable=True) if venue is None or body else None
    if venue is not None:
        from synthnb.jupyter.venues import show_for

        show_for(venue)
    elif form and body is None and handle is not None:
        _show_form(record, handle)


def _take_up_notebook() -> None:
    """Take into this session what persons stated before its kernel started, and that the cell was deleted, as the notebook's file says."""
    from synthnb.disclosure.files import read_notebook
    from synthnb.disclosure.folding import digest_is_right, is_readable
    from synthnb.disclosure.opting import note_opt_out
    from synthnb.disclosure.reading import mapping
    from synthnb.jupyter.where import find_notebook

    path = find_notebook(None, {})
    if path is None:
        return
    try:
        metadata = read_notebook(path)["metadata"]
    except SynthnbError:  # half written just now; the next time tells
        return
    kept = mapping(metadata.get("synthnb")).get("entries")
    readable = [entry for entry in kept if is_readable(entry)] if isinstance(kept, list) else []
    found = [entry for entry in readable if entry["kind"] in _TAKEN_UP and digest_is_right(entry)]
    opted_out = note_opt_out(metadata, path, begin=True)
    for entry in [*found, *([] if opted_out is None else [opted_out])]:
        session.remember(entry)


def _lint_warnings(record: Record) -> list[str]:
    """What the lint says about the latest statements: they are the person's own, so they stand."""
    said = [entry for entry in record.entries if entry["kind"] == "disclose"]
    found = said[-1]["detail"].get("warnings", []) if said else []
    return [str(warning) for warning in found]


def form_fields(record: Record) -> list[dict[str, Any]]:
    """What the form shows: the fields that a person fills or confirms, section by section, the required ones first.

    A reviewer's sign-off isn't among them: it binds to what was reviewed, and is made by ``%synth sign-off``.
    """
    labels = {section.id: section.label for section in sections()}
    ordered = sorted(stateable(), key=lambda field: (list(labels).index(field.section), not field.required, field.fill))
    return [
        {"id": field.id, "label": field.label, "help": field.hint, "fill": field.fill, "required": field.required}
        | {"section": labels[field.section]}
        | _stated(record.fields[field.id])
        for field in ordered
    ]


def _stated(field: Mapping[str, Any]) -> dict[str, Any]:
    """What persons stated of a field, and what the tool proposes."""
    said = [str(value["value"]) for value in field["values"] if not value.get("proposed")]
    return {"value": "; ".join(said), "proposal": [str(value["value"]) for value in field["values"] if value.get("proposed")]}


def _show_form(record: Record, handle: Any) -> None:
    from synthnb.config import get_config
    from synthnb.jupyter.where import find_notebook
    from synthnb.widgets.disclosure_form import DisclosureForm

    path = find_notebook(None, {})
    form = DisclosureForm(form_fields(record), person=get_config().person, key="" if path is None else str(path.name))

    def keep(change: Mapping[str, Any]) -> None:
        _record(form, handle)
        form.received = int(change["new"])

    form.observe(keep, names="saved")
    shape: Any = form._repr_mimebundle_()
    bundle, metadata = shape if isinstance(shape, tuple) else (shape, None)
    publish_bundle(
        dict(bundle or {}) | {"text/plain": "A form for what only a person can state; it needs the running notebook."}, metadata=metadata
    )


def _record(form: DisclosureForm, handle: Any) -> None:
    """Record what a person stated in the form, or say in the form why it can't be."""
    from synthnb.widgets.disclosure_form import PERSON

    before = disclose()
    stated = {name: text for name, text in form.statements.items() if _differs(text, before.fields.get(name))}
    try:
        record = disclose(statements=stated, by=form.person) if stated else before
    except SynthnbError as error:
        named = error.fields if isinstance(error, StatementError) else (PERSON,)
        form.problems, form.message = dict.fromkeys(named, error.message), f"Not recorded: {error.message}"
        return
    handle.update(show_record(record)[0], raw=True)
    by = f", as stated by {form.person}" if form.person else ""
    with form.hold_sync():
        form.show_fields(form_fields(record))
        form.message = " ".join([f"Recorded in this notebook's disclosure{by}.", *_lint_warnings(record)])


def _differs(text: Any, field: Mapping[str, Any] | None) -> bool:
    """Whether a statement says something else than what a person stated before."""
    if field is None:
        return True
    said = _stated(field)
    return bool(said["proposal"]) or text != said["value"]
