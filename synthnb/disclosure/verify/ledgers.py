"""A ledger: its chain, and whether it holds a notebook's entries as the notebook does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from synthnb.disclosure.folding import same
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain
from synthnb.disclosure.verify.findings import Finding
from synthnb.disclosure.verify.records import MOST_LINES
from synthnb.errors import StorageError

__all__ = ["check_ledger", "check_ledger_beside"]

_AHEAD = "It has later lines that aren't in this notebook, as if an earlier version had been put back, about"
_ELSEWHERE = "the notebook was made in another folder, or the ledger was begun anew."


def check_ledger_beside(entries: list[dict[str, Any]], folder: Path, notebook: str) -> Iterator[Finding]:
    """Check the ledger in a notebook's folder, if there is one."""
    from synthnb.config import get_config

    path = folder / get_config().ledger
    if get_config().ledger != "off" and path.is_file():
        yield check_ledger(path, entries, notebook)


def check_ledger(path: Path, entries: list[dict[str, Any]], notebook: str = "") -> Finding:
    """Check a ledger's chain, a notebook's entries against its lines, and its later lines about that notebook against its entries."""
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
    if later := _later(lines, {entry["id"] for entry in entries}, notebook):
        return Finding("ledger", "outdated", f"{_AHEAD} {plain(notebook)[:80]}: {', '.join(later[:MOST_LINES])}.")
    there = sum(entry["id"] in lines for entry in entries)
    among = f", {there} of {len(entries)} entries among them" if entries else ""
    return Finding("ledger", "ok", " ".join([f"{len(lines)} lines in an unbroken chain{among}", *(f"({said})" for said in apart)]))


def _later(lines: dict[str, dict[str, Any]], known: set[str], notebook: str) -> list[str]:
    """The lines about a notebook, after the last one that it holds, that it doesn't hold; opt-outs are never among its entries."""
    names = list(lines)
    last = max((place for place, name in enumerate(names) if name in known), default=len(names))
    after = [lines[name] for name in names[last + 1 :] if lines[name]["kind"] != "opt-out"]
    return [plain(entry["id"])[:80] for entry in after if notebook and mapping(entry.get("detail")).get("notebook") == notebook]
