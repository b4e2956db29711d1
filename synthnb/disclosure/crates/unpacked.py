"""A crate that is being checked: its files' digests and its metadata's entities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from synthnb.disclosure.reading import parse_json
from synthnb.disclosure.render import plain
from synthnb.disclosure.verify.findings import Finding
from synthnb.errors import NotebookError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from synthnb.disclosure.crates.zipping import Opened

__all__ = ["LARGEST", "Crate", "read_json"]

LARGEST = 64 << 20
"""How many bytes of a file are read at once at most."""


@dataclass(frozen=True)
class Crate:
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


def read_json(opened: Opened, place: str, digests: Mapping[str, str]) -> Any:
    """Return a file's JSON, or the finding that it can't be read."""
    if place not in digests:
        return Finding(place, "unreadable" if place in opened.places else "missing", "It isn't there, or can't be unpacked.")
    try:
        return parse_json(opened.read(place, most=LARGEST))
    except (ValueError, NotebookError) as error:
        return Finding(place, "unreadable", f"It can't be read as JSON: {plain(str(error))}.")
