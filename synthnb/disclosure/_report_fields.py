"""What an evaluation states about the catalogue's fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from statistics import median
from typing import Any

from synthnb._canonical import digest, without
from synthnb.disclosure._ceilings import ceiling_words
from synthnb.disclosure._in_brief import HEADLINES, results_in_brief
from synthnb.disclosure._phrases import counted, figure, named
from synthnb.disclosure._run_fields import tool
from synthnb.disclosure.reading import mapping

__all__ = ["report_detail", "report_fields", "sentences"]

_FIELD = {
    "validity": "validityResults",
    "fidelity": "fidelityResults",
    "utility": "utilityResults",
    "privacy": "privacyResults",
    "copies": "copiesResults",
    "diagnostic": "diagnosticResults",
    "bias": "fairnessResults",
    "rules": "validityResults",
    "columns": "validityResults",
    "singling out": "privacyResults",
    "linkability": "privacyResults",
    "attribute inference": "privacyResults",
    "differential privacy": "privacyResults",
    "text": "textResults",
    "meaning": "textResults",
    "factuality": "textResults",
    "entailment": "textResults",
    "difficulty": "textResults",
    "membership": "privacyResults",
    "re-identification": "privacyResults",
    "human": "humanResults",
    "judge": "judgeResults",
}
_BETTER = {"higher": "higher is better", "lower": "lower is better", "half": "0.5 is ideal"}
_WHOLE = ("validity", "fidelity", "utility", "privacy", "copies", "diagnostic", "bias", "text", "human", "judge")
"""Dimensions that are all of their field."""
_STATED_APART = ("gates", "hold-out")
"""Dimensions with a field of their own."""
_LEFT_OUT = ("scores", "columns", "pairs", "subgroups", "details", "gates")
_KEPT_OF_SCORES = ("metric", "dimension", "subject", "value", "low", "high")
_KEPT_OF_HEADLINES = (*_KEPT_OF_SCORES, "n", "direction", "ceiling")
_KEPT_OF_GATES = ("metric", "label", "at_least", "at_most", "subject", "value", "low", "high", "outcome", "reason", "about")
_ALL_KEPT = ("privacy", "copies")
"""Dimensions of which every score keeps all that its reading rests on."""
_MOST_SENTENCES = 3
_MOST_LABELS = 3

Score = Mapping[str, Any]
Fields = dict[str, Any]


def report_fields(report: Mapping[str, Any]) -> Fields:
    """Return the fields that a report states."""
    subject = named(report["synthetic"]["name"])
    fields: Fields = {
        "evaluationProfile": f"{subject}: {report['profile']}, seed {report['seed']}, {report['id']}; "
        f"compared with {_frame(report['real'])}{_outcomes(report)}{_changes(report)}",
        "resultsInBrief": results_in_brief(report, subject),
        "gates": _gates(report, subject),
        "holdoutDefinition": _holdout(report, subject),
        "subgroupDefinitions": _subgroups(report, subject),
        "uncertainty": f"{subject}: {_uncertainty(report)}",
        "recordSchema": "synthnb.record/1",
    }
    for field, sentences in _results(report).items():
        fields[field] = [f"{subject}: {sentence}" for sentence in sentences]
    if attacks := [line for line in fields["resultsInBrief"] if line.startswith(f"{subject}, attacks on privacy: ")]:
        fields["reidentificationAssessment"] = attacks[0]
    if missing := _missing(report):
        fields["notEvaluated"] = f"{subject}: {missing}"
    return fields | tool(report.get("versions", {}))


def report_detail(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report without what its own output holds: bins, pairs, subgroups, definitions, and metrics scored for several subjects.

    Of a score its figures stay, and that an attack was too weak to tell; of a gate who set the limit is among the fields.
    """
    scores = report.get("scores") or ()
    about = Counter(score["metric"] for score in scores if score.get("subject"))
    overall = [_figures(score) for score in scores if about[score["metric"]] < 2]
    gates = [
        _short({**mapping(gate), "reason": _why(mapping(gate)), "about": _asked_of(gate, scores)}, _KEPT_OF_GATES)
        for gate in report.get("gates") or []
    ]
    return without(report, *_LEFT_OUT) | {"digest": digest(dict(report)), "gates": gates, "scores": overall}


def _asked_of(gate: Mapping[str, Any], scores: Sequence[Score]) -> str | None:
    """Digest of what a gate's scores are about, columns attacked and how many an attacker knows; None if they are about all."""
    held = [score for score in scores if score["metric"] == gate["metric"]]
    asked = [[*score.get("subject", ()), *_attacker(mapping(score.get("parameters")))] for score in held]
    return digest(sorted(asked, key=str)) if any(asked) else None


def _attacker(parameters: Mapping[str, Any]) -> list[str]:
    return [f"{name}={parameters[name]}" for name in ("secrets", "known") if name in parameters]


