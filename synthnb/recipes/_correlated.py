"""Correlations between declared columns: the correlations of the normals behind them.

Columns tied by correlations, directly or through others, form a group. Behind each column stands a
standard normal, whose rank is the point at which the column's inverse distribution is taken
(NORTA: Cario & Nelson 1997). The normals' correlation is found so that the ranks, or the values, have
the one declared. Pairs of a group for which nothing is declared are independent given the others
(the matrix of largest determinant; Dempster 1972, doi:10.2307/2528966). What can't be had is
a problem that is told; it isn't repaired.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import ndtr

from synthnb.errors import shown
from synthnb.recipes._hermite import LARGEST, covariances, latent_correlations, step_coefficients
from synthnb.recipes._quantiles import DISCRETE, Cut, quantiles
from synthnb.recipes.distributions import Mixture, Problem

if TYPE_CHECKING:
    from synthnb.recipes.recipe import Column, Recipe

__all__ = ["Group", "cut_of", "groups_of", "rounding"]

Array = np.ndarray[Any, Any]

_GRID = np.linspace(-8.2, 8.2, 6561)
_ROUNDS = 500
_CLOSE = 1e-10
_SLACK = 1e-3


class Group(NamedTuple):
    """Columns that are drawn together."""

    names: tuple[str, ...]
    """In alphabetical order, so that the order of a recipe's columns changes nothing."""
    correlation: Array
    """Of the normals."""
    problems: tuple[Problem, ...]
    """Why it can't be drawn; empty if it can."""


def rounding(column: Column) -> float:
    """The grid of a column's numbers; 0 where every digit counts."""
    if column.kind == "integer":
        return float(10 ** max(-(column.decimals or 0), 0))
    return 0.0 if column.decimals is None else 10.0**-column.decimals


def cut_of(column: Column) -> Cut:
    """A numeric column's limits: as far beyond the last value on the grid as is rounded to it."""
    low = -np.inf if column.minimum is None else float(column.minimum)
    high = np.inf if column.maximum is None else float(column.maximum)
    grid = rounding(column)
    if not grid:
        return Cut(low, high)
    return Cut((np.ceil(low / grid - 1e-9) - 0.5) * grid, (np.floor(high / grid + 1e-9) + 0.5) * grid)


def groups_of(recipe: Recipe) -> tuple[Group, ...]:
    """Return the groups of a recipe whose correlations name existing columns."""
    columns = {column.name: column for column in recipe.columns}
    paths: dict[tuple[str, str], str] = {}
    declared: dict[tuple[str, str], Any] = {}
    for i, column in enumerate(recipe.columns):
        for k, item in enumerate(getattr(column.distribution, "correlations", ())):
            first, second = sorted((column.name, item.column))
            declared[first, second] = item
            paths[first, second] = f"columns[{i}].distribution.correlations[{k}].r"
    return tuple(_group(names, columns, declared, paths) for names in _components(list(declared)))


