"""The editor of `%synth profile` in JupyterLab: one choice corrects the recipe that the next cell uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Opener

pytestmark = pytest.mark.ui

PROFILE = """%load_ext synthnb
import pandas as pd
real = pd.DataFrame({"patient": [f"P-{7919 * i % 9973:04d}" for i in range(120)], "code": [i % 4 for i in range(120)],
                     "age": [20 + i % 60 for i in range(120)], "sex": ["f", "m"] * 60})
%synth profile real"""
GENERATE = """%synth generate real --recipe recipe --as made --seed 1
print({column.name: (column.kind, column.role) for column in recipe.columns})
print(sorted(set(made["code"])), set(made["patient"]) & set(real["patient"]))"""


def test_a_wrong_guess_is_corrected_by_one_choice(opened: Opener, screenshots: Path) -> None:
    notebook = opened([PROFILE, GENERATE])
    notebook.run(0)
    editor = notebook.cell(0).locator(".synthnb-profile")
    editor.get_by_label("kinds of code").select_option("category")
    editor.get_by_role("status").get_by_text("The recipe in recipe has it.").wait_for()
    editor.get_by_label("roles of sex").select_option("group")
    editor.get_by_role("status").get_by_text("The recipe in recipe has it.").wait_for()
    notebook.page.screenshot(path=screenshots / "profile.png")
    notebook.settle()
    notebook.run(1)
    notebook.settle()
    said = notebook.cell(notebook.page.locator(".jp-Cell").count() - 1).inner_text() + notebook.cell(1).inner_text()
    assert "'code': ('category', None)" in said
    assert "'sex': ('category', 'group')" in said
    assert "'patient': ('identifier', 'key')" in said
    assert "[0, 1, 2, 3] set()" in said
