"""Small frames of a known kind, and the comparison that metrics are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.base import Comparison
from synthnb.evaluation.report import compare

Draw = Callable[..., pd.DataFrame]
Compare = Callable[..., Comparison]


def _draw(rows: int, seed: int) -> pd.DataFrame:
    """Patients whose outcome depends on their age; every column has its own kind."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, rows)
    weight = np.round(50 + age / 4 + rng.normal(0, 12, rows), 1)
    return pd.DataFrame(
        {
            "age": age,
            "weight": np.where(rng.random(rows) < 0.1, np.nan, weight),
            "sex": rng.choice(["female", "male"], rows, p=[0.3, 0.7]),
            "arm": rng.choice(["a", "b", "c"], rows),
            "visit": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 400, rows), unit="D"),
            "event": rng.random(rows) < 1 / (1 + np.exp((55 - age) / 8)),
        }
    )


@pytest.fixture(scope="session")
def draw() -> Draw:
    """Independent samples of one population: ``draw(rows, seed)``."""
    return _draw


@pytest.fixture(scope="session")
def comparing() -> Compare:
    """A comparison of two frames, as metrics see it."""

    def made(synthetic: pd.DataFrame, real: pd.DataFrame, holdout: pd.DataFrame | None = None, **options: Any) -> Comparison:
        frames = [synthetic, real] + ([] if holdout is None else [holdout])
        return compare(frames, **{"target": None, "groups": (), "seed": 7, "budget": 60.0} | options)

    return made
