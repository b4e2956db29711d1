"""The live report dashboard."""

from __future__ import annotations

import anywidget
import traitlets

from synthnb.widgets._modules import module, styles

__all__ = ["ReportWidget"]


class ReportWidget(anywidget.AnyWidget):
    """Draws an evaluation report, and draws it again when ``report`` changes."""

    _esm = module("report")
    _css = styles("report")

    report = traitlets.Dict().tag(sync=True)
    """The report JSON; no source row is in it."""
