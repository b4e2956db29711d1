"""The complete record as part of an HTML page, and as plain text.

The part brings its own style, keeps to the colours of the page around it, and
holds no script. Jinja escapes every value.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from synthnb.disclosure.fields import catalogue, sections
from synthnb.disclosure.folding import current, is_readable
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import counts, plain, shown_digest, values_of

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["page_part", "text_part"]

_FILLED = {
    "machine": "by the tool, from what ran",
    "proposed": "proposed by the tool, for a person to confirm",
    "human": "by a person only",
}
_WORDS = {
    "generate": "made a table",
    "column": "wrote a column",
    "texts": "wrote a corpus of texts",
    "questions": "wrote questions from documents",
    "impute": "filled missing cells",
    "evaluate": "evaluated",
    "override": "went past a gate that failed",
    "review": "reviewed by people",
    "judge": "judged by a language model",
    "disclose": "stated by a person",
    "export": "exported",
}
_LONGEST = 20_000


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader

    found = Environment(loader=PackageLoader("synthnb", "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return found.get_template("disclosure.html.j2")


def page_part(record: Mapping[str, Any]) -> str:
    """Return the record as a ``section`` element: every section, every field, who fills it and whether it is stated.

    It may come from anywhere: parts of another shape are passed over.
    """
    record = mapping(record)
    fields = mapping(record.get("fields"))
    shape = {
        "statements": [_cut(value) for value in values_of(fields, "humanReadableStatement")],
        "sections": [{"label": section.label, "fields": _rows(section.id, fields)} for section in sections()],
        "missing": [field.label for field in catalogue().values() if field.required and not values_of(fields, field.id)],
        "runs": _runs(record),
        "counts": counts(record),
        "digest": shown_digest(record),
        "schema": str(record.get("schema", "")),
    }
    return _template().render(shape)


def _rows(section: str, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "id": field.id,
            "label": field.label,
            "filled": _FILLED[field.fill],
            "fill": field.fill,
            "required": field.required,
            "values": [_cut(value) for value in values_of(fields, field.id)],
            "default": field.default,
        }
        for field in catalogue().values()
        if field.section == section and field.id != "humanReadableStatement"
    ]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"


def _runs(record: Mapping[str, Any]) -> list[dict[str, str]]:
    found, stale = record.get("entries"), record.get("stale")
    entries = [entry for entry in found if is_readable(entry)] if isinstance(found, list) else []
    counting = {entry["id"] for entry in current(entries)}
    return [
        {
            "id": entry["id"],
            "what": _WORDS.get(entry["kind"], entry["kind"]),
            "slot": entry["slot"],
            "created": f"{entry['created'][:19].replace('T', ' ')} UTC",
            "state": _state(entry, counting, stale if isinstance(stale, list) else []),
            "digest": str(entry.get("digest", "")),
        }
        for entry in entries
    ]


def _state(entry: Mapping[str, Any], counting: set[str], stale: list[Any]) -> str:
    words = ["counts" if entry["id"] in counting else "superseded"]
    words += ["stopped early"] if entry.get("partial") else []
    words += ["output gone"] if entry["id"] in stale else []
    return ", ".join(words)


def text_part(record: Mapping[str, Any]) -> str:
    """Return what the record states, and what nobody has stated, as lines of text."""
    record = mapping(record)
    fields = mapping(record.get("fields"))
    lines = ["Synthetic data disclosure", *(plain(value) for value in values_of(fields, "humanReadableStatement"))]
    shown = [field for field in catalogue().values() if field.cell and field.id != "humanReadableStatement"]
    for section in sections():
        stated = [(field.label, value) for field in shown if field.section == section.id for value in values_of(fields, field.id)]
        lines += ["", section.label] if stated else []
        lines += [f"  {label}: {plain(value)}" for label, value in stated]
    missing = [field.label for field in catalogue().values() if field.required and not values_of(fields, field.id)]
    if missing:
        lines += ["", f"Not stated yet, and only a person can: {', '.join(missing)}. State them with %synth disclose."]
    return "\n".join([*lines, "", f"Record {shown_digest(record)}"])
