"""Records that earlier or later versions of synthnb wrote.

The shape is one schema, ``synthnb.record/1``, since the first commit; what changed is the
catalogue, which grew, the cell's layout, and how much of a report an entry holds. So an earlier record is read as it
is, `synthnb.disclosure.folding.differing` takes fields it couldn't know as not stated, and `first_block` says what its cell
looks like. ``synthnb disclose`` brings it up to date; no entry is lost or changed by that. Of a
later version's record the entries that can be read are read, and `reading_notes` says so.

**The first layout.** A table of every field that has ``cell`` and is stated, under its
section, the labels and sentences around it as in `synthnb.disclosure.render`::

    **In plain words:** VALUE<br>VALUE

    | | |
    |:--|:--|
    | **Section label** | |
    | Field label | VALUE<br>VALUE |

At most 6 values of a field, then ``<br>and N more``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from synthnb.disclosure.fields import Field, catalogue, sections
from synthnb.disclosure.folding import SCHEMA, is_readable
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import (
    BEGIN,
    END,
    counts,
    inline,
    missing_part,
    origin_part,
    plain,
    render_block,
    shown_digest,
    shown_values,
    values_of,
)

__all__ = ["first_block", "first_values", "layouts", "reading_notes"]

_MOST_VALUES = 6
_KINDS = (
    "generate",
    "column",
    "texts",
    "questions",
    "impute",
    "mix",
    "evaluate",
    "override",
    "review",
    "judge",
    "disclose",
    "risk",
    "sign-off",
    "export",
    "opt-out",
)


def layouts(metadata: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Return the block and the values it shows in every layout that a version of synthnb wrote, today's first."""
    return [(render_block(metadata), shown_values(metadata)), (first_block(metadata), first_values(metadata))]


def first_block(metadata: Mapping[str, Any]) -> str:
    """Return the Markdown block as the first version rendered it."""
    fields = mapping(metadata.get("fields"))
    footer = (
        f"{origin_part(metadata, said=True)} Record `{shown_digest(metadata)}` in this notebook's metadata; check it with `%synth verify`."
    )
    parts = [BEGIN, "### Synthetic data disclosure", _statement(fields), _table(fields), missing_part(fields), footer, END]
    return "\n\n".join(part for part in parts if part)


def first_values(metadata: Mapping[str, Any]) -> list[str]:
    """Return the values that the first layout shows, as its readers see them."""
    fields = mapping(metadata.get("fields"))
    return [plain(value) for field in catalogue().values() if field.cell for value in values_of(fields, field.id)[:_MOST_VALUES]]


def reading_notes(metadata: Mapping[str, Any]) -> list[str]:
    """Return what was passed over, or couldn't be known, in reading a record that another version wrote; nothing for today's."""
    entries = metadata.get("entries")
    listed = entries if isinstance(entries, list) else []
    readable = [entry for entry in listed if is_readable(entry)]
    stated = {name for entry in readable for name in entry["fields"]} | set(mapping(metadata.get("fields")))
    kinds = sorted({entry["kind"] for entry in readable} - set(_KINDS))
    fields, aside = sorted(stated - set(catalogue())), len(listed) - len(readable) + counts(metadata)["unreadable"]
    schema = metadata.get("schema")
    return [
        *([f"It has {plain(str(schema))}, not {SCHEMA}: it is read as far as this version knows it."] if schema != SCHEMA else []),
        *([f"Kinds of entries that aren't known here, kept as they are: {', '.join(map(plain, kinds))}."] if kinds else []),
        *([f"Fields that aren't known here, kept as they are: {', '.join(map(plain, fields))}."] if fields else []),
        *([f"{aside} entries can't be read and don't count."] if aside else []),
    ]


def _statement(fields: Mapping[str, Any]) -> str:
    values = values_of(fields, "humanReadableStatement")
    return f"**{catalogue()['humanReadableStatement'].label}:** {_cell(values)}" if values else ""


def _table(fields: Mapping[str, Any]) -> str:
    rows = [row for section in sections() for row in _rows(section.id, section.label, fields)]
    return "\n".join(["| | |", "|:--|:--|", *rows]) if rows else ""


def _rows(section: str, label: str, fields: Mapping[str, Any]) -> Iterator[str]:
    first = True
    for field in catalogue().values():
        values = values_of(fields, field.id) if field.section == section and _in_table(field) else []
        if values and first:
            yield f"| **{label}** | |"
            first = False
        if values:
            yield f"| {field.label} | {_cell(values)} |"


def _in_table(field: Field) -> bool:
    return field.cell and field.id != "humanReadableStatement"


def _cell(values: list[str]) -> str:
    more = [f"and {len(values) - _MOST_VALUES} more"] if len(values) > _MOST_VALUES else []
    return "<br>".join([*map(inline, values[:_MOST_VALUES]), *more])
