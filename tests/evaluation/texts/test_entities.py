from __future__ import annotations

import time

import pytest

from synthnb.evaluation.texts.entities import entities_of


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("He met Ada Byron there.", {"Ada Byron"}),
        ("Ada met him.", set()),
        ("They saw Jean-Luc O'Neil (Paris) in 1843.", {"Jean-Luc O'Neil", "Paris", "1843"}),
        ("Room 12, ref 2024/00817.", {"2024/00817"}),
        ("no name, 12 and 3.5 only", set()),
        ("said Érica Núñez", {"Érica Núñez"}),
    ],
)
def test_names_and_numbers(text: str, names: set[str]) -> None:
    assert entities_of([text])[0] == names


def test_a_word_written_small_elsewhere_is_no_name() -> None:
    assert entities_of(["The Patient slept.", "a patient slept"]) == [frozenset(), frozenset()]


@pytest.mark.parametrize("part", ["Aa ", "A-", "1,", "Aa-", "'", "(", "é", "Ａａ ", "\x00\ud800"])
def test_a_long_hostile_text_takes_time_in_proportion(part: str) -> None:
    began = time.perf_counter()
    entities_of([part * (100_000 // len(part))])
    assert time.perf_counter() - began < 3
