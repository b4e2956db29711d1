"""Rounds of calls: ask, read, find the evidence, leave out what repeats, and ask again for what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from synthnb.engines.corpus.chunks import Passage
from synthnb.engines.corpus.evidence import Evidence, locate
from synthnb.engines.corpus.plan import ByChunk, Plan, Unit
from synthnb.engines.corpus.replies import Candidate, about_the_text_itself, one_question, read_candidates, unusable
from synthnb.engines.llm.languages import Language
from synthnb.errors import ModelError, SynthnbError

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.base import Progress
    from synthnb.engines.corpus.passages import Passages
    from synthnb.engines.corpus.prompts import Mode, Prompts
    from synthnb.engines.corpus.screening import Screening
    from synthnb.models.base import Reply, Request
    from synthnb.models.calls import Calls, Estimate

__all__ = ["Asked", "Item", "Writing"]

_NOT_FOUND = "the quotation is not in the text"
_FEWER = "the model wrote fewer questions than asked"
_MOST_KNOWN = 8
_SAMPLE = 20
_ENGLISH = Language("English", "en")


@dataclass
class Item:
    """A question that was kept."""

    unit: Unit
    """What was asked."""
    question: str
    answer: str
    evidence: tuple[Evidence, ...]
    """Where the answer follows from; of two documents at level 3, empty if no quotation was found."""
    kind: str
    """``original`` if the text asks it word for word, else ``new``."""
    reply: Reply | None = None
    """The reply it came of; None for one that was taken from the text."""
    verified: str = "none"
    """``yes``, ``no``, or ``none`` if nobody looked."""
    how: str = "none"
    """How its answer was checked."""


class Asked:
    """Asks a batch and gives the replies in the order of the requests; a stop is kept, not lost.

    Parameters
    ----------
    calls : Calls
        Who is asked.
    progress : callable
        Told how far the batch has come.
    """

    def __init__(self, calls: Calls, progress: Progress) -> None:
        self.calls = calls
        self._progress = progress
        self.interrupted = False
        """The user stopped it."""
        self.failure = ""
        """Why the model can't go on."""
        self.returned: set[str] = set()
        """Names by which the model called itself."""

    @property
    def stopped(self) -> str:
        """Why nothing more is asked; empty while it goes on."""
        return "interrupted" if self.interrupted else self.failure or self.calls.stopped

    def ask(self, requests: Sequence[Request], what: str, *, keep: bool) -> list[Reply | None]:
        """Return the reply to each request, None for one that wasn't answered.

        Parameters
        ----------
        requests : sequence of Request
            What to ask.
        what : str
            The phase, for the progress.
        keep : bool
            There is something to lose: a failure of the model ends the work instead of raising.
        """
        replies: list[Reply | None] = [None] * len(requests)
        if not requests or self.stopped:
            return replies
        self._progress(0, len(requests), what)
        try:
            for done, (position, reply) in enumerate(self.calls.ask(requests), 1):
                replies[position] = reply
                if reply.finish != "error":
                    self.returned.add(reply.model)
                self._progress(done, len(requests), f"{what}: {self.calls.pace(done, len(requests))}")
        except KeyboardInterrupt:
            self.interrupted = True
        except SynthnbError as error:
            self._break_off(error, keep=keep or any(reply is not None and reply.finish != "error" for reply in replies))
        return replies

    def _break_off(self, error: SynthnbError, *, keep: bool) -> None:
        if not keep or not isinstance(error, ModelError):
            raise error
        self.failure = f"the model failed: {error.message}".rstrip(".")


