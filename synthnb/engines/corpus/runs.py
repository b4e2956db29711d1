"""The frame of questions, the coverage of the corpus, and the run that says how both came to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from synthnb._canonical import digest
from synthnb._clock import utc_now
from synthnb.engines.base import Run, Synthesis, versions
from synthnb.engines.corpus.concepts import key_of
from synthnb.engines.corpus.plan import ByWalk
from synthnb.engines.llm.runs import Clock, described

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.corpus.documents import Corpus
    from synthnb.engines.corpus.passages import Passages
    from synthnb.engines.corpus.settings import Settings
    from synthnb.engines.corpus.writing import Item, Writing
    from synthnb.models.calls import Calls

__all__ = ["Making", "Questions"]

MOST_LISTED = 200
"""Documents, and files that were skipped, that a run lists by name; all of them are counted and in its digest."""

_TEXTS = ("question", "answer", "kind", "evidence", "document", "document_digest", "concepts", "documents", "verified", "how_verified")
_NUMBERS = ("start", "end", "chunk", "level")
_COLUMNS = (
    "question",
    "answer",
    "kind",
    "evidence",
    "document",
    "start",
    "end",
    "document_digest",
    "chunk",
    "level",
    "concepts",
    "documents",
    "verified",
    "how_verified",
)
_SECOND = ("evidence", "document", "start", "end", "document_digest")
_HOW = {
    "question": "written by {0}, or taken from the text where kind is original",
    "answer": "{1}",
    "kind": "original if the text asks the question word for word, else new",
    "evidence": "{2}",
    "verified": "yes, no, or none where nobody looked",
}


@dataclass(frozen=True, repr=False)
class Questions(Synthesis):
    """Questions from documents, with how the documents were covered and their texts to check the evidence against."""

    coverage: pd.DataFrame = field(default_factory=pd.DataFrame)
    """A row for each chunk: ``document``, ``chunk``, ``start``, ``end``, ``allotted``, ``questions``, ``concepts``,
    ``concepts_asked`` and ``concepts_by``."""
    documents: pd.DataFrame = field(default_factory=pd.DataFrame)
    """A row for each file: ``document``, ``read``, ``reason``, ``digest``, ``text_digest``, ``characters``, ``encoding``,
    ``chunks`` and ``questions``."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """The documents' texts by name: ``texts[row.document][row.start:row.end] == row.evidence``."""


