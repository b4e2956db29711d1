"""The concept graph over all documents, and the walks that choose what a level-3 question combines.

::

    documents ──► topics and concepts of each ──► nodes; an edge where two occur in one document
                                                        │ weight log(documents with both + ε)
    start topic, drawn evenly                           ▼
        └─ 1 or 2 steps over topics ── 1 step to a concept ── 3 or 4 steps over concepts
                                                        │
                        the two documents with the highest Jaccard index to what was visited

After Qin et al. (2025), *Scaling Laws of Synthetic Data for Language Models*, arXiv:2503.19551, section 2.2.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import numpy as np

__all__ = ["ConceptGraph", "Node", "Walk"]

EPSILON = 1e-6
"""What is added to the number of documents before the logarithm; the paper gives no value."""

Kind = Literal["topic", "concept"]

_LEGS: tuple[tuple[Kind, tuple[int, int]], ...] = (("topic", (1, 2)), ("concept", (1, 1)), ("concept", (3, 4)))
"""Kinds of nodes that a walk steps to, and how many steps it takes, from least to most."""


class Node(NamedTuple):
    """A topic or a concept."""

    kind: Kind
    """Which of the two."""
    name: str
    """Its name; a topic and a concept may share it."""


@dataclass(frozen=True)
class Walk:
    """What a random walk visited, in order."""

    topics: tuple[str, ...]
    """Topics, each once."""
    concepts: tuple[str, ...]
    """Concepts, each once."""

    @property
    def nodes(self) -> frozenset[Node]:
        """Both as nodes."""
        return frozenset([*(Node("topic", name) for name in self.topics), *(Node("concept", name) for name in self.concepts)])


class ConceptGraph:
    """Topics and concepts of a corpus, joined where they occur in one document.

    Parameters
    ----------
    documents : sequence of (topics, concepts)
        The topics and the concepts of each document, in the order of the corpus; a name given twice counts once.
    epsilon : float
        ε in the weight log(freq + ε); above 0.
    """

    def __init__(self, documents: Sequence[tuple[Iterable[str], Iterable[str]]], *, epsilon: float = EPSILON) -> None:
        self.epsilon = epsilon
        self.documents: list[frozenset[Node]] = []
        """The nodes of each document."""
        self.frequency: Counter[tuple[Node, Node]] = Counter()
        """In how many documents two nodes occur together; the lesser node comes first."""
        self._neighbours: dict[Node, set[Node]] = defaultdict(set)
        self._holders: dict[Node, list[int]] = defaultdict(list)
        for number, (topics, concepts) in enumerate(documents):
            self._add(number, [*(Node("topic", name) for name in topics), *(Node("concept", name) for name in concepts)])

    def _add(self, number: int, listed: list[Node]) -> None:
        nodes = sorted(set(listed))
        self.documents.append(frozenset(nodes))
        for node in nodes:
            self._holders[node].append(number)
        for one, other in combinations(nodes, 2):
            self.frequency[one, other] += 1
            self._neighbours[one].add(other)
            self._neighbours[other].add(one)

    @property
    def topics(self) -> list[str]:
        """All topics, sorted."""
        return sorted(node.name for node in self._holders if node.kind == "topic")

    @property
    def concepts(self) -> list[str]:
        """All concepts, sorted."""
        return sorted(node.name for node in self._holders if node.kind == "concept")

    def weight(self, one: Node, other: Node) -> float:
        """log(freq + ε) of two nodes, where freq is in how many documents they occur together; -inf where in none."""
        found = self.frequency.get((one, other) if one <= other else (other, one), 0)
        return math.log(found + self.epsilon) if found else -math.inf

    def probabilities(self, node: Node, kind: Kind) -> dict[Node, float]:
        """Where a step from a node to one of the kind given leads: exp(w) over the sum of exp(w) of all such neighbours."""
        neighbours = sorted(other for other in self._neighbours.get(node, ()) if other.kind == kind)
        if not neighbours:
            return {}
        weights = [self.weight(node, other) for other in neighbours]
        largest = max(weights)
        scaled = [math.exp(weight - largest) for weight in weights]
        return {other: value / math.fsum(scaled) for other, value in zip(neighbours, scaled, strict=True)}

    def walk(self, rng: np.random.Generator) -> Walk:
        """Draw a walk: an even start topic, 1 or 2 steps over topics, 1 to a concept, 3 or 4 over concepts.

        A node may be visited again; a walk that meets a node without a neighbour of the kind it needs ends there.
        """
        topics = self.topics
        node = Node("topic", topics[int(rng.integers(len(topics)))]) if topics else None
        visited = [node] if node else []
        for kind, steps in _LEGS:
            for _ in range(int(rng.integers(steps[0], steps[1] + 1))):
                following = self._step(visited[-1], kind, rng) if visited else None
                if following is None:
                    break
                visited.append(following)
        return Walk(*(tuple(dict.fromkeys(node.name for node in visited if node.kind == kind)) for kind in ("topic", "concept")))

    def _step(self, node: Node, kind: Kind, rng: np.random.Generator) -> Node | None:
        chances = self.probabilities(node, kind)
        if not chances:
            return None
        return list(chances)[int(rng.choice(len(chances), p=list(chances.values())))]

    def nearest(self, nodes: frozenset[Node], count: int = 2) -> list[tuple[int, float]]:
        """Return ``(document, Jaccard index)`` of the documents whose nodes share most with these; of equals the earlier first."""
        holders = sorted({number for node in nodes for number in self._holders.get(node, ())})
        scored = [(number, len(nodes & self.documents[number]) / len(nodes | self.documents[number])) for number in holders]
        return sorted(scored, key=lambda item: (-item[1], item[0]))[:count]

    def counts(self) -> Mapping[str, int]:
        """How many topics, concepts and edges there are."""
        return {"topics": len(self.topics), "concepts": len(self.concepts), "edges": len(self.frequency)}
