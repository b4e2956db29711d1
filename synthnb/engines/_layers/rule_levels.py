"""Combinations as one column of their own, and columns that follow from others, looked up.

Both keep a *palette*: the distinct rows of the real table's own cells, in the columns' own types.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from typing_extensions import override

from synthnb._random import generator
from synthnb.engines._encoding.state import coders_from_state, coders_to_state
from synthnb.engines._encoding.table import encode_table
from synthnb.engines._layers.rule_steps import Step, Taken, fresh_name
from synthnb.engines.base import BLOCK, State
from synthnb.recipes.recipe import Column, Recipe
from synthnb.recipes.rules.broken import Key, Lookup, keys_of

if TYPE_CHECKING:
    from synthnb.engines.base import Unit
    from synthnb.recipes.recipe import Kind, Role

__all__ = ["Combined", "Followed", "take_combinations", "take_dependents"]

Array = np.ndarray[Any, Any]


def _palette_to_state(
    kind: str, palette: pd.DataFrame, columns: Sequence[Column], meta: Mapping[str, Any], arrays: Mapping[str, Array]
) -> State:
    table = encode_table(palette, Recipe(table="palette", rows=1, seed=0, columns=tuple(columns)))
    coders = coders_to_state(table.coders)
    found = {"step": kind, "columns": [column.model_dump(mode="json") for column in columns], **coders.meta, **meta}
    return State(found, {**coders.arrays, "states": table.states, "positions": table.positions, **arrays})


def _palette_from_state(state: State) -> tuple[pd.DataFrame, tuple[Column, ...]]:
    columns = tuple(Column.model_validate(column) for column in state.meta["columns"])
    coders = coders_from_state(columns, state)
    states, positions = state.arrays["states"], state.arrays["positions"]
    if states.shape != positions.shape or states.ndim != 2 or states.shape[1] != len(coders):
        raise ValueError("a palette's columns don't fit its rows")
    for coder, places in zip(coders, positions.T, strict=True):
        if len(places) and (places.min() < 0 or places.max() > max(coder.size - 1, 0)):
            raise ValueError("a palette holds places outside its levels")
    cells = {coder.column.name: coder.decode(states[:, j], positions[:, j]) for j, coder in enumerate(coders)}
    return pd.DataFrame(cells, columns=[column.name for column in columns]), columns


def _first_rows(keys: Sequence[Any]) -> dict[Any, int]:
    """Where each key first occurs, in order of appearance."""
    found: dict[Any, int] = {}
    for row, key in enumerate(keys):
        found.setdefault(key, row)
    return found


@dataclass(frozen=True)
class Combined(Step):
    """Columns that hold only known combinations, as one column of these."""

    name: str
    """What the engine sees."""
    labels: tuple[str, ...]
    """Its levels."""
    palette: pd.DataFrame
    """The combination of each level, in the columns' own types."""
    columns: tuple[Column, ...]
    """What these hold."""

    @property
    def how(self) -> Mapping[str, str]:
        """How each column is made."""
        return {column.name: f"drawn together, as one of {len(self.labels):,} combinations of the real rows" for column in self.columns}

    @cached_property
    def _places(self) -> dict[str, int]:
        return {label: place for place, label in enumerate(self.labels)}

    @override
    def rebuild(self, frame: pd.DataFrame, *, rows: Array, seed: int, unit: Unit) -> tuple[pd.DataFrame, Array]:
        """Put each row's combination back."""
        places = np.array([self._places.get(str(cell), -1) for cell in frame[self.name]], dtype="i8")
        found = self.palette.take(np.maximum(places, 0)).set_axis(frame.index)
        return pd.concat([frame.drop(columns=self.name), found], axis=1), places < 0

    def to_state(self) -> State:
        """The step as plain data."""
        return _palette_to_state("combined", self.palette, self.columns, {"name": self.name, "labels": list(self.labels)}, {})

    @classmethod
    def from_state(cls, state: State) -> Combined:
        """What `to_state` wrote."""
        palette, columns = _palette_from_state(state)
        labels = tuple(map(str, state.meta["labels"]))
        if len(labels) != len(palette):
            raise ValueError("combinations and their labels differ in number")
        return cls(str(state.meta["name"]), labels, palette, columns)


