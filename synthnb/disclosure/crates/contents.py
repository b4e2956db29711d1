"""What a crate holds as far as its record says: each file by its place, and the files that are written from the record alone.

The same functions serve whoever packs a crate and whoever checks one, so that
everything that is said about a file can be made again and compared.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from synthnb.disclosure.crates.datafiles import exported
from synthnb.disclosure.crates.parts import LEDGER, PREVIEW, PROV, PROV_PICTURE, README, RECORD, Part, part_of_bytes
from synthnb.disclosure.crates.rows import reason_for, rows_of
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain
from synthnb.disclosure.sidecar import SUFFIX as SIDECAR
from synthnb.disclosure.signing import SUFFIX as SIGNATURE
from synthnb.recipes.io import SUFFIX as RECIPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from synthnb.disclosure.crates.account import Account
    from synthnb.disclosure.folding import Entry

__all__ = ["Contents", "as_json"]

_FIXED = {
    RECORD: "The disclosure record",
    PROV: "The provenance as PROV-JSON",
    PROV_PICTURE: "The provenance as a picture",
    LEDGER: "The ledger's lines about this record",
    README: "How to verify this crate",
    PREVIEW: "This crate for readers",
}
"""What the files are that every crate may hold."""


def as_json(content: object) -> bytes:
    """JSON as it is written into crates."""
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


@dataclass(frozen=True)
class Contents:
    """What may be in the crate of a notebook."""

    account: Account
    """The record."""
    stem: str
    """The notebook's name without the ending."""
    name: str
    """The crate's file name when it was packed: a reason is for one export."""

    @property
    def notebook(self) -> str:
        """The notebook's place."""
        return f"{self.stem}.ipynb"

    @property
    def page(self) -> str:
        """The place of the notebook's page."""
        return f"{self.stem}.html"

    @cached_property
    def tables(self) -> dict[str, Entry]:
        """The exports of tables, by place."""
        return exported(self.account)

    @cached_property
    def withheld(self) -> dict[str, str]:
        """Tables with rows that aren't synthetic, and that nobody gave a reason to pack: what their rows are, by place."""
        found = {place: rows_of(self.account, mapping(entry["detail"])) for place, entry in self.tables.items()}
        return {place: rows.words() for place, rows in found.items() if not rows.are_synthetic and not self._reason(place)}

    def absent(self, places: Iterable[str]) -> list[str]:
        """Tables that the record names, that aren't withheld and aren't among these places."""
        there = set(places)
        return [plain(place) for place in self.tables if place not in there and place not in self.withheld]

    def maker(self, place: str) -> str:
        """The id of the entry of which a file is the result; empty if it is made by packing."""
        entry = self.tables.get(place) or self.tables.get(place.removesuffix(SIDECAR))
        return entry["id"] if entry else ""

    def what(self, place: str) -> str:
        """What a file is, in a sentence; empty if nothing in the record accounts for it."""
        known = _FIXED | {
            self.notebook: "The notebook with its outputs and its record",
            self.page: "The notebook as a page, with its record",
        }
        if place in known:
            return known[place]
        if place in self.tables:
            return self._table(place)
        for suffix, words in ((SIDECAR, "The record of"), (SIGNATURE, "The signature of")):
            about = place.removesuffix(suffix)
            if about != place and (about in self.tables or (suffix == SIGNATURE and about == self.notebook)):
                return f"{words} {about}"
        return "The recipe of a run" if place.endswith(RECIPE) and "/" not in place else ""

    def _table(self, place: str) -> str:
        detail = mapping(self.tables[place]["detail"])
        rows, reason = rows_of(self.account, detail), self._reason(place)
        why = f"; taken along because: {reason}" if reason and not rows.are_synthetic else ""
        name = plain(str(detail.get("name") or place))
        return f"The table “{name}”, {rows.total:,} rows" + ("" if rows.are_synthetic else f": {rows.words()}{why}")

    def _reason(self, place: str) -> str:
        return reason_for(self.account, place, export=self.name)

    def provenance(self) -> list[Part]:
        """The provenance, for programs and as a picture."""
        from synthnb.disclosure.crates.prov import prov_json
        from synthnb.disclosure.crates.prov_picture import prov_picture

        picture = f"{prov_picture(self.account)}\n".encode()
        return [
            part_of_bytes(PROV, as_json(prov_json(self.account)), _FIXED[PROV]),
            part_of_bytes(PROV_PICTURE, picture, _FIXED[PROV_PICTURE]),
        ]

    def explained(self, parts: Sequence[Part]) -> list[Part]:
        """The README and the page for readers.

        Parameters
        ----------
        parts : sequence of Part
            Every other file but the metadata and the manifest.
        """
        from synthnb.disclosure.crates.preview import preview, readme

        absent, withheld = self.absent(part.place for part in parts), {plain(place): words for place, words in self.withheld.items()}
        text = readme(self.account, notebook=self.notebook, absent=absent, withheld=withheld).encode()
        told = part_of_bytes(README, text, _FIXED[README])
        page = preview(self.account, [*parts, told], absent=absent, withheld=withheld).encode()
        return [told, part_of_bytes(PREVIEW, page, _FIXED[PREVIEW])]
