"""What somebody who gets a crate and nothing else asks first, answered from the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from synthnb.disclosure.crates.words import clean
from synthnb.disclosure.fields import catalogue

if TYPE_CHECKING:
    from synthnb.disclosure.crates.account import Account

__all__ = ["UNSTATED", "Answer", "answers"]

UNSTATED = "Not stated"
"""What stands where nobody said anything."""
_QUESTIONS = {
    "Who answers for it?": ("responsiblePerson", "responsibilityStatement", "reviewerSignOff"),
    "What is it?": ("humanReadableStatement", "digitalSourceType", "intent", "intendedUse"),
    "How was it made?": ("strategy", "toolNameVersion", "modelName", "modelVersion", "generationDates", "seed"),
    "From what?": ("sourceDatasets", "sensitiveInformation", "approvals"),
    "How was it checked?": (
        "evaluationProfile",
        "gates",
        "policy",
        "optOuts",
        "validityResults",
        "fidelityResults",
        "utilityResults",
        "privacyResults",
        "fairnessResults",
        "textResults",
        "humanResults",
        "judgeResults",
        "notEvaluated",
        "verification",
    ),
    "What can't it show?": ("limitations", "biases", "residualRisk", "mitigations", "releaseClass", "usageConditions"),
}
_LEADING = {"responsiblePerson", "humanReadableStatement", "strategy", "sourceDatasets", "evaluationProfile", "limitations"}
"""Fields that are shown as not stated where they are empty; the others are left out then."""


@dataclass(frozen=True)
class Answer:
    """A question and what the record says to it."""

    question: str
    """As a reader would ask it."""
    lines: tuple[tuple[str, str], ...]
    """A field's label and one of its values; or the label and ``Not stated``."""


def answers(account: Account) -> list[Answer]:
    """Return the questions with their answers, in order; a field that is needed and empty says so."""
    return [Answer(question, tuple(line for name in fields for line in _lines(account, name))) for question, fields in _QUESTIONS.items()]


def _lines(account: Account, name: str) -> list[tuple[str, str]]:
    field = catalogue().get(name)
    if field is None:
        return []
    values = [text for text in account.said(name) if ": not evaluated" not in text]
    if values:
        return [(field.label, clean(text)) for text in values]
    empty = field.required or name in _LEADING
    return [(field.label, UNSTATED if field.default == "not stated" else f"{UNSTATED} ({field.default})")] if empty else []
