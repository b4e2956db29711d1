"""Families: the rows that belong to one parent, each drawn given the parent and the rows before it.

::

    parent ──► first row ──► next row ──► next row ──► …
       │           │             │
       └───────────┴─────────────┴──► what each is drawn given: the parent's columns, the row
                                      before it, the mean of all rows before it

One engine learns first rows given the parent, another learns later rows given the parent and what
came before. Rows are drawn in waves: the first rows of all parents at once, then the second ones,
and so on, so that the cost grows with the rows made and not with the number of parents. Where the
rows of a parent have no declared order, waves double in length after some rows: by then one more
row changes little about the mean that the next are drawn given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from synthnb.engines.base import BLOCK

if TYPE_CHECKING:
    from synthnb.engines._encoding.table import Coder
    from synthnb.engines.base import FittedEngine, Unit
    from synthnb.engines.relational.innovations import Innovation
    from synthnb.recipes.recipe import Recipe

__all__ = ["Before", "Family", "Stage", "latest", "row_prints", "running_means"]

Array = np.ndarray[Any, Any]

_ATTEMPTS = 10
_SINGLES = 32
"""Waves of one row per parent before they double, where there is no order."""


class Before(NamedTuple):
    """How what a row is drawn given is called: by where it comes from, its name among the columns the engine sees."""

    context: dict[str, str]
    """The parent's columns."""
    lags: Mapping[str, str] = MappingProxyType({})
    """The row before."""
    means: Mapping[str, str] = MappingProxyType({})
    """The mean of all rows before."""
    to_come: str = ""
    """Rows of the family still to come, this one not counted; empty where there is no order."""
    left: str = ""
    """How far the row before is from the family's end; empty where there is none."""

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, as the engine sees them."""
        more = [name for name in (self.to_come, self.left) if name]
        return (*self.context.values(), *self.lags.values(), *self.means.values(), *more)


class Stage(NamedTuple):
    """An engine that draws first or later rows."""

    fitted: FittedEngine
    """What draws."""
    recipe: Recipe
    """The columns it sees: those given, then those made."""
    before: Before
    """What a row is drawn given."""
    guards: Mapping[str, Coder]
    """The levels it knows of each category it is given."""
    engine: str
    """The engine's registered name."""


@dataclass(frozen=True)
class _Wave:
    """Rows made together, family by family, and what the next wave needs of them."""

    parent: Array
    """Whose row each is."""
    place: Array
    """Which of its family's rows each is, from 0."""
    frame: pd.DataFrame
    """The rows."""


@dataclass(frozen=True)
class _Past:
    """What came before, for families that go on."""

    parent: Array
    """The families."""
    last: pd.DataFrame
    """Their latest rows."""
    sums: dict[str, Array]
    """Sums over their rows, by column."""
    counts: dict[str, Array]
    """How many cells these sum."""
    scores: dict[str, Array]
    """The latest normal score there is, by column; NaN for none."""

    def at(self, which: Array) -> _Past:
        """The families at some places."""
        return _Past(self.parent[which], _rows(self.last, which), *(_at(part, which) for part in (self.sums, self.counts, self.scores)))

    def mean(self, name: str) -> Array:
        """The mean over each family's rows; NaN where there is no cell."""
        return _ratio(self.sums[name], self.counts[name])


