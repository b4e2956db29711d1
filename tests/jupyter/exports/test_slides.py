"""Slides follow the cells' types; the disclosure always has one of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from synthnb.jupyter.nbconvert import export_notebook

from .samples import notebook


def prose(text: str, kind: str | None = None) -> dict[str, Any]:
    metadata = {} if kind is None else {"slideshow": {"slide_type": kind}}
    return {"cell_type": "markdown", "id": f"p-{text.strip('# ')}", "metadata": metadata, "source": text}


def slides(path: Path, *cells: dict[str, Any]) -> list[str]:
    """The words of each slide but the last, which holds the whole record."""
    content = notebook()
    content["cells"] = [*cells, *content["cells"][1:]]
    export_notebook(content, path / "x.slides.html")
    text = (path / "x.slides.html").read_text(encoding="utf-8")
    found = re.findall(r'(?s)<section[^>]*class="synthnb-slide"[^>]*>(.*?)</section>', text)
    return [" ".join(re.sub("<[^>]*>", " ", slide).split()) for slide in found[:-1]]


def test_slide_types_begin_slides(tmp_path: Path) -> None:
    found = slides(tmp_path, prose("one", "slide"), prose("more"), prose("two", "subslide"), prose("gone", "skip"), prose("told", "notes"))
    assert found[0].startswith("one more")
    assert found[1].startswith("two")
    assert not any("gone" in slide or "told" in slide for slide in found)


def test_without_types_headings_begin_slides(tmp_path: Path) -> None:
    found = slides(tmp_path, prose("# One"), prose("more"), prose("## Two"), prose("### part"))
    assert [slide.split()[0] for slide in found[:2]] == ["One", "Two"]
    assert "part" in found[1]


@pytest.mark.parametrize("kind", ["slide", "skip", None])
def test_the_disclosure_is_a_slide_of_its_own(tmp_path: Path, kind: str | None) -> None:
    found = slides(tmp_path, prose("one", kind))
    assert next(slide for slide in found if "disclosure" in slide).startswith("Synthetic data disclosure")


def test_what_comes_later_is_marked(tmp_path: Path) -> None:
    slides(tmp_path, prose("one", "slide"), prose("later", "fragment"))
    assert (tmp_path / "x.slides.html").read_text(encoding="utf-8").count('<div class="synthnb-later">') == 1
