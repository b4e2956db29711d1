"""Tables are written whole or not at all, read back as they were, and what can't be written is said in one line."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from synthnb._frames import frame_digest
from synthnb._optional import need
from synthnb._tables import SUFFIXES, kept_text, prepare_table, read_table, stored_column, stored_digest, stored_names, write_table
from synthnb.errors import FrameError, OptionError, StorageError

SHAPE: dict[str, list[Any]] = {"age": [1, 2], "sex": ["f", "m"]}
MIXED: dict[str, list[Any]] = {"age": [1, "two"]}
WITH_ROOM = (".parquet", ".arrow", ".feather", ".xlsx")
ODD = pd.DataFrame(
    {
        "n": [0.1 + 0.2, np.nan, 1e300],
        "t": ["=1+1", "#N/A", " a\r\nb "],
        "c": pd.Categorical(["x", None, "y"]),
        "d": [dt.date(2020, 1, 1), None, dt.date(1800, 1, 1)],
        "m": [pd.Timestamp("2020-01-01 01:02:03.004"), pd.NaT, pd.Timestamp("1990-01-01")],
        "i": pd.array([1, None, 3], dtype="Int64"),
        "e": ["", None, "x"],
    }
)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
@pytest.mark.parametrize("name", [*(f"t{ending}" for ending in SUFFIXES), "T.CSV"])
def test_a_table_reads_back_as_it_was(tmp_path: Path, make: Any, name: str) -> None:
    write_table(make(SHAPE), tmp_path / name)
    assert read_table(tmp_path / name).to_dict("list") == SHAPE
    assert [item.name for item in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("ending", [".parquet", ".arrow", ".feather", ".jsonl"])
def test_odd_cells_read_back_as_they_were(tmp_path: Path, ending: str) -> None:
    bare = ODD.drop(columns=["d", "m"]) if ending == ".jsonl" else ODD
    write_table(bare, tmp_path / f"t{ending}")
    assert frame_digest(read_table(tmp_path / f"t{ending}")) == frame_digest(bare)


@pytest.mark.parametrize("make", [lambda frame: frame, pl.from_pandas, pa.Table.from_pandas, lambda frame: frame.iloc[[2, 0, 1]]])
@pytest.mark.parametrize("ending", WITH_ROOM)
def test_the_digest_of_the_content_survives_the_file(tmp_path: Path, make: Any, ending: str) -> None:
    path = tmp_path / f"t{ending}"
    ready = prepare_table(make(ODD), path)
    ready.write(path, metadata={"synthnb": '{"a": "_x0041_"}', "synthnb.digest": "sha256:0"}, words=[("What", "=cmd|' /C calc'!A0")])
    assert stored_digest(path) == ready.digest
    assert kept_text(path)["synthnb.digest"] == "sha256:0"


@pytest.mark.parametrize("ending", WITH_ROOM)
def test_names_and_cells_are_read_without_the_index(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t{ending}"
    prepare_table(ODD.set_index("i"), path).write(path)
    assert stored_names(path) == ["n", "t", "c", "d", "m", "e"]
    assert stored_column(path, "t")[0] == "=1+1"


@pytest.mark.parametrize("ending", WITH_ROOM)
def test_one_changed_cell_changes_the_digest(tmp_path: Path, ending: str) -> None:
    digests = [prepare_table(pd.DataFrame({"a": [1, 2, last]}), tmp_path / f"t{ending}").digest for last in (3, 3.0, 4)]
    assert digests[0] == digests[1] != digests[2]


def test_every_form_has_the_same_digest(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": range(150_000), "b": ["x", "y", "z"] * 50_000})
    found = {prepare_table(frame, tmp_path / f"t{ending}").digest for ending in (".parquet", ".arrow")}
    frame.to_parquet(tmp_path / "other.parquet", row_group_size=40_001, compression="gzip")
    assert found == {stored_digest(tmp_path / "other.parquet")}


def test_metadata_of_pandas_stay_beside_ours(tmp_path: Path) -> None:
    frame = ODD.set_index("i")
    prepare_table(frame, tmp_path / "t.parquet").write(tmp_path / "t.parquet", metadata={"synthnb": "{}"})
    back = pd.read_parquet(tmp_path / "t.parquet")
    assert (back.index.name, str(back["c"].dtype)) == ("i", "category")


def test_a_workbook_holds_text_where_it_looks_like_a_formula(tmp_path: Path) -> None:
    write_table(pd.DataFrame({"=A1": ["=cmd|' /C calc'!A0", "+1", "#REF!"]}), tmp_path / "t.xlsx")
    cells = [cell for row in need("openpyxl", extra="excel").load_workbook(tmp_path / "t.xlsx").worksheets[0].iter_rows() for cell in row]
    assert [cell.data_type for cell in cells] == ["s"] * 4
    assert cells[1].value == "=cmd|' /C calc'!A0"


def test_a_formula_stays_byte_for_byte_in_csv(tmp_path: Path) -> None:
    write_table(pd.DataFrame({"a": ["=cmd|' /C calc'!A0"]}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == b"a\n=cmd|' /C calc'!A0\n"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["x" * 40_000], r"32,767 characters; a text in column 'a' has 40,000"),
        (["\x00"], "no control characters"),
        (["_x0041_"], "nothing like _x0000_"),
        ([2**60], r"to 2\*\*53"),
        ([float("inf")], "no infinite"),
    ],
)
def test_what_excel_cant_hold_is_refused_and_never_cut(tmp_path: Path, cells: list[Any], said: str) -> None:
    with pytest.raises(FrameError, match=said):
        write_table(pd.DataFrame({"a": cells}), tmp_path / "t.xlsx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", SUFFIXES)
def test_a_name_of_a_megabyte_is_written_or_refused(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame({"n" * 1_000_000: [1]})
    if ending == ".xlsx":
        with pytest.raises(FrameError, match="has 1,000,000") as told:
            write_table(frame, tmp_path / "t.xlsx")
        assert len(str(told.value)) < 600
    else:
        write_table(frame, tmp_path / f"t{ending}")
        assert list(read_table(tmp_path / f"t{ending}").columns) == list(frame.columns)


@pytest.mark.parametrize("ending", SUFFIXES)
def test_half_a_surrogate_pair_is_written_or_refused(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame({"a": pd.Series(["\ud800"], dtype=object)})
    if ending in {".jsonl", ".ndjson"}:
        write_table(frame, tmp_path / f"t{ending}")
        assert read_table(tmp_path / f"t{ending}")["a"][0] == "\ud800"
    else:
        with pytest.raises(FrameError, match="no half characters") as told:
            write_table(frame, tmp_path / f"t{ending}")
        assert told.value.fix == "Remove them, or write the table as .jsonl."
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", SUFFIXES)
def test_names_that_cant_be_used_are_refused_alike(tmp_path: Path, ending: str) -> None:
    with pytest.raises(FrameError, match="must differ; 'a' occurs more than once") as told:
        write_table(pd.DataFrame([[1, 2]], columns=["a", "a"]), tmp_path / f"t{ending}")
    assert told.value.fix == "Rename or drop the repeats."
    levels = pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")])
    with pytest.raises(FrameError, match="must have one level; they have 2"):
        write_table(pd.DataFrame([[1, 2]], columns=levels), tmp_path / f"t{ending}")
    with pytest.raises(FrameError, match="at least one column was expected"):
        write_table(pd.DataFrame(index=range(3)), tmp_path / f"t{ending}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", SUFFIXES)
def test_names_that_are_no_texts_become_texts(tmp_path: Path, ending: str) -> None:
    path, frame = tmp_path / f"t{ending}", pd.DataFrame({0: [1, 2], "a": [3, 4], None: [5, 6]}, index=[7, 9])
    ready = prepare_table(frame, path)
    ready.write(path)
    assert list(read_table(path).columns) == ["0", "a", "None"]
    assert not ready.digest or stored_digest(path) == ready.digest
    assert list(frame.columns) == [0, "a", None]


@pytest.mark.parametrize("name", ["\x00.csv", "\ud800.parquet"])
def test_a_name_that_no_file_has_is_said_to_be_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match="can't be the name of a file") as told:
        write_table(pd.DataFrame(SHAPE), tmp_path / name)
    assert told.value.fix == "Choose another name."


@pytest.mark.parametrize(
    ("text", "said"),
    [('{"a": 1}\nnot json\n', "line 2 isn't JSON"), ("[1]\n", "line 1 should be an object"), ("[" * 100_000 + "\n", "line 1 isn't JSON")],
)
def test_a_line_that_isnt_a_row_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "t.jsonl").write_text(text)
    with pytest.raises(FrameError, match=said):
        read_table(tmp_path / "t.jsonl")


def test_texts_that_look_like_numbers_stay_texts_in_json_lines(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"code": "007", "day": "2020-01-01"}\n\n{"code": "08", "more": 1.5}\n')
    assert read_table(tmp_path / "t.jsonl")["code"].tolist() == ["007", "08"]


@pytest.mark.parametrize(
    ("frame", "name"), [(pd.DataFrame(MIXED), "t.parquet"), (pl.DataFrame({"a": [[1], [2]]}), "t.csv")], ids=["pandas", "polars"]
)
def test_what_cant_be_written_is_said_and_leaves_nothing(tmp_path: Path, frame: Any, name: str) -> None:
    with pytest.raises(FrameError, match=r"can't be written as \.(csv|parquet): .*values of one kind"):
        write_table(frame, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", SUFFIXES)
def test_a_missing_folder_is_an_error_of_storage(tmp_path: Path, ending: str) -> None:
    with pytest.raises(StorageError, match=rf"t\{ending} couldn't be written"):
        write_table(pd.DataFrame(SHAPE), tmp_path / "none" / f"t{ending}")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
@pytest.mark.parametrize("ending", SUFFIXES)
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, ending: str) -> None:
    script = (
        "import pandas, pathlib, resource, signal, sys\n"
        "from synthnb._tables import write_table\n"
        "from synthnb.errors import StorageError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "frame = pandas.DataFrame({'a': [float(i) ** 0.5 for i in range(20_000)]})\n"
        "write_table(frame.head(1), pathlib.Path('warm' + sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))\n"
        "try:\n"
        "    write_table(frame, pathlib.Path('t' + sys.argv[1]))\n"
        "except StorageError as error:\n"
        "    print(error)\n"
    )
    (tmp_path / f"t{ending}").write_bytes(b"as it was")
    done = subprocess.run([sys.executable, "-c", script, ending], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "couldn't be written" in done.stdout, done.stderr
    assert (tmp_path / f"t{ending}").read_bytes() == b"as it was"
    assert len(list(tmp_path.iterdir())) == 2


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"as \.csv, .* or \.xlsx; got 't\.docx'"):
        write_table(pd.DataFrame(SHAPE), tmp_path / "t.docx")
    with pytest.raises(FrameError, match=r"or \.xlsx file was expected"):
        read_table(tmp_path / "t.docx")


@pytest.mark.parametrize("ending", [".parquet", ".arrow", ".xlsx", ".jsonl"])
def test_what_isnt_a_table_is_said(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"t{ending}").write_bytes(b"no table\xff")
    with pytest.raises(FrameError, match=rf"t\{ending} can't be read as a table"):
        read_table(tmp_path / f"t{ending}")
    if ending != ".jsonl":
        with pytest.raises(FrameError, match="can't be read as a table"):
            kept_text(tmp_path / f"t{ending}")
        with pytest.raises(FrameError, match="can't be read as a table"):
            stored_digest(tmp_path / f"t{ending}")


def test_a_file_that_isnt_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="no file at"):
        read_table(tmp_path / "gone.csv")


@pytest.mark.parametrize(("package", "ending", "extra"), [("pyarrow", ".parquet", "parquet"), ("openpyxl", ".xlsx", "excel")])
def test_without_a_package_the_extra_is_named(tmp_path: Path, package: str, ending: str, extra: str) -> None:
    script = (
        "import sys\n"
        "sys.modules[sys.argv[1]] = None\n"
        "import pandas, pathlib\n"
        "from synthnb._tables import write_table\n"
        "from synthnb.errors import MissingExtraError\n"
        "try:\n"
        "    write_table(pandas.DataFrame({'a': [1]}), pathlib.Path(sys.argv[2]))\n"
        "except MissingExtraError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, package, str(tmp_path / f"t{ending}")], capture_output=True, text=True, check=True)
    assert f"pip install 'synthnb[{extra}]'" in done.stdout
    assert list(tmp_path.iterdir()) == []
