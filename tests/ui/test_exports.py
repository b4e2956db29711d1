"""Exports opened in a browser, and what Jupyter's server offers and writes."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from synthnb.disclosure.embedded import from_html
from synthnb.disclosure.entries import entry_for_run
from synthnb.jupyter.nbconvert import export_notebook

from .pages import RECORD, REPORT, Json, code_cell

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

    from .conftest import Server

pytestmark = pytest.mark.ui

EXAMPLE = Path(__file__).parents[1] / "fixtures" / "report" / "example.json"
HOSTILE = "<script>document.title='owned'</script><img src='https://example.org/x.png' onerror=\"document.title='owned'\">"


def content() -> Json:
    """A notebook with a run, a report and an output that would run and fetch."""
    run: Json = {"id": "run-0123456789ab", "kind": "generate", "engine": "trees", "engine_reason": "It was asked for.", "seed": 7}
    run |= {"started": "2026-11-23T15:40:00Z", "ended": "2026-11-23T15:40:03Z", "requested": 9, "delivered": 9, "recipe_digest": "sha256:a"}
    run |= {"inputs": [], "versions": {"synthnb": "0.1.0"}}
    run |= {"output": {"name": "synthetic", "rows": 9, "columns": ["a"], "digest": "sha256:c"}}
    report = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    carried = {RECORD: {"schema": "synthnb.record/1", "entries": [entry_for_run(run)]}, "text/html": "<b>Made</b>"}
    cells = [code_cell("%synth generate", carried), code_cell("%synth evaluate", {REPORT: report, "text/html": "<b>static</b>"})]
    cells += [code_cell("show()", {"text/html": HOSTILE})]
    named = [{"id": f"cell-{index}"} | cell for index, cell in enumerate(cells)]
    return {"cells": named, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def opened_file(browser: BrowserContext, tmp_path: Path) -> Iterator[Callable[[str], tuple[Page, list[str]]]]:
    """Open an export; everything it asks for is listed, and nothing but the file itself is given."""
    page = browser.new_page()
    asked: list[str] = []

    def handle(route: Any) -> None:
        asked.append(route.request.url)
        route.continue_() if route.request.url.startswith("file:") else route.abort()

    def open_file(name: str) -> tuple[Page, list[str]]:
        export_notebook(content(), tmp_path / name)
        page.route("**/*", handle)
        page.on("pageerror", lambda error: asked.append(str(error)))
        page.goto((tmp_path / name).as_uri())
        return page, asked

    yield open_file
    page.close()


def test_a_page_draws_the_dashboard_offline_and_runs_nothing_else(opened_file: Callable[..., Any], screenshots: Path) -> None:
    page, asked = opened_file("trial.html")
    page.locator(".synthnb-report-host[data-live]").wait_for()
    page.get_by_role("tab", name="Columns").click()
    assert page.get_by_role("tabpanel").is_visible()
    assert page.title() == "trial"
    assert len(asked) == 1
    page.screenshot(path=screenshots / "export-page.png", full_page=True)


def test_slides_turn_by_keys_and_buttons(opened_file: Callable[..., Any], screenshots: Path) -> None:
    page, asked = opened_file("trial.slides.html")
    place = page.locator(".synthnb-turn output")
    page.keyboard.press("ArrowRight")
    assert place.inner_text() == "Slide 2 of 4"
    assert page.locator(".synthnb-slide[data-current]").get_by_role("heading", name="Synthetic data disclosure").is_visible()
    page.get_by_role("button", name="Next").click()
    page.keyboard.press("End")
    assert place.inner_text() == "Slide 4 of 4"
    page.keyboard.press("Home")
    assert page.locator(".synthnb-slide:visible").count() == 1
    assert len(asked) == 1
    page.screenshot(path=screenshots / "export-slides.png")


def test_the_server_offers_our_exporters_and_its_own_keep_the_disclosure(server: Server) -> None:
    (server.root / "never.ipynb").write_text(json.dumps(content()), encoding="utf-8")
    with urllib.request.urlopen(f"{server.url}/api/nbconvert", timeout=60) as answer:
        offered = set(json.load(answer))
    assert {f"synth-{kind}" for kind in ("html", "latex", "markdown", "notebook", "pdf", "script", "slides")} <= offered
    page = urllib.request.Request(f"{server.url}/nbconvert/html/never.ipynb", headers={"Referer": f"{server.url}/lab"})
    with urllib.request.urlopen(page, timeout=60) as answer:
        found = from_html(answer.read().decode())
    assert not isinstance(found, str)
    assert [entry["kind"] for entry in found.record["entries"]] == ["generate"]
