"""``%synth label``: the label of this notebook's record, shown or written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthnb._api import disclose
from synthnb._api.labelling import read_record, write_label
from synthnb.disclosure.label import label_part, label_text, label_view
from synthnb.jupyter._words import clean
from synthnb.jupyter.mime import render
from synthnb.jupyter.where import find_notebook, save_first

__all__ = ["label_bundle", "label_this"]


def label_bundle(record: Mapping[str, Any], note: str = "") -> dict[str, Any]:
    """The label as an output: HTML with its own style, Markdown and text."""
    view, text = label_view(record), label_text(record)
    return {
        "text/html": label_part(record) + (render("note.html.j2", note=note) if note else ""),
        "text/markdown": render("label.md.j2", **view, note=note),
        "text/plain": f"{text}\n{note}".rstrip("\n"),
    }


def label_this(file: str | None, named: str | None, variables: Mapping[str, Any], *, overwrite: bool = False) -> dict[str, Any]:
    """Show the label of this session's record; with a file, write it too, of the whole notebook where that is known.

    Raises
    ------
    OptionError
        The file's ending isn't a label's, or another file would be lost.
    NotebookError, RecordError
        The notebook that was named doesn't exist or holds no record.
    """
    path = find_notebook(named, variables) if named or file is not None else None
    if path is None:
        record: Mapping[str, Any] = disclose().to_dict()
    else:
        save_first(path)
        record = read_record(path)
    if file is None:
        return label_bundle(record)
    written = write_label(record, Path(file), overwrite=overwrite)
    return label_bundle(record, f"Written to {clean(written.name, 200)}.")
