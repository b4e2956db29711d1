"""What statements ask of each column, and where they contradict one another."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from synthnb.errors import RecipeError, shown
from synthnb.recipes._dependence import LARGEST_WHOLE

if TYPE_CHECKING:
    from synthnb.recipes.recipe import Kind
    from synthnb.recipes.statements.statement import Level, Reading, Statement

__all__ = ["Stated", "gathered", "problems_of", "sex_levels", "weights_of", "with_names"]

_DAY = re.compile(r"(?<![\w-])[12]\d{3}-\d{2}-\d{2}(?![\w-])")
_CODE = re.compile(r"(?:^|_)(?:id|ids|identifier|uuid|mrn)$")
_LEVELLED = frozenset(
    {
        "arm",
        "sex",
        "region",
        "country",
        "race",
        "ethnicity",
        "education",
        "marital_status",
        "occupation",
        "blood_group",
        "blood_type",
        "status",
    }
)
"""Names of columns that hold levels, if nothing else is said of them."""
_SCORE = re.compile(
    r"(?:^|_)(?:scores?|rating|likert|items?|phq|gad|mmse|moca|apgar|gcs|nihss|hads|madrs|bdi|sofa|apache|qsofa|nrs|edss|mrs|points?)(?:_|$)"
)
"""Names of scores, which are whole numbers where their limits are."""
_LEAST_SCORES, _LEAST_SPREAD = 3, 0.5
"""Between which limits, and with which spread, a score may be whole."""
_ROUNDED = 0.006
"""How far shares that are rounded to whole percents may be from adding up, for each of them."""


@dataclass(frozen=True)
class Stated:
    """Everything stated of one column."""

    name: str
    """Its name."""
    kind: Kind | None = None
    """What it holds; None where nothing was said from which that follows."""
    unit: str = ""
    """The unit of its numbers."""
    places: int = 0
    """Most decimal places its numbers were written with."""
    whole: bool | None = None
    """Whether it counts something."""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """``low``, ``high``, ``mean``, ``sd``, ``median``, ``q1``, ``q3``, ``missing``, and ``share`` of true."""
    strict: frozenset[str] = frozenset()
    """Limits that are excluded themselves."""
    levels: tuple[str, ...] = ()
    """Levels that were named, in that order."""
    closed: bool = False
    """Whether the levels named are all there are."""
    shares: Mapping[str, float] = field(default_factory=dict)
    """Shares of levels, from 0 to 1."""
    dates: tuple[str, str] | None = None
    """First and last day."""
    pattern: str = ""
    """How codes are spelt."""
    given: tuple[tuple[str, Level, Mapping[str, float]], ...] = ()
    """Parent column, its level, and the numbers stated for rows that have it."""
    family: str = ""
    """The distribution that was named."""
    words: Mapping[str, str] = field(default_factory=dict)
    """The words that each number, or each level's share, was read from."""

    @property
    def parent(self) -> str:
        """The column on whose levels statements about this one depend; empty for none."""
        return self.given[0][0] if self.given else ""


def gathered(reading: Reading) -> dict[str, Stated]:
    """Return what is stated of each column, by name, in the order of the description.

    Raises
    ------
    RecipeError
        Statements contradict one another; all of them are told.
    """
    reading = with_names(reading)
    if problems := [*_on_days(reading), *_on_size(reading.statements)]:
        raise RecipeError(f"The description can't be had: {'; '.join(dict.fromkeys(problems))}.", fix="Correct the words named.")
    found, problems = _merged(reading.statements)
    problems += problems_of(found, reading.statements)
    if problems:
        told = "; ".join(dict.fromkeys(problems))
        raise RecipeError(f"The description contradicts itself: {told}.", fix="Correct the words named.")
    return found


def with_names(reading: Reading) -> Reading:
    """The reading without statements whose column has no name, as where a unit stands for one; their words are listed as unread."""
    nameless = [
        item
        for item in reading.statements
        if (not item.column and item.kind not in {"rows", "missing"}) or (not item.other and item.kind in {"correlation", "order"})
    ]
    kept = tuple(item for item in reading.statements if item not in nameless)
    return replace(reading, statements=kept, unread=tuple(dict.fromkeys((*reading.unread, *(item.text for item in nameless)))))


