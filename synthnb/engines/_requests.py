"""What a call asks beyond the frame: what columns are, rules, a condition, fixed cells, balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb._random import generator
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from synthnb.recipes.recipe import Recipe

__all__ = ["Request", "balanced"]

_MOST_CELLS = 1_000


@dataclass(frozen=True, kw_only=True)
class Request:
    """What columns are, rules, conditions, fixed cells and balance, as a call gives them."""

    groups: Sequence[str] = ()
    """Columns that declare subgroups; modelled first, as categories."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Kinds to use instead of the inferred ones, by column."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """What columns are for."""
    merge_below: int | Mapping[str, int] | None = None
    """Levels that fewer rows hold are merged: in every category, or by column."""
    survival: Sequence[Any] = ()
    """Times that end with an event or are censored, as `Survival` or as its mapping."""
    rules: Sequence[Any] = ()
    """Rules, as text, as mappings, as `synthnb.recipes.rules` has them, or as functions of a frame."""
    where: str = ""
    """A condition every row must meet."""
    given: Any = None
    """A frame of columns fixed from outside."""
    balance: Sequence[str] = ()
    """Columns whose levels are to be equally frequent."""

    def conditioned(self, recipe: Recipe, where: str) -> list[str]:
        """Columns that a condition restricts by themselves, in the recipe's order."""
        if not where:
            return []
        from synthnb.recipes.conditions import parse_conditions

        found = parse_conditions(where, recipe.columns).by_column
        return [column.name for column in recipe.columns if column.name in found]


def balanced(
    frame: pd.DataFrame, recipe: Recipe, columns: tuple[str, ...], *, declared: Mapping[str, Sequence[Any]] | None = None
) -> pd.DataFrame:
    """Return fixed cells in which every combination of levels is equally frequent, to within one row.

    Parameters
    ----------
    frame : pandas.DataFrame
        The real rows, whose levels, and combinations of levels, are taken.
    recipe : Recipe
        What they are.
    columns : tuple of str
        Which to balance.
    declared : mapping, optional
        Levels by column to take instead, in every combination: the rows aren't looked at then.

    Raises
    ------
    OptionError
        A column isn't one of few levels, or there are more combinations than rows.
    """
    kinds = {column.name: column.kind for column in recipe.columns}
    for name in columns:
        if name not in kinds:
            raise OptionError.from_choice("A column of balance", name, list(kinds))
        if kinds[name] not in {"category", "boolean", "constant"}:
            raise OptionError(
                f"Only a category can be balanced; {shown(name)} holds {kinds[name]}.",
                fix="Declare it a group (--groups), or cut it into bands first, for example with `pandas.cut`.",
            )
    if declared is None:
        here = frame[list(columns)].dropna().astype(object)
        cells = sorted(set(here.itertuples(index=False, name=None)), key=repr)
    else:
        cells = list(product(*(_levels(name, kinds[name], declared) for name in columns)))
    if not cells:
        raise OptionError("The columns of balance have no value at all.", fix="Leave them out.")
    if len(cells) > min(recipe.rows, _MOST_CELLS):
        raise OptionError(
            f"{len(cells):,} combinations of levels can't be balanced over {recipe.rows:,} rows.",
            fix="Balance fewer columns, or make more rows.",
        )
    order = generator(recipe.seed, "balance").permutation(np.resize(np.arange(len(cells)), recipe.rows))
    made = {name: pd.Series([cells[cell][j] for cell in order], dtype=frame[name].dtype) for j, name in enumerate(columns)}
    return pd.DataFrame(made)


def _levels(name: str, kind: str, declared: Mapping[str, Sequence[Any]]) -> list[Any]:
    if name not in declared and kind == "boolean":
        return [False, True]
    levels = declared.get(name)
    if not isinstance(levels, (list, tuple)):
        raise OptionError(
            f"To balance {shown(name)} without looking at the rows, its levels must be declared.", fix="List them in the option `domain`."
        )
    return [level for level in levels if level is not None]
