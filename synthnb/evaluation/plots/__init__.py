"""Figures of a report, fit for a paper: `Plots` draws them with matplotlib, which is loaded when one is asked for.

Widths are those of one (85 mm) and two columns (180 mm) of a journal, type is
8 and 7 points and stays type in PDF and SVG. Nothing global is changed: no
settings, no current figure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from synthnb.evaluation.report import Report

__all__ = ["Plots"]

Width = Literal["single", "double"]


class Plots:
    """A report's figures; each method gives a `matplotlib.figure.Figure`, to be shown or saved.

    Every method raises `OptionError` where the report has nothing to draw, and
    `MissingExtraError` without matplotlib. ``width`` is ``"double"`` or ``"single"``.
    """

    def __init__(self, report: Report) -> None:
        self._report = report

    def overview(self, *, width: Width = "double") -> Figure:
        """Every score by dimension, with its interval and ceiling."""
        from synthnb.evaluation.plots.scores import overview

        return overview(self._report, width=width)

    def gates(self, *, width: Width = "double") -> Figure:
        """Each gate's score against its limit."""
        from synthnb.evaluation.plots.scores import gates

        return gates(self._report, width=width)

    def columns(self, names: Iterable[str] | None = None, *, width: Width = "double") -> Figure:
        """Distributions of the columns named, or of the twelve worst."""
        from synthnb.evaluation.plots.columns import columns

        return columns(self._report, names, width=width)

    def pairs(self, *, width: Width = "double") -> Figure:
        """Errors of pairs of columns."""
        from synthnb.evaluation.plots.columns import pairs

        return pairs(self._report, width=width)

    def subgroups(self, *, width: Width = "double") -> Figure:
        """Shares, fidelity and utility of each subgroup."""
        from synthnb.evaluation.plots.evidence import subgroups

        return subgroups(self._report, width=width)

    def attacks(self, *, width: Width = "double") -> Figure:
        """Each attack's success on seen rows, on unseen ones and by guessing, and its excess risk."""
        from synthnb.evaluation.plots.evidence import attacks

        return attacks(self._report, width=width)

    def utility(self, *, width: Width = "double") -> Figure:
        """Learners trained on synthetic and on real rows."""
        from synthnb.evaluation.plots.evidence import utility

        return utility(self._report, width=width)

    def analyses(self, *, width: Width = "double") -> Figure:
        """The user's own analyses, term by term."""
        from synthnb.evaluation.plots.evidence import analyses

        return analyses(self._report, width=width)
