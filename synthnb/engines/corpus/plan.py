"""Which question is asked about what: units of work, one call each, that add up to the number asked for.

::

    questions ──largest remainder, by length──► chunks ──up to 5 a call──► units       levels 1 and 2
    questions ──up to 3 a walk─────────────────► walks ──two documents───► units       level 3

What a unit asks depends on the seed, its place and how often that was asked before, never on
the order in which replies arrive.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from synthnb._random import generator
from synthnb.engines.corpus.allotment import allot
from synthnb.engines.corpus.chunks import Passage
from synthnb.engines.corpus.concepts import key_of
from synthnb.engines.corpus.graph import ConceptGraph, Node, Walk
from synthnb.errors import OptionError

if TYPE_CHECKING:
    from synthnb.engines.corpus.passages import Passages
    from synthnb.engines.corpus.prompts import Mode

__all__ = ["ByChunk", "ByWalk", "Plan", "Unit"]

PER_CALL = 5
"""Questions asked for in one call about one chunk, at most."""

PER_WALK = 3
"""Questions asked for about the two documents of one walk, at most."""

_AGAIN = 2
_SUBSET = 3
_MOST_DRAWS = 25


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One call: what to ask about, and how many questions."""

    path: tuple[str | int, ...]
    """What sets its draws apart from another's."""
    place: int
    """The place its questions count for: the chunk's number, at level 3 always 0."""
    chunks: tuple[int, ...]
    """The chunk, or at level 3 one of each document."""
    count: int
    """Questions asked for."""
    concepts: tuple[str, ...] = ()
    """What they are to be about."""
    evidence: tuple[Passage, ...] = ()
    """The sentences they are to be answered by, where the program picks these."""
    begins: str = ""
    """How the part of the chunk begins that they are to be taken from; empty for all of it."""


class Plan(Protocol):
    """Says what to ask, round by round."""

    @property
    def rounds(self) -> int:
        """Rounds at most."""

    def units(self, missing: Mapping[int, int]) -> list[Unit]:
        """The units of a round, whose counts add up to what is missing, or none if nothing is left to ask.

        Parameters
        ----------
        missing : mapping of int to int
            Questions still missing by place: a chunk's number, or at level 3 always 0.
        """

    def start(self, total: int) -> dict[int, int]:
        """Questions to ask for in the first round, by place."""


