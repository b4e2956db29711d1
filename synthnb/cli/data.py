"""`synthnb generate`, `impute`, `profile` and `budget`: tables in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from synthnb._api.words import read_merging, read_options, read_pairs, read_panel, read_survival, with_named
from synthnb._tables import SUFFIXES
from synthnb._tables import read_table as read_only
from synthnb.cli._options import FILE, OVERRIDE, column_names, model_options, ways_of
from synthnb.cli._progress import terminal_progress
from synthnb.errors import OptionError, StorageError, shown

__all__ = [
    "budget_command",
    "check_targets",
    "generate_command",
    "impute_command",
    "profile_command",
    "read_text",
    "refuse_input",
    "tables_of",
    "tell_made",
    "write_text",
]


@click.command("generate")
@click.argument("source", type=click.Path(path_type=Path), required=False)
@click.option("--describe", type=FILE, help="A text file that describes a table in words, in place of SOURCE.")
@click.option("--rows", type=int, help="How many rows to make; as many as SOURCE has, or the description says, if left out.")
@click.option(
    "--out",
    type=FILE,
    required=True,
    help="The .csv, .jsonl, .parquet, .arrow, .feather or .xlsx file to write; its record goes beside it.",
)
@click.option("--seed", type=int, help="Whole number that makes the result repeatable.")
@click.option("--groups", callback=column_names, help="Columns, comma-separated, whose subgroups matter.")
@click.option("--engine", default="auto", show_default=True, help="How rows come to be: auto, trees, llm or another engine.")
@click.option("--option", "options", multiple=True, help="One of the engine's own options, as name=value; may be repeated.")
@click.option("--epsilon", type=float, help="A privacy budget for the engine dp.")
@click.option("--recipe", type=FILE, help="A .recipe.json file with what to make, where it isn't to be inferred.")
@click.option("--rule", "rules", multiple=True, help="What every row must satisfy, such as 'start <= end'; may be repeated.")
@click.option("--where", default="", help="A condition every row must meet.")
@click.option("--given", type=FILE, help="A table of columns fixed from outside, one row for each row to make.")
@click.option("--balance", callback=column_names, help="Columns, comma-separated, whose levels are to be equally frequent.")
@click.option("--replicates", type=int, default=1, show_default=True, help="How many tables to make; OUT gets a number before its ending.")
@click.option("--relation", "relations", multiple=True, help="How two tables of a folder hang together; may be repeated.")
@click.option("--subject", help="For repeated visits: the column that names the subject.")
@click.option("--time", help="For repeated visits: the column that holds a visit's time.")
@click.option("--end", help="For repeated visits: a column that no visit's time of the subject exceeds.")
@click.option("--survival", multiple=True, help="A time and its event, as time,event; may be repeated.")
@click.option("--merge-below", multiple=True, help="Merge the levels that fewer rows hold: a number, or column=number.")
@click.option("--on", default="inline", show_default=True, help="Where rows are drawn: inline, processes, dask or dask://host:port.")
@click.option("--examples", type=int, help="For the engine llm: how many examples a prompt shows.")
@click.option("--share", help="For the engine llm: what the model is shown of SOURCE, summary or rows.")
@click.option("--target", help="For the engine llm: the column whose groups are balanced, and which --curate needs.")
@click.option("--curate", is_flag=True, help="For the engine llm: keep only rows whose target a small classifier finds credible.")
@click.option("--save", type=FILE, help="A .synthgen file to keep the fitted generator in.")
@click.option("--summary", type=FILE, help="For a description: a real table whose figures fill in what it leaves open; no row is used.")
@click.option("--save-recipe", type=FILE, help="For a description: a .recipe.json file to keep the recipe in.")
@click.option("--overwrite", is_flag=True, help="Replace what is written even if it isn't as synthnb wrote it.")
@model_options
def generate_command(
    source: Path | None, describe: Path | None, out: Path, save: Path | None, save_recipe: Path | None, overwrite: bool, **asked: Any
) -> None:
    """Generate a synthetic table from SOURCE.

    SOURCE is a real table (.csv, .jsonl, .parquet, .arrow, .feather or .xlsx), a folder of several,
    a recipe (.recipe.json) or a generator (.synthgen).
    """
    from synthnb._api import generate

    if (source is None) is (describe is None):
        raise OptionError("Either SOURCE or --describe was expected; got both or neither.", fix="Name one of them.")
    given = asked["given"]
    check_targets(out, save, [path for path in (source, describe, given, asked["recipe"], asked["summary"]) if path], overwrite=overwrite)
    if save is not None:
        _check_save(source, asked)
    arguments = _arguments(asked) | ways_of(asked)
    fixed = None if given is None else read_only(given)
    if describe is not None:
        _check_described(describe, save_recipe, arguments | {"recipe": asked["recipe"], "given": fixed}, overwrite=overwrite)
    elif asked["summary"] is not None:
        raise OptionError("--summary is for a description; a table was named.", fix="Leave it out, or describe the table with --describe.")
    elif save_recipe is not None:
        raise OptionError(
            "--save-recipe is for a description; a table was named.", fix="Leave it out, or run: synthnb profile SOURCE --out FILE"
        )
    wanted = arguments | {"summary": asked["summary"]}
    made_from = _source(source) if describe is None else _compiled(describe, save_recipe, wanted, out.name, overwrite=overwrite)
    with terminal_progress("Generating") as progress:
        made = generate(
            made_from,
            recipe=asked["recipe"],
            given=fixed,
            name=out.name,
            announce=_announce,
            progress=progress,
            **arguments,
        )
    _write(made, out, overwrite=overwrite)
    if save is not None:
        made.generator.save(save, overwrite=overwrite)
        click.echo(f"Wrote the generator to {save}.")


def _check_save(source: Path | None, asked: Mapping[str, Any]) -> None:
    """Refuse to save where there will be no generator of one table."""
    if asked["replicates"] != 1:
        raise OptionError("Only the generator of one synthesis can be saved.", fix="Leave --save or --replicates out.")
    if asked["subject"] is not None or (source is not None and source.is_dir()):
        raise OptionError("Only the generator of one table can be saved.", fix="Leave --save out.")
    if asked["engine"] == "llm":
        raise OptionError("A language model writes rows without a generator that could be saved.", fix="Leave --save out.")


def _source(source: Path | None) -> Any:
    """What rows are made from; of a folder, its tables by name."""
    return source if source is None or not source.is_dir() else tables_of(source)


def tables_of(source: Path) -> dict[str, Any]:
    """The tables of a folder by name.

    Raises
    ------
    OptionError
        It holds none.
    """
    from synthnb._api import read_table

    files = sorted(path for path in source.iterdir() if path.suffix.lower() in SUFFIXES)
    if not files:
        raise OptionError(f"The folder {shown(str(source))} holds no {' or '.join(SUFFIXES)} file.", fix="Name a folder of tables.")
    return {path.stem: read_table(path) for path in files}


def _arguments(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What `generate` is asked for, from the command's words."""
    named = {name: asked[name] for name in ("epsilon", "examples", "share", "target", "curate")}
    same = ("rows", "engine", "rules", "where", "balance", "replicates", "on", "groups")
    return {name: asked[name] for name in same} | {
        "options": with_named(read_options(asked["options"]), **named),
        "relations": asked["relations"] or None,
        "panel": read_panel(asked["subject"], asked["time"], asked["end"]),
        "survival": [read_survival(words) for words in asked["survival"]],
        "merge_below": read_merging(asked["merge_below"]),
        "random_state": asked["seed"],
    }


