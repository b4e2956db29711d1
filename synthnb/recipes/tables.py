"""What to make when there are several tables: one recipe each, and how they refer to one another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from synthnb._canonical import Json, digest
from synthnb.errors import OptionError, RecipeError, shown
from synthnb.recipes.recipe import Recipe

__all__ = ["Relation", "TablesRecipe", "parents_first"]

_ARROW = re.compile(r"\s*(.+)\.(.+?)\s*->\s*(.+)\.(.+?)\s*")


class Relation(BaseModel):
    """One table's column names rows of another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parent: str = Field(min_length=1)
    """The table whose rows are named."""
    key: str = Field(min_length=1)
    """Its column of unique values, none missing."""
    child: str = Field(min_length=1)
    """The table that names them."""
    column: str = Field(min_length=1)
    """Its column with the key of a row's parent; a missing cell is a row without one."""
    order: str | None = None
    """The child's column that puts the rows of one parent in order, such as the date of a visit."""

    def __str__(self) -> str:
        return f"{self.parent}.{self.key} -> {self.child}.{self.column}"

    @classmethod
    def of(cls, value: object) -> Relation:
        """Return a relation from one, from a mapping of its fields, or from ``"parent.key -> child.column"``.

        Raises
        ------
        OptionError
            It is none of these, or a field is missing or unknown.
        """
        if isinstance(value, Relation):
            return value
        if isinstance(value, str):
            found = _ARROW.fullmatch(value)
            if found:
                return cls(**dict(zip(("parent", "key", "child", "column"), found.groups(), strict=True)))
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise OptionError(
                f"A relation names parent, key, child and column; got {shown(value)}.",
                fix='Write it as "patients.id -> visits.patient_id", or as a mapping of these four.',
            ) from error


class TablesRecipe(BaseModel):
    """Several tables to make, and how they refer to one another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal["synthnb.tables/1"] = "synthnb.tables/1"
    """Name and version of this shape."""
    tables: dict[str, Recipe] = Field(min_length=1)
    """One recipe per table, keys and references among its columns."""
    relations: tuple[Relation, ...] = ()
    """Who refers to whom. Where a child has several parents, the first listed is the one it is drawn from."""

    @model_validator(mode="after")
    def _holds_together(self) -> TablesRecipe:
        problems = list(_problems(self.tables, self.relations))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def digest(self) -> str:
        """``"sha256:<hex>"`` over the canonical form."""
        return digest(self.to_dict())

    @property
    def order(self) -> list[str]:
        """The tables, parents before children."""
        return parents_first(self.tables, self.relations)

    def to_dict(self) -> dict[str, Json]:
        """The recipe as plain JSON types."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TablesRecipe:
        """Build a recipe from `to_dict`'s mapping.

        Raises
        ------
        RecipeError
            The mapping isn't such a recipe; every problem is listed with its path.
        OptionError
            The relations go round in a circle.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            problems = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
            raise RecipeError(f"This isn't a recipe of schema synthnb.tables/1: {problems}.", fix="Correct the fields named.") from error


def _problems(tables: Mapping[str, Recipe], relations: Iterable[Relation]) -> Iterable[str]:
    """What keeps relations and tables from fitting together, each with its path."""
    columns = {name: {column.name for column in recipe.columns} for name, recipe in tables.items()}
    seen: set[tuple[str, str]] = set()
    for number, relation in enumerate(relations):
        ends = [("parent", relation.parent, relation.key), ("child", relation.child, relation.column)]
        for side, table, column in ends + ([("child", relation.child, relation.order)] if relation.order else []):
            if table not in columns:
                yield f"relations.{number}.{side}: there is no table {shown(table)}"
            elif column not in columns[table]:
                yield f"relations.{number}: table {shown(table)} has no column {shown(column)}"
        if (relation.child, relation.column) in seen:
            yield f"relations.{number}: {shown(relation.column)} of {shown(relation.child)} already refers to another table"
        seen.add((relation.child, relation.column))


def parents_first(tables: Iterable[str], relations: Iterable[Relation]) -> list[str]:
    """Return tables in an order in which each comes after those it refers to, else in their own.

    Raises
    ------
    OptionError
        A table refers to itself, directly or through others; the way round is named.
    """
    parents: dict[str, list[str]] = {table: [] for table in tables}
    for relation in relations:
        parents[relation.child].append(relation.parent)
    done: dict[str, None] = {}
    for table in parents:
        _visit(table, parents, done, ())
    return list(done)


def _visit(table: str, parents: Mapping[str, list[str]], done: dict[str, None], path: tuple[str, ...]) -> None:
    if table in path:
        around = " -> ".join([*path[path.index(table) :], table])
        raise OptionError(
            f"Tables must not refer to themselves, directly or through others; these do: {around}.",
            fix="Leave out the relation that closes the circle; its column is then made as an ordinary one, or drop the column.",
        )
    if table not in done:
        for parent in parents[table]:
            _visit(parent, parents, done, (*path, table))
        done[table] = None
