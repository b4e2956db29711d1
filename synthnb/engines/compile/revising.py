"""A recipe with some of its numbers changed by the user."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synthnb.errors import RecipeError, shown
from synthnb.recipes.distributions import check_distributions, numbers
from synthnb.recipes.recipe import Recipe
from synthnb.recipes.rules import check_rules

if TYPE_CHECKING:
    from synthnb.recipes.distributions import Source

__all__ = ["revised"]

_FIX = "Give another value."
_LIMITS = ("minimum", "maximum")

Limits = Mapping[tuple[str, str], "tuple[Source, str]"]


def revised(
    recipe: Recipe, limits: Limits, changes: Sequence[Mapping[str, Any]]
) -> tuple[Recipe, dict[tuple[str, str], tuple[Source, str]]]:
    """Return the recipe and its limits' sources with changes made, each ``{"column", "number", "value"}``.

    Raises
    ------
    RecipeError
        A change names no number, has no number as its value, or leads to a recipe that can't be drawn.
    """
    body = recipe.to_dict()
    told = dict(limits)
    places = {column.name: i for i, column in enumerate(recipe.columns)}
    for change in changes:
        column, number, value = (change.get(name) for name in ("column", "number", "value"))
        if column not in places:
            raise RecipeError(f"A change must name one of the columns {', '.join(places)}; got {shown(column)}.", fix="Correct the name.")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise RecipeError(f"columns[{places[column]}].{number}: a number was expected; got {shown(value)}.", fix=_FIX)
        item = body["columns"][places[column]]
        if number in _LIMITS and item["kind"] in {"integer", "real"}:
            item[number] = _like(value, whole=item["kind"] == "integer")
            told[column, str(number)] = ("user", "changed")
        else:
            _change(recipe, item, places[column], str(number), value)
    made = Recipe.from_dict(body)
    problems = check_distributions(made)
    if problems:
        listed = "; ".join(f"{problem.path}: {problem.message}" for problem in problems)
        raise RecipeError(f"With this change the recipe can't be drawn: {listed}.", fix=_FIX)
    check_rules(made)
    return made, told


def _change(recipe: Recipe, item: dict[str, Any], place: int, number: str, value: float) -> None:
    """Set a number of a distribution, and say that the user stated it."""
    distribution = recipe.columns[place].distribution
    known = [found.path for found in numbers(distribution)] if distribution is not None else []
    if number not in known:
        listed = ", ".join(known[:20]) or "none"
        raise RecipeError(f"columns[{place}] ({item['name']}) has no number {shown(number)}; it has {listed}.", fix="Correct the name.")
    *path, last = number.split(".")
    spot: Any = item["distribution"]
    for part in path:
        spot = spot[int(part)] if isinstance(spot, list) else spot[part]
    key: Any = int(last) if isinstance(spot, list) else last
    spot[key] = _like(value, whole=isinstance(spot[key], int))
    kept = [source for source in item["distribution"]["sources"] if source["number"] != number]
    item["distribution"]["sources"] = [*kept, {"number": number, "source": "user", "note": "changed"}]


def _like(value: float, *, whole: bool) -> int | float:
    return int(value) if whole and float(value).is_integer() else value