def _check_described(describe: Path, save_recipe: Path | None, asked: Mapping[str, Any], *, overwrite: bool) -> None:
    """Refuse what can't be carried out before a model is opened or asked anything."""
    from synthnb._api.describing import as_flag, check_described
    from synthnb.recipes.io import SUFFIX

    check_described(read_text(describe), asked, as_flag)
    if save_recipe is not None:
        path = save_recipe if save_recipe.name.endswith(".json") else save_recipe.with_name(save_recipe.name + SUFFIX)
        if path.exists() and not overwrite:
            raise OptionError(f"{shown(str(path))} exists.", fix="Choose another name, or add --overwrite.")
        if not path.parent.is_dir():
            raise OptionError(f"{path.name} couldn't be written: there is no folder {shown(str(path.parent))}.", fix="Make it first.")


def _compiled(describe: Path, save_recipe: Path | None, arguments: Mapping[str, Any], name: str, *, overwrite: bool) -> Any:
    """The recipe of a description, printed and, if asked for, written."""
    from synthnb._api import compile_recipe
    from synthnb._api.describing import shape_of
    from synthnb.jupyter.mime import compiled_bundle
    from synthnb.recipes.io import write_recipe

    asked = {key: arguments[key] for key in ("rows", "summary", "model", "allow_hosted", "sensitive", "limits", "random_state")}
    with terminal_progress("Compiling") as progress:
        compiled = compile_recipe(read_text(describe), name=name, progress=progress, **asked)
    click.echo(compiled_bundle(shape_of(compiled))["text/plain"])
    if save_recipe is not None:
        click.echo(f"Wrote the recipe to {write_recipe(compiled.recipe, save_recipe, overwrite=overwrite)}.")
    return compiled


