"""The hooks and the action: their files are read, and what they run is run on a real folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from synthnb.cli.each import run_each
from synthnb.disclosure.entries import sealed
from synthnb.disclosure.notebook import MIME
from synthnb.disclosure.sidecar import write_sidecar

ROOT = Path(__file__).parents[2]
PLAIN = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table with its record, and a notebook without any."""
    (tmp_path / "made.csv").write_text("age\n1\n", encoding="utf-8")
    run = sealed(id="run-1", kind="generate", created="2026-11-24T10:00:00Z", slot="generate:made", fields={"seed": "3"}, detail={})
    write_sidecar(tmp_path / "made.csv", [run], {"name": "made"}, folder=tmp_path)
    (tmp_path / "plain.ipynb").write_text(PLAIN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def hooks() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    return found


def test_the_hooks_are_what_the_page_names() -> None:
    assert [hook["id"] for hook in hooks()] == ["synthnb-verify", "synthnb-disclose-check", "synthnb-check"]
    page = (ROOT / "docs" / "disclosure" / "ci.md").read_text(encoding="utf-8")
    assert all(hook["id"] in page for hook in hooks())


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: str(hook["id"]))
def test_each_hooks_command_passes_on_what_is_fine(folder: Path, hook: dict[str, Any]) -> None:
    words = hook["entry"].split()
    assert words[:3] == ["python", "-m", "synthnb.cli.each"]
    assert run_each([*words[3:], "plain.ipynb"]) == 0
    if hook["id"] == "synthnb-verify":
        assert run_each([*words[3:], "made.csv.synthnb.json", "plain.ipynb"]) == 0


def test_a_changed_table_fails_the_hook_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "made.csv").write_text("age\n2\n", encoding="utf-8")
    assert run_each(["verify", "made.csv.synthnb.json", "made.csv", "plain.ipynb"]) == 1
    shown = capsys.readouterr().out
    assert shown.count("CHANGED: made.csv") == 1
    assert "1 of 2 files hold something of synthnb" in shown


def test_a_disclosure_that_is_behind_fails_the_hook(folder: Path) -> None:
    run = sealed(id="run-1", kind="generate", created="2026-11-24T10:00:00Z", slot="generate:made", fields={"seed": "3"}, detail={})
    output = {"output_type": "display_data", "metadata": {}, "data": {MIME: {"schema": "synthnb.record/1", "entries": [run]}}}
    import json

    cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1, "outputs": [output], "source": "x"}
    (folder / "a.ipynb").write_text(json.dumps(json.loads(PLAIN) | {"cells": [cell]}), encoding="utf-8")
    assert run_each(["disclose", "--check", "a.ipynb"]) == 1


@pytest.mark.parametrize("words", [[], ["generate"], ["verify", "--no-such", "made.csv"]])
def test_a_wrong_call_is_a_usage_error(folder: Path, words: list[str]) -> None:
    assert run_each(words) == 2


def test_pre_commit_runs_the_hook_from_a_repository(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    repository = tmp_path_factory.mktemp("hooks")
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", repository)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment |= {"PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("cache")), "GIT_CONFIG_GLOBAL": os.devnull}
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for place in (repository, folder):
        for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "x"]):
            subprocess.run(["git", *words], cwd=place, env=environment, check=True, capture_output=True)
    words = ["pre_commit", "try-repo", str(repository), "synthnb-verify", "--all-files", "--verbose"]
    done = subprocess.run([sys.executable, "-m", *words], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "OK: made.csv" in done.stdout


def test_the_action_runs(folder: Path) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    steps = {step.get("name"): step for step in action["runs"]["steps"]}
    assert set(action["inputs"]) == {"path", "notebooks", "key", "strict", "python-version", "requirement"}
    assert not any("${{" in step.get("run", "") for step in steps.values()), "what is put in goes through variables, not into the script"
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment |= {"VERIFY_PATH": "made.csv", "VERIFY_KEY": "", "VERIFY_STRICT": "true", "NOTEBOOKS": "plain.ipynb\n\n"}
    for name, status in (("Verify", 0), ("Disclosure and policy", 0)):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", steps[name]["run"]], env=environment, capture_output=True, text=True)
        assert done.returncode == status, done.stdout + done.stderr
    (folder / "made.csv").write_text("age\n2\n", encoding="utf-8")
    done = subprocess.run(["bash", "-c", steps["Verify"]["run"]], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "::error file=made.csv,title=changed%3A made.csv::" in done.stdout
