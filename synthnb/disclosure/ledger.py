"""The ledger: every entry made in a folder, appended once and never changed.

An SQLite file in WAL mode, so that several kernels can write at once. Each line
holds its entry and the digest of that together with the digest of the line
before: a line that was changed, removed or slipped in breaks the chain. Lines cut
off at the end leave no trace here; the notebooks that hold them do. Triggers
refuse updates and deletions by ordinary clients.

A ledger that fails never stops the work: its `StorageError` says what is
intact, and whoever called shows it as a warning.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from synthnb._canonical import canonical, digest
from synthnb._clock import utc_now
from synthnb._files import create_whole
from synthnb.config import get_config
from synthnb.disclosure.folding import Entry, digest_is_right, is_readable
from synthnb.disclosure.reading import parse_json
from synthnb.errors import StorageError

__all__ = ["Ledger", "open_ledger"]

_Line = tuple[int, str, str, str, str, str]

_PATIENCE = 10.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS line (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    written TEXT NOT NULL,
    entry TEXT NOT NULL,
    previous TEXT NOT NULL,
    digest TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS line_id ON line (id);
CREATE TRIGGER IF NOT EXISTS line_update BEFORE UPDATE ON line BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS line_delete BEFORE DELETE ON line BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
PRAGMA user_version = 1;
"""
_CAUSES = {
    "locked": ("is locked by another program", "Close it, or wait and run the verb again."),
    "busy": ("is locked by another program", "Close it, or wait and run the verb again."),
    "readonly": ("is read-only", "Make the file and its folder writable, or set SYNTHNB_LEDGER to another path or to off."),
    "unable to open": ("can't be opened", "Make its folder writable, or set SYNTHNB_LEDGER to another path or to off."),
    "full": ("couldn't grow: the disk is full", "Free some space and run the verb again."),
    "malformed": ("is damaged", "Move the file away; a new one is begun."),
    "not a database": ("isn't a ledger", "Move the file away; a new one is begun."),
    "closed": ("was closed", "Open it again."),
}
_INTACT = "The result and the entry in the notebook are intact, and so are the lines written before."


def open_ledger(path: str | Path | None = None) -> Ledger | None:
    """Return the ledger of the working folder, or None if the settings say ``off``.

    Nothing is created before the first entry is appended.
    """
    chosen = str(path or get_config().ledger)
    return None if chosen == "off" else Ledger(chosen)


