"""``%synth review`` and ``judge`` in a real shell: what they show, what they keep, and what no notebook may hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.jupyter.test_magics import refused, run

if TYPE_CHECKING:
    import pandas as pd


@pytest.fixture
def made(shell: Any, trial: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A shell with the trial and a synthesis of it."""
    monkeypatch.chdir(tmp_path)
    shell.user_ns["trial"] = trial
    run(shell, "%synth generate trial --rows 60 --as made --seed 1")
    return shell


def test_a_judge_is_asked_and_its_verdicts_are_never_peoples(made: Any) -> None:
    ran = run(made, "%synth judge made --against trial --n 12 --repeats 1 --pairs 0 --model echo --as judged")
    (entry,) = ran.entries
    assert entry["kind"] == "judge"
    assert "No person rated these items" in " ".join(entry["fields"]["judgeResults"])
    assert any("only stands in for a language model" in warning for warning in made.user_ns["judged"].warnings)


def test_a_judges_family_is_asked_for_by_name(made: Any) -> None:
    assert "family=FRAME" in refused(made, "%synth judge made --model echo --other qwen")


def test_a_review_is_rated_and_its_results_are_disclosed_without_an_item(made: Any, trial: pd.DataFrame) -> None:
    ran = run(made, "%synth review made --real trial --n 24 --rubric plausibility --rater a --as reviewed")
    reviewed = made.user_ns["reviewed"]
    shown = json.dumps(ran.bundles)
    assert not any(str(weight) in shown for weight in trial["weight_kg"].dropna() if "." in str(weight))
    for item in reviewed.items:
        reviewed.rate("a", item.id, "plausibility", 4)
    (entry,) = run(made, "%synth review made --real trial --n 24 --rubric plausibility --results").entries
    assert entry["kind"] == "review"
    assert "24 items" in entry["fields"]["humanResults"][0] or "24 rows" in entry["fields"]["humanResults"][0]
