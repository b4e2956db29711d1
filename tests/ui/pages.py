"""A notebook in a browser: what a person does to it, and what it then holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import nbformat

from synthnb._canonical import digest

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

RECORD = "application/vnd.synthnb.record+json"
REPORT = "application/vnd.synthnb.report+json"
Json = dict[str, Any]

# What the tests ask of the application; it is exposed as `window.jupyterapp`.
ASK = """
window.ask = {
  panel: () => window.jupyterapp?.shell?.currentWidget,
  document: () => ask.panel().model.sharedModel.toJSON(),
  isReady: () => !!ask.panel()?.context?.isReady && ask.panel().sessionContext?.session?.kernel?.status === 'idle',
  replies: 0,
  hasRun: (replies) => ask.replies >= replies && ask.panel().sessionContext.session.kernel.status === 'idle'
    && ask.panel().content.widgets.every((cell) => cell.model.executionState !== 'running'),
  frames: async (count) => { for (let i = 0; i < count; i += 1) await new Promise(requestAnimationFrame); },
  saves: 0,
  listen: () => {
    ask.panel().context.saveState.connect((_, state) => { ask.saves += state === 'completed'; });
    ask.panel().sessionContext.session.kernel.anyMessage.connect((_, { msg, direction }) => {
      ask.replies += direction === 'recv' && msg.header.msg_type === 'execute_reply';
    });
  },
};
"""


def code_cell(source: str, *bundles: Json) -> Json:
    """A code cell, run before if there are bundles that it shows."""
    outputs = [{"output_type": "display_data", "metadata": {}, "data": bundle} for bundle in bundles]
    return {"cell_type": "code", "execution_count": 1 if bundles else None, "metadata": {}, "outputs": outputs, "source": source}


def write_notebook(path: Path, cells: list[Any], metadata: Json) -> None:
    """Write a notebook of cells; a text stands for a code cell."""
    made = [code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {
        "cells": [{"id": f"cell-{index}"} | cell for index, cell in enumerate(made)],
        "metadata": kernel | metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def make_entry(name: str = "synthetic", *, second: int = 0, kind: str = "generate", **fields: str) -> Json:
    """An entry as a verb would make it."""
    slot = "disclose" if kind == "disclose" else f"{kind}:{name}"
    entry = {
        "id": f"run-{second:012x}",
        "kind": kind,
        "created": f"2026-11-23T15:40:{second:02d}Z",
        "slot": slot,
        "partial": False,
        "fields": fields or {"isSynthetic": f"{name}: every value is synthetic", "madeInBrief": f"{name}: {second}"},
        "detail": {"rows": 2139},
    }
    return entry | {"digest": digest(entry)}


def showing(*entries: Json, html: str = "made", **more: Any) -> str:
    """A cell's source that shows what a verb would show for these entries."""
    record = {"schema": "synthnb.record/1", "entries": list(entries)}
    bundle = {RECORD: record, "text/html": f"<p>{html}</p>", "text/plain": html} | more
    return f"import json\nfrom IPython.display import display\ndisplay(json.loads({json.dumps(json.dumps(bundle))}), raw=True)"


