"""Check a crate that comes from anywhere: its packing, every file's digest, the record in it, and each part by itself.

::

    zip ──► packing      is it byte for byte what packing these files gives?
        ──► metadata     what RO-Crate and Process Run Crate must have
        ──► files        sha256 against metadata and manifest; what is missing, what isn't listed
        ──► record       in itself; the same in the notebook and on its page; the ledger's lines
        ──► following    metadata, provenance, README and preview, written anew from the record
        ──► parts        notebook, page and data files, as if they lay in a folder; what the page runs
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.disclosure.crates.following import follow
from synthnb.disclosure.crates.ledger_lines import check_lines
from synthnb.disclosure.crates.manifest import read_manifest
from synthnb.disclosure.crates.page_scripts import check_scripts
from synthnb.disclosure.crates.parts import LEDGER, MANIFEST, METADATA, PREVIEW, PROV_PICTURE, RECORD
from synthnb.disclosure.crates.rules import broken_rules
from synthnb.disclosure.crates.unpacked import LARGEST, Crate, read_json
from synthnb.disclosure.crates.zipping import Opened, is_as_packed, open_zip
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain
from synthnb.disclosure.sidecar import SUFFIX
from synthnb.disclosure.verify.findings import Finding
from synthnb.errors import NotebookError, StorageError

if TYPE_CHECKING:
    from synthnb.disclosure.verify.signatures import Trust

__all__ = ["verify_crate"]

_MOST_LISTED = 4


def verify_crate(path: str | Path, trust: Trust | None = None) -> list[Finding]:
    """Return what was checked in a crate, one finding each; those about a part begin with its name.

    Parameters
    ----------
    path : str or Path
        The archive.
    trust : Trust, optional
        The keys that are known; none by default.

    Raises
    ------
    StorageError
        The file can't be read, or there is no room to unpack it for checking.
    """
    file = Path(path)
    try:
        with open_zip(file) as opened:
            return list(_check(opened, trust))
    except NotebookError as error:
        return [Finding(plain(file.name), "unreadable", str(error))]


def _check(opened: Opened, trust: Trust | None) -> Iterator[Finding]:
    if METADATA not in opened.places:
        yield Finding("crate", "missing", f"There is no {METADATA}, so it isn't an RO-Crate.")
        return
    digests: dict[str, str] = {}
    for place in opened.places:
        try:
            digests[place] = opened.sha256(place)
        except NotebookError as error:
            yield Finding(plain(place), "changed", f"It was changed or damaged after it was packed: {error}")
    if len(digests) == len(opened.places):
        yield _packing(opened)
    graph = read_json(opened, METADATA, digests)
    if isinstance(graph, Finding):
        yield graph
        return
    items = mapping(graph).get("@graph")
    listed = items if isinstance(items, list) else []
    entities = {item["@id"]: item for item in listed if isinstance(item, Mapping) and isinstance(item.get("@id"), str)}
    crate = Crate(opened, digests, entities)
    yield _rules(graph)
    yield from _files(crate)
    yield from _record(crate)
    yield from _parts(crate, trust)


def _packing(opened: Opened) -> Finding:
    if is_as_packed(opened):
        return Finding("packing", "ok", f"{len(opened.places)} files, byte for byte as they are packed")
    detail = (
        "It isn't byte for byte as synthnb packs it: it was packed anew, or a byte outside the files was changed. Each is checked itself."
    )
    return Finding("packing", "reformatted", detail)


def _rules(graph: Any) -> Finding:
    broken = broken_rules(graph)
    if broken:
        return Finding("metadata", "changed", f"It breaks {len(broken)} rules of RO-Crate: {'; '.join(map(plain, broken[:_MOST_LISTED]))}.")
    return Finding("metadata", "ok", "What RO-Crate 1.3 and Process Run Crate 0.5 must have is there")


def _files(crate: Crate) -> Iterator[Finding]:
    """Every file against the digests that metadata and manifest give."""
    listed = _manifest(crate)
    if isinstance(listed, Finding):
        yield listed
        listed = {}
    described = {place: str(entity["sha256"]) for place, entity in crate.described()}
    told = {*crate.opened.places} - {*crate.digests}  # what can't be unpacked
    for place in sorted({*described, *listed} - told - ({*crate.digests} - {*described, METADATA})):
        yield _file(crate, place, {described.get(place), listed.get(place)} - {None})
    for place in sorted({*crate.digests} - {*described, METADATA, MANIFEST}):
        yield Finding(plain(place), "changed", "The metadata don't describe it: it was added after the crate was packed.")


def _manifest(crate: Crate) -> dict[str, str] | Finding:
    if MANIFEST not in crate.digests:
        return Finding(MANIFEST, "missing", "It isn't there: it was removed, or another program made this crate.")
    try:
        return read_manifest(crate.opened.read(MANIFEST, most=LARGEST))
    except (ValueError, NotebookError) as error:
        return Finding(MANIFEST, "unreadable", f"{plain(str(error))}.")


def _file(crate: Crate, place: str, wanted: set[str | None]) -> Finding:
    actual = crate.digests.get(place)
    if actual is None:
        return Finding(plain(place), "missing", "It is listed and isn't in the crate.")
    if wanted == {actual}:
        return Finding(plain(place), "ok", f"sha256:{actual}")
    others = ", ".join(sorted(plain(str(one)) for one in wanted if one != actual))
    return Finding(plain(place), "changed", f"It, or what lists it, was changed: its digest is {actual}, not {others}.")


def _record(crate: Crate) -> Iterator[Finding]:
    """The record in itself, against the metadata, and against the ledger's lines."""
    from synthnb.disclosure.verify.records import check_record

    record = read_json(crate.opened, RECORD, crate.digests)
    if isinstance(record, Finding):
        yield record
        return
    if not isinstance(record, Mapping) or not isinstance(record.get("entries"), list):
        yield Finding(RECORD, "unreadable", "It holds no record.")
        return
    yield from (replace(finding, what=f"{RECORD}: {finding.what}") for finding in check_record(record))
    yield from follow(crate, record)
    if LEDGER in crate.digests:
        yield from check_lines(crate, record)


