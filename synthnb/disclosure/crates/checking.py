"""Check a crate that comes from anywhere: its packing, every file's digest, the record in it, and each part by itself.

::

    zip ──► packing      is it byte for byte what packing these files gives?
        ──► metadata     what RO-Crate and Process Run Crate must have; does it follow from the record?
        ──► files        sha256 against metadata and manifest; what is missing, what isn't listed
        ──► record       in itself; the same in the notebook and on its page; the ledger's lines
        ──► parts        notebook, page and data files, as if they lay in a folder
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from synthnb.disclosure.crates.account import Account
from synthnb.disclosure.crates.manifest import read_manifest
from synthnb.disclosure.crates.parts import LEDGER, MANIFEST, METADATA, PREVIEW, RECORD, Part
from synthnb.disclosure.crates.rules import broken_rules
from synthnb.disclosure.crates.zipping import Opened, is_as_packed, open_zip
from synthnb.disclosure.folding import same
from synthnb.disclosure.reading import mapping, parse_json
from synthnb.disclosure.render import plain
from synthnb.disclosure.sidecar import SUFFIX
from synthnb.disclosure.verify.findings import Finding
from synthnb.errors import NotebookError, StorageError, SynthnbError

if TYPE_CHECKING:
    from synthnb.disclosure.verify.signatures import Trust

__all__ = ["verify_crate"]

_LARGEST = 64 << 20
_MOST_LISTED = 4


@dataclass(frozen=True)
class _Crate:
    """A crate's metadata and what its files turn out to be."""

    opened: Opened
    """The zip."""
    digests: Mapping[str, str]
    """The SHA-256 of each file that can be unpacked, by place."""
    entities: Mapping[str, Mapping[str, Any]]
    """The metadata's entities by id."""

    def described(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Places and entities of the files that the metadata give a digest for."""
        for name, entity in self.entities.items():
            if isinstance(entity.get("sha256"), str):
                yield unquote(name), entity


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
    graph = _read_json(opened, METADATA, digests)
    if isinstance(graph, Finding):
        yield graph
        return
    items = mapping(graph).get("@graph")
    listed = items if isinstance(items, list) else []
    entities = {item["@id"]: item for item in listed if isinstance(item, Mapping) and isinstance(item.get("@id"), str)}
    crate = _Crate(opened, digests, entities)
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


def _read_json(opened: Opened, place: str, digests: Mapping[str, str]) -> Any:
    """A file's JSON, or the finding that it can't be read."""
    if place not in digests:
        return Finding(place, "unreadable" if place in opened.places else "missing", "It isn't there, or can't be unpacked.")
    try:
        return parse_json(opened.read(place, most=_LARGEST))
    except (ValueError, NotebookError) as error:
        return Finding(place, "unreadable", f"It can't be read as JSON: {plain(str(error))}.")


def _rules(graph: Any) -> Finding:
    broken = broken_rules(graph)
    if broken:
        return Finding("metadata", "changed", f"It breaks {len(broken)} rules of RO-Crate: {'; '.join(map(plain, broken[:_MOST_LISTED]))}.")
    return Finding("metadata", "ok", "What RO-Crate 1.3 and Process Run Crate 0.5 must have is there")


def _files(crate: _Crate) -> Iterator[Finding]:
    """Every file against the digests that metadata and manifest give."""
    listed = _manifest(crate)
    if isinstance(listed, Finding):
        yield listed
        listed = {}
    described = {place: str(entity["sha256"]) for place, entity in crate.described()}
    told = {*crate.opened.places} - {*crate.digests}  # what can't be unpacked
    for place in sorted({*described, *listed} - told):
        yield _file(crate, place, {described.get(place), listed.get(place)} - {None})
    for place in sorted({*crate.digests} - {*described, *listed, MANIFEST}):
        yield Finding(plain(place), "changed", "Neither the metadata nor the manifest lists it: it was added after the crate was packed.")


def _manifest(crate: _Crate) -> dict[str, str] | Finding:
    if MANIFEST not in crate.digests:
        return Finding(MANIFEST, "missing", "It isn't there: it was removed, or another program made this crate.")
    try:
        return read_manifest(crate.opened.read(MANIFEST, most=_LARGEST))
    except (ValueError, NotebookError) as error:
        return Finding(MANIFEST, "unreadable", f"{plain(str(error))}.")


def _file(crate: _Crate, place: str, wanted: set[str | None]) -> Finding:
    actual = crate.digests.get(place)
    if actual is None:
        return Finding(plain(place), "missing", "It is listed and isn't in the crate.")
    if wanted == {actual}:
        return Finding(plain(place), "ok", f"sha256:{actual}")
    others = ", ".join(sorted(plain(str(one)) for one in wanted if one != actual))
    return Finding(plain(place), "changed", f"It, or what lists it, was changed: its digest is {actual}, not {others}.")


def _record(crate: _Crate) -> Iterator[Finding]:
    """The record in itself, against the metadata, and against the ledger's lines."""
    from synthnb.disclosure.verify.records import check_record

    record = _read_json(crate.opened, RECORD, crate.digests)
    if isinstance(record, Finding):
        yield record
        return
    if not isinstance(record, Mapping) or not isinstance(record.get("entries"), list):
        yield Finding(RECORD, "unreadable", "It holds no record.")
        return
    yield from (replace(finding, what=f"{RECORD}: {finding.what}") for finding in check_record(record))
    yield _follows(crate, record)
    if LEDGER in crate.digests:
        yield _ledger(crate, record)


def _follows(crate: _Crate, record: Mapping[str, Any]) -> Finding:
    """Whether the metadata are what this version writes about the record."""
    from synthnb import __version__
    from synthnb.disclosure.crates.rocrate import metadata

    pack = mapping(crate.entities.get("#action-pack"))
    software = mapping(crate.entities.get(str(mapping(pack.get("instrument")).get("@id"))))
    if software.get("version") != __version__:
        return Finding(
            "metadata: record", "not looked at", f"Another version of synthnb wrote them: {plain(str(software.get('version')))}."
        )
    account = Account(record)
    try:
        wanted = {item["@id"]: item for item in metadata(account, _as_parts(crate, account))["@graph"]}
    except (LookupError, ValueError, TypeError) as error:
        return Finding("metadata: record", "changed", f"The record doesn't give what the metadata need: {plain(repr(error))}.")
    differing = [name for name in sorted({*wanted, *crate.entities}) if not same(wanted.get(name), crate.entities.get(name))]
    if differing:
        named = ", ".join(map(plain, differing[:_MOST_LISTED]))
        return Finding("metadata: record", "changed", f"{len(differing)} entities aren't what the record gives: {named}.")
    return Finding("metadata: record", "ok", "The metadata follow from the record")


def _as_parts(crate: _Crate, account: Account) -> list[Part]:
    """The parts as they were packed; what describes a file in words is taken from the metadata."""
    makers = {str(mapping(entry.get("detail")).get("path")): entry["id"] for entry in account.entries if entry["kind"] == "export"}
    recipes = {str(item.get("@id")) for entity in crate.entities.values() for item in _referred(entity.get("object"))}
    found = []
    for place, entity in crate.described():
        maker = makers.get(place) or makers.get(place.removesuffix(SUFFIX), "") if place.removesuffix(SUFFIX) in crate.digests else ""
        about = _recipe_of(crate, place) if place in {unquote(name) for name in recipes} else ""
        size = str(entity.get("contentSize"))
        words = (str(entity.get("encodingFormat")), str(entity.get("description")), maker, about)
        found.append(Part(place, b"", str(entity["sha256"]), int(size) if size.isdecimal() else -1, *words))
    return found


def _referred(value: object) -> list[Mapping[str, Any]]:
    return [mapping(item) for item in (value if isinstance(value, list) else [value])]


def _recipe_of(crate: _Crate, place: str) -> str:
    from synthnb.recipes.io import recipe_from_json

    try:
        return recipe_from_json(crate.opened.read(place, most=_LARGEST).decode()).digest
    except (SynthnbError, ValueError):
        return ""


def _ledger(crate: _Crate, record: Mapping[str, Any]) -> Finding:
    """The ledger's lines by themselves, and against the record's entries."""
    from synthnb.disclosure.ledger import Line

    known = {entry.get("id"): entry for entry in record["entries"] if isinstance(entry, Mapping)}
    try:
        text = crate.opened.read(LEDGER, most=_LARGEST).decode()
        lines = [Line(**json.loads(line)) for line in text.splitlines()]
        problems = [problem for line in lines if (problem := line.problem())]
        others = [line.id for line in lines if not same(known.get(line.id), line.read())]
    except (ValueError, TypeError, NotebookError, RecursionError) as error:
        return Finding(LEDGER, "unreadable", f"It can't be read: {plain(str(error))}.")
    if problems or others:
        said = [*problems, *(f"{plain(name)} is another entry there." for name in others)]
        return Finding(f"{LEDGER}: lines", "changed", " ".join(said[:_MOST_LISTED]))
    return Finding(f"{LEDGER}: lines", "ok", f"{len(lines)} lines, each as it was sealed, with the record's entries")


def _parts(crate: _Crate, trust: Trust | None) -> Iterator[Finding]:
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


def _part(crate: _Crate, folder: Path, place: str, trust: Trust | None) -> Iterator[Finding]:
    from synthnb.disclosure.signing import SUFFIX as SIGNATURE
    from synthnb.disclosure.verify.artefacts import check_file
    from synthnb.disclosure.verify.signatures import Trust, check_signatures

    name = place.rpartition("/")[2]
    is_data = place + SUFFIX in crate.digests
    is_document = "/" not in place and place != PREVIEW and name.endswith((".ipynb", ".html"))
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


def _named(crate: _Crate, place: str, finding: Finding) -> Finding:
    """A finding about a part; a file that a record names without its being in the crate isn't missing from it."""
    elsewhere = (
        finding.status == "missing" and finding.what not in {"record", "cell", "outputs"} and finding.what not in crate.opened.places
    )
    if elsewhere:
        return Finding(f"{place}: {finding.what}", "not looked at", "The record names it; it isn't in this crate.")
    return replace(finding, what=f"{place}: {finding.what}")


def _same_record(crate: _Crate, place: str, found: list[Finding]) -> Iterator[Finding]:
    own = [finding.detail for finding in found if finding.what == "record" and finding.ok]
    record = _read_json(crate.opened, RECORD, crate.digests)
    wanted = str(record.get("digest")) if isinstance(record, Mapping) else ""
    if own and wanted and wanted not in own:
        yield Finding(f"{place}: record", "changed", f"It carries another record than {RECORD}: {own[0]}, not {plain(wanted)}.")
