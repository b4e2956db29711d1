"""Every storage type of pandas, polars and Arrow comes back exactly: same schema, same cells, same Python types."""

from __future__ import annotations

import datetime as dt
import json
import zoneinfo
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthnb._canonical import canonical
from synthnb._frames import to_pandas
from synthnb.engines._encoding.state import coders_from_state, coders_to_state
from synthnb.engines._encoding.table import encode_table
from synthnb.engines.base import State
from synthnb.errors import FrameError
from synthnb.recipes.infer import infer_recipe

N = 48
AT = np.arange(N) % 37
GONE = np.arange(N) % 7 == 0
HOURS = [dt.datetime(2024, 3, 30, tzinfo=dt.UTC) + dt.timedelta(hours=int(i)) for i in AT]
NAIVE = [moment.replace(tzinfo=None) for moment in HOURS]
DAYS = [dt.date(2020, 1, 1) + dt.timedelta(int(i)) for i in AT]
SPANS = [dt.timedelta(hours=int(i)) for i in AT]
CLOCK = [dt.time(int(i) % 24, int(i), 1) for i in AT]
MONEY = [Decimal(int(i)) / 4 for i in AT]
WORDS = [f"l{i % 5}" for i in AT]
UNITS = ("s", "ms", "us", "ns")


def holed(cells: Any) -> list[Any]:
    return [None if gone else cell for cell, gone in zip(list(cells), GONE, strict=True)]


def there_and_back(frame: Any) -> Any:
    """A frame encoded, its coders written and read as plain data, decoded, and given back as it came."""
    inside, restore = to_pandas(frame)
    recipe = infer_recipe(inside, table="t", rows=N, seed=1)
    table = encode_table(inside, recipe)
    state = coders_to_state(table.coders)
    coders = coders_from_state(recipe.columns, State(json.loads(canonical(state.meta)), state.arrays))
    made = {coder.column.name: coder.decode(table.states[:, j], table.positions[:, j]) for j, coder in enumerate(coders)}
    return restore(pd.DataFrame(made))


def arrow_columns() -> dict[str, pa.Array]:
    whole, flags = [int(i) for i in AT], [bool(i % 3) for i in AT]
    cells: dict[str, tuple[Any, Any]] = {
        f"{sign}int{bits}": (whole, getattr(pa, f"{sign}int{bits}")()) for sign in ("", "u") for bits in (8, 16, 32, 64)
    }
    cells |= {f"timestamp {unit}": (NAIVE, pa.timestamp(unit)) for unit in UNITS}
    cells |= {f"zoned {unit}": (HOURS, pa.timestamp(unit, "Europe/Madrid")) for unit in UNITS}
    cells |= {f"duration {unit}": (SPANS, pa.duration(unit)) for unit in UNITS}
    cells |= {
        "float32": ([i / 4 for i in AT], pa.float32()),
        "float64": ([i / 7 for i in AT], pa.float64()),
        "boolean": (flags, pa.bool_()),
        "string": (WORDS, pa.string()),
        "large_string": (WORDS, pa.large_string()),
        "binary": ([word.encode() for word in WORDS], pa.binary()),
        "date32": (DAYS, pa.date32()),
        "date64": (DAYS, pa.date64()),
        "time32 s": (CLOCK, pa.time32("s")),
        "time32 ms": (CLOCK, pa.time32("ms")),
        "time64 us": (CLOCK, pa.time64("us")),
        "time64 ns": (CLOCK, pa.time64("ns")),
        "offset": (HOURS, pa.timestamp("us", "+05:30")),
        "decimal128": (MONEY, pa.decimal128(12, 2)),
        "decimal256": (MONEY, pa.decimal256(40, 2)),
    }
    made = {name: pa.array(holed(values), kind) for name, (values, kind) in cells.items()}
    codes = pa.array(holed(i % 3 for i in whole), pa.int8())
    made["dictionary"] = pa.DictionaryArray.from_arrays(codes, pa.array(["a", "b", "c", "unused"]))
    made["dictionary of numbers"] = pa.DictionaryArray.from_arrays(codes, pa.array([10, 20, 30]))
    made["ordered dictionary"] = pa.DictionaryArray.from_arrays(codes, pa.array(["lo", "mid", "hi"]), ordered=True)
    made["null"] = pa.nulls(N)
    return made


ARROW = arrow_columns()


@pytest.mark.parametrize("name", ARROW)
def test_an_arrow_column_comes_back(name: str) -> None:
    table = pa.table({"x": ARROW[name], "y": AT})
    made = there_and_back(table)
    assert made.schema == table.schema
    assert made.equals(table)


@pytest.mark.parametrize("name", [name for name in ARROW if name != "null"])
def test_a_pandas_column_in_arrows_storage_comes_back(name: str) -> None:
    frame = pd.DataFrame({"x": pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([ARROW[name]]))), "y": AT})
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


