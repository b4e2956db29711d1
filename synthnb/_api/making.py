"""Verbs that make rows and fill cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, cast

from synthnb._api.describing import NO_MODEL, check_described, check_summary, compile_recipe, is_compiled, is_description, with_compiling
from synthnb._api.governing import governed, looking_in
from synthnb._api.keeping import entry_of
from synthnb._api.origins import claimed, heed_source, read_table, traced
from synthnb._api.requests import request_of
from synthnb._api.rows import rows_by_model, with_preview
from synthnb._marks import column_names
from synthnb._origins import Origin, quoting
from synthnb._progress import Progress, no_progress
from synthnb.disclosure.generations import descent
from synthnb.disclosure.session import session
from synthnb.errors import Interrupted, OptionError, shown

if TYPE_CHECKING:
    from synthnb._api.governing import Governed
    from synthnb.engines.calls import Call
    from synthnb.engines.generator import Generator
    from synthnb.engines.impute import Imputed
    from synthnb.models.base import Model
    from synthnb.models.limits import Limits
    from synthnb.recipes.profile import Profile

__all__ = ["budgets", "generate", "impute", "load_generator", "open_budget", "profile", "read_source"]


def generate(
    source: Any = None,
    *,
    recipe: Any = None,
    rows: int | None = None,
    engine: str = "auto",
    options: Mapping[str, Any] | None = None,
    rules: str | Sequence[Any] = (),
    where: str = "",
    given: Any = None,
    balance: str | Sequence[str] = (),
    replicates: int = 1,
    decision: Callable[[Any], Any] | None = None,
    on: str = "inline",
    groups: str | Sequence[str] = (),
    roles: Mapping[str, str] | None = None,
    merge_below: int | Mapping[str, int] | None = None,
    relations: Sequence[Any] | None = None,
    panel: Any = None,
    survival: Sequence[Any] = (),
    name: str = "synthetic",
    source_name: str = "real",
    overrides: Mapping[str, str] | None = None,
    summary: Any = None,
    preview: int | None = None,
    model: str | Model | None = None,
    allow_hosted: bool = False,
    sensitive: bool = False,
    limits: Limits | Mapping[str, Any] | None = None,
    override: str | None = None,
    random_state: int | None = None,
    announce: Callable[[Sequence[Mapping[str, Any]]], None] | None = None,
    progress: Progress | None = None,
) -> Any:
    """Return a synthetic frame made from a real one, a description, a recipe or a saved generator, with the run that made it.

    Parameters
    ----------
    source : frame, mapping of frames, Recipe, Compiled, Generator, str or Path, optional
        The real frame (pandas, polars or Arrow), or a ``.csv``, ``.jsonl``, ``.parquet``, ``.arrow`` or ``.xlsx`` file holding one;
        the synthetic frame is of the same kind. A mapping holds several tables by name. A recipe, or
        a ``.recipe.json`` file, says what to make without data; a generator, or a ``.synthgen``
        file, draws more of what it learnt. A description in words, or what `compile_recipe` made of
        one, becomes a recipe first: see there.
    recipe : Recipe, str or Path, optional
        What to make, where it isn't to be inferred from the frame.
    rows : int, optional
        How many rows to make, at least 1; as many as ``source`` has by default.
    engine : {"auto", "trees", "copula", "arf", "dp", "sampler", "llm"} or a registered engine's name
        How rows come to be; the run says which one was used, and why. With ``"llm"`` a language model
        writes every row, and each is checked.
    options : mapping, optional
        The engine's own options, such as ``{"leaf": 50}`` or ``{"epsilon": 1.0}``.
    rules : str, or sequence of str, mapping, Rule or callable
        What every row must satisfy, such as ``"start <= end"``; see `synthnb.recipes.rules`.
    where : str
        A condition every row must meet, such as ``"age > 65 and sex == 'F'"``.
    given : frame, optional
        Columns fixed from outside, one row for each row to make; the others are drawn for them.
    balance : str or sequence of str
        Columns whose levels are to be equally frequent.
    replicates : int
        How many independent syntheses to make; more than one gives a `Replicates`.
    decision : callable, optional
        Takes a frame and returns a number or a decision; the run says how it varies over
        the replicates, against the real frame.
    on : str
        ``inline``, ``processes``, ``processes:N``, ``dask`` or ``dask://host:port``: the same rows wherever they are drawn.
    groups : sequence of str
        Columns whose subgroups matter; they are modelled first.
    roles : mapping of str to str, optional
        What columns are for: ``key``, ``sensitive``, ``group`` or ``target``.
    merge_below : int or mapping of str to int, optional
        Levels that fewer rows hold are merged into one: in every category, or by column.
    relations : sequence of Relation, optional
        How several tables hang together; inferred by default.
    panel : Panel, optional
        The columns that name the subject and the time of repeated visits.
    survival : sequence of Survival or of mappings
        Times that end with an event or are censored, such as ``{"time": "days", "event": "died"}``.
    name, source_name : str
        What the two frames are called in the run and the disclosure.
    overrides : mapping of str to str, optional
        What kind a column is where the guess is wrong, such as ``{"code": "category"}``.
    summary : frame, str or Path, optional
        For a description: a real frame, or the file of one, called ``source_name``, whose figures fill in what the description
        leaves open; see `compile_recipe`.
    preview : int, optional
        With the engine ``llm``: write only the first so many rows, rounded up to whole calls. With the run's seed and without
        ``preview`` they are taken over from the store.
    model : str or Model, optional
        The language model that reads a description or writes rows, as for `write_column`; the setting ``model`` by default,
        ``"none"`` for a description to be read by rules alone.
    allow_hosted : bool
        Let a summary, or what the engine ``llm`` shares of the frame, leave this machine, to a hosted model; real rows need the
        setting ``hosted_rows`` too.
    sensitive : bool
        Keep a description and the prompts out of the run and the store of replies; their digests stay.
    limits : Limits or mapping, optional
        What the calls to a model may use at most, such as ``{"tokens": 100_000, "money": 0.5, "seconds": 600}``.
    override : str, optional
        Why it is made although a rule of the policy is broken; the record states it.
    random_state : int, optional
        Seed from 0 to 2**32 - 1. The seed used is in the run.
    announce : callable, optional
        Told of a privacy budget's split before any of it is spent; with the engine ``llm``, of an `Estimate` of tokens,
        cost and time before the first call is made.
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Returns
    -------
    Synthesis or Replicates
        ``.frame`` (or ``.frames``) and ``.run``; requested = delivered + explained.

    Raises
    ------
    FrameError
        The frame is empty, nested, or otherwise can't be modelled.
    OptionError
        An option is outside what is allowed.
    RecipeError
        The recipe contradicts itself or the frame; every problem is listed with its path.

    Examples
    --------
    >>> import pandas as pd, synthnb
    >>> real = pd.DataFrame({"age": range(20, 80), "sex": ["f", "m"] * 30})
    >>> made = synthnb.generate(real, rows=100, where="age > 65 and sex == 'f'", random_state=7)
    >>> made.frame.shape, int(made.frame["age"].min()) > 65
    ((100, 2), True)
    """
    from synthnb.engines._choice import approving
    from synthnb.engines.calls import Call

    if not isinstance(where, str):
        raise OptionError(f"A condition is text, such as 'age > 65'; got {shown(where)}.", fix="Write it as text.")
    if options is not None and not isinstance(options, Mapping):
        raise OptionError(f"Options are a mapping, such as {{'leaf': 50}}; got {shown(options)}.", fix="Pass a mapping.")
    call = Call(
        source=source,
        recipe=recipe,
        rows=rows,
        engine=engine,
        options=with_preview(options or {}, preview, engine),
        rules=(rules,) if isinstance(rules, str) else tuple(rules),
        where=where,
        given=given,
        balance=(balance,) if isinstance(balance, str) else tuple(balance),
        replicates=replicates,
        decision=decision,
        on=on,
        groups=(groups,) if isinstance(groups, str) else tuple(groups),
        roles=dict(roles or {}),
        merge_below=merge_below,
        relations=relations,
        panel=panel,
        survival=(survival,) if isinstance(survival, Mapping) else tuple(survival),
        name=name,
        source_name=source_name,
        overrides=dict(overrides or {}),
        seed=random_state,
        announce=announce,
        progress=progress or no_progress,
    )
    using: _Using = {"model": model, "allow_hosted": allow_hosted, "sensitive": sensitive, "limits": limits}
    check_summary(source, summary, engine)
    heed_source(source, source_name)
    place = looking_in(source if isinstance(source, str | Path) else None)
    with place, governed("generate", **_asked_of(call, summary), model=model, override=override) as under, approving(under.engine):
        try:
            result = rows_by_model(call, **using) if engine == "llm" else _drawn(call, using, summary)
        except Interrupted as stopped:
            partial = getattr(stopped, "partial", None)
            if partial is not None:
                cast("Any", stopped).partial = _kept(partial, call, using, summary, under)
            raise
        return _kept(result, call, using, summary, under)


def _asked_of(call: Call, summary: Any) -> dict[str, Any]:
    """What a policy looks at in a call: the engine, what real data are read, and what of them would go into prompts."""
    source = call.source
    if isinstance(source, Mapping):
        names = [str(name) for name in source]
    elif isinstance(source, str | Path) and not is_description(source):
        names = (
            [] if str(source).endswith((".json", ".synthgen")) else [Path(source).name if call.source_name == "real" else call.source_name]
        )
    elif hasattr(source, "columns") and hasattr(source, "__len__") and not session.origins.is_synthetic(source, column_names(source)):
        names = [call.source_name]
    else:
        names = [] if summary is None else [Path(summary).name if isinstance(summary, str | Path) else call.source_name]
    shared = "rows" if call.engine == "llm" and call.options.get("share") == "rows" else "summary"
    return {"engine": getattr(source, "engine", call.engine), "sources": names, "sends": shared if names else "nothing"}


_NOT_SAID = {"seed", "announce", "progress"}
"""What of a call isn't part of what was asked for; the seed is said as it was drawn."""


