"""The live report dashboard."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

__all__ = ["ReportWidget"]

_HERE = Path(__file__).parent


class ReportWidget(anywidget.AnyWidget):
    """Draws an evaluation report, and draws it again when ``report`` changes."""

    _esm = _HERE / "report.js"
    _css = _HERE / "report.css"

    report = traitlets.Dict().tag(sync=True)
    """The report JSON; no source row is in it."""
