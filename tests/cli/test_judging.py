"""What files are called when they are compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthnb.cli.judging import names_apart


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a/syn.csv", "b/other.csv"], ["syn", "other"]),
        (["a/syn.csv", "b/syn.csv", "other.csv"], ["a/syn", "b/syn", "other"]),
        (["x/a/syn.csv", "y/a/syn.csv", "syn.csv"], ["x/a/syn", "y/a/syn", "syn"]),
        (["a/syn.csv", "a/syn.parquet"], ["a/syn.csv", "a/syn.parquet"]),
    ],
)
def test_folders_tell_files_of_one_name_apart(paths: list[str], names: list[str]) -> None:
    assert names_apart([Path(path) for path in paths]) == names
