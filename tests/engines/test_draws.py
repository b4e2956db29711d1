from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from synthnb.engines.llm.draws import Draws, Length, form_of, read_choices, read_length
from synthnb.errors import OptionError


@pytest.mark.parametrize(
    ("words", "length"),
    [("short", (5, 20)), ("medium", (20, 60)), ("long", (60, 150)), ("30", (30, 30)), ("20-40", (20, 40)), ("20 to 40 words", (20, 40))],
)
def test_lengths_are_read(words: str, length: tuple[int, int]) -> None:
    assert read_length(words) == Length(*length)


@pytest.mark.parametrize("words", ["tiny", "40-20", "0", "-3", "", "20-40 pages"])
def test_what_is_no_length_is_refused(words: str) -> None:
    with pytest.raises(OptionError, match="A length is short, medium, long, or words such as"):
        read_length(words)


@pytest.mark.parametrize(("count", "holds"), [(14, False), (15, True), (50, True), (51, False)])
def test_a_length_gives_or_takes_a_quarter(count: int, *, holds: bool) -> None:
    assert Length(20, 40).holds("word " * count) is holds


def test_draws_follow_their_weights_and_their_unit_alone() -> None:
    draws = Draws.read(styles={"terse": 3, "chatty": 1}, lengths=None, personas=["a nurse"])
    drawn = [draws.of(1, "column", "note", i) for i in range(2000)]
    tally = Counter(one["style"] for one in drawn)
    assert abs(tally["terse"] - 1500) < 4 * (2000 * 0.75 * 0.25) ** 0.5
    assert drawn[7] == draws.of(1, "column", "note", 7)
    assert {one["persona"] for one in drawn} == {"a nurse"}


def test_the_form_names_what_was_drawn() -> None:
    assert form_of({"style": "terse", "length": "short", "persona": "a nurse"}, "German") == {
        "Style": "terse", "Length": "5 to 20 words", "Writer": "a nurse", "Language": "German",
    }  # fmt: skip


def test_one_word_is_one_choice() -> None:
    assert read_choices("style", "terse") == {"terse": 1.0}


@pytest.mark.parametrize("choices", [[""], [3], ["a", "a"]])
def test_choices_must_be_different_words(choices: Any) -> None:
    with pytest.raises(OptionError, match="The choices of style must be different words; got"):
        read_choices("style", choices)


@pytest.mark.parametrize("weight", [0, -1, float("inf"), float("nan"), "much", True])
def test_weights_must_be_numbers_above_0(weight: Any) -> None:
    with pytest.raises(OptionError, match="The weight of 'a' in style must be a number above 0; got"):
        read_choices("style", {"a": weight})
