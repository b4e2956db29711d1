"""One column given the earlier ones: a regression tree whose leaves are drawn from.

The tree splits on scores of the target: mid-ranks for an ordered column, one score
per level for a category (which makes the split criterion the Gini index), and a few
coordinates for a category with many levels, so that cost doesn't grow with them.
Levels of an earlier category are put in the order of the target's mean scores,
shrunk so that a level of few rows tells nothing about those rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from synthnb._random import generator
from synthnb.engines._encoding.table import ORDINARY, PLUS_INFINITY
from synthnb.engines.trees.nodes import Nodes
from synthnb.engines.trees.slopes import Slopes, fit_slopes
from synthnb.errors import RecordError, reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from synthnb.engines.trees.moving import Moving

__all__ = ["DAMAGED", "Leaves", "Scale", "Seen", "grow", "leaves_from_arrays", "leaves_to_arrays"]

Array = np.ndarray[Any, Any]

DAMAGED = "The file was damaged or altered: use another copy, or fit it anew."
"""What to do about a generator that doesn't hold together."""

_MANY_LEVELS = 12
_COORDINATES = 4
_CHANCE = 6.0
"""Residual variances a split must gain; the largest of many chance splits gains about twice the logarithm of their number."""
_GROWN = 100_000
"""Most rows that splits are looked for on; all rows are put into the leaves."""
_MARGIN = 1.1
_MOST_TRIED = 48
"""Most predictors tried at a split."""
_SCREENED = 500
"""Rows that predictors are chosen on."""
_REACH = 0.7
"""How far a value moves among its leaf's sorted ones, in square roots of the leaf's size."""


class Scale(Protocol):
    """What a tree needs to know of a column's positions."""

    @property
    def size(self) -> int:
        """How many there are."""

    @property
    def ordered(self) -> bool:
        """Whether they have an order."""

    def ranks(self, positions: Array) -> Array:
        """Mid-ranks between 0 and 1."""


@dataclass(frozen=True)
class Seen:
    """Rows as far as they are known, for trees to split on.

    With J columns, predictor ``j`` is the value of column ``j`` and predictor ``J + j`` the state it is in.
    """

    scales: tuple[Scale, ...]
    """One per column."""
    states: Array
    """int8, rows by columns."""
    positions: Array
    """float64, rows by columns."""
    mids: dict[int, Array] = field(default_factory=dict, repr=False)
    """Mid-ranks of whole positions, by column, as far as they were asked for."""

    def __len__(self) -> int:
        return len(self.states)

    def rows(self, index: Array) -> Seen:
        """Return some of the rows."""
        return Seen(self.scales, self.states[index], self.positions[index], self.mids)

    def rank_columns(self, columns: Sequence[int]) -> Array:
        """The ranks of several columns, rows by columns."""
        return np.column_stack([np.empty((len(self), 0)), *(self.ranks(j) for j in columns)])

    def ranks(self, column: int) -> Array:
        """A column's ranks from 0 to 1, NaN where there is no value."""
        mids = self.mids.get(column)
        if mids is None:
            mids = self.mids[column] = self.scales[column].ranks(np.arange(self.scales[column].size, dtype="f8"))
        positions = self.positions[:, column]
        low = positions.astype("i8")
        base = mids[low]
        found = base + (positions - low) * (mids[np.minimum(low + 1, len(mids) - 1)] - base)
        return np.where(self.states[:, column] == ORDINARY, found, np.nan)

    def is_level(self, predictor: int) -> bool:
        """Whether a predictor has levels without an order, more than two."""
        return predictor < len(self.scales) and not self.scales[predictor].ordered and self.scales[predictor].size > 2

    def predictor(self, predictor: int) -> Array:
        """A predictor's numbers: a position, -1 for no value, and past the last for plus infinity; or a state."""
        if predictor >= len(self.scales):
            return np.asarray(self.states[:, predictor - len(self.scales)], dtype="f4")
        states = self.states[:, predictor]
        found = np.where(states == ORDINARY, self.positions[:, predictor], -1.0)
        found[states == PLUS_INFINITY] = self.scales[predictor].size
        return found

    def matrix(self, predictors: Sequence[int], orders: Sequence[Array | None]) -> Array:
        """Predictors as the numbers a tree splits on, float32, rows by predictors."""
        matrix = np.empty((len(self), len(predictors)), dtype="f4")
        for j, (predictor, order) in enumerate(zip(predictors, orders, strict=True)):
            found = self.predictor(predictor)
            matrix[:, j] = found if order is None else order[found.astype("i8")]
        return matrix


