"""A table as correlated standard normals: one for each column that varies, and one for each way its cells go missing.

::

    z (rows by dimensions) ── margin ──► position of a value
                           ── margin ──► state of a cell: minus infinity, ordinary, plus infinity, missing

Columns whose cells are missing in the same rows share a dimension.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb.engines._encoding.state import coders_from_state, coders_to_state
from synthnb.engines._encoding.table import MINUS_INFINITY, MISSING, ORDINARY, PLUS_INFINITY, Coder, Encoded, Table
from synthnb.engines._truncated import Limits
from synthnb.engines.base import State
from synthnb.engines.copula.gaussian import cholesky, consistent, pairwise
from synthnb.engines.copula.marginals import Margin, margin_of
from synthnb.errors import RecordError, reason
from synthnb.recipes._hermite import latent_correlations, step_coefficients

if TYPE_CHECKING:
    from synthnb.recipes.recipe import Column

__all__ = ["Dimension", "Latents", "frame_of", "latents_from_state", "latents_to_state", "learn_latents"]

Array = np.ndarray[Any, Any]

_RISING = np.array([MINUS_INFINITY, ORDINARY, PLUS_INFINITY, MISSING], dtype="i1")
_VALUED = frozenset({"integer", "real", "date", "datetime", "time", "timedelta"})
_MOST_OF_VARIANCE = 0.25
_FEW_LEVELS = 50
_GRID = np.linspace(-4.0, 4.0, 1601)
_FIX = "The file is damaged or was changed: save the generator again, or fit it anew."


@dataclass(frozen=True)
class Dimension:
    """One standard normal and what it decides."""

    columns: tuple[int, ...]
    """The column whose value it decides, or those whose state it does."""
    states: Array | None
    """The states it chooses among, in the order in which it rises; None where it decides a value."""
    margin: Margin
    """From the normal to a place in ``states``, or to a position."""


@dataclass(frozen=True)
class Latents:
    """A table's dimensions and how they go together."""

    coders: tuple[Coder, ...]
    """The columns."""
    dimensions: tuple[Dimension, ...]
    """One normal each."""
    fixed: Array
    """Per column, the state of its cells where no dimension decides it."""
    correlation: Array
    """Of the normals."""

    @cached_property
    def root(self) -> Array:
        """The lower Cholesky factor of the correlation."""
        return cholesky(self.correlation)

    def cells(self, z: Array) -> tuple[Array, Array]:
        """Return states and positions at normals, rows by columns."""
        states = np.repeat(self.fixed[None, :], len(z), axis=0)
        positions = np.zeros(states.shape)
        for k, dimension in enumerate(self.dimensions):
            drawn = dimension.margin.positions(z[:, k])
            if dimension.states is None:
                positions[:, dimension.columns[0]] = drawn
            else:
                states[:, list(dimension.columns)] = dimension.states[drawn.astype("i8")][:, None]
        positions[states != ORDINARY] = 0.0
        return states, positions

    def limits_of(self, fixed: Mapping[int, Encoded]) -> dict[int, Limits]:
        """Return the limits within which given cells keep the normals, by dimension.

        A cell whose state the table doesn't hold, and the value of a cell that isn't ordinary, set none.
        """
        found = {}
        for k, dimension in enumerate(self.dimensions):
            column = next((j for j in dimension.columns if j in fixed), None)
            if column is None:
                continue
            states, positions = fixed[column]
            if dimension.states is None:
                low, high = dimension.margin.pieces(positions)
                told = states == ORDINARY
            else:
                told = np.isin(states, dimension.states)
                place = np.argmax(dimension.states[None, :] == states[:, None], axis=1)
                low, high = dimension.margin.pieces(place)
            found[k] = Limits(np.where(told, low, -np.inf)[:, None], np.where(told, high, np.inf)[:, None])
        return found


def learn_latents(table: Table) -> tuple[Latents, dict[str, float]]:
    """Return a table's dimensions and their correlation, and figures about how it was found."""
    dimensions, fixed = _dimensions(table)
    if not dimensions:
        return Latents(table.coders, (), fixed, np.zeros((0, 0))), {"shrinkage": 0.0, "repaired": 0.0}
    scores, here = _scores(table, dimensions)
    flags = np.array([d.states is not None for d in dimensions])
    found, rows, intensity = pairwise(scores, here)
    ranked = latent_correlations(found, np.vstack([_unit(d.margin.coefficients()) for d in dimensions]))
    valued, functions = _value_scores(table, dimensions, scores)
    if functions:
        coefficients = np.vstack([_unit(functions.get(k, d.margin.coefficients())) for k, d in enumerate(dimensions)])
        ranked = (ranked + latent_correlations(pairwise(valued, here)[0], coefficients)) / 2
    correlation, repaired = consistent(ranked, rows, intensity, spared=np.outer(flags, flags))
    return Latents(table.coders, dimensions, fixed, correlation), {"shrinkage": round(intensity, 6), "repaired": round(repaired, 6)}


