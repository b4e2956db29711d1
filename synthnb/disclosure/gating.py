"""Gates as the record knows them: which failed and stand, and who went past them, why."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from synthnb._clock import utc_now
from synthnb.disclosure._phrases import named
from synthnb.disclosure.entries import sealed
from synthnb.disclosure.folding import Entry, current
from synthnb.disclosure.reading import mapping
from synthnb.errors import OptionError, shown

__all__ = ["entry_for_override", "gate_sentence", "refuse_failed", "standing"]

_SHORTEST_REASON = 10
_MOST_LISTED = 5
_SIDES = {"at_least": "at least", "at_most": "at most"}


def standing(entries: Iterable[Entry]) -> list[tuple[Entry, list[dict[str, Any]]]]:
    """Return the reports that count and have gates that failed and weren't overridden, with those gates."""
    counting = current(entries)
    past = {(entry["detail"].get("report"), gate) for entry in counting if entry["kind"] == "override" for gate in _overridden(entry)}
    found = []
    for entry in counting:
        gates = mapping(entry.get("detail")).get("gates") or [] if entry["kind"] == "evaluate" else []
        failed = [
            dict(gate) for gate in map(mapping, gates) if gate.get("outcome") == "fail" and (entry["id"], gate.get("metric")) not in past
        ]
        if failed:
            found.append((entry, failed))
    return found


def _overridden(entry: Entry) -> list[str]:
    return [str(metric) for metric in entry["detail"].get("gates") or []]


def refuse_failed(entries: Iterable[Entry], reason: str | None) -> list[Entry]:
    """Return the overrides that an export needs; none where no gate failed.

    Parameters
    ----------
    entries : iterable of entries
        What the export would carry.
    reason : str or None
        Why it is exported although gates failed.

    Raises
    ------
    OptionError
        Gates failed and there is no reason, or one too short to be any; or a reason is given and no gate failed.
    """
    failed = standing(entries)
    if not failed:
        if reason is not None:
            raise OptionError("A reason to override a gate was given, but no gate failed.", fix="Leave it out.")
        return []
    if reason is None or len(reason.split()) < 2 or len(reason.strip()) < _SHORTEST_REASON:
        said = "none was given" if reason is None else f"got {shown(reason)}"
        raise OptionError(
            f"A failed gate blocks the export: {_listed(failed)}. To export all the same a reason in words is needed; {said}.",
            fix='Mend the data and evaluate again, or add --override "REASON" (override="REASON"), which the record then states.',
        )
    return [entry_for_override(entry, gates, reason.strip()) for entry, gates in failed]


def _listed(failed: list[tuple[Entry, list[dict[str, Any]]]]) -> str:
    sentences = [f"{named(entry.get('frame') or '')}: {gate_sentence(gate)}" for entry, gates in failed for gate in gates]
    more = len(sentences) - _MOST_LISTED
    return "; ".join(sentences[:_MOST_LISTED]) + (f"; and {more} more" if more > 0 else "")


def gate_sentence(gate: Mapping[str, Any]) -> str:
    """A gate in words: the metric, its value, the limit, the outcome."""
    side = "at_most" if "at_most" in gate else "at_least"
    about = f" ({', '.join(map(named, gate['subject']))})" if gate.get("subject") else ""
    value = gate.get("value")
    figure = "" if value is None else f" {value:.3g}"
    if value is not None and gate.get("low") is not None and gate.get("high") is not None:
        figure += f" [{gate['low']:.3g}, {gate['high']:.3g}]"
    return f"{gate['label']}{about}{figure}, {_SIDES[side]} {gate.get(side):g}: {gate['outcome']}"


def entry_for_override(report: Entry, gates: Iterable[Mapping[str, Any]], reason: str, *, created: str | None = None) -> Entry:
    """Return the entry of somebody's going past gates that failed.

    Parameters
    ----------
    report : entry
        The evaluation whose gates failed.
    gates : iterable of mapping
        Those gates.
    reason : str
        Why, in that person's words.
    created : str, optional
        When; now by default.
    """
    listed = list(gates)
    sentence = "; ".join(map(gate_sentence, listed))
    return sealed(
        id=f"override-{secrets.token_hex(6)}",
        kind="override",
        created=created or utc_now(),
        slot=f"override:{report['id']}",
        fields={"gates": f"{named(report.get('frame') or '')}: overridden: {sentence}; reason given: {reason}"},
        detail={"report": report["id"], "gates": [str(gate["metric"]) for gate in listed], "reason": reason},
        about={"name": report.get("frame"), "digest": report.get("content")},
    )
