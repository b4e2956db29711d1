"""`synthnb.recipes.infer`: what a frame's columns are taken for."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.errors import FrameError, OptionError, RecipeError
from synthnb.recipes.columns import decimal_places
from synthnb.recipes.infer import fit_recipe, infer_recipe, merge_rare
from synthnb.recipes.recipe import Column, Recipe

N = 40
NAMES = [f"{a} {b}" for a in ("Ann", "Bo", "Cy", "Dee", "Eve") for b in ("Abel", "Boyd", "Cole", "Drew", "Ellis", "Ford", "Grey", "Hayes")]


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
        (NAMES, "text"),
        ([f"patient {i}" for i in range(N)], "identifier"),
        ([f"P{7919 * i % 9973:04d}" for i in range(N)], "identifier"),
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


def test_names_in_every_row_are_text_and_say_why() -> None:
    assert "a value of its own (40 distinct in 40)" in column(NAMES).why


def test_codes_that_share_a_spelling_are_identifiers_and_the_first_is_the_key() -> None:
    codes = [f"P-{7919 * i % 9973:04d}" for i in range(N)]
    recipe = infer(pd.DataFrame({"a": codes, "b": codes[::-1], "y": range(N)}))
    assert [(found.kind, found.role, found.pattern) for found in recipe.columns[:2]] == [
        ("identifier", "key", "P-[0-9]{4}"),
        ("identifier", None, "P-[0-9]{4}"),
    ]


def test_a_declared_key_is_made_afresh_even_if_it_is_a_number() -> None:
    recipe = infer(pd.DataFrame({"id": range(1000, 1000 + N), "y": range(N)}), roles={"id": "key", "y": "target"})
    assert [(found.kind, found.role) for found in recipe.columns] == [("identifier", "key"), ("integer", "target")]


def test_a_key_that_repeats_is_refused() -> None:
    with pytest.raises(OptionError, match=r"different whole number or text in each row; 'x' doesn't"):
        column([1, 2] * 20, roles={"x": "key"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"roles": {"z": "key"}}, r"A column in roles must be one of x, other"),
        ({"roles": {"x": "kye"}}, r"The role of 'x'.*Did you mean 'key'"),
        ({"merge_below": {"x": 1}}, r"at least 2; got 1"),
        ({"merge_below": {"z": 5}}, r"A column in merge_below"),
        ({"overrides": {"x": "identifier"}}, r"codes in column 'x' share no spelling"),
    ],
)
def test_corrections_that_cannot_be_made_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        column(NAMES, **options)


def test_rare_levels_are_merged_only_where_it_was_asked_for() -> None:
    frame = pd.DataFrame({"job": ["nurse"] * 29 + ["clerk"] * 6 + ["judge", "mayor", "actor", "actor", "actor"], "y": range(N)})
    untouched, _, notes = merge_rare(frame, infer(frame))
    assert (untouched["job"].nunique(), notes) == (5, [])
    merged, recipe, notes = merge_rare(frame, infer(frame, merge_below={"job": 5}))
    assert merged["job"].value_counts().to_dict() == {"nurse": 29, "clerk": 6, "other": 5}
    assert recipe.columns[0].levels == ("clerk", "nurse", "other")
    assert notes == ["3 levels of 'job' that fewer than 5 rows hold, 5 rows in all, were merged into 'other', as asked."]


def test_a_single_rare_level_is_merged_with_the_next_rarest() -> None:
    frame = pd.DataFrame({"x": ["a"] * 30 + ["b"] * 8 + ["c"] * 2, "y": range(N)})
    merged, _, notes = merge_rare(frame, infer(frame, merge_below={"x": 5}))
    assert merged["x"].value_counts().to_dict() == {"a": 30, "other": 10}
    assert "1 levels of 'x' that fewer than 5 rows hold and the 1 next rarest, 10 rows in all" in notes[0]


def test_merging_finds_a_name_that_is_free_and_keeps_the_type() -> None:
    cells = pd.Series(pd.Categorical(["other"] * 30 + ["a"] * 5 + ["b"] * 2 + ["c"] * 3))
    frame = pd.DataFrame({"x": cells, "n": pd.Series([1] * 30 + [2] * 6 + [3] * 3 + [4], dtype="Int64"), "y": range(N)})
    merged, _, _ = merge_rare(frame, infer(frame, overrides={"n": "category"}, merge_below={"x": 4, "n": 4}))
    assert (merged["x"] == "other levels").sum() == 5
    assert isinstance(merged["x"].dtype, pd.CategoricalDtype)
    assert (str(merged["n"].dtype), sorted(merged["n"].unique())) == ("Int64", [1, 2, 3])


def test_a_recipe_fits_a_frame_of_its_columns_and_keeps_what_was_declared() -> None:
    frame = pd.DataFrame({"sex": ["f", "m"] * 20, "age": range(N)})
    recipe = infer(frame, groups=["sex"])
    age = recipe.columns[1].model_copy(update={"minimum": 0, "maximum": 120})
    fitted = fit_recipe(frame, recipe.model_copy(update={"columns": (recipe.columns[0], age)}), seed=9)
    assert (fitted.seed, fitted.rows, fitted.columns[0].role, fitted.columns[1].maximum) == (9, 10, "group", 120)


def test_a_recipe_that_does_not_fit_lists_every_problem() -> None:
    recipe = infer(pd.DataFrame({"sex": ["f", "m"] * 20, "age": range(N), "gone": range(N)}))
    frame = pd.DataFrame({"sex": ["f", "x"] * 20, "age": pd.date_range("2020-01-01", periods=N), "new": range(N)})
    with pytest.raises(RecipeError) as caught:
        fit_recipe(frame, recipe, seed=1)
    told = str(caught.value)
    for part in (
        "columns[2]: 'gone' isn't in the frame",
        "column 'new' isn't in the recipe",
        "columns[0]: column 'sex' holds 'x'",
        "can't be taken as integer",
    ):
        assert part in told


def test_levels_in_order_are_merged_with_their_neighbours_and_stay_in_order() -> None:
    levels = ["none", "mild", "grave", "fatal"]
    cells = pd.Categorical(["none"] * 25 + ["mild"] * 10 + ["grave"] * 3 + ["fatal"] * 2, categories=levels, ordered=True)
    merged, recipe, notes = merge_rare(frame := pd.DataFrame({"x": cells, "y": range(N)}), infer(frame, merge_below={"x": 5}))
    assert merged["x"].value_counts(sort=False).to_dict() == {"none": 25, "mild": 10, "grave": 5}
    assert merged["x"].cat.ordered
    assert recipe.columns[0].levels == ("none", "mild", "grave")
    assert notes == ["2 levels of 'x' that fewer than 5 rows hold, 5 rows in all, were merged with their neighbours in order, as asked."]


def test_missing_cells_are_not_merged() -> None:
    frame = pd.DataFrame({"x": pd.Series(["a"] * 20 + ["b"] * 3 + ["c"] * 3 + [None] * 14, dtype=object), "y": range(N)})
    merged, _, _ = merge_rare(frame, infer(frame, merge_below={"x": 5}))
    assert merged["x"].isna().sum() == 14
    assert merged["x"].value_counts().to_dict() == {"a": 20, "other": 6}


def test_a_recipe_keeps_declared_levels_limits_and_patterns() -> None:
    frame = pd.DataFrame({"id": NAMES, "x": ["a", "b"] * 20, "n": range(N), "gone": [None] * N})
    written = Recipe(
        table="t",
        rows=5,
        seed=1,
        columns=(
            Column(name="id", kind="identifier", dtype="str", pattern="X[0-9]{5}"),
            Column(name="x", kind="category", dtype="str", levels=("a", "b", "c"), missing=True),
            Column(name="n", kind="real", dtype="float64", minimum=0, decimals=2),
            Column(name="gone", kind="integer", dtype="Int64"),
        ),
    )
    found = fit_recipe(frame, written, seed=2).columns
    assert [(column.kind, column.dtype) for column in found] == [
        ("identifier", str(frame["id"].dtype)),
        ("category", str(frame["x"].dtype)),
        ("real", "int64"),
        ("empty", "object"),
    ]
    assert (found[0].pattern, found[1].levels, found[1].missing, found[2].minimum) == ("X[0-9]{5}", ("a", "b", "c"), True, 0)


def test_a_recipe_with_a_pattern_that_cannot_be_read_is_told_with_the_rest() -> None:
    recipe = Recipe(table="t", rows=5, seed=1, columns=(Column(name="x", kind="identifier", dtype="str", pattern="a*"),))
    with pytest.raises(RecipeError, match=r"columns\[0\]: A pattern such as .* 'a\*' can't be read"):
        fit_recipe(pd.DataFrame({"x": NAMES}), recipe, seed=1)


def test_a_repeated_code_is_no_key() -> None:
    codes = [f"P-{7919 * i % 9973:04d}" for i in range(N - 1)]
    assert column([*codes, codes[0]]).role is None


def test_a_declared_key_whose_codes_repeat_is_refused() -> None:
    codes = [f"P-{7919 * i % 9973:04d}" for i in range(N - 1)]
    with pytest.raises(OptionError, match=r"different whole number or text in each row; 'x' doesn't"):
        column([*codes, codes[0]], roles={"x": "key"})


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
    assert column(NAMES, overrides={"x": "category"}).kind == "category"


def test_an_override_that_cannot_hold_is_refused() -> None:
    with pytest.raises(OptionError, match=r"'x' holds category and can't be taken as date"):
        column(["a", "b"] * 20, overrides={"x": "date"})


def test_a_frame_of_text_alone_is_refused() -> None:
    with pytest.raises(FrameError, match=r"all 1 are text or codes.*pass overrides=\{'column': 'category'\}"):
        infer(pd.DataFrame({"name": NAMES}))


def test_hostile_levels_can_be_digested() -> None:
    recipe = infer(pd.DataFrame({"x": pd.Series(["<script>", "\ud800"] * 20, dtype=object), "y": [2**60, 0] * 20}), groups=["y"])
    assert recipe.digest.startswith("sha256:")
