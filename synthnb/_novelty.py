"""Whether a text is new: the same words again, nearly the same words, or long runs of another text's words.

::

    text ──► words ──► shingles (runs of 3 words) ──► signature (128 minima) ──► bands ──► candidates
                                                                                             │
    equal texts are found by their digest first             exact Jaccard decides ◄──────────┘

Signatures only propose candidates; what is reported is the exact Jaccard index. A
near text is missed with a probability below 1 in 1,000 at the threshold, and less above it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synthnb._random import generator
from synthnb.errors import OptionError, shown

__all__ = ["Grams", "Known", "Match", "MinHash", "jaccard", "longest_run", "normalised", "overlap", "shingles", "words"]

PERMUTATIONS = 128
_BLOCK = 4096
_MISSED = 0.001
# Scripts without spaces: each character counts as a word.
_ALONE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_WORD = re.compile(rf"[{_ALONE}]|(?:(?![{_ALONE}])[^\W_])+")

Hashes = npt.NDArray[np.uint64]


class Match(NamedTuple):
    """The known text that is nearest."""

    number: int
    """Its number, in the order in which texts were added."""
    jaccard: float
    """How much the two share, from the threshold to 1."""


def words(text: str) -> list[str]:
    """The words of a text, without case, punctuation and typographic variants (NFKC, case-folded)."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def normalised(text: str) -> str:
    """The words of a text, one space between them; a text without words is only stripped."""
    return " ".join(words(text)) or text.strip()


def shingles(text: str, n: int = 3) -> frozenset[str]:
    """Every run of ``n`` words in a text; a shorter text is one run, and one without words has none."""
    found = words(text)
    if len(found) <= n:
        return frozenset([" ".join(found)] if found else [])
    return frozenset(" ".join(found[i : i + n]) for i in range(len(found) - n + 1))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """|A ∩ B| / |A ∪ B|, from 0 to 1; two empty sets share nothing, which gives 0."""
    return len(one & other) / len(one | other) if one or other else 0.0


class MinHash:
    """Signatures whose share of equal entries estimates the Jaccard index of two sets (Broder 1997, doi:10.1109/SEQUEN.1997.666900).

    Parameters
    ----------
    permutations : int
        Entries of a signature; the estimate's standard error is at most ``0.5 / sqrt(permutations)``.
    seed : int
        Picks the permutations; signatures of different seeds can't be compared.
    """

    def __init__(self, permutations: int = PERMUTATIONS, *, seed: int = 1) -> None:
        self._keys: Hashes = generator(seed, "minhash").integers(0, 2**64, permutations, dtype=np.uint64)

    def signature(self, runs: Iterable[str]) -> Hashes:
        """The least hash of the runs under each permutation; all ones for no runs."""
        return self.of_hashes(_hashed(runs))

    def of_hashes(self, hashes: Hashes) -> Hashes:
        """The signature of runs given by their 64-bit hashes."""
        least = np.full(len(self._keys), np.iinfo(np.uint64).max)
        for start in range(0, len(hashes), _BLOCK):  # a megabyte of text would fill the memory at once
            mixed = _mixed(hashes[start : start + _BLOCK, None] + self._keys[None, :])
            least = np.minimum(least, mixed.min(axis=0))
        return least


