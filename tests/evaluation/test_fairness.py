from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.fairness import FAIRNESS_STEP, Rates, _summary, fairness

PARAMETERS = dict(FAIRNESS_STEP.parameters) | {"iterations": 20, "most_rows": 1000}


def scored(found: Any, column: str) -> dict[str, Any]:
    return {score.metric: score for score in found.scores if score.subject[:1] == (column,)}


def biased(rows: int, seed: int, *, fair: bool) -> pd.DataFrame:
    """An outcome that x tells; unless fair, it is noise for half of the people."""
    rng = np.random.default_rng(seed)
    group, x = rng.choice(["a", "b"], rows, p=[0.6, 0.4]), rng.normal(size=rows)
    noise = rng.normal(size=rows)
    return pd.DataFrame({"g": group, "x": x, "y": np.where((group == "b") & (not fair), noise, x) > 0})


def test_the_summary_by_hand() -> None:
    odds, fped, fned, f1 = _summary([Rates(0.9, 0.1, 0.8), Rates(0.6, 0.2, 0.7)], Rates(0.8, 0.1, 0.75))
    assert odds == pytest.approx(0.7)
    assert fped == pytest.approx(0.1)
    assert fned == pytest.approx(0.3)
    assert f1 == pytest.approx(0.1)


def test_shares_of_the_outcome_by_hand(comparing: Any) -> None:
    real = pd.DataFrame({"g": ["a"] * 60 + ["b"] * 40, "y": [1, 0] * 50, "x": range(100)})
    made = real.assign(y=[1] * 30 + [0] * 30 + [1] * 10 + [0] * 30)
    scores = scored(fairness(comparing(made, real, groups=("g",), target="y"), PARAMETERS), "g")
    parity, impact = scores["statistical_parity_difference"], scores["disparate_impact"]
    assert (parity.value, parity.ceiling, parity.subject) == (-0.25, 0, ("g", "g = b"))
    assert parity.low < -0.25 < parity.high
    assert (impact.value, impact.ceiling) == (0.5, 1)
    assert impact.low < 0.5 < impact.high
    assert parity.parameters["against"] == "g = a"


def test_a_model_trained_on_rows_that_fail_one_group_is_seen(comparing: Any) -> None:
    frames = (biased(800, 0, fair=False), biased(800, 1, fair=True), biased(800, 2, fair=True))
    scores = scored(fairness(comparing(*frames, groups=("g",), target="y"), PARAMETERS), "g")
    assert scores["equalised_odds_score"].value < scores["equalised_odds_score"].ceiling - 0.2
    assert scores["f1_difference"].value > scores["f1_difference"].ceiling + 0.2
    assert scores["fpr_equality_difference"].value > scores["fpr_equality_difference"].ceiling


@pytest.mark.parametrize("names", [("no", "yes"), ("false", "true"), ("0", "1")])
def test_renaming_the_levels_changes_nothing(comparing: Any, names: tuple[str, str]) -> None:
    def renamed(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(y=np.where(frame["y"], names[1], names[0]), g=frame["g"].map({"a": "north", "b": "south"}))

    frames = [biased(300, seed, fair=True) for seed in range(3)]
    plain = fairness(comparing(*frames, groups=("g",), target="y"), PARAMETERS).scores
    other = fairness(comparing(*map(renamed, frames), groups=("g",), target="y"), PARAMETERS).scores
    assert [score.value for score in other] == [score.value for score in plain]


def test_fewer_than_five_of_a_kind_is_no_group(comparing: Any) -> None:
    frames = [biased(400, seed, fair=True) for seed in range(3)]
    frames[2].loc[frames[2]["g"] == "b", "y"] = False
    scores = scored(fairness(comparing(*frames, groups=("g",), target="y"), PARAMETERS), "g")
    assert "5 positives and 5 negatives" in str(scores["equalised_odds_score"].reason)
    assert scores["statistical_parity_difference"].value is not None


def test_small_groups_and_those_that_give_them_away_have_no_figures(comparing: Any) -> None:
    real = pd.DataFrame({"g": ["rare"] * 4 + ["b"] * 30 + ["c"] * 66, "y": [1, 0] * 50, "x": range(100)})
    for score in fairness(comparing(real, real, groups=("g",), target="y"), PARAMETERS).scores:
        assert score.value is None
        assert "rare" not in str(score.to_dict())


def test_combinations_are_a_column_of_their_own(draw: Any, comparing: Any) -> None:
    found = fairness(comparing(draw(600, 0), draw(600, 1), draw(600, 2), groups=("sex", "arm"), target="event"), PARAMETERS)
    assert len(found.scores) == 18
    assert scored(found, "sex × arm")["f1_difference"].value is not None


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"groups": ("sex",)}, "pass the column a model would predict"),
        ({"target": "event"}, "as groups="),
        ({"target": "arm", "groups": ("sex",)}, "other than two values"),
        ({"target": "age", "groups": ("sex",)}, "other than two values"),
    ],
)
def test_what_is_needed_is_said(draw: Any, comparing: Any, options: Any, reason: str) -> None:
    for score in fairness(comparing(draw(60, 0), draw(60, 1), **options), PARAMETERS).scores:
        assert score.value is None
        assert reason in str(score.reason)


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_the_intervals_of_one_difference_hold_the_truth(comparing: Any, share: float) -> None:
    rng, held = np.random.default_rng(3), []
    for _ in range(60):
        group = np.repeat(["a", "b"], [120, 80])
        made = pd.DataFrame({"g": group, "y": rng.random(200) < np.where(group == "a", 0.4, share), "x": range(200)})
        scores = scored(fairness(comparing(made, made, groups=("g",), target="y"), PARAMETERS), "g")
        parity, impact = scores["statistical_parity_difference"], scores["disparate_impact"]
        held += [parity.low <= share - 0.4 <= parity.high, impact.value is None or impact.low <= share / 0.4 <= impact.high]
    assert np.mean(held) >= 0.88
