"""Whether questions and answers rest on their documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synthnb._novelty import normalised, words
from synthnb.evaluation._intervals import wilson
from synthnb.evaluation.base import Comparison, Definition, Findings, Score, Step
from synthnb.evaluation.corpora._spans import COUNTED, NO_SOURCES, Span, spans

__all__ = ["EVIDENCE_STEP", "SUPPORTED", "VERBATIM", "evidence", "is_supported"]

VERBATIM = Definition(
    metric="evidence_verbatim_share",
    label="Questions whose evidence stands in its document",
    dimension="text",
    direction="higher",
    reference="share of questions with evidence of which every span is, character for character, what its document holds at its offsets; "
    "without offsets, anywhere in it; a question without evidence counts as one that has none there",
)
SUPPORTED = Definition(
    metric="answers_supported_share",
    label="Answers whose words their evidence holds",
    dimension="text",
    direction="higher",
    reference="share of answers that stand in their evidence, or of which it has every number and 60 % of the words of 4 letters or more; "
    "Wilson interval; lexical only: a contradiction in the same words passes",
)
_SUPPORT = 0.6
_LEAST_LETTERS = 4


def evidence(comparison: Comparison, _parameters: Mapping[str, Any]) -> Findings:
    """Whether evidence stands in its document, and whether answers rest on it."""
    frame, sources = comparison.frames.synthetic, comparison.facts.sources
    if not sources or "evidence" not in frame.columns or not len(frame):
        reason = "The synthetic frame has no column of evidence, or no rows." if sources else NO_SOURCES
        return Findings(scores=[VERBATIM.absent(reason), SUPPORTED.absent(reason)])
    found = list(spans(frame))
    stand = [bool(own) and all(span.stands(sources) for span in own) for own in found]
    given = {"count": sum(stand), "without_evidence": sum(not own for own in found), "interval": COUNTED}
    given["unknown_documents"] = sum(any(not _is_known(span, sources) for span in own) for own in found)
    comparison.clock.check()
    answers = frame["answer"].astype(object).to_list() if "answer" in frame.columns else [None] * len(frame)
    pairs = [(answer, " ".join(span.text for span in own)) for answer, own in zip(answers, found, strict=True) if _is_said(answer)]
    held = [is_supported(answer, quoted) for answer, quoted in pairs if quoted]
    return Findings(scores=[VERBATIM.score(sum(stand) / len(stand), n=len(stand), parameters=given), _supported(held)])


def _is_known(span: Span, sources: Mapping[str, str]) -> bool:
    return isinstance(span.document, str) and span.document in sources


def _supported(held: Sequence[bool]) -> Score:
    n, hits = len(held), sum(held)
    if not n:
        return SUPPORTED.absent("No question has both an answer and evidence.")
    low, high = wilson(hits, n)
    given = {"count": hits, "rows": "questions with an answer and evidence"}
    return SUPPORTED.score(hits / n, n=n, interval=(float(low), float(high)), parameters=given)


def _is_said(answer: Any) -> bool:
    return isinstance(answer, str) and bool(words(answer))


def is_supported(answer: str, found: str) -> bool:
    """Whether evidence holds an answer's words.

    It does if the answer stands in it, case and punctuation aside; or if it has each of the answer's numbers and at
    least 60 % of its words of four letters or more. An answer without such words must stand in it.

    Examples
    --------
    >>> is_supported("It was founded in 1843.", "The hospital was founded, we read, in 1843.")
    True
    >>> is_supported("In 1844.", "The hospital was founded in 1843.")
    False
    """
    if f" {normalised(answer)} " in f" {normalised(found)} ":
        return True
    said, held = words(answer), set(words(found))
    content = [word for word in said if len(word) >= _LEAST_LETTERS and not word.isdigit()]
    numbers = [word for word in said if word.isdigit()]
    if not content or any(number not in held for number in numbers):
        return False
    return sum(word in held for word in content) / len(content) >= _SUPPORT


EVIDENCE_STEP = Step(name="evidence of answers", run=evidence, gives=(VERBATIM, SUPPORTED))
"""``corpus-evidence``."""
