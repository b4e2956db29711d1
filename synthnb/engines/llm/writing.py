"""The texts of a run: ask, check, ask again where it is worth it, and account for what is missing.

::

    round 0      all texts, several a call where the model is able to
    round 1, 2   alone: those without a text or with something wrong
    then         alone, warmer: those that repeat an earlier one

What repeats what is decided after each round, over the positions in order, so that
it doesn't depend on which reply came first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from synthnb._identifiers import find_identifiers
from synthnb._novelty import Grams, Known, longest_run
from synthnb.engines.llm.asking import PROBLEMS, Asking, texts_a_call
from synthnb.engines.llm.stopping import replies_while_they_come
from synthnb.errors import ModelError

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.base import Progress
    from synthnb.engines.llm.texts import Text
    from synthnb.models.base import Reply
    from synthnb.models.calls import Calls, Estimate

__all__ = ["Writing"]

_GIVE_UP_AFTER = 5
_PILOT_CALLS = 2
_READABLE = 0.8
_SAMPLE = 10
_PREVIEW = 5
_COPIED_WORDS = 8
_REPEATS = "the text repeats another, or an example"


@dataclass(frozen=True)
class _Taken:
    """A text that a position has for now."""

    text: str
    problems: tuple[str, ...]
    cut: bool
    call: int
    """Which of the run's replies it came in."""


