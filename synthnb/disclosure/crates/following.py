"""Whether what a crate says follows from the record in it: metadata, provenance, README and page are written anew and compared.

Only the version that wrote them can do that. Of a crate that names another version some things are
compared all the same: who is responsible, name, description, licence, source type and the
digests of exported tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from synthnb.disclosure.crates.account import Account
from synthnb.disclosure.crates.contents import Contents
from synthnb.disclosure.crates.parts import PREVIEW, README, Part
from synthnb.disclosure.crates.rocrate import PACKING, metadata, source_name
from synthnb.disclosure.crates.unpacked import LARGEST
from synthnb.disclosure.crates.words import clean, licence_address
from synthnb.disclosure.folding import same
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain
from synthnb.disclosure.verify.findings import Finding
from synthnb.errors import SynthnbError
from synthnb.recipes.io import SUFFIX as RECIPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from synthnb.disclosure.crates.unpacked import Crate

__all__ = ["METADATA_FOLLOW", "follow"]

METADATA_FOLLOW = "metadata: record"
"""What the finding about the metadata is called."""
_MOST_LISTED = 4
_ODD = (LookupError, ValueError, TypeError, AttributeError)
"""What a record of another shape can raise where something is written from it."""


def follow(crate: Crate, record: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare what a crate says with what its record gives, a finding for each file that is written from it."""
    from synthnb import __version__

    pack = mapping(crate.entities.get("#action-pack"))
    software = mapping(crate.entities.get(str(mapping(pack.get("instrument")).get("@id"))))
    account = Account(record)
    try:
        yield from _digests(crate, account)
        if software.get("version") != __version__:
            yield _in_short(crate, account, plain(str(software.get("version"))))
            return
        contents = Contents(account, _stem(crate), str(pack.get("name") or "").removeprefix(PACKING))
        parts = _as_parts(crate, contents)
        yield _metadata(crate, account, parts, contents)
        yield from _written(crate, parts, contents)
    except _ODD as error:
        yield Finding(METADATA_FOLLOW, "changed", f"The record doesn't give what the crate needs: {plain(repr(error))[:200]}.")


def _stem(crate: Crate) -> str:
    """The notebook's name: a crate holds one notebook, beside its metadata."""
    found = sorted(place for place in crate.digests if "/" not in place and place.endswith(".ipynb"))
    return found[0].removesuffix(".ipynb") if found else ""


def _as_parts(crate: Crate, contents: Contents) -> list[Part]:
    """The parts as they were packed; all that is said of them comes from the record."""
    from synthnb.disclosure.crates.datafiles import media_of

    found = []
    for place, entity in crate.described():
        size = crate.opened.size(place) if place in crate.digests else -1
        about = _recipe(crate, place) if place.endswith(RECIPE) else ""
        found.append(Part(place, b"", str(entity["sha256"]), size, media_of(place), contents.what(place), contents.maker(place), about))
    return found


def _recipe(crate: Crate, place: str) -> str:
    """The digest of a recipe in the crate; empty if it isn't one."""
    from synthnb.recipes.io import recipe_from_json

    try:
        return recipe_from_json(crate.opened.read(place, most=LARGEST).decode()).digest
    except (SynthnbError, ValueError, KeyError):
        return ""


def _metadata(crate: Crate, account: Account, parts: list[Part], contents: Contents) -> Finding:
    used = {run.recipe for run in account.runs}
    strange = [part.place for part in parts if not part.what or (part.place.endswith(RECIPE) and part.about not in used)]
    if strange:
        named = ", ".join(map(plain, strange[:_MOST_LISTED]))
        return Finding(METADATA_FOLLOW, "changed", f"{len(strange)} files are none that the record accounts for: {named}.")
    wanted = {item["@id"]: item for item in metadata(account, parts, name=contents.name)["@graph"]}
    differing = [name for name in sorted({*wanted, *crate.entities}) if not same(wanted.get(name), crate.entities.get(name))]
    if differing:
        named = ", ".join(map(plain, differing[:_MOST_LISTED]))
        return Finding(METADATA_FOLLOW, "changed", f"{len(differing)} entities aren't what the record gives: {named}.")
    return Finding(METADATA_FOLLOW, "ok", "The metadata follow from the record")


def _written(crate: Crate, parts: list[Part], contents: Contents) -> Iterator[Finding]:
    """Provenance, README and the page for readers, written anew."""
    others = [part for part in parts if part.place not in {README, PREVIEW}]
    for part in [*contents.provenance(), *contents.explained(others)]:
        if part.place not in crate.digests:
            yield Finding(f"{part.place}: record", "missing", "It isn't there; every crate has it.")
        elif crate.digests[part.place] == part.sha256:
            yield Finding(f"{part.place}: record", "ok", "It is what the record gives")
        else:
            yield Finding(f"{part.place}: record", "changed", "It isn't what the record gives: it was replaced or changed.")


def _digests(crate: Crate, account: Account) -> Iterator[Finding]:
    """Exported tables in the crate against the digests in the record."""
    for place, entry in Contents(account, "", "").tables.items():
        wanted = str(mapping(entry["detail"]).get("sha256"))
        if place in crate.digests and wanted != f"sha256:{crate.digests[place]}":
            yield Finding(f"{plain(place)}: record", "changed", f"It isn't as it was exported: the record has {plain(wanted)}.")


def _in_short(crate: Crate, account: Account, version: str) -> Finding:
    """What doesn't depend on the version that wrote the metadata."""
    root = mapping(crate.entities.get("./"))
    licence = (account.stated("license") or [""])[0]
    people = {person.orcid or person.name for person in account.people}
    named = [mapping(crate.entities.get(name)) for item in crate.entities.values() for name in _persons(item)]
    wrong = {
        "a person who isn't named in the record": any(_person_of(item) not in people for item in named),
        "a person without a statement": any("Person" in str(item.get("@type")) for item in crate.entities.values()) and not people,
        "the description": not str(root.get("description")).startswith(clean((account.stated("description") or ["?"])[0])),
        "the name": [root.get("name")] != [clean(text) for text in account.stated("name")[:1]],
        "the licence": mapping(root.get("license")).get("@id") != (licence_address(licence) or "#licence"),
        "the source type": mapping(root.get("digitalSourceType")).get("@id") != source_name(account.source_type()),
    }
    if differing := [what for what, differs in wrong.items() if differs]:
        return Finding(METADATA_FOLLOW, "changed", f"The metadata don't follow from the record: {'; '.join(differing)}.")
    detail = f"The metadata name another version of synthnb, {version or 'none'}, and were compared with the record only in part: "
    detail += "persons, name, description, licence, source type, digests. README, preview and provenance weren't compared."
    return Finding(METADATA_FOLLOW, "not looked at", detail)


def _persons(item: Mapping[str, Any]) -> list[str]:
    """Whom an entity names as its agent, author or creator."""
    values = [item.get(key) for key in ("agent", "author", "creator", "contributor", "publisher")]
    return [str(mapping(one).get("@id")) for value in values for one in (value if isinstance(value, list) else [value]) if one is not None]


def _person_of(item: Mapping[str, Any]) -> str:
    """A person's ORCID, or the name."""
    name = unquote(str(item.get("@id")))
    return name if name.startswith("https://orcid.org/") and quote(name, safe=":/") == name else str(item.get("name"))
