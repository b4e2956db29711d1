r"""How codes are spelt: a small notation, read off real codes or declared, and codes drawn from it.

The notation is a part of regular expressions, so that any tool can check a code against it:

=================  ========================================================================
``AB-``            characters that stand for themselves; ``\`` before one that doesn't
``[0-9]``          one of several characters
``[A-Z]{3}``       so many of them; ``[A-Z]{2,5}`` from two to five, each length equally often
``(?:MAD|BCN)``    one of several words
``X|Y``            two spellings
``(?#0.8)``        a remark at the end of a spelling: its share, ``luhn`` or ``mod97`` where
                   check digits hold, ``in order`` where codes count upwards
=================  ========================================================================
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from synthnb.errors import RecipeError, shown

__all__ = ["CHECKS", "Format", "Part", "Run", "Shape", "Spelling", "Words", "parse_format"]

Array = np.ndarray[Any, Any]

CHECKS = ("luhn", "mod97")
"""Check digits that can be kept: ISO/IEC 7812-1 annex B (one digit), ISO 7064 MOD 97-10 (two digits)."""

CORE = 2**62
"""Most codes of one shape that are told apart by number; further places are filled from a hash of it."""

_MOST_SHAPES = 1024
_LONGEST = 256
_LONGEST_PATTERN = 2000
_SPECIAL = set("\\[]{}()|?*+.^$#")
_TOKEN = re.compile(
    r"\(\?#(?P<remark>[^)]*)\)|\(\?:(?P<words>(?:\\.|[^()\\])*)\)|\[(?P<among>(?:\\.|[^\]\\])+)\](?:\{(?P<low>\d+)(?:,(?P<high>\d+))?\})?"
    r"|(?P<bar>\|)|\\(?P<escaped>.)|(?P<plain>[^\\\[\]{}()|?*+.^$])",
    re.DOTALL,
)


class Run(NamedTuple):
    """Several of some characters in a row."""

    characters: str
    """Which, in order, each once."""
    low: int
    """Fewest of them."""
    high: int
    """Most of them."""

    def __str__(self) -> str:
        times = "" if self.low == self.high == 1 else f"{{{self.low}}}" if self.low == self.high else f"{{{self.low},{self.high}}}"
        return f"[{_ranges(self.characters)}]{times}"


class Words(NamedTuple):
    """One of several words."""

    words: tuple[str, ...]
    """Each once."""

    def __str__(self) -> str:
        return f"(?:{'|'.join(map(_escaped, self.words))})"


Part = str | Run | Words
"""A stretch of a code; a string stands for itself."""


class Spelling(NamedTuple):
    """One way codes are spelt."""

    parts: tuple[Part, ...]
    """From left to right."""
    share: float = 1.0
    """How often it is used, from 0 to 1."""
    check: str = ""
    """One of `CHECKS`, or empty."""

    def __str__(self) -> str:
        return "".join(_escaped(part) if isinstance(part, str) else str(part) for part in self.parts)


class Shape(NamedTuple):
    """Codes of one length whose characters vary in given places."""

    template: Array
    """uint32 code points, one per character; 0 where it varies."""
    places: tuple[int, ...]
    """Where it varies freely, from left to right; check digits are not among them."""
    alphabets: tuple[Array, ...]
    """The code points each of those takes."""
    share: float
    """How often it is used."""
    check: str
    """One of `CHECKS`, or empty."""

    @property
    def size(self) -> int:
        """How many codes there are."""
        return math.prod(len(alphabet) for alphabet in self.alphabets)

    @property
    def core(self) -> int:
        """How many are told apart by number: as many of the last places as fit in `CORE`."""
        return math.prod(len(alphabet) for alphabet in self.alphabets[self._first_core :])

    @property
    def _first_core(self) -> int:
        count, first = 1, len(self.places)
        while first and count * len(self.alphabets[first - 1]) <= CORE:
            first -= 1
            count *= len(self.alphabets[first])
        return first

    def spell(self, numbers: Array, noise: Array) -> Array:
        """Return codes as a matrix of code points, different ones for different numbers.

        Parameters
        ----------
        numbers : ndarray of uint64
            Each less than `core`.
        noise : ndarray of uint64
            Fills places beyond the core.
        """
        out = np.tile(self.template, (len(numbers), 1))
        rest, extra = numbers.astype("u8"), noise.astype("u8")
        first = self._first_core
        for at in range(len(self.places) - 1, -1, -1):
            alphabet = self.alphabets[at]
            size = np.uint64(len(alphabet))
            if at >= first:
                out[:, self.places[at]] = alphabet[(rest % size).astype("i8")]
                rest = rest // size
            else:
                extra = mixed(extra + np.uint64(at + 1))
                out[:, self.places[at]] = alphabet[(extra % size).astype("i8")]
        return _with_check(out, self.check) if self.check else out


@dataclass(frozen=True)
class Format:
    """How a column's codes are spelt."""

    spellings: tuple[Spelling, ...]
    """One or several."""
    in_order: bool = False
    """Whether codes count upwards from row to row."""

    def __str__(self) -> str:
        several = len(self.spellings) > 1
        return "|".join(f"{spelling}{_remark(spelling, several=several, in_order=self.in_order)}" for spelling in self.spellings)

    @cached_property
    def shapes(self) -> tuple[Shape, ...]:
        """Every combination of spelling, lengths and words; shares add up to 1."""
        made = [shape for spelling in self.spellings for shape in _shapes(spelling)]
        total = sum(shape.share for shape in made)
        return tuple(shape._replace(share=shape.share / total) for shape in made)

    @property
    def size(self) -> int:
        """How many codes there are."""
        return sum(shape.size for shape in self.shapes)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{spelling})" for spelling in self.spellings))

    def matches(self, code: str) -> bool:
        """Whether a code is spelt so; check digits aren't verified."""
        return self._pattern.fullmatch(code) is not None


