"""`synthnb mix`: two files become one, in which each row says what it is."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["mix_command"]

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("mix")
@click.argument("real", type=_FILE)
@click.argument("synthetic", type=_FILE)
@click.option("--out", type=_FILE, required=True, help="The file to write; its record goes beside it.")
@click.option("--seed", type=int, help="Whole number to shuffle the rows with; real rows come first, if left out.")
@click.option("--override", help="Why it is written although a gate failed, in words; the record states it.")
@click.option("--overwrite", is_flag=True, help="Replace OUT even if it isn't as synthnb wrote it.")
def mix_command(real: Path, synthetic: Path, out: Path, seed: int | None, override: str | None, overwrite: bool) -> None:
    """Put the rows of REAL and SYNTHETIC into one file, each marked with what it is."""
    from synthnb._api import mix, write_table
    from synthnb.cli.data import refuse_input

    refuse_input(out, real, synthetic)
    made = mix(real, synthetic, name=out.name, random_state=seed)
    entry = write_table(made.frame, out, frame_name=out.name, overwrite=overwrite, override=override)
    click.echo(f"{made!r}\nWrote {out} and {entry['detail']['sidecar']}.")