@dataclass(frozen=True, kw_only=True)
class Family:
    """Draws the rows of any number of parents."""

    recipe: Recipe
    """The columns made."""
    first: Stage | None
    """Draws first rows; None where there is no column to make."""
    later: Stage | None
    """Draws later rows; None where they are drawn as first ones are."""
    increments: tuple[str, ...] = ()
    """Columns of which later rows hold the increase over the row before."""
    innovations: Mapping[str, Innovation] = field(default_factory=dict)
    """Columns of which later rows hold what is new."""
    absorbing: Mapping[str, Coder] = field(default_factory=dict)
    """Levels that are never left, by column."""
    order: str = ""
    """The column in whose order the rows are; empty for none."""
    end: str = ""
    """The parent's column that `order` never exceeds; empty for none."""
    prints: Array
    """Fingerprints of real rows that occur once, increasing."""

    def draw(self, context: pd.DataFrame, sizes: Array, *, seed: int, unit: Unit) -> tuple[pd.DataFrame, Array, dict[str, int]]:
        """Return rows family by family, whose each is, and figures.

        Parameters
        ----------
        context : pandas.DataFrame
            The parents, at most `BLOCK`.
        sizes : ndarray of int
            How many rows each is to have, 0 or more.
        seed, unit
            The run's seed, and what sets these parents apart.
        """
        counts: Counter[str] = Counter()
        waves: list[_Wave] = []
        past: _Past | None = None
        done = np.zeros(len(sizes), dtype="i8")
        sizes = np.asarray(sizes, dtype="i8").copy()
        while (sizes > done).any():
            parent, place = self._slots(sizes, done)
            frame, short = self._made(context, sizes, past, parent, place, seed=seed, unit=(*unit, int(done.max())), counts=counts)
            if short.any():  # the family ends here; nothing after it is made either
                counts["rows_past_the_end_not_made"] += int((sizes - done)[parent[short]].sum())
                sizes[parent[short]] = done[parent[short]]
                parent, place, frame = parent[~short], place[~short], frame[~short].reset_index(drop=True)
            waves.append(_Wave(parent, place, frame))
            np.maximum.at(done, parent, place + 1)
            past = self._past(past, waves[-1], sizes > done)
        return (*_joined(waves, self.recipe), dict(counts))

    def _slots(self, sizes: Array, done: Array) -> tuple[Array, Array]:
        """Whose rows the next wave makes, and which of theirs."""
        at = int(done.max(initial=0))
        steps = 1 if self.order or at < _SINGLES else at
        more = np.minimum(sizes - done, steps)
        parent = np.repeat(np.arange(len(sizes)), np.maximum(more, 0))
        starts = np.cumsum(np.maximum(more, 0)) - np.maximum(more, 0)
        return parent, done[parent] + np.arange(len(parent)) - starts[parent]

    def _made(
        self,
        context: pd.DataFrame,
        sizes: Array,
        past: _Past | None,
        parent: Array,
        place: Array,
        *,
        seed: int,
        unit: Unit,
        counts: Counter[str],
    ) -> tuple[pd.DataFrame, Array]:
        """One wave's rows, and which of them can't be placed before the family's end."""
        if self.first is None:
            return pd.DataFrame(index=range(len(parent))), np.zeros(len(parent), dtype=bool)
        given, before = self._given(context, sizes, past, parent, place)
        limit = context[self.end].to_numpy(dtype="f8")[parent] if self.end else None
        parts, shorts = [], []
        for number, start in enumerate(range(0, len(parent), BLOCK)):
            piece = slice(start, start + BLOCK)
            frame, short = self._piece(
                given.iloc[piece].reset_index(drop=True),
                None if before is None else before.at(np.arange(len(parent))[piece]),
                None if limit is None else limit[piece],
                seed=seed,
                unit=(*unit, number),
                counts=counts,
            )
            parts.append(frame)
            shorts.append(short)
        return (pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]), np.concatenate(shorts)

    def _given(
        self, context: pd.DataFrame, sizes: Array, past: _Past | None, parent: Array, place: Array
    ) -> tuple[pd.DataFrame, _Past | None]:
        """What a wave's rows are drawn given, and what came before each."""
        if past is None or self.later is None:
            assert self.first is not None
            first = {name: _rows(context[[source]], parent)[source] for source, name in self.first.before.context.items()}
            return _guarded(pd.DataFrame(first, index=range(len(parent))), self.first.guards), None
        past = past.at(np.searchsorted(past.parent, parent))
        last, before = past.last, self.later.before
        columns: dict[str, Any] = {name: context[source].iloc[parent].reset_index(drop=True) for source, name in before.context.items()}
        columns |= {name: last[source] for source, name in before.lags.items()}
        columns |= {name: past.mean(source) for source, name in before.means.items()}
        if before.to_come:
            columns[before.to_come] = sizes[parent] - place - 1
        if before.left:
            columns[before.left] = context[self.end].to_numpy(dtype="f8")[parent] - last[self.order].to_numpy(dtype="f8")
        return _guarded(pd.DataFrame(columns, index=range(len(parent))), self.later.guards), past

    def _piece(
        self,
        given: pd.DataFrame,
        past: _Past | None,
        limit: Array | None,
        *,
        seed: int,
        unit: Unit,
        counts: Counter[str],
    ) -> tuple[pd.DataFrame, Array]:
        """At most a block of rows; those that can't stay are drawn again a few times."""
        stage = self.first if past is None else self.later
        assert stage is not None
        parts: list[pd.DataFrame] = []
        numbers: list[Array] = []
        short = np.zeros(len(given), dtype=bool)
        pending = np.arange(len(given))
        for attempt in range(_ATTEMPTS + 1):
            drawn = stage.fitted.draw(
                pending,
                seed=seed,
                unit=unit if attempt == 0 else (*unit, "again", attempt),
                given=_rows(given, pending) if given.shape[1] else None,
            )
            frame = self._rebuilt(drawn.frame, None if past is None else past.at(pending))
            counts.update(drawn.counts)
            copies, late = self._unfit(frame, None if limit is None else limit[pending])
            if attempt == 0:
                counts["copies_of_one_real_row_redrawn"] += int(copies.sum())
            if attempt == _ATTEMPTS:
                counts["copies_of_one_real_row_left"] += int((copies & ~late).sum())
                short[pending[late]] = True
                copies = late = np.zeros(len(frame), dtype=bool)
            again = copies | late
            parts.append(frame[~again])
            numbers.append(pending[~again])
            pending = pending[again]
            if not len(pending):
                break
        made = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
        made = made.iloc[np.argsort(np.concatenate(numbers), kind="stable")].reset_index(drop=True)
        if past is None and limit is not None:  # a first row may stand at the end, but not past it
            made[self.order] = made[self.order].where(~short, limit).astype(made[self.order].dtype)
            short[:] = False
        return made, short

    def _unfit(self, frame: pd.DataFrame, limit: Array | None) -> tuple[Array, Array]:
        """Which rows equal one real row, and which lie past the family's end."""
        late = np.zeros(len(frame), dtype=bool) if limit is None else frame[self.order].to_numpy(dtype="f8") > limit
        return np.isin(row_prints(frame), self.prints), late

    def _rebuilt(self, frame: pd.DataFrame, past: _Past | None) -> pd.DataFrame:
        """Rows with increases added to the row before, news to what came before, and levels that are never left carried on."""
        names = [column.name for column in self.recipe.columns if column.name in frame]
        made = frame[names].copy()
        if past is None:
            return made
        last = past.last
        decimals = {column.name: column.decimals for column in self.recipe.columns}
        for name in self.increments:
            total = last[name].to_numpy() + frame[name].to_numpy()
            if total.dtype.kind == "f" and decimals[name] is not None:
                total = np.round(total, int(decimals[name] or 0))
            made[name] = pd.Series(total).astype(last[name].dtype)
        for name, innovation in self.innovations.items():
            made[name] = innovation.cells(_floats(frame[name]), past.scores[name], past.mean(f"score of {name}"))
        for name, coder in self.absorbing.items():
            stuck = last[name].isin(_levels(coder).tolist())
            made[name] = made[name].where(~stuck, last[name]).astype(last[name].dtype)
        return made

    def _past(self, past: _Past | None, wave: _Wave, goes_on: Array) -> _Past | None:
        """What came before the next wave, for the families that go on."""
        if self.later is None or self.first is None:
            return None
        ends = np.flatnonzero(np.r_[wave.parent[1:] != wave.parent[:-1], True]) if len(wave.parent) else np.zeros(0, dtype="i8")
        starts = np.r_[0, ends[:-1] + 1] if len(ends) else ends
        parent = wave.parent[ends]
        numbers = {name: _floats(wave.frame[name]) for name in self.later.before.means}
        fresh = {name: innovation.scores(wave.frame[name]) for name, innovation in self.innovations.items()}
        numbers |= {f"score of {name}": values for name, values in fresh.items()}
        sums, counts, scores = {}, {}, {}
        for name, values in numbers.items():
            here = ~np.isnan(values)
            sums[name], counts[name] = _sums(np.where(here, values, 0.0), starts), _sums(here.astype("i8"), starts)
        for name, values in fresh.items():
            scores[name] = latest(values, wave.parent)[ends]
        if past is not None:
            earlier = past.at(np.searchsorted(past.parent, parent))
            sums = {name: values + earlier.sums[name] for name, values in sums.items()}
            counts = {name: values + earlier.counts[name] for name, values in counts.items()}
            scores = {name: np.where(np.isnan(values), earlier.scores[name], values) for name, values in scores.items()}
        now = _Past(parent, _rows(wave.frame, ends), sums, counts, scores)
        return now.at(np.flatnonzero(goes_on[parent]))


