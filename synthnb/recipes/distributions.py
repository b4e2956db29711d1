"""Distributions: what a declared column is drawn from.

Each is one flat object, told apart by ``family``. A number may depend on columns drawn earlier,
through *cases* (other parameters where a column has a level or lies in a band) and *effects*
(slopes on numbers and shifts for levels, added to the location on the scale of a link); two
columns may be *correlated*. `Column.minimum` and `Column.maximum` cut a distribution: the values
are then drawn from what lies within, none is moved there.

======================  ==============================  ========================  ========
family                  parameters                      effects act on            link
======================  ==============================  ========================  ========
normal                  mean, sd                        mean                      identity
truncated_normal        mean, sd, low, high             mean                      identity
lognormal               log_mean, log_sd                log_mean                  identity
uniform                 low, high                       –
integers                low, high (both included)       –
gamma                   shape, scale                    scale                     log
beta                    alpha, beta, low, high          –
exponential             mean                            mean                      log
weibull                 shape, scale                    scale                     log
poisson                 mean                            mean                      log
negative_binomial       mean, dispersion                mean                      log
binomial                trials, probability             probability               logit
bernoulli               probability                     probability               logit
categorical             levels, weights                 –
dates                   start, end, weekdays, step      –
times                   start, end, step                –
constant                value                           –
sequence                start, step                     –
identifier              pattern                         –
mixture                 parts                           –
expression              expression                      –
======================  ==============================  ========================  ========

For each number it can be said who it came from: the user, a model, or a summary of data.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field, field_validator, model_validator

from synthnb.recipes._dependence import (
    LARGEST,
    LARGEST_WHOLE,
    Case,
    Conditional,
    Correlation,
    Count,
    Data,
    Effect,
    Family,
    Level,
    Link,
    Match,
    Numeric,
    Positive,
    Rate,
    Real,
    Shape,
    Share,
    Source,
    Sourced,
    Weight,
    Whole,
)

if TYPE_CHECKING:
    from synthnb.recipes.recipe import Recipe

__all__ = [
    "LARGEST",
    "LARGEST_WHOLE",
    "Bernoulli",
    "Beta",
    "Binomial",
    "Case",
    "Categorical",
    "Constant",
    "Correlation",
    "Dates",
    "Distribution",
    "Effect",
    "Exponential",
    "Expressed",
    "Gamma",
    "Identifier",
    "Integers",
    "LogNormal",
    "Match",
    "Mixture",
    "NegativeBinomial",
    "Normal",
    "Number",
    "Part",
    "Poisson",
    "Problem",
    "Sequence",
    "Source",
    "Sourced",
    "Times",
    "TruncatedNormal",
    "Uniform",
    "Weibull",
    "check_distributions",
    "numbers",
]

_NO_NUMBERS_IN = {"family", "source", "note", "sources", "levels", "level"}


class Normal(Numeric):
    """A bell curve."""

    location: ClassVar[str] = "mean"
    links: ClassVar[tuple[Link, ...]] = ("identity", "log")

    family: Literal["normal"] = "normal"
    mean: Real
    """In the column's unit."""
    sd: Positive
    """Standard deviation, in the column's unit."""


class TruncatedNormal(Numeric):
    """A bell curve of which only what lies within two limits is drawn."""

    location: ClassVar[str] = "mean"
    links: ClassVar[tuple[Link, ...]] = ("identity", "log")

    family: Literal["truncated_normal"] = "truncated_normal"
    mean: Real
    """Of the whole curve."""
    sd: Positive
    """Of the whole curve."""
    low: Real
    """Least value."""
    high: Real
    """Largest value."""

    @model_validator(mode="after")
    def _rises(self) -> TruncatedNormal:
        _refuse_empty(self.low, self.high)
        return self


class LogNormal(Numeric):
    """A curve whose logarithm is a bell curve; its median is exp(log_mean)."""

    location: ClassVar[str] = "log_mean"
    links: ClassVar[tuple[Link, ...]] = ("identity",)

    family: Literal["lognormal"] = "lognormal"
    log_mean: Annotated[float, Field(ge=-200, le=200, allow_inf_nan=False)]
    """Mean of the natural logarithm."""
    log_sd: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)]
    """Standard deviation of the natural logarithm."""


class Uniform(Numeric):
    """Every value between two limits alike."""

    family: Literal["uniform"] = "uniform"
    low: Real
    """Least value."""
    high: Real
    """Largest value."""

    @model_validator(mode="after")
    def _rises(self) -> Uniform:
        _refuse_empty(self.low, self.high)
        return self


class Integers(Numeric):
    """Every whole number from one to another alike."""

    family: Literal["integers"] = "integers"
    low: Whole
    """Least value."""
    high: Whole
    """Largest value, included."""

    @model_validator(mode="after")
    def _rises(self) -> Integers:
        if self.low > self.high:
            raise ValueError(f"low must not exceed high; got {self.low} and {self.high}")
        return self


class Gamma(Numeric):
    """Skewed positive numbers with mean shape × scale."""

    location: ClassVar[str] = "scale"
    links: ClassVar[tuple[Link, ...]] = ("log",)

    family: Literal["gamma"] = "gamma"
    shape: Shape
    """Without unit; the smaller, the more skewed."""
    scale: Positive
    """In the column's unit."""


