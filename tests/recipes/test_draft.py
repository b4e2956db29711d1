"""`synthnb.recipes.draft`: what a model's answers are read to, and what is told of those that can't be used."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from synthnb.recipes.draft import (
    DraftLink,
    DraftNumbers,
    DraftOrder,
    columns_schema,
    levels_schema,
    links_schema,
    names_in,
    numbers_schema,
    read_columns,
    read_json,
    read_levels,
    read_links,
    read_numbers,
)


def column(name: str, kind: str = "real", **more: str) -> dict[str, str]:
    return {"name": name, "kind": kind, **more}


@pytest.mark.parametrize("text", ['{"a": 1}', '```json\n{"a": 1}\n```', 'Here you are:\n{"a": 1} Bye.'])
def test_an_object_is_found_in_a_reply(text: str) -> None:
    assert read_json(text) == ({"a": 1}, [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("I can't.", "holds no JSON object"),
        ('{"a": 1', "holds no JSON object"),
        ('{"a": }', "isn't JSON.*line 1, column 7"),
        ('{"a": NaN}', "isn't JSON"),
        ("{" * 5_000 + "}" * 5_000, "isn't JSON"),
        ("x" * 200_001, "at most 200,000"),
    ],
)
def test_a_reply_that_is_no_object_is_told(text: str, message: str) -> None:
    import re

    body, problems = read_json(text)
    assert body == {}
    assert re.search(message, problems[0])


def test_columns_are_named_safely_and_stated_ones_keep_their_names() -> None:
    body = {"columns": [column("SBP (mmHg)", same_as="systolic_blood_pressure"), column("class"), column("Höhe")]}
    found, problems = read_columns(body, {"systolic_blood_pressure": "real"})
    assert names_in(found) == ["systolic_blood_pressure", "class_", "hohe"]
    assert problems == []


def test_only_a_column_of_numbers_keeps_its_unit() -> None:
    found, _ = read_columns({"columns": [column("stay", "integer", unit="days"), column("admission_date", "date", unit="days")]}, {})
    assert [item.unit for item in found] == ["days", ""]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([column("age", "category")], "kind of 'age' must be integer, as the description says; got category"),
        ([column("age", "integer"), column("Age", "integer")], "is 'age' again"),
        ([column("age", "colour")], "must be one of integer, real"),
        ([column("bmi")], "missing: age"),
        ([column("  ")], "name must be a word"),
        ([], '"columns" is empty'),
        ("age", '"columns" must be a list'),
        ([column(f"c{i}") for i in range(61)], "may have 60 items; got 61"),
        (["age"], r"columns[0] must be an object"),
    ],
)
def test_every_problem_with_columns_is_told(columns: Any, message: str) -> None:
    problems = read_columns({"columns": columns}, {"age": "integer"})[1]
    assert any(message in problem for problem in problems)


def number(**said: Any) -> dict[str, Any]:
    return {"column": "age", "shape": "bell", "mean": 60, "sd": 10, "low": 40, "high": 85} | said


def test_numbers_are_read() -> None:
    found, problems = read_numbers({"numbers": [number()]}, ["age"], {})
    assert found == {"age": DraftNumbers("bell", 60, 10, 40, 85)}
    assert problems == []


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"mean": 90}, "mean must lie within 40 and 85"),
        ({"sd": 0}, "sd must be above 0"),
        ({"mean": "sixty"}, "must be numbers; got 'sixty'"),
        ({"mean": True}, "must be numbers"),
        ({"mean": 1e300}, "must be numbers"),
        ({"shape": "round"}, "must be one of bell"),
        ({"column": "bmi"}, "must be one of age; got 'bmi'"),
    ],
)
def test_numbers_that_cannot_be_used_are_told(said: dict[str, Any], message: str) -> None:
    found, problems = read_numbers({"numbers": [number(**said)]}, ["age"], {"age": (40, 85)})
    assert found == {}
    assert any(message in problem for problem in problems)


def test_limits_that_are_none_are_left_out() -> None:
    found, _ = read_numbers({"numbers": [number(low=0, high=0)]}, ["age"], {"age": (-math.inf, math.inf)})
    assert (found["age"].low, found["age"].high) == (None, None)


def test_levels_are_read_as_shares() -> None:
    body = {"levels": [{"column": "stage", "levels": ["I", "II"], "percents": [25, 75]}]}
    assert read_levels(body, {"stage": ["I"]}) == ({"stage": {"I": 0.25, "II": 0.75}}, [])


@pytest.mark.parametrize(
    ("levels", "percents", "message"),
    [
        (["I", "II"], [25, 25], "add up to 100"),
        (["I", "II"], [120, -20], "0 or more"),
        (["I", "I"], [50, 50], "different words"),
        (["I"], [100], "from 2 to 40 levels"),
        (["I", "II"], [100], "one percent for each"),
        (["II", "III"], [50, 50], "lacks 'I'"),
        ([{"a": 1}, "I"], [50, 50], "different words"),
    ],
)
def test_levels_that_cannot_be_used_are_told(levels: list[Any], percents: list[float], message: str) -> None:
    found, problems = read_levels({"levels": [{"column": "stage", "levels": levels, "percents": percents}]}, {"stage": ["I"]})
    assert found == {}
    assert any(message in problem for problem in problems)


def test_links_and_orders_are_read() -> None:
    body = {
        "links": [{"column": "a", "on": "b", "level": "", "value": 0.5}, {"column": "a", "on": "c", "level": "x", "value": 7}],
        "orders": [{"lower": "a", "higher": "b"}],
    }
    links, orders, problems = read_links(body, ["a", "b", "c"])
    assert links == (DraftLink("a", "b", "", 0.5), DraftLink("a", "c", "x", 7.0))
    assert (orders, problems) == ((DraftOrder("a", "b"),), [])


def test_links_that_cannot_be_used_are_left_out_and_told() -> None:
    body = {
        "links": [
            {"column": "a", "on": "z", "level": "", "value": 0.5},
            {"column": "a", "on": "a", "level": "", "value": 0.5},
            {"column": "a", "on": "b", "level": "", "value": 3},
        ],
        "orders": [{"lower": "a", "higher": "a"}],
    }
    links, orders, problems = read_links(body, ["a", "b"])
    assert (links, orders, len(problems)) == ((), (), 4)


@pytest.mark.parametrize(
    "schema",
    [columns_schema(["age"]), columns_schema([], brief=True), numbers_schema(["age"]), levels_schema(["sex"]), links_schema(["a", "b"])],
)
def test_schemas_are_flat(schema: dict[str, Any]) -> None:
    text = json.dumps(schema)
    assert not any(word in text for word in ("$ref", "anyOf", "oneOf", "allOf", "pattern"))
    assert schema["additionalProperties"] is False
