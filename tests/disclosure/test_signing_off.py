"""A reviewer's sign-off: bound to what was reviewed, and visibly void once that changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synthnb._api.signing import sign, sign_off
from synthnb._api.verifying import check
from synthnb._canonical import digest, without
from synthnb.disclosure.entries import entry_for_export, entry_for_run, entry_for_statements
from synthnb.disclosure.files import disclose_file
from synthnb.disclosure.folding import fold, substance
from synthnb.disclosure.sidecar import entries_about
from synthnb.disclosure.signing_off import entry_for_sign_off, sign_off_file
from synthnb.errors import NotebookError, OptionError, StorageError

from .samples import entries, made, notebook
from .signed import Json, project, read, write

ADA = "Ada Núñez, statistician"
REVIEWER = {"reviewer": ADA, "scope": "methods and evaluation"}


def value(*more: Json) -> str:
    """The field's value once some entries have been added."""
    reviewed = entries()
    folded = fold([*reviewed, entry_for_sign_off(reviewed, **REVIEWER), *more])
    return str(folded["reviewerSignOff"]["values"][0]["value"])


def state(path: Path) -> dict[str, str]:
    return {one.what: one.status for one in check(path).findings if one.what.startswith("sign-off")}


def add(path: Path, entry: Json) -> None:
    content = read(path)
    content["metadata"]["synthnb"]["entries"].append(entry)
    write(path, content)
    disclose_file(path)


def later(**changes: str) -> Json:
    return entry_for_run(made(id="run-later", ended="2099-01-01T00:00:00.000000Z", **changes))


def test_it_says_who_saw_what_and_which_record() -> None:
    entry = entry_for_sign_off(entries(), **REVIEWER, created="2099-01-01T00:00:00Z")
    assert entry["detail"]["substance"] == substance(entries())
    text = entry["fields"]["reviewerSignOff"]
    assert text.startswith("Ada Núñez, statistician: methods and evaluation; 2099-01-01, for the record as it then was (sha256:")


def test_it_stands_in_the_cell_and_verifies(tmp_path: Path) -> None:
    path = project(tmp_path)
    sign_off(path, reviewer=ADA, scope="methods and evaluation")
    assert state(path) == {"sign-off of Ada Núñez, statistician": "ok"}
    assert check(path).outcome == "ok"
    assert not disclose_file(path).changed
    assert "methods and evaluation" in path.read_text(encoding="utf-8")


def test_a_change_makes_it_void_in_the_cell_and_in_verify(tmp_path: Path) -> None:
    path = project(tmp_path)
    sign_off_file(path, **REVIEWER)
    add(path, later())
    assert state(path) == {"sign-off of Ada Núñez, statistician": "void"}
    assert check(path).exit_status == 1
    cell = "".join(next(cell["source"] for cell in read(path)["cells"] if "synthnb-disclosure" in cell["metadata"].get("tags", [])))
    assert "(void: the record was changed after it)" in cell


def test_an_entry_slipped_in_before_it_makes_it_void(tmp_path: Path) -> None:
    path = project(tmp_path)
    sign_off_file(path, **REVIEWER)
    add(path, entry_for_run(made(id="run-before", ended="2001-01-01T00:00:00.000000Z")))
    assert list(state(path).values()) == ["void"]


@pytest.mark.parametrize(
    "change",
    [lambda it: it[1:], lambda it: [*it, entry_for_run(made(id="run-before", ended="2001-01-01T00:00:00.000000Z"))]],
    ids=["gone", "before"],
)
def test_it_is_void_wherever_fields_are_folded_if_the_record_isnt_the_reviewed_one(change: Any) -> None:
    reviewed = entries()
    signed = entry_for_sign_off(reviewed, **REVIEWER)
    folded = [fold([*some, signed])["reviewerSignOff"]["values"][0]["value"] for some in (reviewed, change(reviewed))]
    assert [text.endswith("(void: the record was changed after it)") for text in folded] == [False, True]


def test_a_table_that_holds_a_part_of_the_record_has_no_sign_off() -> None:
    reviewed = entries()
    signed = entry_for_sign_off(reviewed, **REVIEWER)
    assert signed not in entries_about("sha256:other", [*reviewed, signed])


def rewritten(path: Path, **changes: str) -> None:
    """Change what a sign-off says, and everything that follows from it."""
    content = read(path)
    own = content["metadata"]["synthnb"]
    entry = next(entry for entry in own["entries"] if entry["kind"] == "sign-off")
    entry["detail"] |= changes
    entry["digest"] = digest(without(entry, "digest"))
    write(path, content)
    disclose_file(path)


def test_a_signed_sign_off_that_was_rewritten_is_named(tmp_path: Path, key: Path) -> None:
    path = project(tmp_path)
    entry = sign_off(path, reviewer=ADA, scope="code style only", signed=True)
    assert check(path, require_signature=True).outcome == "ok"
    rewritten(path, scope="safe for public release")
    named = {one.what: one.status for one in check(path).findings}
    assert (named[f"signed entry {entry['id']}"], named[f"sign-off of {ADA}"]) == ("changed", "unsigned")
    assert check(path).exit_status == 1


