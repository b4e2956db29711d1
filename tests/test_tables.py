"""Tables are written whole or not at all, and what can't be written is said in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from synthnb._tables import read_table, write_table
from synthnb.errors import FrameError, OptionError, StorageError

SHAPE: dict[str, list[Any]] = {"age": [1, 2], "sex": ["f", "m"]}
MIXED: dict[str, list[Any]] = {"age": [1, "two"]}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "T.CSV"])
def test_a_table_reads_back_as_it_was(tmp_path: Path, make: Any, name: str) -> None:
    write_table(make(SHAPE), tmp_path / name)
    assert read_table(tmp_path / name).to_dict("list") == SHAPE
    assert [item.name for item in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("frame", "name"), [(pd.DataFrame(MIXED), "t.parquet"), (pl.DataFrame({"a": [[1], [2]]}), "t.csv")], ids=["pandas", "polars"]
)
def test_what_cant_be_written_is_said_and_leaves_nothing(tmp_path: Path, frame: Any, name: str) -> None:
    with pytest.raises(FrameError, match=r"can't be written as \.(csv|parquet): .*values of one kind"):
        write_table(frame, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_an_error_of_storage(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"t\.csv couldn't be written"):
        write_table(pd.DataFrame(SHAPE), tmp_path / "none" / "t.csv")


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"as \.csv or \.parquet; got 't\.xlsx'"):
        write_table(pd.DataFrame(SHAPE), tmp_path / "t.xlsx")
    with pytest.raises(FrameError, match=r"\.csv or \.parquet file was expected"):
        read_table(tmp_path / "t.xlsx")


def test_what_isnt_a_table_is_said(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"no parquet")
    with pytest.raises(FrameError, match=r"t\.parquet can't be read as a table"):
        read_table(tmp_path / "t.parquet")
    with pytest.raises(FrameError, match="no file at"):
        read_table(tmp_path / "gone.csv")


def test_without_pyarrow_the_extra_is_named(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "sys.modules['pyarrow'] = None\n"
        "import pandas, pathlib\n"
        "from synthnb._tables import write_table\n"
        "from synthnb.errors import MissingExtraError\n"
        "try:\n"
        "    write_table(pandas.DataFrame({'a': [1]}), pathlib.Path(sys.argv[1]))\n"
        "except MissingExtraError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "t.parquet")], capture_output=True, text=True, check=True)
    assert "pip install 'synthnb[parquet]'" in done.stdout
    assert list(tmp_path.iterdir()) == []
