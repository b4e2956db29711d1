"""Populations of a known kind, and synthetic frames into which a leak is planted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import pandas as pd

__all__ = ["POPULATIONS", "Leak", "leaked"]

Leak = Literal["copied", "jittered"]


def clinic(rows: int, seed: int) -> pd.DataFrame:
    """Patients whose outcome depends on their age: coarse numbers, missing cells, dates, few levels."""
    rng = np.random.default_rng([seed, 1])
    age = rng.integers(18, 90, rows)
    weight = np.round(50 + age / 4 + rng.normal(0, 12, rows), 1)
    return pd.DataFrame(
        {
            "age": age,
            "weight": np.where(rng.random(rows) < 0.1, np.nan, weight),
            "sex": rng.choice(["female", "male"], rows, p=[0.3, 0.7]),
            "arm": rng.choice(["a", "b", "c"], rows),
            "visit": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 400, rows), unit="D"),
            "event": np.where(rng.random(rows) < 1 / (1 + np.exp((55 - age) / 8)), "yes", "no"),
        }
    )


def laboratory(rows: int, seed: int) -> pd.DataFrame:
    """Ten measurements of three hidden causes, some of them skewed, and four categories."""
    rng, loads = np.random.default_rng([seed, 2]), np.random.default_rng(1).normal(size=(3, 10))
    values = rng.normal(size=(rows, 3)) @ loads + rng.normal(size=(rows, 10)) * 0.7
    numbers = {f"x{i}": np.exp(values[:, i]) if i % 3 == 0 else values[:, i] for i in range(10)}
    levels = {f"c{i}": np.array(list("abcd"))[np.digitize(values[:, i] + rng.normal(size=rows), [-1.5, 0, 1.5])] for i in range(4)}
    return pd.DataFrame(numbers | levels)


POPULATIONS: Mapping[str, Callable[[int, int], pd.DataFrame]] = {"clinic": clinic, "laboratory": laboratory}
"""By name: so many independent rows from a seed."""


def leaked(fresh: pd.DataFrame, real: pd.DataFrame, share: float, how: Leak, seed: int) -> pd.DataFrame:
    """The fresh rows with a share replaced by real rows, as they are or with numbers moved by a twentieth of their spread."""
    rng, count = np.random.default_rng([seed, 3]), round(share * len(fresh))
    picked = real.iloc[rng.choice(len(real), count, replace=False)].copy()
    if how == "jittered":
        for name in picked.columns:
            if picked[name].dtype.kind in "if":
                moved = picked[name] + rng.normal(0, 0.05 * float(real[name].std()), count)
                picked[name] = moved.round().astype(picked[name].dtype) if picked[name].dtype.kind == "i" else moved
    return pd.concat([picked, fresh.iloc[count:]], ignore_index=True)