def test_a_sign_off_that_no_signature_covers_is_said(tmp_path: Path, key: Path) -> None:
    path = project(tmp_path)
    sign(path)
    sign_off_file(path, reviewer="Mallory, board", scope="everything")
    assert state(path) == {"sign-off of Mallory, board": "unsigned"}
    assert check(path, require_signature=True).exit_status == 3
    sign(path, role="reviewer")
    assert state(path) == {"sign-off of Mallory, board": "ok"}


def test_an_earlier_version_that_was_put_back_is_known_from_the_ledger(tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = project(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = path.read_bytes()
    sign_off(path, reviewer=ADA, scope="methods")
    assert check(path).outcome == "ok"
    path.write_bytes(before)
    told = {one.what: (one.status, one.detail) for one in check(path).findings}["ledger"]
    assert told[0] == "outdated"
    assert "about trial.ipynb: signoff-" in told[1]


def test_an_export_leaves_it_as_it_was(tmp_path: Path) -> None:
    path = project(tmp_path)
    sign_off_file(path, **REVIEWER)
    shape = {"path": "…/x.html", "sha256": "sha256:0", "bytes": 1, "record_digest": "sha256:1"}
    add(path, entry_for_export(shape, created="2099-01-01T00:00:00Z"))
    assert list(state(path).values()) == ["ok"]


def test_signed_off_anew_it_counts_again(tmp_path: Path) -> None:
    path = project(tmp_path)
    sign_off_file(path, **REVIEWER)
    add(path, entry_for_statements({"intent": "teaching"}))
    assert list(state(path).values()) == ["void"]
    sign_off_file(path, **REVIEWER)
    assert list(state(path).values()) == ["ok"]


def test_the_responsible_person_as_reviewer_is_said() -> None:
    reviewed = [*entries(), entry_for_statements({"responsiblePerson": "ada nunez (ORCID)"})]
    same = [*entries(), entry_for_statements({"responsiblePerson": "Ada Nunez, data steward"})]
    assert "is the responsible person" in entry_for_sign_off(same, **REVIEWER)["fields"]["reviewerSignOff"]
    assert "is the responsible person" not in entry_for_sign_off(entries(), **REVIEWER)["fields"]["reviewerSignOff"]
    assert reviewed


def test_another_hand_that_enters_it_is_said() -> None:
    text = entry_for_sign_off(entries(), **REVIEWER, by="Bo, author")["fields"]["reviewerSignOff"]
    assert text.endswith("; entered by Bo, author")
    assert "entered by" not in entry_for_sign_off(entries(), **REVIEWER, by="ADA NUNEZ")["fields"]["reviewerSignOff"]


def test_it_can_be_signed_with_the_reviewers_key(tmp_path: Path, key: Path) -> None:
    path = project(tmp_path)
    entry = sign_off(path, reviewer=ADA, scope="methods", signed=True)
    details = [one.detail for one in check(path).findings if one.what == "signature"]
    assert details[0].startswith("Signed as reviewer by you")
    assert entry["id"] in read(path)["metadata"]["synthnb"]["stale"]


def test_without_a_key_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = project(tmp_path)
    monkeypatch.setenv("SYNTHNB_SIGNING_KEY", str(tmp_path / "none.pem"))
    before = path.read_bytes()
    with pytest.raises(OptionError, match="There is no signing key"):
        sign_off(path, reviewer=ADA, scope="methods", signed=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [({"reviewer": " ", "scope": "x"}, "A reviewer in words"), ({"reviewer": "A", "scope": "x" * 3000}, "A scope in words")],
)
def test_who_and_what_are_needed(words: dict[str, str], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        entry_for_sign_off(entries(), **words)


def test_there_must_be_something_to_sign_off(tmp_path: Path) -> None:
    path = tmp_path / "empty.ipynb"
    write(path, notebook(cells=[]))
    with pytest.raises(OptionError, match="A record to sign off was expected; there is none"):
        sign_off_file(path, **REVIEWER)
    with pytest.raises(NotebookError, match="There is no notebook"):
        sign_off_file(tmp_path / "none.ipynb", **REVIEWER)


def test_a_read_only_notebook_is_left_as_it_was(tmp_path: Path) -> None:
    path = project(tmp_path)
    before = path.read_bytes()
    path.chmod(0o444)
    with pytest.raises(StorageError, match="read-only"):
        sign_off_file(path, **REVIEWER)
    assert path.read_bytes() == before


def test_an_overclaim_in_the_scope_is_warned_about() -> None:
    entry = entry_for_sign_off(entries(), reviewer="Ada", scope="the data are anonymous")
    assert "claims more than can be shown here" in entry["detail"]["warnings"][0]
