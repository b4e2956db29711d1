"""The `synthnb` command as a process: what it writes, prints and exits with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

FORMAT: Any = nbformat
"""nbformat, whose functions have no annotations."""


def synthnb(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "synthnb", *words], cwd=folder, capture_output=True, text=True)


@pytest.fixture
def folder(tmp_path: Path, trial: pd.DataFrame) -> Path:
    """A folder with the trial in it, cut into what the generator sees and what it doesn't."""
    trial.iloc[:140].to_csv(tmp_path / "seen.csv", index=False)
    trial.iloc[140:].to_csv(tmp_path / "holdout.csv", index=False)
    return tmp_path


def notebook(path: Path, *cells: str) -> Path:
    """Run cells with nbclient, with no front end near."""
    import nbclient

    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    made = FORMAT.v4.new_notebook(metadata=kernel, cells=[FORMAT.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(made, resources={"metadata": {"path": str(path.parent)}}).execute()
    FORMAT.write(made, path)
    return path


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook that generated and wrote a table."""
    cells = [
        "%load_ext synthnb",
        "import pandas as pd\nreal = pd.DataFrame({'age': range(20, 80), 'sex': ['f', 'm'] * 30})",
        "%synth generate real --rows 30 --as made --seed 3",
        "%synth export made.csv --frame made",
    ]
    return notebook(tmp_path_factory.mktemp("executed") / "analysis.ipynb", *cells)


@pytest.fixture
def disclosed(executed: Path, tmp_path: Path) -> Path:
    for file in filter(Path.is_file, executed.parent.iterdir()):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert synthnb(tmp_path, "disclose", executed.name).returncode == 0
    return tmp_path / executed.name


def test_generate_writes_the_table_and_its_record(folder: Path) -> None:
    done = synthnb(folder, "generate", "seen.csv", "--rows", "50", "--out", "made.csv", "--seed", "7", "--groups", "sex")
    assert done.returncode == 0, done.stderr
    assert len(pd.read_csv(folder / "made.csv")) == 50
    assert "made.csv.synthnb.json" in done.stdout
    assert synthnb(folder, "verify", "made.csv").returncode == 0


def test_the_same_seed_writes_the_same_bytes(folder: Path) -> None:
    for name in ("a.csv", "b.csv"):
        assert synthnb(folder, "generate", "seen.csv", "--rows", "30", "--out", name, "--seed", "7").returncode == 0
    assert (folder / "a.csv").read_bytes() == (folder / "b.csv").read_bytes()


def test_evaluate_prints_and_writes_the_report(folder: Path) -> None:
    words = ["evaluate", "seen.csv", "--against", "seen.csv", "--holdout", "holdout.csv", "--target", "event", "--groups", "sex"]
    done = synthnb(folder, *words, "--seed", "1", "--out", "report.json")
    assert done.returncode == 0, done.stderr
    assert "Not evaluated" in done.stdout
    assert json.loads((folder / "report.json").read_text(encoding="utf-8"))["profile"] == "tabular-core/1"


def test_disclose_writes_the_cell_once(disclosed: Path) -> None:
    again = synthnb(disclosed.parent, "disclose", disclosed.name)
    assert again.stdout == "analysis.ipynb: disclosure incomplete, already up to date.\n"
    found = FORMAT.read(disclosed, as_version=4)
    assert sum("synthnb-disclosure" in cell.metadata.get("tags", []) for cell in found.cells) == 1
    assert synthnb(disclosed.parent, "verify", disclosed.name).returncode == 0


def test_check_changes_nothing_and_says_so(executed: Path) -> None:
    before = executed.read_bytes()
    done = synthnb(executed.parent, "disclose", executed.name, "--check")
    assert (done.returncode, executed.read_bytes()) == (1, before)
    assert "would change" in done.stdout


@pytest.mark.parametrize("ending", ["html", "md", "ipynb"])
def test_every_export_carries_a_record_that_verifies(disclosed: Path, ending: str) -> None:
    done = synthnb(disclosed.parent, "export", disclosed.name, f"out.{ending}")
    assert done.returncode == 0, done.stderr
    verified = synthnb(disclosed.parent, "verify", f"out.{ending}", "--json")
    assert verified.returncode == 0, verified.stdout
    assert {finding["status"] for finding in json.loads(verified.stdout)["findings"]} <= {"ok", "not looked at"}


def test_verify_names_a_changed_table(disclosed: Path) -> None:
    with (disclosed.parent / "made.csv").open("a", encoding="utf-8") as table:
        table.write("30,f\n")
    done = synthnb(disclosed.parent, "verify", disclosed.name)
    assert done.returncode == 1
    assert "changed       made.csv" in done.stdout


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("out.html", "30 rows made by software", "90 rows made by software"),
        ("out.md", "30 rows made by software", "90 rows made by software"),
        ("analysis.ipynb", "requested = ", "asked for = "),
    ],
)
def test_what_readers_see_is_verified(disclosed: Path, name: str, old: str, new: str) -> None:
    if name.startswith("out"):
        assert synthnb(disclosed.parent, "export", disclosed.name, name).returncode == 0
    file = disclosed.parent / name
    before = file.read_text(encoding="utf-8")
    head, body_tag, body = before.rpartition("<body")  # what stands above isn't for readers
    assert old in body
    file.write_text(head + body_tag + body.replace(old, new, 1), encoding="utf-8")
    done = synthnb(disclosed.parent, "verify", name)
    assert done.returncode == 1
    assert "changed" in done.stdout


def test_a_notebook_run_by_papermill_is_disclosed_afterwards(executed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "papermill", "--no-progress-bar", "--cwd", str(tmp_path), str(executed), str(tmp_path / "out.ipynb")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "updated" in synthnb(tmp_path, "disclose", "out.ipynb").stdout
    assert synthnb(tmp_path, "verify", "out.ipynb").returncode == 0


def test_a_stock_exporter_carries_it_with_the_preprocessor(executed: Path, tmp_path: Path) -> None:
    preprocessor = "--HTMLExporter.preprocessors=synthnb.jupyter.nbconvert.DisclosurePreprocessor"
    words = ["nbconvert", "--to", "html", preprocessor, "--output-dir", str(tmp_path), str(executed)]
    done = subprocess.run([sys.executable, "-m", "jupyter", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Synthetic data disclosure" in (tmp_path / "analysis.html").read_text(encoding="utf-8")


def test_our_exporters_are_known_to_nbconvert_by_name(executed: Path, tmp_path: Path) -> None:
    words = ["nbconvert", "--to", "synth-html", "--output-dir", str(tmp_path), str(executed)]
    done = subprocess.run([sys.executable, "-m", "jupyter", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert synthnb(tmp_path, "verify", "analysis.html").returncode == 0


def test_a_notebook_without_synthnb_is_exported_too(tmp_path: Path) -> None:
    FORMAT.write(FORMAT.v4.new_notebook(cells=[FORMAT.v4.new_markdown_cell("# Plain")]), tmp_path / "plain.ipynb")
    done = synthnb(tmp_path, "export", "plain.ipynb", "plain.html")
    assert done.returncode == 0, done.stderr
    assert "no record" in done.stdout


@pytest.mark.parametrize(
    ("change", "works"),
    [
        ({"metadata": {"synthnb": 5}}, True),
        ({"metadata": {"synthnb": {"entries": [], "fields": 5}}}, True),
        ({"cells": [1, None, "x"]}, False),
        ({"nbformat_minor": None}, False),
    ],
    ids=["number", "fields", "cells", "minor"],
)
def test_an_odd_notebook_is_exported_or_refused_in_one_line(tmp_path: Path, change: dict[str, Any], works: bool) -> None:
    made = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | change
    (tmp_path / "odd.ipynb").write_text(json.dumps(made), encoding="utf-8")
    done = synthnb(tmp_path, "export", "odd.ipynb", "odd.html")
    assert done.returncode == (0 if works else 1), done.stderr
    assert works or re.fullmatch("synthnb: A valid notebook was expected.*\n", done.stderr)


def test_runs_lists_the_folders_ledger(folder: Path) -> None:
    assert "No run" in synthnb(folder, "runs").stdout
    synthnb(folder, "generate", "seen.csv", "--rows", "30", "--out", "made.csv")
    assert "generate" in synthnb(folder, "runs").stdout
    assert json.loads(synthnb(folder, "runs", "--json").stdout.splitlines()[0])["kind"] == "generate"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["generate", "none.csv", "--out", "x.csv"], "There is no file at 'none.csv'"),
        (["generate", "seen.csv", "--out", "x.docx"], "csv or .parquet"),
        (["generate", "seen.csv", "--rows", "0", "--out", "x.csv"], "rows"),
        (["generate", "seen.csv", "--out", "no/such/folder/x.csv"], "couldn't be written"),
        (["generate", "seen.csv", "--out", "seen.csv", "--overwrite"], "would lose the table"),
        (["generate", "seen.csv", "--out", "holdout.csv"], "isn't as synthnb wrote it"),
        (["evaluate", "seen.csv", "--against", "holdout.csv", "--out", "holdout.csv"], "would lose the table"),
        (["evaluate", "seen.csv", "--against", "holdout.csv", "--out", "report.txt"], "written as .html or .json"),
        (["evaluate", "seen.csv", "--against", "seen.csv", "--target", "evnt"], "Did you mean"),
        (["disclose", "seen.csv"], "notebook"),
        (["disclose", "none.ipynb"], "none.ipynb"),
        (["export", "seen.csv", "out.html"], "notebook"),
        (["models", "pull", "no-such-model"], "smollm2-135m"),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_1(folder: Path, words: list[str], message: str) -> None:
    done = synthnb(folder, *words)
    assert done.returncode == 1
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (folder / "x.csv").exists()


def test_an_unknown_command_exits_with_2(tmp_path: Path) -> None:
    done = synthnb(tmp_path, "genrate")
    assert done.returncode == 2
    assert "No such command" in done.stderr
