"""Conditions of use: a person's words, with terms where codes are among them, and no claim that they are kept."""

from __future__ import annotations

from synthnb.disclosure.crates.conditions import usage_info

from .conftest import account_of, entries_of, table

ENTRIES = entries_of(table())


def test_without_conditions_there_is_nothing() -> None:
    assert usage_info(account_of(*ENTRIES)) == []


def test_words_without_codes_are_a_text() -> None:
    (work,) = usage_info(account_of(*ENTRIES, stated={"usageConditions": "Cite it."}))
    assert work["@type"] == "CreativeWork"
    assert work["text"].startswith("Cite it.")
    assert "up to whoever gives and receives the data" in work["text"]


def test_codes_become_terms_and_an_offer() -> None:
    offer, *terms = usage_info(account_of(*ENTRIES, stated={"usageConditions": "DUO:0000042, DUO_0000018, DUO:9999999"}))
    assert [term["termCode"] for term in terms] == ["DUO_0000042", "DUO_0000018"]
    (permission,) = offer["odrl:permission"]
    assert permission["odrl:action"] == {"@id": "duo:0000042"}
    assert [one["odrl:rightOperand"] for one in permission["odrl:constraint"]] == [{"@id": "duo:0000018"}]


def test_a_condition_without_a_permission_is_no_offer() -> None:
    offer, _ = usage_info(account_of(*ENTRIES, stated={"usageConditions": "DUO:0000018"}))
    assert offer["@type"] == "CreativeWork"


def test_the_release_class_is_told() -> None:
    (work,) = usage_info(account_of(*ENTRIES, stated={"releaseClass": "team"}))
    assert "Release class: team." in work["text"]
