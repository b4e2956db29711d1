"""Whether an answer holds: against its evidence by a program, by a second model, or by most of several answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from synthnb._novelty import normalised, words
from synthnb._random import LARGEST_SEED, generator
from synthnb.engines.corpus.prompts import SYSTEM, Mode
from synthnb.engines.corpus.sentences import content_words
from synthnb.engines.llm.prompts import as_data
from synthnb.errors import OptionError, shown
from synthnb.models.base import Reply, Request

if TYPE_CHECKING:
    from synthnb.engines.corpus.passages import Passages
    from synthnb.engines.corpus.writing import Asked, Item

__all__ = ["Check", "Verifying", "agree", "read_check", "supported"]

SUPPORT = 0.6
"""Share of an answer's content words that its evidence must hold."""

AGREEMENT = 0.6
"""F1 of two answers' words from which they count as the same."""

_MOST_ANSWERS = 21
_YES = re.compile(r"\W*(?:yes|true|correct|supported|ja|oui|sí|si)\b", re.IGNORECASE)
_NO = re.compile(r"\W*(?:no|not|false|incorrect|unsupported|nein|non)\b", re.IGNORECASE)
_SPAN = {"quoted": "does the evidence hold the answer", "extractive": "does the question point to its evidence"}
_JUDGE = "Does the answer to the question follow from the text? Reply with one word: yes or no."
_ANSWER = 'Answer the question from the text, in one sentence at most. If the text does not answer it, reply "not answered".'


@dataclass(frozen=True)
class Check:
    """How answers are checked."""

    how: Literal["none", "span", "model", "majority"]
    """By nobody, against the evidence, by a second model, or by most of several answers."""
    answers: int = 0
    """How many answers, for ``majority``."""

    def __str__(self) -> str:
        return f"majority:{self.answers}" if self.how == "majority" else self.how


def read_check(verify: Any) -> Check:
    """Return what ``span``, ``model``, ``majority:K`` or ``none`` means.

    Raises
    ------
    OptionError
        It is none of these, or K isn't from 2 to 21.
    """
    if verify in ("none", "span", "model"):
        return Check(verify)
    found = re.fullmatch(r"majority:(\d{1,3})", verify) if isinstance(verify, str) else None
    if found is None:
        raise OptionError.from_choice("verify", verify, ["none", "span", "model", "majority:K"])
    if not 2 <= int(found.group(1)) <= _MOST_ANSWERS:
        raise OptionError(f"A majority needs from 2 to {_MOST_ANSWERS} answers; got {shown(verify)}.", fix="Write majority:3, say.")
    return Check("majority", int(found.group(1)))


def supported(answer: str, evidence: str) -> bool:
    """Whether the evidence holds an answer's words.

    It does if the answer stands in it, case and punctuation aside, or if it has each of the answer's numbers
    and at least 60 % of its content words; an answer without content words must stand in it.
    """
    if f" {normalised(answer)} " in f" {normalised(evidence)} ":
        return True
    said, held = content_words(answer), Counter(words(evidence))
    if not said or any(word not in held for word in said if word.isdigit()):
        return False
    return sum(word in held for word in said) >= SUPPORT * len(said)


def agree(one: str, other: str) -> bool:
    """Whether two answers say the same: equal or one within the other, case and punctuation aside, or nearly so.

    That is, they name the same numbers, and the F1 of their content words is at least 0.6.
    """
    left, right = normalised(one), normalised(other)
    if not left or not right:
        return False
    if f" {left} " in f" {right} " or f" {right} " in f" {left} ":
        return True
    first, second = Counter(content_words(one)), Counter(content_words(other))
    if {word for word in first if word.isdigit()} != {word for word in second if word.isdigit()}:
        return False
    shared = (first & second).total()
    return 2 * shared >= AGREEMENT * (first.total() + second.total()) and shared > 0


