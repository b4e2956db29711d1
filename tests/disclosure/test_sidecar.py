"""Data files carry their record, inside and beside; it is the same one, and what was changed since is named."""

from __future__ import annotations

import json
import resource
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthnb._canonical import digest_file
from synthnb._frames import frame_digest
from synthnb._marks import with_marks
from synthnb._optional import need
from synthnb._tables import SUFFIXES, read_table
from synthnb.disclosure.entries import entry_for_run, entry_for_statements
from synthnb.disclosure.record import Record, problems
from synthnb.disclosure.sidecar import check_data, entries_about, read_data_facts, read_data_record, sidecar_of, write_data
from synthnb.disclosure.verify import verify_table
from synthnb.errors import FrameError, OptionError, StorageError
from tests.disclosure import samples

RUN = samples.made()
FRAME = pd.DataFrame({"age": [41, 52, 63], "note": ["=1+1", "b\U0001f600", None]})
WITH_ROOM = (".parquet", ".arrow", ".feather", ".xlsx")
Entry = dict[str, Any]


def made(frame: pd.DataFrame = FRAME, **other: Any) -> Entry:
    output = {"name": "made", "rows": len(frame), "columns": list(frame.columns), "digest": frame_digest(frame)}
    return entry_for_run(RUN | {"output": output} | other)


def written(folder: Path, ending: str, frame: Any = FRAME) -> Path:
    path = folder / f"t{ending}"
    write_data(frame, path, frame_name="made", entries=[made(), entry_for_statements({"intent": "a test"})], folder=folder)
    return path


@pytest.mark.parametrize("make", [lambda frame: frame, pl.from_pandas, pa.Table.from_pandas], ids=["pandas", "polars", "arrow"])
@pytest.mark.parametrize("ending", SUFFIXES)
def test_the_record_of_a_file_is_read_back(tmp_path: Path, ending: str, make: Any) -> None:
    entries = [made(), entry_for_statements({"intent": "a test"})]
    entry = write_data(make(FRAME), tmp_path / f"t{ending}", frame_name="made", entries=entries, folder=tmp_path)
    record = read_data_record(tmp_path / f"t{ending}")
    assert isinstance(record, Mapping)
    assert record["digest"] == entry["detail"]["record_digest"] == Record.from_entries(entries).digest
    assert problems(dict(record)) == []


@pytest.mark.parametrize("ending", WITH_ROOM)
def test_a_file_that_lost_its_sidecar_still_tells(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path, ending)
    before = read_data_record(path)
    sidecar_of(path).unlink()
    assert read_data_record(path) == before
    assert {status for _, status, _ in check_data(path)} == {"ok"}


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_bytes_of_a_file_without_room_are_the_tables_alone(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path, ending)
    assert "synthnb" not in path.read_text()
    assert check_data(path) == []
    facts = read_data_facts(path)
    assert isinstance(facts, Mapping)
    assert (facts["sha256"], facts["depth"], facts["share"]) == (digest_file(path), 1, 1.0)


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
def test_changed_cells_under_an_old_record_are_named(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path, ending)
    kept = (pq.read_schema(path) if ending == ".parquet" else pa.ipc.open_file(path).schema).metadata
    table = pa.Table.from_pandas(FRAME.assign(age=[41, 52, 64])).replace_schema_metadata(kept)
    if ending == ".parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
    assert [(what, status) for what, status, _ in check_data(path)] == [("data", "changed"), ("record inside", "ok"), ("facts", "ok")]


def test_a_file_written_anew_with_the_same_cells_is_not_changed(tmp_path: Path) -> None:
    path = written(tmp_path, ".parquet")
    pq.write_table(pq.read_table(path), path, compression="gzip", row_group_size=1)
    assert {status for _, status, _ in check_data(path)} == {"ok"}


def test_a_record_that_was_taken_out_is_missed(tmp_path: Path) -> None:
    path = written(tmp_path, ".parquet")
    FRAME.to_parquet(path)
    assert [(what, status) for what, status, _ in check_data(path)] == [("data", "missing")]


def test_two_records_that_differ_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, ".parquet")
    table = pq.read_table(path)
    other = Record.from_entries([made(seed=99)]).to_dict()
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, b"synthnb": json.dumps(other).encode()}), path)
    assert ("record inside", "changed") in [(what, status) for what, status, _ in check_data(path)]


@pytest.mark.parametrize("text", [b"no json", b"[" * 100_000, b"[1]", b"\xff"])
def test_a_record_inside_that_isnt_one_is_said(tmp_path: Path, text: bytes) -> None:
    path = written(tmp_path, ".parquet")
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, b"synthnb": text}), path)
    assert isinstance(read_data_record(path), str)
    assert check_data(path)[0][1] == "unreadable"


