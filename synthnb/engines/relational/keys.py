"""Keys made afresh: unique, spelt like the real ones, none of them a real one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb.engines._layers import identifiers
from synthnb.engines.base import State
from synthnb.errors import FrameError, RecordError, reason, shown
from synthnb.recipes._spellings import infer_format, infer_integer_format
from synthnb.recipes.columns import largest_integer
from synthnb.recipes.formats import Format, Run
from synthnb.recipes.recipe import Column, Recipe

if TYPE_CHECKING:
    from synthnb.engines._layers.codes import Codes

__all__ = ["Keys", "learn_keys", "restore_keys"]


_PLACES = 15
"""Digits up to which keys that count upwards may grow."""
_ROOM = 20
"""How many times the real rows there should be keys for."""


@dataclass(frozen=True)
class Keys:
    """How a table's keys are made."""

    name: str
    """The key's column."""
    codes: Codes | None
    """Makes keys of the real ones' spelling; None where they have none in common."""
    prefix: str = ""
    """What stands before a number where they have none."""
    width: int = 0
    """How many digits that number has at least."""

    def make(self, start: int, stop: int, *, seed: int) -> pd.Series[Any]:
        """Return the keys of the rows of these numbers.

        Raises
        ------
        FrameError
            There are fewer keys of that spelling than rows.
        """
        if self.codes is None:
            return pd.Series([f"{self.prefix}{number + 1:0{self.width}d}" for number in range(start, stop)], dtype=object)
        if stop > self.codes.capacity:
            raise FrameError(
                f"{stop:,} new keys are needed for {shown(self.name)}; of the real keys' spelling {self.codes.capacity:,} are free.",
                fix="Make fewer rows, or give the keys a wider spelling first.",
            )
        return self.codes.column(np.arange(start, stop), seed=seed).reset_index(drop=True)

    @property
    def how(self) -> str:
        """How the keys are made, in a few words."""
        if self.codes is None:
            return f"a key, made afresh: {shown(self.prefix)} and a number, since the real keys share no spelling"
        return f"a key, {identifiers.Identifiers((self.codes,)).how[self.name]}"

    def to_state(self) -> State:
        """Everything needed to make more, as plain data."""
        state = State({}, {}) if self.codes is None else identifiers.Identifiers((self.codes,)).to_state()
        named = {"name": self.name, "spelt": self.codes is not None, "prefix": self.prefix, "width": self.width}
        return State({**named, "codes": state.meta}, state.arrays)


def restore_keys(state: State) -> Keys:
    """Return what `Keys.to_state` kept.

    Raises
    ------
    RecordError
        The state isn't one of keys.
    """
    try:
        meta = state.meta
        name = str(meta["name"])
        if not meta["spelt"]:
            return Keys(name, None, str(meta["prefix"]), int(meta["width"]))
        described = Column(name=name, kind="identifier", dtype="object", role="key", pattern="[0-9]{9}")
        recipe = Recipe(table="keys", rows=1, seed=0, columns=(described,))
        return Keys(name, identifiers.restore(recipe, State(meta["codes"], state.arrays)).codes[0])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise RecordError(
            f"The state of a table's keys was expected; this isn't one: {reason(error)}.", fix="Fit the tables again."
        ) from error


def _roomy(cells: pd.Series[Any], spelling: Format, name: str, seed: int) -> Codes:
    """Codes of a spelling, which gets more places where it has too few for several times the real rows."""
    if spelling.in_order:
        parts = [part._replace(high=max(part.high, _PLACES)) if isinstance(part, Run) else part for part in spelling.spellings[0].parts]
        spelling = Format((spelling.spellings[0]._replace(parts=tuple(parts)),), in_order=True)
    while True:
        described = Column(name=name, kind="identifier", dtype=str(cells.dtype), role="key", pattern=str(spelling))
        codes = identifiers.fit_codes(cells, described, seed=seed)
        if codes.capacity >= _ROOM * max(len(cells), 1_000):
            return codes
        wider = _wider(spelling)
        if str(wider) == str(spelling) or codes.integers:  # whole numbers have as many places as their type holds
            return codes
        spelling = wider


def _wider(made: Format) -> Format:
    """The format with one character more in the last run of each spelling that has one."""
    spellings = []
    for spelling in made.spellings:
        parts = list(spelling.parts)
        at = max((place for place, part in enumerate(parts) if isinstance(part, Run)), default=None)
        if at is not None and isinstance(run := parts[at], Run):
            parts[at] = run._replace(low=run.low + 1, high=run.high + 1)
        spellings.append(spelling._replace(parts=tuple(parts)))
    return Format(tuple(spellings), made.in_order)


def learn_keys(cells: pd.Series[Any], table: str, *, seed: int) -> Keys:
    """Return how to make keys like these, all different from them.

    Raises
    ------
    FrameError
        The keys are neither whole numbers nor text.
    """
    name, plain = str(cells.name), cells
    if pd.api.types.is_float_dtype(cells.dtype) and bool((cells % 1 == 0).all()):
        plain = cells.astype("int64")
    elif isinstance(cells.dtype, pd.CategoricalDtype):
        plain = cells.astype(object)
    values = plain.astype(object).tolist()
    whole = all(isinstance(value, (int, np.integer)) and not isinstance(value, bool) for value in values)
    if not whole and not all(isinstance(value, str) for value in values):
        raise FrameError(
            f"Keys are whole numbers or text; those of {shown(table)} in {shown(name)} are neither ({cells.dtype}).",
            fix="Convert them to text first, in every table alike.",
        )
    fresh = _ROOM * max(len(values), 1_000)
    spelling = infer_integer_format(values, largest=largest_integer(plain.dtype), fresh=fresh) if whole else infer_format(values)
    if spelling is not None:
        return Keys(name, _roomy(plain, spelling, name, seed))
    prefix = f"{table}-"
    while any(value.startswith(prefix) for value in values):
        prefix = f"{prefix}-"
    return Keys(name, None, prefix, len(str(len(values))))
