"""A review in JupyterLab by keyboard alone: two raters, a restart in between, and nothing in the notebook that tells an origin."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Opener
    from .pages import NotebookPage

pytestmark = pytest.mark.ui

AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
RUBRIC = """id = "usable"
version = 1
instructions = "Would you work with it?"
[[questions]]
id = "use"
text = "Would you work with this text?"
scale = "nominal"
answers = [{value = "yes", label = "Yes"}, {value = "no", label = "No"}]
"""
BEGIN = f"""from pathlib import Path
import pandas as pd
from synthnb._api.reviewing import review
from synthnb.jupyter.reviewing import show_widget
Path("usable.toml").write_text({RUBRIC!r})
made = pd.DataFrame({{"note": [f"planted letter {{i}}" for i in range(20)]}})
ward = pd.DataFrame({{"note": [f"planted report {{i}}" for i in range(20)]}})
reviewed = review(made, ward, n=12, text="note", rubric="usable.toml", names=("made", "ward"))
show_widget(reviewed, "a")"""
SECOND = 'show_widget(reviewed, "b")'
RESULTS = """results = reviewed.results()
print("kappa", round(results.score("cohen_kappa", "use").value, 6), "twice", results.double_rated, results.finished)
print([one.item for one in results.disagreements])"""
LISTEN = """window.heard = []; ask.panel().sessionContext.session.kernel.anyMessage.connect((_, { msg, direction }) => {
  if (msg.header.msg_type === 'comm_msg') heard.push(JSON.stringify({ direction, data: msg.content.data })); });"""
YES = {"a": set(range(1, 7)), "b": {1, 2, 3, 4, 5, 7}}
"""What each rater finds usable. They agree on 10 of 12 and each says yes to half: kappa is (10/12 - 1/2) / (1 - 1/2) = 2/3."""


def into_widget(notebook: NotebookPage, cell: int) -> None:
    """Tab from a cell into its widget, and begin."""
    notebook.cell(cell).locator(".synthnb-review").get_by_role("button", name="Begin").wait_for()
    notebook.select(cell)
    for _ in range(60):
        notebook.press("Tab")
        if notebook.page.evaluate("document.activeElement.closest('.synthnb-review form') != null"):
            break
    notebook.press("Enter")
    notebook.cell(cell).locator(".rv-item").wait_for()


def leave(notebook: NotebookPage) -> None:
    """Go back to the notebook."""
    notebook.press("Escape")
    notebook.wait("document.activeElement.closest('.synthnb-review') == null")


def shown(notebook: NotebookPage, cell: int) -> int:
    """The number of the item that a widget shows."""
    words = notebook.cell(cell).locator(".rv-place").inner_text()
    return int(re.findall(r"item-(\d+)", words)[0])


def rate(notebook: NotebookPage, cell: int, rater: str, count: int) -> None:
    """Rate so many items by digits, as planned."""
    widget = notebook.cell(cell).locator(".synthnb-review")
    for _ in range(count):
        number, done = shown(notebook, cell), widget.locator(".rv-count").inner_text()
        notebook.press("1" if number in YES[rater] else "2")
        notebook.page.wait_for_function(
            "([cell, done]) => document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell')[cell]"
            ".querySelector('.rv-count').textContent !== done",
            arg=[cell, done],
        )
        notebook.settle()


def restart(notebook: NotebookPage) -> None:
    leave(notebook)
    notebook.page.evaluate("ask.panel().sessionContext.session.kernel.restart()")
    notebook.wait("ask.isReady()")


def test_two_raters_and_a_restart_give_the_kappa_worked_out_by_hand(opened: Opener, screenshots: Path) -> None:
    notebook = opened([BEGIN, SECOND, RESULTS])
    notebook.run(0)
    into_widget(notebook, 0)
    notebook.page.screenshot(path=screenshots / "review-lab.png")
    rate(notebook, 0, "a", 5)
    restart(notebook)
    notebook.run(0)
    into_widget(notebook, 0)
    assert notebook.cell(0).locator(".rv-count").inner_text() == "5 of 12 rated"
    rate(notebook, 0, "a", 7)
    notebook.cell(0).get_by_text("All 12 items are rated.").wait_for()
    leave(notebook)
    notebook.run(1)
    into_widget(notebook, 1)
    rate(notebook, 1, "b", 12)
    leave(notebook)
    notebook.run(2)
    said = notebook.cell(2).inner_text()
    assert "kappa 0.666667 twice 1.0 True" in said
    assert "['item-006', 'item-007']" in said


def test_neither_the_notebook_nor_a_message_tells_an_origin_and_no_item_is_saved(opened: Opener) -> None:
    notebook = opened([BEGIN, SECOND])
    notebook.page.evaluate(LISTEN)
    notebook.run(0)
    into_widget(notebook, 0)
    rate(notebook, 0, "a", 4)
    page = notebook.page.locator(".synthnb-review").evaluate("(node) => node.outerHTML")
    heard: list[Any] = [json.loads(one) for one in notebook.page.evaluate("heard")]
    custom = [one["data"]["content"] for one in heard if one["data"].get("method") == "custom"]
    assert [one["type"] for one in custom if one["type"] == "kept"] == ["kept"] * 4
    items = json.dumps([{name: value for name, value in one.items() if name != "content"} for one in custom])
    for word in ("synthetic", "real", "made", "ward", "origin", "key", "salt", "seed"):
        assert not re.search(rf"\b{word}\b", page)
        assert not re.search(rf"\b{word}\b", items)
    updates = json.dumps([one for one in heard if one["data"].get("method") == "update"])
    assert "planted" not in updates
    notebook.command("docmanager:save")
    notebook.wait("ask.saves > 0")
    saved = json.dumps(notebook.file())
    assert saved.count("planted") == 2  # the two lines of the cell that make the frames
    assert "planted" not in json.dumps([cell.get("outputs") for cell in notebook.file()["cells"]])
    assert "they need the running notebook" in saved
    written = "".join(path.read_text(encoding="utf-8") for path in notebook.path.parent.rglob("*.jsonl"))
    assert written.count("\n") == 4
    assert "planted" not in written


def test_digits_and_letters_do_not_reach_the_notebook(opened: Opener) -> None:
    notebook = opened([BEGIN, "print(1)"])
    notebook.run(0)
    into_widget(notebook, 0)
    cells = notebook.document["cells"]
    rate(notebook, 0, "a", 1)
    notebook.press("ArrowDown", "ArrowRight", "ArrowLeft", "u", "d", "d", "n", "Escape", "m", "a", "x")
    notebook.settle()
    assert [cell["source"] for cell in notebook.document["cells"]] == [cell["source"] for cell in cells]
    assert [cell["cell_type"] for cell in notebook.document["cells"]] == ["code", "code"]
    assert notebook.page.evaluate("document.activeElement.closest('.synthnb-review') != null")


@pytest.mark.skipif(not AXE.exists(), reason="axe-core isn't installed: run `jlpm install` in labextension/")
@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_no_violation(opened: Opener, theme: str, screenshots: Path) -> None:
    notebook = opened([BEGIN])
    notebook.page.evaluate("(it) => window.jupyterapp.commands.execute('apputils:change-theme', { theme: it }).then(() => null)", theme)
    notebook.run(0)
    begin = notebook.cell(0).locator(".synthnb-review")
    begin.get_by_role("button", name="Begin").wait_for()
    notebook.page.add_script_tag(path=AXE)
    check = "axe.run('.synthnb-review').then((found) => found.violations.map((one) => [one.id, one.nodes.map((n) => n.html)]))"
    assert notebook.page.evaluate(check) == []
    into_widget(notebook, 0)
    notebook.press("1", "n")
    assert notebook.page.evaluate(check) == []
    notebook.page.screenshot(path=screenshots / f"review-{theme.split()[-1].lower()}-lab.png")