@pytest.mark.parametrize("ending", WITH_ROOM)
def test_a_damaged_file_is_unreadable(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path, ending)
    path.write_bytes(path.read_bytes()[:100])
    assert "can't be read" in str(read_data_record(path))
    assert [status for _, status, _ in check_data(path)] == ["unreadable"]


def test_without_a_record_the_reason_is_said(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "t.csv")
    assert "no t.csv.synthnb.json beside it" in str(read_data_record(tmp_path / "t.csv"))
    (tmp_path / "t.csv.synthnb.json").write_text("{}")
    assert "holds no record" in str(read_data_record(tmp_path / "t.csv"))
    (tmp_path / "t.csv.synthnb.json").write_text('{"entries": []}')
    assert "says nothing about t.csv" in str(read_data_facts(tmp_path / "t.csv"))


def test_pandas_reads_the_claim_of_a_parquet_file_by_itself(tmp_path: Path) -> None:
    claim = pd.read_parquet(written(tmp_path, ".parquet")).attrs["synthnb"]
    assert (claim["run"], claim["depth"], claim["share"]) == (RUN["id"], 1, 1.0)


def test_what_a_user_keeps_in_attrs_stays_out_of_the_file(tmp_path: Path) -> None:
    frame = FRAME.copy()
    frame.attrs["where"] = "/home/somebody/secret"
    assert b"somebody" not in written(tmp_path, ".parquet", frame).read_bytes()


def test_a_workbook_says_what_it_is(tmp_path: Path) -> None:
    path = written(tmp_path, ".xlsx")
    with zipfile.ZipFile(path) as parts:
        custom, sheet = parts.read("docProps/custom.xml").decode(), parts.read("xl/worksheets/sheet2.xml").decode()
        every = "".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())
    record = read_data_record(path)
    assert isinstance(record, Mapping)
    assert record["digest"] in custom
    assert "Synthetic data disclosure" in sheet
    assert "Responsible person</t>" in sheet.replace("\n", "")
    assert "<f>" not in every
    assert read_table(path)["note"].tolist()[:2] == ["=1+1", "b\U0001f600"]


def test_a_frame_with_marks_is_still_as_the_run_made_it(tmp_path: Path) -> None:
    entry = write_data(with_marks(FRAME, ["synthetic"] * 3), tmp_path / "t.csv", frame_name="made", entries=[made()], folder=tmp_path)
    assert entry["detail"]["as_made"] is True
    assert entry["detail"]["marked"] is True


def test_the_runs_that_made_what_was_learnt_from_are_in_the_record() -> None:
    first = made()
    origin = {"run": RUN["id"], "name": "made", "depth": 1, "share": 1.0}
    later = FRAME.assign(age=[1, 2, 3])
    second = made(later, id="run-aaaaaaaaaaaa", inputs=[{"name": "made", "rows": 3, "columns": [], "digest": "x", "origin": origin}])
    found = entries_about(frame_digest(later), [first, second])
    assert [entry["id"] for entry in found] == [RUN["id"], "run-aaaaaaaaaaaa"]
    assert "two generations, learnt from synthetic data" in second["fields"]["generationDepth"]


def test_a_frame_that_no_run_made_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="'other' isn't one, or has changed since"):
        write_data(FRAME.assign(age=0), tmp_path / "t.csv", frame_name="other", entries=[made()])
    with pytest.raises(FrameError, match="must differ"):
        write_data(pd.DataFrame([[1, 2]], columns=["a", "a"]), tmp_path / "t.csv", frame_name="twice", entries=[made()])
    assert list(tmp_path.iterdir()) == []


def test_a_sheet_that_says_something_else_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, ".xlsx")
    load = need("openpyxl", extra="excel").load_workbook
    book = load(path)
    book["Disclosure"]["B3"] = "real data"
    book.save(path)
    assert [item[:2] for item in check_data(path)] == [("data", "ok"), ("record inside", "ok"), ("facts", "ok"), ("sheet", "changed")]
    book.remove(book["Disclosure"])
    book.save(path)
    assert check_data(path)[-1][:2] == ("sheet", "removed")


def test_hostile_names_and_texts_reach_the_record_and_nothing_runs(tmp_path: Path) -> None:
    name = "=cmd|'/C calc'!A0 <script>alert(1)</script> \u202e" + "x" * 1_000_000
    for ending in WITH_ROOM:
        write_data(FRAME, tmp_path / f"t{ending}", frame_name=name, entries=[made()], folder=tmp_path)
        assert not isinstance(read_data_record(tmp_path / f"t{ending}"), str)
        assert {status for _, status, _ in check_data(tmp_path / f"t{ending}")} == {"ok"}
    with zipfile.ZipFile(tmp_path / "t.xlsx") as parts:
        assert all(b"<f>" not in parts.read(part) for part in parts.namelist())


