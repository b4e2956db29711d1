"""`synthnb.recipes.recipe`: the recipe as data."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from synthnb.errors import RecipeError
from synthnb.recipes.recipe import KINDS, Column, Recipe


def small() -> Recipe:
    columns = (
        Column(name="sex", kind="category", dtype="str", levels=("f", "m")),
        Column(name="age", kind="integer", dtype="int64", decimals=0),
    )
    return Recipe(table="trial", rows=10, seed=7, groups=("sex",), columns=columns)


def test_a_recipe_survives_its_mapping() -> None:
    assert Recipe.from_dict(small().to_dict()) == small()


def test_levels_keep_their_type() -> None:
    column = Column(name="x", kind="category", dtype="object", levels=(True, 1, 1.0, "1"))
    assert [type(level) for level in column.levels or ()] == [bool, int, float, str]


def test_the_digest_depends_on_what_is_made() -> None:
    assert small().digest.startswith("sha256:")
    assert small().digest == small().digest
    assert small().model_copy(update={"seed": 8}).digest != small().digest


def test_a_recipe_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        small().rows = 11


def test_every_problem_is_listed_with_its_path() -> None:
    data = small().to_dict() | {"rows": 0, "seed": "x"}
    with pytest.raises(RecipeError, match=r"rows: .*seed: .*Correct"):
        Recipe.from_dict(data)


def test_the_schema_lists_every_kind() -> None:
    schema = Recipe.model_json_schema()
    assert schema["$defs"]["Column"]["properties"]["kind"]["enum"] == list(KINDS)
