"""Verbs whose texts a language model writes: a column, a corpus, questions from documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from synthnb._api.calling import calls_to
from synthnb._api.governing import governed
from synthnb._api.keeping import entry_of
from synthnb._api.origins import claimed
from synthnb._api.requests import Verb, request_of
from synthnb._marks import column_names
from synthnb._origins import Origin
from synthnb._progress import Progress, no_progress
from synthnb.config import get_config
from synthnb.disclosure.generations import descent
from synthnb.disclosure.session import session
from synthnb.errors import Interrupted, OptionError, shown

if TYPE_CHECKING:
    from synthnb._api.governing import Governed, Sends
    from synthnb.engines.base import Run, Synthesis
    from synthnb.models.base import Model
    from synthnb.models.limits import Estimate, Limits

__all__ = ["said", "write_column", "write_questions", "write_texts"]

Choices = Sequence[str] | Mapping[str, float]
"""Choices, all as likely, or with weights."""


def said(**arguments: Any) -> dict[str, Any]:
    """The arguments that were given, so that the engine's own defaults hold for the others."""
    return {name: value for name, value in arguments.items() if value is not None}


def write_column(
    frame: Any,
    name: str,
    instruction: str,
    *,
    model: str | Model | None = None,
    given: Sequence[str] | None = None,
    frame_name: str | None = None,
    rows: int | None = None,
    per_call: int | None = None,
    styles: Choices | None = None,
    lengths: Choices | None = None,
    personas: Choices | None = None,
    keep_draws: bool = False,
    language: str | None = None,
    must_show: Sequence[str] = (),
    examples: Sequence[str] = (),
    novelty: float | None = None,
    max_tokens: int | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    repeat_penalty: float | None = None,
    overwrite: bool = False,
    allow_hosted: bool = False,
    identifiers: Literal["block", "warn"] | None = None,
    sensitive: bool = False,
    limits: Limits | Mapping[str, Any] | None = None,
    override: str | None = None,
    random_state: int | None = None,
    announce: Callable[[Estimate], None] | None = None,
    progress: Progress | None = None,
) -> Synthesis:
    """Return the frame with a text column that a language model wrote, row by row.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame, pyarrow.Table or Synthesis
        The rows the texts are conditioned on.
    name : str
        The new column.
    instruction : str
        What to write; ``{column}`` stands for the row's value.
    model : str or Model, optional
        ``"local"``, ``"echo"``, ``"ollama/MODEL"``, ``"openai/MODEL"``, any other name that `%synth models` lists, the path
        of a GGUF file, or an open model. The setting ``model`` by default.
    given : sequence of str, optional
        Columns the model is shown as data. By default none if the instruction has
        placeholders, else all but those that hold texts.
    frame_name : str, optional
        What the frame is called in the run and the disclosure: by default as the run called it that made its rows, else ``frame``.
    rows : int, optional
        Write only the first so many rows, as a preview; all by default. With ``overwrite`` the others keep the texts they have.
    per_call : int, optional
        Texts asked for in one call; chosen by the model and the length by default.
    styles, lengths, personas : sequence of str, or mapping of str to float, optional
        One of each is drawn for each row, all as likely or with these weights, and told to the model: how to write,
        how many words (``"short"``, ``"medium"``, ``"long"``, ``"20-40"``), and who writes.
    keep_draws : bool
        Add what was drawn as columns of their own.
    language : str, optional
        The language of the texts, such as ``"German"`` or ``"de"``; asked for and checked.
    must_show : sequence of str
        Columns whose value must stand in the text.
    examples : sequence of str
        Texts to be written like; none is repeated. They are taken for real: the run holds their digest only.
    novelty : float, optional
        How like another a text may be: the Jaccard index of their 3-word runs from which it is a repetition; 0.8 by default.
    max_tokens, temperature, top_p, repeat_penalty : optional
        Longest text, and how freely words are chosen (0 to 2; above 0, at most 1; 1 to 2).
    overwrite : bool
        Replace a column of that name.
    allow_hosted : bool
        Let the rows' values leave this machine, to a hosted model; real rows need the setting ``hosted_rows`` too. Rows are
        taken for real unless runs of this session made every column that is shown, and the rows are as they were made.
    identifiers : {"block", "warn"}, optional
        What direct identifiers do that are found in what would go to a hosted model: ``block`` by default for rows
        that may be real, ``warn`` for others.
    sensitive : bool
        Keep the instruction and the prompts out of the run and the store of replies; their digests stay.
    limits : Limits or mapping, optional
        What the run may use at most, such as ``{"tokens": 100_000, "money": 0.5, "seconds": 600}``.
    override : str, optional
        Why it is written although a rule of the policy is broken; the record states it.
    random_state : int, optional
        Seed from 0 to 2**32 - 1.
    announce : callable, optional
        Called with an estimate of tokens, cost and time before the first call is made.
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Returns
    -------
    Synthesis
        ``.frame`` is a new frame of the same kind with the column at its end.

    Raises
    ------
    OptionError
        An option is outside what is allowed, or the rows may not leave this machine.
    ModelMissingError
        The model isn't on this machine; the message says how to get it.
    Interrupted
        Stopped by the user; its ``partial`` holds the texts written so far.
    """
    from synthnb._frames import frame_of
    from synthnb.engines.llm import write_text_column

    frame = frame_of(frame)
    origin, synthetic = session.origins.whole(frame), session.origins.synthetic(frame)
    frame_name = frame_name or ("frame" if origin is None or not synthetic else origin.name)
    asked = said(
        name=name,
        instruction=instruction,
        given=given,
        frame_name=frame_name,
        rows=rows,
        per_call=per_call,
        styles=styles,
        lengths=lengths,
        personas=personas,
        keep_draws=keep_draws,
        language=language,
        must_show=must_show,
        examples=examples,
        novelty=novelty,
        max_tokens=max_tokens,
        temperature=temperature,
        top_p=top_p,
        repeat_penalty=repeat_penalty,
        overwrite=overwrite,
    )
    how: dict[str, Any] = {"known_synthetic": synthetic, "sensitive": sensitive, "seed": random_state, "announce": announce}
    sent: dict[str, Any] = {"allow_hosted": allow_hosted, "identifiers": identifiers}
    write = partial(write_text_column, frame, **asked, **sent, **how, progress=progress or no_progress)
    keeper = _Keeper("column", {"frame": frame, "model": model, **asked, **sent}, sensitive=sensitive, origin=origin, synthetic=synthetic)
    real = () if synthetic >= set(column_names(frame)) else (frame_name,)
    sends: Sends = "rows" if real else "nothing"
    with governed("column", engine="llm", model=model, sources=real, sends=sends, override=override) as keeper.under:
        return keeper.run(write, model=model, limits=limits)


