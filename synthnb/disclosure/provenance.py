"""Where each value of a record comes from: which run, which person, when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from synthnb.disclosure.folding import SAYING, Entry, is_readable
from synthnb.disclosure.reading import mapping

__all__ = ["Origin", "by_id", "origin_words", "origins"]


@dataclass(frozen=True)
class Origin:
    """One value of a field, and one entry that states it."""

    value: str
    """The value, as the record has it."""
    entry: str
    """The id of the entry that states it: a run, a report, a statement."""
    kind: str
    """The entry's kind, such as ``generate`` or ``disclose``."""
    when: str
    """When the entry was made, in UTC."""
    by: str
    """Who said it, as they called themselves; empty for what a program filled in, and for a person who gave no name."""
    is_person: bool
    """Whether a person said it."""
    is_proposed: bool
    """Whether the tool proposed it, and no person has confirmed it."""

    def to_dict(self) -> dict[str, Any]:
        """The origin as plain JSON types."""
        return asdict(self)


def by_id(entries: object) -> dict[str, Entry]:
    """Return the entries that can be read, by id; none of what isn't a list of them."""
    return {entry["id"]: entry for entry in entries if is_readable(entry)} if isinstance(entries, Iterable) else {}


def origins(fields: Mapping[str, Any], entries: Mapping[str, Entry], name: str) -> list[Origin]:
    """Return each value that folded fields state for one field, with each entry that it comes from.

    Parameters
    ----------
    fields : mapping
        Folded fields, as a notebook's ``metadata.synthnb`` holds them.
    entries : mapping of str to entry
        The entries they were folded from, by id.
    name : str
        The field's id.
    """
    values = mapping(fields.get(name)).get("values")
    return [
        _origin(value, entries[origin])
        for value in (values if isinstance(values, list) else [])
        if isinstance(value, Mapping) and isinstance(value.get("value"), str) and isinstance(value.get("from"), list)
        for origin in value["from"]
        if isinstance(origin, str) and origin in entries
    ]


def _origin(value: Mapping[str, Any], entry: Mapping[str, Any]) -> Origin:
    by = mapping(entry.get("detail")).get("by")
    return Origin(
        value=value["value"],
        entry=entry["id"],
        kind=entry["kind"],
        when=entry["created"],
        by=by if isinstance(by, str) else "",
        is_person=entry["kind"] in SAYING,
        is_proposed=value.get("proposed") is True,
    )


def origin_words(origin: Origin) -> str:
    """An origin in words: ``run-0123456789ab, 2026-11-23 15:40 UTC``, or who said it and when."""
    when = f"{origin.when[:16].replace('T', ' ')} UTC"
    if origin.is_person:
        return f"{origin.by or 'a person who gave no name'}, {when}"
    return f"{origin.entry}, {when}{'; proposed, not confirmed' if origin.is_proposed else ''}"
