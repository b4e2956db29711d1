"""A report kept small enough for a notebook: what says least is left out first, and counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from synthnb.evaluation.report import Report

__all__ = ["LARGEST", "size", "within_size"]

LARGEST = 128_000
"""Bytes a report's JSON may have."""

_FEWEST_PAIRS = 150
_PER_COLUMN = ("ks_complement", "tv_complement")
Entry = TypeVar("Entry")


def size(value: Any) -> int:
    """Bytes of a JSON value as a notebook stores it."""
    return len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8"))


def within_size(report: Report) -> Report:
    """The report without the least wrong pairs, then without the best columns' own scores, then without those columns, until it fits."""
    for trim in (_fewer_pairs, _fewer_scores, _fewer_columns):
        over = _over(report)
        if over <= 0:
            return report
        report = trim(report, over)
    return report


def _over(report: Report) -> int:
    """Bytes too many, with times and their count at their longest, so that what is left out doesn't depend on them."""
    untimed = replace(report, seconds=0.0, scores=tuple(replace(score, seconds=0.0) for score in report.scores))
    return size(untimed.to_dict()) + 8 * len(report.scores) + 200 - LARGEST


def _fewer_pairs(report: Report, over: int) -> Report:
    errors = report.pairs["errors"]
    kept = errors[:_FEWEST_PAIRS] + _without(errors[_FEWEST_PAIRS:], range(len(errors) - _FEWEST_PAIRS - 1, -1, -1), over, size)
    return replace(report, pairs=report.pairs | {"errors": kept}, omitted=_more(report, "pairs", len(errors) - len(kept)))


def _fewer_scores(report: Report, over: int) -> Report:
    own = [score for score in report.scores if score.metric in _PER_COLUMN]
    kept = _without(own, _best_first([score.value for score in own]), over, lambda score: size(score.to_dict()))
    left = {id(score) for score in kept}
    scores = tuple(score for score in report.scores if score.metric not in _PER_COLUMN or id(score) in left)
    return replace(report, scores=scores, omitted=_more(report, "column_scores", len(own) - len(kept)))


def _fewer_columns(report: Report, over: int) -> Report:
    kept = _without(report.columns, _best_first([entry["score"] for entry in report.columns]), over, size)
    return replace(report, columns=tuple(kept), omitted=_more(report, "columns", len(report.columns) - len(kept)))


def _best_first(scores: Sequence[float | None]) -> list[int]:
    """Numbers of the entries, those without a score first."""
    return sorted(range(len(scores)), key=lambda i: -2.0 if scores[i] is None else -float(scores[i] or 0))


def _without(entries: Sequence[Entry], order: Sequence[int], over: int, measure: Callable[[Entry], int]) -> list[Entry]:
    """The entries less as many as make up for the bytes too many, taken in this order."""
    gone: set[int] = set()
    for i in order:
        if over <= 0:
            break
        gone.add(i)
        over -= measure(entries[i]) + 2
    return [entry for i, entry in enumerate(entries) if i not in gone]


def _more(report: Report, kind: str, count: int) -> dict[str, int]:
    return report.omitted | ({kind: report.omitted.get(kind, 0) + count} if count > 0 else {})
