"""Rows written by a language model, line by line: for small tables, or to see what a model takes for likely.

A folder with one step of the way in each file: `ground` (what is written from), `fields` and `lines` (cells as text
and back, and the grammar), `quotas`, `examples`, `prompts`, `writing` (calls and replies), `curation`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from synthnb._canonical import Json, digest_bytes
from synthnb._random import resolve_seed
from synthnb.engines._requests import checked_rows
from synthnb.engines.base import Progress, Synthesis, no_progress
from synthnb.engines.egress import Policy, Rows, Scanned, permit, preflight
from synthnb.engines.llm.runs import Clock, within
from synthnb.engines.llm.stopping import WorkInterrupted
from synthnb.engines.rows.curation import Curated, curate
from synthnb.engines.rows.examples import Pool
from synthnb.engines.rows.ground import Ground, read_ground
from synthnb.engines.rows.making import Making, Options
from synthnb.engines.rows.prompts import SYSTEM, TEMPLATE, described
from synthnb.engines.rows.quotas import Quotas, plan_quotas
from synthnb.engines.rows.writing import Asking, Writing
from synthnb.errors import ModelError, OptionError, shown

if TYPE_CHECKING:
    from synthnb.models.calls import Calls
    from synthnb.models.limits import Estimate
    from synthnb.recipes.recipe import Recipe

__all__ = ["Curated", "RowsInterrupted", "curate", "write_rows"]

_CHOICES = ("balanced", "residual")
_SHARES = ("summary", "rows")
_MOST_PER_CALL = 50
_MOST_EXAMPLES = 100
_CHARACTERS_PER_TOKEN = 2.5


class RowsInterrupted(WorkInterrupted):
    """The user stopped the writing of rows."""

    units = "rows"


def write_rows(
    source: Any,
    *,
    rows: int,
    calls: Calls,
    recipe: Recipe | None = None,
    examples: int = 10,
    share: str = "summary",
    quotas: bool = True,
    choose: str = "balanced",
    target: str | None = None,
    curate: bool = False,
    per_call: int = 15,
    preview: int | None = None,
    temperature: float = 0.8,
    top_p: float = 0.95,
    seed: int | None = None,
    name: str = "synthetic",
    source_name: str = "real",
    allow_hosted: bool = False,
    identifiers: Policy | None = None,
    announce: Callable[[Estimate], None] | None = None,
    progress: Progress = no_progress,
) -> Synthesis:
    """Return rows that a language model wrote, checked against what their columns hold, and the run that made them.

    Parameters
    ----------
    source : frame, Recipe or str
        Real rows (pandas, polars or Arrow), a recipe to draw from, or a description in a sentence, which is compiled to a recipe first.
    rows : int
        How many rows to write, at least 1.
    calls : Calls
        The model, with its limits and its store.
    recipe : Recipe, optional
        What the columns of a real frame are, with rules that each row must meet; inferred by default.
    examples : int
        Rows shown in each call, 0 to 100: real ones only with ``share="rows"``, and never of a real frame otherwise.
    share : {"summary", "rows"}
        What the model may see of real rows: figures over at least ``minimum_cell`` of them, or rows themselves.
    quotas : bool
        Fix beforehand which rows hold which levels of the target and the groups (or of two columns of few levels).
    choose : {"balanced", "residual"}
        Which rows are shown: as many of each class, or those that what was written so far lacks.
    target : str, optional
        The column that will be predicted.
    curate : bool
        Drop rows whose label a classifier trained on the real rows confidently contradicts; see `curate`.
    per_call : int
        Rows asked for in a call, 1 to 50; fewer where the model's context is too small.
    preview : int, optional
        Write only the first so many of the rows, rounded up to whole calls. With the same seed they are taken over from the store.
    temperature, top_p : float
        How freely words are chosen, 0 to 2, and from which share of the likeliest ones, 0.01 to 1.
    seed : int, optional
        From 0 to 2**32 - 1; drawn if not given, and in the run either way.
    name, source_name : str
        What the two frames are called in the run.
    allow_hosted : bool
        Let what is shared leave this machine, to a hosted model; real rows besides need the setting ``hosted_rows``.
    identifiers : {"block", "warn"}, optional
        What a direct identifier does in what would be sent to a hosted model; ``block`` by default for what comes of real rows.
    announce : callable, optional
        Told what the calls for rows are going to use, before the first of them is made.
    progress : callable
        Called as ``progress(done, total, what)``.

    Returns
    -------
    Synthesis
        Rows of the same kind of frame and types as the source, and a run of engine ``llm``; requested = delivered + explained.

    Raises
    ------
    FrameError, RecipeError
        The frame or the recipe can't be used as it is.
    OptionError
        An option is outside what is allowed, or something would leave this machine that may not.
    ModelError
        The model failed before any row was there, or wrote none that could be used.
    RowsInterrupted
        Stopped by the user; ``partial`` holds what was written.

    Notes
    -----
    A line that has a field too many or too few, breaks a rule or equals a real row that was shown is asked for
    again, at most twice; a field that can't be read is missing where its column may be. What a call is asked, and
    which rows it shows, follows from the seed and its number, never from the order in which replies arrive.
    """
    options = _checked(examples, share, quotas, choose, target, curate, per_call, temperature, top_p, allow_hosted, identifiers)
    if preview is not None:
        options = replace(options, preview=_whole("preview", preview, 1, checked_rows(rows, 1)))
    clock = Clock.start()
    size = checked_rows(rows, 1)
    if curate:
        _refuse_to_curate(source, target)
    ground = read_ground(
        source,
        recipe=recipe,
        rows=size,
        seed=resolve_seed(seed),
        name=name,
        source_name=source_name,
        target=target,
        share=share,
        calls=calls,
        progress=progress,
    )
    scanned = _may_leave(ground, calls, options, source_name)
    asking = _asking(ground, calls, options)
    writing = Writing(asking, calls, ground.may_not_stand, progress)
    _declare(ground, asking, calls, source_name)
    writing.run(announce)
    made = Making(ground, writing, options, clock, name, source_name, scanned).synthesis()
    if writing.interrupted:
        raise RowsInterrupted(made)
    return made


def _refuse_to_curate(source: Any, target: str | None) -> None:
    """Refuse, before a model is asked, to curate without real rows or without a target."""
    from synthnb.recipes.recipe import Recipe

    if source is None or isinstance(source, str | Recipe):
        raise OptionError("Rows are curated against real ones; no real frame was given.", fix="Pass one, or leave curate out.")
    if target is None:
        raise OptionError(
            "Rows are curated by the column that will be predicted; no target was named.",
            fix="Name the column as target, or leave curate out.",
        )


def _checked(
    examples: Any,
    share: Any,
    quotas: Any,
    choose: Any,
    target: Any,
    curated: Any,
    per_call: Any,
    temperature: Any,
    top_p: Any,
    allow_hosted: Any,
    identifiers: Any,
) -> Options:
    for label, value, choices in (("share", share, _SHARES), ("choose", choose, _CHOICES)):
        if value not in choices:
            raise OptionError.from_choice(label, value, list(choices))
    for label, value in (("quotas", quotas), ("curate", curated), ("allow_hosted", allow_hosted)):
        if not isinstance(value, bool):
            raise OptionError(f"{label} must be true or false; got {shown(value)}.", fix="Pass True or False.")
    return Options(
        examples=_whole("examples", examples, 0, _MOST_EXAMPLES),
        share=share,
        quotas=quotas,
        choose=choose,
        target=target,
        curate=curated,
        per_call=_whole("per_call", per_call, 1, _MOST_PER_CALL),
        temperature=within("temperature", temperature, 0, 2),
        top_p=within("top_p", top_p, 0.01, 1),
        allow_hosted=allow_hosted,
        identifiers=identifiers,
    )


def _whole(label: str, value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or not least <= value.__index__() <= most:
        raise OptionError(f"{label} must be a whole number from {least} to {most}; got {shown(value)}.", fix="Choose one in that range.")
    return int(value)


def _may_leave(ground: Ground, calls: Calls, options: Options, source_name: str) -> Scanned:
    """Refuse to send what may not leave this machine, and look for identifiers in what may."""
    info = calls.model.info
    rows: Rows = "none" if not ground.real else "real" if options.share == "rows" else "summary"
    what = {
        "none": "the recipe's columns",
        "real": f"real rows of {shown(source_name)}",
        "summary": f"summary figures of {shown(source_name)}",
    }[rows]
    permit(info, rows=rows, allowed=options.allow_hosted, what=what)
    names = [coder.column.name for coder in ground.table.coders]
    in_rows = preflight(info, ground.frame[names], rows=rows, what=what, policy=options.identifiers) if rows == "real" else Scanned()
    told = [described(ground.layout, ground.summary), ground.description]
    in_words = preflight(info, told, rows=rows, what=what, policy=options.identifiers)
    return in_rows if in_rows.notes else in_words


def _asking(ground: Ground, calls: Calls, options: Options) -> Asking:
    """What every call has in common, fitted to the model's context."""
    layout, info = ground.layout, calls.model.info
    recipe = ground.recipe
    pool = Pool(layout, ground.table) if options.examples and (options.share == "rows" or not ground.real) else None
    planned = Quotas((), (), (0,) * recipe.rows)
    if options.quotas:
        cell = ground.minimum_cell if ground.hides else 1
        planned = plan_quotas(
            ground.table, layout, ground.summary, rows=recipe.rows, seed=recipe.seed, first=ground.groups, minimum_cell=cell
        )
    names = [coder.column.name for coder in ground.table.coders]
    classes = [names.index(group) for group in ground.groups if group in names] or list(planned.columns)
    asking = Asking(
        layout=layout,
        quotas=planned,
        columns=described(layout, ground.summary),
        description=ground.description,
        pool=pool,
        real=ground.real,
        examples=options.examples,
        choose=options.choose,
        classes=tuple(at for at in classes if not isinstance(ground.layout.bands[at], tuple)),
        per_call=options.per_call,
        seed=recipe.seed,
        grammar=info.grammars,
        max_tokens=layout.widest + 1,
        temperature=options.temperature,
        top_p=options.top_p,
    )
    return _previewed(asking if info.context is None else _fitted(asking, info.context), options.preview)


