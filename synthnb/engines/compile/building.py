"""From statements and a draft to a recipe: what is stated always wins, and each number keeps its source."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from synthnb.engines.compile.categories import categories_of
from synthnb.engines.compile.links import add_links
from synthnb.engines.compile.pieces import by_quantiles
from synthnb.engines.compile.stays import add_stays
from synthnb.errors import RecipeError
from synthnb.recipes.distributions import check_distributions
from synthnb.recipes.recipe import Recipe
from synthnb.recipes.statements.fitting import Fitted, Wanted, fitted
from synthnb.recipes.statements.named import fitted_as
from synthnb.recipes.statements.stated import Stated, weights_of

if TYPE_CHECKING:
    from synthnb.recipes.distributions import Source
    from synthnb.recipes.draft import Draft, DraftColumn, DraftNumbers, Known
    from synthnb.recipes.statements.statement import Level, Statement

__all__ = ["Built", "built", "sourced"]

_SIGNED = re.compile(
    r"(?:^|_)(?:change|difference|z|zscore|temperature|balance|return|returns|growth|deviation|profit|gain|latitude|longitude|log|delta)(?:_|$)"
)
_FIRST, _LAST = "2020-01-01", "2024-12-31"
_LATER = 60
_FLAT = 1 / 3
"""Most that a variance may be of the room on both sides of the mean, as a model states it: that of values all alike."""
_NOTE = 300
_DTYPES = {
    "real": ("float64", "float64"),
    "integer": ("int64", "Int64"),
    "boolean": ("bool", "boolean"),
    "date": ("datetime64[us]", "datetime64[us]"),
}
_NUMERIC = frozenset({"integer", "real"})
_SHAPED = frozenset({"mean", "sd", "median", "q1", "q3"})
"""Numbers that say how values lie; limits alone don't."""


@dataclass
class Built:
    """A recipe being made, column by column."""

    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The columns as plain mappings, by name."""
    notes: list[str] = field(default_factory=list)
    """What had to be assumed or left out, in sentences."""
    limits: dict[tuple[str, str], tuple[Source, str]] = field(default_factory=dict)
    """Who stated ``minimum`` and ``maximum`` of each column, and with which words."""
    rules: list[dict[str, Any]] = field(default_factory=list)
    """Rules, as plain mappings."""
    ungrouped: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Distributions as they were before a model's figures by group were added, by column."""
    modelled_rules: list[dict[str, Any]] = field(default_factory=list)
    """Rules that a model stated."""

    def recipe(self, *, table: str, rows: int, seed: int) -> Recipe:
        """The recipe.

        Raises
        ------
        RecipeError
            Something in it doesn't fit; everything is told with its path.
        """
        rules = [*self.rules, *self.modelled_rules]
        return Recipe.from_dict({"table": table, "rows": rows, "seed": seed, "columns": list(self.columns.values()), "rules": rules})


def built(found: Mapping[str, Stated], statements: Sequence[Statement], draft: Draft, *, rows: int, table: str, seed: int) -> Built:
    """Return the recipe that statements and a draft make together.

    Raises
    ------
    RecipeError
        What is stated can't be drawn; everything is told with its path.
    """
    made = Built()
    drafted = {column.name: column for column in draft.columns}
    order = list(drafted) + [name for name in found if name not in drafted]
    kinds = {name: _kind(name, found.get(name), drafted.get(name), made) for name in order}
    for name in sorted(order, key=lambda name: (kinds[name] != "identifier", kinds[name] == "text")):
        stated = found.get(name) or Stated(name)
        made.columns[name] = _column(stated, kinds[name], draft, found, statements, made, rows)
    _add_correlations(made, statements)
    _add_orders(made, statements)
    add_stays(made, found)
    problems = check_distributions(made.recipe(table=table, rows=rows, seed=seed))
    if problems:
        told = "; ".join(f"{problem.path}: {problem.message}" for problem in problems)
        raise RecipeError(f"What the description states can't be drawn: {told}.", fix="Correct the description.")
    add_links(made, draft, found, table=table, rows=rows, seed=seed)
    return made


