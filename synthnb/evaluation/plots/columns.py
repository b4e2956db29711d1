"""Figures of columns: each one's distribution, and the errors of pairs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb.evaluation.plots.canvas import DIM, REAL, SIZE, SMALL, SYNTHETIC, chosen, clean, few_ticks, figure, note, nothing, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from synthnb.evaluation.report import Report

__all__ = ["columns", "pairs"]

_MOST_COLUMNS = 12
_MOST_NAMES = 20
_NUMERIC = {"integer", "real", "date", "datetime", "time", "timedelta"}


def columns(report: Report, names: Iterable[str] | None = None, *, width: str = "double") -> Figure:
    """Shares by bin of real rows (outline) and synthetic ones (bars): the columns named, or the twelve worst."""
    drawable = {entry["name"]: entry for entry in report.columns if entry["bins"]["labels"]}
    if not drawable:
        raise nothing("column whose distribution may be shown", "Columns of texts and those with few values have none.")
    asked = chosen("A column", names, list(drawable))
    if names is None:
        asked = sorted(asked, key=lambda name: (_score(drawable[name]), name))[:_MOST_COLUMNS]
    across = min(len(asked), 4 if width == "double" else 2)
    down = math.ceil(len(asked) / across)
    made = figure(width, 35 * down + 8)
    panels = made.subplots(down, across, squeeze=False).ravel()
    for axes, name in zip(panels, asked, strict=False):
        _column(axes, drawable[name])
    for axes in panels[len(asked) :]:
        axes.set_visible(False)
    note(made, "Share of rows: real as outline, synthetic as bars. Score (real against real): 1 where both agree.")
    return made


def _score(entry: dict[str, Any]) -> float:
    return 2.0 if entry["score"] is None else float(entry["score"])


def _column(axes: Axes, entry: dict[str, Any]) -> None:
    bins = entry["bins"]
    real, made = (np.array([0.0 if share is None else share for share in bins[side]]) for side in ("real", "synthetic"))
    n = len(real)
    if entry["kind"] in _NUMERIC:
        axes.bar(np.arange(n), made, width=0.9, color=SYNTHETIC, alpha=0.55, linewidth=0)
        axes.stairs(real, np.arange(n + 1) - 0.5, color=REAL, linewidth=1.0)
    else:
        axes.bar(np.arange(n) + 0.2, made, width=0.4, color=SYNTHETIC, alpha=0.75, linewidth=0)
        axes.bar(np.arange(n) - 0.2, real, width=0.4, facecolor="none", edgecolor=REAL, linewidth=0.8)
    _ticks(axes, bins["labels"], numeric=entry["kind"] in _NUMERIC)
    axes.set_ylim(0, 1.08 * max(real.max(), made.max(), 1e-9))
    axes.yaxis.set_major_locator(few_ticks(3))
    axes.tick_params(labelsize=SMALL, length=2, width=0.6, pad=1.5)
    for side in ("right", "top"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_linewidth(0.6)
    axes.set_title(clean(entry["name"], 24), fontsize=SIZE, loc="left", pad=11, parse_math=False)
    if entry["score"] is not None:
        best = "" if entry.get("ceiling") is None else f" ({number(entry['ceiling'])})"
        axes.text(0, 1.02, f"{number(entry['score'])}{best}", transform=axes.transAxes, fontsize=SMALL, color=DIM, va="bottom")


def _ticks(axes: Axes, labels: list[str], *, numeric: bool) -> None:
    """Numbers: the first, middle and last bin's; levels: all, slanted where they are many."""
    if numeric and len(labels) > 3:
        at: list[float] = [0, (len(labels) - 1) // 2, len(labels) - 1]
        shown = [clean(labels[int(i)], 14) for i in at]
        if sum(len(label) for label in shown) > 24:
            at, shown = [0.6, len(labels) - 1.6], [shown[0], f"\n{shown[2]}"]
        axes.set_xticks(at, shown, parse_math=False)
        return
    many = sum(min(len(label), 14) + 2 for label in labels) > 22
    longest = 12 if many else 14
    look: dict[str, Any] = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"} if many else {}
    axes.set_xticks(range(len(labels)), [clean(label, longest) for label in labels], parse_math=False, **look)


def pairs(report: Report, *, width: str = "double") -> Figure:
    """Errors of pairs of columns as a triangle of squares, the columns with the largest errors first."""
    errors = [entry for entry in report.pairs["errors"] if entry[2] is not None]
    if not errors:
        raise nothing("pair of columns", "The frames share fewer than two columns that can be compared.")
    totals: dict[int, list[float]] = {}
    for a, b, error in errors:
        totals.setdefault(a, []).append(error)
        totals.setdefault(b, []).append(error)
    most = _MOST_NAMES if width == "double" else 10
    order = sorted(totals, key=lambda i: (-max(totals[i]), -sum(totals[i]), i))[:most]
    place = {name: at for at, name in enumerate(order)}
    grid = np.full((len(order), len(order)), np.nan)
    for a, b, error in errors:
        if a in place and b in place:
            grid[max(place[a], place[b]), min(place[a], place[b])] = error
    side = 5.4 * len(order) + 34
    made = figure(width, min(side, 150.0))
    axes = made.subplots()
    _squares(made, axes, grid, [clean(report.pairs["names"][i], 22) for i in order])
    left = len(totals) - len(order)
    more = f" {left} better columns left out." if left else ""
    note(made, f"0: real and synthetic pairs agree; 1: they share nothing. Blank: not computed.{more}")
    return made


def _squares(made: Figure, axes: Axes, grid: Any, names: list[str]) -> None:
    import matplotlib as mpl

    colours = mpl.colormaps["cividis_r"].with_extremes(bad="white")
    top = max(float(np.nanmax(grid)), 0.05) if np.isfinite(grid).any() else 1.0
    image = axes.pcolormesh(np.ma.masked_invalid(grid[1:, :-1]), cmap=colours, vmin=0, vmax=top, edgecolors="white", linewidth=0.6)
    axes.set_xticks(np.arange(len(names) - 1) + 0.5, names[:-1], rotation=45, ha="right", rotation_mode="anchor", parse_math=False)
    axes.set_yticks(np.arange(len(names) - 1) + 0.5, names[1:], parse_math=False)
    axes.tick_params(labelsize=SMALL, length=0, pad=2)
    axes.invert_yaxis()
    axes.set_aspect("equal", anchor="W")
    for spine in axes.spines.values():
        spine.set_visible(False)
    bar = made.colorbar(image, ax=axes, fraction=0.04, pad=0.02, shrink=0.7)
    bar.ax.tick_params(labelsize=SMALL, length=2, width=0.6)
    bar.set_label("error of the pair", fontsize=SMALL)
    bar.outline.set_linewidth(0.6)
