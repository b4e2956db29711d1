"""The editor of a frame's columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from synthnb.recipes.recipe import ROLES
from synthnb.widgets.profile import ROLE_LABELS, ProfileEditor

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Shown

HOSTILE = "<img src=x onerror=window.hacked=1>"
COLUMNS: list[dict[str, Any]] = [
    {
        "name": name,
        "kind": kind,
        "kinds": [kind, "category", "text"],
        "role": role,
        "dtype": "int64",
        "distinct": 1234,
        "missing": 0.0312,
        "small_cells": 0,
        "flags": flags,
    }
    for name, kind, role, flags in [
        ("age", "integer", "", []),
        ("sex", "category", "group", []),
        (HOSTILE, "text", "", [f"left out: {HOSTILE}"]),
    ]
]


def traits(**more: Any) -> dict[str, Any]:
    editor = {"columns": COLUMNS, "roles": ROLE_LABELS, "corrections": {"kinds": {}, "roles": {}}, "title": "trial", "message": ""}
    return editor | more


def test_every_role_has_words() -> None:
    assert set(ROLE_LABELS) == {"", *ROLES}
    assert ProfileEditor(COLUMNS).roles == ROLE_LABELS


@pytest.mark.ui
def test_a_choice_is_sent_at_once(show: Shown) -> None:
    page = show("profile", **traits())
    page.get_by_label("kinds of age").select_option("category")
    page.get_by_label("roles of age").select_option("target")
    assert page.evaluate("sent.corrections") == {"kinds": {"age": "category"}, "roles": {"age": "target"}}


@pytest.mark.ui
def test_the_kernels_answer_is_drawn_and_the_keyboard_stays_where_it_was(show: Shown) -> None:
    page = show("profile", **traits())
    page.get_by_label("kinds of sex").focus()
    page.evaluate("model.set('columns', model.get('columns').map((column) => ({ ...column, distinct: 7 })))")
    page.evaluate("model.set('message', 'The recipe in recipe has it.')")
    assert page.locator("tbody tr").first.inner_text().split("\t")[-3] == "7"
    assert page.get_by_role("status").inner_text() == "The recipe in recipe has it."
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "kinds of sex"


@pytest.mark.ui
def test_names_are_text_and_what_was_found_is_marked(show: Shown, tmp_path: Path) -> None:
    page = show("profile", **traits())
    assert page.locator("tbody th").nth(2).inner_text() == HOSTILE
    assert page.evaluate("window.hacked === undefined && document.querySelector('img') === null")
    assert page.get_by_label("kinds of age").locator("option").first.inner_text() == "integer (as found)"


@pytest.mark.ui
def test_five_hundred_columns_are_found_by_name(show: Shown) -> None:
    many = [COLUMNS[0] | {"name": f"column {number}"} for number in range(500)]
    page = show("profile", **traits(columns=many))
    assert page.locator("tbody tr").count() == 500
    page.get_by_label("Find a column").fill("column 49")
    assert page.locator("tbody tr").count() == 11


@pytest.mark.ui
def test_it_is_taken_away_whole(show: Shown) -> None:
    page = show("profile", **traits())
    page.evaluate("release()")
    assert page.evaluate("[document.querySelector('.synthnb-profile'), Object.keys(calls).length]") == [None, 0]
