from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.errors import OptionError
from synthnb.evaluation.distances import DISTANCES_STEP, distances, hellinger, jensen_shannon, spread, wasserstein

PARAMETERS = DISTANCES_STEP.parameters


def found(comparison: Any, **changed: Any) -> dict[str, Any]:
    return {score.metric: score for score in distances(comparison, {**PARAMETERS, **changed}).scores}


def test_wasserstein_by_hand() -> None:
    # F_r - F_s is 1/2 on [0, 1], 0 on [1, 2], 1/2 on [2, 4]
    assert wasserstein(np.array([0.0, 2]), np.array([1.0, 4])) == 1.5


def test_divergences_by_hand() -> None:
    p, q = np.array([0.5, 0.5, 0]), np.array([0.5, 0, 0.5])
    assert jensen_shannon(p, q) == pytest.approx(0.5)
    assert hellinger(p, q) == pytest.approx(np.sqrt(0.5))


def test_scipy_agrees() -> None:
    from scipy.spatial.distance import jensenshannon
    from scipy.stats import wasserstein_distance

    rng = np.random.default_rng(0)
    x, y, p, q = rng.normal(size=300).round(1), rng.normal(0.4, 2, 200).round(1), rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(6))
    assert wasserstein(x, y) == pytest.approx(wasserstein_distance(x, y))
    assert jensen_shannon(p, q) == pytest.approx(jensenshannon(p, q, 2) ** 2)


def test_extremes() -> None:
    p, q = np.array([1.0, 0]), np.array([0.0, 1])
    assert (jensen_shannon(p, p), hellinger(p, p), jensen_shannon(p, q), hellinger(p, q)) == (0, 0, 1, 1)
    assert np.isnan(wasserstein(np.array([np.nan]), np.array([1.0])))


@pytest.mark.parametrize(("scale", "wanted"), [("sd", np.sqrt(2)), ("iqr", 2.0)])
def test_spread(scale: str, wanted: float) -> None:
    assert spread(np.array([1.0, 2, 3, 4, 5, np.nan, np.inf]), scale) == pytest.approx(wanted)


def test_a_column_of_one_value_has_no_spread() -> None:
    assert np.isnan(spread(np.array([3.0, 3, 3]), "sd"))


def test_the_mean_over_columns_is_in_standard_deviations(comparing: Any) -> None:
    x = np.arange(100.0)
    real, synthetic = pd.DataFrame({"x": x, "y": -x}), pd.DataFrame({"x": x + x.std(), "y": -x})
    score = found(comparing(synthetic, real))["wasserstein_distance"]
    assert score.value == pytest.approx(0.5, abs=1e-6)
    assert score.parameters["worst"] == [["x", 1.0]]


def test_units_row_order_and_names_of_levels_change_nothing(draw: Any, comparing: Any) -> None:
    real, synthetic = draw(200, 0), draw(150, 1)
    names = {"a": "zebra", "b": "ant", "c": "mule"}
    other = [f.assign(weight=f["weight"] * 1000, arm=f["arm"].map(names)).sample(frac=1, random_state=0) for f in (synthetic, real)]
    one, two = found(comparing(synthetic, real)), found(comparing(*other))
    assert [score.value for score in one.values()] == pytest.approx([score.value for score in two.values()], abs=1e-6)


def test_identical_frames_are_at_distance_0(draw: Any, comparing: Any) -> None:
    frame = draw(200, 0)
    assert {score.value for score in found(comparing(frame, frame)).values()} == {0.0}


def test_each_column_has_its_own_and_no_interval_is_given(draw: Any, comparing: Any) -> None:
    given = distances(comparing(draw(300, 0), draw(300, 1)), PARAMETERS)
    assert given.columns["arm"]["distances"]["wasserstein_distance"] is None
    assert given.columns["age"]["distances"]["wasserstein_distance"] > 0
    assert all(score.low is None and score.parameters["interval"].startswith("none") for score in given.scores)


def test_missing_cells_show_in_the_divergences(comparing: Any) -> None:
    real, synthetic = pd.DataFrame({"x": range(100)}), pd.DataFrame({"x": [None] * 50 + list(range(0, 100, 2))})
    given = found(comparing(synthetic, real))
    assert given["wasserstein_distance"].value < 0.05
    assert given["jensen_shannon_divergence"].value > 0.2


def test_the_scale_is_one_of_two(draw: Any, comparing: Any) -> None:
    with pytest.raises(OptionError, match="scale of distances"):
        found(comparing(draw(50, 0), draw(50, 1)), scale="mad")


@pytest.mark.parametrize("values", [[np.inf, 1, 2] * 10, [1e300, -1e300, 0] * 10, [np.nan] * 30, [5.0] * 29 + [np.nan]])
def test_strange_numbers_do_not_crash(comparing: Any, values: list[float]) -> None:
    real = pd.DataFrame({"x": [0.5, 1.5, 2.5] * 10})
    for frames in ((pd.DataFrame({"x": values}), real), (real, pd.DataFrame({"x": values}))):
        assert all(score.value is None or score.value >= 0 for score in found(comparing(*frames)).values())