@dataclass
class ByChunk:
    """Levels 1 and 2: every chunk gets its share by length; what it can't give is made up by the others."""

    passages: Passages
    seed: int
    level: int
    mode: Mode
    yielded: Counter[int] = field(default_factory=Counter)
    """Questions that each chunk gave so far."""
    rounds: int = 2 + 2 * _AGAIN

    def __post_init__(self) -> None:
        self._round = 0
        self._asked: Counter[int] = Counter()
        self._used: dict[int, Counter[Passage]] = {}
        self._order: dict[int, list[str]] = {}
        self._drawn: Counter[int] = Counter()

    def start(self, total: int) -> dict[int, int]:
        """The share of each chunk, in proportion to the characters that can be asked about."""
        weights = [self._length(chunk.number) for chunk in self.passages.chunks]
        if not any(weights):
            raise OptionError(
                "The documents hold no sentence of 6 to 45 words that could stand as evidence.",
                fix="Let the model quote them (mode='quoted'), or choose other documents.",
            )
        return {number: share for number, share in enumerate(allot(total, weights)) if share}

    def _length(self, chunk: int) -> int:
        if self.mode == "quoted":
            found = self.passages.chunks[chunk]
            return found.end - found.start
        return sum(passage.end - passage.start for passage in self.passages.prose(chunk))

    def units(self, missing: Mapping[int, int]) -> list[Unit]:
        """The same chunk is asked twice again; then those that gave something make up for the others, by length."""
        wanted = dict(missing)
        self._round += 1
        if self._round > 1 + _AGAIN:
            total = sum(missing.values())
            rich = [chunk for chunk in sorted(self.yielded) if self.yielded[chunk]]
            wanted = dict(zip(rich, allot(total, [self._length(chunk) for chunk in rich]), strict=True)) if rich else {}
        return [unit for chunk in sorted(wanted) for unit in self._of_chunk(chunk, wanted[chunk])]

    def _of_chunk(self, chunk: int, count: int) -> Iterator[Unit]:
        parts = _evenly(count, 1 if self.mode == "extractive" else PER_CALL)
        for turn, part in enumerate(parts):
            here = self.passages.chunks[chunk]
            path = ("document", self.passages.name(chunk), "chunk", here.within, "ask", self._asked[chunk])
            self._asked[chunk] += 1
            concepts = self._subset(chunk) if self.level == 2 else ()
            if self.mode == "quoted":
                begins = self._beginning(chunk, turn, len(parts)) if self.level == 1 and len(parts) > 1 else ""
                yield Unit(path=path, place=chunk, chunks=(chunk,), count=part, concepts=concepts, begins=begins)
            else:
                yield self._single(path, chunk, concepts)

    def _single(self, path: tuple[str | int, ...], chunk: int, concepts: tuple[str, ...]) -> Unit:
        """A unit for one sentence: the most telling of those used least, and of these one that holds the concepts."""
        used = self._used.setdefault(chunk, Counter())
        keys = frozenset(map(key_of, concepts))
        listed = self.passages.prose(chunk)
        least = min(used[passage] for passage in listed)
        chosen = max((passage for passage in listed if used[passage] == least), key=lambda found: self.passages.holds(found, keys))
        used[chosen] += 1
        said = self.passages.slice(chosen)
        held = tuple(name for name in concepts if key_of(name) in key_of(said))[:1]
        about = held or tuple(filter(None, [self.passages.counted.best_in(said)]))
        return Unit(path=path, place=chunk, chunks=(chunk,), count=1, concepts=about, evidence=(chosen,))

    def take_sentence(self, chunk: int, passage: Passage) -> None:
        """Count a sentence as used, since a question was asked about it already."""
        self._used.setdefault(chunk, Counter())[passage] += 1

    def _subset(self, chunk: int) -> tuple[str, ...]:
        """The next concepts of the chunk in a shuffled order: each is drawn once before any is drawn twice."""
        if chunk not in self._order:
            names = list(self.passages.concepts(chunk).concepts)
            rng = generator(self.seed, "subset", self.passages.name(chunk), self.passages.chunks[chunk].within)
            self._order[chunk] = [names[place] for place in rng.permutation(len(names))]
        order = self._order[chunk]
        size = min(_SUBSET if self.mode == "quoted" else 1, len(order))
        begin = self._drawn[chunk]
        self._drawn[chunk] += size
        return tuple(order[(begin + step) % len(order)] for step in range(size))

    def _beginning(self, chunk: int, turn: int, parts: int) -> str:
        """The first words of one of the parts that a chunk is divided into, so that calls about it differ."""
        sentences = self.passages.chunks[chunk].sentences
        first = sentences[turn * len(sentences) // parts]
        said = self.passages.slice(Passage(self.passages.chunks[chunk].document, first.start, first.end))
        return " ".join(said.split()[:8])[:80]


@dataclass
class ByWalk:
    """Level 3: concepts that a walk through the graph of all documents joins, and the two documents nearest to them."""

    passages: Passages
    seed: int
    graph: ConceptGraph
    mode: Mode
    walks: int = 0
    """Walks drawn so far."""
    rounds: int = 2 + 2 * _AGAIN

    def __post_init__(self) -> None:
        self._chunks: dict[int, list[int]] = defaultdict(list)
        for chunk in self.passages.chunks:
            if self.mode == "quoted" or self.passages.prose(chunk.number):
                self._chunks[chunk.document].append(chunk.number)

    def start(self, total: int) -> dict[int, int]:
        """All of them in one place."""
        if len(self._chunks) < 2:
            raise OptionError(
                f"Level 3 takes sentences of at least two documents; {len(self._chunks)} has one of 6 to 45 words.",
                fix="Let the model quote them (mode='quoted'), or choose other documents.",
            )
        return {0: total}

    def units(self, missing: Mapping[int, int]) -> list[Unit]:
        """As many walks as it takes; every round draws new ones."""
        return [self._unit(part) for part in _evenly(missing.get(0, 0), 1 if self.mode == "extractive" else PER_WALK)]

    def _unit(self, count: int) -> Unit:
        number = self.walks
        self.walks += 1
        walk, documents = self._walk(number)
        chunks = tuple(self._chunk(document, walk) for document in documents)
        path = ("walk", number)
        names = (*walk.topics, *walk.concepts)
        if self.mode == "quoted":
            return Unit(path=path, place=0, chunks=chunks, count=count, concepts=names)
        evidence, about = [], []
        for chunk in chunks:
            rng = generator(self.seed, *path, "sentence", chunk)
            found = self._sentence(chunk, frozenset(map(key_of, names)), int(rng.integers(1_000_000)))
            evidence.append(found)
            said = key_of(self.passages.slice(found))
            held = [name for name in names if key_of(name) in said]
            about.append(held[-1] if held else self.passages.counted.best_in(self.passages.slice(found)))
        return Unit(path=path, place=0, chunks=chunks, count=1, concepts=tuple(filter(None, about)), evidence=tuple(evidence))

    def _walk(self, number: int) -> tuple[Walk, tuple[int, int]]:
        """A walk and the two documents nearest to it; one that touches a single document is drawn again, within bounds."""
        for draw in range(_MOST_DRAWS):
            walk = self.graph.walk(generator(self.seed, "walk", number, "draw", draw))
            ranked = [document for document, _ in self.graph.nearest(walk.nodes) if document in self._chunks]
            if len(ranked) > 1:
                break
        first, second = list(dict.fromkeys([*ranked, *sorted(self._chunks)]))[:2]
        return walk, (first, second)

    def _chunk(self, document: int, walk: Walk) -> int:
        """The chunk of a document that is about most of a walk; of equals the first."""
        return max(self._chunks[document], key=lambda chunk: len(walk.nodes & nodes_of(self.passages, [chunk])))

    def _sentence(self, chunk: int, keys: frozenset[str], draw: int) -> Passage:
        """One of the chunk's sentences with most of the concepts; which of equals is drawn."""
        listed = self.passages.prose(chunk)
        most = max(self.passages.holds(passage, keys) for passage in listed)
        best = [passage for passage in listed if self.passages.holds(passage, keys) == most]
        return best[draw % len(best)]


def nodes_of(passages: Passages, chunks: Sequence[int]) -> frozenset[Node]:
    """The topics and concepts of some chunks as nodes of the graph."""
    found = [passages.concepts(chunk) for chunk in chunks]
    return frozenset(
        [Node("topic", key_of(name)) for concepts in found for name in concepts.topics]
        + [Node("concept", key_of(name)) for concepts in found for name in concepts.concepts]
    )


def graph_of(passages: Passages) -> ConceptGraph:
    """The concept graph over all documents of a corpus.

    Raises
    ------
    OptionError
        There are fewer than two documents, or no topic in any of them.
    """
    chunks: list[list[int]] = [[] for _ in passages.corpus.documents]
    for chunk in passages.chunks:
        chunks[chunk.document].append(chunk.number)
    nodes = [nodes_of(passages, listed) for listed in chunks]
    if len(nodes) < 2 or not any(nodes):
        raise OptionError(
            f"Level 3 joins concepts of at least two documents; {passages.corpus.name} has {len(nodes)}"
            f"{'' if len(nodes) < 2 else ', and no key phrase was found in them'}.",
            fix="Choose level 1 or 2, or add documents." if len(nodes) < 2 else "Let a model name the concepts (concepts='model').",
        )
    return ConceptGraph([(_names(found, "topic"), _names(found, "concept")) for found in nodes])


def _names(nodes: frozenset[Node], kind: str) -> list[str]:
    return sorted(node.name for node in nodes if node.kind == kind)


def _evenly(count: int, most: int) -> list[int]:
    """A number as parts of at most ``most``, as equal as can be."""
    calls = -(-count // most)
    return allot(count, [1.0] * calls) if calls else []
