"""One relation in one set of tables: parents, their children, and who belongs to whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthnb._random import generator
from synthnb.evaluation.base import Ceiling

if TYPE_CHECKING:
    from synthnb.evaluation._encode import Column, Table
    from synthnb.recipes.tables import Relation

__all__ = ["Integrity", "Link", "Linked", "look_up"]

Array = NDArray[Any]

_LEAST_HOLDOUT = 30


class Integrity(NamedTuple):
    """Whether the references of one set of tables can be followed, in rows."""

    parents: int
    """Rows of the parent's table."""
    bad_keys: int
    """Of these, rows whose key is missing or was there before."""
    children: int
    """Rows of the child's table."""
    missing: int
    """Of these, rows without a reference."""
    orphans: int
    """Of these, rows whose reference names no parent."""


@dataclass(frozen=True, eq=False)
class Linked:
    """One relation in one set of tables."""

    parents: Table
    """Columns of the parents, keys left out."""
    children: Table
    """Columns of the children, references left out."""
    owner: Array
    """For each child the number of its parent's row, or −1."""
    order: Array | None
    """What puts the children of one parent in order, as numbers; None if nothing does."""

    def take(self, parents: Array) -> Linked:
        """The parents of these numbers, with their children."""
        place = np.full(self.parents.rows + 1, -1)
        place[parents] = np.arange(len(parents))
        owner = place[self.owner]
        kept = owner >= 0
        return Linked(self.parents.take(parents), self.children.take(kept), owner[kept], None if self.order is None else self.order[kept])

    def sample(self, most: int, seed: int, *unit: str) -> Linked:
        """At most that many parents, drawn without replacement, with their children."""
        if self.parents.rows <= most:
            return self
        return self.take(np.sort(generator(seed, "parents", *unit).choice(self.parents.rows, most, replace=False)))

    @property
    def counts(self) -> Array:
        """How many children each parent has."""
        return np.bincount(self.owner[self.owner >= 0], minlength=self.parents.rows).astype(np.float64)

    def sums(self, values: Array) -> Array:
        """Sum over each parent's children; rows without a parent count for nothing."""
        here = self.owner >= 0
        return np.bincount(self.owner[here], weights=values[here], minlength=self.parents.rows)


@dataclass(frozen=True, eq=False, kw_only=True)
class Link:
    """One relation in the real and in the synthetic tables."""

    relation: Relation
    """Who refers to whom."""
    subject: tuple[str, ...]
    """Parent and child as a score names them; the child's column too, where two relations join the same tables."""
    parent_columns: tuple[Column, ...]
    """Columns of the parents that both have, keys left out."""
    child_columns: tuple[Column, ...]
    """Columns of the children that both have, references and what orders them left out."""
    real: Linked
    """The tables the generator saw."""
    synthetic: Linked
    """The tables it made."""
    holdout: Linked | None
    """Tables it never saw."""
    halves: tuple[Array, Array]
    """Numbers of the real parents in either half, whole families together."""
    integrity: tuple[Integrity, Integrity]
    """Of the real and of the synthetic tables."""
    temporal: bool = False
    """Whether the order is a time."""

    def real_pair(self) -> tuple[Linked, Linked, str]:
        """Real parents against other real parents: the hold-out's if they are enough, else two halves."""
        if self.holdout is not None and self.holdout.parents.rows >= _LEAST_HOLDOUT:
            return self.real, self.holdout, "hold-out"
        return self.real.take(self.halves[0]), self.real.take(self.halves[1]), "two halves of the real parents"

    def like_for_like(self, measure: Callable[[Linked, Linked], Array], *, seed: int, draws: int) -> Ceiling:
        """What real parents score against other real parents, and as many synthetic parents in their place.

        Whole parents are drawn, with their children: children of one parent are alike,
        so children drawn one by one would make a distance look smaller than it is.
        """
        one, other, against = self.real_pair()
        rows = min(other.parents.rows, self.synthetic.parents.rows)

        def mean(side: Linked, unit: str) -> Array:
            few = [side] if side.parents.rows == rows else [side.sample(rows, seed, str(self.relation), unit, str(i)) for i in range(draws)]
            made: Array = np.mean([measure(one, drawn) for drawn in few], axis=0)
            return made

        parameters = {"ceiling_from": against, "ceiling_rows": [one.parents.rows, rows], "ceiling_unit": "parents"}
        return Ceiling(mean(other, "real"), mean(self.synthetic, "synthetic"), parameters)


def look_up(keys: pd.Series[Any], references: pd.Series[Any]) -> tuple[Array, Integrity]:
    """For each reference the number of the first row with that key, or −1; and how many can't be followed.

    Numbers are equal however they are stored: a column with missing cells holds 7 as 7.0.
    """
    named = keys.notna().to_numpy()
    repeated = keys.duplicated().to_numpy()
    first = np.flatnonzero(named & ~repeated)
    given = np.flatnonzero(references.notna().to_numpy())
    owner = np.full(len(references), -1)
    found = _plain(keys.iloc[first]).get_indexer(_plain(references.iloc[given]))
    owner[given[found >= 0]] = first[found[found >= 0]]
    counts = Integrity(len(keys), len(keys) - len(first), len(references), len(references) - len(given), int((found < 0).sum()))
    return owner, counts


def _plain(cells: pd.Series[Any]) -> pd.Index[Any]:
    """Cells, none missing, such that equal values are equal however they are stored."""
    numeric = pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_bool_dtype(cells.dtype)
    if not numeric:
        plain: pd.Index[Any] = pd.Index(cells.astype(object), dtype=object)
        return plain
    numbers: pd.Index[Any] = pd.Index(cells.to_numpy(dtype=getattr(cells.dtype, "numpy_dtype", None)))
    return numbers
