"""The report drawn from its JSON alone: no kernel, no trust, no live widget."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .pages import REPORT, Json, NotebookPage, code_cell, make_entry, showing

if TYPE_CHECKING:
    from .conftest import Opener

pytestmark = pytest.mark.ui

EXAMPLE: Any = json.loads((Path(__file__).parents[1] / "fixtures" / "report" / "example.json").read_text(encoding="utf-8"))
WIDGET = "application/vnd.jupyter.widget-view+json"
DEAD_WIDGET = {"model_id": "0123456789abcdef0123456789abcdef", "version_major": 2, "version_minor": 0}
HTML = "<p>static</p><script>window.attacked = true</script><img src=x onerror='window.attacked = true'>"


def report_cell() -> Json:
    """A cell as a saved notebook has it: everything in one bundle, and nobody has signed it."""
    return code_cell("evaluate()", {REPORT: EXAMPLE, WIDGET: DEAD_WIDGET, "text/html": HTML, "text/plain": "report"})


def assert_drawn(notebook: NotebookPage) -> None:
    drawn = notebook.page.locator(".jp-Notebook .jp-synthnb-Report section.synthnb-report")
    drawn.get_by_text(EXAMPLE["headline"]).first.wait_for()
    assert drawn.count() == 1


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_a_stored_report_is_drawn_without_trust(opened: Opener, app: str) -> None:
    notebook = opened([report_cell()], app=app)
    assert_drawn(notebook)
    assert notebook.page.evaluate("window.attacked") is None
    assert notebook.page.get_by_text("Error displaying widget").count() == 0


def test_a_report_stays_when_the_kernel_is_gone(opened: Opener) -> None:
    notebook = opened([showing(make_entry(), **{REPORT: EXAMPLE, WIDGET: DEAD_WIDGET})])
    notebook.run(0)
    assert_drawn(notebook)
    notebook.save()
    notebook.page.evaluate("ask.panel().sessionContext.shutdown()")
    notebook.wait("ask.panel().sessionContext.session === null")
    assert_drawn(notebook)
    notebook.reload()
    assert_drawn(notebook)


def test_a_report_is_worked_by_keyboard(opened: Opener) -> None:
    notebook = opened([report_cell(), "1 + 1"])
    assert_drawn(notebook)
    tabs = notebook.page.locator(".jp-synthnb-Report").get_by_role("tab")
    tabs.first.focus()
    notebook.press("ArrowRight")
    notebook.wait("document.activeElement?.getAttribute('role') === 'tab' && document.activeElement.ariaSelected === 'true'")
    assert tabs.nth(1).get_attribute("aria-selected") == "true"
    assert notebook.page.evaluate("ask.panel().content.activeCellIndex") == 0


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_themes(opened: Opener, screenshots: Path, theme: str) -> None:
    notebook = opened([showing(make_entry(), **{REPORT: EXAMPLE}), "1 + 1"])
    execute = "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
    notebook.page.evaluate(execute, f"JupyterLab {theme}")
    notebook.wait("document.body.dataset.jpThemeLight === it", str(theme == "Light").lower())
    notebook.run(0)
    assert_drawn(notebook)
    notebook.cell(1).get_by_role("heading").wait_for()
    notebook.page.screenshot(path=screenshots / f"lab-{theme.lower()}.png")
    notebook.cell(1).screenshot(path=screenshots / f"disclosure-{theme.lower()}.png")
    notebook.page.evaluate(execute, "JupyterLab Light")
    notebook.wait("document.body.dataset.jpThemeLight === 'true'")
