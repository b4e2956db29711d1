"""What time means in a table: several visits of one subject, or how long until an event."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Panel", "Survival"]


class Survival(BaseModel):
    """A time that ends with an event, or is censored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: str = Field(min_length=1)
    """Column with the time from entry to the event or to censoring; numbers, 0 or more."""
    event: str = Field(min_length=1)
    """Column that tells which: two or more levels, one of which means censored."""


class Panel(BaseModel):
    """A table with several rows per subject, one per point in time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str = Field(min_length=1)
    """Column that names the subject of a row."""
    time: str = Field(min_length=1)
    """Column that puts a subject's rows in order: numbers, dates or spans, no cell missing."""
    end: str | None = None
    """Column, the same in all of a subject's rows, that no time of the subject's exceeds; such as the time to an event."""
