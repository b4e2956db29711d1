"""The form of `%synth disclose` in JupyterLab: filled in by keyboard, it completes the disclosure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Opener

pytestmark = pytest.mark.ui

GENERATE = """%load_ext synthnb
import pandas as pd
real = pd.DataFrame({"age": range(20, 80), "sex": ["f", "m"] * 30})
%synth generate real --rows 40 --as made --seed 1"""


def test_saving_the_form_updates_the_disclosure(opened: Opener, screenshots: Path) -> None:
    notebook = opened([GENERATE, "%synth disclose"])
    notebook.run(0)
    assert "Responsible person" in notebook.block().split("Not stated yet")[1]
    notebook.run(2)
    form = notebook.cell(2).locator("form")
    form.get_by_label("Responsible person").fill("Ada Example, statistician")
    form.get_by_label("Limitations and uses to avoid").fill("Teaching only; <b>no</b> inference.")
    form.get_by_role("button", name="Save").press("Enter")
    notebook.wait("(ask.panel().model.sharedModel.getMetadata('synthnb')?.entries ?? []).some((entry) => entry.kind === 'disclose')")
    notebook.settle()
    assert "| Responsible person | Ada Example, statistician |" in notebook.block()
    assert "Responsible person" not in notebook.block().split("Not stated yet")[1]
    assert "<b>" not in notebook.block().split("Limitations")[1]
    notebook.page.screenshot(path=screenshots / "form.png")
    saved = notebook.save()
    assert [entry["kind"] for entry in saved["metadata"]["synthnb"]["entries"]] == ["generate", "disclose"]


def test_with_every_statement_the_disclosure_is_complete(opened: Opener) -> None:
    labels = "import synthnb.disclosure.fields as f; from IPython import get_ipython"
    state = (
        "body = chr(10).join(f\"{x['label']}: stated\" for x in f.human_fields()); get_ipython().run_cell_magic('synth', 'disclose', body)"
    )
    notebook = opened([GENERATE, f"{labels}\n{state}"])
    notebook.run(0)
    notebook.status.get_by_text("incomplete").wait_for()
    notebook.run(2)
    notebook.status.get_by_text("complete", exact=False).wait_for()
    assert "incomplete" not in notebook.status.inner_text()
