"""Numbers, shares and spans of time as people write them, and the words around them."""

from __future__ import annotations

import calendar
import datetime as dt
import re

__all__ = [
    "BETWEEN",
    "COUNT",
    "DATE",
    "NUMBER",
    "PROSE",
    "SHARE",
    "UNIT",
    "are_of_one_scale",
    "date_span",
    "number_of",
    "numbers_of",
    "places_of",
    "share_of",
    "straightened",
]

_SCALES = {
    "trillion": 1e12,
    "billion": 1e9,
    "bn": 1e9,
    "million": 1e6,
    "mn": 1e6,
    "thousand": 1e3,
    "hundred": 1e2,
    "k": 1e3,
}
_UNSIGNED = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"

NUMBER = rf"(?:[-+](?=\.?\d))?{_UNSIGNED}(?:\s?(?:{'|'.join(_SCALES)})\b|(?-i:M)\b)?"
"""A number: ``10,000``, ``1.5``, ``-3``, ``2 million``."""

PROSE = r"(?:(?!(?<![\w-])[-+]?\.?\d)(?!\.(?:\s|$))[^,;:()\[\]%±<>=])"
"""One character of running words: no punctuation, and not the beginning of a number."""

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_WORDS = {word: i for i, word in enumerate(_ONES, 1)}
_PARTS = {
    **{name: 1 / i for i, name in ((2, "half"), (3, "third"), (4, "quarter"), (5, "fifth"), (6, "sixth"), (8, "eighth"), (10, "tenth"))},
}
_PART = "|".join(_PARTS)

_TENS = {word: 10 * i for i, word in enumerate(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), 2)}
_TEENS = {word: i for i, word in enumerate(("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"), 13)}
_WRITTEN = rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(_ONES[:9])}))?|{'|'.join(_TEENS)}|{'|'.join(_ONES)})"

COUNT = rf"(?:{NUMBER}|\b(?:{'|'.join(_ONES)})\b)"
"""A number in digits, or a word up to twelve."""

SHARE = (
    rf"(?:(?:(?<![-+.\d]){_UNSIGNED}|\b{_WRITTEN}(?=\s?p))\s?(?:%|percent\b|per\s?cent\b|pct\b)"
    rf"|\b(?:(?:a|one|two|three|four|five|seven|nine)[ -](?:{_PART})s?|half)\b"
    rf"|\b(?:{'|'.join(_ONES)}|\d+)\s(?:in|out\sof)\s(?:{'|'.join(_ONES)}|(?:every\s)?\d+)\b(?!\s?%))"
)
"""A share: ``60 %``, ``sixty percent``, ``half``, ``two thirds``, ``one in five``; never one with a sign."""

BETWEEN = r"\s?(?:-|–|—|to|and|through)\s?"
"""What stands between the two ends of a range."""

UNIT = (
    r"(?:years?\sof\sage|years?\sold|(?:patient-)?years?|months?|weeks?|days?|hours?|h|minutes?|min|seconds?"
    r"|kg/m(?:2|²|\^2)|m?mol/(?:l|L|mol)|[mµμn]?g/[dm]?[lL]|ml/min(?:/1\.73\s?m(?:2|²))?|mL/min(?:/1\.73\s?m(?:2|²))?|mm\s?Hg|bpm|beats\sper\sminute"
    r"|kg|g|mg|cm|mm|km|m|°C|°F|l/min|L|IU/L|U/L|points?|euros?|€|dollars?|\$|£|pounds?|hectares?|ha|acres|employees|words"
    r"|[a-zµμ]{1,6}/[a-zµμ]{1,6}[0-9²³]?|(?-i:(?!IQR|BMI)[A-Z]{3})(?![\w-]))"
)
"""A unit behind a number."""

_MONTHS = {name.lower(): i for i, name in enumerate(calendar.month_name) if name} | {
    name.lower(): i for i, name in enumerate(calendar.month_abbr) if name
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))

DATE = (
    rf"(?:(?:1[789]|20|21)\d\d-\d\d(?:-\d\d)?|\d{{1,2}}\s(?:{_MONTH})\.?\s(?:1[789]|20|21)\d\d"
    rf"|(?:{_MONTH})\.?\s(?:\d{{1,2}},?\s)?(?:1[789]|20|21)\d\d|(?:1[789]|20|21)\d\d)\b"
)
"""A day, a month or a year: ``2020-01-31``, ``31 January 2020``, ``March 2021``, ``2019``."""

_ENDLESS = re.compile(r"\S{100,}")
_SAME_WIDTH = {ord(a): b for a, b in (("\u00a0", " "), ("\u2009", " "), ("\u202f", " "), ("−", "-"), ("·", "."), ("’", "'"), ("\t", " "))}


