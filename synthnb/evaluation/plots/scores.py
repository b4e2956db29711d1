"""Figures of scores: the overview, and gates with their limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from synthnb.evaluation.plots.canvas import (
    CEILING,
    DIM,
    SMALL,
    SYNTHETIC,
    clean,
    dot,
    few_ticks,
    figure,
    frame_rows,
    note,
    nothing,
    number,
    span,
    words,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from synthnb.evaluation.base import Score
    from synthnb.evaluation.report import Report

__all__ = ["gates", "overview"]

_PER_COLUMN = ("ks_complement", "tv_complement")
_MOST_ROWS = 44
_ROW_MM = 4.4
_LEAST = -0.5
"""Where an axis may begin: differences and attacks that do worse than guessing lie below 0."""
_ORDER = ("validity", "fidelity", "utility", "privacy", "bias", "text", "human", "judge", "copies", "diagnostic")
_HEADINGS = {"diagnostic": "Diagnostics of overfitting", "copies": "Exact copies", "bias": "Bias and subgroups"}
_LEFT, _RIGHT = 8, 9
"""matplotlib's numbers of carets that stand on a point and look left or right."""
_SIGNS = {"pass": ("o", "pass", "#0072b2"), "undecided": ("D", "undecided", "#595959"), "fail": ("X", "fail", "#a65200")}


def overview(report: Report, *, width: str = "double") -> Figure:
    """Every score of the whole frame by dimension: value, interval, and the same of real rows against real rows.

    Scores from 0 to 1 are drawn on one axis; those of another scale are told in figures only.
    """
    computed = [score for score in report.scores if score.value is not None and score.metric not in _PER_COLUMN]
    every = sorted(computed, key=lambda score: _ORDER.index(score.dimension))
    shown = every[:_MOST_ROWS]
    if not shown:
        raise nothing("score with a value", "See report.not_evaluated.")
    rows: list[Score | str] = []
    for dimension in dict.fromkeys(score.dimension for score in shown):
        rows += [_HEADINGS.get(dimension, dimension.capitalize()), *(score for score in shown if score.dimension == dimension)]
    narrow = width == "single"
    made = figure(width, (6.0 if narrow else _ROW_MM) * len(rows) + 14)
    axes = made.subplots()
    frame_rows(axes, [row if isinstance(row, str) else _label(row, narrow=narrow) for row in rows], size=SMALL)
    axes.set_xlim(_begin([_ends(score) for score in shown]), 1.02)
    for at, row in enumerate(rows):
        if isinstance(row, str):
            _heading(axes, at)
        else:
            _row(axes, at, row, narrow=narrow)
    left = len(every) - len(shown)
    more = f" {left} more scores aren't drawn." if left else ""
    told = "● value with 95 % interval   ◇ real against real rows, ○ synthetic at that size   Figures only: another scale."
    note(made, f"{told}{more}")
    return made


def _ends(score: Score) -> list[float]:
    return [end for end in (score.value, score.low, score.high, score.ceiling, score.matched) if end is not None]


def _begin(drawn: Iterable[Sequence[float]]) -> float:
    """Left end of an axis to 1: a little below 0, or below the least of what is drawn."""
    return min([0.0, *(min(ends) for ends in drawn if _is_drawn(ends))]) - 0.04


def _is_drawn(ends: Sequence[float]) -> bool:
    return bool(ends) and min(ends) >= _LEAST and max(ends) <= 1


def _heading(axes: Axes, at: int) -> None:
    """A dimension's name in bold, without a line."""
    label = axes.get_yticklabels()[at]
    label.set_fontweight("bold")
    axes.axhspan(at - 0.5, at + 0.5, color="white", zorder=0.5)


def _row(axes: Axes, at: int, score: Score, *, narrow: bool) -> None:
    assert score.value is not None
    if _is_drawn(_ends(score)):
        if score.direction == "half":
            axes.plot([0.5, 0.5], [at - 0.35, at + 0.35], color=DIM, linewidth=0.8, zorder=1)
        if score.ceiling is not None:
            dot(axes, score.ceiling, at, None, marker="D", color=CEILING, markerfacecolor="none", markersize=4.6)
        if score.matched is not None:
            dot(axes, score.matched, at, None, markerfacecolor="white", markersize=3.6)
        dot(axes, score.value, at, (score.low, score.high), markersize=3.6)
    words(axes, at, number(score.value) if narrow else span(score.value, score.low, score.high))


def _label(score: Score, *, narrow: bool) -> str:
    about = ", ".join(score.subject)
    label = f"{score.label} ({about})" if about else score.label
    return wrapped(label, 30) if narrow else clean(label, 70)


def gates(report: Report, *, width: str = "double") -> Figure:
    """Each gate: the score that decided it, its limit, and the outcome in words and by the mark's shape."""
    if not report.gates:
        raise nothing("gate", "Take a profile with gates, or pass gates=.")
    narrow = width == "single"
    held = report.gates[:_MOST_ROWS]
    made = figure(width, _ROW_MM * 1.5 * len(held) + 16)
    axes = made.subplots()
    frame_rows(axes, [wrapped(gate["label"], 24 if narrow else 46) for gate in held])
    axes.set_xlim(_begin([_held(gate) for gate in held]) - 0.04, 1.08)
    axes.xaxis.set_major_locator(few_ticks(3 if narrow else 6))
    for row, gate in enumerate(held):
        _gate(axes, row, gate, narrow=narrow)
    note(made, "● pass   ◆ undecided   ✖ fail, with 95 % intervals; the tick is the limit, its caret shows which side passes.")
    return made


def _held(gate: dict[str, Any]) -> list[float]:
    limit = gate["at_least"] if "at_least" in gate else gate["at_most"]
    return [float(end) for end in (limit, gate["value"], gate["low"], gate["high"]) if end is not None]


def _gate(axes: Axes, row: int, gate: dict[str, Any], *, narrow: bool) -> None:
    marker, word, colour = _SIGNS[gate["outcome"]]
    side, sign, arrow = ("at_least", "≥", _RIGHT) if "at_least" in gate else ("at_most", "≤", _LEFT)
    limit = float(gate[side])
    bound = f"({sign} {limit:g})".replace("-", "−")
    if _is_drawn(_held(gate)):
        axes.plot([limit, limit], [row - 0.32, row + 0.32], color=DIM, linewidth=1.2, zorder=1)
        axes.plot([limit], [row + 0.22], marker=arrow, markersize=4, color=DIM, linestyle="none", zorder=1)
        if gate["value"] is not None:
            dot(axes, gate["value"], row, (gate["low"], gate["high"]), marker=marker, color=colour, markersize=5.0)
    told = "not computed" if gate["value"] is None else number(gate["value"]) if narrow else span(gate["value"], gate["low"], gate["high"])
    words(
        axes,
        row,
        f"{word}: {told}\n{bound}" if narrow else f"{word}: {told} {bound}",
        color=SYNTHETIC if gate["outcome"] == "pass" else colour,
    )
