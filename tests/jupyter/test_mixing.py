"""``%synth mix`` and ``synthnb mix``: real and synthetic rows in one frame, told in words, without a row of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from IPython.utils.capture import capture_output

Shell = Any
"""IPython's shell, whose methods have no annotations."""

RECORD = "application/vnd.synthnb.record+json"
_RANDOM = np.random.default_rng(1)
TRIAL = pd.DataFrame({"age": _RANDOM.normal(50, 10, 150).round(3), "sex": _RANDOM.choice(["f", "m"], 150)})


@pytest.fixture
def made(shell: Shell) -> Shell:
    """A shell with a trial and synthetic rows of it, and the trial in a file."""
    shell.user_ns["trial"] = TRIAL
    TRIAL.to_csv("trial.csv", index=False)
    shown(shell, "%synth generate trial --as made --engine copula --seed 1")
    return shell


def shown(shell: Shell, line: str) -> list[dict[str, Any]]:
    with capture_output() as captured:
        result = shell.run_cell(line)
    assert result.success
    return [output.data for output in captured.outputs]


def test_a_mixture_is_told_with_its_entry_and_shows_no_row(made: Shell) -> None:
    bundle = shown(made, "%synth mix trial made --as both --seed 3")[0]
    assert made.user_ns["both"]["synthnb_origin"].value_counts()[["real", "synthetic"]].tolist() == [150, 150]
    assert "50 % of 300 rows: 150 rows of “trial”, real, as stated" in bundle["text/plain"]
    assert bundle[RECORD]["entries"][0]["kind"] == "mix"
    rows = {str(value) for value in TRIAL["age"]}
    assert [text for text in rows if text in bundle["text/html"] + bundle["text/plain"] + bundle["text/markdown"]] == []


def test_files_are_mixed_as_frames_are(made: Shell) -> None:
    shown(made, "%synth mix trial.csv made --as both")
    assert len(made.user_ns["both"]) == 300


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet", ".arrow", ".xlsx"])
def test_a_mixture_is_exported_and_verified(made: Shell, ending: str) -> None:
    shown(made, "%synth mix trial made --as both")
    shown(made, f"%synth export both{ending} --frame both")
    assert "Nothing differs" in shown(made, f"%synth verify both{ending}")[0]["text/plain"]


def test_the_command_mixes_files_and_says_whose_rows_they_are(made: Shell, tmp_path: Path) -> None:
    shown(made, "%synth export made.csv --frame made")
    words = ["mix", "trial.csv", "made.csv", "--out", "both.parquet"]
    done = subprocess.run([sys.executable, "-m", "synthnb", *words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "300 rows (150 real, 150 synthetic) × 2 columns" in done.stdout, done.stderr
    assert pd.read_parquet(tmp_path / "both.parquet").attrs["synthnb"]["share"] == 0.5
    wrong = subprocess.run(
        [sys.executable, "-m", "synthnb", *words[:-1], "made.csv"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (wrong.returncode, "would lose the table" in wrong.stderr) == (1, True)
