"""Slides in one page, from the cells' slide types as Jupyter's property inspector sets them.

Without scripts, and on paper, all slides stand below one another. Where no cell
has a slide type, each top heading begins a slide, and so does the disclosure, which always
has a slide of its own.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from traitlets import default

from synthnb.disclosure.notebook import is_disclosure
from synthnb.jupyter.nbconvert.pages import TEMPLATES, SynthHTMLExporter

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["SynthSlidesExporter"]

_BEGINS = {"slide", "subslide"}
_HIDDEN = {"skip", "notes"}
_HEADING = re.compile(r"\A\s*#{1,2}\s+\S")


class SynthSlidesExporter(SynthHTMLExporter):
    """Slides with the record, in one page that loads nothing from elsewhere."""

    export_from_notebook = "Slides with disclosure (synthnb)"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "synthnb-slides"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".slides.html"

    @default("template_extension")
    def _template_extension_default(self) -> str:
        return ".html.j2"

    def arranged(self, nb: NotebookNode) -> NotebookNode:
        """Return the cells that slides show, each told whether it begins a slide, ends one, or comes later."""
        types = [_slide_type(cell) for cell in nb.cells]
        by_heading = not any(types)
        nb.cells = [cell for cell, kind in zip(nb.cells, types, strict=True) if kind not in _HIDDEN or is_disclosure(cell)]
        begins = [_begins(cell, by_heading=by_heading) for cell in nb.cells]
        for index in range(len(nb.cells)):
            after_disclosure = index > 0 and is_disclosure(nb.cells[index - 1])
            begins[index] = begins[index] or after_disclosure or index == 0
        for index, cell in enumerate(nb.cells):
            ends = index + 1 == len(nb.cells) or begins[index + 1]
            later = _slide_type(cell) == "fragment" and not begins[index]
            cell.metadata["synthnb_slide"] = {"begins": begins[index], "ends": ends, "later": later}
        return nb

    def scripts(self, nb: NotebookNode) -> list[str]:
        """Return what turns the slides, and the dashboard if there is a report."""
        return [_script(), *super().scripts(nb)]


def _slide_type(cell: NotebookNode) -> str:
    found: Any = cell.metadata.get("slideshow")
    kind = found.get("slide_type") if isinstance(found, dict) else None
    return kind if kind in {*_BEGINS, *_HIDDEN, "fragment"} else ""


def _begins(cell: NotebookNode, *, by_heading: bool) -> bool:
    if is_disclosure(cell) or _slide_type(cell) in _BEGINS:
        return True
    return by_heading and cell.cell_type == "markdown" and _HEADING.match(cell.source) is not None


@cache
def _script() -> str:
    return (TEMPLATES / "synthnb-slides" / "slides.js").read_text(encoding="utf-8")
