"""The longest run of words that a text shares with any of many others, exactly and in bounded memory.

::

    words of both ──► numbers, a number of its own after each text
                        │  runs of 1, 2, 4, 8 … words are named: equal runs, equal names (Karp, Miller & Rosenberg 1972)
                        ▼
    order of all endings ──► for each place of a text, the nearest place of another text on either side
                        │  how far the two agree, by names from long to short
                        ▼
    the longest, for each text

Karp, Miller and Rosenberg (1972), doi 10.1145/800152.804905; Manber and Myers (1993), doi 10.1137/0222058.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from synthnb.evaluation.base import Clock

__all__ = ["longest_runs"]

Array = NDArray[Any]
Words = Sequence[Sequence[str]]

_BLOCK = 500_000


def longest_runs(texts: Words, others: Words, clock: Clock, *, themselves: bool = False, block: int = _BLOCK) -> Array:
    """How many words the longest run has that stands in a text and in any of the others, for each text.

    Parameters
    ----------
    texts, others : sequence of sequence of str
        Words of each text.
    clock : Clock
        Stops it when its time is up.
    themselves : bool
        The others are the texts: each is compared with all but itself.
    block : int
        Words of either side held at once; memory grows with it.

    Examples
    --------
    >>> from synthnb.evaluation.base import Clock
    >>> longest_runs([["a", "b", "c"], ["d"]], [["x", "b", "c", "y"]], Clock()).tolist()
    [2, 0]
    """
    found = np.zeros(len(texts), dtype=np.int64)
    for mine in _blocks(texts, block):
        for theirs in _blocks(others, block):
            clock.check()
            here = _longest([texts[i] for i in mine], [others[i] for i in theirs], (mine, theirs) if themselves else None)
            found[mine] = np.maximum(found[mine], here)
    return found


def _blocks(texts: Words, most: int) -> Iterator[list[int]]:
    """Numbers of texts, together at most so many words unless a single text has more."""
    held: list[int] = []
    total = 0
    for i, text in enumerate(texts):
        if held and total + len(text) > most:
            yield held
            held, total = [], 0
        held.append(i)
        total += len(text)
    if held:
        yield held


def _longest(mine: Words, theirs: Words, owners: tuple[list[int], list[int]] | None) -> Array:
    whole = [*mine, *theirs]
    sizes = np.array([len(text) + 1 for text in whole])
    text_of = np.repeat(np.arange(len(whole)), sizes)
    names = _named(_numbers(whole, sizes), int(sizes.max()))
    order = np.argsort(names[-1], kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    owner = np.arange(len(whole)) if owners is None else np.array([*owners[0], *owners[1]])
    own = np.flatnonzero(text_of < len(mine))
    best = np.zeros(len(own), dtype=np.int64)
    for neighbours in _neighbours(order, place, text_of, owner, own, len(mine)):
        here = neighbours >= 0
        best[here] = np.maximum(best[here], _agreement(names, own[here], neighbours[here]))
    made = np.zeros(len(mine), dtype=np.int64)
    np.maximum.at(made, text_of[own], best)
    return made


def _numbers(texts: Words, sizes: Array) -> Array:
    """One number per word, and one of its own at the end of each text."""
    known: dict[str, int] = {}
    out = np.empty(int(sizes.sum()), dtype=np.int64)
    at = 0
    for i, text in enumerate(texts):
        out[at : at + len(text)] = [known.setdefault(word, len(known)) for word in text]
        out[at + len(text)] = -i - 1
        at += len(text) + 1
    return out + len(texts)


def _named(numbers: Array, longest: int) -> list[Array]:
    """Names of the runs of 1, 2, 4 … words that begin at each place, in their order, until each is different."""
    names = [np.unique(numbers, return_inverse=True)[1].astype(np.int32)]
    length = 1
    while length < longest and int(names[-1].max()) + 1 < len(numbers):
        present = names[-1].astype(np.int64)
        after = np.concatenate([present[length:] + 1, np.zeros(min(length, len(present)), dtype=np.int64)])
        names.append(np.unique(present * (len(numbers) + 1) + after, return_inverse=True)[1].astype(np.int32))
        length *= 2
    return names


def _neighbours(order: Array, place: Array, text_of: Array, owner: Array, own: Array, mine: int) -> Iterator[Array]:
    """For each own place, the nearest place of another text before and after it in the order; −1 if there is none."""
    ranks = np.flatnonzero(text_of[order] >= mine)
    places = order[ranks]
    owners = owner[text_of[places]]
    changes = np.concatenate([[True], owners[1:] != owners[:-1]])
    first = np.maximum.accumulate(np.where(changes, np.arange(len(owners)), 0))
    last = np.concatenate([first[1:][changes[1:]] - 1, [len(owners) - 1]])[np.cumsum(changes) - 1]
    at = np.searchsorted(ranks, place[own])
    mine_owner = owner[text_of[own]]
    for nearest, other in ((at - 1, first - 1), (at, last + 1)):
        inside = (nearest >= 0) & (nearest < len(ranks))
        chosen = np.where(inside, nearest, 0)
        same = owners[chosen] == mine_owner
        chosen = np.where(same, other[chosen], chosen)
        inside &= (chosen >= 0) & (chosen < len(ranks))
        yield np.where(inside, places[np.clip(chosen, 0, len(ranks) - 1)], -1)


def _agreement(names: list[Array], one: Array, other: Array) -> Array:
    """How many words are the same from two places on."""
    length = np.zeros(len(one), dtype=np.int64)
    for level in range(len(names) - 1, -1, -1):
        same = names[level][one + length] == names[level][other + length]
        length += same.astype(np.int64) << level
    return length
