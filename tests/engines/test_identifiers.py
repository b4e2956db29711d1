"""`synthnb.engines._layers.identifiers`: fresh codes are unique, never a real row's, and the same wherever they are made."""

from __future__ import annotations

import json
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb._canonical import canonical
from synthnb.engines._layers.codes import Codes, permuted
from synthnb.engines._layers.identifiers import Identifiers, fit_codes, fresh_codes, restore, take_off
from synthnb.engines.base import BLOCK, State
from synthnb.errors import FrameError, RecipeError, RecordError
from synthnb.recipes.formats import luhn_remainder, parse_format
from synthnb.recipes.infer import infer_recipe
from synthnb.recipes.recipe import Column, Recipe

N = 200


def codes_of(values: Any, pattern: str, dtype: Any = object, **options: Any) -> Codes:
    cells = pd.Series(values, dtype=dtype)
    return fit_codes(cells, Column(name="id", kind="identifier", dtype=str(cells.dtype), pattern=pattern, **options), seed=1)


def shuffled(pattern: str, n: int, seed: int = 0) -> list[str]:
    """Codes of a pattern that stand for real ones."""
    return fresh_codes(parse_format(pattern), np.arange(n), name="real", seed=seed)


@pytest.mark.parametrize(
    "pattern",
    [
        "P-[0-9]{4}",
        "[A-Z]{2}[0-9]{2} [0-9][A-Z]{2}",
        "[0-9a-f]{32}",
        "(?:MAD|BCN)-[0-9]{6}",
        "[a-z]{3,6}@uni\\.es",
        "A[0-9]{5}(?#0.7)|B[0-9]{3}(?#0.3)",
    ],
)
def test_codes_are_spelt_like_the_real_ones_unique_and_new(pattern: str) -> None:
    real = shuffled(pattern, 500)
    codes = codes_of(real, pattern)
    made = codes.column(np.arange(3_000), seed=2)
    assert made.nunique() == 3_000
    assert not set(made) & set(real)
    assert all(codes.format.matches(code) for code in made)


def test_a_rows_code_does_not_depend_on_which_rows_are_made() -> None:
    codes = codes_of(shuffled("[0-9]{9}", 500), "[0-9]{9}")
    some = np.array([0, 7, 4_100, BLOCK, 90_001])
    whole = codes.column(np.arange(100_000), seed=2)
    assert codes.column(some, seed=2).tolist() == whole[some].tolist()
    assert whole.nunique() == 100_000


def test_another_seed_gives_other_codes() -> None:
    codes = codes_of([], "[0-9]{9}")
    one, other = (set(codes.column(np.arange(500), seed=seed)) for seed in (1, 2))
    assert len(one & other) < 5


def test_every_free_code_of_a_small_space_can_be_had() -> None:
    real = [f"{i:03d}" for i in range(0, 1000, 2)]
    codes = codes_of(real, "[0-9]{3}")
    assert codes.capacity == 500
    assert sorted(codes.column(np.arange(500), seed=1)) == [f"{i:03d}" for i in range(1, 1000, 2)]


def test_half_of_a_large_space_being_taken_leaves_new_codes() -> None:
    real = np.random.default_rng(0).permutation(2 * 10**5)[: 10**5]
    codes = codes_of([f"{i:06d}" for i in real], "[01][0-9]{5}")
    made = codes.column(np.arange(codes.capacity), seed=1)
    assert codes.capacity > 85_000
    assert made.is_unique
    assert not set(made.astype(int)) & set(real.tolist())


def test_spellings_of_equal_room_share_it() -> None:
    codes = codes_of([], "(?:A|B|C)[0-9]{6}")
    assert codes.capacity > 2_900_000
    made = codes.column(np.arange(2_890_000, 2_900_000), seed=1)
    assert made.is_unique


def test_shares_of_spellings_are_kept_until_one_runs_out() -> None:
    codes = codes_of([], "A[0-9]{7}(?#0.8)|B[0-9]{7}(?#0.2)")
    made = codes.column(np.arange(8192), seed=1)
    assert made.str.startswith("A").mean() == pytest.approx(0.8, abs=0.001)
    short = codes_of([], "A[0-9]{8}(?#0.5)|B[0-9](?#0.5)").column(np.arange(8192), seed=1)
    assert (short.nunique(), short.str.startswith("B").sum()) == (8192, 10)


