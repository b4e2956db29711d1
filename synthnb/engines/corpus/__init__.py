"""Questions and answers from documents, each with the passage it rests on.

A folder with one step of the way in each file: `documents` (what is read), `sentences` and `chunks` (where it is cut),
`concepts`, `naming` and `graph` (what it is about), `plan` (what is asked about), `prompts`, `writing` (calls, and what
is made of replies), `evidence`, `screening`, `verifying`, `runs`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from synthnb.engines.base import Progress, new_run_id, no_progress
from synthnb.engines.corpus.chunks import cut
from synthnb.engines.corpus.documents import Corpus, Source, read_documents
from synthnb.engines.corpus.evidence import check_evidence
from synthnb.engines.corpus.naming import name_concepts
from synthnb.engines.corpus.passages import Passages
from synthnb.engines.corpus.plan import ByChunk, ByWalk, Plan, graph_of
from synthnb.engines.corpus.runs import Making, Questions
from synthnb.engines.corpus.screening import Screening
from synthnb.engines.corpus.settings import HeldOut, Settings, read_holdout
from synthnb.engines.corpus.verifying import Verifying
from synthnb.engines.corpus.writing import Asked, Item, Writing
from synthnb.engines.egress import Policy, permit, preflight
from synthnb.engines.llm.runs import Clock, whole
from synthnb.engines.llm.stopping import WorkInterrupted

if TYPE_CHECKING:
    from synthnb.models.base import Reply
    from synthnb.models.calls import Calls, Estimate

__all__ = ["Questions", "QuestionsInterrupted", "check_evidence", "read_documents", "write_questions"]


class QuestionsInterrupted(WorkInterrupted):
    """The user stopped the writing of questions."""

    units = "questions"
    partial: Questions


def write_questions(
    folder: Source,
    *,
    questions: int,
    calls: Calls,
    level: int = 1,
    answers: bool = True,
    verify: str = "span",
    verifier: Calls | None = None,
    holdout: Sequence[str] | None = None,
    holdout_name: str = "",
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    language: str | None = None,
    mode: str = "auto",
    concepts: str = "auto",
    chunk_tokens: int | None = None,
    overlap: int = 0,
    near: float = 0.8,
    temperature: float | None = None,
    licence: str = "",
    seed: int | None = None,
    name: str = "questions",
    preview: int | None = None,
    public: bool = False,
    allow_hosted: bool = False,
    identifiers: Policy | None = None,
    announce: Callable[[Estimate], None] | None = None,
    progress: Progress = no_progress,
) -> Questions:
    """Return questions written from documents, each with its answer and the passage it rests on, and the run that wrote them.

    Parameters
    ----------
    folder : path, sequence of paths, or mapping of str to str
        A folder of text, Markdown, reStructuredText, HTML and PDF files, such files, or texts by name.
    questions : int
        How many, from 1 to 1,000,000.
    calls : Calls
        The model, with its limits and its store.
    level : {1, 2, 3}
        1: from one passage. 2: from a passage and a subset of its concepts. 3: from concepts that a random walk through the
        concept graph of all documents joins, and the two documents with most of them.
    answers : bool
        Write answers too.
    verify : str
        How an answer is checked: ``span`` (its evidence holds its words; in extractive mode, where the evidence is the answer,
        the question shares more with it than with any other sentence of the chunk), ``model`` (the verifier says yes),
        ``majority:K`` (more than half of K answers, given anew, agree with it) or ``none``. What fails is kept and marked ``no``.
    verifier : Calls, optional
        The model that checks; needed for ``model``. A majority is asked of the writing model otherwise.
    holdout : sequence of str, optional
        Texts that no question may repeat: the same words, 13 words in a row, or nearly the same.
    holdout_name : str
        What it is called in the run.
    include, exclude : sequence of str
        Patterns of paths to read and to leave out, such as ``"guides/*"``.
    language : str, optional
        The language of the questions; asked for, and checked where it can be told. The text's own by default.
    mode : {"auto", "quoted", "extractive"}
        Who chooses the evidence. ``quoted``: the model quotes it, and the quotation is looked for in the passage.
        ``extractive``: the program picks a sentence, and the model writes a question that it answers. ``auto`` is extractive
        for models whose name gives fewer than 3 billion weights, which can't quote reliably.
    concepts : {"auto", "model", "counting"}
        Who names the concepts for levels 2 and 3; ``auto`` is the model where it quotes, counting else.
    chunk_tokens, overlap : int, optional
        Tokens of a chunk, and how many of them the next one repeats; by default what the model's context has room for, at
        most 3,000, and none.
    near : float
        Jaccard index of 3-word runs from which two questions count as the same; above 0, at most 1.
    temperature : float, optional
        How freely words are chosen, 0 to 2; 0.7, or 0.3 in extractive mode.
    licence : str
        The documents' licence, for the disclosure.
    seed : int, optional
        From 0 to 2**32 - 1; drawn if not given, and in the run either way.
    name : str
        What the frame is called in the run.
    preview : int, optional
        Write only the first so many of the questions, rounded up to whole calls and asked for once; questions that the texts ask
        themselves come with them. With the same seed they are taken over from the store.
    public : bool
        The documents are public, so that they aren't anybody's real data.
    allow_hosted : bool
        Let passages leave this machine, to a hosted model; those that aren't public need the setting ``hosted_rows`` too.
    identifiers : {"block", "warn"}, optional
        What a direct identifier does in documents that would go to a hosted model; ``block`` by default unless they are public.
    announce : callable, optional
        Told what the calls for questions are going to use, before the first of them is made.
    progress : callable
        Called as ``progress(done, total, what)``.

    Returns
    -------
    Questions
        A frame with ``question``, ``answer``, ``kind``, ``evidence``, ``document``, ``start``, ``end``, ``document_digest``,
        ``chunk``, ``level``, ``concepts``, ``documents``, ``verified`` and ``how_verified``; at level 3 the second document's
        evidence too (``evidence_2`` and so on). ``.texts[document][start:end] == evidence`` wherever there is evidence.
        ``.coverage`` and ``.documents`` say what was asked about, and what was not read. Requested = delivered + explained.

    Raises
    ------
    OptionError
        An option is outside what is allowed, no document can be read, or documents may not leave this machine.
    MissingExtraError
        A PDF is among the documents, and pypdf isn't installed.
    ModelError
        The model failed before it wrote anything.
    QuestionsInterrupted
        Stopped by the user; ``partial`` holds what was written.

    Notes
    -----
    Questions are allotted to chunks in proportion to their length, by largest remainder. What a chunk can't give is
    asked again up to twice, then made up by other chunks up to three times, then explained. At level 3 a new walk
    is drawn instead. A question without evidence is left out, unless ``verify="none"``.
    """
    clock, run_id = Clock.start(), new_run_id()
    settings = Settings.read(
        calls, questions=questions, level=level, answers=answers, verify=verify, verifier=verifier, mode=mode, concepts=concepts,
        temperature=temperature, language=language, near=near, seed=seed, overlap=overlap, licence=licence, public=public,
    )  # fmt: skip
    first = None if preview is None else whole("preview", preview, settings.questions)
    held = read_holdout(holdout, holdout_name)
    models = [calls] if verifier is None else [calls, verifier]
    for one in models:
        permit(one.model.info, rows=settings.rows, allowed=allow_hosted, what="the documents")
    corpus = read_documents(folder, include=include, exclude=exclude)
    notes, counts = _preflight(corpus, models, settings, identifiers)
    passages = Passages(corpus, cut(corpus.documents, settings.chunk_tokens(calls, chunk_tokens), overlap=overlap))
    _declare(corpus, settings, models)
    writing, named = _written(passages, settings, held, models, (progress, announce), run_id, first)
    made = Making(
        run_id=run_id,
        name=name,
        clock=clock,
        passages=passages,
        writing=writing,
        settings=settings,
        holdout=held.described,
        notes=[*notes, *settings.notes, *_graph_notes(writing)],
        counts=counts,
        verifier=verifier,
        naming=named,
    ).synthesis()
    if writing.asked.interrupted:
        raise QuestionsInterrupted(made)
    return made


def _written(
    passages: Passages,
    settings: Settings,
    held: HeldOut,
    models: Sequence[Calls],
    told: tuple[Progress, Callable[[Estimate], None] | None],
    run_id: str,
    preview: int | None,
) -> tuple[Writing, int]:
    """The questions, and of how many chunks a model named the concepts."""
    asked = Asked(models[0], told[0])
    checking = Asked(models[1], told[0]) if len(models) > 1 else asked
    verifying = Verifying(settings.check, passages, checking, mode=settings.mode, seed=settings.seed)
    for title, text in verifying.templates().items():
        checking.calls.declare_template(title, text)
    named = _named(passages, settings, asked)
    writing = Writing(
        passages=passages,
        plan=_plan(passages, settings),
        prompts=settings.prompts(models[0]),
        mode=settings.mode,
        asked=asked,
        screening=Screening(held.texts, near=settings.near),
        total=settings.questions,
        preview=preview,
        keep_unfound=settings.check.how == "none",
        language=settings.language,
        announce=told[1],
        check=_check(verifying, asked, checking),
    )
    writing.run()
    _note_use(writing, verifying, named, run_id)
    return writing, len(named)


def _preflight(corpus: Corpus, models: Sequence[Calls], settings: Settings, policy: Policy | None) -> tuple[list[str], dict[str, int]]:
    notes: list[str] = []
    counts: dict[str, int] = {}
    texts = [document.text for document in corpus.documents]
    for one in models:
        scanned = preflight(one.model.info, texts, rows=settings.rows, what=f"the documents of {corpus.name}", policy=policy)
        notes += scanned.notes
        counts |= scanned.counts
    return notes, counts


def _declare(corpus: Corpus, settings: Settings, models: Sequence[Calls]) -> None:
    prompts = settings.prompts(models[0])
    for title, text in prompts.templates(settings.mode).items():
        models[0].declare_template(title, text)
    if settings.concepts == "model":
        models[0].declare_template("concepts", f'<data>\n{{"text": "…"}}\n</data>\n\n{prompts.concept_words()}')
    what = "sentences" if settings.mode == "extractive" and settings.concepts != "model" else "passages"
    for one in models:
        one.declare_sent(
            f"{what} of {len(corpus.documents):,} document{'' if len(corpus.documents) == 1 else 's'} of {corpus.name}",
            digest=corpus.digest,
            detail={"documents": len(corpus.documents), "characters": sum(len(document.text) for document in corpus.documents)},
        )


def _named(passages: Passages, settings: Settings, asked: Asked) -> list[tuple[int, Reply]]:
    """Let the model name concepts where it is to: of chunks that get a question at level 2, of all at level 3."""
    if settings.concepts != "model":
        return []
    chunks: Sequence[int] = range(len(passages.chunks))
    if settings.level == 2:
        chunks = sorted(ByChunk(passages, settings.seed, 2, settings.mode).start(settings.questions))
    return name_concepts(passages, chunks, settings.prompts(asked.calls), asked)


def _plan(passages: Passages, settings: Settings) -> Plan:
    if settings.level == 3:
        return ByWalk(passages, settings.seed, graph_of(passages), settings.mode)
    return ByChunk(passages, settings.seed, settings.level, settings.mode)


def _check(verifying: Verifying, asked: Asked, checking: Asked) -> Any:
    def check(items: Sequence[Item]) -> None:
        verifying(items)
        asked.interrupted = asked.interrupted or checking.interrupted

    return check


def _note_use(writing: Writing, verifying: Verifying, named: Sequence[tuple[int, Reply]], run_id: str) -> None:
    """Say which reply each question, check and list of concepts came of."""
    calls = writing.asked.calls
    rows = {id(item): row for row, item in enumerate(sorted(writing.items, key=lambda item: item.unit.place))}
    for item in writing.items:
        if item.reply is not None:
            calls.used(item.reply, run=run_id, unit=f"question:{rows[id(item)]}")
    for item, reply in verifying.used:
        verifying.calls.used(reply, run=run_id, unit=f"check:{rows[id(item)]}")
    for chunk, reply in named:
        calls.used(reply, run=run_id, unit=f"concepts:{chunk}")


def _graph_notes(writing: Writing) -> list[str]:
    if not isinstance(writing.plan, ByWalk):
        return []
    counts = writing.plan.graph.counts()
    return [
        f"The concept graph has {counts['topics']:,} topics, {counts['concepts']:,} concepts and {counts['edges']:,} edges; "
        f"{writing.plan.walks:,} walks were drawn."
    ]
