"""`synthnb.engines.trees.patterns`: common patterns of missing cells are kept, rare ones are drawn anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from synthnb.engines.trees.leaves import Seen
from synthnb.engines.trees.patterns import COMMON, Patterns, _Levels, learn_patterns, patterns_from_arrays, patterns_to_arrays
from synthnb.errors import RecordError

Array = np.ndarray[Any, Any]


def learn(states: Array) -> tuple[Patterns, Seen]:
    seen = Seen(tuple(_Levels(2) for _ in states.T), states.astype("i1"), np.zeros(states.shape))
    return learn_patterns(seen, range(states.shape[1]), (), leaf=20, seed=1), seen


def draw(patterns: Patterns, rows: int = 5000) -> Array:
    width = len(patterns.columns)
    blank = Seen(tuple(_Levels(2) for _ in range(width)), np.zeros((rows, width), dtype="i1"), np.zeros((rows, width)))
    return patterns.draw(blank, np.arange(rows), seed=3, unit=(0,))


def with_rare() -> Array:
    states = np.zeros((400, 6), dtype="i1")
    states[:100, 0] = 1
    for row in range(100, 120):  # twenty rows, each with a pattern of its own
        states[row] = [(row >> bit) % 2 for bit in range(6)]
    return states


def test_common_patterns_keep_their_shares() -> None:
    made = draw(learn(with_rare())[0])
    only_first = (made[:, 0] == 1) & (made[:, 1:] == 0).all(axis=1)
    assert only_first.mean() == pytest.approx(0.25, abs=0.03)


def test_a_pattern_of_one_row_is_not_drawn_as_often_as_it_was() -> None:
    states = np.zeros((200, 4), dtype="i1")
    states[10:40, 0] = states[40:70, 2] = states[70:100, 3] = 1
    states[0] = [1, 0, 1, 1]
    made = draw(learn(states)[0], 40_000)
    alone = (made == states[0]).all(axis=1).mean()
    assert alone < 0.1 / 200


def test_rare_patterns_keep_each_columns_share() -> None:
    states = with_rare()
    made = draw(learn(states)[0], 20_000)
    assert made.mean(axis=0) == pytest.approx(states.mean(axis=0), abs=0.02)


def test_what_counts_as_common() -> None:
    states = np.zeros((100, 2), dtype="i1")
    states[:COMMON, 0] = 1
    assert not learn(states)[0].has_rare
    states[COMMON - 1, 0] = 0
    assert learn(states)[0].has_rare


def test_columns_that_are_always_missing_together_stay_so_in_rare_patterns() -> None:
    states = with_rare()
    states[:, 5] = states[:, 2]
    made = draw(learn(states)[0])
    assert (made[:, 5] == made[:, 2]).all()


def test_one_pattern_needs_no_draw() -> None:
    patterns, _ = learn(np.ones((50, 3)))
    assert patterns.which is None
    assert (draw(patterns, 7) == 1).all()


def test_arrays_give_the_same_patterns() -> None:
    patterns, seen = learn(with_rare())
    back = patterns_from_arrays(patterns_to_arrays(patterns), seen.scales)
    assert (draw(back) == draw(patterns)).all()


@pytest.mark.parametrize("change", [{"common": np.full((3, 6), 9)}, {"columns": np.array([0, 99])}, {"repeats": np.full(6, 40)}])
def test_a_file_that_lies_is_refused(change: dict[str, Array]) -> None:
    patterns, seen = learn(with_rare())
    with pytest.raises(RecordError, match="Patterns of missing cells"):
        patterns_from_arrays(patterns_to_arrays(patterns) | change, seen.scales)
