from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation._size import LARGEST, compact, size
from synthnb.evaluation.report import Report, evaluate_frames


def wide(columns: int, seed: int, name: str = "measurement {}", level: str = "level {}") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    made = {name.format(i): rng.normal(size=150) if i % 2 else rng.choice([level.format(j) for j in range(8)], 150) for i in range(columns)}
    return pd.DataFrame(made)


def evaluated(columns: int, **names: str) -> Report:
    return evaluate_frames(wide(columns, 0, **names), wide(columns, 1, **names), seed=1)


def test_sixty_columns_are_all_shown() -> None:
    report = evaluated(60)
    assert size(compact(report.to_dict())) <= LARGEST
    assert len(report.columns) == 60
    assert "columns" not in report.omitted


def test_three_hundred_columns_leave_out_the_best() -> None:
    report = evaluated(300)
    assert size(compact(report.to_dict())) <= LARGEST
    assert report.omitted["columns"] == 300 - len(report.columns)
    mean = next(score for score in report.scores if score.metric == "column_shapes")
    assert mean.value is not None
    assert np.mean([entry["score"] for entry in report.columns]) < mean.value


def test_what_holds_nothing_may_be_missing() -> None:
    short = compact(evaluated(5).to_dict())
    assert any("reference" not in score for score in short["scores"])
    assert compact(Report.from_dict(short).to_dict()) == short


def test_long_hostile_names_and_levels_stay_within_bounds() -> None:
    report = evaluated(60, name="{} " + "🧪" * 300, level="{} " + "é" * 300)
    assert size(compact(report.to_dict())) <= LARGEST
    assert report.columns


@pytest.mark.parametrize("columns", [5])
def test_a_small_report_leaves_nothing_out(columns: int) -> None:
    assert evaluated(columns).omitted == {}


def test_a_name_that_is_no_unicode_is_counted() -> None:
    assert size({"name": "\ud800"}) == 15
    frame = wide(3, 0).assign(arm=pd.Series(["\ud800", "b"] * 75, dtype=object))
    assert evaluate_frames(frame, frame, synthetic_name="syn\udcff.csv", seed=1).scores
