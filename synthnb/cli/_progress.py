"""Progress in a terminal: one line on standard error, after a while, gone at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from synthnb.config import get_config

if TYPE_CHECKING:
    from synthnb._progress import Progress

__all__ = ["terminal_progress"]


@contextmanager
def terminal_progress(title: str) -> Iterator[Progress]:
    """Give a ``progress(done, total, what)`` that draws on a terminal and is silent elsewhere."""
    started = time.monotonic()
    wait = get_config().progress_after
    drawn = False

    def draw(done: int, total: int, what: str) -> None:
        nonlocal drawn
        if not sys.stderr.isatty() or time.monotonic() - started < wait:
            return
        drawn = True
        share = done / total if total else 0.0
        click.echo(f"\r\x1b[K{title}: {share:4.0%} {what[:60]}", nl=False, err=True)

    try:
        yield draw
    finally:
        if drawn:
            click.echo("\r\x1b[K", nl=False, err=True)