def _dimensions(table: Table) -> tuple[tuple[Dimension, ...], Array]:
    """Dimensions for states that vary, then for values that do; and the state of columns where it doesn't."""
    shared: dict[bytes, list[int]] = {}
    for j in range(len(table.coders)):
        column = np.ascontiguousarray(table.states[:, j])
        if column.min() != column.max():
            shared.setdefault(column.tobytes(), []).append(j)
    made = [_of_states(table, tuple(columns)) for columns in shared.values()]
    varying = [j for j, coder in enumerate(table.coders) if coder.size > 1]
    ordered = {j: _margin(table.coders[j]) for j in varying}
    for j in varying:
        coder = table.coders[j]
        margin = ordered[j] if coder.ordered or coder.size == 2 else _margin(coder, _level_order(table, j, ordered))
        made.append(Dimension((j,), None, margin))
    return tuple(made), table.states[0].copy() if table.rows else np.zeros(len(table.coders), dtype="i1")


def _margin(coder: Coder, order: Array | None = None) -> Margin:
    return margin_of(coder.counts, coder.kept, order, coder.values)


def _of_states(table: Table, columns: tuple[int, ...]) -> Dimension:
    counts = np.array([(table.states[:, columns[0]] == state).sum() for state in _RISING])
    held = counts > 0
    return Dimension(columns, _RISING[held], margin_of(counts[held], np.ones(int(held.sum()), dtype=bool)))


def _level_order(table: Table, column: int, ordered: Mapping[int, Margin]) -> Array:
    """Put a category's levels in the order that goes best with the other columns.

    Levels stand at their means of the other columns' scores, those of few rows drawn towards the
    middle, and are sorted along the direction in which they differ most.
    """
    here = table.states[:, column] == ORDINARY
    codes, size = table.positions[here, column].astype("i8"), table.coders[column].size
    parts = [_features(table, j, margin)[here] for j, margin in ordered.items() if j != column]
    counts = np.bincount(codes, minlength=size)
    if not parts:
        return np.arange(size)
    features = np.column_stack(parts)
    features = features - features.mean(axis=0)
    sums = np.column_stack([np.bincount(codes, weights=part, minlength=size) for part in features.T])
    means = sums / (counts + np.sqrt(len(codes)))[:, None]
    _, _, axes = np.linalg.svd(means * np.sqrt(counts)[:, None], full_matrices=False)
    axis = axes[0] * (1.0 if axes[0][np.argmax(np.abs(axes[0]))] > 0 else -1.0)
    return np.argsort(np.round(means @ axis, 12), kind="stable")


def _features(table: Table, column: int, margin: Margin) -> Array:
    """A column as comparable numbers: its scores, or one indicator for each of few levels."""
    coder, here = table.coders[column], table.states[:, column] == ORDINARY
    at = table.positions[:, column].astype("i8")
    if coder.ordered or coder.size == 2:
        return np.where(here, margin.scores[at], 0.0)[:, None]
    if coder.size > _FEW_LEVELS:
        return np.empty((table.rows, 0))
    return np.asarray(np.eye(coder.size)[at] * here[:, None])


def _scores(table: Table, dimensions: tuple[Dimension, ...]) -> tuple[Array, Array]:
    """The mean of each dimension's normal given its cell, and which cells have one."""
    scores = np.empty((table.rows, len(dimensions)))
    here = np.ones(scores.shape, dtype=bool)
    for k, dimension in enumerate(dimensions):
        column = dimension.columns[0]
        if dimension.states is None:
            here[:, k] = table.states[:, column] == ORDINARY
            at = table.positions[:, column].astype("i8")
        else:
            at = np.argmax(dimension.states[None, :] == table.states[:, column, None], axis=1)
        scores[:, k] = dimension.margin.scores[at]
    return scores, here


def _value_scores(table: Table, dimensions: tuple[Dimension, ...], scores: Array) -> tuple[Array, dict[int, Array]]:
    """Scores with the values themselves where these are numbers, and the coefficients of those columns.

    A column stays with its ranks where one row carries a quarter of its variance or more.
    """
    valued, functions = scores.copy(), {}
    for k, dimension in enumerate(dimensions):
        coder = table.coders[dimension.columns[0]]
        if dimension.states is not None or coder.column.kind not in _VALUED:
            continue
        values = _scaled(coder.values)
        centred = (values - np.average(values, weights=coder.counts)) ** 2
        if not np.isfinite(centred).all() or centred.max() >= _MOST_OF_VARIANCE * (centred @ coder.counts):
            continue
        valued[:, k] = values[table.positions[:, dimension.columns[0]].astype("i8")]
        drawn = dimension.margin.positions((_GRID[1:] + _GRID[:-1]) / 2)
        functions[k] = step_coefficients(_GRID[1:-1], np.interp(drawn, np.arange(len(values)), values))
    return valued, functions


