"""A day of discharge that follows from the day of admission and the length of the stay, where all three are stated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synthnb.engines.compile.building import Built
    from synthnb.recipes.statements.stated import Stated

__all__ = ["add_stays"]

_TIED = (
    ("admission_date", "discharge_date", ("length_of_stay", "stay", "hospital_stay", "duration_of_stay", "los", "days_in_hospital")),
    ("start_date", "end_date", ("duration",)),
    ("enrolment_date", "last_follow_up_date", ("follow_up", "follow_up_time", "duration_of_follow_up", "length_of_follow_up")),
)
"""First day, last day, and what the time between them is called."""
_DAYS = {"day": 1.0, "days": 1.0, "": 1.0, "week": 7.0, "weeks": 7.0, "month": 30.4375, "months": 30.4375, "year": 365.25, "years": 365.25}


def add_stays(made: Built, found: Mapping[str, Stated]) -> None:
    """Compute a last day as the first day and the time between; one whose own days are stated is left as it is, and that is noted."""
    for first, last, spans in _TIED:
        span = next((name for name in spans if name in found), "")
        if not span or first not in found or last not in found:
            continue
        if made.columns[first]["kind"] != "date" or made.columns[span]["kind"] not in {"integer", "real"} or found[span].unit not in _DAYS:
            continue
        if found[last].dates:
            made.notes.append(f"{last}: its days are stated, so it isn't tied to {first} and {span}.")
            continue
        _tie(made, first, last, span, _DAYS[found[span].unit])


def _tie(made: Built, first: str, last: str, span: str, days: float) -> None:
    column = made.columns[last]
    between = span if days == 1 else f"{days:g} * {span}"
    between = between if days == 1 and made.columns[span]["kind"] == "integer" else f"round({between}, 0)"
    missing = (column.get("distribution") or {}).get("missing", 0.0)
    body = {"family": "expression", "expression": f"{first} + days({between})", "source": "default"}
    sources = [item for item in (column.get("distribution") or {}).get("sources", []) if item["number"] == "missing"]
    gone = any((made.columns[name].get("distribution") or {}).get("missing") for name in (first, span))
    column["distribution"] = body | ({"missing": missing, "sources": sources} if missing else {})
    column |= {"missing": True} if missing or gone else {}
    made.notes = [note for note in made.notes if not note.startswith(f"{last}: no dates were stated")]
    made.notes.append(f"{last}: it is {first} and {span} after that, as all three are stated.")
    low = made.columns[span].get("minimum")
    if low is not None and low >= 0:  # the order holds by itself
        made.rules = [rule for rule in made.rules if rule.get("columns") != [first, last]]
