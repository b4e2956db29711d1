"""`synthnb.engines._encoding.table` and its state: columns as numbers and back, kept as plain data, and refused when it lies."""

from __future__ import annotations

import datetime as dt
import json
import time
import uuid
import zoneinfo
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb._canonical import canonical
from synthnb.engines._encoding.dtypes import dtype_from_json, dtype_to_json, value_from_json, value_to_json
from synthnb.engines._encoding.state import (
    coder_from_state,
    coder_to_state,
    coders_from_state,
    coders_to_state,
    texts_from_arrays,
    texts_to_arrays,
)
from synthnb.engines._encoding.table import MISSING, ORDINARY, Coder, Table, encode_table
from synthnb.engines.base import State
from synthnb.errors import FrameError, RecordError
from synthnb.recipes.infer import infer_recipe
from synthnb.recipes.recipe import Recipe

N = 60


def encoded(frame: pd.DataFrame, **options: Any) -> tuple[Table, Recipe]:
    recipe = infer_recipe(frame, table="t", rows=N, seed=1, **options)
    return encode_table(frame, recipe), recipe


def coder_of(cells: Any, **options: Any) -> Coder:
    return encoded(pd.DataFrame({"x": cells, "other": range(len(cells))}), **options)[0].coders[0]


def decoded(coder: Coder, *positions: float) -> list[Any]:
    return coder.decode(np.zeros(len(positions), dtype="i1"), np.array(positions)).tolist()


def as_written(state: State) -> State:
    """A state after its way through canonical JSON."""
    return State(json.loads(canonical(state.meta)), dict(state.arrays))


def test_positions_between_values_stand_for_values_between_on_the_grid() -> None:
    coder = coder_of([10, 20, 40] * 20)
    assert decoded(coder, 0, 0.6, 1.5, 2) == [10, 20, 30, 40]  # the grid is 10: 16 becomes 20


def test_decimals_are_kept() -> None:
    assert decoded(coder_of([1.25, 2.5, 3.0] * 20), 0.4) == [1.75]  # 1.25 + 0.4 × 1.25 = 1.75


def test_further_cells_get_positions_between_known_ones() -> None:
    coder = coder_of([0.0, 10.0, 100.0] * 20)
    states, positions = coder.encode(pd.Series([10.0, 55.0, -7.0, 900.0, None]))
    assert states.tolist() == [ORDINARY] * 4 + [MISSING]
    assert positions.tolist() == [1.0, 1.5, 0.0, 2.0, 0.0]


def test_a_level_that_is_not_there_is_named() -> None:
    with pytest.raises(FrameError, match=r"'x' has no level 'z'; it has a, b\. Use one"):
        coder_of(["a", "b"] * 30).encode(pd.Series(["a", "z"]))


def test_an_equal_level_of_another_type_will_do() -> None:
    coder = coder_of(pd.Series([1, "1", 2.5] * 20, dtype=object))
    assert coder.encode(pd.Series([1.0, "1"], dtype=object)).positions.tolist() == [0.0, 1.0]


def test_cells_of_another_type_are_refused() -> None:
    with pytest.raises(FrameError, match=r"'x' holds integer values \(int64\); got cells such as 'many'"):
        coder_of(range(N)).encode(pd.Series(["many"]))


def test_a_table_of_no_modelled_column_has_no_coder() -> None:
    recipe = encoded(pd.DataFrame({"y": range(N)}))[1]
    table = encode_table(pd.DataFrame(index=range(5)), recipe.model_copy(update={"columns": ()}))
    assert (table.rows, table.coders, table.positions.shape) == (5, (), (5, 0))


