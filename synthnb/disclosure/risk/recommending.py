"""Which release class a record recommends, by the table in ``schema/release-rules-1.json``, each rule with its reason.

A recommendation is no permission and no finding that data are harmless: the least open class that
some rule asks for, and why. A person chooses.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from synthnb.disclosure._phrases import named
from synthnb.disclosure.folding import Entry, is_blank
from synthnb.disclosure.gating import gate_sentence, standing
from synthnb.disclosure.policy.seeing import Frame, Seen, real_sources
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.risk.attacks import attacks_in
from synthnb.disclosure.risk.questions import MITIGATIONS

__all__ = ["Reason", "Recommendation", "recommend"]

_LEAKS = ("shared_13_words_excess", "shared_8_words_share", "shared_13_words_share", "longest_shared_run", "examples_shared_8_words_share")
_TEXTS = ("column", "texts", "questions")
_MOST_TOLD = 5


@dataclass(frozen=True)
class Reason:
    """Why a class is the most open one that is recommended."""

    rule: str
    """The rule's id in the table."""
    at_most: str
    """The class that it allows at most."""
    said: str
    """Why, in a sentence."""


@dataclass(frozen=True)
class Recommendation:
    """A release class, with its reasons."""

    release: str
    """The class recommended."""
    reasons: tuple[Reason, ...]
    """Every rule that asks for it or for another, the strictest first; or why none does."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"release": self.release, "reasons": [asdict(reason) for reason in self.reasons]}


@cache
def _table() -> dict[str, Any]:
    text = files("synthnb.disclosure").joinpath("schema/release-rules-1.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def recommend(entries: Iterable[Entry], answers: Mapping[str, str]) -> Recommendation:
    """Return the class that a record and a person's answers recommend.

    Parameters
    ----------
    entries : iterable of entries
        The record.
    answers : mapping of str to str
        What a person said, by question; ``by`` is who.
    """
    seen = Seen(entries)
    holding = _from_record(seen) | _from_answers(answers)
    classes: list[str] = _table()["classes"]
    found = [
        Reason(rule["id"], rule["at_most"], rule["reason"].replace("{what}", _told(holding[rule["id"]])))
        for rule in _table()["rules"]
        if holding.get(rule["id"])
    ]
    found.sort(key=lambda reason: classes.index(reason.at_most))
    release = found[0].at_most if found else classes[-1]
    return Recommendation(release, tuple(found) or (Reason("otherwise", release, _table()["otherwise"]),))


def _told(what: list[str]) -> str:
    more = f", and {len(what) - _MOST_TOLD} more" if len(what) > _MOST_TOLD else ""
    return ", ".join(what[:_MOST_TOLD]) + more


def _from_record(seen: Seen) -> dict[str, list[str]]:
    """What the record says, by rule; a rule about which nothing is said doesn't hold."""
    attacks = attacks_in(seen.entries)
    failed = [f"{named(entry.get('frame') or '')}: {gate_sentence(gate)}" for entry, gates in standing(seen.entries) for gate in gates]
    return {
        "nothing-made": [] if seen.runs else ["no run"],
        "real-rows": [entry["id"] for entry in seen.runs if entry["kind"] == "impute" or (entry["kind"] == "mix" and _holds_real(entry))],
        "gate-failed": failed,
        "not-evaluated": [named(frame.name) for frame in seen.frames if not seen.reports_on(frame)],
        "no-holdout": [named(frame.name) for frame in seen.frames if _lacks_holdout(seen, frame)],
        "not-attacked": [f"{one.attack} on {named(one.frame)}" for one in attacks if one.outcome == "not attacked"],
        "undecided": [f"{one.attack} on {named(one.frame)}" for one in attacks if one.outcome == "undecided"],
        "copies-left": [f"{count:,} in {named(entry.get('frame') or '')}" for entry in seen.runs if (count := _copies(entry))],
        "texts-not-looked-at": [named(frame.name) for frame in seen.frames if _unread_texts(seen, frame)],
    }


def _from_answers(answers: Mapping[str, str]) -> dict[str, list[str]]:
    """What a person said, or didn't."""
    kind = answers.get("source_class", "").strip()
    none = all(is_blank(answers.get(name, "")) for name in MITIGATIONS)
    return {
        "class-unknown": [] if kind else ["not said"],
        **{f"{name}-source": [kind] for name in ("special", "confidential", "internal") if kind == name},
        "residual-unstated": ["not said"] if is_blank(answers.get("residual_risk", "")) else [],
        "mitigations-unstated": ["not said"] if none else [],
        "nobody-answers": ["not said"] if is_blank(answers.get("by", "")) else [],
    }


def _holds_real(entry: Entry) -> bool:
    """Whether a frame that was joined holds rows that no run made."""
    given = mapping(entry.get("detail")).get("inputs")
    return any(mapping(frame).get("origin") == "real" for frame in given or []) or bool(real_sources(entry))


def _lacks_holdout(seen: Seen, frame: Frame) -> bool:
    """Whether a frame was evaluated, and never against rows that the generator hadn't seen."""
    reports = seen.reports_on(frame)
    return bool(reports) and not any(mapping(entry.get("detail")).get("holdout") for entry in reports)


def _copies(entry: Entry) -> int:
    counts = mapping(mapping(entry.get("detail")).get("counts"))
    count = counts.get("uncommon_copies_left", 0)
    return count if isinstance(count, int) else 0


def _unread_texts(seen: Seen, frame: Frame) -> bool:
    """Whether a model wrote texts of a frame and no figure tells of passages taken over."""
    if not any(entry.get("frame") == frame.name and entry["kind"] in _TEXTS for entry in seen.runs):
        return False
    scores = [mapping(score) for entry in seen.reports_on(frame) for score in mapping(entry.get("detail")).get("scores") or []]
    return not any(score.get("metric") in _LEAKS and score.get("value") is not None for score in scores)
