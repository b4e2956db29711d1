"""What keeps a recipe from being drawn without data: everything at once, each with its path."""

from __future__ import annotations

import datetime as dt
import difflib
from collections import defaultdict, deque
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from synthnb.errors import RecipeError, shown
from synthnb.recipes.distributions import (
    Bernoulli,
    Categorical,
    Constant,
    Dates,
    Expressed,
    Identifier,
    Problem,
    Sequence,
    Times,
    numbers,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from synthnb.recipes.recipe import Column, Recipe

__all__ = ["drawn_columns", "parents", "problems", "sequence_of"]

_NUMBERS = frozenset({"integer", "real"})
_KINDS: dict[type, frozenset[str]] = {
    Bernoulli: frozenset({"boolean", "integer"}),
    Categorical: frozenset({"category", "boolean", "integer", "real"}),
    Constant: frozenset({"constant", "category", "boolean", "integer", "real"}),
    Dates: frozenset({"date", "datetime"}),
    Times: frozenset({"time"}),
    Sequence: frozenset({"integer", "real"}),
    Identifier: frozenset({"identifier"}),
    Expressed: frozenset({"integer", "real", "boolean", "category", "constant", "date", "datetime", "timedelta"}),
}
_EXAMPLE = '{"family": "normal", "mean": 0, "sd": 1}'
_MOST_SHOWN = 12


def drawn_columns(recipe: Recipe) -> list[Column]:
    """Columns that are drawn from a distribution: all but text, and columns with no value."""
    return [column for column in recipe.columns if column.kind not in {"text", "empty"}]


def parents(distribution: Any) -> list[tuple[str, str]]:
    """The columns a distribution depends on, each with its path within it."""
    if isinstance(distribution, Expressed):
        return [("expression", name) for name in _names(distribution.expression)]
    found = []
    for i, case in enumerate(getattr(distribution, "cases", ())):
        found += [(f"cases[{i}].when[{j}].column", match.column) for j, match in enumerate(case.when)]
    found += [(f"effects[{i}].column", effect.column) for i, effect in enumerate(getattr(distribution, "effects", ()))]
    return found


def _names(text: str) -> tuple[str, ...]:
    from synthnb.recipes.expressions import parse_expression

    try:
        return parse_expression(text).names
    except RecipeError:
        return ()


def sequence_of(recipe: Recipe) -> tuple[list[str], list[str]]:
    """Return the columns in an order in which each comes after those it depends on, and one cycle, if there is any."""
    columns = drawn_columns(recipe)
    needed = {column.name: {name for _, name in parents(column.distribution)} for column in columns}
    needed = {name: {parent for parent in found if parent in needed} for name, found in needed.items()}
    waiting: dict[str, list[str]] = defaultdict(list)
    for name, found in needed.items():
        for parent in found:
            waiting[parent].append(name)
    left = {name: len(found) for name, found in needed.items()}
    ready = deque(name for name, count in left.items() if not count)
    order = []
    while ready:
        name = ready.popleft()
        order.append(name)
        for child in waiting[name]:
            left[child] -= 1
            if not left[child]:
                ready.append(child)
    return order, _cycle(needed, set(left) - set(order))


def _cycle(needed: Mapping[str, set[str]], stuck: set[str]) -> list[str]:
    """Names along one cycle among columns that wait for one another."""
    if not stuck:
        return []
    path = [min(stuck)]
    while path.count(path[-1]) == 1:
        path.append(min(needed[path[-1]] & stuck))
    return path[path.index(path[-1]) :]


def problems(recipe: Recipe) -> list[Problem]:
    """Everything that is wrong."""
    by_name = {column.name: column for column in recipe.columns}
    found = [*_on_names(recipe)]
    for i, column in enumerate(recipe.columns):
        path = f"columns[{i}]"
        found += [Problem(f"{path}.{p.path}", p.message) for p in _on_column(column, by_name)]
    cycle = sequence_of(recipe)[1]
    if cycle:
        found.append(Problem("columns", f"columns depend on one another in a circle: {' → '.join(map(shown, reversed(cycle)))}"))
    return found or list(_on_matrices(recipe))


def _on_names(recipe: Recipe) -> Iterator[Problem]:
    seen: set[str] = set()
    for i, column in enumerate(recipe.columns):
        if column.name in seen:
            yield Problem(f"columns[{i}].name", f"names must differ; {shown(column.name)} occurs more than once")
        seen.add(column.name)


def _on_column(column: Column, by_name: Mapping[str, Column]) -> Iterator[Problem]:
    distribution = column.distribution
    if column.kind in {"text", "empty"}:
        if distribution is not None:
            yield Problem("distribution", f"a column of kind {column.kind} isn't drawn; leave the distribution out, or change the kind")
        return
    if distribution is None:
        yield Problem("distribution", f"column {shown(column.name)} needs one, for example {_EXAMPLE}")
        return
    allowed = _KINDS.get(type(distribution), _NUMBERS)
    if column.kind not in allowed:
        yield Problem(
            "distribution.family",
            f"{distribution.family} gives {', '.join(sorted(allowed))}; column {shown(column.name)} holds {column.kind}",
        )
        return
    yield from _on_limits(column)
    yield from _on_values(column)
    inside = (_on_cases(distribution), _on_effects(distribution, by_name), _on_parents(column, by_name), _on_sources(distribution))
    for problem in chain.from_iterable(inside):
        yield Problem(f"distribution.{problem.path}", problem.message)


def _on_limits(column: Column) -> Iterator[Problem]:
    """Declared limits: of the right type, in order, and with something of the distribution within."""
    limits = {name: value for name, value in (("minimum", column.minimum), ("maximum", column.maximum)) if value is not None}
    moments = column.kind in {"date", "datetime", "time"}
    sound = True
    for name, value in limits.items():
        if not moments and (isinstance(value, str) or not -1e300 < value < 1e300):
            sound = False
            yield Problem(name, f"a number was expected; got {shown(value)}")
        if moments and not _is_moment(value, column.kind):
            sound = False
            yield Problem(name, f"a {column.kind} in ISO 8601 was expected; got {shown(value)}")
    if sound and column.kind in {"date", "datetime", "time"}:
        yield from _on_moments(column)
    if not sound or not limits:
        return
    distribution = column.distribution
    if not (distribution is not None and (distribution.ordered or isinstance(distribution, Expressed))):
        family = distribution.family if distribution is not None else ""
        yield Problem(next(iter(limits)), f"a column drawn from {family} can't be limited; leave the limit out")
    elif len(limits) == 2 and _exceeds(limits["minimum"], limits["maximum"]):
        yield Problem("minimum", f"must not exceed maximum; got {shown(limits['minimum'])} and {shown(limits['maximum'])}")
    elif not moments:
        yield from _on_mass(column)


def _exceeds(low: Any, high: Any) -> bool:
    return bool(low > high)


def _is_moment(value: Any, kind: str) -> bool:
    """Whether a limit is a time of day, or a date without a zone."""
    try:
        return (dt.time if kind == "time" else dt.datetime).fromisoformat(value).tzinfo is None
    except (TypeError, ValueError):
        return False


def _on_moments(column: Column) -> Iterator[Problem]:
    """Dates and times of which the limits, or the weekdays, leave none."""
    for path, variant in (("distribution", column.distribution), *_variants(column.distribution)):
        if not isinstance(variant, (Dates, Times)):
            continue
        read = dt.datetime.fromisoformat if isinstance(variant, Dates) else _as_moment
        low = max(read(str(text)) for text in (variant.start, column.minimum) if text is not None)
        high = min(read(str(text)) for text in (variant.end, column.maximum) if text is not None)
        if low.date() > high.date() or (isinstance(variant, Times) and low > high):
            yield Problem(path, f"nothing of {variant.family} lies within the limits of column {shown(column.name)}")
        elif isinstance(variant, Dates) and variant.weekdays is not None:
            days = min((high.date() - low.date()).days + 1, 7)
            if not any(variant.weekdays[(low.weekday() + day) % 7] for day in range(days)):
                yield Problem(f"{path}.weekdays", "none of the days from start to end has a weight above 0")


def _as_moment(text: str) -> dt.datetime:
    return dt.datetime.combine(dt.date(1970, 1, 1), dt.time.fromisoformat(text))


def _on_mass(column: Column) -> Iterator[Problem]:
    from synthnb.recipes._correlated import cut_of
    from synthnb.recipes._quantiles import mass

    distribution = column.distribution
    if isinstance(distribution, Expressed):
        return
    cut = cut_of(column)
    variants = [("distribution", distribution), *_variants(distribution)]
    for path, variant in variants:
        if not getattr(variant, "effects", ()) and mass(variant, cut) < 1e-290:
            yield Problem(path, f"nothing of {variant.family} lies within the limits of column {shown(column.name)}")


def _variants(distribution: Any) -> Iterator[tuple[str, Any]]:
    """The distribution with each case's parameters in place."""
    for i, case in enumerate(getattr(distribution, "cases", ())):
        try:
            yield f"distribution.cases[{i}]", with_parameters(distribution, case.parameters)
        except ValidationError:
            continue


def with_parameters(distribution: Any, parameters: Mapping[str, Any]) -> Any:
    """The distribution with other parameters, checked as if it had been written so."""
    told = {name: getattr(distribution, name) for name in type(distribution).model_fields if name not in {"cases", "sources"}}
    return type(distribution).model_validate({**told, **parameters})


def _on_values(column: Column) -> Iterator[Problem]:
    """Levels and constants that the column can hold."""
    distribution = column.distribution
    if isinstance(distribution, Categorical):
        values: tuple[Any, ...] = distribution.levels
    elif isinstance(distribution, Constant):
        values = (distribution.value,)
    else:
        values = ()
    expected = {"integer": (int,), "real": (int, float), "boolean": (bool,)}.get(column.kind)
    for value in values:
        if expected and (not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected)):
            yield Problem("distribution.levels", f"a column of kind {column.kind} can't hold {shown(value)}")
            return
    declared = set(map(repr, column.levels or ()))
    strange = [value for value in values if declared and repr(value) not in declared]
    if strange:
        yield Problem("distribution.levels", f"{', '.join(map(shown, strange[:3]))} isn't among the column's declared levels")
    if isinstance(distribution, Identifier):
        yield from _on_pattern(distribution)
    if isinstance(distribution, Expressed):
        yield from _on_expression(distribution)


