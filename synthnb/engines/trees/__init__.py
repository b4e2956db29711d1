"""Sequential trees: each column drawn from a tree's leaf, given the columns before it.

Reiter (2005), "Using CART to generate partially synthetic public use microdata",
Journal of Official Statistics 21(3), 441–462, is the method's source. Here the leaf
size is the privacy dial: it starts at the square root of the rows and rises until
synthetic rows are not shown to lie nearer to the rows learnt than to rows held out, nor to
tell which rows were learnt, by more than 0.02 and sampling error; on a small table that
error is large. Numbers that few rows share are moved among their neighbours in the leaf, so
that they needn't be anybody's; within a leaf they still follow other numbers along straight
lines; splits that chance explains are taken back, which averages over more rows; a row that
comes out equal to a real row that occurs once is drawn again. A column that another decides
follows it. Fixed cells are drawn from (`Chain.draw`), conditions aimed at (`_particles`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synthnb.engines._copies import ATTEMPTS, COPIES, CopyCheck, on_copies
from synthnb.engines._encoding.table import Coder, encode_table
from synthnb.engines._nearness import SMALLEST_LEAF
from synthnb.engines.base import BLOCK, Drawn, Progress, State, no_progress
from synthnb.engines.trees.chain import Chain, chain_from_state, chain_to_state, grow_chain
from synthnb.engines.trees.follows import decided_after
from synthnb.engines.trees.leaves import DAMAGED
from synthnb.engines.trees.particles import Aims, aims_of, draw_aimed
from synthnb.engines.trees.patterns import COMMON
from synthnb.engines.trees.tuning import Trial, choose_leaf
from synthnb.errors import FrameError, OptionError, RecordError, reason, shown

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.base import Unit
    from synthnb.recipes.conditions import Conditions
    from synthnb.recipes.recipe import Recipe

__all__ = ["MINIMUM_ROWS", "FittedTrees", "Trees"]

Array = np.ndarray[Any, Any]

MINIMUM_ROWS = 4 * SMALLEST_LEAF
"""Fewest rows to learn from: two leaves in each half."""

_MANY_LEVELS = 20
_WIDE = 0.05
_ACCOUNT = {
    "method": "sequential regression and classification trees, one per column on the columns before it; values are drawn within a leaf, "
    "numbers that few rows share are moved among their neighbours there, along lines on other numbers where the leaf shows them; "
    "a column that another decides follows it",
    "missing_data": "which cells of a row are missing is drawn first, for the row as a whole: a pattern that "
    f"{COMMON} or more real rows have as it is, rarer ones column by column from what they have in common; "
    "the other cells are then drawn column by column; nothing is imputed",
    "record_links": "none; a row is drawn from the model, not derived from one source row",
    "copies": COPIES,
}


class Trees:
    """The engine ``trees``.

    Parameters
    ----------
    leaf : int, optional
        Fewest rows in a leaf; tuned on a hold-out by default.
    order : sequence of str, optional
        Columns to draw first, in this order, after those that the run fixes.

    Raises
    ------
    OptionError
        A leaf of too few rows, or an order that isn't a list of names.
    """

    def __init__(self, *, leaf: int | None = None, order: Sequence[str] = ()) -> None:
        if leaf is not None and (type(leaf) is not int or leaf < SMALLEST_LEAF):
            raise OptionError(
                f"A leaf needs at least {SMALLEST_LEAF} rows, so that no value stands for one row; got {shown(leaf)}.",
                fix="Leave it out to have it tuned.",
            )
        if isinstance(order, str) or any(type(name) is not str for name in order):
            raise OptionError(f"The order must be a list of column names; got {shown(order)}.", fix='Pass, for example, ["age", "sex"].')
        self._leaf = leaf
        self._order = tuple(dict.fromkeys(order))

    def fit(self, frame: pd.DataFrame | None, recipe: Recipe, *, seed: int, progress: Progress = no_progress) -> FittedTrees:
        """Learn a frame.

        Raises
        ------
        FrameError
            No rows, or fewer than `MINIMUM_ROWS`.
        OptionError
            The order names a column that isn't there.
        """
        if frame is None:
            raise FrameError("Trees learn from real rows; there are none.", fix="Pass a frame, or use the engine sampler.")
        if len(frame) < MINIMUM_ROWS:
            raise FrameError(
                f"Trees need at least {MINIMUM_ROWS} rows, so that each value is drawn from {SMALLEST_LEAF} or more "
                f"and half the rows can be held out; got {len(frame)}.",
                fix="Add rows; with so few, any synthetic table would repeat them.",
            )
        table = encode_table(frame, recipe)
        names = [coder.column.name for coder in table.coders]
        for name in self._order:
            if name not in names:
                raise OptionError.from_choice("A column of the order", name, names)
        placed = tuple(dict.fromkeys([*(name for name in recipe.given if name in names), *self._order]))
        first = len(set(recipe.given) & set(names))
        order = drawing_order(table.coders, placed)
        order = decided_after(table, order, sum(coder.column.name in placed or coder.column.role == "group" for coder in table.coders))
        trials: list[Trial] = []
        leaf = self._leaf
        if leaf is None:
            leaf, trials = choose_leaf(table, order, seed=seed, first=first, progress=_phase(progress, "tuning"))
        chain = grow_chain(table, order, leaf=leaf, seed=seed, first=first, progress=_phase(progress, "fitting"))
        return FittedTrees(chain, CopyCheck(table), leaf, tuple(trials), recipe, table.rows)

    def restore(self, recipe: Recipe, state: State) -> FittedTrees:
        """Return what `FittedTrees.to_state` kept.

        Raises
        ------
        RecordError
            The state isn't one of this engine's.
        """
        chain = chain_from_state(recipe, state)
        try:
            meta, uncommon = state.meta, state.arrays["uncommon"]
            trials = tuple(_trial(trial) for trial in meta["trials"])
            leaf, rows = int(meta["leaf"]), int(meta["rows"])
            copies = CopyCheck.restore(chain.coders, uncommon)
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(f"The state of fitted trees was expected; this isn't one: {reason(error)}.", fix=DAMAGED) from error
        return FittedTrees(chain, copies, leaf, trials, recipe, rows)


def _trial(data: Mapping[str, Any]) -> Trial:
    """A trial as `to_state` kept it."""
    numbers = {name: float(data[name]) for name in ("share", "limit", "membership", "membership_limit")}
    return Trial(leaf=int(data["leaf"]), n=max(int(data["n"]), 1), **numbers)


def drawing_order(coders: tuple[Coder, ...], placed: tuple[str, ...] = ()) -> tuple[int, ...]:
    """Columns whose place is said first, then groups, then the frame's own order, with categories of many levels last."""

    def rank(j: int) -> tuple[int, int]:
        coder = coders[j]
        if coder.column.name in placed:
            return (-1, placed.index(coder.column.name))
        late = not coder.ordered and coder.size > _MANY_LEVELS
        return (0 if coder.column.role == "group" else 2 if late else 1, j)

    return tuple(sorted(range(len(coders)), key=rank))


