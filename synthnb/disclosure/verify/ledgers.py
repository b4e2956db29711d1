"""A ledger: its chain, and whether it holds a notebook's entries as the notebook does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from synthnb.disclosure.folding import same
from synthnb.disclosure.verify.findings import Finding
from synthnb.disclosure.verify.records import MOST_LINES
from synthnb.errors import StorageError

__all__ = ["check_ledger", "check_ledger_beside"]

_ELSEWHERE = "the notebook was made in another folder, or the ledger was begun anew."


def check_ledger_beside(entries: list[dict[str, Any]], folder: Path) -> Iterator[Finding]:
    """Check the ledger in a notebook's folder, if there is one."""
    from synthnb.config import get_config

    path = folder / get_config().ledger
    if get_config().ledger != "off" and path.is_file():
        yield check_ledger(path, entries)


def check_ledger(path: Path, entries: list[dict[str, Any]]) -> Finding:
    """Check a ledger's chain, and a notebook's entries against its lines."""
    from synthnb.disclosure.ledger import Ledger

    try:
        with Ledger(path) as ledger:
            broken, lines = ledger.verify(), {entry["id"]: entry for entry in ledger.entries()}
            if entries and not broken and not any(entry["id"] in lines for entry in entries):
                return Finding("ledger", "not looked at", f"None of its {len(lines)} lines is about this: {_ELSEWHERE}")
            broken, apart = [*broken, *ledger.lacking(entries, sure=True)], ledger.lacking(entries)
    except (StorageError, ValueError) as error:
        return Finding("ledger", "unreadable", str(error))
    differing = [entry["id"] for entry in entries if entry["id"] in lines and not same(lines[entry["id"]], entry)]
    if broken or differing:
        said = [*broken, *(f"{name} is another entry there." for name in differing)]
        return Finding("ledger", "changed", " ".join(said[:MOST_LINES]))
    there = sum(entry["id"] in lines for entry in entries)
    among = f", {there} of {len(entries)} entries among them" if entries else ""
    return Finding("ledger", "ok", " ".join([f"{len(lines)} lines in an unbroken chain{among}", *(f"({said})" for said in apart)]))
