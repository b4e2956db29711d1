"""All tables drawn, parents first, and put together with new keys and the references that follow from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb._random import generator
from synthnb.engines.base import Progress, no_progress
from synthnb.engines.relational.matching import assign, part_pairs
from synthnb.engines.sampling import Asked, draw_rows

if TYPE_CHECKING:
    from synthnb.engines.base import State
    from synthnb.engines.relational.fit import Further, TableModel
    from synthnb.recipes.tables import TablesRecipe

__all__ = ["FittedTables"]

Array = np.ndarray[Any, Any]

PARENTS = 8_192
"""Parents whose children are drawn together."""


@dataclass(frozen=True)
class _Drawn:
    """A table's rows while others are drawn."""

    frame: pd.DataFrame
    """What the table holds, and what its children are drawn given."""
    keys: pd.Series[Any] | None
    """Its keys."""


@dataclass(frozen=True)
class FittedTables:
    """Draws all tables."""

    recipe: TablesRecipe
    """What is made."""
    models: Mapping[str, TableModel]
    """The tables learnt, parents first."""
    kept: Mapping[str, pd.DataFrame]
    """The tables given back as they are."""

    def to_state(self) -> State:
        """Everything needed to draw again, as plain data."""
        from synthnb.engines.relational.state import tables_to_state

        return tables_to_state(self)

    @property
    def roots(self) -> list[str]:
        """The tables whose numbers of rows can be chosen."""
        return [name for name, model in self.models.items() if model.parent is None]

    def draw(
        self, rows: Mapping[str, int], *, seed: int, progress: Progress = no_progress
    ) -> tuple[dict[str, pd.DataFrame], dict[str, int], dict[str, int]]:
        """Return the tables, figures, and rows of root tables that couldn't be made, by reason.

        Parameters
        ----------
        rows : mapping of str to int
            How many rows each of `roots` is to have; those not named, as many as were learnt.
        seed : int
            The run's.
        progress : Progress
            Told of each table.
        """
        counts: Counter[str] = Counter()
        missing: Counter[str] = Counter()
        drawn: dict[str, _Drawn] = {}
        made: dict[str, pd.DataFrame] = {}
        for number, (name, model) in enumerate(self.models.items()):
            progress(number, len(self.models), f"drawing {name}")
            if model.parent is None:
                frame, figures, short = _roots(model, rows.get(name, model.rows), seed)
                missing.update(short)
                owner = np.zeros(0, dtype="i8")
            else:
                frame, owner, figures = _children(model, drawn[model.parent.parent].frame, seed, progress)
            counts.update({f"{name}.{figure}": count for figure, count in figures.items()})
            keys = None if model.key is None else model.key.make(0, len(frame), seed=seed)
            drawn[name] = _Drawn(_as_parent(model, frame, owner, drawn), keys)
            made[name], figures = _assembled(model, frame, owner, keys, drawn, seed)
            counts.update({f"{name}.{figure}": count for figure, count in figures.items()})
            counts[f"{name}.rows"] = len(frame)
        return made | dict(self.kept), dict(counts), dict(missing)


def _roots(model: TableModel, rows: int, seed: int) -> tuple[pd.DataFrame, dict[str, int], dict[str, int]]:
    if model.generator is None:
        return pd.DataFrame(index=range(rows)), {}, {}
    own = int(generator(seed, "sample", "table", model.name).integers(2**32))
    made = draw_rows(model.generator, Asked(rows=rows, seed=own))
    short = {f"table {model.name}: {reason}": count for reason, count in made.missing.items()}
    return made.frame, made.counts, short


