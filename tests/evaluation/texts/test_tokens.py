from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from synthnb.evaluation.texts._tokens import read_texts, sentences


def read(cells: list[Any], *, seed: int = 1, unit: str = "synthetic") -> Any:
    return read_texts(cells, np.array([cell is not None for cell in cells]), seed=seed, unit=unit)


def test_the_order_of_texts_does_not_depend_on_the_rows() -> None:
    cells = [f"text {i % 7}" for i in range(30)]
    assert read(cells).strings == read(cells[::-1]).strings
    assert read(cells).strings != read(cells, seed=2).strings
    assert read(cells).strings != read(cells, unit="real").strings


def test_equal_texts_do_not_stand_together() -> None:
    found = read(["same"] * 50 + [f"other {i}" for i in range(50)]).first(50)
    assert 10 < found.strings.count("same") < 40


def test_every_text_knows_its_row_and_missing_cells_are_counted() -> None:
    cells = ["one", None, "two", "three"]
    found = read(cells)
    assert [cells[row] for row in found.rows] == list(found.strings)
    assert (len(found), found.missing) == (3, 1)


def test_what_is_no_text_is_read_by_how_it_is_written() -> None:
    assert sorted(read([1.0, True, "x"]).strings) == ["1", "true", "x"]


def test_half_a_surrogate_pair_can_be_encoded_afterwards() -> None:
    assert read(["a \ud800 b"]).strings == ("a \ufffd b",)


def test_texts_without_a_word_are_left_aside() -> None:
    assert sorted(read(["", "  ", "🙂🙂", "...", "a word"]).spoken.strings) == ["a word"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One. Two! Three?", 3),
        ("It cost 3.5 euros.", 1),
        ("no stop", 1),
        ("", 0),
        ("...", 0),
        ("一つ。二つ。", 2),
        ("a\nb", 2),
        ('He said "go." Then', 2),
    ],
)
def test_sentences_are_counted(text: str, count: int) -> None:
    assert sentences(text) == count
