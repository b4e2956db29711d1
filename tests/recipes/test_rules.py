"""`synthnb.recipes.rules`: read from text, kept as data, held against one another and against rows."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.errors import OptionError, RecipeError
from synthnb.recipes.infer import infer_recipe
from synthnb.recipes.recipe import Recipe
from synthnb.recipes.rules import (
    Combinations,
    Dependency,
    ExpressionRule,
    FunctionRule,
    Order,
    Range,
    Rule,
    Share,
    Sum,
    Total,
    Unique,
    check_rules,
    parse_rule,
    parse_rules,
)
from synthnb.recipes.rules.broken import broken_rows, look_up

N = 60
FRAME = pd.DataFrame(
    {
        "a": np.arange(N) % 20,
        "b": np.arange(N) % 20 + 5,
        "age": np.arange(N) + 20,
        "weight": np.round(np.arange(N) / 7 + 40, 1),
        "city": np.array(["P", "L", "B"])[np.arange(N) % 3],
        "country": np.array(["FR", "UK", "DE"])[np.arange(N) % 3],
        "start": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(N) % 11, unit="D"),
        "my code": np.arange(N) % 9,
        "note": [f"free words about number {i}, all of them different" for i in range(N)],
    }
)
RECIPE = infer_recipe(FRAME, table="t", rows=N, seed=1, overrides={"note": "text"})

READ: list[tuple[str, Rule]] = [
    ("a <= b", Order(columns=("a", "b"))),
    ("b > a", Order(columns=("a", "b"), strict=True)),
    ("a <= b <= age", Order(columns=("a", "b", "age"))),
    ("a <= b when city == 'P'", Order(columns=("a", "b"), when="city == 'P'")),
    ("0 <= age <= 120", Range(column="age", low=0, high=120)),
    ("18 < age", Range(column="age", low=18, open_low=True)),
    ("age >= -1.5", Range(column="age", low=-1.5)),
    ("120 > age >= 18", Range(column="age", low=18, high=120, open_high=True)),
    ("start <= '2020-06-01'", Range(column="start", high="2020-06-01")),
    ("b == a + age", Sum(total="b", parts=("a", "age"))),
    ("a + age + `my code` == b", Sum(total="b", parts=("a", "age", "my code"))),
    ("b == age - a", Sum(total="age", parts=("b", "a"))),
    ("b == a * 2", ExpressionRule(expression="b == a * 2")),
    ("share(a, b) == 100", Share(parts=("a", "b"), constant=100)),
    ("share(a, b) == 1.0", Share(parts=("a", "b"), constant=1.0)),
    ("city -> country", Dependency(determinants=("city",), dependents=("country",))),
    ("city, a -> country, b", Dependency(determinants=("city", "a"), dependents=("country", "b"))),
    ("combinations(city, country)", Combinations(columns=("city", "country"))),
    ("unique(age)", Unique(columns=("age",))),
    ("unique(`my code`, age)", Unique(columns=("my code", "age"))),
    ("sum(a) == 1000000", Total(column="a", value=1_000_000)),
    ("sum(weight, by=city) == 12.5", Total(column="weight", by="city", value=12.5)),
    ("age != 5", ExpressionRule(expression="age != 5")),
    ("a < b <= age", ExpressionRule(expression="a < b <= age")),
    ("a <= a", ExpressionRule(expression="a <= a")),
    ("city == 'a -> b'", ExpressionRule(expression="city == 'a -> b'")),
    ("a + 1 < b when age > 30", ExpressionRule(expression="a + 1 < b", when="age > 30")),
]


@pytest.mark.parametrize(("text", "rule"), READ)
def test_text_is_read_as_the_rule_it_says(text: str, rule: Rule) -> None:
    assert parse_rule(text) == rule


@pytest.mark.parametrize("rule", [rule for _, rule in READ])
def test_a_rule_reads_back_from_its_text_and_from_its_fields(rule: Rule) -> None:
    assert parse_rule(rule.text) == rule
    assert parse_rule(json.loads(rule.model_dump_json())) == rule


def test_names_of_the_recipe_need_no_backquotes_in_lists() -> None:
    assert parse_rules(["unique(my code)"], RECIPE.columns) == (Unique(columns=("my code",)),)


def test_rules_survive_a_recipe_in_json() -> None:
    recipe = RECIPE.model_copy(update={"rules": tuple(rule for _, rule in READ)})
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("unique(a) == 1", r"must be written as `unique\(...\)`"),
        ("share(a, b)", r"must be written as `share\(...\) == number`"),
        ("sum(a, b) == 1", "must be written as `sum"),
        ("city -> ", "needs names of columns"),
        ("unique(my code)", "'my code' isn't one"),
        ("a <= b when c when d", "more than one `when`"),
        ({"rule": "range"}, "column: Field required"),
        ({"rule": "rang"}, "does not match any of the expected tags"),
        ({"rule": "total", "column": "a"}, "give either `value` or `values`"),
        (5, "must be text, a mapping or a function; got 5"),
    ],
)
def test_what_is_no_rule_is_refused(rule: Any, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        parse_rule(rule)


def test_every_rule_that_cannot_be_read_is_told() -> None:
    with pytest.raises(RecipeError, match=r"rules\[0\]: .*rules\[2\]: "):
        parse_rules(["import os", "a <= b", ""])


def test_a_function_is_recorded_by_its_source() -> None:
    rule = parse_rule(lambda frame: frame.a < frame.b)
    assert isinstance(rule, FunctionRule)
    assert rule.digest.startswith("sha256:")
    assert not broken_rows(rule, FRAME).any()


def test_a_function_in_a_file_is_refused() -> None:
    recipe = RECIPE.model_copy(update={"rules": parse_rules([lambda frame: frame.a < 5])})
    with pytest.raises(RecipeError, match=r"a recipe can't carry the Python function '.*<lambda>'; pass it again"):
        Recipe.from_dict(recipe.to_dict())


def test_a_function_must_answer_for_each_row() -> None:
    rule = parse_rule(lambda frame: frame.a)
    with pytest.raises(OptionError, match="must return True or False for each of 60 rows"):
        broken_rows(rule, FRAME)


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ("a <= b", [0, 1, 0, 0]),
        ("a < b", [0, 1, 1, 0]),
        ("a <= c <= b", [0, 1, 1, 1]),
        ("2 <= a < 5", [1, 1, 0, 0]),
        ("c == a + b", [1, 1, 0, 0]),
        ("share(a, b) == 3", [0, 1, 1, 0]),
        ("unique(k)", [0, 0, 1, 0]),
        ("k -> a", [1, 0, 0, 0]),
        ("a <= b when k == 'x'", [0, 0, 0, 0]),
        ("sum(a) == 1", [0, 0, 0, 0]),
    ],
)
def test_broken_rows_are_told_and_missing_cells_break_nothing(rule: str, broken: list[int]) -> None:
    frame = pd.DataFrame({"a": [1, 5, 2, 4], "b": [2, 4, 2, None], "c": [1.5, 6, 4, 3], "k": ["x", "y", "x", None]})
    lookup = {("x",): (2,), ("y",): (5,)} if rule == "k -> a" else None
    assert broken_rows(parse_rule(rule), frame, lookup).tolist() == [bool(x) for x in broken]


def test_combinations_are_looked_up_in_other_rows() -> None:
    rule = Combinations(columns=("city", "country"))
    odd = FRAME.assign(country="FR")
    assert broken_rows(rule, odd, look_up(rule, FRAME)).sum() == N - N // 3


def test_listed_combinations_are_what_is_allowed() -> None:
    rule = Combinations(columns=("city", "country"), listed=(("P", "FR"), ("L", "UK")))
    assert broken_rows(rule, FRAME).sum() == N // 3


def test_a_dependency_takes_what_most_rows_have() -> None:
    rule = Dependency(determinants=("city",), dependents=("country",))
    odd = FRAME.assign(country=FRAME.country.where(FRAME.index != 0, "UK"))
    assert look_up(rule, odd)["P",] == ("FR",)
    assert np.flatnonzero(broken_rows(rule, odd)).tolist() == [0]


def problems(*rules: Any, recipe: Recipe = RECIPE, **changed: Any) -> str:
    with pytest.raises(RecipeError, match="The rules don't hold together") as caught:
        check_rules(recipe.model_copy(update={"rules": parse_rules(rules, recipe.columns), **changed}))
    return str(caught.value)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (["agee <= b"], "rules[0].columns[0]: there is no column 'agee' (did you mean 'age'?)"),
        (["unique(age)", "ctiy == 'P'"], "rules[1].expression: The expression \"ctiy == 'P'\" can't be used: at character 1"),
        (["a <= b when ctiy == 'P'"], "rules[0].when: "),
        ([{"rule": "order", "columns": ["a", "a"]}], "rules[0]: column 'a' occurs twice"),
        (["city <= a"], "rules[0].columns[0]: column 'city' is of kind category; an order needs"),
        (["a <= start"], "'a', 'start' can't be compared with one another"),
        (["a == b + city"], "rules[0].parts[1]: column 'city' is of kind category; a sum needs numbers"),
        (["unique(note)"], "rules[0].columns[0]: column 'note' is text, which is left out"),
        (["len(note) > 5"], "rules[0].expression: column 'note' is text"),
        (["sum(a, by=weight) == 5"], "rules[0].by: column 'weight' is of kind real"),
        ([{"rule": "range", "column": "a", "low": 5, "high": 1}], "no integer value lies in '5 <= a <= 1'"),
        (["0 < a < 1"], "no integer value lies in '0 < a < 1'"),
        (["a <= 'x'", "1 <= a", "a <= 0"], "'a <= 0' leaves no value of column 'a' within its other limits"),
        ([{"rule": "range", "column": "start", "low": "soon"}], "isn't a range of date column 'start'"),
        (["a < b", "b < age", "age < a"], "the order 'a < b' turns in a circle"),
        (["a >= 50", "b <= 40", "a <= b"], "rules[2]: the limits of 'a', 'b' leave no room for the order"),
        (["5 <= a", "b <= 5", "a < b"], "rules[2]: the limits of"),
        (["unique(city)"], "'unique(city)' leaves 3 possible rows, but 60 are to be made"),
        (["1 <= a <= 20", "unique(a)"], "'unique(a)' leaves 20 possible rows"),
        (["share(a, b) == 0.5"], "whole numbers can't add up to 0.5"),
        (["a <= -1", "share(a, b) == 10"], "column 'a' is at most -1, and a share isn't negative"),
        (["60 <= a", "50 <= b", "share(a, b) == 100"], "the parts of 'share(a, b) == 100' add up to 110"),
        (["a <= 3", "b <= 3", "age >= 10", "age == a + b"], "the parts of 'age == a + b' add up to"),
        (["sum(a) == 5", "sum(a) == 6"], "column 'a' has several totals"),
        (["sum(a) == 1.5"], "integer cells of column 'a' can't add up to 1.5"),
        (["sum(weight) == 100.55"], "real cells of column 'weight' can't add up to 100.55"),
        (["a >= 5", "sum(a) == 10"], "60 rows of 'a' add up to 300 to inf, not 10"),
        ([{"rule": "total", "column": "a", "by": "city", "values": [["Q", 5]]}], "column 'city' has no level 'Q'"),
        (["age == a + b", "sum(a) == 100"], "'a' can't be moved to a total: 'age == a + b' ties it"),
    ],
)
def test_contradictions_are_found_before_anything_runs(rules: list[Any], message: str) -> None:
    assert message in problems(*rules)


def test_all_problems_are_told_at_once() -> None:
    told = problems("60 <= a <= 50", "unique(city)", "sum(b) == 1.5")
    assert all(f"rules[{number}]" in told for number in range(3))


def test_a_total_of_a_column_that_is_fixed_is_refused() -> None:
    assert "fixed from outside and can't be moved to a total" in problems("sum(a) == 100", given=("a",))


@pytest.mark.parametrize(
    "rules", [["a <= b", "b <= a"], ["unique(age)"], ["a <= b when a > 50", "b <= a when a <= 50"], ["unique(city, age)"]]
)
def test_rules_that_can_hold_pass(rules: list[str]) -> None:
    assert check_rules(RECIPE.model_copy(update={"rules": parse_rules(rules)})) == []


def test_real_rows_that_break_a_rule_are_counted() -> None:
    recipe = RECIPE.model_copy(update={"rules": parse_rules(["a <= b", "age <= 29", "city -> country"])})
    assert check_rules(recipe, FRAME) == ["50 of the 60 real rows break the rule 'age <= 29'."]


def test_an_expression_that_cannot_be_computed_on_the_real_rows_is_a_problem() -> None:
    recipe = RECIPE.model_copy(update={"rules": parse_rules(["city * 2 > 5"])})
    with pytest.raises(RecipeError, match=r"rules\[0\]: .* text and numbers can't be computed with each other"):
        check_rules(recipe, FRAME)


def test_a_column_that_is_to_equal_two_numbers_is_a_contradiction() -> None:
    recipe = infer_recipe(pd.DataFrame({"d": range(40), "e": range(40)}), table="t", rows=10, seed=1)
    rules = parse_rules(["d == 5", "6 == d", "e == 2.5"], recipe.columns)
    with pytest.raises(RecipeError) as caught:
        check_rules(recipe.model_copy(update={"rules": rules}))
    assert "rules[1]" in str(caught.value)
    assert "no integer value lies in" in str(caught.value)
