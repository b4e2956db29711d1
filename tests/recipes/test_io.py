"""`synthnb.recipes.io`: recipes as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synthnb.errors import OptionError, RecipeError
from synthnb.recipes.io import MOST_BYTES, read_recipe, recipe_from_json, recipe_to_json, write_recipe
from synthnb.recipes.recipe import Recipe

BODY: dict[str, Any] = {
    "schema_": "synthnb.recipe/1",
    "table": "visits",
    "rows": 10,
    "seed": 3,
    "columns": [
        {"name": "age", "kind": "integer", "dtype": "int64", "minimum": 18, "distribution": {"family": "normal", "mean": 60, "sd": 10}},
        {
            "name": "cost",
            "kind": "real",
            "dtype": "float64",
            "distribution": {
                "family": "mixture",
                "parts": [
                    {"weight": 1, "of": {"family": "constant", "value": 0}},
                    {"weight": 2, "of": {"family": "gamma", "shape": 2, "scale": 50}},
                ],
            },
        },
    ],
    "rules": [{"rule": "range", "column": "age", "low": 18, "high": 99}],
}


def recipe(**changes: Any) -> Recipe:
    return Recipe.from_dict({**BODY, **changes})


def test_a_recipe_comes_back_equal_and_with_the_same_digest(tmp_path: Path) -> None:
    path = write_recipe(recipe(), tmp_path / "visits")
    assert path.name == "visits.recipe.json"
    assert read_recipe(path) == recipe()
    assert read_recipe(path).digest == recipe().digest


def test_writing_is_stable_and_one_value_a_line() -> None:
    text = recipe_to_json(recipe())
    assert recipe_to_json(recipe_from_json(text)) == text
    assert '   "minimum": 18,' in text.splitlines()
    assert '"missing"' not in text


def test_defaults_are_left_out_but_families_and_rules_are_named() -> None:
    body = json.loads(recipe_to_json(recipe()))
    assert body["columns"][1]["distribution"]["parts"][0]["of"] == {"family": "constant", "value": 0}
    assert body["rules"][0]["rule"] == "range"


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "naïve ‮ name", "\ud800", 'quote " and \\'])
def test_odd_names_survive(tmp_path: Path, name: str) -> None:
    made = recipe(table=name)
    assert read_recipe(write_recipe(made, tmp_path / "odd.json")).table == name


def test_a_file_is_not_overwritten_unasked(tmp_path: Path) -> None:
    path = write_recipe(recipe(), tmp_path / "a.json")
    with pytest.raises(OptionError, match=r"a\.json' exists.*overwrite=True"):
        write_recipe(recipe(), path)
    write_recipe(recipe(rows=11), path, overwrite=True)
    assert read_recipe(path).rows == 11


def test_what_is_not_json_is_told_by_line_and_column() -> None:
    with pytest.raises(RecipeError, match=r"isn't JSON: expecting value at line 2, column 6"):
        recipe_from_json('{"schema_": "synthnb.recipe/1",\n"a": ,}')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"table": "a", "table": "b"}', "the key 'table' stands twice"),
        ('{"rows": NaN}', "NaN isn't a number that JSON has"),
        ('{"rows": 1e999}', "1e999 is larger than any number"),
        ('{"rows": ' + "9" * 5000 + "}", "a whole number has 5,000 digits"),
        ("[" * 5000, "nested more than 20 levels deep, at line 1"),
        ("[1]", "was expected at its top; got None"),
        ('{"schema_": "synthnb.recipe/9"}', "'synthnb.recipe/9'; this version reads synthnb.recipe/1.*Update"),
        ('{"schema_": "synthnb.tables/1"}', "describes several tables"),
        ('{"schema_": "croissant"}', "got 'croissant'"),
    ],
)
def test_other_files_are_refused(text: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        recipe_from_json(text)


def test_brackets_within_text_do_not_count_as_nesting() -> None:
    assert recipe_from_json(recipe_to_json(recipe(table='[[{"' * 50))).table.startswith('[[{"')


def test_every_problem_of_a_recipe_is_told_with_its_path() -> None:
    columns = [{**BODY["columns"][0], "kind": "whole"}, {**BODY["columns"][1], "distribution": {"family": "zipf"}}]
    with pytest.raises(RecipeError, match=r"columns\[0\]\.kind.*columns\[1\]\.distribution.*zipf"):
        recipe_from_json(json.dumps({**BODY, "columns": columns}))


def test_a_missing_a_binary_and_a_large_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="There is no file"):
        read_recipe(tmp_path / "none.json")
    binary, large = tmp_path / "b.json", tmp_path / "l.json"
    binary.write_bytes(b"ab\xff")
    with pytest.raises(RecipeError, match=r"isn't text in UTF-8 \(byte 3\)"):
        read_recipe(binary)
    large.write_bytes(b" " * (MOST_BYTES + 1))
    with pytest.raises(RecipeError, match="may have 16,777,216 bytes"):
        read_recipe(large)
