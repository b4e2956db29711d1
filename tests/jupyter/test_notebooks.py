"""The notebooks run in a real kernel and say what their text promises."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
read: Any = nbformat.read
"""nbformat has no annotations."""


@pytest.mark.timeout(240)
def test_a_table_is_profiled_conditioned_repeated_and_kept(tmp_path: Path) -> None:
    path = Path(shutil.copy(NOTEBOOKS / "tables.ipynb", tmp_path))
    notebook = read(path, as_version=4)
    NotebookClient(notebook, timeout=200, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = " ".join(str(output.get("data", {}).get("text/plain", "")) for output in outputs)
    assert "400 rows × 8 columns" in texts
    assert "Over 20 replicates" in texts
    assert "The generator is in trial.synthgen. It may hold values of real rows" in texts
    assert (tmp_path / "trial.synthgen").exists()
    assert not [output for output in outputs if output.output_type == "error"]


PROMISED: dict[str, list[str]] = {
    "clinical-notes": ["Column note in visits, 8 rows", "requested 8 = delivered"],
    "from-a-sentence": [
        "10,000 rows × 6 columns",
        "Nothing is drawn yet",
        "0 calls and",
        "the same bytes",
        "500 rows × 6 columns",
    ],
    "questions-from-a-corpus": ["requested 12 = delivered 12 + explained 0"],
}
"""What the outputs of a notebook with a language model say, beside running without an error."""


@pytest.mark.timeout(280)
@pytest.mark.parametrize("name", PROMISED)
def test_a_notebook_with_a_language_model_keeps_its_promises(name: str, tmp_path: Path) -> None:
    path = Path(shutil.copy(NOTEBOOKS / f"{name}.ipynb", tmp_path))
    notebook = read(path, as_version=4)
    NotebookClient(notebook, timeout=270, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    texts = " ".join(str(output.get("data", {}).get("text/plain", "")) for output in outputs)
    assert [promise for promise in PROMISED[name] if promise not in texts] == []


def test_every_notebook_is_run_by_a_test() -> None:
    elsewhere = {"quickstart", "tables"}
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == elsewhere | set(PROMISED)


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    cells = read(path, as_version=4).cells
    assert [cell.source for cell in cells if cell.cell_type == "code" and cell.outputs] == []
