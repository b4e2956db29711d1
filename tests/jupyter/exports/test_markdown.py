"""Markdown's pictures lie beside it, and nobody's file is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from synthnb.errors import OptionError
from synthnb.jupyter.nbconvert import export_notebook

from .samples import Json, code, notebook, png, shows

SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'


def pictured(**data: str) -> Json:
    return notebook(cells=(code("plot()", shows(**data), name="p"),))


@pytest.mark.parametrize(("kind", "data", "ending"), [("image/png", png(), "png"), ("image/svg+xml", SVG, "svg")])
def test_a_picture_lies_beside(tmp_path: Path, kind: str, data: str, ending: str) -> None:
    (name,) = export_notebook(pictured(**{kind: data}), tmp_path / "x.md")["pictures"]
    assert re.fullmatch(rf"x_files/[0-9a-f]{{16}}\.{ending}", name)
    assert f"({name})" in (tmp_path / "x.md").read_text(encoding="utf-8")


def test_a_broken_picture_becomes_its_text(tmp_path: Path) -> None:
    written = export_notebook(pictured(**{"image/png": "AAAA", "text_plain": "<Figure>"}), tmp_path / "x.md")
    assert "pictures" not in written
    assert "<Figure>" in (tmp_path / "x.md").read_text(encoding="utf-8")


def test_a_picture_that_was_changed_isnt_overwritten(tmp_path: Path) -> None:
    (name,) = export_notebook(pictured(**{"image/png": png()}), tmp_path / "x.md")["pictures"]
    export_notebook(pictured(**{"image/png": png()}), tmp_path / "x.md")
    (tmp_path / name).write_bytes(b"retouched")
    with pytest.raises(OptionError, match=r"exists and isn't as synthnb wrote it"):
        export_notebook(pictured(**{"image/png": png()}), tmp_path / "x.md")
    export_notebook(pictured(**{"image/png": png()}), tmp_path / "x.md", overwrite=True)
    assert (tmp_path / name).read_bytes() != b"retouched"
