"""The store of calls: every reply that was paid for, under the digest of what it depends on.

An SQLite file in WAL mode, so that several processes can use it at once. A reply is
one row, committed before anybody sees it: a process that is killed loses the calls in
flight and no other. Prompts of sensitive runs are not kept; their replies are, for
without these nothing could be resumed.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType, UnionType
from typing import TYPE_CHECKING, Any, Self

from synthnb._canonical import digest_bytes
from synthnb._clock import utc_now
from synthnb._files import create_whole, write_atomically
from synthnb.config import get_config
from synthnb.errors import OptionError, StorageError, shown
from synthnb.models.base import Reply, Request

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.models.base import ModelInfo

__all__ = ["LEFT_OUT", "SCHEME", "Kept", "NewerStoreError", "Store", "call_key", "open_store", "who_replies"]

SCHEME = "synthnb.call/1"
"""Version of what a key is taken over; a change of `call_key` changes it, so that no old reply is taken for a new call."""

LEFT_OUT: Mapping[str, str] = {
    "id": "the name a model is opened by: the same weights may be opened by several",
    "base address": "where a server listens, if the digest of its weights is known; if not, its host and port are in who runs the model",
    "key": "who pays has no part in the text, and a secret may not leave a trace",
    "lanes, threads, slots, concurrency": "how fast it goes; a model whose text depends on them says that it has no seed support",
    "timeouts, tries": "how long one waits",
    "returned model, fingerprint": "known only after the call; both are kept with the reply",
    "price, licence, context": "what is said about a model, not what it says",
    "run, row, position": "who asks; the same call asked for by another run is the same call",
}
"""What a key leaves out, and why."""

_VERSION = 1
_APPLICATION = 0x53594E43
_PATIENCE = 10.0
_AT_ONCE = 500
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS reply (
    key TEXT PRIMARY KEY,
    written TEXT NOT NULL,
    who TEXT NOT NULL,
    request TEXT,
    reply TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS reply_who ON reply (who);
CREATE TABLE IF NOT EXISTS origin (
    run TEXT NOT NULL,
    unit TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (run, unit, key)
) STRICT;
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_VERSION};
"""
_CAUSES = {
    "locked": ("is locked by another program", "Close it, or wait and run it again."),
    "busy": ("is locked by another program", "Close it, or wait and run it again."),
    "readonly": ("is read-only", "Make the file and its folder writable, or set SYNTHNB_CALLS to another path or to off."),
    "unable to open": ("can't be opened", "Make its folder writable, or set SYNTHNB_CALLS to another path or to off."),
    "full": ("couldn't grow: the disk is full", "Free some space and run it again."),
    "malformed": ("is damaged", "Move the file away; a new one is begun."),
    "not a database": ("isn't a store of calls", "Move the file away, or set SYNTHNB_CALLS to another path."),
    "closed": ("was closed", "Open it again."),
}
_KEPT_FIELDS = ("text", "tokens_in", "tokens_out", "finish", "model", "tries", "seconds", "fingerprint")
_KINDS: Mapping[str, type | UnionType] = {
    "text": str,
    "tokens_in": int,
    "tokens_out": int,
    "model": str,
    "tries": int,
    "seconds": int | float,
    "fingerprint": str,
}


class NewerStoreError(StorageError):
    """A store was written by a later version of synthnb."""


@dataclass(frozen=True)
class Kept:
    """A reply from the store."""

    reply: Reply
    """The reply, with its key, marked as kept."""
    written: str
    """When it was given, in UTC."""


def who_replies(info: ModelInfo) -> dict[str, str]:
    """What of a model its replies depend on: who runs it, and its weights, or its name where these aren't known."""
    return {"provider": info.provider, "model": info.weights_digest or info.name}