def told_anew(path: Path, **changes: Any) -> None:
    """Write a Parquet file anew with other facts about its rows."""
    table = pq.read_table(path)
    facts = json.loads(table.schema.metadata[b"synthnb.data"]) | changes
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, b"synthnb.data": json.dumps(facts).encode()}), path)


@pytest.mark.parametrize(
    ("changes", "beside"),
    [
        ({"depth": 7}, False),
        ({"share": 0.1}, False),
        ({"run": "run-000000000000"}, False),
        ({"scheme": "other"}, False),
        ({"marked": True}, False),
        ({"name": "evil"}, True),
        ({"content": f"sha256:{'0' * 64}"}, True),
    ],
)
def test_facts_that_the_record_doesnt_bear_out_are_named(tmp_path: Path, changes: dict[str, Any], beside: bool) -> None:
    path = written(tmp_path, ".parquet")
    told_anew(path, **changes)
    if not beside:
        sidecar_of(path).unlink()
    assert [item[:2] for item in check_data(path)] == [("data", "ok"), ("record inside", "ok"), ("facts", "changed")]


def test_what_pandas_is_told_otherwise_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, ".parquet")
    table = pq.read_table(path)
    attrs = json.loads(table.schema.metadata[b"PANDAS_ATTRS"])
    attrs["synthnb"]["share"] = 0
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, b"PANDAS_ATTRS": json.dumps(attrs).encode()}), path)
    assert "share for pandas is 0" in check_data(path)[-1][2]


@pytest.mark.parametrize("ending", SUFFIXES)
def test_columns_that_no_run_made_are_noted(tmp_path: Path, ending: str) -> None:
    path, joined = tmp_path / f"t{ending}", FRAME.set_index("age", drop=False).assign(chol=[1, 2, 3])
    entry = write_data(joined, path, frame_name="both", entries=[made()], cut_from=RUN["id"], folder=tmp_path)
    facts = read_data_facts(path)
    assert isinstance(facts, Mapping)
    assert facts["other_columns"] == ["chol"]
    assert entry["fields"]["isSynthetic"] == f"t{ending}: mixed, no run made its column chol: these cells may be observations"
    assert entry["fields"]["digitalSourceType"] == f"t{ending}: compositeSynthetic"
    assert {status for _, status, _ in check_data(path)} <= {"ok"}


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_file_and_its_sidecar_appear_both_or_neither(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path, ending)
    before = path.read_bytes()
    sidecar_of(path).unlink()
    sidecar_of(path).mkdir()
    with pytest.raises(StorageError, match=r"synthnb\.json couldn't be written.*What was there before is intact"):
        write_data(FRAME.iloc[:2], path, frame_name="made", entries=[made()], cut_from=RUN["id"], folder=tmp_path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 2


def test_a_full_disk_for_the_sidecar_leaves_both_as_they_were(tmp_path: Path) -> None:
    path = written(tmp_path, ".csv")
    before = [path.read_bytes(), sidecar_of(path).read_bytes()]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    try:
        with pytest.raises(StorageError, match=r"t\.csv\.synthnb\.json couldn't be written: File too large"):
            write_data(FRAME.iloc[:2], path, frame_name="made", entries=[made()], cut_from=RUN["id"], folder=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.read_bytes(), sidecar_of(path).read_bytes()] == before


def test_a_file_renamed_with_its_sidecar_still_tells(tmp_path: Path) -> None:
    path, other = written(tmp_path, ".csv"), tmp_path / "other.csv"
    sidecar_of(path).rename(sidecar_of(other))
    path.rename(other)
    assert isinstance(read_data_record(other), Mapping)
    assert isinstance(read_data_facts(other), Mapping)
    assert {finding.status for finding in verify_table(other)} == {"ok"}
    other.write_text("age\n41\n")
    assert "says nothing about other.csv" in str(read_data_facts(other))


def test_a_file_written_through_a_link_has_the_links_name(tmp_path: Path) -> None:
    (tmp_path / "ln.csv").symlink_to(tmp_path / "z.csv")
    entry = write_data(FRAME, tmp_path / "ln.csv", frame_name="made", entries=[made()], folder=tmp_path)
    assert entry["detail"]["path"] == "ln.csv"
    assert {finding.status for finding in verify_table(tmp_path / "ln.csv")} == {"ok"}
    assert (tmp_path / "ln.csv").is_symlink()
