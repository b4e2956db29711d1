"""What every figure shares: sizes for a column of a journal, type, colours, marks; nothing global is touched."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from functools import cache
from os import PathLike
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from synthnb._optional import need
from synthnb.errors import OptionError, shown
from synthnb.evaluation._visible import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "CEILING",
    "CONTROL",
    "DIM",
    "GRID",
    "REAL",
    "SYNTHETIC",
    "clean",
    "dot",
    "few_ticks",
    "figure",
    "frame_rows",
    "note",
    "number",
    "span",
    "titled",
    "words",
    "wrapped",
]

MM = 1 / 25.4
SINGLE, DOUBLE = 85 * MM, 180 * MM
"""Widths of one and two columns of a journal, in inches."""
SIZE = 8.0
"""Points of all type."""
SMALL = 7.0

SYNTHETIC, REAL, CONTROL, CEILING = "#0072b2", "#000000", "#a65200", "#595959"
"""Colours that people with any colour vision tell apart, and that print as different greys; marks differ too."""
DIM, GRID = "#595959", "#d0d0d0"

_LONGEST = 30


_DATES = {"svg": "Date", "svgz": "Date", "pdf": "CreationDate"}
"""By format: what says when a file was made."""


def _undated(target: Any, given: str | None, usual: str) -> dict[str, None]:
    """Metadata without a date, in the words of the format that a figure is saved in."""
    ending = PurePath(target).suffix[1:] if isinstance(target, (str, PathLike)) else ""
    date = _DATES.get((given or ending or usual).lower())
    return {date: None} if date else {}


@cache
def _figure_class() -> type[Figure]:
    """A figure that saves its type as type, whatever the user's settings are."""
    matplotlib = need("matplotlib", extra="plots")
    from matplotlib.figure import Figure as Plain

    class PaperFigure(Plain):
        """A figure fit for a paper: its text stays text in PDF, SVG and PostScript."""

        def savefig(self, fname: Any, **options: Any) -> None:
            """Save it without the time, so that twice the same figure is twice the same file; see `matplotlib.figure.Figure.savefig`."""
            undated = _undated(fname, options.get("format"), matplotlib.rcParams["savefig.format"])
            options["metadata"] = undated | (options.get("metadata") or {})
            with matplotlib.rc_context({"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "synthnb"}):
                super().savefig(fname, **{"dpi": 300, **options})

        def _repr_png_(self) -> bytes:
            import io

            target = io.BytesIO()
            self.savefig(target, format="png", dpi=150)
            return target.getvalue()

    return PaperFigure


def figure(width: str, height_mm: float) -> Figure:
    """An empty figure of one or two columns' width."""
    if width not in ("single", "double"):
        raise OptionError.from_choice("width", width, ["single", "double"])
    size = (SINGLE if width == "single" else DOUBLE, height_mm * MM)
    figure_class = _figure_class()
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    return figure_class(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, wspace=0.06, hspace=0.04))


def clean(value: object, longest: int = _LONGEST) -> str:
    """A data string as a label: short, on one line."""
    return visible(value, longest, newline=" ")


def wrapped(value: object, width: int) -> str:
    """A label in at most two lines, the second cut."""
    lines = textwrap.wrap(clean(value, 200), width, break_long_words=True) or [""]
    return "\n".join(lines) if len(lines) < 3 else f"{lines[0]}\n{lines[1][: width - 1]}…"


def number(value: float) -> str:
    """A value as figures print it."""
    text = f"{value:.3g}" if abs(value) >= 1000 or 0 < abs(value) < 0.001 else f"{value:.3f}"
    return text.replace("-", "−")


def span(value: float, low: float | None, high: float | None) -> str:
    """A value with its interval."""
    return number(value) if low is None or high is None else f"{number(value)} [{number(low)}, {number(high)}]"


def frame_rows(axes: Axes, labels: Sequence[str], *, size: float = SIZE) -> None:
    """Rows from top to bottom, each with its label; data strings are never read as formulas."""
    axes.set_yticks(range(len(labels)), labels, fontsize=size, parse_math=False)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=SMALL, length=2, width=0.6)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_linewidth(0.6)
    for row in range(len(labels)):
        axes.axhline(row, color=GRID, linewidth=0.4, zorder=0)


def dot(axes: Axes, at: float, row: float, interval: Sequence[float | None] | None, **look: Any) -> None:
    """A mark with its interval."""
    look = {"marker": "o", "color": SYNTHETIC, "markersize": 4.0, "markeredgewidth": 0.9, **look}
    if interval is not None and interval[0] is not None and interval[1] is not None:
        axes.plot([interval[0], interval[1]], [row, row], color=look["color"], linewidth=1.0, solid_capstyle="butt", zorder=2)
    axes.plot([at], [row], linestyle="none", zorder=3, **look)


def words(axes: Axes, row: float, text: str, *, at: float = 1.02, **look: Any) -> None:
    """Words beside a row, right of the axes."""
    axes.text(at, row, text, transform=axes.get_yaxis_transform(), va="center", **{"fontsize": SMALL, "parse_math": False, **look})


def few_ticks(most: int) -> Any:
    """Round values, at most so many."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most)


def titled(axes: Axes, text: str) -> None:
    """A panel's title, flush left."""
    axes.set_title(text, fontsize=SIZE, fontweight="bold", loc="left", pad=3, parse_math=False)


def note(made: Figure, text: str) -> None:
    """A line or two under the figure: what the marks mean, what isn't drawn."""
    lines = textwrap.fill(text, int(made.get_figwidth() / SINGLE * 60))
    made.supxlabel(lines, fontsize=SMALL, color=DIM, x=0.01, ha="left", parse_math=False)


def chosen(what: str, names: Iterable[str] | None, known: Sequence[str]) -> list[str]:
    """The names asked for, or all that there are.

    Raises
    ------
    OptionError
        There is none of that name, or nothing to draw.
    """
    if isinstance(names, str):
        names = [names]
    asked = list(known if names is None else names)
    for name in asked:
        if name not in known:
            raise OptionError.from_choice(what, name, [shown(one).strip("'") for one in known[:40]])
    return asked


def nothing(what: str, why: str) -> OptionError:
    """The error for a figure that would be empty."""
    return OptionError(f"There is nothing to draw: the report has no {what}.", fix=why)
