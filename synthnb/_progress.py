"""How work that takes a while tells how far it has come."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "no_progress"]


class Progress(Protocol):
    """Told how far a phase has come; cheap and called often, so the edge decides how often to draw.

    A phase ("fitting", "drawing") counts from 0 to its own total; ``what`` names the
    phase and the unit at hand.
    """

    def __call__(self, done: int, total: int, what: str) -> None:
        """Take note of one step."""


def no_progress(done: int, total: int, what: str) -> None:
    """Ignore progress."""
