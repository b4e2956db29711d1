r"""Exports that carry the disclosure: a preprocessor for any exporter, and three exporters.

With a stock exporter::

    jupyter nbconvert --to html NB.ipynb \
        --HTMLExporter.preprocessors=synthnb.jupyter.nbconvert.DisclosurePreprocessor

`SynthHTMLExporter` writes pages that load nothing from elsewhere, so formulas
are shown as TeX source, and Mermaid diagrams and live widgets as their text.
"""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import HTMLExporter, MarkdownExporter, NotebookExporter
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from traitlets import default
from traitlets.config import Config

from synthnb._canonical import digest_bytes
from synthnb._clock import utc_now
from synthnb._files import write_atomically
from synthnb.disclosure.embedded import comment, island_json
from synthnb.disclosure.files import disclosure_status, parse_notebook, read_notebook
from synthnb.disclosure.gating import refuse_failed
from synthnb.disclosure.jsonld import json_ld
from synthnb.disclosure.notebook import MIME, SCHEMA, apply, is_disclosure, upsert
from synthnb.disclosure.page import page_part
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.sidecar import relative
from synthnb.errors import NotebookError, OptionError
from synthnb.widgets._modules import module, styles

__all__ = ["DisclosurePreprocessor", "SynthHTMLExporter", "SynthMarkdownExporter", "SynthNotebookExporter", "export_notebook"]

_PACKAGE = Path(__file__).parents[1]
_REPORT = "application/vnd.synthnb.report+json"
_VIEW = "application/vnd.jupyter.widget-view+json"
_STATIC = {"text/html", "text/markdown", "image/png", "image/svg+xml", "image/jpeg", _REPORT}
_PRIORITY = ["text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "text/plain"]
_MATH = re.compile(r"\$\$|(?<![\\$\w])\$[^\s$][^$\n]*\$(?!\d)|\\\(|\\\[|\\begin\{")


class DisclosurePreprocessor(Preprocessor):
    """Brings the disclosure up to date in the copy that is exported, and prefers static outputs to widgets."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Return the notebook with its record and disclosure cell; the one given isn't changed."""
        return disclosed(nb), resources


def disclosed(notebook: Mapping[str, Any]) -> NotebookNode:
    """Return a copy of a notebook with its disclosure up to date, and without widgets that have a static form."""
    plain = json.loads(json.dumps(notebook))
    after = apply(upsert(plain["cells"], plain["metadata"], now=utc_now()), plain)
    views = [bundle for bundle in _bundles(after) if _VIEW in bundle]
    for bundle in views:
        if _STATIC & set(bundle):
            del bundle[_VIEW]
    if not any(_VIEW in bundle for bundle in views):
        after["metadata"].pop("widgets", None)
    form: Any = nbformat
    made: NotebookNode = form.from_dict(after)
    return made


def _bundles(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    return [output["data"] for output in outputs if isinstance(output.get("data"), dict)]


class SynthHTMLExporter(HTMLExporter):
    """A page with the record for readers and for machines, that loads nothing from elsewhere."""

    export_from_notebook = "HTML with disclosure (synthnb)"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "synthnb"

    @default("extra_template_basedirs")
    def _templates_default(self) -> list[str]:
        return [str(_PACKAGE / "templates" / "nbconvert")]

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

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **more: Any) -> Any:
        """Return the page and its resources."""
        ready = disclosed(nb)
        for bundle in _bundles(ready):
            bundle.pop(_VIEW, None)
        resources = copy.deepcopy(resources or {}) | {"synthnb": _page_parts(ready)}
        return super().from_notebook_node(ready, resources, **more)


def _page_parts(notebook: NotebookNode) -> dict[str, Any]:
    """What the template adds: the record in three forms, and the dashboard if there is a report."""
    record = json.loads(json.dumps(mapping(notebook.metadata.get("synthnb"))))
    linked = json_ld(record)
    shown = any(is_disclosure(cell) for cell in notebook.cells)
    reports = any(_REPORT in bundle for bundle in _bundles(notebook))
    return {
        "island": island_json(record) if record else "",
        "json_ld": island_json(linked) if linked else "",
        "page": page_part(record) if record and shown else "",
        "math": _has_math(notebook),
        "report_module": base64.b64encode(module("report").encode()).decode() if reports else "",
        "report_css": styles("report").replace("</", "<\\/") if reports else "",
    }


def _has_math(notebook: NotebookNode) -> bool:
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown" and not is_disclosure(cell)]
    return any(_MATH.search(text) for text in prose) or any("text/latex" in bundle for bundle in _bundles(notebook))


class SynthMarkdownExporter(MarkdownExporter):
    """Markdown with the record's digest in its front matter and the whole record in a comment at the end."""

    export_from_notebook = "Markdown with disclosure (synthnb)"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **more: Any) -> Any:
        """Return the text and its resources."""
        ready = disclosed(nb)
        for bundle in _bundles(ready):
            if MIME in bundle and "text/markdown" in bundle:
                bundle.pop("text/html", None)
        text, resources = super().from_notebook_node(ready, resources, **more)
        record = json.loads(json.dumps(mapping(ready.metadata.get("synthnb"))))
        if not record:
            return text, resources
        return f"{_with_front_matter(text, record)}\n\n{comment(record)}\n", resources


