"""`synthnb.evaluation.relational`: references, children per parent, dependence and each table, by hand and at the extremes."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from synthnb.errors import FrameError, OptionError
from synthnb.evaluation._encode import Table
from synthnb.evaluation._intervals import difference
from synthnb.evaluation.relational import CHILDREN_STEP, evaluate_tables
from synthnb.evaluation.relational.families import COEFFICIENTS, Coefficient, icc, lag_one, measured, trend
from synthnb.evaluation.relational.linked import Linked, look_up
from synthnb.evaluation.report import Report

if TYPE_CHECKING:
    from synthnb.evaluation.base import Score

Tables = dict[str, pd.DataFrame]
RELATION = "patients.id -> visits.patient"


def clinic(patients: int = 150, seed: int = 0) -> Tables:
    """Patients with 0 to about 8 visits, more when older, whose blood pressure is alike and rises."""
    rng = np.random.default_rng(seed)
    age = rng.integers(20, 90, patients)
    sizes = np.where(rng.random(patients) < 0.2, 0, rng.poisson(age / 20))
    owner = np.repeat(np.arange(patients), sizes)
    day = rng.integers(0, 700, len(owner))
    sbp = np.round(100 + age[owner] / 3 + rng.normal(0, 10, patients)[owner] + day / 50 + rng.normal(0, 5, len(owner)))
    return {
        "patients": pd.DataFrame({"id": np.arange(patients) + 1000, "age": age, "sex": rng.choice(["f", "m"], patients)}),
        "visits": pd.DataFrame(
            {
                "patient": owner + 1000,
                "date": pd.Timestamp("2020-01-01") + pd.to_timedelta(day, unit="D"),
                "sbp": sbp,
                "reason": rng.choice(["acute", "chronic"], len(owner)),
            }
        ),
    }


def evaluated(synthetic: Tables, real: Tables, **options: Any) -> Report:
    given: dict[str, Any] = {"relations": [RELATION], "seed": 3} | options
    return evaluate_tables(synthetic, real, **given)


@cache
def alike() -> Report:
    """Two samples of one population."""
    return evaluated(clinic(seed=1), clinic())


def score(report: Report, metric: str, *subject: str) -> Score:
    return next(found for found in report.scores if found.metric == metric and found.subject[: len(subject)] == subject)


def plain(report: Report) -> str:
    scores = [found | {"seconds": 0} for found in report.to_dict()["scores"]]
    return json.dumps(report.to_dict() | {"id": "", "created": "", "seconds": 0, "scores": scores}, allow_nan=False)


def family(values: list[list[float]]) -> tuple[Linked, Any]:
    """Children by parent, in order."""
    owner = np.repeat(np.arange(len(values)), [len(children) for children in values])
    order = np.concatenate([np.arange(len(children)) for children in values]).astype(float)
    return Linked(Table(len(values), {}, {}), Table(len(owner), {}, {}), owner, order), np.concatenate(values).astype(float)


def test_a_key_is_looked_up_however_it_is_stored() -> None:
    owner, counts = look_up(pd.Series([7, 8, 8, 9]), pd.Series([8.0, np.nan, 5.0, 9.0]))
    assert owner.tolist() == [1, -1, -1, 3]
    assert counts == (4, 1, 4, 1, 1)


def test_large_whole_numbers_stay_apart() -> None:
    keys = pd.Series([2**60, 2**60 + 1])
    assert look_up(keys, pd.Series([2**60 + 1, None], dtype="Int64"))[0].tolist() == [1, -1]


def test_icc_by_hand() -> None:
    # means 2 and 6, MSB = 2 · (2 − 4)² · 2 = 16, MSW = 2, n0 = 2: (16 − 2) / (16 + 2)
    assert measured(icc, *family([[1, 3], [5, 7]])).value == pytest.approx(14 / 18)


def test_icc_is_1_where_children_are_equal_and_low_where_parents_are() -> None:
    assert measured(icc, *family([[1, 1], [5, 5]])).value == pytest.approx(1)
    assert measured(icc, *family([[1, 5], [1, 5]])).value == pytest.approx(-1)


def test_trend_by_hand() -> None:
    # within parents x − x̄ is −1 0 1 and 1 0 −1 at times −1 0 1: products 2 and −2
    assert measured(trend, *family([[1, 2, 3], [9, 8, 7]])).value == pytest.approx(0)
    assert measured(trend, *family([[1, 2, 3], [7, 8, 9]])).value == pytest.approx(1)


def test_successive_values_by_hand() -> None:
    # pairs (1, 2) (2, 3) (5, 4): means 8/3 and 3; 4 / √(26/3 · 2)
    assert measured(lag_one, *family([[1, 2, 3], [5, 4]])).value == pytest.approx(4 / np.sqrt(26 / 3 * 2))


@pytest.mark.parametrize("coefficient", COEFFICIENTS, ids=lambda one: one.name)
def test_units_and_the_order_of_parents_change_nothing(coefficient: Coefficient) -> None:
    values = [list(np.random.default_rng(i).normal(i % 3, 1, 4)) for i in range(40)]
    linked, x = family(values)
    moved, y = family([[5 + 1000 * one for one in children] for children in values[::-1]])
    assert measured(coefficient, moved, y) == pytest.approx(measured(coefficient, linked, x))


@pytest.mark.parametrize("coefficient", COEFFICIENTS, ids=lambda one: one.name)
def test_intervals_cover_no_difference_about_95_times_in_100(coefficient: Coefficient) -> None:
    rng = np.random.default_rng(5)

    def draw() -> Any:
        levels = rng.normal(0, 1, 80)
        return measured(coefficient, *family([list(level + 0.3 * np.arange(4) + rng.normal(0, 1, 4)) for level in levels]))

    held = [low <= 0 <= high for _, low, high in (difference(draw().estimate, draw().estimate) for _ in range(300))]
    assert 0.91 <= np.mean(held) <= 0.985


def test_two_samples_of_one_population_reach_the_ceiling() -> None:
    for metric in ("children_per_parent", "family_means", "parent_child_correlation", "icc_similarity", "time_between_children"):
        found = score(alike(), metric)
        assert found.value is not None
        assert found.ceiling is not None
        assert found.matched == pytest.approx(found.ceiling, abs=0.12)


def test_identical_tables_score_1_where_1_is_best() -> None:
    report = evaluated(clinic(), clinic())
    assert {found.value for found in report.scores if found.direction == "higher" and found.value is not None} == {1.0}
    assert {found.value for found in report.scores if found.direction == "none" and found.value is not None} == {0.0}


def test_orphans_and_repeated_keys_are_counted_and_fail_the_gates() -> None:
    made = clinic(seed=1)
    made["patients"]["id"] = made["patients"]["id"].replace(1001, 1000)
    made["visits"].loc[:9, "patient"] = 5
    report = evaluated(made, clinic())
    assert score(report, "parent_key_uniqueness").value == pytest.approx(1 - 1 / 150, abs=1e-6)
    orphans = ~made["visits"]["patient"].isin(made["patients"]["id"])
    assert score(report, "reference_integrity").value == pytest.approx(1 - orphans.mean(), abs=1e-6)
    assert {gate["outcome"] for gate in report.gates} == {"fail"}


def test_shuffled_references_break_dependence_and_nothing_in_the_tables() -> None:
    made = clinic(seed=1)
    made["visits"]["patient"] = made["visits"]["patient"].sample(frac=1, random_state=0).to_numpy()
    broken, whole = evaluated(made, clinic()), alike()
    for metric in ("icc_similarity", "parent_child_correlation", "family_means"):
        was, now = score(whole, metric).value, score(broken, metric).value
        assert was is not None
        assert now is not None
        assert now < was - 0.03
    assert score(broken, "column_shapes", "visits").value == score(whole, "column_shapes", "visits").value
    assert score(broken, "children_per_parent").value == score(whole, "children_per_parent").value


def test_a_planted_difference_in_likeness_is_outside_its_interval() -> None:
    made = clinic(seed=1)
    made["visits"]["sbp"] = made["visits"]["sbp"].sample(frac=1, random_state=0).to_numpy()
    found = score(evaluated(made, clinic()), "icc_difference", "patients", "visits", "sbp")
    assert found.high is not None
    assert found.high < 0


def test_one_child_each_is_seen() -> None:
    made = clinic(seed=1)
    made["visits"] = made["visits"].drop_duplicates("patient")
    found = score(evaluated(made, clinic()), "children_mean_difference")
    assert found.high is not None
    assert found.high < -1


def test_rows_in_another_order_change_nothing() -> None:
    mixed = [{name: frame.sample(frac=1, random_state=4) for name, frame in tables.items()} for tables in (clinic(seed=1), clinic())]
    one, other = alike(), evaluated(*mixed)
    for metric in (
        "children_per_parent",
        "parent_child_correlation",
        "parent_child_contingency",
        "icc_similarity",
        "time_between_children",
    ):
        assert score(other, metric).value == score(one, metric).value


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert plain(evaluated(clinic(seed=1), clinic())) == plain(alike())


def test_a_report_on_tables_survives_json_and_stays_small() -> None:
    text = json.dumps(alike().to_dict(), allow_nan=False)
    assert Report.from_dict(json.loads(text)) == alike()
    assert len(text) < 64_000
    assert alike().synthetic["tables"][0]["name"] == "patients"


def test_no_source_value_of_a_key_is_told() -> None:
    real = clinic()
    real["patients"]["id"] = [f"secret-{i}" for i in range(150)]
    real["visits"]["patient"] = [f"secret-{i - 1000}" for i in clinic()["visits"]["patient"]]
    assert "secret" not in json.dumps(evaluated(clinic(seed=1), real).to_dict())


def test_a_holdout_is_the_ceiling_and_families_seen_before_are_left_out() -> None:
    held, real = clinic(seed=2), clinic()
    held = {name: pd.concat([real[name].iloc[:5], frame], ignore_index=True) for name, frame in held.items()}
    report = evaluated(clinic(seed=1), real, holdout=held)
    assert score(report, "children_per_parent").parameters["ceiling_from"] == "hold-out"
    assert score(report, "children_per_parent").parameters["ceiling_rows"] == [150, 150]
    assert "5 of 155 rows of 'patients' are in the real tables too and were left out" in str(report.not_evaluated)


def test_a_list_that_every_set_shares_is_not_held_out() -> None:
    wards = pd.DataFrame({"ward": [f"w{i}" for i in range(12)], "floor": np.arange(12) % 3})
    sets = [clinic(seed=seed) | {"wards": wards} for seed in (1, 0, 2)]
    for tables in sets:
        tables["visits"]["ward"] = [f"w{i % 12}" for i in range(len(tables["visits"]))]
    report = evaluated(sets[0], sets[1], holdout=sets[2], relations=[RELATION, "wards.ward -> visits.ward"])
    assert score(report, "children_per_parent", "patients").parameters["ceiling_from"] == "hold-out"
    assert score(report, "children_per_parent", "wards").parameters["ceiling_from"] == "two halves of the real parents"


def test_grandchildren_follow_their_family() -> None:
    sets = [clinic(seed=seed) for seed in (1, 0)]
    for tables in sets:
        tables["visits"]["visit"] = np.arange(len(tables["visits"]))
        tables["labs"] = pd.DataFrame({"visit": np.repeat(np.arange(len(tables["visits"])), 2)}).assign(
            value=lambda frame: frame["visit"] % 7
        )
    report = evaluated(*sets, relations=[RELATION, "visits.visit -> labs.visit"])
    assert score(report, "children_per_parent", "visits", "labs").value == 1.0
    assert score(report, "children_mean_difference", "visits", "labs").parameters["interval"].startswith("none: ")


def test_two_references_to_one_table_are_told_apart() -> None:
    sets = [clinic(seed=seed) for seed in (1, 0)]
    for tables in sets:
        tables["visits"]["referrer"] = tables["visits"]["patient"].to_numpy()[::-1]
    report = evaluated(*sets, relations=[RELATION, "patients.id -> visits.referrer"])
    assert {found.subject for found in report.scores if found.metric == "reference_integrity"} == {
        ("patients", "visits", "patient"),
        ("patients", "visits", "referrer"),
    }


def test_a_level_that_one_patient_has_often_is_not_shown() -> None:
    real = clinic()
    visits = real["visits"].assign(clinic="north")
    often = visits.iloc[:1].loc[lambda frame: frame.index.repeat(40)].assign(clinic="a rare place")
    real["visits"] = pd.concat([visits, often], ignore_index=True)
    made = clinic(seed=1)
    made["visits"]["clinic"] = "north"
    report = evaluated(made, real)
    assert "a rare place" not in json.dumps(report.to_dict())
    assert next(entry for entry in report.columns if entry["name"] == "visits.reason")["bins"]["labels"]


def test_few_childless_parents_are_not_counted_out() -> None:
    real = clinic()
    some = real["patients"]["id"].iloc[5:]
    real["visits"] = pd.concat([real["visits"], pd.DataFrame({"patient": some, "sbp": 120.0})], ignore_index=True)
    real["visits"] = real["visits"][real["visits"]["patient"].isin(some)]
    found = score(evaluated(clinic(seed=1), real), "childless_share_difference")
    assert found.value is None
    assert "isn't shown" in str(found.reason)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_tables_of_hardly_any_row_are_a_result_with_reasons(rows: int) -> None:
    few = {name: frame.iloc[:rows] for name, frame in clinic().items()}
    for one, other in ((few, clinic()), (clinic(), few), (few, few)):
        report = evaluated(one, other)
        assert all((found.value is None) == (found.reason is not None) for found in report.scores)


@pytest.mark.parametrize("cell", [np.nan, np.inf, 5.0, "<script>\ud800\x00"])
def test_a_column_of_one_value_does_no_harm(cell: Any) -> None:
    real, made = clinic(), clinic(seed=1)
    for tables in (real, made):
        tables["visits"]["odd"] = pd.Series([cell] * len(tables["visits"]), dtype=object)
    assert json.dumps(evaluated(made, real).to_dict(), allow_nan=False)
    assert json.dumps(evaluated(made, clinic()).to_dict(), allow_nan=False)


def test_names_may_be_hostile() -> None:
    names = {"patients": "a\x1fb. -> <b>", "visits": "x" * 5000}
    sets = [{names[name]: frame for name, frame in clinic(seed=seed).items()} for seed in (1, 0)]
    relation = {"parent": names["patients"], "key": "id", "child": names["visits"], "column": "patient"}
    report = evaluated(*sets, relations=[relation])
    assert len(json.dumps(report.to_dict())) < 64_000


def test_tables_of_keys_alone_say_so() -> None:
    sets = [{name: frame[frame.columns[:1]] for name, frame in clinic(seed=seed).items()} for seed in (1, 0)]
    assert "keys and references only" in str(evaluated(*sets).not_evaluated)


def test_the_order_may_be_declared() -> None:
    real, made = ({name: frame.drop(columns="date", errors="ignore") for name, frame in clinic(seed=seed).items()} for seed in (0, 1))
    assert "Nothing orders" in str(score(evaluated(made, real), "time_between_children").reason)
    ordered = {"parent": "patients", "key": "id", "child": "visits", "column": "patient", "order": "sbp"}
    assert score(evaluated(made, real, relations=[ordered]), "time_between_children").value is not None


def test_rows_of_one_parent_get_no_interval_for_independent_rows() -> None:
    assert score(alike(), "range_adherence", "patients").low is not None
    assert score(alike(), "range_adherence", "visits").low is None


def test_a_missing_table_is_named() -> None:
    with pytest.raises(FrameError, match=r"The synthetic tables must have a table 'visits'; they have 'patients'"):
        evaluated({"patients": clinic()["patients"]}, clinic())


def test_a_wrong_column_is_named_with_those_there_are() -> None:
    with pytest.raises(OptionError, match="no_such"):
        evaluated(clinic(1), clinic(), relations=["patients.no_such -> visits.patient"])


def test_one_frame_is_not_several_tables() -> None:
    with pytest.raises(FrameError, match="must be a mapping from names to frames; got 'DataFrame'"):
        evaluate_tables(clinic()["patients"], clinic(), relations=[])  # type: ignore[arg-type]  # what a user may pass


def test_a_profile_for_one_table_is_refused() -> None:
    with pytest.raises(OptionError, match="'tabular-core/1' is for table"):
        evaluated(clinic(1), clinic(), profile="tabular-core/1")


def test_the_steps_say_that_one_table_is_too_few(draw: Any, comparing: Any) -> None:
    found = CHILDREN_STEP.run(comparing(draw(50, 0), draw(50, 1)), CHILDREN_STEP.parameters)
    assert all("several" in str(one.reason) for one in found.scores)
