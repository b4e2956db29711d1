"""Leaves as densities: in each, every column has a distribution of its own.

A column's values are cut into *cells*: a level or a common value is a cell of its own, and the
numbers in between are cut into bands of at least five rows; missing and infinite are cells too.
A leaf is how many of its rows fall into each cell. Within a band, numbers are spread as
the whole column's are, so no leaf says which of them its rows had.

::

    values     0  0  0  1.2 1.9 2.2 2.4 3.1 │ 4.0 4.4 5.2 6.1 7.0 │ missing
    cells      └──0──┘ └────────1─────────┘   └────────2────────┘      3
    a leaf     12 rows       3 rows                 0 rows          1 row

The density of a row is the mean over leaves, weighted by their rows, of the product over columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb.engines._encoding.table import MISSING, ORDINARY, Coder, Table
from synthnb.engines.base import State
from synthnb.errors import RecordError

if TYPE_CHECKING:
    from synthnb.engines.arf.forest import Forest

__all__ = ["ANY_VALUE", "Cells", "Column", "Densities", "Restriction", "cut", "densities_from_state", "fill"]

Array = np.ndarray[Any, Any]

ANY_VALUE = -1
"""Stands for a cell that holds some value, whichever."""

_LEAST_BAND = 5
_MOST_BANDS = 256
_CHUNK = 256
_DENSE = 4
_STATES = 3
_UNKNOWN = -2
_PRIOR = 0.25
_DAMAGED = "The file is damaged or was changed: save the generator again, or fit it anew."


@dataclass(frozen=True)
class Cells:
    """How one column's values are cut."""

    coder: Coder
    """The column's."""
    codes: Array
    """int32 per value: its cell, increasing."""

    @cached_property
    def size(self) -> int:
        """How many cells there are, those of missing and infinite included."""
        return self.ordinary + _STATES

    @cached_property
    def ordinary(self) -> int:
        """How many cells hold values."""
        return int(self.codes[-1]) + 1 if len(self.codes) else 0

    @cached_property
    def bounds(self) -> Array:
        """int64: where each cell of values begins, and where the last one ends."""
        return np.searchsorted(self.codes, np.arange(self.ordinary + 1))

    @cached_property
    def whole(self) -> Array:
        """Per value: whether it is drawn as it is."""
        return np.ones(self.coder.size, dtype=bool) if not self.coder.ordered else self.coder.kept

    def of(self, states: Array, positions: Array) -> Array:
        """Return the cell of each state and position."""
        nearest = np.rint(positions).astype("i8")
        between = positions != nearest
        if between.any():  # beside a common value lie other numbers: they belong to the nearest band, if there is one
            nearest[between] = self._beside(positions[between])
        found = self.codes[np.clip(nearest, 0, max(self.coder.size - 1, 0))] if self.coder.size else np.zeros(len(states), dtype="i8")
        return np.asarray(np.where(states == ORDINARY, found, self.ordinary + states.astype("i8") - 1))

    def _beside(self, positions: Array) -> Array:
        low = np.floor(positions).astype("i8")
        high = np.minimum(low + 1, self.coder.size - 1)
        nearest = np.rint(positions).astype("i8")
        other = np.where(nearest == low, high, low)
        return np.where(self.whole[nearest] & ~self.whole[other], other, nearest)

    def place(self, cells: Array, uniforms: Array, admitted: Array | None = None) -> Array:
        """Return positions in cells of values: a value as it is, or a place in the band.

        Parameters
        ----------
        cells : ndarray of int
            Cells of values.
        uniforms : ndarray of float64
            From 0 to 1: where in the cell, by the whole column's rows.
        admitted : ndarray of bool, optional
            Per value, whether it may be drawn.
        """
        counts = self.coder.counts if admitted is None else self.coder.counts * admitted
        ends = np.cumsum(counts).astype("f8")
        starts = ends - counts
        low, high = self.bounds[cells], self.bounds[cells + 1] - 1
        target = starts[low] + uniforms * (ends[high] - starts[low])
        value = np.clip(np.searchsorted(ends, np.minimum(target, np.nextafter(ends[high], 0.0)), side="right"), low, high)
        part = np.clip((target - starts[value]) / np.maximum(counts[value], 1), 0.0, 1.0) - 0.5
        if admitted is not None:
            part = self._inward(value, part, admitted)
        spot = np.abs(value + part)
        last = max(self.coder.size - 1, 0)
        spot = np.where(spot > last, 2 * last - spot, spot)
        return np.asarray(np.where(self.whole[value], value, np.clip(spot, 0, last)))

    def _inward(self, value: Array, part: Array, admitted: Array) -> Array:
        """Turn away from a neighbour that isn't admitted; stay on the value between two that aren't."""
        padded = np.concatenate([[False], admitted, [False]])
        below, above = padded[value], padded[value + 2]
        part = np.where((part < 0) & ~below, -part, part)
        part = np.where((part > 0) & ~above, -part, part)
        return np.where(below | above, part, 0.0)

    def log_within(self, states: Array, positions: Array) -> Array:
        """Log density within the cell: per unit of the column's grid, or of the number itself where it has none; 0 for single values."""
        found = np.zeros(len(states))
        nearest = np.clip(np.rint(positions).astype("i8"), 0, max(self.coder.size - 1, 0))
        spread = np.flatnonzero((states == ORDINARY) & ~self.whole[nearest]) if self.coder.size > 1 else np.zeros(0, dtype="i8")
        if len(spread):
            value = nearest[spread]
            cell = self.codes[value]
            ends = np.concatenate([[0], np.cumsum(self.coder.counts)])
            rows = ends[self.bounds[cell + 1]] - ends[self.bounds[cell]]
            values = self.coder.values.astype("f8")
            width = np.gradient(values)[value] / (self.coder.step or 1)
            found[spread] = np.log(self.coder.counts[value] / rows) - np.log(width)
        return found


