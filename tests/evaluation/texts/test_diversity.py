from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.gates import hold
from synthnb.evaluation.profiles import find_profile
from synthnb.evaluation.texts.diversity import DIVERSITY_STEP, distinct, diversity, mtld, self_bleu, vendi_score


def run(comparison: Any, **changed: Any) -> dict[str, Any]:
    return {score.metric: score for score in diversity(comparison, {**DIVERSITY_STEP.parameters, **changed}).scores}


def test_different_runs_by_hand() -> None:
    texts = [["a", "b", "a", "b"], ["a", "b"]]
    assert [distinct(texts, n) for n in (1, 2, 3)] == [2 / 6, 2 / 4, 1.0]
    assert math.isnan(distinct([["a"]], 2))


def test_mtld_by_hand() -> None:
    # Forwards, the ratio of a b a is 2/3 < 0.72 and ends a stretch: 2 of 6 words. Backwards it is the same.
    assert mtld(["a", "b", "a", "c", "d", "c"]) == 3
    # One stretch of three, and a b with ratio 1 adds nothing; backwards b a b ends one too.
    assert mtld(["a", "b", "a", "b"]) == 4
    assert math.isnan(mtld(["a", "b", "c"]))


def test_self_bleu_is_what_nltk_3_10_gives() -> None:
    """Expected: mean of nltk's sentence_bleu of each text against the others, with SmoothingFunction().method1."""
    texts = [
        "the patient was seen in the clinic today",
        "the patient was seen at home today by the nurse",
        "she was well and went home",
        "the nurse was seen in the clinic",
    ]
    assert self_bleu([text.split() for text in texts]) == pytest.approx(0.47324966912349853, abs=1e-12)


def test_self_bleu_at_its_extremes() -> None:
    assert self_bleu([["a", "b", "c", "d"]] * 3) == pytest.approx(1)
    assert self_bleu([["a", "b", "c", "d"], ["e", "f", "g", "h"]]) == 0
    assert math.isnan(self_bleu([["a"]]))


@pytest.mark.parametrize("words", [1, 2, 3])
def test_short_texts_that_are_all_alike_are_not_varied(words: int) -> None:
    assert self_bleu([[f"w{i}" for i in range(words)]] * 50) == pytest.approx(1)


def test_a_short_text_is_held_against_the_runs_it_has() -> None:
    # "no pain" holds 1 of 1 runs of 2 words of the other text, which is longer: exp(1 - 5/2).
    long = ["no", "pain", "was", "felt", "today"]
    precisions = [2 / 5, 1 / 4, 0.1 / 3, 0.1 / 2]
    expected = (math.exp(1 - 5 / 2) + math.prod(precisions) ** 0.25) / 2
    assert self_bleu([["no", "pain"], long]) == pytest.approx(expected)


def test_vendi_by_hand() -> None:
    half = np.array([[1, 0.5], [0.5, 1]])
    assert vendi_score(half) == pytest.approx(math.exp(-0.75 * math.log(0.75) - 0.25 * math.log(0.25)))
    assert vendi_score(np.ones((9, 9))) == pytest.approx(1)
    assert vendi_score(np.eye(9)) == pytest.approx(9)


def test_a_corpus_of_one_text_has_no_diversity_and_fails_its_gate(notes: Any, texting: Any) -> None:
    one = pd.DataFrame({"text": [notes(1, 1)["text"][0]] * 100})
    found = run(texting(one, notes(100, 2)))
    assert found["vendi_score"].value == pytest.approx(1, abs=1e-6)
    assert found["self_bleu_4"].value == pytest.approx(1)
    assert found["distinct_3"].value < 0.02 < 0.9 < found["distinct_3"].ceiling
    gate = next(gate for gate in find_profile("text-core/1").gates if gate.metric == "vendi_score")
    assert hold([gate], list(found.values()))[0]["outcome"] == "fail"


def test_texts_of_the_real_kind_are_as_varied_at_equal_n(notes: Any, texting: Any) -> None:
    found = run(texting(notes(300, 1), notes(100, 2)))
    for metric in ("distinct_1", "distinct_2", "type_token_ratio", "self_bleu_4", "vendi_score", "mtld"):
        score = found[metric]
        assert (score.value if score.matched is None else score.matched) == pytest.approx(score.ceiling, rel=0.12), metric
    assert found["distinct_1"].value < found["distinct_1"].matched


def test_without_real_texts_everything_is_computed(notes: Any, texting: Any) -> None:
    found = run(texting(notes(60, 1)))
    assert all(score.value is not None and score.ceiling is None for score in found.values())
    assert all(score.parameters["interval"].startswith("none: no calibrated interval for") for score in found.values())


def test_the_order_of_rows_and_the_real_frame_change_nothing(notes: Any, texting: Any) -> None:
    one = notes(80, 1)
    shuffled = one.sample(frac=1, random_state=0)
    assert {k: s.value for k, s in run(texting(one)).items()} == {k: s.value for k, s in run(texting(shuffled)).items()}


def test_a_sample_is_taken_of_many_texts(notes: Any, texting: Any) -> None:
    assert run(texting(notes(60, 1)), most_texts=40)["self_bleu_4"].n == 40


def test_few_words_have_a_reason(texting: Any) -> None:
    found = run(texting(pd.DataFrame({"text": ["one text"]})))
    assert "100 words" in found["mtld"].reason
    assert found["vendi_score"].reason is not None
    assert found["distinct_1"].value == 1