def _kind(name: str, stated: Stated | None, drafted: DraftColumn | None, made: Built) -> str:
    said = stated.kind if stated else None
    if said in _NUMERIC and drafted and drafted.kind in _NUMERIC and stated and not stated.whole and name != "age":
        whole = all(float(stated.numbers[name]).is_integer() for name in ("low", "high", "median", "q1", "q3") if name in stated.numbers)
        return drafted.kind if whole else "real"
    if said:
        return str(said)
    if drafted:
        return drafted.kind
    made.notes.append(f"Nothing was stated of {name} but its name; it was taken as a number.")
    return "real"


def _column(
    stated: Stated, kind: str, draft: Draft, found: Mapping[str, Stated], statements: Sequence[Statement], made: Built, rows: int
) -> dict[str, Any]:
    """One column as a recipe has it."""
    known = _known(stated, kind, draft, made)
    summarised = known is not None and "missing" not in stated.numbers
    missing = (known.missing or 0.0) if known and summarised else stated.numbers.get("missing", 0.0)
    dtype = _DTYPES[kind][missing > 0] if kind in _DTYPES else "str"
    column: dict[str, Any] = {"name": stated.name, "kind": kind, "dtype": dtype}
    if missing:
        column["missing"] = True
    if kind == "text":
        return column | {"why": "it is to be written, not drawn"}
    if kind in _NUMERIC:
        body = _numbers(column, stated, draft, found, made)
    elif kind == "boolean":
        body = _yes_or_no(stated, draft, found, made)
    elif kind == "category":
        body = _levels(stated, draft, made)
        column |= {"levels": list(body["levels"]), "dtype": _dtype_of(body["levels"], missing=missing > 0)}
    elif kind == "date":
        body = _dates(stated, known, found, statements, made)
    else:
        body = _codes(stated, rows)
    if missing:
        body["missing"] = missing
        note = "" if summarised else stated.words.get("missing", "")[:_NOTE]
        body["sources"] = [*body.get("sources", []), {"number": "missing", "source": "summary" if summarised else "user", "note": note}]
    return column | {"distribution": body}


def _known(stated: Stated, kind: str, draft: Draft, made: Built) -> Known | None:
    """What a summary tells of a column, if it is of the kind that the description asks for; else it is dropped, and that is noted."""
    known = draft.known.get(stated.name)
    if known is None or known.kind == kind or {known.kind, kind} <= _NUMERIC:
        return known
    if kind == "boolean" and (share := _share_of_yes(known)) is not None:
        draft.known[stated.name] = replace(known, kind="boolean", shares={}, share=share)
        return draft.known[stated.name]
    draft.known.pop(stated.name)
    draft.numbers.pop(stated.name, None)
    made.notes.append(f"{stated.name}: the summary has it as {known.kind}, the description as {kind}; no figure of it was taken.")
    return None


def _share_of_yes(known: Known) -> float | None:
    """The share of yes, where the levels of a summary are yes and no, or 1 and 0."""
    shares = {str(level).strip().lower(): share for level, share in known.shares.items()}
    yes = next((shares[word] for word in ("yes", "true", "1", "y") if word in shares), None)
    return yes if set(shares) <= {"yes", "no", "true", "false", "1", "0", "y", "n"} else None


def _dtype_of(levels: Sequence[Any], *, missing: bool) -> str:
    """The type that holds levels as they are."""
    kinds = {type(level) for level in levels}
    if kinds == {int}:
        return "Int64" if missing else "int64"
    return {frozenset({str}): "str", frozenset({float}): "float64"}.get(frozenset(kinds), "object")


def sourced(body: dict[str, Any], told: Mapping[str, tuple[Source, str]]) -> dict[str, Any]:
    """The distribution with the source and the words of each number, by path."""
    return body | {
        "source": "default",
        "sources": [{"number": path, "source": source, "note": note[:_NOTE]} for path, (source, note) in told.items()],
    }