def take_combinations(frame: pd.DataFrame, columns: Sequence[Column], lookup: Lookup | None) -> Taken:
    """Replace columns by one that says which combination they hold.

    Parameters
    ----------
    frame : pandas.DataFrame
        The real rows.
    columns : sequence of Column
        The columns.
    lookup : mapping, optional
        The combinations allowed; rows with others, and no missing cell, aren't learnt.
    """
    names = [column.name for column in columns]
    keys = keys_of(frame, names)
    kept = np.array([lookup is None or None in key or key in lookup for key in keys], dtype=bool)
    first = _first_rows([key for key, keep in zip(keys, kept, strict=True) if keep])
    rows = np.flatnonzero(kept)[list(first.values())]
    labels = _labels(list(first))
    name = fresh_name(", ".join(names), list(frame.columns))
    texts = dict(zip(first, labels, strict=True))
    made = pd.Series([texts.get(key) for key in keys], name=name, dtype=object)
    role: Role | None = "group" if any(column.role == "group" for column in columns) else None
    kind: Kind = "category" if len(labels) != 1 else "constant"
    column = Column(name=name, kind=kind, dtype="object", levels=tuple(sorted(labels)), role=role)
    step = Combined(name, tuple(labels), frame.iloc[rows][names].reset_index(drop=True), tuple(columns))
    return Taken(step, kept, tuple(names), made.to_frame(), (column,))


def _labels(keys: Sequence[Key]) -> list[str]:
    """A readable text for each combination, told apart by a number where they read the same."""
    labels: dict[str, int] = {}
    for key in keys:
        labels[fresh_name(" · ".join("–" if cell is None else str(cell) for cell in key), labels)] = len(labels)
    return list(labels)


@dataclass(frozen=True)
class Followed(Step):
    """Columns that follow from others, looked up."""

    determinants: tuple[str, ...]
    """The columns that determine."""
    palette: pd.DataFrame
    """Determinants and dependents as they occur together."""
    weights: Array
    """How many real rows each stands for; counts among rows with the same determinants."""
    columns: tuple[Column, ...]
    """What the palette's columns hold."""

    @property
    def dependents(self) -> list[str]:
        """The columns that follow."""
        return [column.name for column in self.columns if column.name not in self.determinants]

    @property
    def how(self) -> Mapping[str, str]:
        """How each dependent is made."""
        return {name: f"looked up by {', '.join(self.determinants)}, as the real rows have it" for name in self.dependents}

    @cached_property
    def _entries(self) -> dict[Key, tuple[Array, Array]]:
        """Per value of the determinants, the palette's rows and their cumulated share."""
        rows: dict[Key, list[int]] = {}
        for row, key in enumerate(keys_of(self.palette, self.determinants)):
            rows.setdefault(key, []).append(row)
        return {key: (np.array(found), np.cumsum(self.weights[found]) / self.weights[found].sum()) for key, found in rows.items()}

    def rebuild(self, frame: pd.DataFrame, *, rows: Array, seed: int, unit: Unit) -> tuple[pd.DataFrame, Array]:
        """Look the dependents up; where a determinant is missing, draw them from the real rows that miss it too."""
        in_block = rows % BLOCK
        uniforms = generator(seed, "sample", "dependency", *self.determinants, *unit).random(int(in_block.max(initial=-1)) + 1)
        places = np.full(len(frame), -1)
        for i, key in enumerate(keys_of(frame, self.determinants)):
            found = self._entries.get(key)
            if found is not None:
                choice = np.searchsorted(found[1], uniforms[in_block[i]], side="right") if len(found[0]) > 1 else 0
                places[i] = found[0][min(int(choice), len(found[0]) - 1)]
        made = self.palette[self.dependents].take(np.maximum(places, 0)).set_axis(frame.index)
        return pd.concat([frame, made], axis=1), places < 0

    def to_state(self) -> State:
        """The step as plain data."""
        return _palette_to_state(
            "followed", self.palette, self.columns, {"determinants": list(self.determinants)}, {"weights": self.weights}
        )

    @classmethod
    def from_state(cls, state: State) -> Followed:
        """What `to_state` wrote."""
        palette, columns = _palette_from_state(state)
        weights = state.arrays["weights"]
        if weights.shape != (len(palette),) or (weights <= 0).any():
            raise ValueError("a lookup's weights don't fit its rows")
        return cls(tuple(map(str, state.meta["determinants"])), palette, weights, columns)


def take_dependents(frame: pd.DataFrame, determinants: Sequence[Column], dependents: Sequence[Column], lookup: Lookup) -> Taken:
    """Take columns off that follow from others.

    Parameters
    ----------
    frame : pandas.DataFrame
        The real rows; all are learnt.
    determinants, dependents : sequence of Column
        Which follow from which.
    lookup : mapping
        The dependents by the determinants, where none of these is missing.
    """
    known, followed = [column.name for column in determinants], [column.name for column in dependents]
    pairs = list(zip(keys_of(frame, known), keys_of(frame, followed), strict=True))
    counts = Counter(pair for pair in pairs if None in pair[0] or lookup.get(pair[0]) == pair[1])
    first = _first_rows(pairs)
    rows = [first[pair] for pair in counts]
    palette = frame.iloc[rows][[*known, *followed]].reset_index(drop=True)
    step = Followed(tuple(known), palette, np.array(list(counts.values()), dtype="i8"), (*determinants, *dependents))
    return Taken(step, np.ones(len(frame), dtype=bool), tuple(followed), frame[[]], ())
