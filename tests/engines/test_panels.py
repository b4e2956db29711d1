"""`synthnb.engines.relational.panels`: visits of subjects keep their number, their gaps, their likeness, and what can't go back."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.engines.base import State
from synthnb.engines.relational.innovations import Innovation, learn_innovation
from synthnb.engines.relational.panels import FittedPanel, fit_panel, panel_of, synthesise_panel
from synthnb.engines.relational.panels_state import panel_to_state, restore_panel
from synthnb.errors import FrameError, OptionError, RecordError
from synthnb.recipes.infer import infer_recipe
from synthnb.recipes.timing import Panel

PANEL = Panel(subject="id", time="day", end="followed")
LEAF = {"leaf": 20}


def cohort(n: int = 300, seed: int = 0) -> pd.DataFrame:
    """Patients seen about every 90 days: a marker with a level of its own and memory, a dose that only grows, a stage never left."""
    rng = np.random.default_rng(seed)
    rows = []
    for subject in range(n):
        sizes, level, day, noise, dose, stage = 1 + rng.poisson(5), rng.normal(0, 1), 0, 0.0, 0.0, False
        for _ in range(sizes):
            noise = 0.5 * noise + rng.normal(0, 0.5)
            dose = round(dose + rng.exponential(10), 1)
            stage = stage or rng.random() < 0.12
            rows.append((f"S{subject:04d}", "drug" if subject % 2 else "placebo", day, round(level + noise, 2), dose, stage))
            day += int(rng.integers(60, 120))
    frame = pd.DataFrame(rows, columns=["id", "arm", "day", "marker", "dose", "advanced"])
    return frame.assign(followed=frame.groupby("id")["day"].transform("max") + 30)


@cache
def real() -> pd.DataFrame:
    return cohort()


@cache
def fitted() -> FittedPanel:
    recipe = infer_recipe(real(), table="t", rows=len(real()), seed=1)
    return fit_panel(real(), PANEL, recipe, options=LEAF)[0]


@cache
def drawn() -> pd.DataFrame:
    return fitted().draw(600, seed=2)[0]


def memory(frame: pd.DataFrame) -> float:
    before = frame.groupby("id")["marker"].shift()
    return float(frame["marker"].corr(before))


def likeness(frame: pd.DataFrame) -> float:
    groups = frame["marker"].groupby(frame["id"])
    means, sizes = groups.mean(), groups.size()
    between = ((means - frame["marker"].mean()) ** 2 * sizes).sum() / (len(sizes) - 1)
    within = ((frame["marker"] - groups.transform("mean")) ** 2).sum() / (len(frame) - len(sizes))
    return float((between - within) / (between + (sizes.mean() - 1) * within))


def test_columns_and_types_are_the_real_ones() -> None:
    assert drawn().dtypes.to_dict() == real().dtypes.to_dict()


def test_the_number_of_visits_keeps_its_distribution() -> None:
    sizes, expected = (frame.groupby("id").size() for frame in (drawn(), real()))
    assert sizes.mean() == pytest.approx(expected.mean(), rel=0.1)
    assert sizes.std() == pytest.approx(expected.std(), rel=0.2)


def test_times_rise_by_gaps_like_the_real_ones() -> None:
    gaps, expected = (frame.groupby("id")["day"].diff().dropna() for frame in (drawn(), real()))
    assert gaps.min() >= expected.min()
    assert gaps.quantile([0.1, 0.5, 0.9]).tolist() == pytest.approx(expected.quantile([0.1, 0.5, 0.9]).tolist(), abs=6)


def test_one_visit_tells_of_the_next_as_in_the_real_rows() -> None:
    assert memory(drawn()) == pytest.approx(memory(cohort(2_000, seed=5)), abs=0.06)


def test_subjects_differ_as_much_as_real_ones() -> None:
    assert likeness(drawn()) == pytest.approx(likeness(cohort(2_000, seed=5)), abs=0.1)


@pytest.mark.parametrize("column", ["arm", "followed"])
def test_what_is_constant_within_a_subject_stays_so(column: str) -> None:
    assert (drawn().groupby("id")[column].nunique() == 1).all()


def test_what_only_grows_never_falls() -> None:
    assert (drawn().groupby("id")["dose"].diff().dropna() >= 0).all()


def test_a_state_never_left_is_not_left() -> None:
    advanced = drawn()["advanced"].astype(int)
    assert (advanced.groupby(drawn()["id"]).diff().dropna() >= 0).all()
    assert advanced.mean() == pytest.approx(real()["advanced"].mean(), abs=0.07)


def test_no_visit_lies_past_the_end() -> None:
    assert (drawn()["day"] <= drawn()["followed"]).all()


def test_subjects_are_new_and_spelt_alike() -> None:
    names = drawn()["id"].drop_duplicates()
    assert len(names) == 600
    assert not names.isin(real()["id"]).any()
    assert names.str.fullmatch(r"S\d{4}").all()


def test_more_subjects_leave_the_first_as_they_are() -> None:
    more = fitted().draw(650, seed=2)[0]
    pd.testing.assert_frame_equal(more.head(len(drawn())), drawn())


def test_a_restored_panel_draws_the_same() -> None:
    restored = restore_panel(panel_to_state(fitted()))
    pd.testing.assert_frame_equal(restored.draw(600, seed=2)[0], drawn())


def test_a_state_that_lies_is_refused() -> None:
    state = panel_to_state(fitted())
    with pytest.raises(RecordError, match="its schema is 'x'"):
        restore_panel(State({**state.meta, "schema": "x"}, state.arrays))
    with pytest.raises(RecordError, match="a fitted panel was expected"):
        restore_panel(State({**state.meta, "parts": {}}, {}))


def test_rows_asked_for_are_made_in_whole_subjects_and_the_rest_explained() -> None:
    run = synthesise_panel(real(), panel=PANEL, rows=500, options=LEAF, seed=3).run
    assert run.requested == 500
    assert run.delivered + sum(int(item["count"]) for item in run.explained) == 500
    assert "subjects are made whole" in str(run.explained[0]["reason"])


def test_the_run_says_how_each_column_was_made() -> None:
    run = synthesise_panel(real(), panel=PANEL, subjects=40, options=LEAF, seed=3).run
    how = {column["name"]: column["how"] for column in run.columns}
    assert how["dose"] == how["day"] == "the increase since the visit before is drawn"
    assert how["arm"].startswith("the same in all rows of a subject")
    assert "given the subject, the visit before it" in run.account["method"]
    assert "In 'advanced' a level that no real subject leaves is never left." in run.notes


def test_dates_are_times_too() -> None:
    dated = real().assign(day=pd.Timestamp("2020-01-01") + pd.to_timedelta(real()["day"], unit="D"))
    made = synthesise_panel(dated, panel=Panel(subject="id", time="day"), subjects=50, options=LEAF, seed=3).frame
    assert made["day"].dtype == dated["day"].dtype
    assert (made.groupby("id")["day"].diff().dropna() > pd.Timedelta(0)).all()


def test_a_missing_time_is_refused() -> None:
    frame = real().assign(day=real()["day"].where(real().index > 2))
    with pytest.raises(FrameError, match="Every row of a panel needs 'day'; it is missing in 3"):
        synthesise_panel(frame, panel=Panel(subject="id", time="day"), seed=1)


def test_an_end_that_changes_is_refused() -> None:
    with pytest.raises(OptionError, match="'dose' must be the same in all rows of a subject"):
        synthesise_panel(real(), panel=Panel(subject="id", time="day", end="dose"), seed=1)


def test_an_unknown_subject_is_named() -> None:
    with pytest.raises(OptionError, match=r"The subject of a panel must be one of .*; got 'who'"):
        synthesise_panel(real(), panel=Panel(subject="who", time="day"), seed=1)


@pytest.mark.parametrize("value", [{"subject": "id", "time": "day"}, ("id", "day"), Panel(subject="id", time="day")])
def test_a_panel_is_read_in_several_spellings(value: Any) -> None:
    assert panel_of(value) == Panel(subject="id", time="day")


def test_what_is_no_panel_is_refused_with_an_example() -> None:
    with pytest.raises(OptionError, match="names the columns of subject and time, and perhaps the end; got 'id'"):
        panel_of("id")


def test_what_is_new_gives_the_numbers_back() -> None:
    from synthnb.engines._encoding.table import encode_table

    cells = pd.Series(np.round(np.random.default_rng(0).normal(size=400), 3), name="x")
    coder = encode_table(cells.to_frame(), infer_recipe(cells.to_frame(), table="t", rows=400, seed=0)).coders[0]
    scores = Innovation(coder, 0.0, 0.0).scores(cells)
    last = np.r_[np.nan, scores[:-1]]
    way = Innovation(coder, 0.4, 0.2)
    back = way.cells(scores - way.expected(last, last), last, last)
    assert np.abs(back - cells).max() < 0.02


def test_independent_numbers_have_no_innovation() -> None:
    from synthnb.engines._encoding.table import encode_table

    rng = np.random.default_rng(0)
    cells = pd.Series(rng.normal(size=400), name="x").to_frame()
    coder = encode_table(cells, infer_recipe(cells, table="t", rows=400, seed=0)).coders[0]
    assert learn_innovation(coder, rng.normal(size=400), rng.normal(size=400), rng.normal(size=400)) is None