def _phase(progress: Progress, name: str) -> Progress:
    return lambda done, total, what: progress(done, total, f"{name} {what}")


@dataclass(frozen=True)
class FittedTrees:
    """Trees that have learnt a frame."""

    chain: Chain
    """The trees."""
    copies: CopyCheck
    """Tells rows that equal a real row that occurs once."""
    leaf: int
    """Fewest rows in a leaf."""
    trials: tuple[Trial, ...]
    """Leaf sizes tried; empty if it was given."""
    recipe: Recipe
    """What is made."""
    rows: int
    """How many rows were learnt."""
    _aims: dict[str, Aims] = field(default_factory=dict, repr=False, compare=False)
    """What the last condition asks of the trees, worked out once."""

    @property
    def parameters(self) -> Mapping[str, Json]:
        """Leaf size, what was tried, and the order of columns."""
        names = [coder.column.name for coder in self.chain.coders]
        return {
            "leaf": self.leaf,
            "leaf_tuned": bool(self.trials),
            "leaf_trials": [trial.to_dict() for trial in self.trials],
            "order": [names[j] for j in self.chain.order],
            "block": BLOCK,
            "copy_attempts": ATTEMPTS,
        }

    @property
    def how(self) -> Mapping[str, str]:
        """How each column was made, by name."""
        coders = self.chain.coders
        made = {coder.column.name: _how(coder) for coder in coders}
        for column, follow in zip(self.chain.order, self.chain.follows, strict=True):
            if follow is not None:
                made[coders[column].column.name] = (
                    f"as column {shown(coders[follow.source].column.name)} decides; {made[coders[column].column.name]}"
                )
        left = {column.name: f"left out: {column.why}" for column in self.recipe.columns if column.kind == "text"}
        return made | left

    @property
    def account(self) -> Mapping[str, str]:
        """What trees do, in the disclosure's words."""
        return _ACCOUNT

    @property
    def conditions(self) -> frozenset[str]:
        """What `draw` can honour by itself."""
        return frozenset({"given", "where"})

    def draw(
        self,
        rows: Array,
        *,
        seed: int,
        unit: Unit,
        given: pd.DataFrame | None = None,
        where: Conditions | None = None,
    ) -> Drawn:
        """Draw some rows of one block; those that equal an uncommon real row are drawn again a few times.

        Raises
        ------
        OptionError
            Fixed columns aren't those that the trees draw first.
        FrameError
            A fixed cell is a level that the real rows don't hold.
        """
        fixed = None if given is None else self._fixed(given)
        states, positions, short = self._aimed(rows, where, seed, unit, fixed)

        def again(some: Array, attempt: Unit) -> tuple[Array, Array, Array]:
            cells = None if fixed is None else (fixed[0][some], fixed[1][some])
            return self._aimed(rows[some], where, seed, (*unit, *attempt), cells)

        counts = self.copies.redraw(states, positions, short, again)
        frame = self._decode(states, positions)
        if given is not None:
            frame = frame.assign(**{str(name): given[name].array for name in given})
        return Drawn(frame, counts, short if short.any() else None)

    def _aimed(
        self, rows: Array, where: Conditions | None, seed: int, unit: Unit, fixed: tuple[Array, Array] | None
    ) -> tuple[Array, Array, Array]:
        """States, positions, and which rows could not be made to meet a condition."""
        if where is None or not len(rows):
            return *self.chain.draw(rows, seed=seed, unit=unit, fixed=fixed), np.zeros(len(rows), dtype=bool)
        if where.text not in self._aims:
            self._aims.clear()
            self._aims[where.text] = aims_of(self.chain, where)
        return draw_aimed(self.chain, self._aims[where.text], where, rows, seed=seed, unit=unit, fixed=fixed)

    def _fixed(self, given: pd.DataFrame) -> tuple[Array, Array]:
        """States and positions of cells fixed from outside, in the order the columns are drawn."""
        coders = [self.chain.coders[j] for j in self.chain.order[: given.shape[1]]]
        if {coder.column.name for coder in coders} != set(given):
            first = ", ".join(shown(self.chain.coders[j].column.name) for j in self.chain.order[: len(self.chain.patterns)][:5])
            raise OptionError(
                f"Columns to be fixed must be those that were drawn first when the trees were fitted ({first}); "
                f"got {', '.join(map(shown, given))}.",
                fix="Fit the generator with these columns given.",
            )
        encoded = [coder.encode(given[coder.column.name]) for coder in coders]
        return np.column_stack([cells.states for cells in encoded]), np.column_stack([cells.positions for cells in encoded])

    def notes(self, counts: Mapping[str, int]) -> list[str]:
        """Sentences the reader of the run should see."""
        return [*on_copies(counts), *_on_tuning(self.trials), *_on_identifying(self.chain, self.rows)]

    def to_state(self) -> State:
        """Everything needed to draw again, as plain data."""
        state = chain_to_state(self.chain)
        meta = {**state.meta, "leaf": self.leaf, "rows": self.rows, "trials": [asdict(trial) for trial in self.trials]}
        return State(meta, {**state.arrays, "uncommon": self.copies.uncommon})

    def _decode(self, states: Array, positions: Array) -> pd.DataFrame:
        coders = self.chain.coders
        return pd.DataFrame({coder.column.name: coder.decode(states[:, j], positions[:, j]) for j, coder in enumerate(coders)})