def write_texts(
    description: str,
    *,
    n: int,
    labels: Mapping[str, Choices] | None = None,
    joint: Mapping[Any, float] | Sequence[Any] | None = None,
    kind: Literal["note", "abstract", "message", "dialogue", "text"] = "text",
    model: str | Model | None = None,
    per_call: int | None = None,
    styles: Choices | None = None,
    lengths: Choices | None = None,
    personas: Choices | None = None,
    language: str | None = None,
    must_show: Sequence[str] = (),
    examples: Sequence[str] = (),
    novelty: float | None = None,
    max_tokens: int | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    repeat_penalty: float | None = None,
    name: str = "texts",
    preview: int | None = None,
    allow_hosted: bool = False,
    identifiers: Literal["block", "warn"] | None = None,
    sensitive: bool = False,
    limits: Limits | Mapping[str, Any] | None = None,
    override: str | None = None,
    random_state: int | None = None,
    announce: Callable[[Estimate], None] | None = None,
    progress: Progress | None = None,
) -> Synthesis:
    """Return a corpus of texts that a language model wrote, with the labels asked for met exactly.

    Parameters
    ----------
    description : str
        What the texts are about.
    n : int
        How many, at least 1.
    labels : mapping of str to choices, optional
        What each text is to show: levels by label, such as ``{"tone": ["calm", "worried"]}``, all as frequent,
        or with weights, such as ``{"severity": {"mild": 0.7, "severe": 0.3}}``.
    joint : mapping, or sequence of pairs, optional
        Weights of combinations of levels, where labels aren't independent of each other: ``{("calm", "mild"): 0.5, …}``,
        or ``[[["calm", "mild"], 0.5], …]``.
    kind : {"note", "abstract", "message", "dialogue", "text"}
        What sort of text; its shape is checked.
    model, per_call, language, examples, novelty, max_tokens, temperature, top_p, repeat_penalty
        As for `write_column`.
    styles, lengths, personas : sequence of str, or mapping of str to float, optional
        Allotted like labels, each a column of the frame.
    must_show : sequence of str
        Labels whose level must stand in the text, word for word.
    name : str
        What the frame is called in the run and the disclosure.
    preview : int, optional
        Write only the first so many of the ``n`` texts, with the labels they have among all. With the run's seed and without
        ``preview`` they are taken over from the store.
    allow_hosted : bool
        Let the examples leave this machine, to a hosted model; they are taken for real, and need the setting ``hosted_rows`` too.
    identifiers : {"block", "warn"}, optional
        What direct identifiers do that are found in what would go to a hosted model.
    sensitive : bool
        Keep the description and the prompts out of the run and the store of replies; their digests stay.
    limits : Limits or mapping, optional
        What the run may use at most.
    override : str, optional
        Why it is written although a rule of the policy is broken; the record states it.
    random_state : int, optional
        Seed from 0 to 2**32 - 1.
    announce, progress : callable, optional
        As for `write_column`.

    Returns
    -------
    Synthesis
        ``.frame`` has an id, the text and a column for each label; requested = delivered + explained.

    Raises
    ------
    OptionError
        An option is outside what is allowed.
    ModelMissingError
        The model isn't on this machine; the message says how to get it.
    Interrupted
        Stopped by the user; its ``partial`` holds the texts written so far.
    """
    from synthnb.engines.llm.corpora import write_texts as write

    asked = said(
        description=description,
        n=n,
        labels=labels,
        kind=kind,
        per_call=per_call,
        styles=styles,
        lengths=lengths,
        personas=personas,
        language=language,
        must_show=must_show,
        examples=examples,
        novelty=novelty,
        max_tokens=max_tokens,
        temperature=temperature,
        top_p=top_p,
        repeat_penalty=repeat_penalty,
        name=name,
        preview=preview,
    )
    sent: dict[str, Any] = {"allow_hosted": allow_hosted, "identifiers": identifiers}
    how: dict[str, Any] = {"sensitive": sensitive, "seed": random_state, "announce": announce, "progress": progress or no_progress}
    keeper = _Keeper("texts", {"model": model, "joint": joint, **asked, **sent}, sensitive=sensitive)
    with governed("text", engine="llm", model=model, sends="nothing", override=override) as keeper.under:
        return keeper.run(partial(write, joint=joint, **asked, **sent, **how), model=model, limits=limits)


