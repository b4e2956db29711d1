"""How many calls go to a server at once, and how long one waits before it is tried again.

::

    limit    4 ─► 8 ─► 16 ─► 32    doubled by each round of good replies, up to the first sign of a crowd
                       │
               429 or 503: halved, once for calls sent together
               queueing: at most twice the calls that are really worked on
                       │
             16 ─► 17 ─► 18 …      then one more each round (additive increase, multiplicative decrease)

A server that queues what it can't work on shows it by the time until the first piece of a reply:
it grows with the number of calls, while the time from there to the end doesn't.
"""

from __future__ import annotations

import asyncio
import math
import statistics
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synthnb._random import generator

if TYPE_CHECKING:
    from synthnb.models.base import Request

__all__ = ["Pace", "Patience"]

_START = 4
_HALF = 0.5
_SMALLEST_ROUND = 8
_SHORTEST_QUEUE = 0.5
_WAIT_RATIO = 2.0


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How often a call is tried, and how long is waited for what."""

    tries: int = 8
    """Times a call is sent at most."""
    first: float = 0.5
    """Seconds before the second try, doubled before each further one."""
    longest: float = 60.0
    """Seconds between two tries at most, if the server doesn't ask for more."""
    longest_asked: float = 900.0
    """Seconds a server may ask to be left alone; a call is given up if it asks for more."""
    connect: float = 10.0
    """Seconds for a connection to be made."""
    silence: float = 120.0
    """Seconds without a byte after which a call is given up; counted from when it was sent."""
    total: float = 600.0
    """Seconds for one whole reply; counted from when the call was sent."""

    def delay(self, request: Request, number: int) -> float:
        """Seconds before the try after the ``number``-th, spread by half either way so that calls don't come in step."""
        share = 0.5 + float(generator(request.seed, "delay", request.prompt, number).random())
        return min(self.longest, self.first * 2.0 ** (number - 1) * share)


class Pace:
    """The number of calls at once to one server; everything but ``room`` belongs to the event loop's thread.

    Parameters
    ----------
    ceiling : int
        Calls at once, at most.
    """

    def __init__(self, ceiling: int) -> None:
        self.ceiling = ceiling
        self._limit = float(min(_START, ceiling))
        self._doubling = True
        self._working = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closed_until = 0.0
        self._changed = 0.0
        self._round: list[tuple[float, float]] = []
        self._round_size = _SMALLEST_ROUND
        self._least_wait = math.inf

    @property
    def room(self) -> int:
        """Calls that may be under way at once."""
        return max(1, int(self._limit))

    async def enter(self, *, again: bool = False) -> None:
        """Wait until there is room and the server may be called; a call that is tried again goes first."""
        loop = asyncio.get_running_loop()
        while self._working >= self.room or loop.time() < self._closed_until:
            turn: asyncio.Future[None] = loop.create_future()
            (self._waiting.appendleft if again else self._waiting.append)(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                else:
                    self._wake()
                raise
        self._working += 1

    def leave(self) -> None:
        """Make room for another call."""
        self._working -= 1
        self._wake()

    def good(self, wait: float, work: float) -> None:
        """Take note of a whole reply: seconds until its first piece, and from there to its end.

        Where a reply comes in one piece, all of its time is work.
        """
        self._round.append((wait, work))
        if self._doubling:
            self._limit = min(float(self.ceiling), self._limit + 1)
        else:
            self._limit = min(float(self.ceiling), self._limit + 1 / self._limit)
        if len(self._round) >= self._round_size:
            self._look_back()
        self._wake()

    def crowded(self, sent: float) -> None:
        """Take note that the server turned a call away that was sent at this time of the loop."""
        if sent >= self._changed:
            self._shrink(_HALF)

    def close_for(self, seconds: float) -> None:
        """Leave the server alone for so long, all calls together."""
        loop = asyncio.get_running_loop()
        self._closed_until = max(self._closed_until, loop.time() + seconds)
        loop.call_later(seconds, self._wake)

    def _look_back(self) -> None:
        """Look for queueing in the last round.

        Of the time between a call and its reply, ``work`` is spent on it and ``queued`` in line, so of ``room`` calls
        ``room * work / (work + queued)`` are being worked on (Little's law, doi:10.1287/opre.9.3.383).
        """
        waits, works = (sorted(part) for part in zip(*self._round, strict=True))
        self._round.clear()
        self._round_size = max(_SMALLEST_ROUND, self.room)
        wait, work = statistics.median(waits), statistics.median(works)
        # The first calls may have waited for each other already, so the quicker ones among them are what counts.
        self._least_wait = min(self._least_wait, wait if self._least_wait < math.inf else waits[len(waits) // 4])
        queued = wait - self._least_wait
        if queued > max(_SHORTEST_QUEUE, _WAIT_RATIO * self._least_wait, work):
            self._shrink(max(_HALF, 2 * work / (queued + work)))

    def _shrink(self, factor: float) -> None:
        self._limit = max(1.0, self._limit * factor)
        self._doubling = False
        self._changed = asyncio.get_running_loop().time()

    def _wake(self) -> None:
        loop = asyncio.get_running_loop()
        if (rest := self._closed_until - loop.time()) > 0:
            loop.call_later(rest, self._wake)
            return
        for _ in range(self.room - self._working):
            while self._waiting:
                turn = self._waiting.popleft()
                if not turn.done():
                    turn.set_result(None)
                    break
