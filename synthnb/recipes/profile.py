"""What each column of a frame is taken for, shown before anything runs, so that a wrong guess costs one click.

A profile holds figures about columns and never a cell: levels that few rows hold are counted, not named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from synthnb._display import Shown
from synthnb._frames import to_pandas
from synthnb._random import resolve_seed
from synthnb.errors import shown
from synthnb.recipes.columns import guess_kind
from synthnb.recipes.infer import infer_recipe

if TYPE_CHECKING:
    import pandas as pd

    from synthnb._canonical import Json
    from synthnb.recipes.recipe import Column, Recipe

__all__ = ["SMALL_CELL", "Profile", "profile_frame"]

SMALL_CELL = 5
"""A level, or a combination of groups, that fewer rows hold is small: it can point to somebody."""


@dataclass(frozen=True, repr=False)
class Profile(Shown):
    """A frame's columns as they are understood, and the recipe that follows."""

    display_name: ClassVar[str] = "profile"

    recipe: Recipe
    """What is made if nothing is corrected."""
    columns: tuple[Mapping[str, Json], ...]
    """Per column ``name``, ``kind``, ``kinds`` (those it can be taken for), ``role``, ``dtype``, ``distinct``,
    ``missing`` (a share), ``small_cells`` (levels that fewer than `SMALL_CELL` rows hold) and ``flags`` (sentences)."""
    rows: int
    """Rows of the frame."""
    smallest_group: int | None
    """Rows in the smallest combination of groups that occurs; None without groups."""

    def to_dict(self) -> dict[str, Json]:
        """The profile as plain JSON types."""
        return {
            "schema": "synthnb.profile/1",
            "table": self.recipe.table,
            "rows": self.rows,
            "smallest_group": self.smallest_group,
            "columns": [dict(column) for column in self.columns],
            "recipe": self.recipe.to_dict(),
        }

    def __repr__(self) -> str:
        return f"<Profile {self.recipe.table[:60]!r}: {self.rows:,} rows × {len(self.columns)} columns>"


def profile_frame(
    frame: Any,
    *,
    name: str = "real",
    groups: Sequence[str] = (),
    overrides: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    seed: int | None = None,
) -> Profile:
    """Return what a frame's columns are taken for.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The real rows.
    name : str
        What the frame is called.
    groups : sequence of str
        Columns that declare subgroups.
    overrides, roles : mapping of str to str, optional
        Corrections: kinds and roles by column.
    seed : int, optional
        The recipe's seed.

    Raises
    ------
    FrameError
        The frame can't be used as it is.
    OptionError
        A correction names no column, or a kind that can't hold it.
    """
    inside, _ = to_pandas(frame, what=f"frame {shown(name)}")
    recipe = infer_recipe(
        inside,
        table=name,
        rows=len(inside),
        seed=resolve_seed(seed),
        groups=list(groups),
        overrides=dict(overrides or {}),
        roles=dict(roles or {}),
    )
    columns = tuple(_facts(inside[column.name], column) for column in recipe.columns)
    return Profile(recipe, columns, len(inside), _smallest(inside, recipe.groups))


def _facts(cells: pd.Series[Any], column: Column) -> dict[str, Json]:
    counts = cells.astype(object).map(repr).value_counts() if cells.dtype == object else cells.value_counts()
    counts = counts[counts > 0]
    missing = float(cells.isna().mean())
    few = int((counts < SMALL_CELL).sum()) if column.kind in {"category", "boolean"} else 0
    return {
        "name": column.name,
        "kind": column.kind,
        "kinds": _kinds(cells, column),
        "role": column.role or "",
        "dtype": column.dtype,
        "distinct": len(counts),
        "missing": round(missing, 4),
        "small_cells": few,
        "flags": _flags(column, int(cells.notna().sum()), len(counts), few),
    }


def _kinds(cells: pd.Series[Any], column: Column) -> list[str]:
    """Kinds the column can be taken for, the inferred one first."""
    inferred = guess_kind(cells).kind
    others = [] if inferred in {"empty", "constant", None} else ["category", "text"]
    others += ["identifier"] if inferred in {"text", "category", "integer", "identifier"} and column.kind != "constant" else []
    return list(dict.fromkeys(str(kind) for kind in (inferred or column.kind, column.kind, *others)))


def _flags(column: Column, present: int, distinct: int, few: int) -> list[str]:
    """What a person should look at."""
    flags = []
    if column.kind == "identifier":
        flags.append(f"names rows: made afresh as {column.pattern}" if column.pattern else "names rows: made afresh")
    elif column.kind == "text":
        flags.append(f"left out unless a model writes it: {column.why}")
    elif present and distinct == present and column.kind in {"integer", "category"}:
        flags.append("differs in every row: an identifier?")
    if few:
        flags.append(f"{few:,} small cells: levels that fewer than {SMALL_CELL} rows hold")
    return flags


def _smallest(frame: pd.DataFrame, groups: tuple[str, ...]) -> int | None:
    if not groups:
        return None
    return int(frame.groupby(list(groups), observed=True, dropna=False).size().min())