def _numbers(column: dict[str, Any], stated: Stated, draft: Draft, found: Mapping[str, Stated], made: Built) -> dict[str, Any]:
    """A column of numbers: its limits, and the distribution that has what is known."""
    wanted = _wanted(column, stated, draft, made)
    for name, field_name in (("low", "minimum"), ("high", "maximum")):
        if name in wanted.numbers:
            value = wanted.numbers[name]
            column[field_name] = int(value) if column["kind"] == "integer" else value
            made.limits[stated.name, field_name] = (wanted.sources[name], stated.words.get(name, "") if name in stated.numbers else "")
    if column["kind"] == "real":
        known = draft.known.get(stated.name)
        column["decimals"] = min(max(stated.places, _decimals(wanted) if known is None or known.decimals is None else known.decimals), 6)
    if stated.given:
        return _by_group(stated, wanted, found, made)
    named = _as_named(stated, wanted, made)
    if named is not None:
        words = " · ".join(
            dict.fromkeys([*(stated.words[name] for name in stated.numbers if name in stated.words), stated.words["family"]])
        )
        if named.floor is not None and "low" not in wanted.numbers:
            column["minimum"] = int(named.floor) if column["kind"] == "integer" else named.floor
            made.limits[stated.name, "minimum"] = ("user", stated.words["family"])
        return _with_sources(named, words)
    if known := _in_pieces(stated, draft):
        pieces = by_quantiles(known, wanted)
        if pieces is not None:
            return sourced(pieces.body, {name: (source, "") for name, source in pieces.sources.items()})
        made.notes.append(f"{stated.name}: hardly any of the summary lies within the limits stated, so only they were kept.")
        wanted = replace(wanted, numbers={name: value for name, value in wanted.numbers.items() if name in stated.numbers})
    fit = fitted(wanted)
    made.notes += [f"{stated.name}: {note}." for note in fit.notes]
    words = " · ".join(dict.fromkeys(stated.words[name] for name in wanted.numbers if name in stated.words and name in stated.numbers))
    if fit.floor is not None and "low" not in wanted.numbers:
        column["minimum"] = int(fit.floor) if column["kind"] == "integer" else fit.floor
        made.limits[stated.name, "minimum"] = ("default", "its mean and spread leave no room below 0")
    adapted = any(name in wanted.numbers and fit.body.get(name, wanted.numbers[name]) != wanted.numbers[name] for name in ("mean", "sd"))
    return _with_sources(fit, f"{words} · for the curve before it is rounded and cut" if adapted and words else words)


def _as_named(stated: Stated, wanted: Wanted, made: Built) -> Fitted | None:
    """The distribution that the description names, with the figures known; None where none is named, or they don't go with it."""
    if not stated.family:
        return None
    fit = fitted_as(stated.family, wanted)
    if fit is None:
        told = {name: value for name, value in wanted.numbers.items() if name in stated.numbers}
        fit = fitted_as(stated.family, replace(wanted, numbers=told, sources=dict.fromkeys(told, "user")))
    if fit is not None:
        made.notes += [f"{stated.name}: {note}." for note in fit.notes]
    return fit


def _in_pieces(stated: Stated, draft: Draft) -> Known | None:
    """What a summary tells of a column of whose values the description states limits at most."""
    known = draft.known.get(stated.name)
    shaped = _SHAPED & set(stated.numbers) or stated.given or stated.family
    return known if known and known.quantiles and not shaped else None


def _with_sources(fit: Fitted, words: str) -> dict[str, Any]:
    return sourced(fit.body, {name: (source, words if source == "user" else "") for name, source in fit.sources.items()})


def _decimals(wanted: Wanted) -> int:
    spread = wanted.numbers.get("sd") or wanted.numbers.get("q3", 1.0) - wanted.numbers.get("q1", 0.0) or 1.0
    return min(max(0, 2 - math.floor(math.log10(spread))), 4) if 0 < spread < math.inf else 1


