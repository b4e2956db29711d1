"""The concept graph, against a toy worked out by hand.

document 0: topic T, concepts a, b         document 1: topics T, U, concept a         document 2: topic U, concepts a, c
"""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from synthnb._random import generator
from synthnb.engines.corpus.graph import ConceptGraph, Node, Walk

T, U = Node("topic", "T"), Node("topic", "U")
A, B, C = (Node("concept", name) for name in "abc")
TOY = [(["T"], ["a", "b"]), (["T", "U"], ["a"]), (["U"], ["a", "c"])]
GRAPH = ConceptGraph(TOY, epsilon=0.5)


@pytest.mark.parametrize(
    ("one", "other", "together"), [(T, A, 2), (A, T, 2), (T, B, 1), (A, B, 1), (T, U, 1), (U, A, 2), (U, C, 1), (A, C, 1)]
)
def test_a_weight_is_the_logarithm_of_documents_with_both_and_epsilon(one: Node, other: Node, together: int) -> None:
    assert GRAPH.weight(one, other) == pytest.approx(math.log(together + 0.5))


@pytest.mark.parametrize(("one", "other"), [(T, C), (B, C), (U, B)])
def test_there_is_no_edge_between_what_never_occurs_together(one: Node, other: Node) -> None:
    assert GRAPH.weight(one, other) == -math.inf


def test_the_graph_has_the_nodes_and_edges_of_the_toy() -> None:
    assert GRAPH.counts() == {"topics": 2, "concepts": 3, "edges": 7}


def test_a_step_follows_the_softmax_of_the_weights() -> None:
    # exp(log(freq + 1/2)) = freq + 1/2: a with 2.5, b with 1.5 of 4.
    assert GRAPH.probabilities(T, "concept") == pytest.approx({A: 2.5 / 4, B: 1.5 / 4})
    assert GRAPH.probabilities(A, "concept") == pytest.approx({B: 0.5, C: 0.5})
    assert GRAPH.probabilities(T, "topic") == {U: 1.0}


@pytest.mark.parametrize("node", [T, U, A, B, C])
def test_probabilities_add_up_to_one(node: Node) -> None:
    assert sum(GRAPH.probabilities(node, "concept").values()) == pytest.approx(1)


def test_steps_are_drawn_as_often_as_their_probabilities_say() -> None:
    rng = np.random.default_rng(0)
    drawn = Counter(GRAPH._step(T, "concept", rng) for _ in range(4000))
    assert drawn[A] / 4000 == pytest.approx(2.5 / 4, abs=4 * math.sqrt(2.5 / 4 * 1.5 / 4 / 4000))


def test_a_walk_is_the_same_for_the_same_seed() -> None:
    walks = [GRAPH.walk(generator(7, "walk", number)) for number in range(20)]
    assert walks == [GRAPH.walk(generator(7, "walk", number)) for number in range(20)]
    assert len(set(walks)) > 1


def test_a_walk_starts_evenly_and_takes_the_steps_of_the_paper() -> None:
    chain = ConceptGraph([([f"t{n}", f"t{n + 1}"], [f"c{n}", f"c{n + 1}"]) for n in range(40)])
    walks = [chain.walk(generator(1, "walk", number)) for number in range(300)]
    assert max(len(walk.topics) for walk in walks) == 3
    assert max(len(walk.concepts) for walk in walks) == 5
    assert len({walk.topics[0] for walk in walks}) > 35


def test_a_walk_ends_where_there_is_nowhere_to_go() -> None:
    assert ConceptGraph([(["T"], [])]).walk(np.random.default_rng(0)) == Walk(("T",), ())
    assert ConceptGraph([([], [])]).walk(np.random.default_rng(0)) == Walk((), ())


def test_the_nearest_documents_share_most_of_the_walk() -> None:
    # {T, a, b} against {T, a, b}: 3/3, {T, U, a}: 2/4, {U, a, c}: 1/5.
    assert GRAPH.nearest(Walk(("T",), ("a", "b")).nodes, 3) == [(0, 1.0), (1, 0.5), (2, 0.2)]
    assert [number for number, _ in GRAPH.nearest(Walk(("U",), ("c",)).nodes)] == [2, 1]


def test_of_documents_as_near_the_earlier_comes_first() -> None:
    twins = ConceptGraph([(["T"], ["a"]), (["T"], ["a"]), (["T"], ["a"])])
    assert twins.nearest(frozenset([T, A])) == [(0, 1.0), (1, 1.0)]


def test_a_topic_and_a_concept_of_one_name_are_two_nodes() -> None:
    assert ConceptGraph([(["x"], ["x"])]).counts() == {"topics": 1, "concepts": 1, "edges": 1}
