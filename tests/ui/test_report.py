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
AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
JUDGE = """async () => {
  const { violations } = await axe.run('.synthnb-report', { resultTypes: ['violations'] });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`);
}"""
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


def go_to(notebook: NotebookPage, tab: str) -> None:
    """Open a part of the report by arrow keys."""
    report = notebook.page.locator(".jp-synthnb-Report")
    report.locator("[role=tab][aria-selected=true]").focus()
    notebook.press("Home")
    for _ in range(report.get_by_role("tab").count()):
        if report.locator("[role=tab]:focus").inner_text().startswith(tab):
            return
        notebook.press("ArrowRight")


def tab_until(notebook: NotebookPage, key: str) -> None:
    """Press Tab until a control of the report has the focus."""
    for _ in range(12):
        notebook.press("Tab")
        if notebook.page.evaluate("document.activeElement.dataset.key") == key:
            return
    pytest.fail(f"The Tab key does not reach {key}.")


def test_a_filter_a_list_and_a_drill_down_by_keyboard_alone(opened: Opener) -> None:
    notebook = opened([report_cell(), "1 + 1"])
    assert_drawn(notebook)
    go_to(notebook, "Columns")
    tab_until(notebook, "find")
    notebook.page.keyboard.type("cd4 dd")
    notebook.press("Backspace", "Backspace", "Backspace")
    tab_until(notebook, "columns-11")
    notebook.press("ArrowRight", "Enter")
    report = notebook.page.locator(".jp-synthnb-Report")
    report.get_by_role("heading", name="cd4_baseline", exact=True).wait_for()
    notebook.press("Escape")
    assert notebook.page.evaluate("document.activeElement.dataset.key") == "columns-10"
    assert notebook.page.evaluate("ask.panel().content.mode") == "command"
    assert [cell["source"] for cell in notebook.document["cells"]] == ["evaluate()", "1 + 1"]


def test_the_report_is_copied_by_keyboard_and_it_is_said(opened: Opener) -> None:
    notebook = opened([report_cell()])
    assert_drawn(notebook)
    notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    notebook.page.locator(".jp-synthnb-Report").get_by_role("combobox", name="Copy").focus()
    tab_until(notebook, "LaTeX")
    notebook.press("Enter")
    notebook.page.get_by_text("Copied as LaTeX.").wait_for()
    text = notebook.page.evaluate("navigator.clipboard.readText()")
    assert text.count("\\toprule") > 5


PANELS = ["overview", "gates", "columns", "pairs", "subgroups", "attacks", "analyses", "further", "absent"]


def use_theme(notebook: NotebookPage, theme: str) -> None:
    notebook.page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", f"JupyterLab {theme}")
    notebook.wait("document.body.dataset.jpThemeLight === it", str(theme == "Light").lower())
    notebook.settle()


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_axe_finds_nothing_in_the_live_lab(opened: Opener, screenshots: Path, theme: str) -> None:
    notebook = opened([report_cell()])
    assert_drawn(notebook)
    use_theme(notebook, theme)
    notebook.page.add_script_tag(path=AXE)
    report = notebook.page.locator(".jp-synthnb-Report")
    found = {}
    for name in PANELS:
        report.locator(f"[data-key=tab-{name}]").click()
        found[name] = notebook.page.evaluate(JUDGE)
        report.screenshot(path=screenshots / f"report-{name}-{theme.lower()}.png")
    use_theme(notebook, "Light")
    assert {name: those for name, those in found.items() if those} == {}


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_themes(opened: Opener, screenshots: Path, theme: str) -> None:
    notebook = opened([showing(make_entry(), **{REPORT: EXAMPLE}), "1 + 1"])
    use_theme(notebook, theme)
    notebook.run(0)
    assert_drawn(notebook)
    notebook.cell(1).get_by_role("heading").wait_for()
    notebook.page.screenshot(path=screenshots / f"lab-{theme.lower()}.png")
    notebook.cell(1).screenshot(path=screenshots / f"disclosure-{theme.lower()}.png")
    use_theme(notebook, "Light")