def _wanted(column: Mapping[str, Any], stated: Stated, draft: Draft, made: Built) -> Wanted:
    """What is known of a column of numbers: what was stated, and of the model's numbers what fits that."""
    numbers = {name: value for name, value in stated.numbers.items() if name not in {"missing", "share"}}
    sources: dict[str, Source] = dict.fromkeys(numbers, "user")
    step = 1.0 if column["kind"] == "integer" else 0.0
    for name, away in (("low", step or 1e-9), ("high", -(step or 1e-9))):
        if name in stated.strict and name in numbers:
            numbers[name] += away if step else 0.0
            if step and not float(numbers[name]).is_integer():
                numbers[name] = math.ceil(numbers[name] - away) if name == "low" else math.floor(numbers[name] - away)
    said = draft.numbers.get(stated.name)
    shape = (
        said.shape if said else "count" if stated.whole and "q1" not in numbers and "low" not in numbers and "high" not in numbers else None
    )
    if said:
        _fill_in_limits(numbers, sources, said)
    if said and not _in_pieces(stated, draft):
        _fill_in(numbers, sources, said, stated, made)
    for name in ("low", "high") if step else ():
        if name in numbers:
            numbers[name] = float(math.ceil(numbers[name]) if name == "low" else math.floor(numbers[name]))
    parts = [value for _, _, given in stated.given for value in given.values()]
    signed = bool(_SIGNED.search(stated.name)) or any(value < 0 for value in (*numbers.values(), *parts))
    return Wanted(numbers, sources, shape, step, stated.places, signed, of_age=stated.name == "age" and stated.unit in {"", "years"})


def _fill_in_limits(numbers: dict[str, float], sources: dict[str, Source], said: DraftNumbers) -> None:
    """Take the model's limits, or the summary's, where none was stated and nothing stated is broken by them."""
    centres = [numbers[name] for name in ("mean", "median", "q1", "q3") if name in numbers]
    least, most = min(centres, default=math.inf), max(centres, default=-math.inf)
    if said.low is not None and "low" not in numbers and "q1" not in numbers and said.low < min(least, numbers.get("high", math.inf)):
        numbers["low"], sources["low"] = said.low, said.source
    if said.high is not None and "high" not in numbers and "q1" not in numbers and said.high > max(most, numbers.get("low", -math.inf)):
        numbers["high"], sources["high"] = said.high, said.source


def _fill_in(numbers: dict[str, float], sources: dict[str, Source], said: DraftNumbers, stated: Stated, made: Built) -> None:
    """The same of means and spreads."""
    if "median" in numbers:
        if "q1" not in numbers:
            numbers["sd"], sources["sd"] = said.sd, said.source
        return
    if "mean" not in numbers:
        numbers["mean"], sources["mean"] = said.mean, said.source
    if "sd" not in numbers:
        numbers["sd"], sources["sd"] = said.sd, said.source
    room = (numbers["mean"] - numbers.get("low", -math.inf)) * (numbers.get("high", math.inf) - numbers["mean"])
    if "sd" in stated.numbers and numbers["sd"] ** 2 >= 0.9 * room:  # the limits proposed are too narrow for what was stated
        for name in ("low", "high"):
            if sources.get(name) == said.source:
                numbers.pop(name), sources.pop(name)
    elif numbers["sd"] ** 2 > _FLAT * room:
        numbers["sd"] = math.sqrt(_FLAT * room)
        whose = "summary" if said.source == "summary" else "model"
        made.notes.append(f"{stated.name}: the {whose}'s spread {said.sd:g} didn't fit the limits; {numbers['sd']:.3g} was taken.")


def _by_group(stated: Stated, wanted: Wanted, found: Mapping[str, Stated], made: Built) -> dict[str, Any]:
    """A column of numbers that differs between the levels of another."""
    known: list[tuple[Level | None, dict[str, float]]] = [(level, dict(numbers)) for _, level, numbers in stated.given]
    known.append((None, _of_the_rest(stated, wanted, weights_of(found[stated.parent]))))
    fits = {level: _group_fit(numbers, wanted, known[-1][1]) for level, numbers in known}
    told = [(str(level).lower() if isinstance(level, bool) else level, note) for level, fit in fits.items() for note in fit.notes]
    made.notes += [f"{stated.name} where {stated.parent} is {level}: {note}." for level, note in told if level is not None]
    families = {fit.body["family"] for fit in fits.values()}
    if len(families) > 1 or "mixture" in families:
        fits = {level: _as_normal(fits[level], numbers) for level, numbers in known}
        made.notes.append(f"{stated.name}: the groups' figures ask for different shapes; bell curves were taken.")
    base = fits.pop(None)
    names = [name for name in base.body if name != "family"]
    sources: dict[str, tuple[Source, str]] = dict.fromkeys(names, ("default", ""))
    cases = []
    for i, (level, fit) in enumerate(fits.items()):
        cases.append({"when": [{"column": stated.parent, "levels": [level]}], "parameters": {name: fit.body[name] for name in names}})
        words = stated.words.get(f"given {level}", "")
        by = {name: fit.sources.get(name, "default") for name in names}
        sources |= {f"cases.{i}.parameters.{name}": (source, words if source == "user" else "") for name, source in by.items()}
    return sourced({**base.body, "cases": cases}, sources)


