"""`synthnb verify` as a process: what a third party with nothing but the files sees, and how it exits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from synthnb.disclosure.entries import sealed
from synthnb.disclosure.sidecar import write_sidecar


def synthnb(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SYNTHNB_SIGNING_KEY": str(folder.parent / f"{folder.name}.pem"), **variables}
    return subprocess.run([sys.executable, "-m", "synthnb", *words], cwd=folder, capture_output=True, text=True, env=environment)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A table with its record, and a file that nobody accounts for."""
    place = tmp_path / "project"
    place.mkdir()
    (place / "made.csv").write_text("age\n1\n2\n", encoding="utf-8")
    run = sealed(id="run-1", kind="generate", created="2026-11-24T10:00:00Z", slot="generate:made", fields={"seed": "3"}, detail={})
    write_sidecar(place / "made.csv", [run], {"name": "made"}, folder=place)
    (place / "notes.txt").write_text("mine", encoding="utf-8")
    return place


def test_a_folder_is_looked_through_and_strangers_are_listed(folder: Path) -> None:
    done = synthnb(folder, "verify", ".")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not looked at notes.txt: No record names it and no signature covers it." in done.stdout
    assert "It isn't signed: whoever rewrites every part leaves no trace." in done.stdout


def test_signing_and_checking_with_the_public_key(folder: Path, tmp_path: Path) -> None:
    assert synthnb(folder, "signing-key", "new").returncode == 0
    assert synthnb(folder, "sign", ".", "--by", "Ada").returncode == 0
    exported = synthnb(folder, "signing-key", "export-public", str(tmp_path / "ada.pub"))
    assert exported.returncode == 0
    done = synthnb(folder, "verify", ".", "--key", str(tmp_path / "ada.pub"), SYNTHNB_SIGNING_KEY="/none.pem")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Signed by ada (key " in done.stdout
    assert "It is signed." in done.stdout
    (folder / "notes.txt").write_text("yours", encoding="utf-8")
    assert synthnb(folder, "verify", ".").returncode == 1


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["made.csv"], 0),
        (["made.csv", "--require-signature"], 3),
        ([".", "--strict"], 1),
        (["none.ipynb"], 2),
        (["x" * 5000], 2),
        (["made.csv", "--key", "notes.txt"], 2),
        (["made.csv", "--no-such-option"], 2),
    ],
)
def test_the_exit_status_says_what_it_comes_to(folder: Path, words: list[str], status: int) -> None:
    done = synthnb(folder, "verify", *words)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_json_follows_its_schema(folder: Path) -> None:
    from jsonschema import Draft202012Validator

    schema = json.loads(files("synthnb.disclosure").joinpath("schema/verification-1.json").read_text(encoding="utf-8"))
    with (folder / "made.csv").open("a", encoding="utf-8") as table:
        table.write("3\n")
    done = synthnb(folder, "verify", ".", "--json")
    found = json.loads(done.stdout)
    assert list(Draft202012Validator(schema).iter_errors(found)) == []
    assert (done.returncode, found["outcome"], found["exit_status"]) == (1, "changed", 1)
    assert found["artefacts"] == [{"name": "made.csv", "status": "changed", "signed": False}]


def test_annotations_cant_be_broken_by_a_name(folder: Path) -> None:
    (folder / "made.csv").write_text("age\n9\n", encoding="utf-8")
    (folder / "made.csv").rename(folder / "a,b::c\n.csv")
    (folder / "made.csv.synthnb.json").rename(folder / "a,b::c\n.csv.synthnb.json")
    lines = [line for line in synthnb(folder, "verify", ".", "--annotate").stdout.splitlines() if line.startswith("::")]
    assert lines
    assert all(line.count("::") == 2 or "%3A" in line for line in lines)


@pytest.mark.parametrize(
    "words", [["sign", "none.csv"], ["sign-off", "none.ipynb", "--reviewer", "A", "--scope", "b"], ["signing-key", "show"]]
)
def test_a_mistake_is_one_line(folder: Path, words: list[str]) -> None:
    done = synthnb(folder, *words)
    assert done.returncode == 1
    assert len((done.stderr + done.stdout).strip().splitlines()) == 1
