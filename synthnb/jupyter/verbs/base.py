"""What a verb of ``%synth`` is, and what it takes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Option", "Verb"]


@dataclass(frozen=True, kw_only=True)
class Option:
    """One word a verb takes."""

    name: str
    """``FRAME`` for a position, ``--rows`` for an option."""
    help: str
    """What it does, in a sentence."""
    takes: str = "text"
    """What stands there: frame, variable, columns, column, number, decimal, file, model, engine, run, provider, flag or text.

    Completion follows it."""
    required: bool = False
    """Whether the verb fails without it."""
    repeats: bool = False
    """Whether it may be given several times."""
    or_body: bool = False
    """Whether the cell's body stands in for it, where it is required."""
    choices: tuple[str, ...] = ()
    """Words that completion offers."""

    @property
    def key(self) -> str:
        """The attribute it is parsed into."""
        return self.name.lstrip("-").lower().replace("-", "_")


@dataclass(frozen=True, kw_only=True)
class Verb:
    """One verb of ``%synth``."""

    name: str
    """The word after ``%synth``."""
    summary: str
    """What it gives, in a sentence."""
    options: tuple[Option, ...] = ()
    """What it takes, positions first."""
    example: str = ""
    """A line that works."""
    body: str = ""
    """What the cell's body means, for a verb that takes ``%%synth``."""
