"""What passes between metrics: definitions, scores, the frames compared, and what a step found.

A profile is a list of steps. Each step is a function of a `Comparison` and its
parameters; it gives `Findings`. A step that fails gives one score per
definition, without a value and with the reason; nothing else catches errors.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb.errors import SynthnbError

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.evaluation._encode import Column, Table
    from synthnb.evaluation.facts import Facts

__all__ = [
    "Ceiling",
    "Comparison",
    "Definition",
    "Dimension",
    "Direction",
    "Findings",
    "Frames",
    "OverBudgetError",
    "Score",
    "Step",
    "equal_sizes",
    "run_step",
]

NO_INTERVAL = "none: no calibrated interval for"
"""How parameters begin to say why a score has no interval."""

Dimension = Literal["validity", "fidelity", "utility", "privacy", "bias", "text", "human", "judge", "copies", "diagnostic"]
Direction = Literal["higher", "lower", "half", "none"]
Parameters = Mapping[str, Any]
Array = NDArray[Any]

_DECIMALS = 6
_MAY_BE_ABSENT = ("value", "low", "high", "ceiling", "reason", "matched")
_LEAST_HOLDOUT = 30
_log = logging.getLogger(__name__)


def rounded(value: float | None, decimals: int = _DECIMALS) -> float | None:
    """A finite number rounded for JSON; None for anything else."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), decimals) + 0.0


@dataclass(frozen=True, kw_only=True)
class Score:
    """One metric's result, or the reason why there is none."""

    metric: str
    """The definition's id, such as ``ks_complement``."""
    label: str
    """The metric's name as people read it."""
    version: int
    """The definition's version; it rises when the formula, the interval or the ceiling changes."""
    dimension: Dimension
    """What the metric is evidence for."""
    subject: tuple[str, ...]
    """Columns the score is about; empty for the whole frame."""
    value: float | None
    """The result, or None if it wasn't computed."""
    low: float | None
    """Lower end of the 95 % interval; None where there is none."""
    high: float | None
    """Upper end of the 95 % interval; None where there is none."""
    n: int
    """Rows, columns or pairs the value rests on; ``parameters`` says which where it isn't rows."""
    direction: Direction
    """Which way is better; ``half`` if 0.5 is ideal."""
    ceiling: float | None
    """The same score with real rows in place of the synthetic ones."""
    reference: str
    """Where the formula comes from."""
    reason: str | None
    """Why there is no value."""
    parameters: dict[str, Any]
    """What the value depends on besides the data."""
    seconds: float = 0.0
    """How long its step took."""
    matched: float | None = None
    """The score of as many synthetic rows as the ceiling rests on; None where the number of rows makes no difference."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self) | {"subject": list(self.subject)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Score:
        """Read a score back; keys this version doesn't know are left out, and keys that held nothing may be missing."""
        known = {key: data[key] for key in (entry.name for entry in fields(cls)) if key in data}
        return cls(**dict.fromkeys(_MAY_BE_ABSENT) | {"reference": ""} | known | {"subject": tuple(data["subject"])})


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What a metric is, before any data."""

    metric: str
    """Its id, never reused for another formula."""
    label: str
    """Its name as people read it."""
    dimension: Dimension
    """What it is evidence for."""
    direction: Direction
    """Which way is better."""
    reference: str
    """Where the formula comes from."""
    version: int = 1
    """Rises when the formula, the interval or the ceiling changes."""

    def score(
        self,
        value: float | None,
        *,
        n: int,
        subject: Sequence[str] = (),
        interval: tuple[float | None, float | None] | None = None,
        ceiling: float | None = None,
        matched: float | None = None,
        reason: str | None = None,
        parameters: Parameters | None = None,
    ) -> Score:
        """A score of this metric; a value that isn't finite becomes None with a reason."""
        kept = rounded(value)
        low, high = (rounded(interval[0]), rounded(interval[1])) if interval and kept is not None else (None, None)
        return Score(
            **asdict(self),
            subject=tuple(subject),
            value=kept,
            low=low,
            high=high,
            n=n,
            ceiling=rounded(ceiling),
            matched=rounded(matched),
            reason=None if kept is not None else reason or "The result isn't a finite number.",
            parameters=dict(parameters or {}),
        )

    def absent(self, reason: str, *, n: int = 0, parameters: Parameters | None = None) -> Score:
        """A score that wasn't computed, with the reason."""
        return self.score(None, n=n, reason=reason, parameters=parameters)


