"""The dashboard judged by axe-core: every panel and every drill-down, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .conftest import Shown

pytestmark = pytest.mark.ui

AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
JUDGE = """async () => {
  const { violations } = await axe.run('.synthnb-report', { resultTypes: ['violations'] });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`);
}"""
DRILLED = ["columns", "pairs", "subgroups", "attacks", "analyses"]


def violations(page: Page) -> Any:
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    return page.evaluate(JUDGE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_panel(show: Shown, example: Any, scheme: str) -> None:
    page = show("report", scheme, report=example)
    found = {}
    for tab in page.get_by_role("tab").all():
        tab.click()
        found[tab.inner_text()] = violations(page)
    assert {name: those for name, those in found.items() if those} == {}
    assert len(found) == 9


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_drill_down(show: Shown, example: Any, scheme: str) -> None:
    page = show("report", scheme, report=example)
    found = {}
    for name in DRILLED:
        page.locator(f"[data-key=tab-{name}]").click()
        page.locator("[data-act=open]").first.click()
        found[name] = violations(page)
    assert {name: those for name, those in found.items() if those} == {}
