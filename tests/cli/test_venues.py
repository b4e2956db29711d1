"""A venue's text from a notebook that a real kernel ran, in the notebook and from its file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

FORMAT: Any = nbformat
"""nbformat, whose functions have no annotations."""

CELLS = [
    "%load_ext synthnb",
    "import pandas as pd\nreal = pd.DataFrame({'age': list(range(20, 80)) * 3, 'sex': ['f', 'm', 'm'] * 60})",
    "seen, held = real[:120], real[120:]",
    "%synth generate seen --as made --seed 3",
    "%synth evaluate made --against seen --holdout held --seed 3",
    "%synth disclose --for jama",
    "%%synth disclose --for pnas\nResponsible person: A. Person, statistician",
]


def synthnb(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "synthnb", *words], cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook that generated, evaluated and asked for two venues' texts."""
    import nbclient

    path = tmp_path_factory.mktemp("venues") / "trial.ipynb"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    made = FORMAT.v4.new_notebook(metadata=kernel, cells=[FORMAT.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(made, resources={"metadata": {"path": str(path.parent)}}).execute()
    FORMAT.write(made, path)
    return path


def outputs(path: Path, cell: int) -> list[dict[str, Any]]:
    return [output["data"] for output in json.loads(path.read_text(encoding="utf-8"))["cells"][cell]["outputs"] if "data" in output]


def test_the_output_is_a_paragraph_and_a_checklist(executed: Path) -> None:
    (bundle,) = outputs(executed, 5)
    text = "".join(bundle["text/plain"])
    assert "JAMA Network, instructions for authors: 2 of 3 required items filled" in text
    assert "“made” is synthetic data: 120 rows made by software" in text
    assert "no language model took part" in text
    assert "[missing] responsibility" in text
    assert set(bundle) == {"text/html", "text/markdown", "text/plain"}


def test_what_a_person_states_beside_it_is_kept_in_the_notebook(executed: Path) -> None:
    record, text = outputs(executed, 6)
    assert "application/vnd.synthnb.record+json" in record
    assert "Responsible for the data: A. Person, statistician." in "".join(text["text/plain"])


def test_a_new_kernel_takes_up_what_the_notebook_holds(executed: Path, shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from IPython.utils.capture import capture_output

    monkeypatch.setenv("JPY_SESSION_NAME", str(executed))
    with capture_output() as captured:
        assert shell.run_cell("%synth disclose --for pnas").success
    text = captured.outputs[-1].data["text/plain"]
    assert "2 of 2 required items filled" in text
    assert "“made” is synthetic data" in text


def test_the_command_says_what_the_notebook_says(executed: Path) -> None:
    before = executed.read_bytes()
    done = synthnb(executed.parent, "disclose", executed.name, "--for", "pnas", "--check")
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip("\n") == "".join(outputs(executed, 6)[1]["text/plain"]).rstrip("\n")
    assert executed.read_bytes() == before


@pytest.mark.parametrize(("form", "start"), [("md", "**ICMJE"), ("html", "<!doctype html>"), ("latex", "% ICMJE"), ("json", "{")])
def test_each_format_is_printed(executed: Path, form: str, start: str) -> None:
    done = synthnb(executed.parent, "disclose", executed.name, "--for", "icmje", "--format", form)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(start)
    assert str(executed.parent) not in done.stdout


def test_check_fails_while_a_required_item_isn_t_filled(executed: Path) -> None:
    done = synthnb(executed.parent, "disclose", executed.name, "--for", "neurips", "--format", "json", "--check")
    assert done.returncode == 1
    assert "limitations" in {need["field"] for need in json.loads(done.stdout)["to_state"]}


def test_a_wrong_word_is_one_line(executed: Path) -> None:
    done = synthnb(executed.parent, "disclose", executed.name, "--for", "lancet")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "got 'lancet'" in done.stderr
    alone = synthnb(executed.parent, "disclose", executed.name, "--format", "md")
    assert "no venue was named" in alone.stderr