def _on_pattern(distribution: Identifier) -> Iterator[Problem]:
    from synthnb.recipes.formats import parse_format

    try:
        parse_format(distribution.pattern)
    except RecipeError as error:
        yield Problem("distribution.pattern", error.message)


def _on_expression(distribution: Expressed) -> Iterator[Problem]:
    from synthnb.recipes.expressions import parse_expression

    try:
        parse_expression(distribution.expression)
    except RecipeError as error:
        yield Problem("distribution.expression", error.message)


def _on_cases(distribution: Any) -> Iterator[Problem]:
    own = type(distribution).model_fields
    fixed = {"family", "cases", "effects", "link", "correlations", "missing", "source", "note", "sources"}
    for i, case in enumerate(getattr(distribution, "cases", ())):
        unknown = [name for name in case.parameters if name not in own or name in fixed]
        for name in unknown:
            names = [other for other in own if other not in fixed]
            message = f"{distribution.family} has the parameters {', '.join(names)}; got {shown(name)}"
            yield Problem(f"cases[{i}].parameters.{name}", message)
        if unknown:
            continue
        try:
            with_parameters(distribution, case.parameters)
        except ValidationError as error:
            for item in error.errors():
                where = ".".join(str(part) for part in item["loc"]) or next(iter(case.parameters))
                yield Problem(f"cases[{i}].parameters.{where}", str(item["msg"]))


