"""Each figure of validity and fidelity moves where it must, and stays where it must."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation import coverage, detection, distances, fidelity, marginals, pairs, propensity, quality, validity
from synthnb.evaluation.base import run_step

STEPS = (
    validity.SCHEMA_STEP,
    validity.RANGES_STEP,
    validity.MISSING_STEP,
    fidelity.SHAPES_STEP,
    distances.DISTANCES_STEP,
    coverage.COVERAGE_STEP,
    marginals.MARGINALS_STEP,
    pairs.PAIRS_STEP,
    quality.QUALITY_STEP,
    propensity.PROPENSITY_STEP,
    detection.C2ST_STEP,
)
ROWS = 600
CASES: dict[str, Any] = {
    "independent": lambda real, fresh: fresh,
    "copy": lambda real, fresh: real,
    "bootstrap": lambda real, fresh: real.sample(ROWS, replace=True, random_state=1),
    "shuffled": lambda real, fresh: pd.DataFrame(
        {name: real[name].sample(frac=1, random_state=i).to_numpy() for i, name in enumerate(real)}
    ),
    "constant": lambda real, fresh: fresh.assign(age=50),
    "missing": lambda real, fresh: fresh.assign(age=np.nan),
}
ALONE = ("column_shapes", "wasserstein_distance", "jensen_shannon_divergence", "hellinger_distance", "one_way_error")
"""Figures of single columns."""
TOGETHER = ("two_way_error", "three_way_error", "correlation_similarity", "linear_correlation_similarity", "contingency_similarity")
"""Figures of several columns at once."""


def related(frame: pd.DataFrame) -> pd.DataFrame:
    """The patients with more columns that go together."""
    older = frame["age"] > 55
    return frame.assign(
        band=np.where(older, "older", "younger"), plan=np.where(older, frame["arm"], "a"), pressure=frame["age"] + frame["visit"].dt.day
    )


NO_PLACE_FOR_MISSING = ("wasserstein_distance", "sdmetrics_quality")


@pytest.fixture(scope="module")
def figures(draw: Any, comparing: Any) -> Any:
    """What a way of making rows scores, by metric."""
    real, fresh, held = (related(draw(ROWS, seed)) for seed in range(3))

    @cache
    def found(case: str) -> dict[str, Any]:
        comparison = comparing(CASES[case](real, fresh), real, held)
        return {score.metric: score for step in STEPS for score in run_step(step, comparison).scores if not score.subject}

    return found


def worse(score: Any, than: Any) -> float:
    """How much worse a score is than another, by its direction."""
    return float((than.value - score.value) if score.direction == "higher" else (score.value - than.value))


@pytest.mark.parametrize("case", CASES)
def test_everything_is_computed(figures: Any, case: str) -> None:
    assert [metric for metric, score in figures(case).items() if score.value is None] == []


def test_a_copy_is_as_good_as_can_be(figures: Any) -> None:
    best = {"higher": 1.0, "lower": 0.0}
    off = [
        metric for metric, score in figures("copy").items() if score.direction in best and abs(score.value - best[score.direction]) > 1e-6
    ]
    assert off == []
    assert figures("copy")["c2st_auc"].high < 0.5
    assert figures("copy")["c2st_auc"].parameters["reading"] == "near-copies"


@pytest.mark.parametrize("metric", [*ALONE, *TOGETHER])
def test_a_bootstrap_is_no_worse_than_other_real_rows(figures: Any, metric: str) -> None:
    score = figures("bootstrap")[metric]
    assert worse(score, figures("independent")[metric]) < 0.02


@pytest.mark.parametrize("metric", ALONE)
def test_shuffled_columns_are_perfect_one_by_one(figures: Any, metric: str) -> None:
    assert worse(figures("shuffled")[metric], figures("copy")[metric]) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("metric", TOGETHER)
def test_shuffled_columns_are_worse_together_than_real_rows(figures: Any, metric: str) -> None:
    score = figures("shuffled")[metric]
    assert worse(score, figures("independent")[metric]) > 0.01


def test_shuffled_columns_are_told_apart_by_trees_and_not_by_main_effects(figures: Any) -> None:
    shuffled = figures("shuffled")
    assert shuffled["c2st_auc"].low > 0.5
    assert shuffled["s_pmse_trees"].value > shuffled["s_pmse_trees"].parameters["null_range"][1]
    assert shuffled["s_pmse"].value < 1


@pytest.mark.parametrize(
    ("case", "metric"),
    [
        (case, metric)
        for case in ("constant", "missing")
        for metric in (*ALONE, "two_way_error", "range_coverage", "sdmetrics_quality")
        if case == "constant" or metric not in NO_PLACE_FOR_MISSING
    ],
)
def test_a_spoilt_column_is_seen(figures: Any, case: str, metric: str) -> None:
    assert worse(figures(case)[metric], figures("independent")[metric]) > 0.01


def test_only_what_is_missing_moves_the_share_of_missing_cells(figures: Any) -> None:
    gaps = {case: figures(case)["missing_difference"].value for case in CASES}
    assert gaps["missing"] > 0.1
    assert max(value for case, value in gaps.items() if case != "missing") < 0.01


@pytest.mark.parametrize("case", ["copy", "bootstrap", "shuffled"])
def test_values_taken_from_the_real_rows_are_valid(figures: Any, case: str) -> None:
    assert [figures(case)[metric].value for metric in ("schema_validity", "range_adherence", "category_adherence")] == [1, 1, 1]


STRANGE: dict[str, pd.DataFrame] = {
    "one row": pd.DataFrame({"x": [1.5], "c": ["a"]}),
    "one column": pd.DataFrame({"x": range(60)}),
    "constant": pd.DataFrame({"x": [1.5] * 60, "c": ["a"] * 60}),
    "all missing": pd.DataFrame({"x": [np.nan] * 60, "c": [None] * 60}),
    "infinite": pd.DataFrame({"x": [np.inf, -np.inf, 1.5] * 20, "c": ["a", "b", None] * 20}),
    "huge": pd.DataFrame({"x": [1.7e308, -1.7e308, 1.5] * 20, "c": ["a", "b", "c"] * 20}),
    "texts only": pd.DataFrame({"t": [f"{i} words of free text that differ" for i in range(60)]}),
    "hostile": pd.DataFrame({"<script>": range(60), "=1+1\0": pd.Series(["\ud800", "<b>", "y" * 100_000] * 20, dtype=object)}),
}


@pytest.mark.parametrize("other", ["itself", "a half", "plain"])
@pytest.mark.parametrize("case", STRANGE)
def test_strange_frames_give_figures_or_reasons(comparing: Any, case: str, other: str) -> None:
    frame = STRANGE[case]
    plain = pd.DataFrame({name: np.arange(40.0) if i == 0 else np.resize(["a", "b"], 40) for i, name in enumerate(frame)})
    synthetic = {"itself": frame, "a half": frame.head(max(len(frame) // 2, 1)), "plain": plain}[other]
    for frames in ((synthetic, frame), (frame, synthetic)):
        comparison = comparing(*frames)
        scores = [score for step in STEPS for score in run_step(step, comparison).scores]
        assert not [score for score in scores if "computation failed" in str(score.reason)]
        assert all((score.value is None) != (score.reason is None) for score in scores)