def _scaled(values: Array) -> Array:
    """Numbers as floats of moderate size."""
    floats = values.astype("f8")
    floats = floats / max(float(np.abs(floats).max()), 1e-300)
    return np.asarray(floats - floats[len(floats) // 2])


def _unit(coefficients: Array) -> Array:
    size = float(np.sqrt(coefficients @ coefficients))
    return np.asarray(coefficients / size if size > 0 else coefficients)


def latents_to_state(latents: Latents) -> State:
    """Dimensions and their correlation as plain data."""
    state = coders_to_state(latents.coders)
    arrays = {f"coders.{name}": array for name, array in state.arrays.items()}
    arrays |= {"correlation": latents.correlation, "fixed": latents.fixed}
    for k, dimension in enumerate(latents.dimensions):
        arrays[f"order.{k}"] = dimension.margin.order.astype("i8")
        if dimension.states is not None:
            arrays[f"states.{k}"] = dimension.states
            arrays[f"ends.{k}"] = dimension.margin.ends
    return State({"coders": state.meta, "dimensions": [list(dimension.columns) for dimension in latents.dimensions]}, arrays)


def latents_from_state(columns: tuple[Column, ...], state: State) -> Latents:
    """Build what `latents_to_state` wrote.

    Raises
    ------
    RecordError
        It doesn't hold together.
    """
    inside = {name.removeprefix("coders."): array for name, array in state.arrays.items() if name.startswith("coders.")}
    try:
        coders = coders_from_state(columns, State(state.meta["coders"], inside))
        listed = [tuple(int(j) for j in found) for found in state.meta["dimensions"]]
        dimensions = tuple(_dimension_from(state.arrays, k, coders, found) for k, found in enumerate(listed))
        correlation, fixed = state.arrays["correlation"].astype("f8"), state.arrays["fixed"].astype("i1")
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise RecordError(f"The state of a fitted copula was expected; this isn't one: {reason(error)}.", fix=_FIX) from error
    wide = len(dimensions)
    sound = (
        correlation.shape == (wide, wide)
        and fixed.shape == (len(coders),)
        and bool(np.isin(fixed, _RISING).all())
        and _is_correlation(correlation)
    )
    if not sound:
        raise RecordError(f"A correlation matrix of {wide} dimensions and a state for each column were expected.", fix=_FIX)
    return Latents(coders, dimensions, fixed, correlation)


def _is_correlation(matrix: Array) -> bool:
    if not len(matrix):
        return True
    plain = bool(np.isfinite(matrix).all()) and np.allclose(matrix, matrix.T) and np.allclose(np.diag(matrix), 1.0)
    return plain and bool(np.linalg.eigvalsh(matrix)[0] > 0)


def _dimension_from(arrays: Mapping[str, Array], k: int, coders: tuple[Coder, ...], columns: tuple[int, ...]) -> Dimension:
    order = arrays[f"order.{k}"]
    if sorted(order.tolist()) != list(range(len(order))) or len(order) < 2 or not columns:
        raise ValueError(f"the order of dimension {k} doesn't name each place once")
    if any(not 0 <= j < len(coders) for j in columns):
        raise ValueError(f"dimension {k} names a column that isn't there")
    if f"states.{k}" not in arrays:
        coder = coders[columns[0]]
        if len(order) != coder.size or not bool((coder.counts > 0).all()):
            raise ValueError(f"dimension {k} has another number of values than its column")
        return Dimension(columns, None, _margin(coder, order))
    states, ends = arrays[f"states.{k}"].astype("i1"), arrays[f"ends.{k}"].astype("f8")
    if len(states) != len(order) or len(ends) != len(order) or not bool(np.isin(states, _RISING).all()):
        raise ValueError(f"dimension {k} has states that don't fit")
    if not bool((np.diff(np.concatenate([[0.0], ends])) > 0).all()) or ends[-1] != 1.0:
        raise ValueError(f"the shares of dimension {k} don't rise to 1")
    return Dimension(columns, states, Margin(order, ends, None, None))


def frame_of(coders: tuple[Coder, ...], states: Array, positions: Array) -> pd.DataFrame:
    """The cells at states and positions."""
    return pd.DataFrame({coder.column.name: coder.decode(states[:, j], positions[:, j]) for j, coder in enumerate(coders)})
