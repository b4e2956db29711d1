"""The disclosure cell in JupyterLab: when it comes, stays, changes and goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .pages import RECORD, Json, NotebookPage, code_cell, make_entry, showing

if TYPE_CHECKING:
    from .conftest import Opener

pytestmark = pytest.mark.ui

FIRST = make_entry(second=1)
LATER = make_entry(second=2)


def stated_by(notebook: NotebookPage) -> list[str]:
    """The ids of the entries that the metadata holds."""
    return [entry["id"] for entry in (notebook.own or {"entries": []})["entries"]]


def test_the_first_run_brings_one_cell_after_its_own(opened: Opener) -> None:
    notebook = opened(["1 + 1", showing(FIRST), "2 + 2"])
    notebook.run(1)
    assert notebook.disclosures == [2]
    assert stated_by(notebook) == [FIRST["id"]]
    notebook.cell(2).get_by_role("heading", name="Synthetic data disclosure").wait_for()
    saved = notebook.save()
    assert saved["metadata"]["synthnb"] == notebook.own
    assert [cell["cell_type"] for cell in saved["cells"]] == ["code", "code", "markdown", "code"]


def test_a_cell_without_a_record_changes_nothing(opened: Opener) -> None:
    notebook = opened(["1 + 1"])
    notebook.run(0, "Control+Enter")
    assert notebook.own is None
    assert len(notebook.document["cells"]) == 1


def test_a_later_run_updates_the_cell_in_place(opened: Opener) -> None:
    notebook = opened([showing(FIRST), "2 + 2"])
    notebook.run(0)
    notebook.set_source(0, showing(LATER))
    notebook.run(0)
    assert notebook.disclosures == [1]
    assert "- **How it was made:** synthetic: 2" in notebook.block()
    notebook.cell(1).get_by_role("listitem").filter(has_text="synthetic: 2").wait_for()


def test_words_around_the_block_survive(opened: Opener) -> None:
    notebook = opened([showing(FIRST), "2 + 2"])
    notebook.run(0)
    notebook.set_source(1, f"Before.\n\n{notebook.block()}\n\nAfter.")
    notebook.set_source(0, showing(LATER))
    notebook.run(0)
    assert notebook.block().startswith("Before.\n\n<!-- synthnb")
    assert notebook.block().endswith("-->\n\nAfter.")
    assert "synthetic: 2" in notebook.block()


def test_words_inside_the_block_are_replaced_when_the_cell_is_run(opened: Opener) -> None:
    notebook = opened([showing(FIRST), "2 + 2"])
    notebook.run(0)
    block = notebook.block()
    notebook.set_source(1, block.replace("synthetic: 1", "synthetic: 999"))
    notebook.select(1)
    notebook.press("Shift+Enter")
    notebook.settle()
    assert notebook.block() == block


def test_undo_leaves_the_cell_alone(opened: Opener) -> None:
    notebook = opened([showing(FIRST), "2 + 2"])
    notebook.run(0)
    notebook.select(0)
    notebook.press("b", "z", "z", "z", "Shift+z", "z")
    notebook.settle()
    assert notebook.disclosures == [1]
    assert stated_by(notebook) == [FIRST["id"]]
    notebook.press("Enter", "Control+z", "Control+z", "Escape")
    notebook.settle()
    assert notebook.disclosures == [1]
    assert notebook.document["cells"][0]["source"] == showing(FIRST)


def test_deleting_the_cell_is_an_opt_out(opened: Opener) -> None:
    notebook = opened([showing(FIRST), "2 + 2"])
    notebook.run(0)
    notebook.select(1)
    notebook.press("d", "d")
    notebook.settle()
    notebook.run(0)
    assert notebook.disclosures == []
    saved = notebook.save()["metadata"]["synthnb"]
    assert saved["opt_out"]["at"].endswith("Z")
    assert "cell" not in saved
    assert [entry["id"] for entry in saved["entries"]] == [FIRST["id"]]


def test_undoing_the_deletion_ends_the_opt_out(opened: Opener) -> None:
    notebook = opened([showing(FIRST), "2 + 2"])
    notebook.run(0)
    before = notebook.own
    notebook.select(1)
    notebook.press("d", "d")
    notebook.settle()
    assert notebook.own is not None
    assert "opt_out" in notebook.own
    notebook.press("z")
    notebook.settle()
    assert notebook.disclosures == [1]
    assert notebook.own == before


def test_moving_the_cell_is_no_deletion(opened: Opener) -> None:
    notebook = opened([showing(FIRST), "2 + 2"])
    notebook.run(0)
    before = notebook.own
    notebook.select(1)
    notebook.command("notebook:move-cell-down")
    notebook.settle()
    notebook.run(0)
    assert notebook.disclosures == [2]
    assert notebook.own == before


def test_opening_and_saving_again_changes_nothing(opened: Opener) -> None:
    notebook = opened([showing(FIRST), "2 + 2"])
    notebook.run_all()
    notebook.save()
    saved = notebook.path.read_bytes()
    document = notebook.document
    notebook.reload()
    notebook.settle()
    assert notebook.document["cells"] == document["cells"]
    assert notebook.own == document["metadata"]["synthnb"]
    notebook.save()
    assert notebook.path.read_bytes() == saved


def test_run_all_brings_one_cell(opened: Opener) -> None:
    evaluated = make_entry(second=3, kind="evaluate", fidelityResults="0.97")
    notebook = opened([showing(FIRST), "1 + 1", showing(LATER), showing(evaluated)])
    notebook.run_all()
    assert notebook.disclosures == [1]
    assert stated_by(notebook) == [FIRST["id"], LATER["id"], evaluated["id"]]
    notebook.run_all()
    assert notebook.disclosures == [1]
    assert "From 3 entries, 1 of them superseded by later ones." in notebook.block()


def disclosure_cell(words: str) -> Json:
    source = f"<!-- synthnb:disclosure:begin -->\nold\n<!-- synthnb:disclosure:end -->\n\n{words}"
    metadata = {"synthnb": {"role": "disclosure"}, "tags": ["synthnb-disclosure"]}
    return {"cell_type": "markdown", "metadata": metadata, "source": source}


def test_two_cells_become_one_when_something_has_run(opened: Opener) -> None:
    notebook = opened([showing(FIRST), disclosure_cell("Mine."), "1 + 1", disclosure_cell("Yours.")])
    notebook.settle()
    assert notebook.disclosures == [1, 3]
    notebook.run(0)
    assert notebook.disclosures == [1]
    assert notebook.block().endswith("-->\n\nMine.\n\nYours.")


def test_a_pasted_copy_is_merged(opened: Opener) -> None:
    notebook = opened([showing(FIRST), "1 + 1"])
    notebook.run(0)
    notebook.select(1)
    notebook.press("c", "v")
    notebook.settle()
    assert notebook.disclosures == [1]
    assert len(notebook.document["cells"]) == 3


def test_a_thread_that_updates_a_display_is_heard(opened: Opener, tmp_path: Path) -> None:
    go = tmp_path / "go"
    waiting = f"while not pathlib.Path({str(go)!r}).exists():\n        time.sleep(0.05)\n    "
    updating = showing(FIRST).replace("display(json", "shown.update(json")
    threaded = "import pathlib, threading, time, json\nshown = display('waiting', display_id=True)\n"
    body = f"def later():\n    {waiting}{updating.splitlines()[-1]}\nthreading.Thread(target=later).start()"
    notebook = opened([threaded + body])
    notebook.run(0, "Control+Enter")
    assert notebook.disclosures == []
    go.touch()
    notebook.wait("ask.document().metadata.synthnb !== undefined")
    notebook.settle()
    assert notebook.disclosures == [1]


def test_focus_and_scroll_stay_where_the_reader_is(opened: Opener, tmp_path: Path) -> None:
    go = tmp_path / "go"
    waiting = f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists():\n    time.sleep(0.05)\n"
    notebook = opened([waiting + showing(FIRST), *(f"'cell {index}'\n\n\n\n\n" for index in range(24))])
    replies = notebook.start(0, "Control+Enter")
    notebook.select(20)
    notebook.page.evaluate("ask.panel().content.scrollToItem(20, 'center')")
    notebook.cell(20).wait_for()
    notebook.press("Enter", "Control+End")
    notebook.page.keyboard.type("half a")
    notebook.settle()
    top = notebook.page.evaluate("document.activeElement.getBoundingClientRect().top")
    go.touch()
    notebook.wait_for(replies)
    assert notebook.disclosures == [1]
    assert abs(notebook.page.evaluate("document.activeElement.getBoundingClientRect().top") - top) <= 2
    notebook.page.keyboard.type(" word")
    assert notebook.document["cells"][21]["source"].endswith("half a word")
    assert notebook.page.evaluate("ask.panel().content.activeCellIndex") == 21


def test_an_untrusted_notebook_is_disclosed(opened: Opener) -> None:
    record = {"schema": "synthnb.record/1", "entries": [FIRST]}
    cell = code_cell("made_elsewhere()", {RECORD: record, "text/plain": "made"})
    notebook = opened([cell, "1 + 1"])
    notebook.settle()
    assert notebook.disclosures == []
    notebook.run(1)
    assert notebook.disclosures == [1]


def test_the_setting_leaves_notebooks_alone_until_asked(opened: Opener, settings: Callable[[Json], None]) -> None:
    settings({"autoInsert": False})
    notebook = opened([showing(FIRST), "1 + 1"])
    notebook.run(0)
    assert notebook.own is None
    notebook.command("synthnb:update-disclosure")
    assert notebook.disclosures == [1]
