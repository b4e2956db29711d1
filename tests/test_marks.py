"""Marks of origin: a column of four words that survives what keeps columns, and claims that are only hints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from synthnb._frames import to_pandas
from synthnb._marks import COLUMN, Word, claim_of, has_lost_marks, is_marked, marks_of, with_claim, with_marks, without_marks
from synthnb._tables import SUFFIXES, read_table, write_table
from synthnb.errors import FrameError

SHAPE: dict[str, list[Any]] = {"age": [41, 52, 63], "arm": ["a", "b", "a"]}
WORDS: list[Word] = ["real", "synthetic", "edited"]
MARKED: pd.DataFrame = with_marks(pd.DataFrame(SHAPE), WORDS)
MAKERS = [pd.DataFrame, pl.DataFrame, pa.table]


@pytest.mark.parametrize("make", MAKERS)
def test_marks_are_a_last_column_that_comes_off_again(make: Any) -> None:
    frame = make(SHAPE)
    marked = with_marks(frame, WORDS)
    assert (marks_of(marked), is_marked(marked), is_marked(frame)) == (WORDS, True, False)
    assert list(getattr(marked, "column_names", marked.columns))[-1] == COLUMN
    assert to_pandas(without_marks(marked))[0].equals(to_pandas(frame)[0])


@pytest.mark.parametrize("make", MAKERS)
def test_marks_are_replaced_by_marks(make: Any) -> None:
    again = with_marks(with_marks(make(SHAPE), WORDS), ["unknown"] * 3)
    assert marks_of(again) == ["unknown"] * 3


@pytest.mark.parametrize("make", MAKERS)
def test_what_is_learnt_from_has_no_marks(make: Any) -> None:
    inside, restore = to_pandas(with_marks(make(SHAPE), WORDS))
    assert list(inside.columns) == ["age", "arm"]
    assert type(restore(inside)) is type(make(SHAPE))


@pytest.mark.parametrize("cells", [["mine"] * 3, [1, 2, 3], [[1], [2], [3]]])
def test_a_column_of_the_same_name_with_something_else_isnt_marks(cells: list[Any]) -> None:
    frame = pd.DataFrame(SHAPE | {COLUMN: cells})
    assert not is_marked(frame)
    with pytest.raises(FrameError, match="holds something else"):
        with_marks(frame, WORDS)


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (lambda frame: frame.sort_values("age", ascending=False), ["edited", "synthetic", "real"]),
        (lambda frame: frame[frame["age"] > 50], ["synthetic", "edited"]),
        (lambda frame: pd.concat([frame, frame], ignore_index=True), WORDS * 2),
        (lambda frame: frame.merge(pd.DataFrame({"arm": ["a", "b"], "dose": [1, 2]}), on="arm", how="left"), WORDS),
        (lambda frame: frame.reset_index(drop=True).assign(more=1), WORDS),
        (lambda frame: frame.groupby("arm", group_keys=False)[list(frame.columns)].head(1), ["real", "synthetic"]),
        (lambda frame: pd.concat([frame, pd.DataFrame(SHAPE)]), [*WORDS, *["unknown"] * 3]),
    ],
    ids=["sort", "filter", "concat", "merge", "assign", "groupby", "concat with unmarked rows"],
)
def test_marks_survive_in_pandas(change: Any, left: list[Word]) -> None:
    changed = change(MARKED)
    assert is_marked(changed)
    assert marks_of(changed) == left


def test_groups_can_be_counted_by_marks() -> None:
    assert MARKED.groupby(COLUMN, observed=True)["age"].sum().to_dict() == {"real": 41, "synthetic": 52, "edited": 63}


def test_marks_survive_in_polars_and_arrow() -> None:
    frame = with_marks(pl.DataFrame(SHAPE), WORDS)
    assert marks_of(pl.concat([frame, frame]).sort("age").filter(pl.col("age") > 50)) == [*["synthetic"] * 2, *["edited"] * 2]
    table = with_marks(pa.table(SHAPE), WORDS)
    assert marks_of(pa.concat_tables([table, table]).slice(1, 3)) == ["synthetic", "edited", "real"]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("ending", SUFFIXES)
def test_marks_survive_a_file(tmp_path: Path, make: Any, ending: str) -> None:
    write_table(with_marks(make(SHAPE), WORDS), tmp_path / f"t{ending}")
    back = read_table(tmp_path / f"t{ending}")
    assert is_marked(back)
    assert marks_of(back) == WORDS


def test_a_frame_that_lost_its_marks_says_so() -> None:
    frame = with_claim(MARKED.copy(), {"marked": True})
    assert not has_lost_marks(frame)
    assert has_lost_marks(frame[["age"]])
    assert not has_lost_marks(pd.DataFrame(SHAPE))


def test_arrow_keeps_a_claim_in_its_schema() -> None:
    table = with_claim(pa.table(SHAPE), {"run": "run-1", "marked": True})
    assert claim_of(table) == {"run": "run-1", "marked": True}
    assert has_lost_marks(table)
    assert claim_of(pl.DataFrame(SHAPE)) == {}


@pytest.mark.parametrize("text", [b"no json", b"[1]", b"[" * 10_000, b"\xff"])
def test_a_claim_that_isnt_one_is_none(text: bytes) -> None:
    assert claim_of(pa.table(SHAPE).replace_schema_metadata({b"synthnb.data": text})) == {}
