"""What the notebook's cell says of a run and of an evaluation: a line for the one, a line a dimension for the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from synthnb.disclosure._call_fields import is_model, seed_words, where_words
from synthnb.disclosure._ceilings import ceiling_words
from synthnb.disclosure._phrases import counted, figure, moment, named
from synthnb.disclosure.reading import mapping

__all__ = ["HEADLINES", "made_in_brief", "ranked", "results_in_brief"]

Score = Mapping[str, Any]

_DIMENSIONS = {
    "validity": "validity",
    "rules": "validity",
    "columns": "validity",
    "fidelity": "fidelity",
    "utility": "utility",
    "privacy": "attacks on privacy",
    "singling out": "attacks on privacy",
    "linkability": "attacks on privacy",
    "attribute inference": "attacks on privacy",
    "membership": "attacks on privacy",
    "re-identification": "attacks on privacy",
    "differential privacy": "differential privacy",
    "copies": "copies",
    "bias": "subgroups",
    "text": "text",
    "meaning": "text",
    "factuality": "text",
    "entailment": "text",
    "difficulty": "text",
}
"""How a line about a dimension begins; diagnostics have none, since they decide nothing."""
HEADLINES = (
    "schema_validity",
    "rule_violation_rate",
    "column_shapes",
    "c2st_auc",
    "tstr",
    "ci_overlap",
    "km_difference",
    "membership_auc",
    "singling_out_risk",
    "linkability_risk",
    "attribute_inference_risk",
    "exact_copies_share",
    "subgroup_fidelity_excess",
    "subgroup_utility_gap",
    "vendi_score",
    "text_near_duplicates_share",
    "text_c2st_auc",
    "shared_13_words_excess",
    "evidence_verbatim_share",
    "answers_supported_share",
    "question_near_duplicates_share",
    "questions_contaminated_share",
    "reference_integrity",
    "children_per_parent",
    "parent_child_dependence",
)
"""Metrics that are told first where a dimension has more than a line holds."""
_MOST_SCORES = 4
_MOST_GATES = 3


def made_in_brief(run: Mapping[str, Any], subject: str) -> str:
    """What made it, with which seed, when, under which id."""
    tool = f"synthnb {run['versions']['synthnb']}" if mapping(run.get("versions")).get("synthnb") else "synthnb"
    model = run.get("model") or {}
    nobody = "a stand-in that is not a language model"
    writer = f"language model {model.get('name', 'not stated')} ({where_words(run)})" if is_model(run) else nobody if model else ""
    short = f"{run['delivered']:,} of {counted(run['requested'], 'row')} asked for" if run["delivered"] != run["requested"] else ""
    stopped = "stopped early" if run.get("partial") else ""
    seed = f"seed {seed_words(run)}".partition(":")[0]
    parts = [tool, f"engine {run['engine']}", writer, seed, short, stopped, moment(run["ended"]), str(run["id"])]
    return f"{subject}: {', '.join(part for part in parts if part)}"


def results_in_brief(report: Mapping[str, Any], subject: str) -> list[str]:
    """What an evaluation was, how its gates came out, and the headline figures of each dimension."""
    held = mapping(report.get("holdout"))
    unseen = f" and {counted(held.get('used', held['rows']), 'held-out row')}" if held else ", without held-out rows"
    first = f"{subject}: {report['profile']} against {named(report['real']['name'])}{unseen}; 95 % intervals in brackets"
    lines = [first, *(f"{subject}, gates: {said}" for said in [_gates(report)] if said)]
    lines += [f"{subject}, {words}: {'; '.join(map(_told, scores))}" for words, scores in _by_dimension(report.get("scores") or ())]
    return lines


def _gates(report: Mapping[str, Any]) -> str:
    """How many gates passed; which failed, and which stayed undecided."""
    gates = [mapping(gate) for gate in report.get("gates") or []]
    if not gates:
        return ""
    passed = sum(gate.get("outcome") == "pass" for gate in gates)
    failed = [gate for gate in gates if gate.get("outcome") == "fail"]
    undecided = [gate for gate in gates if gate.get("outcome") == "undecided"]
    parts = [f"{passed} of {len(gates)} passed", f"{len(failed)} FAILED: {_listed(failed)}" if failed else "none failed"]
    lacking = [gate for gate in undecided if gate.get("value") is None]
    for words, some in (("undecided", [gate for gate in undecided if gate not in lacking]), ("not computed", lacking)):
        parts += [f"{len(some)} {words}: {_listed(some)}"] if some else []
    return "; ".join(parts)


def _listed(gates: Sequence[Mapping[str, Any]]) -> str:
    more = len(gates) - _MOST_GATES
    return ", ".join(named(gate.get("label")) for gate in gates[:_MOST_GATES]) + (f" and {more} more" if more > 0 else "")


def ranked(scores: Iterable[Score]) -> list[Score]:
    """Scores with headlines first, else in their order."""
    return sorted(scores, key=lambda score: HEADLINES.index(score["metric"]) if score["metric"] in HEADLINES else len(HEADLINES))


def _by_dimension(scores: Iterable[Score]) -> Iterable[tuple[str, list[Score]]]:
    """The few figures that stand for each dimension: its headlines, or else its first ones."""
    found: dict[str, dict[str, Score]] = {}
    for score in ranked(score for score in scores if score.get("value") is not None):
        if words := _DIMENSIONS.get(score["dimension"], ""):
            found.setdefault(words, {}).setdefault(score["metric"], score)
    for words in dict.fromkeys(_DIMENSIONS.values()):
        whole = [score for score in found.get(words, {}).values() if score["metric"] in HEADLINES or not score.get("subject")]
        chosen = [score for score in whole if score["metric"] in HEADLINES] or whole[:2] or list(found.get(words, {}).values())[:1]
        if chosen:
            yield words, chosen[:_MOST_SCORES]


def _told(score: Score) -> str:
    """A figure with its interval, and what it is to be held against."""
    interval = f" [{figure(score['low'])}, {figure(score['high'])}]" if score.get("low") is not None else ""
    about = f" ({', '.join(map(named, score['subject']))})" if score.get("subject") else ""
    beside = f", {ceiling_words(score)} {figure(score['ceiling'])}" if score.get("ceiling") is not None else ""
    ideal = ", 0.5 is ideal" if score.get("direction") == "half" else ""
    return f"{score['label']}{about} {figure(score['value'])}{interval}{beside}{ideal}"
