"""Grammars in llama.cpp's GBNF: literals that can't break out, and numbers within limits, digit by digit.

::

    whole numbers from 18 to 90        "1" [8-9] | [2-8] [0-9] | "90"
    with one decimal, 1.5 to 12.0      "1." [5-9] | [2-9] "." [0-9] | "1" [0-1] "." [0-9] | "12.0"

Notation: https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["either", "literal", "numbers"]

_PLAIN = frozenset(" !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~")

_Digits = tuple[tuple[int, int], ...]
"""For each place, the least and the largest digit."""


def literal(text: str) -> str:
    """A text as a quoted literal; quotes, backslashes, line ends and everything beyond ASCII as escapes."""
    return '"' + "".join(sign if sign in _PLAIN else _escaped(ord(sign)) for sign in text) + '"'


def either(alternatives: Iterable[str]) -> str:
    """One of several expressions."""
    return " | ".join(alternatives)


def numbers(low: int, high: int, places: int = 0) -> str:
    """Every number from one to another, both included, in units of the last decimal place.

    Parameters
    ----------
    low, high : int
        In units of ``10**-places``; ``low`` is at most ``high``.
    places : int
        Decimal places, all of them written, from 0.

    Examples
    --------
    >>> numbers(18, 90)
    '"1" [8-9] | [2-8] [0-9] | "90"'
    """
    minus = [f'"-" {_written(digits, places)}' for digits in _spans(max(1, -high), -low, places)] if low < 0 else []
    plus = [_written(digits, places) for digits in _spans(max(0, low), high, places)] if high >= 0 else []
    return either([*plus, *minus])


def _escaped(point: int) -> str:
    return f"\\x{point:02X}" if point < 0x100 else f"\\u{point:04X}" if point < 0x10000 else f"\\U{point:08X}"


def _spans(low: int, high: int, places: int) -> list[_Digits]:
    """Digits of the numbers from one to another, width by width, without leading zeros but one before the point."""
    found: list[_Digits] = []
    for width in range(max(len(str(low)), places + 1), max(len(str(high)), places + 1) + 1):
        least = 0 if width == places + 1 else 10 ** (width - 1)
        first, last = max(low, least), min(high, 10**width - 1)
        if first <= last:
            found += _between(f"{first:0{width}d}", f"{last:0{width}d}")
    return found


def _between(low: str, high: str) -> list[_Digits]:
    """Digit strings of one length, from one to another."""
    if not low:
        return [()]
    first, last = int(low[0]), int(high[0])
    rest = len(low) - 1
    if first == last:
        return [((first, first), *tail) for tail in _between(low[1:], high[1:])]
    whole_low, whole_high = low[1:] == "0" * rest, high[1:] == "9" * rest
    found: list[_Digits] = []
    if not whole_low:
        found += [((first, first), *tail) for tail in _between(low[1:], "9" * rest)]
    start, stop = first + (not whole_low), last - (not whole_high)
    if start <= stop:
        found.append(((start, stop), *((0, 9),) * rest))
    if not whole_high:
        found += [((last, last), *tail) for tail in _between("0" * rest, high[1:])]
    return found


def _written(digits: _Digits, places: int) -> str:
    """Places as characters and ranges, with a point before the last ones; neighbours that don't vary as one literal."""
    parts: list[str] = []
    fixed = ""
    for at, (low, high) in enumerate(digits):
        point = "." if places and at == len(digits) - places else ""
        if low == high:
            fixed += f"{point}{low}"
            continue
        fixed += point
        parts += ([literal(fixed)] if fixed else []) + [f"[{low}-{high}]"]
        fixed = ""
    return " ".join([*parts, literal(fixed)] if fixed else parts)
