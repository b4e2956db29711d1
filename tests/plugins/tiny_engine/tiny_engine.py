"""A third party's engine: each column drawn by itself from the real cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from synthnb._random import generator
from synthnb.engines.base import Drawn, State, Unit

if TYPE_CHECKING:
    import numpy as np


class Shuffle:
    """The engine ``shuffle``; ``shift`` is added to every number."""

    def __init__(self, *, shift: int = 0) -> None:
        self.shift = shift

    def fit(self, frame: pd.DataFrame, recipe: Any, *, seed: int, progress: Any = None) -> Shuffled:
        return Shuffled({column.name: frame[column.name].to_numpy() for column in recipe.columns}, self.shift)

    def restore(self, recipe: Any, state: State) -> Shuffled:
        return Shuffled(state.arrays, state.meta["shift"])


class Shuffled:
    """Real cells to draw from."""

    conditions: frozenset[str] = frozenset()
    account: Mapping[str, str] = {"method": "each column shuffled by itself"}

    def __init__(self, cells: dict[str, np.ndarray[Any, Any]], shift: int) -> None:
        self.cells, self.shift = cells, shift
        self.parameters = {"shift": shift}
        self.how = dict.fromkeys(cells, "drawn from the real cells")

    def draw(self, rows: np.ndarray[Any, Any], *, seed: int, unit: Unit, given: Any = None, where: Any = None) -> Drawn:
        made = {}
        for name, cells in self.cells.items():
            uniforms = generator(seed, "sample", "column", name, *unit).random(int(rows.max()) + 1)[rows]
            made[name] = cells[(uniforms * len(cells)).astype("i8")] + self.shift
        return Drawn(pd.DataFrame(made))

    def notes(self, counts: Mapping[str, int]) -> list[str]:
        return ["Columns are independent."]

    def to_state(self) -> State:
        return State({"shift": self.shift}, self.cells)
