"""Rows as they come to be: slots are asked for in calls, replies read line by line, and what is missing asked for again.

::

    slots ──► calls of 15 ──► replies ──► lines ──► rows ──► a slot each
      ▲                                               │
      └───────── asked again, at most twice ◄─────────┘  unreadable, breaks a rule, equals a row shown

The first five calls are a round of their own: if not one row comes of them, the rest isn't asked for. Every round is
read in the order of its calls, so that what comes out doesn't depend on the order in which replies arrive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from synthnb._random import LARGEST_SEED, generator
from synthnb.engines.llm.stopping import replies_while_they_come
from synthnb.engines.rows.examples import Pool, balanced, residual
from synthnb.engines.rows.fields import At, Unreadable
from synthnb.engines.rows.lines import Layout, lines_of
from synthnb.engines.rows.prompts import SYSTEM, prompt
from synthnb.errors import ModelError
from synthnb.models.base import Reply, Request

if TYPE_CHECKING:
    import numpy as np

    from synthnb._canonical import Json
    from synthnb.engines.base import Progress
    from synthnb.engines.rows.quotas import Quotas
    from synthnb.models.calls import Calls
    from synthnb.models.limits import Estimate

__all__ = ["ASK_AGAIN", "Asking", "Writing"]

ASK_AGAIN = 2
"""Times a row that didn't come, or may not stand, is asked for again."""

_FIRST_CALLS = 5
_ROUNDS = 5
_COPY = "it equals a row that was shown"
_UNFILLED = "the model wrote fewer rows than it was asked for"
_OVER = "it was one too many of its quota"

Values = tuple[At | None, ...]


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What every call has in common."""

    layout: Layout
    """The fields of a line."""
    quotas: Quotas
    """What is fixed for each slot."""
    columns: str
    """What the prompt says of the columns."""
    description: str
    """The user's own words."""
    pool: Pool | None
    """The rows that may be shown; None where none is."""
    examples: int
    """Rows shown in a call."""
    real: bool
    """Whether they are real rows, which mustn't come back."""
    choose: str
    """How they are chosen: ``balanced`` or ``residual``."""
    classes: tuple[int, ...]
    """Places of the columns whose classes are balanced."""
    per_call: int
    """Rows asked for in a call."""
    seed: int
    """The run's."""
    grammar: bool
    """Whether the model follows a grammar."""
    max_tokens: int
    """For one row."""
    temperature: float
    """How freely words are chosen."""
    top_p: float
    """Only the likeliest words that together have this probability are considered."""

    def request(self, slots: Sequence[int], unit: tuple[int, int], written: Sequence[Values]) -> tuple[Request, list[int]]:
        """The request for some slots, and which rows of the pool it shows."""
        rng = generator(self.seed, "rows", "call", *unit)
        blocks = self._examples(rng, written)
        fixed = [self.quotas.fixed(slot) for slot in slots]
        pool = self.pool
        shown = [] if pool is None else [[pool.values[row] for row in block] for block in blocks]
        request = Request(
            prompt=prompt(self.layout, self.columns, description=self.description, examples=shown, fixed=fixed),
            system=SYSTEM,
            max_tokens=self.max_tokens * len(slots) + 16,
            temperature=self.temperature,
            top_p=self.top_p,
            seed=int(rng.integers(LARGEST_SEED + 1)),
            grammar=self.layout.grammar(fixed) if self.grammar else "",
        )
        return request, [row for block in blocks for row in block]

    def _examples(self, rng: np.random.Generator, written: Sequence[Values]) -> list[list[int]]:
        if self.pool is None:
            return []
        if self.choose == "residual":
            return residual(self.pool, self.examples, rng, written)
        return balanced(self.pool, self.examples, rng, self.classes)


class _Made(NamedTuple):
    """A row that fills a slot."""

    values: Values
    reply: Reply


