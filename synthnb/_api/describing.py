"""From a description in words to rows: the description becomes a recipe, which numpy draws from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from synthnb._api.calling import calls_to, limits_of
from synthnb._progress import Progress, no_progress
from synthnb._random import resolve_seed
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from synthnb._canonical import Json
    from synthnb.engines.base import Run
    from synthnb.engines.compile import Compiled, Figures
    from synthnb.models.base import Model
    from synthnb.models.limits import Limits

__all__ = [
    "NO_MODEL",
    "SOURCE_LABELS",
    "as_flag",
    "check_described",
    "check_summary",
    "compile_recipe",
    "figures_in",
    "is_compiled",
    "is_description",
    "shape_of",
    "with_compiling",
]

SOURCE_LABELS: dict[str, str] = {
    "user": "you said so",
    "model": "the model's guess",
    "prior": "the model's guess",
    "summary": "a summary of real data",
    "default": "nobody: a neutral default",
}
"""Who a recipe's number comes from, in words."""

NO_MODEL = "none"
"""The name under which a description is compiled without a model."""

_MOST_LEVELS = 6
_ABOUT_FRAMES = ("recipe", "balance", "groups", "roles", "overrides", "merge_below", "survival", "relations", "panel")
"""Arguments of `generate` that say something about real rows, or what a description says already."""
_OPTIONS_ABOUT_FRAMES = ("epsilon", "examples", "share", "target", "curate")
"""The same among the options that the magic and the command have words of their own for."""
_FILES = (".csv", ".parquet", ".json", ".synthgen")


def is_description(source: Any) -> bool:
    """Whether a source is words that describe a table, rather than the name of a file: two words or more, and no file's ending."""
    if not isinstance(source, str) or len(source.split()) < 2:
        return False
    return "\n" in source.strip() or not (source.strip().lower().endswith(_FILES) or _exists(source))


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # too long for a path, or with a sign that none can have
        return False


def is_compiled(source: Any) -> bool:
    """Whether a source is what `compile_recipe` returned."""
    return type(source).__name__ == "Compiled" and type(source).__module__.startswith("synthnb.")


def as_flag(name: str) -> str:
    """How the magic and the command spell an argument of `generate`."""
    words = {"panel": "subject", "relations": "relation"}
    return f"--{words.get(name, name).replace('_', '-')}"


def check_described(source: str | Compiled, asked: Mapping[str, Any], spell: Callable[[str], str] = str, *, by_model: bool = False) -> None:
    """Refuse what can't be asked of a description, before a model is opened or asked anything.

    Parameters
    ----------
    source : str or Compiled
        The description, or what it was compiled to.
    asked : mapping
        Arguments of `generate`, or fields of a `Call`, by name; those that are missing aren't asked for.
    spell : callable
        How the user writes an argument: `as_flag` for the magic and the command.
    by_model : bool
        A model writes each row, so that the engine and its options aren't looked at here.

    Raises
    ------
    OptionError
        The description is empty; the rows, the seed, the replicates or the place to run make no sense; or something is
        asked that needs a real frame.
    RecipeError
        What the description says contradicts itself.
    """
    options = asked.get("options") or {}
    found = [name for name in _ABOUT_FRAMES if asked.get(name) is not None and asked[name] not in ((), [], {}, "")]
    beyond = ("curate",) if by_model else _OPTIONS_ABOUT_FRAMES
    for name in [*found, *(option for option in beyond if options.get(option))]:
        raise OptionError(
            f"{spell(name)} is about a real frame; a description was given.",
            fix="Leave it out, and say in the description what columns hold and how often.",
        )
    engine, options = ("sampler", {}) if by_model else (_engine_of(asked.get("engine") or "auto", spell), options)
    if options and engine in ("auto", "sampler"):
        raise OptionError(f"Rows of a description are drawn without options; got {shown(next(iter(options)))}.", fix="Leave it out.")
    rows = asked.get("rows")
    if isinstance(source, str):
        said = _rows_said(source)
        rows = said if rows is None and asked.get("given") is None else rows
    _check_ways(asked, spell)
    _try(rows, engine, options, asked)


