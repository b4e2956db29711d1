"""``%synth sign`` and ``%synth sign-off``: this notebook, saved first, or a file; and what a reviewer has seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthnb._api.signing import own_public_key, sign
from synthnb.disclosure.session import session
from synthnb.errors import NotebookError
from synthnb.jupyter.mime import RECORD_MIME, _record, _table_bundle
from synthnb.jupyter.where import find_notebook, save_first

__all__ = ["sign_off_this", "sign_this"]


def sign_this(
    file: str | None, named: str | None, variables: Mapping[str, Any], *, by: str | None, valid_until: str | None
) -> dict[str, Any]:
    """Sign a file, or this notebook as it is saved, and return what to show.

    Raises
    ------
    NotebookError
        No file is named and nothing says which notebook this is.
    OptionError, StorageError
        There is no key, or the signature can't be written.
    """
    path = Path(file).expanduser() if file is not None else find_notebook(named, variables)
    if path is None:
        raise NotebookError("Which notebook this is isn't known here.", fix="Name the file to sign, as in: %synth sign report.html")
    saved = file is not None or save_first(path)
    place, key = sign(path, by=by, valid_until=valid_until), own_public_key()
    rows = [["Signature", place.name], ["Key", key.fingerprint if key else "not shown: its public half isn't beside it"]]
    note = [] if saved else [["Note", "The file is signed as it was last saved, without what was changed since."]]
    return _told(f"Signed {path.name}", [*rows, *note])


def sign_off_this(reviewer: str, scope: str, named: str | None, variables: Mapping[str, Any], *, by: str | None) -> dict[str, Any]:
    """Note that a reviewer has seen this notebook's record as it now is, and return what to show.

    Raises
    ------
    OptionError
        Reviewer or scope is missing, or there is nothing to sign off.
    """
    from synthnb.disclosure.signing_off import entry_for_sign_off

    entries = {entry["id"]: entry for entry in [*_in_file(named, variables), *session.entries()]}
    entry = session.remember(entry_for_sign_off(entries.values(), reviewer=reviewer, scope=scope, by=by))
    carried = session.unseen()
    rows = [["Reviewer's sign-off", str(entry["fields"]["reviewerSignOff"])], ["Void", "as soon as the record changes, but for exports"]]
    return session.mark_shown(carried, _told("Signed off", rows) | {RECORD_MIME: _record(carried)})


def _in_file(named: str | None, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the notebook's file says was done, by other kernels too; nothing where no file is known."""
    from synthnb.disclosure.files import read_notebook
    from synthnb.disclosure.notebook import harvest

    path = find_notebook(named, variables)
    if path is None:
        return []
    save_first(path)
    notebook = read_notebook(path)
    found: list[dict[str, Any]] = harvest(notebook["cells"], notebook["metadata"])["entries"]
    return found


def _told(title: str, rows: list[list[str]]) -> dict[str, Any]:
    from synthnb.jupyter._views import rows_view

    return _table_bundle(title, rows_view([{"what": name, "said": said} for name, said in rows]), "")