def write_questions(
    folder: str | Path | Sequence[Path] | Mapping[str, str],
    *,
    questions: int,
    level: Literal[1, 2, 3] = 1,
    model: str | Model | None = None,
    answers: bool = True,
    verify: str = "span",
    verifier: str | Model | None = None,
    holdout: Any = None,
    holdout_name: str = "",
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    language: str | None = None,
    mode: Literal["auto", "quoted", "extractive"] = "auto",
    concepts: Literal["auto", "model", "counting"] = "auto",
    chunk_tokens: int | None = None,
    overlap: int | None = None,
    near: float | None = None,
    temperature: float | None = None,
    licence: str = "",
    name: str = "questions",
    preview: int | None = None,
    public: bool = False,
    allow_hosted: bool = False,
    identifiers: Literal["block", "warn"] | None = None,
    sensitive: bool = False,
    limits: Limits | Mapping[str, Any] | None = None,
    override: str | None = None,
    random_state: int | None = None,
    announce: Callable[[Estimate], None] | None = None,
    progress: Progress | None = None,
) -> Synthesis:
    """Return questions, and their answers, that a language model wrote from documents, each with its evidence in them.

    Parameters
    ----------
    folder : str, Path, sequence of Path, or mapping of str to str
        A folder of ``.txt``, ``.md``, ``.html`` and ``.pdf`` files, some such files, or texts by name.
    questions : int
        How many to write, at least 1.
    level : {1, 2, 3}
        1: from one passage. 2: from a passage and some of its concepts. 3: from concepts that a walk through the concept
        graph of all documents joins, and the two documents nearest to them.
    model : str or Model, optional
        As for `write_column`.
    answers : bool
        Write answers too.
    verify : str
        How answers are checked: ``span`` (the evidence stands in the document), ``model`` (a second model agrees),
        ``majority:K`` (most of K answers agree) or ``none``.
    verifier : str or Model, optional
        The second model, for ``verify="model"`` or a majority.
    holdout : frame or sequence of str, optional
        Questions that must not be among those written; a frame has them in a column ``question``, or in its one column of texts.
    holdout_name : str
        What the hold-out is called in the run.
    include, exclude : sequence of str
        Patterns of paths to read and to leave out, such as ``"guides/*"``.
    language : str, optional
        The language of the questions; the documents' by default.
    mode : {"auto", "quoted", "extractive"}
        Who picks the evidence: the model, by quoting it, or the program; ``auto`` chooses by the model's size.
    concepts : {"auto", "model", "counting"}
        Who names the concepts for levels 2 and 3.
    chunk_tokens, overlap : int, optional
        Tokens of a passage, and how many of them the next one repeats.
    near : float, optional
        Jaccard index of 3-word runs from which two questions count as the same; 0.8 by default.
    temperature : float, optional
        How freely words are chosen, 0 to 2.
    licence : str
        The documents' licence, for the disclosure.
    name : str
        What the frame is called in the run and the disclosure.
    preview : int, optional
        Write only the first so many of the questions, rounded up to whole calls. With the run's seed and without ``preview`` they are
        taken over from the store.
    public : bool
        The documents are public: they are no real data of anybody's.
    allow_hosted : bool
        Let the documents leave this machine, to a hosted model; those that aren't public need the setting ``hosted_rows`` too.
    identifiers : {"block", "warn"}, optional
        What direct identifiers do that are found in documents that would go to a hosted model.
    sensitive : bool
        Keep the prompts out of the run and the store of replies; their digests stay.
    limits : Limits or mapping, optional
        What the run may use at most.
    override : str, optional
        Why it is written although a rule of the policy is broken; the record states it.
    random_state : int, optional
        Seed from 0 to 2**32 - 1.
    announce, progress : callable, optional
        As for `write_column`.

    Returns
    -------
    Synthesis
        ``.frame`` has a row for each question, with its evidence, where that stands, and how the answer was checked.

    Raises
    ------
    OptionError
        An option is outside what is allowed, or the documents may not leave this machine.
    MissingExtraError
        A PDF is read with pypdf, which isn't installed.
    Interrupted
        Stopped by the user; its ``partial`` holds the questions written so far.
    """
    from contextlib import ExitStack

    from synthnb.engines.corpus import write_questions as write

    asked: dict[str, Any] = {
        "questions": questions,
        "level": level,
        "answers": answers,
        "verify": verify,
        "holdout_name": holdout_name,
        "name": name,
        "preview": preview,
        "public": public,
        "include": include,
        "exclude": exclude,
        "mode": mode,
        "concepts": concepts,
        "licence": licence,
        **said(language=language, chunk_tokens=chunk_tokens, overlap=overlap, near=near, temperature=temperature),
    }
    sent: dict[str, Any] = {"allow_hosted": allow_hosted, "identifiers": identifiers}
    named = {"folder": folder, "model": model, "verifier": verifier, "holdout": holdout, **sent}
    keeper = _Keeper("questions", asked | named, sensitive=sensitive)
    real = () if public else (str(getattr(folder, "name", folder if isinstance(folder, str) else "documents")),)
    with governed("corpus", engine="corpus", model=model, sources=real, override=override) as keeper.under, ExitStack() as opened:
        checking = None if verifier is None else opened.enter_context(calls_to(verifier, limits=limits, sensitive=sensitive))
        how: dict[str, Any] = {"verifier": checking, "seed": random_state, "announce": announce, "progress": progress or no_progress}
        return keeper.run(partial(write, folder, holdout=_held_out(holdout), **asked, **sent, **how), model=model, limits=limits)