def polars_columns() -> dict[str, pl.Series]:
    whole = [int(i) for i in AT]
    integers = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)
    cells: dict[str, tuple[Any, Any]] = {str(kind): (whole, kind) for kind in integers}
    for unit in ("ms", "us", "ns"):
        cells |= {
            f"Datetime {unit}": (NAIVE, pl.Datetime(unit)),
            f"zoned {unit}": (HOURS, pl.Datetime(unit, "America/New_York")),
            f"Duration {unit}": (SPANS, pl.Duration(unit)),
        }
    cells |= {
        "Float32": ([i / 4 for i in AT], pl.Float32),
        "Float64": ([i / 7 for i in AT], pl.Float64),
        "Boolean": ([bool(i % 3) for i in AT], pl.Boolean),
        "String": (WORDS, pl.String),
        "Binary": ([word.encode() for word in WORDS], pl.Binary),
        "Date": (DAYS, pl.Date),
        "Time": (CLOCK, pl.Time),
        "Decimal": (MONEY, pl.Decimal(12, 2)),
        "Categorical": (WORDS, pl.Categorical),
        "Enum": (WORDS, pl.Enum([f"l{i}" for i in range(9)])),
        "Null": ([None] * N, pl.Null),
    }
    return {name: pl.Series(holed(values), dtype=kind) for name, (values, kind) in cells.items()}


POLARS = polars_columns()


@pytest.mark.parametrize("name", POLARS)
def test_a_polars_column_comes_back(name: str) -> None:
    frame = pl.DataFrame({"x": POLARS[name], "y": AT})
    made = there_and_back(frame)
    assert made.schema == frame.schema
    assert made.equals(frame)


def pandas_columns() -> dict[str, pd.Series[Any]]:
    whole, gone = pd.Series(AT), pd.Series(GONE)
    fold: Any = pd.Series(pd.date_range("2024-10-26 22:00", periods=N, freq="30min", tz="UTC"))
    spans: Any = pd.Series(pd.to_timedelta(AT, unit="h"))
    madrid = zoneinfo.ZoneInfo("Europe/Madrid")
    columns: dict[str, Any] = {kind: whole.astype(kind) for kind in ("int8", "uint16", "uint64", "float16", "float32", "float64")}
    columns |= {kind: whole.astype("Int64").mask(gone).astype(kind) for kind in ("Int8", "Int64", "UInt8", "UInt64", "Float32", "Float64")}
    columns |= {
        f"period {freq}": pd.Series(pd.period_range("2000-01-01", periods=N, freq=freq)).mask(gone)
        for freq in ("D", "M", "Q-MAR", "Y", "W-WED", "h", "2D", "ms")
    }
    columns |= {f"span {unit}": spans.dt.as_unit(unit).mask(gone) for unit in UNITS}
    columns |= {f"zoned {unit}": fold.dt.as_unit(unit).dt.tz_convert("Europe/Madrid").mask(gone) for unit in UNITS}
    columns |= {kind: pd.Series(WORDS).mask(gone).astype(kind) for kind in ("str", "string", "string[python]", "string[pyarrow]")}
    columns |= {
        "fold west": fold.dt.tz_convert("America/New_York"),
        "offset": fold.dt.tz_convert(dt.timezone(dt.timedelta(hours=5, minutes=30))),
        "boolean": pd.Series(AT % 3 == 0, dtype="boolean").mask(gone),
        "ordered": pd.Series(pd.Categorical([("lo", "hi")[i % 2] for i in AT], categories=["lo", "mid", "hi"], ordered=True)).mask(gone),
        "bands": pd.Series(pd.cut(AT, 5)).mask(gone),
        "level days": pd.Series(pd.Categorical(pd.to_datetime([f"2020-01-0{1 + i % 4}" for i in AT]))),
        "interval": pd.Series(pd.arrays.IntervalArray.from_arrays(AT % 4, AT % 4 + 1, closed="left")),
        "interval with holes": pd.Series(pd.arrays.IntervalArray.from_arrays(AT % 4 / 1.0, AT % 4 + 1.0)).mask(gone),
        "sparse": pd.Series(pd.arrays.SparseArray(AT % 3 / 1.0, fill_value=0.0)),
        "years 1000 to 9000": pd.Series(np.array([f"{1000 + 200 * i}-01-01" for i in AT], dtype="M8[s]")),
        "text days": pd.Series([f"2020-01-{1 + i % 28:02d}" for i in AT]),
        "text minutes": pd.Series([f"2020-01-01T{i % 24:02d}:{i:02d}" for i in AT]).astype("string"),
    }
    objects: dict[str, Any] = {
        "dates": DAYS,
        "clock": CLOCK,
        "zoned clock": [time.replace(tzinfo=dt.UTC) for time in CLOCK],
        "spans": SPANS,
        "moments": NAIVE,
        "zoned moments": [moment.astimezone(madrid) for moment in HOURS],
        "stamps": [pd.Timestamp(moment) for moment in NAIVE],
        "decimals": MONEY,
        "whole": [int(i) for i in AT],
        "flags": [bool(i % 3) for i in AT],
        "mixed": [(1, "1", True, 2.5)[i % 4] for i in AT],
        "surrogates": [f"\ud800{i % 5}" for i in AT],
        "words": WORDS,
    }
    return columns | {f"object {name}": pd.Series(holed(cells), dtype=object) for name, cells in objects.items()}


