"""The draft of a recipe: what a language model is asked for, as flat data, and what is wrong with its answers.

A model states columns, moments, shares and links; which distribution has them is worked out by code. An answer
is data from outside: it is bounded, checked against what was asked, and every problem is told at once, in
words that can be sent back.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from synthnb.errors import shown
from synthnb.recipes.statements.fitting import Shape
from synthnb.recipes.statements.naming import column_name

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.recipes.distributions import Source
    from synthnb.recipes.recipe import Level

__all__ = [
    "DRAFT_KINDS",
    "Draft",
    "DraftColumn",
    "DraftKind",
    "DraftLink",
    "DraftNumbers",
    "DraftOrder",
    "Known",
    "columns_schema",
    "levels_schema",
    "links_schema",
    "names_in",
    "numbers_schema",
    "read_columns",
    "read_json",
    "read_levels",
    "read_links",
    "read_numbers",
]

DraftKind = Literal["integer", "real", "boolean", "category", "date", "identifier", "text"]
"""What a column of a draft may hold."""

DRAFT_KINDS: tuple[DraftKind, ...] = get_args(DraftKind)
"""Every kind, in order."""

MOST_COLUMNS = 60
"""Most columns of a draft."""

_SHAPES: tuple[Shape, ...] = get_args(Shape)
_LONGEST_REPLY = 200_000
_LONGEST_NAME = 60
_LONGEST_LEVEL = 80
_MOST_LEVELS = 40
_LARGEST = 1e15
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)


@dataclass(frozen=True)
class DraftColumn:
    """A column that a model proposes."""

    name: str
    """Safe and unique."""
    kind: DraftKind
    """What it holds."""
    unit: str = ""
    """The unit of its numbers."""
    same_as: str = ""
    """The stated column that it is, under another name."""


@dataclass(frozen=True)
class DraftNumbers:
    """Numbers that a model proposes for a column of numbers."""

    shape: Shape
    """How values lie."""
    mean: float
    """In the column's unit."""
    sd: float
    """Standard deviation, likewise."""
    low: float | None = None
    """Least value possible."""
    high: float | None = None
    """Largest value possible."""
    source: Source = "model"
    """Who proposes them."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a summary of real rows tells of a column; what it withholds is empty or None."""

    name: str
    """The column, as the real table calls it."""
    kind: DraftKind
    """What it holds."""
    decimals: int | None = None
    """Decimal places of its numbers; None where they have no fixed last one."""
    quantiles: tuple[float, ...] = ()
    """At 0, 10, 25, 50, 75, 90 and 100 %, the ends blurred; in the column's unit."""
    mean: float | None = None
    """In the column's unit."""
    sd: float | None = None
    """Standard deviation, likewise."""
    shares: Mapping[Level, float | None] = field(default_factory=dict)
    """By level, as the real table holds it, from 0 to 1; None where the share is withheld."""
    unnamed: bool = False
    """Whether there are levels too rare to be named."""
    share: float | None = None
    """Of true, in a column of true and false."""
    dates: tuple[str, str] | None = None
    """First and last day, blurred."""
    missing: float | None = None
    """Share of missing cells; None where it is withheld."""

    @property
    def told(self) -> bool:
        """Whether there is a figure of how its values lie."""
        return bool(self.mean is not None or self.shares or self.dates or self.share is not None)

    def to_dict(self) -> dict[str, Json]:
        """Its figures as plain JSON types, those that are withheld left out."""
        plain: dict[str, Json] = {"kind": self.kind}
        if self.shares:
            plain["levels"] = {str(level): share for level, share in self.shares.items() if share is not None}
        ends = (self.quantiles[0], self.quantiles[-1]) if self.quantiles else ()
        low, high = self.dates or ends or (None, None)
        told = {"share of yes": self.share, "mean": self.mean, "sd": self.sd, "low": low, "high": high, "missing": self.missing or None}
        return plain | {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True)
class DraftLink:
    """How a model says that one column depends on another."""

    column: str
    """The column that depends."""
    on: str
    """The other."""
    level: str
    """A level of the other, for which ``value`` is the mean, or the share of true; empty for a correlation."""
    value: float
    """The correlation, the mean or the share."""
    source: Source = "model"
    """Who says so."""


@dataclass(frozen=True)
class DraftOrder:
    """That one column is never above another, as a model says."""

    lower: str
    """The lower column."""
    higher: str
    """The higher column."""


