"""A description in JupyterLab: the recipe is shown, one number changed, accepted; the rows and their record come into the same output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Opener

pytestmark = pytest.mark.ui

LOAD = "%load_ext synthnb"
DESCRIBE = """%%synth generate --rows 200 --as trial --model echo --seed 1
A trial of adults aged 40 to 85, 60 % female, randomised 1:1 to drug or placebo. Mean weight 75 kg (SD 12)."""
LOOK = "print(len(trial), set(trial['sex']), trial['weight'].mean() > 100, 'trial_recipe' in dir())"
MADE = "(ask.panel().model.sharedModel.getMetadata('synthnb')?.entries ?? []).some((entry) => entry.kind === 'generate')"


def test_a_recipe_is_changed_and_accepted_and_its_rows_are_disclosed(opened: Opener, screenshots: Path) -> None:
    notebook = opened([LOAD, DESCRIBE, "print('trial' in dir())", LOOK])
    notebook.run(0)
    notebook.run(1)
    editor = notebook.cell(1).locator(".synthnb-recipe")
    editor.get_by_label("mean of weight").fill("120")
    editor.get_by_label("mean of weight").press("Enter")
    editor.get_by_role("status").get_by_text("the ten rows are drawn anew").wait_for()
    notebook.run(2)
    assert "False" in notebook.cell(2).inner_text()
    assert notebook.own is None
    notebook.show(1)
    notebook.page.screenshot(path=screenshots / "recipe.png")
    editor.get_by_role("button", name="Accept, and draw 200 rows").press("Enter")
    notebook.wait(MADE)
    notebook.settle()
    notebook.page.screenshot(path=screenshots / "recipe-drawn.png")
    assert notebook.cell(1).get_by_text("Synthetic table trial, 200 rows").is_visible()
    notebook.run(4)
    assert "200 {" in notebook.cell(4).inner_text()
    assert "True True" in notebook.cell(4).inner_text()
    saved = notebook.save()
    [entry] = [entry for entry in saved["metadata"]["synthnb"]["entries"] if entry["kind"] == "generate"]
    assert entry["detail"]["model"]["name"].startswith("echo")
