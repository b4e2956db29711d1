"""Scripts run as Python; prose, disclosure and record are comments."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from synthnb.disclosure.embedded import read_embedded
from synthnb.jupyter.nbconvert import export_notebook

from .samples import HOSTILE, code, hostile, notebook


def ran(path: Path) -> str:
    return subprocess.run([sys.executable, path.name], cwd=path.parent, capture_output=True, text=True, timeout=60, check=True).stdout


def exported(path: Path, *sources: str) -> str:
    content = notebook()
    content["cells"] = [*(code(source, name=f"c{index}") for index, source in enumerate(sources)), *content["cells"][1:]]
    content["cells"][-1]["source"] = "x = 1"
    export_notebook(content, path)
    return path.read_text(encoding="utf-8")


def test_a_script_of_plain_python_needs_nothing_else(tmp_path: Path) -> None:
    text = exported(tmp_path / "x.py", "a = 1", "print(a + 1)")
    assert "IPython" not in text
    assert ran(tmp_path / "x.py") == "2\n"


def test_lines_for_ipython_work_on_the_scripts_variables(tmp_path: Path) -> None:
    exported(tmp_path / "x.py", "a = 1", "%time b = a + 1", "print(b)")
    assert ran(tmp_path / "x.py").endswith("2\n")


@pytest.mark.parametrize("source", ["await x", "return 1", "not python at all", "'''\n# synthnb:record {\n'''", "x = '\x00'"])
def test_what_isnt_plain_python_is_a_comment(tmp_path: Path, source: str) -> None:
    text = exported(tmp_path / "x.py", source, "print('ran')")
    assert "# %% This cell isn't plain Python." in text
    assert ran(tmp_path / "x.py") == "ran\n"


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_prose_stays_a_comment(tmp_path: Path, value: str) -> None:
    content = hostile(value)
    for cell in content["cells"]:
        cell["source"] = value if cell["cell_type"] != "code" else ""
    export_notebook(content, tmp_path / "x.py")
    assert ast.parse((tmp_path / "x.py").read_text(encoding="utf-8")).body == []


def test_another_program_reads_its_cells(tmp_path: Path) -> None:
    jupytext: Any = pytest.importorskip("jupytext")
    written = export_notebook(notebook(), tmp_path / "x.py")
    cells = jupytext.read(tmp_path / "x.py").cells
    (tmp_path / "y.py").write_text(jupytext.writes(jupytext.read(tmp_path / "x.py"), fmt="py:percent"), encoding="utf-8")
    found = read_embedded(tmp_path / "y.py")
    assert not isinstance(found, str)
    assert found.record["digest"] == written["record_digest"]
    assert sum("Synthetic data disclosure" in cell.source for cell in cells if cell.cell_type == "markdown") == 1
