from __future__ import annotations

from typing import Any

import pytest

from synthnb.evaluation.attacks.cap import CAP_STEP
from synthnb.evaluation.attacks.identity import IDENTITY_STEP
from synthnb.evaluation.attacks.inference import INFERENCE_STEP
from synthnb.evaluation.attacks.knowledge import knowledge
from synthnb.evaluation.facts import Facts

STEPS = pytest.mark.parametrize("step", [CAP_STEP, INFERENCE_STEP, IDENTITY_STEP], ids=lambda step: step.name)


def test_a_secret_is_never_known(people: Any, comparing: Any) -> None:
    facts = Facts(secrets=("stage", "four"))
    asked = knowledge(comparing(people(50, 0), people(50, 1), people(50, 2), facts=facts))
    assert [column.name for column in asked.secrets] == ["four", "stage"]
    assert [column.name for column in asked.known] == ["one", "two", "three", "sex"]


@STEPS
def test_every_attack_counts_the_columns_it_uses(step: Any, people: Any, comparing: Any, tried: Any) -> None:
    frames = [people(200, seed)[["sex", "stage", "one", "two"]].round(0) for seed in range(3)]
    for score in tried(step, comparing(*frames, facts=Facts(secrets=("stage", "two")))):
        assert score.parameters["known"] == 2


@STEPS
def test_a_secret_that_was_not_made_is_named(step: Any, people: Any, comparing: Any, tried: Any) -> None:
    frames = people(60, 0).drop(columns="stage"), people(60, 1), people(60, 2)
    scores = {score.subject: score for score in tried(step, comparing(*frames, facts=Facts(secrets=("stage", "sex"), known=("one",))))}
    assert len(scores) == 2
    assert "doesn't have this secret" in scores[("stage",)].reason


@STEPS
def test_a_secret_that_is_text_is_named(step: Any, people: Any, comparing: Any, tried: Any) -> None:
    frames = [
        people(60, seed).assign(note=[f"Patient {seed} {i} came in and left again, well " * 4 for i in range(60)]) for seed in range(3)
    ]
    (score,) = tried(step, comparing(*frames, facts=Facts(secrets=("note",))))
    assert score.subject == ("note",)
    assert "is text" in score.reason
