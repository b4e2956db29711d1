"""The judge of the benchmark, against values worked out by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.figures import Judge, distance


def frame(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    level = np.where(x + rng.normal(size=rows) > 0, "high", "low")
    return pd.DataFrame(
        {"x": x, "y": (x + rng.normal(size=rows)).round(2), "level": level, "target": (x > rng.normal(size=rows)).astype(int)}
    )


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(frame(400, 0), frame(400, 1), "target", (), 0)


def test_distance_is_half_the_sum_of_differences_of_shares() -> None:
    left, right = np.array([[0, 0], [0, 1], [1, 1], [1, 1]]), np.array([[0, 0], [0, 0], [0, 0], [1, 1]])
    assert distance(left, right, [(0,)]) == pytest.approx(0.25)
    assert distance(left, right, [(0, 1)]) == pytest.approx(0.5)


def test_rows_learnt_are_at_no_distance_and_all_copies(judge: Judge) -> None:
    assert judge.distances(frame(400, 0)) == {"tvd1": 0, "tvd2": 0, "tvd3": 0, "correlation": pytest.approx(0)}
    assert judge.copied(frame(400, 0)).all()
    assert judge.nearer(frame(400, 0)) == 1


def test_rows_held_out_are_never_nearer_to_the_rows_learnt(judge: Judge) -> None:
    assert judge.nearer(frame(400, 1)) == 0
    assert not judge.copied(frame(400, 1)).any()


def test_fresh_rows_are_as_near_to_both_halves_and_not_told_apart(judge: Judge) -> None:
    assert judge.nearer(frame(400, 2)) == pytest.approx(0.5, abs=0.08)
    assert judge.told_apart(frame(400, 2)) == pytest.approx(0.5, abs=0.08)


def test_shifted_rows_are_told_apart(judge: Judge) -> None:
    assert judge.told_apart(frame(400, 2).assign(x=5.0)) > 0.99


def test_a_row_that_occurs_twice_is_common_and_no_copy() -> None:
    train = pd.DataFrame({"a": ["x", "x", None, "y"], "target": [0, 0, 1, 1]})
    assert Judge(train, train, "target", (), 0).copied(train).tolist() == [False, False, True, True]


def test_numbers_are_read_with_the_decimal_places_learnt(judge: Judge) -> None:
    made = frame(400, 0)
    assert judge.copied(made.assign(y=made["y"] + 0.004)).all()


def test_levels_and_columns_that_are_not_there_count_as_differences(judge: Judge) -> None:
    made = frame(400, 0)
    assert judge.distances(made.assign(level="unknown"))["tvd1"] == pytest.approx(0.25)
    assert judge.distances(made.drop(columns="level"))["tvd1"] == pytest.approx(0.25)


def test_rows_learnt_predict_held_out_rows(judge: Judge) -> None:
    found = judge.tested(frame(400, 0))
    assert found is not None
    assert 0.7 < found < 0.9


def test_one_level_of_the_target_cannot_be_learnt_from(judge: Judge) -> None:
    assert judge.tested(frame(400, 0).assign(target=1)) is None


def test_a_missing_predictor_does_not_stop_the_prediction(judge: Judge) -> None:
    assert judge.tested(frame(400, 0).drop(columns="level")) is not None
