"""`synthnb runs`: what was done in a project, filtered, in full, as JSON Lines; and what is left of a damaged ledger."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["runs_command"]

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("runs")
@click.argument("entry", required=False, metavar="[ID]")
@click.option("--kind", help="Only entries of this kind, such as generate or evaluate; several with commas between.")
@click.option("--since", help="Only what was done since a date (2026-11-20), a time, or so long ago (12h, 7d), in UTC.")
@click.option("--frame", help="Only what made, read, judged or wrote the frame of this name.")
@click.option("--model", help="Only what a language model did whose id or name holds this.")
@click.option("--limit", type=int, help="Only so many, the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print whole entries, one JSON object a line.")
@click.option("--to", type=_FILE, help="Write whole entries to this .jsonl file too.")
@click.option("--overwrite", is_flag=True, help="Replace the file even if synthnb didn't write it.")
@click.option("--salvage", type=_FILE, help="Write the intact lines of a damaged ledger to this new ledger, or .jsonl file.")
def runs_command(
    entry: str | None,
    kind: str | None,
    since: str | None,
    frame: str | None,
    model: str | None,
    limit: int | None,
    as_json: bool,
    to: Path | None,
    overwrite: bool,
    salvage: Path | None,
) -> None:
    """List what was done in this folder's project, oldest first, or show the entry whose id begins with ID."""
    from synthnb.jupyter.listing import chosen, entry_bundle, json_lines, listing_bundle, write_listing

    if salvage is not None:
        _salvage(salvage, overwrite)
        return
    asked = {"kind": kind, "since": since, "frame": frame, "model": model, "limit": limit}
    entries = chosen(entry, **asked)
    note = "" if to is None else write_listing(entries, to, overwrite=overwrite)
    if as_json:
        click.echo(json_lines(entries), nl=False)
        return
    bundle = listing_bundle(entries, asked, note) if entry is None else entry_bundle(entries[0], note)
    click.echo(bundle["text/plain"])


def _salvage(out: Path, overwrite: bool) -> None:
    from synthnb.config import get_config
    from synthnb.disclosure.ledger import write_salvaged
    from synthnb.errors import OptionError

    ledger = get_config().ledger
    if ledger == "off":
        raise OptionError("A ledger was expected; the settings say off.", fix="Set SYNTHNB_LEDGER to the damaged file.")
    found = write_salvaged(Path(ledger), out, overwrite=overwrite)
    click.echo(f"{found.statement()}\nWritten to {out}. The damaged file is as it was.")
