"""The attacks beside anonymeter 1.1, and disclosure protection beside SDMetrics 0.32, on stored frames."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from synthnb.evaluation._intervals import Estimate, excess_risk, wilson
from synthnb.evaluation.attacks.cap import CAP_STEP
from synthnb.evaluation.attacks.inference import INFERENCE_STEP
from synthnb.evaluation.attacks.linkability import LINKABILITY_STEP
from synthnb.evaluation.attacks.singling import SINGLING_STEP
from synthnb.evaluation.facts import Facts

if TYPE_CHECKING:
    from synthnb.evaluation.base import Step

ORACLES = Path(__file__).parents[2] / "fixtures" / "oracles"
EXPECTED: dict[str, Any] = json.loads((ORACLES / "anonymeter-1.1.json").read_text())
ATTACKS: dict[str, tuple[Step, Facts]] = {
    "singling out": (SINGLING_STEP, Facts()),
    "linkability": (LINKABILITY_STEP, Facts(known=("age", "body mass", "sex"))),
    "inference": (INFERENCE_STEP, Facts(secrets=("stage", "site", "age"))),
}


def frame(name: str) -> pd.DataFrame:
    return pd.read_csv(ORACLES / f"anonymeter-{name}.csv")


def synthetic(case: str) -> pd.DataFrame:
    real, fresh = frame("real"), frame("fresh")
    copied = round(EXPECTED["copied"][case] * len(real))
    return pd.concat([real.head(copied), fresh.tail(len(real) - copied)], ignore_index=True)


def theirs(said: dict[str, float]) -> Estimate:
    """Their risk, not cut to 0 to 1, with its interval: their rates are centres of Wilson's intervals."""
    hits = [_hits(said[kind], int(said[n])) for kind, n in (("main", "attacks"), ("control", "control_attacks"))]
    return excess_risk(hits[0], said["attacks"], hits[1], said["control_attacks"])


def _hits(centre: float, n: int) -> int:
    return min(range(n + 1), key=lambda hits: abs(sum(wilson(hits, n)) / 2 - centre))


@pytest.mark.parametrize("case", EXPECTED["copied"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_risks_agree_within_the_intervals(attack: str, case: str, comparing: Callable[..., Any], tried: Any) -> None:
    step, facts = ATTACKS[attack]
    found = [score for score in tried(step, comparing(synthetic(case), frame("real"), frame("control"), facts=facts)) if score.value]
    expected = EXPECTED["risks"][case]
    for score in found:
        other = theirs(expected[" ".join([score.metric, *score.subject])])
        assert score.low <= other.high
        assert other.low <= score.high


@pytest.mark.parametrize("asked", EXPECTED["disclosure_protection"], ids=lambda asked: ",".join(asked["secrets"]))
def test_disclosure_protection_is_the_same(asked: dict[str, Any], comparing: Callable[..., Any], tried: Any) -> None:
    facts = Facts(known=tuple(asked["known"]), secrets=tuple(asked["secrets"]))
    (score,) = tried(CAP_STEP, comparing(frame("fresh"), frame("real"), facts=facts))
    assert score.value == pytest.approx(asked["score"], abs=1e-6)  # scores are rounded to six decimals
