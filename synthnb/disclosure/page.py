"""The complete record as part of an HTML page, and as plain text.

The part brings its own style, keeps to the colours of the page around it, and
holds no script. Jinja escapes every value.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from synthnb.disclosure.fields import catalogue, sections
from synthnb.disclosure.folding import Entry, current, is_readable
from synthnb.disclosure.provenance import by_id, origin_words, origins
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import PROPOSED, brief_values, counts, is_proposed, plain, shown_digest, values_of

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["page_part", "text_part"]

_FILLED = {
    "machine": "by the tool, from what ran",
    "proposed": "by the tool as a proposal, or by a person",
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
    "mix": "mixed real and synthetic rows",
    "disclose": "stated by a person",
    "risk": "assessed the risk",
    "sign-off": "signed off by a reviewer",
    "opt-out": "the disclosure cell was deleted",
    "export": "exported",
}
_ABOVE = ("humanReadableStatement", "madeInBrief", "resultsInBrief")
"""Fields that stand above the tables already."""
_LONGEST = 20_000


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader

    found = Environment(loader=PackageLoader("synthnb", "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return found.get_template("disclosure.html.j2")


def page_part(record: Mapping[str, Any]) -> str:
    """Return the record as a ``section`` element: in brief, then every field with where its values come from, figures, entries.

    It may come from anywhere: parts of another shape are passed over.
    """
    record = mapping(record)
    fields, entries = mapping(record.get("fields")), by_id(record.get("entries"))
    shape = {
        "statements": [_cut(value) for value in values_of(fields, "humanReadableStatement")],
        "brief": [{"label": label, "values": list(map(_cut, values))} for label, values in brief_values(fields)],
        "sections": [{"label": section.label, "fields": _rows(section.id, fields, entries)} for section in sections()],
        "proposed": [field.label for field in catalogue().values() if is_proposed(fields, field.id)],
        "missing": [field.label for field in catalogue().values() if field.required and not values_of(fields, field.id)],
        "figures": [_figures(entry) for entry in entries.values() if entry["kind"] == "evaluate"],
        "runs": _runs(record),
        "counts": counts(record),
        "digest": shown_digest(record),
        "schema": str(record.get("schema", "")),
    }
    return _template().render(shape)


def _rows(section: str, fields: Mapping[str, Any], entries: Mapping[str, Entry]) -> list[dict[str, Any]]:
    return [
        {"label": field.label, "filled": _FILLED[field.fill], "default": field.default} | _values(fields, entries, field.id)
        for field in catalogue().values()
        if field.section == section and field.id not in _ABOVE
    ]


def _values(fields: Mapping[str, Any], entries: Mapping[str, Entry], name: str) -> dict[str, Any]:
    """A field's values with the entries or persons that state them, and when: said once where it is the same for all."""
    found: dict[str, list[str]] = {}
    for origin in origins(fields, entries, name):
        found.setdefault(origin.value, []).append(origin_words(origin))
    values = [(_cut(value), "; ".join(found.get(value, []))) for value in values_of(fields, name)]
    whole = values[0][1] if len({origin for _, origin in values}) == 1 else ""
    return {"origin": whole, "values": [{"text": text, "origin": "" if whole else origin} for text, origin in values]}


def _figures(entry: Entry) -> dict[str, Any]:
    """The figures that an evaluation's entry keeps, as rows of a table."""
    scores = mapping(entry.get("detail")).get("scores")
    rows = [
        [str(score.get("metric")), *(_number(score.get(key)) for key in ("value", "low", "high", "n", "ceiling"))]
        for score in (scores if isinstance(scores, list) else [])
        if isinstance(score, Mapping)
    ]
    return {"about": entry["slot"].partition(":")[2], "id": entry["id"], "rows": rows}


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


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
            "by": _said_by(entry),
            "state": _state(entry, counting, stale if isinstance(stale, list) else []),
            "digest": str(entry.get("digest", "")),
        }
        for entry in entries
    ]


def _said_by(entry: Mapping[str, Any]) -> str:
    by = mapping(entry.get("detail")).get("by")
    return _cut(by) if isinstance(by, str) else ""


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
        stated = [
            (field.label, value, PROPOSED if is_proposed(fields, field.id) else "")
            for field in shown
            if field.section == section.id
            for value in values_of(fields, field.id)
        ]
        lines += ["", section.label] if stated else []
        lines += [f"  {label}: {plain(value)}{end}" for label, value, end in stated]
    missing = [field.label for field in catalogue().values() if field.required and not values_of(fields, field.id)]
    if missing:
        lines += ["", f"Not stated yet, and only a person can: {', '.join(missing)}. State them with %synth disclose."]
    return "\n".join([*lines, "", f"Record {shown_digest(record)}"])