def parse_format(text: str) -> Format:
    """Return the format a pattern describes.

    Raises
    ------
    RecipeError
        It isn't in the notation above, has too many lengths, or two of its spellings overlap.
    """
    spellings: list[Spelling] = []
    in_order = False
    for pieces in _split(text):
        parts, remarks = _parts(text, pieces)
        share, check = 1.0, ""
        for remark in remarks:
            if remark == "in order":
                in_order = True
            elif remark in CHECKS:
                check = remark
            else:
                share = _share(text, remark)
        spellings.append(Spelling(tuple(parts), share, check))
    made = Format(tuple(spellings), in_order)
    _check_format(made, text)
    return made


def _refusal(text: str, what: str) -> RecipeError:
    return RecipeError(
        f"A pattern such as 'AB-[0-9]{{4}}' was expected; {shown(text)} {what}.", fix="See synthnb.recipes.formats for the notation."
    )


def _split(text: str) -> list[list[re.Match[str]]]:
    """Tokens of each spelling."""
    found: list[list[re.Match[str]]] = [[]]
    at = 0
    if len(text) > _LONGEST_PATTERN:
        raise _refusal(text, f"is longer than {_LONGEST_PATTERN:,} characters")
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise _refusal(text, f"can't be read from character {at + 1}")
        if token["bar"]:
            found.append([])
        else:
            found[-1].append(token)
        at = token.end()
    return found


def _parts(text: str, tokens: list[re.Match[str]]) -> tuple[list[Part], list[str]]:
    parts: list[Part] = []
    remarks: list[str] = []
    for token in tokens:
        plain = token["plain"] if token["escaped"] is None else token["escaped"]
        if token["remark"] is not None:
            remarks.append(token["remark"].strip())
        elif token["words"] is not None:
            parts.append(Words(tuple(re.sub(r"\\(.)", r"\1", word) for word in re.split(r"(?<!\\)\|", token["words"]))))
        elif token["among"] is not None:
            low = int(token["low"] or 1)
            parts.append(Run(_characters(text, token["among"]), low, int(token["high"] or low)))
        elif parts and isinstance(parts[-1], str):
            parts[-1] += plain
        else:
            parts.append(plain)
    return parts, remarks


def _share(text: str, remark: str) -> float:
    try:
        share = float(remark)
    except ValueError:
        share = math.nan
    if not 0.0 < share <= 1.0:
        raise _refusal(
            text, f"has the remark {shown(remark)}, which is neither a share from 0 to 1, 'in order', nor one of {', '.join(CHECKS)}"
        )
    return share


def _characters(text: str, inside: str) -> str:
    """The characters of a class such as ``A-Z0-9``."""
    found: list[str] = []
    single = [piece[-1] if piece != "-" else None for piece in re.findall(r"\\.|.", inside, re.DOTALL)]
    at = 0
    while at < len(single):
        start = single[at]
        if at + 2 < len(single) and single[at + 1] is None and start is not None and single[at + 2] is not None:
            end = str(single[at + 2])
            if end < start:
                raise _refusal(text, f"has the class {shown(inside)}, which runs backwards")
            found += map(chr, range(ord(start), ord(end) + 1))
            at += 3
        else:
            found.append("-" if start is None else start)
            at += 1
    return "".join(sorted(set(found)))


def _check_format(made: Format, text: str) -> None:
    """Refuse what can't be drawn from: nothing that varies, too many shapes, check digits without digits, overlaps."""
    for spelling in made.spellings:
        if not spelling.parts:
            raise _refusal(text, "has an empty spelling")
        for part in spelling.parts:
            if isinstance(part, Run) and not 0 <= part.low <= part.high <= _LONGEST:
                raise _refusal(text, f"repeats from {part.low} to {part.high} times; at most {_LONGEST} can be had")
        last = spelling.parts[-1]
        if spelling.check and not (
            isinstance(last, Run) and set(last.characters) <= set("0123456789") and last.low >= _width(spelling.check)
        ):
            raise _refusal(text, f"has the check {spelling.check}, so it must end in digits")
        if math.prod(_ways(part) for part in spelling.parts) > _MOST_SHAPES:
            raise _refusal(text, f"has more than {_MOST_SHAPES:,} combinations of lengths and words")
    if len(made.shapes) > _MOST_SHAPES:
        raise _refusal(text, f"has more than {_MOST_SHAPES:,} combinations of lengths and words")
    if made.in_order and not _counts(made):
        raise _refusal(text, "is to count in order, so it must have one run of digits and otherwise fixed characters")
    for at, shape in enumerate(made.shapes):
        if any(_overlap(shape, other) for other in made.shapes[:at]):
            raise _refusal(text, "spells one code in two ways")


