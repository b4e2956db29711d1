"""A text column, written by a language model and conditioned on each row's other values."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from synthnb._clock import utc_now
from synthnb._frames import frame_digest, to_pandas
from synthnb._random import resolve_seed
from synthnb.engines.base import Progress, Run, Synthesis, new_run_id, no_progress
from synthnb.engines.egress import Policy, Rows, Scanned, permit, preflight
from synthnb.engines.llm.columns import Column, records
from synthnb.engines.llm.draws import Choices, Draws
from synthnb.engines.llm.languages import read_language
from synthnb.engines.llm.prompts import Template
from synthnb.engines.llm.runs import (
    Clock,
    described,
    example_texts,
    of_the_model,
    read_per_call,
    read_settings,
    refuse_half_characters,
    whole,
)
from synthnb.engines.llm.stopping import WorkInterrupted
from synthnb.engines.llm.writing import Writing
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from synthnb.models.calls import Calls, Estimate

__all__ = ["ColumnInterrupted", "write_text_column"]

_TOKENS = 60
_TEXT_WORDS = 6


class ColumnInterrupted(WorkInterrupted):
    """The user stopped the writing of a column."""

    units = "texts"

    def again(self, run: Run) -> str:
        """How to go on; the column is in the frame already."""
        return f"Run it again with --overwrite and --seed {run.seed} to get the same texts and the rest."


def write_text_column(
    frame: Any,
    *,
    name: str,
    instruction: str,
    calls: Calls,
    given: Sequence[str] | None = None,
    frame_name: str = "frame",
    rows: int | None = None,
    per_call: int | None = None,
    styles: Choices | None = None,
    lengths: Choices | None = None,
    personas: Choices | None = None,
    keep_draws: bool = False,
    language: str | None = None,
    must_show: Sequence[str] = (),
    examples: Sequence[str] = (),
    novelty: float = 0.8,
    max_tokens: int | None = None,
    temperature: float = 0.3,
    top_p: float = 0.9,
    repeat_penalty: float = 1.0,
    seed: int | None = None,
    overwrite: bool = False,
    allow_hosted: bool = False,
    known_synthetic: Collection[str] = (),
    identifiers: Policy | None = None,
    sensitive: bool = False,
    announce: Callable[[Estimate], None] | None = None,
    progress: Progress = no_progress,
) -> Synthesis:
    """Return the frame with a column of texts at its end, and the run that wrote them.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The rows the texts are about.
    name : str
        The new column.
    instruction : str
        What to write. ``{column}`` stands for the row's value in that column;
        ``{{`` and ``}}`` for braces.
    calls : Calls
        The model that writes, with its limits and its store.
    given : sequence of str, optional
        Columns shown to the model as data. By default none if the instruction has
        placeholders, else all but columns that hold texts already.
    frame_name : str
        What the frame is called in the run.
    rows : int, optional
        Write only the first so many rows, at least 1; all by default. Where a column is overwritten, the other rows keep their texts.
    per_call : int, optional
        Texts asked for in one call, 1 to 50; chosen by the model and the length by default.
    styles, lengths, personas : sequence or mapping of str to float, optional
        One of each is drawn for every row, equally often or by weight, and shown to the model: how
        to write, how many words (``short``, ``medium``, ``long``, ``"30"``, ``"20-40"``), and who writes.
    keep_draws : bool
        Add what was drawn as columns ``{name}_style``, ``{name}_length``, ``{name}_persona``.
    language : str, optional
        The language of the texts, by name or code. A text found to be in another is asked for
        again, and isn't delivered in the end.
    must_show : sequence of str
        Columns whose value must stand in the text. A text without it is asked for again; what is left is counted.
    examples : sequence of str
        Texts to be written like; up to three are shown in each call. A text that repeats one is asked for again.
    novelty : float
        A text repeats another if the Jaccard index of their 3-word runs reaches this; above 0, at most 1.
    max_tokens : int, optional
        Longest text in the model's tokens, 1 to 8,192; by default what the longest length needs, or 60.
        An unfinished last sentence is dropped.
    temperature : float
        How freely words are chosen, 0 to 2.
    top_p : float
        Only the likeliest words that together have this probability are considered; above 0, at most 1.
    repeat_penalty : float
        1 to 2; above 1, words already used become less likely.
    seed : int, optional
        From 0 to 2**32 - 1; drawn if not given, and in the run either way.
    overwrite : bool
        Replace a column of that name.
    allow_hosted : bool
        Let the rows' values leave this machine, to a hosted model.
    known_synthetic : collection of str
        Columns known to be synthetic. If the model is shown any other, its rows are taken for real, and the setting
        ``hosted_rows`` has to allow it too.
    identifiers : {"block", "warn"}, optional
        What direct identifiers do that are found in what would go to a hosted model; by default
        ``block`` for rows taken for real, ``warn`` for others.
    sensitive : bool
        Keep the instruction and the prompts out of the run and the store of calls; their digests stay. Also if ``calls`` are.
    announce : callable, optional
        Called with the estimate of what the first round will use, before any call is made.
    progress : callable
        Called as ``progress(done, total, what)``.

    Returns
    -------
    Synthesis
        A new frame of the same kind, and a run of kind ``column``. Rows asked for =
        texts written + rows explained; a row without a text is missing.

    Raises
    ------
    FrameError
        The frame is empty or can't be used as it is.
    OptionError
        An option is outside what is allowed, or a column doesn't exist or exists already.
    ModelError
        The model failed before it wrote anything.
    ColumnInterrupted
        Stopped by the user; ``partial`` holds what was written.

    Notes
    -----
    A text depends on its row's position and values, on the rows that share its call, and on the
    earlier texts that it must not repeat; never on which reply came first. One that is missing or
    wrong is asked for again alone, at most twice, and one that repeats another exactly once, with a
    temperature 0.3 higher. What a cell says is passed as data, escaped, in a block that the model is told not to obey.

    A very small model, such as the embedded one, rewrites better than it invents: put
    the facts into the instruction, as in ``Rewrite as one sentence of a nurse's note:
    The patient is a {age}-year-old {sex} on {arm}.``
    """
    inside, restore = to_pandas(frame)
    words = {"styles": styles, "lengths": lengths, "personas": personas, "language": language}
    refuse_half_characters(column_name=name, instruction=instruction, name_of_the_frame=frame_name, **words)
    draws = Draws.read(styles=styles, lengths=lengths, personas=personas)
    added = {kind: f"{name}_{kind}" for kind in draws.options} if keep_draws else {}
    _check(name, instruction, inside, added.values(), overwrite=overwrite)
    template = Template.parse(instruction, _others(inside, name), given=given, default=_not_texts(inside, name))
    wanted = inside if rows is None else inside.head(whole("rows", rows, len(inside)))
    refuse_half_characters(columns_shown=template.columns)
    standing = _standing(inside, len(wanted), (name, *added.values()))
    column = Column(
        name=name,
        template=template,
        rows=records(wanted, template.columns),
        seed=resolve_seed(seed),
        draws=draws,
        language=None if language is None else read_language(language),
        must_show=(must_show,) if isinstance(must_show, str) else tuple(must_show),
        examples=example_texts(examples),
        settings=read_settings(max_tokens, draws.tokens(_TOKENS), temperature, top_p, repeat_penalty),
        per_call=read_per_call(per_call),
        novelty=novelty,
    )
    calls.sensitive = sensitive = sensitive or calls.sensitive
    writing = Writing(column.asking(), calls, progress)
    unknown = [shown_column for shown_column in template.columns if shown_column not in known_synthetic]
    scanned = _let_out(column, calls, wanted, frame_name, unknown, allowed=allow_hosted, policy=identifiers)
    clock = Clock.start()
    writing.run(announce)
    cells = {name: writing.texts} | {label: [drawn[kind] for drawn in column.drawn] for kind, label in added.items()}
    made = frame
    for label, listed in cells.items():
        made = _attach(made, label, [*listed, *standing.get(label, [None] * (len(inside) - len(wanted)))])
    notes = [*restore.notes, *scanned.notes, *writing.notes, *_notes(column, inside, writing)]
    if kept := sum(text is not None for text in standing.get(name, ())):
        notes.append(f"Texts kept from before, in rows that weren't asked for: {kept:,}. This run didn't write them.")
    synthesis = Synthesis(made, _run(frame, made, frame_name, column, writing, clock, notes, scanned, sensitive=sensitive))
    if writing.interrupted:
        raise ColumnInterrupted(synthesis)
    return synthesis


def _check(name: Any, instruction: Any, inside: pd.DataFrame, added: Any, *, overwrite: bool) -> None:
    if not isinstance(name, str) or not name.strip():
        raise OptionError(f"A column's name must be a string that isn't empty; got {shown(name)}.", fix="Give it a name.")
    if not isinstance(instruction, str):
        raise OptionError(f"An instruction must be a string; got {shown(instruction)}.", fix="Write what the texts should say.")
    for one in (name, *added):
        if one in inside.columns and not overwrite:
            raise OptionError(f"The frame has a column {shown(one)} already.", fix="Choose another name, or overwrite it (overwrite=True).")


def _standing(inside: pd.DataFrame, written: int, names: Sequence[str]) -> dict[str, list[str | None]]:
    """What rows that aren't written keep of columns that are overwritten."""
    kept: dict[str, list[str | None]] = {}
    for name in names:
        if name not in inside.columns or written == len(inside):
            continue
        cells = inside[name].iloc[written:].astype(object)
        kept[name] = [None if missing else cell for cell, missing in zip(cells, cells.isna(), strict=True)]
        if not all(cell is None or isinstance(cell, str) for cell in kept[name]):
            raise OptionError(
                f"The column {shown(name)} holds other things than texts, which {len(cells):,} rows can't keep beside new texts.",
                fix="Write all rows, or choose another name.",
            )
    return kept


