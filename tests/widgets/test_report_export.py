"""The dashboard in an exported page: one file, no network, the module inlined."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from synthnb.jupyter.mime import report_bundle
from synthnb.jupyter.nbconvert import SynthHTMLExporter

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.ui


def export(report: Any, file: Path) -> Path:
    """A notebook that shows the report, as a page of its own."""
    made: Any = nbformat.v4
    exporter: Any = SynthHTMLExporter
    output = made.new_output("display_data", data=report_bundle(report, []))
    notebook = made.new_notebook(cells=[made.new_code_cell("%synth evaluate", outputs=[output])])
    page, _ = exporter().from_notebook_node(notebook)
    file.write_text(page, encoding="utf-8")
    return file


def test_an_exported_page_draws_the_dashboard_offline(browser: Browser, example: Any, tmp_path: Path) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(export(example, tmp_path / "page.html").as_uri())
    page.get_by_role("tab", name="Attacks").click()
    page.get_by_role("button", name="linkability").click()
    assert "inconclusive" in page.locator(".synthnb-report [role=tabpanel]").inner_text()
    context.close()


def test_without_scripts_the_page_holds_the_static_report(browser: Browser, example: Any, tmp_path: Path) -> None:
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(export(example, tmp_path / "page.html").as_uri())
    text = page.locator(".synthnb-card").first.inner_text()
    assert all(word in text for word in ("Gates", "Attacks, highest risk first", "Analysis cox", "Not evaluated"))
    context.close()
