"""`synthnb key`: whether there is a provider's key, and how to give one. It never reads, prints or keeps a key itself."""

from __future__ import annotations

import sys

import click

__all__ = ["key_command"]


@click.command("key")
@click.argument("provider")
def key_command(provider: str) -> None:
    """Tell whether there is a key of PROVIDER, and where from; exit with 1 if there is none."""
    from synthnb.models.keys import find_key, variable_of

    found = find_key(provider)
    if found.key is not None:
        click.echo(f"The key of {provider} is from {found.key.source}.")
        return
    skipped = f" ({found.skipped})" if found.skipped else ""
    click.echo(f"No key of {provider} was found{skipped}. Set {variable_of(provider)}, or run: keyring set synthnb {provider}")
    sys.exit(1)
