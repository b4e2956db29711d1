from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthnb.engines.llm.coverage import allot, covered, largest_remainders


@pytest.mark.parametrize(
    ("weights", "n", "counts"),
    [
        ([0.5, 0.3, 0.2], 10, [5, 3, 2]),
        ([1 / 3, 1 / 3, 1 / 3], 10, [4, 3, 3]),
        ([0.416, 0.338, 0.246], 10, [4, 3, 3]),
        ([0.7, 0.3], 1, [1, 0]),
        ([0.1] * 10, 3, [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]),
    ],
)
def test_largest_remainders_by_hand(weights: list[float], n: int, counts: list[int]) -> None:
    assert largest_remainders(weights, n) == counts


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=12), st.integers(1, 500))
def test_largest_remainders_add_up_and_stay_within_one(raw: list[float], n: int) -> None:
    weights = [weight / sum(raw) for weight in raw]
    counts = largest_remainders(weights, n)
    assert sum(counts) == n
    assert all(abs(count - weight * n) < 1 + 1e-6 for count, weight in zip(counts, weights, strict=True))


@given(st.integers(1, 300), st.integers(0, 1000))
def test_each_labels_margin_is_exact_and_pairs_are_even(n: int, seed: int) -> None:
    labels = {"a": {"x": 0.5, "y": 0.5}, "b": {"p": 0.6, "q": 0.3, "r": 0.1}}
    made = allot(labels, n, seed=seed, unit=("t",))
    for name, weights in labels.items():
        tally = Counter(one[name] for one in made)
        assert [tally[level] for level in weights] == largest_remainders(list(weights.values()), n)
    pairs = Counter((one["a"], one["b"]) for one in made)
    assert all(abs(pairs["x", level] - pairs["y", level]) <= 3 for level in "pqr")


def test_the_order_is_drawn_by_the_seed() -> None:
    labels = {"a": {"x": 0.5, "y": 0.5}}
    orders = [[one["a"] for one in allot(labels, 40, seed=seed, unit=("t",))] for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert sum(one != other for one, other in pairwise(orders[0])) > 5


def test_no_labels_are_empty_labels() -> None:
    assert allot({}, 2, seed=1, unit=("t",)) == [{}, {}]
    assert covered([{}, {}], [True, False]) == {"by_label": {}, "cells": [], "cells_not_listed": 0}


def test_the_coverage_counts_requested_and_delivered() -> None:
    found = covered([{"a": "x", "b": "p"}, {"a": "x", "b": "q"}, {"a": "x", "b": "p"}], [True, False, True])
    assert found["by_label"]["a"] == {"x": {"requested": 3, "delivered": 2}}
    assert found["cells"] == [
        {"labels": {"a": "x", "b": "p"}, "requested": 2, "delivered": 2},
        {"labels": {"a": "x", "b": "q"}, "requested": 1, "delivered": 0},
    ]


def test_a_table_of_very_many_combinations_is_cut_and_says_so() -> None:
    found = covered([{"a": str(i)} for i in range(300)], [True] * 300)
    assert (len(found["cells"]), found["cells_not_listed"]) == (200, 100)