@dataclass
class Draft:
    """Everything that a model proposed, filled in answer by answer."""

    columns: tuple[DraftColumn, ...] = ()
    """In the table's order; stated ones among them under their stated names."""
    numbers: dict[str, DraftNumbers] = field(default_factory=dict)
    """By column."""
    levels: dict[str, dict[str, float]] = field(default_factory=dict)
    """Shares of levels, by column; of ``yes`` for a column of true and false."""
    links: tuple[DraftLink, ...] = ()
    """How columns depend on one another."""
    orders: tuple[DraftOrder, ...] = ()
    """Which columns are never above which."""
    known: dict[str, Known] = field(default_factory=dict)
    """What a summary of real rows tells, by column."""


def columns_schema(stated: Sequence[str], *, brief: bool = False) -> dict[str, Json]:
    """The JSON Schema of the first answer: which columns there are."""
    fields: dict[str, Json] = {"name": {"type": "string", "maxLength": 40}, "kind": {"enum": list(DRAFT_KINDS)}}
    if not brief:
        fields |= {"unit": {"type": "string", "maxLength": 20}, "same_as": {"enum": ["", *stated]}}
    return _listing("columns", fields, most=len(stated) + 6 if brief else MOST_COLUMNS)


def numbers_schema(names: Sequence[str]) -> dict[str, Json]:
    """The JSON Schema of an answer with numbers for some columns of numbers."""
    number: dict[str, Json] = {"type": "number"}
    fields = {
        "column": {"enum": list(names)},
        "shape": {"enum": list(_SHAPES)},
        "mean": number,
        "sd": number,
        "low": number,
        "high": number,
    }
    return _listing("numbers", fields, most=len(names))


def levels_schema(names: Sequence[str]) -> dict[str, Json]:
    """The JSON Schema of an answer with levels and their shares in percent."""
    fields: dict[str, Json] = {
        "column": {"enum": list(names)},
        "levels": {"type": "array", "items": {"type": "string", "maxLength": 40}, "minItems": 2, "maxItems": 12},
        "percents": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 12},
    }
    return _listing("levels", fields, most=len(names))


def links_schema(names: Sequence[str]) -> dict[str, Json]:
    """The JSON Schema of an answer with links and orders."""
    name: dict[str, Json] = {"enum": list(names)}
    links = {"column": name, "on": name, "level": {"type": "string", "maxLength": 40}, "value": {"type": "number"}}
    both = {**_listing("links", links, most=30)["properties"], **_listing("orders", {"lower": name, "higher": name}, most=10)["properties"]}
    return {"type": "object", "properties": both, "required": ["links", "orders"], "additionalProperties": False}


def _listing(name: str, fields: Mapping[str, Json], *, most: int) -> dict[str, Json]:
    item = {"type": "object", "properties": dict(fields), "required": list(fields), "additionalProperties": False}
    array = {"type": "array", "items": item, "maxItems": most}
    return {"type": "object", "properties": {name: array}, "required": [name], "additionalProperties": False}


