"""The whole loop on the real trial, by keyboard: in JupyterLab, in Notebook 7, and without either."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .pages import REPORT, Json, NotebookPage, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

    from .conftest import Opener, Server

pytestmark = [pytest.mark.ui, pytest.mark.timeout(600)]

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"
PATIENCE = 240_000
VARIES = [
    (re.compile(r"\b(run|report|statement|export|disclose)-[0-9a-f]{12}\b"), r"\1-ID"),
    (re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?( UTC|Z)"), "TIME"),
    (re.compile(r"\b\d+(\.\d+)? s\b"), "SECONDS"),
    (re.compile(r"\b\d+(\.\d+)? Wh\b"), "ENERGY"),  # estimated from seconds
]


def cells() -> list[Any]:
    found: list[Any] = json.loads(QUICKSTART.read_text(encoding="utf-8"))["cells"]
    return found


def run_by_keyboard(notebook: NotebookPage) -> None:
    """Press Shift+Enter from the first cell to the last, waiting for each."""
    notebook.page.set_default_timeout(PATIENCE)
    index = 0
    while index < len(notebook.document["cells"]):
        cell = notebook.document["cells"][index]
        if cell["cell_type"] == "code" and cell["source"]:
            notebook.run(index)
        index += 1


def what_was_stated(notebook: Json) -> Json:
    """The record's fields but for ids, times and what depends on them."""
    own = notebook["metadata"]["synthnb"]
    kept = {entry["id"] for entry in own["entries"] if entry["kind"] not in {"export", "disclose"}}
    stated = {name: [value["value"] for value in field["values"] if kept & set(value["from"])] for name, field in own["fields"].items()}
    text = json.dumps(stated, ensure_ascii=False, sort_keys=True)
    for pattern, word in VARIES:
        text = pattern.sub(word, text)
    shape: Json = json.loads(text)
    return shape


@pytest.fixture(scope="module")
def headless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quickstart, run by nbclient and then disclosed, with no lab extension near it."""
    path = tmp_path_factory.mktemp("headless") / "analysis.ipynb"
    path.write_bytes(QUICKSTART.read_bytes())
    subprocess.run(
        [sys.executable, "-c", "from nbclient.cli import main; main()", "--inplace", str(path)],
        check=True,
        capture_output=True,
        cwd=path.parent,
    )
    subprocess.run([sys.executable, "-m", "synthnb", "disclose", str(path)], check=True, capture_output=True, cwd=path.parent)
    return path


@pytest.fixture(scope="module")
def live(server: Server, browser: BrowserContext, screenshots: Path) -> dict[str, Json]:
    """The quickstart, run by keyboard in each application and saved."""
    return {app: _run_live(app, server, browser, screenshots) for app in ("lab", "notebook")}


def _run_live(app: str, server: Server, browser: BrowserContext, screenshots: Path) -> Json:
    path = server.root / f"quickstart-{app}" / "analysis.ipynb"
    write_notebook(path, cells(), {})
    notebook = NotebookPage(browser.new_page(), server.url, path, f"{path.parent.name}/{path.name}")
    notebook.open(app)
    run_by_keyboard(notebook)
    notebook.page.set_default_timeout(20_000)
    evaluated = next(index for index, cell in enumerate(notebook.document["cells"]) if cell["source"].startswith("%synth evaluate"))
    notebook.show(evaluated)
    notebook.cell(evaluated).get_by_role("tab", name="Columns").click()
    notebook.page.screenshot(path=screenshots / f"quickstart-{app}.png")
    saved = notebook.save()
    notebook.close()
    return saved


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_the_loop_runs_by_keyboard(app: str, live: dict[str, Json]) -> None:
    saved = live[app]
    outputs = [output for cell in saved["cells"] for output in cell.get("outputs", [])]
    assert [output for output in outputs if output["output_type"] == "error"] == []
    assert [index for index, cell in enumerate(saved["cells"]) if "synthnb-disclosure" in cell["metadata"].get("tags", [])] == [6]
    assert [entry["kind"] for entry in saved["metadata"]["synthnb"]["entries"]] == ["generate", "column", "evaluate", "export", "export"]


def test_saved_and_opened_again_nothing_changes(opened: Opener, live: dict[str, Json]) -> None:
    saved = live["lab"]
    notebook = opened(saved["cells"], metadata=saved["metadata"])
    notebook.settle()
    again = notebook.save()
    assert again["cells"] == saved["cells"]
    assert again["metadata"]["synthnb"] == saved["metadata"]["synthnb"]


def test_without_a_lab_the_record_is_the_same_but_for_ids_and_times(headless: Path, live: dict[str, Json]) -> None:
    alone = what_was_stated(json.loads(headless.read_text(encoding="utf-8")))
    assert what_was_stated(live["lab"]) == alone
    assert what_was_stated(live["notebook"]) == alone


def test_every_part_verifies(headless: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "synthnb", "verify", str(headless)], capture_output=True, text=True, cwd=headless.parent)
    assert done.returncode == 0, done.stdout


def test_the_export_is_whole_without_a_network(headless: Path, browser: BrowserContext, screenshots: Path) -> None:
    subprocess.run([sys.executable, "-m", "synthnb", "export", str(headless), str(headless.with_suffix(".html"))], check=True)
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(headless.with_suffix(".html").as_uri())
    page.get_by_role("tab", name="Subgroups").click()
    page.get_by_role("heading", name="Synthetic data disclosure").first.wait_for()
    page.screenshot(path=screenshots / "quickstart-export.png", full_page=True)
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    page.close()


def test_each_static_form_stays_small(headless: Path) -> None:
    notebook = json.loads(headless.read_text(encoding="utf-8"))
    bundles = [output["data"] for cell in notebook["cells"] for output in cell.get("outputs", []) if "data" in output]
    report = next(bundle for bundle in bundles if REPORT in bundle)
    assert len("".join(report["text/html"]).encode()) < 300_000
    assert len(json.dumps(report[REPORT])) < 64_000