def _children(model: TableModel, parents: pd.DataFrame, seed: int, progress: Progress) -> tuple[pd.DataFrame, Array, dict[str, int]]:
    """Rows of a table with a parent, family by family; at the end those without one."""
    assert model.family is not None
    assert model.parent is not None
    sizes = parents[_size_column(model, parents)].to_numpy(dtype="i8")
    frames, owners, counts = [], [], Counter[str]()
    for start in range(0, len(parents), PARENTS):
        progress(start, len(parents), f"drawing {model.name}")
        piece = slice(start, start + PARENTS)
        context = parents.iloc[piece].reset_index(drop=True)
        frame, owner, figures = model.family.draw(context, sizes[piece], seed=seed, unit=(model.name, start // PARENTS))
        frames.append(frame)
        owners.append(owner + start)
        counts.update(figures)
    alone = round(model.missing / max(1.0 - model.missing, 1e-9) * sum(map(len, owners)))
    for start in range(0, alone, PARENTS):
        size = min(PARENTS, alone - start)
        whose = generator(seed, "sample", "alone", model.name, start).integers(len(parents), size=size)
        context = parents.iloc[np.sort(whose)].reset_index(drop=True)
        frame, _, figures = model.family.draw(context, np.ones(size, dtype="i8"), seed=seed, unit=(model.name, "alone", start // PARENTS))
        frames.append(frame)
        owners.append(np.full(len(frame), -1))
        counts.update(figures)
    whole = [frame for frame in frames if len(frame)] or frames[:1]
    return pd.concat(whole, ignore_index=True), np.concatenate(owners), dict(counts)


def _size_column(model: TableModel, parents: pd.DataFrame) -> str:
    assert model.parent is not None
    start = f"rows in {model.name} by {model.parent.column}"
    return next(str(name) for name in parents.columns if str(name).startswith(start))


def _as_parent(model: TableModel, frame: pd.DataFrame, owner: Array, drawn: Mapping[str, _Drawn]) -> pd.DataFrame:
    """A table's rows with the columns of its own parent that its children see."""
    if model.parent is None or not model.sizes:
        return frame
    above = drawn[model.parent.parent].frame[list(model.inherited)].iloc[np.maximum(owner, 0)].reset_index(drop=True)
    seen = {label: above[source].where(pd.Series(owner >= 0)) for source, label in model.inherited.items()}
    return pd.concat([frame, pd.DataFrame(seen, index=frame.index)], axis=1)


def _assembled(
    model: TableModel, frame: pd.DataFrame, owner: Array, keys: pd.Series[Any] | None, drawn: Mapping[str, _Drawn], seed: int
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The table as it comes out: own columns, keys and references, in the real order."""
    columns: dict[str, Any] = {column.name: frame[column.name] for column in model.recipe.columns if column.name in frame}
    counts: dict[str, int] = {}
    if model.parent is not None:
        columns[model.parent.column] = _named(drawn[model.parent.parent].keys, owner, model.dtypes[model.parent.column])
    for further in model.further:
        parent, figures = _assigned(model, further, frame, owner, drawn[further.relation.parent].frame, seed)
        counts |= figures
        columns[further.relation.column] = _named(drawn[further.relation.parent].keys, parent, model.dtypes[further.relation.column])
    if model.key is not None and keys is not None:
        columns[model.key.name] = keys
    names = [column.name for column in model.recipe.columns if column.name in columns]
    return pd.DataFrame({name: columns[name] for name in names}, index=range(len(frame))), counts


def _named(keys: pd.Series[Any] | None, parent: Array, dtype: Any) -> pd.Series[Any]:
    """References to rows by their keys, in the reference's own storage type."""
    assert keys is not None
    cells = keys.astype(object).iloc[np.maximum(parent, 0)].reset_index(drop=True)
    gone = pd.Series(parent < 0)
    plain: Any = object if isinstance(dtype, pd.CategoricalDtype) else dtype
    if not gone.any():
        return cells.astype(plain)
    if isinstance(plain, np.dtype) and plain.kind in "iu":  # orphans became missing, which these can't hold
        plain = f"{'U' if plain.kind == 'u' else ''}Int{8 * plain.itemsize}"
    return cells.mask(gone, None).astype(plain)


def _assigned(
    model: TableModel, further: Further, frame: pd.DataFrame, owner: Array, parents: pd.DataFrame, seed: int
) -> tuple[Array, dict[str, int]]:
    """Which row of a further parent each row names, -1 for none."""
    here = frame[further.here].to_numpy(dtype=bool) if further.here else np.ones(len(frame), dtype=bool)
    rows = np.flatnonzero(here)
    found = np.full(len(frame), -1)
    if not len(rows) or not len(parents):
        return found, {}
    goes_on = frame[further.same].to_numpy(dtype=bool)[rows] & (owner[rows] == np.r_[-2, owner[rows][:-1]]) & (owner[rows] >= 0)
    if further.distinct:
        goes_on &= False
    first = np.flatnonzero(~goes_on)
    run = np.cumsum(~goes_on) - 1
    wanted = pd.DataFrame({source: frame[label].iloc[rows[first]].reset_index(drop=True) for source, label in further.features.items()})
    size = next(str(name) for name in parents.columns if str(name).startswith(f"rows in {model.name} by {further.relation.column}"))
    chosen = assign(
        wanted if further.features else pd.DataFrame(index=range(len(first))),
        parents,
        further.columns,
        weights=np.bincount(run),
        degrees=parents[size].to_numpy(dtype="i8"),
        seed=seed,
        table=f"{model.name}.{further.relation.column}",
    )
    if not further.distinct:
        found[rows] = chosen[run]
        return found, {}
    found[rows], left = part_pairs(owner[rows], chosen[run], seed=seed, table=model.name)
    return found, {f"pairs_repeated_by_{further.relation.column}": left} if left else {}
