"""The guided form of the risk record, in a browser: by keyboard, in light and dark, with hostile words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from synthnb._api.risking import risk_in
from synthnb.disclosure.risk import questions, steps
from synthnb.widgets.risk import RiskForm
from tests.disclosure.test_risk import entries, gate

if TYPE_CHECKING:
    from .conftest import Shown

AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
JUDGE = (
    "async () => (await axe.run('.synthnb-risk', { resultTypes: ['violations'] })).violations.map(({ id, nodes }) => [id, nodes[0].html])"
)


def traits(**change: Any) -> dict[str, Any]:
    risk = risk_in(entries(gate("linkability_risk", outcome="undecided", reason="<b>straddles</b>"))).to_dict()
    asked = [question.to_dict() | {"value": ""} for question in questions().values()]
    form = RiskForm([dict(step) for step in steps()], asked, risk=risk)
    return {name: getattr(form, name) for name in ("steps", "questions", "risk", "person", "answers", "saved", "message")} | change


def test_nothing_is_filled_in() -> None:
    form = RiskForm(**{name: value for name, value in traits().items() if name in {"steps", "questions"}})
    assert {question["value"] for question in form.questions} == {""}
    assert (form.answers, form.person, form.saved) == ({}, "", 0)


@pytest.mark.ui
def test_what_was_filled_in_is_handed_over_by_keyboard(show: Shown) -> None:
    page = show("risk", **traits())
    page.get_by_label("Residual risk").fill("  rare ages ")
    page.get_by_label("Release class").select_option("controlled")
    page.get_by_label("Who says this").fill("Ada, steward")
    page.keyboard.press("Enter")
    assert page.evaluate("sent.answers") == {"residual_risk": "rare ages", "release": "controlled"}
    assert page.evaluate("[sent.person, sent.saved]") == ["Ada, steward", 1]


@pytest.mark.ui
def test_the_record_tells_attacks_and_the_recommendation(show: Shown) -> None:
    page = show("risk", **traits())
    table = page.get_by_role("table").inner_text()
    assert "singling out" in table
    assert "0.020 (0.000 to 0.050)" in table
    assert page.locator(".synthnb-risk b").count() == 0
    assert "Recommended: team." in page.locator(".sr-advice").inner_text()
    assert "No model fills in any of this" in page.locator(".synthnb-risk").inner_text()


@pytest.mark.ui
def test_a_class_more_open_than_recommended_is_said_at_once(show: Shown) -> None:
    page = show("risk", **traits())
    page.get_by_label("Release class").select_option("public")
    assert "public is more open than recommended" in page.locator(".sr-advice").inner_text()
    page.get_by_label("Release class").select_option("local")
    assert "more open" not in page.locator(".sr-advice").inner_text()


@pytest.mark.ui
def test_the_proposed_text_is_put_in_only_when_asked_for(show: Shown) -> None:
    page = show("risk", **traits())
    field = page.get_by_label("Re-identification assessment")
    assert field.input_value() == ""
    page.get_by_text("Proposed from the record").click()
    page.get_by_role("button", name="Put the proposed text in").click()
    assert "singling out" in field.input_value()


@pytest.mark.ui
def test_the_kernels_answer_is_announced_and_the_advice_follows(show: Shown) -> None:
    page = show("risk", **traits())
    page.evaluate("model.set('message', 'Recorded in this notebook.')")
    assert page.get_by_role("status").inner_text() == "Recorded in this notebook."
    page.evaluate("model.set('risk', { recommended: 'local', reasons: [{ at_most: 'local', said: '<i>x</i>' }] })")
    assert "local at most: <i>x</i>" in page.locator(".sr-advice").inner_text()


@pytest.mark.ui
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(show: Shown, scheme: str) -> None:
    page = show("risk", scheme, **traits())
    page.add_script_tag(path=AXE)
    assert page.evaluate(JUDGE) == []
