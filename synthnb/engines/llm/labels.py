"""Whether a text says a value that it has to say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from synthnb._novelty import words
from synthnb.engines.llm.prompts import plain

if TYPE_CHECKING:
    from synthnb._canonical import Json

__all__ = ["Said", "Values"]

Said = Literal["said", "unsaid", "contradicted", "unverifiable"]
"""It stands there; it doesn't; another level stands there instead; there is nothing that could stand there."""

_NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:[,\u202f]\d{3})*(?:\.\d+)?(?![\w]|\.\d)")
_MOST_LEVELS = 200


@dataclass(frozen=True)
class Values:
    """Columns whose values texts have to say."""

    levels: Mapping[str, tuple[tuple[str, ...], ...]]
    """The words of each level by column; of a column that has no levels, nothing."""

    @classmethod
    def of(cls, columns: Mapping[str, Sequence[Any]]) -> Values:
        """Take the levels from the columns' cells, where these are texts and not more than 200."""
        made: dict[str, tuple[tuple[str, ...], ...]] = {}
        for name, cells in columns.items():
            texts = {cell for cell in cells if isinstance(cell, str)}
            made[name] = tuple(sorted({tuple(words(text)) for text in texts} - {()})) if len(texts) <= _MOST_LEVELS else ()
        return cls(made)

    def said(self, row: Mapping[str, Any], text: str) -> dict[str, Said]:
        """What a text says of a row's value in each column."""
        return {name: _said(plain(row[name]), text, self.levels[name]) for name in self.levels}


def _said(value: Json, text: str, levels: Sequence[tuple[str, ...]]) -> Said:
    if value is None or isinstance(value, bool):
        return "unverifiable"
    if isinstance(value, int | float):
        return "said" if any(_same_number(value, found) for found in _NUMBER.findall(text)) else "unsaid"
    own = tuple(words(value))
    if not own:
        return "unverifiable"
    found = _levels_in(tuple(words(text)), {own, *levels})
    if own in found:
        return "said"
    return "contradicted" if found else "unsaid"


def _same_number(value: float, found: str) -> bool:
    """Whether the figure is the value, to the decimals that the figure has."""
    digits = re.sub(r"[,\u202f]", "", found).replace("−", "-")
    decimals = len(digits.partition(".")[2])
    exact = float(value) == round(float(value), decimals)
    return abs(float(digits) - float(value)) <= (1e-9 if exact else 0.5 * 10.0**-decimals)


def _levels_in(text: tuple[str, ...], levels: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Levels that stand in a text; the words of a longer one are not taken for a shorter one's ("not married")."""
    free = [True] * len(text)
    found = set()
    for level in sorted(levels, key=len, reverse=True):
        for start in range(len(text) - len(level) + 1):
            here = range(start, start + len(level))
            if text[start : start + len(level)] == level and all(free[i] for i in here):
                found.add(level)
                for i in here:
                    free[i] = False
    return found
