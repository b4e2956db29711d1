"""What `%synth` understands, and what it says when it doesn't."""

from __future__ import annotations

import pytest

from synthnb.errors import OptionError
from synthnb.jupyter.parser import VERBS, help_for, help_overview, parse


def test_options_may_stand_before_or_after_the_frame() -> None:
    for line in ("generate trial --rows 20 --as made", "generate --rows 20 --as made trial"):
        verb, given = parse(line)
        assert verb is VERBS["generate"]
        assert (given.frame, given.rows, given.__dict__["as"]) == ("trial", 20, "made")


@pytest.mark.parametrize(("text", "rows"), [("2000", 2000), ("2,000", 2000), ("2_000", 2000), ("-3", -3)])
def test_a_number_may_be_grouped(text: str, rows: int) -> None:
    assert parse(f"generate trial --rows={text}")[1].rows == rows


@pytest.mark.parametrize(
    ("text", "names"), [("sex,arm", ["sex", "arm"]), ("'sex, arm'", ["sex", "arm"]), ("'\"a,b\", sex'", ["a,b", "sex"]), ("sex", ["sex"])]
)
def test_column_lists_are_read_as_csv(text: str, names: list[str]) -> None:
    assert parse(f"generate trial --groups {text}")[1].groups == names


@pytest.mark.parametrize(
    ("line", "frame"),
    [('generate tables["visits"]', 'tables["visits"]'), ("generate 'tables[\"a b\"]'", 'tables["a b"]'), ("generate trial;", "trial")],
)
def test_a_frame_may_be_subscripted_and_a_semicolon_may_end_the_line(line: str, frame: str) -> None:
    assert parse(line)[1].frame == frame


@pytest.mark.parametrize("line", ["generate t --as='a b'", "generate t --as 'a b'", 'generate t --as "a b"'])
def test_quoted_words_lose_their_marks(line: str) -> None:
    assert parse(line)[1].__dict__["as"] == "a b"


def test_an_unknown_verb_names_the_nearest() -> None:
    with pytest.raises(OptionError, match=r"got 'genrate'\. Did you mean 'generate'\?"):
        parse("genrate trial")


def test_an_unknown_option_names_the_nearest() -> None:
    with pytest.raises(OptionError, match=r"doesn't take '--row'\. Did you mean --rows\?"):
        parse("generate trial --row 5")


def test_an_option_is_never_guessed_from_its_beginning() -> None:
    with pytest.raises(OptionError, match=r"doesn't take '--see'"):
        parse("generate trial --see 5")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("generate", r"required: FRAME\. For example: %synth generate"),
        ("column note", r"required: --into"),
        ("generate trial --rows many", "expected a whole number, got 'many'"),
        ("column note --into made --temperature hot", "expected a number, got 'hot'"),
        ("generate 'trial", r"a quotation mark isn't closed\. Close the quotation marks"),
    ],
)
def test_a_malformed_line_says_what_was_expected(line: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        parse(line)


@pytest.mark.parametrize("line", ["", "help", "--help", "-h"])
def test_no_verb_asks_for_the_overview(line: str) -> None:
    verb, given = parse(line)
    assert verb is None
    assert given.help is True


@pytest.mark.parametrize("line", ["generate --help", "generate trial -h", "help generate"])
def test_help_of_a_verb_needs_no_arguments(line: str) -> None:
    verb, given = parse(line)
    assert verb is VERBS["generate"]
    assert given.help is True


@pytest.mark.parametrize("verb", VERBS.values(), ids=str)
def test_the_help_names_every_option_and_an_example_that_parses(verb: object) -> None:
    known = VERBS[getattr(verb, "name")]  # noqa: B009  # parametrize gives objects
    text = help_for(known)
    assert all(option.name in text and option.help in text for option in known.options)
    assert parse(known.example.lstrip("%").removeprefix("synth"))[0] is known


def test_the_overview_names_every_verb() -> None:
    assert all(f"%synth {name}" in help_overview() for name in VERBS)