def _held_out(holdout: Any) -> list[str] | None:
    """The texts of a hold-out."""
    if holdout is None:
        return None
    if hasattr(holdout, "columns"):
        import narwhals as nw

        table = nw.from_native(holdout, eager_only=True)
        texts = [name for name in table.columns if table[name].dtype in (nw.String, nw.Object, nw.Categorical)]
        column = "question" if "question" in table.columns else texts[0] if len(texts) == 1 else None
        if column is None:
            raise OptionError(
                f"A hold-out has its questions in a column 'question', or in its one column of texts; got {shown(list(table.columns))}.",
                fix="Rename the column to 'question'.",
            )
        return [str(text) for text in table[column].drop_nulls().to_list()]
    if isinstance(holdout, str) or not all(isinstance(text, str) for text in holdout):
        raise OptionError(f"A hold-out is a frame or a sequence of texts; got {shown(holdout)}.", fix="Pass the questions as a list.")
    return list(holdout)


class _Keeper:
    """Gives what a verb made the call that made it and the origin of its rows, and remembers it."""

    def __init__(
        self,
        verb: Verb,
        arguments: Mapping[str, Any],
        *,
        sensitive: bool,
        origin: Origin | None = None,
        synthetic: frozenset[str] = frozenset(),
    ) -> None:
        self._verb = verb
        self._arguments = arguments
        self._sensitive = sensitive
        self._origin = origin
        self._synthetic = synthetic
        self.under: Governed | None = None

    def run(self, write: Callable[..., Synthesis], *, model: str | Model | None, limits: Limits | Mapping[str, Any] | None) -> Synthesis:
        """Have something written, and keep it; at an interrupt, what was finished."""
        with calls_to(model, limits=limits, sensitive=self._sensitive) as calls:
            try:
                made = write(calls=calls)
            except Interrupted as stopped:
                partial_result = getattr(stopped, "partial", None)
                if partial_result is not None:
                    cast("Any", stopped).partial = self._kept(partial_result)
                raise
        return self._kept(made)

    def _kept(self, made: Synthesis) -> Synthesis:
        run = self._described(made.run)
        if self.under is not None:
            run = replace(run, policy=self.under.outcome)
        kept = replace(made, run=run)
        session.remember(entry_of(kept))
        if self.under is not None:
            self.under.remember_exceptions(run.id, run.output)
        if (self._verb != "column" or self._origin is not None) and len(made.frame):
            depth = descent(run.to_dict())[0] if self._origin is None else self._origin.depth
            origin = Origin(run.id, str(run.output["name"]), depth)
            session.origins.register(origin, made.frame, synthetic=self._made_up(run))
            claimed(made.frame, origin)
        return kept

    def _made_up(self, run: Run) -> Set[str]:
        """Columns of what was written that hold no cell of a real row or document, and no text that was written from one."""
        written = {str(column["name"]) for column in run.columns}
        if self._verb == "questions":
            return written if self._arguments["public"] else set()
        likened = bool(self._arguments.get("examples"))  # taken for real, and a text may quote one in part
        if self._verb == "texts":
            return written - {"text"} if likened else written
        before, after = (set(cast("Any", frame["columns"])) for frame in (run.inputs[0], run.output))
        partly = (written & before) - self._synthetic if self._arguments.get("rows") is not None else set()
        made = set() if likened or not self._is_synthetic(run) else written - partly
        return (self._synthetic - written) | (after - before - written) | made

    def _is_synthetic(self, run: Run) -> bool:
        """Whether all that a column's texts were written from is known to be synthetic."""
        return {str(name) for part in ("placed", "given") for name in cast("Any", run.parameters[part])} <= self._synthetic

    def _described(self, run: Run) -> Run:
        arguments = {**self._arguments, "model": self._arguments["model"] or get_config().model}
        if self._verb == "column" and run.model is not None and run.model["locality"] == "hosted" and self._is_synthetic(run):
            arguments["identifiers"] = arguments["identifiers"] or "warn"  # a session that doesn't know the rows would block
        request = {} if self._sensitive else request_of(self._verb, run, arguments)
        if self._verb != "column":
            return replace(run, request=request)
        return replace(run, request=request, inputs=[dict(frame) | {"origin": self._whole_origin(frame)} for frame in run.inputs])

    def _whole_origin(self, frame: Mapping[str, Any]) -> dict[str, Any] | None:
        """The run that made a frame, if every column of it is known to be synthetic: the record says so of all of them."""
        replaced = {self._arguments["name"]}
        return None if self._origin is None or not set(frame["columns"]) - replaced <= self._synthetic else asdict(self._origin)
