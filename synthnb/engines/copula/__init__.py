"""Gaussian copula with empirical margins: for small tables of numbers.

Each column is turned into a standard normal by its own distribution in the table, the normals'
correlation is estimated, and rows are drawn by going back: correlated normals, then each
column's own values, moved between their neighbours, so that no real number need be repeated.
(Nelsen 2006, "An Introduction to Copulas"; Cario & Nelson 1997 on drawing with given margins.)

What it keeps: every column's distribution, and for every pair of columns one number. What it
can't: a relation that isn't rising or falling throughout, one that holds only within a subgroup, a
rule. An unordered category has its levels put in one order, and goes with other columns along it only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from typing_extensions import override

from synthnb._random import generator
from synthnb.engines._admissible import admissible_parts
from synthnb.engines._copies import ATTEMPTS, COPIES, CopyCheck, on_copies
from synthnb.engines._encoding.table import ORDINARY, Coder, Encoded, encode_table
from synthnb.engines._truncated import CANDIDATES, SWEEPS, Limits, draw_limited, uniforms_needed
from synthnb.engines.base import BLOCK, Drawn, Engine, Progress, State, no_progress
from synthnb.engines.copula.latents import Dimension, Latents, frame_of, latents_from_state, latents_to_state, learn_latents
from synthnb.errors import FrameError, RecordError, reason, shown

if TYPE_CHECKING:
    import pandas as pd

    from synthnb._canonical import Json
    from synthnb.engines.base import Unit
    from synthnb.recipes.conditions import Condition, Conditions
    from synthnb.recipes.recipe import Recipe

__all__ = ["MINIMUM_ROWS", "Copula", "FittedCopula"]

Array = np.ndarray[Any, Any]

MINIMUM_ROWS = 20
"""Fewest rows to learn from."""

_STRONG = 0.3
_MUCH = 0.1
_ACCOUNT = {
    "method": "Gaussian copula with empirical margins: each column keeps its own distribution, and pairs of columns go together as "
    "correlated normals do; numbers that few rows share are moved between their neighbours",
    "missing_data": "whether a cell is missing is drawn together with the values, as one more correlated normal for each group of columns "
    "that are missing in the same rows; no real row's pattern of missing cells is taken as a whole, and nothing is imputed",
    "record_links": "none; a row is drawn from the model, not derived from one source row",
    "copies": COPIES,
}


class Copula(Engine):
    """The engine ``copula``. It takes no options."""

    @override
    def fit(self, frame: pd.DataFrame | None, recipe: Recipe, *, seed: int, progress: Progress = no_progress) -> FittedCopula:
        """Learn a frame.

        Raises
        ------
        FrameError
            No frame, or fewer than `MINIMUM_ROWS` rows.
        """
        if frame is None or len(frame) < MINIMUM_ROWS:
            rows = "no table" if frame is None else f"{len(frame)} rows"
            raise FrameError(
                f"A copula needs a table of at least {MINIMUM_ROWS} rows, so that correlations mean anything; got {rows}.", fix="Add rows."
            )
        progress(0, 2, "finding correlations")
        table = encode_table(frame, recipe)
        latents, figures = learn_latents(table)
        progress(1, 2, "finding correlations")
        return FittedCopula(latents, CopyCheck(table), figures, table.rows)

    def restore(self, recipe: Recipe, state: State) -> FittedCopula:
        """Return what `FittedCopula.to_state` kept.

        Raises
        ------
        RecordError
            The state isn't one of this engine's.
        """
        latents = latents_from_state(recipe.columns, state)
        try:
            figures = {name: float(state.meta["figures"][name]) for name in ("shrinkage", "repaired")}
            copies = CopyCheck.restore(latents.coders, state.arrays["uncommon"])
            return FittedCopula(latents, copies, figures, int(state.meta["rows"]))
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(
                f"The state of a fitted copula was expected; this isn't one: {reason(error)}.",
                fix="Save the generator again, or fit it anew.",
            ) from error


@dataclass(frozen=True)
class FittedCopula:
    """A copula that has learnt a frame."""

    latents: Latents
    """The normals behind the columns."""
    copies: CopyCheck
    """Tells rows that equal a real row that occurs once."""
    figures: Mapping[str, float]
    """``shrinkage``: how far correlations were drawn towards 0, on average; ``repaired``: the largest change that made them consistent."""
    rows: int
    """How many rows were learnt."""

    @property
    def parameters(self) -> Mapping[str, Json]:
        """Size, shrinkage and repair of the correlation matrix, and how conditions are met."""
        return {
            "rows": self.rows,
            "dimensions": len(self.latents.dimensions),
            **self.figures,
            "candidates": CANDIDATES,
            "sweeps": SWEEPS,
            "block": BLOCK,
            "copy_attempts": ATTEMPTS,
        }

    @property
    def how(self) -> Mapping[str, str]:
        """How each column was made, by name."""
        return {coder.column.name: _how(coder) for coder in self.latents.coders}

    @property
    def account(self) -> Mapping[str, str]:
        """What a copula does, in the disclosure's words."""
        return _ACCOUNT

    @property
    def conditions(self) -> frozenset[str]:
        """What `draw` can honour by itself: any fixed columns, and conditions on one column each."""
        return frozenset({"given", "where"})

    def draw(self, rows: Array, *, seed: int, unit: Unit, given: pd.DataFrame | None = None, where: Conditions | None = None) -> Drawn:
        """Draw some rows of one block; those that equal an uncommon real row are drawn again a few times.

        Fixed cells and conditions on one column become limits for the normals, which are drawn within them.
        Conditions that tie several columns together aren't looked at here.

        Raises
        ------
        FrameError
            A fixed cell is a level that the real rows don't hold.
        """
        fixed = self._encoded(given)
        limits, impossible = self._limits(fixed, where, len(rows))
        states, positions = self._cells(rows, limits, fixed, seed, unit)

        def again(some: Array, attempt: Unit) -> tuple[Array, Array, Array]:
            bounds = {k: Limits(limit.low[some], limit.high[some]) for k, limit in limits.items()}
            cells = {j: Encoded(found.states[some], found.positions[some]) for j, found in fixed.items()}
            return *self._cells(rows[some], bounds, cells, seed, (*unit, *attempt)), np.zeros(len(some), dtype=bool)

        counts = self.copies.redraw(states, positions, np.zeros(len(rows), dtype=bool), again)
        frame = frame_of(self.latents.coders, states, positions)
        if given is not None:
            frame = frame.assign(**{str(name): given[name].array for name in given})
        return Drawn(frame, counts, self._short(frame, where, impossible))

    def _encoded(self, given: pd.DataFrame | None) -> dict[int, Encoded]:
        if given is None:
            return {}
        return {j: coder.encode(given[coder.column.name]) for j, coder in enumerate(self.latents.coders) if coder.column.name in given}

    def _cells(self, rows: Array, limits: Mapping[int, Limits], fixed: Mapping[int, Encoded], seed: int, unit: Unit) -> tuple[Array, Array]:
        """States and positions of rows."""
        spots, wide = int(rows.max(initial=-1)) + 1, len(self.latents.dimensions)
        normals = generator(seed, "sample", "normals", *unit).standard_normal((spots, wide))[rows]
        if limits and len(rows):
            needed = uniforms_needed(len(limits))
            uniforms = generator(seed, "sample", "limits", *unit).random((spots, needed))[rows]
            z = draw_limited(self.latents.correlation, limits, uniforms, normals)
        else:
            z = normals @ self.latents.root.T
        states, positions = self.latents.cells(z)
        for j, found in fixed.items():
            states[:, j], positions[:, j] = found.states, found.positions
        return states, positions

    def _limits(self, fixed: Mapping[int, Encoded], where: Conditions | None, rows: int) -> tuple[dict[int, Limits], bool]:
        """Limits by dimension, and whether a condition can't be met at all."""
        limits = self.latents.limits_of(fixed)
        impossible = False
        for name, condition in (where.by_column if where else {}).items():
            column = next((j for j, coder in enumerate(self.latents.coders) if coder.column.name == name), None)
            if column is None or column in fixed:
                continue
            found = self._admitted(column, condition)
            impossible |= found is None
            for k, (low, high) in (found or {}).items():
                limits.setdefault(k, Limits(np.tile(low, (rows, 1)), np.tile(high, (rows, 1))))
        return limits, impossible

    def _admitted(self, column: int, condition: Condition) -> dict[int, tuple[Array, Array]] | None:
        """Intervals of the column's normals that a condition admits, by dimension; None if nothing is.

        Where missing cells and values are both admitted, nothing is limited: the rows are looked at when they are drawn.
        """
        coder = self.latents.coders[column]
        of_states, of_values = self._dimensions_of(column)
        held = of_states[1].states if of_states else self.latents.fixed[column : column + 1]
        assert held is not None
        admitted = {int(state) for state in held if state != ORDINARY and _admits(coder, condition, state, np.zeros(1))[0]}
        values = _admitted_values(coder, condition, of_values[1] if of_values else None) if ORDINARY in held and coder.size else None
        if values is not None and admitted:
            return {}
        if values is not None:
            admitted = {ORDINARY}
        if not admitted:
            return None
        found = {}
        if of_states:
            places = np.flatnonzero(np.isin(held, list(admitted)))
            found[of_states[0]] = of_states[1].margin.pieces(places)
        if values is not None and of_values:
            found[of_values[0]] = values
        return found

    def _dimensions_of(self, column: int) -> tuple[tuple[int, Dimension] | None, tuple[int, Dimension] | None]:
        """The dimensions that decide a column's state and its value."""
        found: list[tuple[int, Dimension] | None] = [None, None]
        for k, dimension in enumerate(self.latents.dimensions):
            if column in dimension.columns:
                found[dimension.states is None] = (k, dimension)
        return found[0], found[1]

    def _short(self, frame: pd.DataFrame, where: Conditions | None, impossible: bool) -> Array | None:
        """Rows that don't meet a condition on one of the columns made here."""
        if where is None:
            return None
        short = np.full(len(frame), impossible)
        for name, condition in where.by_column.items():
            if name in frame:
                short |= ~condition.admits(frame[name])
        return short

    def notes(self, counts: Mapping[str, int]) -> list[str]:
        """Sentences the reader of the run should see."""
        return [*on_copies(counts), *_on_figures(self.figures, self.rows), *_on_columns(self.latents.coders, self.rows)]

    def to_state(self) -> State:
        """Everything needed to draw again, as plain data."""
        state = latents_to_state(self.latents)
        return State({**state.meta, "figures": dict(self.figures), "rows": self.rows}, {**state.arrays, "uncommon": self.copies.uncommon})


