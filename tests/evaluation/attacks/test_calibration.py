"""A small calibration study: attacks seldom alarm on independent rows, and do on planted ones. The full one is a benchmark."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from typing import TYPE_CHECKING

from tests.benchmarks.calibration import simulated
from tests.benchmarks.calibration_cases import ATTACKS, CASES, Attacked, Case

if TYPE_CHECKING:
    from tests.benchmarks.populations import Leak

SEEDS = range(20)


def test_false_alarms_are_few() -> None:
    lines = simulated(Case("independent", Attacked("clinic", rows=200, steps=ATTACKS[:5]), null=True), SEEDS)
    alarms = {line.metric: line.alarms for line in lines if line.alarms is not None}
    assert len(alarms) >= 7
    # of 20 draws with a probability of 0.05, more than 3 are alarms twice in a hundred times
    assert all(share <= 3 / 20 for share in alarms.values())


def test_intervals_hold_the_truth() -> None:
    lines = simulated(Case("a fifth", Attacked("laboratory", "copied", 0.2, rows=200, steps=ATTACKS[:5])), SEEDS)
    covered = {line.metric: line.coverage for line in lines if line.coverage is not None}
    assert all(share >= 16 / 20 for share in covered.values())


@pytest.mark.parametrize("how", ["copied", "jittered"])
def test_a_planted_fifth_is_found(how: Leak) -> None:
    lines = simulated(Case(how, Attacked("laboratory", how, 0.2, rows=400, steps=ATTACKS[:1])), range(4))
    alarms = {line.metric: line.alarms for line in lines if line.alarms is not None}
    assert alarms["membership_excess_risk"] == 1
    assert alarms["membership_auc"] >= 3 / 4


def test_every_case_is_named_once() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
