"""What a risk record asks a person, from ``schema/risk-1.json``, and what is missing of one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from dataclasses import field as with_default
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from synthnb.disclosure.folding import Entry, fold, is_blank, is_placeholder
from synthnb.disclosure.policy.seeing import Seen
from synthnb.disclosure.reading import mapping

__all__ = ["MITIGATIONS", "Question", "missing_of", "problems_of", "questions", "steps"]

MITIGATIONS = ("contractual", "technical", "governance")
"""What is done against the risk that is left; one will do."""


@dataclass(frozen=True)
class Question:
    """One thing that a person says."""

    id: str
    """The answer's name."""
    step: str
    """The step it belongs to."""
    label: str
    """The question for readers."""
    field: str
    """The field of the catalogue that the answer states; empty where it is the risk record's alone."""
    control: Literal["line", "text", "choice"]
    """How it is answered."""
    required: bool
    """Without it the record isn't complete."""
    hint: str
    """What to write."""
    choices: Mapping[str, str] = with_default(default_factory=dict)
    """What can be chosen, with what it means."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


@cache
def _file() -> dict[str, Any]:
    text = files("synthnb.disclosure").joinpath("schema/risk-1.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


@cache
def questions() -> dict[str, Question]:
    """Every question by its id, in order."""
    return {item["id"]: Question(**item) for item in _file()["questions"]}


@cache
def steps() -> tuple[Mapping[str, str], ...]:
    """The five steps: ``id``, ``label`` and ``lead``."""
    return tuple(_file()["steps"])


def missing_of(answers: Mapping[str, str]) -> list[str]:
    """Return the labels of what is missing of some answers."""
    needed = [question.label for question in questions().values() if question.required and _lacks(question, answers)]
    none = all(is_blank(answers.get(name, "")) for name in MITIGATIONS)
    return needed + ["Mitigations: contractual, technical or governance"] * none


def _lacks(question: Question, answers: Mapping[str, str]) -> bool:
    text = answers.get(question.id, "")
    return is_blank(text) or is_placeholder(question.field, text)


def problems_of(entries: Iterable[Entry]) -> list[str]:
    """Return why a record has no complete risk record that is later than its last run and report; empty where it has one."""
    seen = Seen(entries)
    if seen.risk is None:
        return ["there is none"]
    detail = mapping(seen.risk.get("detail"))
    found = [f"it lacks {name}" for name in _missing(seen, mapping(detail.get("answers")))]
    if not detail.get("by"):
        found.append("it doesn't say who made it")
    if seen.since_risk:
        found.append(f"{', '.join(entry['id'] for entry in seen.since_risk[:3])} came after it")
    return found


def _missing(seen: Seen, answers: Mapping[str, Any]) -> list[str]:
    """What is missing, given the answers and what persons stated elsewhere."""
    folded = fold(seen.entries)
    said = {name: str(text) for name, text in answers.items()}
    for question in questions().values():
        stated = mapping(folded.get(question.field)) if question.field and question.id not in MITIGATIONS else {}
        values = [value for value in stated.get("values") or [] if not value.get("proposed")]
        if question.id not in said and question.field != "usageConditions" and values:
            said[question.id] = str(values[0]["value"])
    return missing_of(said)
