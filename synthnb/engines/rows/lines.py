"""Rows as lines: one row a line, fields between separators.

::

    age,sex,weight_kg,admitted
    61,F,72.5,2024-03-18
    45,M,,2024-11-02                a missing cell is an empty field
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from synthnb.engines.rows.fields import At, Band, Field, LevelField, Unreadable, is_harmless, is_missing
from synthnb.engines.rows.grammar import literal

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Fixed", "Layout", "Line", "lines_of"]

Fixed = Mapping[int, At | Band | None]
"""What a line must hold, by the field's place: a level, a band of a number, or None for a missing cell."""

_NUMBERED = re.compile(r"\s*(?:[0-9]{1,3}[.)]|[-*•])\s+")
_LONGEST_LINE = 20_000


class Line(NamedTuple):
    """A line that was read."""

    values: tuple[At | None, ...]
    """One per field; None where missing or unreadable."""
    failed: tuple[int, ...]
    """Fields that hold no value of their column."""
    repaired: int
    """Fields whose spelling had to be repaired."""


@dataclass(frozen=True)
class Layout:
    """The fields of a line, in order."""

    fields: tuple[Field, ...]
    """One per column that is written."""
    optional: tuple[bool, ...]
    """Whether a field may be missing."""
    bands: tuple[Band | None, ...]
    """Within what a grammar keeps a number; wider than the data, within the declared limits."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What each field is called in the header: the column's name where that is plain, else ``c3``."""
        own = [field.coder.column.name for field in self.fields]
        plain = {name for name in own if is_harmless(name) and "," not in name and ";" not in name}
        return tuple(name if name in plain else self._code(number, plain) for number, name in enumerate(own, 1))

    def _code(self, number: int, plain: set[str]) -> str:
        code = f"c{number}"
        while code in plain:
            code += "_"
        return code

    @cached_property
    def separator(self) -> str:
        """A comma, or a semicolon where a level holds a comma."""
        spelt = (text for field in self.fields if isinstance(field, LevelField) for text in field.spelt.values())
        return ";" if any("," in text for text in spelt) else ","

    @property
    def header(self) -> str:
        """The names as a line."""
        return self.separator.join(self.names)

    @cached_property
    def widest(self) -> int:
        """About how many characters a line has at most."""
        return sum(self._width(at) + 1 for at in range(len(self.fields)))

    def _width(self, at: int) -> int:
        field = self.fields[at]
        if isinstance(field, LevelField):
            return max(map(len, field.spelt.values()), default=0)
        band = self.bands[at]
        return max(map(len, map(field.spell, band))) if band else 12

    def spell(self, values: Sequence[At | None]) -> str:
        """Values as a line."""
        return self.separator.join("" if at is None else field.spell(at) for field, at in zip(self.fields, values, strict=True))

    def read(self, line: str) -> Line:
        """Return what a line holds, field by field.

        Raises
        ------
        Unreadable
            It has more or fewer fields than there are columns.
        """
        plain = self._parsed(line)
        if not plain.failed or plain.failed[0] or not (numbered := _NUMBERED.match(line)):
            return plain
        bare = self._parsed(line[numbered.end() :])
        return plain if bare.failed[:1] == (0,) else bare._replace(repaired=bare.repaired + 1)

    def _parsed(self, line: str) -> Line:
        parts = line.split(self.separator)
        if len(parts) == len(self.fields) + 1 and not parts[-1].strip():
            parts.pop()
        if len(parts) != len(self.fields):
            raise Unreadable(f"a line had {len(parts)} fields instead of {len(self.fields)}")
        values: list[At | None] = []
        failed, repairs = [], 0
        for at, (field, part) in enumerate(zip(self.fields, parts, strict=True)):
            try:
                value, repaired = self._cell(field, part)
            except Unreadable:
                value, repaired = None, False
                failed.append(at)
            repairs += repaired
            values.append(value)
        failed += [at for at, value in enumerate(values) if value is None and not self.optional[at] and at not in failed]
        return Line(tuple(values), tuple(sorted(failed)), repairs)

    def _cell(self, field: Field, part: str) -> tuple[At | None, bool]:
        text = part.strip()
        quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
        text = text[1:-1] if quoted else text
        if is_missing(text):
            return None, bool(text)
        value, repaired = field.read(text)
        return value, repaired or quoted

    def frame(self, rows: Sequence[Sequence[At | None]]) -> pd.DataFrame:
        """Rows of values as cells, in the columns' own types."""
        import pandas as pd

        columns = zip(*rows, strict=True) if rows else [[] for _ in self.fields]
        return pd.DataFrame({field.coder.column.name: field.cells(list(one)) for field, one in zip(self.fields, columns, strict=True)})

    def grammar(self, fixed: Sequence[Fixed]) -> str:
        """Exactly so many lines, each holding what is fixed for it, in GBNF."""
        gap = literal(self.separator)
        rules = [f"f{at} ::= {self._any(at)}" for at in range(len(self.fields))]
        kinds: dict[str, str] = {}
        order = []
        for held in fixed:
            parts = [self._held(at, held[at]) if at in held else f"f{at}" for at in range(len(self.fields))]
            order.append(kinds.setdefault(f" {gap} ".join(parts), f"line{len(kinds)}"))
        lines = [f"{name} ::= {body} {literal(chr(10))}" for body, name in kinds.items()]
        return "\n".join([f"root ::= {' '.join(order)}", *lines, *rules]) + "\n"

    def _any(self, at: int) -> str:
        written = self.fields[at].grammar(self.bands[at])
        return f"({written})?" if self.optional[at] else written

    def _held(self, at: int, value: At | Band | None) -> str:
        if isinstance(value, tuple):
            return f"({self.fields[at].grammar(value)})"
        return literal("" if value is None else self.fields[at].spell(value))

    def meets(self, values: Sequence[At | None], fixed: Fixed) -> bool:
        """Whether a row holds what is fixed."""
        return all(_meets(values[at], wanted) for at, wanted in fixed.items())

    def told(self, fixed: Fixed) -> str:
        """What is fixed, in words: ``sex F, age from 40 to 55``."""
        return ", ".join(self._told(at, wanted) for at, wanted in fixed.items())

    def _told(self, at: int, wanted: At | Band | None) -> str:
        field, name = self.fields[at], self.names[at]
        if isinstance(wanted, tuple):
            return f"{name} from {field.spell(wanted[0])} to {field.spell(wanted[1])}"
        return f"{name} left empty" if wanted is None else f"{name} {field.spell(wanted)}"


def lines_of(text: str, header: str, *, whole: bool) -> list[str]:
    """The lines of a reply that may be rows: no blank ones, no fences, no header.

    Parameters
    ----------
    text : str
        The reply.
    header : str
        The header, which models like to repeat.
    whole : bool
        Whether the reply was finished; if not, a last line without an end is left out.
    """
    lines = re.split(r"\r\n|\r|\n", text)
    if not whole and lines:
        lines.pop()
    same = header.replace(" ", "").casefold()
    kept = [line for line in lines if line.strip() and not line.lstrip().startswith("```") and len(line) <= _LONGEST_LINE]
    return [line for line in kept if line.replace(" ", "").casefold() != same]


def _meets(value: At | None, wanted: At | Band | None) -> bool:
    if isinstance(wanted, tuple):
        return value is not None and wanted[0] <= value <= wanted[1]
    return value == wanted
