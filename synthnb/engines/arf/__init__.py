"""Adversarial random forests: a density from leaves in which columns no longer depend on one another.

Watson, Blesch, Kapar and Wright (2023), "Adversarial random forests for density estimation and
generative modeling", AISTATS, arXiv:2205.09435, is the method's source. A row is made by drawing a
leaf and then each column by itself within it. No column comes before another, so any of them
can be fixed or restricted: leaves are then weighted by how likely the fixed cells are in them.

Leaf size is the privacy dial; it is tuned as for `trees`. A leaf knows in which band of at least
five neighbouring values its rows lie, not where; a row that comes out equal to a real row
that occurs once is drawn again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from synthnb._random import generator
from synthnb.engines._copies import ATTEMPTS, COPIES, CopyCheck, on_copies
from synthnb.engines._encoding.state import coders_from_state, coders_to_state
from synthnb.engines._encoding.table import MINUS_INFINITY, MISSING, ORDINARY, PLUS_INFINITY, Coder, encode_table
from synthnb.engines._nearness import SMALLEST_LEAF
from synthnb.engines.arf.densities import Densities, Restriction, densities_from_state, fill
from synthnb.engines.arf.forest import grow_forest
from synthnb.engines.arf.tuning import Tried, choose_forest_leaf
from synthnb.engines.base import BLOCK, Drawn, Progress, State, no_progress
from synthnb.errors import FrameError, OptionError, RecordError, reason, shown

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.base import Unit
    from synthnb.recipes.conditions import Conditions
    from synthnb.recipes.recipe import Recipe

__all__ = ["MINIMUM_ROWS", "Arf", "FittedArf"]

Array = np.ndarray[Any, Any]

MINIMUM_ROWS = 4 * SMALLEST_LEAF
"""Fewest rows to learn from: two leaves in each half."""

_TREES = 30
_MOST_TREES = 500
_DAMAGED = "The file is damaged or was changed: save the generator again, or fit it anew."
_ACCOUNT = {
    "method": "an adversarial random forest: trees split the rows until columns no longer depend on one another within a leaf; "
    "a leaf is drawn by its share of rows, then each column by itself within it, numbers that few rows share being spread over "
    "bands of neighbouring values",
    "missing_data": "a cell is missing as often as in the leaf its row was drawn in; nothing is imputed",
    "record_links": "none; a row is drawn from the model, not derived from one source row",
    "copies": COPIES,
}


class Arf:
    """The engine ``arf``.

    Parameters
    ----------
    leaf : int, optional
        Fewest rows in a leaf; tuned on a hold-out by default.
    trees : int
        How many trees the forest has, from 1 to 500.
    """

    def __init__(self, *, leaf: int | None = None, trees: int = _TREES) -> None:
        if leaf is not None and not _whole(leaf, SMALLEST_LEAF):
            raise OptionError(
                f"A leaf needs at least {SMALLEST_LEAF} rows, so that no value stands for one row; got {shown(leaf)}.",
                fix="Leave it out to have it tuned.",
            )
        if not _whole(trees, 1, _MOST_TREES):
            raise OptionError(f"A forest has from 1 to {_MOST_TREES} trees; got {shown(trees)}.", fix=f"Leave it out for {_TREES}.")
        self._leaf = leaf
        self._trees = trees

    def fit(self, frame: pd.DataFrame | None, recipe: Recipe, *, seed: int, progress: Progress = no_progress) -> FittedArf:
        """Learn a frame.

        Raises
        ------
        FrameError
            No frame, or fewer than `MINIMUM_ROWS` rows.
        """
        if frame is None or len(frame) < MINIMUM_ROWS:
            raise FrameError(
                f"A forest needs at least {MINIMUM_ROWS} rows, so that each value is drawn from {SMALLEST_LEAF} or more "
                f"and half the rows can be held out; got {'none' if frame is None else len(frame)}.",
                fix="Add rows; with so few, any synthetic table would repeat them.",
            )
        table = encode_table(frame, recipe)
        leaf, trials = self._leaf, list[Tried]()
        if leaf is None:
            leaf, trials = choose_forest_leaf(table, trees=self._trees, seed=seed, progress=_phase(progress, "tuning"))
        forest = grow_forest(table, leaf=leaf, trees=self._trees, seed=seed, progress=_phase(progress, "fitting"))
        growth = Growth(leaf, self._trees, table.rows, forest.accuracies, tuple(trials))
        return FittedArf(fill(table, forest), CopyCheck(table), growth)

    def restore(self, recipe: Recipe, state: State) -> FittedArf:
        """Return what `FittedArf.to_state` kept.

        Raises
        ------
        RecordError
            The state isn't one of this engine's.
        """
        coders = coders_from_state(recipe.columns, state)
        densities = densities_from_state(coders, state)
        try:
            growth = Growth.from_dict(state.meta["growth"])
            copies = CopyCheck.restore(coders, state.arrays["uncommon"])
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(f"The state of a fitted forest was expected; this isn't one: {reason(error)}.", fix=_DAMAGED) from error
        return FittedArf(densities, copies, growth)


def _whole(value: Any, least: int, most: float = np.inf) -> bool:
    """Whether an option is a whole number within limits."""
    return hasattr(value, "__index__") and not isinstance(value, bool) and least <= value <= most


def _phase(progress: Progress, name: str) -> Progress:
    return lambda done, total, what: progress(done, total, f"{name} {what}")


@dataclass(frozen=True)
class Growth:
    """How a forest was grown."""

    leaf: int
    """Fewest rows in a leaf."""
    trees: int
    """How many trees."""
    rows: int
    """How many rows were learnt."""
    accuracies: tuple[float, ...]
    """By round, the share of held-out rows told correctly."""
    trials: tuple[Tried, ...]
    """Leaf sizes tried; empty if it was given."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Growth:
        """Build it from the mapping that `dataclasses.asdict` gives."""
        trials = tuple(Tried(int(t["leaf"]), float(t["share"]), float(t["limit"]), int(t["n"])) for t in data["trials"])
        return cls(int(data["leaf"]), int(data["trees"]), int(data["rows"]), tuple(map(float, data["accuracies"])), trials)


