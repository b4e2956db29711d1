"""Missing cells of a real frame filled by draws, several times over.

A mean put into every gap makes a column look surer than it is; a draw given the row's other cells
doesn't. Several completed frames (replicates) show how much the gaps leave open, and are to be
analysed one by one and combined by Rubin's rules. Cells are taken to be missing at random: given
what is observed, whether a cell is missing doesn't depend on what it would have held.

``trees`` fills column after column, given all others, in cycles; each value is an observed one, of
a row alike (`synthnb.engines.impute.donors`). ``arf`` draws a row's missing cells together, given its
observed ones (`synthnb.engines.arf`); numbers may be new.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from synthnb._canonical import digest
from synthnb._clock import utc_now
from synthnb._frames import frame_digest, to_pandas
from synthnb._random import generator, resolve_seed
from synthnb.engines._encoding.table import MISSING, ORDINARY, Table, encode_table
from synthnb.engines._nearness import SMALLEST_LEAF
from synthnb.engines.arf.densities import fill
from synthnb.engines.arf.forest import grow_forest
from synthnb.engines.base import Progress, Run, Synthesis, new_run_id, no_progress, versions
from synthnb.engines.impute.donors import Chained
from synthnb.errors import OptionError, shown
from synthnb.recipes.infer import infer_recipe

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb._frames import Restore
    from synthnb.engines.replicates import Combined
    from synthnb.recipes.recipe import Column, Recipe

__all__ = ["Imputed", "Method", "impute"]

Array = np.ndarray[Any, Any]

Method = Literal["trees", "arf"]
"""How missing cells are drawn."""

_MOST_REPLICATES = 1_000
_MOST_CYCLES = 100
_CYCLES = 10
_TREES = 30
_METHODS = {
    "trees": "regression and classification trees in chained cycles, each grown on a bootstrap sample of the rows in which the column is "
    "observed; a missing cell gets the observed value of a row drawn from its leaf",
    "arf": "an adversarial random forest grown on a bootstrap sample of the rows; a leaf is drawn by how likely the row's observed cells "
    "are in it, then each missing cell within that leaf",
}


@dataclass(frozen=True, repr=False)
class Imputed(Synthesis):
    """A real frame with its missing cells filled, once or several times, and the run that did it."""

    display_name: ClassVar[str] = "synthesis"

    completed: tuple[Any, ...] = ()
    """One frame per replicate, of the kind that was given; ``frame`` is the first."""
    mask: Any = None
    """A frame of booleans of the same kind: which cells hold a draw. The same in every replicate."""

    def combine(self, analysis: Callable[[Any], tuple[float, float]]) -> Combined:
        """Return one estimate with its interval from an analysis of each completed frame, by Rubin's rules.

        Parameters
        ----------
        analysis : callable
            Takes a frame, returns an estimate and its variance.

        Raises
        ------
        OptionError
            There are fewer than two replicates, or the analysis gives no finite numbers.
        """
        from synthnb.engines.replicates import combine

        return combine(self.completed, analysis, real_rows=self.run.delivered, rule="imputation")


class _Gaps(NamedTuple):
    """A frame's missing cells, and which of them can be filled."""

    frame: pd.DataFrame
    table: Table
    names: tuple[str, ...]
    """Columns of the table, in order."""
    wanted: tuple[int, ...]
    """Which of them are filled, those with the fewest missing cells first."""

    @property
    def missing(self) -> Array:
        """bool, rows by columns."""
        return np.asarray(self.table.states == MISSING)


