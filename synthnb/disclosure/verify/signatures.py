"""Signatures beside what they are about: whether they are right, whose they are, and what changed since."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._clock import utc_now
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain
from synthnb.disclosure.signing import SUFFIX, Opened, open_envelope
from synthnb.disclosure.verify.findings import Finding, cant_be_read
from synthnb.disclosure.verify.since import changes_since
from synthnb.errors import MissingExtraError, SynthnbError

if TYPE_CHECKING:
    from synthnb.disclosure.signing_keys import PublicKey

__all__ = ["Trust", "check_signatures", "is_signature", "open_signature", "places_of", "who_signed"]

_LARGEST = 256 << 20
_ANOTHER = re.compile(r"\.[0-9a-f]{8}")
"""What stands between a file's name and the suffix if it was signed with several keys."""
_NOT_RIGHT = "No key that is known here, nor the one it names, made it: it was altered, or made by another key."
_LAID_OUT = "Its file isn't laid out as it was written; what it states and the signature are intact."


@dataclass(frozen=True)
class Trust:
    """The keys that are known where the check runs."""

    keys: tuple[PublicKey, ...] = ()
    """Each with its owner and who says so."""
    only_these: bool = False
    """Whether others don't count."""


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


def check_signatures(path: Path, trust: Trust) -> tuple[list[Finding], bool]:
    """Return what the signatures of a file come to, and whether one of them is right and known enough."""
    found: list[Finding] = []
    signed = False
    for place in places_of(path):
        what = "signature" if place.name == path.name + SUFFIX else f"signature {plain(place.name)}"
        opened = open_signature(place, what)
        if isinstance(opened, Finding):
            found.append(opened)
            continue
        findings, right = who_signed(opened, trust, what)
        found += findings
        signed = signed or (right and all(finding.ok for finding in findings))
        if right:
            found += _about(path, opened, what)
    return found, signed


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


def who_signed(opened: Opened, trust: Trust, what: str) -> tuple[list[Finding], bool]:
    """Return whether a signature is right and whose it is, and whether what it states may be relied on as stated by that key."""
    known, own = opened.signed_by(trust.keys), opened.own_key
    key = known or (opened.signed_by([own]) if own else None)
    if key is None:
        return [
            Finding(what, "changed", "No key that is known here, nor the one it names, made it: it was altered, or made by another key.")
        ], False
    signer, when = mapping(opened.predicate.get("signer")), plain(str(opened.predicate.get("signed")))
    named = f"“{plain(str(signer['name']))}”" if signer.get("name") else "nobody by name"
    role = " as reviewer" if signer.get("role") == "reviewer" else ""
    if known is None and trust.only_these:
        return [Finding(what, "unsigned", f"It is signed by key {key.fingerprint}, not by a key that was given.")], False
    if known is None:
        said = f"Signed{role} by key {key.fingerprint}, whose owner isn't known here. It names {named} and says {when}"
    else:
        said = f"Signed{role} by {plain(key.owner)} (key {key.fingerprint}, {key.source}). It names {named} and says {when}"
    found = [Finding(what, "ok", said)]
    until = opened.predicate.get("valid_until")
    if until and str(until) < utc_now()[:10]:
        found = [Finding(what, "outdated", f"{said}. It was to count until {plain(str(until))}.")]
    if not opened.exact:
        found.append(Finding(what, "reformatted", _LAID_OUT))
    return found, True


def _about(path: Path, opened: Opened, what: str) -> Iterator[Finding]:
    """What a right signature says about this file."""
    name = path.name
    manifest = opened.artefacts.get(name)
    if manifest is None and len(opened.artefacts) == 1:
        (name,) = opened.artefacts
        manifest = opened.artefacts[name]
    if manifest is None or opened.subjects.get(name) != mapping(manifest).get("sha256"):
        yield Finding(what, "changed", f"It is about other files than {plain(path.name)}: {_first(opened.subjects)}.")
        return
    try:
        found = list(changes_since(path, mapping(manifest)))
    except (SynthnbError, OSError) as error:
        yield cant_be_read(plain(path.name), error)
        return
    if name != path.name:
        same = all(finding.ok for finding in found)
        said = ", which had this content" if same else ", not about this file."
        yield Finding(what, "ok" if same else "changed", f"It is about {plain(name)}{said}")
    yield from found


def _first(names: Any) -> str:
    listed: Sequence[str] = list(names)
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    return (", ".join(map(plain, listed[:3])) or "none") + more