def _on_days(reading: Reading) -> Iterator[str]:
    """Dates that no calendar has."""
    codes = [item for item in reading.statements if item.kind in {"unique", "text"}]
    for match in _DAY.finditer(reading.text):
        if any(item.start <= match.start() < item.end for item in codes):
            continue
        try:
            dt.date.fromisoformat(match.group())
        except ValueError:
            yield f"there is no date {match.group()}"


def _on_size(statements: Sequence[Statement]) -> Iterator[str]:
    """Numbers that are too large for any column."""
    for item in statements:
        for value in item.numbers.values():
            if not abs(value) <= LARGEST_WHOLE:
                yield f"{shown(item.text)}: a number from -{LARGEST_WHOLE:,} to {LARGEST_WHOLE:,} was expected; got {value:g}"


def _merged(statements: Sequence[Statement]) -> tuple[dict[str, Stated], list[str]]:
    found: dict[str, Stated] = {}
    problems: list[str] = []
    rows = [item for item in statements if item.kind == "rows"]
    problems += [_differ("how many rows", a, b) for a, b in pairwise(rows) if a.numbers != b.numbers]
    for item in statements:
        for name in filter(None, (item.column, item.other, item.when[0] if item.when else "")):
            found.setdefault(name, Stated(name))
        if item.column:
            found[item.column] = _with(found[item.column], item, problems)
        if item.when:
            found[item.when[0]] = _as_parent(found[item.when[0]], item.when[1])
    everywhere = [item for item in statements if item.kind == "missing" and not item.column]
    for item in everywhere:
        for name, stated in found.items():
            if "missing" not in stated.numbers and stated.kind not in {"identifier", "text"}:
                found[name] = replace(
                    stated, numbers={**stated.numbers, "missing": item.numbers["share"]}, words={**stated.words, "missing": item.source}
                )
    scored = {name: replace(stated, whole=True) if _is_score(stated) else stated for name, stated in found.items()}
    return {name: replace(stated, kind=_kind(stated, statements)) for name, stated in scored.items()}, problems


def _is_score(stated: Stated) -> bool:
    """Whether a column holds a score of whole numbers: both of its limits are such, and there is room for more than two or three."""
    low, high = (stated.numbers.get(name, 0.5) for name in ("low", "high"))
    whole = low.is_integer() and high.is_integer() and low >= 0 and high - low >= _LEAST_SCORES
    spread = min([stated.numbers.get("sd", 1.0), *(numbers.get("sd", 1.0) for _, _, numbers in stated.given)])
    return stated.whole is None and whole and spread >= _LEAST_SPREAD and _SCORE.search(stated.name) is not None


def _as_parent(stated: Stated, level: Level) -> Stated:
    """The column with a level that some statement is restricted to."""
    if isinstance(level, bool):
        return replace(stated, kind=stated.kind or "boolean")
    return stated if level in stated.levels else replace(stated, kind=stated.kind or "category", levels=(*stated.levels, level))


def _with(stated: Stated, item: Statement, problems: list[str]) -> Stated:
    """The column with one statement more."""
    if item.when:
        return _with_group(stated, item, item.when, problems)
    if item.kind == "share":
        return _with_share(stated, item, problems)
    if item.kind == "levels":
        return _with_levels(stated, item, problems)
    if item.kind == "dates":
        if item.dates[0] > item.dates[1]:
            problems.append(f"{shown(item.text)} ends before it begins")
        if stated.dates not in (None, item.dates):
            problems.append(_disagree(stated.name, stated.words.get("dates", ""), item.text))
        return replace(stated, kind="date", dates=item.dates, words={**stated.words, "dates": item.source})
    if item.kind in {"range", "moments", "quartiles", "missing"}:
        return _with_numbers(stated, item, problems)
    return _plainly(stated, item)


