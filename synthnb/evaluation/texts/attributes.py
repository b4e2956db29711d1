"""Whether as many texts of each sort came back as were asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from synthnb.evaluation._encode import level_text, shown_names
from synthnb.evaluation.base import NO_INTERVAL, Comparison, Definition, Findings, Score, Step

__all__ = ["ATTRIBUTES_STEP", "COVERAGE", "coverage"]

COVERAGE = Definition(
    metric="attribute_coverage",
    label="Texts delivered of those asked for, by attribute",
    dimension="text",
    direction="higher",
    reference="Σ min(asked for, delivered) / Σ asked for, over the levels of an attribute; 1 if every level has what was asked for",
)
COUNTED = f"{NO_INTERVAL} a count of everything there is; nothing is estimated"


def coverage(comparison: Comparison, _parameters: Mapping[str, Any]) -> Findings:
    """The share of what was asked for that was delivered, one score for each attribute."""
    asked = comparison.facts.attributes
    if not asked:
        return Findings(scores=[COVERAGE.absent("What was asked for wasn't stated: pass the counts by column and level as attributes=.")])
    shown = shown_names(asked)
    return Findings(scores=[_score(comparison, name, shown[name], counts) for name, counts in asked.items()])


def _score(comparison: Comparison, name: str, shown: str, counts: Mapping[str, int]) -> Score:
    frame = comparison.frames.synthetic
    if name not in frame.columns:
        return COVERAGE.score(None, n=len(frame), subject=[shown], reason="The synthetic frame doesn't have the column.")
    wanted = Counter({level_text(level): int(count) for level, count in counts.items()})
    if not wanted.total():
        return COVERAGE.score(None, n=len(frame), subject=[shown], reason="No text was asked for.")
    made = Counter(_levels(frame[name]))
    met = sum(min(count, made[level]) for level, count in wanted.items())
    given = {
        "asked_for": wanted.total(),
        "delivered": met,
        "levels": len(wanted),
        "levels_short": sum(made[level] < count for level, count in wanted.items()),
        "of_other_levels": sum(count for level, count in made.items() if level not in wanted),
        "interval": COUNTED,
    }
    return COVERAGE.score(met / wanted.total(), n=len(frame), subject=[shown], parameters=given)


def _levels(cells: Any) -> Iterable[str]:
    return (level_text(cell) for cell in cells[cells.notna()].astype(object))


ATTRIBUTES_STEP = Step(name="attributes of texts", run=coverage, gives=(COVERAGE,))
"""``text-attributes``."""