def _on_effects(distribution: Any, by_name: Mapping[str, Column]) -> Iterator[Problem]:
    effects = getattr(distribution, "effects", ())
    if not effects:
        return
    if not distribution.location:
        yield Problem("effects", f"{distribution.family} has no parameter that effects act on; use cases")
        return
    link = distribution.link or distribution.links[0]
    if link not in distribution.links:
        yield Problem("link", f"{distribution.family} takes {', '.join(distribution.links)}; got {link}")
    base = getattr(distribution, distribution.location)
    if link == "log" and not base > 0:
        yield Problem(distribution.location, f"must be above 0 for effects on the log scale; got {base}")
    if link == "logit" and not 0 < base < 1:
        yield Problem(distribution.location, f"must lie between 0 and 1 for effects on the logit scale; got {base}")
    for i, effect in enumerate(effects):
        other = by_name.get(effect.column)
        if other is not None and effect.level is None and other.kind not in {*_NUMBERS, "boolean"}:
            yield Problem(f"effects[{i}].level", f"column {shown(effect.column)} holds {other.kind}, so a level is needed, not a slope")


def _on_parents(column: Column, by_name: Mapping[str, Column]) -> Iterator[Problem]:
    distribution = column.distribution
    for path, name in parents(distribution):
        if name not in by_name:
            near = difflib.get_close_matches(name, list(by_name), n=1) if len(by_name) <= 1_000 else []
            hint = f"; did you mean {shown(near[0])}?" if near else ""
            yield Problem(path, f"there is no column {shown(name)}{hint}")
        elif name == column.name:
            yield Problem(path, f"column {shown(name)} can't depend on itself")
        elif by_name[name].kind in {"text", "empty"}:
            yield Problem(path, f"column {shown(name)} holds {by_name[name].kind} and isn't drawn, so nothing can depend on it")
    for i, case in enumerate(getattr(distribution, "cases", ())):
        for j, match in enumerate(case.when):
            yield from _on_match(f"cases[{i}].when[{j}]", match, by_name.get(match.column))
    for i, effect in enumerate(getattr(distribution, "effects", ())):
        if effect.level is not None:
            yield from _on_levels(f"effects[{i}].level", (effect.level,), by_name.get(effect.column))


