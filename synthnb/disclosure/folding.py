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

**Superseding.** Entries of the kinds ``disclose``, ``risk`` and ``sign-off`` are what
persons *say*: they are always current. Among the others the last of each ``slot``
is current and the earlier ones are superseded. What was found of a frame that has been made
anew doesn't count either: an entry of kind ``column``, ``evaluate``, ``override``, ``review`` or ``judge`` whose ``frame`` is
a string is superseded too if there is an entry of kind ``generate``, ``texts``, ``questions`` or ``mix`` with that
``frame``, unless the last such entry of all has the same ``content`` (by value; a
missing key is null) as the last one that comes before it in order.

**Void.** A ``sign-off`` is void if an entry of another kind than ``export``,
``sign-off`` and ``opt-out`` comes after it in order, or if its ``detail`` has a ``substance`` that isn't
the record's: what was reviewed isn't what there is now.

**Substance.** What a sign-off or a signature binds to is the digest of an object with
``schema`` (``synthnb.record/1``) and ``entries``: all of them, in order, but those of kind
``export``, ``sign-off`` and ``opt-out``. These follow from the rest or are about it.

**Same.** JSON values are compared by value: numbers as numbers (``1`` is
``1.0``), objects whatever the order of their keys. Values of different types
differ: ``true`` isn't ``1``.

**Blank.** A text is blank if it is empty after removing spaces, tabs, line
feeds, carriage returns, form feeds and vertical tabs from it.

**Folding.** ``fields`` has one item for every field of the catalogue. A value
in ``entry.fields[id]`` is a string, or a list in which the strings count and
anything else is passed over; other types state nothing.

1. *machine* fields: from the current entries that aren't said by persons, in
   order, every value that isn't blank.
2. *human* fields: from what persons say only. The last entry that has
   the field at all decides: its values that aren't blank; if there are none,
   the field was withdrawn. An entry in which the field has another
   type than a string or a list doesn't have the field. If the last one is a
   ``sign-off``, the other sign-offs since the last entry of another kind that has the
   field count too, the last of each ``slot``, in order: several may review one record. To each value
   of a void sign-off `` (void: the record was changed after it)`` is appended.
3. *proposed* fields: if a person's entry has the field, rule 2; otherwise,
   and after a withdrawal, rule 1, and each value has ``proposed``, which is true: no person has confirmed it.

Values that are equal as strings are listed once, where they first came, with
all the entries that state them in ``from`` (each id once, in order). A field
with values is ``stated``, else ``not stated`` with an empty list.

**Follows.** Folded fields that a notebook or a file holds *follow* from the entries if every
field is as folded now. A field that isn't there counts as not stated, since the catalogue has grown and
will; one that only a later catalogue knows is passed over; a value without ``proposed`` is as one with it.
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
    "SAYING",
    "SCHEMA",
    "TABLES",
    "UNTOUCHED",
    "VOID",
    "Entry",
    "Fields",
    "current",
    "differing",
    "digest_is_right",
    "fold",
    "in_order",
    "is_blank",
    "is_placeholder",
    "is_readable",
    "outdated",
    "same",
    "substance",
    "void",
]

SCHEMA = "synthnb.record/1"
"""The version of the record written here."""

TABLES = ("generate", "texts", "questions", "mix")
"""Kinds of entries about a whole table that was made."""
COLUMNS = ("column",)
"""Kinds about a column that was added to a table."""
JUDGING = ("evaluate", "override", "review", "judge")
"""Kinds about what was found of a table."""
MAKING = (*TABLES, *COLUMNS, "impute")
"""Kinds about cells that were made."""
SAYING = ("disclose", "risk", "sign-off")
"""Kinds of what persons say."""
UNTOUCHED = ("export", "sign-off", "opt-out")
"""Kinds that leave what was reviewed and signed as it was."""
VOID = " (void: the record was changed after it)"
"""What is appended to a sign-off that is void."""

Entry = dict[str, Any]
Fields = dict[str, dict[str, Any]]

_LARGEST = 2**53 - 1
_DEEPEST = 64
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_CREATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
_LONE = re.compile("[\ud800-\udfff]")
_PLACEHOLDER = re.compile(
    r"\W*(?:t\.?b\.?[adc]\.?|to\s?do|to be (?:added|done|determined|decided|stated|written)|fixme|xx+|lorem ipsum.*|your words"
    r"|n\W?a\W?)?\W*",
    re.IGNORECASE | re.DOTALL,
)
_NO_ANSWER = re.compile(r"\W*(?:none|nil|nothing|unknown|not (?:known|applicable))\W*", re.IGNORECASE)
_NEEDS_WORDS = {"name", "description", "version", "datePublished", "license", "url", "responsiblePerson", "intent", "intendedUse"}
_NEEDS_WORDS |= {"limitations", "releaseClass", "roleOfAI", "promptDesign", "collectionProcess", "onsLevel", "residualRisk"}
_NEEDS_WORDS |= {"reidentificationAssessment", "responsibilityStatement"}
"""Fields to which "none" or "unknown" is no answer; there may be no known bias, but not no intent."""