def check_summary(source: Any, summary: Any, engine: str = "auto") -> None:
    """Refuse a summary beside anything but a description that is to be compiled.

    Raises
    ------
    OptionError
        A summary was given with a frame, a recipe, what is compiled already, or rows that a model writes one by one.
    """
    if summary is None:
        return
    if engine == "llm":
        raise OptionError(
            "A summary is for a description that becomes a recipe; with the engine llm a model writes each row.",
            fix="Pass the frame itself as the source: the model is told its summary.",
        )
    if not is_description(source):
        raise OptionError(
            "A summary goes with a description in words, whose gaps it fills.",
            fix="Describe the table in words, or pass the frame itself as the source.",
        )


def _engine_of(engine: str, spell: Callable[[str], str]) -> str:
    """The engine that draws the rows of a description: one that reads no rows."""
    from synthnb import plugins
    from synthnb.engines._choice import reads_of

    known = [*plugins.available("synthnb.engines"), "llm"]
    if engine not in ("auto", *known):
        raise OptionError.from_choice("An engine", engine, ["auto", *known])
    if engine == "llm" or (engine != "auto" and reads_of(engine) != "nothing"):
        raise OptionError(
            f"Rows of a description are drawn by the engine sampler; got {spell('engine')} {shown(engine)}.",
            fix=f"Leave {spell('engine')} out; to have a model write each row, pass the description's recipe with the engine llm.",
        )
    return engine


def _check_ways(asked: Mapping[str, Any], spell: Callable[[str], str]) -> None:
    """Refuse replicates, a decision or given cells that can't be had of any recipe."""
    from synthnb._frames import to_pandas
    from synthnb.engines.replicates import MOST_REPLICATES

    many, decision, given, rows = (asked.get(name) for name in ("replicates", "decision", "given", "rows"))
    if many is not None and (type(many) is not int or not 1 <= many <= MOST_REPLICATES):
        raise OptionError(
            f"{spell('replicates')} must be from 1 to {MOST_REPLICATES:,}; got {shown(many)}.", fix="Choose one in that range."
        )
    if decision is not None and not callable(decision):
        raise OptionError(f"A decision is a function of a frame; got {shown(decision)}.", fix="Pass a function.")
    size = None if given is None else len(to_pandas(given, what="frame of given columns")[0])
    if size is not None and rows is not None and size != rows:
        raise OptionError(f"`given` has {size:,} rows, but {rows:,} are to be made.", fix="Leave the number of rows out, or give as many.")


