"""Names and numbers in texts, by their spelling: what could point to somebody if only one text has it.

A name is a capitalised word that doesn't begin a sentence, with those right after
it; a number has three digits or more. A word that some text also writes small is
no name. Languages that write all nouns with a capital, and scripts without case, are read worse.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["entities_of"]

_NUMBER = re.compile(r"(?<![\w.,])\d[\d.,:/-]{1,30}\d(?!\w)")
_DIGITS = re.compile(r"\d")
_NAME = re.compile(r"(?<![^\s(\[\"'“‘«/-])[^\W\d_a-zß-öø-ÿ][\w'’]{1,30}(?:[ -][^\W\d_a-zß-öø-ÿ][\w'’]{1,30}){0,3}")
_BEGINS = re.compile(r"(?:^|[.!?…:;\n\"“«•*-]\s*)$")
_SMALL = re.compile(r"(?<!\w)[a-zß-öø-ÿ][\w'’]+")
_LONGEST = 100_000
_LEAST_DIGITS = 3


def entities_of(texts: Sequence[str]) -> list[frozenset[str]]:
    """The names and numbers of each text.

    Examples
    --------
    >>> [sorted(found) for found in entities_of(["He met Ada Byron in 1843.", "The case of Ada Byron."])]
    [['1843', 'Ada Byron'], ['Ada Byron']]
    """
    cut = [text[:_LONGEST] for text in texts]
    small = {word for text in cut for word in _SMALL.findall(text)}
    return [frozenset([*_names(text, small), *_numbers(text)]) for text in cut]


def _names(text: str, small: set[str]) -> list[str]:
    found = []
    for match in _NAME.finditer(text):
        begins = _BEGINS.search(text, max(match.start() - 4, 0), match.start())
        words = match.group().split(" ")[1:] if begins else match.group().split(" ")
        if any(word[0].isupper() and word.casefold() not in small for word in words):
            found.append(" ".join(words))
    return found


def _numbers(text: str) -> list[str]:
    return [found for found in _NUMBER.findall(text) if len(_DIGITS.findall(found)) >= _LEAST_DIGITS]
