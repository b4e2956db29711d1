"""Figures of what an evaluation rests on: subgroups, attacks, learners and the user's own analyses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synthnb.evaluation.plots.canvas import (
    CEILING,
    CONTROL,
    DIM,
    REAL,
    SMALL,
    SYNTHETIC,
    clean,
    dot,
    few_ticks,
    figure,
    frame_rows,
    note,
    nothing,
    span,
    titled,
    words,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from synthnb.evaluation.report import Report

__all__ = ["analyses", "attacks", "subgroups", "utility"]

Entries = Sequence[tuple[str, Sequence[tuple[str, Any]]]]
"""Labels, and what is drawn in each row: how it looks, and a value with or without an interval."""

_ROW_MM = 5.4
_MOST_ROWS = 30
_WITHHELD = "withheld: too few rows"


def _ends(value: Any) -> tuple[float | None, float | None, float | None]:
    """A value with its interval, from a number or from ``[value, low, high]``; None where there is none."""
    if isinstance(value, Mapping):
        value = [value.get("value"), value.get("low"), value.get("high")]
    given = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    numbers = [None if isinstance(one, bool) or not isinstance(one, (int, float)) else float(one) for one in given[:3]]
    first, low, high = [*numbers, None, None, None][:3]
    return first, low, high


def _mark(axes: Axes, value: Any, row: float, **look: Any) -> None:
    at, low, high = _ends(value)
    if at is not None:
        dot(axes, at, row, (low, high), **look)


def subgroups(report: Report, *, width: str = "double") -> Figure:
    """Each subgroup's share in the real and in the synthetic rows, and its fidelity and utility; small ones are withheld."""
    if not report.subgroups:
        raise nothing("subgroup", "Name columns with groups=.")
    entries = report.subgroups[:_MOST_ROWS]
    made = figure(width, _ROW_MM * len(entries) + 24)
    extra = [
        name for name in ("fidelity", "utility") if width == "double" and any(_number(entry.get(name)) is not None for entry in entries)
    ]
    panels = made.subplots(1, 1 + len(extra), squeeze=False, sharey=True, width_ratios=[1.6] + [1.0] * len(extra))[0]
    frame_rows(
        panels[0], [clean(", ".join(f"{key} {level}" for key, level in entry["group"].items()), 34) for entry in entries], size=SMALL
    )
    titled(panels[0], "Share of rows")
    for row, entry in enumerate(entries):
        if entry.get("suppressed") or entry.get("share_real") is None:
            panels[0].text(0.0, row, _WITHHELD, fontsize=SMALL, color=DIM, va="center", backgroundcolor="white")
            continue
        _mark(panels[0], entry["share_real"], row, marker="s", color=REAL, markerfacecolor="none", markersize=5.0)
        _mark(panels[0], entry.get("share_synthetic"), row, markersize=3.4)
    panels[0].set_xlim(left=min(0.0, panels[0].get_xlim()[0]))
    for axes, name in zip(panels[1:], extra, strict=True):
        _panel(axes, name, entries)
    note(made, "□ real   ● synthetic   ◇ ceiling: the same with real rows.")
    return made


def _panel(axes: Axes, name: str, entries: Sequence[Mapping[str, Any]]) -> None:
    axes.tick_params(axis="both", labelsize=SMALL, length=2, width=0.6)
    axes.tick_params(axis="y", length=0)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    titled(axes, name.capitalize())
    for row, entry in enumerate(entries):
        axes.axhline(row, color="#d0d0d0", linewidth=0.4, zorder=0)
        if not entry.get("suppressed"):
            _mark(axes, entry.get(f"{name}_ceiling"), row, marker="D", color=CEILING, markerfacecolor="none", markersize=4.4)
            _mark(axes, entry.get(name), row)


def _number(value: Any) -> float | None:
    return _ends(value)[0]


def attacks(report: Report, *, width: str = "double") -> Figure:
    """Success rates of each attack on rows the generator saw, on rows it never saw, and of guessing; and the excess risk."""
    rows = list(report.details.get("attacks") or [])[:_MOST_ROWS]
    if not rows:
        return _privacy_scores(report, width)
    made = figure(width, _ROW_MM * len(rows) + 22)
    one, other = made.subplots(1, 2, sharey=True, width_ratios=[1.4, 1.0])
    labels = [wrapped(f"{row['name']}{_about(row)}", 36 if width == "double" else 20) for row in rows]
    frame_rows(one, labels, size=SMALL)
    titled(one, "Success rate")
    titled(other, "Excess risk")
    other.axvline(0, color=DIM, linewidth=0.8, zorder=1)
    _plain(other)
    other.xaxis.set_major_locator(few_ticks(5 if width == "double" else 3))
    for at, row in enumerate(rows):
        _mark(one, row.get("baseline"), at + 0.24, marker="^", color=CEILING, markerfacecolor="none")
        _mark(one, row.get("control"), at, marker="s", color=CONTROL, markerfacecolor="none")
        _mark(one, row.get("main"), at - 0.24)
        other.axhline(at, color="#d0d0d0", linewidth=0.4, zorder=0)
        _mark(other, row.get("risk"), at, markerfacecolor="white" if row.get("weak") else SYNTHETIC)
    note(made, "● seen rows   □ unseen rows   △ guessing, with 95 % intervals. Hollow risk: no better than guessing, so inconclusive.")
    return made


