"""`synthnb check` and `synthnb risk` as processes: what they print, write and exit with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_main import synthnb
from tests.disclosure.samples import entries, notebook

ANSWERS = """Intent: replica
Audience: students
Class of the sources: confidential
Personal or sensitive information: ages
Re-identification assessment: as proposed
Residual risk: rare ages,
  and rare diagnoses
Governance: the board
Release model: on application
Release class: team
"""


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A notebook with a run, a column and a report."""
    path = tmp_path / "trial.ipynb"
    path.write_text(json.dumps(notebook(*entries())), encoding="utf-8")
    return path


def checked(folder: Path, rules: str, *words: str) -> tuple[int, str]:
    (folder / "synthnb.toml").write_text(f'name = "clinic"\n{rules}', encoding="utf-8")
    done = synthnb(folder, "check", "trial.ipynb", *words)
    assert done.stderr == "" or "synthnb:" in done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("rules", "code", "said"),
    [
        ('engines.allowed = ["trees", "llm"]', 0, "✓ ok             engines.allowed (synthnb.toml, line 2)"),
        ('engines.allowed = ["dp"]', 1, "✗ violated       engines.allowed (synthnb.toml, line 2): the engine is one of “dp”; got trees"),
        ('engines.allowed = ["dp"]\n[overrides]\nallowed = false', 1, "→ Choose one of these engines. It can't be gone past."),
        ('engine.allowed = ["dp"]', 1, "did you mean 'engines'?"),
    ],
)
def test_the_exit_code_tells_a_pipeline(saved: Path, rules: str, code: int, said: str) -> None:
    found, text = checked(saved.parent, rules)
    assert found == code
    assert said in text


def test_what_cannot_be_decided_exits_with_2(saved: Path) -> None:
    code, text = checked(saved.parent, "evaluation.gates.auc.at_most = 0.61")
    assert code == 2
    assert "auc is at most 0.61; undecided for “synthetic”: 0.61 [0.58, 0.64]" in text


def test_as_json_the_outcome_is_whole(saved: Path) -> None:
    code, text = checked(saved.parent, 'fields.required = ["biases"]', "--json")
    found = json.loads(text)
    assert code == 1
    assert found["status"] == "violated"
    assert found["policy"]["name"] == "clinic"
    assert found["policy"]["files"] == ["synthnb.toml"]
    assert [ruling["rule"] for ruling in found["rulings"]] == ["fields.required"]


def test_public_needs_a_risk_record_even_without_a_policy(saved: Path) -> None:
    done = synthnb(saved.parent, "check", "trial.ipynb", "--release", "public")
    assert done.returncode == 1
    assert "No policy is in force, for the release class public: 1 violated" in done.stdout


def test_a_risk_record_is_written_into_the_notebook(saved: Path) -> None:
    (saved.parent / "answers.txt").write_text(ANSWERS, encoding="utf-8")
    done = synthnb(saved.parent, "risk", "trial.ipynb", "--answers", "answers.txt", "--by", "Ada, steward")
    assert done.returncode == 0, done.stderr
    assert "Risk record: complete" in done.stdout
    assert "Recommended release class: team" in done.stdout
    written: Any = json.loads(saved.read_text(encoding="utf-8"))
    (entry,) = [entry for entry in written["metadata"]["synthnb"]["entries"] if entry["kind"] == "risk"]
    assert entry["fields"]["residualRisk"] == "rare ages, and rare diagnoses"
    assert entry["detail"]["by"] == "Ada, steward"
    assert synthnb(saved.parent, "check", "trial.ipynb", "--release", "team").returncode == 0
    assert synthnb(saved.parent, "disclose", "trial.ipynb", "--check").returncode == 0


def test_the_risk_record_is_shown_without_being_changed(saved: Path) -> None:
    before = saved.read_bytes()
    done = synthnb(saved.parent, "risk", "trial.ipynb", "--json")
    found = json.loads(done.stdout)
    assert found["problems"] == ["there is none"]
    assert {attack["attack"] for attack in found["attacks"]} == {"membership", "singling out", "linkability", "attribute inference"}
    assert saved.read_bytes() == before


def test_an_answer_to_no_question_is_refused(saved: Path) -> None:
    (saved.parent / "answers.txt").write_text("Colour: blue", encoding="utf-8")
    done = synthnb(saved.parent, "risk", "trial.ipynb", "--answers", "answers.txt")
    assert done.returncode == 1
    assert "An answer reads 'Question: text'; got 'Colour: blue'" in done.stderr
