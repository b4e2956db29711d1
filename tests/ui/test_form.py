"""The form of `%synth disclose` in JupyterLab: filled in by keyboard, it completes the disclosure and survives the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Opener
    from .pages import NotebookPage

pytestmark = pytest.mark.ui

GENERATE = """%load_ext synthnb
import pandas as pd
real = pd.DataFrame({"age": range(20, 80), "sex": ["f", "m"] * 30})
%synth generate real --rows 40 --as made --seed 1"""
DISCLOSED = "(ask.panel().model.sharedModel.getMetadata('synthnb')?.entries ?? []).filter((entry) => entry.kind === 'disclose').length"


def at_form(notebook: NotebookPage) -> int:
    """Run the disclosing cell and give its index, which the inserted cell has moved."""
    notebook.run(0)
    assert "Responsible person" in notebook.block().split("Not stated yet")[1]
    notebook.run(2)
    return 2


def test_saving_the_form_updates_the_disclosure(opened: Opener, screenshots: Path) -> None:
    notebook = opened([GENERATE, "%synth disclose"])
    form = notebook.cell(at_form(notebook)).locator("form")
    form.get_by_label("Who states this").fill("Ada Example")
    form.get_by_label("Responsible person").fill("Ada Example, statistician")
    form.get_by_label("Limitations and uses to avoid").fill("Teaching only; <b>no</b> inference.")
    form.get_by_label("Human oversight").select_option("prompt_guided")
    form.get_by_role("button", name="Save").press("Enter")
    notebook.wait(f"{DISCLOSED} === 1")
    notebook.settle()
    assert "Ada Example, statistician" in notebook.block()
    assert "Responsible person" not in notebook.block().split("Not stated yet")[1]
    assert "<b>" not in notebook.block().split("Limitations")[1]
    notebook.cell(2).get_by_text("as stated by Ada Example").wait_for()
    notebook.page.screenshot(path=screenshots / "form.png")
    saved = notebook.save()["metadata"]["synthnb"]["entries"]
    assert [entry["kind"] for entry in saved] == ["generate", "disclose"]
    assert saved[1]["detail"]["by"] == "Ada Example"


def test_what_was_typed_and_what_was_stated_outlive_the_kernel(opened: Opener) -> None:
    notebook = opened([GENERATE, "%synth disclose"])
    form = notebook.cell(at_form(notebook)).locator("form")
    form.get_by_label("Who states this").fill("Ada Example")
    form.get_by_label("Responsible person").fill("Ada Example, statistician")
    form.get_by_role("button", name="Save").press("Enter")
    notebook.wait(f"{DISCLOSED} === 1")
    notebook.save()
    form.get_by_label("Known biases").fill("Older people only.")
    notebook.page.evaluate("ask.panel().sessionContext.session.kernel.restart()")
    notebook.wait("ask.isReady()")
    assert form.get_by_label("Known biases").input_value() == "Older people only."
    notebook.run(0)
    notebook.run(2)
    cell = notebook.cell(2)
    assert cell.get_by_label("Responsible person").input_value() == "Ada Example, statistician"
    assert cell.get_by_label("Known biases").input_value() == ""
    cell.get_by_role("button", name="Put it back").press("Enter")
    assert cell.get_by_label("Known biases").input_value() == "Older people only."


def test_the_label_stands_on_top(opened: Opener, screenshots: Path) -> None:
    notebook = opened([GENERATE, "%synth disclose --no-form"])
    at_form(notebook)
    label = notebook.cell(2).locator(".synthnb-label")
    assert "40 rows made by software" in label.inner_text()
    assert "Nothing was evaluated." in label.inner_text()
    notebook.show(2)
    notebook.page.screenshot(path=screenshots / "label.png")


def test_with_every_statement_the_disclosure_is_complete(opened: Opener) -> None:
    labels = "import synthnb.disclosure.fields as f; from IPython import get_ipython"
    state = "body = chr(10).join(f\"{x.label}: stated\" for x in f.required()); get_ipython().run_cell_magic('synth', 'disclose', body)"
    notebook = opened([GENERATE, f"{labels}\n{state}"])
    notebook.run(0)
    notebook.status.get_by_text("incomplete").wait_for()
    notebook.run(2)
    notebook.status.get_by_text("complete", exact=False).wait_for()
    assert "incomplete" not in notebook.status.inner_text()
