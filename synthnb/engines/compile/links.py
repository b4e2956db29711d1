"""What a model says of how columns depend on one another, added as far as it leaves every stated figure as it is.

A correlation leaves both columns' own distributions untouched. Means and shares by level are moved together, so that
over all levels they make the mean or the share that the column has; what can't be had is left out and told.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synthnb.errors import RecipeError
from synthnb.recipes.distributions import check_distributions

if TYPE_CHECKING:
    from synthnb.engines.compile.building import Built
    from synthnb.recipes.draft import Draft, DraftLink
    from synthnb.recipes.statements.stated import Stated
    from synthnb.recipes.statements.statement import Level

__all__ = ["add_links", "weights_in"]

_STEPS = 200
_MOST_BETWEEN = 0.75
_MOST_TOLD = 5


def add_links(made: Built, draft: Draft, found: Mapping[str, Stated], *, table: str, rows: int, seed: int) -> None:
    """Add the draft's links and orders to a recipe that can be drawn; what can't be added is told in the notes."""
    left_out: list[str] = []
    of_summary: list[str] = []
    for link in _correlations(draft):
        kept = copy.deepcopy(made.columns)
        if not _correlated(made, link) or not _can_be_drawn(made, table, rows, seed):
            made.columns = kept
            (of_summary if link.source == "summary" else left_out).append(f"{link.column} with {link.on}")
    for (column, on), groups in _by_level(draft).items():
        kept = copy.deepcopy(made.columns)
        if not _grouped(made, column, on, groups, found) or not _can_be_drawn(made, table, rows, seed):
            made.columns = kept
            left_out.append(f"{column} by {on}")
        else:
            made.ungrouped[column] = kept[column]["distribution"]
    for order in draft.orders:
        rule = {"rule": "order", "columns": [order.lower, order.higher], "strict": False}
        if _may_be_ordered(made, order.lower, order.higher):
            made.modelled_rules.append(rule)
        else:
            left_out.append(f"{order.lower} below {order.higher}")
    for whose, links in (("model", left_out), ("summary", of_summary)):
        more = f" and {len(links) - _MOST_TOLD} more" if len(links) > _MOST_TOLD else ""
        if links:
            made.notes.append(f"Links of the {whose} that couldn't be had were left out: {', '.join(links[:_MOST_TOLD])}{more}.")


def _correlations(draft: Draft) -> list[DraftLink]:
    return [link for link in draft.links if not link.level]


def _by_level(draft: Draft) -> dict[tuple[str, str], dict[str, float]]:
    found: dict[tuple[str, str], dict[str, float]] = {}
    for link in draft.links:
        if link.level:
            found.setdefault((link.column, link.on), {})[link.level] = link.value
    return found


def _can_be_drawn(made: Built, table: str, rows: int, seed: int) -> bool:
    try:
        return not check_distributions(made.recipe(table=table, rows=rows, seed=seed))
    except RecipeError:
        return False


def _correlated(made: Built, link: DraftLink) -> bool:
    """Add a correlation of ranks, unless the pair has one."""
    if link.column not in made.columns or link.on not in made.columns:
        return False
    a, b = (made.columns[name].get("distribution") or {} for name in (link.column, link.on))
    if any(item["column"] == link.on for item in a.get("correlations", [])) or any(
        item["column"] == link.column for item in b.get("correlations", [])
    ):
        return False
    listed = a.setdefault("correlations", [])
    a.setdefault("sources", []).append({"number": f"correlations.{len(listed)}.r", "source": link.source})
    listed.append({"column": link.on, "r": link.value})
    return True


def _grouped(made: Built, column: str, on: str, groups: Mapping[str, float], found: Mapping[str, Stated]) -> bool:
    """Add means or shares by the levels of another column."""
    if column not in made.columns or on not in made.columns or (column in found and found[column].given):
        return False
    body, weights = made.columns[column].get("distribution") or {}, weights_in(made.columns[on])
    levels = {level: groups[name] for level in weights or {} if (name := _named(level, groups)) is not None}
    if weights is None or body.get("cases") or len(levels) < len(groups):
        return False
    if body.get("family") == "bernoulli":
        shares = {level: share / 100 if share > 1 else share for level, share in levels.items()}
        if not all(0 <= share <= 1 for share in shares.values()):
            return False
        return _set_cases(body, on, "probability", _shares_that_make(body["probability"], weights, shares))
    if body.get("family") == "normal":
        return _shifted(body, on, weights, levels)
    if body.get("family") == "gamma" and all(mean > 0 for mean in levels.values()):
        return _scaled(body, on, weights, levels)
    return False


def _named(level: Level, groups: Mapping[str, float]) -> str | None:
    """What a model calls a level."""
    words = {"true": ("true", "yes", "1"), "false": ("false", "no", "0")}.get(str(level).lower(), (str(level).lower(),))
    return next((name for name in groups if name.lower() in words), None)


def _shares_that_make(whole: float, weights: Mapping[Level, float], shares: Mapping[Level, float]) -> dict[Level, float]:
    """Shares whose odds have the ratios given and that make a share over all levels; a level not named has the whole's own."""
    if whole <= 0 or whole >= 1:
        return {}
    odds = {level: _logit(shares.get(level, whole)) for level in weights}
    low, high = -40.0, 40.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        total = sum(weight * _expit(odds[level] + middle) for level, weight in weights.items())
        low, high = (middle, high) if total < whole else (low, middle)
    return {level: _expit(odds[level] + low) for level in weights}