@dataclass(frozen=True)
class Leaves:
    """A grown tree and the positions in each of its leaves."""

    nodes: Nodes | None
    """The splits; None for a column drawn from all rows alike."""
    predictors: tuple[int, ...]
    """What the splits are on."""
    orders: tuple[Array | None, ...]
    """Per predictor, the numbers its levels are replaced by, the missing cells' last; None where it has an order."""
    starts: Array
    """Where each leaf begins in ``donors``."""
    sizes: Array
    """How many rows each leaf holds."""
    loose: Array
    """How many of them are moved; they come first in a leaf."""
    donors: Array
    """int32: positions of the training rows, leaf by leaf."""
    residuals: Array
    """float64: their ranks less what the lines say, increasing among those moved; empty where none are."""
    slopes: Slopes | None
    """Lines within the leaves."""
    moving: Moving | None
    """The scale on which numbers are moved; None where all are drawn as they are."""

    def find(self, seen: Seen) -> Array:
        """Return the leaf of each row."""
        if self.nodes is None:
            return np.zeros(len(seen), dtype="i8")
        return self.nodes.apply(seen.matrix(self.predictors, self.orders))

    def draw(self, seen: Seen, uniforms: Array) -> Array:
        """Return positions for rows.

        Parameters
        ----------
        seen : Seen
            The rows.
        uniforms : ndarray of float64, shape (rows, 2)
            From 0 to 1: which row of the leaf, and where about it.
        """
        leaf = self.find(seen)
        place = np.minimum((uniforms[:, 0] * self.sizes[leaf]).astype("i8"), self.sizes[leaf] - 1)
        donors = self.donors[self.starts[leaf] + place]
        drawn: Array = donors.astype("f8")
        loose = self.loose[leaf]
        at = np.flatnonzero(place < loose)
        if self.moving is None or not len(at):
            return drawn
        whole = len(at) == len(seen)
        low, high = self._about(self.starts[leaf[at]], place[at], loose[at])
        ranks = low + uniforms[at, 1] * (high - low)
        if self.slopes is not None:
            ranks += self.lines(seen if whole else seen.rows(at), leaf[at])
        drawn[at] = self.moving.on_grid(self.moving.to_positions(ranks), donors[at])
        return drawn

    def lines(self, seen: Seen, leaf: Array) -> Array:
        """What the lines say for rows."""
        return np.zeros(len(leaf)) if self.slopes is None else self.slopes.shift(seen.rank_columns(self.slopes.predictors), leaf)

    def _about(self, starts: Array, place: Array, loose: Array) -> tuple[Array, Array]:
        """Between which residuals a row's own is moved."""
        reach = np.ceil(_REACH * np.sqrt(loose)).astype("i8")
        return self.residuals[starts + np.maximum(place - reach, 0)], self.residuals[starts + np.minimum(place + reach, loose - 1)]

    def reach(self) -> tuple[Array, Array]:
        """For each row in the leaves, the ranks between which it is moved; of no meaning for one that isn't."""
        leaf = np.repeat(np.arange(len(self.sizes)), self.sizes)
        place = np.arange(len(self.donors)) - self.starts[leaf]
        loose = np.maximum(self.loose[leaf], 1)
        return self._about(self.starts[leaf], np.minimum(place, loose - 1), loose)

    @property
    def moved(self) -> Array:
        """Whether each row in the leaves is moved."""
        leaf = np.repeat(np.arange(len(self.sizes)), self.sizes)
        return np.asarray(np.arange(len(self.donors)) - self.starts[leaf] < self.loose[leaf])


