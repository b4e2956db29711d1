"""Statements told in the words of a real frame: its columns' names, and its levels' spelling.

A description says "weight" and "female" where the frame holds ``weight_kg`` and ``F``. Only a name or a level that one
column, or one level, answers to is taken for it; the description's words stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from synthnb.recipes.statements.naming import column_name, event_of, noun_of, sex_of

if TYPE_CHECKING:
    from synthnb.recipes.draft import Known
    from synthnb.recipes.recipe import Level
    from synthnb.recipes.statements.statement import Reading, Statement

__all__ = ["aligned", "counterpart"]

_UNITS = re.compile(
    r"_(?:kg|g|mg|ug|ng|lb|lbs|cm|mm|m|km|inch|inches|mmhg|kpa|bpm|years?|yrs?|y|months?|weeks?|days?|d|hours?|hrs?|h|minutes?|mins?|"
    r"(?:m?mol|umol|nmol|mg|g|ng|ug|iu|u)_(?:l|dl|ml|mol)|pct|percent|eur|usd|gbp|kg_m2)$"
)
_SEXES = {"f": "female", "w": "female", "m": "male"}


def counterpart(name: str, columns: Sequence[str]) -> str:
    """The one column of a frame that a description's name means: by spelling, synonym, event or but for a unit; else the name itself.

    Examples
    --------
    >>> counterpart("weight", ["Age", "weight_kg"]), counterpart("sex", ["gender"]), counterpart("bmi", ["age"])
    ('weight_kg', 'gender', 'bmi')
    """
    if name in columns:
        return name
    for spelt in (column_name, _known_as, _without_unit):
        found = [column for column in columns if spelt(column) == name]
        if len(found) == 1:
            return found[0]
    return name


def _known_as(column: str) -> str:
    words = column_name(column).replace("_", " ")
    event = event_of(words)
    return f"{event}_date" if event else column_name(noun_of(words) or words)


def _without_unit(column: str) -> str:
    return _known_as(_UNITS.sub("", column_name(column)))


def aligned(reading: Reading, known: Mapping[str, Known]) -> Reading:
    """The reading with its columns and levels called as the frame calls them.

    Two names of the description that would become one column stay apart.
    """
    names = {name: counterpart(name, list(known)) for name in reading.columns}
    taken = list(names.values())
    names = {name: found if taken.count(found) == 1 else name for name, found in names.items()}
    return replace(reading, statements=tuple(_renamed(item, names, known) for item in reading.statements))


def _renamed(item: Statement, names: Mapping[str, str], known: Mapping[str, Known]) -> Statement:
    column = names.get(item.column, item.column)
    levels = list(known[column].shares) if column in known else []
    when = item.when
    if when is not None:
        parent = names.get(when[0], when[0])
        when = (parent, _spelt(when[1], list(known[parent].shares)) if parent in known else when[1])
    return replace(
        item,
        column=column,
        other=names.get(item.other, item.other),
        levels=tuple(str(_spelt(level, levels)) for level in item.levels),
        level=None if item.level is None else _spelt(item.level, levels),
        when=when,
    )


def _spelt(level: bool | str, levels: Sequence[Level]) -> bool | str:
    """A level as the frame spells it."""
    if isinstance(level, bool) or level in levels:
        return level
    wanted = _plain(level)
    found = [other for other in levels if isinstance(other, str) and _plain(other) == wanted]
    return found[0] if len(found) == 1 else level


def _plain(level: str) -> str:
    low = " ".join(level.lower().split())
    return sex_of(low) or _SEXES.get(low, low)
