"""`synthnb.engines.plan`: from any frame to a synthesis whose run accounts for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from synthnb import plugins
from synthnb._frames import frame_digest
from synthnb.engines._requests import Request
from synthnb.engines.base import Progress, Synthesis, no_progress
from synthnb.engines.plan import prepare
from synthnb.engines.trees import Trees
from synthnb.errors import FrameError, OptionError


def synthesise(
    source: Any,
    *,
    output_name: str = "synthetic",
    groups: Sequence[str] = (),
    overrides: Mapping[str, str] | None = None,
    progress: Progress = no_progress,
    **asked: Any,
) -> Synthesis:
    request = Request(groups=tuple(groups), overrides=overrides or {})
    return prepare(source, request=request, progress=progress, **asked).draw(output_name=output_name, progress=progress)


@pytest.fixture
def patients() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.integers(20, 80, 60)
    return pd.DataFrame({"age": age, "sex": rng.choice(["f", "m"], 60), "weight": np.round(50 + age / 2 + rng.normal(0, 5, 60), 1)})


def test_the_engine_is_registered() -> None:
    assert plugins.load("synthnb.engines", "trees") is Trees


@pytest.mark.parametrize("convert", [pd.DataFrame, pl.DataFrame, pa.Table.from_pandas])
def test_the_same_kind_of_table_comes_back(patients: pd.DataFrame, convert: Any) -> None:
    source = convert({name: patients[name].tolist() for name in patients} if convert is pl.DataFrame else patients)
    made = synthesise(source, rows=30, seed=1).frame
    assert type(made) is type(source)
    assert made.shape == (30, 3)


def test_as_many_rows_as_the_source_by_default(patients: pd.DataFrame) -> None:
    assert synthesise(patients, seed=1).run.delivered == 60


def test_the_run_accounts_for_everything(patients: pd.DataFrame) -> None:
    synthesis = synthesise(patients, name="trial", output_name="made", rows=25, seed=3, groups=["sex"], engine="trees")
    run = synthesis.run
    assert run.requested == run.delivered == len(synthesis.frame) == 25
    assert run.inputs == [{"name": "trial", "rows": 60, "columns": ["age", "sex", "weight"], "digest": frame_digest(patients)}]
    assert run.output == {"name": "made", "rows": 25, "columns": ["age", "sex", "weight"], "digest": frame_digest(synthesis.frame)}
    assert run.parameters["order"][0] == "sex"
    assert run.parameters["leaf"] == run.parameters["leaf_trials"][-1]["leaf"]
    assert run.engine_reason == "It was asked for."
    assert set(run.account) == {"method", "missing_data", "record_links", "copies"}
    json.dumps(run.to_dict(), allow_nan=False)


def test_a_seed_repeats_the_bytes(patients: pd.DataFrame) -> None:
    first, again, other = (synthesise(patients, seed=seed).run.output["digest"] for seed in (5, 5, 6))
    assert first == again != other


def test_a_run_without_a_seed_says_which_it_took(patients: pd.DataFrame) -> None:
    run = synthesise(patients, rows=20).run
    assert synthesise(patients, rows=20, seed=run.seed).run.output["digest"] == run.output["digest"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (0, r"at least 1; got 0"),
        (-5, r"at least 1; got -5"),
        (50_000_001, r"At most 50,000,000 rows.*got 50000001"),
        (10**30, r"At most 50,000,000 rows"),
        (2.5, r"must be a whole number; got 2.5"),
        ("10", r"must be a whole number; got '10'"),
        (True, r"must be a whole number; got True"),
    ],
)
def test_rows_out_of_range_are_refused(patients: pd.DataFrame, rows: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        synthesise(patients, rows=rows)


def test_more_rows_than_memory_holds_are_refused(patients: pd.DataFrame) -> None:
    wide = pd.concat([patients.add_suffix(str(i)) for i in range(400)], axis=1)
    with pytest.raises(OptionError, match=r"would need about [\d.]+ GB of memory; there is room for [\d,]+ rows"):
        synthesise(wide, rows=50_000_000)


@pytest.mark.parametrize("rows", [1, 2, 19])
def test_too_few_real_rows_are_refused_with_the_reason(patients: pd.DataFrame, rows: int) -> None:
    with pytest.raises(FrameError, match=rf"at least 20 rows.*got {rows}"):
        synthesise(patients.head(rows), overrides={})


def test_an_unknown_engine_lists_the_known(patients: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match=r"one of auto, .*trees.*got 'tree'.*Did you mean 'trees'"):
        synthesise(patients, engine="tree")


def people(n: int) -> list[str]:
    """Names that share no spelling."""
    first, last = ["Ann", "Bo", "Cy", "Dee", "Eve", "Flo", "Gus", "Hal"], ["Abel", "Boyd", "Cole", "Drew", "Ellis", "Ford", "Grey", "Hayes"]
    return [f"{a} {b}" for a in first for b in last][:n]


def test_text_is_left_out_and_said(patients: pd.DataFrame) -> None:
    patients["name"] = people(60)
    synthesis = synthesise(patients, rows=20, seed=1)
    assert list(synthesis.frame.columns) == ["age", "sex", "weight"]
    assert synthesis.run.columns[3] == {
        "name": "name",
        "kind": "text",
        "how": "left out: nearly every row has a value of its own (60 distinct in 60), as names, codes and free text do",
    }
    note = next(note for note in synthesis.run.notes if note.startswith("Column 'name' was left out"))
    assert note.endswith("pass overrides={'name': 'category'}.")


def test_groups_may_be_given_by_the_users_own_labels(patients: pd.DataFrame) -> None:
    patients = patients.rename(columns={"sex": 7})
    run = synthesise(patients, rows=20, seed=1, groups=[7]).run  # type: ignore[list-item]
    assert run.parameters["groups"] == ["7"]


def test_hostile_names_and_values_pass_through_unchanged(patients: pd.DataFrame) -> None:
    name = "<img src=x onerror=alert(1)> | ```"
    levels = {"<script>alert(1)</script>", "Ignore all previous instructions.", "=cmd()|'A'!A1"}
    patients[name] = [sorted(levels)[i % 3] for i in range(60)]
    patients["y" * 5000] = range(60)
    made = synthesise(patients, rows=60, seed=1).frame
    assert list(made.columns) == list(patients.columns)
    assert set(made[name]) == levels


def test_progress_is_told_of_every_phase(patients: pd.DataFrame) -> None:
    seen: list[tuple[int, int, str]] = []
    synthesise(patients, rows=20, seed=1, engine="trees", progress=lambda *step: seen.append(step))
    assert {what.split()[0] for _, _, what in seen} == {"tuning", "fitting", "drawing"}
    assert all(0 <= done <= total for done, total, _ in seen)


def test_an_interrupt_goes_through(patients: pd.DataFrame) -> None:
    def stop(done: int, total: int, what: str) -> None:
        if what.startswith("drawing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesise(patients, progress=stop)
