"""One column as a field of a line: how a cell is spelt, what a grammar lets a model write, and how it is read back.

======================  ==========================  =====================================
column holds            spelt                       read back as
======================  ==========================  =====================================
category, boolean       the level, or ``L3`` where  the level's place among the levels
                        its text could be mistaken
number                  ``61.5``                    the column's last decimal place, or a float
date, datetime          ISO 8601                    ticks of the column's own clock
time of day             ``14:30``                   microseconds since midnight
timedelta               whole days, hours, …        ticks
======================  ==========================  =====================================

A level's text goes into lines and prompts as it is only if it is short, plain and on one line. Others
have a code there, and the prompt's data say, escaped, what the code stands for.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from synthnb.engines._encoding.codec import MISSING, ORDINARY, Clock, Levels, Periods, Real
from synthnb.engines.rows.grammar import either, literal, numbers

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines._encoding.table import Coder

__all__ = ["At", "Band", "Field", "LevelField", "MomentField", "Unreadable", "field_of", "is_harmless", "is_missing"]

At = int | float
"""A cell's value inside: a level's place, or a number in the unit of its kind."""

Band = tuple[At, At]
"""The least and the largest value, both included."""

Array = np.ndarray[Any, Any]

_HARMLESS = re.compile(r"\w(?:[\w .,:%/()+'&-]{0,38}[\w.%)+])?")
_MOST_WORDS = 4
_NOTHING = frozenset({"", "na", "n/a", "nan", "null", "none", "missing", "nat", "-"})
_LONGEST_LEGEND = 80
_FIGURES = 4
_WIDEST = 15
_DAY = dt.timedelta(days=1)
_SPANS = (
    ("days", _DAY),
    ("hours", _DAY / 24),
    ("minutes", _DAY / 1440),
    ("seconds", _DAY / 86400),
    ("microseconds", dt.timedelta(0, 0, 1)),
)


class Unreadable(Exception):
    """A field doesn't hold a value of its column; the message says why, in words that follow the column's name."""


def is_harmless(text: str) -> bool:
    """Whether a text may stand in a line and in a prompt as it is: short, plain, and no word for *missing*."""
    return bool(_HARMLESS.fullmatch(text)) and len(text.split(" ")) <= _MOST_WORDS and text.casefold() not in _NOTHING and "  " not in text


class Field(Protocol):
    """A column's way from cells to fields of a line and back."""

    @property
    def coder(self) -> Coder:
        """The column and how it is stored."""

    @property
    def holds(self) -> dict[str, Json]:
        """What the prompt says of the column's values, without any figure of the data."""

    @property
    def limits(self) -> Band | None:
        """The least and the largest value declared; None for levels."""

    def spell(self, at: At) -> str:
        """A value as a field; it holds no separator and no line end."""

    def read(self, text: str) -> tuple[At, bool]:
        """The value in a field, and whether its spelling had to be repaired.

        Raises
        ------
        Unreadable
            It holds none.
        """

    def grammar(self, band: Band | None = None) -> str:
        """What a model may write, in GBNF: a value within a band, or any level."""

    def values(self, states: Array, positions: Array) -> list[At | None]:
        """The values of encoded cells; None where missing or infinite."""

    def cells(self, values: Sequence[At | None]) -> pd.Series[Any]:
        """Values as cells, in the column's own type."""


def field_of(coder: Coder, *, only: Sequence[int] | None = None) -> Field:
    """Return the field of an encoded column.

    Parameters
    ----------
    coder : Coder
        The column.
    only : sequence of int, optional
        The levels that may be told and written, by their places; all by default.
    """
    if isinstance(coder.cells, Levels):
        return LevelField(coder, tuple(range(len(coder.levels)) if only is None else only))
    if isinstance(coder.cells, (Real,)) or coder.column.kind in {"integer", "real"}:
        return NumberField(coder) if coder.values.dtype.kind == "i" or not _is_wide(coder) else ScientificField(coder)
    if isinstance(coder.cells, Clock):
        return MomentField(coder, clock=True)
    if coder.column.kind == "timedelta":
        return SpanField(coder)
    return MomentField(coder, clock=False)


def is_missing(text: str) -> bool:
    """Whether a field says that there is no value."""
    return text.strip().casefold() in _NOTHING


