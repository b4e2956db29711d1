"""What only the user can state about the data: who knows what, what is secret, what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.evaluation.analysis import Analysis
    from synthnb.recipes.recipe import Recipe

__all__ = ["Facts"]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the user states about the data, beyond the frames themselves; everything may be left out."""

    secrets: tuple[str, ...] = ()
    """Columns an attacker would like to know; attacks on attributes guess these, one after another."""
    known: tuple[str, ...] = ()
    """Columns an attacker knows of a person; all but the secret, if empty."""
    keys: tuple[str, ...] = ()
    """Columns of which each is different in every row."""
    survival: tuple[str, str] | None = None
    """The columns of a time and of whether the event happened then."""
    population: int | None = None
    """People the real rows are a sample of; it gives the sampling fraction of a membership attack."""
    recipe: Recipe | None = None
    """What was to be made: its rules are counted, its ranges and categories checked."""
    analyses: tuple[Analysis, ...] = ()
    """The user's own analyses, run on both frames."""
    replicates: tuple[pd.DataFrame, ...] = ()
    """Further syntheses of the same real frame, made independently."""
    text: tuple[str, ...] = ()
    """Columns of texts; where none is named, the shared columns of kind text."""
    label: str | None = None
    """The column that says what a text was to show."""
    attributes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """How many texts were asked for by column and level."""
    examples: tuple[str, ...] = ()
    """Texts that prompts showed to the model."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Documents that questions were written from, by name."""