def impute(
    frame: Any,
    *,
    columns: Sequence[str] | None = None,
    engine: str = "trees",
    seed: int | None = None,
    replicates: int = 1,
    cycles: int = _CYCLES,
    leaf: int | None = None,
    name: str = "real",
    output_name: str = "completed",
    progress: Progress = no_progress,
) -> Imputed:
    """Return a frame with its missing cells filled by draws; cells that are there never change.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The real rows.
    columns : sequence of str, optional
        Which columns to fill; all that have missing cells by default.
    engine : {"trees", "arf"}
        How cells are drawn.
    seed : int, optional
        From 0 to 2**32 - 1; a fresh one by default.
    replicates : int
        How many completed frames, from 1 to 1,000.
    cycles : int
        For ``trees``: how often each column is drawn anew given the others, from 1 to 100.
    leaf : int, optional
        Fewest rows in a leaf; 5 for ``trees``, and for ``arf`` a quarter of the square root of the rows, at least 5.
    name, output_name : str
        What the frame and the completed one are called in the run.
    progress : Progress
        Told of every column of every cycle.

    Raises
    ------
    FrameError
        The frame can't be used as it is.
    OptionError
        An option is outside what is allowed, or a column isn't there.

    Notes
    -----
    Text and identifiers aren't filled, nor is a column without any observed cell; the run's notes say so. Infinite
    numbers count as observed, but are never drawn.

    Examples
    --------
    >>> import pandas as pd
    >>> real = pd.DataFrame({"age": [30, 40, None, 60] * 10, "sex": ["f", "m", "m", None] * 10})
    >>> done = impute(real, seed=1)
    >>> int(done.frame.isna().sum().sum()), done.run.counts["cells_filled"]
    (0, 20)
    """
    _check_options(engine, replicates, cycles, leaf)
    started, clock = utc_now(), time.perf_counter()
    inside, restore = to_pandas(frame, what=f"frame {shown(name)}")
    recipe = infer_recipe(inside, table=name, rows=len(inside), seed=resolve_seed(seed))
    gaps = _gaps(inside, recipe, restore, columns)
    size = leaf or (SMALLEST_LEAF if engine == "trees" else max(SMALLEST_LEAF, round(len(inside) ** 0.5 / 4)))
    filler = _Chains(gaps, size, cycles, recipe.seed, progress) if engine == "trees" else _Forests(gaps, size, recipe.seed, progress)
    drawn = [_columns(gaps, filler(number) if gaps.wanted else gaps.table.positions) for number in range(replicates)]
    completed = tuple(_put_back(frame, restore, columns) for columns in drawn)
    parameters: dict[str, Json] = {"leaf": size, "replicates": replicates, **filler.parameters}
    run = _run(_Read(recipe, output_name, started, clock), gaps, engine, parameters, completed)
    return Imputed(completed[0], run, completed=completed, mask=_mask(frame, restore, gaps))


class _Read(NamedTuple):
    """What a call is about, and when it began."""

    recipe: Recipe
    output_name: str
    started: str
    clock: float


def _check_options(engine: str, replicates: Any, cycles: Any, leaf: Any) -> None:
    if engine not in get_args(Method):
        raise OptionError.from_choice("The engine that fills cells", engine, list(get_args(Method)))
    for what, value, least, most in (
        ("The number of replicates", replicates, 1, _MOST_REPLICATES),
        ("The number of cycles", cycles, 1, _MOST_CYCLES),
        ("A leaf's fewest rows", SMALLEST_LEAF if leaf is None else leaf, 1, 10**9),
    ):
        if isinstance(value, bool) or not hasattr(value, "__index__") or not least <= value <= most:
            raise OptionError(
                f"{what} must be a whole number from {least} to {most:,}; got {shown(value)}.", fix="Choose one in that range."
            )


def _gaps(frame: pd.DataFrame, recipe: Recipe, restore: Restore, columns: Sequence[str] | None) -> _Gaps:
    """What is missing, and which columns are filled."""
    made = [column for column in recipe.columns if column.kind not in {"text", "identifier"}]
    inner = recipe.model_copy(update={"columns": tuple(made)})
    table = encode_table(frame, inner)
    names = tuple(column.name for column in made)
    asked = set(names) if columns is None else _asked(columns, restore, frame)
    gone = (table.states == MISSING).sum(axis=0)
    some = [j for j, name in enumerate(names) if name in asked and gone[j] and (table.states[:, j] == ORDINARY).any()]
    return _Gaps(frame, table, names, tuple(sorted(some, key=lambda j: (gone[j], j))))


