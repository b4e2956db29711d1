"""What must stand in no file that is written, and a look into files for it: in archives, tables, databases and PDFs too."""

from __future__ import annotations

import gzip
import io
import logging
import os
import re
import sqlite3
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

KEY = "-".join(("sk", "planted", "4Qm7vTz0Lw9XbR2nKc5H"))
"""An API key, in the environment of the whole session."""
PATIENT = " ".join(("Zebulon", "-".join(("Quackenbush", "Ferreira"))))
"""A patient, named in prompts that are marked as sensitive. Both are put together here, since the source distribution holds this file."""
ALLOWED: Mapping[str, str] = {
    "pyvenv.cfg": "a virtual environment names the Python it was made with",
    "site-packages": "pip wrote it",
    "server.log": "Jupyter's own log names the folders of its settings",
}
"""Parts of paths in which something planted may stand, each with the reason."""

_LARGEST = 64 << 20
_PIECE = 8 << 20
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_DEEPEST = 3


class Leak(NamedTuple):
    """Something planted that was found."""

    what: str
    """What it is."""
    path: Path
    """The file it stands in; the folder above is named after the test."""


def plants(home: Path | None = None) -> dict[str, bytes]:
    """What is looked for, by what it is: the home folder's path only where it is more than a letter or two."""
    found = {"API key": KEY.encode(), "patient": PATIENT.encode(), "patient's surname": PATIENT.split()[-1].encode()}
    return found | ({"home folder": f"{home}/".encode()} if home is not None and len(str(home)) > 3 else {})


def leaks_in(folder: Path, wanted: Mapping[str, bytes], *, seconds: float = 30.0) -> tuple[list[Leak], int]:
    """Return what was found in the files of a folder, and how many files there was no time for."""
    until, found, left = time.monotonic() + seconds, [], 0
    for path in files_in(folder):
        if time.monotonic() > until:
            left += 1
        elif not any(part in str(path) for part in ALLOWED):
            found += [Leak(what, path) for what in held(contents(path), wanted)]
    return found, left


def files_in(folder: Path) -> Iterator[Path]:
    """Every ordinary file, without following links."""
    for place, _, names in os.walk(folder):
        yield from (path for name in sorted(names) if (path := Path(place) / name).is_file() and not path.is_symlink())


def held(pieces: Iterable[bytes], wanted: Mapping[str, bytes]) -> list[str]:
    """Which of what is wanted stands in some bytes, as it is or escaped as in JSON or an address."""
    spelt = [(what, one) for what, plant in wanted.items() for one in {plant, plant.replace(b"/", b"\\/"), plant.replace(b"/", b"%2F")}]
    found: set[str] = set()
    try:
        for piece in pieces:
            found |= {what for what, one in spelt if one in piece}
    except OSError:  # gone or closed to us meanwhile
        pass
    return sorted(found)


def contents(path: Path) -> Iterator[bytes]:
    """What a file holds: its bytes, and what is packed in them."""
    size = path.stat().st_size
    if size > _LARGEST:
        yield from _pieces(path)
        return
    data = path.read_bytes()
    yield data
    if data.startswith(b"SQLite format 3"):
        yield from _database(path)
    elif data.startswith((b"PAR1", b"ARROW1")):
        yield from _columns(data)
    else:
        yield from unpacked(data)


def unpacked(data: bytes, level: int = 0) -> Iterator[bytes]:
    """What is packed in some bytes: an archive's members, a PDF's streams."""
    if level >= _DEEPEST:
        return
    try:
        yield from _members(data, level)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, zlib.error):
        return


def _members(data: bytes, level: int) -> Iterator[bytes]:
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                inner = archive.read(name)
                yield name.encode() + b"\n" + inner
                yield from unpacked(inner, level + 1)
                if inner.startswith((b"PAR1", b"ARROW1")):
                    yield from _columns(inner)
    elif data.startswith(b"\x1f\x8b"):
        inner = gzip.decompress(data)
        yield inner
        yield from unpacked(inner, level + 1)
    elif data.startswith(b"%PDF"):
        for stream in _STREAM.findall(data):
            try:
                inner = zlib.decompress(stream)
            except zlib.error:
                continue
            yield inner
            yield from unpacked(inner, level + 1)
        yield from _pages(data)


def _pages(data: bytes) -> Iterator[bytes]:
    """The text of a PDF's pages, whatever its fonts' encoding."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        for page in PdfReader(io.BytesIO(data)).pages:
            yield page.extract_text().encode("utf-8", "replace")
    except (PyPdfError, ValueError, KeyError, IndexError):
        return


def _columns(data: bytes) -> Iterator[bytes]:
    """A table's metadata and its texts."""
    import pyarrow as pa
    import pyarrow.feather as feather
    import pyarrow.parquet as parquet

    try:
        table = parquet.read_table(io.BytesIO(data)) if data.startswith(b"PAR1") else feather.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError):
        return
    yield b"\n".join(b"%s=%s" % pair for pair in (table.schema.metadata or {}).items())
    for column in table.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            yield "\n".join(text for text in column.to_pylist() if text is not None).encode("utf-8", "replace")


def _database(path: Path) -> Iterator[bytes]:
    """Every cell of a database, which a page's end may cut in two."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as opened:
            for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                for row in opened.execute(f'SELECT * FROM "{name}"'):
                    yield "\n".join(map(str, row)).encode("utf-8", "replace")
    except sqlite3.Error:
        return


def _pieces(path: Path) -> Iterator[bytes]:
    """A large file in overlapping pieces."""
    with path.open("rb") as file:
        tail = b""
        while piece := file.read(_PIECE):
            yield tail + piece
            tail = piece[-256:]
