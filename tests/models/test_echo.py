from __future__ import annotations

from synthnb.models.base import Request
from synthnb.models.echo import open_echo


def test_it_repeats_the_row_it_was_shown() -> None:
    text = next(open_echo().write([Request(prompt='<data>\n{"age": 45, "sex": "male"}\n</data>\n\nWrite.')]))[1].text
    assert text.endswith("age 45; sex male.")


def test_it_says_what_it_is() -> None:
    assert "not a language model" in open_echo().info.name
    assert open_echo().info.stand_in
    assert next(open_echo().write([Request(prompt="Write.")]))[1].text.startswith("Echo ")


def test_the_same_request_gives_the_same_text_and_another_seed_another() -> None:
    texts = [next(open_echo().write([Request(prompt="Write.", seed=seed)]))[1].text for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_replies_come_in_order_with_their_tokens_counted() -> None:
    replies = list(open_echo().write([Request(prompt="one two", system="three"), Request(prompt="one")]))
    assert [position for position, _ in replies] == [0, 1]
    assert [found.tokens_in for _, found in replies] == [3, 1]


def test_it_stops_at_the_tokens_allowed() -> None:
    found = next(open_echo().write([Request(prompt="a b c d e f", max_tokens=3)]))[1]
    assert (found.finish, found.tokens_out, len(found.text.split())) == ("length", 3, 3)
