"""A text column, written by a language model row by row and conditioned on each row's other values."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from synthnb._canonical import Json, digest, digest_bytes
from synthnb._clock import utc_now
from synthnb._frames import frame_digest, to_pandas
from synthnb._random import resolve_seed
from synthnb.engines.base import Progress, Run, Synthesis, new_run_id, no_progress, versions
from synthnb.engines.llm.prompts import SYSTEM, Template
from synthnb.engines.llm.writing import Asking, Writing
from synthnb.errors import Interrupted, OptionError, shown

if TYPE_CHECKING:
    from synthnb.models.base import Model

__all__ = ["ColumnInterrupted", "write_text_column"]

_MOST_TOKENS = 8192
_TEXT_WORDS = 6
_ACCOUNT = {
    "method": "one text per row, asked for separately",
    "record_links": "each text belongs to its own row, in order",
    "calls": "independent calls, one per row; a row is asked again if its reply is empty, declined, unfinished or another row's",
    "prompt_versions": "one version in this run",
    "other_models": "none",
}
_PARTS = ("name", "instruction", "placed", "given", "system", "max_tokens", "temperature", "top_p", "repeat_penalty")


class ColumnInterrupted(Interrupted):
    """The user stopped the writing of a column."""

    partial: Synthesis
    """The frame with the texts written so far, and the run that says so."""

    def __init__(self, partial: Synthesis) -> None:
        run = partial.run
        super().__init__(
            f"Stopped after {run.delivered:,} of {run.requested:,} texts; these are kept.",
            fix=f"Run it again with --overwrite and --seed {run.seed} to get the same texts and the rest.",
        )
        self.partial = partial


def write_text_column(
    frame: Any,
    *,
    name: str,
    instruction: str,
    model: Model,
    given: Sequence[str] | None = None,
    frame_name: str = "synthetic",
    rows: int | None = None,
    max_tokens: int = 60,
    temperature: float = 0.3,
    top_p: float = 0.9,
    repeat_penalty: float = 1.0,
    seed: int | None = None,
    overwrite: bool = False,
    allow_hosted: bool = False,
    sensitive: bool = False,
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
    model : Model
        Who writes; `synthnb.models.registry.open_model` gives one.
    given : sequence of str, optional
        Columns shown to the model as data. By default none if the instruction has
        placeholders, else all but columns that hold texts already.
    frame_name : str
        What the frame is called in the run.
    rows : int, optional
        Write only the first so many rows, at least 1; all by default.
    max_tokens : int
        Longest text in the model's tokens, 1 to 8,192. An unfinished last sentence is dropped.
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
    sensitive : bool
        Keep the instruction out of the run; its digest stays.
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
    Each row is asked for on its own, with a seed spawned from the run's, so a text
    depends on its row's position and values alone. A reply that is empty, declined
    or unfinished is asked for again at most twice, and one that repeats another
    row's exactly once. What a cell says is passed as data, escaped, in a block that
    the model is told not to obey.

    A very small model, such as the embedded one, rewrites better than it invents: put
    the facts into the instruction, as in ``Rewrite as one sentence of a nurse's note:
    The patient is a {age}-year-old {sex} on {arm}.``
    """
    inside, restore = to_pandas(frame)
    _check(name, instruction, inside, overwrite=overwrite, model=model, allow_hosted=allow_hosted)
    asking = Asking(
        name=name,
        template=Template.parse(instruction, _others(inside, name), given=given, default=_not_texts(inside, name)),
        seed=resolve_seed(seed),
        max_tokens=_whole("max_tokens", max_tokens, _MOST_TOKENS),
        temperature=_within("temperature", temperature, 0, 2),
        top_p=_within("top_p", top_p, 0.01, 1),
        repeat_penalty=_within("repeat_penalty", repeat_penalty, 1, 2),
    )
    wanted = inside if rows is None else inside.head(_whole("rows", rows, len(inside)))
    records: list[Any] = (
        wanted[list(asking.template.columns)].to_dict("records") if asking.template.columns else [{} for _ in range(len(wanted))]
    )
    writing = Writing(asking, model, records, progress)
    clock = _Clock.start()
    writing.run()
    texts = writing.texts + [None] * (len(inside) - len(wanted))
    made = _attach(frame, name, texts)
    notes = (*restore.notes, *_notes(asking, inside, writing))
    synthesis = Synthesis(made, _run(frame, made, frame_name, writing, clock, notes, sensitive=sensitive))
    if writing.interrupted:
        raise ColumnInterrupted(synthesis)
    return synthesis


