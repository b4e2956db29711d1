"""The files that go into a crate, each with its place, its digest and what it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from synthnb._canonical import digest_file
from synthnb.disclosure.crates.datafiles import media_of
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "LEDGER",
    "MANIFEST",
    "METADATA",
    "PREVIEW",
    "PROV",
    "PROV_PICTURE",
    "README",
    "RECORD",
    "Part",
    "check_places",
    "part_of_bytes",
    "part_of_file",
]

METADATA = "ro-crate-metadata.json"
"""The crate's metadata, as RO-Crate names it."""
PREVIEW = "ro-crate-preview.html"
"""The crate's page for readers, as RO-Crate names it."""
README = "README.md"
"""How to verify the crate, for whoever opens it."""
MANIFEST = "manifest-sha256.txt"
"""The digest of every other file, in the form that ``sha256sum --check`` reads."""
RECORD = "disclosure/record.json"
"""The whole record."""
PROV = "disclosure/provenance.json"
"""The provenance as PROV-JSON."""
PROV_PICTURE = "disclosure/provenance.svg"
"""The provenance as a picture."""
LEDGER = "disclosure/ledger.jsonl"
"""The ledger's lines about the record."""
_OURS = {METADATA, PREVIEW, README, MANIFEST}


@dataclass(frozen=True)
class Part:
    """One file of a crate."""

    place: str
    """Where it is in the crate, with slashes."""
    content: bytes | Path
    """Its bytes, or the file that holds them."""
    sha256: str
    """Its digest in hexadecimal digits."""
    size: int
    """Its bytes, counted."""
    media: str
    """Its media type."""
    what: str
    """What it is, in a sentence."""
    maker: str = ""
    """The id of the entry of which it is the result, if it isn't made by packing."""
    about: str = ""
    """The digest by which the record knows what it holds."""


def part_of_bytes(place: str, content: bytes, what: str, *, media: str = "") -> Part:
    """A part with content made here."""
    return Part(place, content, hashlib.sha256(content).hexdigest(), len(content), media or media_of(place), what)


def part_of_file(place: str, file: Path, what: str, *, maker: str = "", about: str = "") -> Part:
    """A part with the content of a file that exists."""
    return Part(place, file, digest_file(file).removeprefix("sha256:"), file.stat().st_size, media_of(place), what, maker, about)


def check_places(parts: Iterable[Part]) -> None:
    """Refuse two files in one place, and places that some systems can't hold or that lead out of a folder.

    Raises
    ------
    OptionError
        Places clash or aren't safe; the message names all of them.
    """
    taken: dict[str, str] = {}
    wrong: list[str] = []
    for part in parts:
        if not is_safe(part.place) or (part.place in _OURS and isinstance(part.content, Path)):
            wrong.append(part.place)
        elif part.place.casefold() in taken:
            wrong.append(f"{part.place} beside {taken[part.place.casefold()]}")
        taken[part.place.casefold()] = part.place
    if wrong:
        raise OptionError(
            f"Files with plain names of their own were expected; got {', '.join(map(shown, wrong))}.", fix="Export them under other names."
        )


def is_safe(place: str) -> bool:
    """Whether a place stays inside the folder that a crate is unpacked into, on every system."""
    if (
        not place
        or len(place) > 400
        or "\\" in place
        or ":" in place
        or any(ord(sign) < 32 or 0xD800 <= ord(sign) < 0xE000 for sign in place)
    ):
        return False
    steps = place.split("/")
    return not PurePosixPath(place).is_absolute() and all(step not in {"", ".", ".."} and step == step.strip() for step in steps)