def _about(row: Mapping[str, Any]) -> str:
    about = row.get("subject") or []
    return f" ({', '.join(map(str, about))})" if about else ""


def _plain(axes: Axes) -> None:
    axes.tick_params(axis="both", labelsize=SMALL, length=2, width=0.6)
    axes.tick_params(axis="y", length=0)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)


def _privacy_scores(report: Report, width: str) -> Figure:
    """The scores of attacks, where no attack's rates are kept."""
    scores = [score for score in report.scores if score.dimension == "privacy" and score.value is not None]
    if not scores:
        raise nothing("attack", "Attacks need a hold-out: pass holdout=.")
    return _forest(
        [(clean(score.label, 46), [("score", [score.value, score.low, score.high])]) for score in scores],
        width,
        "● value with 95 % interval; see each score's direction.",
    )


def utility(report: Report, *, width: str = "double") -> Figure:
    """Performance on real rows held out, by learner: trained on the synthetic rows, and on the real ones."""
    rows = list(report.details.get("utility") or [])[:_MOST_ROWS]
    if not rows:
        scores = [score for score in report.scores if score.dimension == "utility" and score.value is not None]
        if not scores:
            raise nothing("score of utility", "Name a target and pass a hold-out.")
        entries = [(clean(score.label, 46), [("real", score.ceiling), ("score", [score.value, score.low, score.high])]) for score in scores]
    else:
        entries = [
            (clean(f"{row['learner']}, {row['measure']}", 46), [("real", row.get("real")), ("score", row.get("synthetic"))]) for row in rows
        ]
    told = "● trained on synthetic rows   ◇ trained on real rows; tested on real rows held out. In brackets: 95 % intervals."
    gaps = [_gap(row.get("gap")) for row in rows]
    return _forest(entries, width, told, after=gaps, least=0.2)


def _gap(value: Any) -> str:
    at, low, high = _ends(value)
    return "" if at is None else f", difference {span(at, low, high)}"


_LOOKS: dict[str, dict[str, Any]] = {
    "score": {},
    "real": {"marker": "D", "color": CEILING, "markerfacecolor": "none", "markersize": 4.4},
    "reference": {"marker": "s", "color": REAL, "markerfacecolor": "none"},
}


def _forest(entries: Entries, width: str, told: str, *, after: Sequence[str] = (), least: float = 0.0) -> Figure:
    """One row an entry, a mark for each of its values, the last one's figures beside it; an axis spans at least so much."""
    made = figure(width, _ROW_MM * len(entries) + 18)
    axes = made.subplots()
    _forest_rows(axes, entries, narrow=width == "single", after=after)
    low, high = axes.get_xlim()
    if high - low < least:
        axes.set_xlim((low + high - least) / 2, (low + high + least) / 2)
    note(made, told)
    return made


def _forest_rows(axes: Axes, entries: Entries, *, narrow: bool, after: Sequence[str] = ()) -> None:
    frame_rows(axes, [wrapped(label, 22) if narrow else label for label, _ in entries], size=SMALL)
    axes.xaxis.set_major_locator(few_ticks(3 if narrow else 8))
    for row, (_, values) in enumerate(entries):
        apart = 0.2 if len(values) > 1 and all(_ends(value)[1] is not None for _, value in values) else 0.0
        for i, (look, value) in enumerate(values):
            _mark(axes, value, row + apart * (1 - 2 * i), **_LOOKS[look])
        at, low, high = _ends(values[-1][1])
        if at is not None and not narrow:
            words(axes, row, span(at, low, high) + (after[row] if row < len(after) else ""))


def analyses(report: Report, *, width: str = "double") -> Figure:
    """The user's analyses, term by term: estimates with 95 % intervals from real and from synthetic rows."""
    found = [one for one in report.details.get("analyses") or [] if one.get("terms")]
    if not found:
        raise nothing("analysis", "Pass functions of a frame as analyses=.")
    left, tables = _MOST_ROWS, []
    for one in found:
        terms = one["terms"][:left]
        left -= len(terms)
        if terms:
            tables.append((one, terms))
    heights = [len(terms) + 1.8 for _, terms in tables]
    made = figure(width, _ROW_MM * sum(heights) + 12)
    panels = made.subplots(len(tables), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (one, terms) in zip(panels, tables, strict=True):
        entries = [(clean(_term(term), 40), [("reference", term.get("real")), ("score", term.get("synthetic"))]) for term in terms]
        _forest_rows(axes, entries, narrow=width == "single")
        null = _number(one.get("null", 0.0))
        if null is not None:
            axes.axvline(null, color=DIM, linewidth=0.8, zorder=1)
        titled(axes, clean(one["name"], 60))
    note(made, "□ real rows   ● synthetic rows, with 95 % intervals; figures: synthetic. The line is no effect.")
    return made


def _term(term: Mapping[str, Any]) -> str:
    return str(term.get("term", ""))