class Verifying:
    """Checks the answers of items as they come.

    Parameters
    ----------
    check : Check
        How.
    passages : Passages
        Where the evidence stands.
    asked : Asked
        The model that checks; not used by ``none`` and ``span``.
    mode : {"quoted", "extractive"}
        Who chose the evidence.
    seed : int
        The run's.
    """

    def __init__(self, check: Check, passages: Passages, asked: Asked, *, mode: Mode, seed: int) -> None:
        self.check = check
        self.calls = asked.calls
        """Whose replies the checks rest on."""
        self._passages, self._asked, self._mode, self._seed = passages, asked, mode, seed
        self.used: list[tuple[Item, Reply]] = []
        """The replies that checks rest on."""

    def __call__(self, items: Sequence[Item]) -> None:
        """Set ``verified`` and ``how`` of each item; one without an answer stays ``none``."""
        answered = [item for item in items if item.answer and item.evidence]
        if self.check.how == "span":
            for item in answered:
                item.verified = "yes" if self._holds(item) else "no"
                item.how = (
                    "span: does the question point to its evidence"
                    if self._mode == "extractive"
                    else "span: does the evidence hold the answer"
                )
        elif self.check.how == "model":
            self._judge(answered)
        elif self.check.how == "majority":
            self._count(answered)

    def templates(self) -> dict[str, str]:
        """The prompts as data."""
        if self.check.how == "model":
            return {"check": _framed({"text": "…", "question": "…", "answer": "…"}, _JUDGE)}
        return {"check": _framed({"text": "…", "question": "…"}, _ANSWER)} if self.check.how == "majority" else {}

    def _holds(self, item: Item) -> bool:
        """Whether the evidence holds the answer; where it is the answer, whether the question points to it."""
        if self._mode == "quoted":
            return supported(item.answer, " ".join(found.text for found in item.evidence))
        pairs = zip(item.evidence, item.unit.chunks, strict=True)
        return all(self._passages.points_to(item.question, found.passage, chunk) for found, chunk in pairs)

    def _judge(self, items: Sequence[Item]) -> None:
        requests = [self._request(item, 0, {"answer": item.answer}, _JUDGE, temperature=0.0, max_tokens=8) for item in items]
        who = self._asked.calls.model.info.id
        for item, reply in zip(items, self._asked.ask(requests, "checking answers", keep=True), strict=True):
            verdict = "" if reply is None or reply.finish == "error" else reply.text
            if reply is not None and (_YES.match(verdict) or _NO.match(verdict)):
                item.verified, item.how = "yes" if _YES.match(verdict) else "no", f"model {who}"
                self.used.append((item, reply))
            else:
                item.how = f"none: model {who} {'said neither yes nor no' if verdict else 'gave no verdict'}"
                if reply is not None:
                    self._asked.calls.discard(reply, "the check said neither yes nor no")

    def _count(self, items: Sequence[Item]) -> None:
        each = self.check.answers
        requests = [self._request(item, turn, {}, _ANSWER, temperature=0.7, max_tokens=120) for item in items for turn in range(each)]
        replies = self._asked.ask(requests, "answering again", keep=True)
        for number, item in enumerate(items):
            given = [reply for reply in replies[number * each : (number + 1) * each] if reply is not None and reply.finish != "error"]
            if len(given) < each:
                item.how = f"none: {len(given)} of {each} answers were given"
                continue
            same = sum(agree(item.answer, reply.text) for reply in given)
            item.verified = "yes" if 2 * same > each else "no"
            item.how = f"majority: {same} of {each} agree"
            self.used += [(item, reply) for reply in given]

    def _request(self, item: Item, turn: int, more: dict[str, str], words_of_ours: str, *, temperature: float, max_tokens: int) -> Request:
        text = "\n\n".join(self._passages.window(found.passage) for found in item.evidence)
        drawn = generator(self._seed, *item.unit.path, "question", item.question, "check", turn)
        return Request(
            prompt=_framed({"text": text, "question": item.question, **more}, words_of_ours),
            system=SYSTEM,
            max_tokens=max_tokens,
            temperature=temperature,
            seed=int(drawn.integers(LARGEST_SEED + 1)),
        )


def _framed(data: dict[str, str], told: str) -> str:
    return f"<data>\n{as_data(data)}\n</data>\n\n{told}"
