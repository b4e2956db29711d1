"""The ledger: every entry made in a folder, appended once and never changed.

An SQLite file in WAL mode, so that several kernels can write at once. Each line
holds its entry and the digest of that together with the digest of the line
before (`chain`): a line that was changed, removed or slipped in breaks the chain.
Lines cut off at the end leave no trace here; the notebooks that hold their entries do,
and so does a file that noted how far the ledger had come (`Ledger.lacking`). Triggers
refuse updates and deletions by ordinary clients.

A ledger that fails never stops the work: its `StorageError` says what is
intact, and whoever called shows it as a warning. Of a damaged file the intact
lines can be read all the same (`salvage`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from synthnb._canonical import canonical, digest, without
from synthnb._clock import utc_now
from synthnb.config import get_config
from synthnb.disclosure.folding import Entry, in_order
from synthnb.disclosure.ledger import store
from synthnb.disclosure.ledger.chain import Head, Line, problems, seal
from synthnb.disclosure.ledger.salvage import Salvage, salvage, write_salvaged
from synthnb.disclosure.reading import mapping

__all__ = ["Head", "Ledger", "Line", "Salvage", "ledger_head", "noting", "open_ledger", "salvage", "write_salvaged"]

_T = TypeVar("_T")
_PATIENCE = 10.0
_MOST_NAMED = 3


def open_ledger(path: str | Path | None = None, *, folder: str | Path | None = None) -> Ledger | None:
    """Return the ledger of the working folder or of another one, or None if the settings say ``off``.

    Nothing is created before the first entry is appended.
    """
    chosen = str(path or get_config().ledger)
    return None if chosen == "off" else Ledger(Path(folder or "") / chosen)


def ledger_head(folder: str | Path | None = None) -> dict[str, Any] | None:
    """How far the ledger of the working folder, or of another one, has come, as a file that is written may note it under ``ledger``.

    None if there is no ledger, or none that can be read.
    """
    from synthnb.errors import StorageError

    try:
        ledger = open_ledger(folder=folder)
        if ledger is None or not ledger.path.is_file():
            return None
        with ledger:
            return ledger.head()._asdict()
    except (StorageError, ValueError):
        return None


def noting(entry: Entry, *, folder: str | Path | None = None) -> Entry:
    """Return an entry that notes how far the working folder's, or another folder's, ledger had come, as ``detail.ledger``."""
    head = ledger_head(folder)
    if head is None:
        return entry
    changed = without(entry, "digest") | {"detail": {**mapping(entry.get("detail")), "ledger": head}}
    return changed | {"digest": digest(changed)}


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
        Of a damaged file it says which lines are intact.
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

    def append(self, entry: Entry) -> None:
        """Write an entry as the last line; the same entry twice stays one line."""
        body = canonical(entry).decode()
        with store.explained(self.path):
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                if not connection.execute("SELECT 1 FROM line WHERE id = ? AND entry = ?", (entry["id"], body)).fetchone():
                    last, written = (store.heads(connection) or [Head(0, "")])[0], utc_now()
                    number = last.lines + 1
                    sealed = seal(number, written, body, last.digest)
                    store.insert(connection, Line(number, entry["id"], written, body, last.digest, sealed))
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def lines(self) -> list[Line]:
        """Return every line, by number, as it stands in the file."""
        return self._read(store.read_lines)

    def entries(self, *, kind: str | None = None) -> list[Entry]:
        """Return the entries in the order they were written, all or those of a kind.

        A line without a readable entry is passed over; `verify` names it.
        """
        found = [entry for line in self.lines() if (entry := line.read())]
        return [entry for entry in found if kind is None or entry["kind"] == kind]

    def head(self) -> Head:
        """Return the last line's number and digest; 0 and an empty text for an empty ledger."""
        found = self._read(store.heads)
        return found[-1] if found else Head(0, "")

    def verify(self) -> list[str]:
        """Return a sentence for every line that was changed, removed or slipped in, and for damage around them.

        Empty if the chain holds. Bytes of the file that hold nothing aren't looked at.
        """
        return self._read(lambda connection: [*problems(store.read_lines(connection)), *store.damage(connection)])

    def lacking(self, entries: Iterable[Entry], *, sure: bool = False) -> list[str]:
        """Return a sentence for every sign in a notebook's or an export's entries that the ledger's end was cut off.

        Two signs: an entry that noted a line which isn't there, or is another (``detail.ledger``, with ``lines`` and
        ``digest``, as `ledger_head` gives it); and entries that came after the last of them which the ledger holds. The latter may also
        have been made elsewhere, or while the ledger couldn't be written, which their sentence says.

        Parameters
        ----------
        entries : iterable of entries
            What the notebook or the export holds.
        sure : bool
            Only the first sign, which nothing but a cut explains.
        """
        known = list(entries)
        lines = self.lines()
        digests = {line.number: line.digest for line in lines}
        noted = [(entry["id"], mapping(mapping(entry.get("detail")).get("ledger"))) for entry in known]
        found = [said for name, head in noted if (said := _cut(name, head, digests))]
        if sure:
            return found
        there = {line.id for line in lines}
        ordered = in_order(known)
        last = max((at for at, entry in enumerate(ordered) if entry["id"] in there), default=None)
        later = [entry["id"] for entry in ordered[last + 1 :]] if last is not None else []
        return [*found, _later(later)] if later else found

    def _read(self, ask: Callable[[sqlite3.Connection], list[_T]]) -> list[_T]:
        """What the file answers; nothing while there is none."""
        if not self.path.exists() and not self._closed:
            return []
        with store.explained(self.path):
            return ask(self._open()) if self._closed or self._connection is not None else self._look(ask)

    def _look(self, ask: Callable[[sqlite3.Connection], list[_T]]) -> list[_T]:
        """Read without writing: reading what others may have made must not change it.

        Even a read-only connection leaves files beside a ledger in WAL mode, unless
        SQLite is told that nobody else writes. That holds where no WAL is there and
        the file is afterwards as it was before; otherwise it is read again with locks.
        """
        before = self._stamp()
        if before[-1]:
            try:
                with store.reading(self.path, "immutable=1", self._patience) as connection:
                    answer = ask(connection)
                if self._stamp() == before:
                    return answer
            except sqlite3.DatabaseError:  # another process may write just now
                pass
        with store.reading(self.path, "mode=ro", self._patience) as connection:
            return ask(connection)

    def _stamp(self) -> tuple[int, int, bool]:
        """When the file changed last, its size, and whether all of it is in the one file."""
        status, beside = self.path.stat(), self.path.with_name(f"{self.path.name}-wal")
        return status.st_mtime_ns, status.st_size, not beside.exists() or beside.stat().st_size == 0

    def _open(self) -> sqlite3.Connection:
        if self._closed:
            raise sqlite3.ProgrammingError("closed")
        if self._connection is None:
            self._connection = store.open_file(self.path, self._patience)
        return self._connection


def _cut(name: str, noted: Mapping[str, Any], digests: Mapping[int, str]) -> str:
    """What a note of how far the ledger had come says against it; empty if it agrees."""
    number = noted.get("lines")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1 or digests.get(number) == noted.get("digest"):
        return ""
    if number in digests:
        return f"Line {number} is another than when {name} was written."
    return f"It had {number:,} lines when {name} was written and has {max(digests, default=0):,}: its end was cut off."


def _later(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    one = len(names) == 1
    return (
        f"{', '.join(names[:_MOST_NAMED])}{more} {'isn' if one else 'aren'}'t in it, though an earlier entry is: "
        f"its end was cut off, or {'it was' if one else 'they were'} made elsewhere."
    )