class OverBudgetError(SynthnbError):
    """A step took longer than its time budget."""


@dataclass
class Clock:
    """Tells a step when it has used up its time."""

    budget: float = math.inf
    """Seconds each step may take."""
    started: float = field(default_factory=time.monotonic)
    """When the present step began."""

    def restart(self) -> None:
        """Begin a step."""
        self.started = time.monotonic()

    def elapsed(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self.started

    def check(self) -> None:
        """Stop the step if it is over its budget; loops call this between blocks."""
        if self.elapsed() > self.budget:
            raise OverBudgetError(f"It took longer than its {self.budget:g} seconds.", fix="Evaluate a sample of the rows.")


class Frames(NamedTuple):
    """The frames as they were given, for what numbers and codes don't hold: texts, rules, an analysis of one's own."""

    synthetic: pd.DataFrame
    """The rows made."""
    real: pd.DataFrame
    """The rows the generator saw."""
    holdout: pd.DataFrame | None
    """Real rows it never saw, less those left out; rows correspond to those of `Comparison.holdout`."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison:
    """The frames compared, as numbers, and what was asked of them."""

    columns: tuple[Column, ...]
    """Columns that the real and the synthetic frame share, in the real frame's order."""
    real: Table
    """The rows the generator saw."""
    synthetic: Table
    """The rows it made."""
    holdout: Table | None
    """Real rows the generator never saw, as far as can be seen."""
    no_holdout: str | None = None
    """Why there is no hold-out, if there is none."""
    holdout_note: str | None = None
    """What was left out of the hold-out, if anything."""
    only_real: tuple[str, ...] = ()
    """Columns missing from the synthetic frame."""
    only_synthetic: tuple[str, ...] = ()
    """Columns the real frame doesn't have."""
    target: str | None = None
    """The column a model would predict."""
    groups: tuple[str, ...] = ()
    """Columns whose subgroups are shown."""
    facts: Facts
    """What the user states about the data."""
    frames: Frames
    """The frames as they were given, as pandas frames."""
    seed: int = 0
    """Where every draw starts."""
    minimum_cell: int = 11
    """Smallest group for which a figure is shown."""
    clock: Clock = field(default_factory=Clock)
    """The time budget of the present step."""
    memo: dict[str, Any] = field(default_factory=dict)
    """Results that a later step uses again."""

    def remembered(self, key: str, make: Callable[[], Any]) -> Any:
        """What ``make`` gave the first time it was asked for under this key."""
        if key not in self.memo:
            self.memo[key] = make()
        return self.memo[key]

    def column(self, name: str) -> Column | None:
        """The shared column of that name, if there is one."""
        return next((column for column in self.columns if column.name == name), None)

    def of(self, *families: str) -> list[Column]:
        """Shared columns of these families, in order."""
        return [column for column in self.columns if column.family in families]

    def halves(self) -> tuple[Table, Table, str]:
        """Real rows against other real rows: the hold-out if it is one and large enough, else two halves of the real frame."""
        if self.holdout is not None and self.holdout.rows >= _LEAST_HOLDOUT:
            return self.real, self.holdout, "hold-out"
        made: tuple[Table, Table] = self.remembered("halves", lambda: self.real.split(self.seed))
        return *made, "two halves of the real rows"

    def like_for_like(self, measure: Callable[[Table, Table], Array], *, draws: int = 1) -> Ceiling:
        """What real rows score against other real rows, and what as many synthetic rows score in their place.

        A distance between samples grows as they shrink, so a ceiling from few rows
        says nothing beside a value from many; the two given here rest on equally many.

        Parameters
        ----------
        measure : callable
            Gives an array of scores of a table of real rows and another table.
        draws : int
            Samples over which scores are averaged where a table has too many rows.
        """
        one, other, against = self.halves()
        best, matched, rows = equal_sizes(measure, one, other, self.synthetic, draws=draws, seed=self.seed)
        return Ceiling(best, matched, {"ceiling_from": against, "ceiling_rows": [one.rows, rows]})


class Ceiling(NamedTuple):
    """Scores on equally many rows."""

    best: Array
    """Of real rows against other real rows."""
    matched: Array
    """Of the same real rows against synthetic rows."""
    parameters: dict[str, Any]
    """Which real rows, and how many on either side."""


def equal_sizes(
    measure: Callable[[Table, Table], Array], one: Table, other: Table, synthetic: Table, *, draws: int, seed: int
) -> tuple[Array, Array, int]:
    """A table's scores against another and against the synthetic one, on as many rows as the smaller of those has; and how many."""
    rows = min(other.rows, synthetic.rows)

    def mean(table: Table, unit: str) -> Array:
        few = [table] if table.rows == rows else [table.sample(rows, seed, "like for like", unit, str(i)) for i in range(draws)]
        made: Array = np.mean([measure(one, drawn) for drawn in few], axis=0)
        return made

    return mean(other, "real"), mean(synthetic, "synthetic"), rows


@dataclass
class Findings:
    """What one step found."""

    scores: list[Score] = field(default_factory=list)
    """Its scores."""
    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What it adds to a column's entry, by column name."""
    pairs: list[tuple[str, str, float]] = field(default_factory=list)
    """Two columns and the error of their joint distribution."""
    subgroups: list[dict[str, Any]] = field(default_factory=list)
    """Rows of the subgroup table."""
    not_evaluated: list[dict[str, str]] = field(default_factory=list)
    """Dimensions left out, each with the reason."""
    details: dict[str, Any] = field(default_factory=dict)
    """What a drill-down shows, by a name of the step's own: plain JSON without any row's values, 6 kB each at most."""

    def __add__(self, other: Findings) -> Findings:
        """Both steps' findings; entries of the same column are joined."""
        columns = {name: self.columns.get(name, {}) | other.columns.get(name, {}) for name in [*self.columns, *other.columns]}
        return Findings(
            self.scores + other.scores,
            columns,
            self.pairs + other.pairs,
            self.subgroups + other.subgroups,
            self.not_evaluated + other.not_evaluated,
            self.details | other.details,
        )


@dataclass(frozen=True, kw_only=True)
class Step:
    """A function that a profile uses, registered in the entry-point group ``synthnb.metrics``."""

    name: str
    """What progress shows."""
    run: Callable[[Comparison, Parameters], Findings]
    """Computes the step's scores."""
    gives: tuple[Definition, ...]
    """Metrics it answers for, even when it fails."""
    parameters: Parameters = field(default_factory=dict)
    """All it takes, with their defaults; a profile fixes others of the same names."""


def run_step(step: Step, comparison: Comparison) -> Findings:
    """What a step found, timed; its failure is a result with a reason.

    Messages of foreign exceptions can quote cell values, so only their names
    are kept; the whole trace goes to the log at level DEBUG.
    """
    comparison.clock.restart()
    try:
        found = step.run(comparison, step.parameters)
    except KeyboardInterrupt:
        raise
    except SynthnbError as error:
        found = _failed(step, str(error))
    except Exception as error:  # noqa: BLE001 - a metric that fails is a result with a reason, and this is the only place
        _log.debug("The step %s failed.", step.name, exc_info=True)
        found = _failed(step, f"The computation failed ({type(error).__name__}).")
    seconds = round(comparison.clock.elapsed(), 3)
    found.scores = [replace(score, seconds=seconds) for score in found.scores]
    return found


def _failed(step: Step, reason: str) -> Findings:
    """Its metrics without values; a step that gives none is named as not evaluated."""
    notes = [] if step.gives else [{"dimension": step.name, "reason": reason}]
    return Findings(scores=[definition.absent(reason) for definition in step.gives], not_evaluated=notes)
