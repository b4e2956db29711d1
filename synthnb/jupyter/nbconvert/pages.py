"""HTML pages that carry the record, load nothing from elsewhere and run nothing but our own script."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from traitlets import default
from traitlets.config import Config

from synthnb.disclosure.embedded import island_json
from synthnb.disclosure.jsonld import json_ld
from synthnb.disclosure.label import label_part
from synthnb.disclosure.notebook import is_disclosure
from synthnb.disclosure.page import page_part
from synthnb.jupyter.nbconvert.local import local_html
from synthnb.jupyter.nbconvert.preparing import REPORT, VIEW, Carrying, bundles, disclosed, record_of
from synthnb.widgets._modules import module, styles

__all__ = ["SynthHTMLExporter"]

TEMPLATES = Path(__file__).parents[2] / "templates" / "nbconvert"
"""The folder of our templates for nbconvert."""
_PRIORITY = ["text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "text/plain"]
_MATH = re.compile(r"\$\$|(?<![\\$\w])\$[^\s$][^$\n]*\$(?!\d)|\\\(|\\\[|\\begin\{")
_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; media-src data:; "
    "font-src data:; base-uri 'none'; form-action 'none'"
)
_DASHBOARD = """
// The static report stays until the dashboard has been drawn.
for (const host of document.querySelectorAll('.synthnb-report-host')) {
  const el = document.createElement('div');
  el.className = 'synthnb-live';
  try {
    const report = JSON.parse(host.querySelector('.synthnb-report-data').textContent);
    host.append(el);
    await dashboard.render({ model: { get: () => report, on() {}, off() {} }, el });
    host.dataset.live = '';
  } catch (error) {
    el.remove();
    console.warn('The static report stays:', error);
  }
}
"""


class SynthHTMLExporter(Carrying, HTMLExporter):
    """A page with the record for readers and for machines, that loads nothing from elsewhere.

    Formulas are shown as TeX source, and Mermaid diagrams and live widgets as their text.
    """

    export_from_notebook = "HTML with disclosure (synthnb)"
    printed = False
    """Whether the page is for paper: static forms, and everything is open."""

    @default("template_name")
    def _template_name_default(self) -> str:
        return "synthnb"

    @default("extra_template_paths")
    def _paths_default(self) -> list[str]:
        return [str(TEMPLATES)]

    @default("extra_template_basedirs")
    def _templates_default(self) -> list[str]:
        return [str(TEMPLATES)]

    @property
    def default_config(self) -> Config:
        """Static forms first; neither widgets nor scripts as outputs."""
        config = Config(super().default_config)
        config.merge(Config({"NbConvertBase": {"display_data_priority": _PRIORITY}}))
        return config

    def default_filters(self) -> Any:
        """The stock filters, and the one for JSON inside a page."""
        stock: Any = super()
        yield from stock.default_filters()
        yield ("island_json", island_json)

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Return a Markdown text as HTML that neither runs nor fetches anything."""
        stock: Any = super()
        path = context.get("resources", {}).get("metadata", {}).get("path", "")
        return local_html(stock.markdown2html(context, source), path)

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **more: Any) -> Any:
        """Return the page and its resources."""
        ready = self.arranged(_without_scripts(disclosed(nb), mapped(resources).get("path")))
        resources = copy.deepcopy(resources or {}) | {"synthnb": self._parts(ready)}
        return super().from_notebook_node(ready, resources, **more)

    def arranged(self, nb: NotebookNode) -> NotebookNode:
        """Return the notebook with what the template wants to know of its cells."""
        return nb

    def shown(self, part: str) -> str:
        """Return a part of ours as the page shows it."""
        return part

    def scripts(self, nb: NotebookNode) -> list[str]:
        """Return the scripts of the page, all ours."""
        has_report = any(REPORT in bundle for bundle in bundles(nb))
        return [_dashboard_script()] if has_report and not self.printed else []

    def _parts(self, nb: NotebookNode) -> dict[str, Any]:
        """What the template adds: the record in three forms, and the scripts with the policy that lets them run."""
        record, scripts = record_of(nb), self.scripts(nb)
        linked = json_ld(record)
        shown = any(is_disclosure(cell) for cell in nb.cells)
        return {
            "policy": _POLICY.format(scripts=" ".join(map(_hash, scripts)) or "'none'"),
            "island": island_json(record) if record else "",
            "json_ld": island_json(linked) if linked else "",
            "page": self.shown(label_part(record) + page_part(record)) if record and shown else "",
            "math": _has_math(nb),
            "scripts": scripts,
            "printed": self.printed,
            "report_css": styles("report").replace("</", "<\\/") if scripts else "",
        }


def mapped(resources: Any) -> Any:
    """The metadata among resources, as nbconvert gives them or not at all."""
    found = (resources or {}).get("metadata", {})
    return found if isinstance(found, dict) else {}


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _dashboard_script() -> str:
    """The report's module and what draws it, as one script; it is in the page, so that its digest can vouch for it."""
    before, _, after = module("report").rpartition("export default ")
    return f"{before}const dashboard = {after}{_DASHBOARD}".replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _without_scripts(notebook: NotebookNode, folder: str | None) -> NotebookNode:
    """The notebook with outputs that run nothing, and without metadata that the template writes as they are."""
    for cell in notebook.cells:
        if cell.cell_type == "raw":
            cell.source = local_html(cell.source, folder)
        for output in cell.get("outputs", ()):
            output.metadata = _sizes(output.get("metadata"))
            data = output.get("data", {})
            data.pop(VIEW, None)
            if isinstance(data.get("text/html"), str):
                data["text/html"] = local_html(data["text/html"], folder)
    return notebook


def _sizes(metadata: Any) -> NotebookNode:
    """Of an output's metadata, the sizes of pictures that are whole numbers."""
    node: Any = NotebookNode
    kept: NotebookNode = node()
    for kind in ("image/png", "image/jpeg"):
        found = metadata.get(kind) if isinstance(metadata, dict) else None
        sizes = (
            {key: value for key, value in found.items() if key in {"width", "height"} and type(value) is int}
            if isinstance(found, dict)
            else {}
        )
        if sizes:
            kept[kind] = node(sizes)
    return kept


def _has_math(notebook: NotebookNode) -> bool:
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown" and not is_disclosure(cell)]
    return any(_MATH.search(text) for text in prose) or any("text/latex" in bundle for bundle in bundles(notebook))
