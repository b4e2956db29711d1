"""Check a description that stands beside data: Croissant, PROV-JSON, or the provenance as a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from synthnb.disclosure.reading import mapping, parse_json
from synthnb.disclosure.render import plain
from synthnb.disclosure.verify.findings import Finding
from synthnb.errors import StorageError

__all__ = ["DESCRIPTIONS", "verify_description"]

DESCRIPTIONS = (".croissant.json", ".prov.json", ".prov.svg")
"""The endings of the files that are checked here."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_IN_PICTURE = re.compile(r'<record xmlns="urn:synthnb:">(sha256:[0-9a-f]{64})</record>')


def verify_description(path: str | Path) -> list[Finding]:
    """Return which record a description is of and, for Croissant, whether the files it describes are as it says.

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
    if file.name.lower().endswith(".svg"):
        return [_record(_in_picture(data))]
    try:
        content = mapping(parse_json(data))
    except ValueError as error:
        return [Finding("description", "unreadable", f"It can't be read as JSON: {plain(str(error))}.")]
    if file.name.lower().endswith(".prov.json"):
        return [_record(mapping(mapping(content.get("entity")).get("synthnb:record")).get("synthnb:digest"))]
    return [_record(mapping(content.get("identifier")).get("value")), *_files(content, file.parent)]


def _in_picture(data: bytes) -> str | None:
    match = _IN_PICTURE.search(data.decode("utf-8", "replace"))
    return match[1] if match else None


def _record(digest: object) -> Finding:
    if isinstance(digest, str) and _DIGEST.fullmatch(digest):
        return Finding("record", "ok", f"It names the record {digest}; the notebook or the crate it came with holds that")
    return Finding("record", "missing", "It names no record.")


def _files(content: Any, folder: Path) -> Iterator[Finding]:
    from synthnb.disclosure.verify.named import check_file

    items = content.get("distribution")
    for item in map(mapping, items if isinstance(items, list) else []):
        where, digest = item.get("contentUrl"), item.get("sha256")
        if isinstance(where, str) and "://" not in where:
            yield check_file(folder, unquote(where), f"sha256:{digest}")
