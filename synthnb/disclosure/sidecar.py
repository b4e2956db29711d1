"""Data files with their record beside them, in ``NAME.synthnb.json``; the data's own bytes are never touched."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from synthnb._canonical import digest_file
from synthnb._files import write_atomically
from synthnb.disclosure.entries import entry_for_export
from synthnb.disclosure.folding import JUDGING, MAKING, Entry, in_order
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.record import Record
from synthnb.errors import OptionError, shown

__all__ = ["OUTSIDE", "SUFFIX", "entries_about", "relative", "sidecar_of", "write_data", "write_sidecar"]

OUTSIDE = "…/"
"""What a record puts before the name of a file outside the folder; where exactly it lies is nobody's business."""
SUFFIX = ".synthnb.json"
"""What is appended to a data file's name to name its sidecar."""


def sidecar_of(path: Path) -> Path:
    """Return where a data file's sidecar is."""
    return path.with_name(path.name + SUFFIX)


def relative(path: Path, folder: Path | None = None) -> str:
    """Return a path as the record has it: relative to a folder if it lies inside it, else ``…/NAME``.

    Parameters
    ----------
    path : Path
        A file.
    folder : Path, optional
        The notebook's folder, to which `synthnb.disclosure.verify` takes paths to be relative; the working folder by default.
    """
    given, base = path.resolve(), (folder or Path.cwd()).resolve()
    return given.relative_to(base).as_posix() if given.is_relative_to(base) else f"{OUTSIDE}{given.name}"


def entries_about(content: str, entries: Iterable[Entry], *, cut_from: str | None = None) -> list[Entry]:
    """Return the entries on which a frame's content rests: its runs, their reports, and what persons stated.

    Parameters
    ----------
    content : str
        The frame's digest.
    entries : iterable of entries
        Everything known.
    cut_from : str, optional
        The id of the run that made the rows, if the frame is only some of them.
    """
    known = in_order(entries)
    wanted: set[object] = {content}
    runs: set[object] = {cut_from}
    chain: list[Entry] = []
    for entry in reversed([entry for entry in known if entry["kind"] in MAKING]):
        detail = mapping(entry.get("detail"))
        if entry["id"] in runs or mapping(detail.get("output")).get("digest") in wanted:
            chain.append(entry)
            inputs = [mapping(table) for table in detail.get("inputs", [])] if entry["kind"] == "column" else []
            wanted |= {table.get("digest") for table in inputs} | {mapping(detail.get("output")).get("digest")}
            runs |= {mapping(table.get("origin")).get("run") for table in inputs}
    kept = {entry["id"] for entry in chain}

    def counts(entry: Entry) -> bool:
        judged = entry.get("content")
        return entry["kind"] == "disclose" or entry["id"] in kept or (entry["kind"] in JUDGING and bool(chain) and judged in wanted)

    return [entry for entry in known if counts(entry)]


def write_data(
    frame: Any, path: Path, *, frame_name: str, entries: Iterable[Entry], cut_from: str | None = None, folder: Path | None = None
) -> Entry:
    """Write a frame and its sidecar, and return the export's entry.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The table.
    path : Path
        A ``.csv`` or ``.parquet`` file.
    frame_name : str
        What the user calls the frame.
    entries : iterable of entries
        Everything known; those on which the content rests go into the sidecar.
    cut_from : str, optional
        The id of the run that made the rows, where the frame isn't that run's output.
    folder : Path, optional
        The notebook's folder, to which the record's path is relative; the working folder by default.

    Raises
    ------
    OptionError
        No run made the frame as it now is, or the ending isn't known.
    FrameError
        A column can't be written in this form.
    StorageError
        The disk is full, or the folder is missing or read-only.
    """
    from synthnb._frames import frame_digest
    from synthnb._tables import write_table

    content = frame_digest(frame)
    about = entries_about(content, entries, cut_from=cut_from)
    runs = [entry for entry in about if entry["kind"] in MAKING]
    if not runs:
        raise OptionError(
            f"A frame as a run of this session made it was expected; {shown(frame_name)} isn't one, or has changed since.",
            fix="A record about it would not be true. Export what a run made, or rows cut from it.",
        )
    as_made = any(entry["detail"]["output"].get("digest") == content for entry in runs)
    write_table(frame, path)
    shape = {"name": frame_name, "rows": len(frame), "columns": len(frame.columns), "content": content, "as_made": as_made}
    return write_sidecar(path, about, shape | ({} if as_made else {"changed": _changed(frame, runs)}), folder=folder)


def _changed(frame: Any, runs: list[Entry]) -> str:
    """In which way a frame differs from what the last of the runs made, in a sentence."""
    output = runs[-1]["detail"]["output"]
    names = [str(name) for name in getattr(frame, "columns", [])]
    added = [name for name in names if name not in output["columns"]]
    other = f"; no run made its {'column' if len(added) == 1 else 'columns'} {', '.join(added)}" if added else ""
    return f"{len(frame):,} rows taken from “{output['name']}” ({runs[-1]['id']}){other}"


def write_sidecar(path: Path, entries: Iterable[Entry], detail: Mapping[str, Any], *, folder: Path | None = None) -> Entry:
    """Write the sidecar of a data file that exists, and return the export's entry.

    Parameters
    ----------
    path : Path
        The data file.
    entries : iterable of entries
        The record as it was before this export.
    detail : mapping
        What else to note, such as ``name``, ``rows`` and ``columns``.
    folder : Path, optional
        The notebook's folder, to which the record's path is relative; the working folder by default.
    """
    record = Record.from_entries(entries)
    beside = sidecar_of(path)
    export = {"path": relative(path, folder), "sha256": digest_file(path), "bytes": path.stat().st_size, "record_digest": record.digest}
    entry = entry_for_export(export | {"sidecar": beside.name} | dict(detail))
    whole = Record.from_entries([*record.entries, entry]).to_dict()
    write_atomically(beside, (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode())
    return entry
