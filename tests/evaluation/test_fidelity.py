from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.fidelity import column_shapes, distributions, ks_gap, tv_gap


def shaped(comparison: Any) -> Any:
    return column_shapes(comparison, {"size_draws": 3})


def ks(real: list[float], synthetic: list[float]) -> float:
    return ks_gap(np.array(real, dtype=float), np.array(synthetic, dtype=float)).complement


def test_ks_on_four_values() -> None:
    # F_r(2) = 0.5 and F_s(2) = 0
    assert ks([1, 2, 3, 4], [3, 4, 5, 6]) == 0.5


def test_tv_on_three_levels() -> None:
    # shares 0.5 0.25 0.25 against 0.25 0.75 0
    assert tv_gap(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1])).complement == 0.5


@pytest.mark.parametrize("values", [[1, 2, 3], [1, 1, 1], [np.nan, 1, 2], [np.inf, 0, -np.inf]])
def test_ks_of_a_sample_with_itself_is_1(values: list[float]) -> None:
    assert ks(values, values) == 1


def test_ks_of_disjoint_samples_is_0() -> None:
    assert ks([1, 2], [3, 4]) == 0


def test_ks_counts_missing_cells() -> None:
    nan = float("nan")
    assert ks([1, 2, 3, 4], [1, 2, nan, nan]) == 0.5


def test_ks_agrees_with_scipy_without_missing_cells() -> None:
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(size=200), rng.normal(0.3, 1.2, 150)
    assert ks_gap(real, synthetic).complement == pytest.approx(1 - ks_2samp(real, synthetic).statistic)


def test_ks_ignores_a_monotone_transform_and_the_order_of_rows() -> None:
    rng = np.random.default_rng(1)
    real, synthetic = rng.normal(size=100), rng.normal(size=80)
    assert ks_gap(np.exp(real), np.exp(synthetic)) == ks_gap(real[::-1], rng.permutation(synthetic))


def test_identical_frames_score_1_everywhere(draw: Any, comparing: Any) -> None:
    frame = draw(200, 0)
    assert {score.value for score in shaped(comparing(frame, frame)).scores} == {1.0}


def test_disjoint_frames_score_0_everywhere(comparing: Any) -> None:
    real = pd.DataFrame({"x": [1, 2] * 10, "c": ["a", "b"] * 10})
    synthetic = pd.DataFrame({"x": [8, 9] * 10, "c": ["y", "z"] * 10})
    assert {score.value for score in shaped(comparing(synthetic, real)).scores} == {0.0}


def test_renaming_levels_and_shuffling_rows_changes_nothing(draw: Any, comparing: Any) -> None:
    real, synthetic = draw(200, 0), draw(150, 1)
    names = {"a": "zebra", "b": "ant", "c": "mule"}
    renamed = [frame.replace({"arm": names}).sample(frac=1, random_state=0) for frame in (synthetic, real)]
    one, other = (shaped(comparing(*frames)) for frames in ((synthetic, real), renamed))
    assert [s.value for s in one.scores] == [s.value for s in other.scores]


def test_no_interval_is_given_and_the_reason_is(draw: Any, comparing: Any) -> None:
    for score in shaped(comparing(draw(300, 0), draw(300, 1))).scores:
        assert (score.low, score.high) == (None, None)
        assert score.parameters["interval"].startswith("none: ")


def test_beside_the_ceiling_stands_the_score_at_its_size(draw: Any, comparing: Any) -> None:
    mean: Any = shaped(comparing(draw(2000, 0), draw(2000, 1), draw(100, 2))).scores[0]
    assert mean.parameters["ceiling_from"] == "hold-out"
    assert mean.parameters["ceiling_rows"] == [2000, 100]
    assert mean.value > 0.97
    assert mean.ceiling == pytest.approx(mean.matched, abs=0.04)
    assert mean.matched < mean.value


def test_a_large_synthetic_frame_does_not_beat_a_ceiling_of_few_rows(draw: Any, comparing: Any) -> None:
    worse = draw(2000, 0).assign(age=lambda frame: frame["age"] + 12)
    mean: Any = shaped(comparing(worse, draw(2000, 1), draw(60, 2))).scores[0]
    assert mean.matched < mean.ceiling


