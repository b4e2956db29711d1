"""Rubrics: those that come with the package, those written, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synthnb.errors import OptionError
from synthnb.evaluation.human import RUBRICS, Answer, Question, Rubric, find_rubric

WRITTEN = """
id = "usefulness"
version = 2
title = "Use"
instructions = "Think of a colleague."

[[questions]]
id = "useful"
text = "How useful is it?"
answers = [{value = 0, label = "Not"}, {value = 2, label = "Very"}]

[[questions]]
id = "where"
text = "Where is it from?"
scale = "origin"

[[questions]]
id = "sort"
text = "What is it?"
scale = "nominal"
answers = [{value = "note", label = "A note"}, {value = "letter", label = "A letter"}]
"""


def test_there_are_five_rubrics_and_each_ordinal_scale_has_five_anchors() -> None:
    assert list(RUBRICS) == ["discrimination", "plausibility", "correctness", "completeness", "harm"]
    scales = [question for rubric in RUBRICS.values() for question in rubric.questions if question.scale == "ordinal"]
    assert {question.values for question in scales} == {(1, 2, 3, 4, 5)}


def test_a_rubric_is_read_from_toml_and_survives_being_written(tmp_path: Path) -> None:
    file = tmp_path / "use.toml"
    file.write_text(WRITTEN, encoding="utf-8")
    rubric = find_rubric(file)
    assert [question.scale for question in rubric.questions] == ["ordinal", "origin", "nominal"]
    assert rubric.question("where").values == ("real", "synthetic")
    assert Rubric.from_dict(rubric.to_dict()) == rubric
    assert find_rubric(str(file)).digest == rubric.digest


def test_a_word_changes_the_digest() -> None:
    other = Rubric.from_dict(RUBRICS["harm"].to_dict() | {"instructions": "Think twice."})
    assert other.digest != RUBRICS["harm"].digest


def test_several_rubrics_are_joined() -> None:
    joined = find_rubric("plausibility, harm")
    assert joined.id == "plausibility+harm"
    assert [question.id for question in joined.questions] == ["plausibility", "harm"]


def test_an_unknown_rubric_lists_those_there_are() -> None:
    with pytest.raises(OptionError, match=r"rubric must be one of discrimination, plausibility.*Did you mean 'harm'"):
        find_rubric("harms")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id = ", "isn't a rubric in TOML"),
        ("id = 5", "A rubric's id of type str was expected; got 5"),
        ('id = "a"\nversion = true', "A rubric's version of type int was expected; got True"),
        ('id = "a"\nversion = 1\nquestions = [3]', "A question as a table was expected; got 3"),
        ('id = "a"\nversion = 1\nquestions = []', "1 to 12 questions were expected; got 0"),
        ('id = "a"\nversion = 1\n[[questions]]\nid="q"\ntext="?"\nanswers=[{value=1}]', "An answer with value and label was expected"),
    ],
)
def test_a_file_that_is_no_rubric_says_why(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(OptionError, match=said):
        find_rubric(file)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(OptionError, match=r"There is no rubric at 'nowhere\.toml'"):
        find_rubric("nowhere.toml")


@pytest.mark.parametrize(
    ("scale", "values", "said"),
    [
        ("ordinal", (2, 1), "the values of an ordinal scale must be rising whole numbers"),
        ("ordinal", ("a", "b"), "the values of an ordinal scale must be rising whole numbers"),
        ("origin", ("real", "fake"), "the answers about the origin must be real and synthetic"),
        ("nominal", (1, "a"), "values must be all words or all whole numbers"),
        ("nominal", ("a",), "2 to 9 answers were expected; got 1"),
        ("nominal", ("a", "a"), "values must differ"),
        ("guess", (1, 2), "its scale must be one of origin, ordinal, nominal; got 'guess'"),
    ],
)
def test_a_scale_that_does_not_hold_together_is_refused(scale: Any, values: tuple[Any, ...], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        Question("q", "?", scale, tuple(Answer(value, str(value)) for value in values))


def test_a_question_that_is_not_asked_lists_those_that_are() -> None:
    with pytest.raises(OptionError, match="A question must be one of origin, confidence; got 'x'"):
        RUBRICS["discrimination"].question("x")
