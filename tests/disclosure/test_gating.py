from __future__ import annotations

from typing import Any

import pytest

from synthnb.disclosure.entries import entry_for_report
from synthnb.disclosure.folding import fold
from synthnb.disclosure.gating import gate_sentence, refuse_failed, standing
from synthnb.errors import OptionError
from tests.disclosure.samples import evaluated

GATE = {
    "metric": "risk",
    "label": "Singling out",
    "at_most": 0.09,
    "source": "a convention",
    "outcome": "fail",
    "reason": "The whole interval is beyond the limit.",
    "subject": [],
    "value": 0.2,
    "low": 0.1,
    "high": 0.3,
    "scores": 1,
}
REASON = "A replica for teaching, never released."


def judged(**change: Any) -> dict[str, Any]:
    return entry_for_report(evaluated(gates=[GATE | change]))


def test_a_failed_gate_stops_an_export() -> None:
    with pytest.raises(OptionError, match=r"A failed gate blocks the export: .*Singling out 0\.2 \[0\.1, 0\.3\], at most 0\.09: fail"):
        refuse_failed([judged()], None)


@pytest.mark.parametrize("reason", ["", "because", "ok", "   x   y  "])
def test_a_reason_that_says_nothing_is_none(reason: str) -> None:
    with pytest.raises(OptionError, match="a reason in words is needed; got"):
        refuse_failed([judged()], reason)


@pytest.mark.parametrize("outcome", ["pass", "undecided"])
def test_what_did_not_fail_stops_nothing(outcome: str) -> None:
    assert refuse_failed([judged(outcome=outcome)], None) == []
    with pytest.raises(OptionError, match="no gate failed"):
        refuse_failed([judged(outcome=outcome)], REASON)


def test_an_override_is_stated_with_its_reason_and_counts_from_then_on() -> None:
    report = judged()
    (override,) = refuse_failed([report], REASON)
    assert standing([report, override]) == []
    stated = " ".join(value["value"] for value in fold([report, override])["gates"]["values"])
    assert f"reason given: {REASON}" in stated
    assert "at most 0.09: fail (limit: a convention)" in stated


def test_an_override_is_of_one_report_and_those_gates() -> None:
    report = judged()
    (override,) = refuse_failed([report], REASON)
    other = entry_for_report(evaluated(id="report-000000000000", created="2031-01-01T00:00:00Z", gates=[GATE]))
    assert [entry["id"] for entry, _ in standing([report, override, other])] == [other["id"]]


def test_a_gate_reads_as_a_sentence_whatever_its_subject() -> None:
    assert gate_sentence(GATE | {"subject": ["<b>x</b>"], "low": None}) == "Singling out (“<b>x</b>”) 0.2, at most 0.09: fail"
