"""`synthnb label`: the label of a notebook, an export or a data file."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["label_command"]

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("label")
@click.argument("path", type=_FILE)
@click.argument("out", type=_FILE, required=False)
@click.option("--overwrite", is_flag=True, help="Replace OUT even if it isn't a label as synthnb wrote it.")
def label_command(path: Path, out: Path | None, overwrite: bool) -> None:
    """Print the label of PATH's record, or write it to OUT (.svg, .html or .txt).

    PATH is a notebook, an export of one, or a data file with its record.
    """
    from synthnb._api.labelling import label, read_record, write_label

    record = read_record(path)
    if out is None:
        click.echo(label(record, form="text"))
        return
    write_label(record, out, overwrite=overwrite)
    click.echo(f"Wrote {out} (record {str(record.get('digest'))[:19]}…).")
