"""The spelling that a column's codes share, if they share one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from synthnb.errors import RecipeError
from synthnb.recipes.formats import Format, Part, Run, Spelling, Words, luhn_remainder, mod97_remainder, parse_format

__all__ = ["infer_format", "infer_integer_format"]

_DIGITS = "0123456789"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER = _UPPER.lower()
_ALPHABETS = (
    _DIGITS,
    _UPPER,
    _LOWER,
    _DIGITS + "abcdef",
    _DIGITS + "ABCDEF",
    _DIGITS + _UPPER,
    _DIGITS + _LOWER,
    _UPPER + _LOWER,
    _DIGITS + _UPPER + _LOWER,
)

_EXAMINED = 20_000
_LONGEST = 128
_MOST_SPELLINGS = 6
_LEAST_SHARE = 0.02
_COVERED = 0.98
_LEAST_CODES = 5
_MOST_WORDS = 12
_FIXED = 20
_FEW_CHARACTERS = 4
_SURE = 100
_CHECKED = 20
_CHECKED_DIGITS = 8
_WORD_LENGTH = 3
_COUNTED = 18
"""Most digits of codes that count on."""
_ROOM = 2
"""Fresh codes for each real one that a spelling must leave, or it is given a place more."""

_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_LETTERS_OR_DIGITS = re.compile(r"[A-Za-z]+|[0-9]+|.", re.DOTALL)
_CODES_OR_SIGNS = re.compile(r"[A-Za-z0-9]+|.", re.DOTALL)


def infer_format(values: Sequence[str]) -> Format | None:
    """Return how codes are spelt, or None if they share no spelling, or read like words, numbers or dates.

    Parameters
    ----------
    values : sequence of str
        In the table's order, without missing ones. At most 20,000 of them, evenly spread, are looked at.
    """
    step = max(1, len(values) // _EXAMINED)
    seen = list(values[::step])
    if not seen or not all(value and len(value) <= _LONGEST and value.isprintable() for value in seen):
        return None
    uuids = _uuid4(seen)
    if uuids is not None:
        return uuids
    rising = _rising(values)
    if rising is not None and _names_rows(rising):
        return _rising_format(rising)
    for tokens, kind in ((_LETTERS_OR_DIGITS, _letters_or_digits), (_CODES_OR_SIGNS, _code_or_sign)):
        spellings = _spellings(seen, tokens, kind)
        if spellings and all(_names_rows(spelling) for spelling in spellings):
            return _described(spellings, seen, len(values))
    return None


def infer_integer_format(values: Sequence[int], *, largest: int, fresh: int = 0) -> Format:
    """Return how whole numbers that name rows are spelt: counting on, or of the same lengths, without leading zeros.

    Parameters
    ----------
    values : sequence of int
        In the table's order, without missing ones; a sign is not kept.
    largest : int
        The largest number that can be held.
    fresh : int
        How many new ones there should be at least; twice as many as there are values by default.
    """
    texts = [str(abs(int(value))) for value in values]
    rising = _rising(texts)
    if rising is not None and 2 * int(texts[-1]) <= largest:
        return _rising_format(rising)
    counts = Counter(map(len, texts)) or Counter({1: 1})
    parts = {length: _leading(length, largest) for length in counts}
    wanted = len(texts) + max(fresh, _ROOM * len(texts))
    while _numbers(parts) < wanted and _leading(length := max(parts) + 1, largest):
        parts[length], counts[length] = _leading(length, largest), len(texts)
    kept = {length: found for length, found in sorted(parts.items()) if found and counts[length] >= _LEAST_SHARE * len(texts)}
    total = sum(counts[length] for length in kept)
    return Format(tuple(Spelling(found, counts[length] / total) for length, found in kept.items()))


def _leading(length: int, largest: int) -> tuple[Part, ...]:
    """Numbers of a length that stay within the largest; none where only some of them would."""
    digits = str(largest)
    top = "9" if length < len(digits) else str(int(digits[0]) - 1)
    if length > len(digits) or top == "0":
        return ()
    first: Part = Run(_DIGITS[1 : int(top) + 1], 1, 1)
    return (first, Run(_DIGITS, length - 1, length - 1)) if length > 1 else (first,)


def _numbers(parts: dict[int, tuple[Part, ...]]) -> int:
    return sum(10 ** (length - 1) * len(found[0].characters) for length, found in parts.items() if found and isinstance(found[0], Run))


def _rising_format(spelling: Spelling) -> Format:
    """Counting on; numbers get longer as they rise."""
    at, run = next((at, part) for at, part in enumerate(spelling.parts) if isinstance(part, Run))
    parts = (*spelling.parts[:at], Run(run.characters, run.low, max(run.high, _COUNTED)), *spelling.parts[at + 1 :])
    return Format((Spelling(parts),), in_order=True)


def _rising(values: Sequence[str]) -> Spelling | None:
    """The spelling of codes that are one number each, rising by the same step from row to row, between fixed characters."""
    cut = [re.split(r"([0-9]+)", value) for value in (*values[:1], *values[-1:])]
    if len(values) < _LEAST_CODES or len(values[-1]) > _LONGEST or any(len(pieces) != 3 for pieces in cut) or cut[0][::2] != cut[1][::2]:
        return None
    before, low, after = cut[0]
    high = cut[1][1]
    width = len(low) if len(low) == len(high) else 0
    step, rest = divmod(int(high) - int(low), len(values) - 1)
    if step < 1 or rest or any(value != f"{before}{int(low) + i * step:0{width}d}{after}" for i, value in enumerate(values)):
        return None
    if width == 0 and len(low) > 1 and low[0] == "0":
        return None
    parts: list[Part] = [part for part in (before, Run(_DIGITS, len(low), len(high)), after) if part]
    return Spelling(tuple(parts))


def _uuid4(values: list[str]) -> Format | None:
    for turn in (str.lower, str.upper):
        if all(value == turn(value) and _UUID4.fullmatch(value.lower()) for value in values):
            return parse_format(turn(_UUID4.pattern))
    return None


def _spellings(values: list[str], tokens: re.Pattern[str], kind: Callable[[str], str]) -> list[Spelling]:
    """One spelling per sequence of kinds of tokens, the most used first; none if a few don't do."""
    groups: dict[tuple[str, ...], list[list[str]]] = {}
    for value in values:
        cut = tokens.findall(value)
        groups.setdefault(tuple(map(kind, cut)), []).append(cut)
        if len(groups) > max(50, len(values) // 10):
            return []
    found = sorted(groups.values(), key=len, reverse=True)[:_MOST_SPELLINGS]
    kept = [group for group in found if len(group) >= max(_LEAST_CODES, _LEAST_SHARE * len(values))]
    covered = sum(map(len, kept))
    if covered < _COVERED * len(values):
        return []
    return [
        Spelling(_joined([part for column in zip(*group, strict=True) for part in _stretch(column)]), len(group) / covered)
        for group in kept
    ]


def _letters_or_digits(token: str) -> str:
    return "d" if "0" <= token[0] <= "9" else "l" if token[0].isascii() and token[0].isalpha() else token


def _code_or_sign(token: str) -> str:
    return "c" if token[0].isascii() and token[0].isalnum() else token


def _joined(parts: list[Part]) -> tuple[Part, ...]:
    """Neighbouring fixed stretches in one."""
    out: list[Part] = []
    for part in parts:
        if isinstance(part, str) and out and isinstance(out[-1], str):
            out[-1] += part
        else:
            out.append(part)
    return tuple(out)


def _stretch(words: Sequence[str]) -> list[Part]:
    """What one token of a spelling is: fixed, one of a few words, or runs of characters."""
    counts = Counter(words)
    if len(counts) == 1 and (len(words) >= _FIXED or not words[0].isalnum()):
        return [words[0]]
    few = len(counts) <= min(_MOST_WORDS, len(words) // 10) and max(map(len, counts)) > 1
    if few and min(counts.values()) >= _LEAST_CODES:
        return [Words(tuple(sorted(counts)))]
    lengths = {len(word) for word in words}
    return _places(words) if len(lengths) == 1 else _lengths(words, min(lengths), max(lengths))


def _alphabet(characters: set[str]) -> str:
    return next("".join(sorted(alphabet)) for alphabet in _ALPHABETS if characters <= set(alphabet))


def _places(words: Sequence[str]) -> list[Part]:
    """Character by character, for tokens of one length."""
    whole = _alphabet(set("".join(words)))
    single = [_alphabet(set(column)) for column in zip(*words, strict=True)]
    cased = all(len(alphabet) == len(_UPPER) for alphabet in single)
    out: list[Part] = []
    for at, column in enumerate(zip(*words, strict=True)):
        found = set(column)
        if len(found) == 1 and len(words) >= _FIXED and (whole != _DIGITS or found != {"0"}):
            out.append(column[0])
        elif whole != _DIGITS and len(found) <= _FEW_CHARACTERS and len(words) >= _SURE:
            out.append(Run("".join(sorted(found)), 1, 1))
        elif at == 0 and whole == _DIGITS and "0" not in found and len(words) >= _FIXED:
            out.append(Run(_DIGITS[1:], 1, 1))
        else:
            out.append(Run(single[at] if cased else whole, 1, 1))
    return _merged(out)


def _merged(parts: list[Part]) -> list[Part]:
    """Runs of the same characters in one."""
    out: list[Part] = []
    for part in parts:
        last = out[-1] if out else ""
        if isinstance(part, Run) and isinstance(last, Run) and part.characters == last.characters:
            out[-1] = Run(part.characters, last.low + part.low, last.high + part.high)
        else:
            out.append(part)
    return out


def _lengths(words: Sequence[str], low: int, high: int) -> list[Part]:
    """For tokens of several lengths: numbers without leading zeros, capitalised words, or a run."""
    alphabet = _alphabet(set("".join(words)))
    if alphabet == _DIGITS and not any(word[0] == "0" for word in words):
        return [Run(_DIGITS[1:], 1, 1), Run(_DIGITS, low - 1, high - 1)]
    if all(word[0].isupper() and (len(word) == 1 or word[1:].islower()) and word.isalpha() for word in words):
        return [Run(_UPPER, 1, 1), Run(_LOWER, low - 1, high - 1)]
    return [Run(alphabet, low, high)]


def _names_rows(spelling: Spelling) -> bool:
    """Whether a spelling is that of codes, rather than of words."""
    runs = [part for part in spelling.parts if isinstance(part, Run)]
    words = [part for part in spelling.parts if isinstance(part, Words)]
    fixed = "".join(part for part in spelling.parts if isinstance(part, str))
    letters = [run for run in runs if not set(run.characters) & set(_DIGITS)]
    worded = len(re.findall(r"[A-Za-z]{2,}", fixed)) + len(words) > 2
    spoken = any(run.low != run.high or run.high > _WORD_LENGTH for run in letters) or any(
        word.isalpha() for part in words for word in part.words
    )
    if not runs or (" " in fixed and (worded or spoken)) or _goes_on(spelling):
        return False
    if "@" in fixed or any(set(run.characters) & set(_DIGITS) for run in runs):
        return True
    return len(spelling.parts) == 1 and runs[0].characters == _UPPER and runs[0].low == runs[0].high


def _goes_on(spelling: Spelling) -> bool:
    """Whether words go on after a number, as in ``visit 13521 ok``; capitals, as in ``13521 ES``, may end a code."""
    after = spelling.parts[next((at for at, part in enumerate(spelling.parts) if isinstance(part, Run)), 0) :]
    said = [word for part in after if isinstance(part, str) for word in re.findall(r"(?<=\s)[^\W\d_]{2,}", part)]
    return any(not word.isupper() for word in said)


def _described(spellings: list[Spelling], values: list[str], count: int) -> Format | None:
    """The format, with a place more where the real codes leave too few."""
    if len(spellings) == 1:
        spellings = [spellings[0]._replace(check=_check(spellings[0], values))]
    made = Format(tuple(spellings))
    try:
        while made.size < (_ROOM + 1) * count:
            made = _widened(made)
        return parse_format(str(made))
    except RecipeError:  # too many lengths to be a spelling
        return None


def _check(spelling: Spelling, values: list[str]) -> str:
    """The check that every code satisfies; with 20 codes one in 10^20 would by chance."""
    last = spelling.parts[-1]
    digits = sum(character.isdigit() for character in values[0])
    if len(values) < _CHECKED or digits < _CHECKED_DIGITS or not (isinstance(last, Run) and last.characters == _DIGITS and last.low >= 2):
        return ""
    width = max(map(len, values))
    codes = np.array([value.ljust(width) for value in values]).view("u4").reshape(len(values), width)
    tests: dict[str, Callable[[], bool]] = {
        "luhn": lambda: not luhn_remainder(codes).any(),
        "mod97": lambda: bool((mod97_remainder(codes) == 1).all()),
    }
    return next((name for name, holds in tests.items() if holds()), "")


def _widened(made: Format) -> Format:
    """One character more in the last run of each spelling."""
    spellings = []
    for spelling in made.spellings:
        parts = list(spelling.parts)
        at, run = next((at, part) for at, part in reversed(list(enumerate(parts))) if isinstance(part, Run))
        parts[at] = Run(run.characters, run.low + (run.low == run.high), run.high + 1)
        spellings.append(spelling._replace(parts=tuple(parts)))
    return Format(tuple(spellings), made.in_order)
