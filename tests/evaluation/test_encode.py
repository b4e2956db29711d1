from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.evaluation._encode import encode, level_text, row_keys, shown_names

DAYS = [dt.date(2020, 1, day) for day in range(1, 21)]


def coded(real: Any, synthetic: Any) -> tuple[Any, Any]:
    frames = [pd.DataFrame({"x": real}), pd.DataFrame({"x": synthetic})]
    (column,), tables = encode(["x"], frames)
    return column, tables


@pytest.mark.parametrize(
    ("real", "stored"),
    [
        (range(20), [float(i) for i in range(20)]),
        (range(20), [str(i) for i in range(20)]),
        ([i / 4 for i in range(20)], [Decimal(i) / 4 for i in range(20)]),
        (pd.to_datetime(pd.Series(DAYS)), DAYS),
        (pd.to_datetime(pd.Series(DAYS)), [day.isoformat() for day in DAYS]),
        (DAYS, pd.PeriodIndex(DAYS, freq="D")),
        ([dt.timedelta(hours=i) for i in range(20)], pd.to_timedelta(range(20), unit="h")),
        (["a", "b"] * 10, pd.Categorical(["a", "b"] * 10)),
        ([True, False] * 10, [1, 0] * 10),
        ([True, False] * 10, ["True", "False"] * 10),
        ([1, 0] * 10, [True, False] * 10),
    ],
)
def test_the_same_values_stored_in_another_way_are_the_same(real: Any, stored: Any) -> None:
    _, (first, second) = coded(real, stored)
    assert first.values["x"].tolist() == second.values["x"].tolist()
    assert second.unreadable == {"x": 0}


def test_pandas_polars_and_arrow_columns_agree() -> None:
    pl = pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    from synthnb._frames import to_pandas

    values = [dt.datetime(2020, 1, 1, hour, 30, tzinfo=dt.UTC) for hour in range(20)]
    frames = [to_pandas(frame)[0] for frame in (pd.DataFrame({"x": values}), pl.DataFrame({"x": values}))]
    frames.append(frames[0].convert_dtypes(dtype_backend="pyarrow"))
    _, tables = encode(["x"], frames)
    assert all((table.values["x"] == tables[0].values["x"]).all() for table in tables)


def test_cells_that_cannot_be_read_are_missing_and_counted() -> None:
    _, (_, second) = coded([1.5, 2.5, 3.5], ["1.5", "?", None])
    assert np.isnan(second.values["x"]).tolist() == [False, True, True]
    assert second.unreadable == {"x": 1}


@pytest.mark.parametrize("real", [DAYS, [dt.timedelta(hours=i) for i in range(20)], [dt.time(i) for i in range(20)]])
def test_numbers_are_no_times(real: Any) -> None:
    _, (_, second) = coded(real, range(20))
    assert second.unreadable == {"x": 20}


def test_levels_come_by_frequency_then_those_only_others_have() -> None:
    column, (first, second) = coded(["b", "a", "a", None], ["new", "a", "b", "b"])
    assert (column.levels, column.in_real) == (("a", "b", "new"), 2)
    assert first.values["x"].tolist() == [1, 0, 0, -1]
    assert second.values["x"].tolist() == [2, 0, 1, 1]


def test_mixed_types_are_levels_by_their_text() -> None:
    column, _ = coded([1, "x", 2.0, None] * 5, ["1"] * 20)
    assert column.levels == ("1", "2", "x")


def test_rows_are_equal_only_in_every_column() -> None:
    frames = [pd.DataFrame({"x": [1, 2, None], "c": ["a", "b", None]}), pd.DataFrame({"x": [1, 2, None], "c": ["a", "a", None]})]
    _, tables = encode(["x", "c"], frames)
    first, second = row_keys(tables)
    assert (first == second).tolist() == [True, False, True]


def test_long_names_are_cut_and_still_differ() -> None:
    shown = shown_names(["n" * 5000, "n" * 5000 + "!"])
    assert len(set(shown.values())) == 2
    assert {len(name) for name in shown.values()} == {80}


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (np.float64(3), "3"), (2.5, "2.5"), ("\ud800", "\\ud800"), (7, "7")])
def test_the_text_of_a_level(value: Any, text: str) -> None:
    assert level_text(value) == text