class _Using(TypedDict):
    """How a language model takes part."""

    model: str | Model | None
    allow_hosted: bool
    sensitive: bool
    limits: Limits | Mapping[str, Any] | None


def _kept(result: Any, call: Call, using: _Using, summary: Any, under: Governed) -> Any:
    """The result with the call that made it; remembered."""
    asked = {item.name: getattr(call, item.name) for item in fields(call) if item.name not in _NOT_SAID}
    who: dict[str, Any] = {"model": NO_MODEL} if using["model"] == NO_MODEL else {}
    if result.run.model is not None:
        who = {"model": using["model"] or result.run.model["requested"], "allow_hosted": using["allow_hosted"]}
    request = {} if using["sensitive"] else request_of("generate", result.run, asked | {"summary": summary} | who)
    under.made_by(result.run)
    inputs = traced(result.run.inputs, call.source)
    made = replace(result, run=replace(result.run, request=request, policy=under.outcome, inputs=inputs))
    if getattr(made, "generator", None) is not None:
        made = replace(made, generator=replace(made.generator, inputs=tuple(inputs[: len(made.generator.inputs)])))
    session.remember(entry_of(made))
    under.remember_exceptions(made.run.id, made.run.output)
    _register(made, call)
    return made


def _drawn(call: Call, using: _Using, summary: Any) -> Any:
    """What the call comes to; a description becomes a recipe first."""
    from synthnb.engines.calls import carry_out

    if not (is_compiled(call.source) or is_description(call.source)):
        return carry_out(call)
    check_described(call.source, {item.name: getattr(call, item.name) for item in fields(call)})
    compiled = call.source
    if is_description(compiled):
        compiled = compile_recipe(
            compiled,
            rows=call.rows,
            summary=summary,
            summary_name=call.source_name,
            model=using["model"],
            name=call.name,
            allow_hosted=using["allow_hosted"],
            sensitive=using["sensitive"],
            limits=using["limits"],
            random_state=call.seed,
            progress=call.progress,
        )
    result = carry_out(replace(call, source=compiled.recipe))
    return replace(result, run=with_compiling(result.run, compiled))


