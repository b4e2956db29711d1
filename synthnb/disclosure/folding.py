r"""From entries to fields: which entries can be read, which count, what they state.

These rules are written twice, here and in the lab extension. Both languages
work on parsed JSON; the fixtures in ``tests/fixtures/disclosure`` bind them.

**Readable.** An entry is readable if it is an object in which

1. ``id`` is a string matching ``[A-Za-z0-9._:-]{1,128}`` in full;
2. ``kind`` and ``slot`` are strings that aren't empty;
3. ``created`` is a string matching
   ``[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z`` in full;
4. ``fields`` is an object, and so is ``detail`` if the key exists;
5. everywhere inside, each number is finite with a magnitude of at most
   2**53 - 1, no string or key holds a lone surrogate, and nothing is nested
   deeper than 64 levels (the entry itself is level 1).

``detail`` and other keys are kept and never looked at here. An entry's ``digest`` is *right* if it
equals the digest of the entry without that key (RFC 8785, SHA-256); a wrong
one doesn't make the entry unreadable: ``verify`` reports it.

**Order.** Entries are sorted by ``created`` without its last character
(the ``Z``), then by ``id``, each compared as a string. Both are ASCII.

**Superseding.** Among the entries whose ``kind`` isn't ``disclose``, the last
of each ``slot`` is current and the earlier ones are superseded. Entries of kind
``disclose`` are always current. What was said of a frame that has been made
anew doesn't count either: an entry of kind ``column``, ``evaluate``, ``override``, ``review`` or ``judge`` whose ``frame`` is
a string is superseded too if there is an entry of kind ``generate``, ``texts`` or ``questions`` with that
``frame``, unless the last such entry of all has the same ``content`` (by value; a
missing key is null) as the last one that comes before it in order.

**Same.** JSON values are compared by value: numbers as numbers (``1`` is
``1.0``), objects whatever the order of their keys. Values of different types
differ: ``true`` isn't ``1``.

**Blank.** A text is blank if it is empty after removing spaces, tabs, line
feeds, carriage returns, form feeds and vertical tabs from it.

**Folding.** ``fields`` has one item for every field of the catalogue. A value
in ``entry.fields[id]`` is a string, or a list in which the strings count and
anything else is passed over; other types state nothing.

1. *machine* fields: from the current entries that aren't ``disclose``, in
   order, every value that isn't blank.
2. *human* fields: from the ``disclose`` entries only. The last one that has
   the field at all decides: its values that aren't blank; if there are none,
   the field was withdrawn. A ``disclose`` entry in which the field has another
   type than a string or a list doesn't have the field.
3. *proposed* fields: if a ``disclose`` entry has the field, rule 2; otherwise,
   and after a withdrawal, rule 1.

Values that are equal as strings are listed once, where they first came, with
all the entries that state them in ``from`` (each id once, in order). A field
with values is ``stated``, else ``not stated`` with an empty list.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from synthnb._canonical import digest, without
from synthnb.disclosure.fields import Field, catalogue

__all__ = [
    "COLUMNS",
    "JUDGING",
    "MAKING",
    "SCHEMA",
    "TABLES",
    "Entry",
    "Fields",
    "current",
    "digest_is_right",
    "fold",
    "in_order",
    "is_blank",
    "is_readable",
    "outdated",
    "same",
]

SCHEMA = "synthnb.record/1"
"""The version of the record written here."""

TABLES = ("generate", "texts", "questions")
"""Kinds of entries about a whole table that was made."""
COLUMNS = ("column",)
"""Kinds about a column that was added to a table."""
JUDGING = ("evaluate", "override", "review", "judge")
"""Kinds about what was found of a table."""
MAKING = (*TABLES, *COLUMNS, "impute")
"""Kinds about cells that were made."""

Entry = dict[str, Any]
Fields = dict[str, dict[str, Any]]

_LARGEST = 2**53 - 1
_DEEPEST = 64
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_CREATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
_LONE = re.compile("[\ud800-\udfff]")


def is_blank(text: str) -> bool:
    """Whether a text holds nothing but ASCII white space."""
    return not text.strip(" \t\n\r\f\v")


def is_readable(entry: object) -> bool:
    """Whether an entry has the shape that folding needs."""
    if not isinstance(entry, dict) or not isinstance(entry.get("fields"), dict) or not isinstance(entry.get("detail", {}), dict):
        return False
    words = [entry.get(key) for key in ("id", "kind", "slot", "created")]
    if not all(isinstance(word, str) and word for word in words):
        return False
    return bool(_ID.fullmatch(entry["id"]) and _CREATED.fullmatch(entry["created"])) and _is_portable(entry, 1)


def _is_portable(value: object, level: int) -> bool:
    """Whether both languages read the same value from its JSON."""
    if isinstance(value, str):
        return not _LONE.search(value)
    if isinstance(value, (dict, list)):
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        return level <= _DEEPEST and all(_is_portable(part, level + 1) for part in parts)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return math.isfinite(value) and abs(value) <= _LARGEST
    return value is None or isinstance(value, bool)


def same(one: object, other: object) -> bool:
    """Whether two JSON values are equal; unlike Python's ``==``, true isn't 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    # What isn't a number is at least itself, or a notebook that holds it would change for ever.
    return one is other or (isinstance(one, bool) is isinstance(other, bool) and one == other)