def _figures(score: Mapping[str, Any]) -> dict[str, Any]:
    if score.get("value") is None:
        return {"metric": score["metric"]}
    weak = {"parameters": {"weak": True}} if mapping(score.get("parameters")).get("weak") else {}
    matters = score["metric"] in HEADLINES or score["dimension"] in _ALL_KEPT
    return _short(score, _KEPT_OF_HEADLINES if matters else _KEPT_OF_SCORES) | weak


def _short(shape: Mapping[str, Any], kept: Sequence[str]) -> dict[str, Any]:
    """Some keys of an object, those that hold something."""
    return {key: shape[key] for key in kept if shape.get(key) is not None and shape[key] not in ([], "")}


def _frame(frame: Mapping[str, Any]) -> str:
    columns = frame.get("columns", ())
    width = columns if isinstance(columns, int) else len(columns)
    return f"{named(frame['name'])}, {frame['rows']:,} rows, {width} columns, {frame['digest']}"


def _gates(report: Mapping[str, Any], subject: str) -> list[str]:
    """Each gate in words, with who set it and, where it decided nothing, why."""
    from synthnb.disclosure.gating import gate_sentence

    gates = [mapping(gate) for gate in report.get("gates") or []]
    if not gates:
        return [f"{subject}: none set"]
    return [
        f"{subject}: {gate_sentence(gate)} (limit: {gate.get('source') or 'no source given'}{f'; {why}' if (why := _why(gate)) else ''})"
        for gate in gates
    ]


def _why(gate: Mapping[str, Any]) -> str:
    """Why a gate decided nothing, where it isn't that there is no value: that stands among the results."""
    straddles = gate.get("outcome") == "undecided" and gate.get("value") is not None
    return str(gate.get("reason") or "").rstrip(".") if straddles else "not computed" if gate.get("value") is None else ""


def _uncertainty(report: Mapping[str, Any]) -> str:
    """How many scores have an interval, and what the figures rest on."""
    valued = [score for score in report.get("scores", ()) if score.get("value") is not None]
    held = sum(score.get("low") is not None for score in valued)
    replicates = max((int(score.get("parameters", {}).get("replicates") or 0) for score in valued), default=0)
    rests = f"one synthetic table; decisions also over {replicates} replicates" if replicates else "one synthetic table, no replicates"
    return f"95 % confidence intervals (CI) for {held} of {len(valued)} scores; the others' parameters say why they have none; {rests}"


def _outcomes(report: Mapping[str, Any]) -> str:
    """How many gates passed, failed and stayed undecided, and which failed."""
    gates = [mapping(gate) for gate in report.get("gates") or []]
    counts = Counter(str(gate.get("outcome")) for gate in gates)
    failed = [named(str(gate.get("label"))) for gate in gates if gate.get("outcome") == "fail"]
    said = ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("pass", "fail", "undecided") if counts[outcome])
    which = f" ({', '.join(failed)})" if failed else ""
    return f"; gates: {said}{which}" if said else ""


def _changes(report: Mapping[str, Any]) -> str:
    """What the profile changes of the one it was derived from."""
    changes = [f"{change['what']} from {_plain(change['from'])} to {_plain(change['to'])}" for change in report.get("changes") or []]
    return f"; changed from the shipped profile: {'; '.join(changes)}" if changes else ""


def _plain(value: object) -> str:
    """A threshold or a parameter as a sentence has it."""
    if isinstance(value, Mapping):
        return next((f"{value[side]:g}" for side in ("at_most", "at_least") if isinstance(value.get(side), (int, float))), "nothing")
    return "nothing" if value is None else named(str(value))


def _holdout(report: Mapping[str, Any], subject: str) -> str:
    held = report.get("holdout")
    if not held:
        return f"{subject}: none; scores that need real rows the generator never saw weren't computed"
    given = f"{subject}: {_frame(held)}: real rows given as unseen by the generator; synthnb didn't make the split"
    used = held.get("used", held["rows"])
    return given if used == held["rows"] else f"{given}; {used:,} used, since the others are equal to real rows"


def _subgroups(report: Mapping[str, Any], subject: str) -> str:
    groups, found = report.get("groups") or [], report.get("subgroups") or []
    if not groups:
        return f"{subject}: none declared"
    hidden = sum(bool(group.get("suppressed")) for group in found)
    by = ", ".join(map(named, groups))
    return f"{subject}: by {by}, {len(found)} subgroups, {hidden} withheld (minimum cell {report['minimum_cell']})"


