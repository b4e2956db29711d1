"""`synthnb sign`, `sign-off` and `signing-key`: who stands behind a file, and who reviewed it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

__all__ = ["sign_command", "sign_off_command", "signing_key_group"]


@click.command("sign")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--by", help="Who signs; the setting person, if left out.")
@click.option("--valid-until", help="The day, as 2027-12-31, until which the signature is to count.")
def sign_command(path: Path, by: str | None, valid_until: str | None) -> None:
    """Sign PATH (a notebook, an export, a data file, an archive or a folder) with your key; the signature is written beside it."""
    from synthnb._api.signing import own_public_key, sign

    place = sign(path, by=by, valid_until=valid_until)
    key = own_public_key()
    click.echo(f"Wrote {place.name}{f', signed with key {key.fingerprint}' if key else ''}.")


@click.command("sign-off")
@click.argument("notebook", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--reviewer", required=True, help="The reviewer's name and role, such as 'Ada Núñez, statistician'.")
@click.option("--scope", required=True, help="What was reviewed, in the reviewer's words.")
@click.option("--by", help="Who enters it, if not the reviewer; the setting person, if left out.")
@click.option("--sign", "signed", is_flag=True, help="Sign the notebook with your key too, as the reviewer.")
def sign_off_command(notebook: Path, reviewer: str, scope: str, by: str | None, signed: bool) -> None:
    """Note in NOTEBOOK's record that a reviewer has seen it as it now is; a later change makes that void, visibly."""
    from synthnb._api.signing import sign_off

    entry = sign_off(notebook, reviewer=reviewer, scope=scope, by=by, signed=signed)
    click.echo(f"{notebook.name}: {entry['fields']['reviewerSignOff']}.")


@click.group("signing-key")
def signing_key_group() -> None:
    """The key you sign with: one per user, outside every project, never printed."""


@signing_key_group.command("new")
@click.option("--passphrase", is_flag=True, help="Ask for a passphrase to keep the key under.")
def new_command(passphrase: bool) -> None:
    """Make your signing key."""
    from synthnb._api.signing import new_signing_key

    words = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True) if passphrase else None
    public = new_signing_key(words)
    click.echo(f"Made a key in your data folder. Its fingerprint is {public.fingerprint}.")
    click.echo("Give others its public half (synthnb signing-key export-public FILE), and the fingerprint by another way.")


@signing_key_group.command("show")
def show_command() -> None:
    """Print your key's fingerprint; exit with 1 if you have none."""
    from synthnb._api.signing import own_public_key

    public = own_public_key()
    if public is None:
        click.echo("There is no signing key. Make one: synthnb signing-key new")
        sys.exit(1)
    click.echo(public.fingerprint)


@signing_key_group.command("export-public")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--overwrite", is_flag=True, help="Replace OUT.")
def export_command(out: Path, overwrite: bool) -> None:
    """Write your key's public half to OUT, for others to check your signatures with."""
    from synthnb._api.signing import own_public_key
    from synthnb._files import write_atomically
    from synthnb.errors import OptionError

    public = own_public_key()
    if public is None:
        raise OptionError("There is no signing key.", fix="Make one: synthnb signing-key new")
    if out.exists() and not overwrite:
        raise OptionError.from_existing(out)
    write_atomically(out, public.pem.encode())
    click.echo(f"Wrote {out}; its fingerprint is {public.fingerprint}.")
