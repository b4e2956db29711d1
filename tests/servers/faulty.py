"""An OpenAI-compatible server on loopback that misbehaves on a schedule; it answers Anthropic's and Google's clients too.

::

    with FaultyServer(["ok", "429:1", "cut"]) as server:     # the third call's stream breaks off; the fourth is fine again
        model = open_model(f"any@{server.base}")             # server.base is http://127.0.0.1:PORT/v1
    server.log                                               # what arrived, when, and whether its reply was sent to the end

As a process of its own, which prints its base address as the first line and logs JSON lines::

    python tests/servers/faulty.py --port 0 --latency 0.05 --log calls.jsonl --schedule '["ok", "500"]'

A schedule names a fault for each chat call, in order of arrival; ``by_prompt`` names one for each call whose prompt holds a text.

=================  ==============================================================================================
``ok``             the right reply
``429``, ``503``…  any status from 400 up; ``429:2`` has ``Retry-After: 2``, ``429:date:2`` a date two seconds ahead
``quota``          a 429 that says that the account has no money left
``cut``            the reply breaks off in the middle (of a stream, or of a body shorter than its length)
``drop``           the connection closes without a reply
``hang``           no reply until the client goes away
``stall``          half a reply, then nothing until the client goes away
``slow:0.5``       the right reply after so many seconds
``html``           a page instead of JSON, with status 200
``not-json``       a body (or one event of the stream) that isn't JSON
``no-choices``     JSON without the reply in it
``stream-error``   an error object as an event of the stream
``bad-text``       a reply whose text is half a JSON object
``length``         half of the text, with ``finish_reason`` ``length``
``other-model``    the reply names another model
``duplicate``      the same text for every request
``empty``          an empty text
``no-usage``       tokens aren't counted
``wrong-usage``    tokens are counted as nonsense
=================  ==============================================================================================
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from email.utils import formatdate
from pathlib import Path
from types import TracebackType
from typing import IO, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.servers.answers import answer, prompt_of, repeated
from tests.servers.dialects import Dialect, as_openai, dialect_of, dressed, key_of

Answer = Callable[[dict[str, Any]], str]
GRACE = 0.5
"""Seconds after a 429 was sent in which calls may still be on their way."""
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error"}


@dataclass
class Call:
    """One chat call that arrived."""

    number: int
    fault: str
    prompt: str
    body: dict[str, Any]
    headers: dict[str, str]
    arrived: float
    early: bool = False
    """It came while a Retry-After was in force."""
    status: int = 0
    complete: bool = False
    """Its whole reply, and a right one, was sent."""
    ended: float = 0.0
    text: str = ""
    dialect: Dialect = "openai"


@dataclass
class Head:
    """The start of an HTTP request."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)


class Gone(Exception):
    """The connection is to be closed at once."""