def every_spec() -> dict[str, pd.Series[Any]]:
    """One column for each way that cells are built."""
    at = np.arange(N) % 37
    days = [dt.date(2020, 1, 1) + dt.timedelta(int(i)) for i in at]
    columns: dict[str, Any] = {
        "levels": [f"l{i % 5}" for i in at],
        "surrogates": pd.Series([f"\ud800{i % 5}" for i in at], dtype=object),
        "mixed": pd.Series([(1, "1", True, 2.5)[i % 4] for i in at], dtype=object),
        "categories": pd.Categorical(["lo", "hi"] * 30, categories=["lo", "mid", "hi"], ordered=True),
        "bands": pd.Series(pd.cut(at, 4)),
        "empty": pd.Series([None] * N, dtype=object),
        "whole": at,
        "masked": pd.Series(at, dtype="Int16").mask(at == 3),
        "real": at / 7,
        "decimal": pd.Series([Decimal(int(i)) / 4 for i in at], dtype=object),
        "period": pd.period_range("2000-01", periods=N, freq="M"),
        "moment": pd.date_range("2024-10-26", periods=N, freq="h", tz="Europe/Madrid"),
        "span": pd.to_timedelta(at, unit="h"),
        "date": pd.Series(days, dtype=object),
        "text dates": [str(day) for day in days],
        "time": pd.Series([dt.time(int(i) % 24, int(i), tzinfo=dt.UTC) for i in at], dtype=object),
    }
    return {name: pd.Series(cells) for name, cells in columns.items()}


@pytest.mark.parametrize("name", every_spec())
def test_a_coder_is_plain_data(name: str) -> None:
    coder = coder_of(every_spec()[name])
    state = as_written(coder.to_state())
    again = coder_from_state(coder.column, state)
    states, positions = coder.encode(every_spec()[name])
    pd.testing.assert_series_equal(again.decode(states, positions), coder.decode(states, positions))
    assert all(array.dtype.kind in "iufb" for array in state.arrays.values())


def test_the_coders_of_a_table_come_back_together() -> None:
    table, recipe = encoded(pd.DataFrame(every_spec()))
    again = coders_from_state(recipe.columns, as_written(coders_to_state(table.coders)))
    for j, (one, other) in enumerate(zip(table.coders, again, strict=True)):
        pd.testing.assert_series_equal(
            one.decode(table.states[:, j], table.positions[:, j]), other.decode(table.states[:, j], table.positions[:, j])
        )


ALL2 = np.ones(2, dtype=bool)


def lie(name: str, cells: Any, change: Any) -> None:
    coder = coder_of(cells)
    state = as_written(coder_to_state(coder))
    change(state)
    with pytest.raises(RecordError, match=name):
        coder_from_state(coder.column, state)


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("'counts'", lambda state: state.arrays.pop("counts")),
        ("37 values, 36 counts", lambda state: state.arrays.update(counts=state.arrays["counts"][1:])),
        ("don't increase", lambda state: state.arrays.update(values=state.arrays["values"][::-1])),
        ("don't increase", lambda state: state.arrays.update(values=np.array([2**63 - 1, -(2**63)]), counts=np.ones(2, "i8"), kept=ALL2)),
        ("further apart", lambda state: state.arrays.update(values=np.array([-(2**63), 2**63 - 1]), counts=np.ones(2, "i8"), kept=ALL2)),
        ("add up to no number", lambda state: state.arrays.update(counts=state.arrays["counts"] * 0)),
        ("add up to no number", lambda state: state.arrays.update(counts=state.arrays["counts"] * 0 + 2**62)),
        ("got 5", lambda state: state.meta.update(cells={"cells": "whole", "absent": ["int", "5"]}, dtype={"numpy": "|O"})),
        ("got \\['junk'\\]", lambda state: state.meta.update(cells={"cells": "whole", "absent": ["junk"]}, dtype={"numpy": "|O"})),
        ("a count is negative", lambda state: state.arrays.update(counts=-state.arrays["counts"])),
        ("of the kinds", lambda state: state.arrays.update(values=state.arrays["values"].astype("c16"))),
        ("multiples of 2 apart", lambda state: state.meta.update(step="2")),
        ("how its cells are built", lambda state: state.meta.update(cells={"cells": "pickle", "data": "gASV"})),
        ("isn't built as levels", lambda state: state.meta.update(cells={"cells": "levels"}, levels=[])),
        ("storage type was expected", lambda state: state.meta.update(dtype={"numpy": "|V8"})),
        ("exceed int8", lambda state: (state.meta.update(dtype={"numpy": "|i1"}), state.arrays.update(values=state.arrays["values"] * 10))),
        ("can't be built", lambda state: state.meta.update(cells={"cells": "moments", "ticks": "<M8[ns]"}, dtype={"masked": "boolean"})),
    ],
)
def test_a_state_of_numbers_that_lies_is_refused(message: str, change: Any) -> None:
    lie(message, np.arange(N) % 37, change)


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("2 levels for 3 values", lambda state: state.arrays.update(texts_to_arrays(["a", "b"]))),
        ("a level occurs twice", lambda state: state.arrays.update(texts_to_arrays(["a", "b", "b"]))),
        ("doesn't end where it says", lambda state: state.arrays.update(ends=state.arrays["ends"] + 1)),
        ("'utf-8' codec", lambda state: state.arrays.update(text=state.arrays["text"] | 128)),
        ("its cells are categories", lambda state: state.meta.update(cells={"cells": "categories"})),
    ],
)
def test_a_state_of_levels_that_lies_is_refused(message: str, change: Any) -> None:
    lie(message, ["a", "b", "c"] * 20, change)


