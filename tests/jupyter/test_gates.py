"""A gate that fails, in a real shell, a notebook file and the command: what it stops, and what going past it leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.test_main import notebook, synthnb
from tests.jupyter.test_magics import refused, run

if TYPE_CHECKING:
    import pandas as pd

STRICT = """
name = "strict/1"
extends = "tabular-core/1"
drop = ["tstr", "subgroups", "membership"]

[[gates]]
metric = "column_shapes"
at_least = 2.0
source = "a limit that nothing reaches, for a test"
"""
REASON = "A replica for a class, never released."


@pytest.fixture
def judged(shell: Any, trial: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A shell in which a synthesis of the trial failed its gate."""
    monkeypatch.chdir(tmp_path)
    Path("strict.toml").write_text(STRICT, encoding="utf-8")
    shell.user_ns["trial"] = trial
    run(shell, "%synth generate trial --rows 60 --as made --seed 1")
    run(shell, "%synth evaluate made --against trial --profile strict.toml --seed 1")
    return shell


def test_a_failed_gate_stops_an_export_and_says_which(judged: Any) -> None:
    said = refused(judged, "%synth export made.csv --frame made")
    assert "A failed gate blocks the export" in said
    assert "at least 2: fail" in said
    assert not Path("made.csv").exists()


def test_a_reason_is_asked_for_and_stands_in_the_sidecar(judged: Any) -> None:
    assert "a reason in words is needed" in refused(judged, "%synth export made.csv --frame made --override ok")
    ran = run(judged, f'%synth export made.csv --frame made --override "{REASON}"')
    assert [entry["kind"] for entry in ran.entries] == ["override", "export"]
    assert REASON in Path("made.csv.synthnb.json").read_text(encoding="utf-8")


def test_a_change_of_a_limit_is_in_the_record(judged: Any) -> None:
    ran = run(judged, "%synth evaluate made --against trial --gate schema_validity=0.5 --seed 1 --as report")
    (entry,) = ran.entries
    assert "changed from the shipped profile: gate schema_validity from 1 to 0.5" in entry["fields"]["evaluationProfile"]


def test_a_notebook_is_not_exported_past_a_failed_gate_without_a_reason(tmp_path: Path) -> None:
    (tmp_path / "strict.toml").write_text(STRICT, encoding="utf-8")
    cells = [
        "%load_ext synthnb",
        "import pandas as pd\nreal = pd.DataFrame({'age': range(20, 80), 'sex': ['f', 'm'] * 30})",
        "%synth generate real --rows 60 --as made --seed 3",
        "%synth evaluate made --against real --profile strict.toml --seed 1",
    ]
    notebook(tmp_path / "study.ipynb", *cells)
    stopped = synthnb(tmp_path, "export", "study.ipynb", "study.html")
    assert stopped.returncode == 1
    assert "A failed gate blocks the export" in stopped.stderr
    done = synthnb(tmp_path, "export", "study.ipynb", "study.ipynb.md", "--override", REASON)
    assert done.returncode == 0, done.stderr
    assert REASON in (tmp_path / "study.ipynb.md").read_text(encoding="utf-8")
    assert REASON not in (tmp_path / "study.ipynb").read_text(encoding="utf-8")


def test_the_command_can_fail_with_the_gates(tmp_path: Path, trial: pd.DataFrame) -> None:
    (tmp_path / "strict.toml").write_text(STRICT, encoding="utf-8")
    trial.to_csv(tmp_path / "real.csv", index=False)
    trial.sample(frac=1, random_state=1).to_csv(tmp_path / "made.csv", index=False)
    words = ["evaluate", "made.csv", "--against", "real.csv", "--profile", "strict.toml", "--seed", "1", "--out", "report.json"]
    assert synthnb(tmp_path, *words).returncode == 0
    assert synthnb(tmp_path, *words, "--strict").returncode == 1
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["profile"].startswith("strict/1@")
    outcomes = {gate["metric"]: gate["outcome"] for gate in report["gates"]}
    assert (outcomes["schema_validity"], outcomes["column_shapes"], outcomes["linkability_risk"]) == ("pass", "fail", "undecided")


def test_syntheses_are_compared_by_name(shell: Any, trial: pd.DataFrame) -> None:
    shell.user_ns["trial"] = trial
    for name, seed in (("one", 1), ("two", 2)):
        run(shell, f"%synth generate trial --rows 60 --as {name} --seed {seed}")
    ran = run(shell, "%synth compare one two --against trial --seed 1 --as both")
    assert [synthesis["name"] for synthesis in shell.user_ns["both"].to_dict()["syntheses"]] == ["one", "two"]
    assert [entry["kind"] for entry in ran.entries] == ["evaluate", "evaluate"]
    assert "expected" in refused(shell, "%synth compare one --against trial")


def test_an_export_that_fails_leaves_no_override_and_the_cell_can_be_run_again(judged: Any) -> None:
    assert "couldn't be written" in refused(judged, f'%synth export nowhere/made.csv --frame made --override "{REASON}"')
    assert "A failed gate blocks the export" in refused(judged, "%synth export made.csv --frame made")
    for _ in range(2):
        run(judged, f'%synth export made.csv --frame made --override "{REASON}"')


def test_leaving_the_evidence_out_lifts_nothing(judged: Any) -> None:
    run(judged, "%synth evaluate made --against trial --seed 1")
    assert "A failed gate blocks the export" in refused(judged, "%synth export made.csv --frame made")
