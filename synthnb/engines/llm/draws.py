"""What is drawn for each text before it is written: its style, its length, who writes it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthnb._novelty import words
from synthnb._random import generator
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from synthnb._canonical import Json

__all__ = ["Choices", "Draws", "Length", "form_of", "read_choices", "read_length", "told"]

Choices = Mapping[str, float] | Sequence[str]
"""Words to choose among: equally often, or by weight."""

_NAMED = {"short": (5, 20), "medium": (20, 60), "long": (60, 150)}
_SPAN = re.compile(r"(\d{1,4})(?: ?(?:-|–|to) ?(\d{1,4}))?(?: words?)?")
_TOLERANCE = 0.25
_TOKENS_A_WORD = 1.8
_FORMS = {"style": "Style", "length": "Length", "persona": "Writer"}


@dataclass(frozen=True)
class Length:
    """How many words a text should have."""

    low: int
    """At least."""
    high: int
    """At most."""

    def __str__(self) -> str:
        return f"{self.low} to {self.high} words"

    def holds(self, text: str) -> bool:
        """Whether a text has as many, give or take a quarter."""
        return self.low * (1 - _TOLERANCE) <= len(words(text)) <= self.high * (1 + _TOLERANCE)

    @property
    def tokens(self) -> int:
        """Enough tokens for it in most languages and models."""
        return math.ceil(self.high * (1 + _TOLERANCE) * _TOKENS_A_WORD) + 16


@dataclass(frozen=True)
class Draws:
    """What can be drawn, by kind (``style``, ``length``, ``persona``), each with the weights of its choices, which add up to 1."""

    options: Mapping[str, Mapping[str, float]]
    """Weights by choice by kind."""

    @classmethod
    def read(cls, *, styles: Choices | None, lengths: Choices | None, personas: Choices | None) -> Draws:
        """Check what the user allows.

        Raises
        ------
        OptionError
            A choice isn't a word, a weight isn't a number, or a length can't be read.
        """
        given = {"style": styles, "length": lengths, "persona": personas}
        options = {kind: read_choices(kind, choices) for kind, choices in given.items() if choices}
        for length in options.get("length", {}):
            read_length(length)
        return cls(options)

    def of(self, seed: int, *unit: str | int) -> dict[str, str]:
        """One choice of each kind for one text."""
        made = {}
        for kind, weights in self.options.items():
            drawn = generator(seed, *unit, kind).random()
            made[kind] = _at(weights, drawn)
        return made

    def tokens(self, default: int) -> int:
        """Enough tokens for the longest length that may be drawn; the default where none is."""
        return max((read_length(choice).tokens for choice in self.options.get("length", {})), default=default)


def form_of(drawn: Mapping[str, str], language: str | None) -> dict[str, str]:
    """What the prompt says of what was drawn, and of the language."""
    made = {_FORMS[kind]: str(read_length(choice)) if kind == "length" else choice for kind, choice in drawn.items()}
    return made | ({"Language": language} if language else {})


def read_length(length: str) -> Length:
    """Read ``short``, ``medium``, ``long``, ``30`` or ``20-40``, the last two with or without ``words``.

    Raises
    ------
    OptionError
        It is none of these.
    """
    if length in _NAMED:
        return Length(*_NAMED[length])
    found = _SPAN.fullmatch(length.strip())
    low, high = (0, 0) if found is None else (int(found[1]), int(found[2] or found[1]))
    if not 1 <= low <= high:
        raise OptionError(
            f"A length is short, medium, long, or words such as '30' or '20-40'; got {shown(length)}.", fix="Write it like one of these."
        )
    return Length(low, high)


def read_choices(kind: str, choices: Any) -> dict[str, float]:
    """Weights that add up to 1, by choice.

    Raises
    ------
    OptionError
        A choice isn't a word, stands twice or has a weight that isn't a number above 0.
    """
    if isinstance(choices, str):
        choices = [choices]
    listed = list(choices)
    if not listed or not all(isinstance(choice, str) and choice.strip() for choice in listed) or len(set(listed)) < len(listed):
        raise OptionError(
            f"The choices of {kind} must be different words; got {shown(choices)}.", fix="List them, or map each to a weight."
        )
    weights = [choices[choice] for choice in listed] if isinstance(choices, Mapping) else [1.0] * len(listed)
    for choice, weight in zip(listed, weights, strict=True):
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < math.inf:
            raise OptionError(f"The weight of {shown(choice)} in {kind} must be a number above 0; got {shown(weight)}.", fix="Correct it.")
    total = math.fsum(weights)
    return {choice: weight / total for choice, weight in zip(listed, weights, strict=True)}


def _at(weights: Mapping[str, float], drawn: float) -> str:
    """The choice at a place between 0 and 1 of the weights laid end to end."""
    reached = 0.0
    for choice, weight in weights.items():
        reached += weight
        if drawn < reached:
            return choice
    return list(weights)[-1]


def told(options: Mapping[str, Mapping[str, float]]) -> dict[str, Json]:
    """The weights as plain data, to six decimals."""
    return {kind: {choice: round(weight, 6) for choice, weight in weights.items()} for kind, weights in options.items()}
