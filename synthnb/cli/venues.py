"""`synthnb disclose NOTEBOOK --for VENUE`: a venue's paragraph and checklist, printed."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from synthnb.errors import OptionError

__all__ = ["FORMATS", "print_for", "refuse_lone_format"]

FORMATS = ("md", "html", "text", "json", "latex")


def print_for(notebook: Path, venue: str, form: str | None, *, check: bool) -> None:
    """Print a venue's text; with ``check`` exit with 1 if a required item isn't filled. The notebook isn't changed."""
    from synthnb._api.venues import venue_text
    from synthnb.cli.judging import page

    text = venue_text(notebook, venue)
    rendered = text.render(form or "text")
    click.echo(page(rendered, "Disclosure for a venue") if form == "html" else rendered.removesuffix("\n"))
    if check and text.missing:
        sys.exit(1)


def refuse_lone_format(form: str | None) -> None:
    """Refuse ``--format`` without ``--for``.

    Raises
    ------
    OptionError
        A format is given.
    """
    if form is not None:
        raise OptionError("--format is for a venue's text, and no venue was named.", fix="Add --for, as in: --for icmje --format latex")
