"""A folder: every notebook, export, data file, sidecar, ledger and signature in it, and files that nobody accounts for."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from synthnb.disclosure.files import read_notebook
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain
from synthnb.disclosure.sidecar import SUFFIX, sidecar_of
from synthnb.disclosure.signing import place_of
from synthnb.disclosure.verify.artefacts import DOCUMENTS, about, check_file
from synthnb.disclosure.verify.findings import Finding, cant_be_read
from synthnb.disclosure.verify.records import readable_entries
from synthnb.disclosure.verify.signatures import Trust, check_signatures, is_signature, open_signature, who_signed
from synthnb.disclosure.verify.since import changes_since
from synthnb.errors import SynthnbError

__all__ = ["PASSING", "files_of", "verify_folder"]

LEFT_OUT = {".git", ".hg", ".svn", ".ipynb_checkpoints", "__pycache__", ".venv", "node_modules"}
"""Folders of other programs, which aren't looked into."""
PASSING = (".synthnb/calls.sqlite3", ".sqlite3-wal", ".sqlite3-shm")
"""How files end that come and go with the work and aren't signed: the store of replies, and what SQLite keeps beside a file."""
_OURS = {".synthnb/.gitignore", "synthnb.toml", "synthnb-keys.toml"}
_NOBODY = "No record names it and no signature covers it."
_MOST_LISTED = 200
_SIGNS = b"synthnb-record", b"synthnb:record"


def verify_folder(folder: Path, trust: Trust) -> tuple[list[Finding], set[str]]:
    """Check everything in a folder; and return which files in it are signed.

    Links are never followed, and pipes and devices never opened.
    """
    files, aside = files_of(folder)
    found, covered, right = _signed_whole(folder, trust)
    signed = set(covered) if right else set()
    accounted = covered | _named(folder, files)
    alone: list[str] = []
    for name in files:
        looked, is_signed = _look(folder, name, trust, set(files))
        signed |= {name} if is_signed else set()
        found += [finding.of(plain(name)) for finding in looked]
        if not looked and name not in accounted and not _is_ours(name, set(files)):
            alone.append(name)
    found += aside
    found += [Finding(plain(name), "not looked at", _NOBODY, plain(name)) for name in alone[:_MOST_LISTED]]
    if len(alone) > _MOST_LISTED:
        found.append(Finding("other files", "not looked at", f"{len(alone) - _MOST_LISTED:,} more. {_NOBODY}"))
    return found, signed


def files_of(folder: Path) -> tuple[list[str], list[Finding]]:
    """Return the regular files in a folder by their relative names, and a finding for each thing that isn't opened."""
    files: list[str] = []
    aside: list[Finding] = []
    for place, folders, names in os.walk(folder, onerror=lambda error: aside.append(cant_be_read(_relative(folder, error), error))):
        for name in sorted(set(folders) & LEFT_OUT):
            aside.append(Finding(_name(folder, place, name), "not looked at", "It is another program's folder."))
        folders[:] = sorted(set(folders) - LEFT_OUT)
        for name in [*(name for name in folders if (Path(place) / name).is_symlink()), *sorted(names)]:
            path = Path(place) / name
            refused = _refusal(path, folder)
            relative = path.relative_to(folder).as_posix()
            if refused:
                aside.append(Finding(plain(relative), "not looked at", refused, plain(relative)))
            else:
                files.append(relative)
    return files, aside


def _relative(folder: Path, error: OSError) -> str:
    return plain(os.path.relpath(str(error.filename or folder), folder))


def _name(folder: Path, place: str, name: str) -> str:
    return plain((Path(place) / name).relative_to(folder).as_posix())


