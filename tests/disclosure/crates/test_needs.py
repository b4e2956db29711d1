"""What only a person can state is needed from a person, all of it named at once, and never taken from a program."""

from __future__ import annotations

import pytest

from synthnb.disclosure.crates.needs import ROCRATE, is_address, refuse_incomplete
from synthnb.errors import OptionError

from .conftest import STATED, account_of, entries_of, table

ENTRIES = entries_of(table())


def refusal(stated: dict[str, str], *needed: str) -> str:
    try:
        refuse_incomplete(account_of(*ENTRIES, stated=stated), needed, form="A crate")
    except OptionError as error:
        return error.message
    return ""


def test_what_is_stated_passes() -> None:
    assert refusal(STATED, *ROCRATE) == ""
    assert "(license)" in refusal({name: text for name, text in STATED.items() if name != "license"}, *ROCRATE)


def test_everything_missing_is_named_with_how_to_state_it() -> None:
    with pytest.raises(
        OptionError, match=r"A crate can't be written; not stated by a person: Name \(name\), .*Nothing was written"
    ) as caught:
        refuse_incomplete(account_of(*ENTRIES), ROCRATE, form="A crate")
    assert 'synthnb.disclose(statements={"name": "…"})' in str(caught.value)


def test_what_a_program_proposes_isnt_a_persons_statement() -> None:
    from synthnb.disclosure.entries import sealed

    said = sealed(id="run-1", kind="generate", created="2026-11-23T15:40:00Z", slot="x", fields={"license": "CC0-1.0"}, detail={})
    account = account_of(said)
    assert account.said("license") == ["CC0-1.0"]
    with pytest.raises(OptionError, match=r"Licence \(license\)"):
        refuse_incomplete(account, ["license"], form="A crate")


def test_human_fields_are_asked_for_in_the_cell() -> None:
    with pytest.raises(OptionError, match="%%synth disclose, one line each, such as 'Known biases: …'"):
        refuse_incomplete(account_of(*ENTRIES), ["biases"], form="A card")


@pytest.mark.parametrize("day", ["2026", "2026-11", "2026-11-24", "2026-11-24T10:00:00Z"])
def test_dates(day: str) -> None:
    assert refusal({"datePublished": day}, "datePublished") == ""


@pytest.mark.parametrize("day", ["soon", "2026-13", "20261124", "24.11.2026"])
def test_no_dates(day: str) -> None:
    with pytest.raises(OptionError, match=f"datePublished is '{day}', which isn't a date"):
        refuse_incomplete(account_of(*ENTRIES, stated={"datePublished": day}), ["datePublished"], form="A crate")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://example.org/a?b=1#c", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("https://user:secret@example.org", False),
        ('https://example.org/"><script>', False),
        ("https://", False),
        ("example.org", False),
    ],
)
def test_addresses(text: str, is_one: bool) -> None:
    assert is_address(text) is is_one
