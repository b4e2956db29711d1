"""`synthnb.recipes.tables`: recipes of several tables hold together, or say why not."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from synthnb.errors import OptionError, RecipeError
from synthnb.recipes.recipe import Column, Recipe
from synthnb.recipes.tables import Relation, TablesRecipe, parents_first
from synthnb.recipes.timing import Panel, Survival


def table(name: str, *columns: str) -> Recipe:
    return Recipe(table=name, rows=1, seed=0, columns=tuple(Column(name=column, kind="integer", dtype="int64") for column in columns))


TABLES = {"patients": table("patients", "id", "age"), "visits": table("visits", "patient_id", "day")}
VISITS = Relation(parent="patients", key="id", child="visits", column="patient_id")


def test_a_recipe_survives_json() -> None:
    recipe = TablesRecipe(tables=TABLES, relations=(VISITS,))
    assert TablesRecipe.from_dict(recipe.to_dict()) == recipe
    assert recipe.digest == TablesRecipe.from_dict(recipe.to_dict()).digest


def test_the_digest_tells_relations_apart() -> None:
    assert TablesRecipe(tables=TABLES).digest != TablesRecipe(tables=TABLES, relations=(VISITS,)).digest


def test_every_problem_is_listed_with_its_path() -> None:
    wrong = [VISITS.model_dump() | {"parent": "people"}, VISITS.model_dump() | {"column": "who"}]
    data = {"tables": {name: recipe.to_dict() for name, recipe in TABLES.items()}, "relations": wrong}
    with pytest.raises(
        RecipeError, match=r"relations.0.parent: there is no table 'people'; relations.1: table 'visits' has no column 'who'"
    ):
        TablesRecipe.from_dict(data)


def test_a_column_refers_to_one_table() -> None:
    with pytest.raises(ValidationError, match="'patient_id' of 'visits' already refers to another table"):
        TablesRecipe(tables=TABLES, relations=(VISITS, VISITS))


def test_a_relation_is_read_from_text() -> None:
    assert Relation.of("patients.id -> visits.patient_id") == VISITS
    assert Relation.of(VISITS.model_dump()) == VISITS
    assert Relation.of(str(VISITS)) == VISITS


def test_what_is_no_relation_is_refused_with_an_example() -> None:
    with pytest.raises(OptionError, match="parent, key, child and column; got 'visits'"):
        Relation.of("visits")


def test_parents_come_first() -> None:
    chain = [Relation(parent="b", key="id", child="a", column="b"), Relation(parent="c", key="id", child="b", column="c")]
    assert parents_first(["a", "b", "c", "d"], chain) == ["c", "b", "a", "d"]


def test_a_circle_is_named() -> None:
    around = [Relation(parent="b", key="id", child="a", column="b"), Relation(parent="a", key="id", child="b", column="a")]
    with pytest.raises(OptionError, match="these do: a -> b -> a"):
        parents_first(["a", "b"], around)


def test_a_table_that_refers_to_itself_is_refused() -> None:
    with pytest.raises(OptionError, match="these do: staff -> staff"):
        parents_first(["staff"], [Relation(parent="staff", key="id", child="staff", column="boss")])


@pytest.mark.parametrize("model", [Panel, Survival])
def test_declarations_take_no_unknown_field(model: type[Panel | Survival]) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        model.model_validate({"subject": "id", "time": "day", "event": "dead", "colour": "red"})
