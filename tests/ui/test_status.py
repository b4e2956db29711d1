"""The status bar's item, the commands, and saving from within a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from synthnb.disclosure.fields import required

from .pages import make_entry, showing

if TYPE_CHECKING:
    from .conftest import Opener

pytestmark = pytest.mark.ui

FIRST = make_entry(second=1)


def test_the_status_tells_where_the_disclosure_stands(opened: Opener) -> None:
    said = make_entry(second=5, kind="disclose", **{field.id: "stated" for field in required()})
    notebook = opened(["1 + 1", showing(FIRST), showing(said)])
    notebook.status.filter(has_text="Disclosure: none").wait_for()
    notebook.run(1)
    notebook.status.filter(has_text="Disclosure: incomplete").wait_for()
    notebook.run(3)
    notebook.status.filter(has_text="Disclosure: complete").wait_for()
    notebook.select(1)
    notebook.press("d", "d")
    notebook.status.filter(has_text="Disclosure: stale").wait_for()
    notebook.status.click()
    notebook.status.filter(has_text="Disclosure: complete").wait_for()
    assert "1 whose output is no longer in this notebook" in notebook.block()


def test_a_click_goes_to_the_cell(opened: Opener) -> None:
    notebook = opened([showing(FIRST), *["1 + 1"] * 30])
    notebook.run(0)
    notebook.select(30)
    notebook.page.get_by_role("button", name="Disclosure: incomplete. Some fields").click()
    notebook.wait("ask.panel().content.activeCellIndex === 1")
    notebook.cell(1).get_by_role("heading").wait_for()


def test_commands_remove_the_cell_and_bring_it_back(opened: Opener) -> None:
    notebook = opened([showing(FIRST), "1 + 1"])
    notebook.run(0)
    notebook.command("synthnb:remove-disclosure")
    assert notebook.disclosures == []
    assert notebook.own is not None
    assert "opt_out" in notebook.own
    assert "deleted" in (notebook.status.get_attribute("title") or "")
    notebook.command("synthnb:update-disclosure")
    assert notebook.disclosures == [1]
    assert "opt_out" not in notebook.own


def test_updating_without_a_record_says_why_nothing_happens(opened: Opener) -> None:
    notebook = opened(["1 + 1"])
    notebook.command("synthnb:update-disclosure")
    notebook.page.get_by_text("There is nothing to disclose yet").wait_for()
    assert notebook.own is None


# The server writes in place, so a new time may come before the whole text.
SAVING = """
import json, pathlib, time
from comm import create_comm
path = pathlib.Path("analysis.ipynb")
before = path.stat().st_mtime_ns
create_comm(target_name="synthnb.save", data={})
def saved():
    try:
        return path.stat().st_mtime_ns != before and json.loads(path.read_text())
    except ValueError:
        return None
until = time.monotonic() + 10
while not saved() and time.monotonic() < until:
    time.sleep(0.02)
[cell["cell_type"] for cell in (saved() or {"cells": []})["cells"]]
"""


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_a_kernel_can_have_its_notebook_saved_within_a_cell(opened: Opener, app: str) -> None:
    notebook = opened([showing(FIRST), SAVING], app=app)
    notebook.run(0)
    notebook.run(2, "Control+Enter")
    assert notebook.document["cells"][2]["outputs"][0]["data"]["text/plain"] == "['code', 'markdown', 'code']"