def digest_is_right(entry: Entry) -> bool:
    """Whether a readable entry carries the digest of what it says."""
    return bool(entry.get("digest") == digest(without(entry, "digest")))


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries from the oldest to the newest; ties by id."""
    return sorted(entries, key=lambda entry: (entry["created"][:-1], entry["id"]))


def current(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that aren't superseded, in order."""
    ordered = in_order(entries)
    latest = {entry["slot"]: entry["id"] for entry in ordered if entry["kind"] != "disclose"}
    past = outdated(ordered)
    return [entry for entry in ordered if entry["kind"] == "disclose" or (latest[entry["slot"]] == entry["id"] and entry["id"] not in past)]


def outdated(ordered: list[Entry]) -> set[str]:
    """Ids of the entries about a frame as it was before it was made anew."""
    made: dict[str, Any] = {}
    about: list[tuple[str, str, bool, Any]] = []
    for entry in ordered:
        frame = entry.get("frame")
        if not isinstance(frame, str):
            continue
        if entry["kind"] in TABLES:
            made[frame] = entry.get("content")
        elif entry["kind"] in {*COLUMNS, *JUDGING}:
            about.append((entry["id"], frame, frame in made, made.get(frame)))
    return {name for name, frame, was_made, content in about if frame in made and not (was_made and same(made[frame], content))}


def fold(entries: Iterable[Entry]) -> Fields:
    """Return every field of the catalogue with what the entries state about it."""
    counting = current(entries)
    made = [entry for entry in counting if entry["kind"] != "disclose"]
    said = [entry for entry in counting if entry["kind"] == "disclose"]
    return {name: _folded(field, made, said) for name, field in catalogue().items()}


def _folded(field: Field, made: list[Entry], said: list[Entry]) -> dict[str, Any]:
    values: list[dict[str, Any]] = []
    having = [entry for entry in said if isinstance(entry["fields"].get(field.id), (str, list))]
    if field.fill != "machine" and having:
        values = _stated(field.id, having[-1:])
    if field.fill != "human" and not values:
        values = _stated(field.id, made)
    return {"fill": field.fill, "status": "stated" if values else "not stated", "values": values}


def _stated(name: str, entries: list[Entry]) -> list[dict[str, Any]]:
    origins: dict[str, list[str]] = {}
    for entry in entries:
        for text in _texts(entry["fields"].get(name)):
            ids = origins.setdefault(text, [])
            if entry["id"] not in ids:
                ids.append(entry["id"])
    return [{"value": text, "from": ids} for text, ids in origins.items()]


def _texts(value: object) -> list[str]:
    items: Iterable[Mapping[str, Any] | object] = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str) and not is_blank(item)]