def _register(result: Any, call: Call) -> None:
    """Remember which run made each frame of a result, and which columns it made: neither those given to it nor real texts."""
    from synthnb._frames import to_pandas

    fixed = () if call.given is None else to_pandas(call.given)[0].columns
    fresh = {str(column["name"]).rpartition(".")[2] for column in result.run.columns if column["kind"] == "identifier"}
    recipe = getattr(result.generator, "recipe", call.source) if hasattr(result, "generator") else call.source
    if getattr(recipe, "rules", None):
        session.recipes[result.run.id] = recipe
    for made in getattr(result, "syntheses", None) or [result]:
        frames = made.frames or {str(made.run.output["name"]): made.frame}
        for label, frame in frames.items():
            if len(frame):  # a run may explain all of its rows
                source = call.source.get(label) if isinstance(call.source, Mapping) else call.source
                there = source if hasattr(source, "columns") and hasattr(source, "__len__") else None
                quoted = {*fixed, *quoting(frame, there, fresh=fresh)}
                synthetic = [name for name in map(str, to_pandas(frame)[0].columns) if name not in quoted]
                origin = Origin(result.run.id, label, *descent(result.run.to_dict()))
                session.origins.register(origin, frame, synthetic=synthetic)
                claimed(frame, origin)


def read_source(source: Any, name: str) -> tuple[Any, str]:
    """A frame as it is, or the one that a path leads to, with its name."""
    if isinstance(source, str | Path):
        return read_table(source), Path(source).name if name == "real" else name
    from synthnb._frames import frame_of

    return frame_of(source), name