@dataclass(frozen=True, kw_only=True)
class Making:
    """Everything a run is told from."""

    run_id: str
    name: str
    clock: Clock
    passages: Passages
    writing: Writing
    settings: Settings
    holdout: Mapping[str, Json] | None
    """``{"name", "rows", "columns", "digest"}`` of the hold-out."""
    notes: Sequence[str]
    counts: Mapping[str, int]
    verifier: Calls | None
    """The second model's calls, where one took part."""
    naming: int
    """Chunks whose concepts a model named."""

    @property
    def corpus(self) -> Corpus:
        """The documents."""
        return self.passages.corpus

    @property
    def calls(self) -> Calls:
        """The calls to the model that wrote."""
        return self.writing.asked.calls

    def synthesis(self) -> Questions:
        """The questions, ordered by where they come from, with the run."""
        items = sorted(self.writing.items, key=lambda item: item.unit.place)
        frame = self._frame(items)
        coverage = self._coverage(items)
        return Questions(
            frame, self._run(frame, items, coverage), coverage=coverage, documents=self._documents(items), texts=self.corpus.texts
        )

    def _frame(self, items: Sequence[Item]) -> pd.DataFrame:
        two = self.settings.level == 3
        columns = [*_COLUMNS, *(f"{name}_2" for name in _SECOND if two)]
        rows = [self._row(item, two=two) for item in items]
        made = {}
        for column in columns:
            cells = [row.get(column) for row in rows]
            plain = column.removesuffix("_2")
            made[column] = pd.Series(cells, dtype="Int64" if plain in _NUMBERS else _text_type())
        return pd.DataFrame(made, columns=columns)

    def _row(self, item: Item, *, two: bool) -> dict[str, Any]:
        chunks = [self.passages.chunks[chunk] for chunk in item.unit.chunks]
        documents = [self.corpus.documents[chunk.document] for chunk in chunks]
        first = item.evidence[0].passage.document if item.evidence else chunks[0].document
        row: dict[str, Any] = {
            "question": item.question,
            "answer": item.answer or None,
            "kind": item.kind,
            "document": self.corpus.documents[first].name,
            "document_digest": self.corpus.documents[first].digest,
            "chunk": next(chunk.within for chunk in chunks if chunk.document == first),
            "level": self.settings.level,
            "concepts": "; ".join(item.unit.concepts) or None,
            "documents": "; ".join(document.name for document in documents),
            "verified": item.verified,
            "how_verified": item.how,
        }
        for suffix, found in zip(("", "_2") if two else ("",), item.evidence, strict=False):
            document = self.corpus.documents[found.passage.document]
            row |= {f"evidence{suffix}": found.text, f"document{suffix}": document.name, f"document_digest{suffix}": document.digest}
            row |= {f"start{suffix}": found.passage.start, f"end{suffix}": found.passage.end}
        return row

    def _coverage(self, items: Sequence[Item]) -> pd.DataFrame:
        per_chunk = Counter(chunk for item in items for chunk in item.unit.chunks)
        asked: dict[int, set[str]] = {}
        for item in items:
            for chunk in item.unit.chunks:
                asked.setdefault(chunk, set()).update(map(key_of, item.unit.concepts))
        walks = isinstance(self.writing.plan, ByWalk)
        rows = []
        for here in self.passages.chunks:
            found = self.passages.concepts(here.number)
            keys = {key_of(name) for name in (*found.topics, *found.concepts)}
            rows.append(
                {
                    "document": self.passages.name(here.number),
                    "chunk": here.within,
                    "start": here.start,
                    "end": here.end,
                    "allotted": pd.NA if walks else self.writing.allotted.get(here.number, 0),
                    "questions": per_chunk[here.number],
                    "concepts": len(keys),
                    "concepts_asked": len(keys & asked.get(here.number, set())),
                    "concepts_by": found.by,
                }
            )
        return pd.DataFrame(rows).astype({"allotted": "Int64"})

    def _documents(self, items: Sequence[Item]) -> pd.DataFrame:
        chunks = Counter(self.passages.name(chunk.number) for chunk in self.passages.chunks)
        asked = Counter(name for item in items for name in {self.passages.name(chunk) for chunk in item.unit.chunks})
        read = [
            {
                "document": found.name,
                "read": True,
                "reason": found.remark or None,
                "digest": found.digest,
                "text_digest": found.text_digest,
                "characters": len(found.text),
                "encoding": found.encoding,
                "chunks": chunks[found.name],
                "questions": asked[found.name],
            }
            for found in self.corpus.documents
        ]
        left = [{"document": found.name, "read": False, "reason": found.reason} for found in self.corpus.skipped]
        made = pd.DataFrame([*read, *left])
        return made.astype(dict.fromkeys(("characters", "chunks", "questions"), "Int64"))

    def _run(self, frame: pd.DataFrame, items: Sequence[Item], coverage: pd.DataFrame) -> Run:
        info = self.calls.model.info
        writing, asked = self.writing, self.writing.asked
        corpus: dict[str, Json] = {
            "name": self.corpus.name,
            "rows": len(self.corpus.documents),
            "columns": [],
            "digest": self.corpus.digest,
        }
        writer = f"{'' if info.stand_in else 'the language model '}{info.name}"
        quoted = "quoted by the model and found in the document" if writing.mode == "quoted" else "a sentence picked by the program"
        answered = "written by the model" if writing.mode == "quoted" else "the evidence, on one line"
        return Run(
            id=self.run_id,
            kind="questions",
            engine="corpus",
            engine_reason=f"Questions from documents are asked for, at level {self.settings.level}.",
            recipe_digest=digest({"schema": "synthnb.questions/1", "corpus": self.corpus.digest, "settings": self.settings.to_dict()}),
            seed=self.settings.seed,
            started=self.clock.started,
            ended=utc_now(),
            seconds={"sample": self.clock.seconds},
            requested=writing.total,
            delivered=len(items),
            explained=writing.explained,
            counts=self._counts(items, coverage),
            parameters=self._parameters(),
            account=self._account(writer),
            inputs=[corpus],
            output=described(self.name, frame),
            model=info.to_dict() | {"requested": info.id, "returned": ", ".join(sorted(asked.returned)) or None},
            calls=self.calls.account(),
            versions=versions(*(["xllamacpp"] if "xllamacpp" in info.provider else []), *(["pypdf"] if self._has_pdf() else [])),
            columns=[
                {"name": column, "kind": "integer" if column.removesuffix("_2") in _NUMBERS else "text", "how": how}
                for column in frame.columns
                for how in [_HOW.get(column.removesuffix("_2"), "by the program").format(writer, answered, quoted)]
            ],
            notes=self._notes(items, coverage),
            partial=asked.interrupted,
        )

    def _has_pdf(self) -> bool:
        return any(document.encoding == "pdf" for document in self.corpus.documents)

    def _counts(self, items: Sequence[Item], coverage: pd.DataFrame) -> dict[str, int]:
        documents = {self.passages.name(chunk) for item in items for chunk in item.unit.chunks}
        return {
            "documents": len(self.corpus.documents),
            "documents_covered": len(documents),
            "documents_skipped": len(self.corpus.skipped),
            "chunks": len(coverage),
            "chunks_covered": int((coverage["questions"] > 0).sum()),
            "concepts": int(coverage["concepts"].sum()),
            "concepts_asked": int(coverage["concepts_asked"].sum()),
            "chunks_named_by_model": self.naming,
            **self.writing.counts,
            "with_evidence": sum(bool(item.evidence) for item in items),
            **{f"verified_{word}": sum(item.verified == word for item in items) for word in ("yes", "no", "none")},
            **self.counts,
        }

    def _parameters(self) -> dict[str, Json]:
        made = self.settings.to_dict()
        made |= {"preview": self.writing.total} if self.writing.preview is not None else {}
        made["chunk_tokens"] = max(chunk.tokens for chunk in self.passages.chunks)
        made["decontamination"] = dict(self.holdout) if self.holdout else "none"
        if self.verifier is not None:
            made["verifier"] = self.verifier.model.info.to_dict() | {"calls": self.verifier.account()}
        made["documents"] = self.corpus.to_dict(MOST_LISTED)
        made["skipped"] = [{"name": found.name, "reason": found.reason} for found in self.corpus.skipped[:MOST_LISTED]]
        made["skipped_by_reason"] = self.corpus.skipped_by_reason()
        return made

    def _account(self, writer: str) -> dict[str, str]:
        check = str(self.settings.check)
        second = "none" if self.verifier is None else f"{self.verifier.model.info.name} checks the answers"
        evidence = {
            "quoted": "the model quotes the evidence, and what isn't found word for word in the passage is asked again, then left out",
            "extractive": "the program picks a sentence as evidence and answer, and the model writes the question",
        }[self.writing.mode]
        kept = "; a question without a quotation that is found is kept, without evidence" if self.writing.keep_unfound else ""
        return {
            "method": f"questions at level {self.settings.level} of SynthLLM (arXiv 2503.19551), written by {writer}: {evidence}{kept}",
            "record_links": "each question names its document with the sha256 of the file, the chunk, and the offsets of its evidence",
            "copies": "of questions with the same words, or 3-word runs with a Jaccard index "
            f"from {self.writing.screening.near} on, one is kept",
            "verification": "none" if check == "none" else check,
            "calls": "independent calls; what is missing is asked again up to twice in its place, then made up elsewhere up to three times",
            "prompt_versions": "one version in this run",
            "other_models": second,
        }

    def _notes(self, items: Sequence[Item], coverage: pd.DataFrame) -> list[str]:
        covered = int((coverage["questions"] > 0).sum())
        notes = [
            f"{self.corpus.name}: {_many(len(self.corpus.documents), 'document')} read, {len(self.corpus.skipped):,} skipped; "
            f"{covered:,} of {_many(len(coverage), 'chunk')} have a question."
        ]
        if self.writing.preview is not None:
            notes.append(f"This is a preview: {self.writing.total:,} of {_many(self.settings.questions, 'question')} were asked for, once.")
        notes += [f"Skipped since {reason}: {count:,}." for reason, count in self.corpus.skipped_by_reason().items()][:10]
        notes += [f"{found.name}: {found.remark}." for found in self.corpus.documents if found.remark][:10]
        if self.settings.check.how == "none":
            notes.append("Verification of answers: none.")
        if bare := sum(not item.evidence for item in items):
            notes.append(f"{_many(bare, 'question')} without evidence: the quotation wasn't found in the text.")
        return [*notes, *self.notes]


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _text_type() -> Any:
    return "str" if pd.__version__ >= "3" else object
