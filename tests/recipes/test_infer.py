"""`synthnb.recipes.infer`: what a frame's columns are taken for."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from synthnb.errors import FrameError, OptionError
from synthnb.recipes.columns import decimal_places
from synthnb.recipes.infer import infer_recipe

if TYPE_CHECKING:
    from synthnb.recipes.recipe import Column, Recipe

N = 40


def infer(frame: pd.DataFrame, **options: Any) -> Recipe:
    return infer_recipe(frame, table="t", rows=10, seed=1, **options)


def column(cells: Any, **options: Any) -> Column:
    return infer(pd.DataFrame({"x": cells, "other": range(len(cells))}), **options).columns[0]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (list(range(N)), "integer"),
        ([float(i) for i in range(N - 1)] + [np.nan], "integer"),
        ([i / 3 for i in range(N)], "real"),
        ([True, False] * (N // 2), "boolean"),
        (pd.Series([True, None, False, pd.NA] * (N // 4), dtype=object), "boolean"),
        (["a", "b"] * (N // 2), "category"),
        (pd.Categorical(["a", "b"] * (N // 2)), "category"),
        (pd.date_range("2020-01-01", periods=N, freq="D"), "date"),
        (pd.date_range("2020-01-01", periods=N, freq="h", tz="Europe/Madrid"), "datetime"),
        ([dt.date(2020, 1, 1) + dt.timedelta(i) for i in range(N)], "date"),
        ([dt.time(i % 24, i) for i in range(N)], "time"),
        (pd.to_timedelta(range(N), unit="h"), "timedelta"),
        ([Decimal(i) / 4 for i in range(N)], "real"),
        ([None] * N, "empty"),
        (["a"] * N, "constant"),
        ([f"patient {i}" for i in range(N)], "text"),
        ([f"2020-01-{1 + i % 28:02d}" for i in range(N)], "date"),
    ],
)
def test_kinds(cells: Any, kind: str) -> None:
    assert column(cells).kind == kind


def test_a_hundred_levels_are_a_category() -> None:
    found = column([f"level {i % 100}" for i in range(300)])
    assert found.kind == "category"
    assert len(found.levels or ()) == 100


def test_free_text_is_told_by_its_length() -> None:
    found = column([f"The patient came back after {i % 60} days and felt rather better." for i in range(150)])
    assert found.kind == "text"
    assert "long" in found.why


def test_codes_in_every_row_are_text_and_say_why() -> None:
    assert "a value of its own (40 distinct in 40)" in column([f"P{i:04d}" for i in range(N)]).why


def test_mixed_cells_with_few_values_are_levels_with_their_types() -> None:
    found = column(pd.Series([1, "1", True, 1.5] * 10, dtype=object))
    assert found.kind == "category"
    assert {(type(level), level) for level in found.levels or ()} == {(int, 1), (str, "1"), (bool, True), (float, 1.5)}


def test_mixed_cells_with_many_values_are_refused_by_name() -> None:
    cells = pd.Series([i if i % 2 else f"<{i}" for i in range(120)], dtype=object)
    with pytest.raises(FrameError, match=r"'x' \(int, str\).*to_numeric"):
        column(cells)


def test_an_ordered_category_keeps_its_order() -> None:
    found = column(pd.Categorical(["low", "high"] * 20, categories=["low", "mid", "high"], ordered=True))
    assert (found.levels, found.ordered) == (("low", "high"), True)


def test_infinities_leave_a_number_a_number() -> None:
    found = column([1.5, np.inf, -np.inf, 2.5] * 10)
    assert (found.kind, found.decimals) == ("real", 1)


@pytest.mark.parametrize(
    ("values", "places"),
    [([1.25, 3.5], 2), ([1.0, 2.0], 0), ([1200.0, 300.0], -2), ([0.1 + 0.2], None), ([0.0], 0), ([2.0**60, 2.5], None)],
)
def test_decimal_places(values: list[float], places: int | None) -> None:
    assert decimal_places(np.array(values)) == places


def test_decimal_places_of_single_precision() -> None:
    assert decimal_places(np.array([0.1, 2.7], dtype="f4")) == 1


def test_groups_become_categories() -> None:
    recipe = infer(pd.DataFrame({"arm": [0, 1] * 20, "y": range(N)}), groups=["arm"])
    assert (recipe.columns[0].kind, recipe.columns[0].role, recipe.columns[0].levels) == ("category", "group", (0, 1))


def test_an_unknown_group_names_the_nearest_column() -> None:
    with pytest.raises(OptionError, match=r"got 'sexx'.*Did you mean 'sex'"):
        infer(pd.DataFrame({"sex": ["f", "m"] * 20}), groups=["sexx"])


def test_a_group_of_many_levels_is_refused() -> None:
    with pytest.raises(OptionError, match=r"at most 50 levels; 'x' has 60.*bands"):
        column(range(60), groups=["x"])


def test_an_override_makes_codes_a_category() -> None:
    assert column([f"P{i}" for i in range(N)], overrides={"x": "category"}).kind == "category"


def test_an_override_that_cannot_hold_is_refused() -> None:
    with pytest.raises(OptionError, match=r"'x' holds category and can't be taken as date"):
        column(["a", "b"] * 20, overrides={"x": "date"})


def test_a_frame_of_text_alone_is_refused() -> None:
    with pytest.raises(FrameError, match=r"all 1 are text or codes.*pass overrides=\{'column': 'category'\}"):
        infer(pd.DataFrame({"name": [f"n{i}" for i in range(N)]}))


def test_hostile_levels_can_be_digested() -> None:
    recipe = infer(pd.DataFrame({"x": pd.Series(["<script>", "\ud800"] * 20, dtype=object), "y": [2**60, 0] * 20}), groups=["y"])
    assert recipe.digest.startswith("sha256:")