def _on_tuning(trials: tuple[Trial, ...]) -> list[str]:
    if not trials:
        return []
    last = trials[-1]
    if last.passed:
        return _on_few_judged(last)
    notes = []
    if last.share > last.limit:
        notes.append(
            f"Even with leaves of {last.leaf} rows, {last.share:.1%} of synthetic rows lie nearer to the rows learnt than to rows "
            f"held out (up to {last.limit:.1%} is accepted): look at the privacy scores before sharing."
        )
    if last.membership > last.membership_limit:
        notes.append(
            f"Even with leaves of {last.leaf} rows, a row learnt lies nearer to the synthetic rows than one held out in "
            f"{last.membership:.1%} of pairs (up to {last.membership_limit:.1%} is accepted): look at the privacy scores before sharing."
        )
    return notes


def _on_few_judged(trial: Trial) -> list[str]:
    """A trial that passed shows little where the sampling error is wide."""
    if trial.half_width <= _WIDE:
        return []
    return [
        f"Few rows tell whether leaves of {trial.leaf} rows are large enough: of {trial.n:,} synthetic rows judged, {trial.share:.0%} "
        f"lay nearer to the rows learnt than to rows held out, and up to {trial.limit:.0%} would have been accepted: look at the "
        "privacy scores before sharing."
    ]


def _on_identifying(chain: Chain, rows: int) -> list[str]:
    """What may point to somebody: levels of one row, and numbers that differ in every row."""
    notes = []
    for coder in chain.coders:
        name, alone = shown(coder.column.name), int((coder.counts == 1).sum())
        if coder.column.kind == "category" and alone:
            notes.append(
                f"Column {name} has {alone:,} levels that one real row each holds; they may be drawn as they are. "
                "Merge them if a level could point to somebody."
            )
        kept_alone = int(((coder.counts == 1) & coder.kept).sum()) if coder.ordered else 0
        if coder.column.kind in {"integer", "real"} and kept_alone:
            notes.append(
                f"Column {name} has few different numbers, which are drawn as they are; {kept_alone:,} of them stand in one real row each. "
                "Round or cap them if one could point to somebody."
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
    if not coder.ordered or bool(coder.kept.all()):
        return "drawn from the values in a tree's leaf"
    if coder.kept.any():
        return "drawn from a tree's leaf; common values as they are, others moved within the leaf"
    return "drawn from a tree's leaf and moved within it"