class FaultyServer:
    """The server, on a thread of its own between ``with`` and its end.

    Parameters
    ----------
    schedule : sequence of str
        A fault for each chat call, in order of arrival; ``then`` is for those after the last.
    by_prompt : mapping of str to sequence of str, optional
        Faults, in order, for calls whose prompt holds the text; they go before ``schedule`` and don't use it up.
    latency : float
        Seconds before each reply.
    capacity : int, optional
        Calls at once above which further ones get a 429 with ``Retry-After: 0``.
    refuses : iterable of str
        Parameters that are answered with a 400 which names them.
    key : str
        The key that calls must bring, if any; others get a 401.
    served : str
        The id of the model.
    answer : callable
        Gives the text for a request's body.
    pages : mapping of str to dict, optional
        What else is served, by path, such as ``{"/api/show": {…}}``.
    hidden : int
        Tokens that are counted for each prompt beyond its own, as for a system prompt of the provider's.
    says : callable, optional
        Gives the message of an error for the call that is refused, such as one that quotes it.
    log_to : file, optional
        Where each call is written as a JSON line when it arrives and when it ends.
    """

    def __init__(
        self,
        schedule: Sequence[str] = (),
        *,
        by_prompt: Mapping[str, Sequence[str]] | None = None,
        then: str = "ok",
        latency: float = 0.0,
        capacity: int | None = None,
        refuses: Iterable[str] = (),
        key: str = "",
        served: str = "faulty-1",
        answer: Answer = answer,
        pages: Mapping[str, dict[str, Any]] | None = None,
        hidden: int = 0,
        says: Callable[[Call], str] | None = None,
        log_to: IO[str] | None = None,
        port: int = 0,
    ) -> None:
        self.hidden, self.says = hidden, says
        self.pages = dict(pages or {})
        self.schedule, self.then = list(schedule), then
        self.by_prompt = {text: list(faults) for text, faults in (by_prompt or {}).items()}
        self.latency, self.capacity, self.refuses = latency, capacity, tuple(refuses)
        self.key, self.served, self.answer, self.log_to, self.port = key, served, answer, log_to, port
        self.log: list[Call] = []
        self.asked: list[Head] = []
        """Requests that were not chat calls."""
        self.peak = 0
        """Most chat calls at once."""
        self._now, self._closed_until, self._scheduled = 0, (0.0, 0.0), 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._connections: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def root(self) -> str:
        """The server's address without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base(self) -> str:
        """The address that an OpenAI client takes."""
        return f"{self.root}/v1"

    def __enter__(self) -> FaultyServer:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def wait(self) -> None:
        """Serve until the process ends."""
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, limit=1 << 26, backlog=512)
        self.port = int(server.sockets[0].getsockname()[1])
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (Gone, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False when the client is done."""
        try:
            raw = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError:
            return False
        first, *lines = raw.split("\r\n")
        method, path, _ = first.split(" ", 2)
        head = Head(method, path, {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)})
        body = await reader.readexactly(int(head.headers.get("content-length", "0")))
        dialect = dialect_of(head.path) if head.method == "POST" else None
        if dialect is not None:
            await self._chat(head, dialect, as_openai(dialect, head.path, json.loads(body)), reader, writer)
        else:
            self.asked.append(head)
            await self._other(head, body, writer)
        return head.headers.get("connection") != "close"

    async def _other(self, head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:
        if self.key and key_of(head.headers) != self.key:
            await send(writer, 401, error("Incorrect API key provided.", "invalid_api_key"))
        elif head.path in self.pages:
            await send(writer, 200, self.pages[head.path])
        elif head.path == "/v1/models":
            listed = {"id": self.served, "object": "model", "owned_by": "tests", "max_model_len": 8192}
            await send(writer, 200, {"object": "list", "data": [listed]})
        else:
            await send(writer, 404, error(f"Nothing at {head.path}.", "not_found"))

    async def _chat(
        self, head: Head, dialect: Dialect, body: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        prompt = prompt_of(body)
        now = time.monotonic()
        early = self._closed_until[0] + GRACE < now < self._closed_until[1]
        call = Call(len(self.log), self._fault(prompt), prompt, body, head.headers, now, early, dialect=dialect)
        self.log.append(call)
        self._note("arrived", call)
        self._now += 1
        self.peak = max(self.peak, self._now)
        try:
            await self._reply(call, reader, writer)
        finally:
            self._now -= 1
            call.ended = time.monotonic()
            self._note("ended", call)

    def _fault(self, prompt: str) -> str:
        if self.capacity is not None and self._now >= self.capacity:
            return "429:0"
        for text, faults in self.by_prompt.items():
            if text in prompt and faults:
                return faults.pop(0)
        self._scheduled += 1
        return self.schedule[self._scheduled - 1] if self._scheduled <= len(self.schedule) else self.then

    def _note(self, event: str, call: Call) -> None:
        if self.log_to is not None:
            print(json.dumps({"event": event, **asdict(call)}), file=self.log_to, flush=True)

    async def _reply(self, call: Call, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kind, _, argument = call.fault.partition(":")
        await asyncio.sleep(self.latency + (float(argument) if kind == "slow" else 0.0))
        refused = next((name for name in self.refuses if call.body.get(name) is not None), None)
        if self.key and key_of(call.headers) != self.key:
            await self._refuse(call, writer, 401, "Incorrect API key provided.")
        elif refused:
            await self._refuse(call, writer, 400, f"Unrecognized request argument supplied: {refused}")
        elif kind == "quota":
            await self._refuse(call, writer, 429, "You exceeded your current quota.", code="insufficient_quota")
        elif kind.isdigit():
            await self._refuse(call, writer, int(kind), "Scheduled.", retry_after=argument)
        elif kind == "drop":
            raise Gone
        elif kind == "hang":
            await gone(reader)
        elif kind in {"html", "not-json", "no-choices"}:
            await self._nonsense(call, kind, writer)
        elif call.body.get("stream"):
            await self._stream(call, kind, reader, writer)
        else:
            await self._whole(call, kind, reader, writer)

    async def _refuse(
        self, call: Call, writer: asyncio.StreamWriter, status: int, message: str, retry_after: str = "", code: str = ""
    ) -> None:
        call.status = status
        message = self.says(call) if self.says else message
        headers = {}
        if retry_after:
            seconds = float(retry_after.removeprefix("date:"))
            headers["Retry-After"] = formatdate(time.time() + seconds + 1, usegmt=True) if retry_after.startswith("date:") else retry_after
            sent = time.monotonic()
            self._closed_until = max(self._closed_until, (sent, sent + seconds), key=lambda span: span[1])
        await send(writer, status, error(message, code or str(status)), headers)

    async def _nonsense(self, call: Call, kind: str, writer: asyncio.StreamWriter) -> None:
        call.status = 200
        if kind == "no-choices":
            await send(writer, 200, {"object": "chat.completion", "model": self.served})
        elif kind == "not-json" and call.body.get("stream"):
            await begin_stream(writer)
            writer.write(chunk(b"data: {'not': json\n\n") + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
            await writer.drain()
        else:
            page = b"<!doctype html><title>Gateway</title>" if kind == "html" else b"{'not': json"
            await send_bytes(writer, 200, page, {"Content-Type": "text/html" if kind == "html" else "application/json"})

    def _text(self, call: Call, kind: str) -> tuple[str, str]:
        """The text and why it ends."""
        text = {"empty": "", "bad-text": '{"age": 4'}.get(kind)
        if text is None:
            text = repeated(call.body) if kind == "duplicate" else self.answer(call.body)
        for stop in call.body.get("stop") or ():
            text = text.partition(stop)[0]
        words = text.split(" ")
        most = call.body.get("max_tokens") or call.body.get("max_completion_tokens") or len(words)
        if kind == "length" or len(words) > most:
            return " ".join(words[: min(most, max(1, len(words) // 2) if kind == "length" else most)]), "length"
        return text, "stop"

    def _frame(self, call: Call, kind: str) -> dict[str, Any]:
        name = "faulty-2-mini" if kind == "other-model" else str(call.body.get("model") or self.served)
        return {"id": f"chatcmpl-{call.number}", "created": 1_700_000_000, "model": name, "system_fingerprint": "fp_tests"}

    def _usage(self, call: Call, kind: str) -> dict[str, Any] | None:
        if kind == "no-usage":
            return None
        if kind == "wrong-usage":
            return {"prompt_tokens": -5, "completion_tokens": "many", "total_tokens": None}
        read, wrote = self.hidden + len(call.prompt.split()), len(call.text.split())
        return {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}

    async def _whole(self, call: Call, kind: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call.status = 200
        call.text, finish = self._text(call, kind)
        choice = {"index": 0, "message": {"role": "assistant", "content": call.text}, "finish_reason": finish}
        body = {**self._frame(call, kind), "object": "chat.completion", "choices": [choice]}
        if (usage := self._usage(call, kind)) is not None:
            body["usage"] = usage
        body = dressed(call.dialect, body)
        if kind in {"cut", "stall"}:
            data = json.dumps(body).encode()
            writer.write(start(200, {"Content-Type": "application/json", "Content-Length": str(len(data))}) + data[: len(data) // 2])
            await writer.drain()
            if kind == "stall":
                await gone(reader)
            raise Gone
        await send(writer, 200, body)
        call.complete = True

    async def _stream(self, call: Call, kind: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call.status = 200
        call.text, finish = self._text(call, kind)
        frame = {**self._frame(call, kind), "object": "chat.completion.chunk"}
        pieces = [call.text[at : at + 40] for at in range(0, len(call.text), 40)]
        events: list[Any] = [{"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]}]
        events += [{"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]} for piece in pieces]
        broken = kind in {"cut", "stall", "stream-error"}
        if broken:
            events = events[: max(1, len(events) // 2)]
        else:
            events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
            if (call.body.get("stream_options") or {}).get("include_usage") and (usage := self._usage(call, kind)) is not None:
                events.append({"choices": [], "usage": usage})
        await begin_stream(writer)
        writer.write(b"".join(chunk(b"data: " + json.dumps({**frame, **event}).encode() + b"\n\n") for event in events))
        if kind == "stream-error":
            writer.write(chunk(b"data: " + json.dumps(error("The engine stopped.", "server_error")).encode() + b"\n\n"))
        await writer.drain()
        if kind == "stall":
            await gone(reader)
        if broken:
            raise Gone
        writer.write(chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        await writer.drain()
        call.complete = True


async def gone(reader: asyncio.StreamReader) -> None:
    """Wait until the client closes its end."""
    await reader.read()
    raise Gone


def error(message: str, code: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code}}


def start(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def begin_stream(writer: asyncio.StreamWriter) -> None:
    writer.write(start(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}))


async def send(writer: asyncio.StreamWriter, status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> None:
    await send_bytes(writer, status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})


async def send_bytes(writer: asyncio.StreamWriter, status: int, data: bytes, headers: Mapping[str, str]) -> None:
    writer.write(start(status, {**headers, "Content-Length": str(len(data))}) + data)
    await writer.drain()


def load_answer(where: str) -> Answer:
    """The function of a ``FILE.py:NAME``."""
    file, _, name = where.rpartition(":")
    spec = importlib.util.spec_from_file_location("answering", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Answer = getattr(module, name)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="An OpenAI-compatible server that misbehaves on a schedule.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each reply")
    parser.add_argument("--schedule", default="[]", help="JSON list of faults, by order of arrival")
    parser.add_argument("--then", default="ok", help="fault of the calls after the schedule")
    parser.add_argument("--capacity", type=int, default=None, help="calls at once above which there is a 429")
    parser.add_argument("--refuses", default="", help="parameters answered with a 400, separated by commas")
    parser.add_argument("--key", default="", help="the key that calls must bring")
    parser.add_argument("--log", type=Path, default=None, help="file to append a JSON line to for each event")
    parser.add_argument("--answer", default="", help="FILE.py:FUNCTION that gives the text for a body")
    given = parser.parse_args()
    chosen = load_answer(given.answer) if given.answer else answer
    log_to = given.log.open("a", encoding="utf-8") if given.log else None
    server = FaultyServer(
        json.loads(given.schedule), then=given.then, latency=given.latency, capacity=given.capacity, port=given.port,
        refuses=[name for name in given.refuses.split(",") if name], key=given.key, answer=chosen, log_to=log_to,
    )  # fmt: skip
    with server:
        sys.stdout.write(f"{server.base}\n")
        sys.stdout.flush()
        server.wait()


if __name__ == "__main__":
    main()