def _sums(values: Array, starts: Array) -> Array:
    """Sums over stretches that begin at ``starts``."""
    return np.asarray(np.add.reduceat(values, starts)) if len(starts) else values[:0]


def latest(values: Array, family: Array) -> Array:
    """For each row the latest value of its family that isn't NaN; NaN while there is none."""
    return pd.Series(values).groupby(family, sort=False).ffill().to_numpy()


def _at(columns: dict[str, Array], which: Array) -> dict[str, Array]:
    return {name: values[which] for name, values in columns.items()}


def _joined(waves: list[_Wave], recipe: Recipe) -> tuple[pd.DataFrame, Array]:
    """All waves' rows, family by family."""
    if not waves:
        return pd.DataFrame({column.name: pd.Series(dtype=object) for column in recipe.columns if column.kind != "text"}), np.zeros(0, "i8")
    parent = np.concatenate([wave.parent for wave in waves])
    place = np.concatenate([wave.place for wave in waves])
    frame = pd.concat([wave.frame for wave in waves], ignore_index=True) if len(waves) > 1 else waves[0].frame
    order = np.lexsort((place, parent))
    return frame.iloc[order].reset_index(drop=True), parent[order]


def _guarded(frame: pd.DataFrame, guards: Mapping[str, Coder]) -> pd.DataFrame:
    """Given cells with levels that the engine never saw there replaced by the commonest one."""
    for name, coder in guards.items():
        levels = _levels(coder)
        unknown = frame[name].notna() & ~frame[name].isin(levels.tolist())
        if unknown.any() and len(levels):
            frame[name] = frame[name].where(~unknown, levels.iloc[int(coder.counts.argmax())]).astype(coder.dtype)
    return frame


