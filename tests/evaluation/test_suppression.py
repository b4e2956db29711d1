from __future__ import annotations

import itertools

import numpy as np
import pytest

from synthnb.evaluation._suppression import Sum, withheld


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ([80, 20], set()),
        ([80, 16, 4], {1, 2}),
        ([80, 5, 4], {0, 1, 2}),
        ([80, 20, 7, 6], {2, 3}),
        ([50, 20, 20, 5], {1, 2, 3}),
        ([100, 0], {0, 1}),
        ([5], {0}),
    ],
)
def test_parts_of_a_known_total(counts: list[int], hidden: set[int]) -> None:
    assert withheld(counts, [Sum(tuple(range(len(counts))))], 11) == hidden


def test_a_hidden_whole_hides_a_part() -> None:
    # cells 0 to 2 make all rows, 3 and 4 make cell 1, which hides because cell 2 does
    assert withheld([60, 30, 4, 14, 16], [Sum((0, 1, 2)), Sum((3, 4), 1)], 11) == {1, 2, 3}


@pytest.mark.parametrize("seed", range(20))
def test_no_sum_of_a_crossed_table_gives_back_a_small_count(seed: int) -> None:
    cells = np.random.default_rng(seed).poisson(25, (3, 4)) * (np.random.default_rng(seed + 100).random((3, 4)) > 0.15)
    counts = [*cells.sum(axis=1), *cells.sum(axis=0), *cells.ravel()]
    at = {(i, j): 7 + 4 * i + j for i, j in itertools.product(range(3), range(4))}
    rows = [Sum(tuple(at[i, j] for j in range(4)), i) for i in range(3)]
    sums = [Sum((0, 1, 2)), Sum((3, 4, 5, 6)), *rows, *(Sum(tuple(at[i, j] for i in range(3)), 3 + j) for j in range(4))]
    hidden = withheld([int(count) for count in counts], sums, 11)
    for each in sums:
        members = {*each.parts} | ({each.whole} if each.whole is not None else set())
        assert len(hidden & members) != 1
