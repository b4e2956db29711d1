from __future__ import annotations

from typing import Any

import pytest

from synthnb.disclosure.entries import entry_for_report, entry_for_run
from synthnb.disclosure.folding import fold
from synthnb.disclosure.gating import gate_sentence, refuse_failed, standing
from synthnb.errors import OptionError
from tests.disclosure.samples import evaluated, made, score

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
        refuse_failed([judged()], None, export="a.csv")


@pytest.mark.parametrize("reason", ["", "because", "ok", "   x   y  "])
def test_a_reason_that_says_nothing_is_none(reason: str) -> None:
    with pytest.raises(OptionError, match="a reason in words is needed; got"):
        refuse_failed([judged()], reason, export="a.csv")


@pytest.mark.parametrize("outcome", ["pass", "undecided"])
def test_what_did_not_fail_stops_nothing(outcome: str) -> None:
    assert refuse_failed([judged(outcome=outcome)], None, export="a.csv") == []
    with pytest.raises(OptionError, match="no gate failed"):
        refuse_failed([judged(outcome=outcome)], REASON, export="a.csv")


def test_an_override_is_stated_with_its_reason_and_is_for_one_export() -> None:
    report = judged()
    (override,) = refuse_failed([report], REASON, export="a.csv")
    stated = " ".join(value["value"] for value in fold([report, override])["gates"]["values"])
    assert f"overridden for “a.csv”: Singling out 0.2 [0.1, 0.3], at most 0.09: fail; reason given: {REASON}" in stated
    assert "at most 0.09: fail (limit: a convention)" in stated
    assert [entry["id"] for entry, _ in standing([report, override])] == [report["id"]]
    (again,) = refuse_failed([report, override], REASON, export="a.csv")
    assert again["slot"] == override["slot"]


def later(hour: int, **change: Any) -> dict[str, Any]:
    changes = {name: change.pop(name) for name in ("synthetic", "real", "scores", "gates") if name in change}
    shape = {"id": f"report-{hour:012d}", "created": f"2031-01-01T{hour:02d}:00:00Z", "gates": [GATE | change]} | changes
    return entry_for_report(evaluated(**shape))


@pytest.mark.parametrize(
    ("change", "stands"),
    [
        ({"outcome": "pass"}, False),
        ({"outcome": "pass", "at_most": 0.05}, False),
        ({"outcome": "pass", "at_most": 0.5}, True),
        ({"outcome": "undecided"}, True),
        ({"gates": []}, True),
        ({"outcome": "pass", "synthetic": {"name": "synthetic", "rows": 9, "columns": 2, "digest": "sha256:other"}}, True),
        ({"outcome": "pass", "real": {"name": "actg175", "rows": 9, "columns": 2, "digest": "sha256:unrelated"}}, True),
        ({"outcome": "pass", "scores": [score("risk", "privacy", 0.01, "sex")]}, True),
    ],
)
def test_only_the_same_content_at_the_same_limit_lifts_a_failed_gate(change: dict[str, Any], stands: bool) -> None:
    assert bool(standing([later(1), later(2, **change)])) is stands


def test_a_frame_that_was_made_anew_is_not_held_to_what_it_was() -> None:
    first, anew = (entry_for_run(made_run(digest)) for digest in ("c", "d"))
    report = later(1)
    ordered = [first | {"created": "2030-01-01T00:00:00Z"}, report, anew | {"created": "2032-01-01T00:00:00Z"}]
    assert standing(ordered[:2])
    assert not standing(ordered)


def made_run(letter: str) -> dict[str, Any]:
    run = made()
    return run | {"output": run["output"] | {"name": "synthetic", "digest": f"sha256:{letter * 64}"}, "id": f"run-{letter * 12}"}


def test_a_gate_reads_as_a_sentence_whatever_its_subject() -> None:
    assert gate_sentence(GATE | {"subject": ["<b>x</b>"], "low": None}) == "Singling out (“<b>x</b>”) 0.2, at most 0.09: fail"
