"""One text per row: ask, check, ask again where it is worth it, and account for what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from synthnb._random import LARGEST_SEED, generator
from synthnb.engines.llm.prompts import SYSTEM, Template
from synthnb.engines.llm.texts import read_reply
from synthnb.errors import ModelError, SynthnbError
from synthnb.models.base import Model, Reply, Request

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.base import Progress

__all__ = ["Asking", "Writing"]

ASK_AGAIN = 2
"""Times a row whose reply was empty, declined or unfinished is asked again."""

_GIVE_UP_AFTER = 5


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What every row's request has in common."""

    name: str
    template: Template
    seed: int
    max_tokens: int
    temperature: float
    top_p: float
    repeat_penalty: float

    def request(self, row: Mapping[str, object], position: int, attempt: int) -> Request:
        """The request for one row; each attempt has a seed of its own."""
        drawn = generator(self.seed, "column", self.name, "row", position, "attempt", attempt)
        return Request(
            prompt=self.template.prompt(row),
            system=SYSTEM,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            repeat_penalty=self.repeat_penalty,
            seed=int(drawn.integers(LARGEST_SEED + 1)),
        )


@dataclass
class Writing:
    """The texts of a column as they come to be.

    Raises
    ------
    ModelError
        The model failed before it wrote anything, or on each of the first rows.
    """

    asking: Asking
    model: Model
    rows: Sequence[Mapping[str, object]]
    progress: Progress
    texts: list[str | None] = field(init=False)
    """A text or None for each row."""
    interrupted: bool = False
    """The user stopped it."""
    returned: set[str] = field(default_factory=set)
    """Names by which the model called itself in its replies."""

    def __post_init__(self) -> None:
        self.texts = [None] * len(self.rows)
        self._reasons = [""] * len(self.rows)
        self._failed: set[int] = set()
        self._failure = ""
        self._tally: Counter[str] = Counter()

    def run(self) -> None:
        """Write every row; rows that get no text keep the reason."""
        try:
            self._run()
        except KeyboardInterrupt:
            self.interrupted = True
        reason = self._failure or ("interrupted" if self.interrupted else "the model gave no reply")
        self._reasons = [known or reason for known in self._reasons]

    @property
    def counts(self) -> dict[str, int]:
        """Tokens, rows asked again, texts cut short, and texts that are still the same as another row's."""
        names = ("tokens_in", "tokens_out", "asked_again", "cut_short")
        return {name: self._tally[name] for name in names} | {"duplicates_left": len(self._duplicates())}

    @property
    def explained(self) -> list[dict[str, Json]]:
        """How many rows have no text, by reason."""
        missing = Counter(reason for text, reason in zip(self.texts, self._reasons, strict=True) if text is None)
        return [{"count": count, "reason": reason} for reason, count in missing.most_common()]

    def _run(self) -> None:
        pending: Iterable[int] = range(len(self.rows))
        for attempt in range(ASK_AGAIN + 1):
            self._round(list(pending), attempt, "writing" if attempt == 0 else "asking again for")
            pending = [i for i, text in enumerate(self.texts) if text is None and i not in self._failed]
        self._round(self._duplicates(), ASK_AGAIN + 1, "asking again for duplicates in")

    def _round(self, positions: list[int], attempt: int, verb: str) -> None:
        if not positions or self._failure:
            return
        what = f"{verb} {self.asking.name}"
        requests = [self.asking.request(self.rows[i], i, attempt) for i in positions]
        self.progress(0, len(positions), what)
        with self._replies(requests) as replies:
            for done, (index, reply) in enumerate(replies, 1):
                self._tally["asked_again"] += attempt > 0
                self._take(positions[index], reply)
                self._give_up_early()
                self.progress(done, len(positions), what)

    @contextmanager
    def _replies(self, requests: list[Request]) -> Iterator[Iterator[tuple[int, Reply]]]:
        """The model's replies; its exceptions are translated here, and an interrupt stops it at once."""
        replies = self.model.write(requests)
        try:
            yield replies
        except KeyboardInterrupt:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a provider throws, what is written must survive
            self._break_off(error)
        finally:
            if close := getattr(replies, "close", None):
                close()

    def _break_off(self, error: Exception) -> None:
        if not any(self.texts):
            if isinstance(error, SynthnbError):
                raise error
            raise ModelError(
                f"The model {self.model.info.id} failed: {type(error).__name__}: {error}.", fix="Try again or choose another model."
            ) from error
        self._failure = f"the model failed: {error}".rstrip(".")

    def _take(self, position: int, reply: Reply) -> None:
        self.returned.add(reply.model)
        self._tally["tokens_in"] += reply.tokens_in
        self._tally["tokens_out"] += reply.tokens_out
        found = read_reply(reply)
        if reply.finish == "error":
            self._failed.add(position)
        if found.text is None:
            self._reasons[position] = found.reason
            return
        self._tally["cut_short"] += found.cut
        self.texts[position] = found.text

    def _give_up_early(self) -> None:
        """Stop when every row so far has failed: the cause isn't in the rows."""
        if len(self._failed) >= min(_GIVE_UP_AFTER, len(self.rows)) and not any(self.texts):
            reason = self._reasons[min(self._failed)]
            raise ModelError(
                f"None of the first {len(self._failed)} rows got a text: {reason}.", fix="Correct that, or choose another model."
            )

    def _duplicates(self) -> list[int]:
        seen: set[str] = set()
        found = []
        for position, text in enumerate(self.texts):
            if text in seen:
                found.append(position)
            elif text is not None:
                seen.add(text)
        return found
