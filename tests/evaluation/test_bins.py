from __future__ import annotations

import numpy as np
import pytest

from synthnb.evaluation._bins import cut, display_bins, group_bins, pair_codes, shares
from synthnb.evaluation._encode import Column


def number(kind: str = "integer") -> Column:
    return Column("x", "x", kind, "number")


def level(*levels: str, order: tuple[str, ...] = ()) -> Column:
    return Column("c", "c", "category", "level", levels, len(levels), order)


def test_whole_numbers_read_from_to_and_ends_are_open() -> None:
    bins = display_bins(number(), np.repeat(np.arange(20.0, 70.0), 20), 11)
    assert bins.labels[0].startswith("< ")
    assert bins.labels[1] == "30–39"
    assert bins.labels[-1] == "≥ 60"


def test_few_values_have_a_bin_each() -> None:
    assert display_bins(number(), np.repeat([0.0, 1.0, 5.0], 20), 11).labels == ("0", "1", "5")


def test_a_bin_too_small_joins_its_neighbour() -> None:
    values = np.repeat([70.0, 80.0, 90.0, 100.0], [3, 20, 30, 40])
    bins = display_bins(number(), values, 11)
    assert bins.labels == ("< 90", "90", "100")
    assert shares(bins.codes(values), 3) == pytest.approx([23 / 93, 30 / 93, 40 / 93])


@pytest.mark.parametrize("seed", range(5))
def test_no_bin_has_fewer_real_rows_than_the_minimum_cell(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.lognormal(0, 2, 200)
    bins = display_bins(number("real"), values, 11)
    assert np.bincount(bins.codes(values)).min() >= 11


def test_rare_levels_are_pooled_and_not_named() -> None:
    bins = display_bins(level("a", "b", "secret", "rarer"), np.repeat([0, 1, 2, 3], [50, 30, 8, 4]), 11)
    assert bins.labels == ("a", "b", "other (2 levels)")


def test_a_pool_too_small_takes_in_the_next_level() -> None:
    bins = display_bins(level("a", "b", "secret"), np.repeat([0, 1, 2], [50, 30, 4]), 11)
    assert bins.labels == ("a", "other (2 levels)")


def test_levels_only_other_frames_have_are_pooled() -> None:
    column = Column("c", "c", "category", "level", ("a", "b", "new"), 2)
    assert display_bins(column, np.repeat([0, 1], 20), 11).labels == ("a", "b", "other (1 level)")


def test_levels_keep_their_own_order() -> None:
    bins = display_bins(level("mid", "low", "high", order=("low", "mid", "high")), np.repeat([0, 1, 2], [40, 30, 20]), 11)
    assert bins.labels == ("low", "mid", "high")
    assert list(bins.codes(np.array([0, 1, 2, -1]))) == [1, 0, 2, -1]


def test_long_levels_are_cut() -> None:
    assert len(display_bins(level("y" * 5000), np.zeros(20, dtype=int), 11).labels[0]) == 80


def test_too_few_values_show_nothing() -> None:
    assert display_bins(number(), np.arange(10.0), 11).labels == ()


@pytest.mark.parametrize(("kind", "unit", "first"), [("date", 86400.0, "< 1970-01-"), ("time", 600.0, "< 0"), ("timedelta", 86400.0, "< ")])
def test_times_read_as_times(kind: str, unit: float, first: str) -> None:
    assert display_bins(number(kind), np.repeat(np.arange(100.0) * unit, 12), 11).labels[0].startswith(first)


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1e9, 1e300])
def test_any_scale_gives_bins(scale: float) -> None:
    values = np.linspace(-1, 1, 500) * scale
    assert 3 <= len(display_bins(number("real"), values, 11).labels) <= 12


def test_infinite_values_fall_in_the_outer_bins() -> None:
    bins = display_bins(number("real"), np.linspace(0, 1, 200), 11)
    assert list(bins.codes(np.array([-np.inf, np.inf]))) == [0, len(bins.labels) - 1]


def test_joint_tables_keep_missing_apart() -> None:
    real = np.arange(100.0)
    codes = pair_codes(number(), real, np.array([0.0, 50.0, 99.0, np.nan]), most=4)
    assert list(codes) == [0, 2, 3, 5]
    assert list(pair_codes(level(*"abcde"), real, np.array([0, 3, 4, -1]), most=3)) == [0, 3, 3, 4]


def test_bands_end_where_shown_bins_do() -> None:
    # shown are bins from 20, 40, 60 and 80; the quartiles are 24, 49 and 74
    assert group_bins(number(), np.arange(100.0), 11).labels == ("< 20", "20–39", "40–79", "≥ 80")


def test_a_label_that_is_no_unicode_is_spelt_out() -> None:
    assert cut("syn\udcff.csv") == "syn\\udcff.csv"
    assert cut(1) == "1"