def test_too_few_codes_are_told_before_anything_is_drawn() -> None:
    frame = pd.DataFrame({"id": [f"{i:02d}" for i in range(60)], "y": range(60)})
    columns = (Column(name="id", kind="identifier", dtype="str", pattern="[0-9]{2}"), Column(name="y", kind="integer", dtype="int64"))
    recipe = Recipe(table="t", rows=41, seed=1, columns=columns)
    with pytest.raises(FrameError, match=r"'id' needs 41 codes spelt \[0-9\]\{2\}, but only 40 are left.*fewer rows"):
        take_off(frame, recipe, seed=1)


def test_codes_that_count_go_on_after_the_real_ones() -> None:
    frame = pd.DataFrame({"id": [f"P-{i:03d}" for i in range(10, 610, 3)], "y": range(N)})
    layer, _, _ = take_off(frame, infer_recipe(frame, table="t", rows=N, seed=1), seed=1)
    made = layer.codes[0].column(np.array([0, 1, 200]), seed=9)
    assert made.tolist() == ["P-610", "P-613", "P-1210"]


def test_uuids_stay_of_version_4() -> None:
    real = [str(uuid.UUID(int=i * 10**30, version=4)) for i in range(N)]
    frame = pd.DataFrame({"id": real, "y": range(N)})
    layer, _, _ = take_off(frame, infer_recipe(frame, table="t", rows=N, seed=1), seed=1)
    assert all(uuid.UUID(code).version == 4 for code in layer.codes[0].column(np.arange(N), seed=1))


def test_check_digits_hold() -> None:
    made = codes_of([], "4[0-9]{15}(?#luhn)").texts(np.arange(500), seed=1)
    assert not luhn_remainder(made.view("u4").reshape(500, -1)).any()


@pytest.mark.parametrize("dtype", ["int64", "Int32", "uint16", "int8", "float64", "int64[pyarrow]", "object"])
def test_a_key_of_whole_numbers_stays_one(dtype: str) -> None:
    values = np.random.default_rng(0).permutation(100)[:20].tolist()
    frame = pd.DataFrame({"id": pd.Series(values, dtype=dtype), "y": range(20)})
    recipe = infer_recipe(frame, table="t", rows=30, seed=1, roles={"id": "key"})
    layer, _, _ = take_off(frame, recipe, seed=1)
    made = layer.codes[0].column(np.arange(30), seed=1)
    assert (str(made.dtype), made.nunique(), set(made) & set(values)) == (dtype, 30, set())
    assert all(type(a) is type(b) for a, b in zip(made[:2], frame["id"][:2], strict=True))


def test_a_key_that_counts_stops_where_its_type_does() -> None:
    codes = codes_of(range(1, 101), "[0-9]{1,18}(?#in order)", dtype="int8")
    assert codes.capacity == 27
    assert codes.column(np.arange(27), seed=1).tolist() == list(range(101, 128))
    with pytest.raises(FrameError, match=r"needs 28 codes.*only 27 are left"):
        codes.column(np.arange(28), seed=1)


@pytest.mark.parametrize("pattern", ["[0-9]{3}", "A[0-9]", "[1-9][0-9]{4}"])
def test_a_pattern_that_spells_no_whole_number_of_the_type_is_refused(pattern: str) -> None:
    with pytest.raises(RecipeError, match=r"whole numbers up to 32,767; the pattern .* spells others.*leading zeros"):
        codes_of([1, 2, 3], pattern, dtype="int16")


@pytest.mark.parametrize("dtype", ["object", "str", "string", "string[pyarrow]", "Int64"])
def test_missing_cells_keep_their_share(dtype: str) -> None:
    real: Any = pd.Series([10**6 + i if i % 4 else None for i in range(N)], dtype="Int64")
    cells = real if dtype == "Int64" else real.astype("str").where(real.notna(), None).astype(dtype)
    made = codes_of(cells, "[1-9][0-9]{6}", dtype=dtype).column(np.arange(2_000), seed=1)
    assert made.isna().mean() == pytest.approx(0.25, abs=0.04)
    assert type(made[made.isna()].iloc[0]) is type(cells[cells.isna()].iloc[0])


