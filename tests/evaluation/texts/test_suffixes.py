from __future__ import annotations

import numpy as np
import pytest

from synthnb._novelty import longest_run
from synthnb.evaluation.base import Clock, OverBudgetError
from synthnb.evaluation.texts._suffixes import longest_runs


def drawn(count: int, seed: int) -> list[list[str]]:
    """Texts of few different words, so that runs repeat within and between them."""
    rng = np.random.default_rng(seed)
    return [[str(word) for word in rng.choice(list("abc"), rng.integers(0, 30))] for _ in range(count)]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("block", [10, 60, 10_000])
def test_it_finds_what_comparing_every_pair_finds(seed: int, block: int) -> None:
    one, other = drawn(12, seed), drawn(9, seed + 100)
    expected = [max(longest_run(" ".join(a), " ".join(b)) for b in other) for a in one]
    assert longest_runs(one, other, Clock(), block=block).tolist() == expected


@pytest.mark.parametrize("block", [10, 60, 10_000])
def test_texts_against_one_another_leave_out_themselves(block: int) -> None:
    one = [*drawn(10, 3), ["a"] * 40, ["a"] * 7]
    expected = [max(longest_run(" ".join(a), " ".join(b)) for j, b in enumerate(one) if j != i) for i, a in enumerate(one)]
    assert longest_runs(one, one, Clock(), themselves=True, block=block).tolist() == expected


def test_nothing_is_shared_with_nobody() -> None:
    assert longest_runs([["a"], []], [], Clock()).tolist() == [0, 0]
    assert longest_runs([], [["a"]], Clock()).tolist() == []
    assert longest_runs([["a", "b"]], [["a", "b"]], Clock(), themselves=True).tolist() == [0]


def test_a_run_never_crosses_the_end_of_a_text() -> None:
    assert longest_runs([["a", "b", "c", "d"]], [["a", "b"], ["c", "d"]], Clock()).tolist() == [2]


def test_the_clock_stops_it() -> None:
    with pytest.raises(OverBudgetError, match="0 seconds"):
        longest_runs([["a"]], [["a"]], Clock(0.0))
