"""From what is to be made to a synthesis: read, infer, choose an engine, take layers off, fit, draw, account."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from synthnb._clock import utc_now
from synthnb._frames import frame_digest, to_pandas
from synthnb._random import resolve_seed
from synthnb.engines._choice import approve, choose_engine, is_private, make_engine
from synthnb.engines._reading import Read, read_call
from synthnb.engines._requests import Request, checked_rows
from synthnb.engines.base import Progress, Run, Synthesis, new_run_id, no_progress, versions
from synthnb.engines.generator import Generator
from synthnb.engines.sampling import Delivered, draw_rows
from synthnb.errors import OptionError, shown
from synthnb.scale import open_runner

if TYPE_CHECKING:
    import pandas as pd

    from synthnb._canonical import Json
    from synthnb.engines._layers import Layer
    from synthnb.recipes.recipe import Recipe

__all__ = ["Announce", "Ready", "fit_generator", "prepare", "prepare_more"]

Announce = Callable[[Sequence[Mapping[str, Any]]], None]
"""Told of a privacy budget's split, one mapping a step."""


def prepare(
    source: Any,
    *,
    name: str = "real",
    rows: int | None = None,
    seed: int | None = None,
    engine: str = "auto",
    options: Mapping[str, Any] | None = None,
    recipe: Recipe | None = None,
    request: Request | None = None,
    on: str = "inline",
    announce: Announce | None = None,
    progress: Progress = no_progress,
) -> Ready:
    """Read, check and fit, and return what is ready to draw.

    Parameters
    ----------
    source : pandas.DataFrame, polars.DataFrame, pyarrow.Table or None
        The real rows; None where a recipe alone says what to make.
    name : str
        What the real frame is called.
    rows : int, optional
        How many rows to make; as many as there are by default.
    seed : int, optional
        From 0 to 2**32 - 1; a fresh one by default.
    engine : str
        ``auto`` or a registered engine's name.
    options : mapping, optional
        The engine's own options.
    recipe : Recipe, optional
        What to make; inferred from the frame by default.
    request : Request, optional
        What columns are, rules, conditions, fixed cells and balance.
    on : str
        Where blocks are drawn; see `synthnb.scale.open_runner`.
    announce : callable, optional
        Told of a privacy budget's split before any of it is spent.
    progress : Progress
        Told of every column.

    Raises
    ------
    FrameError
        The frame can't be used as it is.
    OptionError
        An option is outside what is allowed.
    RecipeError
        The recipe contradicts itself or the frame; everything that does is listed.
    """
    started, clock = utc_now(), time.perf_counter()
    open_runner(on)
    declared = (options or {}).get("domain", {}) if is_private(engine, options or {}) else None
    read = read_call(source, name, recipe, rows=rows, seed=seed, request=request or Request(), declared=declared)
    generator, reason = fit_generator(read.frame, read.recipe, engine=engine, options=options or {}, progress=progress, announce=announce)
    generator = replace(generator, inputs=_inputs(read, private=declared is not None))
    if declared is not None and rows is None and read.given is None:  # how many real rows there are is itself private
        sized = read.recipe.model_copy(
            update={"rows": checked_rows(generator.fitted.parameters["rows_estimated"], len(read.recipe.columns))}
        )
        read, generator = replace(read, recipe=sized), replace(generator, recipe=sized)
    return Ready(read, generator, reason, on, started, clock, time.perf_counter())


@dataclass(frozen=True)
class Ready:
    """What was read and fitted."""

    read: Read
    """The frame, the recipe and the fixed cells."""
    generator: Generator
    """What draws."""
    reason: str
    """Why its engine."""
    on: str
    """Where blocks are drawn."""
    started: str
    """When the call began, in UTC."""
    clock: float
    """The same, in seconds of a clock that only runs forward."""
    fitted: float
    """When fitting ended."""

    def draw(self, *, output_name: str, seed: int | None = None, progress: Progress = no_progress) -> Synthesis:
        """Draw the rows, with the recipe's seed or another, and account for them."""
        read = self.read if seed is None else replace(self.read, recipe=self.read.recipe.model_copy(update={"seed": seed}))
        generator = replace(self.generator, recipe=read.recipe)
        clock = time.perf_counter()
        ask = generator.ask(read.recipe.rows, seed=read.recipe.seed, given=read.given, where=read.recipe.where)
        made = draw_rows(generator, ask, runner=open_runner(self.on), progress=progress)
        ordered = generator.ordered(made.frame)
        frame = read.restore(ordered) if read.restore else ordered
        seconds = {"fit": round(self.fitted - self.clock, 3), "sample": round(time.perf_counter() - clock, 3)}
        run = _run(self, generator, read, made, ordered, output_name, seconds=seconds)
        return Synthesis(frame, run, generator=generator)