def _of_the_rest(stated: Stated, wanted: Wanted, weights: Mapping[Level, float] | None) -> dict[str, float]:
    """Figures of the rows that no statement by group is about: so that all rows together have what is stated of them."""
    groups = {level: numbers for _, level, numbers in stated.given}
    rest = {name: value for name, value in wanted.numbers.items() if name in {"mean", "sd", "median", "q1", "q3"}}
    if not rest:
        names = next(iter(groups.values()))
        return {name: sum(numbers.get(name, names[name]) for numbers in groups.values()) / len(groups) for name in names}
    if weights and "mean" in stated.numbers and set(groups) < set(weights):
        left = sum(weight for level, weight in weights.items() if level not in groups)
        told = sum(weights[level] * numbers["mean"] for level, numbers in groups.items() if "mean" in numbers)
        rest["mean"] = (rest["mean"] - told) / left if left else rest["mean"]
    return rest


def _group_fit(numbers: Mapping[str, float], wanted: Wanted, rest: Mapping[str, float]) -> Fitted:
    """The distribution of one group, within the column's limits."""
    limits = {name: value for name, value in wanted.numbers.items() if name in {"low", "high"}}
    known = {**limits, **numbers}
    sources: dict[str, Source] = {**{name: wanted.sources[name] for name in limits}, **dict.fromkeys(numbers, "user")}
    notes: tuple[str, ...] = ()
    if "mean" in known and "sd" not in known:
        known["sd"], sources["sd"] = rest.get("sd", 0.2 * abs(known["mean"]) or 1.0), "default"
        notes = (f"no spread was stated; a standard deviation of {known['sd']:.3g} was taken",)
    fit = fitted(Wanted(known, sources, wanted.shape or "bell", wanted.step, wanted.places, wanted.signed))
    return replace(fit, notes=(*fit.notes, *notes))


def _has_spread(numbers: Mapping[str, float]) -> bool:
    return "sd" in numbers or "q1" in numbers


def _as_normal(fit: Fitted, numbers: Mapping[str, float]) -> Fitted:
    mean = numbers.get("mean", numbers.get("median", 0.0))
    sd = numbers.get("sd") or (numbers.get("q3", 1.0) - numbers.get("q1", 0.0)) / 1.349 or 1.0
    told: dict[str, Source] = {
        "mean": "user" if {"mean", "median"} & set(numbers) else "default",
        "sd": "user" if _has_spread(numbers) else "default",
    }
    return replace(fit, body={"family": "normal", "mean": mean, "sd": sd}, sources=told)


def _yes_or_no(stated: Stated, draft: Draft, found: Mapping[str, Stated], made: Built) -> dict[str, Any]:
    groups = {level: numbers["share"] for _, level, numbers in stated.given if "share" in numbers}
    guess = draft.levels.get(stated.name, {})
    yes = next((share for level, share in guess.items() if level.lower() in {"yes", "true", "1"}), next(iter(guess.values()), None))
    known = draft.known.get(stated.name)
    told_by: Source = "summary" if known and known.share is not None else "model"
    yes = known.share if known and known.share is not None else yes
    weights = weights_of(found[stated.parent]) if groups else None
    whole = stated.numbers.get("share")
    source: Source = "user"
    words = stated.words.get("share", "")
    if groups and whole is not None and weights and set(groups) < set(weights):
        left = sum(weight for level, weight in weights.items() if level not in groups)
        base = min(1.0, max(0.0, (whole - sum(weights[level] * share for level, share in groups.items())) / left)) if left else whole
    elif whole is not None:
        base = whole
    elif yes is not None:
        base, source, words = yes, told_by, ""
    else:
        base, source, words = (sum(groups.values()) / len(groups) if groups else 0.5), "default", ""
        if not weights or not set(weights) <= set(groups):
            made.notes.append(f"{stated.name}: no share was stated{' for the others' if groups else ''}; {base:.3g} was taken.")
    told: dict[str, tuple[Source, str]] = {"probability": (source, words)}
    cases = []
    for i, (level, share) in enumerate(groups.items()):
        cases.append({"when": [{"column": stated.parent, "levels": [level]}], "parameters": {"probability": share}})
        told[f"cases.{i}.parameters.probability"] = ("user", stated.words.get(f"given {level}", ""))
    return sourced({"family": "bernoulli", "probability": base} | ({"cases": cases} if cases else {}), told)


