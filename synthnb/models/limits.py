"""What a run may use, what it has used, and what a call is going to use.

::

    used + in flight + the next call ≤ limit       it is made
    used + in flight + the next call > limit       it waits until those in flight are done
    used             + the next call > limit       the run stops

A call in flight counts with the most it may use; once done, with what the model says it used. Where tokens or
money are limited the first call is made alone, for a provider may count much that isn't in the prompt. From its
reply on, a prompt of ``s`` bytes is taken to be read as at most

    min over the sizes seen  of  t + max(0, s - b) + min(t, s)/4 + 64

tokens, where t and b are the most tokens and the most bytes of the calls of a size (between two powers of 2).
Whatever the provider adds to each prompt is in ``t`` already, and a token has at least one byte. A quarter and 64
allow for texts that are denser than those before.
"""

from __future__ import annotations

import json
import math
import threading
import time
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from synthnb.errors import OptionError, shown
from synthnb.models import energy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from synthnb._canonical import Json
    from synthnb.models.base import ModelInfo, Reply, Request

__all__ = ["Estimate", "Held", "Limits", "Meter", "cost", "span"]

_FRAME = 64
"""Tokens that a chat template and a default system prompt add, about."""
_TOKENS_A_BYTE = 0.25
"""Of English prose, roughly; replaced by what is seen."""
_MOST_TOKENS_A_BYTE = 0.5
"""Before anything is seen."""
_SPARE = 0.25
"""How much denser than before a text may be."""
_LONGER = 1.5
"""A call is taken to last so many times the mean of those before it."""
_WORDS = {"tokens": "tokens", "money": "US dollars", "seconds": "seconds", "watt_hours": "watt-hours"}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a run may use at most; None sets no limit, and 0 allows only replies that are kept already.

    Raises
    ------
    OptionError
        A limit isn't a number from 0 on.
    """

    tokens: int | None = None
    """Read and written together."""
    money: float | None = None
    """US dollars."""
    seconds: float | None = None
    """Of wall time, from the first call on; a call in flight is let finish."""
    watt_hours: float | None = None
    """Of energy, as estimated."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf):
                raise OptionError(
                    f"A limit on {_WORDS[field.name]} must be a number from 0 on; got {shown(value)}.",
                    fix="Correct it, or leave it out to set no limit.",
                )

    def to_dict(self) -> dict[str, Json]:
        """The limits that are set."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What calls are going to use, about."""

    calls: int
    """How many."""
    tokens_in: int
    """Read."""
    tokens_out: int
    """Written; the most there can be, where nothing was seen of the model yet to judge by."""
    money: float | None
    """US dollars; None where the price isn't known."""
    seconds: float | None
    """Of wall time; None where nothing was seen of the model's speed yet."""
    watt_hours: float | None
    """Of energy; None where it can't be estimated."""

    def to_dict(self) -> dict[str, Json]:
        """The fields as plain JSON types."""
        return asdict(self)

    def __str__(self) -> str:
        said = [
            f"{self.calls:,} call{'' if self.calls == 1 else 's'}",
            f"about {self.tokens_in + self.tokens_out:,} tokens",
            cost(self.money),
        ]
        if self.seconds is not None:
            said.append(span(self.seconds))
        if self.watt_hours is not None:
            said.append(f"{self.watt_hours:.2g} Wh (estimated)")
        return ", ".join(filter(None, said))


def span(seconds: float) -> str:
    """A length of time in words: ``40 s``, ``12 min``, ``3.5 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def cost(money: float | None) -> str:
    """An amount of US dollars in words; empty for nothing."""
    if money is None:
        return "price not known"
    return "" if not money else f"${money:,.2f}" if money >= 0.1 else f"${money:.2g}"


@dataclass(frozen=True, kw_only=True)
class Held:
    """What is set aside for a call in flight."""

    tokens: float
    """The most it may read and write."""
    money: float
    """What these cost; 0 where the price isn't known."""
    size: int
    """Bytes of its prompt, and of its schema and grammar where the model may read them."""
    max_tokens: int
    """The most it was asked to write."""


