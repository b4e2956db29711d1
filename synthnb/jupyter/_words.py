"""Values as words: numbers, intervals and hostile strings made fit to be read anywhere."""

from __future__ import annotations

import json
import math
import numbers
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

__all__ = [
    "cell",
    "clean",
    "count",
    "direction",
    "fixed",
    "interval",
    "label",
    "markdown",
    "moment",
    "percent",
    "plain",
    "short",
    "table_line",
    "words",
]

LONGEST = 80
"""Characters of a data string that are shown."""
DASH = "–"
"""Stands for a number that isn't there."""

_WORDS = Path(__file__).parents[1] / "widgets" / "report" / "words.json"
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]")
_MARKDOWN = re.compile(r"[\\`*_\[\]|~#$]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MISSING = {"NAType", "NaTType"}


def _visible(sign: str) -> str:
    return {"\n": "⏎", "\t": " "}.get(sign, f"[U+{ord(sign):04X}]")


def clean(value: object, limit: int = LONGEST) -> str:
    """A value as text: cut, with control and text-direction characters made visible."""
    text = "" if value is None else str(value)
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return _UNSAFE.sub(lambda match: _visible(match.group()), cut)


def short(digest: object) -> str:
    """The beginning of a digest, enough to tell it from others."""
    text = clean(digest, 100)
    return f"{text[:19]}…" if len(text) > 19 else text


def markdown(value: object, limit: int = 300) -> str:
    """The same, safe inside a Markdown table: no markup, no HTML, no address that turns into a link."""
    text = _MARKDOWN.sub(r"\\\g<0>", clean(value, limit))
    return re.sub("[&<>]", lambda match: _ENTITIES[match.group()], text).replace("://", "&#58;//").replace("www.", "www&#46;")


def cell(value: object) -> str | None:
    """A table's value as text; None where it is missing."""
    if value is None or type(value).__name__ in _MISSING:
        return None
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
        return None if math.isnan(value) else f"{float(value):.6g}"
    return clean(value).removesuffix(" 00:00:00")


def _number(value: object) -> float | None:
    known = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if known else None  # type: ignore[arg-type]  # `known` says it is a number


def fixed(value: object, digits: int | None = None) -> str:
    """A number with so many decimals (three, or one from ten on), or a dash."""
    number = _number(value)
    if number is not None and digits is None:
        digits = 3 if abs(number) < 10 else 1
    return DASH if number is None or digits is None else f"{round(number, digits) + 0.0:.{digits}f}".replace("-", "−")


def count(value: object) -> str:
    """A whole number with its thousands set apart, or a dash."""
    number = _number(value)
    return DASH if number is None else f"{number:,.0f}"


def percent(value: object) -> str:
    """A share in per cent, or a dash."""
    number = _number(value)
    return DASH if number is None else f"{100 * number:.1f} %"


def interval(score: Mapping[str, Any]) -> str:
    """A score's 95 % interval."""
    low, high = score.get("low"), score.get("high")
    return DASH if low is None or high is None else f"{fixed(low)} to {fixed(high)}"


def moment(value: object) -> str:
    """A time to the second, for reading."""
    return clean(re.sub(r"\.[0-9]+Z$", "Z", str(value or "")))


def plain(value: object, limit: int = 400) -> str:
    """Any value of JSON on one line."""
    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str), limit)


@cache
def words() -> dict[str, Any]:
    """Headings, readings and outcomes as the dashboard has them, so that both say the same."""
    made: dict[str, Any] = json.loads(_WORDS.read_text(encoding="utf-8"))
    return made


def direction(score: Mapping[str, Any]) -> str:
    """Which way of a score is good, and what an attack's figures say."""
    name = str(score.get("direction", ""))
    way = words()["directions"].get(name, clean(name))
    reading = (score.get("parameters") or {}).get("reading")
    return f"{way}; {clean(reading)}" if isinstance(reading, str) else way


def label(name: object) -> str:
    """A JSON name as words."""
    return clean(name).replace("_", " ")


def table_line(table: Mapping[str, Any] | None) -> str:
    """A table's name and size in words."""
    if not table:
        return ""
    columns = table.get("columns")
    width = len(columns) if isinstance(columns, list) else columns
    rows = f"{count(table['rows'])} rows × " if "rows" in table else ""
    return f"{clean(table.get('name'))}, {rows}{count(width)} columns"
