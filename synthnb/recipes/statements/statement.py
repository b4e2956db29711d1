"""What a description says outright, one piece at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from synthnb._canonical import Json

__all__ = ["Kind", "Reading", "Statement"]

Kind = Literal[
    "rows",
    "range",
    "share",
    "moments",
    "quartiles",
    "levels",
    "dates",
    "missing",
    "correlation",
    "unique",
    "order",
    "text",
    "column",
    "family",
]
"""What sort of thing is said.

``rows``: how many; ``range``: limits; ``share``: of a level, or of true; ``moments``: a mean and perhaps a standard
deviation; ``quartiles``: a median and perhaps quartiles; ``levels``: which there are, perhaps with weights; ``dates``: from
when to when; ``missing``: a share of cells; ``correlation``; ``unique``: a different code in each row; ``order``: one column
never above another; ``text``: free text to be written later; ``column``: that there is one, of some kind; ``family``: which
distribution it is drawn from.
"""

Level = bool | str
"""A level as a statement names it."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One thing that the description says outright."""

    kind: Kind
    """What sort of thing."""
    start: int
    """Where its words begin in the description, counted in characters from 0."""
    end: int
    """Where they end."""
    text: str
    """Its words."""
    column: str = ""
    """The column it is about; empty for ``rows``, and for ``missing`` where every column is meant."""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """``low``, ``high``, ``share``, ``mean``, ``sd``, ``median``, ``q1``, ``q3``, ``r``, ``rows``."""
    places: int = 0
    """Most decimal places that its numbers were written with."""
    levels: tuple[str, ...] = ()
    """Levels, in the order said."""
    weights: tuple[float, ...] = ()
    """One per level where their proportions were said."""
    level: Level | None = None
    """For a share: of what; True for a column of true and false."""
    when: tuple[str, Level] | None = None
    """The column and the level it is restricted to."""
    other: str = ""
    """For a correlation: the second column; for an order: the higher one."""
    strict: bool = False
    """Whether an end itself is excluded, or equality breaks the order."""
    dates: tuple[str, str] = ("", "")
    """First and last day, ISO 8601."""
    unit: str = ""
    """The unit its numbers were written with."""
    whole: bool | None = None
    """Whether its column holds whole numbers; None where that isn't said."""
    pattern: str = ""
    """For codes: how they are spelt."""
    family: str = ""
    """For a distribution: its name in a recipe."""
    approximate: str = ""
    """The word that makes its first figure approximate, such as ``almost``; empty where it is meant as it stands."""

    @property
    def source(self) -> str:
        """Its words, as the source of numbers: with a remark where they are approximate."""
        if not self.approximate:
            return self.text
        share = self.numbers.get("share")
        taken = "" if share is None else f", taken as {share:.4g}"
        return f"{self.text} (approximate: {self.approximate!r}{taken})"

    @property
    def meaning(self) -> str:
        """What it asks of the table, in words that finish a sentence."""
        where = f" where {self.when[0]} is {_said(self.when[1])}" if self.when else ""
        return f"{self._said()}{where}"

    def _said(self) -> str:
        n = {name: f"{value:,.12g}" for name, value in self.numbers.items()}
        unit = f" {self.unit}" if self.unit else ""
        if self.kind == "rows":
            return f"the table has {n['rows']} rows"
        if self.kind == "range":
            low, high = ("above " if self.strict else "at least "), ("below " if self.strict else "at most ")
            if len(n) == 2:
                return f"{self.column} is from {n['low']} to {n['high']}{unit}"
            return f"{self.column} is {low + n['low'] if 'low' in n else high + n['high']}{unit}"
        if self.kind == "share":
            about = "about " if self.approximate else ""
            return f"{about}{self.numbers['share']:.4g} of {self.column} is {_said(self.level)}"
        if self.kind == "moments":
            sd = f" with standard deviation {n['sd']}" if "sd" in n else ""
            return f"the mean of {self.column} is {n['mean']}{sd}{unit}"
        if self.kind == "quartiles":
            spread = f" and its quartiles are {n['q1']} and {n['q3']}" if "q1" in n else ""
            return f"the median of {self.column} is {n['median']}{spread}{unit}"
        return self._said_of_kinds(n)

    def _said_of_kinds(self, n: Mapping[str, str]) -> str:
        if self.kind == "levels":
            weights = f" in proportion {':'.join(f'{weight:.4g}' for weight in self.weights)}" if self.weights else ""
            return f"{self.column} is one of {', '.join(self.levels)}{weights}"
        if self.kind == "dates":
            return f"{self.column} is from {self.dates[0]} to {self.dates[1]}"
        if self.kind == "missing":
            return f"{self.numbers['share']:.4g} of the cells of {self.column or 'every column'} are missing"
        if self.kind == "correlation":
            return f"{self.column} and {self.other} correlate at {n['r']}"
        if self.kind == "order":
            return f"{self.column} is {'below' if self.strict else 'at most'} {self.other}"
        if self.kind == "family":
            return f"{self.column} is drawn from the distribution {self.family.replace('_', ' ')}"
        words = {"unique": "is different in each row", "text": "is free text, to be written later", "column": "is a column"}
        return f"{self.column} {words[self.kind]}"

    def to_dict(self) -> dict[str, Json]:
        """The statement as plain JSON types, with its meaning."""
        plain = asdict(self) | {"numbers": dict(self.numbers), "meaning": self.meaning}
        for name in ("levels", "weights", "dates"):
            plain[name] = list(plain[name])
        return plain | {"when": list(self.when) if self.when else None}


@dataclass(frozen=True)
class Reading:
    """Everything that rules read from a description."""

    text: str
    """The description."""
    statements: tuple[Statement, ...]
    """In the order of the description."""
    unread: tuple[str, ...] = ()
    """What no statement accounts for: numbers, each with the words around it, and exclusions, comparisons and statements in words."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that statements are about, in the order of the description."""
        names = [name for item in self.statements for name in (item.column, item.other, item.when[0] if item.when else "")]
        return tuple(dict.fromkeys(name for name in names if name))


def _said(level: Level | None) -> str:
    return str(level).lower() if isinstance(level, bool) else f"'{level}'"
