from __future__ import annotations

import pytest

from synthnb.engines.llm.replies import read_several, schema_for
from synthnb.models.base import Finish, Reply


def read(text: str, count: int = 3, finish: Finish = "stop", error: str = "", *, lines: bool = False) -> list[str | None]:
    reply = Reply(text=text, tokens_in=1, tokens_out=1, finish=finish, model="m", error=error)
    return [found.text for found in read_several(reply, count, lines=lines)]


def reasons(text: str, count: int = 3, finish: Finish = "stop", error: str = "") -> list[str]:
    reply = Reply(text=text, tokens_in=1, tokens_out=1, finish=finish, model="m", error=error)
    return [found.reason for found in read_several(reply, count)]


@pytest.mark.parametrize(
    "text",
    [
        "1. One a.\n2. Two b.\n3. Three c.",
        "Sure! Here they are:\n\n1) One a.\n\n2) Two b.\n\n3) Three c.\n\nLet me know if you need more.",
        "**1.** One a.\n**2.** Two b.\n**3.** Three c.",
        "Record 1: One a.\nRecord 2: Two b.\nRecord 3: Three c.",
        "(1) One a.\n(2) Two b.\n(3) Three c.",
        "- 1: One a.\n- 2: Two b.\n- 3: Three c.",
        "1.\nOne a.\n2.\nTwo b.\n3.\nThree c.",
        "3. Three c.\n1. One a.\n2. Two b.",
        '```json\n{"1": "One a.", "2": "Two b.", "3": "Three c."}\n```',
        '{"2": "Two b.", "1": "One\\na.", "3": "\\u0054hree c.", "4": "extra"}',
    ],
)
def test_the_forms_in_which_models_number(text: str) -> None:
    assert read(text) == ["One a.", "Two b.", "Three c."]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1. One.\n3. Three.", ["One.", None, "Three."]),
        ("1. One.\n2. Two.\n2. Other.\n3. Three.", ["One.", None, "Three."]),
        ("1. One.\n2. Two.\nThree.", ["One.", None, None]),
        ("One.\nTwo.\nThree.", [None, None, None]),
        ("1. One.\n2. I'm sorry, I can't.\n3. Three.", ["One.", None, "Three."]),
        ("1. One.\n2.\n3. Three.", ["One.", None, "Three."]),
        ("1. At 37.5 degrees, 2. not a number.\n2. Two.", ["At 37.5 degrees, 2. not a number.", "Two.", None]),
        ('{"1": "One.", "1": "Other.", "2": 2, "3": "Three."}', [None, None, "Three."]),
        ("{" * 100_000, [None, None, None]),
        ("", [None, None, None]),
        ("7. Seven.\n1. One.", ["One.", None, None]),
    ],
)
def test_a_record_that_cannot_be_told_has_no_text(text: str, found: list[str | None]) -> None:
    assert read(text) == found


def test_the_reasons_name_what_is_wrong() -> None:
    assert reasons("1. One.\nand on.\n2. Two.\n2. Again.") == [
        "the model went on on a line without a number", "the model gave the number twice", "the model left it out of a reply for several",
    ]  # fmt: skip
    assert reasons("", 2, "error", "it is full") == ["the model failed: it is full"] * 2


def test_a_reply_that_broke_off_keeps_what_is_whole() -> None:
    assert read("1. One.\n2. Two whole. Two ha", finish="length") == ["One.", "Two whole.", None]
    assert read('{"1": "One.", "2": "Tw\\u00f6.", "3": "Thr', finish="length") == ["One.", "Twö.", None]
    assert read('{"1": "One.", "2": "Two. And', finish="length") == ["One.", None, None]


def test_line_breaks_stay_in_an_object_where_they_belong() -> None:
    assert read('{"1": "Ann: Hi.\\n\\nBob:  Oh."}', 1, lines=True) == ["Ann: Hi.\nBob: Oh."]


def test_the_schema_asks_for_each_number() -> None:
    assert schema_for(2) == {
        "type": "object",
        "properties": {"1": {"type": "string"}, "2": {"type": "string"}},
        "required": ["1", "2"],
        "additionalProperties": False,
    }
