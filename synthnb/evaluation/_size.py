"""A report kept small enough for a notebook: what says least is left out first, and counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from synthnb._canonical import without, without_nulls

if TYPE_CHECKING:
    from synthnb.evaluation.report import Report

__all__ = ["LARGEST", "compact", "size", "within_size"]

LARGEST = 64_000
"""Bytes a report's JSON may have."""

_FEWEST_PAIRS = 150
_WORST_PAIRS = 20
_PER_COLUMN = ("ks_complement", "tv_complement")
Entry = TypeVar("Entry")


def size(value: Any) -> int:
    """Bytes of a JSON value as a notebook stores it."""
    return len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass"))


def compact(report: Mapping[str, Any]) -> dict[str, Any]:
    """A report's JSON as a notebook holds it: without keys that hold nothing, and without a formula where there is no value."""
    scores = [score if score.get("value") is not None else without(score, "reference") for score in report.get("scores", ())]
    return {
        **report,
        "scores": [without_nulls(score) for score in scores],
        "gates": [without_nulls(gate) for gate in report.get("gates", ())],
    }


def within_size(report: Report) -> Report:
    """The report without what says least, until it fits.

    In this order: the best columns' own scores, which stand in their entries too; their distances; the least wrong pairs;
    the best columns' distributions; all but the worst pairs, with names that long ones make large; these columns.
    """
    for trim in (_fewer_scores, _fewer_distances, _fewer_pairs, _fewer_distributions, _worst_pairs, _fewer_columns):
        over = _over(report)
        if over <= 0:
            return report
        report = trim(report, over)
    return report


def _over(report: Report) -> int:
    """Bytes too many, with times and their count at their longest, so that what is left out doesn't depend on them."""
    untimed = replace(report, seconds=0.0, scores=tuple(replace(score, seconds=0.0) for score in report.scores))
    return size(compact(untimed.to_dict())) + 8 * len(report.scores) + 200 - LARGEST


def _fewer_pairs(report: Report, over: int) -> Report:
    errors = report.pairs["errors"]
    kept = errors[:_FEWEST_PAIRS] + _without(errors[_FEWEST_PAIRS:], range(len(errors) - _FEWEST_PAIRS - 1, -1, -1), over, size)
    return replace(report, pairs=report.pairs | {"errors": kept}, omitted=_more(report, "pairs", len(errors) - len(kept)))


def _worst_pairs(report: Report, _over: int) -> Report:
    errors, names = report.pairs["errors"], report.pairs["names"]
    kept = errors[:_WORST_PAIRS]
    used = sorted({place for pair in kept for place in pair[:2]})
    place = {old: new for new, old in enumerate(used)}
    pairs = {"names": [names[old] for old in used], "errors": [[place[one], place[other], error] for one, other, error in kept]}
    return replace(report, pairs=report.pairs | pairs, omitted=_more(report, "pairs", len(errors) - len(kept)))


def _fewer_scores(report: Report, over: int) -> Report:
    own = [score for score in report.scores if score.metric in _PER_COLUMN]
    kept = _without(own, _best_first([score.value for score in own]), over, lambda score: size(without_nulls(score.to_dict())))
    left = {id(score) for score in kept}
    scores = tuple(score for score in report.scores if score.metric not in _PER_COLUMN or id(score) in left)
    return replace(report, scores=scores, omitted=_more(report, "column_scores", len(own) - len(kept)))


def _fewer_distances(report: Report, over: int) -> Report:
    return _slimmer(report, over, "distances", None, "column_distances")


def _fewer_distributions(report: Report, over: int) -> Report:
    return _slimmer(report, over, "bins", {"labels": [], "real": [], "synthetic": []}, "distributions")


def _slimmer(report: Report, over: int, part: str, instead: Any, kind: str) -> Report:
    """The report with a part of the best columns' entries left out, or something in its place."""
    columns, gone = [dict(entry) for entry in report.columns], 0
    for i in _best_first([entry["score"] for entry in columns]):
        if over <= 0:
            break
        if columns[i].get(part) in (None, instead):
            continue
        before = size(columns[i])
        columns[i].pop(part)
        columns[i] |= {} if instead is None else {part: instead}
        over, gone = over - before + size(columns[i]), gone + 1
    return replace(report, columns=tuple(columns), omitted=_more(report, kind, gone))


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
