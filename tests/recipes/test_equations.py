"""Rules that say equal numbers, held against one another."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthnb.errors import RecipeError
from synthnb.recipes.recipe import Column, Recipe
from synthnb.recipes.rules import parse_rules
from synthnb.recipes.rules.bounds import Limits
from synthnb.recipes.rules.equations import contradictions
from synthnb.recipes.rules.feasibility import check_rules

NAMES = ("a", "b", "c", "d")


def found(rules: list[str], **limits: Limits) -> list[str]:
    return contradictions(enumerate(parse_rules(rules)), NAMES, limits)


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        (["a == b + 1", "b == a + 1"], "rules[1]: 'b == a + 1' holds in no row together with 'a == b + 1'"),
        (["a == b + 1", "b == d + 1", "d == a + 1"], "rules[2]: 'd == a + 1' holds in no row together with 'a == b + 1' and 'b == d + 1'"),
        (["a == a + 1"], "rules[0]: 'a == a + 1' holds in no row"),
        (["2 * a == b", "b / 2 == a + 0.5"], "rules[1]: 'b / 2 == a + 0.5' holds in no row together with '2 * a == b'"),
        (["a == b + c", "b == 3 - c", "a == 4"], "rules[2]"),
        (["-(a - b) == 1", "a == b"], "rules[1]"),
    ],
)
def test_formulas_that_exclude_one_another_are_named(rules: list[str], problem: str) -> None:
    (told,) = found(rules)
    assert told.startswith(problem)


@pytest.mark.parametrize(
    "rules",
    [
        ["a == b + 1", "b == a - 1"],
        ["b == a + 1", "d == b * 2", "a == d / 2 - 1"],
        ["a == 1.1 * b", "b == a / 1.1"],
        ["a == 0.1 * b", "b == 10 * a"],
        ["a == b + 1 when c == 1", "b == a + 1"],
        ["a == b * c", "b == a * c"],
        ["a == b ** 2 + 1", "b == a + 1"],
        ["a == b + 1e999", "b == a + 1"],
        ["a == e + 1", "e == a + 1"],
        ["a == 'x'", "a != b"],
    ],
)
def test_formulas_that_may_hold_together_are_let_be(rules: list[str]) -> None:
    assert found(rules) == []


def test_a_value_that_is_left_must_lie_within_the_limits() -> None:
    rules = ["b == a + 1", "a == 2 * b"]
    assert found(rules, a=Limits(low=0.0))[0].endswith(" together leave column 'a' the value -2 alone, which it can't hold")
    assert found(rules, a=Limits(low=-5.0)) == []


def test_a_value_that_is_left_must_lie_on_the_columns_grid() -> None:
    assert "the value 0.5 alone" in found(["a + b == 1", "a == b"], a=Limits(step=1.0))[0]


whole = st.integers(-5, 5)


@given(point=st.lists(whole, min_size=3, max_size=3), factors=st.lists(st.lists(whole, min_size=3, max_size=3), min_size=1, max_size=6))
def test_equations_that_one_row_meets_never_exclude_one_another(point: list[int], factors: list[list[int]]) -> None:
    rules = [f"{a} * a + {b} * b + {c} * c == {sum(x * y for x, y in zip((a, b, c), point, strict=True))}" for a, b, c in factors]
    assert found(rules) == []


@given(point=st.lists(whole, min_size=2, max_size=2), times=st.integers(1, 5), off=st.integers(1, 9))
def test_a_multiple_with_another_constant_is_always_found(point: list[int], times: int, off: int) -> None:
    total = Fraction(2 * point[0] + 3 * point[1])
    assert len(found([f"2 * a + 3 * b == {total}", f"{2 * times} * a + {3 * times} * b == {total * times + off}"])) == 1


def recipe(rules: list[str]) -> Recipe:
    columns = tuple(Column(name=name, kind="integer", dtype="int64") for name in NAMES)
    return Recipe(table="t", rows=10, seed=1, columns=columns, rules=tuple(parse_rules(rules)))


def test_a_recipe_with_such_rules_is_refused_with_every_problem() -> None:
    with pytest.raises(RecipeError, match=r"rules\[1\]: 'b == a \+ 1' holds in no row .*; rules\[3\]: 'd == c' holds in no row"):
        check_rules(recipe(["a == b + 1", "b == a + 1", "c == d + 2", "d == c"]))


def test_single_values_that_differ_are_told_once() -> None:
    with pytest.raises(RecipeError) as told:
        check_rules(recipe(["a == 3", "a == 4"]))
    assert told.value.message.count("rules[1]") == 1
