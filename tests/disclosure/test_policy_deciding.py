"""A policy's rules, held against a record."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from synthnb.disclosure.entries import entry_for_report, entry_for_run, entry_for_statements, sealed
from synthnb.disclosure.policy.deciding import decide, release_of
from synthnb.disclosure.policy.ruling import worst
from synthnb.disclosure.risk import entry_for_risk
from tests.disclosure.samples import evaluated, made, score, written
from tests.disclosure.test_policy import force

if TYPE_CHECKING:
    from synthnb.disclosure.policy import Ruling

RISK = {
    "intent": "replica",
    "audience": "students",
    "source_class": "confidential",
    "sensitivity": "ages",
    "assessment": "as proposed",
    "residual_risk": "rare ages",
    "contractual": "an agreement",
    "release_model": "on application",
    "release": "team",
}
GATE = {"metric": "singling_out_risk", "label": "Singling out", "at_most": 0.09, "value": 0.02, "low": 0.0, "high": 0.05, "outcome": "pass"}


def entries(**report: Any) -> list[dict[str, Any]]:
    """A run that used a model on this machine, and its evaluation."""
    return [entry_for_run(made()), entry_for_run(written()), entry_for_report(evaluated(synthetic=written()["output"], **report))]


def ruled(folder: Path, rules: str, given: list[dict[str, Any]], **ways: Any) -> list[Ruling]:
    return decide(force(folder, f'name = "clinic"\n{rules}'), given, **ways)


def one(folder: Path, rules: str, given: list[dict[str, Any]], **ways: Any) -> Ruling:
    (ruling,) = ruled(folder, rules, given, **ways)
    return ruling


def test_a_policy_that_says_nothing_rules_nothing(tmp_path: Path) -> None:
    assert ruled(tmp_path, "", entries()) == []
    assert worst([]) == "ok"


@pytest.mark.parametrize(
    ("rule", "kept", "broken", "said"),
    [
        ("engines.allowed", '["trees", "llm"]', '["dp"]', r"one of “dp”; got trees \(run-0123456789ab\); llm"),
        ("models.allowed", '["smollm2*"]', '["echo"]', "got “local”"),
        ("models.localities", '["in-process"]', '["hosted"]', "which is in-process"),
        ("evaluation.profiles", '["tabular-core/1"]', '["text-core/1"]', "evaluated by “tabular-core/1”"),
        ("evaluation.minimum_cell", "11", "12", r"at least 12; got 11 \(report-"),
        ("fields.required", '["seed"]', '["biases"]', "biases: not stated"),
    ],
)
def test_each_rule_is_kept_or_broken(tmp_path: Path, rule: str, kept: str, broken: str, said: str) -> None:
    assert one(tmp_path, f"{rule} = {kept}", entries()).status == "ok"
    ruling = one(tmp_path, f"{rule} = {broken}", entries())
    assert (ruling.status, ruling.rule, ruling.place) == ("violated", rule, "synthnb.toml, line 2")
    assert re.search(said, ruling.said)
    assert ruling.fix.endswith(".")


def test_each_source_needs_a_class(tmp_path: Path) -> None:
    rules = '[[sources]]\nname = "NAME"\nclass = "open"'
    assert one(tmp_path, rules.replace("NAME", "actg*"), entries()).status == "ok"
    assert "got “actg175”" in one(tmp_path, rules.replace("NAME", "other"), entries()).said


@pytest.mark.parametrize(("limit", "status"), [("rows", "ok"), ("summary", "violated"), ("nothing", "violated")])
def test_what_went_to_a_hosted_model_is_held_against_the_sources_class(tmp_path: Path, limit: str, status: str) -> None:
    hosted = entry_for_run(written(model=written()["model"] | {"locality": "hosted"}))
    rules = f'[classes]\ndefault = "internal"\nto_hosted = {{internal = "{limit}"}}'
    assert one(tmp_path, rules, [entry_for_run(made()), hosted]).status == status


def test_a_judge_is_a_model_too(tmp_path: Path) -> None:
    judgement = {"judge": {"id": "openai/x", "name": "x", "locality": "hosted"}}
    entry = sealed(id="judge-1", kind="judge", created="2026-11-23T15:50:00Z", slot="judge", fields={}, detail=judgement)
    assert "openai/x" in one(tmp_path, 'models.allowed = ["local"]', [entry]).said


@pytest.mark.parametrize(
    ("gate", "status", "said"),
    [
        ({}, "ok", "at most 0.09"),
        ({"value": 0.2, "low": 0.1, "high": 0.3, "outcome": "fail"}, "violated", "0.2 [0.1, 0.3]"),
        ({"value": 0.08, "low": 0.0, "high": 0.2, "outcome": "undecided"}, "not decidable", "undecided for “synthetic”"),
        ({"value": None, "low": None, "high": None, "outcome": "undecided"}, "not decidable", "not computed"),
        ({"metric": "another"}, "violated", "not evaluated"),
    ],
)
def test_a_gate_holds_fails_or_is_not_decidable(tmp_path: Path, gate: dict[str, Any], status: str, said: str) -> None:
    ruling = one(tmp_path, "evaluation.gates.singling_out_risk.at_most = 0.09", entries(gates=[GATE | gate]))
    assert ruling.status == status
    assert said in ruling.said


def test_a_limit_is_held_against_the_interval_whatever_the_reports_own_limit(tmp_path: Path) -> None:
    assert one(tmp_path, "evaluation.gates.singling_out_risk.at_most = 0.01", entries(gates=[GATE])).status == "not decidable"
    scores = [score("singling_out_risk", "privacy", 0.5, low=0.4, high=0.6)]
    assert one(tmp_path, "evaluation.gates.singling_out_risk.at_most = 0.09", entries(scores=scores)).status == "violated"


def test_a_frame_made_anew_is_not_evaluated(tmp_path: Path) -> None:
    anew = entry_for_run(made(id="run-999999999999", ended="2026-11-23T16:00:00Z", output=made()["output"] | {"digest": "sha256:new"}))
    ruling = one(tmp_path, 'evaluation.profiles = ["tabular-core/1"]', [*entries(), anew])
    assert "“synthetic”, not evaluated" in ruling.said


def test_a_profile_with_tighter_limits_is_still_that_profile(tmp_path: Path) -> None:
    tighter = {"what": "gate risk", "from": {"at_most": 0.09}, "to": {"at_most": 0.05}}
    looser = {"what": "gate risk", "from": {"at_most": 0.09}, "to": {"at_most": 0.5}}
    for change, status in ((tighter, "ok"), (looser, "violated")):
        given = entries(profile="tabular-core/1@abc", changes=[change])
        assert one(tmp_path, 'evaluation.profiles = ["tabular-core/1"]', given).status == status


def test_synthetic_data_may_not_seed_synthetic_data(tmp_path: Path) -> None:
    origin = {"run": "run-0123456789ab", "name": "synthetic"}
    second = entry_for_run(made(id="run-222222222222", inputs=[made()["inputs"][0] | {"name": "synthetic", "origin": origin}]))
    rules = "[generation]\nmost_depth = 1\nsynthetic_sources = false"
    assert [ruling.status for ruling in ruled(tmp_path, rules, [second])] == ["violated", "violated"]
    assert [ruling.status for ruling in ruled(tmp_path, rules, [entry_for_run(made())])] == ["ok", "ok"]


def test_the_class_that_a_person_chose_counts() -> None:
    said = entry_for_statements({"releaseClass": "Team, for now"})
    assert release_of([said]) == "team"
    assert release_of(said_class("some day")) is None


NEEDS = '[release]\nallowed = ["local", "team"]\n[release.team]\nfields = ["biases"]\nrisk_record = true\nsign_off = true\nsignature = true'


def test_a_release_class_needs_what_the_policy_says(tmp_path: Path) -> None:
    rulings = ruled(tmp_path, NEEDS, entries(), release="team")
    assert {ruling.rule: ruling.status for ruling in rulings} == {
        "release.allowed": "ok",
        "release.team.fields": "violated",
        "release.team.risk_record": "violated",
        "release.team.sign_off": "violated",
        "release.team.signature": "not decidable",
    }


def test_with_all_of_it_the_class_is_met(tmp_path: Path) -> None:
    given = [*entries(), entry_for_statements({"biases": "age"})]
    given.append(entry_for_risk(RISK, given, by="Ada")[0])
    given.append(
        sealed(id="signoff-1", kind="sign-off", created="2999-01-01T00:00:00Z", slot="s", fields={"reviewerSignOff": "x"}, detail={})
    )
    assert worst(ruled(tmp_path, NEEDS, given, signed=True)) == "ok"


def test_a_class_that_is_not_allowed_is_refused(tmp_path: Path) -> None:
    ruling = ruled(tmp_path, NEEDS, entries(), release="public")[0]
    assert "one of local, team; got public" in ruling.said


def test_a_class_more_open_than_recommended_can_be_forbidden(tmp_path: Path) -> None:
    given = entries()
    given.append(entry_for_risk(RISK | {"release": "controlled"}, given, by="Ada")[0])
    ruling = one(tmp_path, "release.controlled.within_recommendation = true", given)
    assert "got recommended: team" in ruling.said


def test_what_was_gone_past_before_is_told_with_its_reason(tmp_path: Path) -> None:
    from synthnb.disclosure.policy.stating import entry_for_exception

    policy = force(tmp_path, 'name = "clinic"\nengines.allowed = ["dp"]')
    broken = decide(policy, entries())
    past = entry_for_exception(policy, broken, "The board agreed", what="run-0123456789ab", by="Ada")
    (ruling,) = decide(policy, [*entries(), past])
    assert "gone past before: “The board agreed” for run-0123456789ab" in ruling.said
    assert past["detail"]["by"] == "Ada"


def test_a_limit_that_failed_stays_so_whatever_is_compared_with_other_data(tmp_path: Path) -> None:
    rule = "evaluation.gates.singling_out_risk.at_most = 0.09"
    bad = entries(gates=[GATE | {"value": 0.4, "low": 0.3, "high": 0.5, "outcome": "fail"}])
    unrelated = {"name": "other", "rows": 9, "columns": 2, "digest": f"sha256:{'0' * 64}"}
    shape = {"synthetic": written()["output"], "created": "2026-11-23T17:00:00Z", "gates": [GATE]}
    other = entry_for_report(evaluated(id="report-aaaaaaaaaaaa", real=unrelated, **shape))
    again = entry_for_report(evaluated(id="report-bbbbbbbbbbbb", **shape))
    assert one(tmp_path, rule, [*bad, other]).status == "violated"
    assert one(tmp_path, rule, [*bad, other, again]).status == "ok"


def test_a_mixture_is_joined_by_no_engine(tmp_path: Path) -> None:
    mixed = sealed(id="mix-1", kind="mix", created="2026-11-23T16:00:00Z", slot="mix:both", fields={}, detail={"engine": "none"})
    assert one(tmp_path, 'engines.allowed = ["trees", "llm"]', [*entries(), mixed]).status == "ok"


@pytest.mark.parametrize(
    ("field", "text", "status"),
    [
        ("intent", "TODO", "violated"),
        ("intent", "n/a", "violated"),
        ("intent", "none", "violated"),
        ("limitations", "xxx", "violated"),
        ("biases", "N.A.", "violated"),
        ("biases", "none", "ok"),
        ("sensitiveInformation", "None.", "ok"),
        ("intent", "none but teaching", "ok"),
    ],
)
def test_a_placeholder_states_nothing(tmp_path: Path, field: str, text: str, status: str) -> None:
    given = [*entries(), entry_for_statements({field: text})]
    assert one(tmp_path, f'fields.required = ["{field}"]', given).status == status


def said_class(text: str) -> list[dict[str, Any]]:
    created = "2026-11-24T10:00:00Z"
    return [*entries(), sealed(id="said-1", kind="disclose", slot="disclose", fields={"releaseClass": text}, detail={}, created=created)]


@pytest.mark.parametrize("rules", ['release.allowed = ["local", "controlled"]', "release.public.sign_off = true"])
def test_a_class_in_other_words_is_refused(tmp_path: Path, rules: str) -> None:
    (ruling,) = ruled(tmp_path, rules, said_class("open to the public"))
    assert (ruling.rule, ruling.status) == ("release.allowed", "violated")
    assert "got “open to the public”" in ruling.said


def test_where_no_class_is_stated_nothing_is_decided(tmp_path: Path) -> None:
    assert one(tmp_path, 'release.allowed = ["local"]', entries()).status == "not decidable"
    assert one(tmp_path, 'release.allowed = ["local"]', said_class("local, on one machine")).status == "ok"
