"""What to check about a path: a notebook, an export, a data file, a ledger, an archive, a folder, each with its signatures."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from synthnb.disclosure.embedded import SUFFIXES
from synthnb.disclosure.render import plain
from synthnb.disclosure.sidecar import SUFFIX
from synthnb.disclosure.signing import FOLDER, place_of
from synthnb.disclosure.signing import SUFFIX as SIGNATURE
from synthnb.disclosure.verify.exports import verify_export
from synthnb.disclosure.verify.findings import Finding
from synthnb.disclosure.verify.ledgers import check_ledger
from synthnb.disclosure.verify.notebooks import verify_notebook
from synthnb.disclosure.verify.signatures import Standing, Trust, check_signatures, is_signature
from synthnb.disclosure.verify.tables import verify_table
from synthnb.errors import NotebookError, shown

__all__ = ["about", "check_file", "verify_path", "verify_with"]

DOCUMENTS = tuple(sorted(SUFFIXES))
"""Endings of documents that carry their record."""


def verify_path(path: str | Path) -> list[Finding]:
    """Verify a notebook, an export, a data file, a sidecar, a ledger, an archive or a folder: by its kind and its ending.

    Raises
    ------
    NotebookError
        It doesn't exist or isn't what its ending says.
    StorageError
        It can't be read.
    """
    return verify_with(path, Trust())[0]


def verify_with(path: str | Path, trust: Trust) -> tuple[list[Finding], dict[str, Standing]]:
    """The same with the keys that are known; and how each file that is signed stands, in a folder by name, a single one by an empty one.

    Raises
    ------
    NotebookError, StorageError
        As for `verify_path`.
    """
    from synthnb.disclosure.verify.folders import verify_folder

    file = Path(path)
    mode = _mode(file)
    if stat.S_ISDIR(mode):
        return verify_folder(file, trust)
    if not stat.S_ISREG(mode):
        return [Finding(plain(file.name), "unreadable", "It is neither a file nor a folder.")], {}
    file = about(file)
    if file.is_dir():
        return verify_folder(file, trust)
    if not file.is_file():
        return [Finding(plain(file.name), "missing", "What the signature is about isn't there.")], {}
    signatures, standing = check_signatures(file, trust)
    return [*check_file(file, trust), *signatures], {"": standing}


def _mode(file: Path) -> int:
    try:
        return os.stat(file).st_mode  # noqa: PTH116  # the path may be longer than pathlib's own tests allow
    except (OSError, ValueError) as error:
        raise NotebookError(f"There is no file at {shown(file.name)}.", fix="Correct the path.") from error


def about(file: Path) -> Path:
    """The file or the folder that a sidecar or a signature is about; any other is about itself."""
    if is_signature(file):
        if file == place_of(file.parent) and not file.with_name(FOLDER).is_file():
            return file.parent
        whole = file.name.removesuffix(SIGNATURE)
        named = file.with_name(whole)
        return named if named.exists() or not whole[-9:].startswith(".") else file.with_name(whole[:-9])
    if file.name.endswith(SUFFIX) and file.name != SUFFIX:
        return file.with_name(file.name.removesuffix(SUFFIX))
    return file


def check_file(file: Path, trust: Trust) -> list[Finding]:
    """Check a file by its ending, but for its signatures.

    Raises
    ------
    NotebookError, StorageError
        It isn't what its ending says, or can't be read.
    """
    from synthnb.disclosure.crates.descriptions import DESCRIPTIONS, verify_description

    ending = file.suffix.lower()
    if file.name.lower().endswith(DESCRIPTIONS):
        return verify_description(file)
    if ending == ".ipynb":
        return verify_notebook(file)
    if ending == ".sqlite3":
        return [check_ledger(file, [])]
    if ending == ".zip":
        return _check_archive(file, trust)
    return verify_export(file) if ending in DOCUMENTS else verify_table(file)


def _check_archive(file: Path, trust: Trust) -> list[Finding]:
    from synthnb.disclosure.crates import verify_crate

    return list(verify_crate(file, trust))
