"""Which notebook this kernel belongs to, and how to have it saved before it is read.

No protocol tells a kernel its notebook. Jupyter Server sets ``JPY_SESSION_NAME``
and VS Code a variable; elsewhere the user says which file it is.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthnb.errors import NotebookError

__all__ = ["find_notebook", "save_first"]

SAVE_TARGET = "synthnb.save"
"""The comm target that the lab extension answers by saving the document."""
_PATIENCE = 3.0


def find_notebook(named: str | None, variables: Mapping[str, Any]) -> Path | None:
    """Return the notebook's file, or None where nothing says which it is.

    Raises
    ------
    NotebookError
        A file was named and doesn't exist.
    """
    if named:
        path = Path(named).expanduser()
        if not path.is_file():
            raise NotebookError(f"There is no notebook at {named}.", fix="Correct the path after --notebook.")
        return path
    for candidate in (os.environ.get("JPY_SESSION_NAME"), variables.get("__vsc_ipynb_file__")):
        if candidate and (found := _existing(str(candidate))):
            return found
    return None


def _existing(name: str) -> Path | None:
    """The session's file: as it is named, or by its last part in the kernel's folder."""
    for path in (Path(name), Path.cwd() / Path(name).name):
        if path.suffix == ".ipynb" and path.is_file():
            return path
    return None


def save_first(path: Path) -> bool:
    """Ask the front end to save the notebook, and wait until the file has changed.

    Returns
    -------
    bool
        False when no front end answered: the file is then as it was last saved.
    """
    if "JPY_SESSION_NAME" not in os.environ:
        return False
    from comm import create_comm

    before = path.stat().st_mtime_ns
    comm = create_comm(target_name=SAVE_TARGET, data={})
    try:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if path.stat().st_mtime_ns != before and _is_whole(path):
                return True
            time.sleep(0.02)
        return False
    finally:
        comm.close()


def _is_whole(path: Path) -> bool:
    """Whether the file holds all of a notebook: servers write it in place, piece by piece."""
    try:
        return isinstance(json.loads(path.read_text(encoding="utf-8")), dict)
    except ValueError:
        return False