def _counts(made: Format) -> bool:
    runs = [part for part in made.spellings[0].parts if not isinstance(part, str)]
    return (
        len(made.spellings) == 1
        and not made.spellings[0].check
        and len(runs) == 1
        and isinstance(runs[0], Run)
        and runs[0].characters.isdigit()
    )


def _ways(part: Part) -> int:
    if isinstance(part, Run):
        return part.high - part.low + 1
    return len(part.words) if isinstance(part, Words) else 1


def _overlap(one: Shape, other: Shape) -> bool:
    """Whether some code has both shapes."""
    if len(one.template) != len(other.template):
        return False
    return all(_at(one, place) & _at(other, place) for place in range(len(one.template)))


def _at(shape: Shape, place: int) -> set[int]:
    if place in shape.places:
        return set(shape.alphabets[shape.places.index(place)].tolist())
    fixed = int(shape.template[place])
    return {fixed} if fixed else set(range(ord("0"), ord("9") + 1))


def _shapes(spelling: Spelling) -> list[Shape]:
    choices: list[list[Part]] = []
    for part in spelling.parts:
        if isinstance(part, Run):
            choices.append([Run(part.characters, n, n) for n in range(part.low, part.high + 1)])
        else:
            choices.append(list(part.words) if isinstance(part, Words) else [part])
    combinations = list(product(*choices))
    return [_shape(parts, spelling.share / len(combinations), spelling.check) for parts in combinations]


def _shape(parts: tuple[Part, ...], share: float, check: str) -> Shape:
    template: list[int] = []
    places: list[int] = []
    alphabets: list[Array] = []
    for part in parts:
        if isinstance(part, Run):
            points = np.array([ord(character) for character in part.characters], dtype="u4")
            for _ in range(part.low):
                places.append(len(template))
                alphabets.append(points)
                template.append(0)
        else:
            template += [ord(character) for character in str(part)]
    free = len(places) - _width(check)
    return Shape(np.array(template, dtype="u4"), tuple(places[:free]), tuple(alphabets[:free]), share, check)


def _width(check: str) -> int:
    return {"": 0, "luhn": 1, "mod97": 2}[check]


def _with_check(codes: Array, check: str) -> Array:
    """Codes with their last digits put so that the check holds."""
    if check == "luhn":
        codes[:, -1] = ord("0")
        codes[:, -1] += ((10 - luhn_remainder(codes)) % 10).astype("u4")
        return codes
    codes[:, -2:] = ord("0")
    digits = 98 - mod97_remainder(codes)
    codes[:, -2] += (digits // 10).astype("u4")
    codes[:, -1] += (digits % 10).astype("u4")
    return codes


def luhn_remainder(codes: Array) -> Array:
    """Remainder by 10 of the sum of digits with every second one from the right doubled; 0 where the check holds."""
    total = np.zeros(len(codes), dtype="i8")
    seen = np.zeros(len(codes), dtype="i8")
    for column in codes.T[::-1]:
        digit, here = column.astype("i8") - ord("0"), _is_digit(column)
        twice = np.where(seen % 2 == 1, 2 * digit - 9 * (digit > 4), digit)
        total += np.where(here, twice, 0)
        seen += here
    return total % 10


def mod97_remainder(codes: Array) -> Array:
    """Remainder by 97 of the digits read as one number; 1 where the check holds."""
    left = np.zeros(len(codes), dtype="i8")
    for column in codes.T:
        left = np.where(_is_digit(column), (left * 10 + column.astype("i8") - ord("0")) % 97, left)
    return left


def _is_digit(column: Array) -> Array:
    return np.asarray((column >= ord("0")) & (column <= ord("9")))


def mixed(bits: Array) -> Array:
    """Spread every bit of 64 over all of them (the finaliser of splitmix64; Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195)."""
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(bits ^ (bits >> np.uint64(31)))


def _remark(spelling: Spelling, *, several: bool, in_order: bool) -> str:
    said = [f"{spelling.share:.4g}"] * several + [spelling.check] * bool(spelling.check) + ["in order"] * in_order
    return "".join(f"(?#{word})" for word in said)


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in text)


def _ranges(characters: str) -> str:
    """Characters as a class, with ranges for three or more neighbours."""
    out: list[str] = []
    points = sorted(map(ord, characters))
    at = 0
    while at < len(points):
        end = at
        while end + 1 < len(points) and points[end + 1] == points[end] + 1:
            end += 1
        if end - at >= 2:
            out.append(f"{_in_class(points[at])}-{_in_class(points[end])}")
        else:
            out += map(_in_class, points[at : end + 1])
        at = end + 1
    return "".join(out)


def _in_class(point: int) -> str:
    character = chr(point)
    return f"\\{character}" if character in "\\]^-[" else character
