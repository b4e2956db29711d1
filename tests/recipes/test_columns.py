"""`synthnb.recipes.columns`: what cells are taken for, where that may surprise."""

from __future__ import annotations

import time
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
