"""The static report: what the dashboard says, without scripts, in less than 300 kB."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from synthnb.evaluation._size import LARGEST
from synthnb.jupyter._report_views import report_view, sentence
from synthnb.jupyter.mime import report_bundle

FIXTURES = Path(__file__).parents[1] / "fixtures" / "report"
HOSTILE = "<script>alert(1)</script>&amp;\u202e | x"


def load(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def report() -> Any:
    return load("example")


@pytest.mark.parametrize("mime", ["text/html", "text/markdown", "text/plain"])
def test_each_gate_gives_outcome_limit_and_source(report: Any, mime: str) -> None:
    text = report_bundle(report, [])[mime]
    assert all(word in text for word in ("✗\u00a0fails", "?\u00a0undecided", "✓\u00a0passes", "at most 0.02"))
    assert "set by the user in trial.toml" in text


def test_gates_and_attacks_come_worst_first(report: Any) -> None:
    view = report_view(report, 0)
    parts = {part["title"]: part["rows"] for part in view["gates"] + view["parts"]}
    assert [row[1][0] for row in parts["Gates"]] == ["✗", "?", "✓"]
    assert [row[0] for row in parts["Attacks, highest risk first"]][::3] == ["attribute inference: race", "linkability"]


def test_a_weak_attack_is_inconclusive(report: Any) -> None:
    row = next(line for line in report_bundle(report, [])["text/markdown"].splitlines() if line.startswith("| linkability"))
    assert row.endswith("| no better than guessing, so inconclusive |")


def test_an_analysis_has_both_intervals_and_a_failed_one_its_reason(report: Any) -> None:
    text = report_bundle(report, [])["text/markdown"]
    assert "| sex\\[male\\] | −0.081 \\[−0.301, 0.138\\] | 0.152 \\[−0.071, 0.376\\] | 0.41 | differs | same |" in text
    assert "The function raised ValueError on the synthetic rows." in text


def test_what_the_profile_changes_and_unknown_details_are_tables(report: Any) -> None:
    text = report_bundle(report, [])["text/markdown"]
    assert "| gate attribute\\_inference\\_risk at\\_most | 0.09 | 0.02 |" in text
    assert "| cd4\\_20\\_weeks &lt;= 2000 | rows | 3 | 0.002 |" in text


def test_lists_of_equal_length_stand_side_by_side() -> None:
    text = report_bundle(load("text"), [])["text/markdown"]
    assert "| runs | synthetic | control |" in text
    assert "| 13 | 3 | 0 |" in text


def test_a_dimension_reads_as_a_sentence(report: Any) -> None:
    own = [score for score in report["scores"] if score["dimension"] == "fidelity"]
    assert sentence("fidelity", own) == (
        "The columns’ distributions agree to 0.951 (real rows: 0.970); "
        "a classifier tells synthetic from real with AUC 0.618 [0.587, 0.649], where 0.5 is guessing."
    )


def test_a_dimension_without_a_value_says_why() -> None:
    assert sentence("privacy", [{"value": None, "reason": "There is no hold-out."}]) == "Not evaluated: There is no hold-out."


def test_a_metric_without_words_is_named() -> None:
    score = {"metric": "new", "label": "Mean error", "value": 0.5, "low": 0.4, "high": 0.6, "subject": ["age"]}
    assert sentence("own", [score]) == "Mean error (age): 0.500 [0.400, 0.600]."


def test_a_report_without_a_headline_says_how_much_there_is() -> None:
    assert "14 of 15 scores of text-core/1 could be computed." in report_bundle(load("text"), [])["text/plain"]


@pytest.mark.parametrize("name", ["example", "text"])
def test_static_and_live_form_fit_their_limits(name: str) -> None:
    report = load(name)
    assert len(report_bundle(report, [])["text/html"].encode()) < 300_000
    assert len(json.dumps(report, ensure_ascii=False).encode()) < LARGEST


@pytest.mark.parametrize("label", ["level", "&<>&<>&<>&<>&<>&<>"])
def test_a_full_report_stays_under_300_kilobytes_and_complete(report: Any, label: str) -> None:
    """As much as 64 kB of JSON can hold of scores, the kind of entry that grows most."""
    score = next(score for score in report["scores"] if score["subject"])
    report["scores"] += [score | {"subject": [f"{label} {i}"], "reason": None} for i in range(60)]
    report["details"]["attacks"] *= 12
    while len(json.dumps(report, ensure_ascii=False).encode()) < LARGEST - 600:
        report["subgroups"].append(copy.deepcopy(report["subgroups"][0]))
    html = report_bundle(report, [])["text/html"]
    assert len(html.encode()) < 300_000
    assert html.count("<tr>") > len(report["scores"]) + len(report["subgroups"]) + len(report["details"]["attacks"])


def test_hostile_strings_of_new_parts_stay_text(report: Any) -> None:
    report["gates"][0] |= {"label": HOSTILE, "source": HOSTILE, "reason": HOSTILE, "outcome": HOSTILE}
    report["changes"][0] |= {"what": HOSTILE, "to": {HOSTILE: HOSTILE}}
    report["details"]["attacks"][0]["name"] = report["details"]["analyses"][0]["name"] = HOSTILE
    report["details"][HOSTILE] = {HOSTILE: [{HOSTILE: HOSTILE}]}
    bundle = report_bundle(report, [])
    assert "<script" not in bundle["text/html"]
    assert "\u202e" not in bundle["text/html"] + bundle["text/markdown"] + bundle["text/plain"]
    assert "<" not in bundle["text/markdown"]


def test_a_report_of_an_older_kind_is_still_shown(report: Any) -> None:
    for name in ("gates", "changes", "details"):
        del report[name]
    assert "Gates" not in report_bundle(report, [])["text/html"]


def test_a_gate_says_what_decided_it_and_one_not_computed_is_counted_apart(report: Any) -> None:
    report["gates"][0] |= {"low": None, "high": None}
    report["gates"][2] |= {"value": None, "low": None, "high": None}
    text = report_bundle(report, [])["text/plain"]
    assert "0.083 [0.041, 0.126], decided by 1 of 2 scores" in text
    assert "1.000, by value" in text
    assert ("Gates", "✗ 1 fails, ✓ 1 passes, – 1 not computed", "") in report_view(report, 0)["facts"]


def test_every_privacy_score_is_an_attack(report: Any) -> None:
    parts = {part["title"]: part["rows"] for part in report_view(report, 0)["parts"]}
    assert [row[1] for row in parts["Other attacks, those with an excess first"]] == ["0.014", "0.512"]
    assert ("Attacks", "excess found by 1 attack", "") in report_view(report, 0)["facts"]


def test_shares_read_in_per_cent() -> None:
    copies = {"metric": "exact_copies_share", "value": 0.0, "low": 0.0, "high": 0.0041, "ceiling": 0.002, "subject": []}
    assert sentence("copies", [copies]) == "0.0 % [0.0, 0.4] of the rows equal a real row (real rows: 0.2 %)."
    assert sentence("validity", [{"metric": "schema_validity", "value": 1.0}]) == "100 % of the columns are present and can be read."


@pytest.mark.parametrize("bins", [None, {}, {"labels": None}])
def test_a_column_whose_distribution_was_left_out_has_no_chart(report: Any, bins: Any) -> None:
    report["columns"][0]["bins"] = bins
    assert len(report_view(report, 99)["charts"]) == len(report["columns"]) - 1


def test_survival_is_a_table_of_both_curves_and_one_of_terms(report: Any) -> None:
    term = {"term": "age", "real": [-0.5, -0.9, -0.1], "synthetic": None}
    found = {"time": "days", "event": "died", "times": [0.0, 60.0], "curves": {"real": [1.0, 0.9], "synthetic": [1.0, 0.8]}}
    report["details"]["survival"] = found | {"median": {"real": 70.0, "synthetic": None}, "terms": [term], "omitted": 0}
    text = report_bundle(report, [])["text/markdown"]
    assert "| 60.0 | 90.0 % | 80.0 % |" in text
    assert "| age | −0.500 \\[−0.900, −0.100\\] |" in text
    assert "Medians: real 70.0; synthetic not reached." in text


@pytest.mark.parametrize("value", [None, 3, {}, {"times": "x", "curves": [1], "median": 2}, {"times": [0], "curves": {"real": [None]}}])
def test_damaged_survival_is_still_shown(report: Any, value: Any) -> None:
    report["details"]["survival"] = value
    assert report_bundle(report, [])["text/html"]
