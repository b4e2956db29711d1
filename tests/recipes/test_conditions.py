"""`synthnb.recipes.conditions`: taken apart by column, and refused where no row can meet them."""

from __future__ import annotations

import pandas as pd
import pytest

from synthnb.errors import RecipeError
from synthnb.recipes.conditions import parse_conditions
from synthnb.recipes.infer import infer_recipe
from synthnb.recipes.recipe import Column

FRAME = pd.DataFrame(
    {
        "age": [10, 45, 70, 55, 30, 66],
        "sex": ["F", "M", "F", "F", "M", None],
        "weight": [50.5, 80.0, 61.5, 70.0, 66.0, 58.0],
        "start": pd.to_datetime(["2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01", "2020-05-01", "2020-06-01"]),
        "ok": [True, False, True, True, False, True],
    }
)
COLUMNS = infer_recipe(FRAME, table="t", rows=6, seed=1, overrides={"sex": "category"}).columns


@pytest.mark.parametrize(
    ("text", "by_column", "rest"),
    [
        ("age > 65 and sex == 'F'", {"age": "age > 65", "sex": "sex == 'F'"}, None),
        ("40 <= age < 60", {"age": "40 <= age < 60"}, None),
        ("age > 20 and age < 60", {"age": "age > 20 and age < 60"}, None),
        ("not (age > 20) and (sex == 'M' or isna(sex))", {"age": "not age > 20", "sex": "sex == 'M' or isna(sex)"}, None),
        ("age > weight", {}, "age > weight"),
        ("sex == 'F' and (age > 60 or weight > 60)", {"sex": "sex == 'F'"}, "age > 60 or weight > 60"),
        ("(sex in ['F', 'M']) & (age > 5)", {"sex": "sex in ['F', 'M']", "age": "age > 5"}, None),
        ("", {}, None),
    ],
)
def test_conditions_are_taken_apart_by_column(text: str, by_column: dict[str, str], rest: str | None) -> None:
    found = parse_conditions(text, COLUMNS)
    assert {name: condition.expression.text for name, condition in found.by_column.items()} == by_column
    assert (found.rest.text if found.rest else None) == rest


@pytest.mark.parametrize(
    "text", ["age > 65 and sex == 'F'", "age > weight and sex != 'M'", "isna(sex)", "ok and start >= '2020-03-01'", ""]
)
def test_the_parts_together_say_what_the_whole_says(text: str) -> None:
    from synthnb.recipes.expressions import parse_expression

    whole = parse_expression(text).mask(FRAME) if text else [True] * len(FRAME)
    assert parse_conditions(text, COLUMNS).mask(FRAME).tolist() == list(whole)


def test_a_condition_admits_cells_of_its_column() -> None:
    condition = parse_conditions("age > 65 and sex == 'F'", COLUMNS).by_column["sex"]
    assert condition.admits(pd.Series(["F", "M", None])).tolist() == [True, False, False]


def test_a_part_of_one_column_reads_back() -> None:
    frame = pd.DataFrame({"blood pressure": [100, 150], "age": [1, 2]})
    found = parse_conditions("`blood pressure` > 120 and age > 1", ["blood pressure", "age"])
    assert parse_conditions(found.by_column["blood pressure"].expression.text, ["blood pressure", "age"]).mask(frame).tolist() == [
        False,
        True,
    ]


def test_names_are_all_columns_read() -> None:
    assert parse_conditions("sex == 'F' and age > weight", COLUMNS).names == ("sex", "age", "weight")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("age > 65 and age < 40", "no value of column 'age' meets"),
        ("age > 3 and age < 4", "no value of column 'age' meets"),
        ("age > 5 and isna(age)", "no value of column 'age' meets"),
        ("sex == 'X'", "has no level 'X'; its levels are 'F', 'M'"),
        ("sex in ['F', 'Q']", "has no level 'Q'"),
        ("start > '2020-05-01' and start < '2020-02-01'", "no value of column 'start' meets"),
        ("ok == True and not ok", "no value of column 'ok' meets"),
        ("age > 65 and age < 40 and sex == 'X'", "'age' meets .*; column 'sex' has no level"),
        ("agee > 1", "there is no column 'agee'. Did you mean 'age'"),
    ],
)
def test_what_no_row_can_meet_is_refused(text: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        parse_conditions(text, COLUMNS)


def test_declared_limits_count() -> None:
    column = Column(name="age", kind="integer", dtype="int64", decimals=0, minimum=18, maximum=90)
    assert parse_conditions("age > 89", [column]).by_column
    with pytest.raises(RecipeError, match="'age' from 18 to 90 meets 'age > 90'"):
        parse_conditions("age > 90", [column])


@pytest.mark.parametrize("text", ["age * 2 > 130 and age < 66", "weight > 3 and weight < 3.2", "sex != 'F'", "age == 10 or age > 69"])
def test_what_may_be_met_is_let_through(text: str) -> None:
    assert parse_conditions(text, COLUMNS).text == text


def test_text_is_left_out_and_cannot_be_asked_for() -> None:
    with pytest.raises(RecipeError, match="column 'note' is text, which is left out"):
        parse_conditions("note == 'x'", [Column(name="note", kind="text", dtype="str")])
