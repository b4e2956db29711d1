"""Folders and archives of unknown origin: everything is looked at or listed, nothing hangs, nothing leads out."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from synthnb._api.signing import sign
from synthnb._api.verifying import check
from synthnb.disclosure.signing import FOLDER, SUFFIX
from synthnb.disclosure.signing_off import sign_off_file
from synthnb.disclosure.verify import verify_path
from synthnb.errors import NotebookError, SynthnbError

from .signed import project, read

if TYPE_CHECKING:
    from synthnb.disclosure.verify import Finding


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    project(place)
    return place


def differing(folder: Path) -> list[Finding]:
    return [one for one in check(folder).findings if not one.ok]


def said(folder: Path) -> set[tuple[str, str, str]]:
    return {(one.artefact, one.what, one.status) for one in differing(folder)}


def test_everything_in_a_folder_is_checked(folder: Path) -> None:
    found = check(folder)
    assert set(found.artefacts) == {"trial.ipynb", "t.csv", ".synthnb/ledger.sqlite3"}
    assert (found.outcome, found.signed) == ("ok", False)


def test_files_that_nobody_accounts_for_are_listed(folder: Path) -> None:
    (folder / "stranger.csv").write_text("a\n", encoding="utf-8")
    (folder / "deep").mkdir()
    (folder / "deep" / "x.bin").write_bytes(b"x")
    assert said(folder) == {(name, name, "not looked at") for name in ("stranger.csv", "deep/x.bin")}
    assert check(folder).exit_status == 0
    assert check(folder, strict=True).exit_status == 1


def test_a_signature_of_the_folder_covers_every_file(folder: Path, key: Path) -> None:
    (folder / "extra.bin").write_bytes(b"x")
    place = sign(folder)
    assert place == folder / f"{FOLDER}{SUFFIX}"
    assert said(folder) == set()
    assert check(folder).signed
    (folder / "extra.bin").write_bytes(b"y")
    assert said(folder) == {("extra.bin", "signed content", "changed")}


def test_what_was_signed_and_is_gone_is_missing_and_what_came_is_a_change(folder: Path, key: Path) -> None:
    (folder / "extra.bin").write_bytes(b"x")
    sign(folder)
    (folder / "extra.bin").rename(folder / "new.bin")
    assert said(folder) == {("extra.bin", "signed content", "missing"), ("new.bin", "new.bin", "changed")}
    assert check(folder).exit_status == 1


@pytest.mark.parametrize("name", ["evil.csv", "report.html", "synthnb.toml", "synthnb-keys.toml"])
def test_whatever_came_into_a_signed_folder_is_named(folder: Path, key: Path, name: str) -> None:
    sign(folder)
    (folder / name).write_text("", encoding="utf-8")
    assert said(folder) == {(name, name, "changed")}


def test_the_signature_of_a_folder_leads_to_the_folder(folder: Path, key: Path) -> None:
    place = sign(folder)
    assert (check(place).outcome, check(place).signed) == ("ok", True)
    (folder / "t.csv").write_bytes(b"age")
    assert check(place).exit_status == 1


def test_the_signature_of_a_folder_inside_counts(folder: Path, key: Path) -> None:
    inside = folder / "inside"
    inside.mkdir()
    (inside / "a.txt").write_text("a", encoding="utf-8")
    sign(inside)
    assert said(folder) == set()
    (inside / "b.txt").write_text("b", encoding="utf-8")
    assert said(folder) == {("inside/b.txt", "inside/b.txt", "changed")}


def test_a_sign_off_that_a_folders_signature_doesnt_cover_is_said(folder: Path, key: Path) -> None:
    sign(folder)
    sign_off_file(folder / "trial.ipynb", reviewer="Mallory, board", scope="all of it")
    assert ("trial.ipynb", "sign-off of Mallory, board", "unsigned") in said(folder)


def test_a_changed_signature_of_the_folder_is_named(folder: Path, key: Path) -> None:
    place = sign(folder)
    place.write_bytes(place.read_bytes().replace(b'"sig": "', b'"sig": "A', 1))
    assert ("", "signature", "changed") in said(folder)
    assert not check(folder).signed


def test_lonely_sidecars_and_signatures_are_named(folder: Path, key: Path) -> None:
    sign(folder / "t.csv")
    (folder / "t.csv").unlink()
    named = {(one.artefact, one.what) for one in differing(folder) if one.status == "missing"}
    assert {("t.csv.synthnb.json", "sidecar"), (f"t.csv{SUFFIX}", "signature"), ("trial.ipynb", "t.csv")} <= named


def test_a_signed_file_behind_a_link_isnt_followed(folder: Path, key: Path, tmp_path: Path) -> None:
    sign(folder)
    (tmp_path / "outside.csv").write_bytes((folder / "t.csv").read_bytes())
    (folder / "t.csv").unlink()
    (folder / "t.csv").symlink_to(tmp_path / "outside.csv")
    assert ("t.csv", "signed content", "changed") in said(folder)


def test_a_name_that_leads_out_isnt_followed(tmp_path: Path, key: Path) -> None:
    place = tmp_path / "project"
    place.mkdir()
    (tmp_path / "secret.txt").write_text("x", encoding="utf-8")
    (place / "a.txt").write_text("a", encoding="utf-8")
    from synthnb.disclosure.manifest import manifest_of
    from synthnb.disclosure.signing import envelope, statement
    from synthnb.disclosure.signing_keys import load_key

    opened = load_key(key)
    content = statement({"../secret.txt": manifest_of(tmp_path / "secret.txt")}, key=opened.public, who="")
    (place / f"{FOLDER}{SUFFIX}").write_bytes(envelope(content, opened))
    assert ("../secret.txt", "signed content", "changed") in said(place)


def test_links_pipes_and_other_programs_folders_are_said_and_left(folder: Path, tmp_path: Path) -> None:
    (folder / "out").symlink_to(tmp_path)
    (folder / "within.csv").symlink_to(folder / "t.csv")
    (folder / "circle").symlink_to(folder / "circle")
    os.mkfifo(folder / "pipe.ipynb")
    (folder / ".git").mkdir()
    details = {one.what: one.detail for one in differing(folder)}
    assert details["out"] == "It is a link out of this folder."
    assert details["within.csv"] == "It is a link to a file in this folder."
    assert details["pipe.ipynb"] == "It is a pipe, a socket or a device."
    assert details[".git"] == "It is another program's folder."
    assert {one.status for one in differing(folder)} == {"not looked at"}


def test_a_pipe_or_a_device_by_itself_is_unreadable(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.ipynb")
    for path in (tmp_path / "x.ipynb", Path("/dev/zero")):
        assert [one.status for one in verify_path(path)] == ["unreadable"]


@pytest.mark.parametrize("name", ["x" * 1_000_000 + ".ipynb", "a\x00b.ipynb", "none.ipynb", ""])
def test_a_name_that_no_file_has_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotebookError, match="There is no file at") as error:
        verify_path(f"{tmp_path}/{name}" if name else tmp_path / "no" / "such")
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        '{"nbformat": 4}',
        '{"nbformat": 3, "cells": []}',
        '{"nbformat": 4, "cells": [1, null, {}], "metadata": {}}',
    ],
    ids=["empty", "half", "list", "deep", "bare", "old", "odd cells"],
)
def test_a_notebook_that_isnt_one_spoils_nothing_else(folder: Path, text: str) -> None:
    (folder / "odd.ipynb").write_text(text, encoding="utf-8")
    assert {one.artefact for one in differing(folder)} == {"odd.ipynb"}
    assert {one.status for one in differing(folder)} <= {"unreadable", "missing"}


@pytest.mark.parametrize("change", [lambda data: b"\xef\xbb\xbf" + data, lambda data: data.replace(b"\n", b"\r\n")], ids=["bom", "crlf"])
def test_marks_and_line_ends_are_fine_and_said(folder: Path, key: Path, change: object) -> None:
    path = folder / "trial.ipynb"
    sign(path)
    path.write_bytes(change(path.read_bytes()))  # type: ignore[operator]  # one of the two functions above
    found = check(path)
    assert found.outcome == "ok"
    assert any(one.what == "signed bytes" for one in found.findings)


def test_two_keys_of_one_name_dont_go_unnoticed_under_a_signature(folder: Path, key: Path) -> None:
    path = folder / "trial.ipynb"
    sign(path)
    path.write_text(path.read_text(encoding="utf-8").replace('"nbformat": 4,', '"nbformat": 4, "nbformat": 4,'), encoding="utf-8")
    assert any(one.what == "signed bytes" for one in check(path).findings)


def test_a_zip_bomb_isnt_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("ro-crate-metadata.json", bytes(300_000_000))
    assert path.stat().st_size < 1_000_000
    assert {one.status for one in verify_path(path)} == {"unreadable"}


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x05\x06" + bytes(18), os.urandom(2000)], ids=["empty", "two", "no files", "noise"])
def test_a_zip_that_isnt_one_is_a_finding(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(data)
    assert {one.status for one in verify_path(tmp_path / "x.zip")} <= {"unreadable", "missing"}


def test_a_folder_that_cant_be_read_is_said(folder: Path) -> None:
    (folder / "trial.ipynb").write_bytes(b"\xff\xfe")
    (one,) = [one for one in differing(folder) if one.artefact == "trial.ipynb"]
    assert one.status == "unreadable"
    assert "UTF-8" in one.detail


def test_verifying_a_folder_changes_nothing(folder: Path) -> None:
    before = {item: item.read_bytes() for item in folder.rglob("*") if item.is_file()}
    check(folder)
    assert {item: item.read_bytes() for item in folder.rglob("*") if item.is_file()} == before


def test_a_folder_of_too_many_files_isnt_signed(tmp_path: Path, key: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SynthnbError, match="A folder of 1 to 10,000 files was expected; got 0"):
        sign(tmp_path / "empty")


def test_what_a_hostile_record_says_stays_on_one_line(folder: Path) -> None:
    content = read(folder / "trial.ipynb")
    export = next(entry for entry in content["metadata"]["synthnb"]["entries"] if entry["kind"] == "export")
    export["detail"]["path"] = "\x1b[2J\n::error::x\u202e" + "y" * 1_000_000
    (folder / "trial.ipynb").write_text(json.dumps(content), encoding="utf-8")
    for one in check(folder).findings:
        assert "\n" not in one.what + one.detail
        assert "\x1b" not in one.what + one.detail
        assert len(one.what) <= 300
