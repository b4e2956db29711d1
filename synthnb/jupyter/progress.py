"""One progress line in a cell, shown only when the work takes a while, updated in place."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from synthnb.config import get_config

__all__ = ["CellProgress"]

_SECONDS_BETWEEN = 0.1


class CellProgress:
    """A progress bar that appears after ``progress_after`` seconds and ends as one line.

    It is called as ``progress(done, total, what)``, as often as the work likes.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._started = time.monotonic()
        self._drawn = 0.0
        self._handle: Any = None
        self._wait = get_config().progress_after

    def __call__(self, done: int, total: int, what: str) -> None:
        """Draw the state of the work, at most ten times a second."""
        now = time.monotonic()
        if now - self._started < self._wait or now - self._drawn < _SECONDS_BETWEEN:
            return
        self._drawn = now
        self._draw(done, total, what)

    def _draw(self, done: int, total: int, what: str) -> None:
        from synthnb.jupyter.mime import progress_bundle
        from synthnb.jupyter.publish import publish_bundle

        bundle = progress_bundle(done, total, f"{self._title}: {what}", time.monotonic() - self._started)
        if self._handle is None:
            self._handle = publish_bundle(bundle, updatable=True)
        else:
            self._handle.update(bundle, raw=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._handle is None:
            return
        seconds = time.monotonic() - self._started
        state = "done" if error is None else "stopped"
        self._handle.update({"text/plain": f"{self._title}: {state} after {seconds:.0f} s."}, raw=True)
