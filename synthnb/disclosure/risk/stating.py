"""The entry of a risk record: a person's words, and beside them what the record showed when they were said."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from synthnb._clock import utc_now
from synthnb.disclosure._phrases import named
from synthnb.disclosure.entries import sealed
from synthnb.disclosure.folding import Entry, fold, is_blank
from synthnb.disclosure.lint import warnings
from synthnb.disclosure.policy.seeing import Seen
from synthnb.disclosure.reading import mapping
from synthnb.disclosure.risk.attacks import attacks_in, proposed_assessment
from synthnb.disclosure.risk.questions import missing_of, questions
from synthnb.disclosure.risk.recommending import Recommendation, recommend
from synthnb.errors import OptionError, shown

__all__ = ["AS_PROPOSED", "answered", "entry_for_risk", "generation_of"]

AS_PROPOSED = "as proposed"
"""What confirms the assessment that is proposed."""

_LONGEST = 20_000
_RELEASES = ("local", "team", "controlled", "public")


def answered(entries: Iterable[Entry]) -> dict[str, str]:
    """Return what persons have said so far, by question: in a risk record, or as a statement of the field; never what is proposed."""
    seen = Seen(entries)
    said = {str(name): str(text) for name, text in mapping(mapping(seen.risk.get("detail")).get("answers")).items()} if seen.risk else {}
    folded = fold(seen.entries)
    for question in questions().values():
        if question.field in {"", "mitigations", "usageConditions", "releaseClass"} or question.id in said:
            continue
        values = [str(value["value"]) for value in folded[question.field]["values"] if not value.get("proposed")]
        if values:
            said[question.id] = "; ".join(values)
    return said


def generation_of(entries: Iterable[Entry]) -> list[str]:
    """Return how the data were made, a sentence for each run, for the step that only tells."""
    told = []
    for entry in Seen(entries).runs:
        detail = mapping(entry.get("detail"))
        model = mapping(detail.get("model"))
        by = f"the engine {detail['engine']}" if detail.get("engine") else "an engine that isn't stated"
        who = f" with the model {named(model.get('id') or model.get('name') or '')}, {model.get('locality')}" if model else ""
        inputs = detail.get("inputs")
        read = [named(mapping(frame).get("name")) for frame in inputs] if isinstance(inputs, list) else []
        told.append(f"{named(entry.get('frame') or '')}: {entry['kind']} by {by}{who}, from {', '.join(read) or 'no data'}, {entry['id']}")
    return told


def entry_for_risk(
    answers: Mapping[str, str], entries: Iterable[Entry], *, by: str | None = None, created: str | None = None
) -> tuple[Entry, Recommendation]:
    """Return the entry of a risk record, and what was recommended to the person who made it.

    Parameters
    ----------
    answers : mapping of str to str
        What the person says, by question; what they said earlier stands where it isn't said anew, and an empty text withdraws it.
    entries : iterable of entries
        The record as the person saw it.
    by : str, optional
        Who says it; the setting ``person`` by default.
    created : str, optional
        When; now by default.

    Raises
    ------
    OptionError
        An answer is to no question, isn't a text, or isn't among the choices; all such are named.
    """
    from synthnb.disclosure.saying import person

    given = list(entries)
    _refuse(answers)
    said = answered(given) | {name: text.strip() for name, text in answers.items()}
    if said.get("assessment", "").lower().rstrip(".") == AS_PROPOSED:
        said["assessment"] = proposed_assessment(given)
    who = person(by)
    found, earlier = recommend(given, said | who), _said_by(given, answers, str(who.get("by") or ""))
    detail: dict[str, Any] = {
        "answers": {name: text for name, text in said.items() if not is_blank(text)},
        "attacks": [attack.to_dict() for attack in attacks_in(given)],
        "recommended": found.release,
        "reasons": found.to_dict()["reasons"],
        "missing": missing_of(said),
        "warnings": [warning for text in said.values() for warning in warnings(text)],
    }
    entry = sealed(
        id=f"risk-{secrets.token_hex(6)}",
        kind="risk",
        created=created or utc_now(),
        slot="risk",
        fields=_fields(said, answers, earlier, found),
        detail=detail | ({"said_by": earlier} if earlier else {}) | who,
    )
    return entry, found


def _refuse(answers: Mapping[str, Any]) -> None:
    wrong = [problem for name, text in answers.items() if (problem := _problem(name, text))]
    if wrong:
        raise OptionError(
            f"Answers to the risk record's questions were expected; got {'; '.join(wrong)}.",
            fix=f"The questions are: {', '.join(questions())}.",
        )


def _problem(name: str, text: object) -> str:
    question = questions().get(name)
    if question is None:
        return f"no question {shown(name)}"
    if not isinstance(text, str):
        return f"{name} = {shown(text)}, which isn't a text"
    if len(text) > _LONGEST:
        return f"{name} of {len(text):,} characters, beyond {_LONGEST:,}"
    if question.choices and text.strip() and text.strip() not in question.choices:
        return f"{name} = {shown(text)}, which isn't one of {', '.join(question.choices)}"
    return ""


def _said_by(entries: Iterable[Entry], answers: Mapping[str, str], now: str) -> dict[str, str]:
    """Who else said what an earlier risk record holds and isn't said anew, by question; empty where that isn't known."""
    before = Seen(entries).risk
    detail = mapping(before.get("detail")) if before else {}
    earlier = mapping(detail.get("said_by"))
    kept = {str(name): str(earlier.get(name, detail.get("by") or "")) for name in mapping(detail.get("answers")) if name not in answers}
    return {name: who for name, who in kept.items() if who != now}


_SEVERAL = {
    "mitigations": ("contractual", "technical", "governance"),
    "usageConditions": ("audience", "release_model", "conditions"),
}
"""Fields that are stated by several answers, each a value."""


def _fields(
    said: Mapping[str, str], answers: Mapping[str, str], earlier: Mapping[str, str], found: Recommendation
) -> dict[str, str | list[str]]:
    """The catalogue's fields that the person states now; what is withdrawn is stated as empty.

    What others said before stays theirs: a field is stated anew only if something of it is said anew, and of one that
    several answers make up the others are told with who said them.
    """
    fields: dict[str, str | list[str]] = {}
    for question in questions().values():
        if question.field in {"", *_SEVERAL} or question.id not in answers:
            continue
        text = said[question.id]
        fields[question.field] = _class(text, found) if question.id == "release" else text
    for field, parts in _SEVERAL.items():
        if any(name in answers for name in parts):
            fields[field] = [_part(name, said[name], earlier.get(name)) for name in parts if not is_blank(said.get(name, ""))]
    return fields


def _part(name: str, text: str, earlier: str | None) -> str:
    label = questions()[name].label.removesuffix(" mitigations")
    before = "" if earlier is None else f" (said before by {earlier})" if earlier else " (said before)"
    return f"{label}: {text}{before}"


def _class(text: str, found: Recommendation) -> str:
    """The class that the person chose; one more open than recommended says so."""
    if text in _RELEASES and _RELEASES.index(text) > _RELEASES.index(found.release):
        return f"{text} (more open than recommended: {found.release})"
    return text