def test_a_level_outside_the_categories_is_refused() -> None:
    cells = pd.Categorical(["a", "b"] * 30)
    lie("outside the 2 categories", cells, lambda state: state.meta.update(levels=[["int", "0"], ["int", "9"]]))


def test_there_must_be_a_coder_for_each_column() -> None:
    table, recipe = encoded(pd.DataFrame({"x": range(N), "y": range(N)}))
    with pytest.raises(RecordError, match="each of 2 columns was expected; there are 1"):
        coders_from_state(recipe.columns, coders_to_state(table.coders[:1]))


VALUES: list[Any] = [
    *(None, True, 2**70, -0.0, float("inf"), "é\ud800", b"\xff", Decimal("1.20"), uuid.UUID(int=7), np.int8(3), pd.NaT, pd.NA),
    *(dt.date(2020, 2, 29), dt.time(1, 2, 3, 4, dt.UTC), dt.timedelta(-1, 5), dt.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=dt.UTC)),
    *(np.datetime64("NaT"), np.datetime64("2020-02-29", "D"), np.timedelta64(5, "s"), np.str_("é"), np.bytes_(b"a"), np.float16(0.5)),
    *(pd.Period("2020-03", "M"), pd.Interval(0.5, 2, "both"), pd.Timedelta(5, "ns")),
    pd.Timestamp("2024-10-27 01:30", tz="UTC").tz_convert(zoneinfo.ZoneInfo("Europe/Madrid")),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_come_back_with_their_types(value: Any) -> None:
    again = value_from_json(json.loads(canonical(value_to_json(value))))
    assert type(again) is type(value)
    assert repr(again) == repr(value)


@pytest.mark.parametrize(
    "data",
    [
        *(None, [], ["exec", "1"], ["int"], ["int", "x"], ["Timestamp", "1", "W", None], ["date", "2020-13-01"], 7),
        *(["time", "01:00:00", {"zone": zone}, 0] for zone in ("", "..", "/etc/passwd", "x" * 5000, "Europe", "a\0b")),
        *(
            ["numpy", "V8", ["int", "1000"]],
            ["numpy", "S8", ["int", "1000"]],
            ["numpy", "O", ["int", "1"]],
            ["numpy", "i4,i4", ["int", "1"]],
        ),
        *(["datetime64", "1", "i8"], ["timedelta64", "1", "<M8[s]"]),
    ],
)
def test_what_is_no_value_is_refused(data: Any) -> None:
    with pytest.raises(RecordError, match="value with its type was expected"):
        value_from_json(data)


def nested(times: int, inner: Any, around: Callable[[Any], Any]) -> Any:
    for _ in range(times):
        inner = around(inner)
    return inner