class Ledger:
    """An append-only list of entries in a file; a context manager that closes it.

    Parameters
    ----------
    path : str or Path
        The SQLite file; relative to the working folder.
    patience : float
        Seconds to wait while another process writes.

    Raises
    ------
    StorageError
        From every method: the file is locked, read-only, damaged or closed, or the disk is full.
    """

    def __init__(self, path: str | Path, *, patience: float = _PATIENCE) -> None:
        self.path = Path(path)
        """Where the ledger is."""
        self._patience = patience
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; closing twice is harmless."""
        self._closed = True
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def append(self, entry: dict[str, Any]) -> None:
        """Write an entry as the last line; the same entry twice stays one line."""
        body = canonical(entry).decode()
        with self._translated():
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                if not connection.execute("SELECT 1 FROM line WHERE id = ? AND entry = ?", (entry["id"], body)).fetchone():
                    _write(connection, entry, body)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def entries(self, *, kind: str | None = None) -> list[dict[str, Any]]:
        """Return the entries in the order they were written, all or those of a kind.

        A line without a readable entry is passed over; `verify` names it.
        """
        found = [entry for line in self._lines() if (entry := _entry_of(line[3]))]
        return [entry for entry in found if kind is None or entry["kind"] == kind]

    def verify(self) -> list[str]:
        """Return a sentence for every line that was changed, removed or slipped in; empty if the chain holds."""
        problems, previous, expected = [], "", 1
        for number, _id, written, body, before, seal in self._lines():
            if number != expected:
                problems.append(f"Line {expected} is missing: line {number} follows line {expected - 1}.")
            elif before != previous:
                problems.append(f"Line {number} doesn't continue line {number - 1}.")
            if seal != _seal(number, written, body, before):
                problems.append(f"Line {number} was changed after it was written.")
            elif not _is_right(body):
                problems.append(f"Line {number} holds no readable entry, or one that doesn't match its own digest.")
            previous, expected = seal, number + 1
        return problems

    def _lines(self) -> list[_Line]:
        if not self.path.exists() and not self._closed:
            return []
        with self._translated():
            if self._closed or self._connection is not None:
                return _read(self._open())
            return self._look()

    def _look(self) -> list[_Line]:
        """Read without writing: reading what others may have made must not change it.

        Even a read-only connection leaves files beside a ledger in WAL mode, unless
        SQLite is told that nobody else writes. That holds where no WAL is there and
        the file is afterwards as it was before; otherwise it is read again with locks.
        """
        before = self._stamp()
        if before[-1]:
            try:
                lines = _read_only(self.path, "immutable=1", self._patience)
            except sqlite3.DatabaseError:
                lines = None
            if lines is not None and self._stamp() == before:
                return lines
        return _read_only(self.path, "mode=ro", self._patience)

    def _stamp(self) -> tuple[int, int, bool]:
        """When the file changed last, its size, and whether all of it is in the one file."""
        status, beside = self.path.stat(), self.path.with_name(f"{self.path.name}-wal")
        return status.st_mtime_ns, status.st_size, not beside.exists() or beside.stat().st_size == 0

    def _open(self) -> sqlite3.Connection:
        if self._closed:
            raise sqlite3.ProgrammingError("closed")
        if self._connection is None:
            _make_folder(self.path.parent)
            if not self.path.exists():
                with suppress(OSError):  # SQLite says it in words known here; it gives the files beside this one the same mode
                    create_whole(self.path, _begin)
            connection = sqlite3.connect(self.path, timeout=self._patience, isolation_level=None)
            try:
                _prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            known = (said for sign, said in _CAUSES.items() if sign in str(error).lower())
            what, fix = next(known, (f"failed: {error}", "Set SYNTHNB_LEDGER to another path or to off."))
            raise StorageError(f"The ledger {self.path.name} {what}. {_INTACT}", fix=fix) from error


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if folder.name == ".synthnb" and not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def _begin(path: Path) -> None:
    """Write an empty ledger."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        _prepare(connection)


def _prepare(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_SCHEMA)
    connection.execute("PRAGMA synchronous = FULL")


def _write(connection: sqlite3.Connection, entry: dict[str, Any], body: str) -> None:
    last = connection.execute("SELECT number, digest FROM line ORDER BY number DESC LIMIT 1").fetchone() or (0, "")
    number, written = last[0] + 1, utc_now()
    seal = _seal(number, written, body, last[1])
    connection.execute("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?)", (number, entry["id"], written, body, last[1], seal))


def _seal(number: int, written: str, body: str, previous: str) -> str:
    return digest({"number": number, "written": written, "entry": body, "previous": previous})


def _read_only(path: Path, how: str, patience: float) -> list[_Line]:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", timeout=patience, isolation_level=None, uri=True)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        return _read(connection)
    finally:
        connection.close()


def _read(connection: sqlite3.Connection) -> list[_Line]:
    """Every line; a file of somebody else's may hold a view, or other types than ours, in its place."""
    kind = connection.execute("SELECT type FROM sqlite_master WHERE name = 'line'").fetchone()
    if kind is None and connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
        return []  # another process is about to begin it
    if kind != ("table",):
        raise sqlite3.DatabaseError("not a database with a table of lines")
    lines: list[Any] = connection.execute("SELECT number, id, written, entry, previous, digest FROM line ORDER BY number").fetchall()
    if not all(isinstance(number, int) and all(isinstance(part, str) for part in rest) for number, *rest in lines):
        raise sqlite3.DatabaseError("malformed lines")
    return lines


def _entry_of(body: str) -> Entry | None:
    try:
        entry = parse_json(body)
    except ValueError:
        return None
    return entry if is_readable(entry) else None


def _is_right(body: str) -> bool:
    entry = _entry_of(body)
    return entry is not None and digest_is_right(entry)
