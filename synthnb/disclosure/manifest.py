"""What there is in a notebook, a ledger, an archive or a folder, piece by piece, as digests.

A signature over one digest of a file says that something changed, not what. A
manifest goes with it, so that `synthnb.disclosure.verify` can name the cell and how it
changed, and tell a formatter from a forger. Nothing of the contents is in it.

A notebook's manifest, beside the file's own digest and size::

    record, substance       digests of the record, and of what sign-offs bind to
    noted                   a digest for each entry that the substance leaves out: exports, sign-offs, opt-outs
    own, rest               a digest for each other key of the record, and of the notebook
    nbformat, metadata      the format; a digest for each key of the metadata
    cells                   for each cell
        type, id, count     as in the file
        source              digest of its text
        code, comments      of its syntax tree and its comments, where it is Python (`code_form`)
        words               digest of what the researcher wrote around the block, in a disclosure cell
        verb                which verb a cell runs that shows something only after the notebook was saved
        outputs             for each output its kind, a digest by mime type, one of the rest
        attachments         a digest by name
        metadata            a digest for each key
        hidden              what of it readers aren't shown at first

A ledger's holds its number of lines and a digest of them in order, an archive's and a
folder's a digest for each file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthnb._canonical import digest, digest_file
from synthnb.disclosure.code_form import comments_digest, form_digest
from synthnb.disclosure.folding import UNTOUCHED, is_readable, substance
from synthnb.disclosure.notebook import content_digest, is_disclosure, source_of, words_of
from synthnb.disclosure.reading import mapping

__all__ = ["SCHEMA", "manifest_of", "manifest_of_cell", "manifest_of_notebook", "substance_of"]

SCHEMA = "synthnb.manifest/1"
"""The version of the manifest written here."""

Json = dict[str, Any]

_AFTERWARDS = re.compile(r"\s*%synth\s+(sign|sign-off|export|verify|disclose|runs)(?:[ \t][^\n]*)?\s*")
"""A cell that shows something after the notebook was saved to be signed."""
_NOTEBOOK = {"cells", "metadata", "nbformat", "nbformat_minor"}
_RECORD = {"schema", "entries", "fields", "digest", "stale", "cell"}
"""Parts of the record that are checked by themselves, or follow from others."""
_HIDING = {
    "code": ("jupyter.source_hidden", "hide_input", "hideCode", "inputHidden", "inputCollapsed"),
    "outputs": ("jupyter.outputs_hidden", "collapsed", "hide_output", "hideOutput", "outputHidden"),
    "itself": ("hidden", "jp-MarkdownHeadingCollapsed", "heading_collapsed"),
}
"""What programs that show notebooks write when something is hidden."""
_UNSEEN = {"skip", "notes"}
"""Kinds of slides that aren't shown."""
_KNOWN = {"cell_type", "id", "source", "execution_count", "outputs", "attachments", "metadata"}


def manifest_of(path: Path) -> Json:
    """Return the manifest of a notebook, a ledger, an archive or any other file.

    Raises
    ------
    NotebookError
        The file ends in ``.ipynb`` and isn't a notebook.
    StorageError
        It can't be read.
    """
    from synthnb.disclosure.files import read_notebook

    whole: Json = {"schema": SCHEMA, "kind": "file", "sha256": digest_file(path), "bytes": path.stat().st_size}
    kind = path.suffix.lower()
    if kind == ".ipynb":
        return whole | manifest_of_notebook(read_notebook(path))
    if kind == ".sqlite3":
        return whole | _of_ledger(path)
    return whole | (_of_archive(path) if kind == ".zip" else {})


def manifest_of_notebook(notebook: Mapping[str, Any]) -> Json:
    """Return what is in a notebook, cell by cell."""
    metadata = mapping(notebook.get("metadata"))
    own = mapping(metadata.get("synthnb"))
    return {
        "kind": "notebook",
        "record": own.get("digest"),
        "substance": substance_of(own),
        "noted": _noted(own),
        "own": _digests({key: part for key, part in own.items() if key not in _RECORD}),
        "rest": _digests({key: part for key, part in notebook.items() if key not in _NOTEBOOK}),
        "nbformat": [notebook.get("nbformat"), notebook.get("nbformat_minor")],
        "metadata": _digests(metadata),
        "cells": [manifest_of_cell(cell) for cell in notebook["cells"]],
    }


