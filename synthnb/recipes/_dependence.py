"""What distributions share: numbers within bounds, who stated them, and how they depend on other columns."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "LARGEST",
    "LARGEST_WHOLE",
    "Case",
    "Conditional",
    "Correlation",
    "Count",
    "Data",
    "Effect",
    "Family",
    "Level",
    "Link",
    "Match",
    "Numeric",
    "Positive",
    "Rate",
    "Real",
    "Shape",
    "Share",
    "Source",
    "Sourced",
    "Weight",
    "Whole",
]

LARGEST = 1e100
"""Largest size of a number, so that no sum or product of a few overflows."""

LARGEST_WHOLE = 2**53
"""Largest size of a whole number, so that JSON and every front end carry it exactly."""

Source = Literal["user", "model", "summary", "default"]
"""Who stated a number: the user, a language model from what it knows, a summary of data, or nobody, so that a neutral one was taken."""

Link = Literal["identity", "log", "logit"]
"""The scale on which effects are added."""

Scale = Literal["rank", "pearson"]
"""What a correlation is of: ranks (Spearman's), or the values themselves (Pearson's)."""

Level = bool | int | float | str
"""As `synthnb.recipes.recipe.Level`."""

Real = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, le=LARGEST, allow_inf_nan=False)]
Shape = Annotated[float, Field(ge=1e-3, le=1e9, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=-LARGEST_WHOLE, le=LARGEST_WHOLE)]
Count = Annotated[int, Field(ge=1, le=10**9)]
Rate = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False)]
Words = Annotated[str, Field(max_length=1_000)]


class Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sourced(Data):
    """Where one number came from, if not from where the distribution's ``source`` says."""

    number: str
    """Its path in the distribution: ``"mean"``, ``"weights.0"``, ``"cases.1.parameters.sd"``, ``"effects.0.by"``."""
    source: Source
    """Who stated it."""
    note: Words = ""
    """Anything to add, such as a reference."""


class Match(Data):
    """What a case asks of one column: one of some levels, or a number within a band."""

    column: str
    """Drawn earlier."""
    levels: tuple[Level, ...] | None = Field(default=None, min_length=1, max_length=1_000)
    """One of these."""
    low: Real | None = None
    """At least this."""
    high: Real | None = None
    """Less than this."""

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Match:
        band = self.low is not None or self.high is not None
        if band == (self.levels is not None):
            raise ValueError("give either levels, or low and/or high")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(f"low must be below high; got {self.low} and {self.high}")
        return self


class Case(Data):
    """Other parameters for rows in which every match holds; the first case that fits a row counts."""

    when: tuple[Match, ...] = Field(min_length=1, max_length=10)
    """What must hold."""
    parameters: dict[str, Any] = Field(min_length=1)
    """Parameters of the distribution by name; those not named stay."""


class Effect(Data):
    """Something added to the location, on the link's scale, for another column's value."""

    column: str
    """Drawn earlier."""
    by: Real
    """With a level: what is added where the column has it. Without: the slope, per unit of the column."""
    level: Level | None = None
    """The level that shifts it; None for a slope."""
    centre: Real = 0.0
    """For a slope: the value of the column at which nothing is added. A missing cell counts as this."""


class Correlation(Data):
    """A correlation with another column, matched through a Gaussian copula.

    Where either column has cases or effects, it is the correlation of what these leave.
    """

    column: str
    """The other column; say it at one of the two."""
    r: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
    """From -1 to 1."""
    scale: Scale = "rank"
    """Of ranks, or of the values themselves."""


class Family(Data):
    """What every distribution has."""

    location: ClassVar[str] = ""
    """The parameter that effects act on."""
    links: ClassVar[tuple[Link, ...]] = ()
    """Scales on which they may, the usual one first."""
    ordered: ClassVar[bool] = False
    """Whether its values have an order, so that it can be correlated and cut."""

    missing: Share = 0.0
    """Share of cells that are missing, at random."""
    source: Source = "user"
    """Who stated its numbers, unless ``sources`` says otherwise."""
    note: Words = ""
    """Anything to add."""
    sources: tuple[Sourced, ...] = ()
    """Numbers that came from elsewhere."""


class Conditional(Family):
    """What may depend on other columns by cases."""

    cases: tuple[Case, ...] = Field(default=(), max_length=10_000)
    """Other parameters where earlier columns have certain values."""


class Numeric(Conditional):
    """What has an order."""

    ordered: ClassVar[bool] = True

    effects: tuple[Effect, ...] = Field(default=(), max_length=1_000)
    """What earlier columns add to the location."""
    link: Link | None = None
    """The scale on which effects are added; the family's usual one by default."""
    correlations: tuple[Correlation, ...] = Field(default=(), max_length=1_000)
    """With other columns."""
