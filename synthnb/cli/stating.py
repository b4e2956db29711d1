"""`synthnb state`: what only a person can state, put into a notebook's record without a kernel."""

from __future__ import annotations

from pathlib import Path

import click

from synthnb.cli._options import FILE, read_words

__all__ = ["state_command"]


@click.command("state")
@click.argument("notebook", type=FILE)
@click.argument("statements", nargs=-1)
@click.option("--file", "file", type=FILE, help="A text file of such statements, one a line.")
@click.option("--by", help="Who states it; the setting person, if left out.")
def state_command(notebook: Path, statements: tuple[str, ...], file: Path | None, by: str | None) -> None:
    """Add STATEMENTS, each like 'Intent: replica for teaching', to NOTEBOOK's record.

    A statement without a text withdraws an earlier one.
    """
    from synthnb._api.declaring import state_in
    from synthnb.errors import OptionError
    from synthnb.jupyter.disclosing import read_statements

    body = "\n".join([*statements, *([read_words(file)] if file is not None else [])])
    if not body.strip():
        raise OptionError("A statement such as 'Intent: replica for teaching' was expected; got none.", fix="Write it behind NOTEBOOK.")
    entry = state_in(notebook, read_statements(body), by=by)
    click.echo(f"{notebook.name}: stated {', '.join(entry['fields'])}.")
    for warning in entry["detail"].get("warnings", []):
        click.echo(f"synthnb: {warning}", err=True)
