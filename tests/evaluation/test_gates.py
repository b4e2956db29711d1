from __future__ import annotations

from typing import Any

import pytest

from synthnb.evaluation.base import Definition
from synthnb.evaluation.gates import Gate, hold, pass_all

RISK = Definition(metric="risk", label="Risk", dimension="privacy", direction="lower", reference="by hand")
AT_MOST = Gate(metric="risk", side="at_most", limit=0.09, source="a convention")
AT_LEAST = Gate(metric="risk", side="at_least", limit=0.5, source="a convention")


def held(gate: Gate, *scores: Any) -> dict[str, Any]:
    return hold([gate], scores)[0]


@pytest.mark.parametrize(
    ("value", "interval", "outcome"),
    [
        (0.05, (0.01, 0.09), "pass"),
        (0.05, (0.01, 0.10), "undecided"),
        (0.20, (0.10, 0.30), "fail"),
        (0.20, (0.09, 0.30), "undecided"),
        (0.09, None, "pass"),
        (0.0901, None, "fail"),
    ],
)
def test_an_upper_limit_has_three_outcomes(value: float, interval: tuple[float, float] | None, outcome: str) -> None:
    assert held(AT_MOST, RISK.score(value, n=9, interval=interval))["outcome"] == outcome


@pytest.mark.parametrize(
    ("value", "interval", "outcome"),
    [(0.7, (0.5, 0.9), "pass"), (0.7, (0.4, 0.9), "undecided"), (0.3, (0.1, 0.49), "fail"), (0.5, None, "pass"), (0.4999, None, "fail")],
)
def test_a_lower_limit_has_three_outcomes(value: float, interval: tuple[float, float] | None, outcome: str) -> None:
    assert held(AT_LEAST, RISK.score(value, n=9, interval=interval))["outcome"] == outcome


def test_what_was_not_computed_decides_nothing() -> None:
    gate = held(AT_MOST, RISK.absent("It needs a hold-out."))
    assert (gate["outcome"], gate["reason"]) == ("undecided", "Not computed: It needs a hold-out.")
    assert held(AT_MOST)["reason"] == "The metric wasn't part of the evaluation."


def test_a_weak_attack_decides_nothing() -> None:
    gate = held(AT_MOST, RISK.score(0.0, n=9, interval=(-0.1, 0.05), parameters={"weak": True}))
    assert (gate["outcome"], gate["reason"]) == ("undecided", "The attack did no better than guessing, so it shows nothing.")


def test_the_worst_of_several_scores_is_the_gates() -> None:
    gate = held(AT_MOST, *(RISK.score(value, n=9, subject=[name]) for name, value in (("a", 0.1), ("b", 0.3), ("c", 0.01))))
    assert (gate["outcome"], gate["subject"], gate["value"], gate["scores"]) == ("fail", ["b"], 0.3, 3)


def test_only_a_failed_gate_stops() -> None:
    undecided, failed = held(AT_MOST), held(AT_MOST, RISK.score(0.2, n=9))
    assert pass_all([undecided])
    assert not pass_all([undecided, failed])


def test_a_gate_says_who_set_it() -> None:
    assert held(AT_MOST)["source"] == "a convention"
    assert AT_LEAST.to_dict() == {"metric": "risk", "at_least": 0.5, "source": "a convention"}