def _logit(share: float) -> float:
    kept = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(kept / (1 - kept))


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def _shifted(body: dict[str, Any], on: str, weights: Mapping[Level, float], means: Mapping[Level, float]) -> bool:
    """Means by level that make the column's own mean; what varies between levels is taken off its variance."""
    own = {level: means.get(level, body["mean"]) for level in weights}
    centre = sum(weight * own[level] for level, weight in weights.items())
    away = {level: own[level] - centre for level in weights}
    between = sum(weight * away[level] ** 2 for level, weight in weights.items())
    variance = body["sd"] ** 2
    if between > _MOST_BETWEEN * variance:
        away = {level: step * math.sqrt(_MOST_BETWEEN * variance / between) for level, step in away.items()}
        between = _MOST_BETWEEN * variance
    mean = body["mean"]
    body["sd"] = math.sqrt(variance - between)
    return _set_cases(body, on, "mean", {level: mean + step for level, step in away.items()})


def _scaled(body: dict[str, Any], on: str, weights: Mapping[Level, float], means: Mapping[Level, float]) -> bool:
    """The same for a gamma: scales by level, in the ratios given, and the shape that leaves its own mean and variance."""
    whole = body["shape"] * body["scale"]
    own = {level: means.get(level, whole) for level in weights}
    centre = sum(weight * own[level] for level, weight in weights.items())
    own = {level: mean * whole / centre for level, mean in own.items()}
    between = sum(weight * (own[level] - whole) ** 2 for level, weight in weights.items())
    variance = whole * body["scale"]
    if between > _MOST_BETWEEN * variance:
        shrunk = math.sqrt(_MOST_BETWEEN * variance / between)
        own = {level: whole + (mean - whole) * shrunk for level, mean in own.items()}
        between = _MOST_BETWEEN * variance
    body["shape"] = sum(weight * own[level] ** 2 for level, weight in weights.items()) / (variance - between)
    body["scale"] = whole / body["shape"]
    return _set_cases(body, on, "scale", {level: mean / body["shape"] for level, mean in own.items()})


def _set_cases(body: dict[str, Any], on: str, name: str, values: Mapping[Level, float]) -> bool:
    body["cases"] = [{"when": [{"column": on, "levels": [level]}], "parameters": {name: value}} for level, value in values.items()]
    body.setdefault("sources", [])
    body["sources"] += [{"number": f"cases.{i}.parameters.{name}", "source": "model"} for i in range(len(values))]
    return bool(values)


def _may_be_ordered(made: Built, lower: str, higher: str) -> bool:
    """Whether an order of two columns can hold: both dates or both numbers, not ordered yet, and the lower one not always above."""
    if lower not in made.columns or higher not in made.columns:
        return False
    kinds = [made.columns[name]["kind"] for name in (lower, higher)]
    if not (kinds == ["date", "date"] or set(kinds) <= {"integer", "real"}):
        return False
    taken = [rule["columns"] for rule in (*made.rules, *made.modelled_rules) if rule["rule"] == "order"]
    if any(set(pair) & {lower, higher} for pair in taken):
        return False
    if kinds[0] == "date":
        a, b = (made.columns[name]["distribution"] for name in (lower, higher))
        return bool(a["start"] <= b["end"])
    least, most = made.columns[lower].get("minimum"), made.columns[higher].get("maximum")
    return least is None or most is None or least < most


def weights_in(column: Mapping[str, Any]) -> dict[Level, float] | None:
    """The share of each level of a column that depends on no other; None where that isn't known."""
    body = column.get("distribution") or {}
    if body.get("cases"):
        return None
    if body.get("family") == "bernoulli":
        return {True: body["probability"], False: 1 - body["probability"]}
    if body.get("family") == "categorical":
        total = sum(body["weights"])
        return {level: weight / total for level, weight in zip(body["levels"], body["weights"], strict=True)}
    return None
