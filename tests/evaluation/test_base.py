from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from synthnb.errors import Interrupted
from synthnb.evaluation.base import Comparison, Definition, Findings, Score, Step, run_step
from synthnb.evaluation.profiles import find_profile

METRIC = Definition(metric="m", label="M", dimension="fidelity", direction="higher", reference="by hand")


def failing(error: BaseException) -> Step:
    def run(_comparison: Comparison, _parameters: Mapping[str, Any]) -> Findings:
        raise error

    return Step(name="fails", run=run, gives=(METRIC,))


def test_a_failure_is_a_score_with_the_reason(draw: Any, comparing: Any) -> None:
    score = run_step(failing(ValueError("could not convert 'Jane Doe'")), comparing(draw(20, 0), draw(20, 1))).scores[0]
    assert score.value is None
    assert score.reason == "The computation failed (ValueError)."


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Interrupted("Stopped.")])
def test_an_interrupt_is_no_failure(draw: Any, comparing: Any, error: BaseException) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_step(failing(error), comparing(draw(20, 0), draw(20, 1)))


def test_a_step_without_metrics_that_fails_is_named(draw: Any, comparing: Any) -> None:
    step = Step(name="fails", run=failing(ValueError()).run, gives=())
    assert run_step(step, comparing(draw(20, 0), draw(20, 1))).not_evaluated[0]["dimension"] == "fails"


def test_a_step_over_its_budget_says_so(draw: Any, comparing: Any) -> None:
    step = next(step for step in find_profile("auto").steps if step.name == "column shapes")
    score = run_step(step, comparing(draw(50, 0), draw(50, 1), budget=0.0)).scores[0]
    assert score.reason == "It took longer than its 0 seconds. Evaluate a sample of the rows."


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_no_value(value: float) -> None:
    score = METRIC.score(value, n=3, interval=(0, value), ceiling=value)
    assert (score.value, score.low, score.high, score.ceiling) == (None, None, None, None)
    assert score.reason == "The result isn't a finite number."


def test_a_score_survives_json() -> None:
    score = METRIC.score(0.1234567891, n=3, subject=["age"], interval=(0.1, 0.2), parameters={"bins": 10})
    assert Score.from_dict(json.loads(json.dumps(score.to_dict()))) == score
    assert score.value == 0.123457


def test_a_later_versions_keys_are_left_out() -> None:
    score = METRIC.score(0.5, n=3)
    assert Score.from_dict(score.to_dict() | {"new": 1}) == score


def test_a_score_of_before_matched_sizes_is_read() -> None:
    score = METRIC.score(0.5, n=3, ceiling=0.6)
    assert Score.from_dict({key: value for key, value in score.to_dict().items() if key != "matched"}) == score
