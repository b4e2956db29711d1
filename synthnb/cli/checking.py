"""`synthnb check`: a policy's rules, held against a notebook, for a pipeline."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from synthnb.errors import SynthnbError

__all__ = ["check_command"]

_EXIT = {"ok": 0, "violated": 1, "not decidable": 2}


@click.command("check")
@click.argument("notebook", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--policy", default="default", help="A policy's file; the one in force for the notebook's folder, if left out.")
@click.option("--release", help="The release class it is held against: local, team, controlled or public; the one stated, if left out.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def check_command(notebook: Path, policy: str, release: str | None, as_json: bool) -> None:
    """Hold NOTEBOOK against the policy: exit with 0 if every rule is kept, 1 if one is violated, 2 if one can't be decided.

    What can't be looked at (no notebook, a policy that can't be read) exits with 1 too.
    """
    from synthnb._api.policing import check
    from synthnb.jupyter.checking import check_text

    try:
        found = check(notebook, policy=policy, release=release)
    except SynthnbError as error:
        if as_json:
            click.echo(json.dumps({"status": "violated", "error": str(error), "rulings": []}, indent=1, ensure_ascii=False))
            sys.exit(1)
        raise
    click.echo(json.dumps(found, indent=1, ensure_ascii=False) if as_json else check_text(found))
    sys.exit(_EXIT[found["status"]])
