"""What a run with differential privacy will spend, step by step, worked out without any data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from synthnb.engines.dp.accounting import Step, epsilon_of, rho_of
from synthnb.engines.dp.bins import rounds
from synthnb.engines.dp.noise import usable_epsilon, usable_variance
from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    from fractions import Fraction

    from synthnb._canonical import Json
    from synthnb.engines.dp.domain import Domain

__all__ = ["DELTA", "METHODS", "Method", "Plan", "Wishes", "plan_steps"]

Method = Literal["tree", "aim"]

METHODS: tuple[Method, ...] = ("tree", "aim")
"""How dependence is learnt."""

DELTA = 1e-6
"""δ where none is given: below 1/n for up to a million rows. It can't be derived from n, which is private."""

AIM_ROUNDS_PER_COLUMN = 4
"""Rounds the budget of ``aim`` is first spread over, for each column."""

_LARGEST_DELTA = 1e-3
_LARGEST_EPSILON = 1_000.0
_COUNTS = {"tree": 0.35, "aim": 0.15}
_CHOICES = 0.1
_FINER = 0.25


@dataclass(frozen=True)
class Wishes:
    """The options of the engine, checked."""

    epsilon: float | None = None
    """ε; must be given before anything is fitted."""
    delta: float = DELTA
    """δ."""
    method: Method = "tree"
    """How dependence is learnt."""
    degree: int = 2
    """For ``aim``: most columns of a table."""

    def __post_init__(self) -> None:
        if self.epsilon is not None and not (_is_number(self.epsilon) and 0.0 < self.epsilon <= _LARGEST_EPSILON):
            raise OptionError(f"epsilon must be a number above 0, at most {_LARGEST_EPSILON:,.0f}; got {shown(self.epsilon)}.", fix=_SIZES)
        if not (_is_number(self.delta) and 0.0 < self.delta <= _LARGEST_DELTA):
            raise OptionError(
                f"delta must be above 0, at most {_LARGEST_DELTA}; got {shown(self.delta)}.",
                fix="Choose it well below one over the number of rows: it is the chance that the promise fails outright.",
            )
        if self.method not in METHODS:
            raise OptionError.from_choice("method", self.method, list(METHODS))
        if self.degree not in (2, 3) or isinstance(self.degree, bool):
            raise OptionError(f"degree must be 2 or 3; got {shown(self.degree)}.", fix="2 counts pairs of columns, 3 triples as well.")


_SIZES = "Choose it on purpose: 1 is a strong promise, 10 a weak one. There is no default, since the choice is yours to defend."


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True)
class Plan:
    """The budget and how it is split."""

    epsilon: float
    """ε of the whole run."""
    delta: float
    """δ of the whole run."""
    rho: float
    """ρ of zCDP; what all steps together spend at most."""
    steps: tuple[Step, ...]
    """The parts."""
    counts: tuple[tuple[Fraction, ...], ...]
    """By column, the variance of the noise in each round of counting."""
    choice: Fraction | None
    """For ``tree``: ε of each choice."""
    table: Fraction | None
    """For ``tree``: variance of the noise in each pair's counts."""
    tables_rho: float
    """For ``aim``: ρ for choosing and counting tables together."""
    rounds: int
    """For ``aim``: rounds the budget is first spread over."""

    @property
    def table_variance(self) -> float:
        """Variance of the noise in a table's counts; for ``aim`` a typical one, on which the number of bins rests."""
        if self.table is not None:
            return float(self.table)
        return self.rounds / 2.0 / (2.0 * self.tables_rho) if self.tables_rho else 0.0

    def to_list(self) -> list[dict[str, Json]]:
        """The steps as plain JSON."""
        return [step.to_dict() for step in self.steps]


def plan_steps(domains: Mapping[str, Domain], wishes: Wishes) -> Plan:
    """Split a budget over the columns' counts, the choice of tables and the tables' counts.

    Raises
    ------
    OptionError
        There is no ε.
    """
    if wishes.epsilon is None:
        raise OptionError("The engine dp needs epsilon, the privacy it is to promise; none was given.", fix=_SIZES)
    rho = rho_of(wishes.epsilon, wishes.delta)
    epsilon = epsilon_of(rho, wishes.delta)
    more = len(domains) > 1
    on_counts = rho * (_COUNTS[wishes.method] if more else 1.0)
    times = {name: rounds(domain) for name, domain in domains.items()}
    unit = on_counts / sum(1.0 + _FINER * (n - 1) for n in times.values())
    coarse, fine = (usable_variance(1.0 / (2.0 * unit * share)) for share in (1.0, _FINER))
    counts = tuple((coarse, *[fine] * (n - 1)) for n in times.values())
    steps = [step for name, n in times.items() for step in _count_steps(name, n, coarse, fine)]
    choice = table = None
    tables_rho, aim_rounds = 0.0, 0
    if more and wishes.method == "tree":
        edges = len(domains) - 1
        choice = usable_epsilon((8.0 * rho * _CHOICES / edges) ** 0.5)
        table = usable_variance(edges / (2.0 * rho * (1.0 - _CHOICES - _COUNTS["tree"])))
        steps.append(Step("choosing a pair of columns", edges, float(choice) ** 2 / 8.0, float(choice), "exponential"))
        steps.append(_gaussian("counts of a chosen pair", edges, table))
    elif more:
        tables_rho, aim_rounds = rho - on_counts, AIM_ROUNDS_PER_COLUMN * len(domains)
        steps += _aim_steps(tables_rho, aim_rounds)
    return Plan(epsilon, wishes.delta, rho, tuple(steps), counts, choice, table, tables_rho, aim_rounds)


def _count_steps(name: str, times: int, coarse: Fraction, fine: Fraction) -> Sequence[Step]:
    first = _gaussian(f"counts of {name!r}", 1, coarse)
    return [first] if times == 1 else [first, _gaussian(f"finer counts of {name!r} where many rows lie", times - 1, fine)]


def _gaussian(name: str, times: int, variance: Fraction) -> Step:
    return Step(name, times, 1.0 / (2.0 * float(variance)), float(variance) ** 0.5, "gaussian")


def _aim_steps(rho: float, rounds: int) -> list[Step]:
    """The first rounds' figures; later rounds may be fewer and larger within the same ρ."""
    from synthnb.engines.dp.aim import CHOICE_SHARE

    choice, table = CHOICE_SHARE * rho / rounds, (1.0 - CHOICE_SHARE) * rho / rounds
    return [
        Step("choosing a table (fewer and larger rounds where that teaches more)", rounds, choice, (8.0 * choice) ** 0.5, "exponential"),
        Step("counts of a chosen table (likewise)", rounds, table, (2.0 * table) ** -0.5, "gaussian"),
    ]
