from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.texts.length import LENGTH_STEP, lengths, median_interval


def frame(*texts: Any) -> pd.DataFrame:
    return pd.DataFrame({"text": list(texts)}, dtype=object)


def run(comparison: Any) -> dict[str, Any]:
    return {score.metric: score for score in lengths(comparison, LENGTH_STEP.parameters).scores}


def test_distances_of_lengths_by_hand(texting: Any) -> None:
    found = run(texting(frame("a b c", "a b c d"), frame("a", "a b c")))
    assert found["text_words_ks"].value == 0.5
    assert found["text_sentences_ks"].value == 1
    assert found["text_characters_ks"].value == 0.5
    assert (found["text_median_words"].value, found["text_median_words"].ceiling) == (3.5, 2)


def test_the_ceiling_is_real_texts_against_real_ones(notes: Any, texting: Any) -> None:
    score = run(texting(notes(100, 1), notes(200, 2), notes(80, 3)))["text_words_ks"]
    assert (score.parameters["ceiling_from"], score.parameters["ceiling_rows"]) == ("hold-out", [200, 80])
    assert score.ceiling > 0.8
    assert score.matched > 0.8


def test_without_real_texts_the_profile_is_there_and_the_reason(notes: Any, texting: Any) -> None:
    found = run(texting(notes(50, 1)))
    assert "no real texts" in found["text_words_ks"].reason
    assert len(found["text_words_ks"].parameters["synthetic_quantiles"]) == 5
    assert 20 < found["text_median_words"].value < 65


def test_blank_texts_are_counted(texting: Any) -> None:
    score = run(texting(frame("word", "", " \n", None, "🙂"), frame("a", "b")))["text_blank_share"]
    assert (score.value, score.n, score.ceiling) == (0.8, 5, 0.0)


def test_a_corpus_of_blanks_has_reasons_and_a_share(texting: Any) -> None:
    found = run(texting(frame("", None), frame("a", "b")))
    assert found["text_blank_share"].value == 1
    assert found["text_words_ks"].reason == "No synthetic text has a word."


def test_the_interval_of_a_median_by_hand() -> None:
    assert median_interval(np.arange(1.0, 6)) == (None, None)
    assert median_interval(np.arange(1.0, 7)) == (1, 6)
    assert median_interval(np.arange(1.0, 11)) == (2, 9)


@pytest.mark.parametrize("n", [12, 40, 200])
def test_the_interval_of_a_median_covers_it(n: int) -> None:
    rng = np.random.default_rng(n)
    ends = [median_interval(np.sort(rng.exponential(size=n))) for _ in range(2000)]
    covered = np.mean([low <= np.log(2) <= high for low, high in ends])
    assert 0.94 <= covered <= 0.985


def test_the_order_of_rows_changes_nothing(notes: Any, texting: Any) -> None:
    one, other = notes(60, 1), notes(60, 2)
    assert run(texting(one, other)) == run(texting(one[::-1], other[::-1]))


def test_text_columns_that_no_step_reads_are_named(texting: Any) -> None:
    made = pd.DataFrame({f"t{i}": ["a b", "c d"] for i in range(6)})
    comparison = texting(made, made.assign(gone="x y"), text=(*made.columns, "gone"))
    reasons = [entry["reason"] for entry in lengths(comparison, LENGTH_STEP.parameters).not_evaluated]
    assert reasons == ["Text columns beyond the first 4 were left out: 2.", "Text columns the synthetic frame doesn't have: gone."]
