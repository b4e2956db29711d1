"""Where each value of a record comes from."""

from __future__ import annotations

import pytest

from synthnb.config import config_context
from synthnb.disclosure.entries import entry_for_statements
from synthnb.disclosure.page import page_part
from synthnb.disclosure.provenance import by_id, origin_words, origins
from synthnb.disclosure.record import Record
from synthnb.errors import OptionError

from .samples import entries

WHEN = "2026-11-24T09:00:00Z"


def test_a_value_of_a_run_names_the_run_and_the_time() -> None:
    (origin,) = Record.from_entries(entries()[:1]).provenance("seed")
    assert (origin.entry, origin.kind, origin.is_person, origin.by) == ("run-0123456789ab", "generate", False, "")
    assert origin_words(origin) == "run-0123456789ab, 2026-11-23 15:40 UTC"


def test_a_statement_names_the_person() -> None:
    said = entry_for_statements({"intent": "teaching"}, by="Ada Núñez", created=WHEN)
    (origin,) = Record.from_entries([*entries(), said]).provenance("intent")
    assert (origin.value, origin.is_person, origin_words(origin)) == ("teaching", True, "Ada Núñez, 2026-11-24 09:00 UTC")


def test_a_person_who_gives_no_name_is_still_a_person() -> None:
    said = entry_for_statements({"intent": "teaching"}, created=WHEN)
    (origin,) = Record.from_entries([said]).provenance("intent")
    assert origin_words(origin) == "a person who gave no name, 2026-11-24 09:00 UTC"


def test_a_value_that_several_runs_state_has_them_all() -> None:
    found = Record.from_entries(entries()).provenance("recordSchema")
    assert [origin.entry for origin in found] == [entry["id"] for entry in entries()]
    assert found[0].to_dict()["value"] == "synthnb.record/1"


def test_a_proposal_is_one_until_a_person_confirms_it() -> None:
    record = Record.from_entries(entries())
    (first, *_) = record.provenance("missingDataHandling")
    assert first.is_proposed
    assert "missingDataHandling" in record.unconfirmed
    confirmed = Record.from_entries([*entries(), entry_for_statements({"missingDataHandling": first.value})])
    assert "missingDataHandling" not in confirmed.unconfirmed
    assert not confirmed.provenance("missingDataHandling")[0].is_proposed


def test_a_field_that_isnt_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(OptionError, match="Did you mean 'intent'"):
        Record.from_entries([]).provenance("intend")


def test_the_person_is_a_setting() -> None:
    with config_context(person="  Ada\n Núñez "):
        assert entry_for_statements({"intent": "x"})["detail"]["by"] == "Ada Núñez"
        assert entry_for_statements({"intent": "x"}, by="")["detail"] == {"warnings": []}


def test_a_name_of_a_megabyte_is_refused() -> None:
    with pytest.raises(OptionError, match="at most 200 characters"):
        entry_for_statements({"intent": "x"}, by="x" * 1_000_000)


def test_the_page_says_who_and_when() -> None:
    said = entry_for_statements({"intent": "teaching"}, by="<b>Ada</b>", created=WHEN)
    page = page_part(Record.from_entries([*entries(), said]).to_dict())
    assert "from &lt;b&gt;Ada&lt;/b&gt;, 2026-11-24 09:00 UTC" in page
    assert "proposed, not confirmed" in page


@pytest.mark.parametrize("fields", [{}, {"seed": 3}, {"seed": {"values": [3, {"value": "x"}, {"value": "x", "from": [None, "gone"]}]}}])
def test_fields_of_another_shape_have_no_origin(fields: dict[str, object]) -> None:
    assert origins(fields, by_id([None, 3, *entries()]), "seed") == []
