"""A report in one plain sentence: values and intervals, never a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synthnb.evaluation.base import Score

__all__ = ["headline"]

_PER_COLUMN = ("ks_complement", "tv_complement")
_MOST_PARTS = 4
_OTHERS = {
    "evidence_verbatim_share": "evidence found word for word",
    "answers_supported_share": "answers supported by their evidence",
    "question_near_duplicates_share": "near-duplicate questions",
    "questions_contaminated_share": "questions in the hold-out",
    "vendi_score": "Vendi score",
    "text_near_duplicates_share": "near-duplicate texts",
    "text_c2st_auc": "two-sample AUC",
    "shared_13_words_excess": "13-word runs shared beyond real texts' own",
    "reference_integrity": "references that lead to a row",
    "children_per_parent": "children per parent",
    "parent_child_dependence": "dependence across tables",
}
"""What the sentence says of texts, questions and several tables, the first four that are there."""


def number(value: float) -> str:
    """Two decimals, or up to four where two would say 0 or 1 of a value that isn't."""
    decimals = next((d for d in (2, 3) if round(value, d) not in (0, 1, -1)), 4)
    return f"{value:.2f}" if value in (0, 1, -1) else f"{value:.{decimals}f}"


def _with_interval(score: Score) -> str:
    assert score.value is not None
    if score.low is None or score.high is None:
        return number(score.value)
    return f"{number(score.value)} [{number(score.low)}, {number(score.high)}]"


def headline(scores: Iterable[Score]) -> str:
    """One sentence: of a table shapes, two-sample AUC, membership AUC, exact copies; of other data what stands for these."""
    found: dict[str, Score] = {}
    for score in scores:
        if score.metric not in _PER_COLUMN:
            found.setdefault(score.metric, score)
    if {"column_shapes", "c2st_auc", "membership_auc", "exact_copies_share"} <= found.keys():
        return _of_table(found)
    parts = [_worded(words, found[metric]) for metric, words in _OTHERS.items() if metric in found][:_MOST_PARTS]
    if not parts:
        valued = [score for score in found.values() if score.value is not None]
        parts = [_worded(f"{score.label[0].lower()}{score.label[1:]}", score) for score in valued[:_MOST_PARTS]]
    text = ", ".join(parts) or "nothing could be computed"
    return f"{text[0].upper()}{text[1:]}."


def _worded(words: str, score: Score) -> str:
    return f"{words} not evaluated" if score.value is None else f"{words} {_with_interval(score)}"


def _of_table(found: Mapping[str, Score]) -> str:
    shapes, c2st, attack, copies = (found[key] for key in ("column_shapes", "c2st_auc", "membership_auc", "exact_copies_share"))
    parts = [
        "column shapes not evaluated" if shapes.value is None else f"column shapes {number(shapes.value)}{_beside(shapes)}",
        "two-sample AUC not evaluated" if c2st.value is None else f"two-sample AUC {_with_interval(c2st)}",
        "membership attack not evaluated" if attack.value is None else f"membership AUC {_with_interval(attack)}",
    ]
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}; {_copies(copies)}."


def _copies(score: Score) -> str:
    if score.value is None:
        return "copies not evaluated"
    count = score.parameters["count"]
    return f"{count:,} exact {'copy' if count == 1 else 'copies'}"


def _beside(score: Score) -> str:
    """The ceiling, after what as many synthetic rows as the ceiling rests on score."""
    if score.ceiling is None:
        return ""
    best = f"real against real {number(score.ceiling)}"
    if score.matched is None:
        return f" ({best})"
    return f" (on {score.parameters['ceiling_rows'][1]:,} rows {number(score.matched)}, {best})"
