"""Real and synthetic rows together: marked, mixed, recognised, and followed over generations, sessions and files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import synthnb
from synthnb._api.origins import depth_of
from synthnb._marks import COLUMN, marks_of
from synthnb.disclosure.record import Record
from synthnb.disclosure.session import session
from synthnb.errors import FrameError, OptionError, SynthnbWarning

_RANDOM = np.random.default_rng(1)
REAL = pd.DataFrame(
    {"age": _RANDOM.normal(50, 10, 150).round(2), "bmi": _RANDOM.normal(25, 4, 150).round(2), "sex": _RANDOM.choice(["f", "m"], 150)}
)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    session.reset()
    yield
    session.reset()


@pytest.fixture
def made() -> pd.DataFrame:
    frame: pd.DataFrame = generated(REAL)
    return frame


def generated(source: Any, **options: Any) -> Any:
    return synthnb.generate(source, engine="copula", rows=200, random_state=1, **options).frame


def said(field: str, entry: dict[str, Any] | None = None) -> str:
    return str((entry or session.entries()[-1])["fields"][field])


def test_each_row_tells_where_it_comes_from(made: pd.DataFrame) -> None:
    both = pd.concat([REAL, made], ignore_index=True)
    assert list(synthnb.origin_of(both)) == ["unknown"] * 150 + ["synthetic"] * 200
    made.loc[[0, 9], "age"] = 1.0
    assert synthnb.origin_of(made).value_counts()[["synthetic", "edited"]].tolist() == [198, 2]


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas])
def test_rows_of_other_kinds_of_frames_are_known_too(make: Any) -> None:
    made = generated(make(REAL))
    assert set(synthnb.origin_of(made)) == {"synthetic"}
    assert marks_of(synthnb.mark(made)) == ["synthetic"] * 200


def test_marks_outlive_a_join_by_hand_and_name_rows_that_were_edited(made: pd.DataFrame) -> None:
    both = pd.concat([synthnb.mark(made), synthnb.mark(REAL, "real")])
    both.iloc[4, 0] = 0.5
    both = both[both["age"] > 0]
    words = synthnb.origin_of(both).value_counts()
    assert (words["real"], words["edited"], words["synthetic"]) == (150, 1, 199)


def test_what_a_run_made_cant_be_stated_to_be_real(made: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="was made by run-"):
        synthnb.mark(made, "real")
    with pytest.raises(OptionError, match="'trial' was made by run-"):
        synthnb.mix(made, made, real_name="trial")
    typed: Any = "reel"
    with pytest.raises(OptionError, match="Did you mean 'real'"):
        synthnb.mark(REAL, typed)


def test_a_mixture_states_its_share_and_another_source_type(made: pd.DataFrame) -> None:
    mixed = synthnb.mix(REAL, made, name="both", real_name="trial", synthetic_name="made", random_state=3)
    assert mixed.frame[COLUMN].value_counts()[["real", "synthetic"]].tolist() == [150, 200]
    assert said("syntheticShare").startswith("“both”: 57 % of 350 rows: 150 rows of “trial”, real, as stated and 200 rows of “synthetic”")
    assert said("digitalSourceType") == "“both”: compositeSynthetic"
    assert [part["origin"] if part["origin"] == "real" else part["origin"]["depth"] for part in mixed.run["inputs"]] == ["real", 1]
    assert "350 rows (150 real, 200 synthetic) × 3 columns" in repr(mixed)


def test_a_mixture_with_text_by_a_model_says_so() -> None:
    texts = synthnb.write_texts("A note.", n=3, model="echo", random_state=1)
    session.entries()[-1]["detail"]["model"]["stand_in"] = False
    mixed = synthnb.mix(pd.DataFrame({name: ["a"] for name in texts.frame.columns}), texts)
    assert mixed.run["by_model"] is True
    assert said("digitalSourceType") == "“mixed”: compositeWithTrainedAlgorithmicMedia"


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas])
def test_a_mixture_is_of_the_real_frames_kind(made: pd.DataFrame, make: Any) -> None:
    mixed = synthnb.mix(make(REAL), made)
    assert type(mixed.frame) is type(make(REAL))
    assert len(mixed.frame) == 350


def test_columns_that_differ_are_named(made: pd.DataFrame) -> None:
    with pytest.raises(FrameError, match="only the real has bmi; only the synthetic has weight"):
        synthnb.mix(REAL, made.rename(columns={"bmi": "weight"}))


def test_rows_that_nobody_knows_are_synthetic_as_stated() -> None:
    mixed = synthnb.mix(REAL, pd.DataFrame({"age": [1.0], "bmi": [2.0], "sex": ["f"]}))
    assert mixed.run["inputs"][1]["origin"] == "synthetic"
    assert "1 row of “synthetic”, synthetic, as stated" in said("humanReadableStatement")
    assert "whether a trained model made some of the rows isn't known" in said("digitalSourceType")


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_frame_put_together_by_hand_is_exported_as_a_mixture(made: pd.DataFrame, ending: str) -> None:
    both = pd.concat([REAL, made], ignore_index=True)
    entry = synthnb.write_table(both, f"both{ending}", frame_name="both")
    mixture = session.entries()[-2]
    assert (mixture["kind"], entry["detail"]["share"], entry["detail"]["run"]) == ("mix", 200 / 350, mixture["id"])
    assert "150 rows of unknown origin" in said("isSynthetic", mixture)
    assert "may be real people's" in said("humanReadableStatement", mixture)
    assert entry["detail"]["record_digest"] == Record.from_entries(session.entries()[:-1]).digest


def test_a_frame_without_a_synthetic_row_is_still_refused() -> None:
    with pytest.raises(OptionError, match="as a run of this session made it was expected"):
        synthnb.write_table(REAL, "real.csv")


def test_marks_that_were_lost_are_warned_of(made: pd.DataFrame) -> None:
    mixed = synthnb.mix(REAL, made).frame
    with pytest.warns(SynthnbWarning, match=r"has lost them.*synthnb\.mark"):
        synthnb.write_table(mixed.drop(columns=COLUMN), "lost.csv", frame_name="mixed")
    with (
        pytest.warns(SynthnbWarning, match="57 % of its rows are synthetic"),
        pytest.warns(SynthnbWarning, match="'real' .* has lost them"),
    ):
        generated(mixed[["age", "bmi", "sex"]])


def test_a_marked_frame_is_learnt_from_and_evaluated_without_its_marks(made: pd.DataFrame) -> None:
    report = synthnb.evaluate(synthnb.mark(made), synthnb.mark(REAL, "real"), random_state=1)
    assert report.to_dict()["synthetic"]["rows"] == 200
    assert COLUMN not in generated(synthnb.mark(REAL, "real")).columns


def test_evaluating_a_mixture_or_against_synthetic_rows_is_warned_of(made: pd.DataFrame) -> None:
    both = pd.concat([REAL, made], ignore_index=True)
    with pytest.warns(SynthnbWarning, match="is a mixture: 57 % of its rows"):
        synthnb.evaluate(both, REAL, random_state=1)
    with pytest.warns(SynthnbWarning, match="'real', which is compared with as real, was made by run-"):
        synthnb.evaluate(REAL, made, random_state=1)


def test_generating_twice_from_real_data_is_no_reason_to_warn(made: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", SynthnbWarning)
        generated(REAL)
    assert depth_of(REAL) == (0, 0.0)
    assert depth_of(made) == (1, 1.0)


def test_synthetic_data_that_seed_a_generation_are_warned_of_and_counted(made: pd.DataFrame) -> None:
    with pytest.warns(SynthnbWarning, match=r"of 'made', 100 % of its rows are synthetic.* 2 generations deep"):
        second = generated(made, source_name="made")
    assert depth_of(second) == (2, 1.0)
    assert said("generationDepth").startswith("“synthetic”: two generations, learnt from synthetic data: “made” (run-")
    with pytest.warns(SynthnbWarning, match="3 generations deep"):
        assert depth_of(generated(second)) == (3, 1.0)


def test_a_share_is_followed_too(made: pd.DataFrame) -> None:
    with pytest.warns(SynthnbWarning, match="57 % of its rows are synthetic"):
        generated(synthnb.mix(REAL, made).frame)
    assert session.entries()[-1]["detail"]["inputs"][0]["origin"]["share"] == pytest.approx(200 / 350)


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet", ".arrow", ".xlsx"])
def test_a_file_tells_another_session(made: pd.DataFrame, ending: str) -> None:
    synthnb.write_table(made, f"made{ending}", frame_name="made")
    run = session.entries()[0]["id"]
    session.reset()
    assert depth_of(f"made{ending}") == (1, 1.0)
    with pytest.warns(SynthnbWarning, match=f"of 'made{ending}', 100 %"):
        second = generated(f"made{ending}")
    assert session.entries()[-1]["detail"]["inputs"][0]["origin"] == {"run": run, "name": "made", "depth": 1, "share": 1.0}
    entry = synthnb.write_table(second, "second.csv")
    assert entry["detail"]["depth"] == 2
    assert set(synthnb.origin_of(synthnb.read_table(f"made{ending}"))) == {"synthetic"}


def test_the_runs_behind_a_file_come_along_into_the_next_record(made: pd.DataFrame) -> None:
    synthnb.write_table(made, "made.csv", frame_name="made")
    first = session.entries()[0]["id"]
    session.reset()
    mixed = synthnb.mix(REAL, "made.csv")
    assert mixed.run["by_model"] is False
    synthnb.write_table(mixed.frame, "mixed.parquet", frame_name="mixed")
    session.reset()
    from synthnb.disclosure.sidecar import read_data_record

    record = read_data_record("mixed.parquet")
    assert not isinstance(record, str)
    assert [entry["id"] for entry in record["entries"]] == [first, mixed.run["id"]]


def test_pandas_own_reader_keeps_the_depth_of_a_parquet_file(made: pd.DataFrame) -> None:
    synthnb.write_table(made, "made.parquet")
    session.reset()
    assert depth_of(pd.read_parquet("made.parquet")) == (1, 1.0)


def test_a_file_that_was_replaced_is_taken_for_real(made: pd.DataFrame) -> None:
    synthnb.write_table(made, "made.csv")
    REAL.to_csv("made.csv", index=False)
    with pytest.warns(SynthnbWarning, match=r"made\.csv isn't the file that the record beside it is about"):
        assert depth_of("made.csv") == (0, 0.0)


def test_a_saved_generator_remembers_what_it_learnt_from(made: pd.DataFrame) -> None:
    with pytest.warns(SynthnbWarning, match="2 generations"):
        synthnb.generate(made, engine="copula", random_state=1).generator.save("two.synthgen")
    session.reset()
    synthnb.generate("two.synthgen", rows=5, random_state=1)
    assert "two generations" in said("generationDepth")


@pytest.mark.parametrize("claim", ["text", {"run": "x", "depth": -5, "share": "all"}, {"run": 7, "depth": 10**30}, {"depth": 1}])
def test_a_claim_of_nonsense_does_no_harm(claim: Any) -> None:
    frame = REAL.copy()
    frame.attrs["synthnb"] = claim
    depth, share = depth_of(frame)
    assert (depth, share) in {(0, 0.0), (1, 1.0)}
    assert set(synthnb.origin_of(frame)) == {"unknown"}


@pytest.mark.parametrize(
    "detail", [{}, {"output": 3}, {"output": {"name": "x", "columns": []}, "inputs": 7}, {"inputs": [1], "model": "m"}]
)
def test_a_hostile_record_of_a_file_does_no_harm(made: pd.DataFrame, detail: dict[str, Any]) -> None:
    from synthnb.disclosure.entries import sealed
    from synthnb.disclosure.sidecar import write_sidecar

    made.to_csv("made.csv", index=False)
    entry = sealed(id="run-1", kind="generate", created="2026-11-24T10:00:00Z", slot="generate:x", fields={"seed": "1"}, detail=detail)
    write_sidecar(Path("made.csv"), [entry], {"name": "<script>", "run": "run-1", "depth": 1, "share": 1.0})
    session.reset()
    mixed = synthnb.mix(REAL, "made.csv")
    synthnb.write_table(mixed.frame, "mixed.csv", frame_name="mixed")
    assert mixed.run["inputs"][1]["origin"]["run"] == "run-1"


def test_filled_cells_of_synthetic_rows_are_not_said_to_be_of_real_ones(made: pd.DataFrame) -> None:
    made.loc[3, "age"] = np.nan
    synthnb.impute(made, random_state=1)
    assert "rows, some or all of them synthetic" in said("isSynthetic")
    synthnb.impute(REAL.assign(age=[np.nan, *REAL["age"][1:]]), random_state=1)
    assert ": real rows, in which" in said("isSynthetic")