def _admits(coder: Coder, condition: Condition, state: int, positions: Array) -> Array:
    return condition.admits(coder.decode(np.full(len(positions), state, dtype="i1"), positions))


def _admitted_values(coder: Coder, condition: Condition, dimension: Dimension | None) -> tuple[Array, Array] | None:
    """Intervals of the normal on which the values are admitted; None if none is."""
    if dimension is None:
        return (np.array([-np.inf]), np.array([np.inf])) if _admits(coder, condition, ORDINARY, np.zeros(1))[0] else None
    margin = dimension.margin
    if margin.knots is None:
        inside = _admits(coder, condition, ORDINARY, margin.order.astype("f8"))
        low, high = margin.pieces(margin.order[inside])
        joined = np.flatnonzero(np.diff(np.flatnonzero(inside)) > 1)
        return (low[np.append(0, joined + 1)], high[np.append(joined, len(high) - 1)]) if inside.any() else None
    parts = admissible_parts(lambda u: _admits(coder, condition, ORDINARY, margin.at(u)), margin.knots)
    return margin.normals(parts.low, parts.high) if len(parts.low) else None


def _on_figures(figures: Mapping[str, float], rows: int) -> list[str]:
    notes = []
    if figures["shrinkage"] > _STRONG:
        notes.append(
            f"With {rows:,} rows the correlations are uncertain; they were drawn towards 0, by {figures['shrinkage']:.0%} on average. "
            "Columns go together less in the rows made than in the real ones."
        )
    if figures["repaired"] > _MUCH:
        notes.append(
            f"The correlations found pair by pair don't fit together; they were replaced by the nearest that do, which changed one by "
            f"{figures['repaired']:.2f}. Missing cells, or a column that others decide, are the usual reasons."
        )
    return notes