@dataclass
class Writing:
    """The texts as they come to be.

    Raises
    ------
    ModelError
        The model failed before it wrote anything, or on each of the first texts.
    """

    asking: Asking
    calls: Calls
    progress: Progress
    interrupted: bool = False
    """The user stopped it."""
    returned: set[str] = field(default_factory=set)
    """Names by which the model called itself in its replies."""
    per_call: int = 1
    """Texts asked for in one call at first."""
    notes: list[str] = field(default_factory=list)
    """Sentences the reader of the run should see."""

    def __post_init__(self) -> None:
        count = self.asking.count
        self._taken: list[_Taken | None] = [None] * count
        self._reasons = [""] * count
        self._failed: set[int] = set()
        self._lost: set[int] = set()
        self._failure = ""
        self._tally: Counter[str] = Counter()
        self._replies: list[Reply] = []
        self._left_out: dict[int, str] = {}
        self._known = Known(self.asking.threshold)
        self._theirs = Grams(self.asking.examples)
        for example in self.asking.examples:
            self._known.add(example)
        self._settled: set[int] = set()
        self._repeats: dict[int, str] = {}
        self._instead: dict[int, _Taken] = {}

    def run(self, announce: Callable[[Estimate], None] | None = None) -> None:
        """Write every text; positions that get none keep the reason. The first round's estimate is announced before any call."""
        try:
            self._run(announce)
        except KeyboardInterrupt:
            self.interrupted = True
        self._settle(last=True)
        left = self._failure or ("interrupted" if self.interrupted else "")
        left = left or (f"not asked for: {self.calls.stopped}" if self.calls.stopped else "the model gave no reply")
        self._reasons = [self._refused(i) or known or left for i, known in enumerate(self._reasons)]

    @property
    def texts(self) -> list[str | None]:
        """A text or None for each position."""
        return [taken.text if taken is not None and not self._refused(i) else None for i, taken in enumerate(self._taken)]

    @property
    def counts(self) -> dict[str, int]:
        """Tokens, texts asked for again, and how many of those delivered have which flaw."""
        kept = {
            i: taken for i, (taken, text) in enumerate(zip(self._taken, self.texts, strict=True)) if taken is not None and text is not None
        }
        flaws = Counter(problem for taken in kept.values() for problem in taken.problems)
        repeats = Counter(self._repeats[i] for i in kept if i in self._repeats)
        found = [one.direct for taken in kept.values() for one in find_identifiers(taken.text)]
        made = {name: self._tally[name] for name in ("tokens_in", "tokens_out", "asked_again")}
        made["cut_short"] = sum(taken.cut for taken in kept.values())
        made |= {f"{kind}_left": repeats[kind] for kind in ("duplicates", "near_duplicates")}
        if self.asking.examples:
            made["copies_of_examples_left"] = repeats["copies_of_examples"]
        made |= {f"wrong_{problem}": self._tally[f"wrong_{problem}"] for problem in self.asking.checks}
        made |= {f"wrong_{problem}_left": flaws[problem] for problem in self.asking.checks if problem not in self.asking.hard}
        if self.per_call > 1:
            made["unreadable_in_a_shared_reply"] = self._tally["unreadable"]
        made["long_runs_of_the_instruction"] = sum(
            longest_run(taken.text, self.asking.own_words) >= _COPIED_WORDS for taken in kept.values()
        )
        return made | {"identifiers_in_texts": sum(found)}

    @property
    def explained(self) -> list[dict[str, Json]]:
        """How many positions have no text, by reason."""
        missing = Counter(reason for text, reason in zip(self.texts, self._reasons, strict=True) if text is None)
        return [{"count": count, "reason": reason} for reason, count in missing.most_common()]

    def reason(self, position: int) -> str:
        """Why a position has no text."""
        return self._reasons[position]

    def close_account(self, run: str) -> None:
        """Tell the account which reply each text came of, and which replies nothing came of."""
        used = set()
        for position, (taken, text) in enumerate(zip(self._taken, self.texts, strict=True)):
            if taken is None:
                continue
            if text is None:
                self._left_out[taken.call] = self._reasons[position]
            else:
                used.add(taken.call)
                self.calls.used(self._replies[taken.call], run=run, unit=f"row:{position}")
        for number, reply in enumerate(self._replies):
            if number not in used and reply.finish != "error":
                self.calls.discard(reply, self._left_out.get(number, "another reply took its place"))

    def _run(self, announce: Callable[[Estimate], None] | None) -> None:
        again, for_repeats = self.asking.again, self.asking.again_for_repeats
        self._first_round(announce)
        for attempt in range(1, again + 1):
            self._settle()
            self._round([[i] for i, taken in enumerate(self._taken) if self._is_wanting(i, taken)], attempt, "asking again for")
        self._settle(last=True)
        for attempt in range(again + 1, again + for_repeats + 1):
            self._round([[i] for i in sorted(self._repeats)], attempt, "asking again for duplicates in")
            self._settle(last=True)

    def _is_wanting(self, position: int, taken: _Taken | None) -> bool:
        return position not in self._failed if taken is None else bool(taken.problems)

    def _first_round(self, announce: Callable[[Estimate], None] | None) -> None:
        """All texts. Where the number for each call is ours to choose, two calls show first whether the model can do it."""
        info = self.calls.model.info
        self.per_call = self.asking.per_call or texts_a_call(self.asking, info)
        if self.asking.lines and not info.schemas:
            self.per_call = 1  # numbered lines can't hold texts of several lines
        groups = _grouped(range(self.asking.count), self.per_call)
        if announce is not None:
            announce(self.calls.estimate([self.asking.request(group, 0, info) for group in groups[:_SAMPLE]], len(groups)))
        if self.asking.per_call is None and self.per_call > 1 and len(groups) > _PILOT_CALLS:
            self._round(groups[:_PILOT_CALLS], 0, "writing")
            groups = self._after_pilot(groups)
        self._round(groups, 0, "writing")

    def _after_pilot(self, groups: list[list[int]]) -> list[list[int]]:
        """The calls still to make: for one text each if too few of the first could be read, or told of another's row."""
        tried = [i for group in groups[:_PILOT_CALLS] for i in group if i not in self._lost]
        if self.calls.stopped or self._failure:
            return groups[_PILOT_CALLS:]  # none of them will be asked for
        if not tried:
            self.notes.append(
                f"The first {_PILOT_CALLS} calls, for up to {self.per_call} texts each, failed; the others were for one text each."
            )
            return [[i] for group in groups[_PILOT_CALLS:] for i in group]
        taken = [self._taken[i] for i in tried]
        readable = sum(one is not None and "value" not in one.problems for one in taken) / len(tried)
        if readable >= _READABLE:
            return groups[_PILOT_CALLS:]
        self.notes.append(
            f"Of the first {len(tried)} texts, asked for up to {self.per_call} a call, {readable:.0%} could be read and were their row's; "
            "the others were asked for one by one."
        )
        return [[i] for group in groups[_PILOT_CALLS:] for i in group]

    def _round(self, groups: list[list[int]], attempt: int, verb: str) -> None:
        if not groups or self._failure or self.calls.stopped:
            return
        what, total, done = f"{verb} {self.asking.name}", sum(map(len, groups)), 0
        requests = [self.asking.request(group, attempt, self.calls.model.info) for group in groups]
        self.progress(0, total, what)
        with replies_while_they_come(self.calls, requests, begun=lambda: any(self._taken), broken=self._break) as replies:
            for index, reply in replies:
                self._tally["asked_again"] += attempt > 0
                self._take(groups[index], reply)
                self._give_up_early()
                done += len(groups[index])
                self.progress(done, total, f"{what}: {self.calls.pace(done, total)}")

    def _break(self, reason: str) -> None:
        self._failure = reason

    def _take(self, group: list[int], reply: Reply) -> None:
        if reply.model:
            self.returned.add(reply.model)
        self._tally["tokens_in"] += reply.tokens_in
        self._tally["tokens_out"] += reply.tokens_out
        self._replies.append(reply)
        if reply.finish == "error":
            (self._failed if len(group) == 1 else self._lost).update(group)
        for position, found in zip(group, self.asking.read(group, reply), strict=True):
            if found.text is None:
                self._tally["unreadable"] += len(group) > 1
                self._leave_out(position, found.reason)
            else:
                self._weigh(position, _Taken(found.text, self._wrong(position, found), found.cut, len(self._replies) - 1))

    def _wrong(self, position: int, found: Text) -> tuple[str, ...]:
        problems = self.asking.problems(position, found.text or "")
        self._tally.update(f"wrong_{problem}" for problem in problems)
        return problems

    def _leave_out(self, position: int, reason: str) -> None:
        self._left_out.setdefault(len(self._replies) - 1, reason)
        if self._taken[position] is None:
            self._reasons[position] = reason

    def _weigh(self, position: int, new: _Taken) -> None:
        """Take a text where there is none yet, or where it has fewer flaws; for one that repeats another, wait until all are there."""
        old = self._taken[position]
        if position in self._repeats:
            self._instead[position] = new
        elif old is None or len(new.problems) < len(old.problems):
            self._taken[position] = new
        else:
            self._left_out.setdefault(new.call, PROBLEMS[new.problems[0]])

    def _settle(self, *, last: bool = False) -> None:
        """Decide what repeats what, in the positions' order; texts that may still be replaced wait for the last time."""
        for position, taken in enumerate(self._taken):
            if position in self._settled or taken is None or (taken.problems and not last):
                continue
            new = self._instead.pop(position, taken) if position in self._repeats else taken
            kind = self._repeated(new.text)
            if kind is None and len(new.problems) <= len(taken.problems):
                self._taken[position] = new
                self._known.add(new.text)
                self._settled.add(position)
                self._repeats.pop(position, None)
            elif new is taken and kind is not None:
                self._repeats[position] = kind
            else:
                self._left_out.setdefault(new.call, _REPEATS if kind else PROBLEMS[new.problems[0]])

    def _repeated(self, text: str) -> str | None:
        if self._theirs.share(text):
            return "copies_of_examples"
        match = self._known.nearest(text)
        if match is None:
            return None
        if match.number < len(self.asking.examples):
            return "copies_of_examples"
        return "duplicates" if match.jaccard == 1 else "near_duplicates"

    def _refused(self, position: int) -> str:
        """Why a text that is there isn't delivered; empty if it is."""
        taken = self._taken[position]
        flaws = [problem for problem in (taken.problems if taken else ()) if problem in self.asking.hard]
        if flaws:
            return PROBLEMS[flaws[0]]
        return _REPEATS if position in self._repeats and "repeats" in self.asking.hard else ""

    def _give_up_early(self) -> None:
        """Stop when every text of a short run has failed: the cause isn't in the texts."""
        if len(self._failed) >= min(_GIVE_UP_AFTER, self.asking.count) and not any(self._taken):
            reason = self._reasons[min(self._failed)]
            raise ModelError(
                f"None of the first {len(self._failed)} rows got a text: {reason}.", fix="Correct that, or choose another model."
            )


def _grouped(positions: range, size: int) -> list[list[int]]:
    """Positions by call. The first call has five at most, as a preview of five has: its reply serves both."""
    first = min(size, _PREVIEW)
    return [list(positions[:first]), *(list(positions[start : start + size]) for start in range(first, len(positions), size))]