def _let_out(
    column: Column, calls: Calls, wanted: pd.DataFrame, frame_name: str, unknown: Sequence[str], *, allowed: bool, policy: Policy | None
) -> Scanned:
    """Ask whether the rows may go where the model is, and tell the account that they do."""
    rows_are: Rows = "real" if unknown else "synthetic"
    info, columns = calls.model.info, list(column.template.columns)
    calls.declare_template("one text", column.template.text)
    scanned = Scanned()
    if columns:
        permit(info, rows=rows_are, allowed=allowed, what="the rows' values", unknown=unknown)
        scanned = preflight(info, wanted[columns], rows=rows_are, what="the rows' values", policy=policy)
        doubt = ", real or of unknown origin" if unknown else ""
        what = f"{len(wanted)} rows of {frame_name}{doubt}: {', '.join(map(str, columns))}"
        calls.declare_sent(what, digest=frame_digest(wanted[columns]), detail={"rows": rows_are})
    if column.examples:
        permit(info, rows="real", allowed=allowed, what="the examples")
        found = preflight(info, column.examples, rows="real", what="the examples", policy=policy)
        scanned = Scanned((*scanned.findings, *found.findings), (*scanned.notes, *found.notes), scanned.where)
        sent = f"texts as examples, real or of unknown origin: {len(column.examples)}"
        calls.declare_sent(sent, digest=str(column.parameters(1, sensitive=True)["examples_digest"]), detail={"rows": "real"})
    return scanned


