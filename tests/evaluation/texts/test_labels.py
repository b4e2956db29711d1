from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.texts.labels import LABELS_STEP, label_validity


def run(comparison: Any) -> Any:
    return label_validity(comparison, LABELS_STEP.parameters).scores


def test_right_labels_are_agreed_with_as_real_ones_are(notes: Any, texting: Any) -> None:
    accuracy, kappa = run(texting(notes(200, 1), notes(300, 2), notes(100, 3), label="label"))
    assert accuracy.value > 0.9
    assert accuracy.value == pytest.approx(accuracy.ceiling, abs=0.06)
    assert (kappa.low < kappa.value <= kappa.high, kappa.parameters["ceiling_from"]) == (True, "hold-out")


def test_swapped_labels_are_worse_than_chance(notes: Any, texting: Any) -> None:
    made = notes(200, 1)
    made["label"] = made["label"].map({"calm": "worried", "worried": "calm"})
    accuracy, kappa = run(texting(made, notes(300, 2), label="label"))
    assert accuracy.high < 0.2
    assert kappa.high < 0
    assert "cross-validation" in accuracy.parameters["ceiling_from"]


def test_labels_at_random_are_agreed_with_by_chance(notes: Any, texting: Any) -> None:
    made = notes(300, 1)
    made["label"] = np.random.default_rng(5).choice(["calm", "worried"], 300)
    kappa = run(texting(made, notes(300, 2), label="label"))[1]
    assert kappa.low < 0 < kappa.high


def test_names_of_labels_do_not_matter(notes: Any, texting: Any) -> None:
    frames = [notes(100, 1), notes(100, 2)]
    renamed = [frame.replace({"label": {"calm": "z", "worried": "y"}}) for frame in frames]
    assert [s.value for s in run(texting(*frames, label="label"))] == [s.value for s in run(texting(*renamed, label="label"))]


def test_labels_real_texts_do_not_have_are_left_out_and_counted(notes: Any, texting: Any) -> None:
    made = pd.concat([notes(50, 1), notes(20, 4).assign(label="new")])
    accuracy = run(texting(made, notes(100, 2), label="label"))[0]
    assert (accuracy.n, accuracy.parameters["left_out"]) == (50, 20)


def test_the_target_is_the_label_where_none_is_named(notes: Any, texting: Any) -> None:
    comparison = texting(notes(100, 1), notes(100, 2))
    assert run(dataclasses.replace(comparison, target="label"))[0].value > 0.9


def test_without_a_label_or_real_texts_there_is_a_reason(notes: Any, texting: Any) -> None:
    assert "label=" in run(texting(notes(20, 1), notes(20, 2)))[0].reason
    assert "no real texts" in run(texting(notes(20, 1), label="label"))[0].reason
    assert "2 to 50 labels" in run(texting(notes(20, 1), notes(20, 2).assign(label="one"), label="label"))[1].reason