def table() -> tuple[pd.DataFrame, Recipe]:
    frame = pd.DataFrame({"id": shuffled("P[0-9]{6}", N), "n": range(N), "mail": [f"a{i}b@x.es" if i % 3 else None for i in range(N)]})
    return frame, infer_recipe(frame, table="t", rows=N, seed=1)


def test_identifiers_are_taken_off_and_put_back() -> None:
    frame, recipe = table()
    layer, inside, inner = take_off(frame, recipe, seed=1)
    assert (list(inside), [column.name for column in inner.columns]) == (["n"], ["n"])
    made, again = layer.rebuild(inside.head(5), numbers=np.arange(5), seed=1, unit=(0,))
    assert (set(made.columns.astype(str)), made.index.tolist()) == ({"id", "mail", "n"}, [0, 1, 2, 3, 4])
    assert not again.any()
    assert "spelt P[0-9]{6}; no code is a real row's" in layer.how["id"]
    assert layer.notes({}) == [
        "Column 'mail' names rows, so it was made afresh; 33.5% of its cells are missing, as in the real table, "
        "whatever the other columns hold."
    ]


def test_private_identifiers_do_not_read_the_real_ones() -> None:
    frame, recipe = table()
    other = frame.assign(id=shuffled("P[0-9]{6}", N, seed=5), mail="b1b@x.es")
    one, two = (take_off(data, recipe, seed=1, private=True)[0] for data in (frame, other))
    assert [codes.column(np.arange(9), seed=1).tolist() for codes in one.codes] == [
        codes.column(np.arange(9), seed=1).tolist() for codes in two.codes
    ]
    assert "one may equal a real row's by chance" in one.how["id"]
    assert one.notes({}) == []


def saved() -> tuple[Identifiers, Recipe, State]:
    frame, recipe = table()
    layer, _, _ = take_off(frame, recipe, seed=1)
    state = layer.to_state()
    return layer, recipe, State(json.loads(canonical(state.meta)), dict(state.arrays))


def test_a_saved_layer_makes_the_same_codes() -> None:
    layer, recipe, state = saved()
    again = restore(recipe, state)
    for one, other in zip(layer.codes, again.codes, strict=True):
        pd.testing.assert_series_equal(one.column(np.arange(N), seed=3), other.column(np.arange(N), seed=3))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", "a*"),
        ("missing", 2.0),
        ("dtype", {"numpy": "|V8"}),
        ("salt", "-1"),
        ("step", "0"),
        ("absent", ["code"]),
        ("name", "other"),
    ],
)
def test_a_state_that_does_not_hold_together_is_refused(field: str, value: Any) -> None:
    _, recipe, state = saved()
    state.meta["codes"][0][field] = value
    with pytest.raises(RecordError):
        restore(recipe, state)


def test_hashes_that_do_not_increase_are_refused() -> None:
    _, recipe, state = saved()
    state.arrays["0.taken"] = state.arrays["0.taken"][::-1]
    with pytest.raises(RecordError, match="hashes of 'id' aren't increasing"):
        restore(recipe, state)


def test_the_state_holds_no_real_code() -> None:
    frame, _ = table()
    _, _, state = saved()
    text = canonical(state.meta).decode()
    assert not any(code in text for code in frame["id"])


def test_an_identifier_without_pattern_is_refused() -> None:
    with pytest.raises(RecipeError, match=r"needs a pattern; column 'id' has none.*Give it one"):
        fit_codes(pd.Series(["a"]), Column(name="id", kind="identifier", dtype="str"), seed=1)


@pytest.mark.parametrize("size", [1, 2, 3, 10, 4097])
def test_the_permutation_is_one(size: int) -> None:
    places = np.arange(size, dtype="u8")
    assert sorted(permuted(places, size, np.uint64(7))) == places.tolist()
