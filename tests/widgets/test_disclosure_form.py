"""The form for human-only statements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from synthnb.widgets.disclosure_form import CHOICES, DisclosureForm

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .conftest import Shown

AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"

FIELDS: list[dict[str, Any]] = [
    {
        "id": "responsiblePerson",
        "label": "Responsible person",
        "help": "Who answers for it.",
        "value": "Ada Lovelace",
        "section": "What it is",
    },
    {"id": "intent", "label": "Intent", "hint": "What it is for.", "section": "What it is"},
    {"id": "license", "label": "Licence", "section": "What it is", "fill": "proposed", "required": False},
    {"id": "limitations", "label": "<b>Limits</b>", "help": "What it can't show.", "required": False, "section": "Risk"},
    {
        "id": "residualRisk",
        "label": "Residual risk",
        "section": "Risk",
        "fill": "proposed",
        "required": False,
        "proposal": ["<i>Low</i> for members.", "Attribute attack 0.02."],
    },
]


def traits(**more: Any) -> dict[str, Any]:
    given = {"fields": DisclosureForm(FIELDS).fields, "saved": 0, "received": 0, "statements": {}, "message": "", "person": "Ada"}
    return given | {"draft": {}, "problems": {}, "key": ""} | more


def save(page: Page) -> Any:
    page.get_by_role("button", name="Save statements").click()
    return page.evaluate("window.sent?.statements")


def test_choices_come_with_their_fields() -> None:
    assert [field["control"] for field in DisclosureForm(FIELDS).fields] == ["line", "choice", "line", "text", "text"]


def test_nothing_is_filled_in() -> None:
    form = DisclosureForm([{"id": name, "label": name} for name in ("intent", "limitations", "biases")])
    assert [field["value"] for field in form.fields] == ["", "", ""]
    assert (form.statements, form.draft, form.saved, form.person) == ({}, {}, 0, "")


def test_the_catalogues_hint_serves_as_help() -> None:
    assert DisclosureForm(FIELDS).fields[1]["help"] == "What it is for."


def test_what_takes_one_of_a_few_values_is_a_choice() -> None:
    assert list(CHOICES["oversightLevel"]) == ["fully_autonomous", "prompt_guided", "human_validated"]
    assert list(CHOICES["releaseClass"]) == ["local", "team", "controlled", "public"]
    assert "replica" in CHOICES["intent"]


@pytest.mark.ui
def test_save_hands_over_what_changed_and_who_says_so(show: Shown) -> None:
    page = show("disclosure_form", **traits())
    page.get_by_label("Intent").select_option("training")
    page.get_by_label("<b>Limits</b> (optional)").fill("  One centre only. ")
    assert save(page) == {"intent": "training", "limitations": "One centre only."}
    assert page.evaluate("sent.person") == "Ada"
    assert page.evaluate("sent.saved") == 1


@pytest.mark.ui
def test_nothing_changed_is_nothing_recorded(show: Shown) -> None:
    page = show("disclosure_form", **traits())
    save(page)
    assert page.evaluate("model.get('saved')") == 0
    assert "nothing was recorded" in page.get_by_role("status").inner_text()


@pytest.mark.ui
def test_an_emptied_statement_is_withdrawn(show: Shown) -> None:
    page = show("disclosure_form", **traits())
    page.get_by_label("Responsible person").fill("")
    assert page.get_by_role("status").inner_text() == "Not saved yet."
    assert save(page) == {"responsiblePerson": ""}


@pytest.mark.ui
def test_without_a_name_nothing_is_recorded(show: Shown) -> None:
    page = show("disclosure_form", **traits(person=""))
    page.get_by_label("Intent").select_option("training")
    save(page)
    name = page.get_by_label("Who states this")
    assert page.evaluate("model.get('saved')") == 0
    assert name.get_attribute("aria-invalid") == "true"
    assert name.evaluate("(it) => it === document.activeElement")
    assert "! Say who states this." in page.locator(".sf-person").inner_text()
    assert page.get_by_label("Intent").input_value() == "training"
    name.fill("Ada Núñez")
    save(page)
    assert page.evaluate("[sent.person, sent.saved]") == ["Ada Núñez", 1]


@pytest.mark.ui
def test_a_proposal_is_left_accepted_or_changed(show: Shown) -> None:
    page = show("disclosure_form", **traits())
    group = page.get_by_role("group", name="Residual risk (proposed by the tool)")
    assert "<i>Low</i> for members." in group.inner_text()
    assert group.get_by_role("textbox").count() == 0
    group.get_by_label("Accept it as it is").check()
    assert save(page) == {"residualRisk": ["<i>Low</i> for members.", "Attribute attack 0.02."]}
    group.get_by_label("Change it").check()
    group.get_by_role("textbox").fill("Higher than that.")
    assert save(page) == {"residualRisk": "Higher than that."}


@pytest.mark.ui
def test_a_change_without_words_is_refused_in_place(show: Shown) -> None:
    page = show("disclosure_form", **traits())
    page.get_by_label("Change it").check()
    page.get_by_role("textbox", name="Residual risk, in your words").fill("")
    save(page)
    assert page.evaluate("model.get('saved')") == 0
    assert "! Say what takes the place of the proposal" in page.locator(".sf-proposal").inner_text()


@pytest.mark.ui
def test_what_is_missing_is_counted_and_leads_to_its_field(show: Shown) -> None:
    page = show("disclosure_form", **traits())
    assert "Still missing: 1 of the 2" in page.locator(".sf-missing").inner_text()
    page.get_by_role("button", name="Intent").press("Enter")
    page.get_by_label("Intent").select_option("replica")
    assert "Nothing is missing of the 2" in page.locator(".sf-missing").inner_text()


@pytest.mark.ui
def test_what_the_kernel_refuses_is_said_beside_the_field(show: Shown) -> None:
    page = show("disclosure_form", **traits())
    page.get_by_label("Intent").select_option("training")
    page.evaluate("model.set('problems', { intent: 'That is no intent.' })")
    assert page.get_by_label("Intent").get_attribute("aria-invalid") == "true"
    assert "! That is no intent." in page.locator(".synthnb-form").inner_text()
    assert page.get_by_label("Intent").input_value() == "training"


@pytest.mark.ui
def test_what_was_recorded_is_shown_and_what_was_typed_since_stays(show: Shown) -> None:
    page = show("disclosure_form", **traits())
    page.get_by_label("Intent").select_option("training")
    save(page)
    page.get_by_label("<b>Limits</b> (optional)").fill("Typed meanwhile.")
    page.evaluate(
        "model.set('fields', model.get('fields').map((field) => field.id === 'intent' ? { ...field, value: 'training' } : field));"
        "model.set('message', 'Recorded.'); model.set('received', 1)"
    )
    assert page.evaluate("model.get('draft')") == {"limitations": "Typed meanwhile."}
    assert page.get_by_label("<b>Limits</b> (optional)").input_value() == "Typed meanwhile."
    assert page.get_by_role("status").inner_text() == "Recorded."
    assert page.get_by_role("status").get_attribute("aria-live") == "polite"


@pytest.mark.ui
def test_a_view_drawn_anew_has_what_was_typed(show: Shown) -> None:
    page = show("disclosure_form", **traits())
    page.get_by_label("<b>Limits</b> (optional)").fill("One centre only.")
    page.get_by_label("Accept it as it is").check()
    page.evaluate("release(); draw()")
    assert page.get_by_label("<b>Limits</b> (optional)").input_value() == "One centre only."
    assert page.get_by_label("Accept it as it is").is_checked()


@pytest.mark.ui
def test_after_the_kernel_what_was_typed_is_offered_and_never_put_in_unasked(show: Shown) -> None:
    page = show("disclosure_form", **traits(key="trial.ipynb"))
    page.get_by_label("<b>Limits</b> (optional)").fill("One centre only.")
    page.evaluate("release(); model.set('draft', {}); draw()")
    limits = page.get_by_label("<b>Limits</b> (optional)")
    assert limits.input_value() == ""
    assert "You typed 1 answer here" in page.locator(".sf-offer").inner_text()
    page.get_by_role("button", name="Put it back").click()
    assert limits.input_value() == "One centre only."
    assert page.locator(".sf-offer").count() == 0


@pytest.mark.ui
def test_what_was_kept_can_be_discarded(show: Shown) -> None:
    page = show("disclosure_form", **traits(key="trial.ipynb"))
    page.get_by_label("<b>Limits</b> (optional)").fill("One centre only.")
    page.evaluate("release(); model.set('draft', {}); draw()")
    page.get_by_role("button", name="Discard it").click()
    assert page.locator(".sf-offer").count() == 0
    assert page.evaluate("sessionStorage.length") == 0


@pytest.mark.ui
def test_a_kernel_that_doesnt_answer_is_said(show: Shown) -> None:
    page = show("disclosure_form", **traits(key="trial.ipynb"))
    page.clock.install()
    page.get_by_label("Intent").select_option("training")
    save(page)
    page.clock.fast_forward(6000)
    assert "No answer from the kernel" in page.get_by_role("status").inner_text()
    assert page.get_by_label("Intent").input_value() == "training"


@pytest.mark.ui
def test_keys_stay_in_the_form(show: Shown) -> None:
    page = show("disclosure_form", **traits())
    page.evaluate("window.keys = []; document.addEventListener('keydown', (event) => keys.push(event.key))")
    page.get_by_label("Accept it as it is").focus()
    for key in ("d", "D", "Enter", "ArrowDown", "Escape", "Shift+Enter", "Tab", "Control+s"):
        page.keyboard.press(key)
    assert page.evaluate("keys") == ["Tab", "Control", "s"]


@pytest.mark.ui
def test_labels_and_values_are_never_markup(show: Shown) -> None:
    page = show("disclosure_form", **traits())
    assert "No model fills in any of this" in page.locator(".synthnb-form").inner_text()
    assert page.locator(".synthnb-form :is(b, i)").count() == 0


@pytest.mark.ui
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(show: Shown, scheme: str) -> None:
    page = show("disclosure_form", scheme, **traits(problems={"intent": "That is no intent."}, key="k"))
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.get_by_label("Change it").check()
    page.add_script_tag(path=AXE)
    judged = "async () => (await axe.run('.synthnb-form')).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)"
    assert page.evaluate(judged) == []