def _on_columns(coders: tuple[Coder, ...], rows: int) -> list[str]:
    """What a copula can't carry, and what may point to somebody."""
    notes = []
    for coder in coders:
        name, alone = shown(coder.column.name), int(((coder.counts == 1) & coder.kept).sum())
        if coder.column.kind == "category" and not coder.ordered and coder.size > 2:
            notes.append(
                f"Column {name} is a category without an order; its {coder.size:,} levels were put in the one that goes best with the "
                "other columns, and it goes with them along that order only."
            )
        if coder.column.kind in {"category", "integer", "real"} and coder.size > 1 and alone:
            notes.append(
                f"Column {name} has {alone:,} values that one real row each holds; they may be drawn as they are. "
                "Merge, round or cap them if one could point to somebody."
            )
        if coder.column.kind == "integer" and coder.size == rows:
            notes.append(
                f"Column {name} has a different whole number in each row, as an identifier has; "
                "it was made as a number. Drop it if it identifies."
            )
    return notes


def _how(coder: Coder) -> str:
    """How a column is made, in a few words."""
    if coder.size == 0:
        return "all missing, as in the real table"
    if coder.size == 1:
        return "the one value of the real table"
    if bool(coder.kept.all()):
        return "drawn from the real table's values by a Gaussian copula"
    if coder.kept.any():
        return "drawn by a Gaussian copula; common values as they are, others moved between their neighbours"
    return "drawn by a Gaussian copula between neighbouring values"