def _results(report: Mapping[str, Any]) -> dict[str, list[str]]:
    """Sentences by field: the scores, then what wasn't evaluated."""
    found: dict[str, list[str]] = {}
    absent: dict[tuple[str, str], list[str]] = {}
    computed: dict[str, list[list[Score]]] = {}
    for score_field, scores in _grouped(report.get("scores") or ()):
        if all(score.get("value") is None for score in scores):
            absent.setdefault((score_field, str(scores[0].get("reason") or "no reason given")), []).append(str(scores[0]["label"]))
        else:
            computed.setdefault(score_field, []).append(scores)
    for score_field, metrics in computed.items():
        told = sorted(metrics, key=lambda scores: scores[0]["metric"] not in HEADLINES)
        most = max(_MOST_SENTENCES, sum(scores[0]["metric"] in HEADLINES for scores in told))
        found[score_field] = [_sentence(scores) for scores in told[:most]]
        if len(told) > most:
            found[score_field].append(f"{counted(len(told) - most, 'more figure')}, in the report")
    for (score_field, reason), labels in absent.items():
        more = f" and {len(labels) - _MOST_LABELS} more" if len(labels) > _MOST_LABELS else ""
        found.setdefault(score_field, []).append(f"{'; '.join(labels[:_MOST_LABELS])}{more}: not computed: {reason}")
    for item in report.get("not_evaluated", ()):
        if item["dimension"] in _STATED_APART:
            continue
        field = _FIELD.get(item["dimension"], "diagnosticResults")
        sentences = found.setdefault(field, [])
        if not any(item["reason"] in sentence for sentence in sentences):
            sentences.append(f"{_prefix(item['dimension'])}not evaluated: {item['reason']}")
    for field in dict.fromkeys(_FIELD.values()):
        found.setdefault(field, ["not evaluated: not part of this profile"])
    return found


def _missing(report: Mapping[str, Any]) -> str:
    """Dimensions without any score, by reason."""
    reasons: dict[str, list[str]] = {}
    for item in report.get("not_evaluated", ()):
        reasons.setdefault(item["reason"].rstrip("."), []).append(item["dimension"])
    return "; ".join(f"{', '.join(dimensions)} ({reason})" for reason, dimensions in reasons.items())


def _prefix(dimension: str) -> str:
    return "" if dimension in _WHOLE else f"{dimension}: "


def sentences(scores: Iterable[Score]) -> list[str]:
    """Each metric of some scores in a sentence, in their order."""
    return [_sentence(same) for _, same in _grouped(scores)]


def _grouped(scores: Iterable[Score]) -> Iterable[tuple[str, list[Score]]]:
    """Scores of one metric together, in the order of the report."""
    order = list(dict.fromkeys(score["metric"] for score in scores))
    ranked = sorted(scores, key=lambda score: order.index(score["metric"]))
    for _, group in groupby(ranked, key=lambda score: score["metric"]):
        same = list(group)
        yield _FIELD.get(same[0]["dimension"], "diagnosticResults"), same


def _sentence(scores: Sequence[Score]) -> str:
    """One metric: its overall value, or the range over columns, or why there is none."""
    whole = [score for score in scores if not score.get("subject")]
    if whole:
        return "; ".join(map(_one, whole))
    valued = [score for score in scores if score.get("value") is not None]
    if len(scores) == 1:
        return f"{_one(scores[0])} for {_about(scores[0])}"
    if not valued:
        return f"{scores[0]['label']}: not computed for any of {len(scores)}: {scores[0].get('reason') or 'no reason given'}"
    return _spread(valued, len(scores) - len(valued))


def _one(score: Score) -> str:
    if score.get("value") is None:
        return f"{score['label']}: not computed: {score.get('reason') or 'no reason given'}"
    interval = f"95 % CI {figure(score['low'])} to {figure(score['high'])}" if score.get("low") is not None else ""
    size = f"n = {score['n']:,}" if isinstance(score.get("n"), int) else ""
    notes = ", ".join(part for part in (interval, size, _ceiling(score), _BETTER.get(str(score.get("direction")), "")) if part)
    return f"{score['label']} {figure(score['value'])}{f' ({notes})' if notes else ''}"


def _ceiling(score: Score) -> str:
    """The ceiling; before it, what as many synthetic rows as it rests on score."""
    if score.get("ceiling") is None:
        return ""
    best = f"{ceiling_words(score)} {figure(score['ceiling'])}"
    if score.get("matched") is None:
        return best
    rows = score.get("parameters", {}).get("ceiling_rows")
    return f"{f'on {rows[1]:,} rows' if rows else 'at the size of the ceiling'} {figure(score['matched'])}, {best}"


def _spread(scores: Sequence[Score], without_value: int) -> str:
    values = [float(score["value"]) for score in scores]
    direction = str(scores[0].get("direction"))
    if direction not in _BETTER:
        ends = sorted(scores, key=lambda score: float(score["value"]))
        low, high = (f"{figure(score['value'])} ({_about(score)})" for score in (ends[0], ends[-1]))
        return f"{scores[0]['label']} over {len(scores)}: median {figure(median(values))}, from {low} to {high}"
    worst = max(scores, key=lambda score: _badness(float(score["value"]), direction))
    aside = f"; {without_value} not computed" if without_value else ""
    return (
        f"{scores[0]['label']} over {len(scores)}: median {figure(median(values))}, "
        f"worst {figure(worst['value'])} ({_about(worst)}), {_BETTER[direction]}{aside}"
    )


def _badness(value: float, direction: str) -> float:
    if direction == "higher":
        return -value
    return abs(value - 0.5) if direction == "half" else value


def _about(score: Score) -> str:
    return " and ".join(map(named, score["subject"]))
