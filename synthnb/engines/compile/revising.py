"""A recipe with some of its numbers changed by the user."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from synthnb.errors import RecipeError, shown
from synthnb.recipes.distributions import LARGEST, LARGEST_WHOLE, check_distributions, numbers
from synthnb.recipes.recipe import Recipe
from synthnb.recipes.rules import check_rules

if TYPE_CHECKING:
    from synthnb.recipes.distributions import Source

__all__ = ["revised"]

_FIX = "Give another value."
_LIMITS = {"low": "minimum", "high": "maximum"}
_ENDS = {limit: end for end, limit in _LIMITS.items()}

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
    held: dict[tuple[int, str], set[int]] = {}
    for change in changes:
        column, number, value = (change.get(name) for name in ("column", "number", "value"))
        if column not in places:
            raise RecipeError(f"A change must name one of the columns {', '.join(places)}; got {shown(column)}.", fix="Correct the name.")
        spot = _Spot(body["columns"][places[column]], places[column], recipe)
        if (wrong := _not_a_value(spot, number, value)) or not isinstance(value, (int, float)):
            raise RecipeError(f"columns[{spot.place}].{number}: {wrong} was expected; got {shown(value)}.", fix=_FIX)
        if number in _ENDS and spot.item["kind"] in {"integer", "real"}:
            _set_limit(spot, str(number), value, told)
        else:
            _change(spot, str(number), value, told, held)
    made = Recipe.from_dict(body)
    problems = check_distributions(made)
    if problems:
        listed = "; ".join(f"{problem.path}: {problem.message}" for problem in problems)
        raise RecipeError(f"With this change the recipe can't be drawn: {listed}.", fix=_FIX)
    check_rules(made)
    return made, told


def _not_a_value(spot: _Spot, number: object, value: object) -> str:
    """What a new value should have been; empty if it is that."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < math.inf:
        return "a number"
    whole = spot.item["kind"] == "integer"
    most = LARGEST_WHOLE if whole else LARGEST
    if abs(value) > most:
        return f"a number from -{most:.16g} to {most:.16g}"
    return "a whole number" if number in _ENDS and whole and not float(value).is_integer() else ""


class _Spot(NamedTuple):
    """A column that is changed."""

    item: dict[str, Any]
    """As plain types; changed in place."""
    place: int
    """Which column it is, from 0."""
    recipe: Recipe
    """As it was."""

    @property
    def known(self) -> list[str]:
        """Paths of the numbers of its distribution."""
        distribution = self.recipe.columns[self.place].distribution
        return [found.path for found in numbers(distribution)] if distribution is not None else []

    @property
    def slack(self) -> float:
        """How far beyond a limit a distribution may end and still be rounded to it."""
        return (0.5 if self.item["kind"] == "integer" else 0.0) + 1e-9

    def get(self, path: str) -> float:
        """A number of its distribution."""
        spot: Any = self.item["distribution"]
        for part in path.split("."):
            spot = spot[int(part)] if isinstance(spot, list) else spot[part]
        return float(spot)

    def set(self, path: str, value: float, note: str) -> None:
        """Change a number of its distribution, and say that the user did."""
        *above, last = path.split(".")
        spot: Any = self.item["distribution"]
        for part in above:
            spot = spot[int(part)] if isinstance(spot, list) else spot[part]
        key: Any = int(last) if isinstance(spot, list) else last
        spot[key] = _like(value, whole=isinstance(spot[key], int))
        kept = [source for source in self.item["distribution"]["sources"] if source["number"] != path]
        self.item["distribution"]["sources"] = [*kept, {"number": path, "source": "user", "note": note}]

    def tied(self, end: str) -> list[str]:
        """Parameters that end the distribution where its limit does."""
        limit = self.item[_LIMITS[end]]
        return [path for path in self._ends(end) if limit is not None and abs(self.get(path) - limit) <= self.slack]

    def _ends(self, end: str) -> list[str]:
        return [path for path in self.known if path.rpartition(".")[2] == end]

    def outermost(self, end: str) -> float | None:
        """Where the distribution ends; None if it doesn't, or has cases."""
        body, ends = self.item["distribution"] or {}, [self.get(path) for path in self._ends(end)]
        if body.get("cases") or body.get("family") == "mixture" or not ends:
            return None
        return min(ends) if end == "low" else max(ends)