@dataclass(frozen=True)
class _Clock:
    """When the writing began, on the calendar and on the stopwatch."""

    started: str
    mark: float

    @classmethod
    def start(cls) -> _Clock:
        return cls(utc_now(), time.monotonic())

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self.mark, 3)


def _check(name: Any, instruction: Any, inside: pd.DataFrame, *, overwrite: bool, model: Model, allow_hosted: bool) -> None:
    if not isinstance(name, str) or not name.strip():
        raise OptionError(f"A column's name must be a string that isn't empty; got {shown(name)}.", fix="Give it a name.")
    if not isinstance(instruction, str):
        raise OptionError(f"An instruction must be a string; got {shown(instruction)}.", fix="Write what the texts should say.")
    if name in inside.columns and not overwrite:
        raise OptionError(f"The frame has a column {shown(name)} already.", fix="Choose another name, or overwrite it (overwrite=True).")
    if model.info.locality == "hosted" and not allow_hosted:
        raise OptionError(
            f"The model {model.info.id} runs at {model.info.provider}: the rows' values would leave this machine.",
            fix="Choose a local model, or pass allow_hosted=True.",
        )


def _whole(name: str, value: Any, largest: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or not 1 <= value.__index__() <= largest:
        raise OptionError(f"{name} must be a whole number from 1 to {largest:,}; got {shown(value)}.", fix="Choose one in that range.")
    return int(value)


def _within(name: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not hasattr(value, "__float__") or not low <= float(value) <= high:
        raise OptionError(f"{name} must be from {low} to {high}; got {shown(value)}.", fix="Choose a number in that range.")
    return float(value)


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


def _notes(asking: Asking, inside: pd.DataFrame, writing: Writing) -> list[str]:
    shown_columns = ", ".join(asking.template.columns) or "no column"
    notes = [f"Each text was written from: {shown_columns}."]
    hidden = [name for name in _others(inside, asking.name) if name not in asking.template.columns]
    if hidden:
        notes.append(f"Not shown to the model: {', '.join(hidden)}.")
    if left := writing.counts["duplicates_left"]:
        notes.append(f"{left:,} texts are the same as another row's.")
    return notes


def _run(frame: Any, made: Any, frame_name: str, writing: Writing, clock: _Clock, notes: Sequence[str], *, sensitive: bool) -> Run:
    asking, explained = writing.asking, writing.explained
    parameters = _parameters(asking, sensitive=sensitive)
    info = writing.model.info
    return Run(
        id=new_run_id(),
        kind="column",
        engine="llm",
        engine_reason="A text column is asked for, which is written row by row.",
        recipe_digest=digest({"schema": "synthnb.column/1"} | {part: _recipe(asking)[part] for part in _PARTS}),
        seed=asking.seed,
        started=clock.started,
        ended=utc_now(),
        seconds={"sample": clock.seconds},
        requested=len(writing.rows),
        delivered=len(writing.rows) - sum(int(item["count"]) for item in explained),
        explained=explained,
        counts=writing.counts,
        parameters=parameters,
        account=_ACCOUNT,
        inputs=[_described(frame_name, frame)],
        output=_described(frame_name, made),
        model=info.to_dict() | {"requested": info.id, "returned": ", ".join(sorted(writing.returned)) or None},
        versions=versions(*(["xllamacpp"] if "xllamacpp" in info.provider else [])),
        columns=[{"name": asking.name, "kind": "text", "how": f"written by {'' if info.stand_in else 'the language model '}{info.name}"}],
        notes=notes,
        partial=writing.interrupted,
    )


def _recipe(asking: Asking) -> dict[str, Json]:
    template = asking.template
    return {
        "name": asking.name,
        "instruction": template.instruction,
        "placed": list(template.placed),
        "given": list(template.given),
        "system": SYSTEM,
        "max_tokens": asking.max_tokens,
        "temperature": asking.temperature,
        "top_p": asking.top_p,
        "repeat_penalty": asking.repeat_penalty,
    }


def _parameters(asking: Asking, *, sensitive: bool) -> dict[str, Json]:
    """What the run says about the prompt; a sensitive one is a digest only."""
    template, recipe = asking.template, _recipe(asking)
    recipe["column"] = recipe.pop("name")
    recipe["instruction_digest"] = digest_bytes(template.instruction.encode("utf-8", "surrogatepass"))
    recipe["prompt"] = template.text
    recipe["sensitive"] = sensitive
    if sensitive:
        recipe |= {"instruction": None, "prompt": None}
    return recipe


def _described(name: str, frame: Any) -> dict[str, Json]:
    columns = getattr(frame, "column_names", None) or list(frame.columns)
    return {"name": name, "rows": len(frame), "columns": [str(column) for column in columns], "digest": frame_digest(frame)}
