"""Exporters that never heard of us keep the disclosure of a notebook that was never disclosed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert.exporters import get_exporter
from nbconvert.nbconvertapp import NbConvertApp

from synthnb.disclosure.embedded import read_embedded
from synthnb.disclosure.verify import all_ok, verify_path
from synthnb.jupyter.nbconvert import disclosed

from .samples import Json, notebook


@pytest.fixture
def converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """What the application behind ``jupyter nbconvert`` makes of a notebook, with a user's own configuration."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)

    def convert(to: str, content: Json, config: str = "") -> Path:
        (tmp_path / "n.ipynb").write_text(json.dumps(content), encoding="utf-8")
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "jupyter_nbconvert_config.py").write_text(config, encoding="utf-8")
        before = set(tmp_path.iterdir())
        app: Any = NbConvertApp()
        app.initialize(["--to", to, "--output", "out", "n.ipynb"])
        app.start()
        (made,) = [path for path in set(tmp_path.iterdir()) - before if path.is_file()]
        return made

    return convert


@pytest.mark.parametrize("to", ["html", "markdown", "script", "slides", "notebook"])
def test_a_stock_exporter_keeps_the_disclosure(converted: Callable[..., Path], to: str) -> None:
    content = notebook()
    made = converted(to, content)
    assert all_ok(verify_path(made))
    assert disclosed(content).metadata["synthnb"]["digest"] in made.read_text(encoding="utf-8")


def test_our_exporters_are_found_by_name(tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_text(json.dumps(notebook()), encoding="utf-8")
    command = [sys.executable, "-m", "nbconvert", "--to", "synth-latex", "n.ipynb"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=100, check=True)
    assert all_ok(verify_path(tmp_path / "n.tex"))


@pytest.mark.parametrize("name", ["html", "latex", "markdown", "notebook", "pdf", "script", "slides"])
def test_each_is_offered(name: str) -> None:
    find: Any = get_exporter
    assert find(f"synth-{name}").export_from_notebook.endswith("with disclosure (synthnb)")


def test_a_users_own_preprocessors_leave_it_in_place(converted: Callable[..., Path]) -> None:
    config = "c.Exporter.preprocessors = ['nbconvert.preprocessors.ClearMetadataPreprocessor']"
    assert all_ok(verify_path(converted("html", notebook(), config)))


def test_it_can_be_switched_off(converted: Callable[..., Path]) -> None:
    made = converted("markdown", notebook(), "c.DisclosurePreprocessor.enabled = False")
    assert "disclosure" not in made.read_text(encoding="utf-8")


def test_a_notebook_without_synthetic_data_is_left_as_it_is(converted: Callable[..., Path]) -> None:
    title = {"cell_type": "markdown", "id": "t", "metadata": {}, "source": "Words"}
    content = {"cells": [title], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    assert converted("markdown", content).read_text(encoding="utf-8").strip() == "Words"


def test_a_script_without_a_known_exporter_keeps_it_too(converted: Callable[..., Path]) -> None:
    content = notebook()
    del content["metadata"]["language_info"]
    assert all_ok(verify_path(converted("script", content)))


def test_what_nbclient_ran_is_disclosed_on_export(tmp_path: Path, converted: Callable[..., Path]) -> None:
    form: Any = nbformat.v4
    made = form.new_notebook(cells=[form.new_code_cell(source) for source in CELLS])
    ran = NotebookClient(made, timeout=100, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert "synthnb" not in ran.metadata
    found = read_embedded(converted("html", ran))
    assert not isinstance(found, str)
    assert [entry["kind"] for entry in found.record["entries"]] == ["generate"]


CELLS = [
    "import pandas as pd\nreal = pd.DataFrame({'a': range(60), 'b': list('xyz') * 20})",
    "%load_ext synthnb\n%synth generate real --rows 20 --seed 1 --as synthetic",
]