def _components(pairs: list[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Names tied by pairs, each group in alphabetical order."""
    tied: dict[str, set[str]] = {}
    for one, other in pairs:
        joined = tied.get(one, {one}) | tied.get(other, {other})
        for name in joined:
            tied[name] = joined
    return sorted({tuple(sorted(names)) for names in tied.values()})


def _group(
    names: tuple[str, ...], columns: dict[str, Column], declared: dict[tuple[str, str], Any], paths: dict[tuple[str, str], str]
) -> Group:
    place = {name: i for i, name in enumerate(names)}
    latent, known = np.eye(len(names)), np.eye(len(names), dtype=bool)
    problems = []
    for (first, second), item in declared.items():
        if first not in place:
            continue
        i, j = place[first], place[second]
        found, problem = _latent(columns[first], columns[second], item)
        latent[i, j] = latent[j, i] = found
        known[i, j] = known[j, i] = True
        if problem:
            problems.append(Problem(paths[first, second], problem))
    completed = _completed(latent, known)
    least = float(np.linalg.eigvalsh(completed)[0])
    if least <= 0 and not problems:
        listed = ", ".join(map(shown, names[:8]))
        problems.append(
            Problem(
                next(paths[pair] for pair in declared if pair[0] in place),
                f"the correlations among {listed} can't hold together (least eigenvalue {least:.3f}); bring them nearer to 0",
            )
        )
    return Group(names, completed, tuple(problems))


def _latent(one: Column, other: Column, item: Any) -> tuple[float, str]:
    """The correlation of two normals, and what is wrong if there is none."""
    if item.scale == "rank" and _is_continuous(one) and _is_continuous(other):
        return float(np.clip(2 * np.sin(np.pi * item.r / 6), -LARGEST, LARGEST)), ""
    coefficients = np.vstack([_coefficients(_bare(column), item.scale) for column in (one, other)])
    spreads = np.sqrt((coefficients**2).sum(axis=1))
    if not spreads.all():
        return 0.0, f"column {shown((one if not spreads[0] else other).name)} doesn't vary, so it can't be correlated"
    whole = coefficients / spreads[:, None]
    ends = covariances(np.full((2, 2), LARGEST), whole)[0, 1], covariances(np.full((2, 2), -LARGEST), whole)[0, 1]
    if not ends[1] - _SLACK <= item.r <= ends[0] + _SLACK:
        return 0.0, (
            f"columns {shown(one.name)} and {shown(other.name)} can have a {item.scale} correlation from {ends[1]:.3f} to {ends[0]:.3f}; "
            f"got {item.r}"
        )
    return float(latent_correlations(np.array([[1.0, item.r], [item.r, 1.0]]), whole)[0, 1]), ""


def _is_continuous(column: Column) -> bool:
    return not rounding(column) and not isinstance(column.distribution, (*DISCRETE, Mixture))


def _bare(column: Column) -> Column:
    """The column with what its ranks and values depend on, and nothing else, so that it can be remembered."""
    distribution = column.distribution
    assert distribution is not None
    own = type(distribution).model_fields
    emptied: dict[str, Any] = {name: () for name in ("cases", "effects", "correlations", "sources") if name in own}
    return column.model_copy(update={"distribution": distribution.model_copy(update=emptied)})


@lru_cache(maxsize=4096)
def _coefficients(column: Column, scale: str) -> Array:
    """Hermite coefficients of a column's ranks or values as a function of its normal."""
    middles = (_GRID[1:] + _GRID[:-1]) / 2
    grid = rounding(column)
    values = quantiles(column.distribution, ndtr(middles), cut_of(column))
    values = np.rint(values / grid) * grid if grid else values
    if scale == "rank":
        shares = np.diff(ndtr(_GRID))
        distinct, at = np.unique(values, return_inverse=True)
        mass = np.bincount(at, weights=shares, minlength=len(distinct))
        values = (np.cumsum(mass) - mass / 2)[at]
    size = float(np.abs(values).max()) or 1.0
    return step_coefficients(_GRID[1:-1], values / size)


def _completed(latent: Array, known: Array) -> Array:
    """The matrix of largest determinant with the known entries; an indefinite one if there is none.

    Covariance selection, column by column (Hastie, Tibshirani & Friedman 2009, algorithm 17.1).
    """
    wide = len(latent)
    if known.all():
        return latent
    here = latent.copy()
    for _ in range(_ROUNDS):
        before = here.copy()
        for j in range(wide):
            near = np.flatnonzero(known[j] & (np.arange(wide) != j))
            far = np.flatnonzero(~known[j])
            slopes = np.linalg.lstsq(here[np.ix_(near, near)], latent[near, j], rcond=None)[0]
            here[far, j] = here[j, far] = here[np.ix_(far, near)] @ slopes
        if float(np.abs(here - before).max()) < _CLOSE:
            break
    return here
