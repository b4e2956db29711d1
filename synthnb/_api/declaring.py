"""The verb by which a person states something in a notebook's file, without a kernel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthnb.disclosure.session import session

__all__ = ["state_in"]


def state_in(path: str | Path, statements: Mapping[str, str], *, by: str | None = None) -> dict[str, Any]:
    """Add what a person states to a notebook file's record, and return the entry.

    Parameters
    ----------
    path : str or Path
        The notebook; its cell and metadata are brought up to date.
    statements : mapping of str to str
        Text by field id; an empty text withdraws an earlier statement.
    by : str, optional
        Who states it; the setting ``person`` by default.

    Raises
    ------
    OptionError
        A field doesn't exist or isn't a person's to state, or a program is named as the responsible person.
    NotebookError, StorageError
        It isn't a notebook, or can't be written; it is as it was.
    """
    from synthnb.disclosure.adding import add_to_notebook
    from synthnb.disclosure.entries import entry_for_statements

    entry = add_to_notebook(path, lambda known: entry_for_statements(dict(statements), by=by, known=known))
    return session.remember(entry, folder=Path(path).resolve().parent)