class Beta(Numeric):
    """Numbers between two limits, with mean low + (high − low) × alpha / (alpha + beta)."""

    family: Literal["beta"] = "beta"
    alpha: Shape
    """Without unit."""
    beta: Shape
    """Without unit."""
    low: Real = 0.0
    """Least value."""
    high: Real = 1.0
    """Largest value."""

    @model_validator(mode="after")
    def _rises(self) -> Beta:
        _refuse_empty(self.low, self.high)
        return self


class Exponential(Numeric):
    """Waiting times with a constant hazard."""

    location: ClassVar[str] = "mean"
    links: ClassVar[tuple[Link, ...]] = ("log",)

    family: Literal["exponential"] = "exponential"
    mean: Positive
    """In the column's unit."""


class Weibull(Numeric):
    """Waiting times with survival exp(−(t / scale)^shape)."""

    location: ClassVar[str] = "scale"
    links: ClassVar[tuple[Link, ...]] = ("log",)

    family: Literal["weibull"] = "weibull"
    shape: Annotated[float, Field(ge=0.05, le=1e6, allow_inf_nan=False)]
    """Below 1 the hazard falls with time, above 1 it rises."""
    scale: Positive
    """In the column's unit; 63 % of values lie below it."""


class Poisson(Numeric):
    """Counts whose variance equals their mean."""

    location: ClassVar[str] = "mean"
    links: ClassVar[tuple[Link, ...]] = ("log",)

    family: Literal["poisson"] = "poisson"
    mean: Rate
    """Events per row."""


class NegativeBinomial(Numeric):
    """Counts with variance mean + mean² / dispersion."""

    location: ClassVar[str] = "mean"
    links: ClassVar[tuple[Link, ...]] = ("log",)

    family: Literal["negative_binomial"] = "negative_binomial"
    mean: Rate
    """Events per row."""
    dispersion: Shape
    """The smaller, the more the counts vary."""


class Binomial(Numeric):
    """How many of some trials succeed."""

    location: ClassVar[str] = "probability"
    links: ClassVar[tuple[Link, ...]] = ("logit",)

    family: Literal["binomial"] = "binomial"
    trials: Count
    """How many trials each row has."""
    probability: Share
    """Of success in each."""


class Bernoulli(Numeric):
    """True or false (1 or 0 in a column of integers)."""

    location: ClassVar[str] = "probability"
    links: ClassVar[tuple[Link, ...]] = ("logit",)

    family: Literal["bernoulli"] = "bernoulli"
    probability: Share
    """Of true."""


class Categorical(Conditional):
    """One of several levels."""

    family: Literal["categorical"] = "categorical"
    levels: tuple[Level, ...] = Field(min_length=1, max_length=100_000)
    """They must differ."""
    weights: tuple[Weight, ...]
    """One per level; only their proportions count."""

    @model_validator(mode="after")
    def _fit(self) -> Categorical:
        if len(self.levels) != len(self.weights):
            raise ValueError(f"one weight per level is needed; got {len(self.levels)} levels and {len(self.weights)} weights")
        if not sum(self.weights) > 0:
            raise ValueError("at least one weight must be above 0")
        if len({(type(level), level) for level in self.levels}) != len(self.levels):
            raise ValueError("levels must differ")
        return self


class Dates(Conditional):
    """A day, or a moment, between two, both included."""

    ordered: ClassVar[bool] = True

    family: Literal["dates"] = "dates"
    start: str
    """ISO 8601: ``"2020-01-01"`` or ``"2020-01-01T08:00:00"``."""
    end: str
    """Likewise, not before the start."""
    weekdays: tuple[Weight, ...] | None = Field(default=None, min_length=7, max_length=7)
    """How often each day of the week comes, Monday first; only proportions count."""
    step: Literal["day", "hour", "minute", "second"] = "day"
    """How finely moments are told apart."""

    @field_validator("start", "end")
    @classmethod
    def _is_moment(cls, value: str) -> str:
        moment = dt.datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            raise ValueError("leave the time zone out; the column's type has it")
        if not 1700 <= moment.year <= 2250:
            raise ValueError("years must be from 1700 to 2250")
        return value

    @model_validator(mode="after")
    def _fits(self) -> Dates:
        if dt.datetime.fromisoformat(self.start) > dt.datetime.fromisoformat(self.end):
            raise ValueError(f"start must not be after end; got {self.start} and {self.end}")
        if self.weekdays is not None and not sum(self.weekdays) > 0:
            raise ValueError("at least one weight of weekdays must be above 0")
        return self


class Times(Conditional):
    """A time of day between two, both included."""

    ordered: ClassVar[bool] = True

    family: Literal["times"] = "times"
    start: str = "00:00:00"
    """ISO 8601."""
    end: str = "23:59:59"
    """Likewise, not before the start."""
    step: Literal["hour", "minute", "second"] = "minute"
    """How finely times are told apart."""

    @model_validator(mode="after")
    def _fits(self) -> Times:
        start, end = dt.time.fromisoformat(self.start), dt.time.fromisoformat(self.end)
        if start.tzinfo or end.tzinfo:
            raise ValueError("leave the time zone out")
        if start > end:
            raise ValueError(f"start must not be after end; got {self.start} and {self.end}")
        return self


