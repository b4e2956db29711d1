"""A record in itself: schema, the entries' digests, its digest, its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from synthnb._canonical import digest
from synthnb.disclosure.folding import differing, digest_is_right, is_readable
from synthnb.disclosure.notebook import is_newer
from synthnb.disclosure.record import problems
from synthnb.disclosure.verify.findings import Finding
from synthnb.errors import shown

__all__ = ["MOST_LINES", "check_record", "readable_entries"]

MOST_LINES = 4
"""How many of many problems are listed."""


def check_record(own: Mapping[str, Any]) -> Iterator[Finding]:
    """The record in itself: schema, entries' digests, its digest, its fields."""
    if is_newer(own):
        yield Finding("record", "unreadable", f"It has {own['schema']}, of a later version of synthnb. Update synthnb.")
        return
    broken = problems(own)
    if broken:
        yield Finding("schema", "unreadable", f"{len(broken)} problems: {'; '.join(broken[:MOST_LINES])}.")
    items, entries = _listed(own, "entries"), readable_entries(own)
    aside = len(items) - len(entries) + len(_listed(own, "unreadable"))
    if aside:
        yield Finding("entries", "unreadable", f"{aside} can't be read and don't count.")
    wrong = [entry["id"] for entry in entries if not digest_is_right(entry)]
    yield from (Finding(f"entry {name}", "changed", "It was changed after it was made: its digest doesn't match.") for name in wrong)
    if not wrong:
        yield Finding("entries", "ok", f"{len(entries)} with the right digest")
    yield _check_digest(own)
    if len(entries) == len(items):
        yield _check_fields(differing(own.get("fields"), entries))


def _listed(own: Mapping[str, Any], key: str) -> list[Any]:
    """A list as it is, nothing as an empty one, anything else as the only item."""
    found = own.get(key)
    return found if isinstance(found, list) else [] if found is None else [found]


def readable_entries(own: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The entries of a record that can be read."""
    entries = own.get("entries")
    return [entry for entry in entries if is_readable(entry)] if isinstance(entries, list) else []


def _check_digest(own: Mapping[str, Any]) -> Finding:
    try:
        actual = digest({key: own.get(key) for key in ("schema", "entries", "fields")})
    except (ValueError, TypeError) as error:
        return Finding("record", "unreadable", f"It has no canonical form: {error}.")
    if actual != own.get("digest"):
        return Finding("record", "changed", f"Its digest is {actual}; it says {shown(own.get('digest'))}.")
    return Finding("record", "ok", actual)


def _check_fields(wrong: list[str]) -> Finding:
    if wrong:
        return Finding("fields", "changed", f"They don't follow from the entries: {', '.join(wrong)}. Run: synthnb disclose")
    return Finding("fields", "ok", "They follow from the entries")