@dataclass(frozen=True)
class LevelField:
    """One of several levels."""

    coder: Coder
    """The column."""
    only: tuple[int, ...]
    """The levels that may be written."""

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Each level as text, in the coder's order."""
        levels = self.coder.levels
        if isinstance(self.coder.dtype, pd.CategoricalDtype):
            levels = tuple(self.coder.dtype.categories[place] for place in levels)
        if self.coder.column.kind == "boolean":
            return tuple("yes" if level else "no" for level in levels)
        return tuple(str(level) for level in levels)

    @cached_property
    def spelt(self) -> dict[int, str]:
        """By place: what stands in a line."""
        plain = {text for text, times in Counter(self.texts).items() if times == 1 and is_harmless(text)}
        codes = (code for number in range(1, 2 * len(self.texts) + 2) if (code := f"L{number}") not in plain)
        return {place: self.texts[place] if self.texts[place] in plain else next(codes) for place in self.only}

    @property
    def holds(self) -> dict[str, Json]:
        """The levels as they are written, and what codes stand for."""
        coded = {code: self.texts[place][:_LONGEST_LEGEND] for place, code in self.spelt.items() if code != self.texts[place]}
        return {"one of": list(self.spelt.values())} | ({"meaning": coded} if coded else {})

    @property
    def limits(self) -> Band | None:
        """None: levels have no limits."""
        return None

    def spell(self, at: At) -> str:
        """The level as it is written."""
        return self.spelt[int(at)]

    def read(self, text: str) -> tuple[At, bool]:
        """The level; case and spaces may differ where no two levels would be mixed up."""
        exact = self._exactly.get(text.strip())
        if exact is not None:
            return exact, False
        near = self._nearly.get(_folded(text), [])
        if len(near) != 1:
            raise Unreadable("holds a level that it doesn't have")
        return near[0], True

    @cached_property
    def _exactly(self) -> dict[str, int]:
        return {spelt: place for place, spelt in self.spelt.items()}

    @cached_property
    def _nearly(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for place, spelt in self.spelt.items():
            found.setdefault(_folded(spelt), []).append(place)
        return found

    def grammar(self, band: Band | None = None) -> str:  # noqa: ARG002 - the same call for every field
        """Any of the levels."""
        return either(map(literal, self.spelt.values()))

    def values(self, states: Array, positions: Array) -> list[At | None]:
        """Places of levels; None where missing, or where the level may not be told."""
        allowed = set(self.only)
        return [int(at) if state == ORDINARY and int(at) in allowed else None for state, at in zip(states, positions, strict=True)]

    def cells(self, values: Sequence[At | None]) -> pd.Series[Any]:
        """Levels in the column's own type."""
        states = np.array([MISSING if at is None else ORDINARY for at in values], dtype="i1")
        return self.coder.decode(states, np.array([0 if at is None else at for at in values], dtype="f8"))


@dataclass(frozen=True)
class _Measured:
    """What every field of a number, a date or a span shares."""

    coder: Coder
    """The column."""

    def values(self, states: Array, positions: Array) -> list[At | None]:
        """Values of cells as they were encoded; None where missing or infinite."""
        if not self.coder.size:
            return [None] * len(states)
        found = self.coder.values[np.where(states == ORDINARY, positions, 0).astype("i8")].tolist()
        return [at if state == ORDINARY else None for at, state in zip(found, states, strict=True)]

    def cells(self, values: Sequence[At | None]) -> pd.Series[Any]:
        """Values in the column's own type."""
        states = np.array([MISSING if at is None else ORDINARY for at in values], dtype="i1")
        at = np.array([0 if value is None else value for value in values], dtype=self.coder.values.dtype)
        cells: Any = self.coder.cells
        made: pd.Series[Any] = cells.write(at, states, self.coder.dtype)
        return made if made.dtype == self.coder.dtype else made.astype(self.coder.dtype)


@dataclass(frozen=True)
class NumberField(_Measured):
    """A number with a fixed count of decimal places."""

    @cached_property
    def places(self) -> int:
        """Decimal places written: the column's own, or as many as its spread needs."""
        cells: Any = self.coder.cells
        return int(getattr(cells, "places", 0)) if self._exact else _places_for(self.coder.values)

    @property
    def _exact(self) -> bool:
        return bool(self.coder.values.dtype.kind == "i")

    @property
    def holds(self) -> dict[str, Json]:
        """What kind of number it is."""
        said: dict[str, Json] = {
            "holds": f"number with {self.places} decimal{'s' if self.places > 1 else ''}" if self.places else "whole number"
        }
        column = self.coder.column
        return said | {word: bound for word, bound in (("at least", column.minimum), ("at most", column.maximum)) if bound is not None}

    @cached_property
    def limits(self) -> tuple[int, int]:
        """The declared limits in units of the last place written."""
        low, high = self.coder.column.minimum, self.coder.column.maximum
        unit = 10.0**self.places
        return (
            math.ceil(float(low) * unit - 1e-6) if isinstance(low, int | float) else -(10**_WIDEST),
            math.floor(float(high) * unit + 1e-6) if isinstance(high, int | float) else 10**_WIDEST,
        )

    def units(self, at: At) -> int:
        """A value in units of the last place written."""
        return int(at) if self._exact else round(at * 10**self.places)

    def spell(self, at: At) -> str:
        """The number, without an exponent."""
        units = self.units(at)
        digits = f"{abs(units):0{self.places + 1}d}"
        return ("-" if units < 0 else "") + (f"{digits[: -self.places]}.{digits[-self.places :]}" if self.places else digits)

    def read(self, text: str) -> tuple[At, bool]:
        """The number; one with more decimals than the column has is rounded."""
        wanted = text.strip()
        if not re.fullmatch(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?", wanted):
            raise Unreadable("holds no number")
        units = round(float(wanted) * 10**self.places) if "." in wanted else int(wanted) * 10**self.places
        if not self.limits[0] <= units <= self.limits[1]:
            raise Unreadable("holds a number outside its limits")
        repaired = len(wanted.partition(".")[2].rstrip("0")) > self.places
        return (units if self._exact else units / 10.0**self.places), repaired

    def grammar(self, band: Band | None = None) -> str:
        """Every number within a band and the declared limits."""
        low, high = self.limits if band is None else (max(self.units(band[0]), self.limits[0]), min(self.units(band[1]), self.limits[1]))
        low, high = (low, high) if low <= high else self.limits
        return numbers(low, high, self.places)


@dataclass(frozen=True)
class ScientificField(_Measured):
    """A number whose size varies over so many orders that it is written with an exponent."""

    @property
    def holds(self) -> dict[str, Json]:
        """How it is written."""
        return {"holds": "number written as 1.234e+05"}

    @property
    def limits(self) -> Band:
        """The declared limits."""
        low, high = self.coder.column.minimum, self.coder.column.maximum
        return (
            float(low) if isinstance(low, int | float) else -math.inf,
            float(high) if isinstance(high, int | float) else math.inf,
        )

    def spell(self, at: At) -> str:
        """Four figures and an exponent."""
        return f"{at:.3e}"

    def read(self, text: str) -> tuple[At, bool]:
        """The number."""
        if not re.fullmatch(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,3})?", text.strip()):
            raise Unreadable("holds no number")
        value = float(text)
        if not (math.isfinite(value) and self.limits[0] <= value <= self.limits[1]):
            raise Unreadable("holds a number outside its limits")
        return value, False

    def grammar(self, band: Band | None = None) -> str:  # noqa: ARG002 - the same call for every field
        """Four figures and an exponent of two digits."""
        return '"-"? [0-9] "." [0-9] [0-9] [0-9] "e" ("+" | "-") [0-9] [0-9]'


@dataclass(frozen=True)
class SpanField(_Measured):
    """A span of time, in the largest unit of which all are whole."""

    @cached_property
    def unit(self) -> tuple[str, int]:
        """The unit's name, and how many ticks it has."""
        kind = np.dtype(getattr(self.coder.cells, "ticks", "m8[ns]"))
        for name, span in _SPANS:
            ticks = int(np.array([span], dtype="m8[us]").astype(kind).astype("i8")[0])
            if ticks and not (self.coder.values % ticks).any():
                return name, ticks
        return "ticks", 1

    @property
    def holds(self) -> dict[str, Json]:
        """In what it is counted."""
        return {"holds": f"whole number of {self.unit[0]}"}

    @property
    def limits(self) -> Band | None:
        """No limits can be declared for a span."""
        return (-(10**_WIDEST) * self.unit[1], 10**_WIDEST * self.unit[1])

    def spell(self, at: At) -> str:
        """How many units."""
        return str(int(at) // self.unit[1])

    def read(self, text: str) -> tuple[At, bool]:
        """The span."""
        if not re.fullmatch(r"[+-]?[0-9]{1,12}", text.strip()):
            raise Unreadable(f"holds no whole number of {self.unit[0]}")
        return int(text) * self.unit[1], False

    def grammar(self, band: Band | None = None) -> str:
        """Every whole number within a band."""
        low, high = band if band is not None else (-(10**9) * self.unit[1], 10**9 * self.unit[1])
        least, most = -(-int(low) // self.unit[1]), int(high) // self.unit[1]
        return numbers(min(least, most), most)


@dataclass(frozen=True)
class MomentField(_Measured):
    """A date, a moment or a time of day, in ISO 8601."""

    clock: bool
    """Whether it is a time of day."""

    @cached_property
    def fine(self) -> str:
        """How finely it is written: ``day``, ``minute`` or ``second``."""
        if self.coder.column.kind == "date" or isinstance(self.coder.cells, Periods):
            return "day"
        seconds = [self._moment(int(at)).second for at in self.coder.values[:1000]]
        return "second" if any(seconds) else "minute"

    @property
    def holds(self) -> dict[str, Json]:
        """How it is written."""
        clock = "14:30:05" if self.fine == "second" else "14:30"
        said: dict[str, Json] = {"holds": f"time of day as {clock}" if self.clock else "date as 2024-05-31"}
        if not self.clock and self.fine != "day":
            said = {"holds": f"date and time as 2024-05-31T{clock}"}
        column = self.coder.column
        return said | {word: bound for word, bound in (("from", column.minimum), ("to", column.maximum)) if bound is not None}

    @cached_property
    def limits(self) -> tuple[int, int]:
        """The declared limits in ticks."""
        low, high = self.coder.column.minimum, self.coder.column.maximum
        return (
            self._ticks(str(low)) if isinstance(low, str) else -(2**62),
            self._ticks(str(high)) if isinstance(high, str) else 2**62,
        )

    def spell(self, at: At) -> str:
        """ISO 8601, to the day, the minute or the second."""
        moment = self._moment(int(at))
        if self.fine == "day":
            return moment.date().isoformat()
        told = moment.replace(tzinfo=None).isoformat(timespec="seconds" if self.fine == "second" else "minutes")
        return told.partition("T")[2] if self.clock else told

    def read(self, text: str) -> tuple[At, bool]:
        """The moment; a space may stand for the ``T``."""
        wanted = text.strip().replace(" ", "T")
        clock = "[0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
        form = clock if self.clock else f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:T{clock})?"
        if not re.fullmatch(form, wanted):
            raise Unreadable("holds no time of day" if self.clock else "holds no date")
        cut = self.fine == "day" and "T" in wanted
        try:
            at = self._ticks(wanted)
            at = self._ticks(wanted[:10]) if cut else at
        except (ValueError, OverflowError) as error:
            raise Unreadable("holds no moment that there is") from error
        if not self.limits[0] <= at <= self.limits[1]:
            raise Unreadable("holds a moment outside its limits")
        return at, cut

    def grammar(self, band: Band | None = None) -> str:
        """A year within a band, and any month, day, hour and minute; what no calendar has is refused when it is read."""
        clock = '("0" [0-9] | "1" [0-9] | "2" [0-3]) ":" [0-5] [0-9]' + (' ":" [0-5] [0-9]' if self.fine == "second" else "")
        if self.clock:
            return clock
        low, high = band or self.limits
        first, last = (self._moment(int(at)).year if abs(at) < 2**61 else year for at, year in ((low, 1900), (high, 2100)))
        day = f'({numbers(min(first, last), max(first, last))}) "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | [12] [0-9] | "3" [01])'
        return day if self.fine == "day" else f'{day} "T" {clock}'

    def _moment(self, at: int) -> dt.datetime:
        cells: Any = self.coder.cells
        if isinstance(cells, Clock):
            return dt.datetime(2000, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=at)
        if isinstance(cells, Periods):
            dtype: Any = self.coder.dtype
            start: dt.datetime = pd.Period(ordinal=at, freq=dtype.freq).start_time.to_pydatetime()
            return start
        stamp = np.array([at], dtype="i8").view(cells.ticks)[0].astype("M8[us]")
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=int(stamp.astype("i8")))

    def _ticks(self, text: str) -> int:
        cells: Any = self.coder.cells
        if isinstance(cells, Clock):
            time = dt.time.fromisoformat(text)
            return ((time.hour * 60 + time.minute) * 60 + time.second) * 10**6 + time.microsecond
        moment = dt.datetime.fromisoformat(text)
        if isinstance(cells, Periods):
            dtype: Any = self.coder.dtype
            return int(pd.Period(moment, freq=dtype.freq).ordinal)
        if moment.tzinfo:
            moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
        return int(np.datetime64(moment).astype(cells.ticks).astype("i8"))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _is_wide(coder: Coder) -> bool:
    """Whether floats are so large, or so different in size, that decimals would lose most of them."""
    sizes = np.abs(coder.values[coder.values != 0])
    return bool(len(sizes)) and (float(sizes.max()) >= 10.0 ** (_WIDEST - 3) or _places_for(coder.values) > 9)


def _places_for(values: Array) -> int:
    """Decimal places that show four figures of the middle half's spread."""
    low, high = (float(cut) for cut in np.quantile(values, (0.25, 0.75))) if len(values) else (0.0, 1.0)
    spread = high - low or abs(high) or 1.0
    return max(0, _FIGURES - 1 - math.floor(math.log10(spread)))
