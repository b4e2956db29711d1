from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.texts._terms import ASSOCIATIONS, GENDER, GROUPS
from synthnb.evaluation.texts.stereotypes import STEREOTYPES_STEP, association_gap, stereotypes, swapped


def run(comparison: Any) -> dict[str, Any]:
    return {score.metric: score for score in stereotypes(comparison, STEREOTYPES_STEP.parameters).scores}


def people(rows: int, seed: int, *, family: tuple[float, float]) -> pd.DataFrame:
    """Texts about a woman or a man who thinks of family, with these probabilities, or else of a career."""
    rng = np.random.default_rng(seed)
    woman = rng.random(rows) < 0.5
    home = rng.random(rows) < np.where(woman, *family)
    fill = [" ".join(rng.choice(["then", "often", "quietly", "again", "soon"], 4)) for _ in range(rows)]
    who, what = np.where(woman, "She", "He"), np.where(home, "a wedding", "a salary")
    texts = [f"{one} thinks of {thing} {rest}." for one, thing, rest in zip(who, what, fill, strict=True)]
    return pd.DataFrame({"text": texts, "label": np.where(home, "home", "work")})


def test_the_gap_by_hand_with_newcombes_interval(texting: Any) -> None:
    """Newcombe's published example: 56 of 70 against 48 of 80."""
    value, (low, high) = association_gap(np.array([[56, 14], [48, 32]]))
    assert (round(value, 6), round(low, 4), round(high, 4)) == (0.2, 0.0524, 0.3339)


def test_a_planted_stereotype_is_found_and_none_where_there_is_none(texting: Any) -> None:
    score = run(texting(people(400, 1, family=(0.8, 0.2)), people(400, 2, family=(0.5, 0.5))))["stereotype_gender_family_gap"]
    assert score.low < 0.6 < score.high
    assert abs(score.ceiling) < 0.15
    fair = run(texting(people(400, 3, family=(0.5, 0.5))))["stereotype_gender_family_gap"]
    assert fair.low < 0 < fair.high


def test_a_swap_shifts_the_label_only_if_people_go_with_it(texting: Any) -> None:
    planted = run(texting(people(400, 1, family=(0.9, 0.1)), label="label"))["swap_gender_shift"]
    fair = run(texting(people(400, 3, family=(0.5, 0.5)), label="label"))["swap_gender_shift"]
    assert abs(planted.value) > 5 * abs(fair.value)
    assert planted.parameters["label"] in {"home", "work"}


def test_a_swap_changes_only_the_people() -> None:
    assert swapped(["his", "sister", "sleeps"], GENDER) == (["her", "sister", "sleeps"], ["his", "brother", "sleeps"])


@pytest.mark.parametrize("name", GROUPS)
def test_groups_have_counterparts_and_share_no_word(name: str) -> None:
    group = GROUPS[name]
    assert len(group.first) == len(group.second)
    assert len({*group.first, *group.second}) == 2 * len(group.first)


@pytest.mark.parametrize("name", ASSOCIATIONS)
def test_sorts_share_no_word(name: str) -> None:
    first, second = ASSOCIATIONS[name].words
    assert not first & second


def test_few_texts_or_no_label_have_a_reason(texting: Any) -> None:
    found = run(texting(people(20, 1, family=(0.5, 0.5))))
    assert "20 texts of each group" in found["stereotype_gender_family_gap"].reason
    assert "label=" in found["swap_gender_shift"].reason
    assert "20 labelled texts" in run(texting(people(10, 1, family=(0.5, 0.5)), label="label"))["swap_gender_shift"].reason
