"""The reviewer who has nothing but the zip."""

from __future__ import annotations

import zipfile
from pathlib import Path

from synthnb.disclosure.crates import describe_crate
from synthnb.disclosure.crates.parts import RECORD, part_of_bytes
from synthnb.disclosure.crates.zipping import write_zip

from .conftest import STATED


def test_it_answers_who_what_how_from_what_and_whether_it_was_changed(crate: Path) -> None:
    said = describe_crate(crate)
    questions = [
        "Who answers for it?",
        "What is it?",
        "How was it made?",
        "From what?",
        "How was it checked?",
        "What can't it show?",
        "Was it changed?",
    ]
    assert [line for line in said.splitlines() if line.endswith("?")] == questions
    for words in ("Dr Ana Ruiz", "engine trees", "“actg175”", "AUC 0.610", STATED["limitations"], "No: every file has the digest"):
        assert words in " ".join(said.split())


def test_it_says_that_nothing_is_signed(crate: Path) -> None:
    assert "No part of it is signed, so this doesn't show who made it" in " ".join(describe_crate(crate).split())


def test_verification_that_nobody_did_is_none(crate: Path) -> None:
    assert "Verification performed: Not stated (none)" in describe_crate(crate)


def test_a_change_is_told(crate: Path) -> None:
    with zipfile.ZipFile(crate) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    files["synthetic.csv"] += b"1,2,3\n"
    write_zip(crate, [part_of_bytes(name, content, "") for name, content in files.items()])
    assert "Yes, or it can't be told: synthetic.csv (changed)" in " ".join(describe_crate(crate).split())


def test_without_a_record_there_is_nothing_to_say(tmp_path: Path) -> None:
    write_zip(tmp_path / "a.zip", [part_of_bytes(RECORD, b"[]", "")])
    assert describe_crate(tmp_path / "a.zip") == ""
    (tmp_path / "b.zip").write_bytes(b"x")
    assert describe_crate(tmp_path / "b.zip") == ""
