"""A folder: every notebook, export, data file, sidecar, ledger and signature in it, and files that nobody accounts for."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synthnb.disclosure.files import read_notebook
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain
from synthnb.disclosure.sidecar import SUFFIX, sidecar_of
from synthnb.disclosure.verify.artefacts import DOCUMENTS, about, check_file
from synthnb.disclosure.verify.findings import Finding, Status, cant_be_read
from synthnb.disclosure.verify.records import readable_entries
from synthnb.disclosure.verify.signatures import Standing, Trust, check_signatures, is_signature, open_signature, who_signed
from synthnb.disclosure.verify.since import changes_since
from synthnb.errors import SynthnbError

__all__ = ["files_of", "is_to_be_signed", "verify_folder"]

LEFT_OUT = {".git", ".hg", ".svn", ".ipynb_checkpoints", "__pycache__", ".venv", "node_modules"}
"""Folders of other programs, which aren't looked into."""
PASSING = (".synthnb/calls.sqlite3", ".sqlite3-wal", ".sqlite3-shm")
"""How files end that come and go with the work and aren't signed: the store of replies, and what SQLite keeps beside a file."""
_OURS = {".synthnb/.gitignore", "synthnb.toml", "synthnb-keys.toml"}
_NEW = "It wasn't there when its folder was signed."
_NOBODY = "No record names it and no signature covers it."
_MOST_LISTED = 200
_SIGNS = b"synthnb-record", b"synthnb:record"


@dataclass
class _Signed:
    """What the signatures of folders come to: of the one that is checked, and of those inside."""

    found: list[Finding] = field(default_factory=list)
    """What there is to say."""
    manifests: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """What a right one says of a file."""
    standing: dict[str, Standing] = field(default_factory=dict)
    """How the files stand that a right one covers."""
    new: list[str] = field(default_factory=list)
    """Files in a signed folder that its signature doesn't cover."""


def verify_folder(folder: Path, trust: Trust) -> tuple[list[Finding], dict[str, Standing]]:
    """Check everything in a folder; and return how the files in it stand that are signed.

    Links are never followed, and pipes and devices never opened.
    """
    files, aside = files_of(folder)
    whole = _signed_folders(folder, files, trust)
    found, standing = list(whole.found), dict(whole.standing)
    accounted = whole.manifests.keys() | _named(folder, files) | set(whole.new)
    alone: list[str] = []
    for name in files:
        looked, how = _look(folder, name, trust, set(files), whole.manifests.get(name))
        if how == "known" or name not in standing:
            standing[name] = how
        found += [finding.of(plain(name)) for finding in looked]
        if not looked and name not in accounted and not _is_ours(name, set(files)):
            alone.append(name)
    return [*found, *_listed(whole.new, "changed", _NEW), *aside, *_listed(alone, "not looked at", _NOBODY)], standing


def _listed(names: list[str], status: Status, said: str) -> list[Finding]:
    """A finding for each of some files; beyond a number of them, one for the rest."""
    more = len(names) - _MOST_LISTED
    rest = [Finding("other files", status, f"{more:,} more. {said}")] if more > 0 else []
    return [Finding(plain(name), status, said, plain(name)) for name in names[:_MOST_LISTED]] + rest


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


def _look(folder: Path, name: str, trust: Trust, files: set[str], also: Mapping[str, Any] | None) -> tuple[list[Finding], Standing]:
    """What there is to say about a file, nothing if no part of synthnb knows it; and how its own signatures stand."""
    path = folder / name
    if is_signature(path):
        return ([] if about(path).exists() else [Finding("signature", "missing", "What it is about isn't there.")]), "unsigned"
    if name.endswith(SUFFIX) and path.name != SUFFIX:
        gone = name.removesuffix(SUFFIX) not in files
        return ([Finding("sidecar", "missing", "The data file it is about isn't there.")] if gone else []), "unsigned"
    try:
        found = check_file(path, trust) if _is_known(path, files, folder) else []
        signatures, standing = check_signatures(path, trust, also)
        return [*found, *signatures], standing
    except (SynthnbError, OSError) as error:
        return [cant_be_read(path.name, error)], "unsigned"


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


def _signed_folders(folder: Path, files: list[str], trust: Trust) -> _Signed:
    """Check the signature of each folder that has one."""
    whole = _Signed()
    for name in files:
        place = folder / name
        if is_signature(place) and about(place) == place.parent:
            _signed_whole(folder, place, files, trust, whole)
    return whole


def _signed_whole(folder: Path, place: Path, files: list[str], trust: Trust, whole: _Signed) -> None:
    """Add what a folder's own signature comes to, which files it covers, and which came since."""
    before = "" if place.parent == folder else f"{place.parent.relative_to(folder).as_posix()}/"
    opened = open_signature(place, "signature")
    if isinstance(opened, Finding):
        whole.found.append(_within(before, opened))
        return
    found, standing = who_signed(opened, trust, "signature")
    whole.found += [_within(before, finding) for finding in found]
    if standing == "unsigned":
        return
    for name, manifest in opened.artefacts.items():
        whole.found += [finding.of(plain(before + name)) for finding in _since(place.parent, name, mapping(manifest))]
        whole.manifests[before + name] = mapping(manifest)
        if found[0].status in {"ok", "unsigned"}:
            whole.standing[before + name] = standing
    inside = [name for name in files if name.startswith(before) and is_to_be_signed(name)]
    whole.new += [name for name in inside if name.removeprefix(before) not in opened.artefacts and name not in whole.new]


def _within(before: str, finding: Finding) -> Finding:
    return finding.of(plain(before.rstrip("/"))) if before else finding


def is_to_be_signed(name: str) -> bool:
    """Whether the signature of a folder covers a file of this name."""
    return not is_signature(Path(name)) and not name.endswith(PASSING)


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
