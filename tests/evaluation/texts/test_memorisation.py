from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from synthnb.evaluation.gates import hold
from synthnb.evaluation.profiles import find_profile
from synthnb.evaluation.texts.memorisation import MEMORISATION_STEP, memorisation


def run(comparison: Any) -> dict[str, Any]:
    return {score.metric: score for score in memorisation(comparison, MEMORISATION_STEP.parameters).scores}


def outcome(found: dict[str, Any]) -> str:
    gate = next(gate for gate in find_profile("text-core/1").gates if gate.metric == "shared_13_words_excess")
    return str(hold([gate], list(found.values()))[0]["outcome"])


def numbered(count: int, start: int = 0) -> str:
    return " ".join(f"w{i}" for i in range(start, start + count))


def test_shared_runs_by_hand(texting: Any) -> None:
    real = pd.DataFrame({"text": [numbered(40), numbered(40, 100), "thank you"]})
    texts = [f"{numbered(8)} x", f"y {numbered(13, 110)} z", numbered(7, 20), "Thank you!", "thank you all"]
    found = run(texting(pd.DataFrame({"text": texts}), real))
    assert found["shared_8_words_share"].value == 0.6
    assert found["shared_13_words_share"].value == 0.4
    assert found["longest_shared_run"].value == 13
    assert found["shared_8_words_share"].parameters["equal"] == 1


def test_verbatim_copies_fail_leakage(notes: Any, texting: Any) -> None:
    real = notes(100, 1)
    found = run(texting(real, real, notes(60, 2)))
    assert found["shared_13_words_share"].value == 1
    assert found["shared_13_words_excess"].low > 0.9
    assert found["longest_shared_run"].value > 20 > found["longest_shared_run"].ceiling
    assert outcome(found) == "fail"


def test_a_few_copies_among_many_texts_fail_leakage_too(notes: Any, texting: Any) -> None:
    real = notes(200, 1)
    found = run(texting(pd.concat([notes(180, 2), real.head(20)]), real))
    assert found["shared_13_words_excess"].value == pytest.approx(0.1)
    assert outcome(found) == "fail"


def test_new_texts_are_inconclusive_and_never_safe(notes: Any, texting: Any) -> None:
    found = run(texting(notes(100, 1), notes(100, 2), notes(60, 3)))
    excess = found["shared_13_words_excess"]
    assert excess.low < 0 < excess.high
    assert outcome(found) == "undecided"


def test_set_phrases_of_real_texts_are_no_leak(notes: Any, texting: Any) -> None:
    phrase = " This form was filled in at the front desk by the person named in the header above."
    frames = [frame.assign(text=frame["text"] + phrase) for frame in (notes(80, 1), notes(80, 2))]
    found = run(texting(*frames))
    assert (found["shared_13_words_share"].value, found["shared_13_words_share"].ceiling) == (1, 1)
    assert outcome(found) == "undecided"
    assert found["shared_13_words_share"].parameters["ceiling_from"] == "each real text against the others"


def test_runs_of_examples_are_found_without_real_texts(notes: Any, texting: Any) -> None:
    found = run(texting(pd.DataFrame({"text": [f"so {numbered(9)}", numbered(7), "new"]}), examples=(numbered(20),)))
    assert found["examples_shared_8_words_share"].value == pytest.approx(1 / 3, abs=1e-6)
    assert found["examples_shared_8_words_share"].parameters["longest_run"] == 9
    assert "no real texts" in found["shared_13_words_excess"].reason
    assert "examples=" in run(texting(notes(5, 1)))["examples_shared_8_words_share"].reason


def test_a_rare_name_that_reappears_is_a_leak_and_is_never_told(notes: Any, texting: Any) -> None:
    real, made = notes(60, 1), notes(60, 2)
    real.loc[3, "text"] = "Yesterday we saw Zebulon Quix in ward 48213 again."
    made.loc[:5, "text"] = "It was said that Zebulon Quix came back to ward 48213 twice."
    comparison = texting(made, real)
    score = run(comparison)["leaked_entities_share"]
    assert (score.value, score.ceiling, score.parameters["mean_per_text"]) == (0.1, 0, 0.2)
    told = json.dumps([score.to_dict(), memorisation(comparison, MEMORISATION_STEP.parameters).details])
    assert "Zebulon" not in told
    assert "48213" not in told


def test_a_name_that_many_real_texts_have_is_none(notes: Any, texting: Any) -> None:
    frames = [frame.assign(text="We went to London Bridge. " + frame["text"]) for frame in (notes(40, 1), notes(40, 2))]
    assert run(texting(*frames))["leaked_entities_share"].value == 0


def test_the_drill_down_counts_runs_by_length(notes: Any, texting: Any) -> None:
    real = notes(50, 1)
    details = memorisation(texting(real, real), MEMORISATION_STEP.parameters).details["memorisation"]["text"]
    assert details["synthetic"][:5] == [50, 50, 50, 50, 50]
    assert details["control"][3] == 0


def test_the_order_of_rows_changes_nothing(notes: Any, texting: Any) -> None:
    one, other = notes(60, 1), notes(60, 2)
    assert run(texting(one, other)) == run(texting(one[::-1], other[::-1]))
