"""Signatures beside what they are about: whether they are right, whose they are, and what changed since."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from synthnb._canonical import digest
from synthnb._clock import utc_now
from synthnb.disclosure.files import read_notebook
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain
from synthnb.disclosure.signing import SUFFIX, Opened, open_envelope
from synthnb.disclosure.verify.findings import Finding, cant_be_read
from synthnb.disclosure.verify.records import readable_entries
from synthnb.disclosure.verify.since import changes_since
from synthnb.errors import MissingExtraError, SynthnbError, shown

if TYPE_CHECKING:
    from synthnb.disclosure.signing_keys import PublicKey

__all__ = ["Standing", "Trust", "check_signatures", "is_signature", "open_signature", "places_of", "who_signed"]

_LARGEST = 256 << 20
_ANOTHER = re.compile(r"\.[0-9a-f]{8}")
"""What stands between a file's name and the suffix if it was signed with several keys."""
Standing = Literal["unsigned", "stranger", "known"]
"""Whether a signature is right, and whether its key is known where the check runs."""
_NOT_RIGHT = "No key that is known here, nor the one it names, made it: it was altered, or made by another key."
_LAID_OUT = "Its file isn't laid out as it was written; what it states and the signature are intact."


@dataclass(frozen=True)
class Trust:
    """The keys that are known where the check runs."""

    keys: tuple[PublicKey, ...] = ()
    """Each with its owner and who says so."""
    only_these: bool = False
    """Whether others don't count."""
    required: bool = False
    """Whether there has to be a signature by one of them."""


def is_signature(path: Path) -> bool:
    """Whether a file is named as a signature is."""
    return path.name.endswith(SUFFIX) and path.name != SUFFIX


def places_of(path: Path) -> list[Path]:
    """Return the signatures that lie beside a file, the first one's first."""
    beside = [path.with_name(path.name + SUFFIX)]
    try:
        named = [other for other in path.parent.iterdir() if other.name.startswith(f"{path.name}.") and other.name.endswith(SUFFIX)]
    except OSError:
        named = []
    others = [other for other in named if _ANOTHER.fullmatch(other.name[len(path.name) : -len(SUFFIX)])]
    return [place for place in [*beside, *sorted(others)] if place.is_file()]


def check_signatures(path: Path, trust: Trust, also: Mapping[str, Any] | None = None) -> tuple[list[Finding], Standing]:
    """Return what the signatures of a file come to, and how the best of them stands.

    Parameters
    ----------
    path : Path
        The file.
    trust : Trust
        The keys that are known.
    also : mapping, optional
        What a right signature of its folder says of it.
    """
    found: list[Finding] = []
    best: Standing = "unsigned"
    covering = [also] if also is not None else []
    for place in places_of(path):
        what = "signature" if place.name == path.name + SUFFIX else f"signature {plain(place.name)}"
        opened = open_signature(place, what)
        if isinstance(opened, Finding):
            found.append(opened)
            continue
        findings, standing = who_signed(opened, trust, what)
        found += findings
        if standing != "unsigned":
            found += _about(path, opened, what)
            covering.append(_manifest(path, opened)[1])
        if standing != "unsigned" and best != "known" and all(finding.status in {"ok", "unsigned"} for finding in findings):
            best = standing
    return [*found, *unsigned_sign_offs(path, covering)], best


def open_signature(place: Path, what: str) -> Opened | Finding:
    """Read a signature's file, or say why it can't be."""
    try:
        if place.stat().st_size > _LARGEST:
            return Finding(what, "unreadable", f"{plain(place.name)} is larger than a signature can be.")
        opened = open_envelope(place.read_bytes())
    except OSError as error:
        return cant_be_read(what, error)
    except MissingExtraError as error:
        return Finding(what, "not looked at", str(error))
    return Finding(what, "changed", opened) if isinstance(opened, str) else opened


def who_signed(opened: Opened, trust: Trust, what: str) -> tuple[list[Finding], Standing]:
    """Return whether a signature is right and whose it is, and how it stands; ``unsigned`` if nothing it states counts."""
    known, own = opened.signed_by(trust.keys), opened.own_key
    key = known or (opened.signed_by([own]) if own else None)
    if key is None:
        return [Finding(what, "changed", _NOT_RIGHT)], "unsigned"
    signer, when = mapping(opened.predicate.get("signer")), plain(str(opened.predicate.get("signed")))
    named = f"“{plain(str(signer['name']))}”" if signer.get("name") else "nobody by name"
    role = " as reviewer" if signer.get("role") == "reviewer" else ""
    if known is None and trust.only_these:
        return [Finding(what, "unsigned", f"It is signed by key {key.fingerprint}, not by a key that was given.")], "unsigned"
    if known is None:
        said = f"Signed{role} by key {key.fingerprint}, whose owner isn't known here. It names {named} and says {when}"
    else:
        said = f"Signed{role} by {plain(key.owner)} (key {key.fingerprint}, {key.source}). It names {named} and says {when}"
    found = [Finding(what, "unsigned" if known is None and trust.required else "ok", said)]
    until = opened.predicate.get("valid_until")
    if until and str(until) < utc_now()[:10]:
        found = [Finding(what, "outdated", f"{said}. It was to count until {plain(str(until))}.")]
    if not opened.exact:
        found.append(Finding(what, "reformatted", _LAID_OUT))
    return found, "stranger" if known is None else "known"


def _about(path: Path, opened: Opened, what: str) -> Iterator[Finding]:
    """What a right signature says about this file."""
    name, manifest = _manifest(path, opened)
    if not manifest or opened.subjects.get(name) != manifest.get("sha256"):
        yield Finding(what, "changed", f"It is about other files than {plain(path.name)}: {_first(opened.subjects)}.")
        return
    try:
        found = list(changes_since(path, manifest))
    except (SynthnbError, OSError) as error:
        yield cant_be_read(plain(path.name), error)
        return
    if name != path.name:
        same = all(finding.ok for finding in found)
        said = ", which had this content" if same else ", not about this file."
        yield Finding(what, "ok" if same else "changed", f"It is about {plain(name)}{said}")
    yield from found
    along = opened.predicate.get("sign_off")
    if along is not None and along not in mapping(manifest.get("noted")):
        yield Finding(what, "changed", f"It says that it signs a sign-off along, {shown(along)}, which isn't in what was signed.")


def _manifest(path: Path, opened: Opened) -> tuple[str, Mapping[str, Any]]:
    """What a signature says of a file, and under which name; nothing, if it is about others."""
    names = list(opened.artefacts)
    name = path.name if path.name in opened.artefacts or len(names) != 1 else names[0]
    return name, mapping(opened.artefacts.get(name))


def unsigned_sign_offs(path: Path, covering: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """The sign-offs in a signed notebook that none of its signatures covers as they are."""
    if not covering or path.suffix.lower() != ".ipynb":
        return []
    try:
        own = mapping(read_notebook(path)["metadata"].get("synthnb"))
    except (SynthnbError, OSError):  # said where the notebook itself is checked
        return []
    open_ones = []
    for entry in readable_entries(own):
        if entry["kind"] == "sign-off" and not any(mapping(one.get("noted")).get(entry["id"]) == digest(entry) for one in covering):
            open_ones.append(f"sign-off of {plain(str(mapping(entry.get('detail')).get('reviewer')))[:80]}")
    return [Finding(what, "unsigned", "No signature covers it: whoever can write the file may have entered it.") for what in open_ones]


def _first(names: Any) -> str:
    listed: Sequence[str] = list(names)
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    return (", ".join(map(plain, listed[:3])) or "none") + more