class _Known(NamedTuple):
    """Cells fixed from outside."""

    states: Array
    positions: Array
    columns: tuple[int, ...]

    def rows(self, index: Array) -> _Known:
        return _Known(self.states[index], self.positions[index], self.columns) if self.columns else self


@dataclass(frozen=True)
class FittedArf:
    """A forest that has learnt a frame."""

    densities: Densities
    """Its leaves."""
    copies: CopyCheck
    """Tells rows that equal a real row that occurs once."""
    growth: Growth
    """How it was grown."""

    @property
    def parameters(self) -> Mapping[str, Json]:
        """Leaf size, what was tried, and how the rounds went."""
        growth = self.growth
        return {
            "leaf": growth.leaf,
            "leaf_tuned": bool(growth.trials),
            "leaf_trials": [trial.to_dict() for trial in growth.trials],
            "trees": growth.trees,
            "leaves": len(self.densities.sizes),
            "round_accuracies": [round(accuracy, 4) for accuracy in growth.accuracies],
            "block": BLOCK,
            "copy_attempts": ATTEMPTS,
        }

    @property
    def how(self) -> Mapping[str, str]:
        """How each column was made, by name."""
        return {coder.column.name: _how(coder) for coder in self.densities.coders}

    @property
    def account(self) -> Mapping[str, str]:
        """What the forest does, in the disclosure's words."""
        return _ACCOUNT

    @property
    def conditions(self) -> frozenset[str]:
        """What `draw` can honour by itself."""
        return frozenset({"given", "where"})

    def draw(self, rows: Array, *, seed: int, unit: Unit, given: pd.DataFrame | None = None, where: Conditions | None = None) -> Drawn:
        """Draw some rows of one block; those that equal an uncommon real row are drawn again a few times.

        Fixed cells weight the leaves: leaf *l* of *n_l* rows is drawn with probability in proportion to
        *n_l* ∏ p_l(x_j) over the fixed cells, where p_l(x_j) is the probability of x_j's cell in the leaf
        (`synthnb.engines.arf.densities.Column.log_likelihood`). Conditions on single columns weight
        it by the admissible share of its rows, and cells are drawn among what is admissible. A condition
        that ties columns together is looked at afterwards.

        Raises
        ------
        FrameError
            A fixed cell is of a level that the column doesn't hold, or of another type.
        """
        known = self._known(given)
        within = self._restrictions(where, known)
        extra, none = self._extra(within)
        if none:
            within, extra = {}, None
        states, positions = self._rows(rows, seed, unit, known, within, extra)

        def again(some: Array, attempt: Unit) -> tuple[Array, Array, Array]:
            return *self._rows(rows[some], seed, (*unit, *attempt), known.rows(some), within, extra), np.zeros(len(some), dtype=bool)

        counts = self.copies.redraw(states, positions, np.zeros(len(rows), dtype=bool), again)
        frame = self._decode(states, positions, given)
        short = None if where is None else ~where.mask(frame) if set(where.names) <= set(frame) else np.full(len(rows), none)
        return Drawn(frame, counts, short)

    def density(self, frame: pd.DataFrame) -> Array:
        """Return the log density of each row.

        Parameters
        ----------
        frame : pandas.DataFrame
            All columns that were learnt.

        Returns
        -------
        ndarray of float64, shape (rows,)
            log ∑_l w_l ∏_j p_l(c_j) q_j(x_j): w_l is leaf l's share of rows over all trees, p_l(c_j) the
            probability of the cell that x_j falls into (drawn towards the whole table's, so that it is never 0;
            see `synthnb.engines.arf.densities.Column.log_likelihood`), and q_j(x_j) the whole column's density
            within the cell. The base measure counts levels, common values, missing and infinite cells one by
            one; for other numbers it is the column's grid if they have one (each step counts one) and length
            if they don't. A number beyond the least or largest is taken as that one.

        Raises
        ------
        FrameError
            A column is missing; a level that the column doesn't hold, or a cell of another type.
        """
        coded = [coder.encode(_column(frame, coder)) for coder in self.densities.coders]
        return self.densities.log_density(
            np.column_stack([states for states, _ in coded]), np.column_stack([positions for _, positions in coded])
        )

    def notes(self, counts: Mapping[str, int]) -> list[str]:
        """Sentences the reader of the run should see."""
        return [*on_copies(counts), *_on_tuning(self.growth.trials), *_on_levels(self.densities.coders)]

    def to_state(self) -> State:
        """Everything needed to draw again, as plain data."""
        coders, leaves = coders_to_state(self.densities.coders), self.densities.to_state()
        return State(
            {**coders.meta, **leaves.meta, "growth": asdict(self.growth)},
            {**coders.arrays, **leaves.arrays, "uncommon": self.copies.uncommon},
        )

    def _known(self, given: pd.DataFrame | None) -> _Known:
        coders = self.densities.coders
        width = len(coders)
        if given is None:
            return _Known(np.zeros((0, width), dtype="i1"), np.zeros((0, width)), ())
        states, positions = np.zeros((len(given), width), dtype="i1"), np.zeros((len(given), width))
        columns = tuple(j for j, coder in enumerate(coders) if coder.column.name in given)
        for j in columns:
            states[:, j], positions[:, j] = coders[j].encode(given[coders[j].column.name])
        return _Known(states, positions, columns)

    def _restrictions(self, where: Conditions | None, known: _Known) -> dict[int, Restriction]:
        """What the conditions leave of each column that isn't fixed."""
        found = {}
        for j, coder in enumerate(self.densities.coders):
            condition = None if where is None else where.by_column.get(coder.column.name)
            if condition is None or j in known.columns:
                continue
            admitted = condition.admits(_every_cell(coder))
            states = np.zeros(3, dtype=bool)
            states[np.array(_states(coder), dtype="i8") - 1] = admitted[coder.size :]
            found[j] = Restriction(self.densities.columns[j], admitted[: coder.size], states)
        return found

    def _extra(self, within: Mapping[int, Restriction]) -> tuple[Array | None, bool]:
        """Log of the admissible share of each leaf, and whether no leaf has any."""
        if not within:
            return None, False
        with np.errstate(divide="ignore"):
            logs = sum((np.log(limit.mass(self.densities.columns[j])) for j, limit in within.items()), np.zeros(len(self.densities.sizes)))
        return logs, not np.isfinite(logs).any()

    def _rows(
        self, rows: Array, seed: int, unit: Unit, known: _Known, within: Mapping[int, Restriction], extra: Array | None
    ) -> tuple[Array, Array]:
        """States and positions; each column's draws have a generator of their own, so no row depends on which others are drawn."""
        densities = self.densities
        if not len(rows):
            return np.zeros((0, len(densities.columns)), dtype="i1"), np.zeros((0, len(densities.columns)))
        spots = int(rows.max()) + 1
        chance = generator(seed, "sample", "leaf", *unit).random(spots)[rows]
        leaves = self._leaves(chance, known, extra)
        states, positions = np.zeros((len(rows), len(densities.columns)), dtype="i1"), np.zeros((len(rows), len(densities.columns)))
        for j, column in enumerate(densities.columns):
            if j in known.columns:
                states[:, j], positions[:, j] = known.states[:, j], known.positions[:, j]
                continue
            uniforms = generator(seed, "sample", "column", column.cells.coder.column.name, *unit).random((spots, 2))[rows]
            states[:, j], positions[:, j] = column.draw(leaves, uniforms, within.get(j))
        return states, positions

    def _leaves(self, chance: Array, known: _Known, extra: Array | None) -> Array:
        if not known.columns:
            return self.densities.any_leaves(chance, extra)
        codes = self.densities.codes(known.states, known.positions)
        fixed = np.zeros(codes.shape, dtype=bool)
        fixed[:, list(known.columns)] = True
        return self.densities.leaves(chance, codes, fixed, extra)

    def _decode(self, states: Array, positions: Array, given: pd.DataFrame | None) -> pd.DataFrame:
        """The cells; those given as they were given."""
        fixed = {} if given is None else {str(name): given[name].reset_index(drop=True) for name in given}
        names = [coder.column.name for coder in self.densities.coders]
        made = {
            name: fixed[name] if name in fixed else coder.decode(states[:, j], positions[:, j])
            for j, (name, coder) in enumerate(zip(names, self.densities.coders, strict=True))
        }
        return pd.DataFrame(made)


