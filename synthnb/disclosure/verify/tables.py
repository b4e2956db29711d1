"""A data file against the record beside it and the one inside, where there is room for one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from synthnb.disclosure.reading import mapping, parse_json
from synthnb.disclosure.render import plain
from synthnb.disclosure.sidecar import check_data, export_of, read_data_record, sidecar_of
from synthnb.disclosure.verify.findings import Finding
from synthnb.disclosure.verify.named import compare
from synthnb.disclosure.verify.records import check_record, readable_entries
from synthnb.errors import StorageError, shown

if TYPE_CHECKING:
    from synthnb.disclosure.verify.findings import Status

__all__ = ["verify_table"]

_COVERED = {"schema", "entries", "stale", "fields", "digest"}


def verify_table(path: str | Path) -> list[Finding]:
    """Check a data file against the sidecar beside it, and against the record inside.

    Where the sidecar knows the file's bytes, nothing else of it has to be read; where it doesn't, or is gone, the content is digested.
    """
    file = Path(path)
    beside = sidecar_of(file)
    if not beside.is_file():
        return _without_sidecar(file)
    try:
        data = beside.read_bytes()
        record = parse_json(data)
    except OSError as error:
        raise StorageError(f"{beside.name} can't be read: {error.strerror or error}.", fix="Check who may read it.") from error
    except ValueError as error:
        return [Finding(beside.name, "unreadable", f"It can't be read as JSON: {error}.")]
    if not isinstance(record, dict) or not isinstance(record.get("entries"), list):
        return [Finding(beside.name, "unreadable", "It holds no record.")]
    export = export_of(readable_entries(record), file)
    found = [*check_record(record), *_layout(beside.name, data, record)]
    if export is None:
        return [*found, Finding(file.name, "missing", f"The sidecar says nothing about {file.name}.")]
    return [*found, *_check_bytes(file, mapping(export.get("detail")))]


def _layout(name: str, data: bytes, record: Mapping[str, Any]) -> Iterator[Finding]:
    """What of a sidecar no digest covers: other keys, and how it is laid out."""
    beyond = sorted(set(record) - _COVERED)
    if beyond or record.get("stale") != []:
        said = ", ".join(plain(key)[:60] for key in beyond[:4]) or "stale"
        yield Finding(name, "changed", f"It holds what synthnb doesn't write and no digest covers: {said}.")
    elif data != (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass"):
        yield Finding(name, "reformatted", "Its JSON isn't laid out as it was written; what it says is the same.")


def _check_bytes(file: Path, export: Mapping[str, Any]) -> Iterator[Finding]:
    whole = compare(file, file.name, str(export.get("sha256")))
    yield whole
    if whole.status == "changed":
        yield from _about_data(file)
        return
    inside = read_data_record(file) if whole.ok else {}
    wanted, there = export.get("record_digest"), mapping(inside).get("digest")
    if there is not None and there != wanted:
        yield Finding("record inside", "changed", f"It has the digest {shown(there)}, the one beside the file {shown(wanted)}.")


def _about_data(file: Path) -> list[Finding]:
    return [Finding(what, cast("Status", status), detail) for what, status, detail in check_data(file)]


def _without_sidecar(file: Path) -> list[Finding]:
    beside = sidecar_of(file)
    inside = _about_data(file)
    record = read_data_record(file) if inside else ""
    if isinstance(record, str):
        return [Finding(file.name, "missing", f"There is no sidecar {beside.name}, so nothing is known about this file."), *inside]
    note = Finding(beside.name, "not looked at", "It isn't there. The file's content is checked against its own record, its bytes aren't.")
    return [*check_record(record), *inside, note]
