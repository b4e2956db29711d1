"""One browser and the widgets' modules in a page of their own, as an exported HTML holds them."""

from __future__ import annotations

import base64
import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright

from synthnb.widgets._modules import module, styles

ROOT = Path(__file__).parents[2]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOST = """
const traits = JSON.parse(document.getElementById('traits').textContent);
const calls = {};
window.model = {
  get: (name) => traits[name],
  set: (name, value) => { traits[name] = value; calls[`change:${name}`]?.(); },
  save_changes: () => { window.sent = structuredClone(traits); },
  on: (event, call) => { calls[event] = call; },
  off: (event) => { delete calls[event]; },
};
window.draw = () => { window.release = widget.render({ model: window.model, el: document.getElementById('here') }); };
window.draw();
window.calls = calls;
"""

Shown = Callable[..., Page]


@pytest.fixture(scope="session")
def example() -> Any:
    """A report as evaluate() makes it."""
    return json.loads((ROOT / "tests" / "fixtures" / "report" / "example.json").read_text(encoding="utf-8"))


@pytest.fixture
def report(example: Any) -> Any:
    """The same, free to be changed."""
    return copy.deepcopy(example)


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
    yield chromium
    chromium.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Shown]:
    """Open a page, from a file and offline, that draws a widget from its traits."""
    context = browser.new_context(viewport={"width": 1000, "height": 900}, offline=True)

    def open_page(widget: str, /, scheme: Any = "light", **traits: Any) -> Page:
        source = base64.b64encode(module(widget).encode()).decode()
        island = json.dumps(traits).replace("<", "\\u003c")
        file = tmp_path / "page.html"
        file.write_text(
            f"<!doctype html><html lang=en><meta charset=utf-8><title>page</title><style>{styles(widget)}</style>"
            f'<div id=here></div><script type="application/json" id=traits>{island}</script>'
            f"<script type=module>import widget from 'data:text/javascript;base64,{source}';{HOST}</script>",
            encoding="utf-8",
        )
        page = context.new_page()
        page.emulate_media(color_scheme=scheme)
        page.goto(file.as_uri())
        page.wait_for_function("window.calls")
        return page

    yield open_page
    context.close()
