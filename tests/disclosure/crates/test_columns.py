"""Types that hold for the whole column, or text."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from synthnb.disclosure.crates.columns import columns_of


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2"], "sc:Integer"),
        (["1", ""], "sc:Float"),
        (["1.5", "2"], "sc:Float"),
        (["true", "false"], "sc:Boolean"),
        (["2024-01-01", "2024-12-31"], "sc:Date"),
        (["2024-01-01", "later"], "sc:Text"),
        (["", ""], "sc:Text"),
        (["1", "x"], "sc:Text"),
    ],
)
def test_csv(tmp_path: Path, values: list[str], kind: str) -> None:
    (tmp_path / "a.csv").write_text("\n".join(["name,x", *(f"n,{value}" for value in values)]) + "\n")
    assert columns_of(tmp_path / "a.csv") == [("name", "sc:Text"), ("x", kind)]


def test_a_value_far_below_counts_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n" + "1\n" * 60_000 + "none of these\n")
    assert columns_of(tmp_path / "a.csv") == [("x", "sc:Text")]


def test_parquet_and_lines(tmp_path: Path) -> None:
    frame = pd.DataFrame({"n": [1, 2], "t": ["a", "b"], "when": pd.to_datetime(["2024-01-01", "2024-01-02"])})
    frame.to_parquet(tmp_path / "a.parquet")
    frame[["n", "t"]].to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    assert columns_of(tmp_path / "a.parquet") == [("n", "sc:Integer"), ("t", "sc:Text"), ("when", "sc:DateTime")]
    assert columns_of(tmp_path / "a.jsonl") == [("n", "sc:Integer"), ("t", "sc:Text")]


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv", "a.parquet"])
def test_what_cant_be_read_has_no_columns(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    assert columns_of(tmp_path / name) == []
