"""`synthnb evaluate`, `compare` and `judge`: tables in files, against the real one."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from synthnb._api.words import read_gates, read_survival
from synthnb.cli._options import FILE, evaluate_options, model_options, ways_of
from synthnb.cli._progress import terminal_progress
from synthnb.cli.data import refuse_input, tables_of, write_text
from synthnb.errors import OptionError, shown
from synthnb.evaluation._visible import visible

__all__ = ["compare_command", "evaluate_command", "judge_command", "names_apart", "page", "words_of"]

_TABLES = click.Path(path_type=Path)
_STATED = ("secrets", "known", "keys", "text", "population", "label", "recipe", "sources")


def words_of(asked: dict[str, Any]) -> dict[str, Any]:
    """What `evaluate` is asked for, from the command's words."""
    stated = {name: asked[name] for name in _STATED if asked[name]}
    if asked["survival"]:
        stated["survival"] = read_survival(asked["survival"])
    if asked["relations"]:
        stated["relations"] = list(asked["relations"])
    same = {name: asked[name] for name in ("target", "groups", "profile")}
    return same | stated | {"gates": read_gates(asked["gate"]), "random_state": asked["seed"]}


@click.command("evaluate")
@click.argument("synthetic", type=_TABLES)
@evaluate_options
@click.option("--out", type=FILE, help="Also write the report, as .html or .json.")
@click.option("--strict", is_flag=True, help="Exit with 1 if a gate failed.")
def evaluate_command(synthetic: Path, against: Path | None, holdout: Path | None, out: Path | None, strict: bool, **asked: Any) -> None:
    """Evaluate the table in SYNTHETIC, or the folder of tables, against the real one."""
    from synthnb._api import evaluate
    from synthnb.evaluation.gates import pass_all
    from synthnb.jupyter.mime import report_bundle

    check_out(out, "A report", synthetic, *(path for path in (against, holdout) if path))
    names = (_named(synthetic), _named(against, "none"), _named(holdout, "holdout"))
    frames = [_read(path) for path in (synthetic, against, holdout)]
    with terminal_progress("Evaluating") as progress:
        report = evaluate(frames[0], frames[1], holdout=frames[2], names=names, progress=progress, **words_of(asked))
    shape = report.to_dict()
    tell(report_bundle(shape, []), shape, out, "Evaluation report")
    if strict and not pass_all(report.gates):
        sys.exit(1)


@click.command("compare")
@click.argument("syntheses", type=_TABLES, nargs=-1, required=True)
@evaluate_options
@click.option("--utility", help="The metric of the plot's one axis; chosen by what was computed, if left out.")
@click.option("--privacy", help="The metric of the other axis, likewise.")
@click.option("--out", type=FILE, help="Also write the comparison, as .html or .json.")
def compare_command(syntheses: tuple[Path, ...], against: Path | None, holdout: Path | None, out: Path | None, **asked: Any) -> None:
    """Evaluate each of SYNTHESES, two tables or more, and set them side by side."""
    from synthnb._api import compare
    from synthnb.jupyter._comparison_view import comparison_bundle

    check_out(out, "A comparison", *syntheses, *(path for path in (against, holdout) if path))
    with terminal_progress("Comparing") as progress:
        found = compare(
            *map(_read, syntheses),
            against=_read(against),
            holdout=_read(holdout),
            names=names_apart(syntheses),
            real_name=_named(against, "none"),
            holdout_name=_named(holdout, "holdout"),
            utility=asked["utility"],
            privacy=asked["privacy"],
            progress=progress,
            **words_of(asked),
        )
    tell(comparison_bundle(found.to_dict(), found.svg(), []), found.to_dict(), out, "Comparison")


def names_apart(paths: Sequence[Path]) -> list[str]:
    """What files are called: their stems, with as many folders, or else the ending, as tell them apart."""
    found = [path.stem for path in paths]
    for depth in range(2, max(len(path.parts) for path in paths) + 1):
        found = [
            "/".join([*path.parts[-depth:-1], path.stem]) if found.count(name) > 1 else name
            for path, name in zip(paths, found, strict=True)
        ]
    return [str(path) if found.count(name) > 1 else name for path, name in zip(paths, found, strict=True)]


def _named(path: Path | None, otherwise: str = "") -> str:
    """What a frame is called; bytes of a file's name that aren't text are made visible."""
    return otherwise if path is None else visible(path.name, 200)


def _read(path: Path | None) -> Any:
    """A table's path as it is, or the tables of a folder."""
    return tables_of(path) if path is not None and path.is_dir() else path


@click.command("judge")
@click.argument("synthetic", type=FILE)
@click.option("--against", type=FILE, help="The real table: its items are judged among the others, and compared in pairs.")
@click.option("--n", type=int, default=40, show_default=True, help="How many items, half of them real.")
@click.option("--text", help="The column whose texts are judged; rows are, if left out.")
@click.option(
    "--rubric", default="plausibility", show_default=True, help="What is asked: a name, several joined by commas, or a .toml file."
)
@click.option("--repeats", type=int, default=3, show_default=True, help="How often each item is judged.")
@click.option("--pairs", type=int, help="Pairs of a real and a synthetic item, each shown in both orders.")
@click.option("--seed", type=int, help="Whole number that makes the result repeatable.")
@click.option("--out", type=FILE, help="Also write the judgement, as .html or .json.")
@model_options
def judge_command(synthetic: Path, against: Path | None, out: Path | None, **asked: Any) -> None:
    """Have a language model judge the rows or texts of SYNTHETIC."""
    from synthnb._api import judge
    from synthnb.jupyter._judgement_view import judgement_bundle

    check_out(out, "A judgement", synthetic, *([against] if against else []))
    ways = {name: asked[name] for name in ("n", "text", "rubric", "repeats", "pairs")} | ways_of(asked)
    names = (_named(synthetic), _named(against, "real"))
    with terminal_progress("Judging") as progress:
        found = judge(synthetic, against, names=names, random_state=asked["seed"], progress=progress, **ways)
    tell(judgement_bundle(found.to_dict()), found.to_dict(), out, "Judgement")


def check_out(out: Path | None, what: str, *read: Path) -> None:
    """Refuse to write over what is read, or in a form that isn't known."""
    if out is not None:
        refuse_input(out, *read)
        if out.suffix not in {".html", ".json"}:
            raise OptionError(f"{what} is written as .html or .json; got {shown(out.name)}.", fix="Choose one of these endings.")


def tell(bundle: dict[str, Any], shape: dict[str, Any], out: Path | None, title: str) -> None:
    """Print a result and, if asked for, write it."""
    click.echo(bundle["text/plain"])
    if out is not None:
        write_text(out, json.dumps(shape, indent=1, ensure_ascii=False) if out.suffix == ".json" else page(bundle["text/html"], title))
        click.echo(f"Wrote {out}.")


def page(body: str, title: str = "Evaluation report") -> str:
    """A page around a fragment of ours."""
    return f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body>{body}</body></html>'
