"""The HTTP client of one server: a call sent once, its reply read as a stream, every fault told apart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from synthnb._optional import need
from synthnb.models.remote.faults import Lasting, Passing, from_status
from synthnb.models.remote.wire import Pieces, body_of
from synthnb.models.remote.working import Sent

if TYPE_CHECKING:
    from synthnb.models.base import Request
    from synthnb.models.keys import Key
    from synthnb.models.remote.addresses import Address

__all__ = ["Client"]

_MOST_BYTES = 64 << 20
_LONGEST_ERROR = 65_536
_DESCRIBING = 10.0


class Client:
    """Calls to one address.

    Parameters
    ----------
    address : Address
        Where the server is.
    key : Key or None
        What it is shown, if it may be.
    """

    def __init__(self, address: Address, key: Key | None) -> None:
        self._http2 = need("httpx2", extra="remote")
        self._address, self._key = address, key if address.carries_keys else None
        # Each call under way has a client of its own, and so a connection. One client's pool looks through all its
        # connections for each call: with 64 at once that takes a third of the processor's time.
        self._idle: list[Any] = []
        self._made: list[Any] = []
        self._trust = _trusted(not address.local)
        self.estimated = 0
        """Replies whose tokens the server didn't count."""

    async def close(self) -> None:
        """Close the connections."""
        for http in self._made:
            await http.aclose()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        """A client that nobody else uses meanwhile; the one used last comes first, as its connection is warm."""
        http = self._idle.pop() if self._idle else self._new()
        try:
            yield http
        finally:
            self._idle.append(http)

    def _new(self) -> Any:
        patience = self._address.patience
        http = self._http2.AsyncClient(
            auth=_bearer(self._key) if self._key else None,
            timeout=self._http2.Timeout(patience.silence, connect=patience.connect, pool=None),
            limits=self._http2.Limits(keepalive_expiry=30.0),
            verify=self._trust,
            # A proxy of the environment's is for other machines; this one is reached without it.
            trust_env=not self._address.local,
            follow_redirects=False,
        )
        self._made.append(http)
        return http

    async def send(self, request: Request, without: frozenset[str]) -> Sent:
        """Send a request once.

        Raises
        ------
        Passing, Lasting
            No whole reply came of it.
        """
        patience = self._address.patience
        fault: Passing | Lasting
        try:
            async with asyncio.timeout(patience.total):
                return await self._streamed(request, body_of(request, self._address.model, self._address.dialect, without))
        except (Passing, Lasting) as known:
            fault = known
        except TimeoutError:
            fault = Passing(f"no whole reply came within {patience.total:g} s")
        except self._http2.HTTPError as error:
            fault = self._translated(error)
        except self._http2.InvalidURL:
            fault = Lasting("the address isn't one", fix="Correct it.")
        # Raised out here, so that no request with its headers hangs on to the error.
        raise self._scrubbed(fault) from None

    async def fetch(self, address: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
        """The JSON object at an address; None where there is none.

        Raises
        ------
        Passing
            Nobody answers.
        Lasting
            The key isn't accepted.
        """
        patience = self._address.patience
        fault: Passing | Lasting
        try:
            async with asyncio.timeout(min(_DESCRIBING, patience.total)):
                async with self._connection() as http:
                    response = await (http.get(address) if body is None else http.post(address, json=body))
            found = self._fault_of(response, response.content)
            if response.status_code not in {401, 403}:
                told = _object(response.content) if response.is_success else None
                return None if told is None else self._without_key(told)
            fault = found
        except TimeoutError:
            fault = Passing("it didn't answer")
        except self._http2.HTTPError as error:
            fault = self._translated(error)
        raise self._scrubbed(fault) from None

    async def _streamed(self, request: Request, body: dict[str, Any]) -> Sent:
        loop = asyncio.get_running_loop()
        began, first = loop.time(), None
        url = f"{self._address.base}/chat/completions"
        pieces = Pieces(request, self._address.model, self._key)
        async with self._connection() as http, http.stream("POST", url, json=body) as response:
            if not response.is_success:
                raise self._fault_of(response, await _start_of(response))
            if response.headers.get("content-type", "").partition(";")[0].strip() == "text/event-stream":
                async for line in _lines(response):
                    pieces.line(line)
                    first = first or (loop.time() if pieces.begun else None)
            else:
                pieces.take(_object(await _start_of(response, _MOST_BYTES)) or _not_json())
            reply = pieces.reply()
        ended = loop.time()
        self.estimated += pieces.estimated
        return Sent(reply=reply, wait=(first or began) - began, work=ended - (first or began))

    def _scrub(self, text: str) -> str:
        """A text without the key, if the server sent it back."""
        return text if self._key is None else self._key.scrub_said(text)

    def _without_key(self, told: dict[str, Any]) -> dict[str, Any]:
        """What a server tells of itself, without the key."""
        key = self._key
        return told if key is None else {name: _without(value, key.scrub) for name, value in told.items()}

    def _fault_of(self, response: Any, body: bytes) -> Passing | Lasting:
        return from_status(response.status_code, response.headers, body, key_from="SYNTHNB_API_KEY", scrub=self._scrub)

    def _translated(self, error: Exception) -> Passing | Lasting:
        http2 = self._http2
        if isinstance(error, http2.ConnectTimeout | http2.ConnectError | http2.ProxyError):
            return Passing(f"nobody answers at {self._address.base}")
        if isinstance(error, http2.TimeoutException):
            return Passing(f"the server said nothing for {self._address.patience.silence:g} s")
        if isinstance(error, http2.UnsupportedProtocol | http2.LocalProtocolError):
            return Lasting(f"the call can't be sent ({type(error).__name__})")
        return Passing("the connection broke off")

    def _scrubbed(self, fault: Passing | Lasting) -> Passing | Lasting:
        """The fault, without the key if the server quoted it."""
        fault.reason = self._scrub(fault.reason)
        fault.args = (fault.reason,)
        if isinstance(fault, Lasting):
            fault.said, fault.named = self._scrub(fault.said), self._scrub(fault.named)
        return fault


@cache
def _trusted(by_environment: bool) -> Any:
    """The certificates that are trusted, read once for all clients."""
    return need("httpx2", extra="remote").create_ssl_context(trust_env=by_environment)


def _bearer(key: Key) -> Callable[[Any], Any]:
    """What puts the key into the header of each request as it is sent, and into nothing that is kept."""

    def signed(request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {key.reveal()}"
        return request

    return signed


async def _start_of(response: Any, most: int = _LONGEST_ERROR) -> bytes:
    """The body, up to a size."""
    found = bytearray()
    async for piece in response.aiter_bytes():
        found += piece
        if len(found) > most:
            break
    return bytes(found[:most])


async def _lines(response: Any) -> AsyncIterator[str]:
    """The lines of a stream as they come; one that never ends is a fault."""
    rest, total = b"", 0
    async for piece in response.aiter_bytes():
        total += len(piece)
        if total > _MOST_BYTES:
            raise Lasting(f"the reply has more than {_MOST_BYTES >> 20} MB")
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", "replace")
    if rest:
        yield rest.decode("utf-8", "replace")


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _without(value: Any, scrub: Callable[[str], str]) -> Any:
    """A JSON value with each of its texts scrubbed."""
    if isinstance(value, dict):
        return {name: _without(part, scrub) for name, part in value.items()}
    if isinstance(value, list):
        return [_without(part, scrub) for part in value]
    return scrub(value) if isinstance(value, str) else value


def _not_json() -> dict[str, Any]:
    raise Passing("the server's reply isn't JSON")
