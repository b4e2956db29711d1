"""Questions asked twice, and questions that are also in the hold-out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from synthnb._novelty import words
from synthnb.evaluation.base import Comparison, Definition, Findings, Step
from synthnb.evaluation.corpora._spans import COUNTED
from synthnb.evaluation.texts._columns import texts_of
from synthnb.evaluation.texts._suffixes import longest_runs
from synthnb.evaluation.texts.redundancy import CLUSTERED, twins

__all__ = ["CONTAMINATED", "CONTAMINATION_STEP", "NEAR", "REDUNDANCY_STEP", "SAME", "contamination", "redundancy"]

NO_QUESTIONS = "The synthetic frame has no column of questions with a word in it."

SAME = Definition(
    metric="question_duplicates_share",
    label="Questions asked twice",
    dimension="text",
    direction="lower",
    reference="share of questions of which another has the same words, case and punctuation aside",
)
NEAR = Definition(
    metric="question_near_duplicates_share",
    label="Questions asked nearly twice",
    dimension="text",
    direction="lower",
    reference="share of questions with another whose Jaccard index of 3-word runs is 0.85 or more, as in The Stack (arXiv 2211.15533)",
)
CONTAMINATED = Definition(
    metric="questions_contaminated_share",
    label="Questions that are in the hold-out",
    dimension="text",
    direction="lower",
    reference="share of questions with 13 words in a row from a hold-out question, or with all its words; "
    "Brown et al. (2020), arXiv 2005.14165, appendix C",
)


def redundancy(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """The shares of questions asked twice, and nearly twice."""
    asked = [words(text) for text in _questions(comparison)[: parameters["most_texts"]]]
    if not asked:
        return Findings(scores=[SAME.absent(NO_QUESTIONS), NEAR.absent(NO_QUESTIONS)])
    found = twins(asked, parameters["jaccard"], comparison.clock)
    n, given = len(asked), {"interval": CLUSTERED, "distinct": len({tuple(text) for text in asked})}
    near = NEAR.score(float(found.near.mean()), n=n, parameters=given | {"jaccard": parameters["jaccard"]})
    return Findings(scores=[SAME.score(float(found.exact.mean()), n=n, parameters=given), near])


def contamination(comparison: Comparison, parameters: Mapping[str, Any]) -> Findings:
    """The share of questions that the hold-out holds too."""
    asked = [words(text) for text in _questions(comparison)]
    if not asked:
        return Findings(scores=[CONTAMINATED.absent(NO_QUESTIONS)])
    held = texts_of(comparison, comparison.frames.holdout, _column(comparison), "hold-out").spoken
    if not len(held):
        reason = "It needs questions that were kept back: pass them as holdout=, in a column of the same name."
        return Findings(scores=[CONTAMINATED.absent(comparison.no_holdout or reason, n=len(asked))])
    runs, known = longest_runs(asked, held.words, comparison.clock), set(held.words)
    same = np.array([tuple(text) in known for text in asked])
    hits = int(((runs >= parameters["words"]) | same).sum())
    given = {"count": hits, "equal": int(same.sum()), "holdout_questions": len(held), "words": parameters["words"], "interval": COUNTED}
    return Findings(scores=[CONTAMINATED.score(hits / len(asked), n=len(asked), parameters=given)])


def _questions(comparison: Comparison) -> list[str]:
    texts = texts_of(comparison, comparison.frames.synthetic, _column(comparison), "synthetic")
    return [text for text in texts.strings if words(text)]


def _column(comparison: Comparison) -> str:
    """The column of questions: ``question``, or the first that is stated to hold texts."""
    frame, named = comparison.frames.synthetic, comparison.facts.text
    return "question" if "question" in frame.columns or not named else named[0]


REDUNDANCY_STEP = Step(name="questions asked twice", run=redundancy, gives=(SAME, NEAR), parameters={"jaccard": 0.85, "most_texts": 20_000})
"""``corpus-redundancy``."""
CONTAMINATION_STEP = Step(name="contamination with the hold-out", run=contamination, gives=(CONTAMINATED,), parameters={"words": 13})
"""``corpus-contamination``."""
