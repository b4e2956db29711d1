"""`synthnb.engines.trees.tuning`: how the leaf size is chosen, and the two figures it rests on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.engines._encoding.table import encode_table
from synthnb.engines._nearness import membership_auc
from synthnb.engines.trees.tuning import Trial, choose_leaf
from synthnb.recipes.infer import infer_recipe


def points(seed: int, n: int = 1000) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(size=(n, 3)).astype("f4")


def test_membership_by_hand() -> None:
    learnt, held, made = (np.array(x, dtype="f4").reshape(-1, 1) for x in ([0.0, 5.0], [1.0, 5.0], [0.0, 4.0]))
    # distances 0 and 1 against 1 and 1: the first learnt row wins both pairs, the second ties twice
    assert membership_auc(learnt, held, made) == pytest.approx((1 + 1 + 0.5 + 0.5) / 4)


def test_copies_tell_who_was_learnt_and_fresh_rows_do_not() -> None:
    learnt, held, fresh = points(1), points(2), points(3)
    assert membership_auc(learnt, held, learnt) == 1.0
    assert membership_auc(learnt, held, fresh) == pytest.approx(0.5, abs=0.04)


def test_both_figures_must_be_within_their_limits() -> None:
    fine = Trial(leaf=5, share=0.5, limit=0.6, n=100, membership=0.5, membership_limit=0.6)
    assert fine.passed
    assert not Trial(leaf=5, share=0.5, limit=0.6, n=100, membership=0.61, membership_limit=0.6).passed
    assert not Trial(leaf=5, share=0.61, limit=0.6, n=100, membership=0.5, membership_limit=0.6).passed


def test_both_figures_are_reported() -> None:
    frame = pd.DataFrame(points(1, 300), columns=list("abc"))
    table = encode_table(frame, infer_recipe(frame, table="t", rows=300, seed=1))
    leaf, trials = choose_leaf(table, (0, 1, 2), seed=1)
    said = trials[-1].to_dict()
    assert said["leaf"] == leaf
    assert said["membership_auc"] <= said["membership_limit"]
    assert said["share_nearer_to_train"] <= said["limit"]