def grow(
    scale: Scale,
    target: Array,
    seen: Seen,
    predictors: Sequence[int],
    *,
    leaf: int,
    seed: int,
    moving: Moving | None = None,
    sloped: bool = False,
) -> Leaves:
    """Grow a column's tree on earlier columns.

    Parameters
    ----------
    scale : Scale
        The target column's.
    target : ndarray of float64
        Its positions, one per row; every row has one.
    seen : Seen
        The same rows of all columns.
    predictors : sequence of int
        What may be split on.
    leaf : int
        Fewest rows in a leaf.
    seed : int
        Breaks ties between equally good splits.
    moving : Moving, optional
        The scale on which the target's numbers are moved.
    sloped : bool
        Whether to look for lines within the leaves.
    """
    size = len(target)
    some = np.arange(size) if size <= _GROWN else np.sort(generator(seed, "grown rows").permutation(size)[:_GROWN])
    few = seen if size <= _GROWN else seen.rows(some)
    scores = None if size < 2 * leaf else _scores(scale, target[some], few, predictors, leaf)
    found: _Splits = (None, (), ())
    tried: Sequence[int] = ()
    if scores is not None and predictors:
        tried = _screened(few, predictors, scores, leaf)
        found = _grown(scores, few, tried, leaf if len(some) == size else _scaled(leaf, size), seed)
    nodes, used, orders = found
    where = np.zeros(size, dtype="i8")
    if nodes is not None:
        where = nodes.apply(seen.matrix(used, orders))
        if len(some) < size:
            nodes = nodes.merged(where, leaf)
            where = nodes.apply(seen.matrix(used, orders))
    leaves = _filled(target, nodes, used, orders, where, moving)
    if not sloped or moving is None or size < 2 * leaf:
        return leaves
    return _sloped(leaves, target, seen, tried, where, some)


_Splits = tuple[Nodes | None, tuple[int, ...], tuple[Array | None, ...]]


def _numbers(seen: Seen, predictors: Sequence[int]) -> list[int]:
    """Predictors whose ranks mean something: numbers, and columns of two levels."""
    return [j for j in predictors if j < len(seen.scales) and (seen.scales[j].ordered or seen.scales[j].size == 2)]


def _scaled(leaf: int, size: int) -> int:
    """Fewest of the rows grown on in a leaf, so that few leaves fall short when all rows are put in."""
    return math.ceil(_MARGIN * leaf * _GROWN / size)


def _grown(scores: Array, seen: Seen, predictors: Sequence[int], leaf: int, seed: int) -> _Splits:
    """A tree's splits, the predictors they use and these levels' orders; None where no split is worth making."""
    from sklearn.tree import DecisionTreeRegressor

    orders = tuple(_order(seen, predictor, scores, leaf) for predictor in predictors)
    matrix = seen.matrix(predictors, orders)
    tree = DecisionTreeRegressor(min_samples_leaf=leaf, random_state=seed).fit(matrix, scores).tree_
    nodes, used = Nodes.from_grown(tree, _pruned(tree)).packed()
    if nodes.leaves == 1:
        return None, (), ()
    return nodes, tuple(predictors[k] for k in used), tuple(orders[k] for k in used)


def _screened(seen: Seen, predictors: Sequence[int], scores: Array, leaf: int) -> Sequence[int]:
    """The predictors that go with the scores most, where there are too many to try them all at each split."""
    if len(predictors) <= _MOST_TRIED:
        return predictors
    some = np.linspace(0, len(seen) - 1, min(len(seen), _SCREENED)).astype("i8")
    few, wanted = seen.rows(some), scores[some] - scores[some].mean(axis=0)
    columns = np.empty((len(some), len(predictors)))
    for k, predictor in enumerate(predictors):
        order = _order(few, predictor, wanted, leaf)
        plain = order is None and predictor < len(seen.scales)
        columns[:, k] = few.ranks(predictor) if plain else few.matrix([predictor], [order])[:, 0]
    gone = np.isnan(columns)
    columns[gone] = 0.0
    columns = np.where(gone, 0.0, columns - columns.sum(axis=0) / np.maximum((~gone).sum(axis=0), 1))
    bent = columns**2 - (columns**2).mean(axis=0)
    gains = sum(((shape.T @ wanted) ** 2).sum(axis=1) / np.maximum((shape**2).sum(axis=0), 1e-12) for shape in (columns, bent))
    best = np.sort(np.argsort(-np.asarray(gains), kind="stable")[:_MOST_TRIED])
    return [predictors[k] for k in best]


def _filled(
    target: Array, nodes: Nodes | None, predictors: tuple[int, ...], orders: tuple[Array | None, ...], leaf: Array, moving: Moving | None
) -> Leaves:
    """Leaves holding their rows, without lines."""
    sizes = np.bincount(leaf, minlength=nodes.leaves if nodes is not None else 1)
    donors = target.astype("i4")
    held = np.zeros(len(donors), dtype=bool) if moving is None else moving.is_kept[donors]
    order = np.lexsort((donors, held, leaf))
    residuals = np.zeros(0) if moving is None else moving.to_ranks(target[order])
    loose = sizes * 0 if moving is None else np.bincount(leaf[~held], minlength=len(sizes))
    return Leaves(nodes, predictors, orders, np.cumsum(sizes) - sizes, sizes, loose, donors[order], residuals, None, moving)


