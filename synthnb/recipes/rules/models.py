"""The kinds of rule, as data."""

from __future__ import annotations

import hashlib
import inspect
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from synthnb.errors import OptionError, shown

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = [
    "Combinations",
    "Dependency",
    "ExpressionRule",
    "FunctionRule",
    "Order",
    "Range",
    "Rule",
    "Share",
    "Sum",
    "Total",
    "Unique",
]

Bound = int | float | str
"""A limit: a number, or a date or time in ISO 8601."""

Level = bool | int | float | str
"""A level as JSON can say it."""

Names = Annotated[tuple[str, ...], Field(min_length=2)]
"""Two or more columns."""


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def of_table(self) -> bool:
        """Whether it concerns the table as a whole, so that no piece of it can be settled alone."""
        return isinstance(self, (Unique, Total))


class Range(_Rule):
    """A column lies between limits."""

    rule: Literal["range"] = "range"
    column: str
    """Of numbers, dates or times."""
    low: Bound | None = None
    """Least value; None for no limit."""
    high: Bound | None = None
    """Largest value; None for no limit."""
    open_low: bool = False
    """Whether the least value itself is excluded."""
    open_high: bool = False
    """Whether the largest value itself is excluded."""
    when: str = ""
    """An expression; the rule is for rows that meet it. Empty for all rows."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it ties."""
        return (self.column,)

    @property
    def text(self) -> str:
        """The rule as `synthnb.recipes.rules.parse_rule` reads it."""
        low = "" if self.low is None else f"{self.low!r} {'<' if self.open_low else '<='} "
        high = "" if self.high is None else f" {'<' if self.open_high else '<='} {self.high!r}"
        return f"{low}{_named(self.column)}{high}{_when(self.when)}"


class Order(_Rule):
    """Columns rise from left to right in each row."""

    rule: Literal["order"] = "order"
    columns: Names
    """From the lowest to the highest."""
    strict: bool = False
    """Whether equal cells break the rule."""
    when: str = ""
    """An expression; the rule is for rows that meet it. Empty for all rows."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it ties."""
        return self.columns

    @property
    def text(self) -> str:
        """The rule as `synthnb.recipes.rules.parse_rule` reads it."""
        return f"{(' < ' if self.strict else ' <= ').join(map(_named, self.columns))}{_when(self.when)}"


class Combinations(_Rule):
    """Columns hold together only what is listed, or what the real rows hold together."""

    rule: Literal["combinations"] = "combinations"
    columns: Names
    """The columns."""
    listed: tuple[tuple[Level | None, ...], ...] | None = None
    """Allowed combinations, None for a missing cell; where None, those observed."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it ties."""
        return self.columns

    @property
    def text(self) -> str:
        """The rule as `synthnb.recipes.rules.parse_rule` reads it; the list isn't part of it."""
        return f"combinations({', '.join(map(_named, self.columns))})"


class Dependency(_Rule):
    """Some columns follow from others: rows that agree on these agree on those."""

    rule: Literal["dependency"] = "dependency"
    determinants: Annotated[tuple[str, ...], Field(min_length=1)]
    """The columns that determine."""
    dependents: Annotated[tuple[str, ...], Field(min_length=1)]
    """The columns that follow."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it ties."""
        return (*self.determinants, *self.dependents)

    @property
    def text(self) -> str:
        """The rule as `synthnb.recipes.rules.parse_rule` reads it."""
        return f"{', '.join(map(_named, self.determinants))} -> {', '.join(map(_named, self.dependents))}"


class Sum(_Rule):
    """A column is the sum of others in each row."""

    rule: Literal["sum"] = "sum"
    total: str
    """The sum."""
    parts: Names
    """What is added."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it ties."""
        return (self.total, *self.parts)

    @property
    def text(self) -> str:
        """The rule as `synthnb.recipes.rules.parse_rule` reads it."""
        return f"{_named(self.total)} == {' + '.join(map(_named, self.parts))}"


class Share(_Rule):
    """Columns that aren't negative add up to a constant in each row."""

    rule: Literal["share"] = "share"
    parts: Names
    """What is added."""
    constant: int | float = Field(default=1, gt=0, allow_inf_nan=False)
    """What they add up to, such as 1 or 100."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it ties."""
        return self.parts

    @property
    def text(self) -> str:
        """The rule as `synthnb.recipes.rules.parse_rule` reads it."""
        return f"share({', '.join(map(_named, self.parts))}) == {self.constant!r}"


class Unique(_Rule):
    """No two rows hold the same in these columns; rows with a missing cell there aren't compared."""

    rule: Literal["unique"] = "unique"
    columns: Annotated[tuple[str, ...], Field(min_length=1)]
    """The columns."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it ties."""
        return self.columns

    @property
    def text(self) -> str:
        """The rule as `synthnb.recipes.rules.parse_rule` reads it."""
        return f"unique({', '.join(map(_named, self.columns))})"


