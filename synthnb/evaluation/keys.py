"""Keys: whether columns that name a row differ in every row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synthnb.evaluation._encode import level_text, shown_names
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COUNTED", "KEY", "key_uniqueness", "keys", "repeated"]

KEY = Definition(
    metric="key_uniqueness",
    label="Keys that differ in every row",
    dimension="validity",
    direction="higher",
    reference="1 - (repeated and missing keys) / rows",
)

COUNTED = f"{NO_INTERVAL} a count of every row: nothing was sampled"
"""Why scores that count every row have no interval."""


def repeated(cells: pd.Series[Any]) -> tuple[int, int]:
    """How many cells repeat an earlier one, and how many are missing.

    Examples
    --------
    >>> import pandas as pd
    >>> repeated(pd.Series([1, 1, 2, None]))
    (1, 1)
    """
    present = cells[cells.notna()]
    try:
        again = int(present.duplicated().sum())
    except (TypeError, UnicodeEncodeError):  # cells that can't be hashed, such as lists, or written, such as lone surrogates
        again = int(present.map(level_text).duplicated().sum())
    return again, int(len(cells) - len(present))


def keys(comparison: Comparison) -> tuple[str, ...]:
    """The key columns that are stated: by the user, or with the role ``key`` in the recipe."""
    recipe = comparison.facts.recipe
    declared = [] if recipe is None else [column.name for column in recipe.columns if column.role == "key"]
    return tuple(dict.fromkeys([*comparison.facts.keys, *declared]))


def key_uniqueness(comparison: Comparison, _parameters: Mapping[str, Any]) -> Findings:
    """A score per key column: 1 where every row has a key of its own."""
    named = keys(comparison)
    if not named:
        return Findings(scores=[KEY.absent("No key column was named: pass keys=, or give a column of the recipe the role key.")])
    return Findings(scores=[_one(name, comparison) for name in named])


def _one(name: str, comparison: Comparison) -> Score:
    frame, label = comparison.frames.synthetic, shown_names([name])[name]
    comparison.clock.check()
    if name not in frame.columns:
        return KEY.score(None, n=0, subject=[label], reason="The synthetic frame lacks the column.")
    if not len(frame):
        return KEY.score(None, n=0, subject=[label], reason="The synthetic frame has no rows.")
    again, gone = repeated(frame[name])
    ceiling = None if name not in comparison.frames.real.columns else _share(comparison.frames.real[name])
    return KEY.score(
        1 - (again + gone) / len(frame),
        n=len(frame),
        subject=[label],
        ceiling=ceiling,
        parameters={"repeated": again, "missing": gone, "interval": COUNTED},
    )


def _share(cells: pd.Series[Any]) -> float | None:
    return 1 - sum(repeated(cells)) / len(cells) if len(cells) else None


KEYS_STEP = Step(name="keys", run=key_uniqueness, gives=(KEY,))
"""``keys``."""