def _parts(crate: Crate, trust: Trust | None) -> Iterator[Finding]:
    """Notebook, page and data files, unpacked to a folder that is gone afterwards."""
    try:
        with tempfile.TemporaryDirectory(prefix="synthnb-crate-") as name:
            folder = Path(name)
            for place in crate.digests:
                target = folder / place
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as file:
                    file.writelines(crate.opened.pieces(place))
            for place in sorted(crate.digests):
                yield from _part(crate, folder, place, trust)
    except OSError as error:
        raise StorageError(
            f"The crate couldn't be unpacked for checking: {error.strerror or error}.", fix="Free some space and try again."
        ) from error


def _part(crate: Crate, folder: Path, place: str, trust: Trust | None) -> Iterator[Finding]:
    from synthnb.disclosure.signing import SUFFIX as SIGNATURE
    from synthnb.disclosure.verify.artefacts import check_file
    from synthnb.disclosure.verify.signatures import Trust, check_signatures

    name = place.rpartition("/")[2]
    is_data = place + SUFFIX in crate.digests
    is_document = "/" not in place and place != PREVIEW and name.endswith((".ipynb", ".html"))
    if place in {PREVIEW, PROV_PICTURE} or (is_document and name.endswith(".html")):
        yield _scripts(crate, place)
    if not (is_data or is_document):
        return
    try:
        keys = trust or Trust()
        found = check_file(folder / place, keys)
        found += check_signatures(folder / place, keys)[0] if place + SIGNATURE in crate.digests else []
    except (NotebookError, StorageError) as error:
        found = [Finding("file", "unreadable", str(error))]
    for finding in found:
        yield _named(crate, place, finding)
    if is_document:
        yield from _same_record(crate, place, found)


def _scripts(crate: Crate, place: str) -> Finding:
    try:
        return check_scripts(place, crate.opened.read(place, most=LARGEST))
    except NotebookError as error:
        return Finding(f"{place}: scripts", "not looked at", str(error))


def _named(crate: Crate, place: str, finding: Finding) -> Finding:
    """A finding about a part; a file that a record names without its being in the crate isn't missing from it."""
    elsewhere = (
        finding.status == "missing" and finding.what not in {"record", "cell", "outputs"} and finding.what not in crate.opened.places
    )
    if elsewhere:
        return Finding(f"{place}: {finding.what}", "not looked at", "The record names it; it isn't in this crate.")
    return replace(finding, what=f"{place}: {finding.what}")


def _same_record(crate: Crate, place: str, found: list[Finding]) -> Iterator[Finding]:
    own = [finding.detail for finding in found if finding.what == "record" and finding.ok]
    record = read_json(crate.opened, RECORD, crate.digests)
    wanted = str(record.get("digest")) if isinstance(record, Mapping) else ""
    if own and wanted and wanted not in own:
        yield Finding(f"{place}: record", "changed", f"It carries another record than {RECORD}: {own[0]}, not {plain(wanted)}.")