@dataclass
class Writing:
    """The rows of a run as they come to be.

    Raises
    ------
    ModelError
        The model failed, or wrote not one readable row, before there was any.
    """

    asking: Asking
    calls: Calls
    may_not_stand: Callable[[Sequence[Values]], list[str]]
    """Per row, why it may not stand; empty where it may."""
    progress: Progress
    made: list[_Made | None] = field(init=False)
    """By slot: the row, or None."""
    interrupted: bool = False
    """The user stopped it."""
    shown: set[int] = field(default_factory=set)
    """Rows of the pool that were shown."""
    tally: Counter[str] = field(default_factory=Counter)
    """Figures of the run."""

    def __post_init__(self) -> None:
        slots = len(self.asking.quotas.slots)
        self.made = [None] * slots
        self._reasons = [""] * slots
        self._shown_lines: set[str] = set()
        self._failure = ""

    def run(self, announce: Callable[[Estimate], None] | None = None) -> None:
        """Write every row; slots that stay empty keep the reason. What it is going to use is announced before any call."""
        try:
            self._announce(announce)
            self._run()
        except KeyboardInterrupt:
            self.interrupted = True
        late = self._failure or ("interrupted" if self.interrupted else self.calls.stopped or "the model gave no reply")
        self._reasons = [known or late for known in self._reasons]

    @property
    def explained(self) -> list[dict[str, Json]]:
        """How many rows there aren't, by reason."""
        missing = Counter(reason for made, reason in zip(self.made, self._reasons, strict=True) if made is None)
        return [{"count": count, "reason": reason} for reason, count in missing.most_common()]

    def _run(self) -> None:
        number = 0
        for attempt in range(ASK_AGAIN + 1):
            slots = [slot for slot, made in enumerate(self.made) if made is None]
            self.tally["rows_asked_again"] += len(slots) if attempt else 0
            calls = self._cut(slots)
            number = 0
            for some in self._rounds(calls, attempt):
                self._round(some, attempt, number)
                number += len(some)
                if self._failure or self.calls.stopped:
                    return
                if attempt == 0 and number < len(calls):
                    self._refuse_nothing(number)
        self._refuse_nothing(number)

    def _announce(self, announce: Callable[[Estimate], None] | None) -> None:
        if announce is None:
            return
        calls = self._cut(list(range(len(self.made))))
        sample = [self.asking.request(slots, (0, at), [])[0] for at, slots in enumerate(calls[:_FIRST_CALLS])]
        announce(self.calls.estimate(sample, len(calls)))

    def _cut(self, slots: list[int]) -> list[list[int]]:
        """Slots in calls, those of a call in the order of their quotas."""
        size = self.asking.per_call
        each = [slots[start : start + size] for start in range(0, len(slots), size)]
        return [sorted(some, key=lambda slot: (self.asking.quotas.slots[slot], slot)) for some in each]

    def _rounds(self, calls: list[list[int]], attempt: int) -> Iterator[list[list[int]]]:
        """Calls in rounds, each of which knows what came of those before it."""
        first, rest = (calls[:_FIRST_CALLS], calls[_FIRST_CALLS:]) if attempt == 0 else ([], calls)
        parts = _ROUNDS if self.asking.choose == "residual" and self.asking.pool is not None else 1
        cuts = [first, *(rest[at * len(rest) // parts : (at + 1) * len(rest) // parts] for at in range(parts))]
        return (some for some in cuts if some)

    def _round(self, calls: list[list[int]], attempt: int, number: int) -> None:
        written = [made.values for made in self.made if made is not None]
        requests = []
        for at, slots in enumerate(calls):
            request, rows = self.asking.request(slots, (attempt, number + at), written)
            requests.append(request)
            self._show(rows)
        replies: dict[int, Reply] = {}
        try:
            with replies_while_they_come(self.calls, requests, begun=lambda: any(self.made), broken=self._break) as arriving:
                for position, reply in arriving:
                    replies[position] = reply
                    self._tell(sum(len(calls[at]) for at in replies), attempt)
        finally:
            for position in sorted(replies):
                self._take(calls[position], replies[position], last=attempt == ASK_AGAIN)

    def _show(self, rows: list[int]) -> None:
        pool = self.asking.pool
        if pool is not None:
            self.shown.update(rows)
            self._shown_lines.update(pool.lines[row] for row in rows if self.asking.real and pool.is_uncommon(row))

    def _tell(self, here: int, attempt: int) -> None:
        total = len(self.made)
        done = min(total, sum(made is not None for made in self.made) + here)
        verb = "asking again for rows" if attempt else "writing rows"
        self.progress(done, total, f"{verb} ({self.calls.pace(done, total)})")

    def _break(self, reason: str) -> None:
        self._failure = reason

    def _take(self, slots: list[int], reply: Reply, *, last: bool) -> None:
        """Fill slots from a reply, in order; those left empty get the reasons."""
        rows, reasons = self._rows(reply)
        pending = [slot for slot in slots if self.made[slot] is None]
        for values in rows:
            slot = self._slot_for(values, pending, last=last)
            if slot is None:
                reasons.append(_OVER)
                self.tally["rows_over_quota"] += 1
            else:
                pending.remove(slot)
                self.made[slot] = _Made(values, reply)
        if len(pending) == len(slots) and reply.finish != "error":
            self.calls.discard(reply, Counter(reasons).most_common(1)[0][0] if reasons else _UNFILLED)
        usual = _UNFILLED if rows or not reasons else Counter(reasons).most_common(1)[0][0]
        for slot, reason in zip(pending, [*reasons, *[usual] * len(pending)], strict=False):
            self._reasons[slot] = reason

    def _slot_for(self, values: Values, pending: list[int], *, last: bool) -> int | None:
        fits = (slot for slot in pending if self.asking.layout.meets(values, self.asking.quotas.fixed(slot)))
        found = next(fits, None)
        if found is None and last and pending:
            self.tally["rows_off_quota"] += 1
            return pending[0]
        return found

    def _rows(self, reply: Reply) -> tuple[list[Values], list[str]]:
        """Rows of a reply that may stand, in its order, and why the others may not."""
        if reply.finish == "error":
            return [], [f"the model failed: {reply.error or 'no reason given'}"]
        candidates, reasons = [], []
        for line in lines_of(reply.text, self.asking.layout.header, whole=reply.finish == "stop"):
            values, reason = self._read(line)
            if values is not None and self.asking.layout.spell(values) in self._shown_lines:
                values, reason = None, _COPY
                self.tally["copies_discarded"] += 1
            candidates += [values] if values is not None else []
            reasons += [reason] if reason else []
        against = self.may_not_stand(candidates) if candidates else []
        self.tally["rows_against_rules"] += sum(map(bool, against))
        reasons += [reason for reason in against if reason]
        return [values for values, reason in zip(candidates, against, strict=True) if not reason], reasons

    def _read(self, line: str) -> tuple[Values | None, str]:
        """The values of a line; a cell that can't be read is missing where its column allows it, else the row is refused."""
        layout = self.asking.layout
        try:
            found = layout.read(line)
        except Unreadable as error:
            self.tally["lines_unreadable"] += 1
            return None, str(error)
        beyond = [at for at in found.failed if not layout.optional[at]]
        if beyond:
            self.tally["lines_unreadable"] += 1
            return None, f"the field {layout.names[beyond[0]]} held no value of its column"
        if len(found.failed) == len(layout.fields):
            self.tally["lines_unreadable"] += 1
            return None, "not one field held a value of its column"
        self.tally["cells_made_missing"] += len(found.failed)
        self.tally["cells_repaired"] += found.repaired
        return found.values, ""

    def _refuse_nothing(self, asked: int) -> None:
        """Stop when not one row came of the first calls: the cause isn't in the rows."""
        if any(self.made):
            return
        reason = Counter(filter(None, self._reasons)).most_common(1)[0][0]
        raise ModelError(
            f"Of {asked:,} calls, the model {self.calls.model.info.id} wrote no row that could be used: {reason}.",
            fix="Choose a more capable model, describe the table in a sentence instead, or use an engine that is fitted.",
        )
