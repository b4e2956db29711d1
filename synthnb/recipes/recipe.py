"""The recipe: what to make, as data that can be reviewed, compared and kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from synthnb._canonical import Json, digest
from synthnb.errors import RecipeError
from synthnb.recipes.distributions import Distribution
from synthnb.recipes.rules import Rule
from synthnb.recipes.timing import Survival

__all__ = ["KINDS", "ROLES", "Bound", "Column", "Kind", "Level", "Recipe", "Role"]

Kind = Literal["integer", "real", "boolean", "category", "datetime", "date", "time", "timedelta", "identifier", "text", "empty", "constant"]
"""What a column holds.

``identifier`` is codes of one spelling that name a row; they are made afresh, never learnt. ``text`` is
free text, or other values that differ in nearly every row; ``empty`` has no value at all; ``constant`` has one
value (and perhaps missing cells); ``date`` is a day, however it is stored.
"""

Role = Literal["key", "sensitive", "group", "target"]
"""What a column is for.

``key`` names a row, ``sensitive`` must not be learnt about anybody, ``group`` declares subgroups, ``target`` is predicted.
"""

Bound = int | float | str
"""A limit: a number, or a date or time in ISO 8601."""

Level = bool | int | float | str
"""A category's level as JSON can say it; other types are given by their text."""

KINDS: tuple[Kind, ...] = get_args(Kind)
"""Every kind, in the order of the documentation."""

ROLES: tuple[Role, ...] = get_args(Role)
"""Every role, in the order of the documentation."""


class Column(BaseModel):
    """One column: what it holds and how it is stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Unique in its table."""
    kind: Kind
    """What it holds."""
    dtype: str
    """How it is stored, as pandas writes it: ``"Int64"``, ``"datetime64[us, UTC]"``."""
    missing: bool = False
    """Whether cells may be missing."""
    decimals: int | None = None
    """Decimal places of a number; negative for trailing zeros, None where every digit counts."""
    levels: tuple[Level, ...] | None = None
    """A category's levels, in order if ``ordered``."""
    ordered: bool = False
    """Whether the levels have an order."""
    format: str | None = None
    """For dates kept as strings: their strftime format."""
    role: Role | None = None
    """What it is for."""
    minimum: Bound | None = None
    """Least value, declared by whoever wrote the recipe."""
    maximum: Bound | None = None
    """Largest value, declared likewise."""
    pattern: str | None = None
    """How an identifier is spelt; see `synthnb.recipes.formats`."""
    distribution: Distribution | None = None
    """What the engine ``sampler`` draws it from."""
    merge_below: int | None = Field(default=None, ge=2)
    """Levels that fewer rows hold are merged into one; only where it was asked for."""
    why: str = ""
    """For ``text``: why the column was taken as text, in words that finish a sentence."""


class Recipe(BaseModel):
    """One table to make.

    ``Recipe.model_json_schema()`` gives the JSON Schema.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal["synthnb.recipe/1"] = "synthnb.recipe/1"
    """Name and version of this shape."""
    table: str
    """The table's name."""
    rows: int = Field(ge=1)
    """How many rows to make."""
    seed: int = Field(ge=0, le=2**32 - 1)
    """The seed that repeats the run."""
    groups: tuple[str, ...] = ()
    """Columns that declare subgroups, in order."""
    columns: tuple[Column, ...] = Field(min_length=1)
    """The columns, in the table's order."""
    rules: tuple[Rule, ...] = ()
    """What every row, or the table as a whole, must satisfy."""
    survival: tuple[Survival, ...] = ()
    """Times that end with an event or are censored."""
    given: tuple[str, ...] = ()
    """Columns that the run fixes or restricts; they are drawn before all others."""
    where: str = ""
    """The condition that every row meets."""

    @property
    def digest(self) -> str:
        """``"sha256:<hex>"`` over the canonical form."""
        return digest(self.to_dict())

    def to_dict(self) -> dict[str, Json]:
        """The recipe as plain JSON types."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Recipe:
        """Build a recipe from `to_dict`'s mapping.

        Raises
        ------
        RecipeError
            The mapping isn't a recipe; every problem is listed with its path.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            problems = "; ".join(f"{_path(item['loc'])}: {item['msg']}" for item in error.errors())
            raise RecipeError(f"This isn't a recipe of schema synthnb.recipe/1: {problems}.", fix="Correct the fields named.") from error


def _path(parts: tuple[int | str, ...]) -> str:
    """Where a problem lies: ``columns[0].distribution.sd``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".")
