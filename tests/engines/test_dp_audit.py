"""The promise of the engine dp, held to by attack: a fast version of tests/benchmarks/dp_audit.py."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

RUNS = 250


@pytest.fixture(scope="module")
def auditor() -> Any:
    spec = importlib.util.spec_from_file_location("dp_audit", Path(__file__).parents[1] / "benchmarks" / "dp_audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tree_betrays_no_more_than_it_claims(auditor: Any) -> None:
    found = auditor.audit(auditor.Noise, np.random.default_rng(1).bytes, epsilon=1.0, method="tree", runs=RUNS)
    assert found <= 1.0


def test_a_twentieth_of_the_noise_is_found_out(auditor: Any) -> None:
    found = auditor.audit(auditor.TooLittleNoise, np.random.default_rng(1).bytes, epsilon=1.0, method="tree", runs=RUNS)
    assert found > 1.5


def test_the_lower_limit_by_hand(auditor: Any) -> None:
    without, with_row = np.zeros(200), np.ones(200)
    # 0 of 100 and 100 of 100: the limits are 1 - 0.025^(1/100) and 0.025^(1/100)
    edge = 0.025 ** (1 / 100)
    assert auditor.lower_limit(without, with_row, delta=0.0) == pytest.approx(np.log(edge / (1 - edge)))


def test_equal_samples_betray_nothing(auditor: Any) -> None:
    same = np.random.default_rng(0).normal(size=400)
    assert auditor.lower_limit(same, same, delta=0.0) == pytest.approx(0.0, abs=0.3)
