"""The dashboard's Python half, and what its module promises without a browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from synthnb.jupyter._views import DIMENSIONS
from synthnb.widgets.report import ReportWidget

HERE = Path(__file__).parents[2] / "synthnb" / "widgets"
MODULE = (HERE / "report.js").read_text(encoding="utf-8")


def test_widget_holds_the_report(example: Any) -> None:
    assert ReportWidget(report=example).report["headline"] == example["headline"]


def test_widget_syncs_the_report() -> None:
    assert "report" in ReportWidget(report={}).keys  # `keys` is the list of synced traits


def test_widget_carries_its_module() -> None:
    assert str(ReportWidget()._esm).endswith("export default { render };\n")


@pytest.mark.parametrize("name", ["report.js", "disclosure_form.js"])
def test_module_is_small(name: str) -> None:
    assert (HERE / name).stat().st_size < 60_000


@pytest.mark.parametrize("name", ["report.js", "disclosure_form.js"])
def test_module_stands_alone(name: str) -> None:
    code = (HERE / name).read_text(encoding="utf-8")
    assert not re.search(r"^import|import\(|fetch\(|XMLHttpRequest|innerHTML|insertAdjacentHTML|eval\(", code, re.MULTILINE)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_module_and_static_form_say_the_same(dimension: str) -> None:
    heading, note = DIMENSIONS[dimension]
    joined = re.sub(r"' \+\s+'", "", MODULE)
    assert heading in joined
    assert note in joined


@pytest.mark.parametrize("name", ["report.css", "disclosure_form.css"])
def test_styles_stay_inside_the_widget(name: str) -> None:
    css = re.sub(r"/\*.*?\*/", "", (HERE / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    selectors = [part.strip() for block in re.findall(r"([^{};]+)\{", css) for part in block.split(",\n")]
    own = (".synthnb-report", ".synthnb-form", "[data-jp-theme-light", "@")
    assert [part for part in selectors if not part.startswith(own)] == []
