"""A third party's engine, installed from a package of its own, is an engine like ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PACKAGE = Path(__file__).parents[1] / "plugins" / "tiny_engine"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", str(target)]
    subprocess.run([*pip, str(PACKAGE)], check=True, capture_output=True, text=True)
    return target


def run(installed: Path, code: str, folder: Path) -> Any:
    """What a script that sees the package prints as its last line, read as JSON."""
    start = "import json, pandas as pd, synthnb\nreal = pd.DataFrame({'x': range(40), 'y': range(40, 80)})\n"
    environment = os.environ | {"PYTHONPATH": str(installed), "SYNTHNB_LEDGER": "off"}
    done = subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, env=environment, cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_it_makes_rows_and_its_words_reach_the_run(installed: Path, tmp_path: Path) -> None:
    code = (
        "run = synthnb.generate(real, rows=50, engine='shuffle', options={'shift': 100}, random_state=1).run\n"
        "print(json.dumps([run.engine, run.delivered, run.account['method'], run.parameters['shift'], run.notes[-1]]))"
    )
    assert run(installed, code, tmp_path) == ["shuffle", 50, "each column shuffled by itself", 100, "Columns are independent."]


def test_a_condition_it_cannot_aim_at_is_met_by_drawing_again(installed: Path, tmp_path: Path) -> None:
    code = (
        "made = synthnb.generate(real, rows=50, engine='shuffle', where='x > 30', random_state=1)\n"
        "print(json.dumps([made.run.delivered, int(made.frame['x'].min()), made.run.counts['rows_redrawn']]))"
    )
    delivered, least, again = run(installed, code, tmp_path)
    assert (delivered, least > 30, again > 0) == (50, True, True)


def test_it_is_saved_and_loaded(installed: Path, tmp_path: Path) -> None:
    code = (
        "made = synthnb.generate(real, rows=50, engine='shuffle', random_state=1)\n"
        "made.generator.save('one.synthgen')\n"
        "again = synthnb.generate('one.synthgen', rows=50, random_state=1)\n"
        "print(json.dumps(bool(again.frame.equals(made.frame))))"
    )
    assert run(installed, code, tmp_path) is True


def test_an_option_it_does_not_take_is_named(installed: Path, tmp_path: Path) -> None:
    code = (
        "try:\n    synthnb.generate(real, engine='shuffle', options={'shfit': 1})\n"
        "except synthnb.errors.OptionError as error:\n    print(json.dumps(str(error)))"
    )
    assert "An option of the engine shuffle must be one of shift; got 'shfit'. Did you mean 'shift'?" in run(installed, code, tmp_path)