class Constant(Conditional):
    """One value."""

    family: Literal["constant"] = "constant"
    value: Level
    """The value."""


class Sequence(Family):
    """Numbers that follow one another, row by row."""

    family: Literal["sequence"] = "sequence"
    start: Whole = 1
    """The first row's."""
    step: Whole = 1
    """From one row to the next; not 0."""

    @field_validator("step")
    @classmethod
    def _moves(cls, value: int) -> int:
        if value == 0:
            raise ValueError("a sequence must move; give a step other than 0")
        return value


class Identifier(Family):
    """Codes of one spelling, a different one in each row."""

    family: Literal["identifier"] = "identifier"
    pattern: str = Field(min_length=1, max_length=1_000)
    """How they are spelt; see `synthnb.recipes.formats`."""


class Expressed(Family):
    """Computed from other columns of the row."""

    family: Literal["expression"] = "expression"
    expression: str = Field(min_length=1, max_length=4_000)
    """As in `synthnb.recipes.expressions`, such as ``"weight / (height / 100)**2"``."""


Simple = Annotated[
    Normal
    | TruncatedNormal
    | LogNormal
    | Uniform
    | Integers
    | Gamma
    | Beta
    | Exponential
    | Weibull
    | Poisson
    | NegativeBinomial
    | Binomial
    | Constant,
    Field(discriminator="family"),
]
"""What a mixture is made of."""


class Part(Data):
    """One part of a mixture."""

    weight: Annotated[float, Field(gt=0, le=LARGEST, allow_inf_nan=False)]
    """How often it is drawn from; only proportions count."""
    of: Simple
    """What is drawn; without missing cells, cases, effects and correlations of its own."""

    @model_validator(mode="after")
    def _is_plain(self) -> Part:
        extras = [name for name in ("missing", "cases", "effects", "correlations") if getattr(self.of, name, None)]
        if extras:
            raise ValueError(f"a part of a mixture can't have {', '.join(extras)}; say it of the mixture as a whole")
        if isinstance(self.of, Constant) and (isinstance(self.of.value, (bool, str)) or abs(self.of.value) > LARGEST):
            raise ValueError("a constant in a mixture must be a number")
        return self


class Mixture(Family):
    """Drawn from one of several parts, such as a spike at 0 and a curve above it.

    Put the parts in increasing order where the mixture is correlated with something: the
    copula's low ranks go to the first part.
    """

    ordered: ClassVar[bool] = True

    family: Literal["mixture"] = "mixture"
    parts: tuple[Part, ...] = Field(min_length=2, max_length=100)
    """What it mixes."""
    correlations: tuple[Correlation, ...] = Field(default=(), max_length=1_000)
    """With other columns."""


Distribution = Annotated[
    Normal
    | TruncatedNormal
    | LogNormal
    | Uniform
    | Integers
    | Gamma
    | Beta
    | Exponential
    | Weibull
    | Poisson
    | NegativeBinomial
    | Binomial
    | Bernoulli
    | Categorical
    | Dates
    | Times
    | Constant
    | Sequence
    | Identifier
    | Mixture
    | Expressed,
    Field(discriminator="family"),
]
"""What a column is drawn from, told apart by ``family``."""


class Problem(NamedTuple):
    """One thing that is wrong with a recipe."""

    path: str
    """Where: ``"columns[2].distribution.cases[0].when[0].column"``."""
    message: str
    """What, in words that follow a colon."""


class Number(NamedTuple):
    """One number of a distribution, for review."""

    path: str
    """Where it stands, as in `Sourced.number`."""
    value: float
    """The number."""
    source: Source
    """Who stated it."""
    note: str
    """What was added."""


def numbers(distribution: Any) -> list[Number]:
    """Return every number that a distribution states, with who stated it.

    Those left at their defaults aren't stated, unless a source names them.
    """
    told = {item.number: item for item in distribution.sources}
    stated = {path for path, _ in _leaves(distribution.model_dump(mode="json", exclude_defaults=True))} | set(told)
    found = []
    for path, value in _leaves(distribution.model_dump(mode="json")):
        if path not in stated:
            continue
        said = told.get(path)
        found.append(Number(path, value, said.source, said.note) if said else Number(path, value, distribution.source, distribution.note))
    return found


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Numbers below a JSON value, with their paths."""
    if isinstance(value, bool):
        return
    if isinstance(value, (int, float)):
        yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in _NO_NUMBERS_IN:
                yield from _leaves(item, f"{path}.{name}" if path else name)
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{path}.{number}")


def _refuse_empty(low: float, high: float) -> None:
    if not low < high:
        raise ValueError(f"low must be below high; got {low} and {high}")


def check_distributions(recipe: Recipe) -> list[Problem]:
    """Return everything that keeps a recipe from being drawn without data; empty if nothing does."""
    from synthnb.recipes._distribution_checks import problems

    return problems(recipe)
