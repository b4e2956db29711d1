"""The risk record: attack results from the record, a person's words, a recommended class with reasons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synthnb.disclosure.entries import entry_for_report, entry_for_run, entry_for_statements
from synthnb.disclosure.fields import catalogue
from synthnb.disclosure.folding import fold
from synthnb.disclosure.lint import findings
from synthnb.disclosure.risk import answered, attacks_in, entry_for_risk, missing_of, problems_of, proposed_assessment, questions, recommend
from synthnb.errors import OptionError
from tests.disclosure.samples import evaluated, made, score

SCHEMA = Path(__file__).parents[2] / "synthnb" / "disclosure" / "schema"
ANSWERS = {
    "intent": "replica",
    "audience": "students",
    "source_class": "open",
    "sensitivity": "none",
    "assessment": "as proposed",
    "residual_risk": "rare ages",
    "contractual": "an agreement",
    "release_model": "a download",
    "release": "public",
}
METRICS = {
    "membership": "membership_excess_risk",
    "singling out": "singling_out_risk",
    "linkability": "linkability_risk",
    "attribute inference": "attribute_inference_risk",
}


def gate(metric: str, **change: Any) -> dict[str, Any]:
    held = {"metric": metric, "label": metric, "at_most": 0.09, "value": 0.02, "low": 0.0, "high": 0.05, "outcome": "pass", "subject": []}
    return held | change


def entries(*gates: dict[str, Any], run: dict[str, Any] | None = None, **report: Any) -> list[dict[str, Any]]:
    """A run without copies and a report in which each attack was run and held its limit, unless said otherwise."""
    held = {one["metric"]: one for one in [*map(gate, METRICS.values()), *gates]}
    counts = {"counts": {"uncommon_copies_left": 0}} | (run or {})
    return [entry_for_run(made(**counts)), entry_for_report(evaluated(gates=list(held.values()), **report))]


def recommended(given: list[dict[str, Any]], **answers: str) -> tuple[str, list[str]]:
    found = recommend(given, ANSWERS | {"by": "Ada"} | answers)
    return found.release, [reason.rule for reason in found.reasons]


def test_results_are_told_with_interval_limit_and_report() -> None:
    (found,) = [one for one in attacks_in(entries()) if one.attack == "singling out"]
    assert str(found) == "singling out: singling_out_risk 0.02 [0, 0.05], at most 0.09: pass, report-0123456789ab"


def test_what_was_not_attacked_is_told_with_the_reason() -> None:
    given = [
        entry_for_run(made()),
        entry_for_report(evaluated(gates=[], not_evaluated=[{"dimension": "linkability", "reason": "no hold-out."}])),
    ]
    found = {one.attack: (one.outcome, one.reason) for one in attacks_in(given)}
    assert found["linkability"] == ("not attacked", "no hold-out")
    assert found["membership"] == ("not attacked", "not part of the evaluation")


def test_a_report_on_rows_made_anew_since_tells_nothing() -> None:
    anew = entry_for_run(made(id="run-999999999999", ended="2026-11-23T16:00:00Z", output=made()["output"] | {"digest": "sha256:new"}))
    assert {one.reason for one in attacks_in([*entries(), anew])} == {"the frame wasn't evaluated as it now is"}


def test_an_attack_that_does_no_better_than_guessing_is_undecided() -> None:
    weak = [score("membership_excess_risk", "privacy", 0.0, low=-0.1, high=0.1, parameters={"weak": True})]
    given = [entry_for_run(made()), entry_for_report(evaluated(gates=[], scores=weak))]
    found = next(one for one in attacks_in(given) if one.attack == "membership")
    assert (found.outcome, found.reason) == ("undecided", "the attack did no better than guessing")


def test_where_no_rule_asks_for_less_the_reason_still_claims_nothing() -> None:
    release, rules = recommended(entries())
    assert (release, rules) == ("public", ["otherwise"])
    assert "proves nothing" in recommend(entries(), ANSWERS | {"by": "Ada"}).reasons[0].said


@pytest.mark.parametrize(
    ("given", "answers", "rule", "release"),
    [
        ([], {}, "nothing-made", "local"),
        (entries(gate("singling_out_risk", value=0.4, low=0.3, high=0.5, outcome="fail")), {}, "gate-failed", "local"),
        (entries(run={"kind": "impute"}), {}, "real-rows", "local"),
        (entries(gate("linkability_risk", outcome="undecided", reason="straddles")), {}, "undecided", "team"),
        (entries(gate("linkability_risk", value=None)), {}, "not-attacked", "team"),
        (entries()[:1], {}, "not-evaluated", "team"),
        (entries(holdout=None), {}, "no-holdout", "team"),
        (entries(run={"counts": {"uncommon_copies_left": 3}}), {}, "copies-left", "team"),
        (entries(), {"source_class": ""}, "class-unknown", "team"),
        (entries(), {"residual_risk": " "}, "residual-unstated", "team"),
        (entries(), {"contractual": ""}, "mitigations-unstated", "team"),
        (entries(), {"by": ""}, "nobody-answers", "team"),
        (entries(), {"source_class": "special"}, "special-source", "controlled"),
        (entries(), {"source_class": "confidential"}, "confidential-source", "controlled"),
        (entries(), {"source_class": "internal"}, "internal-source", "controlled"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_rule_of_the_table_limits_the_class(given: list[dict[str, Any]], answers: dict[str, str], rule: str, release: str) -> None:
    found, rules = recommended(given, **answers)
    assert found == release
    assert rule in rules


def test_every_rule_of_the_table_is_asked() -> None:
    table = json.loads((SCHEMA / "release-rules-1.json").read_text(encoding="utf-8"))
    known = {*recommend.__globals__["_from_record"](recommend.__globals__["Seen"]([]))}
    for name in ("open", "internal", "confidential", "special"):
        known |= {*recommend.__globals__["_from_answers"]({"source_class": name})}
    assert {rule["id"] for rule in table["rules"]} == known


def test_no_figure_stands_in_the_table_and_no_claim() -> None:
    for name in ("release-rules-1.json", "risk-1.json"):
        text = (SCHEMA / name).read_text(encoding="utf-8")
        assert findings(text) == []
        assert "0." not in text


def test_questions_state_fields_that_there_are() -> None:
    assert {question.field for question in questions().values()} - {""} <= set(catalogue())


def test_a_persons_words_become_fields_and_nothing_is_filled_in() -> None:
    given = entries()
    entry, found = entry_for_risk({"intent": "replica", "technical": "a closed room", "audience": "students", "release_model": "x"}, given)
    assert entry["fields"] == {
        "intent": "replica",
        "mitigations": ["Technical: a closed room"],
        "usageConditions": ["Audience: students", "Release model: x"],
    }
    assert "by" not in entry["detail"]
    assert found.release == "team"


def test_the_proposed_assessment_is_stated_only_if_a_person_confirms_it() -> None:
    given = entries()
    assert "reidentificationAssessment" not in entry_for_risk({"intent": "x"}, given)[0]["fields"]
    confirmed = entry_for_risk({"assessment": "As proposed."}, given)[0]["fields"]["reidentificationAssessment"]
    assert confirmed == proposed_assessment(given)
    assert findings(confirmed) == []


def test_a_class_more_open_than_recommended_says_so() -> None:
    entry, found = entry_for_risk(ANSWERS | {"source_class": "special"}, entries(), by="Ada")
    assert entry["fields"]["releaseClass"] == "public (more open than recommended: controlled)"
    assert entry["detail"]["recommended"] == found.release == "controlled"


def test_a_complete_record_has_no_problem_until_something_changes() -> None:
    given = entries()
    assert problems_of(given) == ["there is none"]
    given.append(entry_for_risk(ANSWERS, given, by="Ada")[0])
    assert problems_of(given) == []
    later = entry_for_report(evaluated(id="report-999999999999", created="2999-01-01T00:00:00Z"))
    assert problems_of([*given, later]) == ["report-999999999999 came after it"]


def test_what_is_missing_is_listed() -> None:
    given = entries()
    given.append(entry_for_risk({"intent": "replica"}, given)[0])
    found = problems_of(given)
    assert "it lacks Residual risk" in found
    assert "it lacks Mitigations: contractual, technical or governance" in found
    assert "it doesn't say who made it" in found


def test_what_was_said_before_stands_and_can_be_withdrawn() -> None:
    given = [*entries(), entry_for_statements({"intent": "teaching"})]
    given.append(entry_for_risk({"audience": "students"}, given, by="Ada")[0])
    assert answered(given) == {"intent": "teaching", "audience": "students"}
    given.append(entry_for_risk({"audience": "", "residual_risk": "x"}, given, by="Ada")[0])
    assert "audience" not in answered(given)
    assert "Audience" in missing_of(answered(given))


def test_the_fields_come_from_the_risk_record_when_folded() -> None:
    given = entries()
    given.append(entry_for_risk(ANSWERS, given, by="Ada")[0])
    folded = fold(given)
    assert folded["residualRisk"]["values"][0]["value"] == "rare ages"
    assert folded["mitigations"]["values"][0]["value"] == "Contractual: an agreement"


def test_wrong_answers_are_refused_together() -> None:
    with pytest.raises(
        OptionError, match=r"no question 'colour'; release = 'open', which isn't one of local, .*; audience = 3, which isn't"
    ):
        entry_for_risk({"colour": "x", "release": "open", "audience": 3}, entries())  # type: ignore[dict-item]  # what a caller may get wrong


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a\ud800b", "\x00", "=cmd|' /C calc'!A0", "‮reversed", "x" * 20_000])
def test_hostile_words_stay_words(text: str) -> None:
    entry = entry_for_risk({"residual_risk": text}, entries())[0]
    said = entry["fields"]["residualRisk"]
    assert said == text.replace("\ud800", "�")
    json.dumps(entry).encode("utf-8")


def test_overclaims_of_a_person_are_warned_about_and_stand() -> None:
    entry = entry_for_risk({"residual_risk": "none, it is anonymous"}, entries())[0]
    assert "claims more than can be shown" in entry["detail"]["warnings"][0]
    assert entry["fields"]["residualRisk"] == "none, it is anonymous"


def test_what_another_person_said_stays_theirs() -> None:
    given = [*entries(), entry_for_statements({"intent": "a replica", "biases": "few women"}, by="Ada")]
    given.append(entry_for_risk({"contractual": "an agreement"}, given, by="Ada", created="2026-11-24T10:00:00Z")[0])
    entry, _ = entry_for_risk({"residual_risk": "rare ages", "technical": "no rare levels"}, given, by="Bob")
    assert entry["fields"] == {
        "residualRisk": "rare ages",
        "mitigations": ["Contractual: an agreement (said before by Ada)", "Technical: no rare levels"],
    }
    assert entry["detail"]["answers"]["intent"] == "a replica"
    assert entry["detail"]["said_by"] == {"intent": "Ada", "contractual": "Ada"}


def test_who_said_it_first_is_known_after_a_third_record() -> None:
    given = [*entries(), entry_for_risk({"contractual": "an agreement"}, entries(), by="Ada", created="2026-11-24T10:00:00Z")[0]]
    given.append(entry_for_risk({"residual_risk": "rare ages"}, given, by="Bob", created="2026-11-24T11:00:00Z")[0])
    third = entry_for_risk({"governance": "a board"}, given, by="Eve")[0]
    assert third["fields"] == {"mitigations": ["Contractual: an agreement (said before by Ada)", "Governance: a board"]}