def test_a_value_nested_deeply_is_refused() -> None:
    with pytest.raises(RecordError, match="nested more than 12 levels deep"):
        value_from_json(nested(5000, ["none"], lambda inner: ["Interval", inner, ["int", "1"], "left"]))


def test_a_storage_type_nested_deeply_is_refused() -> None:
    with pytest.raises(RecordError, match="nested more than 12 levels deep"):
        dtype_from_json(nested(5000, {"numpy": "<i8"}, lambda inner: {"sparse": inner, "fill": ["int", "0"]}))


@pytest.mark.parametrize("value", [np.longdouble(1.5), np.complex64(1), np.void(b"a")])
def test_numpy_values_that_python_cannot_hold_are_told(value: Any) -> None:
    with pytest.raises(FrameError, match=r"A level of the type numpy\.\w+ can't be saved"):
        value_to_json(value)


def test_a_mark_of_a_missing_cell_comes_back_whatever_it_is() -> None:
    coder = coder_of(pd.Series([np.datetime64("NaT"), *range(N)], dtype=object))
    again = coder_from_state(coder.column, as_written(coder.to_state()))
    mark = again.decode(np.array([MISSING], dtype="i1"), np.zeros(1)).iloc[0]
    assert type(mark) is np.datetime64
    assert np.isnat(mark)


def test_a_level_that_json_cannot_say_is_told_when_saved() -> None:
    coder = coder_of(pd.Series([complex(1, i % 2) for i in range(N)], dtype=object))
    with pytest.raises(FrameError, match=r"A level of the type builtins\.complex can't be saved.*Convert the column to text"):
        coder.to_state()


@pytest.mark.parametrize(
    "data",
    [
        *({}, {"masked": "object"}, {"numpy": "U5"}, {"arrow": ["struct"]}, {"zoned": "us", "zone": {"zone": "../etc/passwd"}}, 5),
        *(
            {"zoned": "us", "zone": {"zone": "Europe"}},
            {"arrow": ["timestamp", "us", "Europe"]},
            {"arrow": ["fixed_size_binary", 2**31 - 1]},
        ),
    ],
)
def test_what_is_no_storage_type_is_refused(data: Any) -> None:
    with pytest.raises(RecordError, match="storage type was expected"):
        dtype_from_json(data)


@pytest.mark.parametrize(
    "name",
    [
        "string",
        "string[pyarrow]",
        "str",
        "decimal128(9, 2)[pyarrow]",
        "dictionary<values=string, indices=int32, ordered=0>[pyarrow]",
        "Sparse[float64]",
        "interval[int64, left]",
    ],
)
def test_storage_types_come_back(name: str) -> None:
    dtype = pd.api.types.pandas_dtype(name) if "[pyarrow]" not in name or name == "string[pyarrow]" else _arrow_dtype(name)
    assert dtype_from_json(json.loads(canonical(dtype_to_json(dtype)))) == dtype


def _arrow_dtype(name: str) -> Any:
    import pyarrow as pa

    return pd.ArrowDtype(pa.decimal128(9, 2) if name.startswith("decimal") else pa.dictionary(pa.int32(), pa.string()))


def test_text_comes_back_from_bytes() -> None:
    texts = ["", "a\x00b", "\ud800", "x" * 1000]
    assert texts_from_arrays(texts_to_arrays(texts)) == texts


def test_many_and_long_levels_are_quick() -> None:
    words = [f"level {i}" for i in range(100_000)]
    frame = pd.DataFrame({"x": words * 2 + ["m" * 10**6] * 2})
    column = infer_recipe(frame, table="t", rows=5, seed=1).columns[0].model_copy(update={"kind": "category"})
    recipe = Recipe(table="t", rows=5, seed=1, columns=(column,))
    start = time.perf_counter()
    coder = encode_table(frame, recipe).coders[0]
    again = coder_from_state(column, coder.to_state())
    assert again.size == 100_001
    assert time.perf_counter() - start < 10  # seconds; about half of one on an idle machine
