"""The dashboard's Python half, and what its module promises without a browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from synthnb.widgets._modules import module, styles
from synthnb.widgets.report import ReportWidget

PARTS = sorted((Path(__file__).parents[2] / "synthnb" / "widgets" / "report").iterdir())


def test_widget_holds_the_report(example: Any) -> None:
    assert ReportWidget(report=example).report["headline"] == example["headline"]


def test_widget_syncs_the_report() -> None:
    assert "report" in ReportWidget(report={}).keys  # `keys` is the list of synced traits


def test_widget_carries_its_module() -> None:
    assert str(ReportWidget()._esm).endswith("export default { render };\n")


@pytest.mark.parametrize(("name", "bytes_"), [("report", 100_000), ("disclosure_form", 60_000)])
def test_module_is_small(name: str, bytes_: int) -> None:
    assert len(module(name).encode()) < bytes_


@pytest.mark.parametrize("name", ["report", "disclosure_form"])
def test_module_stands_alone(name: str) -> None:
    forbidden = r"^import|import\(|fetch\(|XMLHttpRequest|innerHTML|insertAdjacentHTML|eval\(|@import"
    assert not re.search(forbidden, module(name) + styles(name), re.MULTILINE)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_parts_are_short(part: Path) -> None:
    assert len(part.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("name", ["report", "disclosure_form"])
def test_styles_stay_inside_the_widget(name: str) -> None:
    css = re.sub(r"/\*.*?\*/", "", styles(name), flags=re.DOTALL)
    selectors = [part.strip() for block in re.findall(r"([^{};]+)\{", css) for part in block.split(",\n")]
    own = (".synthnb-report", ".synthnb-form", "[data-jp-theme-light", "@")
    assert [part for part in selectors if not part.startswith(own)] == []