def is_blank(text: str) -> bool:
    """Whether a text holds nothing but ASCII white space."""
    return not text.strip(" \t\n\r\f\v")


def is_placeholder(name: str, text: str) -> bool:
    """Whether a text stands where an answer should: "TODO", "n/a"; "none" and "unknown" only where a field needs more than that.

    It states what it states, and is folded as it is: what asks for a field doesn't count it.
    """
    return bool(_PLACEHOLDER.fullmatch(text) or (name in _NEEDS_WORDS and _NO_ANSWER.fullmatch(text)))


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
    latest = {entry["slot"]: entry["id"] for entry in ordered if entry["kind"] not in SAYING}
    past = outdated(ordered)
    return [entry for entry in ordered if entry["kind"] in SAYING or (latest[entry["slot"]] == entry["id"] and entry["id"] not in past)]


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


def void(entries: Iterable[Entry]) -> set[str]:
    """Ids of the sign-offs after which the record was changed."""
    ordered = in_order(entries)
    last = max((index for index, entry in enumerate(ordered) if entry["kind"] not in UNTOUCHED), default=-1)
    signed = [(index, entry) for index, entry in enumerate(ordered) if entry["kind"] == "sign-off"]
    now = substance(ordered) if signed else ""
    return {entry["id"] for index, entry in signed if index < last or entry.get("detail", {}).get("substance", now) != now}


def substance(entries: Iterable[Entry]) -> str:
    """Return the digest that sign-offs and signatures bind to, which exports and opt-outs leave as it is."""
    kept = [entry for entry in in_order(entries) if entry["kind"] not in UNTOUCHED]
    return digest({"schema": SCHEMA, "entries": kept})


def fold(entries: Iterable[Entry]) -> Fields:
    """Return every field of the catalogue with what the entries state about it."""
    given = list(entries)
    counting, past = current(given), void(given)
    made = [entry for entry in counting if entry["kind"] not in SAYING]
    said = [entry for entry in counting if entry["kind"] in SAYING]
    return {name: _folded(field, made, said, past) for name, field in catalogue().items()}


def _folded(field: Field, made: list[Entry], said: list[Entry], past: set[str]) -> dict[str, Any]:
    values: list[dict[str, Any]] = []
    if field.fill != "machine":
        values = _stated(field.id, _deciding(field.id, said), past)
    if field.fill != "human" and not values:
        mark = {"proposed": True} if field.fill == "proposed" else {}
        values = [value | mark for value in _stated(field.id, made, set())]
    return {"fill": field.fill, "status": "stated" if values else "not stated", "values": values}


def _deciding(name: str, said: list[Entry]) -> list[Entry]:
    """The last entry that has a field; where it is a sign-off, with the other reviewers' since the last of another kind."""
    having = [entry for entry in said if isinstance(entry["fields"].get(name), (str, list))]
    if not having or having[-1]["kind"] != "sign-off":
        return having[-1:]
    other = max((index for index, entry in enumerate(having) if entry["kind"] != "sign-off"), default=-1)
    latest = {entry["slot"]: entry["id"] for entry in having[other + 1 :]}
    return [entry for entry in having[other + 1 :] if latest[entry["slot"]] == entry["id"]]


def _stated(name: str, entries: list[Entry], past: set[str]) -> list[dict[str, Any]]:
    origins: dict[str, list[str]] = {}
    for entry in entries:
        for text in _texts(entry["fields"].get(name)):
            ids = origins.setdefault(text + (VOID if entry["id"] in past else ""), [])
            if entry["id"] not in ids:
                ids.append(entry["id"])
    return [{"value": text, "from": ids} for text, ids in origins.items()]


def _texts(value: object) -> list[str]:
    items: Iterable[Mapping[str, Any] | object] = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str) and not is_blank(item)]


def differing(given: object, entries: Iterable[Entry]) -> list[str]:
    """Return the fields that don't follow from the entries, of folded fields that an earlier or a later version may have written."""
    stored = given if isinstance(given, Mapping) else {}
    return [name for name, field in fold(entries).items() if not _follows(stored.get(name), field)]


def _follows(given: object, folded: dict[str, Any]) -> bool:
    if given is None:
        return not folded["values"]
    return same(given, folded) or same(given, folded | {"values": [_unmarked(value) for value in folded["values"]]})


def _unmarked(value: dict[str, Any]) -> dict[str, Any]:
    return {key: part for key, part in value.items() if key != "proposed"}
