"""Zip files that are the same bytes for the same content, and reading those that come from anywhere.

Files are stored in the order of their names, at one fixed time, without compression: so a
crate can be rebuilt from what is in it, and a single changed byte anywhere shows. A crate that
was unpacked and packed anew differs in bytes and is still checked file by file.
"""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any

from synthnb._files import write_atomically
from synthnb.disclosure.crates.parts import Part, is_safe
from synthnb.errors import NotebookError, StorageError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Opened", "is_as_packed", "open_zip", "write_zip"]

_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = (stat.S_IFREG | 0o644) << 16
_CHUNK = 1 << 20
_MOST_FILES = 10_000
_MOST_GROWTH = 200
_ALLOWANCE = 64 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
"""What `zipfile` raises for files that aren't zips, or not whole, locked by a password, or that name places no file has."""


def _info(place: str, size: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(place, _TIME)
    info.create_system, info.external_attr, info.compress_type, info.file_size = 3, _MODE, zipfile.ZIP_STORED, size
    return info


def write_zip(target: Path, parts: Iterable[Part]) -> None:
    """Write parts as a zip; it appears whole or not at all.

    Raises
    ------
    StorageError
        The disk is full, the folder is missing or read-only, or a file changed while it was being packed.
    """
    ordered = sorted(parts, key=lambda part: part.place)

    def write(path: Path) -> None:
        with path.open("wb") as file:
            _pack(file, ((part.place, part.size, _pieces_of(part)) for part in ordered))

    write_atomically(target, write)


def _pack(file: IO[bytes], members: Iterable[tuple[str, int, Iterator[bytes]]]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        for place, size, pieces in members:
            with packed.open(_info(place, size), "w") as member:
                for piece in pieces:
                    member.write(piece)


def _pieces_of(part: Part) -> Iterator[bytes]:
    if isinstance(part.content, bytes):
        yield part.content
        return
    seen = hashlib.sha256()
    with part.content.open("rb") as file:
        while piece := file.read(_CHUNK):
            seen.update(piece)
            yield piece
    if seen.hexdigest() != part.sha256:
        raise StorageError(
            f"{part.content.name} changed while it was being packed.", fix="Wait until nothing writes to it, and export again."
        )


class Opened:
    """A zip that was opened: its files, read in pieces and never beyond what they say they hold.

    Parameters
    ----------
    path : Path
        The zip.
    packed : zipfile.ZipFile
        It, open.
    """

    def __init__(self, path: Path, packed: zipfile.ZipFile) -> None:
        self.path = path
        """The zip's file."""
        self._packed = packed
        self._infos = {info.filename: info for info in packed.infolist() if not info.is_dir()}

    @property
    def places(self) -> list[str]:
        """The files in it, in order."""
        return sorted(self._infos)

    def size(self, place: str) -> int:
        """How many bytes a file says it holds."""
        return self._infos[place].file_size

    def pieces(self, place: str) -> Iterator[bytes]:
        """A file's bytes in pieces.

        Raises
        ------
        NotebookError
            It can't be unpacked.
        """
        try:
            with self._packed.open(self._infos[place]) as member:
                while piece := member.read(_CHUNK):
                    yield piece
        except _BROKEN as error:
            raise NotebookError(
                f"{shown(place)} can't be unpacked: {_words(error)}.", fix="Get the crate again from where it came."
            ) from error

    def read(self, place: str, *, most: int) -> bytes:
        """A file's bytes, if they aren't more than so many.

        Raises
        ------
        NotebookError
            It can't be unpacked, or is larger.
        """
        if self.size(place) > most:
            raise NotebookError(
                f"{shown(place)} of at most {most:,} bytes was expected; it has {self.size(place):,}.",
                fix="Get the crate again from where it came.",
            )
        return b"".join(self.pieces(place))

    def sha256(self, place: str) -> str:
        """A file's digest in hexadecimal digits."""
        seen = hashlib.sha256()
        for piece in self.pieces(place):
            seen.update(piece)
        return seen.hexdigest()

    def close(self) -> None:
        """Let go of the file."""
        self._packed.close()

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_zip(path: Path) -> Opened:
    """Open a zip of unknown origin.

    Raises
    ------
    NotebookError
        It isn't a zip, or holds names that lead out of a folder, links, a file twice, too many files, or far more than its size.
    StorageError
        It can't be read.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
    except OSError as error:
        raise StorageError(f"{path.name} can't be read: {error.strerror or error}.", fix="Check who may read it.") from error
    try:
        packed = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise NotebookError(
            f"A zip was expected; {shown(path.name)} isn't a whole one: {_words(error)}.", fix="Get it again from where it came."
        ) from error
    if problem := _problem(packed.infolist(), size):
        packed.close()
        raise NotebookError(
            f"A crate was expected; {shown(path.name)} {problem}. Nothing was unpacked.", fix="Don't unpack it; ask whoever made it."
        )
    return Opened(path, packed)


def _problem(infos: list[zipfile.ZipInfo], size: int) -> str:
    if len(infos) > _MOST_FILES:
        return f"holds {len(infos):,} files, more than {_MOST_FILES:,}"
    names = [info.filename for info in infos]
    unsafe = [name for name in names if not is_safe(name.removesuffix("/"))]
    if unsafe:
        return f"holds a name that leads out of a folder, or that no system takes: {shown(unsafe[0])}"
    if len({name.casefold() for name in names}) < len(names):
        return "holds two files of one name"
    if links := [info.filename for info in infos if stat.S_ISLNK(info.external_attr >> 16)]:
        return f"holds a link: {shown(links[0])}"
    if locked := [info.filename for info in infos if info.flag_bits & 1]:
        return f"holds a file locked by a password: {shown(locked[0])}"
    declared = sum(info.file_size for info in infos)
    if declared > _MOST_GROWTH * size + _ALLOWANCE or sum(info.compress_size for info in infos) > size:
        return f"would unpack to {declared:,} bytes from {size:,}"
    return ""


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


class _Compared:
    """A file to write to that keeps nothing, but compares what is written with what another file has in the same place.

    A member's header is written twice, first without its digest; what counts is what was written last.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._at, self._end = file, 0, 0
        self._wrong: set[tuple[int, int]] = set()

    def write(self, data: bytes) -> int:
        self._file.seek(self._at)
        place = (self._at, len(data))
        self._wrong.discard(place)
        if self._file.read(len(data)) != bytes(data):
            self._wrong.add(place)
        self._at += len(data)
        self._end = max(self._end, self._at)
        return len(data)

    def tell(self) -> int:
        return self._at

    def seek(self, place: int, _from: int = 0) -> int:
        self._at = place
        return place

    def flush(self) -> None:
        """Nothing is held back."""

    def is_same(self, size: int) -> bool:
        """Whether all of the other file, which has so many bytes, was written."""
        return not self._wrong and self._end == size


def is_as_packed(opened: Opened) -> bool:
    """Whether a zip is, byte for byte, what `write_zip` makes of what is in it.

    Raises
    ------
    NotebookError
        A file in it can't be unpacked.
    """
    with opened.path.open("rb") as file:
        compared: Any = _Compared(file)
        _pack(compared, ((place, opened.size(place), opened.pieces(place)) for place in opened.places))
        return bool(compared.is_same(opened.path.stat().st_size))
