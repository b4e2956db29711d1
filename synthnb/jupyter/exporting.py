"""``%synth export`` and ``%synth verify``: this notebook, saved first, or what a file holds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthnb._api import refuse_to_lose, verify, write_table
from synthnb._tables import is_table
from synthnb.disclosure.session import session
from synthnb.errors import NotebookError, OptionError
from synthnb.jupyter.mime import export_bundle, findings_bundle
from synthnb.jupyter.where import find_notebook, save_first

__all__ = ["endings", "export_frame", "export_notebook", "export_this", "ledger_folder", "verify_this"]

_NOT_KNOWN = "Which notebook this is isn't known here."


def export_notebook(
    notebook: str | Path | None, out: str | Path, *, overwrite: bool = False, override: str | None = None, release: str | None = None
) -> dict[str, Any]:
    """Export a notebook with its disclosure, and return the export's entry.

    Parameters
    ----------
    notebook : str, Path or None
        The notebook's file, which isn't changed; None for what this session has shown.
    out : str or Path
        Where to write; its ending says what: `endings` lists them.
    overwrite : bool
        Replace a file that isn't as synthnb wrote it.
    override : str, optional
        Why it is exported although a gate failed or a rule of the policy is broken; the record states it.
    release : str, optional
        The release class it is meant for.

    Raises
    ------
    OptionError
        The ending isn't one of these, a file would be lost, a gate or the policy refuses, or something that only a
        person can state is missing.
    NotebookError
        The notebook's file doesn't exist or isn't a notebook.
    MissingExtraError
        What the ending needs isn't installed.
    StorageError
        The disk is full, or the folder is missing or read-only.
    """
    from synthnb.disclosure.entries import entry_for_export
    from synthnb.jupyter import nbconvert
    from synthnb.jupyter.packages import export_package, is_package

    target = Path(out).expanduser()
    if is_package(target):
        return export_package(notebook or _session_notebook(), target, overwrite=overwrite, override=override, release=release)
    if nbconvert.ending_of(target) is None:
        raise OptionError.from_choice("An export's ending", target.suffix, endings())
    if not overwrite:
        refuse_to_lose(target)
    given = notebook or _session_notebook()
    written = nbconvert.export_notebook(given, target, override=override, release=release, overwrite=overwrite)
    folder = ledger_folder(notebook)
    for went_past in written.pop("overrides"):
        session.remember(went_past, folder=folder)
    return session.remember(entry_for_export(written), folder=folder)


def ledger_folder(notebook: object) -> Path | None:
    """Return the folder whose ledger an export of this notebook goes into; None for the working folder, as of all that a kernel does."""
    return Path(notebook).resolve().parent if isinstance(notebook, (str, Path)) and not session.kernel else None


def endings() -> list[str]:
    """The endings of files that a notebook is exported to."""
    from synthnb.jupyter import nbconvert
    from synthnb.jupyter.packages import PACKAGES

    return [*nbconvert.ENDINGS, *PACKAGES]


def export_frame(
    frame: Any,
    name: str,
    file: str,
    variables: Mapping[str, Any],
    *,
    overwrite: bool,
    override: str | None = None,
    release: str | None = None,
) -> dict[str, Any]:
    """Write a frame with its record and return what to show."""
    notebook = find_notebook(None, variables)
    folder = None if notebook is None else notebook.parent
    ways: dict[str, Any] = {"overwrite": overwrite, "override": override, "release": release}
    return _shown(write_table(frame, file, frame_name=name, folder=folder, **ways), "")


def export_this(
    file: str, named: str | None, variables: Mapping[str, Any], *, overwrite: bool, override: str | None = None, release: str | None = None
) -> dict[str, Any]:
    """Export this notebook as it now is, and return what to show.

    Where no file is known (plain IPython, nbclient) the session's own runs are
    exported, and the message says so.
    """
    if is_table(file) and not file.lower().endswith(tuple(endings())):
        raise OptionError(
            f"{file} holds a table, so which frame to write is needed.", fix=f"Add --frame: %synth export {file} --frame NAME"
        )
    path = find_notebook(named, variables)
    if path is None:
        note = f"{_NOT_KNOWN} The file holds what this session has shown; for all of it run: synthnb export NOTEBOOK {file}"
        return _shown(export_notebook(None, file, overwrite=overwrite, override=override, release=release), note)
    note = "" if save_first(path) else f"Exported as last saved at {time.strftime('%H:%M:%S', time.localtime(path.stat().st_mtime))}."
    return _shown(export_notebook(path, file, overwrite=overwrite, override=override, release=release), note)


def verify_this(file: str | None, named: str | None, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Verify a file, or this notebook after saving it, and return what to show."""
    if file is not None:
        return findings_bundle(verify(file))
    path = find_notebook(named, variables)
    if path is None:
        raise NotebookError(_NOT_KNOWN, fix="Name the file to verify, as in: %synth verify report.html")
    save_first(path)
    return findings_bundle(verify(path))


def _shown(entry: dict[str, Any], note: str) -> dict[str, Any]:
    made_by = entry["detail"].get("made_by")
    note = f"{note} Made by {made_by}.".strip() if made_by else note
    overrides = [waiting for waiting in session.unseen() if waiting["kind"] == "override"]
    return session.mark_shown([*overrides, entry], export_bundle(entry, note, overrides))


def _session_notebook() -> dict[str, Any]:
    """A notebook of one cell, with every output this session has shown."""
    outputs = [{"output_type": "display_data", "data": bundle, "metadata": {}} for bundle in session.bundles()]
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "session",
        "execution_count": None,
        "metadata": {},
        "outputs": outputs,
        "source": "# This session",
    }
    return {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
