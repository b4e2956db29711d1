"""What a record states, as a venue's text may use it: who stated it, and whether it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from synthnb._canonical import digest
from synthnb.disclosure.fields import catalogue
from synthnb.disclosure.folding import MAKING, SAYING, SCHEMA, TABLES, Entry, current, fold, in_order, is_placeholder, is_readable, outdated
from synthnb.disclosure.saying import names_a_program

if TYPE_CHECKING:
    from synthnb.disclosure.venues.reading import When

__all__ = ["Statements", "Value", "clean"]

PROPOSED = "proposed by the tool, and not confirmed by a person"
"""Why a proposed value doesn't count."""
NOT_DONE = "stated as not done or not known"
"""Why a value doesn't count that says so."""
KEPT_OUT = "kept out of the record; state it yourself, or why it can't be stated"
"""Why a prompt doesn't count of which the record has the digest alone."""
LONGEST = 4000
"""Longest value that a text shows; the record has all of it."""
_SPACE = re.compile("[\t\n\v\f\r \x85\xa0\u2028\u2029]+")
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff\ufffe\uffff\ud800-\udfff]")
_SUBJECT = "“[^”]*”(?: in “[^”]*”)?"
_NOT_DONE = re.compile(
    rf"(?:{_SUBJECT}: )?(?:[^:]{{1,200}}: |run by )?"
    r"(?:not (?:evaluated|stated|measured|known|computed)\b|none; .*n't (?:computed|measured|evaluated)\b).*",
    re.DOTALL,
)
_KEPT_OUT = re.compile(r"(?:[^:]{1,200}: )?kept out at the user's request; .*", re.DOTALL)
_VOID = re.compile(r".*\(void: [^()]*\)\s*", re.DOTALL)
_STAND_IN = "(no text in this run comes from a language model)"
_MOST_NAMED = 5

Part = Literal["writing", "judging", "none", "unknown"]


@dataclass(frozen=True)
class Value:
    """One value that a record states."""

    field: str
    """The field's id."""
    label: str
    """Its name for readers."""
    text: str
    """What is stated, on one line, without control characters."""
    entries: tuple[str, ...]
    """Ids of the entries that state it."""
    fill: str
    """Who states such a field: machine, proposed or human."""
    lacks: str
    """Why it doesn't count; empty if it does."""

    @property
    def counts(self) -> bool:
        """Whether it answers what is asked."""
        return not self.lacks

    @property
    def is_proposed(self) -> bool:
        """Whether the tool proposed it and nobody has confirmed it."""
        return self.lacks == PROPOSED

    @property
    def answers_in_part(self) -> bool:
        """Whether it answers what is asked, or says at least why not."""
        return self.lacks in {"", PROPOSED, NOT_DONE, KEPT_OUT}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"field": self.field, "value": self.text, "from": list(self.entries), "fill": self.fill, "lacks": self.lacks}


def clean(text: str) -> str:
    """A value on one line, without control characters or direction overrides, cut where it is very long."""
    line = _UNSAFE.sub("�", _SPACE.sub(" ", text[: LONGEST * 4]).strip(" "))
    cut = len(line) > LONGEST or len(text) > LONGEST * 4
    return f"{line[:LONGEST]}… (cut; whole in the record)" if cut else line


