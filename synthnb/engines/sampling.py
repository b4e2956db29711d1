"""Rows from a generator, block by block: draw, put back, redraw what may not stand, account for the rest.

::

    engine draws ──► layers put back ──► rows that break something are drawn again
    (rows of one block)                  (a bounded number of times; what is left is explained)

A block is the unit of work. Its rows depend on the seed and the block's number alone, so that
blocks may be made anywhere, in any order, and more rows may be asked for later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from synthnb._progress import Progress, no_progress
from synthnb.engines.base import BLOCK
from synthnb.scale import INLINE, Runner

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.base import Unit
    from synthnb.engines.generator import Generator
    from synthnb.recipes.conditions import Conditions

__all__ = ["ATTEMPTS", "Asked", "Delivered", "draw_blocks", "draw_rows"]

Array = np.ndarray[Any, Any]

ATTEMPTS = 25
"""How often a row that may not stand is drawn again."""

_RULE = "rule"
_BROKEN = "a rule of the recipe was not met"
_REJECTIONS = 250
"""The same for an engine that can't aim at a condition by itself."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a run asks of a generator."""

    rows: int
    """How many rows."""
    seed: int
    """The run's."""
    given: pd.DataFrame | None = None
    """Cells fixed from outside, one row for each row asked for."""
    where: Conditions | None = None
    """What every row must meet."""


class _Block(NamedTuple):
    number: int
    size: int
    seed: int
    given: pd.DataFrame | None
    where: Conditions | None


@dataclass(frozen=True)
class Delivered:
    """What came of it."""

    frame: pd.DataFrame
    """The rows that could be made."""
    counts: dict[str, int] = field(default_factory=dict)
    """Figures over all blocks."""
    missing: dict[str, int] = field(default_factory=dict)
    """Rows that couldn't be made, by reason."""

    @property
    def explained(self) -> list[dict[str, Json]]:
        """``{"count", "reason"}`` for each group of missing rows."""
        return [{"count": count, "reason": reason} for reason, count in self.missing.items() if count]


def draw_blocks(
    generator: Generator, asked: Asked, *, runner: Runner = INLINE, progress: Progress = no_progress, shared: Any = None
) -> Iterator[Delivered]:
    """Yield the rows asked for, block by block, each block's as soon as it is made.

    Rules about the table as a whole, such as totals, aren't settled here; see `draw_rows`.
    """
    blocks = [_block(asked, start) for start in range(0, asked.rows, BLOCK)]
    for number, made in enumerate(runner.map(_draw_block, generator if shared is None else shared, blocks)):
        progress(number + 1, len(blocks), "drawing rows")
        yield made


def draw_rows(generator: Generator, asked: Asked, *, runner: Runner = INLINE, progress: Progress = no_progress) -> Delivered:
    """Return all rows asked for that could be made, with what the table as a whole must satisfy settled."""
    parts = list(draw_blocks(generator, asked, runner=runner, progress=progress))
    frame = pd.concat([part.frame for part in parts], ignore_index=True) if len(parts) > 1 else parts[0].frame
    counts: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    for part in parts:
        counts.update(part.counts)
        missing.update(part.missing)
    for layer in reversed(generator.layers):
        frame, more, dropped = layer.finish(frame, seed=asked.seed)
        counts.update(more)
        if dropped.any():
            missing["a rule about the whole table could not be kept with them"] += int(dropped.sum())
            frame = frame[~dropped].reset_index(drop=True)
    if asked.where is not None and generator.layers:
        met = asked.where.mask(frame)
        missing["a rule about the whole table moved them out of the condition"] += int((~met).sum())
        frame = frame[met].reset_index(drop=True)
    return Delivered(frame, dict(counts), dict(missing))


