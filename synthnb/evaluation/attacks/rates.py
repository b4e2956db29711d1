"""How often an attack succeeds: on training rows, by guessing, and on rows the generator never saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb.evaluation._intervals import Z95, Estimate, excess_risk, scored_risk, wilson
from synthnb.evaluation.base import Comparison, Definition, Score, rounded

__all__ = ["Outcome", "Rate", "detailed"]

Array = NDArray[Any]

_MOST_LISTED = 12
"""Outcomes of one attack that a drill-down shows."""
_LARGEST_GAIN = 50.0
"""How many trials one target may stand for, when its success is an expectation that hardly varies."""


class Rate(NamedTuple):
    """A success rate."""

    value: float
    """From 0 to 1."""
    n: int
    """Targets attacked."""
    trials: float
    """Yes-or-no trials that tell as much; more than ``n`` where a success is an expected one."""

    @classmethod
    def of(cls, successes: Array) -> Rate:
        """The mean of successes from 0 to 1, one per target.

        Notes
        -----
        A success may be the mean over several attacks on one target, or the chance of
        a hit among ties. It then varies less than a yes or no: with mean p and variance
        s², n targets tell as much as n p(1 − p)/s² trials. That count makes Wilson's
        interval as wide as the successes' own variance asks for.
        """
        n, p = len(successes), float(np.mean(successes))
        spread, most = p * (1 - p), float(np.var(successes, ddof=1)) if n > 1 else 0.0
        gain = 1.0 if spread <= 0 else min(spread / most if most > 0 else _LARGEST_GAIN, _LARGEST_GAIN)
        return cls(p, n, n * max(gain, 1.0))

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, at 95 %."""
        low, high = wilson(self.value * self.trials, self.trials)
        return float(low), float(high)

    def to_list(self) -> list[float | None]:
        """Rate, lower and upper end."""
        return [rounded(end, 4) for end in (self.value, *self.interval)]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one attack."""

    name: str
    """Which attack."""
    subject: tuple[str, ...] = ()
    """Columns it was about, as reports show them."""
    main: Rate
    """On rows the generator saw."""
    baseline: Rate
    """By guessing, on the same rows."""
    control: Rate
    """On rows it never saw."""
    exclusive: bool = False
    """Whether a trial that succeeds for the one can't for the other, so that the two rates' errors add up."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What the rates depend on besides the data."""

    @cached_property
    def risk(self) -> Estimate:
        """What the attack gains over the control, of what could be gained."""
        main, control = self.main, self.control
        hits = (main.value * main.trials, main.trials, control.value * control.trials, control.trials)
        return _widened(excess_risk(*hits), main, control) if self.exclusive else scored_risk(*hits)

    @property
    def weak(self) -> bool:
        """Whether it did no better than guessing, so that it shows nothing."""
        return self.main.value <= self.baseline.value

    @property
    def reading(self) -> str:
        """``excess`` or ``inconclusive``; never that there is no risk."""
        return "excess" if self.risk.low > 0 and not self.weak else "inconclusive"

    def score(self, definition: Definition) -> Score:
        """The risk as a metric's score."""
        rates = {name: self._rate(rate) for name, rate in (("main", self.main), ("baseline", self.baseline), ("control", self.control))}
        return definition.score(
            self.risk.value,
            n=self.main.n + self.control.n,
            subject=self.subject,
            interval=self.risk.interval,
            parameters={"reading": self.reading, "weak": self.weak} | rates | dict(self.parameters),
        )

    @staticmethod
    def _rate(rate: Rate) -> dict[str, Any]:
        low, high = rate.interval
        return {"rate": rounded(rate.value), "low": rounded(low), "high": rounded(high), "n": rate.n}

    def to_dict(self) -> dict[str, Any]:
        """A row of the drill-down."""
        rates = {"main": self.main.to_list(), "baseline": self.baseline.to_list(), "control": self.control.to_list()}
        risk = [rounded(end, 4) for end in (self.risk.value, *self.risk.interval)]
        return {"name": self.name, "subject": list(self.subject), **rates, "n": self.main.n, "risk": risk, "weak": self.weak}


def _widened(risk: Estimate, main: Rate, control: Rate) -> Estimate:
    """The risk with the covariance −ac/n of two rates of the same n trials that exclude each other."""
    (a_low, a_high), (c_low, c_high) = main.interval, control.interval
    a, c = (a_low + a_high) / 2, (c_low + c_high) / 2
    by_a, by_c = 1 / (1 - c), (1 - a) / (1 - c) ** 2
    both = 2 * by_a * by_c * a * c / main.n
    error = np.sqrt((by_a * (a_high - a_low) / 2) ** 2 + (by_c * (c_high - c_low) / 2) ** 2 + Z95**2 * both)
    return Estimate(risk.value, float(max(risk.value - error, -1.0)), float(min(risk.value + error, 1.0)))


def detailed(comparison: Comparison, outcomes: list[Outcome]) -> dict[str, Any]:
    """The rows of this attack, the riskiest first, after those of the attacks before it."""
    listed: dict[str, list[dict[str, Any]]] = comparison.remembered("attacks", dict)
    worst = sorted(outcomes, key=lambda outcome: (-outcome.risk.value, outcome.subject))[:_MOST_LISTED]
    for name in {outcome.name for outcome in outcomes}:
        listed[name] = [outcome.to_dict() for outcome in worst if outcome.name == name]
    return {"attacks": [row for rows in listed.values() for row in rows]}
