"""Opt-outs: a disclosure cell that was deleted, noted where it can't be deleted as well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._canonical import digest
from synthnb._clock import utc_now
from synthnb.disclosure._phrases import moment, named
from synthnb.disclosure.entries import sealed
from synthnb.disclosure.reading import mapping

if TYPE_CHECKING:
    from synthnb.disclosure.folding import Entry

__all__ = ["entry_for_opt_out", "note_opt_out"]

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")


def entry_for_opt_out(opt_out: Mapping[str, Any], *, notebook: str, created: str | None = None) -> Entry:
    """Return the entry of a disclosure cell's having been deleted; the same deletion always gives the same entry.

    Parameters
    ----------
    opt_out : mapping
        A notebook's ``metadata.synthnb.opt_out``: ``at``, when the deletion was first noticed.
    notebook : str
        The notebook's file name.
    created : str, optional
        When; ``at`` by default, or now where that isn't a time.
    """
    at = str(opt_out.get("at"))
    at = at if _TIME.fullmatch(at) else ""
    detail = {"notebook": notebook, "at": at or None}
    noticed = f"first noticed {moment(at)}" if at else "when isn't known"
    return sealed(
        id=f"opt-out-{digest(detail)[7:19]}",
        kind="opt-out",
        created=created or at or utc_now(),
        slot=f"opt-out:{notebook}",
        fields={"optOuts": f"{named(notebook)}: the disclosure cell was deleted; {noticed}"},
        detail=detail,
    )


def note_opt_out(metadata: Mapping[str, Any], notebook: Path, *, begin: bool = False) -> Entry | None:
    """Append a notebook's opt-out to the ledger of its folder, and return the entry; None where there is none.

    Parameters
    ----------
    metadata : mapping
        The notebook's metadata.
    notebook : Path
        Its file.
    begin : bool
        Begin a ledger where there is none. Otherwise a folder without one stays as it is.
    """
    import warnings

    from synthnb.config import get_config
    from synthnb.disclosure.ledger import Ledger
    from synthnb.errors import StorageError, SynthnbWarning

    opt_out = mapping(metadata.get("synthnb")).get("opt_out")
    if not isinstance(opt_out, Mapping):
        return None
    entry, chosen = entry_for_opt_out(opt_out, notebook=notebook.name), get_config().ledger
    path = notebook.parent / chosen
    if chosen == "off" or not (begin or path.is_file()):
        return entry
    try:
        with Ledger(path) as ledger:
            if all(line.id != entry["id"] for line in ledger.lines()):
                ledger.append(entry)
    except (StorageError, ValueError) as error:
        warnings.warn(f"Not written to the ledger: {error}", SynthnbWarning, stacklevel=2)
    return entry