class Known:
    """Texts seen so far, and which of them a further text repeats.

    Parameters
    ----------
    threshold : float
        Jaccard index of 3-word runs from which two texts count as near; above 0, at most 1.
    n : int
        Words in a run.

    Raises
    ------
    OptionError
        The threshold is outside its range.
    """

    def __init__(self, threshold: float = 0.8, *, n: int = 3) -> None:
        self.threshold = _checked(threshold)
        self._n = n
        self._minhash = MinHash()
        self._rows = _rows_of_a_band(self.threshold)
        self._exact: dict[str, int] = {}
        self._bands: dict[bytes, list[int]] = {}
        self._runs: list[frozenset[int]] = []
        self._last: tuple[str, Hashes, list[bytes]] | None = None

    def __len__(self) -> int:
        return len(self._runs)

    def nearest(self, text: str) -> Match | None:
        """The known text that is most like this one, the earliest of equals; None if none reaches the threshold."""
        same = self._exact.get(_digest(text))
        if same is not None:
            return Match(same, 1.0)
        hashes, keys = self._read(text)
        runs = frozenset(hashes.tolist())
        best: Match | None = None
        for index in sorted({index for key in keys for index in self._bands.get(key, ())}):
            alike = _alike(runs, self._runs[index])
            if alike >= self.threshold and (best is None or alike > best.jaccard):
                best = Match(index, alike)
        return best

    def add(self, text: str) -> int:
        """Remember a text, whether it is new or not, and return its number."""
        index = len(self._runs)
        self._exact.setdefault(_digest(text), index)
        hashes, keys = self._read(text)
        self._runs.append(frozenset(hashes.tolist()))
        for key in keys:
            self._bands.setdefault(key, []).append(index)
        return index

    def _read(self, text: str) -> tuple[Hashes, list[bytes]]:
        """Hashes and bands of a text; those of the last one are kept, for a text is mostly looked up and then added."""
        if self._last is None or self._last[0] != text:
            hashes = _hashed(shingles(text, self._n))
            self._last = text, hashes, self._keys(hashes)
        return self._last[1:]

    def _keys(self, hashes: Hashes) -> list[bytes]:
        if not len(hashes):
            return []
        signature = self._minhash.of_hashes(hashes)
        starts = range(0, len(signature) - self._rows + 1, self._rows)
        return [start.to_bytes(2, "big") + signature[start : start + self._rows].tobytes() for start in starts]


class Grams:
    """Runs of words that belong to somebody, such as a hold-out or a prompt.

    Parameters
    ----------
    texts : iterable of str
        Whose runs they are.
    n : int
        Words in a run; 13 is customary for benchmarks (Brown et al. 2020, arXiv 2005.14165, appendix C).
    """

    def __init__(self, texts: Iterable[str] = (), *, n: int = 13) -> None:
        self.n = n
        self._runs: set[str] = set()
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Remember a text's runs."""
        self._runs |= shingles(text, self.n)

    def share(self, text: str) -> float:
        """The share of a text's own runs that are among those known, from 0 to 1; 0 for a text without words."""
        own = shingles(text, self.n)
        return len(own & self._runs) / len(own) if own else 0.0


def overlap(text: str, others: Iterable[str], n: int = 13) -> float:
    """The share of a text's runs of ``n`` words that stand in any of the others, from 0 to 1; see `Grams` to ask often."""
    return Grams(others, n=n).share(text)


def longest_run(text: str, other: str) -> int:
    """Words in the longest run that stands in both texts."""
    return _longest(words(text), words(other))


def _longest(one: Sequence[str], other: Sequence[str]) -> int:
    """By bisection: a run of k words holds runs of every smaller length."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        there = {tuple(other[i : i + middle]) for i in range(len(other) - middle + 1)}
        if any(tuple(one[i : i + middle]) in there for i in range(len(one) - middle + 1)):
            low = middle
        else:
            high = middle - 1
    return low


def _checked(threshold: Any) -> float:
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 < threshold <= 1:
        raise OptionError(f"A threshold of likeness must be above 0 and at most 1; got {shown(threshold)}.", fix="Choose one such as 0.8.")
    return float(threshold)


def _hashed(runs: Iterable[str]) -> Hashes:
    """64 bits of each run, increasing; the same on every machine."""
    digests = [hashlib.blake2b(run.encode("utf-8", "surrogatepass"), digest_size=8).digest() for run in set(runs)]
    return np.sort(np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64))


def _mixed(values: Hashes) -> Hashes:
    """The finaliser of SplitMix64: every bit of the result depends on every bit given (Steele et al. 2014, doi:10.1145/2714064.2660195)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _rows_of_a_band(threshold: float) -> int:
    """The most entries a band may have so that a pair at the threshold is seldom missed: (1 - tʳ)^(128 / r) ≤ 0.001."""
    fits = [r for r in range(1, PERMUTATIONS + 1) if (1 - threshold**r) ** (PERMUTATIONS // r) <= _MISSED]
    return max(fits, default=1)


def _alike(one: frozenset[int], other: frozenset[int]) -> float:
    return len(one & other) / len(one | other)


def _digest(text: str) -> str:
    return hashlib.sha256(normalised(text).encode("utf-8", "surrogatepass")).hexdigest()
