"""The record, its schema and the catalogue."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from synthnb._canonical import digest
from synthnb.disclosure.entries import entry_for_statements, sealed
from synthnb.disclosure.fields import brief, catalogue, human_fields, required, sections
from synthnb.disclosure.folding import SCHEMA, in_order, substance
from synthnb.disclosure.record import Record, problems, status_of, validate
from synthnb.errors import RecordError

from .samples import entries

STEM: dict[str, Any] = {"id": "s", "created": "2026-11-24T09:00:00Z", "detail": {}}
LATER: dict[str, Any] = {"id": "t", "created": "2026-11-24T10:00:00Z", "detail": {}}
TEN = {
    "responsiblePerson",
    "intent",
    "limitations",
    "biases",
    "intendedUse",
    "socialImpact",
    "sensitiveInformation",
    "verification",
    "oversightLevel",
    "impactOnConclusions",
}


def test_ten_fields_are_a_persons_alone() -> None:
    assert {field.id for field in required()} == TEN
    assert all(field.fill == "human" and field.cell for field in required())


def test_every_field_stands_in_a_section_and_has_a_default() -> None:
    known = {section.id for section in sections()}
    assert {field.section for field in catalogue().values()} == known
    assert catalogue()["verification"].default == "none"
    assert all(field.default for field in catalogue().values())


def test_the_form_lists_the_ten_first_with_hints() -> None:
    fields = human_fields()
    assert {field["id"] for field in fields[:10]} == TEN
    assert all(field["hint"] for field in fields)


def test_every_field_that_a_person_fills_or_confirms_has_a_hint() -> None:
    assert [field.id for field in catalogue().values() if field.fill != "machine" and not field.hint] == []


def test_the_page_of_the_documents_lists_every_field_with_who_fills_it() -> None:
    page = (Path(__file__).parents[2] / "docs" / "disclosure" / "record.md").read_text(encoding="utf-8")
    assert [
        field.id for field in catalogue().values() if f"\n| `{field.id}` | {field.fill}{' *' if field.required else ''} | " not in page
    ] == []


def test_the_lines_of_the_cell_name_fields_that_exist() -> None:
    assert {name for line in brief() for name in line.fields} <= set(catalogue())


def test_a_sign_off_is_void_after_a_change_and_not_after_an_export() -> None:
    signed = sealed(**STEM, kind="sign-off", slot="sign-off:a", fields={"reviewerSignOff": "Bo, statistician"})
    quiet = sealed(**LATER, kind="export", slot="export:a", fields={})
    loud = sealed(**LATER, kind="evaluate", slot="evaluate:a", fields={})
    assert Record.from_entries([signed, quiet]).fields["reviewerSignOff"]["values"][0]["value"] == "Bo, statistician"
    said = Record.from_entries([signed, loud]).fields["reviewerSignOff"]["values"][0]["value"]
    assert said == "Bo, statistician (void: the record was changed after it)"


def test_the_substance_is_what_is_left_by_exports_sign_offs_and_opt_outs() -> None:
    given = entries()
    others = [sealed(**(LATER | {"id": kind}), kind=kind, slot=kind, fields={}) for kind in ("export", "sign-off", "opt-out")]
    assert substance([*others, *given]) == substance(reversed(given)) == digest({"schema": SCHEMA, "entries": in_order(given)})
    assert substance([*given, entry_for_statements({"intent": "x"})]) != substance(given)


def test_a_record_reads_back_as_it_was() -> None:
    record = Record.from_entries(entries())
    assert Record.from_dict(json.loads(json.dumps(record.to_dict()))) == record


def test_a_record_knows_what_is_missing() -> None:
    record = Record.from_entries([*entries(), entry_for_statements({"intent": "teaching"})])
    assert set(record.missing) == TEN - {"intent"}
    assert record.status == "incomplete"


def test_a_record_is_complete_when_the_ten_are_stated() -> None:
    assert Record.from_entries([*entries(), entry_for_statements(dict.fromkeys(TEN, "said"))]).status == "complete"


def test_no_entries_no_record() -> None:
    assert Record.from_entries([]).status == "none"
    assert status_of({}) == "none"


def test_the_digest_doesnt_depend_on_the_order_of_entries() -> None:
    assert Record.from_entries(entries()).digest == Record.from_entries(reversed(entries())).digest


def test_of_one_id_the_entry_with_the_right_digest_counts() -> None:
    first, *_ = entries()
    assert Record.from_entries([first, first | {"slot": "x"}]).entries == (first,)


def test_every_problem_is_reported_at_once_with_its_place() -> None:
    wrong = copy.deepcopy(entries()[:2])
    wrong[0]["created"] = "yesterday"
    wrong[1]["fields"]["seed"] = 7
    with pytest.raises(RecordError, match=r"got 2 problems: entries\[0\]\.created: .*; entries\[1\]\.fields\.seed: "):
        Record.from_entries(wrong)


def test_numbers_that_readers_disagree_on_are_refused() -> None:
    entry = sealed(id="a", kind="x", created="2026-01-01T00:00:00Z", slot="s", fields={}, detail={})
    with pytest.raises(RecordError, match="number beyond"):
        Record.from_entries([entry | {"detail": {"n": 2**60}}])


def test_keys_of_later_versions_are_tolerated() -> None:
    later = entries()[0] | {"signature": {"by": "somebody"}}
    assert problems({"schema": "synthnb.record/1", "entries": [later], "more": 1}, "payload") == []


def test_the_three_shapes_don_t_overlap() -> None:
    record = Record.from_entries(entries()).to_dict()
    validate(record, "record")
    assert problems(record, "payload")
    assert problems(record, "entry")


def test_a_record_shows_itself_as_text() -> None:
    assert str(Record.from_entries(entries())).startswith("Synthetic data disclosure\n“synthetic” is synthetic data")