def _others(inside: pd.DataFrame, name: str) -> list[str]:
    return [column for column in inside.columns if column != name]


def _not_texts(inside: pd.DataFrame, name: str) -> list[str]:
    return [column for column in _others(inside, name) if not _holds_texts(inside[column])]


def _holds_texts(column: pd.Series[Any]) -> bool:
    """Whether cells are sentences rather than labels: six words or more on average."""
    cells = column.dropna()
    if cells.empty or isinstance(cells.dtype, pd.CategoricalDtype) or not pd.api.types.is_string_dtype(cells):
        return False
    return bool(cells.head(1000).map(lambda cell: len(str(cell).split())).mean() >= _TEXT_WORDS)


def _attach(frame: Any, name: str, texts: list[str | None]) -> Any:
    """The frame with the texts as its last column, or in the place of the column they replace."""
    if "polars" in sys.modules and isinstance(frame, sys.modules["polars"].DataFrame):
        polars = sys.modules["polars"]
        return frame.with_columns(polars.Series(name, texts, dtype=polars.String))
    if not isinstance(frame, pd.DataFrame):
        array = sys.modules["pyarrow"].array(texts, type=sys.modules["pyarrow"].string())
        place = frame.column_names.index(name) if name in frame.column_names else None
        return frame.append_column(name, array) if place is None else frame.set_column(place, name, array)
    made = frame.copy()
    made[name] = pd.Series(texts, index=frame.index, dtype="str" if pd.__version__ >= "3" else object)
    return made