def _with_group(stated: Stated, item: Statement, when: tuple[str, Level], problems: list[str]) -> Stated:
    """The column with figures that hold where another has some level."""
    for parent, level, numbers in stated.given:
        if (parent, level) == when:
            problems += [
                f"{stated.name} {name} where {parent} is {shown(level)} is stated as {numbers[name]:g} and {value:g}"
                for name, value in item.numbers.items()
                if name in numbers and numbers[name] != value
            ]
    kind = stated.kind or ("boolean" if item.kind == "share" and item.level is True else "category" if item.kind == "share" else None)
    numbers = dict(item.numbers) if item.level is not False else {"share": 1 - item.numbers["share"]}
    words = {**stated.words, f"given {when[1]}": item.source}
    return replace(_plainly(stated, item), kind=kind, given=(*stated.given, (*when, numbers)), words=words)


def _with_levels(stated: Stated, item: Statement, problems: list[str]) -> Stated:
    """The column with the levels there are, and perhaps their shares."""
    shares = dict(zip(item.levels, item.weights, strict=True)) if item.weights else {}
    total = sum(shares.values())
    if shares and not total > 0:
        problems.append(f"{shown(item.text)}: at least one share must be above 0")
    if item.places and abs(total - 1) > _ROUNDED * len(shares) + 0.004:
        problems.append(f"{shown(item.text)}: the shares of {stated.name} add up to {total:.4g}, not to 1")
    shares = {level: share / total for level, share in shares.items()} if total > 0 else {}
    problems += [
        _disagree(f"{stated.name} {shown(level)}", stated.words.get(level, ""), item.text)
        for level, share in shares.items()
        if level in stated.shares and abs(stated.shares[level] - share) > _ROUNDED
    ]
    levels = tuple(dict.fromkeys((*stated.levels, *item.levels)))
    words = {**stated.words, **dict.fromkeys(item.levels, item.source)}
    return replace(stated, kind="category", levels=levels, closed=True, shares={**stated.shares, **shares}, words=words)


def _plainly(stated: Stated, item: Statement) -> Stated:
    """What follows from a statement of any kind."""
    kinds: dict[str, Any] = {"unique": "identifier", "text": "text"}
    kind = kinds.get(item.kind, "boolean" if item.kind == "column" and item.level is True else None)
    whole = stated.whole if item.whole is None else item.whole
    return replace(
        stated,
        kind=kind or stated.kind,
        pattern=item.pattern or stated.pattern,
        family=item.family or stated.family,
        unit=stated.unit or item.unit,
        places=max(stated.places, 0 if item.kind in {"share", "missing", "correlation"} else item.places),
        whole=whole,
        words={**stated.words, item.kind: item.source},
    )


def _with_share(stated: Stated, item: Statement, problems: list[str]) -> Stated:
    share = item.numbers["share"]
    if not 0 <= share <= 1:
        problems.append(f"{shown(item.text)}: a share is from 0 to 1; got {share:g}")
    if isinstance(item.level, bool) or item.level is None:
        share = share if item.level is not False else 1 - share
        if "share" in stated.numbers and abs(stated.numbers["share"] - share) > 1e-9:
            problems.append(_disagree(stated.name, stated.words.get("share", ""), item.text))
        return replace(
            _plainly(stated, item), kind="boolean", numbers={**stated.numbers, "share": share}, words={**stated.words, "share": item.source}
        )
    if item.level in stated.shares and abs(stated.shares[item.level] - share) > 1e-9:
        problems.append(_disagree(f"{stated.name} {shown(item.level)}", stated.words.get(item.level, ""), item.text))
    levels = stated.levels if item.level in stated.levels else (*stated.levels, item.level)
    return replace(
        stated, kind="category", levels=levels, shares={**stated.shares, item.level: share}, words={**stated.words, item.level: item.source}
    )


def _with_numbers(stated: Stated, item: Statement, problems: list[str]) -> Stated:
    told = {("missing" if item.kind == "missing" else name): value for name, value in item.numbers.items()}
    for name, value in told.items():
        if name in stated.numbers and stated.numbers[name] != value:
            problems.append(_disagree(f"the {_SAID.get(name, name)} of {stated.name}", stated.words.get(name, ""), item.text))
    if item.kind == "missing" and not 0 <= told["missing"] <= 1:
        problems.append(f"{shown(item.text)}: a share is from 0 to 1; got {told['missing']:g}")
    if item.kind == "range" and len(told) == 2 and not told["low"] < told["high"]:
        problems.append(f"{shown(item.text)}: the range of {stated.name} ends at {told['high']:g}, which isn't above {told['low']:g}")
    if not told.get("sd", 1.0) > 0:
        problems.append(f"{shown(item.text)}: a standard deviation is above 0")
    strict = stated.strict | (frozenset(told) if item.strict else frozenset())
    return replace(
        _plainly(stated, item),
        numbers={**stated.numbers, **told},
        strict=strict,
        words={**stated.words, **dict.fromkeys(told, item.source)},
    )


