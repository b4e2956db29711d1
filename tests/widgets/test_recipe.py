"""The editor of a compiled description, and the field for a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from synthnb._api.describing import SOURCE_LABELS
from synthnb.widgets.key import KeyField
from synthnb.widgets.recipe import RecipeEditor

if TYPE_CHECKING:
    from .conftest import Shown

HOSTILE = "<img src=x onerror=window.hacked=1>"
COMPILED: dict[str, Any] = {
    "table": "trial",
    "rows": 10000,
    "digest": "sha256:00",
    "columns": [{"name": "age", "kind": "integer", "how": "normal"}, {"name": HOSTILE, "kind": "category", "how": HOSTILE}],
    "numbers": [
        {"column": "age", "number": "mean", "label": "mean", "value": 63.123456789, "source": "user", "note": "mean age 63"},
        {"column": HOSTILE, "number": "weights.0", "label": f"weight of {HOSTILE}", "value": 0.5, "source": "model", "note": HOSTILE},
    ],
    "statements": [{"text": HOSTILE, "meaning": HOSTILE, "held": None}, {"text": "mean age 63", "meaning": "mean of age", "held": True}],
    "sample": {"columns": ["age", HOSTILE], "rows": [[60, HOSTILE], [None, "x"]]},
    "notes": [HOSTILE],
    "model": {},
    "calls": {},
}


def traits(**more: Any) -> dict[str, Any]:
    return {"compiled": COMPILED, "sources": SOURCE_LABELS, "change": {}, "accepted": 0, "state": "open", "message": ""} | more


def test_another_recipe_is_not_drawn_yet() -> None:
    editor = RecipeEditor(COMPILED)
    editor.state = "drawn"
    editor.show(COMPILED | {"rows": 5})
    assert (editor.state, editor.compiled["rows"]) == ("open", 5)


@pytest.mark.ui
def test_a_changed_number_is_sent_with_its_path(show: Shown) -> None:
    page = show("recipe", **traits())
    field = page.get_by_label("mean of age")
    assert field.input_value() == "63.1235"
    field.fill("70")
    field.press("Enter")
    assert page.evaluate("sent.change") == {"column": "age", "number": "mean", "value": 70, "turn": 1}
    assert page.get_by_role("status").inner_text() == "Handed to the notebook."


@pytest.mark.ui
def test_a_number_left_as_it_was_is_not_sent(show: Shown) -> None:
    page = show("recipe", **traits())
    page.get_by_label("mean of age").fill("63.1235")
    page.get_by_label("mean of age").press("Enter")
    assert page.evaluate("window.sent === undefined")


@pytest.mark.ui
def test_accepting_counts_up_and_is_offered_once(show: Shown) -> None:
    page = show("recipe", **traits())
    page.get_by_role("button", name="Accept, and draw 10,000 rows").press("Enter")
    assert page.evaluate("sent.accepted") == 1
    page.evaluate("model.set('state', 'drawn')")
    assert page.get_by_role("button", name="Rows are drawn").is_disabled()


@pytest.mark.ui
def test_the_kernels_answer_is_drawn_and_the_keyboard_stays_where_it_was(show: Shown) -> None:
    page = show("recipe", **traits())
    page.get_by_label("mean of age").focus()
    page.evaluate("model.set('compiled', { ...model.get('compiled'), rows: 7, sample: { columns: ['age'], rows: [[1]] } })")
    page.evaluate("model.set('message', 'It has it.')")
    assert page.get_by_role("heading").inner_text() == "trial: 7 rows × 2 columns"
    assert page.get_by_role("status").inner_text() == "It has it."
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "mean of age"


@pytest.mark.ui
def test_names_values_and_statements_are_text(show: Shown) -> None:
    page = show("recipe", **traits())
    assert page.evaluate("window.hacked === undefined && document.querySelector('img') === null")
    assert page.locator("ul li").inner_text() == HOSTILE
    assert "not told by rows" in page.locator(".synthnb-recipe").inner_text()
    assert page.locator("em").inner_text() == "missing"


@pytest.mark.ui
def test_a_column_is_found_by_name(show: Shown) -> None:
    page = show("recipe", **traits())
    page.get_by_label("Find a column").fill("AGE")
    assert page.locator(".sr-column").count() == 1


@pytest.mark.ui
def test_it_is_taken_away_whole(show: Shown) -> None:
    page = show("recipe", **traits())
    page.evaluate("release()")
    assert page.evaluate("[document.querySelector('.synthnb-recipe'), Object.keys(calls).length]") == [None, 0]


def test_a_key_is_heard_and_no_trait_holds_it() -> None:
    heard: list[str] = []
    field = KeyField("openai")
    field.on_key(heard.append)
    field._handle_custom_msg({"type": "key", "value": "sk-planted-0123456789"}, [])
    field._handle_custom_msg({"type": "other", "value": "x"}, [])
    field._handle_custom_msg({"type": "key", "value": 5}, [])
    assert heard == ["sk-planted-0123456789"]
    assert "planted" not in str(field.get_state())


@pytest.mark.ui
def test_a_key_is_sent_once_and_the_field_is_empty_again(show: Shown) -> None:
    page = show("key", provider="openai", message="No key was found.")
    page.evaluate("window.told = []; model.send = (content) => told.push(content); null")
    page.get_by_label("Key of openai").fill("sk-planted")
    page.get_by_label("Key of openai").press("Enter")
    assert page.evaluate("told") == [{"type": "key", "value": "sk-planted"}]
    assert page.get_by_label("Key of openai").input_value() == ""
    assert "planted" not in page.content()


@pytest.mark.ui
def test_an_empty_key_is_not_sent(show: Shown) -> None:
    page = show("key", provider=HOSTILE, message="")
    page.evaluate("window.told = []; model.send = (content) => told.push(content); null")
    page.get_by_role("button").click()
    assert page.evaluate("told.length === 0 && document.querySelector('img') === null")
    assert page.get_by_role("status").inner_text() == "The field is empty."