def cut(coder: Coder, rows: int) -> Cells:
    """Return a column's cells.

    Parameters
    ----------
    coder : Coder
        The column's.
    rows : int
        Rows of the table; bands hold about a quarter of the square root of them, at least five.
    """
    if not coder.ordered or coder.kept.all():
        return Cells(coder, np.arange(coder.size, dtype="i4"))
    least = max(_LEAST_BAND, np.sqrt(rows) / 4, rows / _MOST_BANDS)
    codes = np.zeros(coder.size, dtype="i4")
    current, held, after_whole = -1, 0, True
    for value, (count, kept) in enumerate(zip(coder.counts.tolist(), coder.kept.tolist(), strict=True)):
        if kept or after_whole or held >= least:
            current, held = current + 1, 0
        held += count
        after_whole = kept
        codes[value] = current
    return Cells(coder, codes)


class Restriction:
    """What a column may hold, for drawing within it."""

    def __init__(self, column: Column, admitted: Array, states: Array) -> None:
        self.admitted = admitted
        """Per value, whether it may be drawn."""
        cells = column.cells
        rows = np.bincount(cells.codes, weights=cells.coder.counts, minlength=cells.ordinary) if cells.coder.size else np.zeros(0)
        allowed = np.bincount(cells.codes, weights=cells.coder.counts * admitted, minlength=cells.ordinary) if len(rows) else rows
        self.shares = np.concatenate([allowed / np.maximum(rows, 1), states.astype("f8")])
        """Per cell, the share that may be drawn."""
        self.ends = np.concatenate([[0.0], np.cumsum(column.counts * self.shares[column.entries])])
        """Running total over the column's entries."""

    def mass(self, column: Column) -> Array:
        """Per leaf, the share of its rows that may be drawn."""
        bounds = column.bounds
        return np.asarray((self.ends[bounds[1:]] - self.ends[bounds[:-1]]) / column.sizes)


