"""`synthnb disclose`, `export` and `runs`: notebooks and what they left behind."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from synthnb.cli.venues import FORMATS, print_for, refuse_lone_format

__all__ = ["disclose_command", "export_command"]

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("disclose")
@click.argument("notebook", type=_FILE)
@click.option("--restore", is_flag=True, help="Put the cell back even if it was deleted on purpose.")
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if the disclosure isn't up to date, or a venue's item not filled.")
@click.option("--for", "venue", help="Print what a venue asks, such as icmje, with what the record states; NOTEBOOK isn't changed.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="How the venue's text is printed; as text, if left out.")
def disclose_command(notebook: Path, restore: bool, check: bool, venue: str | None, form: str | None) -> None:
    """Write or refresh the disclosure of NOTEBOOK from what its outputs carry, or print a venue's text."""
    if venue is not None:
        print_for(notebook, venue, form, check=check)
        return
    refuse_lone_format(form)
    from synthnb._api import disclose_notebook

    changed, status = disclose_notebook(notebook, restore=restore, check=check)
    done = "would change" if check and changed else "updated" if changed else "already up to date"
    click.echo(f"{notebook.name}: disclosure {status}, {done}.")
    if check and changed:
        sys.exit(1)


@click.command("export")
@click.argument("notebook", type=_FILE)
@click.argument("out", type=_FILE)
@click.option("--overwrite", is_flag=True, help="Replace OUT even if it isn't as synthnb wrote it.")
@click.option("--override", help="Why it is exported although a gate failed or a rule is broken, in words; the record states it.")
@click.option("--release", help="The release class it is meant for: local, team, controlled or public.")
def export_command(notebook: Path, out: Path, overwrite: bool, override: str | None, release: str | None) -> None:
    """Export NOTEBOOK with its disclosure to OUT, whose ending says what it becomes.

    A page (.html), slides (.slides.html), .pdf, .md, .tex, a script (.py), a notebook (.ipynb), a crate (.zip), descriptions of the
    data (.croissant.json, .prov.json, .prov.svg), or a card (.card.md).
    """
    from synthnb.jupyter.exporting import export_notebook

    detail = export_notebook(notebook, out, overwrite=overwrite, override=override, release=release)["detail"]
    record = f"record {detail['record_digest'][:19]}…" if detail["record_digest"] else "no record: nothing in it was made by synthnb"
    made_by = f", made by {detail['made_by']}" if "made_by" in detail else ""
    beside = f", {len(detail['pictures'])} pictures beside it" if detail.get("pictures") else ""
    click.echo(f"Wrote {out} ({detail['bytes']:,} bytes, {record}{made_by}{beside}).")
