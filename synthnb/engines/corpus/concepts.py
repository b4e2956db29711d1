"""Topics and key concepts of passages: as a model names them, or by counting, where a model is too weak for that.

The counted ones are runs of one to four words between stop words and punctuation (as in RAKE: Rose et al. 2010,
doi:10.1002/9780470689646.ch1), scored by

    tf · ln(1 + N / df) · mean over its words of deg(w) / freq(w)

with tf the run's frequency in the passage, df the number of the N passages it occurs in, freq(w) how often a word
occurs in runs of the corpus, and deg(w) the words in these runs. A passage's topics are those of its runs that are
most at home in the corpus: the highest by tf · ln(1 + df).
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from synthnb.engines.corpus._stopwords import STOP_WORDS
from synthnb.engines.corpus.replies import json_objects

__all__ = ["Concepts", "CountedConcepts", "key_of", "read_concepts"]

MOST_CONCEPTS = 12
"""Concepts of a passage, at most."""

MOST_TOPICS = 3
"""Topics of a passage, at most."""

_MOST_WORDS = 4
_LONGEST = 60
# A run ends at anything but one blank or line feed between two words.
_RUN = re.compile(r"(?<!\w)[^\W\d_][\w’'-]*(?:[ \n](?=[^\W\d_])[^\W\d_][\w’'-]*)*")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|(?<!\S)[^\s@]++@\S+")


@dataclass(frozen=True)
class Concepts:
    """What a passage is about."""

    topics: tuple[str, ...] = ()
    """Broad ones, the most important first."""
    concepts: tuple[str, ...] = ()
    """Particular ones, likewise."""
    by: str = "counting"
    """Who named them: ``counting`` or ``the model``."""


def key_of(name: str) -> str:
    """What two spellings of a concept have in common: case folded, one blank between words."""
    return " ".join(name.casefold().split())


class CountedConcepts:
    """Key phrases of a corpus by counting.

    Parameters
    ----------
    passages : sequence of str
        The texts of all passages.
    """

    def __init__(self, passages: Sequence[str]) -> None:
        self._runs = [list(_phrases(passage)) for passage in passages]
        self._df = Counter(key for runs in self._runs for key in {key_of(run) for run in runs})
        frequency: Counter[str] = Counter()
        degree: Counter[str] = Counter()
        for run in (run for runs in self._runs for run in runs):
            found = key_of(run).split()
            for word in found:
                frequency[word] += 1
                degree[word] += len(found)
        self._word = {word: degree[word] / count for word, count in frequency.items()}

    def of(self, number: int) -> Concepts:
        """The topics and concepts of a passage."""
        spelt: dict[str, Counter[str]] = defaultdict(Counter)
        for run in self._runs[number]:
            spelt[key_of(run)][" ".join(run.split())] += 1
        frequency = {key: forms.total() for key, forms in spelt.items()}
        names = {key: forms.most_common(1)[0][0] for key, forms in spelt.items()}
        best = sorted(frequency, key=lambda key: (-self.score(key, frequency[key]), key))
        home = sorted(frequency, key=lambda key: (-frequency[key] * math.log1p(self._df[key]), key))
        topics = home[:MOST_TOPICS]
        concepts = [key for key in best if key not in topics][:MOST_CONCEPTS]
        return Concepts(tuple(names[key] for key in topics), tuple(names[key] for key in concepts or topics))

    def score(self, key: str, frequency: int = 1) -> float:
        """How much a run, as `key_of` spells it, says about a passage in which it occurs so often."""
        found = key.split()
        rare = math.log1p(len(self._runs) / max(1, self._df[key]))
        return frequency * rare * sum(self._word.get(word, 1.0) for word in found) / len(found)

    def best_in(self, sentence: str) -> str:
        """The run of a sentence with the highest score; empty if it has none."""
        found = list(_phrases(sentence))
        return " ".join(max(found, key=lambda run: (self.score(key_of(run)), -found.index(run))).split()) if found else ""

    def telling(self, sentence: str) -> float:
        """The sum of the scores of a sentence's runs, each once."""
        return sum(self.score(key) for key in {key_of(run) for run in _phrases(sentence)})


def _phrases(text: str) -> Iterable[str]:
    """Runs of at most four words that carry meaning."""
    for match in _RUN.finditer(_ADDRESS.sub(";", text)):
        words = match.group().split()
        run: list[str] = []
        for word in [*words, ""]:
            plain = word.casefold().replace("’", "'").removesuffix("'s")
            if word and plain not in STOP_WORDS and len(plain) > 1:
                run.append(word)
                continue
            if 0 < len(run) <= _MOST_WORDS and any(len(part) > 2 for part in run):
                yield " ".join(run)
            run = []


def read_concepts(text: str) -> Concepts | None:
    """The topics and concepts that a model's reply names, or None if it names no concept.

    It is JSON with the lists ``topics`` and ``concepts``. A name is a line of at most 60 characters; doubles are left out.
    """
    for found in json_objects(text):
        concepts = _names(found.get("concepts") or found.get("key_concepts"), MOST_CONCEPTS)
        if concepts:
            return Concepts(_names(found.get("topics"), MOST_TOPICS) or concepts[:1], concepts, "the model")
    return None


def _names(value: Any, most: int) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else []
    named = {
        key_of(name): " ".join(name.split()) for name in reversed(listed) if isinstance(name, str) and 0 < len(name.strip()) <= _LONGEST
    }
    return tuple(reversed(list(named.values())))[:most]


CONCEPTS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "topics": {"type": "array", "items": {"type": "string"}},
        "concepts": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["topics", "concepts"],
    "additionalProperties": False,
}
"""The reply to a request for concepts."""
