from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

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


def answer(**request: Any) -> str:
    return next(open_echo().write([Request(**request)]))[1].text


def test_numbered_records_get_a_numbered_line_each() -> None:
    lines = answer(prompt='<data>\n1. {"age": 45}\n2. {"age": 61}\n</data>\n\nWrite a sentence.').splitlines()
    assert [line[:8] for line in lines] == ["1. Echo ", "2. Echo "]
    assert [line[-7:] for line in lines] == ["age 45.", "age 61."]


SCHEMA = {
    "$defs": {"sex": {"enum": ["f", "m"]}},
    "type": "object",
    "properties": {
        "sex": {"$ref": "#/$defs/sex"},
        "age": {"type": "integer", "minimum": 40, "maximum": 85},
        "dose": {"type": "number", "exclusiveMinimum": 0, "maximum": 0.5},
        "visits": {"type": "array", "items": {"type": "string", "minLength": 20, "maxLength": 20}, "minItems": 2, "maxItems": 3},
        "seen": {"type": ["boolean", "null"]},
        "kind": {"const": "patient"},
        "either": {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 3, "maximum": 3}]},
        "spare": {"type": "string"},
    },
    "required": ["sex", "age", "dose", "visits", "seen", "kind", "either"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("seed", range(12))
def test_a_schema_is_followed(seed: int) -> None:
    value = json.loads(answer(prompt="A patient.", seed=seed, schema=SCHEMA))
    jsonschema.validate(value, SCHEMA)
    assert "spare" not in value


def test_a_schema_of_numbers_gets_the_numbered_records() -> None:
    schema = {"type": "object", "properties": {"1": {"type": "string"}, "2": {"type": "string"}}}
    value = json.loads(answer(prompt='1. {"age": 45}\n2. {"age": 61}', schema=schema))
    assert [text[-7:] for text in value.values()] == ["age 45.", "age 61."]


@pytest.mark.parametrize("schema", [{}, {"type": "object"}, {"$ref": "#/nowhere"}, {"$ref": "#"}, {"type": "bogus"}, {"enum": []}])
def test_an_odd_schema_still_gets_json(schema: dict[str, Any]) -> None:
    json.loads(answer(prompt="x", schema=schema))


def test_it_ends_before_a_stop() -> None:
    assert answer(prompt='{"age": 45, "sex": "m"}', stop=(";",)).endswith("age 45")