_SAID = {
    "low": "least value",
    "high": "largest value",
    "sd": "standard deviation",
    "q1": "lower quartile",
    "q3": "upper quartile",
    "missing": "missing share",
}


def _differ(what: str, a: Statement, b: Statement) -> str:
    return _disagree(what, a.text, b.text)


def _disagree(what: str, first: str, second: str) -> str:
    return f"{what} is stated twice and differently, by {shown(first)} and {shown(second)}"


def _kind(stated: Stated, statements: Sequence[Statement]) -> Kind | None:
    """What a column holds, as far as that follows from what was said."""
    if stated.kind:
        return stated.kind
    if stated.name.endswith("_date"):
        return "date"
    n = {name for name in stated.numbers if name != "missing"} | {name for _, _, numbers in stated.given for name in numbers}
    if not n and stated.family:
        return "integer" if stated.whole else "real"
    if not n:
        tied = any(stated.name in (item.column, item.other) and item.kind in {"correlation", "order"} for item in statements)
        named: Kind | None = "identifier" if _CODE.search(stated.name) else "category" if stated.name in _LEVELLED else None
        return "real" if tied else "integer" if stated.name == "age" else named
    if stated.name == "age" and not stated.places:
        return "integer"
    spread = stated.numbers.get("sd", stated.numbers.get("q3", math.inf) - stated.numbers.get("q1", 0.0))
    spreads = [numbers["sd"] for _, _, numbers in stated.given if "sd" in numbers]
    coarse = min([spread, *spreads]) >= 3
    counted = stated.whole or stated.name == "age" or stated.unit in {"days", "points", "point", "day"}
    return "integer" if counted or (not stated.places and coarse) else "real"


def problems_of(found: Mapping[str, Stated], statements: Sequence[Statement]) -> list[str]:
    """What can't hold together, column by column and between columns."""
    problems = [problem for stated in found.values() for problem in (*_on_numbers(stated), *_on_shares(stated, found), *_on_kinds(stated))]
    return [*problems, *_on_pairs(statements, found)]


def _on_kinds(stated: Stated) -> Iterator[str]:
    """Statements that ask for two kinds of column."""
    numeric = {"low", "high", "mean", "sd", "median"} & set(stated.numbers)
    if numeric and (stated.shares or stated.levels):
        yield f"{stated.name} can't have both levels and a {_SAID.get(min(numeric), min(numeric))}"
    if numeric and stated.dates:
        yield f"{stated.name} can't be both a date and a number"


def _on_numbers(stated: Stated) -> Iterator[str]:
    n, words = stated.numbers, stated.words
    low, high = n.get("low", -math.inf), n.get("high", math.inf)
    if not low < high and words.get("low") != words.get("high"):
        yield f"{stated.name} is at least {low:g} by {shown(words['low'])} and at most {high:g} by {shown(words['high'])}"
        return
    for name in ("mean", "median", "q1", "q3"):
        if name in n and not low <= n[name] <= high:
            said = f"the {_SAID.get(name, name)} of {stated.name}, {n[name]:g} by {shown(words[name])}"
            yield f"{said}, lies outside its limits {low:g} and {high:g}"
            return
    if "q1" in n and not n["q1"] <= n["median"] <= n["q3"]:
        yield f"{shown(words['median'])}: a median lies between its quartiles"
    if "sd" in n and low < high and "mean" in n and n["sd"] ** 2 >= (n["mean"] - low) * (high - n["mean"]):
        yield f"a standard deviation of {n['sd']:g} by {shown(words['sd'])} is more than {stated.name} can have from {low:g} to {high:g}"


