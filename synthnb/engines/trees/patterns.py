"""Which cells of a row are missing (or infinite).

::

    rows of some columns       pattern        rows
    12.0    f     3.1          · · ·           310     common: drawn as it is
    71.3    m     ?            · · ?            42     common
     ?      m     ?            ? · ?             3   ┐ rare: taken together, and
     ?      ?     ?            ? ? ?             1   ┘ drawn column by column

A pattern that fewer than `COMMON` rows have could point to one of them. The rows with
such patterns are taken together and a tree per column, on the columns before, says
which cells are missing there; so each share rests on `COMMON` rows or more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb._random import generator
from synthnb.engines.trees.leaves import DAMAGED, Leaves, Scale, Seen, grow, leaves_from_arrays, leaves_to_arrays
from synthnb.errors import RecordError, reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from synthnb.engines.base import Unit

__all__ = ["COMMON", "Patterns", "learn_patterns", "patterns_from_arrays", "patterns_to_arrays"]

Array = np.ndarray[Any, Any]

COMMON = 5
"""Fewest rows that make a pattern common."""

_STATES = 4
_EARLIER = 16
"""Most earlier columns a rare pattern's column depends on."""
_GROWN = 20_000


@dataclass(frozen=True)
class _Levels:
    """A few levels without an order, as a tree's target or predictor."""

    size: int
    ordered: bool = False

    def ranks(self, positions: Array) -> Array:
        return positions / max(self.size - 1, 1)


@dataclass(frozen=True)
class Patterns:
    """The patterns of some columns."""

    columns: tuple[int, ...]
    """Which columns, among all."""
    common: Array
    """int8, patterns by columns: the states of each pattern that is common; with a further row, of no meaning, where some are rare."""
    which: Leaves | None
    """Which pattern a row has, the number of common ones meaning a rare one; None where there is but one pattern."""
    distinct: tuple[int, ...]
    """Of ``columns``, by place, those whose states vary and repeat no earlier one's."""
    repeats: Array
    """Per column, the place in ``distinct`` of the column whose states it repeats, or -1."""
    rare: tuple[Leaves, ...]
    """For each of ``distinct``, its state in a rare pattern."""
    fixed: Array
    """int8 per column: its state in rare patterns where it doesn't vary."""

    @property
    def has_rare(self) -> bool:
        """Whether some patterns are rare."""
        return bool(self.repeats.size)

    def may_be(self, column: int, state: int) -> bool:
        """Whether a column can be drawn in a state."""
        place = self.columns.index(column)
        if self.has_rare and self.repeats[place] >= 0 and bool((self.rare[self.repeats[place]].donors == state).any()):
            return True
        common = self.common[:-1] if self.has_rare else self.common
        return bool((common[:, place] == state).any()) or bool(self.has_rare and self.repeats[place] < 0 and self.fixed[place] == state)

    def draw(self, seen: Seen, numbers: Array, *, seed: int, unit: Unit) -> Array:
        """Return states of these columns, int8, rows by columns.

        Parameters
        ----------
        seen : Seen
            The rows, with what was drawn before.
        numbers : ndarray of int
            The rows' numbers in the block.
        seed, unit
            The run's seed, and what sets this block and attempt apart.
        """
        if self.which is None:
            return np.repeat(self.common, len(numbers), axis=0)
        name = ("sample", "missing pattern", self.columns[0], *unit)
        spots = int(numbers.max()) + 1
        level = self.which.draw(seen, generator(seed, *name).random((spots, 2))[numbers]).astype("i8")
        return self.states_of(level, numbers, seed=seed, unit=unit)

    def states_of(self, level: Array, numbers: Array, *, seed: int, unit: Unit) -> Array:
        """Return the states of patterns by number, those of rare ones drawn."""
        name = ("sample", "missing pattern", self.columns[0], *unit)
        states = self.common[level]
        rare = np.flatnonzero(level == len(self.common) - 1) if self.has_rare else level[:0]
        if len(rare):
            states[rare] = self._draw_rare(numbers[rare], seed, name)
        return np.asarray(states)

    def _draw_rare(self, numbers: Array, seed: int, name: Unit) -> Array:
        scales = tuple(_Levels(_STATES) for _ in self.distinct)
        flags = np.zeros((len(numbers), len(self.distinct)), dtype="i1")
        spots = int(numbers.max()) + 1
        for k, leaves in enumerate(self.rare):
            uniforms = generator(seed, *name, "rare", k).random((spots, 2))[numbers]
            flags[:, k] = leaves.draw(Seen(scales, flags, flags), uniforms)
        states = np.repeat(self.fixed[None, :], len(numbers), axis=0)
        varying = self.repeats >= 0
        states[:, varying] = flags[:, self.repeats[varying]]
        return states