def _sloped(leaves: Leaves, target: Array, seen: Seen, predictors: Sequence[int], leaf: Array, some: Array) -> Leaves:
    """The same leaves with lines, where some of the rows show any."""
    moving = leaves.moving
    numbers = _numbers(seen, predictors)
    if moving is None or not numbers:
        return leaves
    donors = target.astype("i4")
    held = moving.is_kept[donors]
    at = some[~held[some]]
    few = seen.rows(at)
    own = moving.to_ranks(target)
    slopes = fit_slopes(own[at], few.rank_columns(numbers), leaf[at], len(leaves.sizes), numbers)
    if slopes is not None:
        own -= slopes.shift(seen.rank_columns(slopes.predictors), leaf)
    order = np.lexsort((own, held, leaf))
    return replace(leaves, donors=donors[order], residuals=own[order], slopes=slopes)


def _pruned(tree: Any) -> Array:
    """For each node, whether it still splits: splits that gain less than `_CHANCE` residual variances are taken back."""
    left, right, rows = tree.children_left, tree.children_right, tree.n_node_samples
    here = tree.impurity * rows
    below, splits = here.copy(), np.zeros(len(left))
    for node in range(len(left) - 1, -1, -1):
        a, b = left[node], right[node]
        if a < 0:
            continue
        below[node], splits[node] = below[a] + below[b], splits[a] + splits[b] + 1
        if (here[node] - below[node]) * rows[node] <= _CHANCE * splits[node] * below[node]:
            below[node], splits[node] = here[node], 0.0
    return np.asarray(splits > 0)


def _scores(scale: Scale, target: Array, seen: Seen, predictors: Sequence[int], leaf: int) -> Array | None:
    """What the tree predicts, rows by outputs; None if there is nothing to tell apart."""
    if scale.size < 2 or np.ptp(target) == 0:
        return None
    if scale.ordered:
        return scale.ranks(target).reshape(-1, 1)
    codes = target.astype("i8")
    if scale.size <= _MANY_LEVELS:
        return np.asarray(np.eye(scale.size)[codes][:, : scale.size if scale.size > 2 else 1])
    return np.asarray(_coordinates(codes, scale.size, seen, predictors, leaf)[codes])


def _coordinates(codes: Array, size: int, seen: Seen, predictors: Sequence[int], leaf: int) -> Array:
    """Put many levels in a few dimensions, by the earlier columns' means within each."""
    features = np.column_stack([np.empty((len(codes), 0)), *(_features(seen, predictor) for predictor in predictors)])
    if not features.shape[1]:
        return np.zeros((size, 1))
    means = _level_means(codes, size, features - features.mean(axis=0), leaf)
    return _projected(means, np.bincount(codes, minlength=size), _COORDINATES)


def _projected(means: Array, counts: Array, dimensions: int) -> Array:
    """Means on their principal axes, levels weighted by their rows."""
    _, _, axes = np.linalg.svd(means * np.sqrt(counts)[:, None], full_matrices=False)
    return np.asarray(means @ axes[:dimensions].T)


def _features(seen: Seen, predictor: int) -> Array:
    """A predictor as comparable numbers: ranks, or one column per level if they are few."""
    found = seen.predictor(predictor)
    if predictor >= len(seen.scales):
        return found.reshape(-1, 1)
    scale, here = seen.scales[predictor], found >= 0
    if not seen.is_level(predictor):
        return np.where(here, scale.ranks(np.clip(found, 0, scale.size - 1)), 0.5).reshape(-1, 1)
    if scale.size > _MANY_LEVELS:
        return np.empty((len(found), 0))
    return np.asarray(np.eye(scale.size)[np.maximum(found, 0).astype("i8")] * here[:, None] / np.sqrt(2))


def _level_means(codes: Array, size: int, scores: Array, leaf: int) -> Array:
    """Mean scores per level, drawn towards 0 as if each level had ``leaf`` further rows there."""
    sums = np.column_stack([np.bincount(codes, weights=column, minlength=size) for column in scores.T])
    return np.asarray(sums / (np.bincount(codes, minlength=size) + leaf)[:, None])


