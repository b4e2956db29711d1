"""The ledger's SQLite file: how it is begun, opened, read and written, and what its failures mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from synthnb._files import create_whole, write_atomically
from synthnb.disclosure.ledger.chain import Head, Line
from synthnb.errors import StorageError

__all__ = ["damage", "explained", "heads", "insert", "open_file", "read_lines", "reading", "write_lines"]

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
_VERSION = 1
_ELSEWHERE = "set SYNTHNB_LEDGER to another path or to off."
_SALVAGE = "Save the intact lines with: synthnb runs --salvage NEW.sqlite3; then move the damaged file away, and a new one is begun."
_FULL = ("couldn't grow: the disk is full", "Free some space and run the verb again.")
_CAUSES = {
    "locking protocol": ("is on a file system without the locks that SQLite needs", f"Keep it on a local disk: {_ELSEWHERE}"),
    "locked": ("is locked by another program", "Close it, or wait and run the verb again."),
    "no such table": ("has lost its table of lines", _SALVAGE),
    "busy": ("is locked by another program", "Close it, or wait and run the verb again."),
    "readonly": ("is read-only", f"Make the file and its folder writable, or {_ELSEWHERE}"),
    "unable to open": ("can't be opened", f"Make its folder writable, or {_ELSEWHERE}"),
    "permission denied": ("can't be opened", f"Make its folder writable, or {_ELSEWHERE}"),
    "read-only": ("is read-only", f"Make the file and its folder writable, or {_ELSEWHERE}"),
    "full": _FULL,
    "no space": _FULL,
    "too large": _FULL,
    "i/o": ("couldn't be read or written: the disk is full or failed", "Free some space, check the disk and run the verb again."),
    "malformed": ("is damaged", _SALVAGE),
    "not a database": ("isn't a ledger", _SALVAGE),
    "closed": ("was closed", "Open it again."),
}
_DAMAGED = {"is damaged", "isn't a ledger"}
_INTACT = "The result and the entry in the notebook are intact, and so are the lines written before."


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors into one that says what is intact and what to do."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        said = str(getattr(error, "strerror", None) or error)
        known = (cause for sign, cause in _CAUSES.items() if sign in said.lower())
        what, fix = next(known, (f"failed: {said}", f"Check the disk, or {_ELSEWHERE}"))
        intact = _still_there(path) if what in _DAMAGED else _INTACT
        raise StorageError(f"The ledger {path.name} {what}. {intact}", fix=fix) from error


def _still_there(path: Path) -> str:
    from synthnb.disclosure.ledger.salvage import salvage

    try:
        found = salvage(path).statement()
    except StorageError:
        found = ""
    return f"{found} The result and the entry in the notebook are intact.".strip()


def open_file(path: Path, patience: float) -> sqlite3.Connection:
    """Open the ledger to write, begun if it isn't there."""
    _make_folder(path.parent)
    if not path.exists():
        with suppress(OSError):  # SQLite says it in words known here; it gives the files beside this one the same mode
            create_whole(path, _begin)
    return _connected(path, patience)


def _connected(path: Path, patience: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
    try:
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if folder.name == ".synthnb" and not ignore.exists():
        with suppress(StorageError):  # a full disk is said of the ledger itself
            write_atomically(ignore, b"*\n")


def _begin(path: Path) -> None:
    """Write an empty ledger."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        _prepare(connection)


def _prepare(connection: sqlite3.Connection) -> None:
    connection.text_factory = _text
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_SCHEMA)
    connection.execute("PRAGMA synchronous = FULL")


def _text(data: bytes) -> str:
    """A damaged text is a line whose digest doesn't hold, and no reason to stop reading."""
    return data.decode("utf-8", "replace")


@contextmanager
def reading(path: Path, how: str, patience: float) -> Iterator[sqlite3.Connection]:
    """Open a file of unknown origin only to read it."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", timeout=patience, isolation_level=None, uri=True)
    try:
        connection.text_factory = _text
        connection.execute("PRAGMA trusted_schema = OFF")
        yield connection
    finally:
        connection.close()


def read_lines(connection: sqlite3.Connection) -> list[Line]:
    """Every line; a file of somebody else's may hold a view, or other types than ours, in its place."""
    kind = connection.execute("SELECT type FROM sqlite_master WHERE name = 'line'").fetchone()
    if kind is None and connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
        return []  # another process is about to begin it
    if kind != ("table",):
        raise sqlite3.DatabaseError("not a database with a table of lines")
    rows: list[Any] = connection.execute("SELECT number, id, written, entry, previous, digest FROM line ORDER BY number").fetchall()
    if not all(isinstance(number, int) and all(isinstance(part, str) for part in rest) for number, *rest in rows):
        raise sqlite3.DatabaseError("malformed lines")
    return [Line(*row) for row in rows]


def damage(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the file around the lines: its table, its index, its triggers, its pages."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    found = _objects(connection)
    if not found:  # another process is about to begin it, or it was begun and emptied
        return [] if version == 0 else ["The table of lines is gone from it."]
    said = _unlike(found, _written()) if version == _VERSION else []
    checked = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
    return said if checked == ["ok"] else [*said, f"The file around the lines is damaged ({'; '.join(checked)}). {_SALVAGE}"]


def _objects(connection: sqlite3.Connection) -> dict[str, str]:
    """The table of lines and what acts on it, by name, as SQL."""
    wanted = "SELECT name, sql FROM sqlite_master WHERE (tbl_name = 'line' OR name LIKE 'line%') AND sql IS NOT NULL"
    return {str(name): str(sql) for name, sql in connection.execute(wanted)}


@cache
def _written() -> dict[str, str]:
    """The same as synthnb writes it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(_SCHEMA)
        return _objects(connection)


def _unlike(found: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """What of a ledger isn't as synthnb writes it."""
    signs = {
        "gone from it": sorted(set(wanted) - set(found)),
        "other than synthnb writes it": sorted(name for name in set(wanted) & set(found) if found[name] != wanted[name]),
        "nothing that synthnb writes": sorted(set(found) - set(wanted)),
    }
    told = [f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} {sign}" for sign, names in signs.items() if names]
    return [f"The file no longer refuses changes: {'; '.join(told)}."] if told else []


def heads(connection: sqlite3.Connection) -> list[Head]:
    """The last line's number and digest; nothing if there is no line."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'line' AND type = 'table'").fetchone():
        return []
    return [Head(*row) for row in connection.execute("SELECT number, digest FROM line ORDER BY number DESC LIMIT 1")]


def insert(connection: sqlite3.Connection, line: Line) -> None:
    """Write a line."""
    connection.execute("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?)", line)


def write_lines(path: Path, lines: Iterable[Line]) -> None:
    """Write a new ledger of lines as they are, all in the one file."""
    with closing(_connected(path, 10.0)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for line in lines:
            insert(connection, line)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA journal_mode = WAL")
