"""What of the documents the questions cover, and how evenly."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb.evaluation._encode import level_text
from synthnb.evaluation.base import Comparison, Definition, Direction, Findings, Score, Step
from synthnb.evaluation.corpora._spans import COUNTED, NO_SOURCES, Span, spans

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CONCEPTS", "COVERAGE_STEP", "DOCUMENTS", "EVENNESS", "LEVELS", "PASSAGES", "coverage"]


def _definition(metric: str, label: str, reference: str, direction: Direction = "higher") -> Definition:
    return Definition(metric=metric, label=label, dimension="text", direction=direction, reference=reference)


_PIELOU = "Pielou (1966), doi 10.1016/0022-5193(66)90013-0"
DOCUMENTS = _definition("documents_covered_share", "Documents with a question", "documents that a question names / documents")
PASSAGES = _definition(
    "passages_covered_share",
    "Passages with evidence",
    "stretches of 2,000 characters in which evidence begins / all such stretches of the documents",
)
EVENNESS = _definition(
    "document_evenness",
    "How evenly questions are spread over documents",
    f"-Σ p ln p / ln d over the d documents, p their shares of questions; {_PIELOU}; 1: evenly",
)
CONCEPTS = _definition(
    "concept_evenness",
    "How evenly questions are spread over concepts",
    f"-Σ p ln p / ln c over the c concepts asked about, p their shares; {_PIELOU}; 1: evenly",
)
LEVELS = _definition(
    "level_evenness",
    "How evenly questions are spread over the levels",
    f"-Σ p ln p / ln 3 over the three levels of SynthLLM (arXiv 2503.19551), p their shares; {_PIELOU}; 0: one level only",
    "none",
)
_WINDOW = 2000


def coverage(comparison: Comparison, _parameters: Mapping[str, Any]) -> Findings:
    """What of the documents, concepts and levels the questions cover, and how evenly."""
    frame, sources = comparison.frames.synthetic, comparison.facts.sources
    found = Findings(scores=[_of_documents(frame, sources, definition, measure) for definition, measure in _DOCUMENT_MEASURES])
    listed = frame["concepts"].dropna().astype(object).tolist() if "concepts" in frame.columns else []
    concepts = Counter(name.strip().casefold() for cell in listed for name in str(cell).split(";") if name.strip())
    given = {"concepts": len(concepts), "interval": COUNTED}
    reason = "There are fewer than two concepts."
    found.scores.append(CONCEPTS.score(_evenness(concepts.values(), len(concepts)), n=len(frame), parameters=given, reason=reason))
    levels = frame["level"].dropna().astype(object).tolist() if "level" in frame.columns else []
    counts = Counter(level for level in map(level_text, levels) if level in {"1", "2", "3"})
    given = {"questions": {level: counts[level] for level in ("1", "2", "3")}, "interval": COUNTED}
    reason = "No question names a level from 1 to 3."
    found.scores.append(LEVELS.score(_evenness(counts.values(), 3), n=counts.total(), parameters=given, reason=reason))
    return found


def _evenness(counts: Iterable[int], of: int) -> float:
    """Entropy as a share of the greatest there can be; NaN of nothing or of one sort."""
    held = np.array([count for count in counts if count], dtype=float)
    if not held.sum() or of < 2:
        return math.nan
    shares = held / held.sum()
    return float(-(shares * np.log(shares)).sum() / math.log(of))


def _of_documents(
    frame: pd.DataFrame,
    sources: Mapping[str, str],
    definition: Definition,
    measure: Callable[[pd.DataFrame, Mapping[str, str]], tuple[float, dict[str, Any]]],
) -> Score:
    if not sources or "document" not in frame.columns:
        return definition.absent("The synthetic frame has no column of documents." if sources else NO_SOURCES, n=len(frame))
    value, given = measure(frame, sources)
    return definition.score(
        value, n=len(frame), parameters=given | {"interval": COUNTED}, reason="There is one document, or no question of it."
    )


def _named(frame: pd.DataFrame, sources: Mapping[str, str]) -> Counter[str]:
    """Questions by document; one that rests on two counts for both."""
    held: Counter[str] = Counter()
    columns = [frame[name].astype(object).to_list() for name in ("document", "document_2") if name in frame.columns]
    for row in zip(*columns, strict=True):
        held.update({name for name in row if isinstance(name, str) and name in sources})
    return held


def _documents(frame: pd.DataFrame, sources: Mapping[str, str]) -> tuple[float, dict[str, Any]]:
    held = _named(frame, sources)
    return len(held) / len(sources), {"documents": len(sources), "covered": len(held)}


def _spread(frame: pd.DataFrame, sources: Mapping[str, str]) -> tuple[float, dict[str, Any]]:
    return _evenness(_named(frame, sources).values(), len(sources)), {"documents": len(sources)}


def _passages(frame: pd.DataFrame, sources: Mapping[str, str]) -> tuple[float, dict[str, Any]]:
    """Passages are told by where the evidence stands, so a quotation that isn't there covers none."""
    total = sum(-(-len(text) // _WINDOW) for text in sources.values())
    covered = set()
    for own in spans(frame):
        for span in own:
            if span.stands(sources):
                covered.add((span.document, _begins(span, sources) // _WINDOW))
    return len(covered) / total if total else math.nan, {"passages": total, "covered": len(covered), "characters": _WINDOW}


def _begins(span: Span, sources: Mapping[str, str]) -> int:
    try:
        return int(span.start)
    except (TypeError, ValueError):
        return sources[span.document].find(span.text)


_DOCUMENT_MEASURES = ((DOCUMENTS, _documents), (PASSAGES, _passages), (EVENNESS, _spread))


COVERAGE_STEP = Step(name="coverage of documents", run=coverage, gives=(DOCUMENTS, PASSAGES, EVENNESS, CONCEPTS, LEVELS))
"""``corpus-coverage``."""
