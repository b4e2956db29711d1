"""Cells that two frames spell differently, read as what they are where that is sure: numbers, days, yes and no.

What isn't sure stays as it is; `told_apart` then says whether spelling alone separates the frames.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

__all__ = ["are_flags", "flag", "moment", "read_alike", "told_apart"]

Cells = list[Any]
Columns = list[Cells]

_YES = {"true", "1", "1.0", "yes", "y"}
_NO = {"false", "0", "0.0", "no", "n"}
_NUMBERS = (int, float, np.integer, np.floating, Decimal)
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?|[+-]?\.[0-9]+")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_DAYS = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    *("%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y"),
)
_FORMS = tuple(f"{day}{clock}" for day in _DAYS for clock in ("", " %H:%M", " %H:%M:%S"))
_LONGEST_CELL = 40
_MOST_SHAPES = 20


def read_alike(columns: Columns, references: Columns) -> tuple[Columns, Columns]:
    """The cells of one column in each frame, and those that tell how it is written, as values of one type where that is sure.

    Parameters
    ----------
    columns, references : list of list
        Per frame, the cells; None is missing.
    """
    if len(references) < 2:
        return columns, references
    for read in (_numbers_read, _moments_read):
        readers = read(references)
        if readers is not None:
            apply = [[_apply(reader, column) for reader, column in zip(readers, part, strict=True)] for part in (columns, references)]
            return apply[0], apply[1]
    return columns, references


def _apply(reader: Callable[[Any], Any], column: Cells) -> Cells:
    """The cells as they are read; what can't be read stays."""
    return [cell if cell is None or (value := reader(cell)) is None else value for cell in column]


def are_flags(columns: Columns) -> bool:
    """Whether every cell says yes or no, and not all as numbers."""
    cells = [cell for column in columns for cell in column if cell is not None]
    words = {str(cell).strip().casefold() for cell in cells}
    return words <= _YES | _NO and not all(isinstance(cell, _NUMBERS) and not isinstance(cell, bool) for cell in cells)


def flag(cell: Any) -> str | None:
    """Yes or no; None for anything else."""
    word = str(cell).strip().casefold()
    return "yes" if word in _YES else "no" if word in _NO else None


def _numbers_read(references: Columns) -> list[Callable[[Any], Any]] | None:
    """How to read each frame's cells as numbers; None where they aren't all numbers, or all frames write the same strings."""
    known = [[cell for cell in column if cell is not None] for column in references]
    if not all(known) or not any(isinstance(cell, str) for column in known for cell in column):
        return None
    values = [[_number(cell) for cell in column] for column in known]
    if any(value is None for column in values for value in column):
        return None
    marks = [{_marks(cell) for cell in column} for column in known]
    if all(isinstance(cell, str) for column in known for cell in column) and all(found == marks[0] for found in marks):
        return None
    per_cent = [all(isinstance(cell, str) and cell.strip().endswith("%") for cell in column) for column in known]
    largest = [max(abs(value) for value in column if value is not None) for column in values]
    if any(per_cent) and any(most <= 1 for most, marked in zip(largest, per_cent, strict=True) if not marked):
        return None  # shares and per cent
    return [_number] * len(references)


def _number(cell: Any) -> int | float | None:
    if isinstance(cell, (bool, np.bool_)):
        return None
    if isinstance(cell, _NUMBERS):
        return int(cell) if isinstance(cell, (int, np.integer)) else float(cell)
    if not isinstance(cell, str) or len(cell) > _LONGEST_CELL:
        return None
    word = cell.strip().removesuffix("%").rstrip()
    if _GROUPED.fullmatch(word):
        word = word.replace(",", "")
    elif not _NUMBER.fullmatch(word):
        return None
    value = float(word)
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _marks(cell: Any) -> tuple[bool, ...]:
    """What tells apart strings of the same number."""
    word = str(cell).strip().lstrip("+-")
    return word.startswith("0") and word[1:2].isdigit(), "," in word, word.endswith("%"), "." in word, "e" in word.casefold()


def _moments_read(references: Columns) -> list[Callable[[Any], Any]] | None:
    """How to read each frame's cells as moments; None unless each frame has one reading and some frame has moments."""
    known = [[cell for cell in column if cell is not None] for column in references]
    if not all(known) or not any(isinstance(cell, str) for column in known for cell in column):
        return None
    readers = [_moment_reader(column) for column in known]
    if any(reader is None for reader in readers) or all(reader is moment for reader in readers):
        return None  # nothing to read, or the writer reads it as it is
    return [reader for reader in readers if reader is not None]


def _moment_reader(cells: Cells) -> Callable[[Any], dt.datetime | None] | None:
    if all(moment(cell) is not None for cell in cells):
        return moment
    if not all(isinstance(cell, str) and len(cell) <= _LONGEST_CELL for cell in cells):
        return None
    fitting = [form for form in _FORMS if _reads(cells[0], form) and all(_reads(cell, form) for cell in cells)]
    days = {tuple(_parsed(cell, form) for cell in cells) for form in fitting}
    if len(days) != 1:  # 03/04/2020 may be in March or in April
        return None
    form = fitting[0]
    return lambda cell: _parsed(cell, form)


def _reads(cell: Any, form: str) -> bool:
    return _parsed(cell, form) is not None


def _parsed(cell: Any, form: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(str(cell).strip(), form)  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        return None


def moment(cell: Any) -> dt.datetime | None:
    """The moment by its own clock, without the zone."""
    if isinstance(cell, dt.datetime):
        return cell.replace(tzinfo=None)
    if isinstance(cell, dt.date):
        return dt.datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 - a calendar day has no zone
    try:
        return dt.datetime.fromisoformat(str(cell).strip()).replace(tzinfo=None)
    except ValueError:
        return None


def told_apart(columns: Sequence[Sequence[str | None]]) -> bool:
    """Whether no two cells of different frames are spelled alike, so that form alone tells them apart.

    Digits, capitals and small letters each count as one sign, and a sign of minus as none: values that differ
    are content. Columns with long cells or many spellings are texts, and are never told apart.
    """
    found = [{_shape(cell) for cell in column if cell is not None} for column in columns]
    if len(found) < 2 or not all(found) or any(len(cell or "") > _LONGEST_CELL for column in columns for cell in column):
        return False
    return all(len(shapes) <= _MOST_SHAPES for shapes in found) and not set.intersection(*found)


def _shape(cell: str) -> str:
    shape = re.sub(r"\d+", "9", re.sub(r"^0(?=\d)", "z", cell.lstrip("-")))
    words = re.sub(r"[^\W\d_]+", lambda found: "A" if found[0].isupper() and len(found[0]) > 1 else "a", shape)
    return re.sub(r"a(?:[ -]a)+", "a", words)
