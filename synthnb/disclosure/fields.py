"""The catalogue of disclosure fields, read from ``schema/fields-1.json``.

The file is shared with the lab extension: nothing about a field is written
down anywhere else.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

__all__ = ["Field", "Line", "Section", "brief", "catalogue", "human_fields", "required", "sections"]

Fill = Literal["machine", "proposed", "human"]


@dataclass(frozen=True)
class Section:
    """A heading under which fields are shown."""

    id: str
    """Its name in the catalogue."""
    label: str
    """Its name for readers."""


@dataclass(frozen=True)
class Field:
    """One thing a disclosure can state."""

    id: str
    """Its name in records."""
    label: str
    """Its name for readers."""
    section: str
    """The section it stands in."""
    fill: Fill
    """Who may state it: the machine, the tool with a person confirming, or a person only."""
    cell: bool
    """Whether the notebook's cell shows it once stated."""
    required: bool
    """One of the ten that only a person can state, listed as missing until then."""
    default: str
    """What stands in its place until it is stated."""
    hint: str = ""
    """What to write, for fields that a person fills."""


@dataclass(frozen=True)
class Line:
    """A line of the notebook's cell."""

    label: str
    """What it begins with."""
    fields: tuple[str, ...]
    """Ids of fields; the first that is stated is shown."""
    default: str = ""
    """What is shown where none is stated; empty for no line."""


@cache
def _file() -> dict[str, list[dict[str, Any]]]:
    text = files("synthnb.disclosure").joinpath("schema/fields-1.json").read_text(encoding="utf-8")
    content: dict[str, list[dict[str, Any]]] = json.loads(text)
    return content


@cache
def catalogue() -> dict[str, Field]:
    """Every field by its id, in the order readers see them."""
    return {item["id"]: Field(**item) for item in _file()["fields"]}


@cache
def sections() -> tuple[Section, ...]:
    """Every section, in the order readers see them."""
    return tuple(Section(**item) for item in _file()["sections"])


@cache
def brief() -> tuple[Line, ...]:
    """Every line of the notebook's cell, in order."""
    return tuple(Line(item["label"], tuple(item["fields"]), item.get("default", "")) for item in _file()["brief"])


@cache
def required() -> tuple[Field, ...]:
    """The ten fields that only a person can state."""
    return tuple(field for field in catalogue().values() if field.required)


def human_fields() -> list[dict[str, Any]]:
    """Every field that only a person can state, the ten required ones first, as plain mappings for a form."""
    found = [field for field in catalogue().values() if field.fill == "human"]
    return [asdict(field) for field in sorted(found, key=lambda field: not field.required)]
