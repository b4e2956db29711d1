"""A third party's metric, installed from a package of its own, is named by a profile like ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "plugins" / "tiny_metric"
PROFILE = """
name = "own/1"
extends = "tabular-core/1"
steps = ["row-ratio"]

[parameters.row-ratio]
factor = 10.0

[[gates]]
metric = "row_ratio"
at_least = 3.0
source = "our own"
"""
CODE = """
import json, pandas as pd, synthnb
real = pd.DataFrame({"x": range(40), "y": range(40, 80)})
report = synthnb.evaluate(real.head(20), real, profile="own.toml", random_state=1)
score = report.scores[-1]
print(json.dumps([score.metric, score.value, report.gates[-1]["outcome"]]))
"""


def test_it_is_computed_with_its_parameters_and_held_against_a_gate(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(tmp_path / "site"), str(PACKAGE)], check=True, capture_output=True, text=True)
    (tmp_path / "own.toml").write_text(PROFILE, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site"), "SYNTHNB_LEDGER": "off"}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == ["row_ratio", 5.0, "pass"]