def profile(
    frame: Any,
    *,
    name: str = "real",
    groups: str | Sequence[str] = (),
    overrides: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    random_state: int | None = None,
) -> Profile:
    """Return what each column of a frame is taken for, before anything runs.

    Parameters
    ----------
    frame : frame, str or Path
        The real frame, or a ``.csv``, ``.jsonl``, ``.parquet``, ``.arrow`` or ``.xlsx`` file holding one.
    name : str
        What the frame is called.
    groups : sequence of str
        Columns whose subgroups matter.
    overrides, roles : mapping of str to str, optional
        Corrections: kinds and roles by column.
    random_state : int, optional
        Seed from 0 to 2**32 - 1 for the recipe.

    Returns
    -------
    Profile
        ``.columns``, and ``.recipe`` for ``generate(frame, recipe=...)``.

    Raises
    ------
    FrameError
        The frame can't be used as it is.
    OptionError
        A correction names no column, or a kind that can't hold it.

    Examples
    --------
    >>> import pandas as pd, synthnb
    >>> found = synthnb.profile(pd.DataFrame({"age": range(20, 80), "sex": ["f", "m"] * 30}))
    >>> [column["kind"] for column in found.columns]
    ['integer', 'category']
    """
    from synthnb.recipes.profile import profile_frame

    read, name = read_source(frame, name)
    return profile_frame(
        read,
        name=name,
        groups=(groups,) if isinstance(groups, str) else tuple(groups),
        overrides=overrides,
        roles=roles,
        seed=random_state,
    )


def impute(
    frame: Any,
    *,
    columns: Sequence[str] | None = None,
    engine: str = "trees",
    replicates: int = 1,
    name: str = "completed",
    source_name: str = "real",
    override: str | None = None,
    random_state: int | None = None,
    progress: Progress | None = None,
) -> Imputed:
    """Return a real frame with its missing cells filled by draws conditioned on what is there.

    Parameters
    ----------
    frame : frame, str or Path
        The real frame, or a ``.csv``, ``.jsonl``, ``.parquet``, ``.arrow`` or ``.xlsx`` file holding one.
    columns : sequence of str, optional
        Which columns to fill; all that have missing cells by default.
    engine : {"trees", "arf"}
        How cells are drawn.
    replicates : int
        How many completed frames; 5 or more for Rubin's rules.
    name, source_name : str
        What the completed and the real frame are called in the run.
    override : str, optional
        Why it is done although a rule of the policy is broken; the record states it.
    random_state : int, optional
        Seed from 0 to 2**32 - 1.
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Returns
    -------
    Imputed
        ``.frame``, ``.completed`` (one frame per replicate), ``.mask`` (which cells hold a draw) and ``.run``.

    Raises
    ------
    FrameError
        The frame can't be used as it is.
    OptionError
        An option is outside what is allowed, or a column isn't there.
    """
    from synthnb.engines.impute import impute as fill

    read, source_name = read_source(frame, source_name)
    with governed("impute", engine=engine, sources=[source_name], override=override) as under:
        made = fill(
            read,
            columns=columns,
            engine=engine,
            seed=random_state,
            replicates=replicates,
            name=source_name,
            output_name=name,
            progress=progress or no_progress,
        )
        made = replace(made, run=replace(made.run, policy=under.outcome, inputs=traced(made.run.inputs, read)))
        session.remember(entry_of(made))
        under.remember_exceptions(made.run.id, made.run.output)
    return made


def budgets(account: str | None = None) -> list[dict[str, Any]]:
    """What the privacy budgets kept on this machine allow, and what was spent of them.

    Parameters
    ----------
    account : str, optional
        One account; all by default.

    Raises
    ------
    OptionError
        There is no such account.
    StorageError
        The file of budgets can't be read.
    """
    from synthnb.engines.dp.budget import Budgets

    found = {one.name: one.to_dict() for one in Budgets().accounts()}
    if account is not None and account not in found:
        raise OptionError(f"There is no privacy budget called {shown(account)}.", fix=f"Those there are: {', '.join(found) or 'none yet'}.")
    return [found[name] for name in found if account in (None, name)]


def open_budget(account: str, *, epsilon: float, delta: float | None = None) -> dict[str, Any]:
    """Set what may be spent on a data set, once and for all, and return the account.

    Parameters
    ----------
    account : str
        The data set's name; pass it as ``options={"budget": account}`` to the engine ``dp``.
    epsilon : float
        The limit's ε.
    delta : float, optional
        The limit's δ; 1e-6 by default.

    Raises
    ------
    OptionError
        Another limit was set before, or the figures make no sense.
    StorageError
        The file of budgets can't be written.
    """
    from synthnb.engines.dp.budget import Budgets

    return Budgets().limit(account, epsilon=epsilon, delta=1e-6 if delta is None else delta).to_dict()


def load_generator(path: str | Path) -> Generator:
    """Return the generator in a file that ``synthesis.generator.save(path)`` wrote, by this version or an earlier one.

    Raises
    ------
    RecordError
        It isn't a generator's file, is damaged, or is of a later major version.
    """
    from synthnb.engines.generator import Generator

    return Generator.load(path)
