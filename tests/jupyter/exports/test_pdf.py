"""PDF files: printed by a browser or typeset, with the record attached."""

from __future__ import annotations

import io
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pypdf import PdfReader

from synthnb.disclosure.embedded import from_pdf, read_embedded
from synthnb.disclosure.verify import all_ok, verify_path
from synthnb.errors import MissingExtraError, SynthnbError
from synthnb.jupyter.nbconvert import SynthPDFExporter, disclosed, export_notebook
from synthnb.jupyter.nbconvert.pdf import with_record
from synthnb.jupyter.nbconvert.printing import find_browser, print_page

from .samples import code, notebook, png, shows

needs_browser = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
PDF: Any = SynthPDFExporter


def typeset(content: dict[str, Any]) -> bytes:
    data, resources = PDF(way="typst").from_notebook_node(disclosed(content), {"metadata": {"name": "trial"}})
    assert resources["made_by"] == "Typst"
    return bytes(data)


@needs_browser
def test_a_browser_prints_the_page_and_the_record_is_attached(tmp_path: Path) -> None:
    written = export_notebook(notebook(), tmp_path / "x.pdf")
    found = read_embedded(tmp_path / "x.pdf")
    assert not isinstance(found, str)
    assert found.record["digest"] == written["record_digest"]
    assert written["made_by"] == "a browser"
    assert "Ada Núñez" in found.visible
    assert all_ok(verify_path(tmp_path / "x.pdf"))


def test_typst_sets_it_without_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    written = export_notebook(notebook(), tmp_path / "x.pdf")
    assert written["made_by"] == "Typst"
    assert all_ok(verify_path(tmp_path / "x.pdf"))


def test_the_same_notebook_gives_the_same_bytes() -> None:
    content = notebook()
    assert typeset(content) == typeset(content)


def test_title_origin_and_digest_are_in_the_metadata() -> None:
    content = disclosed(notebook())
    with pikepdf.open(io.BytesIO(typeset(content))) as pdf, pdf.open_metadata() as metadata:
        assert metadata["dc:title"] == "trial"
        assert metadata["{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"].endswith("/algorithmicMedia")
        assert metadata["{urn:synthnb-record:1#}RecordDigest"] == content.metadata["synthnb"]["digest"]
        assert pdf.Root.AF[0].AFRelationship == pikepdf.Name.Supplement
        assert pdf.Root.MarkInfo.Marked


def test_pictures_are_set_and_a_broken_one_costs_only_itself() -> None:
    broken = png()[:40] + "AAAA" + png()[44:]
    for picture, there in ((png(), 1), (broken, 0)):
        data = typeset(notebook(cells=(code("plot()", shows(**{"image/png": picture, "text_plain": "<Figure>"}), name="p"),)))
        assert sum(len(page.images) for page in PdfReader(io.BytesIO(data)).pages) == there
        assert not isinstance(from_pdf(data), str)


def test_a_notebook_without_a_record_has_no_attachment() -> None:
    data = typeset({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    assert from_pdf(data) == "The PDF carries no record of synthnb."


def test_what_isnt_a_pdf_is_said() -> None:
    assert str(from_pdf(b"%PDF-1.7 broken")).startswith("The PDF can't be read: ")


def test_text_that_doesnt_show_the_record_is_noticed(tmp_path: Path) -> None:
    record = disclosed(notebook()).metadata["synthnb"]
    (tmp_path / "x.pdf").write_bytes(
        with_record(typeset({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), record, title="x")
    )
    assert [finding.what for finding in verify_path(tmp_path / "x.pdf") if not finding.ok] == ["text"]


def fake_browser(folder: Path, script: str) -> str:
    path = folder / "chromium"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_browser_that_hangs_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(SynthnbError, match=r"chromium should have printed the page within 0\.5 s; it was stopped"):
        print_page("<p>x", fake_browser(tmp_path, "sleep 600 & wait"), seconds=0.5)


def test_a_browser_that_fails_says_why_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_browser(tmp_path, "echo 'no display' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(SynthnbError, match=r"it printed nothing and said: no display\..*print that from a browser"):
        export_notebook(notebook(), tmp_path / "x.pdf")
    assert [path.name for path in tmp_path.iterdir()] == ["chromium"]


def test_no_browser_is_found_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_browser() is None
    with pytest.raises(MissingExtraError, match="Chromium, Chrome or Edge was expected on this machine; none was found"):
        PDF(way="browser").from_notebook_node(disclosed(notebook()), {})


def test_without_the_extra_both_ways_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "pikepdf", None)
    with pytest.raises(MissingExtraError, match=r"There is no Chromium, Chrome or Edge to print with.*pip install 'synthnb\[pdf\]'"):
        export_notebook(notebook(), tmp_path / "x.pdf")
