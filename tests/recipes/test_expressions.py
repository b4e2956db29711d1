"""`synthnb.recipes.expressions`: what may be said of a row, what is refused, and what missing cells do."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthnb.errors import RecipeError
from synthnb.recipes.expressions import LONGEST, parse_expression

ZONE = "Europe/Paris"
FRAME = pd.DataFrame(
    {
        "age": pd.array([10, 70, None], dtype="Int64"),
        "sex": ["F", "M", None],
        "sys p": [1.1, 2.2, 3.3],
        "a": [0.1, 0.2, 0.3],
        "b": [1.0, 2.0, 3.0],
        "flag": [True, False, True],
        "day": pd.to_datetime(["2020-01-01", "2021-05-06", "NaT"]),
        "zoned": pd.to_datetime(["2020-01-01", "2021-05-06", "NaT"]).tz_localize(ZONE),
        "object day": [dt.date(2020, 1, 1), dt.date(2022, 1, 1), None],
        "text day": ["2020-01-02", "2021-01-01", "2022-01-01"],
        "grade": pd.Categorical(["lo", "hi", None], categories=["lo", "mid", "hi"], ordered=True),
        "clock": [dt.time(8), dt.time(9), dt.time(10)],
        "money": [Decimal("1.1"), Decimal("2.2"), None],
        "none": [None, None, None],
        "µ": [1, 2, 3],
    }
)
NAMES = [str(name) for name in FRAME]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age > 65 and sex == 'M'", [0, 1, 0]),
        ("age > 65 or sex == 'F'", [1, 1, 0]),
        ("40 <= age < 80", [0, 1, 0]),
        ("age < 20 < 30", [1, 0, 0]),
        ("(age > 5) & ~(sex == 'F')", [0, 1, 0]),
        ("flag", [1, 0, 1]),
        ("not flag", [0, 1, 0]),
        ("age in [10, 11]", [1, 0, 0]),
        ("sex not in ['F']", [0, 1, 0]),
        ("`sys p` == a + b", [1, 1, 1]),
        ("µ >= 2", [0, 1, 1]),
        ("age ** 2 - 1 > 1000", [0, 1, 0]),
        ("age % 7 == 0", [0, 1, 0]),
        ("b / 0 > 1", [1, 1, 1]),
        ("abs(-a) == a", [1, 1, 1]),
        ("max(a, b, 2.5) > 2.5", [0, 0, 1]),
        ("round(a, 0) == 0", [1, 1, 1]),
        ("day >= '2021-01-01'", [0, 1, 0]),
        ("zoned >= '2021-05-06'", [0, 1, 0]),
        ("zoned >= '2021-05-05T23:00:00+00:00'", [0, 0, 0]),
        ("year(zoned) == 2020", [1, 0, 0]),
        ("`object day` <= day", [1, 0, 0]),
        ("days(`text day` - day) == 1", [1, 0, 0]),
        ("`text day` - day > '12 hours'", [1, 0, 0]),
        ("day + days(1) == '2020-01-02'", [1, 0, 0]),
        ("day + days(1e9) > day", [0, 0, 0]),
        ("day + '1 day' == '2020-01-02'", [1, 0, 0]),
        ("grade >= 'mid'", [0, 1, 0]),
        ("clock > '08:30'", [0, 1, 1]),
        ("money == 1.1", [1, 0, 0]),
        ("startswith(lower(sex), 'f')", [1, 0, 0]),
        ("contains(`text day`, '-01-01')", [0, 1, 1]),
        ("len(sex) == 1", [1, 1, 0]),
        ("sex.str.upper() == 'F'", [1, 0, 0]),
        ("day.dt.month == 5", [0, 1, 0]),
        ("age.between(1, 20)", [1, 0, 0]),
        ("sex.isin(['M'])", [0, 1, 0]),
        ("sex == 1", [0, 0, 0]),
    ],
)
def test_a_row_meets_what_the_expression_says(text: str, expected: list[int]) -> None:
    assert parse_expression(text, NAMES).mask(FRAME).tolist() == [bool(x) for x in expected]


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("age > 5", True),
        ("not (age > 5)", True),
        ("age != 5", True),
        ("age > 5 and flag", True),
        ("age > 5 and not flag", False),
        ("age + 1 > 5", True),
        ("none < 5", True),
        ("none == sex", True),
        ("max(age, 3) > 99", True),
    ],
)
def test_a_missing_cell_decides_nothing(text: str, *, passes: bool) -> None:
    expression = parse_expression(text)
    assert expression.mask(FRAME)[2] == False  # noqa: E712 - a numpy boolean
    assert expression.mask(FRAME, missing="passes")[2] == passes


@pytest.mark.parametrize(
    "text", ["isna(age)", "age.isna()", "age is None", "age == None", "age in [None]", "age > 5 or flag", "not notna(age)"]
)
def test_missing_cells_can_be_asked_for(text: str) -> None:
    assert parse_expression(text).mask(FRAME)[2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__import__('os').system('x')", "there is no function 'system'"),
        ("open('x') == 1", "at character 1, there is no function 'open'"),
        ("age.__class__ == 1", "attribute '__class__' isn't allowed"),
        ("age.dt.tz == 1", "attribute 'tz' isn't allowed"),
        ("(lambda: 1)()", "a lambda can't be called"),
        ("[x for x in age]", "a comprehension isn't allowed"),
        ("age[0] == 1", "an index isn't allowed"),
        ("f'{age}' == 1", "an f-string isn't allowed"),
        ("(age := 5)", "NamedExpr isn't allowed"),
        ("age if flag else a", "`if` isn't allowed"),
        ("age @ a > 1", "operator MatMult isn't allowed"),
        ("age << 9 > 1", "operator LShift isn't allowed"),
        ("lower(x=sex) == 'f'", "arguments by keyword aren't allowed"),
        ("age == b'x'", "constant b'x'"),
        ("age in sex", "must be followed by a list of constants"),
        ("age > 5 & a > 2", "bind more tightly than comparisons"),
        ("age > 1; a", "isn't written as an expression"),
        ("ag > 5", "at character 1, there is no column 'ag'. Did you mean 'age'"),
        ("age > 1 and sx == 'F'", "at character 13, there is no column 'sx'. Did you mean 'sex'"),
        ("'é' == sex and sx == 'F'", "at character 16"),
        ("`sys p", "a backquote opens a column's name"),
        ("round(a) == lower(sex, 1)", "lower takes 1 arguments and has 2"),
        ("age is 5", "`is` compares with None only"),
        ("  ", "must be text such as"),
    ],
)
def test_what_is_not_allowed_is_refused_where_it_stands(text: str, message: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(message)):
        parse_expression(text, NAMES)


@pytest.mark.parametrize("text", ["(" * 300, "not " * 900 + "flag", "-" * 3900 + "a", "a" + " + a" * 900 + " > 1", "a" * (LONGEST + 1)])
def test_size_and_depth_are_bounded(text: str) -> None:
    with pytest.raises(RecipeError, match=r"nested|characters"):
        parse_expression(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sex > 5", "text and numbers have no order between them"),
        ("age", "numbers stand where something true or false is needed"),
        ("sex * 9999999 == 'F'", "text and numbers can't be computed with each other"),
        ("day > 'soon'", "isn't an ISO 8601 date"),
        ("day < zoned", "with a time zone were compared with dates without one"),
        ("nothing == 1", "there is no column 'nothing'"),
        ("round(a, b) == 1", "second argument must be a whole number"),
    ],
)
def test_what_cannot_be_computed_is_said(text: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        parse_expression(text).mask(FRAME)


def test_powers_of_constants_cost_nothing() -> None:
    assert parse_expression("9 ** 9 ** 9 ** 9 > a").mask(FRAME).all()


def test_whole_numbers_are_compared_exactly() -> None:
    frame = pd.DataFrame({"x": [2**53, 2**53 + 1]})
    assert parse_expression(f"x == {2**53 + 1}").mask(frame).tolist() == [False, True]


def test_numbers_that_are_not_whole_are_compared_up_to_rounding() -> None:
    frame = pd.DataFrame({"x": [0.1 + 0.2, 0.30001]})
    assert parse_expression("x == 0.3").mask(frame).tolist() == [True, False]
    assert parse_expression("x > 0.3").mask(frame).tolist() == [False, True]


def test_values_are_what_the_expression_is() -> None:
    values = parse_expression("age * 2 + 1").values(FRAME)
    assert values[:2].tolist() == [21, 141]
    assert pd.isna(values[2])


def test_names_are_listed_once_in_order() -> None:
    assert parse_expression("b > a and `sys p` > b").names == ("b", "a", "sys p")


@given(st.text(alphabet="ab<>=&|~()[]'\"`.,+-*/ not in 1", max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with contextlib.suppress(RecipeError):
        assert set(parse_expression(text, ["a", "b"]).names) <= {"a", "b"}
