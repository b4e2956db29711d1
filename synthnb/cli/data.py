"""`synthnb generate` and `synthnb evaluate`: tables in files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from synthnb._tables import SUFFIXES, read_table
from synthnb.cli._progress import terminal_progress
from synthnb.errors import OptionError, StorageError, shown

__all__ = ["budget_command", "evaluate_command", "generate_command", "impute_command", "profile_command"]


def _names(_context: click.Context, _option: click.Parameter, text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("generate")
@click.argument("source", type=_FILE)
@click.option("--rows", type=int, help="How many rows to make; as many as SOURCE has, if left out.")
@click.option("--out", type=_FILE, required=True, help="The .csv or .parquet file to write; its record goes beside it.")
@click.option("--seed", type=int, help="Whole number that makes the result repeatable.")
@click.option("--groups", callback=_names, help="Columns, comma-separated, whose subgroups matter.")
@click.option("--engine", default="auto", show_default=True, help="How rows come to be.")
@click.option("--option", "options", multiple=True, help="One of the engine's own options, as name=value; may be repeated.")
@click.option("--epsilon", type=float, help="A privacy budget for the engine dp.")
@click.option("--recipe", type=_FILE, help="A .recipe.json file with what to make, where it isn't to be inferred.")
@click.option("--rule", "rules", multiple=True, help="What every row must satisfy, such as 'start <= end'; may be repeated.")
@click.option("--where", default="", help="A condition every row must meet.")
@click.option("--given", type=_FILE, help="A table of columns fixed from outside, one row for each row to make.")
@click.option("--balance", callback=_names, help="Columns, comma-separated, whose levels are to be equally frequent.")
@click.option("--on", default="inline", show_default=True, help="Where rows are drawn: inline, processes, dask or dask://host:port.")
@click.option("--save", type=_FILE, help="A .synthgen file to keep the fitted generator in.")
@click.option("--overwrite", is_flag=True, help="Replace OUT and SAVE even if they aren't as synthnb wrote them.")
def generate_command(source: Path, out: Path, save: Path | None, overwrite: bool, **asked: Any) -> None:
    """Generate a synthetic table from SOURCE: a real table (.csv, .parquet), a recipe (.recipe.json) or a generator (.synthgen)."""
    from synthnb._api import generate, write_table
    from synthnb.jupyter.generating import read_options, with_epsilon

    given = asked["given"]
    read = [source, *(path for path in (given, asked["recipe"]) if path)]
    _refuse_input(out, *read)
    _check_targets(out, save, read, overwrite=overwrite)
    options = with_epsilon(read_options(asked["options"]), asked["epsilon"])
    with terminal_progress("Generating") as progress:
        made = generate(
            source,
            recipe=asked["recipe"],
            rows=asked["rows"],
            engine=asked["engine"],
            options=options,
            rules=asked["rules"],
            where=asked["where"],
            given=None if given is None else read_table(given),
            balance=asked["balance"],
            on=asked["on"],
            groups=asked["groups"],
            name=out.name,
            random_state=asked["seed"],
            announce=_tell_split,
            progress=progress,
        )
    entry = write_table(made.frame, out, frame_name=out.name, overwrite=overwrite)
    click.echo(f"{made!r}\nWrote {out} and {entry['detail']['sidecar']}.")
    for item in made.run.explained:
        click.echo(f"{item['count']:,} rows are missing: {item['reason']}.")
    if save is not None:
        made.generator.save(save, overwrite=overwrite)
        click.echo(f"Wrote the generator to {save}.")


def _check_targets(out: Path, save: Path | None, read: Sequence[Path], *, overwrite: bool) -> None:
    """Refuse what couldn't be written before anything is fitted or spent."""
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
        _refuse_input(save, out, *read)
        if save.exists() and not overwrite:
            raise OptionError(f"{shown(str(save))} exists.", fix="Choose another name, or add --overwrite.")


def _tell_split(split: Sequence[Mapping[str, Any]]) -> None:
    """Print how a privacy budget is about to be spent."""
    for step in split:
        click.echo("  ".join(f"{name}: {value}" for name, value in step.items()))


