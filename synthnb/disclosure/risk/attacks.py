"""What attacks showed, by frame, as the record has it; nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from synthnb.disclosure._phrases import named
from synthnb.disclosure.policy.seeing import Frame, Seen
from synthnb.disclosure.reading import mapping

if TYPE_CHECKING:
    from synthnb.disclosure.folding import Entry

__all__ = ["ATTACKS", "Attack", "attacks_in", "proposed_assessment"]

Outcome = Literal["pass", "fail", "undecided", "no limit", "not attacked"]

ATTACKS: dict[str, tuple[str, ...]] = {
    "membership": ("membership_excess_risk", "membership_auc", "membership_advantage", "membership_relative_f1"),
    "singling out": ("singling_out_risk",),
    "linkability": ("linkability_risk",),
    "attribute inference": ("attribute_inference_risk",),
}
"""The four kinds of attacks, each with the metrics that tell of it, the first that has a figure."""

_OUTCOMES: dict[str, Outcome] = {"pass": "pass", "fail": "fail", "undecided": "undecided"}


@dataclass(frozen=True, kw_only=True)
class Attack:
    """What one kind of attack showed on one frame."""

    frame: str
    """The frame that was attacked."""
    attack: str
    """The kind of attack."""
    outcome: Outcome
    """What became of the limit on it; ``no limit`` where none was set, ``not attacked`` where there is no figure."""
    label: str = ""
    """The metric in words."""
    value: float | None = None
    """The figure."""
    low: float | None = None
    """Lower end of its 95 % interval."""
    high: float | None = None
    """Upper end."""
    limit: str = ""
    """The limit, such as ``at most 0.09``."""
    reason: str = ""
    """Why there is no figure, or why nothing was decided."""
    report: str = ""
    """The evaluation that it is from."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)

    def __str__(self) -> str:
        if self.outcome == "not attacked":
            return f"{self.attack}: not attacked ({self.reason})"
        interval = f" [{self.low:.3g}, {self.high:.3g}]" if self.low is not None and self.high is not None else ", no interval"
        held = f"{self.limit}: {self.outcome}" if self.limit else "no limit set"
        return f"{self.attack}: {self.label} {self.value:.3g}{interval}, {held}{f' ({self.reason})' if self.reason else ''}, {self.report}"


def attacks_in(entries: Iterable[Entry]) -> list[Attack]:
    """Return what each kind of attack showed on each frame as it now is, one that is missing too."""
    seen = Seen(entries)
    return [_found(seen, frame, attack) for frame in seen.frames for attack in ATTACKS]


def proposed_assessment(entries: Iterable[Entry]) -> str:
    """Return what the record says of attacks, as a text for a person to confirm or to put in other words; empty without a frame."""
    found = attacks_in(entries)
    if not found:
        return ""
    frames = dict.fromkeys(one.frame for one in found)
    told = [f"{named(frame)}: {'; '.join(str(one) for one in found if one.frame == frame)}." for frame in frames]
    return " ".join([*told, "An attack that does no better than guessing may have been too weak; what wasn't attacked isn't known."])


def _found(seen: Seen, frame: Frame, attack: str) -> Attack:
    reports = seen.reports_on(frame)
    why = "the frame wasn't evaluated as it now is" if not reports else "not part of the evaluation"
    for report in reversed(reports):
        detail = mapping(report.get("detail"))
        for metric in ATTACKS[attack]:
            scores = _about(detail.get("scores"), metric)
            gates = _about(detail.get("gates"), metric)
            with_figure = [score for score in (*gates, *scores) if isinstance(score.get("value"), (int, float))]
            if with_figure:
                return _attack(frame, attack, with_figure[0], gates[0] if gates else {}, scores, report["id"])
            why = next((str(score["reason"]).rstrip(".") for score in scores if score.get("reason")), why)
        left_out = [mapping(item) for item in detail.get("not_evaluated") or [] if mapping(item).get("dimension") == attack]
        why = next((str(item["reason"]).rstrip(".") for item in left_out if item.get("reason")), why)
    return Attack(frame=frame.name, attack=attack, outcome="not attacked", reason=why)


def _about(given: object, metric: str) -> list[Mapping[str, Any]]:
    found = given if isinstance(given, list) else []
    return [mapping(item) for item in found if mapping(item).get("metric") == metric]


def _attack(
    frame: Frame, attack: str, score: Mapping[str, Any], gate: Mapping[str, Any], scores: list[Mapping[str, Any]], report: str
) -> Attack:
    side = "at_most" if "at_most" in gate else "at_least"
    weak = any(mapping(one.get("parameters")).get("weak") for one in scores)
    outcome = _OUTCOMES.get(str(gate.get("outcome"))) or ("undecided" if weak else "no limit")
    reason = str(gate.get("reason") or "").rstrip(".") if outcome == "undecided" else ""
    return Attack(
        frame=frame.name,
        attack=attack,
        outcome=outcome,
        label=str(score.get("label") or score["metric"]),
        value=float(score["value"]),
        low=_number(score.get("low")),
        high=_number(score.get("high")),
        limit=f"{side.replace('_', ' ')} {gate[side]:g}" if isinstance(gate.get(side), (int, float)) else "",
        reason=reason or ("the attack did no better than guessing" if weak else ""),
        report=report,
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
