"""Messages say what was expected, what came and what to do, each sentence once."""

from __future__ import annotations

import pytest

from synthnb.errors import OptionError, RecipeError, StorageError, reason, shown


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RecipeError("The recipe is empty.", fix="Fill it."), "The recipe is empty"),
        (StorageError("The disk is full.", fix="Free some space."), "The disk is full"),
        (ValueError("no number. "), "no number"),
        (ValueError(), ""),
    ],
)
def test_a_reason_can_end_another_sentence(error: Exception, words: str) -> None:
    assert reason(error) == words


def test_a_long_value_is_cut_and_its_size_told() -> None:
    assert shown("x" * 500).endswith("… (502 characters)")


def test_a_choice_names_what_came_and_all_there_are() -> None:
    error = OptionError.from_choice("An engine", "tree", ["trees", "dp"])
    assert str(error) == "An engine must be one of trees, dp; got 'tree'. Did you mean 'trees'? Choose one of these."
