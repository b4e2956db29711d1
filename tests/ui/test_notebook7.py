"""The same extension in Jupyter Notebook 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .pages import make_entry, showing

if TYPE_CHECKING:
    from .conftest import Opener

pytestmark = pytest.mark.ui


def test_the_disclosure_comes_changes_and_stays(opened: Opener) -> None:
    notebook = opened([showing(make_entry(second=1)), "2 + 2"], app="notebook")
    notebook.run(0)
    notebook.cell(1).get_by_role("heading", name="Synthetic data disclosure").wait_for()
    notebook.set_source(0, showing(make_entry(second=2)))
    notebook.run(0)
    assert notebook.disclosures == [1]
    assert "synthetic: 2" in notebook.block()
    saved = notebook.save()
    notebook.reload()
    notebook.settle()
    assert notebook.save() == saved


def test_deleting_the_cell_is_an_opt_out(opened: Opener) -> None:
    notebook = opened([showing(make_entry(second=1)), "2 + 2"], app="notebook")
    notebook.run(0)
    notebook.select(1)
    notebook.press("d", "d")
    notebook.settle()
    notebook.run(0)
    assert notebook.disclosures == []
    assert "opt_out" in notebook.save()["metadata"]["synthnb"]
