"""`synthnb verify`: every digest and signature anew, for people and for machines."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

__all__ = ["verify_command"]

_CANT = 2


@click.command("verify")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--key", "keys", multiple=True, type=click.Path(path_type=Path, dir_okay=False), help="A public key's file; only such count.")
@click.option(
    "--require-signature", is_flag=True, help="Exit with 3 if everything is fine but not signed by a known key; --key implies it."
)
@click.option("--strict", is_flag=True, help="Count as changed what a formatter or a stripper did, and what wasn't looked at.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON (schema synthnb.verification/1).")
@click.option("--annotate", is_flag=True, help="Print what differs as annotations of a GitHub workflow, too.")
def verify_command(path: Path, keys: tuple[Path, ...], require_signature: bool, strict: bool, as_json: bool, annotate: bool) -> None:
    """Recompute every digest and check every signature in PATH: a notebook, an export, a data file, an archive or a folder.

    Exits with 0 if all is as it was, 1 if something was changed, is missing or void, 2 if it can't be read,
    3 if it isn't signed and a signature was asked for.
    """
    from synthnb._api.verifying import check, describe
    from synthnb.errors import SynthnbError

    try:
        found = check(path, keys=keys, require_signature=require_signature, strict=strict)
    except SynthnbError as error:
        click.echo(f"synthnb: {error}", err=True)
        sys.exit(_CANT)
    told = describe(path, found)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=1, ensure_ascii=False))
    else:
        if told:
            click.echo(f"{told}\n")
        for finding in found.findings:
            what = f"{finding.artefact}: {finding.what}" if finding.artefact and finding.artefact != finding.what else finding.what
            click.echo(f"{finding.status:<13} {what}: {finding.detail}")
        click.echo(found.summary)
    if annotate:
        for line in found.annotations():
            click.echo(line)
    if found.exit_status:
        sys.exit(found.exit_status)
