"""The time as every run, report and entry has it."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["utc_now"]


def utc_now() -> str:
    """Return the time as UTC to the microsecond: ``"2026-11-23T15:40:00.123456Z"``.

    Whole seconds would leave the order of two quick runs to chance.
    """
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