class Statements:
    """What a record's entries state; it may have any shape.

    Its folded fields aren't trusted: somebody may have written into them what no entry says.
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        found, stale = record.get("entries"), record.get("stale")
        self._entries: list[Entry] = in_order(entry for entry in found if is_readable(entry)) if isinstance(found, list) else []
        self._fields = fold(self._entries)
        self.digest = digest({"schema": SCHEMA, "entries": self._entries, "fields": self._fields})
        """The record's digest, over its readable entries."""
        self._current = current(self._entries)
        self._said = {entry["id"] for entry in self._entries if entry["kind"] in SAYING}
        self._stale = {name for name in stale if isinstance(name, str)} if isinstance(stale, list) else set()

    def values(self, name: str) -> tuple[Value, ...]:
        """What is stated of a field."""
        return tuple(self._value(name, item) for item in self._fields[name]["values"])

    def _value(self, name: str, item: Mapping[str, Any]) -> Value:
        field = catalogue()[name]
        text, ids = clean(item["value"]), tuple(item["from"])
        said = item.get("proposed") is not True and bool(self._said.intersection(ids))
        return Value(name, field.label, text, ids, field.fill, self._why_not(name, text, said=said))

    def _why_not(self, name: str, text: str, *, said: bool) -> str:
        if name == "reviewerSignOff" and _VOID.fullmatch(text):
            return "void: the record was changed after it"
        if is_placeholder(name, text):
            return "a placeholder, which states nothing"
        if name == "responsiblePerson" and self._names_a_program(text):
            return "names a program, which can't answer for data"
        if name == "fullPrompt" and _KEPT_OUT.fullmatch(text):
            return KEPT_OUT
        fill = catalogue()[name].fill
        if fill == "machine" and _NOT_DONE.fullmatch(text) and name != "notEvaluated":
            return NOT_DONE
        return PROPOSED if fill == "proposed" and not said else ""

    def _names_a_program(self, text: str) -> bool:
        programs = {"synthnb", *(value.text.removesuffix(_STAND_IN).strip().casefold() for value in self.values("modelName"))}
        return names_a_program(text, programs)

    def lacks(self, name: str) -> str:
        """Why a field doesn't count; empty if one of its values does, and of prompts, each."""
        reasons = [value.lacks for value in self.values(name)]
        if not reasons:
            return "not stated"
        return max(reasons, key=bool) if all(reasons) or name == "fullPrompt" else ""

    def absent(self, when: When) -> str:
        """Why what an item is about didn't take part, as the record tells; empty if it did, or if that isn't known."""
        if when == "model":
            return "no language model took part" if self.part == "none" else ""
        if when == "source":
            return "no source data were read" if self._made and not self.values("sourceDatasets") else ""
        if when == "raters":
            rated = any(entry["kind"] == "review" for entry in self._current) or bool(self.values("humanRaters"))
            return "no person rated these data" if self._made and not rated else ""
        return ""

    @cached_property
    def _made(self) -> list[Entry]:
        return [entry for entry in self._current if entry["kind"] in MAKING]

    @cached_property
    def part(self) -> Part:
        """What a language model did, as the record tells."""
        if any(not value.text.endswith(_STAND_IN) for value in self.values("modelName")):
            return "writing"
        if any(entry["kind"] == "judge" for entry in self._current):
            return "judging"
        return "none" if self._made else "unknown"

    def notes(self) -> Iterator[str]:
        """What a reader must know of the entries: evaluations of data that were made anew, and outputs that are gone."""
        past = outdated(self._entries)
        old = [entry for entry in self._entries if entry["id"] in past and entry["kind"] == "evaluate"]
        if frames := list(dict.fromkeys(clean(str(entry.get("frame"))) for entry in old)):
            yield f"Doesn't count any more: the evaluation of {_listed(frames)}, since the data were made anew after it. Evaluate again."
        gone = [clean(entry["id"]) for entry in self._current if entry["id"] in self._stale and entry["kind"] not in SAYING]
        if gone:
            yield f"The outputs of {_listed(gone)} are no longer in the notebook; what they state is as the record kept it."
        made = {str(entry.get("frame")) for entry in self._current if entry["kind"] in TABLES}
        seen = {str(entry.get("frame")) for entry in self._current if entry["kind"] == "evaluate"}
        if unseen := sorted(clean(name) for name in made - seen):
            yield f"No evaluation counts for {_listed(unseen)}."


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(f"“{name}”" for name in names[:_MOST_NAMED]) + more
