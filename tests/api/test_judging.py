"""`evaluate`: what it is told, what it knows by itself, what it refuses."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import synthnb
from synthnb.disclosure.session import session
from synthnb.errors import FrameError, OptionError, SynthnbError


@pytest.fixture(autouse=True)
def _fresh() -> None:
    session.reset()


def value(report: Any, metric: str) -> Any:
    return next(score for score in report.scores if score.metric == metric)


def test_rules_of_the_run_are_counted_without_being_said_again(trial: pd.DataFrame) -> None:
    made = synthnb.generate(trial, rules=["age >= 18"], rows=80, random_state=1)
    assert value(synthnb.evaluate(made.frame, trial, random_state=1), "rule_violation_rate").value == 0.0
    broken = made.frame.assign(age=[3, *made.frame["age"].iloc[1:]])
    assert value(synthnb.evaluate(broken, trial, random_state=1), "rule_violation_rate").value is None
    found = synthnb.evaluate(broken, trial, recipe=made.generator.recipe, random_state=1)
    assert value(found, "rule_violation_rate").value == pytest.approx(1 / 80)


def test_a_word_that_is_none_of_them_is_refused(trial: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match=r"What is stated must be one of.*Did you mean 'secrets'\?"):
        synthnb.evaluate(trial, trial, secret=["age"])


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"population": 0}, "population is a number of people from 1 on"),
        ({"survival": "days"}, "A time to an event is two columns"),
        ({"analyses": [3]}, "An analysis is a function of a frame"),
        ({"secrets": ["no such"]}, "The secret must be one of"),
        ({"attributes": 3}, "attributes are counts by column and level"),
    ],
)
def test_what_cannot_be_meant_is_refused(trial: pd.DataFrame, stated: dict[str, Any], said: str) -> None:
    with pytest.raises(SynthnbError, match=said):
        synthnb.evaluate(trial, trial, **stated)


def test_a_table_needs_a_real_one_and_texts_do_not(trial: pd.DataFrame) -> None:
    with pytest.raises(FrameError, match="A real frame to compare with was expected; got none"):
        synthnb.evaluate(trial)
    notes = pd.DataFrame({"note": [f"Visit {i}: the knee is {'stiff' if i % 2 else 'better'}." for i in range(40)]})
    report = synthnb.evaluate(notes, text="note", random_state=1)
    assert report.profile == "text-core/1"
    assert value(report, "vendi_score").value > 1


def test_several_tables_have_a_profile_of_their_own() -> None:
    patients = pd.DataFrame({"id": range(60), "age": [20 + i % 50 for i in range(60)]})
    visits = pd.DataFrame({"patient": [i % 60 for i in range(150)], "day": range(150)})
    tables = {"patients": patients, "visits": visits}
    report = synthnb.evaluate(tables, tables, relations=["patients.id -> visits.patient"], random_state=1)
    assert report.profile == "relational-core/1"
    assert value(report, "reference_integrity").value == 1.0


@pytest.mark.parametrize(
    ("words", "said"), [({"target": ["age"]}, "The target must be one of"), ({"groups": [["sex"]]}, "The group must be one of")]
)
def test_a_column_that_is_no_name_is_refused(trial: pd.DataFrame, words: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        synthnb.evaluate(trial, trial, **words)


def test_a_column_cannot_be_secret_and_known(trial: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="'age' is stated as secret and as known"):
        synthnb.evaluate(trial, trial, secrets="age", known=["age", "sex"])
