"""The data files that a record says were exported, as they lie beside the notebook now."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from synthnb._canonical import digest_file
from synthnb.disclosure.crates.rows import Rows, rows_of
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain
from synthnb.disclosure.sidecar import OUTSIDE, sidecar_of
from synthnb.errors import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from synthnb.disclosure.crates.account import Account
    from synthnb.disclosure.folding import Entry

__all__ = ["MEDIA", "DataFile", "Found", "data_files", "exported", "media_of"]

MEDIA = {
    ".arrow": "application/vnd.apache.arrow.file",
    ".csv": "text/csv",
    ".feather": "application/vnd.apache.arrow.file",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".md": "text/markdown",
    ".ndjson": "application/jsonlines",
    ".parquet": "application/vnd.apache.parquet",
    ".sig": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".tsv": "text/tab-separated-values",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Media types by a file's ending."""


@dataclass(frozen=True)
class DataFile:
    """A table in a file that an export wrote."""

    path: str
    """Where it is, relative to the notebook's folder, with slashes."""
    file: Path
    """The file itself."""
    sha256: str
    """Its digest in hexadecimal digits, as found now, which is the one in the record."""
    size: int
    """Its bytes."""
    media: str
    """Its media type."""
    table: str
    """What the notebook calls the table."""
    content: str
    """The digest of the table's content."""
    rows: int | None
    """How many rows it holds."""
    entry: str
    """The id of the export's entry."""
    written: str
    """When it was exported, in UTC."""
    sidecar: Path | None
    """The record beside it, if there is one."""
    source_type: str = ""
    """The IPTC term of the table."""
    kinds: Rows = field(default_factory=lambda: Rows(0))
    """What its rows are."""


@dataclass(frozen=True)
class Found:
    """What became of the data files that a record names."""

    files: tuple[DataFile, ...]
    """Those that are there, unchanged."""
    problems: tuple[str, ...]
    """A sentence, without its full stop, for each that was changed since or can't be read."""
    absent: tuple[str, ...]
    """Those that aren't there, or lie outside the notebook's folder."""


def media_of(name: str) -> str:
    """The media type of a file by its ending."""
    return MEDIA.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")


def exported(account: Account) -> dict[str, Entry]:
    """The exports of tables that count, by the file's path with slashes."""
    return {
        PurePosixPath(path).as_posix(): entry
        for entry in account.entries
        if entry["kind"] == "export" and "rows" in (detail := mapping(entry.get("detail"))) and isinstance(path := detail.get("path"), str)
    }


def data_files(account: Account, folder: Path) -> Found:
    """Find the tables that a record's exports wrote.

    Parameters
    ----------
    account : Account
        The record.
    folder : Path
        The notebook's folder, to which the record's paths are relative. Nothing outside is looked at.
    """
    files: list[DataFile] = []
    problems: list[str] = []
    absent: list[str] = []
    for entry in exported(account).values():
        detail = mapping(entry["detail"])
        path = str(detail["path"])
        file = _inside(path, folder)
        if file is None or not file.is_file():
            absent.append(plain(path))
            continue
        try:
            digest, size = digest_file(file), file.stat().st_size
        except OSError as error:
            problems.append(f"{shown(path)} can't be read: {error.strerror}")
            continue
        if digest != detail.get("sha256"):
            problems.append(f"{shown(path)} was changed after it was exported")
            continue
        files.append(_data_file(account, entry, file, digest, size))
    return Found(tuple(files), tuple(problems), tuple(absent))


def _data_file(account: Account, entry: Entry, file: Path, digest: str, size: int) -> DataFile:
    detail: Mapping[str, object] = mapping(entry["detail"])
    path, rows = str(detail["path"]), detail.get("rows")
    beside = sidecar_of(file)
    return DataFile(
        path=PurePosixPath(path).as_posix(),
        file=file,
        sha256=digest.removeprefix("sha256:"),
        size=size,
        media=media_of(path),
        table=plain(str(detail.get("name") or file.stem)),
        content=str(detail.get("content") or ""),
        rows=rows if isinstance(rows, int) and not isinstance(rows, bool) else None,
        entry=entry["id"],
        written=entry["created"],
        sidecar=beside if beside.is_file() and not beside.is_symlink() else None,
        source_type=account.source_type_of(detail),
        kinds=rows_of(account, detail),
    )


def _inside(path: str, folder: Path) -> Path | None:
    """The file, unless its path leads out of the folder, also by a link."""
    try:
        parts = PurePosixPath(path)
        file = folder / path
        safe = not path.startswith(OUTSIDE) and not parts.is_absolute() and ".." not in parts.parts and "\\" not in path
        return file if safe and file.resolve().is_relative_to(folder.resolve()) else None
    except (OSError, ValueError, RuntimeError):
        return None
