"""A venue's items, each held against a record: filled, partly filled, missing or not applicable.

An item is *filled* if every field it needs is stated; *partly filled* if some are, or if what is stated needs
a person still: a value that the tool proposed and nobody confirmed, one that says
that something wasn't done, a sign-off that is void. Nothing is inferred:
whether a language model, real data or raters took part is read from the record, and where the record holds
no data that were made, nothing is said to be not applicable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from synthnb.disclosure.fields import catalogue
from synthnb.disclosure.lint import warnings
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.venues.reading import CAVEATS, Item, Venue
from synthnb.disclosure.venues.stating import Statements, Value

__all__ = ["Answer", "Filled", "Need", "Status", "fill"]

Status = Literal["filled", "partly filled", "missing", "not applicable", "outside"]

_EVALUATE = "Run %synth evaluate FRAME --against REAL --holdout HELD"
_MADE = "The tool states it when data are made here: %synth generate, column, text or corpus"
_HOW = {
    "humanResults": "Have people rate: %synth review FRAME --raters 2",
    "judgeResults": "Have a model judge: %synth judge FRAME",
    "textResults": f"{_EVALUATE} --text COLUMN",
    "fairnessResults": f"{_EVALUATE} --groups COLUMN",
    "subgroupDefinitions": f"{_EVALUATE} --groups COLUMN",
    "repeats": "Make replicates: %synth generate FRAME --replicates 5",
    "outputDigests": "Write the table: %synth export FILE.csv --frame FRAME",
    "marking": "Write the table: %synth export FILE.csv --frame FRAME",
    "signature": "Sign the export; see docs/disclosure/verify.md",
    "policy": "Hold it against a policy: synthnb check NOTEBOOK --policy FILE",
}
"""How a field that the tool fills comes to be stated, where its section doesn't say."""


@dataclass(frozen=True)
class Need:
    """What is lacking for an item, and how to supply it."""

    field: str
    """The field's id."""
    label: str
    """Its name for readers."""
    fill: str
    """Who states it: machine, proposed or human."""
    what: str
    """Why it doesn't count: not stated, to be confirmed, void, ..."""
    how: str
    """What to do."""


@dataclass(frozen=True)
class Answer:
    """An item with what the record states about it."""

    item: Item
    """What is asked."""
    status: Status
    """Whether the record answers it."""
    values: tuple[Value, ...] = ()
    """What is stated, field by field."""
    needs: tuple[Need, ...] = ()
    """What is lacking."""
    reason: str = ""
    """Why it isn't applicable, or can't be known here."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "id": self.item.id,
            "asks": self.item.asks,
            "required": self.item.required,
            "status": self.status,
            "caveat": CAVEATS[self.item.mark],
            "reason": self.reason,
            "values": [value.to_dict() for value in self.values],
            "needs": [vars(need) for need in self.needs],
        }


@dataclass(frozen=True)
class Filled:
    """A venue held against a record."""

    venue: Venue
    """What is asked."""
    answers: tuple[Answer, ...]
    """Its items in their order."""
    statements: Statements
    """What the record states."""
    digest: str
    """The record's digest."""
    notes: tuple[str, ...]
    """What a reader must know of the record: runs that no longer count, words that claim too much."""

    def counts(self, *, required: bool = True) -> dict[Status, int]:
        """How many of the required, or of the other, items have each status; those outside what a data tool can know are left out."""
        found = [answer.status for answer in self.answers if answer.item.required is required]
        order: tuple[Status, ...] = ("filled", "partly filled", "missing", "not applicable")
        return {status: found.count(status) for status in order}

    @property
    def is_complete(self) -> bool:
        """Whether every required item that a record can answer is filled."""
        counts = self.counts()
        return not counts["missing"] and not counts["partly filled"]

    @property
    def to_state(self) -> tuple[Need, ...]:
        """What only a person can supply, each field once, in the catalogue's order."""
        found = {need.field: need for answer in self.answers for need in answer.needs if need.fill != "machine"}
        return tuple(found[name] for name in catalogue() if name in found)


def fill(venue: Venue, record: Mapping[str, Any]) -> Filled:
    """Hold a venue's items against a record.

    Parameters
    ----------
    venue : Venue
        What is asked.
    record : mapping
        A record in the shape of a notebook's ``metadata.synthnb``. It may come from anywhere: parts of another shape are passed over.
    """
    record = mapping(record)
    statements = Statements(record)
    answers = tuple(_answer(item, statements) for item in venue.items)
    return Filled(venue, answers, statements, statements.digest, tuple(_notes(venue, statements, answers)))


def _answer(item: Item, statements: Statements) -> Answer:
    if item.outside:
        return Answer(item, "outside", reason="about the study or the manuscript; a data tool can't know it")
    core = [value for name in (*item.all, *item.any) for value in statements.values(name)]
    values = (*core, *(value for name in item.also for value in statements.values(name)))
    if reason := statements.absent(item.when):
        return Answer(item, "not applicable", reason=reason)
    if item.when == "model" and statements.part == "judging":
        core += (judges := [value for value in statements.values("machineAnnotationTools") if value not in values])
        values += tuple(judges)
    needs = tuple(_needs(item, statements))
    status: Status = "filled" if not needs else "partly filled" if any(value.answers_in_part for value in core) else "missing"
    return Answer(item, status, values, needs)


def _needs(item: Item, statements: Statements) -> Iterator[Need]:
    for name in item.all:
        if what := statements.lacks(name):
            yield _need(name, what)
    lacking = {name: statements.lacks(name) for name in item.any}
    if lacking and all(lacking.values()):
        first = next((name for name, what in lacking.items() if what != "not stated"), next(iter(lacking)))
        others = [catalogue()[name].label for name in lacking if name != first]
        yield _need(first, lacking[first] + (f" (or: {', '.join(others)})" if others else ""))


def _need(name: str, what: str) -> Need:
    field = catalogue()[name]
    return Need(name, field.label, field.fill, what, _how(name))


def _how(name: str) -> str:
    field = catalogue()[name]
    if field.fill == "human":
        return f"{field.hint} State it under %%synth disclose as “{field.label}: …”.".strip()
    if field.fill == "proposed":
        return f"State or confirm it under %%synth disclose as “{field.label}: …”."
    return f"{_HOW.get(name) or (_EVALUATE if field.section == 'evaluation' else _MADE)}."


def _notes(venue: Venue, statements: Statements, answers: tuple[Answer, ...]) -> Iterator[str]:
    if venue.about == "model" and (reason := statements.absent("model")):
        yield f"This guideline is for studies that use a language model; here: {reason}."
    yield from statements.notes()
    if any(answer.status == "outside" for answer in answers):
        yield "Items marked outside are about the study or the manuscript; state them there yourself."
    shown = dict.fromkeys(value.text for answer in answers for value in answer.values if value.fill != "machine")
    yield from dict.fromkeys(warning for text in shown for warning in warnings(text))