PANDAS = pandas_columns()


@pytest.mark.parametrize("name", PANDAS)
def test_a_pandas_column_comes_back(name: str) -> None:
    frame = pd.DataFrame({"x": PANDAS[name], "y": AT})
    made = there_and_back(frame)
    pd.testing.assert_frame_equal(made, frame)
    assert [type(cell) for cell in made["x"].astype(object)] == [type(cell) for cell in frame["x"].astype(object)]


def columns_of_any_cells() -> st.SearchStrategy[pd.Series[Any]]:
    moments = st.datetimes(dt.datetime.min.replace(year=1700), dt.datetime.max.replace(year=2200))  # noqa: DTZ901 - naive on purpose
    zones = st.sampled_from(["UTC", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
    cells: list[st.SearchStrategy[tuple[Any, str]]] = [
        st.tuples(st.lists(st.one_of(st.none(), st.integers(-(2**61), 2**61)), min_size=8, max_size=20), st.just("Int64")),
        st.tuples(st.lists(st.one_of(st.none(), st.integers(0, 255)), min_size=8, max_size=20), st.just("UInt8")),
        st.tuples(st.lists(st.floats(), min_size=8, max_size=20), st.just("float64")),
        st.tuples(st.lists(st.one_of(st.none(), st.booleans()), min_size=8, max_size=20), st.just("boolean")),
        st.tuples(st.lists(st.one_of(st.none(), st.sampled_from(["", "a", "\x00", "é"])), min_size=8, max_size=20), st.just("string")),
        st.tuples(st.lists(st.one_of(st.none(), moments), min_size=8, max_size=20), st.sampled_from(["datetime64[us]", "datetime64[ms]"])),
        st.tuples(st.lists(st.one_of(st.none(), moments), min_size=8, max_size=20), zones.map("datetime64[us, UTC]|{}".format)),
    ]
    return st.one_of(*cells).map(lambda found: _column(*found))


def _column(cells: list[Any], dtype: str) -> pd.Series[Any]:
    name, _, zone = dtype.partition("|")
    given: Any = pd.Series(cells, dtype=object)
    made: Any = given.astype(name)
    return pd.Series(made.dt.tz_convert(zone) if zone else made)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(columns_of_any_cells())
def test_any_cells_come_back(column: pd.Series[Any]) -> None:
    frame = pd.DataFrame({"x": column, "y": range(len(column))})
    if infer_recipe(frame, table="t", rows=5, seed=1).columns[0].kind not in {"text", "identifier"}:
        pd.testing.assert_frame_equal(there_and_back(frame), frame, rtol=1e-12)


@pytest.mark.parametrize(("low", "high"), [(-(2**61), 2**61), (1 - 2**61, 2**61 - 1), (3, 2**62 - 1)])
def test_whole_numbers_of_the_widest_span_come_back_to_the_last_digit(low: int, high: int) -> None:
    frame = pd.DataFrame({"x": pd.Series([None, low, high] * 5, dtype="Int64"), "y": range(15)})
    pd.testing.assert_frame_equal(there_and_back(frame), frame, rtol=0, atol=0)


@pytest.mark.parametrize(
    "table",
    [
        pl.DataFrame({"x": [dt.time(1), dt.time(2)]}).with_columns(pl.col("x").to_physical().add(1).cast(pl.Time)),
        pa.table({"x": pa.array([1, 2]).cast(pa.time64("ns"))}),
    ],
    ids=["polars", "arrow"],
)
def test_nanoseconds_of_a_time_of_day_are_refused(table: Any) -> None:
    with pytest.raises(FrameError, match=r"microseconds; column 'x' of the frame holds nanoseconds\. Round it"):
        to_pandas(table)


def test_python_objects_in_polars_are_refused() -> None:
    with pytest.raises(FrameError, match=r"'x' of the frame is of polars' type Object.*Cast it or drop it"):
        to_pandas(pl.DataFrame({"x": pl.Series([object()], dtype=pl.Object)}))


def test_days_where_midnight_was_skipped_come_back() -> None:
    days = pd.date_range("2021-03-20", periods=20, freq="D").tz_localize("Asia/Beirut", nonexistent="shift_forward")
    frame = pd.DataFrame({"x": days.delete(8), "y": range(19)})  # the 28th began at one o'clock
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


def test_a_level_made_by_merging_widens_a_polars_enum() -> None:
    frame = pl.DataFrame({"x": pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"]))})
    inside, restore = to_pandas(frame)
    made = restore(inside.assign(x=["a", "other"]))
    assert made.schema["x"] == pl.Enum(["a", "b", "other"])
