"""The digest of every file in a crate, in the form that ``sha256sum --check`` reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from synthnb.disclosure.crates.parts import MANIFEST, Part, part_of_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["manifest", "read_manifest"]

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def manifest(parts: Iterable[Part]) -> Part:
    """Return the manifest of some parts, which it doesn't list itself."""
    lines = sorted(f"{part.sha256}  {part.place}" for part in parts)
    return part_of_bytes(MANIFEST, "".join(f"{line}\n" for line in lines).encode(), "The digest of every other file", media="text/plain")


def read_manifest(data: bytes) -> dict[str, str]:
    """Return the digests by place.

    Raises
    ------
    ValueError
        A line isn't a digest, two spaces and a place, or a place stands there twice.
    """
    found: dict[str, str] = {}
    for line in data.decode("utf-8").removesuffix("\n").split("\n"):
        match = _LINE.fullmatch(line)
        if match is None or match[2] in found:
            raise ValueError(f"a line of it can't be read: {line[:80]!r}")
        found[match[2]] = match[1]
    return found
