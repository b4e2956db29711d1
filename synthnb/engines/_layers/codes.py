"""Fresh codes for rows: of a given spelling, all different, and none a real row's, from the row's number alone.

::

    row number ──► shape, number within it ──► bucket of codes ──► the bucket's codes that no
                   (by the shapes' shares)     (a keyed            real row has, counted off
                                                permutation)

Where there are few codes they are listed, and only those that no real row has are put in
an order. The permutation is a Feistel network with cycle walking (Black and Rogaway 2002,
"Ciphers with arbitrary finite domains", doi:10.1007/3-540-45760-7_9); it mixes, and hides nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from synthnb._random import generator
from synthnb.engines.base import BLOCK
from synthnb.errors import FrameError, shown
from synthnb.recipes.columns import largest_integer
from synthnb.recipes.formats import Format, Run, Shape, mixed

__all__ = ["Codes", "code_hashes", "permuted", "too_few"]

Array = np.ndarray[Any, Any]

_LISTED = 2**17
_LISTED_SHAPES = 2**20
_BUCKET = 4096
_PERIOD = 4096
_SIGMAS = 8.0
_ROUNDS = 6
_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Codes:
    """One column's codes."""

    name: str
    """The column's name."""
    dtype: Any
    """The pandas type it came in."""
    format: Format
    """How codes are spelt."""
    taken: Array
    """uint64, increasing: salted hashes of the real codes."""
    salt: int
    """What they are salted with."""
    widths: tuple[int, ...] = ()
    """How many real codes there are of each length, from 0."""
    integers: bool = False
    """Whether cells are whole numbers."""
    missing: float = 0.0
    """Share of missing cells."""
    absent: Any = None
    """The mark of a missing cell."""
    start: int = 0
    """For codes that count upwards: the first number after the real ones."""
    step: int = 1
    """For the same: from one row to the next."""
    blind: bool = False
    """Whether real codes weren't looked at, so that one may come out again by chance."""

    @property
    def largest(self) -> int:
        """The largest whole number the storage type holds."""
        return largest_integer(self.dtype)

    @cached_property
    def capacity(self) -> int:
        """How many rows can be given a code that no real row has."""
        if self.format.in_order:
            last: int = min(10**self._run.high - 1, self.largest) if self.integers else 10**self._run.high - 1
            return max(0, (last - self.start) // self.step + 1)
        if self._few:
            return len(self._free[0])
        return max(self._even, max(plan.capacity for plan in self._plans) // 2)

    @property
    def _few(self) -> bool:
        """Whether codes are few enough to be listed."""
        return self.format.size <= (_LISTED if len(self.format.shapes) == 1 else _LISTED_SHAPES)

    @cached_property
    def _quota(self) -> Array:
        return _quota(np.array([shape.share for shape in self.format.shapes]))

    @cached_property
    def _even(self) -> int:
        """How many rows can be made before a shape has no room for its share of them."""
        if len(self._plans) == 1:
            return self._plans[0].capacity
        return min(plan.capacity // int(quota) for plan, quota in zip(self._plans, self._quota, strict=True)) * _PERIOD

    def column(self, numbers: Array, *, seed: int) -> pd.Series[Any]:
        """Return the cells of rows, by their numbers in the whole output.

        Raises
        ------
        FrameError
            There is no free code for one of them.
        """
        if len(numbers) and int(numbers.max()) >= self.capacity:
            raise too_few(self.name, self.format, self.capacity, int(numbers.max()) + 1)
        codes = self.texts(np.asarray(numbers, dtype="i8"), seed=seed)
        gone = self._gone(numbers, seed)
        if self.integers and not pd.api.types.is_object_dtype(self.dtype):
            whole = codes.astype("u8" if str(self.dtype).lower().startswith("u") else "i8")
            made = pd.Series(pd.arrays.IntegerArray(whole, gone) if gone.any() else whole)
            return made if made.dtype == self.dtype else made.astype(self.dtype)
        cells = codes.astype(object)
        if self.integers:
            cells[:] = list(map(int, codes.tolist()))
        cells[gone] = self.absent
        return pd.Series(cells, dtype=object).astype(self.dtype)

    def texts(self, numbers: Array, *, seed: int) -> Array:
        """Return codes as text, by row number; different rows have different ones."""
        if self.format.in_order:
            return self._counted(numbers)
        if self._few:
            shapes, inside = self._ordered(seed)
            return self._spelt(shapes[numbers], inside[numbers])
        return self._counted_off(*self._allotted(numbers, seed), seed)

    def _gone(self, numbers: Array, seed: int) -> Array:
        out = np.zeros(len(numbers), dtype=bool)
        for block in np.unique(numbers // BLOCK) if self.missing else ():
            here = numbers // BLOCK == block
            uniforms = generator(seed, "identifiers", self.name, "missing", int(block)).random(BLOCK)
            out[here] = uniforms[numbers[here] % BLOCK] < self.missing
        return out

    @property
    def _run(self) -> Run:
        return next(part for part in self.format.spellings[0].parts if isinstance(part, Run))

    def _counted(self, numbers: Array) -> Array:
        parts, low = self.format.spellings[0].parts, self._run.low
        digits = [f"{self.start + int(number) * self.step:0{low}d}" for number in numbers]
        return np.array(["".join(part if isinstance(part, str) else counted for part in parts) for counted in digits], dtype=str)

    @cached_property
    def _free(self) -> tuple[Array, Array]:
        """Where codes are few: the shape and number of each that no real row has."""
        shapes: list[Array] = []
        inside: list[Array] = []
        for k, shape in enumerate(self.format.shapes):
            at = np.arange(shape.size, dtype="u8")
            free = at[~self._is_taken(shape.spell(at, at))].astype("i8")
            shapes.append(np.full(len(free), k))
            inside.append(free)
        return np.concatenate(shapes), np.concatenate(inside)

    @cached_property
    def _latest(self) -> dict[int, tuple[Array, Array]]:
        return {}

    def _ordered(self, seed: int) -> tuple[Array, Array]:
        """The free codes in a random order in which each shape keeps its share as long as it lasts."""
        if seed not in self._latest:
            shapes, inside = self._free
            random = generator(seed, "identifiers", self.name, "order")
            mixed_up = random.permutation(len(shapes))
            shapes, inside = shapes[mixed_up], inside[mixed_up]
            turns = np.empty(len(shapes))
            for k, shape in enumerate(self.format.shapes):
                here = np.flatnonzero(shapes == k)
                turns[here] = (np.arange(len(here)) + random.random(len(here))) / shape.share
            order = np.argsort(turns, kind="stable")
            self._latest.clear()
            self._latest[seed] = shapes[order], inside[order]
        return self._latest[seed]

    def _spelt(self, shapes: Array, inside: Array) -> Array:
        out = np.zeros((len(shapes), max(len(shape.template) for shape in self.format.shapes)), dtype="u4")
        for k in np.unique(shapes):
            here = np.flatnonzero(shapes == k)
            codes = self.format.shapes[k].spell(inside[here].astype("u8"), inside[here].astype("u8"))
            out[here, : codes.shape[1]] = codes
        return _as_text(out)

    @cached_property
    def _plans(self) -> tuple[_Plan, ...]:
        return tuple(_plan(shape, self.widths) for shape in self.format.shapes)

    def _allotted(self, numbers: Array, seed: int) -> tuple[Array, Array]:
        """Each row's shape, by the shapes' shares, and its number among the rows of that shape.

        Where a shape of few codes would soon be full, rows that it has no room for go to the
        roomiest, whose second half is kept for them.
        """
        if len(self._plans) == 1:
            return np.zeros(len(numbers), dtype="i8"), numbers
        quota = self._quota
        owner = np.repeat(np.arange(len(quota)), quota)
        rank = np.arange(_PERIOD) - (np.cumsum(quota) - quota)[owner]
        spot = generator(seed, "identifiers", self.name, "shapes").permutation(_PERIOD)[numbers % _PERIOD]
        shapes, inside = owner[spot], numbers // _PERIOD * quota[owner[spot]] + rank[spot]
        room = np.array([plan.capacity for plan in self._plans])
        main = int(room.argmax())
        half = int(room[main]) // 2
        if self._even >= half:
            return shapes, inside
        room[main] = half
        full = inside >= room[shapes]
        return np.where(full, main, shapes), np.where(full, half + numbers, inside)

    def _counted_off(self, shapes: Array, inside: Array, seed: int) -> Array:
        """The codes at places within shapes: each the next of its bucket that no real row has."""
        keys = generator(seed, "identifiers", self.name, "keys").integers(0, 2**64, size=len(self._plans), dtype="u8")
        out = np.zeros((len(shapes), max(len(shape.template) for shape in self.format.shapes)), dtype="u4")
        for k in np.unique(shapes):
            shape, plan = self.format.shapes[k], self._plans[k]
            here = np.flatnonzero(shapes == k)
            buckets, which = np.unique(inside[here] // plan.served, return_inverse=True)
            places = (buckets[:, None] * plan.size + np.arange(plan.size)).astype("u8").ravel()
            at = permuted(places, shape.core, keys[k])
            codes = shape.spell(at, mixed(at + keys[k]))
            free = ~self._is_taken(codes).reshape(len(buckets), plan.size)
            least = int(free.sum(axis=1).min())
            if least < plan.served:
                raise too_few(self.name, self.format, least, plan.served)
            nth = np.argsort(~free, axis=1, kind="stable")
            out[here, : codes.shape[1]] = codes[which * plan.size + nth[which, inside[here] % plan.served]]
        return _as_text(out)

    def _is_taken(self, codes: Array) -> Array:
        if not len(self.taken):
            return np.zeros(len(codes), dtype=bool)
        hashes = code_hashes(codes, self.salt)
        at = np.minimum(np.searchsorted(self.taken, hashes), len(self.taken) - 1)
        return np.asarray(self.taken[at] == hashes)


def too_few(name: str, made: Format, free: int, wanted: int) -> FrameError:
    """Say that a spelling has too few codes that no real row has."""
    return FrameError(
        f"Column {shown(name)} needs {wanted:,} codes spelt {made}, but only {free:,} are left that no real row has.",
        fix="Make fewer rows, or give the column a pattern with more places in the recipe.",
    )


class _Plan(NamedTuple):
    """How one shape's codes are counted off."""

    size: int
    """Codes in a bucket."""
    served: int
    """Rows a bucket serves; where real codes take places, fewer by eight standard deviations more than are expected to."""
    capacity: int
    """Rows the shape serves."""


def _plan(shape: Shape, widths: tuple[int, ...]) -> _Plan:
    width = len(shape.template)
    count = widths[width] if width < len(widths) else 0
    size = min(_BUCKET, shape.core)
    density = min(1.0, count / shape.size)
    spare = _SIGMAS * (math.sqrt(size * density * (1 - density)) + 1) if count else 0.0
    served = math.floor(size * (1 - density) - spare)
    return _Plan(size, served, shape.core // size * served) if served > 0 else _Plan(size, 1, 0)


def _quota(shares: Array) -> Array:
    """Rows of a period for each shape: at least one, the rest by largest remainder."""
    exact = shares / shares.sum() * (_PERIOD - len(shares))
    quota: Array = np.floor(exact).astype("i8") + 1
    short = np.argsort(quota - 1 - exact, kind="stable")
    quota[short[: _PERIOD - int(quota.sum())]] += 1
    return quota


def permuted(places: Array, size: int, key: Any) -> Array:
    """Return where a keyed permutation of the numbers below ``size`` takes each place.

    Parameters
    ----------
    places : ndarray of uint64
        Each less than ``size``.
    size : int
        From 1 to 2**62.
    key : numpy.uint64
        Another one gives another permutation.
    """
    half = max(1, math.ceil((size - 1).bit_length() / 2))
    bits, mask = np.uint64(half), np.uint64(2**half - 1)
    out = places.astype("u8")
    pending = np.arange(len(out))
    while len(pending):
        left, right = out[pending] >> bits, out[pending] & mask
        for turn in range(_ROUNDS):
            left, right = right, left ^ (mixed(right * _ODD + key + np.uint64(turn)) & mask)
        out[pending] = (left << bits) | right
        pending = pending[out[pending] >= np.uint64(size)]
    return out


def code_hashes(codes: Array, salt: int) -> Array:
    """Salted 64-bit hashes of codes given as a matrix of code points, 0 past their end."""
    hashes = np.full(len(codes), salt, dtype="u8")
    for column in codes.T:
        hashes = np.where(column != 0, mixed(hashes + column.astype("u8") * _ODD), hashes)
    return hashes


def _as_text(codes: Array) -> Array:
    text: Array = np.ascontiguousarray(codes).view(f"<U{codes.shape[1]}").ravel()
    return text
