"""The form for human-only statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from synthnb.widgets.disclosure_form import CHOICES, DisclosureForm

if TYPE_CHECKING:
    from .conftest import Shown

FIELDS: list[dict[str, Any]] = [
    {"id": "responsiblePerson", "label": "Responsible person", "help": "Who answers for it.", "value": "Ada Lovelace"},
    {"id": "intent", "label": "Intent", "hint": "What it is for."},
    {"id": "limitations", "label": "<b>Limits</b>", "help": "What it can't show.", "required": False},
]


def traits() -> dict[str, Any]:
    return {"fields": DisclosureForm(FIELDS).fields, "saved": 0, "statements": {}, "message": ""}


def test_choices_come_with_their_fields() -> None:
    controls = [field["control"] for field in DisclosureForm(FIELDS).fields]
    assert controls == ["line", "choice", "text"]


def test_nothing_is_filled_in() -> None:
    form = DisclosureForm([{"id": name, "label": name} for name in ("intent", "limitations", "biases")])
    assert [field["value"] for field in form.fields] == ["", "", ""]
    assert form.statements == {}
    assert form.saved == 0


def test_the_catalogues_hint_serves_as_help() -> None:
    assert DisclosureForm(FIELDS).fields[1]["help"] == "What it is for."


def test_oversight_has_the_three_levels() -> None:
    assert list(CHOICES["oversightLevel"]) == ["fully_autonomous", "prompt_guided", "human_validated"]


@pytest.mark.ui
def test_save_hands_over_what_was_stated(show: Shown) -> None:
    page = show("disclosure_form", **traits())
    page.get_by_label("Intent").select_option("training")
    page.get_by_label("<b>Limits</b> (optional)").fill("  One centre only. ")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("sent.statements") == {
        "responsiblePerson": "Ada Lovelace",
        "intent": "training",
        "limitations": "One centre only.",
    }
    assert page.evaluate("sent.saved") == 1


@pytest.mark.ui
def test_an_emptied_statement_is_withdrawn(show: Shown) -> None:
    page = show("disclosure_form", **traits())
    page.get_by_label("Responsible person").fill("")
    assert page.get_by_role("status").inner_text() == "Not saved yet."
    page.get_by_role("button", name="Save statements").click()
    assert page.evaluate("sent.statements") == {"responsiblePerson": ""}


@pytest.mark.ui
def test_what_was_just_saved_can_be_taken_back(show: Shown) -> None:
    page = show("disclosure_form", **traits())
    limits = page.get_by_label("<b>Limits</b> (optional)")
    for text in ("One centre only.", ""):
        limits.fill(text)
        page.get_by_role("button", name="Save statements").click()
    assert page.evaluate("sent.statements")["limitations"] == ""


@pytest.mark.ui
def test_the_kernels_answer_is_announced(show: Shown) -> None:
    page = show("disclosure_form", **traits())
    page.evaluate("model.set('message', 'Recorded: 3 of 10 fields stated.')")
    status = page.get_by_role("status")
    assert status.inner_text() == "Recorded: 3 of 10 fields stated."
    assert status.get_attribute("aria-live") == "polite"


@pytest.mark.ui
def test_the_form_says_no_model_fills_it(show: Shown) -> None:
    page = show("disclosure_form", **traits())
    assert "No model fills in any of this" in page.locator(".synthnb-form").inner_text()
    assert page.locator(".synthnb-form b").count() == 0
