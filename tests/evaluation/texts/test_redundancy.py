from __future__ import annotations

import time
from typing import Any

import pandas as pd
import pytest

from synthnb._novelty import jaccard, shingles
from synthnb.evaluation.base import Clock, OverBudgetError
from synthnb.evaluation.texts.redundancy import REDUNDANCY_STEP, redundancy, twins


def run(comparison: Any) -> Any:
    return redundancy(comparison, REDUNDANCY_STEP.parameters).scores


def words(count: int, start: int = 0) -> list[str]:
    return [f"w{i}" for i in range(start, start + count)]


def test_twins_by_hand() -> None:
    # 60 words have 58 runs of 3; with the last word changed 57 of 59 are shared, with 10 words of 60 more 58 of 68.
    texts = [words(60), words(60), [*words(59), "x"], words(70), words(60, 500)]
    found = twins(texts, 0.85, Clock())
    assert found.exact.tolist() == [True, True, False, False, False]
    assert found.near.tolist() == [True, True, True, True, False]
    assert not twins([words(60), words(71)], 0.85, Clock()).near.any()


def test_the_threshold_is_of_the_exact_index(notes: Any) -> None:
    base = notes(1, 1)["text"][0].split()
    texts = [[*base[:-k], *(f"new{k}{i}" for i in range(k))] if k else base for k in range(6)]
    pairs = [(i, j) for i in range(6) for j in range(6) if i != j]
    near = {i for i, j in pairs if jaccard(shingles(" ".join(texts[i])), shingles(" ".join(texts[j]))) >= 0.85}
    assert set(twins(texts, 0.85, Clock()).near.nonzero()[0]) == near


def test_shares_beside_as_many_real_texts(notes: Any, texting: Any) -> None:
    real = notes(100, 2)
    synthetic = pd.concat([notes(50, 1), notes(50, 1)])
    exact, near = run(texting(synthetic, real))
    assert (exact.value, near.value, exact.ceiling, near.ceiling) == (1, 1, 0, 0)
    assert exact.parameters["distinct"] == 50


def test_a_corpus_of_one_text_is_all_twins(texting: Any) -> None:
    assert [score.value for score in run(texting(pd.DataFrame({"text": ["the same text"] * 30})))] == [1, 1]


def test_many_near_copies_take_time_in_proportion() -> None:
    texts = [[*words(80), str(i)] for i in range(3000)]
    began = time.perf_counter()
    assert twins(texts, 0.85, Clock()).near.all()
    assert time.perf_counter() - began < 15


def test_the_clock_stops_it() -> None:
    with pytest.raises(OverBudgetError, match="longer than its 0 seconds"):
        twins([words(20), words(20, 50)], 0.85, Clock(0.0))
