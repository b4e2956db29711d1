from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from synthnb.evaluation.texts.utility import UTILITY_STEP, train_and_test


def run(comparison: Any) -> Any:
    return train_and_test(comparison, UTILITY_STEP.parameters).scores


def test_texts_of_the_real_kind_teach_as_much(notes: Any, texting: Any) -> None:
    tstr, gap = run(texting(notes(300, 1), notes(300, 2), notes(150, 3), label="label"))
    assert tstr.value > 0.9
    assert tstr.value == pytest.approx(tstr.ceiling, abs=0.05)
    assert gap.low <= 0.01
    assert gap.value == pytest.approx(tstr.value - tstr.ceiling, abs=1e-6)


def test_labels_at_random_teach_nothing(notes: Any, texting: Any) -> None:
    made = notes(300, 1)
    made["label"] = np.random.default_rng(5).choice(["calm", "worried"], 300)
    tstr, gap = run(texting(made, notes(300, 2), notes(150, 3), label="label"))
    assert tstr.value < 0.8
    assert gap.high < -0.1


def test_the_same_texts_lose_nothing(notes: Any, texting: Any) -> None:
    real = notes(200, 2)
    tstr, gap = run(texting(real, real, notes(100, 3), label="label"))
    assert tstr.value == tstr.ceiling
    assert (gap.value, gap.low, gap.high) == (0, 0, 0)


def test_a_label_the_synthetic_texts_never_have_counts_against_them(notes: Any, texting: Any) -> None:
    made = notes(300, 1)
    tstr = run(texting(made[made["label"] == "calm"], notes(300, 2), notes(150, 3), label="label"))[0]
    assert tstr.value == 0.5


def test_what_can_not_be_trained_has_a_reason(notes: Any, texting: Any) -> None:
    assert "holdout=" in run(texting(notes(50, 1), notes(50, 2), label="label"))[0].reason
    assert "label=" in run(texting(notes(50, 1), notes(50, 2), notes(40, 3)))[0].reason
    assert "at least 30 texts" in run(texting(notes(10, 1), notes(50, 2), notes(40, 3), label="label"))[1].reason
    one = notes(40, 3).assign(label="calm")
    assert "from 2 to 50 labels; they have 1" in run(texting(notes(50, 1), notes(50, 2), one, label="label"))[1].reason
