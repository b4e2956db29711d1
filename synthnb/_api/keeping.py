"""Verbs that disclose, list, check and write what was done."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._canonical import digest_file
from synthnb.disclosure.session import session
from synthnb.errors import OptionError, StorageError, shown

if TYPE_CHECKING:
    from synthnb.disclosure.record import Record

__all__ = ["disclose", "disclose_notebook", "entry_of", "refuse_to_lose", "runs", "verify", "write_table"]


def disclose(*runs_or_reports: Any, statements: Mapping[str, str] | None = None, policy: str = "default") -> Record:
    """Return the record of what was done: of the results given, or of everything in this session.

    Parameters
    ----------
    *runs_or_reports : Synthesis, Report or mapping
        Results to disclose; a mapping is an entry made elsewhere. All of this session's by default.
    statements : mapping, optional
        What only a person can state, by field, such as ``{"intent": "replica for teaching"}``.
    policy : {"default"}
        The policy the record is held against.

    Returns
    -------
    Record
        ``.fields``, ``.missing`` and ``.digest``.

    Raises
    ------
    OptionError
        A statement names a field that isn't a person's to fill.
    """
    from synthnb.disclosure.entries import entry_for_statements
    from synthnb.disclosure.record import Record

    if policy != "default":
        raise OptionError.from_choice("policy", policy, ["default"])
    if statements:
        session.remember(entry_for_statements(dict(statements)))
    given = [entry_of(result) for result in runs_or_reports]
    stated = [entry for entry in session.entries() if entry["kind"] == "disclose"] if given else session.entries()
    return Record.from_entries([*given, *stated])


def entry_of(result: Any) -> dict[str, Any]:
    """The entry that a result adds to the record.

    Raises
    ------
    OptionError
        It isn't a synthesis, a report or an entry.
    """
    from synthnb.disclosure.entries import entry_for_judgement, entry_for_report, entry_for_run

    if isinstance(result, Mapping):
        return dict(result)
    if hasattr(result, "run"):
        return entry_for_run(result.run.to_dict())
    if getattr(result, "display_name", "") == "review":
        from synthnb._api.reviewing import review_entry

        return review_entry(result)
    build = {"report": entry_for_report, "judgement": entry_for_judgement}.get(getattr(result, "display_name", ""))
    if build is not None:
        return build(result.to_dict())
    raise OptionError(
        f"A synthesis, a report or an entry was expected; got {shown(type(result).__name__)}.", fix="Pass what a verb returned."
    )


def runs() -> list[dict[str, Any]]:
    """What was done in this project, oldest first: from the ledger, and from this session what isn't in it."""
    from synthnb.disclosure.ledger import open_ledger

    written: list[dict[str, Any]] = []
    if (ledger := open_ledger()) is not None:
        with ledger:
            written = list(ledger.entries())
    known = {entry["id"] for entry in written}
    return written + [entry for entry in session.entries() if entry["id"] not in known]


def verify(path: str | Path) -> list[dict[str, str]]:
    """Return what was checked in a notebook, an export or a data file, and what differs.

    Returns
    -------
    list of dict
        ``what``, ``status`` (``ok`` or in which way it differs) and ``detail``.

    Raises
    ------
    NotebookError
        The file doesn't exist or isn't what its ending says.
    """
    from synthnb.disclosure.verify import verify_path

    return [finding.to_dict() for finding in verify_path(path)]


def disclose_notebook(path: str | Path, *, restore: bool = False, check: bool = False) -> tuple[bool, str]:
    """Bring a notebook file's disclosure up to date from what its outputs carry.

    Parameters
    ----------
    path : str or Path
        The notebook.
    restore : bool
        Put the cell back even if it was deleted on purpose.
    check : bool
        Change nothing; only tell whether something would change.

    Returns
    -------
    changed : bool
        Whether the file was, or would be, written.
    status : str
        ``none``, ``incomplete``, ``complete`` or ``opted out``.

    Raises
    ------
    NotebookError
        It doesn't exist or isn't a notebook.
    StorageError
        It can't be written; it is as it was.
    """
    from synthnb.disclosure.files import disclose_file

    done = disclose_file(path, restore=restore, check=check)
    return done.changed, done.status


def refuse_to_lose(path: Path) -> None:
    """Refuse to replace a file unless it holds, byte for byte, what an earlier export wrote.

    Raises
    ------
    OptionError
        There is such a file, and neither this session nor the ledger knows its bytes.
    """
    if not path.exists():
        return
    try:
        known = runs()
    except StorageError:
        known = session.entries()
    written = {entry["detail"].get("sha256") for entry in known if entry["kind"] == "export"}
    if not path.is_file() or digest_file(path) not in written:
        raise OptionError.from_existing(path)


def write_table(
    frame: Any,
    path: str | Path,
    *,
    frame_name: str = "synthetic",
    folder: Path | None = None,
    overwrite: bool = False,
    override: str | None = None,
) -> dict[str, Any]:
    """Write a frame as ``.csv`` or ``.parquet`` with the record beside it, and return the export's entry.

    The data file's bytes are the table's alone; the record is in
    ``NAME.synthnb.json`` next to it.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame, pyarrow.Table or Synthesis
        What a run of this session made, or some of its rows.
    path : str or Path
        Where to write; the ending says what.
    frame_name : str
        What the frame is called in the record.
    folder : Path, optional
        The notebook's folder, to which the record's path is relative; the working folder by default.
    overwrite : bool
        Replace a file that isn't as synthnb wrote it.
    override : str, optional
        Why it is written although a gate failed; the record states it.

    Raises
    ------
    OptionError
        The ending isn't known, there is a file already that isn't as synthnb wrote it,
        no run of this session made the frame as it now is, or a gate failed and there is no reason to go past it.
    StorageError
        The disk is full or read-only; nothing half-written is left.
    """
    from synthnb._frames import frame_digest, frame_of
    from synthnb.disclosure.gating import refuse_failed
    from synthnb.disclosure.sidecar import entries_about, write_data

    frame = frame_of(frame)
    target = Path(path).expanduser()
    if not overwrite:
        refuse_to_lose(target)
    origin = session.origins.of(frame)
    cut_from = None if origin is None else origin.run
    about = entries_about(frame_digest(frame), session.entries(), cut_from=cut_from)
    overrides = refuse_failed(about, override, export=target.name)
    known = [*session.entries(), *overrides]
    entry = write_data(frame, target, frame_name=frame_name, entries=known, cut_from=cut_from, folder=folder)
    for went_past in overrides:
        session.remember(went_past)
    return session.remember(entry)
