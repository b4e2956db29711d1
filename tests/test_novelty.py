from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from synthnb._novelty import Grams, Known, MinHash, jaccard, longest_run, normalised, overlap, shingles, words
from synthnb.errors import OptionError

STORY = "the patient came in with a sore throat and a mild fever on monday and left the ward on friday feeling well again"


def drawn(seed: int, count: int = 60) -> list[str]:
    source = random.Random(seed)
    return [f"w{source.randrange(500)}" for _ in range(count)]


def test_words_lose_case_punctuation_and_typographic_variants() -> None:
    assert words("The “ﬁrst” visit — STRASSE, Straße: 37.5°") == ["the", "first", "visit", "strasse", "strasse", "37", "5"]


def test_each_character_of_a_script_without_spaces_is_a_word() -> None:
    assert words("患者は 30歳") == ["患", "者", "は", "30", "歳"]


def test_a_text_without_words_is_told_from_another() -> None:
    assert normalised(" !!! ") == "!!!"
    known = Known()
    known.add("!!!")
    assert (known.nearest("???"), known.nearest(" !!! ")) == (None, (0, 1.0))


@pytest.mark.parametrize(
    ("text", "found"),
    [("a b c d", {"a b c", "b c d"}), ("a b c", {"a b c"}), ("a b", {"a b"}), ("", set()), ("…", set())],
)
def test_shingles_are_runs_of_three_words(text: str, found: set[str]) -> None:
    assert shingles(text) == found


def test_the_jaccard_index_by_hand() -> None:
    assert jaccard(shingles("a b c d e"), shingles("b c d e f")) == 2 / 4
    assert jaccard(frozenset(), frozenset()) == 0


def test_signatures_estimate_the_jaccard_index() -> None:
    minhash = MinHash()
    errors = []
    for seed in range(40):
        one = shingles(" ".join(drawn(seed)))
        other = shingles(" ".join(drawn(seed)[: 20 + seed] + drawn(seed + 1000)[20 + seed :]))
        alike = float(np.mean(minhash.signature(one) == minhash.signature(other)))
        errors.append(alike - jaccard(one, other))
    assert np.max(np.abs(errors)) < 4 * 0.5 / np.sqrt(128)
    assert abs(np.mean(errors)) < 0.02


def test_a_signature_is_the_same_on_every_machine() -> None:
    assert MinHash().signature(["a b c", "b c d"])[:2].tolist() == [9065231414282447039, 11400579810168587082]


def test_an_equal_text_is_found_whatever_its_case_and_punctuation() -> None:
    known = Known()
    assert known.add("Something else.") == 0
    assert known.add("Same text, here!") == 1
    assert known.nearest("same TEXT here") == (1, 1.0)


def test_a_near_text_is_found_with_its_exact_index() -> None:
    known = Known(0.6)
    known.add("nothing to do with it at all today")
    known.add(STORY)
    changed = STORY.replace("monday", "sunday")
    assert known.nearest(changed) == (1, jaccard(shingles(STORY), shingles(changed)))


def test_a_text_below_the_threshold_is_new() -> None:
    known = Known(0.9)
    known.add(STORY)
    assert known.nearest(STORY.replace("monday", "sunday")) is None


def test_the_earliest_of_equally_near_texts_is_named() -> None:
    known = Known(0.5)
    for text in (STORY, STORY):
        known.add(text)
    found = known.nearest(f"{STORY} at last")
    assert found is not None
    assert found.number == 0


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8, 0.95])
def test_hardly_any_near_text_is_missed(threshold: float) -> None:
    known, near, found = Known(threshold), 0, 0
    for seed in range(150):
        known.add(" ".join(drawn(seed)))
        changed = drawn(seed)
        changed[: seed % 30] = drawn(seed + 5000)[: seed % 30]
        alike = jaccard(shingles(" ".join(drawn(seed))), shingles(" ".join(changed)))
        near += alike >= threshold
        found += alike >= threshold and known.nearest(" ".join(changed)) == (seed, alike)
    assert near > 5
    assert found == near


@pytest.mark.parametrize("threshold", [0, -1, 1.5, float("nan"), "high", True])
def test_a_threshold_outside_its_range_is_refused(threshold: Any) -> None:
    with pytest.raises(OptionError, match="must be above 0 and at most 1; got"):
        Known(threshold)


def test_the_share_of_runs_that_belong_to_another_by_hand() -> None:
    assert overlap("a b c d e f", ["x b c d y", "d e f"], n=3) == 2 / 4
    assert Grams(["a b c"], n=13).share("a b c") == 1
    assert Grams(["a b c"]).share("") == 0


def test_the_longest_run_in_both_by_hand() -> None:
    assert longest_run("I saw the old man by the sea", "The OLD man, by the lake, saw the sea") == 5
    assert longest_run("one two", "three") == longest_run("", "a") == 0


def test_hostile_texts_are_texts() -> None:
    known = Known()
    for text in ("lone \ud800 half", "nul \x00 inside", "=cmd|'/C calc'!A0", "word " * 200_000):
        known.add(text)
        assert known.nearest(text) is not None
