"""Turns of phrase that the fields of a record have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["about", "asked_of", "counted", "figure", "moment", "named"]

_LONGEST_NAME = 60


def named(value: object) -> str:
    """A name from data in quotation marks, cut to 60 characters."""
    text = " ".join(str(value).split())
    return f"“{text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + '…'}”"


def about(subject: str, *said: str) -> str:
    """A value about a subject; none where there is nothing to say."""
    text = "; ".join(part for part in said if part)
    return f"{subject}: {text}" if text else ""


def asked_of(run: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a run was asked for; nothing where it doesn't say."""
    found = run.get("parameters")
    return found if isinstance(found, Mapping) else {}


def counted(number: int, one: str, several: str = "") -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def moment(text: str) -> str:
    """A time in UTC, to the second."""
    return f"{text[:19].replace('T', ' ')} UTC"


def figure(value: float) -> str:
    """Three decimals, or more where three would say 0, 1 or −1 of a number that isn't."""
    if isinstance(value, int):
        return f"{value:,}"
    decimals = next((d for d in (3, 4, 5) if value in (0, 1, -1) or round(value, d) not in (0, 1, -1)), 6)
    return f"{value:.{decimals}f}"
