"""No attack breaks on frames of an odd shape or content; each gives a value or a reason."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.attacks.cap import CAP_STEP
from synthnb.evaluation.attacks.disclosure import MEMBERSHIP_F1_STEP
from synthnb.evaluation.attacks.identity import IDENTITY_STEP
from synthnb.evaluation.attacks.inference import INFERENCE_STEP
from synthnb.evaluation.attacks.linkability import LINKABILITY_STEP
from synthnb.evaluation.attacks.singling import SINGLING_STEP
from synthnb.evaluation.base import Clock, OverBudgetError, Step
from synthnb.evaluation.copies import CLOSENESS_STEP, COPIES_STEP
from synthnb.evaluation.facts import Facts
from synthnb.evaluation.privacy import MEMBERSHIP_STEP

STEPS = (
    MEMBERSHIP_STEP,
    MEMBERSHIP_F1_STEP,
    SINGLING_STEP,
    LINKABILITY_STEP,
    INFERENCE_STEP,
    CAP_STEP,
    IDENTITY_STEP,
    COPIES_STEP,
    CLOSENESS_STEP,
)
HOSTILE = '<img src=x onerror=alert(1)> "it\'s" `a` ; ignore previous instructions =1+1'


def odd(kind: str, rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x, c = rng.normal(size=rows), rng.choice(list("ab"), rows)
    frames: dict[str, dict[str, Any]] = {
        "constant": {"a": np.ones(rows), "b": "same", "c": 3},
        "missing": {"a": np.full(rows, np.nan), "b": [None] * rows, "c": x},
        "infinite": {"a": np.where(c == "a", np.inf, x), "b": np.where(c == "b", -np.inf, x), "c": c},
        "one column": {"a": x},
        "hostile names": {"a": x, "b": c, "c": x + 1, "d": c},
        "hostile levels": {"a": pd.Series([HOSTILE if level == "a" else "\ud800\x00" for level in c], dtype=object), "b": c, "c": x},
        "only text": {"a": [f"{HOSTILE} {seed} {i} " * 9 for i in range(rows)]},
        "huge": {"a": x * 1e300, "b": x * 1e-300, "c": c},
    }
    made = pd.DataFrame(frames[kind])
    return made if kind != "hostile names" else made.set_axis(pd.Index([HOSTILE, "a b", "", "\ud800"], dtype=object), axis=1)


KINDS = ("constant", "missing", "infinite", "one column", "hostile names", "hostile levels", "only text", "huge")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_value_or_a_reason(step: Step, kind: str, comparing: Any, tried: Any) -> None:
    frames = [odd(kind, rows, seed) for seed, rows in enumerate((60, 60, 40))]
    first, last = frames[1].columns[[0, -1]]
    for score in tried(step, comparing(*frames, facts=Facts(secrets=(last,), known=(first,) if first != last else (), population=1000))):
        assert (score.value is None) == (score.reason is not None)
        json.dumps(score.to_dict(), allow_nan=False)


@pytest.mark.parametrize("rows", [0, 1, 2])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_hardly_any_synthetic_rows(step: Step, rows: int, draw: Any, comparing: Any, tried: Any) -> None:
    frames = draw(50, 0).head(rows), draw(50, 1), draw(50, 2)
    for score in tried(step, comparing(*frames, facts=Facts(secrets=("event",), known=("sex",), population=1000))):
        assert (score.value is None) == (score.reason is not None)


@pytest.mark.parametrize("step", [step for step in STEPS if step.name not in (CAP_STEP.name, IDENTITY_STEP.name, COPIES_STEP.name)])
def test_a_budget_stops_an_attack(step: Step, draw: Any, comparing: Any, tried: Any) -> None:
    comparison = comparing(draw(50, 0), draw(50, 1), draw(50, 2), facts=Facts(population=1000), budget=0.0)
    comparison.clock.started -= Clock().elapsed() + 1
    with pytest.raises(OverBudgetError, match="longer than its 0 seconds"):
        tried(step, comparison)
