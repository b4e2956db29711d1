"""The code of the cells that ran: whether it is, letter for letter, what their entries say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from synthnb.disclosure.notebook import content_digest, entries_of, source_of
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.verify.findings import Finding, Status

__all__ = ["check_code"]

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ONLY_OURS = re.compile(r"\s*%{1,2}synth\b[^\n]*\s*|\s*%%synth\b.*", re.DOTALL)
"""Cells that no formatter touches."""


def check_code(cells: list[object]) -> Iterator[Finding]:
    """Compare the source of each cell that made something with the digest of the code that ran.

    An entry may be shown by several cells; the one that ran is the one it matches.
    """
    carrying: dict[str, list[int]] = {}
    wanted: dict[str, str] = {}
    for index, cell in enumerate(cells):
        for entry in entries_of(cell)[0]:
            if (digest := _code_of(entry)) is not None:
                carrying.setdefault(entry["id"], []).append(index)
                wanted[entry["id"]] = digest
    edited = {places[0] for name, places in carrying.items() if all(_source_digest(cells[place]) != wanted[name] for place in places)}
    for place in sorted(edited):
        ours = _ONLY_OURS.fullmatch(source_of(mapping(cells[place])))
        said = "it was edited since" if ours else "it was edited or formatted since, which a signature would tell apart"
        status: Status = "changed" if ours else "reformatted"
        yield Finding(f"code of cell {place + 1}", status, f"It isn't, letter for letter, the code that ran: {said}.")
    if carrying and not edited:
        yield Finding("code", "ok", f"The cells behind {len(carrying)} entries hold the code that ran")


def _code_of(entry: Mapping[str, Any]) -> str | None:
    said = mapping(entry.get("fields")).get("codeDigest")
    found = _DIGEST.search(said) if isinstance(said, str) else None
    return found[0] if found else None


def _source_digest(cell: object) -> str | None:
    return content_digest(source_of(mapping(cell)))