def _with_front_matter(text: str, record: Mapping[str, Any]) -> str:
    """Put the record's digest into the front matter, which is begun if the text has none."""
    own = {"schema": record.get("schema"), "record": record.get("digest"), "status": disclosure_status({"synthnb": record})}
    lines = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in own.items())
    body = text.lstrip("\n")
    if re.match(r"---\n.*?\n---\n", body, re.DOTALL):
        return f"---\nsynthnb:\n{lines}{body[4:]}".rstrip("\n")
    return f"---\nsynthnb:\n{lines}---\n\n{body}".rstrip("\n")


class SynthNotebookExporter(NotebookExporter):
    """A notebook with its disclosure up to date; the one exported isn't changed."""

    export_from_notebook = "Notebook with disclosure (synthnb)"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **more: Any) -> Any:
        """Return the notebook's JSON and its resources."""
        stock: Any = super()
        return stock.from_notebook_node(disclosed(nb), resources, **more)


_EXPORTERS: dict[str, Any] = {".html": SynthHTMLExporter, ".md": SynthMarkdownExporter, ".ipynb": SynthNotebookExporter}


def export_notebook(notebook: str | Path | Mapping[str, Any], out: str | Path, *, override: str | None = None) -> dict[str, Any]:
    """Write a notebook as ``.html``, ``.md`` or ``.ipynb`` with its disclosure up to date.

    Parameters
    ----------
    notebook : str, Path or mapping
        The notebook's file, which isn't changed, or its content.
    out : str or Path
        Where to write; the ending says what.
    override : str, optional
        Why it is exported although a gate failed.

    Returns
    -------
    dict
        ``path`` (relative to the notebook's folder), ``sha256``, ``bytes`` and ``record_digest``
        (None for a notebook without a record): what `synthnb.disclosure.entries.entry_for_export` takes;
        and ``overrides``, entries that went into the export.

    Raises
    ------
    OptionError
        The ending isn't one of these, the notebook would be overwritten, or a gate failed and there is no reason to go past it.
    NotebookError
        The notebook's file doesn't exist or isn't a notebook.
    StorageError
        The disk is full, or the folder is missing or read-only; what was there before is intact.
    """
    target = Path(out)
    if target.suffix.lower() not in _EXPORTERS:
        raise OptionError.from_choice("An export's ending", target.suffix, sorted(_EXPORTERS))
    file = None if isinstance(notebook, Mapping) else Path(notebook)
    if file is not None and target.resolve() == file.resolve():
        raise OptionError(f"An export to another file was expected; {target.name} is the notebook itself.", fix="Choose another name.")
    given = parse_notebook(json.dumps(notebook).encode(), "the notebook") if file is None else read_notebook(file)
    current = _current(given)
    ready = disclosed(current)
    overrides = refuse_failed(mapping(ready.metadata.get("synthnb")).get("entries") or [], override, export=target.name)
    if overrides:
        ready = disclosed(_with_output(current, overrides))
    name = (file or target).stem
    text, _ = _EXPORTERS[target.suffix.lower()]().from_notebook_node(ready, {"metadata": {"name": name}})
    data = text.encode("utf-8", "backslashreplace")
    write_atomically(target, data)
    digest = mapping(ready.metadata.get("synthnb")).get("digest")
    where = relative(target, file.parent if file else None)
    return {"path": where, "sha256": digest_bytes(data), "bytes": len(data), "record_digest": digest, "overrides": overrides}


def _with_output(notebook: NotebookNode, entries: list[dict[str, Any]]) -> NotebookNode:
    """A copy whose last code cell shows these entries too."""
    made = copy.deepcopy(notebook)
    last = [cell for cell in made.cells if cell.cell_type == "code"][-1]
    text = "\n".join(str(entry["fields"]["gates"]) for entry in entries)
    form: Any = nbformat
    data = {"text/plain": text, MIME: {"schema": SCHEMA, "entries": entries}}
    last.outputs.append(form.v4.new_output("display_data", data=data))
    return made


def _current(notebook: dict[str, Any]) -> NotebookNode:
    """The notebook in today's minor version, with lines joined, as exporters expect it."""
    form: Any = nbformat
    try:
        form.validate(notebook)
        read: NotebookNode = form.convert(form.reads(json.dumps(notebook), as_version=4), 4)
    except (form.ValidationError, AssertionError, AttributeError, KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise NotebookError(f"A valid notebook was expected; it isn't one: {reason}.", fix="Open and save it in Jupyter.") from error
    return read