def _notes(column: Column, inside: pd.DataFrame, writing: Writing) -> list[str]:
    shown_columns = ", ".join(column.template.columns) or "no column"
    notes = [f"Each text was written from: {shown_columns}."]
    hidden = [name for name in _others(inside, column.name) if name not in column.template.columns]
    if hidden:
        notes.append(f"Not shown to the model: {', '.join(hidden)}.")
    if column.language is not None and not column.language.code:
        notes.append(f"Whether texts are in {column.language.name} was asked for and not checked: its words aren't known here.")
    counts = writing.counts | column.counts(writing.texts)
    if column.must_show:
        looked_for = counts["values_said"] + counts["values_unsaid"] + counts["values_contradicted"]
        notes.append(f"Of {looked_for:,} values that must stand in the texts, {counts['values_said']:,} do.")
    if left := counts["duplicates_left"]:
        notes.append(f"{left:,} texts are the same as another row's.")
    if left := counts["near_duplicates_left"]:
        notes.append(f"{left:,} texts are nearly the same as an earlier row's.")
    if found := counts["identifiers_in_texts"]:
        notes.append(f"{found:,} passages of the texts are spelt like direct identifiers; none was changed.")
    return notes


def _account(per_call: int) -> dict[str, str]:
    shared = f"up to {per_call} texts a call, each told by its row's number; a text that failed is asked for again alone"
    return {
        "method": "one text per row, asked for separately" if per_call == 1 else shared,
        "record_links": "each text belongs to its own row, in order",
        "calls": "independent calls; a row is asked again alone if its text is missing, wrong, or repeats another row's",
        "copies": "texts against one another and against the examples: the same words, and 3-word runs in common",
        "prompt_versions": "one version in this run" if per_call == 1 else "two in this run: for several texts a call, and for one",
        "other_models": "none",
    }


def _run(
    frame: Any,
    made: Any,
    frame_name: str,
    column: Column,
    writing: Writing,
    clock: Clock,
    notes: Sequence[str],
    scanned: Scanned,
    *,
    sensitive: bool,
) -> Run:
    explained, info, run = writing.explained, writing.calls.model.info, new_run_id()
    if writing.per_call > 1:
        writing.calls.declare_template("several texts", column.prompt_text(writing.per_call))
    return Run(
        id=run,
        kind="column",
        engine="llm",
        engine_reason="A text column is asked for, which is written row by row.",
        recipe_digest=column.recipe_digest,
        seed=column.seed,
        started=clock.started,
        ended=utc_now(),
        seconds={"sample": clock.seconds},
        requested=len(column.rows),
        delivered=len(column.rows) - sum(int(item["count"]) for item in explained),
        explained=explained,
        counts=writing.counts | column.counts(writing.texts) | scanned.counts,
        parameters=column.parameters(writing.per_call, sensitive=sensitive),
        account=_account(writing.per_call),
        inputs=[described(frame_name, frame)],
        output=described(frame_name, made),
        columns=[{"name": column.name, "kind": "text", "how": f"written by {'' if info.stand_in else 'the language model '}{info.name}"}],
        notes=notes,
        **of_the_model(writing, run),
    )