def _asked(columns: Sequence[str], restore: Restore, frame: pd.DataFrame) -> set[str]:
    listed = [columns] if isinstance(columns, str) else list(columns)
    names = {label: inner for inner, label in restore.labels.items()}
    for column in listed:
        if column not in names:
            raise OptionError.from_choice("A column to fill", column, [str(name) for name in frame.columns])
    return {names[column] for column in listed}


class _Chains:
    """Trees in chained cycles."""

    def __init__(self, gaps: _Gaps, leaf: int, cycles: int, seed: int, progress: Progress) -> None:
        self._gaps, self._leaf, self._cycles, self._seed, self._progress = gaps, leaf, cycles, seed, progress
        self._trace: dict[str, list[Json]] = {gaps.names[j]: [] for j in gaps.wanted if gaps.table.coders[j].ordered}

    @property
    def parameters(self) -> dict[str, Json]:
        """How many cycles; per ordered column, replicate and cycle, the mean rank (0 to 1) of the cells drawn."""
        return {"cycles": self._cycles, "trace_of_mean_ranks": dict(self._trace)}

    def __call__(self, replicate: int) -> Array:
        """Return positions of all cells, those of missing cells drawn."""
        gaps, total = self._gaps, self._cycles * len(self._gaps.wanted)
        missing = gaps.missing
        chained = Chained(gaps.table, missing, self._leaf, generator(self._seed, "impute", replicate, "start"))
        means: dict[str, list[Json]] = {name: [] for name in self._trace}
        for cycle in range(self._cycles):
            for step, j in enumerate(gaps.wanted):
                name = gaps.names[j]
                self._progress(cycle * len(gaps.wanted) + step, total, f"filling {name}, cycle {cycle + 1}")
                chained.redraw(j, generator(self._seed, "impute", replicate, cycle, name))
                if name in means:
                    means[name].append(round(float(gaps.table.coders[j].ranks(chained.codes[missing[:, j], j]).mean()), 4))
        for name, values in means.items():
            self._trace[name].append(values)
        return chained.codes


class _Forests:
    """An adversarial random forest per replicate."""

    def __init__(self, gaps: _Gaps, leaf: int, seed: int, progress: Progress) -> None:
        self._gaps, self._leaf, self._seed, self._progress = gaps, leaf, seed, progress

    @property
    def parameters(self) -> dict[str, Json]:
        """How many trees a forest has."""
        return {"trees": _TREES}

    def __call__(self, replicate: int) -> Array:
        """Return positions of all cells, those of missing cells drawn."""
        table, wanted = self._gaps.table, self._gaps.wanted
        index = np.sort(generator(self._seed, "impute", replicate, "bootstrap").integers(table.rows, size=table.rows))
        if not (table.states[index][:, list(wanted)] == ORDINARY).any(axis=0).all():
            index = np.arange(table.rows)  # a column of few observed cells has none in the sample
        learnt = Table(table.coders, table.states[index], table.positions[index])
        seed = int(generator(self._seed, "impute", replicate, "forest").integers(2**32))
        forest = grow_forest(learnt, leaf=self._leaf, trees=_TREES, seed=seed, progress=self._progress)
        draws = generator(self._seed, "impute", replicate, "draw")
        return fill(learnt, forest).completed(table.states, table.positions, wanted, draws)


def _columns(gaps: _Gaps, codes: Array) -> dict[str, pd.Series[Any]]:
    """The filled columns; observed cells are the frame's own."""
    made = {}
    for j in gaps.wanted:
        name, coder = gaps.names[j], gaps.table.coders[j]
        gone = gaps.missing[:, j]
        column = gaps.frame[name].copy()
        drawn = coder.decode(np.zeros(int(gone.sum()), dtype="i1"), codes[gone, j])
        column.loc[gone] = drawn.set_axis(np.flatnonzero(gone))
        made[name] = column
    return made


