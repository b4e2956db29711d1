"""Texts in an order of their own, their words and their sentences.

Texts are ordered by a keyed digest: a random order that depends on the seed and
on what the texts are, never on which row they stood in. So the first n of them are a
sample, and a metric of all of them doesn't change when rows do.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthnb._novelty import words
from synthnb.evaluation._encode import level_text

__all__ = ["Texts", "grams", "read_texts", "sentences"]

Array = NDArray[Any]

_HALVES = re.compile("[\ud800-\udfff]")
_STOP = re.compile(r"[.!?…。！？]+[\"'”’)\]]*(?=\s|$)|[。！？]|\n+")


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts of one column of one frame, in random order."""

    strings: tuple[str, ...]
    """The texts; half a surrogate pair is replaced by U+FFFD."""
    rows: Array
    """The row of the frame each came from."""
    missing: int = 0
    """Cells of the frame without a text."""

    def __len__(self) -> int:
        return len(self.strings)

    @cached_property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """The words of each text, without case and punctuation."""
        return tuple(tuple(words(text)) for text in self.strings)

    def take(self, numbers: Iterable[int]) -> Texts:
        """The texts of these numbers, in their order."""
        chosen = [int(i) for i in numbers]
        taken = Texts(tuple(self.strings[i] for i in chosen), self.rows[chosen] if chosen else self.rows[:0])
        if "words" in self.__dict__:
            taken.__dict__["words"] = tuple(self.words[i] for i in chosen)
        return taken

    def first(self, most: int) -> Texts:
        """That many of them: a sample."""
        return self if len(self) <= most else self.take(range(most))

    @cached_property
    def spoken(self) -> Texts:
        """Those that have a word."""
        return self.take(i for i, found in enumerate(self.words) if found)

    def halves(self) -> tuple[Texts, Texts]:
        """Two random halves."""
        middle = len(self) // 2
        return self.take(range(middle)), self.take(range(middle, len(self)))


def read_texts(cells: Sequence[Any] | Array, present: Array, *, seed: int, unit: str) -> Texts:
    """The texts of a column.

    Parameters
    ----------
    cells : sequence
        Its cells; what isn't a text is read by how it is written.
    present : array of bool
        Which of them aren't missing.
    seed : int
        Picks the order.
    unit : str
        Which frame it is, so that two frames of the same texts are ordered independently.
    """
    rows = np.flatnonzero(present)
    strings = [_HALVES.sub("\ufffd", cell if isinstance(cell, str) else level_text(cell)) for cell in (cells[int(row)] for row in rows)]
    order = _order(strings, f"{seed}\x1f{unit}".encode())
    return Texts(tuple(strings[i] for i in order), rows[order], len(cells) - len(rows))


def _order(strings: list[str], key: bytes) -> Array:
    """Numbers of the texts in the order of their digests; equal texts are told apart by how often they came before."""
    seen: dict[str, int] = {}
    keyed = []
    for text in strings:
        seen[text] = seen.get(text, 0) + 1
        keyed.append(hashlib.blake2b(f"{seen[text]}\x1f{text}".encode(), key=key, digest_size=16).digest())
    return np.array(sorted(range(len(strings)), key=keyed.__getitem__), dtype=np.intp)


def sentences(text: str) -> int:
    """How many sentences a text has: pieces with a word between full stops, question and exclamation marks, and line ends."""
    return sum(any(sign.isalnum() for sign in piece) for piece in _STOP.split(text))


def grams(found: Sequence[str], n: int) -> Iterable[tuple[str, ...]]:
    """Every run of n words."""
    return zip(*(islice(found, start, None) for start in range(n)), strict=False)