def _try(rows: int | None, engine: str, options: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Prepare what is asked for with a recipe of one column, so that the rows, the seed, the options and the place to run are checked."""
    from synthnb.engines.plan import prepare
    from synthnb.recipes.recipe import Recipe

    column = {"name": "x", "kind": "real", "dtype": "float64", "distribution": {"family": "normal", "mean": 0, "sd": 1}}
    recipe = Recipe.from_dict({"table": "trial", "rows": 1, "seed": 1, "columns": [column]})
    on, seed = asked.get("on") or "inline", asked.get("random_state", asked.get("seed"))
    prepare(None, recipe=recipe, rows=rows, engine=engine, options=options, on=on, seed=seed)


def _rows_said(description: str) -> int | None:
    """How many rows a description asks for, which is refused where it is empty or contradicts itself."""
    from synthnb.recipes.statements.reading import read_statements
    from synthnb.recipes.statements.stated import gathered

    reading = read_statements(description)
    gathered(reading)
    return next((int(item.numbers["rows"]) for item in reading.statements if item.kind == "rows"), None)


def compile_recipe(
    description: str,
    *,
    rows: int | None = None,
    summary: Any = None,
    summary_name: str = "real",
    model: str | Model | None = None,
    name: str = "synthetic",
    allow_hosted: bool = False,
    identifiers: Literal["block", "warn"] | None = None,
    sensitive: bool = False,
    limits: Limits | Mapping[str, Any] | None = None,
    random_state: int | None = None,
    progress: Progress | None = None,
) -> Compiled:
    """Return the recipe that a description comes to, with the source of each of its numbers and ten rows drawn from it.

    What the description says is read by rules and always holds; a summary of a real frame, if one is given, supplies what it leaves
    open, and a language model what neither has. The number of calls doesn't depend on the number of rows.

    Parameters
    ----------
    description : str
        The table in words, such as ``"A trial of 300 adults aged 40 to 85, 60 % female, randomised 1:1 to drug or placebo."``
    rows : int, optional
        How many rows the recipe is for, at least 1; as many as the description says by default, else 1,000.
    summary : frame, str or Path, optional
        A real frame (pandas, polars or Arrow), or a ``.csv`` or ``.parquet`` file holding one, whose figures fill in what the
        description doesn't state: shares of levels, quantiles, shares of missing cells, correlations of ranks. Figures over fewer rows
        than the setting ``minimum_cell`` are withheld; no cell of a single row is used. Columns that the
        description doesn't name are added.
    summary_name : str
        What that frame is called in the run and the disclosure.
    model : str or Model, optional
        As for `write_column`; ``"none"`` asks no model.
    name : str
        What the table is called.
    allow_hosted : bool
        Let the summary leave this machine, to a hosted model.
    identifiers : {"block", "warn"}, optional
        What direct identifiers do that are found in a summary that would go to a hosted model; ``block`` by default.
    sensitive : bool
        Keep the description and the prompts out of the run and the store of replies; their digests stay.
    limits : Limits or mapping, optional
        What the calls may use at most.
    random_state : int, optional
        Seed from 0 to 2**32 - 1.
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Returns
    -------
    Compiled
        ``.recipe``, ``.numbers`` with their sources, ``.sample``; pass it to `generate`, or change it with ``.revise``.

    Raises
    ------
    OptionError
        The description is empty.
    RecipeError
        What it says contradicts itself; every contradiction is listed.
    FrameError
        The real frame can't be summarised.
    ModelMissingError
        The model isn't on this machine; the message says how to get it.
    """
    from synthnb.engines.compile import compile_recipe as compiled

    _rows_said(description)  # what can't be read or contradicts itself is refused before a model is opened
    resolve_seed(random_state)
    figures = None if summary is None else figures_in(summary, summary_name)
    how: dict[str, Any] = {"rows": rows, "name": name, "seed": random_state, "figures": figures, "progress": progress or no_progress}
    if model == NO_MODEL:
        limits_of(limits)
        return compiled(description, calls=None, sensitive=sensitive, **how)
    with calls_to(model, limits=limits, sensitive=sensitive) as calls:
        return compiled(description, calls=calls, allow_hosted=allow_hosted, identifiers=identifiers, **how)


def figures_in(summary: Any, name: str = "real") -> Figures:
    """Return the summary of a real frame, or of the file of one.

    Raises
    ------
    OptionError
        It is neither.
    FrameError
        It can't be summarised.
    """
    from synthnb.engines.compile import figures_of

    if is_description(summary) or not (isinstance(summary, str | Path) or hasattr(summary, "columns") or hasattr(summary, "frame")):
        raise OptionError(f"A summary is of a frame, or of a .csv or .parquet file; got {shown(summary)}.", fix="Pass the real frame.")
    if isinstance(summary, str | Path):
        from synthnb._tables import read_table

        return figures_of(read_table(summary), name=Path(summary).name if name == "real" else name)
    from synthnb._frames import frame_of

    return figures_of(frame_of(summary), name=name)


def shape_of(compiled: Compiled) -> dict[str, Json]:
    """What is shown of a compiled description, as plain JSON types; its prompts and its recipe are left out."""
    told = compiled.to_dict()
    same = ("table", "rows", "digest", "rules", "sample", "notes", "model", "calls")
    levels = {one["name"]: one["levels"] for one in told["columns"]}
    return {name: told[name] for name in same} | {
        "columns": [{"name": one["name"], "kind": one["kind"], "how": _how(one)} for one in told["columns"]],
        "numbers": [one | {"label": _label(str(one["number"]), levels[one["column"]])} for one in told["numbers"]],
        "statements": [{name: one[name] for name in ("text", "meaning", "held")} for one in told["statements"]],
    }


def _label(number: str, levels: Sequence[Any]) -> str:
    """A number's path in words: ``share of female`` for ``weights.0``; else the path, which is words already."""
    head, _, last = number.rpartition(".")
    if head.rpartition(".")[2] == "weights" and last.isdecimal() and int(last) < len(levels):
        before = head.rpartition(".")[0]
        return f"{before}{': ' if before else ''}weight of {levels[int(last)]}"
    return number


def _how(column: Mapping[str, Any]) -> str:
    """A column's distribution in a few words."""
    levels = ", ".join(str(level) for level in column["levels"][:_MOST_LEVELS])
    more = ", …" if len(column["levels"]) > _MOST_LEVELS else ""
    linked = [f"{item['column']} (r = {item['r']:g})" for item in column["correlated"]]
    parts = [
        column["family"],
        f"in {column['unit']}" if column["unit"] else "",
        f"{levels}{more}",
        f"depends on {', '.join(column['depends_on'])}" if column["depends_on"] else "",
        f"goes with {', '.join(linked)}" if linked else "",
    ]
    return "; ".join(filter(None, parts))


def with_compiling(run: Run, compiled: Compiled) -> Run:
    """Return the run of a recipe's rows with what it owes to the description that the recipe was compiled from."""
    sensitive = compiled.sensitive
    told: dict[str, Json] = {
        "description": None if sensitive else compiled.description,
        "description_digest": compiled.description_digest,
        "sensitive": sensitive,
        "model_part": compiled.level,
        "numbers_stated_by": dict(sorted(Counter(str(number["source"]) for number in compiled.numbers).items())),
    }
    summary = dict(compiled.summary)
    if summary:
        told["summary_of"] = {"frame": summary["name"], "minimum_cell": summary.pop("minimum_cell")}
    notes = [f"What was assumed of the description is told beside its recipe; it quotes it: {len(compiled.notes)} notes."]
    asked = bool(compiled.model)
    model = {"requested": compiled.model["id"], "returned": _returned(compiled)} if asked else {}
    return replace(
        run,
        engine_reason=_reason(run, summary),
        model={**compiled.model, **model} if asked else None,
        calls=compiled.calls or None,
        parameters={**run.parameters, **told},
        inputs=[*run.inputs, *([summary] if summary else [])],
        account={**run.account, **(_SUMMARISED if summary else {})},
        notes=[*(notes if sensitive else compiled.notes), *run.notes],
    )


def _reason(run: Run, summary: Mapping[str, Any]) -> str:
    if summary:
        return f"A description and a summary of {summary['name']} were compiled to a recipe: numpy draws what the recipe declares."
    return f"A description was compiled to a recipe. {run.engine_reason}"


_SUMMARISED = {
    "method": "random numbers drawn by numpy from the distributions that the recipe declares; of the real rows, a summary was used "
    "whose figures are over at least as many rows as the setting minimum_cell says",
    "record_links": "none; no row that was made belongs to a source row",
    "copies": "not looked for, since rows are drawn from figures",
}
"""What differs in the disclosure where real rows were summarised."""


def _returned(compiled: Compiled) -> str | None:
    """The models that replied, as they name themselves."""
    return ", ".join(str(name) for name in (compiled.calls.get("returned") or ())) or None
