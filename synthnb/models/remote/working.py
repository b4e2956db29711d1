"""Many calls at a time: requests drawn one by one while there is room, replies handed over as they come."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from synthnb.errors import ModelError
from synthnb.models.base import Fault, Reply, Request
from synthnb.models.remote.faults import Lasting, Passing

if TYPE_CHECKING:
    from synthnb.models.remote.pacing import Pace, Patience

__all__ = ["Background", "Sent", "Work"]

_STEP = 0.5
_FAREWELL = 2.0


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What came of sending a request once."""

    reply: Reply
    """The whole reply."""
    wait: float
    """Seconds until its first piece."""
    work: float
    """Seconds from there to its end."""


class Background:
    """An event loop on a thread of its own, begun when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Begin some work on the loop."""
        with self._lock:
            if self._loop is None or self._thread is None or not self._thread.is_alive():
                self._loop = asyncio.new_event_loop()
                # A daemon, so that a call still under way can't hold up the end of the process.
                self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self, last: Coroutine[Any, Any, Any] | None = None) -> None:
        """End the loop and its thread after some last work."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None:
            if last is not None:
                last.close()
            return
        if last is not None:
            # Whatever closing a connection throws, there is nothing left to be done about it.
            with contextlib.suppress(Exception):
                asyncio.run_coroutine_threadsafe(last, loop).result(_FAREWELL)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_FAREWELL)
        if not thread.is_alive():
            loop.close()


class Work:
    """Sends requests to one model, as many at once as its pace allows, each until a reply comes of it.

    Parameters
    ----------
    name, model : str
        The model, as errors call it, and its id at the provider's.
    send : callable
        Sends a request once and returns `Sent`, or raises `Passing` or `Lasting`.
    pace : Pace
        How many calls at once.
    patience : Patience
        How often and how long a call is tried.
    """

    def __init__(self, name: str, model: str, send: Callable[[Request], Awaitable[Sent]], pace: Pace, patience: Patience) -> None:
        self._name, self._model, self._send, self._pace, self._patience = name, model, send, pace, patience
        self._background = Background()
        self._closed = False
        self._proven = False

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something else on the loop, and wait for what comes of it."""
        return self._background.start(work).result()

    def close(self, last: Coroutine[Any, Any, Any] | None = None) -> None:
        """End the thread after some last work; nothing can be written afterwards."""
        self._closed = True
        self._background.close(last)

    def write(self, requests: Iterable[Request]) -> Generator[tuple[int, Reply], None, None]:
        """Yield ``(position, reply)`` as each is finished; closing the iterator ends the calls under way."""
        if self._closed:
            raise ModelError(f"The model {self._name} is closed.", fix="Open it again.")
        waiting = enumerate(iter(requests))
        done: SimpleQueue[tuple[int, Reply] | ModelError] = SimpleQueue()
        under_way: dict[int, Future[Any]] = {}
        try:
            self._fill(waiting, under_way, done)
            while under_way:
                found = self._next(done, under_way)
                if isinstance(found, ModelError):
                    raise found
                under_way.pop(found[0])
                self._fill(waiting, under_way, done)
                yield found
        finally:
            for future in under_way.values():
                future.cancel()

    def _fill(
        self,
        waiting: Iterator[tuple[int, Request]],
        under_way: dict[int, Future[Any]],
        done: SimpleQueue[tuple[int, Reply] | ModelError],
    ) -> None:
        """Draw requests while there is room for them."""
        while len(under_way) < self._pace.room:
            drawn = next(waiting, None)
            if drawn is None:
                return
            under_way[drawn[0]] = self._background.start(self._settle(*drawn, done))

    def _next(self, done: SimpleQueue[tuple[int, Reply] | ModelError], under_way: dict[int, Future[Any]]) -> tuple[int, Reply] | ModelError:
        """The next finished reply; waits in short steps, so that an interrupt gets through on every system."""
        while True:
            try:
                return done.get(timeout=_STEP)
            except Empty:
                if done.empty() and (self._closed or all(future.done() for future in under_way.values())):
                    return ModelError(f"The model {self._name} was closed while it was writing.", fix="Open it again.")

    async def _settle(self, position: int, request: Request, done: SimpleQueue[tuple[int, Reply] | ModelError]) -> None:
        """Put a request's reply, or the reason why no request can succeed, into the queue."""
        try:
            done.put((position, await self._tried(request)))
        except Lasting as fault:
            done.put(ModelError(f"The model {self._name} can't be used: {fault.reason}.", fix=fault.fix))

    async def _tried(self, request: Request) -> Reply:
        number = 1
        while isinstance(found := await self._once(request, again=number > 1), Passing):
            if (found.after or 0) > self._patience.longest_asked:
                return _failed(f"{found.reason}; the server asks to wait for {found.after:,.0f} s", self._model, number, "passing")
            if number >= self._patience.tries:
                often = f" (tried {number} times)" if number > 1 else ""
                return _failed(f"{found.reason}{often}", self._model, number, "passing")
            await asyncio.sleep(self._pause(request, number, found.after))
            number += 1
        return replace(found, tries=number)

    def _pause(self, request: Request, number: int, after: float | None) -> float:
        """Seconds before the next try: what the server asked for, if that is long enough to be meant."""
        return after if after is not None and after >= self._patience.first else self._patience.delay(request, number)

    async def _once(self, request: Request, *, again: bool) -> Reply | Passing:
        """Send a request when there is room; a fault that won't pass becomes its reply."""
        await self._pace.enter(again=again)
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            sent = await self._send(request)
        except Passing as fault:
            if fault.crowded:
                self._pace.crowded(began)
            if fault.after and fault.after <= self._patience.longest_asked:
                self._pace.close_for(fault.after)
            return fault
        except Lasting as fault:
            if fault.hopeless and not self._proven:
                raise
            return _failed(fault.reason, self._model, 1, "lasting" if fault.hopeless else "request")
        except Exception as error:  # noqa: BLE001  # the provider call: whatever it throws concerns this request alone
            return _failed(f"the client failed ({type(error).__name__})", self._model, 1, "request")
        finally:
            self._pace.leave()
        self._proven = True
        self._pace.good(sent.wait, sent.work)
        return replace(sent.reply, seconds=round(loop.time() - began, 6))


def _failed(reason: str, model: str, tries: int, fault: Fault) -> Reply:
    return Reply(text="", tokens_in=0, tokens_out=0, finish="error", model=model, error=reason.rstrip("."), fault=fault, tries=tries)
