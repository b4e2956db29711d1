"""Files that a record names, looked at where they lie."""

from __future__ import annotations

from pathlib import Path

from synthnb._canonical import digest_file
from synthnb.disclosure.render import plain
from synthnb.disclosure.sidecar import OUTSIDE
from synthnb.disclosure.verify.findings import Finding, cant_be_read

__all__ = ["check_file", "compare"]


def check_file(folder: Path, name: str, wanted: str) -> Finding:
    """A file that a record names; whoever wrote the record may want others read."""
    what, file = plain(name), folder / name
    try:
        if name.startswith(OUTSIDE) or not file.resolve().is_relative_to(folder.resolve()):
            return Finding(what, "not looked at", "It lies outside the notebook's folder.")
    except (OSError, ValueError, RuntimeError) as error:  # a name that no file can have, or links in a circle
        return cant_be_read(what, error)
    return compare(file, what, wanted)


def compare(file: Path, what: str, wanted: str) -> Finding:
    """Whether a file still has the digest it had when it was written."""
    try:
        if not file.is_file():
            return Finding(what, "missing", "It isn't there: it was moved or deleted, or written in another working folder.")
        actual = digest_file(file)
    except (OSError, ValueError) as error:
        return cant_be_read(what, error)
    if actual != wanted:
        return Finding(what, "changed", f"It was changed after the export: its digest is {actual}, not {plain(wanted)}.")
    return Finding(what, "ok", actual)