def _levels(coder: Coder) -> pd.Series[Any]:
    """A category's levels as cells."""
    cells: pd.Series[Any] = coder.decode(np.zeros(coder.size, dtype="i1"), np.arange(coder.size, dtype="f8"))
    return cells


def _rows(frame: pd.DataFrame, which: Array) -> pd.DataFrame:
    return frame.iloc[which].reset_index(drop=True)


def _ratio(sums: Array, counts: Array) -> Array:
    return np.asarray(np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0))


def _floats(cells: pd.Series[Any]) -> Array:
    """Numbers as floats, missing ones as NaN."""
    return np.asarray(pd.to_numeric(cells, errors="coerce").to_numpy(dtype="f8", na_value=np.nan))


def running_means(cells: pd.Series[Any], family: Array) -> Array:
    """Return the mean of the cells of the same family up to and with each row; NaN while there is none."""
    values = _floats(cells)
    here = ~np.isnan(values)
    groups = pd.DataFrame({"sum": np.where(here, values, 0.0), "count": here.astype("i8")}).groupby(family, sort=False)
    sums = groups.cumsum()
    return _ratio(sums["sum"].to_numpy(), sums["count"].to_numpy())


def row_prints(frame: pd.DataFrame) -> Array:
    """Return a 64-bit fingerprint per row, the same for the same cells."""
    if not frame.shape[1]:
        return np.zeros(len(frame), dtype="u8")
    plain = {
        name: cells.astype(object).map(repr) if cells.dtype == object or isinstance(cells.dtype, pd.CategoricalDtype) else cells
        for name, cells in frame.items()
    }
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(plain), index=False).to_numpy(dtype="u8"))