class Total(_Rule):
    """A column's sum over the whole table is exactly a declared number; missing cells count nothing."""

    rule: Literal["total"] = "total"
    column: str
    """Of numbers."""
    value: int | float | None = Field(default=None, allow_inf_nan=False)
    """The sum; with ``by``, the sum in each group."""
    by: str | None = None
    """A column of groups."""
    values: tuple[tuple[Level, int | float], ...] = ()
    """With ``by``, the sum of each group named, instead of ``value``; other groups are left alone."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it ties."""
        return (self.column,) if self.by is None else (self.column, self.by)

    @property
    def text(self) -> str:
        """The rule as `synthnb.recipes.rules.parse_rule` reads it; sums of single groups are listed after it."""
        by = "" if self.by is None else f", by={_named(self.by)}"
        value = repr(self.value) if not self.values else ", ".join(f"{level!r}: {value!r}" for level, value in self.values)
        return f"sum({_named(self.column)}{by}) == {value}"

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Total:
        if (self.value is None) == (not self.values):
            raise ValueError("give either `value` or `values`")
        if self.values and self.by is None:
            raise ValueError("`values` needs `by`, the column of groups")
        return self


class ExpressionRule(_Rule):
    """An expression holds in each row; see `synthnb.recipes.expressions`."""

    rule: Literal["expression"] = "expression"
    expression: str
    """What must hold."""
    when: str = ""
    """An expression; the rule is for rows that meet it. Empty for all rows."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it ties; none if it isn't an expression."""
        from synthnb.errors import RecipeError
        from synthnb.recipes.expressions import parse_expression

        try:
            return parse_expression(self.expression).names
        except RecipeError:
            return ()

    @property
    def text(self) -> str:
        """The rule as `synthnb.recipes.rules.parse_rule` reads it."""
        return f"{self.expression}{_when(self.when)}"


class FunctionRule(_Rule):
    """A Python function from a frame to a boolean per row, True where the row is fine.

    A recipe records the function by a digest and can't carry it: a recipe read from a file
    that has such a rule is refused. What the function reads beside its argument isn't in the digest.
    """

    rule: Literal["function"] = "function"
    name: str
    """The function's name."""
    digest: str
    """``"sha256:<hex>"`` over its source, or over its compiled code where the source isn't to be had."""
    _function: Callable[[Any], Any] | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _only_from_a_function(cls, data: Any) -> Any:
        if isinstance(data, FunctionRule):
            return data
        name = data.get("name") if isinstance(data, dict) else None
        raise ValueError(f"a recipe can't carry the Python function {shown(name)}; pass it again in rules=[...]")

    @classmethod
    def of(cls, function: Callable[[pd.DataFrame], Any]) -> FunctionRule:
        """Wrap a function.

        Raises
        ------
        OptionError
            Not a function written in Python.
        """
        code = getattr(function, "__code__", None)
        if code is None:
            raise OptionError(
                f"A rule that is a function must be written in Python; got {shown(function)}.", fix="Wrap it in a `def` or a `lambda`."
            )
        try:
            source = textwrap.dedent(inspect.getsource(function)).encode()
        except (OSError, TypeError):
            source = code.co_code + repr((code.co_consts, code.co_names)).encode()
        digest = f"sha256:{hashlib.sha256(source).hexdigest()}"
        made = cls.model_construct(rule="function", name=getattr(function, "__qualname__", "function"), digest=digest)
        made._function = function
        return made

    def mask(self, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        """Return what the function says of each row; a missing answer passes.

        Raises
        ------
        OptionError
            Its answer isn't a boolean per row.
        """
        import numpy as np
        import pandas as pd

        assert self._function is not None, "made by `of`"
        try:
            answer = pd.Series(np.asarray(self._function(frame.copy()), dtype=object))
        except Exception as error:
            raise OptionError(
                f"The rule {shown(self.name)} failed with {type(error).__name__}: {error}. "
                f"It was given the columns {', '.join(map(str, frame))}.",
                fix="Correct the function; text and identifiers aren't among its columns.",
            ) from error
        if len(answer) != len(frame) or not answer.map(lambda value: isinstance(value, (bool, np.bool_)) or pd.isna(value)).all():
            raise OptionError(
                f"The rule {shown(self.name)} must return True or False for each of {len(frame):,} rows; "
                f"got {len(answer):,} values such as {shown(answer.iloc[0] if len(answer) else None)}.",
                fix="Return a boolean Series as long as the frame.",
            )
        return answer.where(answer.notna(), other=True).to_numpy(dtype=bool)

    @property
    def names(self) -> tuple[str, ...]:
        """No column is known to be tied."""
        return ()

    @property
    def text(self) -> str:
        """What to call it in messages."""
        return f"the function {self.name}"


Rule = Annotated[
    Range | Order | Combinations | Dependency | Sum | Share | Unique | Total | ExpressionRule | FunctionRule, Field(discriminator="rule")
]
"""Any rule, told apart by its field ``rule``."""


def _named(name: str) -> str:
    return name if name.isidentifier() else f"`{name}`"


def _when(condition: str) -> str:
    return f" when {condition}" if condition else ""
