"""What the calibration study simulates: each case draws its own data from a seed and gives what a metric said of them.

Another dimension's intervals are added to `CASES`, as a function of a seed that
gives one `Said` per score, in a module that is imported at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from synthnb.evaluation._intervals import auc_interval, delong_variance, excess_risk, newcombe, wilson
from synthnb.evaluation.attacks.cap import CAP_STEP
from synthnb.evaluation.attacks.disclosure import MEMBERSHIP_F1, MEMBERSHIP_F1_STEP, relative_f1
from synthnb.evaluation.attacks.inference import INFERENCE_STEP
from synthnb.evaluation.attacks.linkability import LINKABILITY_STEP
from synthnb.evaluation.attacks.singling import SINGLING_STEP
from synthnb.evaluation.facts import Facts
from synthnb.evaluation.privacy import MEMBERSHIP_STEP
from synthnb.evaluation.report import compare
from tests.benchmarks.populations import POPULATIONS, Leak, leaked

if TYPE_CHECKING:
    from synthnb.evaluation.base import Score, Step

__all__ = ["ATTACKS", "CASES", "Attacked", "Case", "Said", "attacked"]

ATTACKS: tuple[Step, ...] = (MEMBERSHIP_STEP, MEMBERSHIP_F1_STEP, SINGLING_STEP, LINKABILITY_STEP, INFERENCE_STEP, CAP_STEP)
SHARES = (0.01, 0.05, 0.2)


class Said(NamedTuple):
    """What one score said of one draw."""

    metric: str
    """Which, and of what."""
    value: float
    """Its value."""
    low: float | None
    """Lower end of its interval, if it has one."""
    high: float | None
    """Upper end."""
    alarm: bool | None = None
    """Whether it read an excess; None where it doesn't."""
    rates: tuple[float, float] | None = None
    """Success on training and on control rows, of which the truth is made."""
    made: Callable[[float, float], float] | None = None
    """How it is made of the rates' means over draws."""
    truth: float | None = None
    """What the interval should hold, where it is known; else the mean over draws."""


@dataclass(frozen=True)
class Case:
    """One thing simulated many times."""

    name: str
    """What the table calls it."""
    draw: Callable[[int], Sequence[Said]]
    """What was said of the draw with this seed."""
    null: bool = False
    """Whether an alarm is a false one, which may happen in 5 % of draws."""
    share: float = 1.0
    """Part of the simulations that are enough."""


@dataclass(frozen=True)
class Attacked:
    """The attacks on synthetic rows of one population, with or without a planted leak."""

    population: str
    how: Leak | None = None
    share: float = 0.0
    rows: int = 1000
    steps: tuple[Step, ...] = ATTACKS

    def __call__(self, seed: int) -> list[Said]:
        """What each attack says of training, control and synthetic rows drawn from this seed."""
        drawn = POPULATIONS[self.population]
        real, control, fresh = drawn(self.rows, 3 * seed), drawn(self.rows // 2, 3 * seed + 1), drawn(self.rows, 3 * seed + 2)
        synthetic = leaked(fresh, real, self.share, self.how, seed) if self.how else fresh
        return attacked(real, control, synthetic, self.steps, seed)


def attacked(real: Any, control: Any, synthetic: Any, steps: Sequence[Step], seed: int) -> list[Said]:
    """What each attack says of these frames."""
    known, secret = tuple(real.columns[2:4]), str(real.columns[-1])
    options: dict[str, Any] = {"target": None, "groups": (), "seed": seed, "budget": 600.0}
    comparison = compare([synthetic, real, control], facts=Facts(population=10 * len(real)), **options)
    stated = compare([synthetic, real, control], facts=Facts(known=known, secrets=(secret,)), **options)
    said = []
    for step in steps:
        scores = step.run(stated if step.name == CAP_STEP.name else comparison, step.parameters).scores
        said += [_said(score) for score in scores if score.value is not None]
    return said


def _said(score: Score) -> Said:
    given, value = score.parameters, float(score.value or 0.0)
    alarm = given["reading"] == "excess" if "reading" in given else None
    rates = (given["main"]["rate"], given["control"]["rate"]) if "main" in given else None
    made = partial(_relative, fraction=given["fraction"]) if score.metric == MEMBERSHIP_F1.metric else _risk
    return Said(score.metric, value, score.low, score.high, alarm, rates, made)


def _risk(main: float, control: float) -> float:
    return (main - control) / (1 - control)


def _relative(main: float, control: float, fraction: float) -> float:
    # so many rows that the rates are as good as known
    return relative_f1(round(main * 1e9), 10**9, round(control * 1e9), 10**9, fraction).value


def _shares(seed: int) -> list[Said]:
    rng, said = np.random.default_rng([seed, 4]), []
    for n, p in ((50, 0.1), (300, 0.02), (300, 0.5)):
        low, high = wilson(rng.binomial(n, p), n)
        said.append(Said(f"wilson n={n} p={p}", 0.0, float(low), float(high), truth=p))
    for n, p, m, q in ((100, 0.1, 50, 0.1), (300, 0.3, 150, 0.1)):
        one, other = rng.binomial(n, p), rng.binomial(m, q)
        low, high = newcombe(one / n, n, other / m, m)
        said.append(Said(f"newcombe {p} - {q}", 0.0, float(low), float(high), truth=p - q))
        risk = excess_risk(int(one), n, int(other), m)
        said.append(Said(f"excess risk {p} {q}", risk.value, risk.low, risk.high, truth=(p - q) / (1 - q)))
    return said


def _areas(seed: int) -> list[Said]:
    rng, said = np.random.default_rng([seed, 5]), []
    for shift in (0.0, 0.5, 1.5):
        area = auc_interval(*delong_variance(rng.normal(shift, 1, 150), rng.normal(0, 1, 80)), 80)
        said.append(Said(f"delong shift={shift}", area.value, area.low, area.high, truth=NormalDist().cdf(shift / np.sqrt(2))))
    return said


CASES: list[Case] = [
    *(Case(f"{name}, independent", Attacked(name), null=True) for name in POPULATIONS),
    *(
        Case(f"{name}, {share:.0%} {how}", Attacked(name, how, share), share=0.3)
        for name in POPULATIONS
        for how in ("copied", "jittered")
        for share in SHARES
    ),
    Case("shares", _shares, share=10.0),
    Case("areas", _areas, share=10.0),
]
"""Every case, in the order of the table."""
