"""`synthnb.engines.relational`: references that hold, families that are alike, and clear words where a table can't be made."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from synthnb.engines._association import association
from synthnb.engines.base import State, Synthesis
from synthnb.engines.relational import fit_tables, make_tables
from synthnb.engines.relational.matching import assign, part_pairs
from synthnb.engines.relational.state import restore_tables, tables_to_state
from synthnb.errors import FrameError, OptionError, RecordError
from synthnb.recipes.recipe import Column

if TYPE_CHECKING:
    from synthnb.engines.relational.draw import FittedTables

LEAF = {"leaf": 20}
Tables = dict[str, pd.DataFrame]


def clinic(n: int = 400, seed: int = 0) -> Tables:
    """Patients with 0 to 12 visits that are alike within a patient, at doctors chosen by reason."""
    rng = np.random.default_rng(seed)
    doctors = pd.DataFrame({"id": [f"D-{i:03d}" for i in range(40)], "field": np.repeat(["gp", "heart"], 20)})
    age = rng.integers(20, 90, n)
    patients = pd.DataFrame({"id": np.arange(1, n + 1), "age": age, "sex": rng.choice(["f", "m"], n)})
    sizes = np.where(rng.random(n) < 0.15, 0, 1 + rng.binomial(11, age / 150))
    owner = np.repeat(np.arange(n), sizes)
    level = rng.normal(0, 12, n)[owner]
    reason = np.where(rng.random(len(owner)) < age[owner] / 150, "chronic", "acute")
    doctor = np.where(reason == "chronic", 20, 0) + np.minimum(rng.exponential(5, len(owner)).astype(int), 19)
    visits = pd.DataFrame(
        {
            "patient_id": patients["id"].to_numpy()[owner],
            "doctor_id": doctors["id"].to_numpy()[doctor],
            "reason": reason,
            "sbp": np.round(120 + level + rng.normal(0, 6, len(owner))),
        }
    )
    return {"patients": patients, "doctors": doctors, "visits": visits}


@cache
def fitted() -> FittedTables:
    return fit_tables(clinic(), options=LEAF, seed=1)


@cache
def drawn(patients: int = 1_200) -> Tables:
    return fitted().draw({"patients": patients}, seed=2)[0]


@cache
def made() -> Synthesis:
    return make_tables(clinic(), options=LEAF, seed=1)


def alike(values: pd.Series[Any], family: pd.Series[Any]) -> float:
    """Intraclass correlation of one-way analysis of variance: the share of variance between families."""
    groups = values.groupby(family)
    sizes, means = groups.size(), groups.mean()
    between = ((means - values.mean()) ** 2 * sizes).sum() / (len(sizes) - 1)
    within = ((values - groups.transform("mean")) ** 2).sum() / (len(values) - len(sizes))
    mean_size = (len(values) - (sizes**2).sum() / len(values)) / (len(sizes) - 1)
    return float((between - within) / (between + (mean_size - 1) * within))


@pytest.mark.parametrize(("parent", "column"), [("patients", "patient_id"), ("doctors", "doctor_id")])
def test_every_reference_names_a_row(parent: str, column: str) -> None:
    tables = drawn()
    assert tables["visits"][column].isin(tables[parent]["id"]).all()


@pytest.mark.parametrize("table", ["patients", "doctors"])
def test_keys_are_unique_new_and_of_their_type(table: str) -> None:
    keys, real = drawn()[table]["id"], clinic()[table]["id"]
    assert keys.is_unique
    assert not keys.isin(real).any()
    assert keys.dtype == real.dtype


def test_keys_are_spelt_like_the_real_ones() -> None:
    assert drawn()["doctors"]["id"].str.fullmatch(r"D-\d{3}").all()


def test_columns_stand_as_in_the_real_tables() -> None:
    assert {name: list(frame.columns) for name, frame in drawn().items()} == {name: list(frame.columns) for name, frame in clinic().items()}


def test_the_number_of_children_keeps_its_distribution() -> None:
    tables, real = drawn(), clinic(2_000, seed=9)
    sizes, expected = (t["patients"]["id"].map(t["visits"]["patient_id"].value_counts()).fillna(0) for t in (tables, real))
    assert (sizes == 0).mean() == pytest.approx((expected == 0).mean(), abs=0.05)
    assert sizes.mean() == pytest.approx(expected.mean(), rel=0.08)
    assert sizes.corr(tables["patients"]["age"]) == pytest.approx(expected.corr(real["patients"]["age"]), abs=0.12)


def test_rows_of_one_parent_are_as_alike_as_real_ones() -> None:
    tables, real = drawn(), clinic(2_000, seed=9)
    share, expected = (alike(t["visits"]["sbp"], t["visits"]["patient_id"]) for t in (tables, real))
    assert expected == pytest.approx(0.8, abs=0.03)
    assert share == pytest.approx(expected, abs=0.08)


def test_children_depend_on_their_parent() -> None:
    def slope(tables: Tables) -> float:
        both = tables["visits"].merge(tables["patients"], left_on="patient_id", right_on="id")
        return float(both["age"].corr((both["reason"] == "chronic").astype(float)))

    assert slope(drawn()) == pytest.approx(slope(clinic(2_000, seed=9)), abs=0.07)


def test_a_further_parent_fits_the_row() -> None:
    both = drawn()["visits"].merge(drawn()["doctors"], left_on="doctor_id", right_on="id")
    assert ((both["reason"] == "chronic") == (both["field"] == "heart")).mean() > 0.9


def test_a_further_parent_is_named_as_unevenly_as_in_the_real_tables() -> None:
    real, synthetic = (np.sort(t["visits"]["doctor_id"].value_counts(normalize=True)) for t in (clinic(), drawn()))
    assert synthetic[-5:].sum() == pytest.approx(real[-5:].sum(), abs=0.15)


def test_the_same_seed_gives_the_same_tables() -> None:
    again = fitted().draw({"patients": 1_200}, seed=2)[0]
    for name, frame in drawn().items():
        pd.testing.assert_frame_equal(again[name], frame)


def test_further_parents_leave_earlier_families_as_they_are() -> None:
    more = fitted().draw({"patients": 1_250}, seed=2)[0]
    kept = ["patient_id", "reason", "sbp"]
    pd.testing.assert_frame_equal(more["patients"].head(1_200), drawn()["patients"])
    pd.testing.assert_frame_equal(more["visits"][kept].head(len(drawn()["visits"])), drawn()["visits"][kept])


def test_a_restored_generator_draws_the_same() -> None:
    restored = restore_tables(tables_to_state(fitted()))
    for name, frame in restored.draw({"patients": 1_200}, seed=2)[0].items():
        pd.testing.assert_frame_equal(frame, drawn()[name])


def test_a_state_that_lies_is_refused() -> None:
    state = tables_to_state(fitted())
    with pytest.raises(RecordError, match="The state of fitted tables was expected"):
        restore_tables(State({**state.meta, "tables": [{}]}, {}))
    with pytest.raises(RecordError, match="its schema is 'other/1'"):
        restore_tables(State({**state.meta, "schema": "other/1"}, state.arrays))


def test_the_run_accounts_for_the_tables() -> None:
    run = made().run
    assert run.requested == run.delivered == 440
    assert run.counts["visits.rows"] == len(made().frames["visits"])
    assert run.output["rows"] == sum(len(frame) for frame in made().frames.values())
    assert "patients.id -> visits.patient_id" in run.parameters["relations"]
    assert [column["name"] for column in run.columns][:3] == ["patients.id", "patients.age", "patients.sex"]


def test_a_run_says_how_a_further_parent_was_assigned() -> None:
    assert any("their 'doctors' is then assigned by its features" in note for note in made().run.notes)


def test_a_missing_reference_is_as_frequent_as_in_the_real_table() -> None:
    tables = clinic()
    tables["visits"]["patient_id"] = tables["visits"]["patient_id"].astype("Int64").where(np.arange(len(tables["visits"])) % 5 > 0)
    made_visits = make_tables(tables, options=LEAF, seed=1, relations=["patients.id -> visits.patient_id"]).frames["visits"]
    assert made_visits["patient_id"].isna().mean() == pytest.approx(0.2, abs=0.005)
    assert str(made_visits["patient_id"].dtype) == "Int64"


def test_orphans_are_counted() -> None:
    tables = clinic()
    tables["patients"] = tables["patients"].iloc[:-10]
    relation = ["patients.id -> visits.patient_id", "doctors.id -> visits.doctor_id"]
    notes = make_tables(tables, relations=relation, options=LEAF, seed=1).run.notes
    assert any("name by 'patient_id' no row of 'patients'; they were not learnt" in note for note in notes)


def test_three_generations_depend_on_the_first() -> None:
    rng = np.random.default_rng(3)
    tables = clinic(150)
    del tables["doctors"], tables["visits"]["doctor_id"]
    tables["visits"]["visit_id"] = np.arange(len(tables["visits"]))
    lines = tables["visits"].loc[tables["visits"].index.repeat(2)]
    age = lines["patient_id"].map(tables["patients"].set_index("id")["age"]).to_numpy()
    tables["tests"] = pd.DataFrame({"visit_id": lines["visit_id"].to_numpy(), "age_marker": np.round(age + rng.normal(0, 3, len(age)), 1)})
    out = make_tables(tables, options=LEAF, seed=1).frames
    joined = out["tests"].merge(out["visits"], on="visit_id").merge(out["patients"], left_on="patient_id", right_on="id")
    assert len(joined) == len(out["tests"])
    assert joined["age"].corr(joined["age_marker"]) > 0.85


def test_pairs_that_never_repeat_do_not() -> None:
    rng = np.random.default_rng(4)
    students = pd.DataFrame({"student": np.arange(200), "year": rng.integers(1, 5, 200)})
    courses = pd.DataFrame({"course": [f"c{i:02d}" for i in range(40)], "credits": rng.integers(1, 9, 40)})
    pairs = [(s, c) for s in range(200) for c in rng.choice(40, 5, replace=False)]
    taken = pd.DataFrame({"student": [s for s, _ in pairs], "course": [f"c{c:02d}" for _, c in pairs]})
    out = make_tables({"students": students, "courses": courses, "taken": taken}, options=LEAF, seed=1).frames["taken"]
    assert len(out) > 800
    assert not out.duplicated().any()


def test_a_kept_table_comes_back_as_it_is() -> None:
    tables = clinic()
    out = make_tables(tables, keep=["doctors"], options=LEAF, seed=1)
    assert out.frames["doctors"] is tables["doctors"]
    assert out.frames["visits"]["doctor_id"].isin(tables["doctors"]["id"]).all()
    assert "Table 'doctors' holds the real rows, as was asked." in out.run.notes


def test_a_child_table_without_rows_stays_empty() -> None:
    tables = clinic()
    tables["visits"] = tables["visits"].head(0)
    out = make_tables(tables, relations=["patients.id -> visits.patient_id"], options=LEAF, seed=1)
    assert len(out.frames["visits"]) == 0
    assert "Table 'visits' is empty and stays so." in out.run.notes


def test_a_table_name_may_be_anything() -> None:
    name = "<script>alert(1)</script>"
    tables = {name: clinic()["patients"], "visits": clinic()["visits"].drop(columns="doctor_id")}
    relation = {"parent": name, "key": "id", "child": "visits", "column": "patient_id"}
    out = make_tables(tables, relations=[relation], options=LEAF, seed=1)
    assert out.frames["visits"]["patient_id"].isin(out.frames[name]["id"]).all()


def test_polars_comes_back_as_polars() -> None:
    polars = pytest.importorskip("polars")
    tables = {name: polars.DataFrame(frame.to_dict("list")) for name, frame in clinic(200).items()}
    out = make_tables(tables, options=LEAF, seed=1).frames
    assert {name: frame.schema for name, frame in out.items()} == {name: frame.schema for name, frame in tables.items()}


def test_one_parent_is_too_few() -> None:
    tables = clinic()
    one = {"patients": tables["patients"].head(1), "visits": tables["visits"].loc[lambda v: v["patient_id"] == 1].assign(patient_id=1)}
    with pytest.raises(FrameError, match="Table 'patients': Trees need at least 20 rows"):
        make_tables(one, relations=["patients.id -> visits.patient_id"], seed=1)


def test_a_key_with_missing_cells_is_refused() -> None:
    tables = clinic()
    tables["patients"]["id"] = tables["patients"]["id"].astype("Int64").where(tables["patients"]["id"] > 3)
    with pytest.raises(FrameError, match="'id' of 'patients' has 3 missing cells"):
        make_tables(tables, relations=["patients.id -> visits.patient_id"], seed=1)


def test_a_key_that_repeats_is_refused() -> None:
    tables = clinic()
    tables["patients"]["id"] = 1
    with pytest.raises(FrameError, match="has 399 repeated values"):
        make_tables(tables, relations=["patients.id -> visits.patient_id"], seed=1)


def test_references_to_nothing_are_refused() -> None:
    tables = clinic()
    tables["visits"]["patient_id"] = tables["visits"]["patient_id"].astype(str) + "x"
    with pytest.raises(FrameError, match="No value of 'patient_id' in 'visits' is one of 'id' in 'patients'"):
        make_tables(tables, relations=["patients.id -> visits.patient_id"], seed=1)


def test_an_ambiguous_reference_lists_the_candidates() -> None:
    tables = clinic()
    tables["cohort"] = tables["patients"].rename(columns={"id": "patient_id"})
    with pytest.raises(OptionError, match=r"'patient_id' of 'visits' may refer to several tables: \"patients.id .*\"; or \"cohort"):
        make_tables(tables, seed=1)


def test_tables_without_relation_are_refused() -> None:
    with pytest.raises(OptionError, match="No relation was found among the tables 'a', 'b'"):
        make_tables({"a": clinic()["patients"].drop(columns="id"), "b": clinic()["patients"].drop(columns="id")}, seed=1)


def test_an_unknown_table_in_a_relation_is_named() -> None:
    with pytest.raises(OptionError, match=r"A table of the relation people.id -> visits.patient_id must be one of .*; got 'people'"):
        make_tables(clinic(), relations=["people.id -> visits.patient_id"], seed=1)


def test_every_wrong_name_in_every_relation_is_named() -> None:
    wrong = ["people.id -> visits.patient_id", "patients.idd -> visits.doctor"]
    with pytest.raises(
        OptionError, match=r"3 things are wrong with the relations: .* got 'people'; .* got 'idd'; .* got 'doctor'\. Correct"
    ):
        make_tables(clinic(), relations=wrong, seed=1)


def test_every_key_that_is_none_is_named() -> None:
    tables = clinic()
    tables["patients"]["id"] = 1
    tables["doctors"]["id"] = 1
    relations = ["patients.id -> visits.patient_id", "doctors.id -> visits.doctor_id"]
    with pytest.raises(FrameError, match=r"2 things are wrong .*'id' of 'patients' has .*; .*'id' of 'doctors' has "):
        make_tables(tables, relations=relations, seed=1)


def test_dp_is_refused_with_the_reason() -> None:
    with pytest.raises(OptionError, match="can't make several tables: its guarantee is about one row"):
        make_tables(clinic(), engine="dp", seed=1)


def test_rows_of_a_child_cannot_be_chosen() -> None:
    with pytest.raises(OptionError, match=r"\(one without a parent\) must be one of patients, doctors; got 'visits'"):
        make_tables(clinic(), rows={"visits": 5}, options=LEAF, seed=1)


def test_association_is_one_for_equal_codings_and_none_for_independent_ones() -> None:
    codes = np.arange(4_000) % 4
    assert association(codes, codes) == pytest.approx(1.0)
    assert association(codes, np.random.default_rng(0).integers(0, 4, 4_000)) < 0.05


def test_parents_are_assigned_by_feature_and_degree() -> None:
    features = [Column(name="field", kind="category", dtype="object")]
    wanted = pd.DataFrame({"field": ["a"] * 60 + ["b"] * 40})
    parents = pd.DataFrame({"field": ["a", "b", "a"]})
    found = assign(wanted, parents, features, weights=np.ones(100, dtype="i8"), degrees=np.array([20, 40, 40]), seed=1, table="t")
    assert np.bincount(found).tolist() == [20, 40, 40]
    assert (parents["field"].to_numpy()[found] == wanted["field"]).all()


def test_pairs_are_parted_without_changing_degrees() -> None:
    first, second = np.repeat(np.arange(50), 4), np.tile([0, 0, 1, 2], 50)
    parted, left = part_pairs(first, np.r_[second[:100], (second[100:] + 3)], seed=1, table="t")
    assert left == 0
    assert sorted(parted) == sorted(np.r_[second[:100], second[100:] + 3])