def call_key(who: Mapping[str, str], request: Request, again: int = 0) -> str:
    """Return the digest that stands for a call: equal keys, equal texts, where the model allows it.

    Parameters
    ----------
    who : mapping
        What `who_replies` gives.
    request : Request
        What is asked.
    again : int
        How often the same request was asked for before in the same run; each gets a reply of its own.

    Notes
    -----
    sha256 over JSON with sorted keys, ASCII only, so that lone surrogates are allowed. The schema goes in as
    text, for the order of its properties matters to a model. `LEFT_OUT` lists what is not part of it.
    """
    content = {
        "scheme": SCHEME,
        **who,
        "system": request.system,
        "prompt": request.prompt,
        "max_tokens": int(request.max_tokens),
        "temperature": float(request.temperature),
        "top_p": float(request.top_p),
        "repeat_penalty": float(request.repeat_penalty),
        "seed": int(request.seed),
        "schema": None if request.schema is None else json.dumps(request.schema),
        "grammar": request.grammar,
        "stop": list(request.stop),
        "again": again,
    }
    return digest_bytes(json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii"))


def open_store(path: str | Path | None = None) -> Store | None:
    """Return the store of calls that the settings name, or None if they say ``off``.

    Nothing is created before the first reply is kept.
    """
    chosen = str(path or get_config().calls)
    return None if chosen == "off" else Store(chosen)


class Store:
    """Replies by key, and which row came of which; a context manager that closes it.

    It may be used from several threads, and its file by several processes.

    Parameters
    ----------
    path : str or Path
        The SQLite file; relative to the working folder. A new one is readable by its owner only.
    patience : float
        Seconds to wait while another process writes.

    Raises
    ------
    NewerStoreError
        From every method: a later version of synthnb wrote the file.
    StorageError
        From every method: the file is locked, read-only, damaged, closed or somebody else's, or the disk is full.
    """

    def __init__(self, path: str | Path, *, patience: float = _PATIENCE) -> None:
        self.path = Path(path)
        """Where the store is."""
        self.damaged: set[str] = set()
        """Keys whose replies turned out to be damaged; the next reply put under one of them takes its place."""
        self._patience = patience
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; closing twice is harmless."""
        with self._lock:
            self._closed = True
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def get(self, key: str) -> Reply | None:
        """Return the reply kept under a key, or None."""
        found = self.find([key]).get(key)
        return found.reply if found else None

    def find(self, keys: Sequence[str]) -> dict[str, Kept]:
        """Return what is kept under those of the keys that are there; a row that isn't as it was written is put into `damaged`."""
        found: dict[str, Kept] = {}
        if not keys or not (self._connection or self._closed or self.path.exists()):
            return found
        with self._open() as connection:
            for start in range(0, len(keys), _AT_ONCE):
                rows = connection.execute(
                    "SELECT key, written, reply FROM reply WHERE key IN (SELECT value FROM json_each(?))",
                    (json.dumps(keys[start : start + _AT_ONCE]),),
                )
                for key, written, body in rows:
                    try:
                        found[key] = Kept(_read(key, body), written)
                    except _DamagedRow:
                        self.damaged.add(key)
        return found

    def put(self, key: str, request: Request | None, reply: Reply, *, who: Mapping[str, str] | None = None) -> Reply:
        """Keep a reply and return the one that stands: another process may have been first.

        Parameters
        ----------
        key : str
            What `call_key` gives.
        request : Request or None
            What was asked; None where that is sensitive.
        reply : Reply
            What came.
        who : mapping, optional
            What `who_replies` gives, for an export.

        Raises
        ------
        ValueError
            The reply is an error; these are never kept.
        """
        if reply.finish == "error":
            raise ValueError("An error is not kept: it isn't a reply.")
        asked = None if request is None else _dump(asdict(request))
        row = (key, utc_now(), _dump(dict(who or {})), asked, _dump({name: getattr(reply, name) for name in _KEPT_FIELDS}))
        with self._open() as connection:
            if connection.execute("INSERT OR IGNORE INTO reply VALUES (?, ?, ?, ?, ?)", row).rowcount:
                return replace(reply, key=key)
            standing: tuple[str] = connection.execute("SELECT reply FROM reply WHERE key = ?", (key,)).fetchone()
            try:
                return replace(_read(key, standing[0]), kept=False)
            except _DamagedRow:
                connection.execute("INSERT OR REPLACE INTO reply VALUES (?, ?, ?, ?, ?)", row)
                self.damaged.discard(key)
        return replace(reply, key=key)

    def mark(self, run_id: str, unit: str, key: str) -> None:
        """Note that a unit of a run, such as ``row:17``, came of the reply under a key."""
        with self._open() as connection:
            connection.execute("INSERT OR IGNORE INTO origin VALUES (?, ?, ?)", (run_id, unit, key))

    def origins(self, run_id: str) -> list[tuple[str, str]]:
        """Return ``(unit, key)`` of a run, in the order they were noted."""
        if not (self._connection or self._closed or self.path.exists()):
            return []
        with self._open() as connection:
            return connection.execute("SELECT unit, key FROM origin WHERE run = ? ORDER BY rowid", (run_id,)).fetchall()

    def pace(self, info: ModelInfo, last: int = 200) -> tuple[float, float] | None:
        """Return the mean ``(tokens written, seconds)`` of a model's last replies; None where there are none."""
        if not (self._connection or self._closed or self.path.exists()):
            return None
        with self._open() as connection:
            rows = connection.execute(
                "SELECT reply FROM reply WHERE who = ? ORDER BY rowid DESC LIMIT ?", (_dump(who_replies(info)), last)
            ).fetchall()
        replies = [reply for (body,) in rows if (reply := _readable(body)) is not None]
        if not replies:
            return None
        return sum(item.tokens_out for item in replies) / len(replies), sum(item.seconds for item in replies) / len(replies)

    def export(self, run_id: str, path: str | Path) -> int:
        """Write the replies that a run used as a file that ``replay:FILE`` reads; return how many there are.

        Raises
        ------
        OptionError
            No reply of that run is here.
        """
        with self._open() as connection:
            rows = connection.execute(
                "SELECT DISTINCT reply.key, who, request, reply FROM origin JOIN reply ON reply.key = origin.key WHERE run = ? "
                "ORDER BY reply.rowid",
                (run_id,),
            ).fetchall()
        if not rows:
            raise OptionError(
                f"No reply of a run {shown(run_id)} is in {self.path.name}.", fix="Run it with a store of calls, or correct the id."
            )
        try:
            lines = [_line(*row) for row in rows]
        except (ValueError, _DamagedRow) as error:
            raise self._translated(_DamagedRow("malformed row")) from error
        write_atomically(Path(path), b"".join(lines))
        return len(rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._closed:
                    raise sqlite3.ProgrammingError("closed")
                if self._connection is None:
                    self._connection = self._connected()
                yield self._connection
            except (sqlite3.Error, OSError, _DamagedRow) as error:
                if isinstance(error, StorageError):
                    raise
                raise self._translated(error) from error

    def _connected(self) -> sqlite3.Connection:
        _make_folder(self.path.parent)
        if not self.path.exists():
            # Two processes that began one file at once would lock each other out; SQLite gives the files beside it the same mode.
            create_whole(self.path, _begin)
        connection = sqlite3.connect(self.path, timeout=self._patience, isolation_level=None, check_same_thread=False)
        # What is written is ASCII; other bytes are damage to one row, not to the store.
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA trusted_schema = OFF")
        application, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
        if application != _APPLICATION and (application or version or connection.execute("SELECT 1 FROM sqlite_master").fetchone()):
            raise sqlite3.DatabaseError("not a database of calls")
        if version > _VERSION:
            raise NewerStoreError(
                f"The store of calls {self.path.name} has version {version}; this synthnb reads version {_VERSION}.",
                fix="Update synthnb, or set SYNTHNB_CALLS to another path.",
            )
        if version == 0:
            _complete(connection)
        # A commit outlives the process; only a loss of power could take the last ones.
        connection.execute("PRAGMA synchronous = NORMAL")

    def _translated(self, error: Exception) -> StorageError:
        known = (said for sign, said in _CAUSES.items() if sign in str(error).lower())
        what, fix = next(known, (f"failed: {error}", "Set SYNTHNB_CALLS to another path or to off."))
        return StorageError(f"The store of calls {self.path.name} {what}.", fix=fix)


def _begin(path: Path) -> None:
    """Write an empty store."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        _complete(connection)


def _complete(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}COMMIT;")


class _DamagedRow(Exception):
    """A row that isn't as it was written."""


def _dump(value: Mapping[str, Any]) -> str:
    """JSON in ASCII: a lone surrogate or a NUL goes in and comes out as it is."""
    return json.dumps(value, separators=(",", ":"))


def _read(key: str, body: str) -> Reply:
    try:
        said = json.loads(body if body.isascii() else "")
        reply = Reply(**{name: said[name] for name in _KEPT_FIELDS}, key=key, kept=True)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _DamagedRow("malformed row") from error
    if not all(isinstance(getattr(reply, name), kind) for name, kind in _KINDS.items()) or reply.finish not in {"stop", "length"}:
        raise _DamagedRow("malformed row")
    return reply


def _readable(body: str) -> Reply | None:
    try:
        return _read("", body)
    except _DamagedRow:
        return None


def _line(key: str, who: str, request: str | None, reply: str) -> bytes:
    _read(key, reply)
    content: dict[str, Json] = {
        "key": key,
        "who": json.loads(who),
        "reply": json.loads(reply),
        "request": None if request is None else json.loads(request),
    }
    return json.dumps(content).encode("ascii") + b"\n"


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if folder.name == ".synthnb" and not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
