"""The ledger's lines in a crate: each by itself, in a row, and against the record's entries."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from synthnb.disclosure.crates.parts import LEDGER
from synthnb.disclosure.crates.unpacked import LARGEST
from synthnb.disclosure.folding import is_readable, same
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.render import plain
from synthnb.disclosure.verify.findings import Finding
from synthnb.errors import NotebookError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from synthnb.disclosure.crates.unpacked import Crate
    from synthnb.disclosure.folding import Entry
    from synthnb.disclosure.ledger import Line

__all__ = ["check_lines"]

_WHAT = f"{LEDGER}: lines"
_MOST_LISTED = 4


def check_lines(crate: Crate, record: Mapping[str, Any]) -> Iterator[Finding]:
    """Check the lines of a crate's ledger, and say which entries have none.

    Lines between them may be other notebooks' and aren't in the crate. An entry without a line is
    missing where the ledger shows that it had one: it was made between two lines that don't follow each other, or it
    names a line of this ledger that was there before it.
    """
    from synthnb.disclosure.ledger import Line

    try:
        text = crate.opened.read(LEDGER, most=LARGEST).decode()
        lines = [Line(**json.loads(line)) for line in text.splitlines()]
        entries = [entry for entry in record["entries"] if is_readable(entry)]
        known = {entry["id"]: entry for entry in entries}
        said = [problem for line in lines if (problem := line.problem())] + list(_out_of_row(lines))
        said += [f"{plain(line.id)} is another entry there." for line in lines if not same(known.get(line.id), line.read())]
        told = {line.id for line in lines}
        bare = [entry for entry in entries if entry["id"] not in told and entry["kind"] != "override"]
        said += [f"The line of {plain(entry['id'])} was removed." for entry in bare if _had_one(entry, lines)]
        said += list(_other_ledger(entries, lines))
    except (ValueError, TypeError, AttributeError, NotebookError, RecursionError) as error:
        yield Finding(LEDGER, "unreadable", f"It can't be read: {plain(str(error))}.")
        return
    if said or not lines:
        yield Finding(_WHAT, "changed", " ".join(said[:_MOST_LISTED]) or "Its lines were removed: it holds none.")
        return
    yield Finding(_WHAT, "ok", f"{len(lines)} lines, each as it was sealed, with the record's entries")
    if bare:
        named = ", ".join(plain(entry["id"]) for entry in bare[:_MOST_LISTED])
        yield Finding(f"{LEDGER}: entries", "not looked at", f"{len(bare)} of {len(entries)} entries have no line there: {named}.")


def _out_of_row(lines: Sequence[Line]) -> Iterator[str]:
    """Lines that come twice or too early, or that don't continue the one before them."""
    for one, other in itertools.pairwise(lines):
        if other.number <= one.number:
            yield f"Line {other.number} stands after line {one.number}."
        elif other.number == one.number + 1 and other.previous != one.digest:
            yield f"Line {other.number} doesn't continue line {one.number}."


def _had_one(entry: Entry, lines: Sequence[Line]) -> bool:
    """Whether the other lines show that an entry had a line."""
    gap = any(
        one.number + 1 < other.number and one.written <= entry["created"] <= other.written for one, other in itertools.pairwise(lines)
    )
    number, digest = _cited(entry)
    return gap or any((line.number, line.digest) == (number, digest) for line in lines)


def _other_ledger(entries: Sequence[Entry], lines: Sequence[Line]) -> Iterator[str]:
    """Exports that name the ledger's last line before them, where that line is another one here."""
    by_number = {line.number: line for line in lines}
    told = {line.id for line in lines}
    for entry in entries:
        number, digest = _cited(entry)
        if entry["id"] in told and isinstance(number, int) and number in by_number and by_number[number].digest != digest:
            yield f"Line {number} isn't the one that {plain(entry['id'])} names."


def _cited(entry: Entry) -> tuple[Any, Any]:
    """The number and the digest of the ledger's last line when a file was exported."""
    found = mapping(mapping(entry.get("detail")).get("ledger"))
    return found.get("lines"), found.get("digest")