def _levels(stated: Stated, draft: Draft, made: Built) -> dict[str, Any]:
    """A category, with the words that each stated share was read from."""
    found = categories_of(stated, draft.levels.get(stated.name, {}), draft.known.get(stated.name))
    made.notes += [f"{stated.name}: {note}." for note in found.notes]
    told = {
        f"weights.{i}": (source, stated.words.get(str(level), "") if source == "user" else "")
        for i, (level, source) in enumerate(zip(found.levels, found.sources, strict=True))
    }
    return sourced(found.body, told)


def _dates(
    stated: Stated, known: Known | None, found: Mapping[str, Stated], statements: Sequence[Statement], made: Built
) -> dict[str, Any]:
    if stated.dates:
        return {
            "family": "dates",
            "start": stated.dates[0],
            "end": stated.dates[1],
            "source": "user",
            "note": stated.words["dates"][:_NOTE],
        }
    if known and known.dates:
        return {"family": "dates", "start": known.dates[0], "end": known.dates[1], "source": "summary"}
    before = [found[item.column].dates for item in statements if item.kind == "order" and item.other == stated.name]
    after = [found[item.other].dates for item in statements if item.kind == "order" and item.column == stated.name]
    start = max((dates[0] for dates in before if dates), default=min((dates[0] for dates in after if dates), default=_FIRST))
    end = min((dates[1] for dates in after if dates), default="")
    if not end:
        last = max((dates[1] for dates in before if dates), default="")
        end = (dt.date.fromisoformat(last) + dt.timedelta(days=_LATER)).isoformat() if last else _LAST
    made.notes.append(f"{stated.name}: no dates were stated; from {start} to {end} was taken.")
    return {"family": "dates", "start": start, "end": end, "source": "default"}


def _codes(stated: Stated, rows: int) -> dict[str, Any]:
    initial = stated.name[0].upper() if stated.name[0].isalpha() and stated.name != "id" else "R"
    pattern = stated.pattern or f"{initial}[0-9]{{{max(5, len(str(rows)) + 1)}}}"
    return {"family": "identifier", "pattern": pattern, "source": "user" if stated.pattern else "default"}


def _add_correlations(made: Built, statements: Sequence[Statement]) -> None:
    """Stated correlations, of the values where that can be had."""
    for item in statements:
        if item.kind != "correlation" or item.column not in made.columns or item.other not in made.columns:
            continue
        pair = [made.columns[name].get("distribution", {}) for name in (item.column, item.other)]
        if any(other.get("column") == item.other for other in pair[0].get("correlations", [])):
            continue
        ranked = re.search(r"\b(?:rank|spearman|rho|ρ)", item.text, re.IGNORECASE) or any(body.get("cases") for body in pair)
        listed = pair[0].setdefault("correlations", [])
        pair[0].setdefault("sources", []).append({"number": f"correlations.{len(listed)}.r", "source": "user", "note": item.text[:_NOTE]})
        listed.append({"column": item.other, "r": item.numbers["r"], "scale": "rank" if ranked else "pearson"})


def _add_orders(made: Built, statements: Sequence[Statement]) -> None:
    for item in statements:
        if item.kind == "order":
            made.rules.append({"rule": "order", "columns": [item.column, item.other], "strict": item.strict})
