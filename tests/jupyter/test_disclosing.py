"""`%synth disclose` and its form: what it shows, what it records, and who said so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from IPython.utils.capture import capture_output

import synthnb
from synthnb.config import config_context
from synthnb.disclosure.entries import entry_for_statements
from synthnb.disclosure.fields import catalogue
from synthnb.disclosure.record import Record
from synthnb.disclosure.session import session
from synthnb.jupyter import disclosing
from synthnb.widgets.disclosure_form import PERSON, DisclosureForm

Json = dict[str, Any]


class Handle:
    """Where the record's output stands."""

    def __init__(self) -> None:
        self.shown: list[Json] = []

    def update(self, bundle: Json, *, raw: bool) -> None:
        assert raw
        self.shown.append(bundle)


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    session.reset()
    yield
    session.reset()


def stated(**statements: Any) -> Record:
    return synthnb.disclose(statements=statements, by="Ada")


def saved_form(**statements: Any) -> tuple[DisclosureForm, Handle]:
    """A form whose Save handed over some statements."""
    form, handle = DisclosureForm(disclosing.form_fields(synthnb.disclose()), person="Ada Núñez"), Handle()
    form.statements = statements
    disclosing._record(form, handle)
    return form, handle


def test_the_form_has_every_field_a_person_fills_but_the_sign_off() -> None:
    fields = disclosing.form_fields(synthnb.disclose())
    wanted = {field.id for field in catalogue().values() if field.fill != "machine"} - {"reviewerSignOff"}
    assert {field["id"] for field in fields} == wanted
    sections = [field["section"] for field in fields]
    assert sections == sorted(sections, key=sections.index)
    assert all(field["value"] == "" and field["proposal"] == [] for field in fields)


def test_what_the_tool_proposes_isnt_stated() -> None:
    entry = {"fields": {"roleOfAI": "wrote rows"}, "id": "a", "kind": "generate", "slot": "s", "created": "2026-01-01T00:00:00Z"}
    fields = {field["id"]: field for field in disclosing.form_fields(Record((entry,)))}
    assert (fields["roleOfAI"]["value"], fields["roleOfAI"]["proposal"]) == ("", ["wrote rows"])


def test_saving_records_who_said_it() -> None:
    form, handle = saved_form(intent="replica", limitations="One centre.")
    entry = session.entries()[-1]
    assert entry["fields"] == {"intent": "replica", "limitations": "One centre."}
    assert entry["detail"]["by"] == "Ada Núñez"
    assert "as stated by Ada Núñez" in form.message
    assert {field["id"]: field["value"] for field in form.fields}["intent"] == "replica"
    assert "One centre." in handle.shown[-1]["text/plain"]


def test_what_was_stated_before_isnt_stated_again() -> None:
    stated(intent="replica")
    saved_form(intent="replica")
    assert len(session.entries()) == 1
    saved_form(intent="")
    assert synthnb.disclose().fields["intent"]["status"] == "not stated"


def test_an_accepted_proposal_is_stated_in_its_own_words() -> None:
    saved_form(residualRisk=["One.", "Two."])
    values = synthnb.disclose().fields["residualRisk"]["values"]
    assert [value["value"] for value in values] == ["One.", "Two."]
    assert not any(value.get("proposed") for value in values)


def test_an_overclaim_stands_and_is_said_in_the_form() -> None:
    form, _ = saved_form(intendedUse="Fully anonymous data.")  # lint: names the words
    assert "claims more than can be shown" in form.message


def test_what_cant_be_recorded_is_said_beside_its_field() -> None:
    form, handle = saved_form(isSynthetic="no")
    assert "isSynthetic" in form.problems["isSynthetic"]
    assert handle.shown == []
    assert session.entries() == []


def test_an_error_stands_beside_the_field_it_is_about() -> None:
    form, _ = saved_form(name="ACTG 175", intent="replica", responsiblePerson="GPT-4")
    assert list(form.problems) == ["responsiblePerson"]
    with config_context(person="ChatGPT"):
        form.person = "ChatGPT"
        form.statements = {"name": "ACTG 175"}
        disclosing._record(form, Handle())
    assert list(form.problems) == [PERSON]


def test_a_sign_off_isnt_typed_into_a_cell(shell: Any) -> None:
    with capture_output() as captured:
        shell.run_cell("%%synth disclose\nReviewer's sign-off: Dr X approved everything")
    assert "%synth sign-off" in captured.stdout + captured.stderr
    assert session.entries() == []


def test_statements_of_an_earlier_kernel_are_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = entry_for_statements({"intent": "replica"}, by="Ada")
    forged = said | {"id": "said-2", "fields": {"intent": "fixture"}}
    own = {"schema": "synthnb.record/1", "entries": [said, forged, 7], "opt_out": {"at": "2026-12-01T08:00:00Z"}}
    notebook = {"cells": [], "metadata": {"synthnb": own}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "trial.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "trial.ipynb"))
    with capture_output():
        disclosing.show_disclosure(None, form=False)
    assert [entry["kind"] for entry in session.entries()] == ["disclose", "opt-out"]
    assert synthnb.disclose().fields["intent"]["values"][0]["value"] == "replica"
    assert [entry["kind"] for entry in synthnb.runs()] == ["disclose", "opt-out"]


def test_a_notebook_that_cant_be_read_is_no_hindrance(shell: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "trial.ipynb").write_text("{", encoding="utf-8")
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "trial.ipynb"))
    with capture_output() as captured:
        assert shell.run_cell("%%synth disclose\nIntent: replica").success
    assert "replica" in captured.outputs[0].data["text/plain"]


def test_the_setting_names_the_person(shell: Any) -> None:
    with config_context(person="Grace Example"), capture_output():
        assert shell.run_cell("%%synth disclose\nIntent: replica").success
    assert session.entries()[-1]["detail"]["by"] == "Grace Example"


def test_the_label_stands_on_top_of_the_record(shell: Any) -> None:
    with capture_output() as captured:
        assert shell.run_cell("%synth disclose --no-form").success
    html = captured.outputs[0].data["text/html"]
    assert html.index("synthnb-label") < html.index("synthnb-record")