def _write(made: Any, out: Path, *, overwrite: bool) -> None:
    """Write one table, or one for each replicate or each table, and tell what was written."""
    from synthnb._api import write_table

    several = getattr(made, "syntheses", None)
    if several is None and not made.frames:
        tell_made(made, out, write_table(made.frame, out, frame_name=out.name, overwrite=overwrite))
        return
    parts = {str(number): one.frame for number, one in enumerate(several, 1)} if several else dict(made.frames)
    click.echo(repr(made))
    for label, frame in parts.items():
        path = out.with_name(f"{out.stem}-{label}{out.suffix}")
        entry = write_table(frame, path, frame_name=path.name, overwrite=overwrite)
        click.echo(f"Wrote {path} and {entry['detail']['sidecar']}.")


def tell_made(made: Any, out: Path, entry: Mapping[str, Any]) -> None:
    """Print what was made, where it is, and what is missing of it."""
    click.echo(f"{made!r}\nWrote {out} and {entry['detail']['sidecar']}.")
    for item in made.run.explained:
        click.echo(f"{item['count']:,} rows are missing: {item['reason']}.")


def read_text(path: Path) -> str:
    """Return a text file's words, or say in one line why they can't be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = "it isn't text in UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise OptionError(f"{shown(str(path))} couldn't be read: {reason}.", fix="Check the path.") from error


def check_targets(out: Path, save: Path | None, read: Sequence[Path], *, overwrite: bool) -> None:
    """Refuse what couldn't be written before anything is fitted or spent."""
    refuse_input(out, *read)
    from synthnb._api import refuse_to_lose
    from synthnb.engines.saving import checked_path

    if out.suffix not in SUFFIXES:
        raise OptionError(f"A table is written as {' or '.join(SUFFIXES)}; got {shown(out.name)}.", fix="Choose one of these endings.")
    if not out.parent.is_dir():
        raise OptionError(f"{out.name} couldn't be written: there is no folder {shown(str(out.parent))}.", fix="Make it first.")
    if not overwrite:
        refuse_to_lose(out)
    if save is not None:
        checked_path(save)
        refuse_input(save, out, *read)
        if save.exists() and not overwrite:
            raise OptionError(f"{shown(str(save))} exists.", fix="Choose another name, or add --overwrite.")


def _announce(told: Any) -> None:
    """Print how a privacy budget is about to be spent, or what calls to a model are going to use."""
    if not isinstance(told, Sequence):
        click.echo(f"Before the first call: {told}.")
        return
    for step in told:
        click.echo("  ".join(f"{name}: {value}" for name, value in step.items()))


