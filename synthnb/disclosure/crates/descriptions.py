"""Check a description that stands beside data: Croissant, PROV-JSON, or the provenance as a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from synthnb._canonical import digest_bytes
from synthnb.disclosure.crates.account import Account
from synthnb.disclosure.crates.contents import as_json
from synthnb.disclosure.files import read_notebook
from synthnb.disclosure.reading import mapping, parse_json
from synthnb.disclosure.render import plain
from synthnb.disclosure.verify.findings import Finding
from synthnb.errors import OptionError, StorageError, SynthnbError

__all__ = ["DESCRIPTIONS", "verify_description"]

DESCRIPTIONS = (".croissant.json", ".prov.json", ".prov.svg")
"""The endings of the files that are checked here."""
_MOST_NOTEBOOKS = 50
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_IN_PICTURE = re.compile(r'<record xmlns="urn:synthnb:">(sha256:[0-9a-f]{64})</record>')


def verify_description(path: str | Path) -> list[Finding]:
    """Return what was checked of a description: its record, what it says, and for Croissant the files that it describes.

    What it says is compared where the notebook lies beside it: with the digest that its record has of the description,
    or with what the record gives, written anew. Otherwise it isn't looked at.

    Raises
    ------
    StorageError
        It can't be read.
    """
    file = Path(path)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise StorageError(f"{file.name} can't be read: {error.strerror or error}.", fix="Check who may read it.") from error
    content: Mapping[str, Any] = {}
    if not file.name.lower().endswith(".svg"):
        try:
            content = mapping(parse_json(data))
        except ValueError as error:
            return [Finding("description", "unreadable", f"It can't be read as JSON: {plain(str(error))}.")]
    digest = _named(file, data, content)
    if digest is None:
        return [Finding("record", "missing", "It names no record.")]
    return [_content(file, data, digest), *_files(content, file.parent)]


def _named(file: Path, data: bytes, content: Mapping[str, Any]) -> str | None:
    """The digest of the record that a description names."""
    if file.name.lower().endswith(".svg"):
        match = _IN_PICTURE.search(data.decode("utf-8", "replace"))
        return match[1] if match else None
    if file.name.lower().endswith(".prov.json"):
        found = mapping(mapping(content.get("entity")).get("synthnb:record")).get("synthnb:digest")
    else:
        found = mapping(content.get("identifier")).get("value")
    return found if isinstance(found, str) and _DIGEST.fullmatch(found) else None


def _content(file: Path, data: bytes, digest: str) -> Finding:
    """What a description says, against the records of the notebooks beside it."""
    written = digest_bytes(data)
    for notebook, record in _records(file.parent):
        details = [mapping(entry["detail"]) for entry in Account(record).entries if entry["kind"] == "export"]
        own = [detail for detail in details if detail.get("path") == file.name and detail.get("record_digest") == digest]
        if any(detail.get("sha256") == written for detail in own):
            return Finding("record", "ok", f"It is as {notebook.name} notes that it was written, of the record {digest}")
        if own:
            return Finding("record", "changed", f"It isn't as {notebook.name} notes that it was written: that has {own[-1].get('sha256')}.")
        if record.get("digest") == digest:
            return _anew(file, data, notebook, record)
    detail = f"Only the record's digest was read, {digest}; no notebook with that record lies beside it, so what it says wasn't compared."
    return Finding("record", "not looked at", detail)


def _records(folder: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The notebooks in a folder that hold a record, each with it."""
    for file in sorted(folder.glob("*.ipynb"))[:_MOST_NOTEBOOKS]:
        try:
            found = mapping(mapping(read_notebook(file).get("metadata")).get("synthnb"))
        except SynthnbError:
            continue
        if isinstance(found.get("entries"), list):
            yield file, found


def _anew(file: Path, data: bytes, notebook: Path, record: Mapping[str, Any]) -> Finding:
    """The same description written anew from the record, and compared."""
    from synthnb.disclosure.crates.croissant import croissant
    from synthnb.disclosure.crates.datafiles import data_files
    from synthnb.disclosure.crates.prov import prov_json
    from synthnb.disclosure.crates.prov_picture import prov_picture

    account, name = Account(record), file.name.lower()
    try:
        if name.endswith(".svg"):
            wanted = f"{prov_picture(account)}\n".encode()
        else:
            wanted = as_json(prov_json(account) if name.endswith(".prov.json") else croissant(account, data_files(account, file.parent)))
    except OptionError as error:
        return Finding("record", "not looked at", f"It can't be written anew from {notebook.name} to compare it: {error.message}")
    if wanted == data:
        return Finding("record", "ok", f"It is what the record {record.get('digest')} of {notebook.name} gives")
    other = "it was changed, tables were added or removed since, or another version of synthnb wrote it"
    return Finding("record", "changed", f"It isn't what the record of {notebook.name} gives: {other}.")


def _files(content: Any, folder: Path) -> Iterator[Finding]:
    from synthnb.disclosure.verify.named import check_file

    items = content.get("distribution")
    for item in map(mapping, items if isinstance(items, list) else []):
        where, digest = item.get("contentUrl"), item.get("sha256")
        if isinstance(where, str) and "://" not in where:
            yield check_file(folder, unquote(where), f"sha256:{digest}")
