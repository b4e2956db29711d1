"""Whatever a value holds, each export is right, and its record comes back whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synthnb.disclosure.embedded import read_embedded
from synthnb.disclosure.verify import all_ok, verify_path
from synthnb.jupyter.nbconvert import SynthPDFExporter, disclosed, export_notebook

from .samples import HOSTILE, hostile

PDF: Any = SynthPDFExporter


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("name", ["x.html", "x.slides.html", "x.md", "x.tex", "x.py"])
def test_a_hostile_value_changes_nothing(tmp_path: Path, name: str, value: str) -> None:
    content = hostile(value)
    export_notebook(content, tmp_path / name)
    found = read_embedded(tmp_path / name)
    assert not isinstance(found, str)
    assert found.record["entries"] == disclosed(content).metadata["synthnb"]["entries"]
    assert all_ok(verify_path(tmp_path / name))


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_value_changes_nothing_in_typeset_pdf(tmp_path: Path, value: str) -> None:
    data, _ = PDF(way="typst").from_notebook_node(disclosed(hostile(value)), {})
    (tmp_path / "x.pdf").write_bytes(data)
    assert all_ok(verify_path(tmp_path / "x.pdf"))


@pytest.mark.parametrize("name", ["x.html", "x.md", "x.tex", "x.py"])
def test_half_a_surrogate_pair_is_written_as_text(tmp_path: Path, name: str) -> None:
    content = hostile("x")
    content["cells"][0]["source"] = "half \ud800"
    content["cells"][-1]["source"] = "half \ud800"
    export_notebook(content, tmp_path / name)
    assert all_ok(verify_path(tmp_path / name))