@click.command("profile")
@click.argument("source", type=FILE)
@click.option("--groups", callback=column_names, help="Columns, comma-separated, whose subgroups matter.")
@click.option("--kind", "kinds", multiple=True, help="A correction, as column=kind; may be repeated.")
@click.option("--role", "roles", multiple=True, help="What a column is for, as column=role; may be repeated.")
@click.option("--out", type=FILE, help="A .recipe.json file to write the recipe to.")
@click.option("--overwrite", is_flag=True, help="Replace OUT.")
def profile_command(
    source: Path, groups: list[str], kinds: tuple[str, ...], roles: tuple[str, ...], out: Path | None, overwrite: bool
) -> None:
    """Show what each column of the table in SOURCE is taken for; write it as a recipe, to be corrected."""
    from synthnb._api import profile
    from synthnb.jupyter.mime import profile_bundle
    from synthnb.recipes.io import write_recipe

    found = profile(source, groups=groups, overrides=read_pairs(kinds), roles=read_pairs(roles))
    click.echo(profile_bundle(found.to_dict())["text/plain"])
    if out is not None:
        if out.exists() and not overwrite:
            raise OptionError(f"{shown(str(out))} exists.", fix="Choose another name, or add --overwrite.")
        write_recipe(found.recipe, out)
        click.echo(f"Wrote {out}.")


@click.command("impute")
@click.argument("source", type=FILE)
@click.option(
    "--out",
    type=FILE,
    required=True,
    help="The .csv, .jsonl, .parquet, .arrow, .feather or .xlsx file to write; its record goes beside it.",
)
@click.option("--columns", callback=column_names, help="Columns, comma-separated, to fill; all, if left out.")
@click.option("--engine", default="trees", show_default=True, help="How cells are drawn: trees or arf.")
@click.option("--seed", type=int, help="Whole number that makes the result repeatable.")
@OVERRIDE
@click.option("--overwrite", is_flag=True, help="Replace OUT even if it isn't as synthnb wrote it.")
def impute_command(source: Path, out: Path, columns: list[str], engine: str, seed: int | None, overwrite: bool) -> None:
    """Fill the missing cells of the real table in SOURCE by draws conditioned on what is there."""
    from synthnb._api import impute, write_table

    refuse_input(out, source)
    with terminal_progress("Filling") as progress:
        made = impute(source, columns=columns or None, engine=engine, name=out.name, random_state=seed, progress=progress)
    entry = write_table(made.frame, out, frame_name=out.name, overwrite=overwrite)
    click.echo(f"{made!r}\nWrote {out} and {entry['detail']['sidecar']}.")


@click.command("budget")
@click.argument("account", required=False)
@click.option("--epsilon", type=float, help="Open ACCOUNT with this limit.")
@click.option("--delta", type=float, help="The limit's delta.")
def budget_command(account: str | None, epsilon: float | None, delta: float | None) -> None:
    """Show the privacy budgets kept on this machine, or open ACCOUNT with a limit."""
    from synthnb._api import budgets, open_budget
    from synthnb.jupyter.mime import budgets_bundle

    if epsilon is not None:
        if account is None:
            raise OptionError("A limit belongs to an account; none was named.", fix="Run: synthnb budget ACCOUNT --epsilon 3 --delta 1e-6")
        open_budget(account, epsilon=epsilon, delta=delta)
    click.echo(budgets_bundle(budgets(account))["text/plain"])


def refuse_input(out: Path, *inputs: Path) -> None:
    """Refuse to write over a table that is read."""
    if out.exists() and any(path.exists() and out.samefile(path) for path in inputs):
        raise OptionError(f"{shown(str(out))} is read here; writing to it would lose the table.", fix="Choose another name for --out.")


def write_text(path: Path, text: str) -> None:
    """Write a text file, or say in one line why it can't be."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{path} couldn't be written: {error.strerror}.", fix="Free some space or choose another folder.") from error
