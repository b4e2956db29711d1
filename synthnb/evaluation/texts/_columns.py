"""Which columns hold the texts, and what a text metric is held against.

A statistic of one corpus (its diversity, say) depends on how many texts it has, so
it is given for all synthetic texts, and once more for as many synthetic and real ones. A
distance between two corpora is given beside the distance between two lots of real texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from synthnb.evaluation._encode import shown_names
from synthnb.evaluation.base import Comparison, Definition, Findings, Score
from synthnb.evaluation.texts._tokens import Texts, read_texts
from synthnb.evaluation.validity import named
from synthnb.recipes.columns import guess_kind

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Beside", "TextColumn", "against", "alone", "left_out", "per_column", "text_columns", "texts_of"]

NO_TEXT = "There is no text column: name one as text=."
NO_REAL = "There are no real texts to compare with."
NO_WORDS = "No synthetic text has a word."

_MOST_COLUMNS = 4
_LEAST_HOLDOUT = 30


class TextColumn(NamedTuple):
    """One column's texts in each frame."""

    name: str
    """The column's name."""
    shown: str
    """Its name as reports show it."""
    synthetic: Texts
    """The texts made."""
    real: Texts
    """The texts the generator saw; none if there is no real frame."""
    holdout: Texts | None
    """Real texts it never saw, if there is a hold-out."""

    def unseen(self, least: int = _LEAST_HOLDOUT) -> Texts | None:
        """The hold-out's texts that have a word, if they are enough."""
        held = None if self.holdout is None else self.holdout.spoken
        return held if held is not None and len(held) >= least else None


def text_columns(comparison: Comparison) -> list[TextColumn]:
    """The text columns, the first four of them if there are more."""
    made: list[TextColumn] = comparison.remembered(
        "text columns", lambda: [_read(comparison, name) for name in _names(comparison)[:_MOST_COLUMNS]]
    )
    return made


def texts_of(comparison: Comparison, frame: pd.DataFrame | None, name: str, unit: str) -> Texts:
    """The texts of one column of one frame; none if the frame or the column isn't there."""
    if frame is None or name not in frame.columns:
        return Texts((), np.zeros(0, dtype=np.intp))
    cells = frame[name]
    return read_texts(cells.astype(object).to_numpy(), cells.notna().to_numpy(), seed=comparison.seed, unit=unit)


def _names(comparison: Comparison) -> list[str]:
    """Columns stated to hold texts; else a corpus's questions; else those whose cells are texts."""
    frame = comparison.frames.synthetic
    if comparison.facts.text:
        return [name for name in comparison.facts.text if name in frame.columns]
    if comparison.facts.sources and "question" in frame.columns:
        return ["question"]
    shared = [column.name for column in comparison.columns if column.kind == "text"]
    if shared or len(comparison.frames.real):
        return shared
    return [name for name in frame.columns if guess_kind(frame[name]).kind == "text"]


def _read(comparison: Comparison, name: str) -> TextColumn:
    frames = comparison.frames
    held = None if frames.holdout is None else texts_of(comparison, frames.holdout, name, "hold-out")
    synthetic, real = (texts_of(comparison, frame, name, unit) for frame, unit in ((frames.synthetic, "synthetic"), (frames.real, "real")))
    return TextColumn(name, shown_names([name])[name], synthetic, real, held)


def per_column(
    comparison: Comparison, gives: Sequence[Definition], measure: Callable[[TextColumn], Iterable[Score]], *, needs_real: bool = False
) -> Findings:
    """A step's scores for each text column; where there is none, or no texts in it, each definition with the reason."""
    columns = text_columns(comparison)
    if not columns:
        reason = "The synthetic frame doesn't have the text column." if comparison.facts.text else NO_TEXT
        return Findings(scores=[definition.absent(reason) for definition in gives])
    found = Findings()
    for column in columns:
        comparison.clock.check()
        if not column.synthetic.spoken.strings:
            reason = NO_WORDS
        elif needs_real and not column.real.spoken.strings:
            reason = NO_REAL
        else:
            found.scores += measure(column)
            continue
        found.scores += [definition.score(None, n=0, subject=[column.shown], reason=reason) for definition in gives]
    return found


def left_out(comparison: Comparison) -> list[dict[str, str]]:
    """Text columns that no step reads, as a report says it."""
    made = set(comparison.frames.synthetic.columns)
    reasons = []
    if (beyond := len(_names(comparison)) - _MOST_COLUMNS) > 0:
        reasons.append(f"Text columns beyond the first {_MOST_COLUMNS} were left out: {beyond:,}.")
    if lacking := tuple(name for name in comparison.facts.text if name not in made):
        reasons.append(f"Text columns the synthetic frame doesn't have: {', '.join(named(lacking))}.")
    return [{"dimension": "text", "reason": reason} for reason in reasons]


class Beside(NamedTuple):
    """A statistic of the synthetic texts, and the same of as many real ones."""

    value: float
    """Of all synthetic texts, or of the most that are used."""
    n: int
    """How many those are."""
    ceiling: float | None
    """Of real texts."""
    matched: float | None
    """Of as many synthetic texts."""
    parameters: dict[str, Any]
    """Which real texts, and how many on either side."""


def alone(measure: Callable[[Texts], float], column: TextColumn, most: int) -> Beside:
    """A statistic of one corpus, for the synthetic texts and for equally many synthetic and real ones."""
    synthetic, real = column.synthetic.spoken.first(most), column.real.spoken
    value, k = measure(synthetic), min(len(synthetic), len(real))
    if not k:
        return Beside(value, len(synthetic), None, None, {})
    matched = value if k == len(synthetic) else measure(synthetic.first(k))
    return Beside(
        value, len(synthetic), measure(real.first(k)), matched, {"ceiling_from": "the real texts themselves", "ceiling_rows": [k, k]}
    )


def against(measure: Callable[[Texts, Texts], float], column: TextColumn, least: int) -> tuple[float | None, float | None, dict[str, Any]]:
    """A distance between two lots of real texts, the same with as many synthetic ones in place of the second, and which they are."""
    held = column.unseen()
    one, other = (column.real.spoken, held) if held is not None else column.real.spoken.halves()
    rows = min(len(other), len(column.synthetic.spoken))
    if min(rows, len(one)) < least:
        return None, None, {}
    given = {"ceiling_from": "hold-out" if held is not None else "two halves of the real texts", "ceiling_rows": [len(one), rows]}
    return measure(one, other.first(rows)), measure(one, column.synthetic.spoken.first(rows)), given
