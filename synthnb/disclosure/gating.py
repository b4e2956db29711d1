"""Gates as the record knows them: which failed and stand, and who went past them, why."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from synthnb._clock import utc_now
from synthnb.disclosure._phrases import named
from synthnb.disclosure.entries import sealed
from synthnb.disclosure.folding import Entry, in_order, outdated
from synthnb.disclosure.reading import mapping
from synthnb.errors import OptionError, shown

__all__ = ["entry_for_override", "evidence", "failed_gates", "gate_sentence", "is_reason", "refuse_failed", "standing"]

_SHORTEST_REASON = 10
_MOST_LISTED = 5
_SIDES = {"at_least": "at least", "at_most": "at most"}


def standing(entries: Iterable[Entry]) -> list[tuple[Entry, list[dict[str, Any]]]]:
    """Return the reports with gates that failed and stand, and those gates.

    A gate that failed stands until a later report on the same content passes it at a limit as strict and on the same evidence:
    an evaluation that leaves the evidence out, compares with other real data or asks for less doesn't lift it, nor does one
    of another frame. What was said of a frame that has been made anew doesn't count. Overrides lift nothing: each is for one export.
    """
    ordered = in_order(entries)
    past = outdated(ordered)
    failed: dict[tuple[str, ...], tuple[Entry, dict[str, Any]]] = {}
    for entry in ordered:
        gates = mapping(entry.get("detail")).get("gates") or [] if entry["kind"] == "evaluate" and entry["id"] not in past else []
        for gate in map(dict, map(mapping, gates)):
            at = (str(entry.get("content")), str(gate.get("metric")), evidence(entry), str(gate.get("about")))
            if gate.get("outcome") == "fail":
                failed[at] = entry, gate
            elif gate.get("outcome") == "pass" and at in failed and _as_strict(gate, failed[at][1]):
                del failed[at]
    found: dict[str, tuple[Entry, list[dict[str, Any]]]] = {}
    for entry, gate in failed.values():
        found.setdefault(entry["id"], (entry, []))[1].append(gate)
    return list(found.values())


def evidence(report: Entry) -> str:
    """Return the digest of the real data that a report compares with."""
    return str(mapping(mapping(report.get("detail")).get("real")).get("digest"))


def _as_strict(gate: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a gate asks for as much as another of the same metric."""
    sides = [side for side in _SIDES if side in gate and side in other]
    return any(gate[side] >= other[side] if side == "at_least" else gate[side] <= other[side] for side in sides)


def refuse_failed(entries: Iterable[Entry], reason: str | None, *, export: str) -> list[Entry]:
    """Return the overrides that an export needs; none where no gate failed.

    Parameters
    ----------
    entries : iterable of entries
        What the export would carry.
    reason : str or None
        Why it is exported although gates failed.
    export : str
        The file's name, which the override is for.

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
    if not is_reason(reason):
        said = "none was given" if reason is None else f"got {shown(reason)}"
        raise OptionError(
            f"A failed gate blocks the export: {failed_gates(failed)}. To export all the same a reason in words is needed; {said}.",
            fix='Mend the data and evaluate again, or add --override "REASON" (override="REASON"), which the record then states.',
        )
    return [entry_for_override(entry, gates, str(reason).strip(), export=export) for entry, gates in failed]


def is_reason(reason: str | None) -> bool:
    """Whether a reason is one in words: two of them or more, and ten characters."""
    return reason is not None and len(reason.split()) >= 2 and len(reason.strip()) >= _SHORTEST_REASON


def failed_gates(failed: list[tuple[Entry, list[dict[str, Any]]]]) -> str:
    """Gates that failed and stand, in words."""
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


def entry_for_override(report: Entry, gates: Iterable[Mapping[str, Any]], reason: str, *, export: str, created: str | None = None) -> Entry:
    """Return the entry of somebody's going past gates that failed.

    Parameters
    ----------
    report : entry
        The evaluation whose gates failed.
    gates : iterable of mapping
        Those gates.
    reason : str
        Why, in that person's words.
    export : str
        The file that was written all the same.
    created : str, optional
        When; now by default.
    """
    from synthnb.disclosure.saying import person

    listed = list(gates)
    sentence = "; ".join(map(gate_sentence, listed))
    said = f"{named(report.get('frame') or '')}: overridden for {named(export)}: {sentence}; reason given: {reason}"
    return sealed(
        id=f"override-{secrets.token_hex(6)}",
        kind="override",
        created=created or utc_now(),
        slot=f"override:{report['id']}:{export}",
        fields={"gates": said, "optOuts": said},  # the second is what the notebook's cell shows
        detail={"report": report["id"], "gates": [str(gate["metric"]) for gate in listed], "reason": reason, "export": export} | person(),
        about={"name": report.get("frame"), "digest": report.get("content")},
    )
