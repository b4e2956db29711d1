"""A deleted disclosure cell is noted in the ledger, once, where it can't be deleted as well."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import synthnb
from synthnb.disclosure.entries import entry_for_run
from synthnb.disclosure.folding import digest_is_right, fold, is_readable, substance
from synthnb.disclosure.ledger import Ledger
from synthnb.disclosure.notebook import is_disclosure
from synthnb.disclosure.opting import entry_for_opt_out, note_opt_out
from synthnb.errors import SynthnbWarning

from .samples import Json, made, notebook

Save = Callable[..., Path]
AT = {"at": "2026-12-01T08:00:00Z"}
WITH = {"synthnb": {"opt_out": AT}}


def opt_outs(folder: Path) -> list[Json]:
    with Ledger(folder / ".synthnb" / "ledger.sqlite3") as ledger:
        assert ledger.verify() == []
        return ledger.entries(kind="opt-out")


def test_the_same_deletion_is_the_same_entry() -> None:
    entry = entry_for_opt_out(AT, notebook="trial.ipynb")
    assert entry == entry_for_opt_out(AT, notebook="trial.ipynb")
    assert entry["id"] != entry_for_opt_out(AT, notebook="other.ipynb")["id"]
    assert is_readable(entry)
    assert digest_is_right(entry)


def test_it_is_stated_and_leaves_what_was_reviewed_as_it_was() -> None:
    run, entry = entry_for_run(made()), entry_for_opt_out(AT, notebook="trial.ipynb")
    stated = fold([run, entry])["optOuts"]["values"]
    assert stated[-1]["value"] == "“trial.ipynb”: the disclosure cell was deleted; first noticed 2026-12-01 08:00:00 UTC"
    assert substance([run, entry]) == substance([run])


@pytest.mark.parametrize("odd", [{}, {"at": 7}, {"at": "yesterday"}, {"at": "<b>"}])
def test_a_time_that_is_none_is_left_out(odd: Json) -> None:
    entry = entry_for_opt_out(odd, notebook="trial.ipynb")
    assert "when isn't known" in entry["fields"]["optOuts"]
    assert is_readable(entry)


def test_disclosing_a_notebook_without_its_cell_notes_it_once(saved: Save, tmp_path: Path) -> None:
    path = saved(notebook(entry_for_run(made())))
    synthnb.disclose_notebook(path)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cells"] = [cell for cell in content["cells"] if not is_disclosure(cell)]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert synthnb.disclose_notebook(path, check=True) == (True, "opted out")
    assert not (tmp_path / ".synthnb").exists()
    assert synthnb.disclose_notebook(path) == (True, "opted out")
    assert synthnb.disclose_notebook(path) == (False, "opted out")
    assert [entry["detail"]["notebook"] for entry in opt_outs(tmp_path)] == ["trial.ipynb"]


def test_verifying_notes_it_where_there_is_a_ledger(saved: Save, tmp_path: Path) -> None:
    path = saved(notebook(entry_for_run(made())))
    synthnb.disclose_notebook(path)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cells"] = [cell for cell in content["cells"] if not is_disclosure(cell)]
    content["metadata"]["synthnb"]["opt_out"] = AT
    path.write_text(json.dumps(content), encoding="utf-8")
    synthnb.verify(path)
    assert not (tmp_path / ".synthnb").exists()
    with Ledger(tmp_path / ".synthnb" / "ledger.sqlite3") as ledger:
        ledger.append(entry_for_run(made()))
    synthnb.verify(path)
    assert len(opt_outs(tmp_path)) == 1


def test_a_folder_without_a_ledger_stays_as_it_is_unless_asked(tmp_path: Path) -> None:
    assert note_opt_out(WITH, tmp_path / "trial.ipynb") is not None
    assert list(tmp_path.iterdir()) == []
    note_opt_out(WITH, tmp_path / "trial.ipynb", begin=True)
    assert len(opt_outs(tmp_path)) == 1


@pytest.mark.parametrize("metadata", [{}, {"synthnb": {}}, {"synthnb": 7}, {"synthnb": {"opt_out": True}}])
def test_without_an_opt_out_nothing_is_noted(metadata: Json, tmp_path: Path) -> None:
    assert note_opt_out(metadata, tmp_path / "trial.ipynb", begin=True) is None
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_that_fails_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / ".synthnb").mkdir()
    (tmp_path / ".synthnb" / "ledger.sqlite3").write_bytes(b"no database " * 500)
    with pytest.warns(SynthnbWarning, match="Not written to the ledger"):
        note_opt_out(WITH, tmp_path / "trial.ipynb")