def _set_limit(spot: _Spot, number: str, value: float, told: dict[tuple[str, str], tuple[Source, str]]) -> None:
    """Set a limit, and with it the parameters that lie on it."""
    item, end = spot.item, _ENDS[number]
    whole = item["kind"] == "integer"
    other = item[_LIMITS["high" if end == "low" else "low"]]
    if other is not None and (value >= other if end == "low" else value <= other):
        side = "below the maximum" if end == "low" else "above the minimum"
        raise RecipeError(f"columns[{spot.place}].{number}: it must lie {side} {other:g}; got {value:g}.", fix=_FIX)
    tied, was = spot.tied(end), item[number]
    last = spot.outermost(end)
    if not tied and last is not None and (value < last - spot.slack if end == "low" else value > last + spot.slack):
        side = "below" if end == "low" else "above"
        raise RecipeError(
            f"columns[{spot.place}].{number}: {value:g} changes nothing, as nothing {side} the distribution's {end}, {last:g}, is drawn.",
            fix=f"Change {end} instead.",
        )
    for path in tied:
        spot.set(path, spot.get(path) + value - was, f"changed with the {number}")
    item[number] = _like(value, whole=whole)
    told[item["name"], number] = ("user", "changed")


def _change(
    spot: _Spot, number: str, value: float, told: dict[tuple[str, str], tuple[Source, str]], held: dict[tuple[int, str], set[int]]
) -> None:
    """Set a number of a distribution, with the limit that it lies on, or the weights that make a whole with it."""
    if number not in spot.known:
        listed = ", ".join(spot.known[:20]) or "none"
        raise RecipeError(
            f"columns[{spot.place}] ({spot.item['name']}) has no number {shown(number)}; it has {listed}.", fix="Correct the name."
        )
    path, _, last = number.rpartition(".")
    if path.rpartition(".")[2] == "weights":
        _set_weight(spot, path, int(last), value, held.setdefault((spot.place, path), set()))
        return
    end = last if last in _LIMITS else ""
    limit = spot.item.get(_LIMITS[end]) if end else None
    if limit is not None and number in spot.tied(end):
        moved = limit + value - spot.get(number) if not _whole(spot, value) else value
        _set_limit(spot, _LIMITS[end], moved, told)
    elif limit is not None and (value < limit - spot.slack if end == "low" else value > limit + spot.slack):
        raise RecipeError(
            f"columns[{spot.place}] ({spot.item['name']}).{number}: {value:g} lies beyond the {_LIMITS[end]} {limit:g}.",
            fix=f"Change the {_LIMITS[end]} first.",
        )
    spot.set(number, value, "changed")


def _whole(spot: _Spot, value: float) -> bool:
    return spot.item["kind"] == "integer" and float(value).is_integer()


def _set_weight(spot: _Spot, path: str, place: int, value: float, held: set[int]) -> None:
    """Set one weight; those that weren't set keep their proportions, and all their sum."""
    paths = [found for found in spot.known if found.rpartition(".")[0] == path]
    weights = [spot.get(found) for found in paths]
    whole = sum(weights)
    held.add(place)
    free = [i for i in range(len(weights)) if i not in held]
    room = whole - sum(weights[i] for i in held if i != place)
    if not 0 <= value <= room + 1e-9 and free:
        raise RecipeError(
            f"columns[{spot.place}] ({spot.item['name']}).{path}.{place}: a weight from 0 to {room:g} was expected; got {value:g}.",
            fix=_FIX,
        )
    spot.set(paths[place], value, "changed")
    left, before = max(0.0, room - value), sum(weights[i] for i in free)
    for i in free:
        spot.set(paths[i], left * weights[i] / before if before else left / len(free), f"changed with {path}.{place}")


def _like(value: float, *, whole: bool) -> int | float:
    return int(value) if whole and float(value).is_integer() else value