def _on_shares(stated: Stated, found: Mapping[str, Stated]) -> Iterator[str]:
    """Shares that add up to more than all, and shares of parts that can't make the whole."""
    total = sum(stated.shares.values())
    if total > 1 + _ROUNDED * max(len(stated.shares), 1):
        told = " and ".join(dict.fromkeys(shown(stated.words[level]) for level in stated.shares))
        yield f"the shares of {stated.name} add up to {total:.4g}, by {told}"
    parents = dict.fromkeys(parent for parent, _, _ in stated.given)
    if len(parents) > 1:
        yield f"{stated.name} is stated by {' and by '.join(parents)}; only one of them can be kept"
        return
    parts = {level: numbers["share"] for _, level, numbers in stated.given if "share" in numbers}
    wrong = [(level, share) for level, share in parts.items() if not 0 <= share <= 1]
    yield from (f"{stated.name} where {stated.parent} is {shown(level)}: a share is from 0 to 1; got {share:g}" for level, share in wrong)
    if "share" in stated.numbers and parts and not wrong and stated.parent in found:
        yield from _on_parts(stated, parts, weights_of(found[stated.parent]) or {})


def _on_parts(stated: Stated, parts: Mapping[Level, float], weights: Mapping[Level, float]) -> Iterator[str]:
    """A share of all that no shares of the other parts could make."""
    if not weights or not set(parts) <= set(weights):
        return
    whole, least = stated.numbers["share"], sum(weights[level] * share for level, share in parts.items())
    most = least + 1 - sum(weights[level] for level in parts)
    if not least - 0.01 <= whole <= most + 0.01:
        yield f"{whole:g} of {stated.name} by {shown(stated.words['share'])} can't be, when its parts make from {least:.3g} to {most:.3g}"


def weights_of(parent: Stated) -> dict[Level, float] | None:
    """The share of each level of a column, where that is stated of all of them but one at most."""
    if parent.kind == "boolean":
        share = parent.numbers.get("share")
        return None if share is None else {True: share, False: 1 - share}
    levels = sex_levels(parent)
    open_levels = [level for level in levels if level not in parent.shares]
    if len(levels) < 2 or len(open_levels) > 1:
        return None
    rest = max(0.0, 1 - sum(parent.shares.values()))
    return {level: parent.shares.get(level, rest) for level in levels}


def sex_levels(stated: Stated) -> tuple[str, ...]:
    """A column's levels; a sex that isn't named is one too."""
    if stated.name == "sex" and set(stated.levels) < {"female", "male"}:
        return ("female", "male")
    return stated.levels


def _on_pairs(statements: Sequence[Statement], found: Mapping[str, Stated]) -> Iterator[str]:
    """Correlations that can't be, and orders that run in a circle or against limits."""
    pairs: dict[frozenset[str], Statement] = {}
    for item in statements:
        if item.kind != "correlation":
            continue
        pair = frozenset((item.column, item.other))
        if not -1 <= item.numbers["r"] <= 1:
            yield f"{shown(item.text)}: a correlation is from -1 to 1"
        if pair in pairs and pairs[pair].numbers != item.numbers:
            yield _differ(f"the correlation of {item.column} and {item.other}", pairs[pair], item)
        pairs[pair] = item
    orders = [item for item in statements if item.kind == "order"]
    below: dict[str, set[str]] = {}
    for item in orders:
        below.setdefault(item.column, set()).add(item.other)
    for item in orders:
        if item.column in _reached(item.other, below):
            yield f"{shown(item.text)}: {item.column} would be below itself"
        a, b = found[item.column], found[item.other]
        if a.dates and b.dates and a.dates[0] > b.dates[1]:
            yield f"{shown(item.text)}: {item.column} begins on {a.dates[0]}, after {item.other} ends"
        if a.numbers.get("low", -math.inf) > b.numbers.get("high", math.inf):
            yield f"{shown(item.text)}: {item.column} is never below {a.numbers['low']:g}, nor {item.other} above {b.numbers['high']:g}"


def _reached(start: str, above: Mapping[str, set[str]]) -> set[str]:
    found, todo = {start}, [start]
    while todo:
        new = above.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found
