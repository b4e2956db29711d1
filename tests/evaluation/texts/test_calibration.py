"""Intervals hold what they should about as often as they say, and planted copies are found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.texts.memorisation import MEMORISATION_STEP, memorisation
from synthnb.evaluation.texts.stereotypes import association_gap, jackknifed

PHRASES = [" ".join(f"phrase{j}word{k}" for k in range(15)) for j in range(40)]


def forms(rows: int, seed: int) -> pd.DataFrame:
    """Texts of 20 words of their own, three in ten with a set phrase of 15 words."""
    rng = np.random.default_rng(seed)
    own = [" ".join(f"w{i}" for i in rng.integers(0, 3000, 20)) for _ in range(rows)]
    return pd.DataFrame({"text": [f"{text} {PHRASES[rng.integers(40)] if rng.random() < 0.3 else ''}" for text in own]})


def excess(comparison: Any) -> Any:
    return next(s for s in memorisation(comparison, MEMORISATION_STEP.parameters).scores if s.metric == "shared_13_words_excess")


@pytest.mark.parametrize("held", [0, 60])
def test_the_excess_of_texts_nobody_copied_covers_0(held: int, texting: Any) -> None:
    draws = [[forms(80, 3 * i), forms(80, 3 * i + 1), forms(held, 3 * i + 2) if held else None] for i in range(60)]
    found = [excess(texting(*draw)) for draw in draws]
    assert np.mean([score.low <= 0 <= score.high for score in found]) >= 0.9
    assert np.mean([score.low > 0 for score in found]) <= 0.05


@pytest.mark.parametrize(("rows", "copied"), [(200, 10), (1000, 10)])
def test_planted_copies_are_found(rows: int, copied: int, notes: Any, texting: Any) -> None:
    real = notes(rows, 1)
    assert excess(texting(pd.concat([notes(rows - copied, 2), real.head(copied)]), real)).low > 0


def test_the_interval_of_a_gap_covers_it() -> None:
    rng = np.random.default_rng(0)
    draws = [np.column_stack([hits := rng.binomial([40, 60], [0.3, 0.5]), [40, 60] - hits]) for _ in range(2000)]
    ends = [association_gap(draw)[1] for draw in draws]
    assert 0.93 <= np.mean([low <= -0.2 <= high for low, high in ends]) <= 0.97


def test_the_jackknifed_interval_covers_a_mean() -> None:
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(2000):
        rows = rng.exponential(size=(10, 12))
        low, high = jackknifed(rows.mean(), [np.delete(rows, k, axis=0).mean() for k in range(10)])
        covered.append(low <= 1 <= high)
    assert 0.92 <= np.mean(covered) <= 0.97
