"""Models on OpenAI-compatible servers: Ollama, vLLM, llama-server, LM Studio, or any other address.

::

    addresses.py   ollama/llama3.2 ──► http://127.0.0.1:11434/v1
    client.py      a request sent once, its reply read as a stream      wire.py    the protocol
    working.py     many at once, each until a reply comes of it         pacing.py  how many, and when again
    faults.py      what may pass and what won't                         describing.py  what a server says of a model
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any

from synthnb.errors import ModelError, ModelMissingError
from synthnb.models.base import ModelInfo, Reply, Request
from synthnb.models.keys import Key, Lookup, find_key
from synthnb.models.remote.addresses import Address, read_address
from synthnb.models.remote.client import Client
from synthnb.models.remote.describing import described
from synthnb.models.remote.faults import Lasting, Passing
from synthnb.models.remote.pacing import Pace
from synthnb.models.remote.refusals import Refusals
from synthnb.models.remote.wire import body_of
from synthnb.models.remote.working import Sent, Work

__all__ = ["Remote", "open_remote"]

_LOCAL_PATIENCE, _PATIENCE = 0.5, 2.0
_START = {
    "ollama": "Start it with `ollama serve`",
    "vllm": "Start it with `vllm serve MODEL`",
    "llama-server": "Start it with `llama-server -m FILE.gguf`",
    "lmstudio": "Start it in LM Studio, or with `lms server start`",
    "openai": "Start it",
}


def open_remote(name: str, *, key: Key | None = None) -> Remote:
    """Return a model on a server that answers.

    Parameters
    ----------
    name : str
        Such as ``ollama/llama3.2``, ``server/MODEL`` or ``MODEL@http://localhost:8000/v1``; see
        `synthnb.models.remote.addresses.read_address`.
    key : Key, optional
        What the server is shown, instead of the key that is found for ``server``.

    Raises
    ------
    OptionError
        The name or its address can't be used.
    ModelMissingError
        Nobody answers there, or the server doesn't serve the model.
    ModelError
        The server doesn't accept the key.
    MissingExtraError
        httpx2 isn't installed.
    """
    address = read_address(name)
    # A server on this machine rarely asks for a key, so a slow keyring mustn't hold it up.
    found = Lookup(key=key) if key is not None else find_key("server", patience=_LOCAL_PATIENCE if address.local else _PATIENCE)
    remote = Remote(address, found)
    try:
        remote.describe()
    except BaseException:
        remote.close()
        raise
    return remote


class Remote:
    """A model on a server.

    Parameters
    ----------
    address : Address
        Where it is served.
    lookup : Lookup
        The key it is shown, and why there is none.
    """

    def __init__(self, address: Address, lookup: Lookup) -> None:
        self._address, self._lookup = address, lookup
        self._client = Client(address, lookup.key)
        self._refusals = Refusals()
        self._pace = Pace(address.at_once)
        self._work = Work(address.name, address.model, self._send, self._pace, address.patience)
        self._info = ModelInfo(
            id=address.name, name=address.model, provider="", licence="", locality="local-server" if address.local else "hosted"
        )

    @property
    def info(self) -> ModelInfo:
        """What there is to say about it; it changes when the server refuses a parameter."""
        return self._refusals.applied(self._info)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a record should say of how it was asked."""
        found = list(self._refusals.notes)
        if self._client.estimated:
            found.append(f"The server didn't count the tokens of {self._client.estimated:,} replies; they are estimated from the texts.")
        return tuple(found)

    def describe(self) -> None:
        """Ask the server what there is to say about the model."""
        fault: Passing | Lasting
        try:
            self._info = described(self._address, self._fetch)
            self._pace.ceiling = self._info.at_once
            return
        except Passing as found:
            fault = found
        except Lasting as found:
            fault = found
        raise self._unreachable(fault)

    def write(self, requests: Iterable[Request]) -> Generator[tuple[int, Reply], None, None]:
        """Yield ``(position, reply)`` as each is finished; closing the iterator ends the calls under way.

        Raises
        ------
        ModelError
            No request can succeed: the key or the model's name is refused, and no request ever succeeded.
        """
        return self._work.write(requests)

    def close(self) -> None:
        """Close the connections."""
        self._work.close(self._client.close())

    def _fetch(self, address: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._work.run(self._client.fetch(address, body))
        return found

    async def _send(self, request: Request) -> Sent:
        """Send a request, without what the server refuses."""
        without = self._refusals.known
        while True:
            try:
                sent = await self._client.send(request, without)
            except Lasting as fault:
                refused = self._refusals.named_by(fault, body_of(request, self._address.model, self._address.dialect, without))
                if refused is None:
                    raise self._explained(fault) from None
                without |= {refused}
            else:
                self._refusals.note(without)
                return sent

    def _explained(self, fault: Lasting) -> Lasting:
        """The fault, with what is known about the key that wasn't shown."""
        if fault.status in {401, 403}:
            if self._lookup.key is not None and not self._address.carries_keys:
                fault.reason += "; the key was held back, as the address is neither https nor on this machine"
            elif self._lookup.key is None and self._lookup.skipped:
                fault.reason += f"; {self._lookup.skipped}"
        return fault

    def _unreachable(self, fault: Passing | Lasting) -> ModelError:
        if isinstance(fault, Lasting):
            fault = self._explained(fault)
            return ModelError(f"The server at {self._address.base} can't be used: {fault.reason}.", fix=fault.fix)
        start = _START[self._address.dialect] if self._address.local else "Check that it is running"
        return ModelMissingError(
            f"The model {self._address.model} was looked for at {self._address.base}, but {fault.reason}.",
            fix=f"{start}, or correct the address.",
        )
