from __future__ import annotations

from typing import Any

import pandas as pd

from synthnb.evaluation.texts.attributes import coverage


def run(comparison: Any) -> Any:
    return coverage(comparison, {}).scores


def test_what_was_asked_for_and_came_by_hand(texting: Any) -> None:
    frame = pd.DataFrame({"text": list("abcdef"), "tone": ["calm"] * 4 + ["worried", "loud"], "n": [1, 1, 1, 2, 2, 2]})
    tone, number = run(texting(frame, attributes={"tone": {"calm": 3, "worried": 2, "angry": 1}, "n": {"1": 3, "2": 3}}))
    assert (tone.value, tone.subject) == (round(4 / 6, 6), ("tone",))
    assert (tone.parameters["levels_short"], tone.parameters["of_other_levels"]) == (2, 1)
    assert (number.value, number.low, number.high) == (1, None, None)


def test_what_can_not_be_counted_has_a_reason(texting: Any) -> None:
    frame = pd.DataFrame({"text": ["a"]})
    assert "attributes=" in run(texting(frame))[0].reason
    assert "doesn't have the column" in run(texting(frame, attributes={"tone": {"calm": 1}}))[0].reason
    assert run(texting(frame, attributes={"text": {"a": 0}}))[0].reason == "No text was asked for."
