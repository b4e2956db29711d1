"""`synthnb._frames`: tables in, pandas inside, the same kind out, and the digest of their content."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from synthnb._frames import cell_types, frame_digest, to_pandas
from synthnb.errors import FrameError


def every_polars_type() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "whole": [1, None, 3],
            "byte": pl.Series([1, 2, 3], dtype=pl.UInt8),
            "real": [1.5, None, 2.5],
            "word": ["a", None, "b"],
            "flag": [True, None, False],
            "day": [dt.date(2020, 1, 1), None, dt.date(2021, 1, 1)],
            "clock": [dt.time(1), None, dt.time(2, 3, 4, 5)],
            "span": [dt.timedelta(1), None, dt.timedelta(2)],
            "moment": pl.Series([0, None, 1_700_000_000_123_456_789]).cast(pl.Datetime("ns", "Europe/Madrid")),
            "level": pl.Series(["x", "y", None]).cast(pl.Categorical),
            "grade": pl.Series(["x", "y", None], dtype=pl.Enum(["y", "x", "z"])),
            "nothing": [None, None, None],
            "money": [Decimal("1.20"), None, Decimal("3.40")],
        }
    )


def test_pandas_comes_back_as_it_was() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    inside, restore = to_pandas(frame)
    pd.testing.assert_frame_equal(restore(inside), frame)


def test_polars_comes_back_as_it_was() -> None:
    frame = every_polars_type()
    inside, restore = to_pandas(frame)
    assert restore(inside).equals(frame)
    assert restore(inside).schema == frame.schema


def test_arrow_comes_back_as_it_was() -> None:
    table = every_polars_type().to_arrow()
    inside, restore = to_pandas(table)
    assert restore(inside).equals(table)


def test_an_arrow_dictionary_with_unsigned_indices_comes_back() -> None:
    part = pa.DictionaryArray.from_arrays(pa.array([0, 1, None], pa.uint32()), pa.array(["a", "b"]))
    table = pa.table({"x": pa.chunked_array([part, part]), "y": range(6)})
    inside, restore = to_pandas(table)
    assert inside["x"].tolist()[:2] == ["a", "b"]
    assert restore(inside).equals(table)


def test_fewer_columns_can_come_back() -> None:
    inside, restore = to_pandas(every_polars_type())
    assert restore(inside[["word", "whole"]]).columns == ["word", "whole"]


def test_labels_that_are_not_strings_come_back() -> None:
    frame = pd.DataFrame([[1, 2, 3, 4]], columns=[1, "1", 2.5, ("a", "b")])
    inside, restore = to_pandas(frame)
    assert list(inside.columns) == ["1 (2)", "1", "2.5", "('a', 'b')"]
    assert list(restore(inside).columns) == [1, "1", 2.5, ("a", "b")]


@pytest.mark.parametrize("name", ["with space", "<script>alert(1)</script>", "x" * 5000, "naïve ✓", ""])
def test_strange_names_are_kept(name: str) -> None:
    inside, restore = to_pandas(pd.DataFrame({name: [1, 2]}))
    assert list(restore(inside).columns) == [name]


def test_names_that_occur_twice_are_named() -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=["age", "sex", "age"])
    with pytest.raises(FrameError, match=r"'age' occurs more than once.*Rename"):
        to_pandas(frame)


def test_names_that_occur_twice_in_arrow_are_named() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(FrameError, match="'a' occurs more than once"):
        to_pandas(table)


def test_column_levels_are_refused() -> None:
    frame = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    with pytest.raises(FrameError, match=r"must have one level; they have 2.*Join"):
        to_pandas(frame)


@pytest.mark.parametrize("cell", [[1], {"a": 1}, {1}, (1, 2), np.array([1])])
def test_nested_cells_are_named(cell: object) -> None:
    frame = pd.DataFrame({"fine": [1, 2], "visits": pd.Series([None, cell], dtype=object)})
    with pytest.raises(FrameError, match=r"lists, mappings or sets in 'visits'.*Flatten"):
        to_pandas(frame, what="table")


@pytest.mark.parametrize("frame", [pl.DataFrame({"v": [[1], [2]]}), pl.DataFrame({"v": [{"a": 1}]}), pa.table({"v": [[1], [2]]})])
def test_nested_columns_of_others_are_named(frame: Any) -> None:
    with pytest.raises(FrameError, match="sets in 'v'"):
        to_pandas(frame)


@pytest.mark.parametrize("cell", [range(3), np.void(b"ab")])
def test_ranges_and_records_are_named(cell: object) -> None:
    with pytest.raises(FrameError, match=r"records, ranges, lists, mappings or sets in 'x'"):
        to_pandas(pd.DataFrame({"x": pd.Series([cell, cell], dtype=object)}))


@pytest.mark.parametrize(("words", "told"), [(["a", None, "c"], "null"), (["a", "b", "a"], "a value twice")])
def test_an_arrow_dictionary_that_makes_no_categories_is_refused(words: list[Any], told: str) -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2]), pa.array(words))
    with pytest.raises(FrameError, match=rf"column 'x' of the frame holds {told}\. Encode it again: `column\.cast\('string'\)"):
        to_pandas(pa.table({"x": column}))


def test_an_arrow_dictionary_of_lists_is_refused() -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array([{"a": 1}, {"a": 2}]))
    with pytest.raises(FrameError, match=r"those of column 'x' of the frame are of Arrow's type struct"):
        to_pandas(pa.table({"x": column}))


def far_dates() -> dict[str, Any]:
    """Tables of a date that Python's own can't hold."""
    days = pa.array([0, 10**8], pa.int32()).cast(pa.date32())
    return {
        "date32": pa.table({"x": days}),
        "date64": pa.table({"x": pa.array([0, 10**8 * 86_400_000]).cast(pa.date64())}),
        "dictionary": pa.table({"x": days.dictionary_encode()}),
        "pandas": pd.DataFrame({"x": pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([days])))}),
        "polars": pl.DataFrame({"x": pl.Series([0, 10**8], dtype=pl.Int32).cast(pl.Date)}),
    }


@pytest.mark.parametrize("name", far_dates())
def test_dates_beyond_the_year_9999_are_refused(name: str) -> None:
    with pytest.raises(FrameError, match=r"years 1 to 9999; column 'x' of the frame holds one 100,000,000 days after 1970-01-01"):
        to_pandas(far_dates()[name])


def test_the_first_and_the_last_date_of_python_come_back() -> None:
    table = pa.table({"x": pa.array([dt.date.min, dt.date.max, None])})
    inside, restore = to_pandas(table)
    assert inside["x"].tolist() == [dt.date.min, dt.date.max, None]
    assert restore(inside).equals(table)


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame({"a": []}), pd.DataFrame(index=range(3)), pl.DataFrame()])
def test_an_empty_frame_is_refused(frame: Any) -> None:
    with pytest.raises(FrameError, match=r"at least one row and one column; it has \d rows and \d columns"):
        to_pandas(frame)


@pytest.mark.parametrize("thing", [[1, 2], {"a": [1]}, None, pd.Series([1]), "data.csv"])
def test_what_is_not_a_table_is_refused(thing: object) -> None:
    with pytest.raises(FrameError, match=r"must be a pandas or polars DataFrame or a pyarrow Table; got .*Convert"):
        to_pandas(thing)


def test_a_lazy_frame_is_told_to_collect() -> None:
    with pytest.raises(FrameError, match=r"LazyFrame.*collect"):
        to_pandas(pl.DataFrame({"a": [1]}).lazy())


def test_an_index_with_a_name_is_said_to_be_left_behind() -> None:
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index([7, 8], name="id"))
    inside, restore = to_pandas(frame)
    assert list(inside.index) == [0, 1]
    assert "index isn't data" in restore.notes[0]


def test_an_index_that_numbers_rows_is_not_worth_a_note() -> None:
    _, restore = to_pandas(pd.DataFrame({"a": [1, 2, 3]}).iloc[[2, 0]])
    assert restore.notes == ()


def test_the_users_frame_is_not_changed() -> None:
    frame = pd.DataFrame({1: [1, 2]}, index=[5, 6])
    before = frame.copy()
    to_pandas(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_polars_is_not_imported_for_a_pandas_frame() -> None:
    code = (
        "import sys, pandas; from synthnb._frames import to_pandas; to_pandas(pandas.DataFrame({'a': [1]})); print('polars' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_cell_types_leave_missing_cells_out() -> None:
    assert cell_types(pd.Series([1, "a", None, float("nan")], dtype=object)) == {int, str}


@pytest.mark.parametrize("name", every_polars_type().columns)
def test_the_digest_is_of_the_content_not_the_library(name: str) -> None:
    column = every_polars_type().select(name)
    inside, _ = to_pandas(column)
    assert frame_digest(column) == frame_digest(column.to_arrow()) == frame_digest(inside)


def test_the_digest_does_not_see_how_values_are_stored() -> None:
    plain = pd.DataFrame({"n": [1, 2, None], "s": ["a", "b", "a"]})
    stored = pd.DataFrame({"n": pd.array([1, 2, None], dtype="Int64"), "s": pd.Categorical(["a", "b", "a"], ["b", "a"])}, index=[4, 5, 6])
    assert frame_digest(plain) == frame_digest(stored)


@pytest.mark.parametrize(
    "other",
    [
        pd.DataFrame({"n": [1, 2, 4], "s": ["a", "b", "a"]}),
        pd.DataFrame({"n": [1, 3, 2], "s": ["a", "b", "a"]}),
        pd.DataFrame({"m": [1, 2, 3], "s": ["a", "b", "a"]}),
        pd.DataFrame({"s": ["a", "b", "a"], "n": [1, 2, 3]}),
        pd.DataFrame({"n": ["1", "2", "3"], "s": ["a", "b", "a"]}),
        pd.DataFrame({"n": [1, 2, None], "s": ["a", "b", "a"]}),
        pd.DataFrame({"n": [1, 2, 3], "s": ["ab", "", "ab"]}),
    ],
)
def test_the_digest_sees_every_change(other: pd.DataFrame) -> None:
    assert frame_digest(pd.DataFrame({"n": [1, 2, 3], "s": ["a", "b", "a"]})) != frame_digest(other)


def test_the_digest_is_pinned() -> None:
    frame = pd.DataFrame({"age": [30, 41], "sex": ["f", None], "bmi": [21.5, 30.25]})
    assert frame_digest(frame) == "sha256:953cb747c3e45faca09ae54ab0baf37ea157a51755b3f41cfdd4956de2f38835"


def test_of_what_a_verb_made_its_frame_is_taken() -> None:
    import synthnb

    real = pd.DataFrame({"age": range(20, 80), "sex": ["f", "m"] * 30})
    made = synthnb.generate(real, rows=30, random_state=1)
    assert to_pandas(made)[0].equals(made.frame)
    assert frame_digest(made) == frame_digest(made.frame)


def test_of_several_frames_none_is_chosen() -> None:
    import synthnb

    made = synthnb.generate(pd.DataFrame({"age": range(20, 80), "sex": ["f", "m"] * 30}), rows=10, replicates=2, random_state=1)
    with pytest.raises(FrameError, match=r"must be one table; got a Replicates of 2 frames\. Pass one of its `\.frames`"):
        to_pandas(made)
