"""Markdown that carries the record, and the notebook itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbconvert.exporters import MarkdownExporter, NotebookExporter
from traitlets.config import Config

from synthnb.disclosure.embedded import comment, unlike_record
from synthnb.disclosure.files import disclosure_status
from synthnb.disclosure.notebook import MIME
from synthnb.jupyter.nbconvert.local import local_html
from synthnb.jupyter.nbconvert.pages import mapped
from synthnb.jupyter.nbconvert.pictures import Pictures
from synthnb.jupyter.nbconvert.preparing import Carrying, disclosed, record_of

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["SynthMarkdownExporter", "SynthNotebookExporter"]

_PICTURES = {"image/svg+xml": ".svg", "image/png": ".png", "image/jpeg": ".jpg"}


class SynthMarkdownExporter(Carrying, MarkdownExporter):
    """Markdown with the record's digest in its front matter and the whole record in a comment at the end."""

    export_from_notebook = "Markdown with disclosure (synthnb)"

    @property
    def default_config(self) -> Config:
        """The stock configuration, but pictures are kept here."""
        config = Config(super().default_config)
        config.merge(Config({"ExtractOutputPreprocessor": {"enabled": False}}))
        return config

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **more: Any) -> Any:
        """Return the text and its resources, among them the pictures."""
        ready = disclosed(nb)
        beside = (resources or {}).get("output_files_dir") or f"{mapped(resources).get('name') or 'notebook'}_files"
        pictures = Pictures("svg", "png", "jpg", beside=f"{beside}/")
        for cell in ready.cells:
            for output in cell.get("outputs", ()):
                _settle(output, pictures)
        text, resources = super().from_notebook_node(ready, resources, **more)
        resources["outputs"] = dict(pictures.files)
        record = record_of(ready)
        if not record:
            return text, resources
        return f"{_with_front_matter(unlike_record(text), record)}\n\n{comment(record)}\n", resources


def _settle(output: NotebookNode, pictures: Pictures) -> None:
    """Choose the form of an output that Markdown shows, and keep its picture, if that is one."""
    output.metadata = {}
    data = output.get("data", {})
    if MIME in data and "text/markdown" in data:
        data.pop("text/html", None)
    if isinstance(data.get("text/html"), str):
        data["text/html"] = local_html(data["text/html"])
    name = pictures.of_output(data)
    if name is None and set(data) and set(data) <= set(_PICTURES):
        data["text/plain"] = "[a picture that can't be shown]"
    for mime in _PICTURES:
        if mime in data and (name is None or not name.endswith(_PICTURES[mime])):
            del data[mime]
        elif mime in data:
            output.metadata = {"filenames": {mime: name}}


def _with_front_matter(text: str, record: Mapping[str, Any]) -> str:
    """Put the record's digest into the front matter, which is begun if the text has none."""
    own = {"schema": record.get("schema"), "record": record.get("digest"), "status": disclosure_status({"synthnb": record})}
    lines = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in own.items())
    body = text.lstrip("\n")
    if re.match(r"---\n.*?\n---\n", body, re.DOTALL):
        return f"---\nsynthnb:\n{lines}{body[4:]}".rstrip("\n")
    return f"---\nsynthnb:\n{lines}---\n\n{body}".rstrip("\n")


class SynthNotebookExporter(Carrying, NotebookExporter):
    """A notebook with its disclosure up to date; the one exported isn't changed."""

    export_from_notebook = "Notebook with disclosure (synthnb)"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **more: Any) -> Any:
        """Return the notebook's JSON and its resources."""
        stock: Any = super()
        return stock.from_notebook_node(disclosed(nb), resources, **more)
