"""The verbs. Here, and only here, engines, evaluation and disclosure meet; each gets the others' results as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._canonical import digest_file
from synthnb._origins import Origin
from synthnb._progress import Progress, no_progress
from synthnb.disclosure.session import session
from synthnb.errors import FrameError, OptionError, StorageError, shown

if TYPE_CHECKING:
    from synthnb.disclosure.record import Record
    from synthnb.engines.base import Synthesis
    from synthnb.evaluation.report import Report
    from synthnb.models.base import Model

__all__ = ["disclose", "disclose_notebook", "entry_of", "evaluate", "generate", "runs", "verify", "write_column", "write_table"]


def generate(
    source: Any,
    *,
    rows: int | None = None,
    engine: str = "auto",
    groups: str | Sequence[str] = (),
    name: str = "synthetic",
    source_name: str = "real",
    overrides: Mapping[str, str] | None = None,
    random_state: int | None = None,
    progress: Progress | None = None,
) -> Synthesis:
    """Return a synthetic frame made from a real one, with the run that made it.

    Parameters
    ----------
    source : pandas.DataFrame, polars.DataFrame, pyarrow.Table, str or Path
        The real frame, or a ``.csv`` or ``.parquet`` file holding one. The
        synthetic frame is of the same kind.
    rows : int, optional
        How many rows to make, at least 1; as many as ``source`` has by default.
    engine : {"auto", "trees"} or a registered engine's name
        How rows come to be; the run says which one was used, and why.
    groups : sequence of str
        Columns whose subgroups matter; they are modelled first.
    name, source_name : str
        What the two frames are called in the run and the disclosure.
    overrides : mapping of str to str, optional
        What kind a column is where the guess is wrong, such as ``{"code": "category"}``.
    random_state : int, optional
        Seed from 0 to 2**32 - 1. The seed used is in the run.
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Returns
    -------
    Synthesis
        ``.frame`` and ``.run``; requested = delivered + explained.

    Raises
    ------
    FrameError
        The frame is empty, nested, or otherwise can't be modelled.
    OptionError
        An option is outside what is allowed.

    Examples
    --------
    >>> import pandas as pd, synthnb
    >>> real = pd.DataFrame({"age": range(20, 80), "sex": ["f", "m"] * 30})
    >>> made = synthnb.generate(real, rows=100, random_state=7)
    >>> made.frame.shape
    (100, 2)
    """
    from synthnb.engines.plan import synthesise

    frame, source_name = _source(source, source_name)
    synthesis = synthesise(
        frame,
        name=source_name,
        output_name=name,
        rows=rows,
        seed=random_state,
        groups=groups,
        engine=engine,
        overrides=overrides,
        progress=progress or no_progress,
    )
    session.remember(entry_of(synthesis))
    session.origins.register(Origin(synthesis.run.id, name), synthesis.frame)
    return synthesis


def _source(source: Any, name: str) -> tuple[Any, str]:
    """A frame as it is, or the one that a path leads to, with its name."""
    if isinstance(source, str | Path):
        from synthnb._tables import read_table

        return read_table(source), Path(source).name if name == "real" else name
    return source, name


def write_column(
    frame: Any,
    name: str,
    instruction: str,
    *,
    model: str | Model = "local",
    given: Sequence[str] | None = None,
    frame_name: str = "synthetic",
    max_tokens: int | None = None,
    temperature: float | None = None,
    overwrite: bool = False,
    allow_hosted: bool = False,
    random_state: int | None = None,
    progress: Progress | None = None,
) -> Synthesis:
    """Return the frame with a text column that a language model wrote, row by row.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The rows the texts are conditioned on.
    name : str
        The new column.
    instruction : str
        What to write; ``{column}`` stands for the row's value.
    model : str or Model
        ``"local"``, ``"echo"``, a registered model, the path of a GGUF file, or an open model.
    given : sequence of str, optional
        Columns the model is shown as data. By default none if the instruction has
        placeholders, else all but those that hold texts.
    frame_name : str
        What the frame is called in the run and the disclosure.
    max_tokens, temperature : int, float, optional
        Longest text, and how freely words are chosen (0 to 2).
    overwrite : bool
        Replace a column of that name.
    allow_hosted : bool
        Let the rows' values leave this machine, to a hosted model.
    random_state : int, optional
        Seed from 0 to 2**32 - 1.
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Returns
    -------
    Synthesis
        ``.frame`` is a new frame of the same kind with the column at its end.

    Raises
    ------
    ModelMissingError
        The model isn't on this machine; the message says how to get it.
    Interrupted
        Stopped by the user; its ``partial`` holds the texts written so far.
    """
    from synthnb.engines.llm import ColumnInterrupted, write_text_column
    from synthnb.models.registry import open_model

    opened = open_model(model) if isinstance(model, str) else model
    options: dict[str, Any] = {
        key: value for key, value in {"max_tokens": max_tokens, "temperature": temperature}.items() if value is not None
    }
    origin = session.origins.of(frame)
    try:
        synthesis = write_text_column(
            frame,
            name=name,
            instruction=instruction,
            model=opened,
            given=given,
            frame_name=frame_name,
            overwrite=overwrite,
            allow_hosted=allow_hosted,
            seed=random_state,
            progress=progress or no_progress,
            **options,
        )
    except ColumnInterrupted as stopped:
        stopped.partial = _column_made(stopped.partial, origin)
        raise
    finally:
        if isinstance(model, str):
            opened.close()
    return _column_made(synthesis, origin)


def _column_made(synthesis: Synthesis, origin: Origin | None) -> Synthesis:
    """The synthesis with the origin of the rows it was written for; remembered."""
    known = None if origin is None else asdict(origin)
    run = replace(synthesis.run, inputs=[dict(frame) | {"origin": known} for frame in synthesis.run.inputs])
    made = replace(synthesis, run=run)
    session.remember(entry_of(made))
    if origin is not None:
        session.origins.register(Origin(run.id, str(run.output["name"])), made.frame)
    return made


def evaluate(
    synthetic: Any,
    real: Any = None,
    *,
    profile: str = "auto",
    holdout: Any = None,
    target: str | None = None,
    groups: str | Sequence[str] = (),
    names: tuple[str, str, str] = ("synthetic", "real", "holdout"),
    random_state: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Return the scores of a synthetic frame against the real one.

    Parameters
    ----------
    synthetic, real : frame, str or Path
        The frames to compare, or ``.csv`` or ``.parquet`` files.
    profile : str
        The named set of metrics; ``"auto"`` takes ``tabular-core/1``.
    holdout : frame, str or Path, optional
        Real rows the generator never saw. Without them attacks and utility
        aren't computed, and the report says so.
    target : str, optional
        The column a model would predict (train on synthetic, test on real).
    groups : sequence of str, optional
        Columns whose subgroups are shown.
    names : tuple of str
        What the three frames are called in the report.
    random_state : int, optional
        Seed from 0 to 2**32 - 1.
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Returns
    -------
    Report
        ``.scores``, each with value, interval, n and direction, or the reason why it wasn't computed.

    Raises
    ------
    FrameError
        A frame is empty, or the two have no column in common.
    OptionError
        The target or a group isn't a column.
    """
    from synthnb.evaluation.report import evaluate_frames

    if real is None:
        raise FrameError("A real frame to compare with was expected; got none.", fix="Pass the frame the synthetic one was made from.")
    synthetic, real = _source(synthetic, "")[0], _source(real, "")[0]
    report = evaluate_frames(
        synthetic,
        real,
        synthetic_name=names[0],
        real_name=names[1],
        holdout_name=names[2],
        holdout=None if holdout is None else _source(holdout, "")[0],
        target=target,
        groups=groups,
        profile=profile,
        seed=random_state,
        progress=progress or no_progress,
    )
    session.remember(entry_of(report))
    return report


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
    from synthnb.disclosure.entries import entry_for_report, entry_for_run

    if isinstance(result, Mapping):
        return dict(result)
    if hasattr(result, "run"):
        return entry_for_run(result.run.to_dict())
    if hasattr(result, "scores"):
        return entry_for_report(result.to_dict())
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
    frame: Any, path: str | Path, *, frame_name: str = "synthetic", folder: Path | None = None, overwrite: bool = False
) -> dict[str, Any]:
    """Write a frame as ``.csv`` or ``.parquet`` with the record beside it, and return the export's entry.

    The data file's bytes are the table's alone; the record is in
    ``NAME.synthnb.json`` next to it.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        What a run of this session made, or some of its rows.
    path : str or Path
        Where to write; the ending says what.
    frame_name : str
        What the frame is called in the record.
    folder : Path, optional
        The notebook's folder, to which the record's path is relative; the working folder by default.
    overwrite : bool
        Replace a file that isn't as synthnb wrote it.

    Raises
    ------
    OptionError
        The ending isn't known, there is a file already that isn't as synthnb wrote it,
        or no run of this session made the frame as it now is.
    StorageError
        The disk is full or read-only; nothing half-written is left.
    """
    from synthnb.disclosure.sidecar import write_data

    target = Path(path).expanduser()
    if not overwrite:
        refuse_to_lose(target)
    origin = session.origins.of(frame)
    cut_from = None if origin is None else origin.run
    return session.remember(write_data(frame, target, frame_name=frame_name, entries=session.entries(), cut_from=cut_from, folder=folder))
