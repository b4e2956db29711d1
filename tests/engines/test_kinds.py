from __future__ import annotations

import pytest

from synthnb.engines.llm.kinds import KINDS, read_kind
from synthnb.errors import OptionError

SENTENCE = "The trial enrolled one hundred and twenty patients with asthma from four centres in two countries. "


@pytest.mark.parametrize(
    ("kind", "text", "holds"),
    [
        ("note", "Seen today, well, no fever.", True),
        ("note", "Seen.", False),
        ("message", "Please call me.", True),
        ("message", "Hi.", False),
        ("abstract", SENTENCE * 3, True),
        ("abstract", SENTENCE * 2, False),
        ("abstract", "It ran. It worked. It ended.", False),
        ("dialogue", "Ann: Hi.\nBob: Hello.\nAnn: Bye.", True),
        ("dialogue", "**Nurse:** Hi.\n**Dr. O'Neil (GP):** Hello.\n**Nurse:** Bye.", True),
        ("dialogue", "患者: こんにちは。\n医師: はい。\n患者: では。", True),
        ("dialogue", "Ann: Hi.\nAnn: Hello?\nAnn: Bye.", False),
        ("dialogue", "Ann: Hi. Bob: Hello. Ann: Bye.", False),
        ("dialogue", "They met and talked.", False),
        ("text", "Anything at all", True),
    ],
)
def test_each_kind_has_a_shape(kind: str, text: str, *, holds: bool) -> None:
    assert read_kind(kind).holds(text) is holds


def test_a_kind_that_is_not_there_is_named() -> None:
    with pytest.raises(OptionError, match=r"A kind of text must be one of note, abstract.*'poem'"):
        read_kind("poem")


def test_every_kind_says_what_it_asks_for() -> None:
    assert all(kind.ask.startswith("Write one ") and kind.tokens >= 100 for kind in KINDS.values())
