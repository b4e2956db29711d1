from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation.facts import Facts
from synthnb.evaluation.rules import broken_by, total_holds, violations
from synthnb.recipes.recipe import Column, Recipe
from synthnb.recipes.rules import FunctionRule, Total, parse_rule

COLUMNS = (
    Column(name="age", kind="integer", dtype="int64", minimum=18, maximum=90),
    Column(name="low", kind="real", dtype="float64", missing=True),
    Column(name="high", kind="real", dtype="float64", missing=True),
    Column(name="arm", kind="category", dtype="str", levels=("a", "b")),
    Column(name="start", kind="date", dtype="datetime64[us]", minimum="2020-01-01", missing=True),
)


def frame(rows: int = 100) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    low = rng.normal(60, 5, rows)
    arm = np.resize(["a", "b"], rows)
    return pd.DataFrame({"age": rng.integers(18, 90, rows), "low": low, "high": low + 40, "arm": arm, "start": pd.Timestamp("2020-03-01")})


def evaluated(comparing: Any, synthetic: pd.DataFrame, *rules: Any, columns: Any = COLUMNS, **recipe: Any) -> tuple[dict[str, Any], Any]:
    parsed = tuple(parse_rule(rule) if isinstance(rule, str) else rule for rule in rules)
    made = Recipe(table="t", rows=100, seed=1, columns=columns, **recipe).model_copy(update={"rules": parsed})
    found = violations(comparing(synthetic, frame(), facts=Facts(recipe=made)), {})
    return {score.metric: score for score in found.scores}, found.details


def counts(details: Any) -> dict[str, Any]:
    return {entry["rule"]: entry["broken"] for entry in details["rules"]["checks"]}


def test_planted_rows_are_counted_exactly(comparing: Any) -> None:
    made = frame()
    made.loc[:6, "high"] = made.loc[:6, "low"] - 1
    made.loc[5:9, "age"] = 17
    scores, details = evaluated(comparing, made, "low <= high", "age >= 18")
    assert counts(details) | {"low <= high": 7, "18 <= age": 5} == counts(details)
    assert scores["rule_violation_rate"].value == 0.10
    assert scores["rule_violation_rate"].parameters["broken_rows"] == 10
    assert scores["rule_violation_rate"].ceiling == 0


def test_declared_ranges_levels_and_complete_columns(comparing: Any) -> None:
    made = frame().astype({"age": "Int64"})
    made.loc[0:1, "age"] = 91
    made.loc[2:4, "arm"] = "z"
    made.loc[5:6, "age"] = None
    made.loc[7, "start"] = pd.Timestamp("2019-12-31")
    scores, details = evaluated(comparing, made)
    assert counts(details) == {
        "levels of arm": 3,
        "18 <= age <= 90": 2,
        "no missing age": 2,
        "'2020-01-01' <= start": 1,
        "no missing arm": 0,
    }
    assert scores["declaration_violation_rate"].value == 0.08
    assert scores["rule_violation_rate"].reason == "The recipe has no rule."


def test_a_missing_cell_breaks_no_rule(comparing: Any) -> None:
    scores, _ = evaluated(comparing, frame().assign(low=np.nan), "low <= high")
    assert scores["rule_violation_rate"].value == 0


def test_unlisted_combinations_and_dependencies_are_those_of_the_real_rows() -> None:
    real = pd.DataFrame({"city": ["x", "x", "y"], "land": ["A", "A", "B"]})
    made = pd.DataFrame({"city": ["x", "y", "y", None], "land": ["A", "B", "A", "B"]})
    for rule in ("combinations(city, land)", "city -> land"):
        assert broken_by(parse_rule(rule), made, real).tolist() == [False, False, True, False]


def test_a_unique_rule_is_broken_by_repetitions(comparing: Any) -> None:
    scores, _ = evaluated(comparing, frame(20).assign(age=[20] * 4 + list(range(30, 46))), "unique(age)")
    assert scores["rule_violation_rate"].value == 0.15


def test_totals_are_of_the_table(comparing: Any) -> None:
    made = frame(20).assign(age=[20] * 20)
    scores, details = evaluated(comparing, made, "sum(age) == 400", Total(column="age", by="arm", value=190))
    assert scores["table_rule_violation_rate"].value == 0.5
    assert sorted(entry["broken"] for entry in details["rules"]["checks"] if entry["about"] == "table") == [0, 1]


def test_sums_of_named_groups() -> None:
    made = pd.DataFrame({"x": [0.1, 0.2, 5], "g": ["a", "a", "b"]})
    assert total_holds(Total(column="x", by="g", values=(("a", 0.3),)), made)
    assert not total_holds(Total(column="x", by="g", values=(("c", 1),)), made)


def test_the_condition_of_every_row_is_a_rule(comparing: Any) -> None:
    scores, details = evaluated(comparing, frame().assign(age=[17] * 3 + [30] * 97), where="age >= 18")
    assert scores["rule_violation_rate"].value == 0.03
    assert counts(details)["where age >= 18"] == 3


def test_a_function_sees_neither_texts_nor_identifiers_and_its_failure_quotes_nothing(comparing: Any) -> None:
    columns = (*COLUMNS, Column(name="note", kind="text", dtype="str", missing=True))

    def reads(rows: pd.DataFrame) -> Any:
        assert "note" not in rows
        raise ValueError(f"secret {rows['arm'].iloc[0]}")

    scores, details = evaluated(comparing, frame().assign(note="x"), FunctionRule.of(reads), columns=columns)
    assert "can't be told from the cells" in str(scores["rule_violation_rate"].reason)
    assert "secret" not in json.dumps(details)


def test_a_rule_about_a_column_that_is_not_there_has_a_reason_and_the_others_count(comparing: Any) -> None:
    scores, details = evaluated(comparing, frame().drop(columns="low"), "low <= high", "age >= 18")
    assert scores["rule_violation_rate"].parameters["not_counted"] == 1
    assert (
        next(entry for entry in details["rules"]["checks"] if entry["rule"] == "low <= high")["reason"] == "The synthetic frame lacks low."
    )


def test_few_real_rows_that_break_a_rule_are_not_shown(comparing: Any) -> None:
    scores, _ = evaluated(comparing, frame(), f"age >= {sorted(frame()['age'])[5]}")
    assert scores["rule_violation_rate"].ceiling is None


def test_many_rules_fit_and_are_counted(comparing: Any) -> None:
    _, details = evaluated(comparing, frame(), *(f"age >= {i} when arm == 'a'" for i in range(300)))
    assert len(json.dumps(details["rules"]).encode()) < 6_000
    assert details["rules"]["omitted"] + len(details["rules"]["checks"]) == 305
    assert details["rules"]["checks"][0]["broken"] >= details["rules"]["checks"][1]["broken"]


def test_without_a_recipe_the_reason_is_given(comparing: Any) -> None:
    found = violations(comparing(frame(), frame()), {})
    assert {score.value for score in found.scores} == {None}
    assert "No recipe was given" in str(found.scores[0].reason)


@pytest.mark.parametrize("rows", [0, 1])
def test_frames_of_no_or_one_row(comparing: Any, rows: int) -> None:
    scores, _ = evaluated(comparing, frame(rows), "low <= high") if rows else ({}, None)
    assert all(score.value in (0, None) for score in scores.values())