def _on_match(path: str, match: Any, other: Column | None) -> Iterator[Problem]:
    if other is None:
        return
    if match.levels is None and other.kind not in _NUMBERS:
        yield Problem(path, f"column {shown(other.name)} holds {other.kind}, so levels are needed, not a band")
    if match.levels is not None:
        yield from _on_levels(f"{path}.levels", match.levels, other)


def _on_levels(path: str, levels: tuple[Any, ...], other: Column | None) -> Iterator[Problem]:
    """Levels that a column never has."""
    if other is None or not isinstance(other.distribution, Categorical):
        return
    known = {repr(level) for level in other.distribution.levels}
    strange = [level for level in levels if repr(level) not in known]
    if strange:
        listed = ", ".join(map(shown, other.distribution.levels[:_MOST_SHOWN]))
        yield Problem(path, f"column {shown(other.name)} never is {shown(strange[0])}; it is one of {listed}")


def _on_sources(distribution: Any) -> Iterator[Problem]:
    if not distribution.sources:
        return
    known = {number.path for number in numbers(distribution)}
    for i, item in enumerate(distribution.sources):
        if item.number not in known:
            listed = ", ".join(sorted(known)[:_MOST_SHOWN])
            yield Problem(f"sources[{i}].number", f"there is no number {shown(item.number)}; there are {listed}")


def _on_matrices(recipe: Recipe) -> Iterator[Problem]:
    """Correlations with columns that can't have any, twice the same pair, and matrices that can't be."""
    index = {column.name: i for i, column in enumerate(recipe.columns)}
    pairs: dict[frozenset[str], float] = {}
    sound = True
    for i, column in enumerate(recipe.columns):
        for k, item in enumerate(getattr(column.distribution, "correlations", ())):
            path = f"columns[{i}].distribution.correlations[{k}].column"
            problem = _on_pair(column, item, recipe.columns[index[item.column]] if item.column in index else None, pairs)
            pairs[frozenset((column.name, item.column))] = item.r
            if problem:
                sound = False
                yield Problem(path, problem)
    if pairs and sound:
        from synthnb.recipes._correlated import groups_of

        for group in groups_of(recipe):
            yield from group.problems


def _on_pair(column: Column, item: Any, other: Column | None, pairs: Mapping[frozenset[str], float]) -> str:
    if other is None:
        return f"there is no column {shown(item.column)}"
    if other.name == column.name:
        return f"column {shown(column.name)} can't be correlated with itself"
    if not hasattr(other.distribution, "correlations"):
        family = other.distribution.family if other.distribution is not None else other.kind
        return f"column {shown(other.name)} is drawn from {family}, which has no ranks to correlate"
    if frozenset((column.name, other.name)) in pairs:
        return f"the correlation of {shown(column.name)} and {shown(other.name)} is said twice; say it at one of the two"
    conditional = [c.name for c in (column, other) if getattr(c.distribution, "cases", ()) or getattr(c.distribution, "effects", ())]
    if item.scale == "pearson" and conditional:
        return f"column {shown(conditional[0])} has cases or effects, so only ranks can be matched; use the scale 'rank'"
    return ""
