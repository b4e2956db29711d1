"""Comparisons that attacks are tried on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

if TYPE_CHECKING:
    from synthnb.evaluation.base import Comparison, Score, Step

Draw = Callable[[int, int], pd.DataFrame]


def _people(rows: int, seed: int) -> pd.DataFrame:
    """Numbers with decimals, so that a row is recognised by a few of them, and two levels."""
    rng = np.random.default_rng(seed)
    cause = rng.normal(size=rows)
    numbers = {name: cause + rng.normal(size=rows) for name in ("one", "two", "three", "four")}
    levels = {"sex": rng.choice(["f", "m"], rows), "stage": np.array(list("abc"))[np.digitize(cause, [-0.5, 0.5])]}
    return pd.DataFrame(numbers | levels)


@pytest.fixture(scope="session")
def people() -> Draw:
    """Independent samples of one population: ``people(rows, seed)``."""
    return _people


@pytest.fixture(scope="session")
def tried() -> Callable[..., list[Score]]:
    """A step's scores with its own parameters, or others."""

    def scores(step: Step, comparison: Comparison, **parameters: Any) -> list[Score]:
        return step.run(comparison, {**step.parameters, **parameters}).scores

    return scores
