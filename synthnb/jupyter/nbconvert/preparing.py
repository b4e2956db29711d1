"""A copy of a notebook with its disclosure up to date: what every exporter starts from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter, ScriptExporter
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from traitlets import Bool

from synthnb._clock import utc_now
from synthnb.disclosure.embedded import comment
from synthnb.disclosure.notebook import apply, is_disclosure, upsert
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import inline
from synthnb.errors import SynthnbError

__all__ = ["REPORT", "VIEW", "Carrying", "DisclosurePreprocessor", "asked", "bundles", "disclosed", "record_of"]

REPORT = "application/vnd.synthnb.report+json"
"""The mime type of a report's data."""
VIEW = "application/vnd.jupyter.widget-view+json"
"""The mime type of a live widget."""
_STATIC = {"text/html", "text/markdown", "image/png", "image/svg+xml", "image/jpeg", REPORT}
_SIGNS = dict.fromkeys(("python", "ipython", "r", "julia", "bash", "ruby", "perl"), "#")
_SIGNS |= dict.fromkeys(("javascript", "typescript", "rust", "scala", "java", "go", "c++", "kotlin"), "//")


_has_asked: ContextVar[bool] = ContextVar("synthnb_has_asked", default=False)


@contextmanager
def asked() -> Iterator[None]:
    """Let exporters write what gates and the policy were already asked about, with what was gone past in it."""
    token = _has_asked.set(True)
    try:
        yield
    finally:
        _has_asked.reset(token)


class Carrying:
    """An exporter that writes the record into its files itself, once gates and the policy let it."""

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **more: Any) -> Any:
        """Return the document and its resources.

        Raises
        ------
        OptionError
            A gate failed or a rule of the policy is broken; `synthnb export` takes a reason to go past it.
        """
        from synthnb._api.policing import before_export

        if not _has_asked.get():
            entries = record_of(nb).get("entries") or []
            before_export(entries, export=_name_in(resources), override=None, folder=_folder_in(resources))
        stock: Any = super()
        return stock.from_notebook_node(nb, resources, **more)


def _name_in(resources: Any) -> str:
    return str(mapping(mapping(resources).get("metadata")).get("name") or "notebook")


def _folder_in(resources: Any) -> Path | None:
    path = mapping(mapping(resources).get("metadata")).get("path")
    return Path(path) if isinstance(path, str) and path else None


class DisclosurePreprocessor(Preprocessor):
    """Brings the disclosure up to date in the copy that is exported, and prefers static outputs to widgets.

    With an exporter that knows nothing of records, the disclosure cell of the
    copy ends in a comment that holds the record. Pages, Markdown and scripts keep it.
    """

    enabled = Bool(default_value=True).tag(config=True)  # it is named in a configuration because it is wanted

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Return the notebook with its record and disclosure cell; the one given isn't changed."""
        ready = disclosed(nb)
        record = record_of(ready)
        if record and not isinstance(self.parent, (Carrying, NotebookExporter)):
            told = _not_kept(record, _folder_in(resources))
            for cell in filter(is_disclosure, ready.cells):
                cell.source = f"{cell.source}{told}\n\n{comment(record)}\n"
            if type(self.parent) is ScriptExporter:  # the one for languages without an exporter, which leaves all prose out
                _put_into_code(ready)
        return ready, resources


def _not_kept(record: Mapping[str, Any], folder: Path | None) -> str:
    """What readers of an export are told that no gate and no policy could stop; empty where nothing would have."""
    from synthnb._api.policing import before_export

    try:
        before_export(record.get("entries") or [], export="this file", override=None, folder=folder)
    except SynthnbError as error:
        return f"\n\n**Not kept:** {inline(error.message)}\n"
    return ""


def _put_into_code(notebook: NotebookNode) -> None:
    """Put the disclosure as comments above the first code, if it is known how the language writes comments."""
    sign = _SIGNS.get(_language(notebook))
    prose = [cell.source for cell in notebook.cells if is_disclosure(cell)]
    code = next((cell for cell in notebook.cells if cell.cell_type == "code"), None)
    if sign and prose and code is not None:
        code.source = "\n".join([*(f"{sign} {line}".rstrip() for text in prose for line in text.splitlines()), code.source])


def _language(notebook: NotebookNode) -> str:
    info, kernel = (mapping(notebook.metadata.get(key)) for key in ("language_info", "kernelspec"))
    return str(info.get("name") or kernel.get("language") or "python").lower()


def disclosed(notebook: Mapping[str, Any]) -> NotebookNode:
    """Return a copy of a notebook with its disclosure up to date, and without widgets that have a static form."""
    plain = json.loads(json.dumps(notebook))
    after = apply(upsert(plain["cells"], plain["metadata"], now=utc_now()), plain)
    views = [bundle for bundle in bundles(after) if VIEW in bundle]
    for bundle in views:
        if _STATIC & set(bundle):
            del bundle[VIEW]
    if not any(VIEW in bundle for bundle in views):
        after["metadata"].pop("widgets", None)
    form: Any = nbformat
    made: NotebookNode = form.from_dict(after)
    return made


def bundles(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the outputs of a notebook hold, by mime type."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    return [output["data"] for output in outputs if isinstance(output.get("data"), dict)]


def record_of(notebook: NotebookNode) -> dict[str, Any]:
    """Return the record of a notebook as plain JSON types, empty if there is none."""
    record: dict[str, Any] = json.loads(json.dumps(mapping(notebook.metadata.get("synthnb"))))
    return record