@dataclass(frozen=True)
class Column:
    """One column in all leaves: which cells its rows fall into, leaf by leaf."""

    cells: Cells
    """How the values are cut."""
    bounds: Array
    """int64: where each leaf's entries begin, and where the last one's end."""
    entries: Array
    """int32 per entry: the cell."""
    counts: Array
    """int32 per entry: the leaf's rows in it."""
    sizes: Array
    """int64 per leaf: its rows."""

    @cached_property
    def _ends(self) -> Array:
        return np.cumsum(self.counts, dtype="i8")

    @cached_property
    def _owners(self) -> Array:
        return np.repeat(np.arange(len(self.sizes)), np.diff(self.bounds))

    @cached_property
    def shares(self) -> Array:
        """Per cell, its share of the real rows."""
        rows = np.bincount(self.entries, weights=self.counts, minlength=self.cells.size)
        return np.asarray(rows / max(rows.sum(), 1))

    def draw(self, leaves: Array, uniforms: Array, within: Restriction | None = None) -> tuple[Array, Array]:
        """Return states and positions drawn in leaves.

        Parameters
        ----------
        leaves : ndarray of int
            A leaf per row.
        uniforms : ndarray of float64, shape (rows, 2)
            From 0 to 1: which cell, and where in it.
        within : Restriction, optional
            What may be drawn; each leaf has some of it.
        """
        first, last = self.bounds[leaves], self.bounds[leaves + 1] - 1
        ends = self._ends if within is None else within.ends[1:]
        start = np.where(first > 0, ends[first - 1], 0)
        target = np.minimum(start + uniforms[:, 0] * (ends[last] - start), np.nextafter(ends[last].astype("f8"), 0.0))
        cells = self.entries[np.clip(np.searchsorted(ends, target, side="right"), first, last)].astype("i8")
        ordinary = cells < self.cells.ordinary
        states = np.where(ordinary, ORDINARY, cells - self.cells.ordinary + 1).astype("i1")
        positions = np.zeros(len(leaves))
        if ordinary.any():
            admitted = None if within is None else within.admitted
            positions[ordinary] = self.cells.place(cells[ordinary], uniforms[ordinary, 1], admitted)
        return states, positions

    def log_likelihood(self, cells: Array) -> Array:
        """Log probability of cells in each leaf, from its rows in the cell and in ever wider ranges around it.

        From all rows down to the cell, the range is cut in two again and again, and each part's
        probability is (rows of the leaf in it + s/4) / (rows in the range + 1/4), with s the part's share
        of the range in the whole table: a Pólya tree, drawn towards the whole table by a quarter of a row at
        each cut. Levels without an order are told apart in one cut.

        Parameters
        ----------
        cells : ndarray of int, shape (rows,)
            Cells; `ANY_VALUE` for one that holds some value.

        Returns
        -------
        ndarray of float32, shape (rows, leaves)
        """
        wanted, at = np.unique(cells, return_inverse=True)
        found = np.empty((len(wanted), len(self.sizes)), dtype="f4")
        valued = (wanted >= 0) & (wanted < self.cells.ordinary)
        for row in np.flatnonzero(~valued):  # no more than one for each state
            cell = wanted[row]
            rows = self.valued if cell == ANY_VALUE else self._rows_in(np.where(self.entries == cell, 0, -1), 1)[0]
            share = self._value_share if cell == ANY_VALUE else self.shares[cell]
            found[row] = np.log(np.maximum(rows + _PRIOR * share, 1e-12)) - np.log(self.sizes + _PRIOR)
        if valued.any():
            found[valued] = self._log_ranges(wanted[valued])
        return found[at]

    def _log_ranges(self, cells: Array) -> Array:
        """Log probability of cells of values in each leaf, shape (cells, leaves)."""
        cuts = (self.cells.ordinary - 1).bit_length() if self.cells.coder.ordered else 1
        around, above, share = np.zeros(len(cells), dtype="i8"), self.valued[None, :], np.array([self._value_share])
        total = np.repeat(np.log(self.valued + _PRIOR * self._value_share)[None, :] - np.log(self.sizes + _PRIOR), len(cells), axis=0)
        for shift in reversed(range(cuts)):
            ranges, at = np.unique(cells >> shift, return_inverse=True)
            spot = np.full(self.cells.size, -1)
            low = np.searchsorted(ranges, np.arange(self.cells.ordinary) >> shift)
            low[low == len(ranges)] = 0
            spot[: self.cells.ordinary] = np.where(ranges[low] == np.arange(self.cells.ordinary) >> shift, low, -1)
            rows, shares = self._rows_in(spot[self.entries], len(ranges)), self._shares_in(spot, len(ranges))
            part = np.maximum(shares[at] / np.maximum(share[around], 1e-300), 1e-12)
            total += np.log(rows[at] + _PRIOR * part[:, None]) - np.log(above[around] + _PRIOR)
            around, above, share = at, rows, shares
        return total

    def _rows_in(self, groups: Array, size: int) -> Array:
        """Rows of each leaf in groups of entries (-1 for none), shape (groups, leaves)."""
        here = np.flatnonzero(groups >= 0)
        keys = groups[here] * len(self.sizes) + self._owners[here]
        return np.bincount(keys, weights=self.counts[here], minlength=size * len(self.sizes)).reshape(size, -1)

    def _shares_in(self, spot: Array, size: int) -> Array:
        """Share of all rows in groups of cells (-1 for none)."""
        here = spot >= 0
        return np.bincount(spot[here], weights=self.shares[here], minlength=size)

    @cached_property
    def _value_share(self) -> float:
        """The share of all rows whose cell holds a value."""
        return float(self.shares[: self.cells.ordinary].sum())

    @cached_property
    def valued(self) -> Array:
        """Per leaf, its rows whose cell holds a value."""
        here = self.entries < self.cells.ordinary
        return np.bincount(self._owners[here], weights=self.counts[here], minlength=len(self.sizes))


