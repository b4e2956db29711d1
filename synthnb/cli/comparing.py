"""`synthnb scale`, `diff` and `replay`: laws over measurements, and runs beside one another."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from synthnb._api.words import read_sizes
from synthnb._tables import read_table
from synthnb.cli._options import FILE
from synthnb.cli._progress import terminal_progress

__all__ = ["diff_command", "replay_command", "scale_command"]


@click.command("scale")
@click.argument("source", type=FILE)
@click.option("--size", required=True, help="The column with the sizes.")
@click.option("--error", required=True, help="The column with the errors.")
@click.option("--weight", help="The column with the measurements' weights; all alike, if left out.")
@click.option("--at", help="Sizes, comma-separated, to predict the error at.")
@click.option("--seed", type=int, help="Whole number that makes the result repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print the law as JSON.")
def scale_command(source: Path, size: str, error: str, weight: str | None, at: str | None, seed: int | None, as_json: bool) -> None:
    """Fit a scaling law to the measurements in SOURCE: how much more data is worth making."""
    from synthnb.jupyter.comparing import fit_table
    from synthnb.jupyter.mime import predictions_bundle, scaling_bundle

    sizes = read_sizes(at)
    law = fit_table(read_table(source), size=size, error=error, weight=weight, seed=seed)
    if as_json:
        click.echo(json.dumps(law.to_dict(), indent=1, ensure_ascii=False))
        return
    click.echo(scaling_bundle(law.to_dict())["text/plain"])
    if sizes:
        click.echo(predictions_bundle([law.predict(one) for one in sizes], unit=size)["text/plain"])


@click.command("diff")
@click.argument("run")
@click.argument("other")
@click.option("--json", "as_json", is_flag=True, help="Print the differences as JSON.")
def diff_command(run: str, other: str, as_json: bool) -> None:
    """Show what changed between the runs RUN and OTHER: ids, or their beginnings, as `synthnb runs` lists them."""
    from synthnb._api import diff
    from synthnb.jupyter.mime import differences_bundle

    found = diff(run, other).to_dict()
    click.echo(json.dumps(found, indent=1, ensure_ascii=False) if as_json else differences_bundle(found)["text/plain"])


@click.command("replay")
@click.argument("run")
@click.option("--frame", "paths", multiple=True, type=FILE, help="A table that RUN read; may be repeated.")
def replay_command(run: str, paths: tuple[Path, ...]) -> None:
    """Make RUN again from the replies that were kept; exit with 1 if the bytes aren't the same, and say why."""
    from synthnb._api import replay

    with terminal_progress("Replaying") as progress:
        made = replay(run, frames={path.name: read_table(path) for path in paths}, progress=progress)
    click.echo(made.summary)
    if not made.same:
        sys.exit(1)
