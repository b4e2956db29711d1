"""What is printed is whole: nothing lies beyond the paper, behind a scroll bar or in something closed."""

from __future__ import annotations

import io
import shutil
from typing import Any

import pytest
from pypdf import PageObject, PdfReader

from synthnb.disclosure.label import label_part
from synthnb.disclosure.page import page_part
from synthnb.jupyter.nbconvert import SynthPDFExporter, disclosed
from synthnb.jupyter.nbconvert.local import local_html

from .samples import code, notebook, shows

WAYS = [pytest.param("browser", marks=pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")), "typst"]
STYLE = "<style>.sn-scroll { overflow-x: auto } .sn-scroll td { white-space: nowrap }</style>"
PDF: Any = SynthPDFExporter


def wide(columns: int) -> dict[str, Any]:
    """An output with a table of so many columns, closed and with a scroll bar."""
    heads = [f"col_{index}_of_many" for index in range(columns)]
    values = [f"v{index}w" for index in range(columns)]
    head = "".join(f"<th>{name}</th>" for name in heads)
    row = f"<tr>{''.join(f'<td>{value}</td>' for value in values)}</tr>"
    table = f'<div class="sn-scroll"><table><thead><tr>{head}</tr></thead><tbody>{row * 40}</tbody></table></div>'
    html = f'<div class="synthnb-card">{STYLE}<details><summary>More</summary>{table}</details></div>'
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * columns, *[values] * 40)]
    return code("show()", shows(text_html=html, text_markdown="\n".join(lines)), name="wide")


def printed(content: dict[str, Any], way: str) -> list[PageObject]:
    data, _ = PDF(way=way).from_notebook_node(disclosed(content), {"metadata": {"name": "trial"}})
    return list(PdfReader(io.BytesIO(data)).pages)


def rightmost(page: PageObject) -> float:
    """How far to the right a piece of text begins, as a share of the page's width."""
    found = [0.0]
    page.extract_text(visitor_text=lambda text, cm, tm, *_: found.append(tm[4] * cm[0] + cm[4]) if text.strip() else None)
    return max(found) / float(page.mediabox.width)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("columns", [7, 20])
def test_a_wide_table_is_printed_whole(way: str, columns: int) -> None:
    pages = printed(notebook(cells=(wide(columns),)), way)
    text = "".join(page.extract_text() for page in pages)
    assert [text.count(f"v{index}w") for index in range(columns)] == [40] * columns
    assert max(map(rightmost, pages)) < 0.95


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_the_whole_record_is_printed_once_and_at_the_end() -> None:
    record = disclosed(notebook()).metadata["synthnb"]
    shown = shows(text_html=f'<div class="synthnb-card">{label_part(record)}{page_part(record)}</div>')
    pages = printed(notebook(cells=(code("%synth disclose", shown, name="d"),)), "browser")
    text = " ".join("".join(page.extract_text() for page in pages).split())
    assert text.count("Everything that is stated, and where it comes from") == 1
    assert text.index("The whole disclosure record") < text.index("Everything that is stated, and where it comes from")
    assert text.count("Synthetic data label") == 2
    assert f"1 / {len(pages)}" in pages[0].extract_text()


def test_long_code_ends_its_lines_at_a_space() -> None:
    words = " ".join(["--an-option value"] * 12)
    text = printed(notebook(cells=(code(f"%synth x {words}", name="long"),)), "typst")[-1].extract_text()
    assert text.count("--an-option") == 12


def test_shapes_after_a_shape_are_drawn() -> None:
    shapes = '<svg viewbox="0 0 9 9"><rect width="1"/><path d="M0 0"/></svg>'
    assert local_html(shapes) == shapes