@dataclass
class Writing:
    """The questions of a run as they come to be."""

    passages: Passages
    plan: Plan
    prompts: Prompts
    mode: Mode
    asked: Asked
    screening: Screening
    total: int
    """Questions asked for."""
    preview: int | None = None
    """How many of them to write now; None for all."""
    keep_unfound: bool = False
    """A question whose quotation isn't in the text is kept, without evidence."""
    language: Language | None = None
    """The language asked for."""
    announce: Callable[[Estimate], None] | None = None
    """Told what the first round is going to use, before any of its calls."""
    check: Callable[[Sequence[Item]], None] | None = None
    """Looks at the answers of the items a round gave."""
    items: list[Item] = field(default_factory=list)
    """What was kept."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why questions are missing at the end."""

    def __post_init__(self) -> None:
        self._tally: Counter[str] = Counter()
        self.allotted: dict[int, int] = {}
        """Questions first asked for by place."""

    def run(self) -> None:
        """Write as many as can be had."""
        missing = self.allotted = self.plan.start(self.total)
        missing = self._take_originals(missing)
        for number in range(self.plan.rounds):
            units = self.plan.units(missing) if not self.asked.stopped else []
            if self.preview is not None:
                units = self._first_of(units) if number == 0 else []
            if not units:
                break
            missing = self._round(units, number)
        if self.preview is not None and len(self.items) >= self.total:
            return
        if sum(missing.values()) and not self.reasons:
            self.reasons[self.asked.stopped or "no passage was left to ask about"] = sum(missing.values())

    def _first_of(self, units: Sequence[Unit]) -> list[Unit]:
        """The units of a preview, which then are all there is to ask for."""
        left, kept = (self.preview or 0) - len(self.items), []
        for unit in units:
            if left <= 0:
                break
            kept.append(unit)
            left -= unit.count
        self.total = len(self.items) + sum(unit.count for unit in kept)
        return kept

    @property
    def counts(self) -> dict[str, int]:
        """What became of the replies and the candidates in them."""
        names = ("asked_again", "unreadable", "unusable", "quotations_not_found", "other_language", "surplus", "originals")
        return {name: self._tally[name] for name in names} | self.screening.counts

    @property
    def explained(self) -> list[dict[str, Json]]:
        """How many questions are missing, by reason."""
        return [{"count": count, "reason": reason} for reason, count in self.reasons.most_common()]

    def _take_originals(self, missing: Mapping[int, int]) -> dict[int, int]:
        """Where the program picks the evidence, questions that a chunk asks itself come first, without a call."""
        left = dict(missing)
        if self.mode != "extractive" or not isinstance(self.plan, ByChunk) or self.plan.level != 1:
            return left
        for chunk in left:
            for question, passage in self.passages.originals(chunk):
                if left[chunk] and self._take_original(chunk, question, passage):
                    left[chunk] -= 1
        return {chunk: count for chunk, count in left.items() if count}

    def _take_original(self, chunk: int, question: str, passage: Passage) -> bool:
        assert isinstance(self.plan, ByChunk)
        answer = " ".join(self.passages.slice(passage).split())
        if self.screening.refuse(question, answer):
            return False
        evidence = (Evidence(passage, self.passages.slice(passage)),)
        unit = Unit(path=("original", chunk, passage.start), place=chunk, chunks=(chunk,), count=1, evidence=(passage,))
        self._accept([Item(unit, question, answer if self.prompts.answers else "", evidence, "original")])
        self.plan.take_sentence(chunk, passage)
        return True

    def _round(self, units: Sequence[Unit], number: int) -> dict[int, int]:
        """Ask for the units and return what is missing then, by place."""
        self._tally["asked_again"] += sum(unit.count for unit in units) if number else 0
        what = "writing questions" if number == 0 else "asking again for questions"
        requests = [self._request(unit) for unit in units]
        if number == 0 and self.announce is not None:
            self.announce(self.asked.calls.estimate(requests[:_SAMPLE], len(requests)))
        replies = self.asked.ask(requests, what, keep=bool(self.items))
        self.reasons = Counter()
        missing: Counter[int] = Counter()
        taken: list[Item] = []
        for unit, reply in zip(units, replies, strict=True):
            items, reasons = self._read(unit, reply)
            taken += items
            lost = unit.count - len(items)
            missing[unit.place] += lost
            self.reasons.update((reasons + [_FEWER] * lost)[:lost])
        self._accept(taken)
        return {place: count for place, count in missing.items() if count}

    def _accept(self, items: list[Item]) -> None:
        if self.check is not None and items:
            self.check(items)
        for item in items:
            self._tally["originals"] += item.kind == "original"
            if isinstance(self.plan, ByChunk):
                self.plan.yielded[item.unit.place] += 1
        self.items += items

    def _request(self, unit: Unit) -> Request:
        if self.mode == "extractive":
            said = [" ".join(self.passages.slice(passage).split()) for passage in unit.evidence]
            english = _ENGLISH.holds(self.passages.text(unit.chunks[0])) is True
            return self.prompts.one(unit.path, said, unit.concepts, english=english)
        keys = ("text",) if len(unit.chunks) == 1 else ("first", "second")
        data: dict[str, Json] = {key: self.passages.text(chunk) for key, chunk in zip(keys, unit.chunks, strict=True)}
        known = [item.question for item in self.items if item.unit.chunks == unit.chunks][-_MOST_KNOWN:]
        data |= {"concepts": list(unit.concepts)} if unit.concepts else {}
        data |= {"known": known} if known else {}
        data |= {"from": unit.begins} if unit.begins else {}
        return self.prompts.quoted(unit.path, unit.count, data)

    def _read(self, unit: Unit, reply: Reply | None) -> tuple[list[Item], list[str]]:
        """The items a reply gives, and why others in it can't be had."""
        if reply is None:
            return [], [self.asked.stopped or "the model gave no reply"] * unit.count
        if reply.finish == "error":
            return [], [f"the model failed: {reply.error or 'no reason given'}"] * unit.count
        items: list[Item] = []
        reasons: list[str] = []
        for candidate, evidence in self._candidates(unit, reply):
            if len(items) == unit.count:
                self._tally["surplus"] += 1
                continue
            reason = self._refuse(candidate, evidence)
            if reason:
                reasons.append(reason)
            else:
                items.append(Item(unit, candidate.question, candidate.answer, evidence, self._kind(unit, candidate), reply))
        if not items and not reasons:
            self._tally["unreadable"] += 1
            cut = reply.finish == "length"
            reasons = ["the reply was cut before its first question ended" if cut else "the reply holds no question"] * unit.count
        if not items:
            self.asked.calls.discard(reply, reasons[0])
        return items, reasons

    def _candidates(self, unit: Unit, reply: Reply) -> Iterator[tuple[Candidate, tuple[Evidence, ...]]]:
        if self.mode == "quoted":
            for candidate in read_candidates(reply.text):
                yield candidate, tuple(self._found(unit, candidate.quotes))
            return
        question = one_question(reply)
        if question:
            evidence = tuple(Evidence(passage, self.passages.slice(passage)) for passage in unit.evidence)
            answer = " ".join(" ".join(found.text.split()) for found in evidence)
            yield Candidate(question, answer if self.prompts.answers else ""), evidence

    def _found(self, unit: Unit, quotes: Sequence[str]) -> Iterator[Evidence]:
        """The first quotation of each chunk that is in it."""
        for number in unit.chunks:
            chunk = self.passages.chunks[number]
            text = self.passages.corpus.documents[chunk.document].text
            places = (locate(text, quote, chunk.start, chunk.end) for quote in quotes)
            place = next((found for found in places if found is not None), None)
            if place is not None:
                yield Evidence(Passage(chunk.document, *place), text[place[0] : place[1]])

    def _refuse(self, candidate: Candidate, evidence: tuple[Evidence, ...]) -> str:
        reason = unusable(candidate, answers=self.prompts.answers)
        if not reason and self.mode == "extractive":
            reason = about_the_text_itself(candidate.question, " ".join(found.text for found in evidence))
        if reason:
            self._tally["unusable"] += 1
            return reason
        if self.language is not None and self.language.holds(candidate.question) is False:
            self._tally["other_language"] += 1
            return f"the question is not in {self.language.name}"
        if not evidence:
            self._tally["quotations_not_found"] += 1
            if not self.keep_unfound:
                return _NOT_FOUND
        return self.screening.refuse(candidate.question, candidate.answer)

    def _kind(self, unit: Unit, candidate: Candidate) -> str:
        """``original`` only if the text does ask it."""
        if candidate.kind != "original":
            return "new"
        chunk = self.passages.chunks[unit.chunks[0]]
        text = self.passages.corpus.documents[chunk.document].text
        return "new" if locate(text, candidate.question, chunk.start, chunk.end) is None else "original"
