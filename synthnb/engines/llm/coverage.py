"""Labels allotted to texts before any is written, so that what was asked for is met to the last text."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synthnb._random import generator
from synthnb.engines.llm.draws import read_choices
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from synthnb._canonical import Json

__all__ = ["Cell", "allot", "covered", "largest_remainders", "read_joint", "read_labels"]

Cell = tuple[str, ...]
"""One level of each label, in the labels' order."""

_MOST_CELLS = 200
_DIGITS = 9


def read_labels(labels: Any) -> dict[str, dict[str, float]]:
    """Weights by level by label, each label's adding up to 1.

    Raises
    ------
    OptionError
        It isn't a mapping of names to levels.
    """
    if not isinstance(labels, Mapping) or not all(isinstance(name, str) and name.strip() for name in labels):
        raise OptionError(
            f"Labels map names to levels, as in {{'tone': ['calm', 'worried']}}; got {shown(labels)}.", fix="Write them like that."
        )
    return {name: read_choices(f"the label {shown(name)}", levels) for name, levels in labels.items()}


def read_joint(joint: Any, labels: Mapping[str, Mapping[str, float]]) -> dict[Cell, float]:
    """Weights of combinations of levels, adding up to 1; combinations that aren't named have none.

    Parameters
    ----------
    joint : mapping, or sequence of pairs
        From a tuple of levels, in the labels' order, or these joined by ``|``, to a weight; or pairs
        ``[levels, weight]``, as JSON has them.
    labels : mapping of str to mapping
        The labels and their levels.

    Raises
    ------
    OptionError
        A combination hasn't one level of each label, stands twice, or its weight isn't a number of at least 0; or all are 0.
    """
    made: dict[Cell, float] = {}
    for key, weight in _pairs(joint):
        cell = tuple(key.split("|")) if isinstance(key, str) else tuple(key)
        if (
            len(cell) != len(labels)
            or any(level not in levels for level, levels in zip(cell, labels.values(), strict=True))
            or cell in made
        ):
            raise OptionError(
                f"A combination names one level of each of {', '.join(labels)}, once; got {shown(key)}.", fix="Correct or drop it."
            )
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < math.inf:
            raise OptionError(f"The weight of {shown(key)} must be a number of at least 0; got {shown(weight)}.", fix="Correct it.")
        made[cell] = float(weight)
    total = math.fsum(made.values())
    if not total:
        raise OptionError("All weights of the joint distribution are 0.", fix="Give at least one combination a weight.")
    return {cell: weight / total for cell, weight in made.items()}


def _pairs(joint: Any) -> list[tuple[Any, Any]]:
    """Combinations and their weights."""
    pairs = list(joint.items()) if isinstance(joint, Mapping) else joint
    whole = isinstance(pairs, list | tuple) and all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs)
    if not whole or not pairs or not all(isinstance(levels, str | list | tuple) for levels, _ in pairs):
        raise OptionError(f"A joint distribution maps combinations of levels to weights; got {shown(joint)}.", fix="Pass such a mapping.")
    return [(levels, weight) for levels, weight in pairs]


def largest_remainders(weights: Sequence[float], n: int) -> list[int]:
    """Whole numbers that add up to ``n`` in the proportion of the weights (Hamilton's method).

    Each gets the whole part of its share; what is left goes to the largest remainders, of equal ones to the earlier.
    """
    shares = [weight * n for weight in weights]
    whole = [math.floor(round(share, _DIGITS)) for share in shares]
    order = sorted(range(len(shares)), key=lambda i: (-round(shares[i] - whole[i], _DIGITS), i))
    for i in order[: n - sum(whole)]:
        whole[i] += 1
    return whole


def allot(
    labels: Mapping[str, Mapping[str, float]], n: int, *, seed: int, unit: tuple[str, ...], joint: Mapping[Cell, float] | None = None
) -> list[dict[str, str]]:
    """One level of each label for each of ``n`` texts, in an order drawn by the seed.

    With a joint distribution its cells are met by largest remainders. Without one, each label's own
    levels are, and the levels of a label are spread evenly over those of the labels before it.
    """
    if not labels:
        return [{} for _ in range(n)]
    if joint is not None:
        counts = largest_remainders(list(joint.values()), n)
        cells = [cell for cell, count in zip(joint, counts, strict=True) for _ in range(count)]
    else:
        cells = _spread(labels, n, seed, unit)
    order = generator(seed, *unit, "order").permutation(n)
    return [dict(zip(labels, cells[i], strict=True)) for i in order]


def _spread(labels: Mapping[str, Mapping[str, float]], n: int, seed: int, unit: tuple[str, ...]) -> list[Cell]:
    """Each label's levels laid out at even distances over the texts sorted by the labels before it."""
    cells: list[Cell] = [()] * n
    for name, weights in labels.items():
        cells.sort()
        drawn = generator(seed, *unit, "label", name).random(len(weights))
        counts = largest_remainders(list(weights.values()), n)
        places = [
            ((i + start) / count, rank, level)
            for rank, (level, count, start) in enumerate(zip(weights, counts, drawn, strict=True))
            for i in range(count)
        ]
        cells = [(*cell, level) for cell, (_, _, level) in zip(cells, sorted(places), strict=True)]
    return cells


def covered(allotted: Sequence[Mapping[str, str]], delivered: Sequence[bool]) -> dict[str, Json]:
    """Texts requested and delivered, by level of each label and by combination of levels (200 combinations at most)."""
    names = list(allotted[0]) if allotted else []
    there = [one for one, got in zip(allotted, delivered, strict=True) if got]
    by_label = {name: _counted([one[name] for one in allotted], [one[name] for one in there]) for name in names}
    cells = _counted([tuple(one.values()) for one in allotted], [tuple(one.values()) for one in there])
    listed = [{"labels": dict(zip(names, cell, strict=True)), **counts} for cell, counts in sorted(cells.items())] if names else []
    return {"by_label": by_label, "cells": listed[:_MOST_CELLS], "cells_not_listed": max(0, len(listed) - _MOST_CELLS)}


def _counted(requested: Sequence[Any], delivered: Sequence[Any]) -> dict[Any, dict[str, int]]:
    got = Counter(delivered)
    return {one: {"requested": count, "delivered": got[one]} for one, count in sorted(Counter(requested).items())}