@click.command("profile")
@click.argument("source", type=_FILE)
@click.option("--groups", callback=_names, help="Columns, comma-separated, whose subgroups matter.")
@click.option("--kind", "kinds", multiple=True, help="A correction, as column=kind; may be repeated.")
@click.option("--role", "roles", multiple=True, help="What a column is for, as column=role; may be repeated.")
@click.option("--out", type=_FILE, help="A .recipe.json file to write the recipe to.")
@click.option("--overwrite", is_flag=True, help="Replace OUT.")
def profile_command(
    source: Path, groups: list[str], kinds: tuple[str, ...], roles: tuple[str, ...], out: Path | None, overwrite: bool
) -> None:
    """Show what each column of the table in SOURCE is taken for; write it as a recipe, to be corrected."""
    from synthnb._api import profile
    from synthnb.jupyter.mime import profile_bundle
    from synthnb.recipes.io import write_recipe

    found = profile(source, groups=groups, overrides=_pairs(kinds), roles=_pairs(roles))
    click.echo(profile_bundle(found.to_dict())["text/plain"])
    if out is not None:
        if out.exists() and not overwrite:
            raise OptionError(f"{shown(str(out))} exists.", fix="Choose another name, or add --overwrite.")
        write_recipe(found.recipe, out)
        click.echo(f"Wrote {out}.")


def _pairs(words: Sequence[str]) -> dict[str, str]:
    """``column=value`` words as a mapping."""
    pairs = [word.rpartition("=") for word in words]
    for (name, _, value), word in zip(pairs, words, strict=True):
        if not name or not value:
            raise OptionError(f"A correction reads column=value; got {shown(word)}.", fix="For example: --kind code=category")
    return {name: value for name, _, value in pairs}


@click.command("impute")
@click.argument("source", type=_FILE)
@click.option("--out", type=_FILE, required=True, help="The .csv or .parquet file to write; its record goes beside it.")
@click.option("--columns", callback=_names, help="Columns, comma-separated, to fill; all, if left out.")
@click.option("--engine", default="trees", show_default=True, help="How cells are drawn: trees or arf.")
@click.option("--seed", type=int, help="Whole number that makes the result repeatable.")
@click.option("--overwrite", is_flag=True, help="Replace OUT even if it isn't as synthnb wrote it.")
def impute_command(source: Path, out: Path, columns: list[str], engine: str, seed: int | None, overwrite: bool) -> None:
    """Fill the missing cells of the real table in SOURCE by draws conditioned on what is there."""
    from synthnb._api import impute, write_table

    _refuse_input(out, source)
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


@click.command("evaluate")
@click.argument("synthetic", type=_FILE)
@click.option("--against", type=_FILE, required=True, help="The real table SYNTHETIC was made from.")
@click.option("--holdout", type=_FILE, help="Real rows the generator never saw; attacks and utility need them.")
@click.option("--target", help="The column a model would predict.")
@click.option("--groups", callback=_names, help="Columns, comma-separated, whose subgroups are shown.")
@click.option("--seed", type=int, help="Whole number that makes the result repeatable.")
@click.option("--out", type=_FILE, help="Also write the report, as .html or .json.")
def evaluate_command(
    synthetic: Path, against: Path, holdout: Path | None, target: str | None, groups: list[str], seed: int | None, out: Path | None
) -> None:
    """Evaluate the table in SYNTHETIC against the real one."""
    from synthnb._api import evaluate

    if out is not None:
        _refuse_input(out, synthetic, against, *([holdout] if holdout else []))
        if out.suffix not in {".html", ".json"}:
            raise OptionError(f"A report is written as .html or .json; got {shown(out.name)}.", fix="Choose one of these endings.")
    names = (synthetic.name, against.name, holdout.name if holdout else "holdout")
    with terminal_progress("Evaluating") as progress:
        report = evaluate(
            synthetic, against, holdout=holdout, target=target, groups=groups, names=names, random_state=seed, progress=progress
        )
    from synthnb.jupyter.mime import report_bundle

    shape = report.to_dict()
    bundle = report_bundle(shape, [])
    click.echo(bundle["text/plain"])
    if out is not None:
        write_text(out, json.dumps(shape, indent=1, ensure_ascii=False) if out.suffix == ".json" else _page(bundle["text/html"]))
        click.echo(f"Wrote {out}.")


def _page(body: str) -> str:
    return f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Evaluation report</title></head><body>{body}</body></html>'


def _refuse_input(out: Path, *inputs: Path) -> None:
    """Refuse to write over a table that is read."""
    if out.exists() and any(path.exists() and out.samefile(path) for path in inputs):
        raise OptionError(f"{shown(str(out))} is read here; writing to it would lose the table.", fix="Choose another name for --out.")


def write_text(path: Path, text: str) -> None:
    """Write a text file, or say in one line why it can't be."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{path} couldn't be written: {error.strerror}.", fix="Free some space or choose another folder.") from error