def prepare_more(
    generator: Generator,
    *,
    name: str = "generator",
    rows: int | None = None,
    seed: int | None = None,
    request: Request | None = None,
    on: str = "inline",
) -> Ready:
    """Return a generator that was fitted before, ready to draw more rows, as pandas.

    Raises
    ------
    OptionError
        It can't honour what is asked.
    """
    started, clock = utc_now(), time.perf_counter()
    asked = request or Request()
    given = None if asked.given is None else to_pandas(asked.given, what="frame of given columns")[0]
    wanted = rows if rows is not None else generator.recipe.rows if given is None else len(given)
    size = checked_rows(wanted, len(generator.recipe.columns))
    recipe = generator.recipe.model_copy(update={"rows": size, "seed": resolve_seed(seed), "where": asked.where or generator.recipe.where})
    read = Read(name=name, source=None, frame=None, restore=None, recipe=recipe, given=given)
    reason = f"The generator {shown(name)} was fitted with it."
    return Ready(read, generator, reason, on, started, clock, time.perf_counter())


def fit_generator(
    frame: pd.DataFrame | None,
    recipe: Recipe,
    *,
    engine: str = "auto",
    options: Mapping[str, Any] | None = None,
    progress: Progress = no_progress,
    announce: Announce | None = None,
) -> tuple[Generator, str]:
    """Return a generator for a recipe, fitted to a frame if there is one, and why its engine.

    Raises
    ------
    OptionError
        No such engine, or it doesn't take these options.
    """
    layers, inside, inner = take_off(frame, recipe, private=is_private(engine, options or {}))
    chosen, reason = choose_engine(engine, frame, recipe, options or {})
    approve(chosen)
    maker = make_engine(chosen, options or {})
    if announce is not None and hasattr(maker, "announce"):
        maker.announce = announce
    fitted = maker.fit(inside, inner, seed=recipe.seed, progress=progress)
    return Generator(chosen, fitted, layers, recipe, inner, versions()), reason


def take_off(frame: pd.DataFrame | None, recipe: Recipe, *, private: bool = False) -> tuple[tuple[Layer, ...], pd.DataFrame | None, Recipe]:
    """Return the layers around the engine, outermost first, and what the engine is to see.

    If ``private``, rules are kept on what is drawn alone: they don't read the rows.
    """
    layers: list[Layer] = []
    inner = recipe
    if frame is not None and any(column.kind == "identifier" for column in recipe.columns):
        from synthnb.engines._layers.identifiers import take_off as take_identifiers_off

        layer, frame, inner = take_identifiers_off(frame, inner, seed=recipe.seed, private=private)
        layers.append(layer)
    for survival in recipe.survival:
        from synthnb.engines._layers.survival import take_off as take_survival_off

        if frame is None or private:
            raise OptionError("Times to an event are learnt from rows, which this engine doesn't look at.", fix="Leave `survival` out.")
        timed, frame, inner = take_survival_off(frame, inner, survival, seed=recipe.seed)
        layers.append(timed)
    if recipe.rules:
        from synthnb.engines._layers.rules import take_off as take_rules_off

        rules, learnt, inner = take_rules_off(None if private else frame, inner)
        frame = frame if private else learnt
        layers.append(rules)
    return tuple(layers), frame, inner


def _run(
    ready: Ready,
    generator: Generator,
    read: Read,
    made: Delivered,
    ordered: pd.DataFrame,
    output_name: str,
    *,
    seconds: Mapping[str, float],
) -> Run:
    """The run's account of itself."""
    recipe, fitted = generator.recipe, generator.fitted
    inputs = [*generator.inputs, *([_described("given", read.given)] if read.given is not None and not read.balance else [])]
    asked: dict[str, Json] = {"groups": list(recipe.groups)}
    asked |= {"rules": [rule.text for rule in recipe.rules]} if recipe.rules else {}
    asked |= {"where": recipe.where} if recipe.where else {}
    asked |= {"given": list(recipe.given)} if recipe.given else {}
    asked |= {"balance": list(read.balance)} if read.balance else {}
    asked |= {"on": ready.on} if ready.on != "inline" else {}
    how = generator.how
    return Run(
        id=new_run_id(),
        kind="generate",
        engine=generator.engine,
        engine_reason=ready.reason,
        recipe_digest=recipe.digest,
        seed=recipe.seed,
        started=ready.started,
        ended=utc_now(),
        seconds=seconds,
        requested=recipe.rows,
        delivered=len(ordered),
        explained=made.explained,
        counts=made.counts,
        parameters={**fitted.parameters, **asked},
        account=fitted.account,
        inputs=inputs,
        output=_described(output_name, ordered),
        versions=versions(),
        columns=[{"name": column.name, "kind": column.kind, "how": how.get(column.name, "")} for column in recipe.columns],
        notes=[*(read.restore.notes if read.restore else ()), *read.notes, *_left_out(recipe), *generator.notes(made.counts)],
    )


def _inputs(read: Read, *, private: bool) -> tuple[dict[str, Json], ...]:
    """What was learnt from; if ``private``, without what would tell of single rows."""
    if read.source is None:
        return ()
    if private:
        return ({"name": read.name, "columns": list(read.source.columns)},)
    return (_described(read.name, read.source),)


def _left_out(recipe: Recipe) -> list[str]:
    return [
        f"Column {shown(column.name)} was left out: {column.why}. Drop it, have a model write one, or, if it is a category, "
        f"pass overrides={{{shown(column.name)}: 'category'}}."
        for column in recipe.columns
        if column.kind == "text"
    ]


def _described(name: str, frame: pd.DataFrame) -> dict[str, Json]:
    return {"name": name, "rows": len(frame), "columns": list(frame.columns), "digest": frame_digest(frame)}
