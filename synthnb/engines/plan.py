"""From a user's frame to a synthesis: read, infer, choose an engine, fit, draw, account."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synthnb import plugins
from synthnb._clock import utc_now
from synthnb._frames import frame_digest, to_pandas
from synthnb._random import resolve_seed
from synthnb.engines.base import Drawn, Engine, Progress, Run, Synthesis, new_run_id, no_progress, versions
from synthnb.errors import OptionError, shown
from synthnb.recipes.infer import infer_recipe

if TYPE_CHECKING:
    import pandas as pd

    from synthnb._canonical import Json
    from synthnb.engines.base import FittedEngine
    from synthnb.recipes.recipe import Recipe

__all__ = ["MOST_ROWS", "choose_engine", "synthesise"]

MOST_ROWS = 50_000_000
"""Most rows made at once, whatever the memory."""

_GROUP = "synthnb.engines"
_BYTES_PER_CELL = 64
_SHARE_OF_MEMORY = 0.8


def synthesise(
    frame: Any,
    *,
    name: str = "real",
    output_name: str = "synthetic",
    rows: int | None = None,
    seed: int | None = None,
    groups: Sequence[str] = (),
    engine: str = "auto",
    progress: Progress = no_progress,
    overrides: Mapping[str, str] | None = None,
) -> Synthesis:
    """Return a synthetic frame of the same kind as the one given, and the run that made it.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The real rows.
    name, output_name : str
        What the real and the synthetic frame are called.
    rows : int, optional
        How many rows to make; as many as there are by default.
    seed : int, optional
        From 0 to 2**32 - 1; a fresh one by default.
    groups : sequence of str
        Columns that declare subgroups; modelled first, as categories.
    engine : str
        ``auto`` or a registered engine's name.
    progress : Progress
        Told of every column.
    overrides : mapping of str to str, optional
        Kinds to use instead of the inferred ones, by column.

    Raises
    ------
    FrameError
        The frame can't be used as it is.
    OptionError
        An option is outside what is allowed.
    """
    started, clock = utc_now(), time.perf_counter()
    inside, restore = to_pandas(frame, what=f"frame {shown(name)}")
    wanted = _checked_rows(len(inside) if rows is None else rows, inside.shape[1])
    names = {label: inner for inner, label in restore.labels.items()}
    recipe = infer_recipe(
        inside,
        table=name,
        rows=wanted,
        seed=resolve_seed(seed),
        groups=[names.get(group, group) for group in _listed(groups)],
        overrides={names.get(column, column): kind for column, kind in (overrides or {}).items()},
    )
    chosen, reason = choose_engine(engine, inside, recipe)
    maker: Engine = plugins.load(_GROUP, chosen)()
    fitted = maker.fit(inside, recipe, seed=recipe.seed, progress=progress)
    fitted_at = time.perf_counter()
    drawn = fitted.sample(wanted, seed=recipe.seed, progress=progress)
    ordered = drawn.frame[[column.name for column in recipe.columns if column.name in drawn.frame]]
    made = restore(ordered)
    seconds = {"fit": round(fitted_at - clock, 3), "sample": round(time.perf_counter() - fitted_at, 3)}
    run = Run(
        id=new_run_id(),
        kind="generate",
        engine=chosen,
        engine_reason=reason,
        recipe_digest=recipe.digest,
        seed=recipe.seed,
        started=started,
        ended=utc_now(),
        seconds=seconds,
        requested=wanted,
        delivered=len(ordered),
        explained=drawn.explained,
        counts=drawn.counts,
        parameters={**fitted.parameters, "groups": list(recipe.groups)},
        account=fitted.account,
        inputs=[_described(name, inside)],
        output=_described(output_name, ordered),
        versions=versions(),
        columns=_columns(recipe, fitted),
        notes=_notes(restore.notes, drawn),
    )
    return Synthesis(made, run)


def choose_engine(asked: str, frame: pd.DataFrame, recipe: Recipe) -> tuple[str, str]:
    """Return an engine's name and, in a sentence, why it.

    Raises
    ------
    OptionError
        No engine of that name is registered.
    """
    known = plugins.available(_GROUP)
    if asked != "auto":
        if asked not in known:
            raise OptionError.from_choice("An engine", asked, ["auto", *known])
        return asked, "It was asked for."
    categories = sum(column.kind in {"category", "boolean"} for column in recipe.columns)
    width = frame.shape[1]
    return "trees", (
        f"A real frame of {len(frame):,} rows and {width} columns, {categories} of them categories: "
        "sequential trees take mixed types and missing values as they are."
    )


def _listed(groups: Sequence[str]) -> list[str]:
    return [groups] if isinstance(groups, str) else list(groups)


def _checked_rows(rows: Any, columns: int) -> int:
    """The rows asked for, if they are a sensible number that fits in memory."""
    if isinstance(rows, bool) or not hasattr(rows, "__index__"):
        raise OptionError(f"The number of rows must be a whole number; got {shown(rows)}.", fix="Pass an int.")
    number = int(rows.__index__())
    if number < 1:
        raise OptionError(f"The number of rows must be at least 1; got {number:,}.", fix="Leave it out for as many as the real table has.")
    if number > MOST_ROWS:
        raise OptionError(
            f"At most {MOST_ROWS:,} rows can be made at once; got {shown(number)}.", fix="Make fewer, or several runs with different seeds."
        )
    memory = _available_memory()
    most = int(_SHARE_OF_MEMORY * memory / (_BYTES_PER_CELL * columns)) if memory else MOST_ROWS
    if number > most:
        raise OptionError(
            f"{number:,} rows of {columns} columns would need about {number * columns * _BYTES_PER_CELL / 1e9:.1f} GB of memory; "
            f"there is room for {most:,} rows.",
            fix="Make fewer, or several runs with different seeds.",
        )
    return number


def _available_memory() -> int | None:
    """Bytes that can be had without swapping, where the system tells."""
    from contextlib import suppress
    from pathlib import Path

    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _described(name: str, frame: pd.DataFrame) -> dict[str, Json]:
    return {"name": name, "rows": len(frame), "columns": list(frame.columns), "digest": frame_digest(frame)}


def _columns(recipe: Recipe, fitted: FittedEngine) -> list[dict[str, Json]]:
    how = fitted.how
    return [{"name": column.name, "kind": column.kind, "how": how.get(column.name, "")} for column in recipe.columns]


def _notes(left_behind: tuple[str, ...], drawn: Drawn) -> list[str]:
    return [*left_behind, *drawn.notes]