class Meter:
    """What the calls of a run have used; safe to use from several threads.

    Raises
    ------
    OptionError
        There is a limit on money or energy, and this model's can't be known.
    """

    def __init__(self, info: ModelInfo, limits: Limits) -> None:
        self._info, self._limits = info, limits
        self._lock = threading.Lock()
        self._replies = self._written = 0
        self._busy = 0.0
        self._bytes = self._read = 0
        self._seen: dict[int, tuple[int, int]] = {}
        self._overlong = 0
        self._held = {"tokens": 0.0, "money": 0.0}
        self._began: tuple[float, float] | None = None
        self._ended = (0.0, 0.0)
        self.tokens_in = 0
        """Tokens read."""
        self.tokens_out = 0
        """Tokens written."""
        self._first_is_alone = limits.tokens is not None or limits.money is not None
        self._refuse_what_cannot_be_known()

    @property
    def money(self) -> float | None:
        """US dollars used; None where the price isn't known."""
        return self._price(self.tokens_in, self.tokens_out)

    @property
    def seconds(self) -> float:
        """From the first call to the last reply."""
        return 0.0 if self._began is None else self._ended[0] - self._began[0]

    @property
    def watt_hours(self) -> float | None:
        """Energy used, as estimated; None where it can't be."""
        if not energy.is_known(self._info):
            return None
        return 0.0 if self._began is None else energy.watt_hours(self._ended[1] - self._began[1])

    @property
    def calls_a_second(self) -> float:
        """Replies in a second of wall time, so far; 0 before the first."""
        return self._replies / self.seconds if self._replies and self.seconds > 0 else 0.0

    def reserve(self, request: Request) -> Held | str | None:
        """Set aside the most that a call may use.

        Returns
        -------
        Held, str or None
            What was set aside: the call may be made. None: not before those in flight are done. Else why no call is made any more.
        """
        with self._lock:
            now = (time.monotonic(), time.process_time())
            if self._began is None:
                self._began = self._ended = now
            if self._first_is_alone and not self._replies and self._held["tokens"]:
                return None
            need, used = self._most(request), self._used(now)
            for name, limit in self._limits.to_dict().items():
                held = self._held.get(name, 0.0)
                if used[name] + held + need[name] > limit or (name not in self._held and used[name] >= limit):
                    # Tokens held are whole numbers, so that none are left over when nothing is in flight.
                    waits = name in self._held and self._held["tokens"]
                    return None if waits else f"the limit of {limit:,} {_WORDS[name]} was reached"
            for name in self._held:
                self._held[name] += need[name]
            return Held(size=self._size(request), max_tokens=request.max_tokens, **{name: need[name] for name in self._held})

    def release(self, held: Held) -> None:
        """Give back what was set aside for a call that was broken off."""
        with self._lock:
            self._held = {name: max(0.0, value - getattr(held, name)) for name, value in self._held.items()}

    def settle(self, held: Held, reply: Reply) -> None:
        """Count what a call used in place of what was set aside."""
        self.release(held)
        with self._lock:
            self.tokens_in += reply.tokens_in
            self.tokens_out += reply.tokens_out
            self._ended = (time.monotonic(), time.process_time())
            if reply.finish == "error":
                return
            self._replies += 1
            self._written += reply.tokens_out
            self._busy += reply.seconds
            self._overlong = max(self._overlong, reply.tokens_out - held.max_tokens)
            if reply.tokens_in > 0:
                self._bytes += held.size
                self._read += reply.tokens_in
                # Of the calls of like size, the most tokens and the most bytes stand for all.
                most, largest = self._seen.get(held.size.bit_length(), (0, 0))
                self._seen[held.size.bit_length()] = max(most, reply.tokens_in), max(largest, held.size)

    def estimate(self, sample: Sequence[Request], count: int, *, pace: tuple[float, float] | None = None) -> Estimate:
        """What so many calls like these are going to use.

        Parameters
        ----------
        sample : sequence of Request
            Some of the calls.
        count : int
            How many there will be.
        pace : tuple of float, optional
            Mean tokens written and seconds of this model's replies in earlier runs.
        """
        many = count / len(sample) if sample else 0.0
        dense = self._read / self._bytes if self._bytes else _TOKENS_A_BYTE
        tokens_in = round(many * sum(self._size(request) * dense for request in sample))
        most = [request.max_tokens for request in sample]
        written = self._written / self._replies if self._replies else pace[0] if pace else None
        tokens_out = round(many * sum(most if written is None else [min(written, limit) for limit in most]))
        seconds = self._seconds_for(count, pace)
        return Estimate(
            calls=count,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            money=self._price(tokens_in, tokens_out),
            seconds=seconds,
            watt_hours=self._energy_for(count, seconds),
        )

    def _seconds_for(self, count: int, pace: tuple[float, float] | None) -> float | None:
        if self.calls_a_second:
            return count / self.calls_a_second
        return count * pace[1] / max(1, self._info.at_once) if pace else None

    def _energy_for(self, count: int, seconds: float | None) -> float | None:
        """From what was seen; before that, as if each call kept one core busy."""
        if not energy.is_known(self._info):
            return None
        if self._replies and self.watt_hours is not None:
            return count * self.watt_hours / self._replies
        return None if seconds is None else energy.watt_hours(seconds * max(1, self._info.at_once))

    def _refuse_what_cannot_be_known(self) -> None:
        if self._limits.money is not None and self._price(0, 0) is None:
            raise OptionError(
                f"A limit on money was set, but the price of {self._info.id} isn't known.",
                fix="Set a limit on tokens instead, or choose a model whose price is known.",
            )
        if self._limits.watt_hours is not None and not energy.is_known(self._info):
            raise OptionError(
                f"A limit on energy was set, but that of {self._info.id} can't be estimated: it doesn't run in this process.",
                fix="Set a limit on tokens or time instead, or choose a model that runs in this process.",
            )

    def _price(self, tokens_in: int, tokens_out: int) -> float | None:
        if self._info.price_in is None or self._info.price_out is None:
            return None
        return (tokens_in * self._info.price_in + tokens_out * self._info.price_out) / 1e6

    def _most(self, request: Request) -> dict[str, float]:
        """The most that a call may use."""
        prompt, written = self._most_read(self._size(request)), request.max_tokens + self._overlong
        return {
            "tokens": prompt + written,
            "money": self._price(prompt, written) or 0.0,
            "seconds": _LONGER * self._busy / self._replies if self._replies else 0.0,
            "watt_hours": (self.watt_hours or 0.0) / self._replies if self._replies else 0.0,
        }

    def _most_read(self, size: int) -> int:
        """The most tokens that a prompt of so many bytes may be counted as."""
        if not self._seen:
            return math.ceil(size * _MOST_TOKENS_A_BYTE) + _FRAME
        return min(math.ceil(most + max(0, size - largest) + _SPARE * min(most, size)) for most, largest in self._seen.values()) + _FRAME

    def _size(self, request: Request) -> int:
        """Bytes that the model may read; in this process schema and grammar aren't part of the prompt."""
        texts = [request.system, request.prompt]
        if self._info.locality != "in-process":
            texts += [request.grammar, "" if request.schema is None else json.dumps(request.schema, ensure_ascii=False)]
        return max(1, sum(len(text.encode("utf-8", "surrogatepass")) for text in texts))

    def _used(self, now: tuple[float, float]) -> dict[str, float]:
        began = self._began or now
        return {
            "tokens": self.tokens_in + self.tokens_out,
            "money": self.money or 0.0,
            "seconds": now[0] - began[0],
            "watt_hours": energy.watt_hours(now[1] - began[1]),
        }
