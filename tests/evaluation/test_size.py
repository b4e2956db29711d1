from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation._size import LARGEST, size
from synthnb.evaluation.report import Report, evaluate_frames


def wide(columns: int, seed: int, name: str = "measurement {}", level: str = "level {}") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    made = {name.format(i): rng.normal(size=150) if i % 2 else rng.choice([level.format(j) for j in range(8)], 150) for i in range(columns)}
    return pd.DataFrame(made)


def evaluated(columns: int, **names: str) -> Report:
    return evaluate_frames(wide(columns, 0, **names), wide(columns, 1, **names), seed=1)


def test_sixty_columns_are_all_shown() -> None:
    report = evaluated(60)
    assert size(report.to_dict()) <= LARGEST
    assert len(report.columns) == 60
    assert "columns" not in report.omitted


def test_three_hundred_columns_leave_out_the_best() -> None:
    report = evaluated(300)
    assert size(report.to_dict()) <= LARGEST
    assert report.omitted["columns"] == 300 - len(report.columns)
    mean = next(score for score in report.scores if score.metric == "column_shapes")
    assert mean.value is not None
    assert np.mean([entry["score"] for entry in report.columns]) < mean.value


def test_long_hostile_names_and_levels_stay_within_bounds() -> None:
    report = evaluated(60, name="{} " + "🧪" * 300, level="{} " + "é" * 300)
    assert size(report.to_dict()) <= LARGEST
    assert report.columns


@pytest.mark.parametrize("columns", [5])
def test_a_small_report_leaves_nothing_out(columns: int) -> None:
    assert evaluated(columns).omitted == {}
