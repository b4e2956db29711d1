"""`synthnb.recipes.columns`: what cells are taken for, where that may surprise."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthnb.recipes.columns import guess_kind, largest_integer, spelling_of, typed_levels

N = 60


def test_numbers_kept_as_text_are_no_identifiers() -> None:
    guess = guess_kind(pd.Series([f"{i / 8:.3f}" for i in range(N)]))
    assert (guess.kind, guess.why) == ("text", "the cells are numbers kept as text; convert them with `pandas.to_numeric`")


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y %H:%M", "%d.%m.%Y", "%Y%m%d"])
def test_dates_of_other_forms_are_no_identifiers(form: str) -> None:
    days = pd.date_range("2020-01-20", periods=N, freq="D").strftime(form)
    guess = guess_kind(pd.Series(days))
    assert guess.kind == "text"
    assert f"dates kept as text in the form {form}" in guess.why


def cells_of(spell: Callable[[random.Random], str]) -> pd.Series[Any]:
    draw = random.Random(1)
    return pd.Series([spell(draw) for _ in range(4 * N)])


NO_CODES: dict[str, tuple[Callable[[random.Random], str], str]] = {
    "clock": (lambda r: f"{r.randrange(24):02d}:{r.randrange(60):02d}:{r.randrange(60):02d}", "times of day"),
    "half day": (lambda r: f"{r.randrange(1, 13)}:{r.randrange(60):02d}:{r.randrange(60):02d} PM", "times of day"),
    "lasting": (lambda r: f"{r.randrange(100)}:{r.randrange(60):02d}:{r.randrange(60):02d}", "durations"),
    "instant": (lambda r: f"2020-01-{r.randrange(1, 29):02d}T{r.randrange(24):02d}:{r.randrange(60):02d}:{r.randrange(60):02d}Z", "ISO"),
    "offset": (lambda r: f"2020-01-{r.randrange(1, 29):02d} {r.randrange(24):02d}:{r.randrange(60):02d}:{r.random() * 60:06.3f}+02", "ISO"),
    "pressure": (lambda r: f"{r.randrange(90, 190)}/{r.randrange(40, 120)}", "blood pressures"),
    "euro": (lambda r: f"€{r.random() * 1000:.2f}", "amounts with a unit"),
    "dollar": (lambda r: f"${r.random() * 10**6:,.2f}", "amounts with a unit"),
    "weight": (lambda r: f"{r.random() * 100:.2f} kg", "amounts with a unit"),
    "label": (lambda r: f"BMI {r.random() * 40:.2f}", "a word before them"),
    "place": (lambda r: f"{r.random() * 90:.4f}, {-r.random() * 90:.4f}", "coordinates"),
    "network": (lambda r: ".".join(str(r.randrange(256)) for _ in range(4)), "IP addresses"),
    "network 6": (lambda r: ":".join(f"{r.getrandbits(16):x}" for _ in range(8)), "IP addresses"),
    "whole": (lambda r: str(r.randrange(10**6)), "numbers kept as text"),
    "signed": (lambda r: str(r.randrange(-(10**5), 10**5)), "numbers kept as text"),
    "three decimals": (lambda r: f"{r.uniform(10, 99):.3f}", "numbers kept as text"),
    "power": (lambda r: f"{r.random():.4e}", "numbers kept as text"),
    "grouped": (lambda r: f"{r.randrange(10**8):,}", "numbers kept as text"),
    "prose": (lambda r: f"visit {r.randrange(10**6)} ok", "a value of its own"),
    "month": (lambda r: f"{r.randrange(1, 29):02d}{r.choice(['Jan', 'May', 'Oct'])}{r.randrange(1950, 2020)}", "dates kept as text"),
}


@pytest.mark.parametrize("name", NO_CODES)
def test_what_names_nothing_is_text_and_says_why(name: str) -> None:
    spell, why = NO_CODES[name]
    guess = guess_kind(cells_of(spell))
    assert guess.kind == "text"
    assert why in guess.why


CODES: dict[str, Callable[[random.Random], str]] = {
    "padded": lambda r: f"{r.randrange(10**6):06d}",
    "one length": lambda r: f"{r.randrange(10**8, 10**9)}",
    "prefixed": lambda r: f"P-{r.randrange(10**5):05d}",
    "postcode": lambda r: f"AB{r.randrange(10, 100)} {r.randrange(10)}{r.choice('CDEF')}{r.choice('CDEF')}",
    "hash": lambda r: f"{r.getrandbits(128):032x}",
    "mail": lambda r: f"ann{r.randrange(10**4)}@example.org",
    "phone": lambda r: f"+34 600 {r.randrange(1000):03d} {r.randrange(1000):03d}",
    "phone without gaps": lambda r: f"+346{r.randrange(10**8):08d}",
    "phone with dots": lambda r: f"600.{r.randrange(1000):03d}.{r.randrange(1000):03d}",
    "local phone": lambda r: f"555-{r.randrange(10**4):04d}",
    "site": lambda r: f"{r.choice(['MAD', 'BCN'])}-{r.randrange(10**5):05d}",
    "file": lambda r: f"{r.randrange(1000, 9999)}/2019",
    "card": lambda r: f"{r.randrange(10**9):09d}V",
    "hardware": lambda r: ":".join(f"{r.getrandbits(8):02x}" for _ in range(6)),
    "capitals after": lambda r: f"{r.randrange(10**5):05d} ES",
    "word before": lambda r: f"patient {r.randrange(10**6)}",
}


@pytest.mark.parametrize("name", CODES)
def test_codes_are_identifiers(name: str) -> None:
    assert guess_kind(cells_of(CODES[name])).kind == "identifier"


def test_whole_numbers_kept_as_text_that_count_the_rows_are_identifiers() -> None:
    assert guess_kind(pd.Series([str(i) for i in range(1, N)])).pattern == "[0-9]{1,18}(?#in order)"


@pytest.mark.parametrize("storage", ["datetime64[ns, UTC]", "arrow"])
@pytest.mark.parametrize(
    ("zone", "at", "kind"),
    [
        ("America/Havana", ["2021-11-07 05:00", "2021-11-08 05:00"], "date"),  # midnight came twice on the 7th
        ("Asia/Beirut", ["2021-03-27 22:00", "2021-03-28 21:00"], "datetime"),  # there was none on the 28th
        ("Asia/Beirut", ["2021-03-26 22:00", "2021-03-28 21:00"], "date"),
    ],
)
def test_days_are_told_where_the_clock_changes_at_midnight(zone: str, at: list[str], kind: str, storage: str) -> None:
    cells = pd.Series(pd.to_datetime(at * 30)).dt.tz_localize("UTC").dt.tz_convert(zone)
    assert guess_kind(cells.astype(pd.ArrowDtype(pa.timestamp("us", zone))) if storage == "arrow" else cells).kind == kind


def test_cells_that_cannot_be_hashed_are_of_no_kind() -> None:
    assert guess_kind(pd.Series([np.void(b"ab"), np.void(b"cd")] * 30, dtype=object)).kind is None


def test_codes_that_differ_in_nearly_every_row_are_identifiers() -> None:
    guess = guess_kind(pd.Series([f"A{7919 * i % 9973:04d}" for i in range(95)] + ["A0000"] * 5))
    assert (guess.kind, guess.pattern) == ("identifier", "A[0-9]{4}")


def test_codes_that_most_rows_share_are_a_category() -> None:
    assert guess_kind(pd.Series([f"A{i % 12:04d}" for i in range(N)])).kind == "category"


@pytest.mark.parametrize(
    ("cells", "dtype", "pattern"),
    [
        ([5, 3, 9, 1, 7, 2, 8], "int64", "[1-9](?#0.5)|[1-9][0-9](?#0.5)"),
        ([105.0, 333.0, 219.0], "float64", "[1-9][0-9]{2}"),
        (["a", "b c", "d.e.f"], "str", ""),
    ],
)
def test_spellings_of_numbers_and_words(cells: list[Any], dtype: str, pattern: str) -> None:
    assert spelling_of(pd.Series(cells, dtype=dtype)) == pattern


@pytest.mark.parametrize(
    ("dtype", "largest"),
    [("int8", 127), ("UInt16", 65_535), ("uint64", 2**63 - 1), ("float64", 2**53), ("object", 2**63 - 1), ("int32[pyarrow]", 2**31 - 1)],
)
def test_largest_whole_numbers(dtype: str, largest: int) -> None:
    assert largest_integer(pd.api.types.pandas_dtype(dtype)) == largest


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (pa.array([1, 2] * 30, pa.date32()), "date"),
        (pa.array([1, 2] * 30, pa.time32("s")), "time"),
        (pa.array([b"a", b"b"] * 30), "category"),
        (pa.array([1, 2] * 30).cast(pa.decimal128(21, 2)), "real"),
    ],
)
def test_kinds_in_arrows_storage(array: pa.Array, kind: str) -> None:
    assert guess_kind(pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([array])))).kind == kind


@pytest.mark.parametrize("values", [["b", "a", "b"], [2.5, 1.5, 2.5], [1, "1", 1]])
def test_levels_are_in_order_of_appearance(values: list[Any]) -> None:
    codes, levels = typed_levels(pd.Series(values, dtype=object))
    assert (codes.tolist(), levels) == ([0, 1, 0], values[:2])


def test_equal_values_of_different_types_are_different_levels() -> None:
    codes, levels = typed_levels(pd.Series([1, True, 1.0, "1"], dtype=object))
    assert codes.tolist() == [0, 1, 2, 3]
    assert list(map(type, levels)) == [int, bool, float, str]


def test_many_values_are_read_quickly() -> None:
    values = pd.Series(np.random.default_rng(0).permutation(300_000)).map("code {}".format)
    start = time.perf_counter()
    assert guess_kind(values).kind == "identifier"
    assert time.perf_counter() - start < 10  # seconds; about one on an idle machine