def learn_patterns(seen: Seen, columns: Sequence[int], predictors: Sequence[int], *, leaf: int, seed: int) -> Patterns:
    """Learn which cells of some columns are missing, given earlier columns.

    Parameters
    ----------
    seen : Seen
        The rows to learn.
    columns : sequence of int
        Whose patterns.
    predictors : sequence of int
        What they may depend on.
    leaf : int
        Fewest rows in a leaf of the tree that says which pattern a row has.
    seed : int
        The run's.
    """
    states = np.ascontiguousarray(seen.states[:, list(columns)])
    empty = np.zeros(0, dtype="i8")
    if (states == states[0]).all():
        return Patterns(tuple(columns), states[:1], None, (), empty, (), empty.astype("i1"))
    patterns, level, counts = np.unique(states, axis=0, return_inverse=True, return_counts=True)
    level = level.reshape(-1)
    few = counts < COMMON
    kept = np.flatnonzero(~few)
    number = np.full(len(patterns), len(kept))
    number[kept] = np.arange(len(kept))
    target = number[level]
    ties = int(generator(seed, "fit", "missing pattern", columns[0]).integers(2**31))
    size = len(kept) + bool(few.any())
    which = grow(_Levels(size), target.astype("f8"), seen, predictors, leaf=leaf, seed=ties)
    if not few.any():
        return Patterns(tuple(columns), patterns, which, (), empty, (), empty.astype("i1"))
    pool = states[target == len(kept)]
    short = max(COMMON - len(pool), 0)
    pool = np.concatenate([pool, np.repeat(patterns[counts.argmax()][None, :], short, axis=0)])
    distinct, repeats = _distinct(states)
    rare = _grow_rare(pool[:, list(distinct)], seed)
    return Patterns(tuple(columns), np.concatenate([patterns[kept], patterns[:1] * 0]), which, distinct, repeats, rare, pool[0])


def _distinct(states: Array) -> tuple[tuple[int, ...], Array]:
    """Columns with several states, leaving out those that repeat an earlier one's; and per column which of these it equals."""
    found: dict[bytes, int] = {}
    repeats = np.full(states.shape[1], -1)
    places: list[int] = []
    for j, column in enumerate(states.T):
        if column.min() == column.max():
            continue
        repeats[j] = found.setdefault(column.tobytes(), len(found))
        if repeats[j] == len(places):
            places.append(j)
    return tuple(places), repeats


def _grow_rare(flags: Array, seed: int) -> tuple[Leaves, ...]:
    """A tree per column on the columns before it that it goes with most."""
    flags = flags[np.sort(generator(seed, "fit", "rare patterns").permutation(len(flags))[:_GROWN])]
    width = flags.shape[1]
    seen = Seen(tuple(_Levels(_STATES) for _ in range(width)), flags, flags)
    spread = flags - flags.mean(axis=0)
    spread /= np.maximum(np.linalg.norm(spread, axis=0), 1e-9)
    together = np.abs(spread.T @ spread)
    leaf = max(COMMON, round(len(flags) ** 0.5))
    grown = []
    for k in range(width):
        nearest = np.sort(np.argsort(-together[k, :k], kind="stable")[:_EARLIER])
        ties = int(generator(seed, "fit", "rare pattern", k).integers(2**31))
        predictors = [width + int(j) for j in nearest]
        grown.append(grow(_Levels(_STATES), flags[:, k].astype("f8"), seen, predictors, leaf=leaf, seed=ties))
    return tuple(grown)


def patterns_to_arrays(patterns: Patterns) -> dict[str, Array]:
    """Patterns as arrays of numbers."""
    arrays = {
        "columns": np.array(patterns.columns, dtype="i8"),
        "common": patterns.common,
        "distinct": np.array(patterns.distinct, dtype="i8"),
        "repeats": patterns.repeats,
        "fixed": patterns.fixed,
    }
    if patterns.which is not None:
        arrays |= {f"which.{name}": array for name, array in leaves_to_arrays(patterns.which).items()}
    for k, leaves in enumerate(patterns.rare):
        arrays |= {f"rare{k}.{name}": array for name, array in leaves_to_arrays(leaves).items()}
    return arrays


def patterns_from_arrays(arrays: Mapping[str, Array], seen: Sequence[Scale]) -> Patterns:
    """Build patterns from `patterns_to_arrays`'s mapping.

    Raises
    ------
    RecordError
        They don't hold together.
    """
    try:
        columns, distinct = (tuple(arrays[name].astype("i8").tolist()) for name in ("columns", "distinct"))
        common, fixed = (arrays[name].astype("i1") for name in ("common", "fixed"))
        repeats = arrays["repeats"].astype("i8")
        several = "which.sizes" in arrays
    except (KeyError, ValueError, TypeError) as error:
        raise RecordError(f"Patterns of missing cells were expected; they don't fit together: {reason(error)}.", fix=DAMAGED) from error
    width = len(columns)
    sound = (
        common.ndim == 2
        and common.shape[1] == width > 0
        and len(common) > 0
        and all(0 <= j < len(seen) for j in columns)
        and _are_states(common)
        and (not repeats.size or (len(repeats) == len(fixed) == width and _are_states(fixed)))
        and bool((repeats < len(distinct)).all())
    )
    if not sound:
        raise RecordError(f"Patterns of missing cells of {width:,} columns were expected; these aren't.", fix=DAMAGED)
    which = leaves_from_arrays(_under(arrays, "which."), _Levels(len(common)), seen) if several else None
    flags = tuple(_Levels(_STATES) for _ in distinct)
    rare = tuple(leaves_from_arrays(_under(arrays, f"rare{k}."), _Levels(_STATES), flags) for k in range(len(distinct)))
    return Patterns(columns, common, which, distinct, repeats, rare, fixed)


def _are_states(states: Array) -> bool:
    return bool(((states >= 0) & (states < _STATES)).all())


def _under(arrays: Mapping[str, Array], start: str) -> dict[str, Array]:
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}
