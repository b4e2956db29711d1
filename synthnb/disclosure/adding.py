"""An entry more in a notebook file's record, for what is said of a notebook from outside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._canonical import digest, without
from synthnb._clock import utc_now
from synthnb._files import write_atomically
from synthnb.disclosure.files import Layout, parse_notebook, refuse_read_only
from synthnb.disclosure.notebook import apply, harvest, upsert
from synthnb.disclosure.reading import mapping
from synthnb.errors import NotebookError, StorageError, shown

if TYPE_CHECKING:
    from synthnb.disclosure.folding import Entry

__all__ = ["add_to_notebook"]


def add_to_notebook(path: str | Path, build: Callable[[list[Entry]], Entry]) -> Entry:
    """Add an entry to a notebook's record, bring its cell up to date, and return the entry.

    Parameters
    ----------
    path : str or Path
        The notebook.
    build : callable
        Takes the entries that are there and returns the one to add.

    Raises
    ------
    NotebookError
        It isn't a notebook, or a later version of synthnb wrote its record.
    StorageError
        It can't be read or written; it is as it was.
    """
    file = Path(path).expanduser().resolve()
    if not file.is_file():
        raise NotebookError(f"There is no notebook at {shown(file.name)}.", fix="Correct the path.")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise StorageError(f"{file.name} can't be read: {error.strerror or error}.", fix="Check who may read it.") from error
    notebook = parse_notebook(data, file.name)
    found = harvest(notebook["cells"], notebook["metadata"])
    if found["newer"]:
        raise NotebookError(f"{file.name} holds a record of a later version of synthnb.", fix="Update synthnb: pip install -U synthnb")
    entry = _naming(build(found["entries"]), file.name)
    own = dict(mapping(notebook["metadata"].get("synthnb")))
    kept = own.get("entries")
    notebook["metadata"]["synthnb"] = own | {"entries": [*(kept if isinstance(kept, list) else []), entry]}
    after = apply(upsert(notebook["cells"], notebook["metadata"], now=utc_now()), notebook)
    refuse_read_only(file)
    write_atomically(file, Layout.of(data).dump(_with_lines(after)))
    return entry


def _naming(entry: Entry, name: str) -> Entry:
    """The entry with the notebook's name, by which the ledger knows what that notebook should hold."""
    changed = without(entry, "digest") | {"detail": {**mapping(entry.get("detail")), "notebook": name}}
    return changed | {"digest": digest(changed)}


def _with_lines(notebook: dict[str, Any]) -> dict[str, Any]:
    """Give each source the form that others have: a list of lines, unless they are strings."""
    cells = [cell for cell in notebook["cells"] if isinstance(cell, dict)]
    if any(isinstance(cell.get("source"), list) for cell in cells):
        for cell in cells:
            if isinstance(cell.get("source"), str):
                cell["source"] = re.findall(r"[^\n]*\n|[^\n]+", cell["source"])
    return notebook
