"""The record: entries folded into fields, with a digest; and its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, ClassVar, Literal

from synthnb._canonical import digest
from synthnb._display import Shown
from synthnb.disclosure.fields import required
from synthnb.disclosure.folding import SCHEMA, Entry, Fields, digest_is_right, fold, in_order, is_readable
from synthnb.disclosure.provenance import Origin, by_id, origins
from synthnb.disclosure.reading import mapping
from synthnb.errors import OptionError, RecordError

__all__ = ["SCHEMA", "Record", "Status", "fold", "problems", "status_of", "validate"]

Status = Literal["none", "incomplete", "complete"]
Part = Literal["entry", "payload", "record"]
_MOST_SHOWN = 8


@dataclass(frozen=True)
class Record(Shown):
    """A disclosure as data.

    Parameters
    ----------
    entries : tuple of dict
        What each run of a verb added, by time.
    stale : tuple of str
        Ids of the entries that no output carries any more.
    """

    display_name: ClassVar[str] = "record"
    entries: tuple[Entry, ...]
    """What each run added, by time, then id."""
    stale: tuple[str, ...] = ()
    """Ids of the entries that no output carries any more."""

    @classmethod
    def from_entries(cls, entries: Iterable[Entry]) -> Record:
        """Return the record of some entries; of those with the same id, the last with a right digest counts.

        Raises
        ------
        RecordError
            An entry doesn't match the schema; the message lists every problem.
        """
        given = list(entries)
        validate({"schema": SCHEMA, "entries": given}, "payload")
        _refuse_unreadable(given)
        taken: dict[str, Entry] = {}
        for entry in given:
            if entry["id"] not in taken or digest_is_right(entry) or not digest_is_right(taken[entry["id"]]):
                taken[entry["id"]] = entry
        return cls(tuple(in_order(taken.values())))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Record:
        """Read a record, or an output's payload, back; fields are folded anew.

        Raises
        ------
        RecordError
            It doesn't match the schema; the message lists every problem with its place.
        """
        validate(data, "record" if "fields" in data else "payload")
        _refuse_unreadable(data["entries"])
        return cls(tuple(in_order(data["entries"])), tuple(data.get("stale", ())))

    @cached_property
    def fields(self) -> Fields:
        """Every field of the catalogue: ``fill``, ``status`` and ``values`` with their origins."""
        return fold(self.entries)

    @cached_property
    def digest(self) -> str:
        """The record's digest, over schema, entries and fields."""
        return digest({"schema": SCHEMA, "entries": list(self.entries), "fields": self.fields})

    @property
    def missing(self) -> tuple[str, ...]:
        """Fields that only a person can state and nobody has."""
        return missing_of(self.fields)

    @property
    def unconfirmed(self) -> tuple[str, ...]:
        """Fields for which the tool proposed a value that no person has confirmed or changed."""
        return tuple(name for name, field in self.fields.items() if any(value.get("proposed") for value in field["values"]))

    def provenance(self, field: str) -> list[Origin]:
        """Return where each value of a field comes from: which run, which person, when.

        Parameters
        ----------
        field : str
            A field's id, such as ``"intent"``.

        Raises
        ------
        OptionError
            There is no such field.
        """
        if field not in self.fields:
            raise OptionError.from_choice("field", field, list(self.fields))
        return origins(self.fields, by_id(self.entries), field)

    @property
    def status(self) -> Status:
        """``none`` without entries, ``complete`` if nothing is missing, else ``incomplete``."""
        return status_of(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """The record as plain JSON types, in the shape of a notebook's ``metadata.synthnb``."""
        core = {"schema": SCHEMA, "entries": list(self.entries), "stale": list(self.stale), "fields": self.fields, "digest": self.digest}
        copied: dict[str, Any] = json.loads(json.dumps(core))
        return copied

    def __str__(self) -> str:
        from synthnb.disclosure.page import text_part

        return text_part(self.to_dict())


def _refuse_unreadable(entries: Iterable[Entry]) -> None:
    for entry in entries:
        if not is_readable(entry):
            raise RecordError(
                f"An entry that every JSON reader reads alike was expected; {entry['id']} holds a number beyond 2**53, "
                "half a surrogate pair, or more than 64 levels.",
                fix="Write such numbers as strings.",
            )


def missing_of(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the required fields that folded fields don't state."""
    return tuple(field.id for field in required() if mapping(fields.get(field.id)).get("status") != "stated")


def status_of(metadata: Mapping[str, Any]) -> Status:
    """Return the status of the disclosure in a notebook's ``metadata.synthnb``."""
    if not metadata.get("entries"):
        return "none"
    return "incomplete" if missing_of(mapping(metadata.get("fields"))) else "complete"


@cache
def _schema() -> dict[str, Any]:
    text = files("synthnb.disclosure").joinpath("schema/record-1.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def problems(value: object, part: Part = "record") -> list[str]:
    """Return every way in which a value doesn't match the schema, each with its place."""
    from jsonschema import Draft202012Validator

    schema = {"$defs": _schema()["$defs"], "$ref": f"#/$defs/{part}"}
    found = sorted(Draft202012Validator(schema).iter_errors(value), key=lambda error: [str(step) for step in error.absolute_path])
    return [f"{_place(error.absolute_path)}: {_cut(error.message)}" for error in found]


def _place(path: Iterable[str | int]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).lstrip(".") or "the record"


def _cut(text: str) -> str:
    return text if len(text) <= 160 else f"{text[:160]}…"


def validate(value: object, part: Part = "record") -> None:
    """Check a value against the schema.

    Raises
    ------
    RecordError
        It doesn't match; the message lists the problems with their places.
    """
    found = problems(value, part)
    if found:
        more = f"; and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
        raise RecordError(
            f"A disclosure {part} of {SCHEMA} was expected; got {len(found)} problem{'s'[: len(found) > 1]}: "
            f"{'; '.join(found[:_MOST_SHOWN])}{more}.",
            fix="Use the entries as synthnb made them, or run the verb again.",
        )
