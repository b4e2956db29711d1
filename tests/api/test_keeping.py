"""A table is written with the record of what it rests on, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import synthnb
from synthnb._tables import SUFFIXES
from synthnb.disclosure.session import session
from synthnb.errors import OptionError, StorageError

REAL = pd.DataFrame({"age": range(20, 80), "sex": ["f", "m"] * 30})

STRICT = """
name = "strict/1"
extends = "tabular-core/1"
drop = ["tstr", "subgroups", "membership"]

[[gates]]
metric = "column_shapes"
at_least = 2.0
source = "a limit that nothing reaches, for a test"
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    session.reset()
    yield
    session.reset()


@pytest.fixture
def made() -> pd.DataFrame:
    frame: pd.DataFrame = synthnb.generate(REAL, engine="copula", rows=60, random_state=1).frame
    return frame


@pytest.mark.parametrize("ending", SUFFIXES)
def test_every_form_is_verified_by_the_files_alone(made: pd.DataFrame, ending: str) -> None:
    entry = synthnb.write_table(made, f"made{ending}", frame_name="made")
    session.reset()
    findings = synthnb.verify(f"made{ending}")
    assert {finding["status"] for finding in findings} <= {"ok", "unsigned"}
    assert entry["detail"]["as_made"] is True


def test_rows_cut_from_a_run_are_said_to_be(made: pd.DataFrame) -> None:
    entry = synthnb.write_table(made.head(30).assign(note="x"), "some.csv", frame_name="some")
    assert entry["detail"]["as_made"] is False
    assert entry["detail"]["changed"].endswith("; no run made its column note")


def test_a_file_of_somebody_elses_is_kept(made: pd.DataFrame) -> None:
    Path("made.parquet").write_bytes(b"mine")
    with pytest.raises(OptionError, match="exists and isn't as synthnb wrote it"):
        synthnb.write_table(made, "made.parquet")
    synthnb.write_table(made, "made.parquet", overwrite=True)
    synthnb.write_table(made, "made.parquet")


def test_another_ending_is_refused_before_anything_is_looked_at(made: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match=r"got 'made\.docx'"):
        synthnb.write_table(made, "made.docx")


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_what_couldnt_be_written_is_in_no_record(made: pd.DataFrame, ending: str) -> None:
    with pytest.raises(StorageError, match="couldn't be written"):
        synthnb.write_table(made, f"none/made{ending}")
    assert [entry["kind"] for entry in session.entries()] == ["generate"]


def test_a_failed_gate_blocks_a_table_and_its_override_is_in_the_file(made: pd.DataFrame) -> None:
    Path("strict.toml").write_text(STRICT)
    synthnb.evaluate(made, REAL, profile="strict.toml", random_state=1)
    with pytest.raises(OptionError, match="blocks the export"):
        synthnb.write_table(made, "made.parquet")
    synthnb.write_table(made, "made.parquet", override="for a test of the gates")
    Path("made.parquet.synthnb.json").unlink()
    assert {finding["status"] for finding in synthnb.verify("made.parquet")} <= {"ok", "unsigned", "not looked at"}
