"""From a model's reply to questions with answers and quotations, as much of it as can be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthnb._novelty import words
from synthnb.engines.corpus.sentences import content_words

if TYPE_CHECKING:
    from synthnb.models.base import Reply

__all__ = ["Candidate", "about_the_text_itself", "json_objects", "one_question", "read_candidates", "unusable"]

LONGEST_QUESTION = 600
"""Characters."""

LONGEST_ANSWER = 2000
"""Characters."""

_LEAST_WORDS = 3
_MOST_OBJECTS = 200
_REFUSAL = re.compile(
    r"(i['’]?m|i am|we['’]re) (very )?sorry|sorry, (but )?i|i (can(no|['’])t|am unable|['’]m unable)|as an ai\b", re.IGNORECASE
)
_MARKS = re.compile(r"</?data>|<\|[^|<>]*\|>|\[/?INST\]|</?s>", re.IGNORECASE)
_LABELS = {
    "question": r"question|frage|pregunta|domanda|q",
    "answer": r"answer|antwort|réponse|respuesta|risposta|a",
    "evidence": r"evidence|quote|quotation|e",
    "kind": r"kind|tag",
}
_LINE = re.compile(
    r"^[\s*#>_-]*+(?:\d{1,3}[.):]\s*+)?(?:\*\*)?(?:"
    + "|".join(f"(?P<{name}>{label})" for name, label in _LABELS.items())
    + r")\s*+\d*+\s*+(?:\*\*)?\s*+[:：]\s*+(?:\*\*)?(?P<said>.*)$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^[\s*#>-]*+(?:\d{1,3}[.):]\s*+)?(?:question\s*+\d*+\s*+[:.]\s*+)?", re.IGNORECASE)
_ITSELF = re.compile(
    r"\b(?:the|this|that|these) (?:above |given |following |first |second |original )?"
    r"(?:sentence|text|passage|paragraph|quotation|question|excerpt|word|term|phrase|abbreviation|acronym)s?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Candidate:
    """A question as a model wrote it."""

    question: str
    """On one line."""
    answer: str = ""
    """On one line; empty if there is none."""
    quotes: tuple[str, ...] = ()
    """What it says that the text holds, word for word."""
    kind: str = "new"
    """``original`` if it says that the text asks the question itself, else ``new``."""


def read_candidates(text: str) -> list[Candidate]:
    """The questions in a reply, in its order: JSON objects with the key ``question``, or lines ``Q:``, ``A:``, ``E:``.

    JSON may stand in a fence or among words, and may be cut off: whole objects before the cut count.
    """
    found = [candidate for item in json_objects(text) for candidate in _of_object(item)]
    return found or list(_of_lines(text))


def json_objects(text: str) -> Iterator[dict[str, Any]]:
    """Every whole JSON object in a text that isn't part of another; of a broken one, the whole ones in it."""
    decoder = json.JSONDecoder(strict=False)
    place, tries = text.find("{"), 0
    while place >= 0 and tries < _MOST_OBJECTS:
        tries += 1
        try:
            found, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            place += 1
        else:
            if isinstance(found, dict):
                yield found
        place = text.find("{", place)


def _of_object(item: dict[str, Any]) -> Iterator[Candidate]:
    question = item.get("question")
    if isinstance(question, str):
        quotes = item.get("evidence", item.get("quote"))
        listed = quotes if isinstance(quotes, list) else [quotes]
        answer = item.get("answer")
        yield Candidate(
            _line(question),
            _line(answer) if isinstance(answer, str | int | float) and not isinstance(answer, bool) else "",
            tuple(quote for quote in listed if isinstance(quote, str) and quote.strip()),
            "original" if item.get("kind") == "original" else "new",
        )
        return
    for value in item.values():
        for inner in value if isinstance(value, list) else ():
            if isinstance(inner, dict):
                yield from _of_object(inner)


def _of_lines(text: str) -> Iterator[Candidate]:
    parts: dict[str, list[str]] = {}
    last = ""
    for line in text.splitlines():
        match = _LINE.match(line)
        name = next((name for name in _LABELS if match and match[name]), "")
        if match and name:
            if name == "question" and parts:
                yield from _of_parts(parts)
                parts = {}
            parts.setdefault(name, []).append(match["said"])
            last = name
        elif last and line.strip() and last in parts:
            parts[last][-1] = f"{parts[last][-1]} {line.strip()}"
    yield from _of_parts(parts)


def _of_parts(parts: dict[str, list[str]]) -> Iterator[Candidate]:
    if parts.get("question"):
        kind = "original" if "original" in " ".join(parts.get("kind", ())).lower() else "new"
        quotes = tuple(quote.strip() for quote in parts.get("evidence", ()))
        yield Candidate(_line(parts["question"][0]), _line(" ".join(parts.get("answer", ()))), quotes, kind)


def _line(value: object) -> str:
    return " ".join(str(value).encode("utf-8", "replace").decode().replace("\x00", " ").split())


def one_question(reply: Reply) -> str:
    """The first question in a reply that should hold nothing else; empty if there is none."""
    for line in reply.text.splitlines():
        said = _line(_NUMBER.sub("", line, count=1)).strip("\"“”*' ")
        stop = max(said.find(mark) for mark in "?？؟")
        if stop > 0:
            first = min(place for mark in "?？؟" if (place := said.find(mark)) >= 0)
            return said[: first + 1]
    return ""


def unusable(candidate: Candidate, *, answers: bool) -> str:
    """Why a candidate can't be taken, whatever its quotation; empty if it can."""
    said = f"{candidate.question} {candidate.answer}"
    if _MARKS.search(said):
        return "the model repeated its prompt"
    if _REFUSAL.match(candidate.question) or _REFUSAL.match(candidate.answer):
        return "the model declined"
    if len(words(candidate.question)) < _LEAST_WORDS:
        return "the question has fewer than three words"
    if len(candidate.question) > LONGEST_QUESTION or len(candidate.answer) > LONGEST_ANSWER:
        return "the question or its answer is too long"
    return "the answer is missing" if answers and not candidate.answer else ""


def about_the_text_itself(question: str, evidence: str) -> str:
    """Why a question isn't about what a sentence says; empty if it is, as far as words tell."""
    if _ITSELF.search(question):
        return "the question is about the sentence itself"
    if not set(content_words(question)) & set(content_words(evidence)):
        return "the question shares no word with its evidence"
    return ""
