"""The lines of a damaged ledger, read off the file's pages without SQLite.

SQLite stops at the first page it can't make sense of. Here every page is looked at
by itself, as the file format lays it out (https://www.sqlite.org/fileformat.html,
sections 1.6, 2.1 and 4): a leaf of a table holds cells, each with a number and a
record; what doesn't fit goes on in a list of overflow pages. Committed frames of
the write-ahead log stand in for the pages they replace.

What is found is a claim and no more: only a line's own digest tells whether it is one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from synthnb.disclosure.ledger.chain import Line

__all__ = ["read_pages"]

_MAGIC = b"SQLite format 3\x00"
_USUAL = 4096
_SIZES = {512 << shift for shift in range(8)}
_LEAF = 13
_FIRST_TEXT = 13
_LOGS = {0x377F0682, 0x377F0683}


def read_pages(path: Path) -> Iterator[Line]:
    """Yield every line found on any page, in no order, some perhaps twice or damaged.

    Raises
    ------
    OSError
        The file can't be read at all.
    """
    with _Pages(path) as pages:
        for number in range(1, pages.count + 1):
            page = pages.read(number)
            for start in _cells(page, 100 if number == 1 else 0):
                try:
                    rowid, record = _record(pages, page, start)
                    texts = _texts(record)
                except (IndexError, struct.error, ValueError):
                    continue
                if len(texts) == 5:
                    yield Line(rowid, *texts)


class _Pages:
    """A database's pages, the newest committed version of each."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("rb")
        head = self._file.read(100)
        claimed = int.from_bytes(head[16:18], "big")
        claimed = 65536 if claimed == 1 else claimed
        self.size = claimed if head.startswith(_MAGIC) and claimed in _SIZES else _USUAL
        self.usable = self.size - (head[20] if head.startswith(_MAGIC) and len(head) > 20 and head[20] <= 32 else 0)
        self._length = self._file.seek(0, 2)
        log = path.with_name(f"{path.name}-wal")
        self._log: BinaryIO | None = log.open("rb") if log.is_file() else None
        self._places = _committed(self._log, self.size) if self._log else {}
        self.count = max([-(-self._length // self.size), *self._places])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
        if self._log:
            self._log.close()

    @property
    def capacity(self) -> int:
        """More than any record can be long."""
        return self.count * self.size

    def read(self, number: int) -> bytes:
        """A page; shorter, or empty, where the file ends."""
        if self._log and number in self._places:
            self._log.seek(self._places[number])
            return self._log.read(self.size)
        if number < 1:
            return b""
        self._file.seek((number - 1) * self.size)
        return self._file.read(self.size)


def _committed(log: BinaryIO, size: int) -> dict[int, int]:
    """Where in the log the newest committed version of each page lies."""
    head = log.read(32)
    if len(head) < 32 or int.from_bytes(head[:4], "big") not in _LOGS:
        return {}
    places: dict[int, int] = {}
    waiting: dict[int, int] = {}
    at = 32
    while len(frame := log.read(24)) == 24 and frame[8:16] == head[16:24]:
        number, after = struct.unpack(">II", frame[:8])
        waiting[number] = at + 24
        if after:
            places |= waiting
            waiting = {}
        at = log.seek(at + 24 + size)
    return places


def _cells(page: bytes, offset: int) -> list[int]:
    """Where the cells of a table's leaf begin; none for another kind of page."""
    if len(page) < offset + 8 or page[offset] != _LEAF:
        return []
    count = int.from_bytes(page[offset + 3 : offset + 5], "big")
    starts = [int.from_bytes(page[at : at + 2], "big") for at in range(offset + 8, offset + 8 + 2 * count, 2)]
    return [start for start in starts if offset + 8 <= start < len(page)]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for step in range(9):
        byte = data[at + step]
        if step == 8:
            return (value << 8) | byte, at + 9
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            return value, at + step + 1
    raise ValueError("no number")


def _record(pages: _Pages, page: bytes, at: int) -> tuple[int, bytes]:
    """A cell's number and its record, with what overflowed."""
    length, at = _varint(page, at)
    rowid, at = _varint(page, at)
    if length > pages.capacity:
        raise ValueError("longer than the file")
    most, least = pages.usable - 35, (pages.usable - 12) * 32 // 255 - 23
    if length <= most:
        return rowid, page[at : at + length]
    here = least + (length - least) % (pages.usable - 4)
    here = here if here <= most else least
    parts, left = [page[at : at + here]], length - here
    following = int.from_bytes(page[at + here : at + here + 4], "big")
    while left > 0:
        more = pages.read(following)
        if len(more) < 5:
            raise ValueError("the list of overflow pages breaks off")
        parts.append(more[4 : 4 + min(left, pages.usable - 4)])
        left, following = left - (pages.usable - 4), int.from_bytes(more[:4], "big")
    return rowid, b"".join(parts)


def _texts(record: bytes) -> list[str]:
    """The texts of a record whose first column is the number, which is stored apart."""
    end, at = _varint(record, 0)
    kinds = []
    while at < end:
        kind, at = _varint(record, at)
        kinds.append(kind)
    if not kinds or kinds[0] != 0 or any(kind < _FIRST_TEXT or kind % 2 == 0 for kind in kinds[1:]):
        raise ValueError("other types")
    texts, at = [], end
    for kind in kinds[1:]:
        length = (kind - _FIRST_TEXT) // 2
        texts.append(record[at : at + length].decode())
        at += length
    return texts