def _put_back(frame: Any, restore: Restore, columns: dict[str, pd.Series[Any]]) -> Any:
    """The frame that came in, with some columns replaced; every other cell, the index and the schema are as they were."""
    made = restore(pd.DataFrame(columns, index=range(len(frame)))) if columns else None
    if made is None:
        return frame
    if restore.backend == "polars":
        return frame.with_columns(made.get_columns())
    if restore.backend == "pyarrow":
        for name in made.column_names:
            frame = frame.set_column(frame.schema.get_field_index(name), frame.schema.field(name), made.column(name))
        return frame
    out = frame.copy()
    for label in made.columns:
        out[label] = made[label].array
    return out


def _mask(frame: Any, restore: Restore, gaps: _Gaps) -> Any:
    """Which cells hold a draw, in the kind of frame that came in."""
    filled = pd.DataFrame(data=False, index=gaps.frame.index, columns=gaps.frame.columns)
    for j in gaps.wanted:
        filled[gaps.names[j]] = gaps.missing[:, j]
    if restore.backend == "pandas":
        return filled.set_axis(frame.columns, axis=1).set_axis(frame.index, axis=0)
    arrays = {name: filled[name].to_numpy() for name in filled}
    return type(frame)(arrays) if restore.backend == "polars" else type(frame).from_pydict(arrays)


def _run(read: _Read, gaps: _Gaps, engine: str, parameters: dict[str, Json], completed: tuple[Any, ...]) -> Run:
    """The run's account of itself: rows are the frame's, cells are counted."""
    recipe, rows = read.recipe, len(gaps.frame)
    filled = {gaps.names[j]: int(gaps.missing[:, j].sum()) for j in gaps.wanted}
    gone = int(gaps.frame.isna().to_numpy().sum())
    digests = [frame_digest(one) for one in completed]
    names = list(map(str, gaps.frame.columns))
    return Run(
        id=new_run_id(),
        kind="impute",
        engine=engine,
        engine_reason="It was asked for." if engine != "trees" else "Trees in chained cycles take mixed types as they are.",
        recipe_digest=digest({"recipe": recipe.to_dict(), "filled": list(filled), "engine": engine}),
        seed=recipe.seed,
        started=read.started,
        ended=utc_now(),
        seconds={"fill": round(time.perf_counter() - read.clock, 3)},
        requested=rows,
        delivered=rows,
        counts={"cells_missing": gone, "cells_filled": sum(filled.values()), "cells_left": gone - sum(filled.values())},
        parameters={"columns": filled, **parameters, **({"completed": digests} if len(digests) > 1 else {})},
        account={
            "method": _METHODS[engine],
            "missing_data": "missing cells were filled by draws given the row's other cells, taking them to be missing at random; "
            "observed cells are unchanged",
            "record_links": "each row is the real row it was; only cells missing in it were drawn",
        },
        inputs=[{"name": recipe.table, "rows": rows, "columns": names, "digest": frame_digest(gaps.frame)}],
        output={"name": read.output_name, "rows": rows, "columns": names, "digest": digests[0]},
        versions=versions(),
        columns=[{"name": column.name, "kind": column.kind, "how": _how(filled.get(column.name, 0), rows)} for column in recipe.columns],
        notes=_notes(gaps, recipe, filled),
    )


def _how(filled: int, rows: int) -> str:
    return f"as observed; {filled:,} of {rows:,} cells drawn" if filled else "as observed"


def _notes(gaps: _Gaps, recipe: Recipe, filled: dict[str, int]) -> list[str]:
    """What became of the gaps, and what that rests on."""
    gone = gaps.frame.isna().sum()
    notes = []
    for column in recipe.columns:
        left = int(gone[column.name])
        if left and column.name not in filled:
            notes.append(f"Column {shown(column.name)} keeps {left:,} missing cells: {_why_left(column, left, len(gaps.frame))}.")
    if filled:
        notes.append(
            f"{sum(filled.values()):,} cells in {len(filled)} columns hold draws, not observations. The draws suppose that cells are "
            "missing at random given the observed ones; whether they are can't be told from the table."
        )
    return notes


def _why_left(column: Column, left: int, rows: int) -> str:
    if left == rows:
        return "it has no observed cell to learn from"
    if column.kind in {"text", "identifier"}:
        return f"{column.kind} isn't drawn"
    return "it wasn't among the columns to fill, or holds nothing but infinite numbers"