def straightened(text: str) -> str:
    """The text with one spelling for blanks, minus signs and decimal points; every character keeps its place.

    A word that no language has, of 100 letters or more, is blotted out, as patterns take long over it.
    """
    return _ENDLESS.sub(lambda word: "\x00" * len(word.group()), text.translate(_SAME_WIDTH))


def number_of(text: str) -> float:
    """Return what a number in digits, or a word up to twelve, stands for."""
    word = text.strip().lower()
    if word in _WORDS:
        return float(_WORDS[word])
    bare = _scaled_by(text)[0]
    return float(bare.replace(",", "")) * _scaled_by(text)[1]


def _scaled_by(text: str) -> tuple[str, float]:
    """Digits, and what the word behind them multiplies them by; 1 where there is none."""
    if text.strip().endswith("M"):
        return text.strip()[:-1], 1e6
    word = text.strip().lower()
    for name, factor in _SCALES.items():
        if word.endswith(name):
            return word[: -len(name)].strip(), factor
    return word, 1.0


def numbers_of(*texts: str, most: float = 0.0) -> tuple[float, ...]:
    """Numbers said together, where the last one's ``million`` may be meant for all, as in ``1.2 to 3.5 million``.

    Those are meant that aren't above the last one's digits, or above `most`.

    Examples
    --------
    >>> numbers_of("1.2", "3.5 million"), numbers_of("500,000", "3 million")
    ((1200000.0, 3500000.0), (500000.0, 3000000.0))
    """
    bare, scale = _scaled_by(texts[-1])
    top = max(abs(float(bare.replace(",", ""))), most) if scale > 1 else 0.0
    told = [number_of(text) for text in texts]
    return tuple(
        value * scale if scale > 1 and _scaled_by(text)[1] == 1 and abs(value) <= top else value
        for text, value in zip(texts, told, strict=True)
    )


def are_of_one_scale(*texts: str) -> bool:
    """Whether it is clear which numbers said together a ``million`` is meant for; in ``2.4 million (SD 1.1)`` it isn't."""
    scales = [_scaled_by(text)[1] for text in texts]
    last = scales[-1] >= max(scales)
    return last or all(scale > 1 or abs(number_of(text)) >= 1_000 for text, scale in zip(texts, scales, strict=True))


def places_of(text: str) -> int:
    """Decimal places that a number was written with."""
    return len(text.partition(".")[2].rstrip(" kK%")) if "." in text else 0


def share_of(text: str) -> float:
    """Return a share from 0 to 1; above 1 where more than all was said.

    Examples
    --------
    >>> share_of("60 %"), share_of("two thirds"), share_of("one in five")
    (0.6, 0.6666666666666666, 0.2)

    Raises
    ------
    ValueError
        It has a sign.
    """
    if text.strip()[:1] in {"-", "+"}:
        raise ValueError("a share has no sign")
    words = text.strip().lower().replace("-", " ")
    if percent := re.fullmatch(r"(.+?)\s?(?:%|percent|per\s?cent|pct)", words):
        return round(_written(percent[1]) / 100, 12)
    if words == "half":
        return 0.5
    of = re.fullmatch(r"(\w+)\s(?:in|out of)\s(?:every\s)?(\w+)", words)
    if of and (whole := number_of(of[2])):
        return number_of(of[1]) / whole
    first, _, part = words.partition(" ")
    return (1 if first == "a" else _WORDS[first]) * _PARTS[part.rstrip("s")]


def _written(words: str) -> float:
    """What digits, or words such as ``twenty five``, stand for."""
    if words[:1].isdigit() or words.startswith("."):
        return number_of(words)
    return float(sum(_TENS.get(word) or _TEENS.get(word) or _WORDS[word] for word in words.split()))


def date_span(text: str) -> tuple[dt.date, dt.date] | None:
    """The first and the last day that a date, a month or a year covers; None for a day that doesn't exist."""
    words = text.strip().lower().replace(",", " ").replace(".", " ").split()
    if len(words) == 1:
        numbers = [int(part) for part in words[0].split("-")]
    else:
        month = next((_MONTHS[word] for word in words if word in _MONTHS), 0)
        year = int(words[-1])
        numbers = [year, month, *(int(word) for word in words[:-1] if word.isdigit())]
    try:
        first = dt.date(*[*numbers, 1, 1][:3])
    except ValueError:
        return None
    if len(numbers) == 1:
        return first, dt.date(first.year, 12, 31)
    if len(numbers) == 2:
        return first, dt.date(first.year, first.month, calendar.monthrange(first.year, first.month)[1])
    return first, first
