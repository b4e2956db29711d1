"""Figures of real rows: worked out by hand, none over fewer rows than allowed, and no way to subtract to one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthnb.engines._encoding.table import encode_table
from synthnb.engines._summary import LevelSummary, MeasureSummary, Summary, summarise, suppressed
from synthnb.recipes.infer import infer_recipe


def summary_of(frame: pd.DataFrame, minimum_cell: int = 11, groups: tuple[str, ...] = ()) -> Summary:
    recipe = infer_recipe(frame, table="t", rows=len(frame), seed=1)
    return summarise(encode_table(frame, recipe), minimum_cell=minimum_cell, groups=groups)


def measure(values: Any, minimum_cell: int = 11) -> MeasureSummary:
    found = summary_of(pd.DataFrame({"x": values, "sex": ["F", "M"] * (len(values) // 2)}), minimum_cell).columns[0]
    assert isinstance(found, MeasureSummary)
    return found


def levels(counts: dict[str, int]) -> LevelSummary:
    cells = [level for level, count in counts.items() for _ in range(count)]
    found = summary_of(pd.DataFrame({"level": cells, "n": range(len(cells))})).columns[0]
    assert isinstance(found, LevelSummary)
    return found


def test_shares_of_levels_are_told() -> None:
    found = levels({"a": 60, "b": 40})
    assert (found.shares, found.unnamed, found.missing) == ({0: 0.6, 1: 0.4}, 0, 0.0)


def test_a_rare_level_is_not_named_and_its_share_cannot_be_worked_out() -> None:
    found = levels({"a": 60, "b": 36, "c": 4})
    assert (found.shares, found.unnamed) == ({0: 0.6, 1: None}, 1)


def test_rare_levels_that_are_enough_together_hide_no_other() -> None:
    found = levels({"a": 60, "b": 34, "c": 4, "d": 4, "e": 4})
    assert (found.shares, found.unnamed) == ({0: 0.57, 1: 0.32}, 3)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=12), st.integers(1, 20))
def test_what_is_hidden_is_nothing_or_at_least_the_minimum_cell(counts: list[int], minimum_cell: int) -> None:
    named, told = suppressed(counts, minimum_cell)
    hidden = sum(counts) - sum(counts[level] for level in told)
    assert told <= named
    assert all(counts[level] >= minimum_cell for level in named)
    assert hidden == 0 or hidden >= minimum_cell or not told


def test_figures_of_a_number_are_means_of_the_values_around_them() -> None:
    found = measure(list(range(100)), minimum_cell=5)
    assert (found.low, found.high) == (2.6, 96.4)  # (2 + 2 + 2 + 3 + 4) / 5
    assert found.quantiles == (10.0, 25.0, 50.0, 74.0, 89.0)
    assert (found.mean, found.spread) == (49.5, 28.9)


def test_an_outlier_is_never_told() -> None:
    values = [float(n) for n in range(60, 99)]
    assert measure([*values, 99.0]) == measure([*values, 999_999.0])


@given(st.lists(st.integers(-1000, 1000), min_size=24, max_size=60).filter(lambda values: len(set(values)) > 2))
def test_changing_a_single_row_moves_a_quantile_by_less_than_its_change_over_the_minimum_cell(values: list[int]) -> None:
    even = values[: len(values) // 2 * 2]
    found, other = measure(even), measure([*even[:-1], even[-1] + 500])
    for before, after in zip(found.quantiles, other.quantiles, strict=True):
        assert abs(before - after) <= (max(even) - min(even) + 500) / 11 + 2 * 10


def test_of_too_few_values_only_the_size_is_told() -> None:
    found = measure([37.0, 41.0, 12.0, 99.0] + [np.nan] * 46)
    assert (found.quantiles, found.mean, found.spread, found.low, found.high) == ((), None, None, 0.0, 100.0)


@pytest.mark.parametrize(("gone", "told"), [(0, 0.0), (3, None), (40, 0.4), (97, None), (90, None)])
def test_a_share_of_missing_cells_is_told_only_if_enough_are_missing_and_enough_are_not(gone: int, told: float | None) -> None:
    assert measure([np.nan] * gone + [float(n * n) for n in range(100 - gone)]).missing == told


def test_means_by_group_are_told_for_levels_held_often_enough() -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0] * 25, "arm": (["drug"] * 2 + ["placebo"] * 2) * 25})
    frame.loc[:3, "arm"] = "open"
    by = summary_of(frame, groups=("arm",)).by
    assert [(group, level) for group, level, _, _ in by] == [("arm", 1)] or {group for group, *_ in by} == {"arm"}
    assert all(rows >= 11 for _, _, rows, _ in by)
    assert not any(level == 0 for _, level, _, _ in by)


def test_strong_rank_correlations_are_told_to_one_decimal() -> None:
    x = np.arange(100.0)
    frame = pd.DataFrame({"x": x, "y": -(x**3), "z": np.random.default_rng(1).random(100)})
    assert summary_of(frame).correlations == (("x", "y", -1.0),)


def test_a_correlation_over_too_few_rows_is_not_told() -> None:
    x = np.where(np.arange(100) < 90, np.nan, np.arange(100.0))
    frame = pd.DataFrame({"x": x, "y": np.arange(100.0)})
    assert summary_of(frame).correlations == ()


def test_dates_are_summarised_on_their_own_clock() -> None:
    days = pd.Series(pd.date_range("2024-01-01", periods=100))
    found = measure(days, minimum_cell=5)
    ticks = days.astype("int64")
    assert found.quantiles[2] == pytest.approx(float(ticks.iloc[50]), abs=86400 * 1e9)
    assert float(ticks.iloc[0]) < (found.low or 0) < float(ticks.iloc[5])


def test_withheld_levels_are_counted_by_column() -> None:
    frame = pd.DataFrame({"level": ["a"] * 50 + ["b"] * 47 + ["c", "d", "e"], "n": range(100)})
    assert summary_of(frame).withheld == {"level": 3}
