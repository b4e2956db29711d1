"""A notebook written to a file, by the file's ending."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from synthnb._api.policing import before_export, export_policy
from synthnb._canonical import digest_bytes
from synthnb._files import write_atomically
from synthnb.disclosure.files import parse_notebook, read_notebook
from synthnb.disclosure.notebook import MIME, SCHEMA
from synthnb.disclosure.sidecar import relative
from synthnb.errors import NotebookError, OptionError, StorageError
from synthnb.jupyter.nbconvert.latex import SynthLatexExporter
from synthnb.jupyter.nbconvert.markdown import SynthMarkdownExporter, SynthNotebookExporter
from synthnb.jupyter.nbconvert.pages import SynthHTMLExporter
from synthnb.jupyter.nbconvert.pdf import SynthPDFExporter
from synthnb.jupyter.nbconvert.preparing import asked, disclosed, record_of
from synthnb.jupyter.nbconvert.scripts import SynthScriptExporter
from synthnb.jupyter.nbconvert.slides import SynthSlidesExporter

__all__ = ["ENDINGS", "ending_of", "export_notebook", "prepare", "with_output"]

_EXPORTERS: dict[str, Any] = {
    ".html": SynthHTMLExporter,
    ".slides.html": SynthSlidesExporter,
    ".pdf": SynthPDFExporter,
    ".md": SynthMarkdownExporter,
    ".tex": SynthLatexExporter,
    ".py": SynthScriptExporter,
    ".ipynb": SynthNotebookExporter,
}
ENDINGS = tuple(_EXPORTERS)
"""The endings of files that a notebook is written to."""


def ending_of(path: Path) -> str | None:
    """Return which of the endings a file has, the longest that fits, or None."""
    name = path.name.lower()
    return max((ending for ending in ENDINGS if name.endswith(ending)), key=len, default=None)


def export_notebook(
    notebook: str | Path | Mapping[str, Any],
    out: str | Path,
    *,
    override: str | None = None,
    release: str | None = None,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write a notebook as a page, slides, PDF, Markdown, LaTeX, a script or a notebook, with its disclosure up to date.

    Parameters
    ----------
    notebook : str, Path or mapping
        The notebook's file, which isn't changed, or its content.
    out : str or Path
        Where to write; the ending says what.
    override : str, optional
        Why it is exported although a gate failed or a rule of the policy is broken.
    release : str, optional
        The release class it is meant for.
    overwrite : bool
        Replace pictures beside the file that were changed by others.

    Returns
    -------
    dict
        What `synthnb.disclosure.entries.entry_for_export` takes (``record_digest`` is None without a record);
        ``made_by`` for a PDF; ``pictures``, those written beside it; ``overrides``, entries that went into it.

    Raises
    ------
    OptionError
        The ending isn't one of these, a file would be lost, or a gate or the policy refuses and there is no reason to go past it.
    NotebookError
        The notebook's file doesn't exist or isn't a notebook.
    MissingExtraError
        What the ending needs isn't installed.
    StorageError
        The disk is full, or the folder is missing or read-only; what was there before is intact.
    """
    target = Path(out)
    ending = ending_of(target)
    if ending is None:
        raise OptionError.from_choice("An export's ending", target.suffix, sorted(ENDINGS))
    file = None if isinstance(notebook, Mapping) else Path(notebook)
    if file is not None and target.resolve() == file.resolve():
        raise OptionError(f"An export to another file was expected; {target.name} is the notebook itself.", fix="Choose another name.")
    ready, overrides = prepare(notebook, export=target.name, override=override, release=release)
    stem = target.name[: -len(ending)] or "notebook"
    metadata = {"name": (file or Path(stem)).stem, "path": str(file.resolve().parent) if file else ""}
    with asked():
        made, resources = _EXPORTERS[ending]().from_notebook_node(ready, {"metadata": metadata, "output_files_dir": f"{stem}_files"})
    data = made if isinstance(made, bytes) else made.encode("utf-8", "backslashreplace")
    pictures = _write_pictures(resources.get("outputs") or {}, target.parent, overwrite=overwrite)
    write_atomically(target, data)
    written = {"path": relative(target, file.parent if file else None), "sha256": digest_bytes(data), "bytes": len(data)}
    written |= {"record_digest": record_of(ready).get("digest"), "overrides": overrides}
    written |= export_policy(record_of(ready).get("entries") or [], release=release, reason=override, folder=file and file.resolve().parent)
    written |= {"made_by": resources["made_by"]} if "made_by" in resources else {}
    return written | ({"pictures": pictures} if pictures else {})


def prepare(
    notebook: str | Path | Mapping[str, Any], *, export: str, override: str | None, release: str | None
) -> tuple[NotebookNode, list[dict[str, Any]]]:
    """Return a notebook with its disclosure up to date, and the entries that went into it because something was gone past.

    Parameters
    ----------
    notebook : str, Path or mapping
        The notebook's file, which isn't changed, or its content.
    export : str
        The name of the file that it is for.
    override, release : str or None
        As for `export_notebook`.

    Raises
    ------
    OptionError
        A gate or the policy refuses.
    NotebookError
        The notebook's file doesn't exist or isn't a notebook.
    """
    given = parse_notebook(json.dumps(notebook).encode(), "the notebook") if isinstance(notebook, Mapping) else read_notebook(notebook)
    current = _current(given)
    ready = disclosed(current)
    folder = None if isinstance(notebook, Mapping) else Path(notebook).resolve().parent
    entries = record_of(ready).get("entries") or []
    overrides = before_export(entries, export=export, override=override, release=release, folder=folder)
    return (disclosed(with_output(current, overrides)) if overrides else ready), overrides


def _write_pictures(files: Mapping[str, bytes], folder: Path, *, overwrite: bool) -> list[str]:
    """Write pictures beside a document; each is named by its content, so one that is there is the same unless it was changed."""
    for name, data in files.items():
        path = folder / name
        if path.is_file() and path.read_bytes() == data:
            continue
        if path.exists() and not overwrite:
            raise OptionError.from_existing(path.name)
        try:
            path.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise StorageError(f"{path.parent.name} couldn't be made: {error.strerror or error}.", fix="Choose another folder.") from error
        write_atomically(path, data)
    return sorted(files)


def with_output(notebook: NotebookNode, entries: list[dict[str, Any]]) -> NotebookNode:
    """Return a copy whose last code cell shows these entries too."""
    made = copy.deepcopy(notebook)
    last = [cell for cell in made.cells if cell.cell_type == "code"][-1]
    text = "\n".join(str(text) for entry in entries for text in entry["fields"].values())
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