def _previewed(asking: Asking, preview: int | None) -> Asking:
    """The same for the first rows alone, as many as whole calls hold, so that their replies serve the whole run too."""
    if preview is None:
        return asking
    rows = -(-preview // asking.per_call) * asking.per_call
    return replace(asking, quotas=replace(asking.quotas, slots=asking.quotas.slots[:rows]))


def _fitted(asking: Asking, context: int) -> Asking:
    """The same with so few examples and rows a call that prompt and reply fit the context."""
    while True:
        slots = list(range(min(asking.per_call, len(asking.quotas.slots))))
        request, _ = asking.request(slots, (0, 0), [])
        needed = (len(request.prompt) + len(request.system)) / _CHARACTERS_PER_TOKEN + request.max_tokens
        if needed <= context:
            return asking
        if asking.examples > asking.per_call and asking.pool is not None:
            asking = replace(asking, examples=asking.examples // 2)
        elif asking.per_call > 1:
            asking = replace(asking, per_call=asking.per_call // 2)
        elif asking.examples and asking.pool is not None:
            asking = replace(asking, examples=asking.examples // 2)
        else:
            raise ModelError(
                f"A call for one row of {len(asking.layout.fields)} columns needs about {needed:,.0f} tokens; the model reads {context:,}.",
                fix="Drop columns, choose a model that reads more, or use an engine that is fitted.",
            )


def _declare(ground: Ground, asking: Asking, calls: Calls, source_name: str) -> None:
    """Tell the account of the template, and of the figures that every prompt carries."""
    calls.declare_template("rows", f"{SYSTEM}\n\n{TEMPLATE}")
    if ground.description:
        calls.declare_sent("the description", digest=_digest_text(ground.description))
    origin = f"real rows of {source_name}" if ground.real else "the recipe"
    detail: dict[str, Json] = {"rows": len(ground.frame), "minimum_cell": ground.minimum_cell, "columns": len(asking.layout.fields)}
    calls.declare_sent(f"figures and levels of {origin}", digest=_digest_text(asking.columns), detail=detail)


def _digest_text(text: str) -> str:
    return digest_bytes(text.encode("utf-8", "surrogatepass"))
