"""What was made stays, whatever becomes of the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synthnb._api.declaring import state_in
from synthnb.config import config_context
from synthnb.disclosure.entries import entry_for_statements
from synthnb.disclosure.ledger import Ledger
from synthnb.disclosure.session import Session
from synthnb.errors import SynthnbWarning
from synthnb.jupyter.exporting import export_notebook

from .samples import entries, notebook


def test_a_ledger_that_fails_is_a_warning(tmp_path: Path) -> None:
    session = Session()
    with config_context(ledger=str(tmp_path)), pytest.warns(SynthnbWarning, match="Not written to the ledger: .* are intact"):
        assert session.remember(entries()[0]) == entries()[0]
    assert session.entries() == entries()[:1]


def test_settings_that_cant_be_read_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHNB_MINIMUM_CELL", "few")
    session = Session()
    with pytest.warns(SynthnbWarning, match="SYNTHNB_MINIMUM_CELL must be of type int"):
        session.remember(entries()[0])
    assert len(session.entries()) == 1


def test_what_code_did_says_which_cell_ran_and_a_statement_does_not(tmp_path: Path) -> None:
    session = Session()
    session.code, session.kernel = "%synth generate seen", "ipykernel 7.1.0 on Linux x86_64"
    said = entry_for_statements({"intent": "teaching"})
    with config_context(ledger=str(tmp_path / "l.sqlite3")):
        kept = session.remember(entries()[0])
        assert session.remember(said) == said
    assert "codeDigest" in kept["fields"]
    assert session.remember(entries()[0]) == session.as_kept(entries()[0]) == kept
    assert session.as_kept(said | {"id": "other"})["id"] == "other"


def test_what_is_stated_in_a_notebook_goes_to_the_ledger_of_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("there", "here"):
        (tmp_path / name).mkdir()
    path = tmp_path / "there" / "a.ipynb"
    path.write_text(json.dumps(notebook(*entries())), encoding="utf-8")
    monkeypatch.chdir(tmp_path / "here")
    state_in("../there/a.ipynb", {"intent": "teaching"})
    export_notebook("../there/a.ipynb", "../there/a.md")
    assert not (tmp_path / "here" / ".synthnb").exists()
    with Ledger(path.parent / ".synthnb" / "ledger.sqlite3") as ledger:
        assert [entry["kind"] for entry in ledger.entries()] == ["disclose", "export"]


@pytest.mark.parametrize("detail", [{"n": 2**60}, {"n": float("nan")}, {"n": "\ud800"}])
def test_an_entry_without_a_canonical_form_is_a_warning(tmp_path: Path, detail: dict[str, Any]) -> None:
    session = Session()
    with config_context(ledger=str(tmp_path / "l.sqlite3")), pytest.warns(SynthnbWarning, match="Not written to the ledger"):
        session.remember(entries()[0] | {"detail": detail})
    assert len(session.entries()) == 1