@dataclass(frozen=True)
class Densities:
    """All leaves of a forest, with a distribution per column in each."""

    columns: tuple[Column, ...]
    """One per coder, in order."""
    sizes: Array
    """int64 per leaf: its rows."""

    @cached_property
    def coders(self) -> tuple[Coder, ...]:
        """The columns' coders."""
        return tuple(column.cells.coder for column in self.columns)

    def codes(self, states: Array, positions: Array) -> Array:
        """Return each row's cell in each column, shape (rows, columns)."""
        found = [column.cells.of(states[:, j], positions[:, j]) for j, column in enumerate(self.columns)]
        return np.column_stack(found) if found else np.zeros(states.shape, dtype="i8")

    def log_weights(self, codes: Array, known: Array, extra: Array | None = None) -> Array:
        """Log of each leaf's share of rows times the probability of known cells, shape (rows, leaves).

        Parameters
        ----------
        codes : ndarray of int, shape (rows, columns)
            Cells.
        known : ndarray of bool, shape (rows, columns)
            Which of them are known.
        extra : ndarray of float64, optional
            Log factors per leaf.
        """
        base = np.log(self.sizes / self.sizes.sum()) + (0.0 if extra is None else extra)
        found = np.repeat(base[None, :], len(codes), axis=0)
        for j, column in enumerate(self.columns):
            rows = np.flatnonzero(known[:, j])
            if len(rows):
                found[rows] += column.log_likelihood(codes[rows, j])
        return found

    def leaves(self, uniforms: Array, codes: Array, known: Array, extra: Array | None = None) -> Array:
        """Return a leaf per row, drawn by its weight given the row's known cells.

        Parameters
        ----------
        uniforms : ndarray of float64
            From 0 to 1, one per row.
        codes, known, extra
            See `log_weights`.
        """
        key = np.where(known, codes, _UNKNOWN)
        distinct, first, group = np.unique(key, axis=0, return_index=True, return_inverse=True)
        group = group.reshape(-1)
        order = np.argsort(group, kind="stable")
        stops = np.searchsorted(group[order], np.arange(0, len(distinct) + _CHUNK, _CHUNK))
        found = np.empty(len(uniforms), dtype="i8")
        for part in range(len(stops) - 1):
            some = first[part * _CHUNK : (part + 1) * _CHUNK]
            rows = order[stops[part] : stops[part + 1]]
            logs = self.log_weights(codes[some], known[some], extra)
            totals = np.cumsum(np.exp(logs - logs.max(axis=1, keepdims=True)), axis=1)
            totals = totals / totals[:, -1:]
            local = group[rows] - part * _CHUNK
            steps = np.arange(len(some))
            flat = (totals + steps[:, None]).ravel()
            at = np.searchsorted(flat, local + uniforms[rows], side="right") - local * len(self.sizes)
            found[rows] = np.clip(at, 0, len(self.sizes) - 1)
        return found

    def draw(self, uniforms: Array) -> tuple[Array, Array]:
        """Return states and positions of rows of which nothing is known.

        Parameters
        ----------
        uniforms : ndarray of float64, shape (rows, 1 + 2 × columns)
            From 0 to 1: which leaf, then for each column which cell and where in it.
        """
        leaves = self.any_leaves(uniforms[:, 0])
        drawn = [column.draw(leaves, uniforms[:, 1 + 2 * j : 3 + 2 * j]) for j, column in enumerate(self.columns)]
        return np.column_stack([states for states, _ in drawn]), np.column_stack([positions for _, positions in drawn])

    def any_leaves(self, uniforms: Array, extra: Array | None = None) -> Array:
        """Return a leaf per row, drawn by the leaves' rows (times ``exp(extra)``)."""
        weights = self.sizes if extra is None else self.sizes * np.exp(extra)
        totals = np.cumsum(weights / weights.sum())
        return np.asarray(np.minimum(np.searchsorted(totals, uniforms * totals[-1], side="right"), len(totals) - 1))

    def completed(self, states: Array, positions: Array, wanted: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Return positions with the missing cells of some columns drawn, a row's together, given its other cells.

        Parameters
        ----------
        states, positions : ndarray, shape (rows, columns)
            The rows.
        wanted : tuple of int
            Columns to draw; each has a value in some row.
        rng : numpy.random.Generator
            Draws.
        """
        gone = states == MISSING
        codes = np.where(gone, ANY_VALUE, self.codes(states, positions))
        known = ~gone
        known[:, list(wanted)] = True
        rows = np.flatnonzero(gone[:, list(wanted)].any(axis=1))
        leaves = self.leaves(rng.random(len(rows)), codes[rows], known[rows])
        found = positions.copy()
        for j in wanted:
            here = gone[rows, j]
            column = self.columns[j]
            drawn = self._valued(column, leaves[here], rng.random((int(here.sum()), 3)))
            found[rows[here], j] = drawn
        return found

    def _valued(self, column: Column, leaves: Array, uniforms: Array) -> Array:
        """Positions drawn in leaves; where a leaf holds no value, in one that does."""
        within = Restriction(column, np.ones(column.cells.coder.size, dtype=bool), np.zeros(_STATES, dtype=bool))
        with np.errstate(divide="ignore"):
            other = self.any_leaves(uniforms[:, 2], np.log(within.mass(column)))
        return column.draw(np.where(column.valued[leaves] > 0, leaves, other), uniforms[:, :2], within)[1]

    def log_density(self, states: Array, positions: Array) -> Array:
        """Log density of whole rows; see `FittedArf.density`."""
        codes = self.codes(states, positions)
        found = np.zeros(len(states))
        for start in range(0, len(states), _CHUNK):
            part = slice(start, start + _CHUNK)
            logs = self.log_weights(codes[part], np.ones(codes[part].shape, dtype=bool))
            top = logs.max(axis=1)
            found[part] = top + np.log(np.exp(logs - top[:, None]).sum(axis=1))
        within = [column.cells.log_within(states[:, j], positions[:, j]) for j, column in enumerate(self.columns)]
        return np.asarray(found + sum(within, np.zeros(len(states))))

    def to_state(self) -> State:
        """The leaves as arrays, to be kept beside the coders'."""
        arrays: dict[str, Array] = {"leaves.sizes": self.sizes}
        for j, column in enumerate(self.columns):
            parts = {"codes": column.cells.codes, "bounds": column.bounds, "entries": column.entries, "counts": column.counts}
            arrays |= {f"leaves.{j}.{name}": array for name, array in parts.items()}
        return State({}, arrays)


def fill(table: Table, forest: Forest) -> Densities:
    """Return the densities of a forest's leaves, filled with all rows."""
    sizes = np.concatenate([np.bincount(leaves) for leaves in forest.leaves])
    return Densities(tuple(_column(table, j, forest, sizes) for j in range(len(table.coders))), sizes)


def _column(table: Table, j: int, forest: Forest, sizes: Array) -> Column:
    cells = cut(table.coders[j], table.rows)
    codes = cells.of(table.states[:, j], table.positions[:, j])
    counted = [_counted(leaves, codes, cells.size) for leaves in forest.leaves]
    widths = np.concatenate([width for width, _, _ in counted])
    bounds = np.concatenate([[0], np.cumsum(widths)])
    entries = np.concatenate([entries for _, entries, _ in counted]).astype("i4")
    counts = np.concatenate([counts for _, _, counts in counted]).astype("i4")
    return Column(cells, bounds, entries, counts, sizes)


def _counted(leaves: Array, codes: Array, size: int) -> tuple[Array, Array, Array]:
    """Entries per leaf of one tree, their cells and their rows."""
    keys = leaves.astype("i8") * size + codes
    most = (int(leaves.max()) + 1) * size
    if most <= _DENSE * len(keys) + 2**16:
        rows = np.bincount(keys, minlength=most)
        found = np.flatnonzero(rows)
        counts = rows[found]
    else:
        found, counts = np.unique(keys, return_counts=True)
    return np.bincount(found // size, minlength=int(leaves.max()) + 1), found % size, counts


def densities_from_state(coders: tuple[Coder, ...], state: State) -> Densities:
    """Return what `Densities.to_state` kept.

    Raises
    ------
    RecordError
        The arrays don't hold together.
    """
    arrays = state.arrays
    sizes = _integers(arrays, "leaves.sizes")
    if not len(sizes) or sizes.min() < 1:
        raise RecordError("A leaf holds at least one row; one that holds none came.", fix=_DAMAGED)
    return Densities(tuple(_restored(coder, j, arrays, sizes) for j, coder in enumerate(coders)), sizes)


def _integers(arrays: dict[str, Array], name: str) -> Array:
    found = arrays.get(name)
    if found is None or found.ndim != 1 or found.dtype.kind != "i":
        raise RecordError(f"The array {name} of whole numbers was expected; {'none' if found is None else found.dtype} came.", fix=_DAMAGED)
    return found


def _restored(coder: Coder, j: int, arrays: dict[str, Array], sizes: Array) -> Column:
    codes, bounds, entries, counts = (_integers(arrays, f"leaves.{j}.{name}") for name in ("codes", "bounds", "entries", "counts"))
    cells = Cells(coder, codes)
    steps = np.diff(codes)
    good = (
        len(codes) == coder.size
        and (not len(codes) or codes[0] == 0)
        and not ((steps < 0) | (steps > 1)).any()
        and len(bounds) == len(sizes) + 1
        and bounds[0] == 0
        and bounds[-1] == len(entries) == len(counts)
        and (np.diff(bounds) > 0).all()
    )
    good = good and entries.min(initial=0) >= 0 and entries.max(initial=0) < cells.size and counts.min(initial=1) > 0
    if not good or not np.array_equal(np.add.reduceat(counts.astype("i8"), bounds[:-1]), sizes):
        raise RecordError(f"The leaves of column {coder.column.name!r} don't hold together.", fix=_DAMAGED)
    return Column(cells, bounds, entries, counts, sizes)
