"""Passages of documents that fit a model's context, cut between paragraphs and sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from synthnb.engines.corpus.sentences import Sentence, estimate_tokens, find_sentences
from synthnb.errors import OptionError, shown
from synthnb.models.base import LARGEST_CONTEXT, ModelInfo

if TYPE_CHECKING:
    from synthnb.engines.corpus.documents import Document

__all__ = ["Chunk", "Passage", "cut", "room_for_text"]

MOST_TOKENS = 3000
"""Tokens of a chunk at most, however large the context: of longer texts models make little of the middle."""

LEAST_TOKENS = 100
"""A smaller chunk holds no thought."""

_PART_OF_CONTEXT = 0.9  # what a tokenizer takes is estimated


class Passage(NamedTuple):
    """A slice of a document."""

    document: int
    """Number of the document in the corpus."""
    start: int
    """Offset of its first character in the document's text."""
    end: int
    """Offset after its last one."""


@dataclass(frozen=True)
class Chunk:
    """A passage that a question is asked about."""

    number: int
    """Its number in the corpus, from 0."""
    document: int
    """Number of its document in the corpus."""
    within: int
    """Its number in the document, from 0."""
    start: int
    """Offset of its first character in the document's text."""
    end: int
    """Offset after its last one."""
    tokens: int
    """Tokens, estimated."""
    sentences: tuple[Sentence, ...]
    """Its sentences, with offsets into the document."""


def room_for_text(info: ModelInfo, *, prompt: int, reply: int, asked: int | None = None, shares: int = 1) -> int:
    """Tokens that a chunk may have: what prompt and reply leave of the model's context.

    Parameters
    ----------
    info : ModelInfo
        The model; one whose context isn't known is taken to read 4,096 tokens.
    prompt, reply : int
        Tokens that the prompt takes without the text, and the longest reply.
    asked : int, optional
        What the user wants; at most 3,000 where nothing is said.
    shares : int
        Chunks that stand in one prompt.

    Raises
    ------
    OptionError
        The context leaves no room for a passage, or less than was asked for.
    """
    context = info.context or LARGEST_CONTEXT
    room = int((context * _PART_OF_CONTEXT - prompt - reply) / shares)
    if room < LEAST_TOKENS:
        raise OptionError(
            f"A passage needs at least {LEAST_TOKENS} tokens; the {context:,} that {info.id} reads leave {max(room, 0)}.",
            fix="Choose a model with a larger context, or ask for shorter replies (max_tokens).",
        )
    if asked is None:
        return min(room, MOST_TOKENS)
    if not _whole(asked, LEAST_TOKENS, room):
        raise OptionError(
            f"chunk_tokens must be from {LEAST_TOKENS} to {room:,}, which is what {info.id} has room for; got {shown(asked)}.",
            fix="Choose one in that range.",
        )
    return asked


def cut(documents: Sequence[Document], tokens: int, *, overlap: int = 0) -> list[Chunk]:
    """Cut documents into chunks of about equal length, none with more than ``tokens`` tokens.

    A document that takes n times as many tokens gives n chunks, or a few more. They end after a sentence, after a
    paragraph where one ends within the last quarter; a sentence that is longer than a chunk is cut between words.

    Parameters
    ----------
    documents : sequence of Document
        The documents.
    tokens : int
        Most tokens of a chunk, as `estimate_tokens` counts them.
    overlap : int
        Tokens at the end of a chunk that the next one repeats, in whole sentences; below half of ``tokens``.
    """
    if not _whole(overlap, 0, tokens // 2):
        raise OptionError(f"overlap must be from 0 to {tokens // 2:,}, half of a chunk; got {shown(overlap)}.", fix="Choose less.")
    chunks: list[Chunk] = []
    for number, document in enumerate(documents):
        for within, group in enumerate(_groups(document.text, tokens, overlap)):
            start, end = group[0].start, group[-1].end
            chunks.append(Chunk(len(chunks), number, within, start, end, estimate_tokens(document.text[start:end]), tuple(group)))
    return chunks


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _groups(text: str, tokens: int, overlap: int) -> Iterator[list[Sentence]]:
    sentences = [piece for sentence in find_sentences(text) for piece in _short(text, sentence, tokens)]
    costs = [estimate_tokens(text[here.start : there.start]) for here, there in pairwise(sentences)]
    costs.append(estimate_tokens(text[sentences[-1].start : sentences[-1].end]) if sentences else 0)
    target = sum(costs) / max(1, math.ceil(sum(costs) / tokens))
    first, total = 0, 0
    for place, cost in enumerate(costs):
        full = total + cost > tokens
        if place > first and (full or (total >= 0.75 * target and sentences[place].opens and total + cost > target)):
            yield sentences[first:place]
            first = _back(costs, first, place, overlap)
            total = sum(costs[first:place])
            while first < place and total + cost > tokens:
                total -= costs[first]
                first += 1
        total += cost
    if sentences:
        yield sentences[first:]


def _back(costs: Sequence[int], first: int, place: int, overlap: int) -> int:
    """Where the next chunk begins, so that it repeats at most ``overlap`` tokens and not the whole chunk."""
    start, repeated = place, 0
    while start - 1 > first and repeated + costs[start - 1] <= overlap:
        start -= 1
        repeated += costs[start]
    return start


def _short(text: str, sentence: Sentence, tokens: int) -> Iterator[Sentence]:
    """The sentence, cut between words, or within one that is too long by itself, into pieces that fit."""
    start, opens = sentence.start, sentence.opens
    while not _fits(text, start, sentence.end, tokens):
        size = _longest(text, start, sentence.end, tokens)
        gap = max(text.rfind(" ", start + size // 2, start + size), text.rfind("\n", start + size // 2, start + size))
        stop = gap if gap > start else start + size
        yield Sentence(start, stop, opens)
        start, opens = stop + (gap > start), False
    if start < sentence.end:
        yield Sentence(start, sentence.end, opens)


def _fits(text: str, start: int, end: int, tokens: int) -> bool:
    """Whether a slice has at most so many tokens; no character counts less than a third, so a long one needn't be read."""
    return end - start <= 3 * tokens and estimate_tokens(text[start:end]) <= tokens


def _longest(text: str, start: int, end: int, tokens: int) -> int:
    """The most characters from ``start`` on that fit, by halving; at least one."""
    low, high = 1, min(end - start, 3 * tokens)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if estimate_tokens(text[start : start + middle]) <= tokens else (low, middle - 1)
    return low