def substance_of(own: Mapping[str, Any]) -> str | None:
    """The digest that sign-offs and signatures bind to; None without entries."""
    kept = _entries(own)
    return substance(kept) if kept else None


def _entries(own: Mapping[str, Any]) -> list[Json]:
    entries = own.get("entries")
    return [entry for entry in entries if is_readable(entry)] if isinstance(entries, list) else []


def _noted(own: Mapping[str, Any]) -> Json:
    return {entry["id"]: digest(entry) for entry in _entries(own) if entry["kind"] in UNTOUCHED}


def _hidden(metadata: Mapping[str, Any]) -> list[str]:
    """What of a cell is hidden by its metadata."""
    flat = dict(metadata) | {f"jupyter.{key}": part for key, part in mapping(metadata.get("jupyter")).items()}
    found = [part for part, keys in _HIDING.items() if any(flat.get(key) for key in keys)]
    found += ["code"] if "code" not in found and metadata.get("cellView") == "form" else []
    slide = mapping(metadata.get("slideshow")).get("slide_type")
    return found + ([f"slide: {slide}"] if isinstance(slide, str) and slide in _UNSEEN else [])


def manifest_of_cell(cell: object) -> Json:
    """Return what is in a cell."""
    if not isinstance(cell, Mapping):
        return {"type": "unreadable", "source": content_digest(cell)}
    source = source_of(cell)
    given = cell.get("source")
    found: Json = {"type": cell.get("cell_type"), "id": cell.get("id")}
    found["source"] = content_digest(source if source or given in ("", [], None) else given)
    if is_disclosure(cell):
        found["words"] = content_digest(words_of(source))
    if cell.get("cell_type") == "code":
        found |= {"verb": said[1]} if (said := _AFTERWARDS.fullmatch(source)) else {}
        outputs = cell.get("outputs")
        found |= {"code": form_digest(source), "comments": comments_digest(source), "count": cell.get("execution_count")}
        found["outputs"] = [_of_output(output) for output in outputs] if isinstance(outputs, list) else content_digest(outputs)
    rest = {key: part for key, part in cell.items() if key not in _KNOWN}
    found |= {"attachments": _attached(mapping(cell.get("attachments"))), "metadata": _digests(mapping(cell.get("metadata")))}
    hidden = _hidden(mapping(cell.get("metadata")))
    return found | ({"rest": _digests(rest)} if rest else {}) | ({"hidden": hidden} if hidden else {})


def _attached(files: Mapping[str, Any]) -> Json:
    """Each attachment's digest, the same whether its contents are a text or a list of lines."""
    return _digests({name: _digests(held) if isinstance(held, Mapping) else held for name, held in files.items()})


def _of_output(output: object) -> Json:
    """An output's kind, its contents by mime type, and what else it says, but for the count that each run changes."""
    if not isinstance(output, Mapping):
        return {"type": "unreadable", "rest": content_digest(output)}
    data = output.get("data")
    if not isinstance(data, Mapping) and output.get("output_type") == "stream":
        data = {"text/plain": output.get("text")}
    rest = {key: part for key, part in output.items() if key not in {"output_type", "data", "execution_count", "text"}}
    if not isinstance(data, Mapping):
        return {"type": output.get("output_type"), "data": {}, "rest": content_digest(rest | {"data": data, "text": output.get("text")})}
    return {"type": output.get("output_type"), "data": _digests(data), "rest": content_digest(rest)}


def _digests(parts: Mapping[str, Any]) -> Json:
    return {str(key): content_digest(part) for key, part in parts.items()}


def _of_ledger(path: Path) -> Json:
    from synthnb.disclosure.ledger import Ledger
    from synthnb.errors import StorageError

    try:
        with Ledger(path) as ledger:
            entries = ledger.entries()
    except (StorageError, ValueError):
        return {}
    return {"kind": "ledger", "lines": len(entries), "entries": digest([entry.get("digest") for entry in entries])}


def _of_archive(path: Path) -> Json:
    from synthnb.disclosure.crates.zipping import open_zip
    from synthnb.errors import NotebookError

    try:
        with open_zip(path) as packed:
            return {"kind": "archive", "files": {place: f"sha256:{packed.sha256(place)}" for place in packed.places}}
    except NotebookError:  # not a zip that can be opened: its bytes are what there is
        return {}