def _block(asked: Asked, start: int) -> _Block:
    size = min(BLOCK, asked.rows - start)
    given = None if asked.given is None else asked.given.iloc[start : start + size].reset_index(drop=True)
    return _Block(start // BLOCK, size, asked.seed, given, asked.where)


def _draw_block(generator: Generator, block: _Block) -> Delivered:
    """One block's rows; also called in other processes."""
    aimed = block.where is None or ("where" in generator.fitted.conditions and set(block.where.names) <= generator.learnt)
    most = ATTEMPTS if aimed else _REJECTIONS
    pending = np.arange(block.size)
    numbers: list[Array] = []
    frames: list[pd.DataFrame] = []
    counts: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    for attempt in range(most + 1):
        unit: Unit = (block.number,) if attempt == 0 else (block.number, "again", attempt)
        frame, reasons, more = _attempt(generator, block, pending, unit)
        counts.update(more)
        good = reasons == ""
        numbers.append(pending[good])
        frames.append(frame[good])
        pending, left = pending[~good], reasons[~good]
        if not len(pending):
            break
        if attempt == 0:
            counts["rows_redrawn"] += len(pending)
        broken = Counter(map(str, left))
    else:
        counts["rows_redrawn"] -= len(pending)
        rows, repaired = _repaired(generator, block, frame[~good].reset_index(drop=True), left)
        numbers.append(pending[repaired])
        frames.append(rows[repaired])
        counts["rows_repaired"] += int(repaired.sum())
        pending, broken = pending[~repaired], Counter(map(str, left[~repaired]))
    made = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0].reset_index(drop=True)
    if len(frames) > 1:
        made = made.iloc[np.argsort(np.concatenate(numbers), kind="stable")].reset_index(drop=True)
    missing = {f"{reason}, in {most + 1} draws each": count for reason, count in broken.items()} if len(pending) else {}
    return Delivered(made, dict(counts), missing)


def _repaired(generator: Generator, block: _Block, rows: pd.DataFrame, reasons: Array) -> tuple[pd.DataFrame, Array]:
    """Rows at their last attempt, those brought within the limits of a range, and which these are."""
    rules = generator.rules
    if rules is None:
        return rows, np.zeros(len(rows), dtype=bool)
    rows, repaired = rules.repair(rows, fixed=[] if block.given is None else list(map(str, block.given)))
    if block.where is not None:
        repaired &= block.where.mask(rows)
    return rows, repaired & np.array([_RULE in reason for reason in reasons], dtype=bool)


def _attempt(generator: Generator, block: _Block, rows: Array, unit: Unit) -> tuple[pd.DataFrame, Array, dict[str, int]]:
    """Some rows of a block, and for each why it may not stand; empty where it may."""
    fitted = generator.fitted
    given = None if block.given is None else block.given.iloc[rows].reset_index(drop=True)
    known = [] if given is None else [name for name in given if name in generator.learnt]
    inside = given[known] if given is not None and known else None
    where = block.where if "where" in fitted.conditions else None
    drawn = fitted.draw(rows, seed=block.seed, unit=unit, given=inside, where=where)
    frame = drawn.frame if len(drawn.frame.columns) else pd.DataFrame(index=pd.RangeIndex(len(rows)))
    reasons = np.full(len(rows), "", dtype=object)
    if drawn.short is not None:
        reasons[drawn.short] = "no row that meets the condition could be drawn"
    for layer in reversed(generator.layers):
        frame, again = layer.rebuild(frame, numbers=block.number * BLOCK + rows, seed=block.seed, unit=unit)
        named = again & (reasons == "")
        reasons[named] = _BROKEN
        if named.any() and layer is generator.rules:
            said = layer.reasons(frame[named])
            reasons[np.flatnonzero(named)[said != ""]] = said[said != ""]
    if given is not None:
        frame = frame.assign(**{str(name): _as_in(frame, cells) for name, cells in given.items()})
    if block.where is not None:
        reasons[~block.where.mask(frame) & (reasons == "")] = "no row that meets the condition was drawn"
    return frame, reasons, drawn.counts


def _as_in(frame: pd.DataFrame, cells: pd.Series[Any]) -> pd.Series[Any]:
    """Fixed cells in the type the frame's own column has."""
    return cells.astype(frame[cells.name].dtype) if cells.name in frame else cells