def read_json(text: str) -> tuple[dict[str, Any], list[str]]:
    """Return the JSON object in a reply, and what is wrong if there is none; a fence or words around it are overlooked."""
    if len(text) > _LONGEST_REPLY:
        return {}, [f"the answer has {len(text):,} characters; at most {_LONGEST_REPLY:,} are read"]
    found = _OBJECT.search(text)
    if not found:
        return {}, ["the answer holds no JSON object"]
    try:
        body = json.loads(found.group(), parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        return {}, [f"the answer isn't JSON: {str(error).split(':')[0].lower()}{where}"]
    return body, []


def _refused(name: str) -> float:
    raise ValueError(f"{name} isn't a number that JSON has")


def _items(body: Mapping[str, Any], name: str, most: int) -> tuple[list[dict[str, Any]], list[str]]:
    items = body.get(name)
    if not isinstance(items, list):
        return [], [f'"{name}" must be a list; got {shown(items)}']
    wrong = [f"{name}[{i}] must be an object; got {shown(item)}" for i, item in enumerate(items) if not isinstance(item, dict)]
    if len(items) > most:
        wrong.append(f'"{name}" may have {most} items; got {len(items)}')
    return [item for item in items if isinstance(item, dict)], wrong


def _word(item: Mapping[str, Any], name: str, most: int = _LONGEST_NAME) -> str:
    """A short text on one line, free of control characters; empty for anything else."""
    value = item.get(name)
    if not isinstance(value, str):
        return ""
    plain = "".join(sign for sign in " ".join(value.split()) if sign.isprintable())
    return plain.encode("utf-8", "ignore").decode()[:most].strip()


def _number(item: Mapping[str, Any], name: str) -> float | None:
    value = item.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= _LARGEST or not math.isfinite(value):
        return None
    return float(value)


def names_in(columns: Sequence[DraftColumn]) -> list[str]:
    """The names of columns, in order."""
    return [column.name for column in columns]


def read_columns(body: Mapping[str, Any], kinds: Mapping[str, str | None]) -> tuple[tuple[DraftColumn, ...], list[str]]:
    """Return the columns of an answer, and everything that is wrong with it.

    Parameters
    ----------
    body : mapping
        The answer.
    kinds : mapping of str to str or None
        The stated columns, each of which must be among them, with the kind that follows from what was stated.
    """
    items, problems = _items(body, "columns", MOST_COLUMNS)
    spelt = {column_name(name): name for name in kinds}  # a real table's names may have capitals
    found: dict[str, DraftColumn] = {}
    for i, item in enumerate(items):
        said, kind, same = _word(item, "name"), item.get("kind"), _word(item, "same_as")
        if not re.search(r"[^\W_]", said):
            problems.append(f"columns[{i}].name must be a word; got {shown(item.get('name'))}")
            continue
        if kind not in DRAFT_KINDS:
            problems.append(f"columns[{i}].kind of {shown(said)} must be one of {', '.join(DRAFT_KINDS)}; got {shown(kind)}")
            continue
        name = same if same in kinds else spelt.get(column_name(said), column_name(said))
        if name in found:
            problems.append(f"columns[{i}] is {shown(name)} again; name each column once")
            continue
        wanted = kinds.get(name)
        if wanted and not _fits(wanted, str(kind)):
            problems.append(f"columns[{i}].kind of {shown(name)} must be {wanted}, as the description says; got {kind}")
        unit = _word(item, "unit", 20) if kind in {"integer", "real"} else ""
        found[name] = DraftColumn(name, kind, unit, same)
    missing = [name for name in kinds if name not in found]
    if missing:
        problems.append(f"these columns of the description are missing: {', '.join(missing)}")
    if not items:
        problems.append('"columns" is empty')
    return tuple(found.values()), problems


def _fits(stated: str, said: str) -> bool:
    alike = ({"integer", "real"}, {"category", "boolean"})
    return stated == said or any({stated, said} <= group for group in alike)


def read_numbers(
    body: Mapping[str, Any], names: Sequence[str], limits: Mapping[str, tuple[float, float]]
) -> tuple[dict[str, DraftNumbers], list[str]]:
    """Return the numbers of an answer by column, and everything that is wrong.

    Parameters
    ----------
    body : mapping
        The answer.
    names : sequence of str
        The columns that were asked about.
    limits : mapping of str to (float, float)
        Stated limits, infinite where there is none.
    """
    items, problems = _items(body, "numbers", 2 * len(names))
    found: dict[str, DraftNumbers] = {}
    for i, item in enumerate(items):
        name, shape = _word(item, "column"), item.get("shape")
        mean, sd, low, high = (_number(item, part) for part in ("mean", "sd", "low", "high"))
        where = f"numbers[{i}] ({name})"
        wrong = []
        if name not in names:
            wrong.append(f"numbers[{i}].column must be one of {', '.join(names)}; got {shown(item.get('column'))}")
        if shape not in _SHAPES:
            wrong.append(f"{where}.shape must be one of {', '.join(_SHAPES)}; got {shown(shape)}")
        if mean is None or sd is None:
            wrong.append(f"{where}.mean and .sd must be numbers; got {shown(item.get('mean'))} and {shown(item.get('sd'))}")
        elif not sd > 0:
            wrong.append(f"{where}.sd must be above 0; got {sd:g}")
        if low is not None and high is not None and low >= high:
            low = high = None  # filled in for want of limits
        stated = limits.get(name, (-math.inf, math.inf))
        if mean is not None and not stated[0] <= mean <= stated[1]:
            wrong.append(f"{where}.mean must lie within {stated[0]:g} and {stated[1]:g}, as the description says; got {mean:g}")
        elif mean is not None and not (low is None or low <= mean) and not (high is None or mean <= high):
            wrong.append(f"{where}.mean must lie between low and high; got {mean:g}")
        problems += wrong
        if not wrong and mean is not None and sd is not None and shape in _SHAPES:
            low, high = (None if low is None or low > mean else low), (None if high is None or high < mean else high)
            found[name] = DraftNumbers(shape, mean, sd, low, high)
    problems += [f"there are no numbers for {name}" for name in names if name not in found and not problems]
    return found, problems


def read_levels(body: Mapping[str, Any], asked: Mapping[str, Sequence[str]]) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Return the shares of levels in an answer by column, and everything that is wrong.

    Parameters
    ----------
    body : mapping
        The answer.
    asked : mapping of str to sequence of str
        The columns that were asked about, each with its stated levels, which must be among the answer's.
    """
    items, problems = _items(body, "levels", 2 * len(asked))
    found: dict[str, dict[str, float]] = {}
    for i, item in enumerate(items):
        name, levels, percents = _word(item, "column"), item.get("levels"), item.get("percents")
        wrong = _level_problems(f"levels[{i}]", name, levels, percents, asked)
        problems += wrong
        if wrong or not isinstance(levels, list) or not isinstance(percents, list):
            continue
        words = [_level(level) for level in levels]
        whole = sum(percents)
        shares = {word: percent / whole for word, percent in zip(words, percents, strict=True)}
        missing = [level for level in asked[name] if level not in shares]
        if missing:
            problems.append(f"levels[{i}] ({name}) lacks {', '.join(map(shown, missing))}, which the description names")
        else:
            found[name] = shares
    problems += [f"there are no levels for {name}" for name in asked if name not in found and not problems]
    return found, problems


def _level(value: Any) -> str:
    return _word({"level": value}, "level", _LONGEST_LEVEL) if isinstance(value, str) else str(value)[:_LONGEST_LEVEL]


def _level_problems(where: str, name: str, levels: Any, percents: Any, asked: Mapping[str, Sequence[str]]) -> list[str]:
    if name not in asked:
        return [f"{where}.column must be one of {', '.join(asked)}; got {shown(name)}"]
    if (
        not isinstance(levels, list)
        or not isinstance(percents, list)
        or len(levels) != len(percents)
        or not 2 <= len(levels) <= _MOST_LEVELS
    ):
        return [
            f"{where} ({name}) needs from 2 to {_MOST_LEVELS} levels and one percent for each; got {shown(levels)} and {shown(percents)}"
        ]
    if any(isinstance(level, (dict, list, bool)) or not _level(level) for level in levels) or len(set(map(_level, levels))) != len(levels):
        return [f"{where} ({name}): levels must be different words; got {shown(levels)}"]
    numbers = [_number({"x": percent}, "x") for percent in percents]
    if any(number is None or number < 0 for number in numbers) or not 90 <= sum(number or 0.0 for number in numbers) <= 110:
        return [f"{where} ({name}): percents must be 0 or more and add up to 100; got {shown(percents)}"]
    return []


def read_links(body: Mapping[str, Any], names: Sequence[str]) -> tuple[tuple[DraftLink, ...], tuple[DraftOrder, ...], list[str]]:
    """Return the links and orders of an answer, and everything that is wrong."""
    items, problems = _items(body, "links", 60)
    pairs, more = _items(body, "orders", 20) if "orders" in body else ([], [])
    problems += more
    links, orders = [], []
    for i, item in enumerate(items):
        column, on, value = _word(item, "column"), _word(item, "on"), _number(item, "value")
        level = _level(item.get("level", ""))
        unknown = [name for name in (column, on) if name not in names]
        if unknown:
            problems.append(f"links[{i}] names {', '.join(map(shown, unknown))}; the columns are {', '.join(names)}")
        elif column == on:
            problems.append(f"links[{i}] ties {shown(column)} to itself")
        elif value is None:
            problems.append(f"links[{i}].value must be a number; got {shown(item.get('value'))}")
        elif not level and not -1 <= value <= 1:
            problems.append(f"links[{i}].value is a correlation, so it is from -1 to 1; got {value:g}")
        else:
            links.append(DraftLink(column, on, level, value))
    for i, item in enumerate(pairs):
        lower, higher = _word(item, "lower"), _word(item, "higher")
        if lower not in names or higher not in names or lower == higher:
            problems.append(f"orders[{i}] needs two different columns of {', '.join(names)}; got {shown(lower)} and {shown(higher)}")
        else:
            orders.append(DraftOrder(lower, higher))
    return tuple(dict.fromkeys(links)), tuple(dict.fromkeys(orders)), problems