def test_a_small_synthetic_frame_is_matched_by_fewer_real_rows(draw: Any, comparing: Any) -> None:
    mean: Any = shaped(comparing(draw(60, 0), draw(2000, 1), draw(500, 2))).scores[0]
    assert mean.parameters["ceiling_rows"] == [2000, 60]
    assert mean.matched == mean.value


def test_without_a_holdout_the_ceiling_is_of_two_halves(draw: Any, comparing: Any) -> None:
    mean: Any = shaped(comparing(draw(300, 0), draw(300, 1))).scores[0]
    assert mean.parameters["ceiling_from"] == "two halves of the real rows"
    assert mean.parameters["ceiling_rows"] == [150, 150]


def test_a_holdout_that_is_part_of_the_real_rows_is_no_ceiling(draw: Any, comparing: Any) -> None:
    real = draw(300, 1)
    mean: Any = shaped(comparing(draw(300, 0), real, real.head(100))).scores[0]
    assert mean.parameters["ceiling_from"] == "two halves of the real rows"


def test_types_that_differ_only_in_storage_are_the_same(draw: Any, comparing: Any) -> None:
    real = draw(200, 0)
    stored = real.astype({"age": "float64", "sex": "category", "arm": "category", "event": "int64"})
    assert {score.value for score in shaped(comparing(stored, real)).scores} == {1.0}


def test_shares_by_bin_are_of_the_rows_with_a_value(draw: Any, comparing: Any) -> None:
    entries = distributions(comparing(draw(300, 0), draw(300, 1)), {}).columns
    for entry in entries.values():
        assert sum(entry["bins"]["real"]) == pytest.approx(1, abs=1e-3)
        assert len(entry["bins"]["labels"]) == len(entry["bins"]["synthetic"])


def test_few_missing_cells_do_not_show_in_the_other_cells_shares(comparing: Any) -> None:
    real = pd.DataFrame({"c": [None] * 4 + ["a"] * 50 + ["b"] * 83})
    bins = distributions(comparing(real, real), {}).columns["c"]["bins"]
    assert bins["real"] == [0.62, 0.38]
    assert bins["synthetic"] == [0.6241, 0.3759]


@pytest.mark.parametrize("kind", ["number", "level"])
def test_few_missing_cells_cannot_be_counted_from_a_shape(comparing: Any, kind: str) -> None:
    cells = [f"{i % 4}" if kind == "level" else i % 97 + 0.5 for i in range(1000)]
    synthetic = pd.DataFrame({"x": cells, "y": range(1000)})
    found = set()
    for gone in (1, 3, 7, 10):
        real = synthetic.copy()
        real.loc[[97 + 89 * i for i in range(gone)], "x"] = None
        score = next(score for score in shaped(comparing(synthetic, real)).scores if score.subject == ("x",))
        found.add(score.value)
    assert found == {1}
    assert "any share up to the bound" in score.parameters["few_missing"]


def test_missing_cells_beyond_the_bound_count(comparing: Any) -> None:
    real = pd.DataFrame({"x": [np.nan] * 3 + [float(i) for i in range(997)]})
    synthetic = pd.DataFrame({"x": [np.nan] * 500 + [float(i) for i in range(0, 1000, 2)]})
    score = shaped(comparing(synthetic, real)).scores[1]
    assert score.value == pytest.approx(1 - (0.5 - 0.011), abs=0.006)


def test_missing_shares_taken_as_they_are_change_no_gap() -> None:
    real, synthetic = np.array([np.nan, 1.0, 2, 3]), np.array([1.0, 2, np.nan, np.nan])
    assert ks_gap(real, synthetic, missing_as=(0.25, 0.5)).complement == pytest.approx(ks_gap(real, synthetic).complement)
    codes = np.array([-1, 0, 1, 1]), np.array([0, 0, -1, -1])
    assert tv_gap(*codes, missing_as=(0.25, 0.5)).complement == pytest.approx(tv_gap(*codes).complement)
