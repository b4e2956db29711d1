"""Notebook files: read as they are, changed only where something changed, written whole or not at all."""

from __future__ import annotations

import codecs
import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from synthnb._clock import utc_now
from synthnb._files import write_atomically
from synthnb.disclosure.notebook import apply, harvest, upsert
from synthnb.disclosure.reading import parse_json
from synthnb.disclosure.record import status_of
from synthnb.errors import NotebookError, StorageError, shown

__all__ = ["Disclosed", "Layout", "disclose_file", "disclosure_status", "read_notebook", "refuse_read_only", "write_atomically"]

Json = dict[str, Any]


class Disclosed(NamedTuple):
    """What became of a notebook's disclosure."""

    changed: bool
    """The file was, or with ``check`` would be, written."""
    status: str
    """``none``, ``incomplete``, ``complete`` or ``opted out``."""


@dataclass(frozen=True)
class Layout:
    """How a notebook's JSON is laid out, so that a change stays small."""

    indent: str | None
    """What a level is indented by; None for one line."""
    compact: bool
    """No space after colons and commas."""
    ascii: bool
    """Characters beyond ASCII are escaped."""
    newline: str
    """``\\n`` or ``\\r\\n``."""
    ends: bool
    """The file ends in a line feed."""
    mark: str = ""
    """The byte order mark, if the file begins with one."""

    @classmethod
    def of(cls, data: bytes) -> Layout:
        """Read the layout off a file's bytes, which are UTF-8."""
        text = data.decode("utf-8-sig")
        indented = re.match(r'\{\r?\n([ \t]+)"', text)
        return cls(
            indent=indented[1] if indented else None,
            compact=not indented and '": ' not in text[:200],
            ascii=text.isascii() and re.search(r"\\u[0-9a-fA-F]{4}", text) is not None,
            newline="\r\n" if "\r\n" in text else "\n",
            ends=text.endswith("\n"),
            mark="\ufeff" if data.startswith(codecs.BOM_UTF8) else "",
        )

    def dump(self, notebook: Json) -> bytes:
        """Return a notebook in this layout."""
        separators = (",", ":") if self.compact else None
        text = json.dumps(notebook, indent=self.indent, separators=separators, ensure_ascii=self.ascii) + "\n" * self.ends
        try:
            return (self.mark + text.replace("\n", self.newline)).encode()
        except UnicodeEncodeError:  # half a surrogate pair in somebody's cell can only be written escaped
            return replace(self, ascii=True).dump(notebook)


def disclose_file(path: str | Path, *, restore: bool = False, check: bool = False, now: str | None = None) -> Disclosed:
    """Bring a notebook file's metadata and disclosure cell in step with its outputs.

    Keys of other programs, their order and the file's layout stay. A file in which
    nothing changes isn't written. The format's minor version stays: a cell
    gets an id only where the format has them.

    Parameters
    ----------
    path : str or Path
        The notebook.
    restore : bool
        Put the cell back even if it was deleted.
    check : bool
        Change nothing, only say whether something would change.
    now : str, optional
        The time, as ``2026-11-23T15:40:00Z``.

    Raises
    ------
    NotebookError
        It isn't a notebook of format 4, or a later version of synthnb wrote its record.
    StorageError
        It can't be read or written; the file is as it was.
    """
    file = Path(path).resolve()
    data, read_at = _read(file)
    notebook = parse_notebook(data, file.name)
    if harvest(notebook["cells"], notebook["metadata"])["newer"]:
        raise NotebookError(f"{file.name} holds a record of a later version of synthnb.", fix="Update synthnb: pip install -U synthnb")
    edits = upsert(notebook["cells"], notebook["metadata"], now=now or utc_now(), restore=restore)
    after = apply(edits, notebook)
    if edits and not check:
        refuse_read_only(file)
        if file.stat().st_mtime_ns != read_at:
            raise StorageError(f"{file.name} was changed by another program meanwhile; it is left as that one wrote it.", fix="Try again.")
        write_atomically(file, Layout.of(data).dump(_with_lines(after, edits)))
    return Disclosed(bool(edits), disclosure_status(after["metadata"]))


def disclosure_status(metadata: Mapping[str, Any]) -> str:
    """Return ``none``, ``incomplete``, ``complete`` or ``opted out`` for a notebook's metadata."""
    own = metadata.get("synthnb")
    if not isinstance(own, Mapping):
        return "none"
    return "opted out" if "opt_out" in own else status_of(own)


def read_notebook(path: str | Path) -> Json:
    """Return a notebook file's content as plain JSON types.

    Raises
    ------
    NotebookError
        It doesn't exist or isn't a notebook of format 4.
    StorageError
        It can't be read.
    """
    file = Path(path)
    return parse_notebook(_read(file)[0], file.name)


def _read(file: Path) -> tuple[bytes, int]:
    if not file.is_file():
        raise NotebookError(f"There is no notebook at {shown(str(file.name))}.", fix="Correct the path.")
    try:
        return file.read_bytes(), file.stat().st_mtime_ns
    except OSError as error:
        raise StorageError(f"{file.name} can't be read: {error.strerror or error}.", fix="Check who may read it.") from error


def parse_notebook(data: bytes, name: str) -> Json:
    """Return the notebook in a file's bytes.

    Raises
    ------
    NotebookError
        They aren't a notebook of format 4.
    """
    try:
        found = parse_json(data)
    except UnicodeDecodeError as error:
        raise NotebookError(
            f"{name} should be a notebook; it isn't UTF-8 text: {error.reason} at byte {error.start:,}.", fix="Save it as UTF-8."
        ) from error
    except ValueError as error:
        raise NotebookError(
            f"{name} should be a notebook; it can't be read as JSON: {error}.", fix="Check that it is an .ipynb file and was saved whole."
        ) from error
    if not isinstance(found, dict) or not isinstance(found.get("nbformat"), int):
        raise NotebookError(f"{name} should be a notebook; it is JSON, but not a notebook's.", fix="Check that it is an .ipynb file.")
    if found["nbformat"] != 4:
        raise NotebookError(
            f"A notebook of format 4 was expected; {name} has format {found['nbformat']}.",
            fix="Open and save it in a current Jupyter, or run: jupyter nbconvert --to notebook --inplace FILE",
        )
    if not isinstance(found.get("cells"), list) or not isinstance(found.setdefault("metadata", {}), dict):
        raise NotebookError(f"{name} should be a notebook; it has no list of cells or no metadata.", fix="Restore it from a checkpoint.")
    return found


def _with_lines(notebook: Json, edits: list[Json]) -> Json:
    """Give changed sources the form that the file's other sources have: a list of lines, unless those are strings."""
    sources = [cell.get("source") for cell in notebook["cells"] if isinstance(cell, dict)]
    changed = {edit["source"] for edit in edits if "source" in edit}
    if any(isinstance(source, str) and source not in changed and source for source in sources):
        return notebook
    for cell in notebook["cells"]:
        if isinstance(cell, dict) and isinstance(cell.get("source"), str) and cell["source"] in changed:
            cell["source"] = re.findall(r"[^\n]*\n|[^\n]+", cell["source"])
    return notebook


def refuse_read_only(file: Path) -> None:
    """Refuse to replace a file that its owner made read-only.

    Raises
    ------
    StorageError
        It is.
    """
    if not stat.S_IMODE(file.stat().st_mode) & 0o222 or not os.access(file, os.W_OK):
        raise StorageError(f"{file.name} is read-only; it is left as it was.", fix="Make it writable, or work on a copy.")
