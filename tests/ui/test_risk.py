"""The risk record's form in JupyterLab: filled in by keyboard, it is in the notebook's disclosure, and stands without a kernel."""

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
SAID = "(ask.panel().model.sharedModel.getMetadata('synthnb')?.entries ?? []).some((entry) => entry.kind === 'risk')"


def test_saving_the_form_puts_the_risk_record_into_the_disclosure(opened: Opener, screenshots: Path) -> None:
    notebook = opened([GENERATE, "%synth risk"])
    notebook.run(0)
    notebook.run(2)
    form = notebook.cell(2).locator(".synthnb-risk form")
    form.get_by_label("Residual risk").fill("Rare ages; <b>nobody</b> else.")
    form.get_by_label("Release class").select_option("team")
    form.get_by_label("Who says this").fill("Ada Example, steward")
    form.get_by_role("button", name="Save risk record").press("Enter")
    notebook.wait(SAID)
    notebook.settle()
    assert "Recorded in this notebook" in form.get_by_role("status").inner_text()
    assert "**Residual risk:** Rare ages" in notebook.block()
    assert "**Release class:** team" in notebook.block()
    assert "<b>" not in notebook.block().split("Residual risk")[1]
    notebook.page.screenshot(path=screenshots / "risk.png")
    (entry,) = [entry for entry in notebook.save()["metadata"]["synthnb"]["entries"] if entry["kind"] == "risk"]
    assert entry["detail"]["by"] == "Ada Example, steward"
