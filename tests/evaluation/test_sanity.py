"""The sanity matrix: each metric moves as it must on data spoiled in a known way, and only those move that should.

What a metric gives on fresh samples of the real rows' own population is its band; a move
is a value beyond it, on the side that is worse, by more than the band is wide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.report import Report, evaluate_frames

if TYPE_CHECKING:
    from synthnb.evaluation.base import Score

ROWS = 700
FRESH = 4
BETTER = {"higher": 1.0, "lower": -1.0, "none": -1.0}
ONE_SIDED = ("membership_auc", "closer_to_training_share")
"""Below 0.5 they are as harmless as at it."""

Frames = Mapping[str, pd.DataFrame]
Values = dict[str, float]


def draw(rows: int, seed: int) -> pd.DataFrame:
    """Patients whose columns hang together: weight, arm and event on age, sex on weight."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, rows)
    weight = np.round(40 + age / 2 + rng.normal(0, 9, rows), 1)
    return pd.DataFrame(
        {
            "age": age,
            "weight": np.where(rng.random(rows) < 0.1, np.nan, weight),
            "sex": np.where(rng.random(rows) < 1 / (1 + np.exp((weight - 62) / 6)), "female", "male"),
            "arm": np.array(["a", "b", "c"])[np.clip((age - 18 + rng.integers(-12, 12, rows)) // 24, 0, 2)],
            "visit": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 400, rows), unit="D"),
            "event": rng.random(rows) < 1 / (1 + np.exp((55 - age) / 5)),
        }
    )


def shuffled(frame: pd.DataFrame, *columns: str, seed: int = 0) -> pd.DataFrame:
    """The frame with some columns permuted, each by itself."""
    rng = np.random.default_rng(seed)
    return frame.assign(**{name: frame[name].to_numpy()[rng.permutation(len(frame))] for name in columns or frame.columns})


def degraded(frame: pd.DataFrame) -> pd.DataFrame:
    """Women's ages, weights and events are those of men; men are as they were."""
    women = frame["sex"] == "female"
    men = frame[~women].sample(int(women.sum()), replace=True, random_state=0)
    made = frame.copy()
    for name in ("age", "weight", "event"):
        made.loc[women, name] = men[name].to_numpy()
    return made


SPOILED: dict[str, Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]] = {
    "identical copy": lambda real, _: real.copy(),
    "bootstrap": lambda real, _: real.sample(ROWS, replace=True, random_state=1, ignore_index=True),
    "independent columns": lambda _, fresh: shuffled(fresh),
    "shuffled target": lambda _, fresh: shuffled(fresh, "event"),
    "one subgroup degraded": lambda _, fresh: degraded(fresh),
    "one column constant": lambda _, fresh: fresh.assign(arm="a"),
    "half of a column missing": lambda _, fresh: fresh.assign(visit=fresh["visit"].where(np.arange(len(fresh)) % 2 == 0)),
}

SHAPES = {"column_shapes", "one_way_error", "hellinger_distance", "jensen_shannon_divergence"}
TIES = {"two_way_error", "three_way_error", "c2st_auc", "s_pmse_trees"}
UTILITY = {"tstr", "tstr_minus_trtr"}
COPIED = {"exact_copies_share", "uncommon_copies_share", "membership_auc", "membership_excess_risk", "closer_to_training_share"}
ATTACKED = {"singling_out_risk", "linkability_risk", "attribute_inference_risk"}

MOVES: dict[str, set[str]] = {
    "identical copy": COPIED | ATTACKED | {"near_copies_share"},
    "bootstrap": COPIED | {"singling_out_risk", "linkability_risk", "near_copies_share"},
    "independent columns": TIES | UTILITY | {"correlation_similarity", "contingency_similarity"},
    "shuffled target": UTILITY | {"c2st_auc", "contingency_similarity"},
    "one subgroup degraded": {"subgroup_fidelity_gap", "subgroup_fidelity_excess", "c2st_auc", "two_way_error"},
    "one column constant": SHAPES | {"two_way_error", "c2st_auc", "category_coverage"},
    "half of a column missing": {"missing_difference", "c2st_auc"},
}
STAYS: dict[str, set[str]] = {
    "identical copy": SHAPES | UTILITY | {"two_way_error", "correlation_similarity", "subgroup_fidelity_gap", "missing_difference"},
    # A model learns less from a bootstrap, which holds fewer distinct rows: utility may move.
    "bootstrap": SHAPES | {"correlation_similarity", "subgroup_fidelity_gap", "missing_difference", "s_pmse"},
    "independent columns": SHAPES
    | COPIED
    | ATTACKED
    | {"missing_difference", "range_coverage", "category_coverage", "subgroup_log_disparity"},
    "shuffled target": SHAPES | COPIED | ATTACKED | {"correlation_similarity", "missing_difference", "subgroup_fidelity_gap"},
    # The lightest are women, so the range of weights may shrink.
    "one subgroup degraded": COPIED | {"missing_difference", "category_coverage", "subgroup_log_disparity", "schema_validity"},
    "one column constant": COPIED | {"correlation_similarity", "missing_difference", "range_coverage", "subgroup_log_disparity", "tstr"},
    "half of a column missing": COPIED | {"category_coverage", "subgroup_log_disparity", "tstr", "range_coverage"},
}


def values(report: Report) -> Values:
    """Each overall score, turned so that more is worse."""
    found: Values = {}
    for score in report.scores:
        if score.value is not None and score.metric not in ("ks_complement", "tv_complement"):
            found.setdefault(score.metric, _badness(score))
    return found


def _badness(score: Score) -> float:
    assert score.value is not None
    if score.metric in ONE_SIDED:
        return score.value
    return abs(score.value - 0.5) if score.direction == "half" else -score.value * BETTER[score.direction]


@pytest.fixture(scope="module")
def judge() -> Callable[[pd.DataFrame], Values]:
    real, holdout = draw(ROWS, 1), draw(ROWS, 2)

    def judged(synthetic: pd.DataFrame) -> Values:
        return values(evaluate_frames(synthetic, real, holdout=holdout, target="event", groups=("sex",), seed=3))

    return judged


@pytest.fixture(scope="module")
def bands(judge: Callable[[pd.DataFrame], Values]) -> dict[str, tuple[float, float]]:
    """What each metric gives on fresh samples, widened by as much as it varies over them."""
    found = [judge(draw(ROWS, 10 + i)) for i in range(FRESH)]
    ends = {metric: [one[metric] for one in found if metric in one] for metric in found[0]}
    return {metric: (min(seen) - _slack(seen), max(seen) + _slack(seen)) for metric, seen in ends.items()}


def _slack(seen: list[float]) -> float:
    return max(max(seen) - min(seen), 0.002)


@pytest.fixture(scope="module")
def spoiled(judge: Callable[[pd.DataFrame], Values]) -> dict[str, Values]:
    real, fresh = draw(ROWS, 1), draw(ROWS, 10)
    return {name: judge(spoil(real, fresh)) for name, spoil in SPOILED.items()}


@pytest.mark.parametrize(("case", "metric"), [(case, metric) for case, moved in MOVES.items() for metric in sorted(moved)])
def test_it_moves(case: str, metric: str, spoiled: dict[str, Values], bands: dict[str, tuple[float, float]]) -> None:
    assert spoiled[case][metric] > bands[metric][1]


@pytest.mark.parametrize(("case", "metric"), [(case, metric) for case, still in STAYS.items() for metric in sorted(still)])
def test_it_stays(case: str, metric: str, spoiled: dict[str, Values], bands: dict[str, tuple[float, float]]) -> None:
    assert spoiled[case][metric] <= bands[metric][1]
