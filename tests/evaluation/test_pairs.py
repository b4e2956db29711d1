from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.pairs import pair_trends, rank_correlations

PARAMETERS = {"bins": 10, "levels": 20, "most_pairs": 3000, "most_rows": 50000}


def by_metric(found: Any) -> dict[str, Any]:
    return {score.metric: score for score in found.scores}


def test_opposite_correlations_score_0(comparing: Any) -> None:
    x = np.arange(50)
    real, synthetic = pd.DataFrame({"x": x, "y": x}), pd.DataFrame({"x": x, "y": -x})
    score = by_metric(pair_trends(comparing(synthetic, real), PARAMETERS))["correlation_similarity"]
    assert score.value == pytest.approx(0)


def test_a_lost_correlation_scores_one_half(comparing: Any) -> None:
    x = np.arange(50)
    real, synthetic = pd.DataFrame({"x": x, "y": x}), pd.DataFrame({"x": x, "y": [1] * 50})
    assert pair_trends(comparing(synthetic, real), PARAMETERS).scores[0].value == pytest.approx(0.5)


def test_correlations_are_spearmans(draw: Any, comparing: Any) -> None:
    frame = draw(300, 0).dropna()
    comparison = comparing(frame, frame)
    rho = rank_correlations(comparison.of("number")[:2], comparison.real)
    assert rho[0, 1] == pytest.approx(frame["age"].corr(frame["weight"], method="spearman"))


def test_joint_tables_by_hand(comparing: Any) -> None:
    # joint shares ½ ½ 0 0 against ¼ ¼ ¼ ¼: total variation ½, though each column alone is the same
    real = pd.DataFrame({"a": ["x", "y"] * 20, "b": ["p", "q"] * 20})
    synthetic = pd.DataFrame({"a": ["x", "y"] * 20, "b": ["p", "p", "q", "q"] * 10})
    score = by_metric(pair_trends(comparing(synthetic, real), PARAMETERS))["contingency_similarity"]
    assert score.value == pytest.approx(0.5)


def test_identical_frames_score_1(draw: Any, comparing: Any) -> None:
    frame = draw(200, 0)
    found = pair_trends(comparing(frame, frame), PARAMETERS)
    assert [score.value for score in found.scores] == [1.0, 1.0, 1.0]
    assert all(error == 0 for *_, error in found.pairs)


def test_independent_columns_are_seen(draw: Any, comparing: Any) -> None:
    real = draw(500, 0)
    shuffled = pd.DataFrame({name: real[name].sample(frac=1, random_state=i).to_numpy() for i, name in enumerate(real)})
    found = by_metric(pair_trends(comparing(shuffled, real, draw(500, 1)), PARAMETERS))["correlation_similarity"]
    assert found.matched < found.ceiling
    assert (found.low, found.high) == (None, None)
    assert found.parameters["worst"][0][0] == "age × weight"


def test_too_many_pairs_are_drawn_and_said(draw: Any, comparing: Any) -> None:
    found = pair_trends(comparing(draw(100, 0), draw(100, 1)), PARAMETERS | {"most_pairs": 8})
    assert len(found.pairs) == 8
    assert found.scores[1].parameters["pairs_in_all"] == 15


def test_many_rows_are_drawn_and_said(draw: Any, comparing: Any) -> None:
    for score in pair_trends(comparing(draw(100, 0), draw(80, 1)), PARAMETERS | {"most_rows": 90}).scores:
        assert score.parameters["rows_drawn"] == [80, 90]


def test_one_column_makes_no_pair(comparing: Any) -> None:
    frame = pd.DataFrame({"x": [1, 2, 3]})
    assert [score.value for score in pair_trends(comparing(frame, frame), PARAMETERS).scores] == [None, None, None]


def test_constant_columns_have_no_correlation(comparing: Any) -> None:
    frame = pd.DataFrame({"x": [1.5] * 20 + [None] * 5, "y": range(25), "z": range(25)})
    found = by_metric(pair_trends(comparing(frame, frame), PARAMETERS))
    assert found["correlation_similarity"].parameters["pairs"] == 1
