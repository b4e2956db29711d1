"""`synthnb generate` and `synthnb evaluate`: tables in files."""

from __future__ import annotations

import json
from pathlib import Path

import click

from synthnb.cli._progress import terminal_progress
from synthnb.errors import OptionError, StorageError, shown

__all__ = ["evaluate_command", "generate_command"]


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
@click.option("--overwrite", is_flag=True, help="Replace OUT even if it isn't as synthnb wrote it.")
def generate_command(source: Path, rows: int | None, out: Path, seed: int | None, groups: list[str], engine: str, overwrite: bool) -> None:
    """Generate a synthetic table from the real one in SOURCE (.csv or .parquet)."""
    from synthnb._api import generate, write_table

    _refuse_input(out, source)
    with terminal_progress("Generating") as progress:
        made = generate(source, rows=rows, engine=engine, groups=groups, name=out.name, random_state=seed, progress=progress)
    entry = write_table(made.frame, out, frame_name=out.name, overwrite=overwrite)
    click.echo(f"{made!r}\nWrote {out} and {entry['detail']['sidecar']}.")


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