class NotebookPage:
    """A notebook that is open in JupyterLab or Jupyter Notebook."""

    def __init__(self, page: Page, url: str, path: Path, name: str) -> None:
        self.page = page
        self.path = path
        self._url = url
        self._name = name
        page.add_init_script(ASK)

    def open(self, app: str = "lab") -> None:
        """Go to the notebook and wait for its kernel."""
        place = {"lab": f"/lab/tree/{self._name}?reset", "notebook": f"/notebooks/{self._name}"}[app]
        self.page.goto(self._url + place)
        self.wait("ask.isReady()")
        self.page.evaluate("ask.listen()")

    def close(self) -> None:
        """End the kernel and leave."""
        self.page.evaluate("window.jupyterapp.serviceManager.sessions.shutdownAll()")
        self.page.close()

    def wait(self, condition: str, argument: object = None) -> None:
        """Wait until a condition in the page holds."""
        self.page.wait_for_function(f"(it) => {condition}", arg=argument)

    def settle(self) -> None:
        """Wait until whatever was due at the next frames is done."""
        self.page.evaluate("ask.frames(4)")

    def press(self, *keys: str) -> None:
        """Press keys in the page, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def select(self, index: int) -> None:
        """Make a cell the active one, in command mode."""
        self.page.evaluate("(it) => { ask.panel().content.mode = 'command'; ask.panel().content.activeCellIndex = it; }", index)
        self.page.evaluate("window.jupyterapp.shell.activateById(ask.panel().id)")
        self.wait("document.activeElement?.closest('.jp-Notebook') != null")

    def show(self, index: int) -> None:
        """Scroll to a cell; cells far from the viewport aren't in the page."""
        self.select(index)
        self.page.evaluate("(it) => ask.panel().content.scrollToItem(it, 'start')", index)

    def start(self, index: int, keys: str = "Shift+Enter") -> int:
        """Run a cell by keyboard; gives how many cells have run when it has."""
        self.select(index)
        replies = cast(int, self.page.evaluate("ask.replies"))
        self.press(keys)
        return replies + 1

    def run(self, index: int, keys: str = "Shift+Enter") -> None:
        """Run a cell by keyboard and wait until it and its consequences are done."""
        self.wait_for(self.start(index, keys))

    def run_all(self) -> None:
        """Run all cells and wait until they are done."""
        cells = [cell for cell in self.document["cells"] if cell["cell_type"] == "code"]
        replies = cast(int, self.page.evaluate("ask.replies"))
        self.command("notebook:run-all-cells")
        self.wait_for(replies + len(cells))

    def wait_for(self, replies: int) -> None:
        """Wait until so many cells have run, and their consequences are done."""
        self.wait("ask.hasRun(it)", replies)
        self.settle()

    def command(self, name: str) -> None:
        """Execute a command as the palette would."""
        self.page.evaluate("(it) => window.jupyterapp.commands.execute(it).then(() => null)", name)

    def save(self) -> Json:
        """Save by keyboard and read the file."""
        saves = self.page.evaluate("ask.saves")
        self.press("Control+s")
        self.wait("ask.saves > it", saves)
        return self.file()

    def file(self) -> Json:
        """The notebook as it is on disk, which must be valid."""
        notebook: Json = json.loads(self.path.read_text(encoding="utf-8"))
        nbformat.validate(notebook)
        return notebook

    def reload(self) -> None:
        """Load the page anew."""
        self.page.reload()
        self.wait("ask.isReady()")
        self.page.evaluate("ask.listen()")

    @property
    def document(self) -> Json:
        """The notebook as the browser holds it."""
        return cast(Json, self.page.evaluate("ask.document()"))

    @property
    def own(self) -> Json | None:
        """The disclosure's metadata."""
        return cast("Json | None", self.document["metadata"].get("synthnb"))

    @property
    def disclosures(self) -> list[int]:
        """Where the disclosure cells stand."""
        return [index for index, cell in enumerate(self.document["cells"]) if "synthnb-disclosure" in cell["metadata"].get("tags", [])]

    @property
    def status(self) -> Locator:
        """The status bar's item."""
        return self.page.locator(".jp-synthnb-Status button")

    def cell(self, index: int) -> Locator:
        """A cell of the visible notebook."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell").nth(index)

    def block(self) -> str:
        """The source of the one disclosure cell."""
        (index,) = self.disclosures
        return cast(str, self.document["cells"][index]["source"])

    def set_source(self, index: int, source: str) -> None:
        """Write a cell's source as typing it would."""
        self.page.evaluate("([index, source]) => ask.panel().model.sharedModel.getCell(index).setSource(source)", [index, source])
