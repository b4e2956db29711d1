"""The corpus as the planning sees it: chunks, their key phrases and topics, and sentences that can stand as evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from synthnb._novelty import words
from synthnb.engines.corpus.chunks import Chunk, Passage
from synthnb.engines.corpus.concepts import Concepts, CountedConcepts, key_of
from synthnb.engines.corpus.sentences import Sentence, content_words, is_prose

if TYPE_CHECKING:
    from synthnb.engines.corpus.documents import Corpus

__all__ = ["Passages"]


class Passages:
    """Chunks of a corpus, and what is known of each.

    Parameters
    ----------
    corpus : Corpus
        The documents.
    chunks : sequence of Chunk
        Where they were cut.
    """

    def __init__(self, corpus: Corpus, chunks: Sequence[Chunk]) -> None:
        self.corpus = corpus
        self.chunks = list(chunks)
        self.named: dict[int, Concepts] = {}
        """Concepts that a model named, by chunk; the others' are counted."""
        self._by_counting: dict[int, Concepts] = {}
        self._prose: dict[int, list[Passage]] = {}

    def text(self, chunk: int) -> str:
        """The text of a chunk."""
        found = self.chunks[chunk]
        return self.corpus.documents[found.document].text[found.start : found.end]

    def slice(self, passage: Passage) -> str:
        """The text of a passage."""
        return self.corpus.documents[passage.document].text[passage.start : passage.end]

    def name(self, chunk: int) -> str:
        """The name of a chunk's document."""
        return self.corpus.documents[self.chunks[chunk].document].name

    @cached_property
    def counted(self) -> CountedConcepts:
        """Key phrases by counting."""
        return CountedConcepts([self.text(chunk.number) for chunk in self.chunks])

    def concepts(self, chunk: int) -> Concepts:
        """What a chunk is about: as a model named it, else by counting."""
        if chunk in self.named:
            return self.named[chunk]
        if chunk not in self._by_counting:
            self._by_counting[chunk] = self.counted.of(chunk)
        return self._by_counting[chunk]

    def prose(self, chunk: int) -> list[Passage]:
        """Sentences of a chunk that can stand as evidence, the most telling first.

        A sentence's score is the sum of its key phrases' scores over the square root of its words: many rare phrases, few other words.
        """
        if chunk not in self._prose:
            here = self.chunks[chunk]
            found = [self._passage(here, sentence) for sentence in here.sentences]
            fit = [passage for passage in found if is_prose(self.slice(passage))]
            self._prose[chunk] = sorted(fit, key=lambda passage: (-self._telling(passage), passage.start))
        return self._prose[chunk]

    def originals(self, chunk: int) -> list[tuple[str, Passage]]:
        """Questions that a chunk asks itself, each with the sentence after it, where that can stand as evidence."""
        here = self.chunks[chunk]
        found = []
        for sentence, following in pairwise(here.sentences):
            asked = " ".join(self.slice(self._passage(here, sentence)).split())
            answer = self._passage(here, following)
            if asked.endswith(("?", "？", "؟")) and len(words(asked)) >= 4 and is_prose(self.slice(answer)):
                found.append((asked, answer))
        return found

    def window(self, passage: Passage, characters: int = 600) -> str:
        """A passage with the whole sentences around it, within so many characters to each side."""
        text = self.corpus.documents[passage.document].text
        start, end = max(0, passage.start - characters), min(len(text), passage.end + characters)
        before = text.rfind("\n\n", start, passage.start)
        after = text.find("\n\n", passage.end, end)
        return text[before + 2 if before >= 0 else start : after if after >= 0 else end].strip()

    def points_to(self, question: str, passage: Passage, chunk: int) -> bool:
        """Whether a question shares more with a passage than with any other sentence of its chunk.

        What it shares with a sentence is the sum of ln(1 + S / s) over the content words in both, each of them in s
        of the chunk's S sentences.
        """
        here = self.chunks[chunk]
        held = [(sentence.start, set(content_words(self.slice(self._passage(here, sentence))))) for sentence in here.sentences]
        asked = {word: sum(word in words_of for _, words_of in held) for word in set(content_words(question))}
        shared = {start: sum(math.log1p(len(held) / asked[word]) for word in sorted(words_of & asked.keys())) for start, words_of in held}
        own = shared.pop(passage.start, 0.0)
        return own > max(shared.values(), default=0.0)

    def holds(self, passage: Passage, keys: frozenset[str]) -> int:
        """How many concepts, as `key_of` spells them, occur in a passage."""
        said = key_of(self.slice(passage))
        return sum(key in said for key in keys)

    def _passage(self, chunk: Chunk, sentence: Sentence) -> Passage:
        return Passage(chunk.document, sentence.start, sentence.end)

    def _telling(self, passage: Passage) -> float:
        said = self.slice(passage)
        return self.counted.telling(said) / math.sqrt(len(words(said)) or 1)
