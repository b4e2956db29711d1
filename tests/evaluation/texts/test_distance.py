from __future__ import annotations

import pydoc_data.topics
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn.datasets

from synthnb.evaluation.texts.distance import DISTANCE_STEP, distances, frechet, frontier_area


def run(comparison: Any) -> dict[str, Any]:
    return {score.metric: score for score in distances(comparison, DISTANCE_STEP.parameters).scores}


def test_the_frechet_distance_of_numbers_by_hand() -> None:
    """(μ - ν)² + (σ - τ)², with σ² = 2/3·3/2 = 1 of -1, 0, 1 and τ = 2."""
    one, other = np.array([[-1.0], [0.0], [1.0]]), np.array([[1.0], [3.0], [5.0]])
    assert frechet(one, other) == pytest.approx(3**2 + 1)


def test_the_frechet_distance_does_not_depend_on_the_axes() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(60, 4)), rng.normal(1, 2, size=(50, 4))
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    assert frechet(one @ turn, other @ turn) == pytest.approx(frechet(one, other))
    assert frechet(one, one) == pytest.approx(0, abs=1e-9)
    assert frechet(one, other) == pytest.approx(frechet(other, one))


def test_the_area_under_the_frontier_of_disjoint_distributions_is_5_times_beta_5_6() -> None:
    assert frontier_area(np.array([1.0, 0]), np.array([0, 1.0])) == pytest.approx(1 / 252, rel=2e-3)


def test_the_area_under_the_frontier_at_its_best_and_between() -> None:
    p, q = np.array([0.7, 0.3]), np.array([0.3, 0.7])
    assert frontier_area(p, p) == 1
    assert frontier_area(p, q) == pytest.approx(frontier_area(q, p))
    assert 1 / 252 < frontier_area(p, q) < 1


def test_texts_of_the_real_kind_are_as_near_as_real_ones(notes: Any, texting: Any) -> None:
    found = run(texting(notes(200, 1), notes(200, 2), notes(100, 3)))
    c2st = found["text_c2st_auc"]
    assert c2st.low < 0.5 < c2st.high
    assert found["text_frechet_distance"].matched == pytest.approx(found["text_frechet_distance"].ceiling, rel=0.2)
    assert found["text_frontier_area"].matched == pytest.approx(found["text_frontier_area"].ceiling, abs=0.1)
    assert {score.parameters["embedder"] for score in found.values()} == {"tf-idf + svd/1"}


def test_texts_of_another_kind_are_told_apart(texting: Any) -> None:
    """Python's help against scikit-learn's data descriptions, in pieces of 300 characters."""
    manual = " ".join(pydoc_data.topics.topics.values())
    described = " ".join(path.read_text() for path in sorted((Path(sklearn.datasets.__file__).parent / "descr").glob("*.rst")))
    real, other = (pd.DataFrame({"text": [text[i : i + 300] for i in range(0, 45_000, 300)]}) for text in (manual, described))
    found = run(texting(other, real))
    assert found["text_c2st_auc"].low > 0.9
    assert found["text_frontier_area"].value < 0.3 < found["text_frontier_area"].ceiling
    assert found["text_frechet_distance"].matched > 2 * found["text_frechet_distance"].ceiling


def test_verbatim_texts_are_at_no_distance(notes: Any, texting: Any) -> None:
    real = notes(200, 1)
    found = run(texting(real, real))
    assert found["text_frechet_distance"].value == pytest.approx(0, abs=1e-6)
    assert found["text_frontier_area"].value == 1


def test_few_texts_and_no_real_ones_have_a_reason(notes: Any, texting: Any) -> None:
    assert "at least 50 texts" in run(texting(notes(20, 1), notes(60, 2)))["text_c2st_auc"].reason
    assert "no real texts" in run(texting(notes(20, 1)))["text_frontier_area"].reason


def test_the_order_of_rows_changes_nothing(notes: Any, texting: Any) -> None:
    one, other = notes(80, 1), notes(80, 2)
    assert run(texting(one, other)) == run(texting(one[::-1], other.sample(frac=1, random_state=1)))