def _refusal(path: Path, folder: Path) -> str:
    """Why a path isn't opened; empty if it is a file."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            inside = path.resolve().is_relative_to(folder.resolve())
            return "It is a link to a file in this folder." if inside else "It is a link out of this folder."
    except (OSError, RuntimeError) as error:
        return f"It can't be looked at: {plain(getattr(error, 'strerror', None) or str(error))}."
    return "" if stat.S_ISREG(mode) else "It is a pipe, a socket or a device."


def _look(folder: Path, name: str, trust: Trust, files: set[str]) -> tuple[list[Finding], bool]:
    """What there is to say about a file, nothing if no part of synthnb knows it; and whether a signature of its own is right."""
    path = folder / name
    if is_signature(path):
        there = about(path).exists() or path == place_of(folder)
        return ([] if there else [Finding("signature", "missing", "What it is about isn't there.")]), False
    if name.endswith(SUFFIX) and path.name != SUFFIX:
        gone = name.removesuffix(SUFFIX) not in files
        return ([Finding("sidecar", "missing", "The data file it is about isn't there.")] if gone else []), False
    try:
        found = check_file(path, trust) if _is_known(path, files, folder) else []
        signatures, signed = check_signatures(path, trust)
        return [*found, *signatures], signed
    except (SynthnbError, OSError) as error:
        return [cant_be_read(path.name, error)], False


def _is_known(path: Path, files: set[str], folder: Path) -> bool:
    from synthnb.disclosure.crates.descriptions import DESCRIPTIONS

    ending = path.suffix.lower()
    if path.name.lower().endswith(DESCRIPTIONS):
        return True
    if sidecar_of(path).relative_to(folder).as_posix() in files or ending in {".ipynb", ".zip"}:
        return True
    return (ending == ".sqlite3" and path.name.startswith("ledger")) or (ending in DOCUMENTS and _carries(path))


def _carries(path: Path) -> bool:
    """Whether a document says somewhere that it holds a record."""
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            if any(sign in piece for sign in _SIGNS):
                return True
    return False


def _is_ours(name: str, files: set[str]) -> bool:
    """Whether a file is one that synthnb keeps for itself, or belongs to another that is looked at."""
    if is_signature(Path(name)) or name.endswith(SUFFIX) or name in _OURS:
        return True
    return any(name.endswith(f".sqlite3{tail}") and name.removesuffix(tail) in files for tail in ("-wal", "-shm"))


def _named(folder: Path, files: list[str]) -> set[str]:
    """The files that a notebook's record says it wrote."""
    named: set[str] = set()
    for name in files:
        if not name.endswith(".ipynb"):
            continue
        try:
            own = mapping(read_notebook(folder / name)["metadata"].get("synthnb"))
        except (SynthnbError, OSError):
            continue
        paths = [mapping(entry.get("detail")).get("path") for entry in readable_entries(own) if entry["kind"] == "export"]
        named |= {os.path.normpath((Path(name).parent / path).as_posix()) for path in paths if isinstance(path, str)}
    return named


def _signed_whole(folder: Path, trust: Trust) -> tuple[list[Finding], set[str], bool]:
    """What a folder's own signature comes to, and which files it covers."""
    place = place_of(folder)
    if not place.is_file() or place.is_symlink():
        return [], set(), False
    opened = open_signature(place, "signature")
    if isinstance(opened, Finding):
        return [opened], set(), False
    found, right = who_signed(opened, trust, "signature")
    if not right:
        return found, set(), False
    for name, manifest in opened.artefacts.items():
        found += [finding.of(plain(name)) for finding in _since(folder, name, mapping(manifest))]
    return found, set(opened.artefacts), all(finding.ok for finding in found[:1])


def _since(folder: Path, name: str, manifest: Mapping[str, object]) -> Iterator[Finding]:
    path = folder / name
    try:
        if path.is_symlink() or not path.resolve().is_relative_to(folder.resolve()):
            yield Finding("signed content", "changed", "It is a link, or lies outside the folder, and wasn't when it was signed.")
        elif not path.is_file():
            yield Finding("signed content", "missing", "It was signed and isn't there any more.")
        else:
            yield from changes_since(path, manifest)
    except (SynthnbError, OSError, ValueError) as error:
        yield cant_be_read("signed content", error)
