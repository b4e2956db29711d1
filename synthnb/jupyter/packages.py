"""Notebooks as crates, descriptions and cards: ``.zip``, ``.croissant.json``, ``.prov.json``, ``.prov.svg`` and ``.card.md``."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthnb._api import refuse_to_lose
from synthnb._api.packaging import ENDINGS, Packed, ending_of, withheld, write_package
from synthnb._api.policing import export_policy
from synthnb._canonical import digest_file
from synthnb._clock import utc_now
from synthnb.disclosure.entries import entry_for_export
from synthnb.disclosure.files import read_notebook
from synthnb.disclosure.gating import is_reason
from synthnb.disclosure.notebook import upsert
from synthnb.disclosure.session import session
from synthnb.disclosure.sidecar import relative
from synthnb.errors import OptionError, SynthnbWarning, shown

__all__ = ["PACKAGES", "export_package", "is_package"]

PACKAGES = tuple(ENDINGS)
"""The endings of files that `export_package` writes."""


def is_package(out: str | Path) -> bool:
    """Whether a file's ending is one of `PACKAGES`."""
    return ending_of(Path(out)) is not None


def export_package(
    notebook: str | Path | Mapping[str, Any],
    out: str | Path,
    *,
    overwrite: bool = False,
    override: str | None = None,
    release: str | None = None,
) -> dict[str, Any]:
    """Write a notebook as a crate, a description or a card, and return the export's entry.

    Parameters
    ----------
    notebook : str, Path or mapping
        The notebook's file, which isn't changed, or its content.
    out : str or Path
        Where to write; the ending says what.
    overwrite : bool
        Replace a file that isn't as synthnb wrote it.
    override : str, optional
        Why it is exported although a gate failed or a rule of the policy is broken; the record states it. A crate takes a
        table whose rows aren't all synthetic along only if the reason names its file.
    release : str, optional
        The release class it is meant for.

    Raises
    ------
    OptionError
        The ending isn't one of these, a file would be lost, a gate or the policy refuses, or something that only a
        person can state is missing; the message lists all of it.
    NotebookError
        The notebook's file doesn't exist or isn't a notebook.
    StorageError
        The disk is full, or the folder is missing or read-only; what was there before is intact.
    """
    target = Path(out).expanduser()
    if not overwrite:
        refuse_to_lose(target)
    packed, overrides = _prepared(notebook, target, override=override, release=release)
    write_package(packed, target)
    for went_past in overrides:
        session.remember(went_past, folder=None if session.kernel else packed.folder)
    written = {"path": relative(target, packed.folder), "sha256": digest_file(target), "bytes": target.stat().st_size}
    written |= {"record_digest": packed.record.get("digest")}
    written |= export_policy(packed.record.get("entries") or [], release=release, reason=override, folder=packed.folder)
    return session.remember(entry_for_export(written), folder=None if session.kernel else packed.folder)


def _prepared(
    notebook: str | Path | Mapping[str, Any], target: Path, *, override: str | None, release: str | None
) -> tuple[Packed, list[dict[str, Any]]]:
    """The notebook with its disclosure up to date, and what had to be gone past."""
    from synthnb.jupyter.nbconvert.preparing import record_of

    ready, overrides = _ready(notebook, target, override=override, release=release)
    file = None if isinstance(notebook, Mapping) else Path(notebook)
    stem = file.stem if file else "notebook"
    saved = None if file is None or overrides or not _is_up_to_date(file) else file
    packed = Packed(
        record=record_of(ready),
        folder=file.resolve().parent if file else Path.cwd(),
        stem=stem,
        notebook=lambda: saved.read_bytes() if saved else _exported(ready, stem, "SynthNotebookExporter"),
        is_as_saved=saved is not None,
        page=lambda: _exported(ready, stem, "SynthHTMLExporter"),
    )
    return packed, overrides


def _ready(
    notebook: str | Path | Mapping[str, Any], target: Path, *, override: str | None, release: str | None
) -> tuple[Any, list[dict[str, Any]]]:
    """The notebook as it goes in; a reason goes past gates and rules, and takes along the tables that it names."""
    from synthnb.disclosure.crates.rows import entry_for_real_rows
    from synthnb.jupyter.nbconvert.preparing import disclosed, record_of
    from synthnb.jupyter.nbconvert.writing import prepare, with_output

    try:
        ready, overrides = prepare(notebook, export=target.name, override=None, release=release)
    except OptionError:
        if override is None:
            raise
        ready, overrides = prepare(notebook, export=target.name, override=override, release=release)
    taken, left = _tables(record_of(ready), target, override)
    if override is not None and not (overrides or taken):
        raise _needless(left)
    if left:
        _warn(left, target.name)
    if not taken:
        return ready, overrides
    entry = entry_for_real_rows(list(taken.items()), str(override).strip(), export=target.name)
    return disclosed(with_output(ready, [entry])), [*overrides, entry]


def _tables(record: Mapping[str, Any], target: Path, reason: str | None) -> tuple[dict[str, str], dict[str, str]]:
    """Tables whose rows aren't all synthetic, with what these are: those that a reason in words names, and those left out."""
    found = withheld(record, target)
    taken = {place: words for place, words in found.items() if reason is not None and is_reason(reason) and Path(place).name in reason}
    return taken, {place: words for place, words in found.items() if place not in taken}


def _needless(left: Mapping[str, str]) -> OptionError:
    said = "A reason to go past something was given, but no gate failed and no rule is broken"
    if not left:
        return OptionError(f"{said}.", fix="Leave it out.")
    return OptionError(
        f"{said}, and it names none of the tables that the crate leaves out: {', '.join(map(shown, left))}.",
        fix=f'Name each file in the reason, such as --override "{Path(next(iter(left))).name}: WHY".',
    )


def _warn(left: Mapping[str, str], name: str) -> None:
    """Tell what a crate leaves out."""
    tables = "; ".join(f"{shown(place)} ({words})" for place, words in left.items())
    how = f'--override "{Path(next(iter(left))).name}: WHY"'
    warnings.warn(
        f"{name} leaves out tables whose rows aren't all known to be synthetic: {tables}. A table that a reason names goes in: {how}.",
        SynthnbWarning,
        stacklevel=4,
    )


def _is_up_to_date(file: Path) -> bool:
    given = read_notebook(file)
    return not upsert(given["cells"], given["metadata"], now=utc_now())


def _exported(ready: Any, stem: str, exporter: str) -> bytes:
    from synthnb.jupyter import nbconvert
    from synthnb.jupyter.nbconvert.preparing import asked

    with asked():
        text, _ = getattr(nbconvert, exporter)().from_notebook_node(ready, {"metadata": {"name": stem}})
    return str(text).encode("utf-8", "backslashreplace")