def _order(seen: Seen, predictor: int, scores: Array, leaf: int) -> Array | None:
    """Numbers for an unordered column's levels (and its missing cells, last) that follow the target."""
    if not seen.is_level(predictor):
        return None
    size = seen.scales[predictor].size
    found = seen.predictor(predictor)
    codes = np.where(found < 0, size, found).astype("i8")
    means = _level_means(codes, size + 1, scores - scores.mean(axis=0), leaf)
    if means.shape[1] == 1:
        return means[:, 0].astype("f4")
    return np.asarray(_projected(means, np.bincount(codes, minlength=size + 1), 1)[:, 0], dtype="f4")


def leaves_to_arrays(leaves: Leaves) -> dict[str, Array]:
    """A column's tree as arrays of numbers."""
    arrays = {
        "sizes": leaves.sizes,
        "loose": leaves.loose,
        "donors": leaves.donors,
        "residuals": leaves.residuals,
        "predictors": np.array(leaves.predictors, dtype="i8"),
        "ordered": np.array([order is None for order in leaves.orders], dtype=bool),
    }
    arrays |= {f"order{k}": order for k, order in enumerate(leaves.orders) if order is not None}
    if leaves.slopes is not None:
        arrays |= {f"slopes.{part}": array for part, array in leaves.slopes.to_arrays().items()}
    return arrays | (leaves.nodes.to_arrays() if leaves.nodes is not None else {})


def leaves_from_arrays(arrays: Mapping[str, Array], scale: Scale, seen: Sequence[Scale], moving: Moving | None = None) -> Leaves:
    """Build a column's tree from `leaves_to_arrays`'s mapping.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        As they were kept.
    scale : Scale
        The column's.
    seen : sequence of Scale
        Those of all columns, which predictors number.
    moving : Moving, optional
        The scale on which the column's numbers are moved.

    Raises
    ------
    RecordError
        They aren't such a tree.
    """
    try:
        sizes, loose, donors = (arrays[name].astype("i8") for name in ("sizes", "loose", "donors"))
        residuals = arrays["residuals"].astype("f8")
        slopes = Slopes.from_arrays(arrays, "slopes", len(sizes), len(seen)) if "slopes.which" in arrays else None
        predictors = tuple(arrays["predictors"].astype("i8").tolist())
        orders = tuple(None if plain else arrays[f"order{k}"].astype("f4") for k, plain in enumerate(arrays["ordered"]))
        nodes = Nodes.from_arrays(arrays, len(predictors)) if predictors else None
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise RecordError(f"A tree's arrays were expected; they don't fit together: {reason(error)}.", fix=DAMAGED) from error
    _check_rows(scale, nodes.leaves if nodes is not None else 1, sizes, loose, donors, residuals, moving)
    _check_predictors(seen, predictors, orders)
    return Leaves(
        nodes,
        predictors,
        orders,
        np.cumsum(sizes) - sizes,
        sizes,
        loose,
        donors.astype("i4"),
        residuals,
        slopes,
        moving,
    )


def _check_rows(scale: Scale, leaves: int, sizes: Array, loose: Array, donors: Array, residuals: Array, moving: Moving | None) -> None:
    """Every row of a leaf is one of the column's values."""
    filled = len(sizes) == len(loose) == leaves and sizes.sum() == len(donors) and bool(((loose >= 0) & (loose <= sizes)).all())
    ranked = not loose.any() if moving is None else len(residuals) == len(donors) and bool(np.isfinite(residuals).all())
    if not filled or not ranked:
        raise RecordError(f"A tree's {len(donors):,} rows must fill its {leaves:,} leaves; these don't.", fix=DAMAGED)
    if len(donors) and not (donors.min() >= 0 and donors.max() < scale.size):
        raise RecordError(f"A tree's rows must lie among {scale.size:,} values; some lie outside.", fix=DAMAGED)


def _check_predictors(seen: Sequence[Scale], predictors: tuple[int, ...], orders: tuple[Array | None, ...]) -> None:
    """Splits are on the table's columns, and levels have a number each."""
    for predictor, order in zip(predictors, orders, strict=True):
        known = 0 <= predictor < 2 * len(seen)
        level = known and predictor < len(seen) and not seen[predictor].ordered and seen[predictor].size > 2
        if not known or level != (order is not None) or (order is not None and len(order) != seen[predictor].size + 1):
            raise RecordError(f"A tree must split on the table's columns; predictor {predictor} isn't as they are.", fix=DAMAGED)
