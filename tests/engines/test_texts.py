from __future__ import annotations

import pytest

from synthnb.engines.llm.texts import has_blanks, read_reply
from synthnb.models.base import Finish, Reply


def reply(text: str, finish: Finish = "stop", error: str = "") -> Reply:
    return Reply(text=text, tokens_in=1, tokens_out=1, finish=finish, model="m", error=error)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  A note.\n\nOn two  lines. ", "A note. On two lines."),
        ('"A quoted note."', "A quoted note."),
        ("“A quoted note.”", "A quoted note."),
        ('"Yes" and "no"', '"Yes" and "no"'),
        ("I can't see a rash.", None),
        ("Here is a note for the record:\n\nSeen today.", "Seen today."),
        ('Sure! Here\'s one:\n"Seen today."', "Seen today."),
        ("Here is what she said: she is well.", "Here is what she said: she is well."),
        ("nul \x00 and a lone \ud800 half", "nul and a lone ? half"),
        (r"Glucose \u003c5 mmol/l \u005bfasting\u005D", "Glucose <5 mmol/l [fasting]"),
        (r"A \u0041 and a \n stay", r"A \u0041 and a \n stay"),
        ("<b>Bold</b> & 5 < 6", "<b>Bold</b> & 5 < 6"),
    ],
)
def test_replies_are_cleaned(raw: str, clean: str | None) -> None:
    assert read_reply(reply(raw)).text == clean


def test_an_unfinished_last_sentence_is_dropped() -> None:
    found = read_reply(reply("It hurts. Weight 70.5 kg. The pa", finish="length"))
    assert (found.text, found.cut) == ("It hurts. Weight 70.5 kg.", True)


def test_a_sentence_that_ends_at_the_limit_is_kept_whole() -> None:
    found = read_reply(reply("It hurts.", finish="length"))
    assert (found.text, found.cut) == ("It hurts.", False)


@pytest.mark.parametrize(
    ("text", "finish", "reason"),
    [
        (" \n", "stop", "the model wrote nothing"),
        ("I'm sorry, but I can't help.", "stop", "the model declined"),
        ("As an AI, I have no body.", "stop", "the model declined"),
        ('<data> {"age": 3} </data>', "stop", "the model repeated its prompt"),
        ("Well. </examples>", "stop", "the model repeated its prompt"),
        (r"Complains of \u003c|im_end|\u003e.", "stop", "the model repeated its prompt"),
        ("[INST] Write. [/INST]", "stop", "the model repeated its prompt"),
        ("A sentence without an end", "length", "the model finished no sentence within the tokens allowed"),
    ],
)
def test_what_is_no_text_has_a_reason(text: str, finish: Finish, reason: str) -> None:
    assert read_reply(reply(text, finish)).reason == reason


def test_a_failure_keeps_its_reason() -> None:
    assert read_reply(reply("", "error", "it ran out of memory")).reason == "the model failed: it ran out of memory"


def test_line_breaks_stay_where_they_belong() -> None:
    assert read_reply(reply("Ann:  Hi.\n\nBob: Oh.\n"), lines=True).text == "Ann: Hi.\nBob: Oh."
    assert read_reply(reply("Ann: Hi.\nBob: Oh, I", finish="length"), lines=True).text == "Ann: Hi."


@pytest.mark.parametrize(
    ("text", "blanks"),
    [
        ("Dear Dr. [Last Name], hello.", True),
        ("Yours, [Your name]", True),
        ("Seen on <date>.", True),
        ("Take {drug_name} daily.", True),
        ("Signed: ______", True),
        ("The dose was [5 mg] and the name Ann.", False),
        ("p < 0.05 and n > 3", False),
        ("See [1].", False),
    ],
)
def test_blanks_to_fill_in_are_found(text: str, *, blanks: bool) -> None:
    assert has_blanks(text) is blanks
