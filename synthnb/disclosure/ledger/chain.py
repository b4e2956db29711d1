"""The chain of the ledger's lines: what seals one, and what a break in it looks like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from synthnb._canonical import digest
from synthnb.disclosure.folding import Entry, digest_is_right, is_readable
from synthnb.disclosure.reading import parse_json

__all__ = ["Head", "Line", "problems", "seal", "spans"]

_MOST_SPANS = 6


class Head(NamedTuple):
    """How far the ledger had come."""

    lines: int
    """The last line's number; 0 for an empty ledger."""
    digest: str
    """The last line's digest; empty for an empty ledger."""


class Line(NamedTuple):
    """One line of the ledger."""

    number: int
    """Its place, from 1."""
    id: str
    """The entry's id, by which it is looked up."""
    written: str
    """When it was written, in UTC."""
    entry: str
    """The entry in canonical JSON."""
    previous: str
    """The digest of the line before; empty for the first."""
    digest: str
    """The digest of number, time, entry and ``previous``."""

    def read(self) -> Entry | None:
        """The entry; None if it can't be read."""
        try:
            entry = parse_json(self.entry)
        except ValueError:
            return None
        return entry if is_readable(entry) else None

    def problem(self) -> str:
        """What is wrong with the line by itself; empty if nothing is."""
        if self.digest != seal(self.number, self.written, self.entry, self.previous):
            return f"Line {self.number} was changed after it was written."
        entry = self.read()
        if entry is None or not digest_is_right(entry):
            return f"Line {self.number} holds no readable entry, or one that doesn't match its own digest."
        return "" if self.id == entry["id"] else f"Line {self.number} was changed: it is filed under the id of another entry."


def seal(number: int, written: str, entry: str, previous: str) -> str:
    """Return a line's digest: SHA-256 over the canonical JSON (RFC 8785) of these four."""
    return digest({"number": number, "written": written, "entry": entry, "previous": previous})


def problems(lines: Iterable[Line]) -> list[str]:
    """Return a sentence for every line that was changed, removed or slipped in; lines come by their numbers."""
    found, previous, expected = [], "", 1
    for line in lines:
        if line.number != expected:
            found.append(f"{_missing(expected, line.number)}: line {line.number} follows line {expected - 1}.")
        elif line.previous != previous:
            found.append(f"Line {line.number} doesn't continue line {line.number - 1}.")
        if problem := line.problem():
            found.append(problem)
        previous, expected = line.digest, line.number + 1
    return found


def _missing(first: int, following: int) -> str:
    return f"Line {first} is missing" if following - first <= 1 else f"Lines {first} to {following - 1} are missing"


def spans(numbers: Iterable[int]) -> str:
    """Numbers in words: ``1 to 40, 52 and 60 to 99``."""
    said = [f"{first}" if first == last else f"{first} to {last}" for first, last in _runs(sorted(set(numbers)))]
    if len(said) > _MOST_SPANS:
        said = [*said[:_MOST_SPANS], f"{len(said) - _MOST_SPANS} more stretches"]
    return " and ".join(filter(None, [", ".join(said[:-1]), said[-1]])) if said else "none"


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    start = 0
    for at, number in enumerate(numbers):
        if at + 1 == len(numbers) or numbers[at + 1] != number + 1:
            yield numbers[start], number
            start = at + 1
