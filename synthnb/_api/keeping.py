"""Verbs that disclose, list, check and write what was done."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._canonical import digest_file
from synthnb.disclosure.folding import MAKING
from synthnb.disclosure.session import session
from synthnb.errors import OptionError, StorageError, shown

if TYPE_CHECKING:
    from synthnb.disclosure.folding import Entry
    from synthnb.disclosure.record import Record

__all__ = ["disclose", "disclose_notebook", "entry_of", "refuse_to_lose", "runs", "write_table"]


def disclose(*runs_or_reports: Any, statements: Mapping[str, str] | None = None, by: str | None = None, policy: str = "default") -> Record:
    """Return the record of what was done: of the results given, or of everything in this session.

    Parameters
    ----------
    *runs_or_reports : Synthesis, Report or mapping
        Results to disclose; a mapping is an entry made elsewhere. All of this session's by default.
    statements : mapping, optional
        What only a person can state, by field, such as ``{"intent": "replica for teaching"}``.
    by : str, optional
        Who states it; the setting ``person`` by default.
    policy : str
        The policy the record is held against: the one in force, or a file's path. Rules that are broken are a warning.

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
    from synthnb.disclosure.policy import find_policy
    from synthnb.disclosure.record import Record

    force = find_policy(policy)
    if statements:
        session.remember(entry_for_statements(dict(statements), by=by, known=session.entries()))
    given = [session.as_kept(entry_of(result)) for result in runs_or_reports]
    stated = [entry for entry in session.entries() if entry["kind"] in ("disclose", "risk")] if given else session.entries()
    record = Record.from_entries([*given, *stated])
    if force is not None and record.entries:
        from synthnb._api.policing import warn_of_broken

        warn_of_broken(force, list(record.entries))
    return record


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
    if getattr(result, "display_name", "") == "mixed":
        from synthnb.disclosure.mixing import entry_for_mix

        return entry_for_mix(result.to_dict())
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


def runs(
    *,
    kind: str | None = None,
    since: str | None = None,
    frame: str | None = None,
    model: str | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """What was done in this project, oldest first: from the ledger, and from this session what isn't in it.

    Parameters
    ----------
    kind : str, optional
        Only entries of this kind, such as ``"generate"`` or ``"evaluate"``; several with commas between.
    since : str, optional
        Only since a date or time in UTC (``"2026-11-20"``), or so long ago (``"12h"``, ``"7d"``).
    frame : str, optional
        Only what made, read, judged or wrote the frame of this name.
    model : str, optional
        Only what a language model did whose id or name holds this.
    limit : int, optional
        Only so many, the newest.

    Raises
    ------
    OptionError
        There is no such kind, or the time or the limit can't be read.
    StorageError
        The ledger can't be read; of a damaged one the message says which lines are intact.
    """
    from synthnb.disclosure.folding import in_order
    from synthnb.disclosure.ledger import open_ledger
    from synthnb.disclosure.ledger.selecting import select

    written: list[dict[str, Any]] = []
    if (ledger := open_ledger()) is not None:
        with ledger:
            written = list(ledger.entries())
    known = {entry["id"] for entry in written}
    everything = in_order([*written, *(entry for entry in session.entries() if entry["id"] not in known)])
    return select(everything, kind=kind, since=since, frame=frame, model=model, limit=limit)


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
    from synthnb.disclosure.files import disclose_file, read_notebook
    from synthnb.disclosure.opting import note_opt_out

    done = disclose_file(path, restore=restore, check=check)
    if done.status == "opted out" and not check:
        note_opt_out(read_notebook(path)["metadata"], Path(path), begin=True)
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
    release: str | None = None,
) -> dict[str, Any]:
    """Write a frame with its record, and return the export's entry.

    Of ``.csv`` and ``.jsonl`` the bytes are the table's alone; ``.parquet``, ``.arrow``, ``.feather`` and ``.xlsx`` hold the
    record too. In any case it stands beside the file, in ``NAME.synthnb.json``.

    A frame that holds rows of a run and others, put together by hand, is written as a mixture: the record then says how many
    of its rows are known to be synthetic.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame, pyarrow.Table, Synthesis or Mixed
        What a run of this session made, some of its rows, or a mixture with some.
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
    release : str, optional
        The release class it is meant for.

    Raises
    ------
    OptionError
        The ending isn't known, there is a file already that isn't as synthnb wrote it,
        no run of this session made any of its rows, or a gate failed and there is no reason to go past it.
    FrameError
        A column can't be written in this form.
    MissingExtraError
        The form needs pyarrow or openpyxl, which isn't installed.
    StorageError
        The disk is full or read-only; nothing half-written is left.
    """
    from synthnb._api.origins import warn_of_lost_marks, with_true_marks
    from synthnb._api.policing import before_export, export_policy
    from synthnb._frames import frame_of
    from synthnb._tables import check_ending
    from synthnb.disclosure.sidecar import write_data

    frame = frame_of(frame)
    target = Path(path).expanduser()
    check_ending(target)
    if not overwrite:
        refuse_to_lose(target)
    warn_of_lost_marks(frame, frame_name)
    frame = with_true_marks(frame, frame_name)
    known, about, cut_from, mixture = _about(frame, frame_name)
    overrides = before_export(about, export=target.name, override=override, release=release, folder=target.parent)
    noted = export_policy(about, release=release, reason=override, folder=target.parent)
    entry = write_data(frame, target, frame_name=frame_name, entries=known, also=overrides, cut_from=cut_from, folder=folder, noted=noted)
    for before in (*mixture, *overrides):
        session.remember(before)
    return session.remember(entry)


def _about(frame: Any, name: str) -> tuple[list[Entry], list[Entry], str | None, list[Entry]]:
    """Everything known, what of it a frame rests on, the run that it was cut from, and its entry if it is a mixture made by hand."""
    from synthnb._api.mixing import recognised_mix
    from synthnb._api.origins import entries_known
    from synthnb.disclosure.sidecar import content_of, entries_about

    known, cut_from = entries_known(), _run_that_made(frame)
    about = entries_about(content_of(frame, known), known, cut_from=cut_from)
    mixture = None if any(entry["kind"] in MAKING for entry in about) else recognised_mix(frame, name)
    if mixture is None:
        return known, about, cut_from, []
    known = [*known, mixture]
    return known, entries_about(str(mixture["content"]), known), cut_from, [mixture]


def _run_that_made(frame: Any) -> str | None:
    """The id of the run of this session that made every row of a frame."""
    origin = session.origins.whole(frame)
    return None if origin is None else origin.run