def _column(frame: pd.DataFrame, coder: Coder) -> pd.Series[Any]:
    name = coder.column.name
    if name not in frame:
        raise FrameError(f"The density of a row needs every column that was learnt; {shown(name)} isn't there.", fix="Give all columns.")
    return frame[name]


def _states(coder: Coder) -> list[int]:
    """States other than ordinary that the column's cells can be in."""
    infinite = coder.column.kind in {"integer", "real"} and getattr(coder.dtype, "kind", "") == "f"
    return [*([MISSING] if coder.column.missing else []), *([PLUS_INFINITY, MINUS_INFINITY] if infinite else [])]


def _every_cell(coder: Coder) -> pd.Series[Any]:
    """Each value of a column once, then a cell in each other state it can be in."""
    others = _states(coder)
    states = np.array([ORDINARY] * coder.size + others, dtype="i1")
    return coder.decode(states, np.concatenate([np.arange(coder.size, dtype="f8"), np.zeros(len(others))]))


def _on_tuning(trials: tuple[Tried, ...]) -> list[str]:
    if not trials or trials[-1].passed:
        return []
    last = trials[-1]
    return [
        f"Even with leaves of {last.leaf} rows, {last.share:.1%} of synthetic rows lie nearer to the rows learnt than to rows "
        f"held out (up to {last.limit:.1%} is accepted): look at the privacy scores before sharing."
    ]


def _on_levels(coders: tuple[Coder, ...]) -> list[str]:
    """Levels that may point to somebody."""
    found = {coder.column.name: int((coder.counts == 1).sum()) for coder in coders if coder.column.kind == "category"}
    return [
        f"Column {shown(name)} has {alone:,} levels that one real row each holds; they may be drawn as they are. "
        "Merge them if a level could point to somebody."
        for name, alone in found.items()
        if alone
    ]


def _how(coder: Coder) -> str:
    """How a column is made, in a few words."""
    if coder.size == 0:
        return "all missing, as in the real table"
    if coder.size == 1:
        return "the one value of the real table"
    if not coder.ordered or bool(coder.kept.all()):
        return "drawn from the values in a forest's leaf"
    if coder.kept.any():
        return "drawn from a forest's leaf; common values as they are, others spread over bands of neighbours"
    return "drawn from a forest's leaf and spread over bands of neighbours"
