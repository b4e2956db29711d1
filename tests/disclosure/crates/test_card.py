"""The card: front matter that hubs read, headings from Datasheets, and nothing that nobody stated."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from synthnb.disclosure.crates.card import card
from synthnb.disclosure.crates.datafiles import Found
from synthnb.disclosure.lint import findings
from synthnb.disclosure.verify import verify_path

from .conftest import STATED, account_of, entries_of, table

ENTRIES = entries_of(table())
NOTHING = Found((), (), ())


def front(text: str) -> dict[str, Any]:
    yaml = pytest.importorskip("yaml")
    found: dict[str, Any] = yaml.safe_load(text.split("---\n")[1])
    return found


def test_the_front_matter_is_what_hubs_read(packages: Path) -> None:
    found = front((packages / "trial.card.md").read_text())
    assert found["pretty_name"] == "Trial replica"
    assert found["license"] == "cc-by-4.0"
    assert found["tags"] == ["synthetic", "synthetic-text"]
    assert found["size_categories"] == ["n<1K"]
    assert found["configs"] == [{"config_name": "default", "data_files": "synthetic.csv"}]
    assert found["synthnb"]["record"].startswith("sha256:")


def test_a_licence_that_hubs_dont_know_keeps_its_name() -> None:
    found = front(card(account_of(*ENTRIES, stated={"license": "Our own: terms #1"}), NOTHING))
    assert (found["license"], found["license_name"]) == ("other", "Our own: terms #1")


def test_what_isnt_stated_is_not_stated() -> None:
    text = card(account_of(*ENTRIES), NOTHING)
    assert "license" not in front(text)
    assert "| Known biases | Not stated |" in text
    assert "| Verification performed | Not stated (none) |" in text
    assert "| Responsible person | Not stated |" in text


def test_the_headings_are_those_of_datasheets() -> None:
    headings = re.findall(r"^## (.+)$", card(account_of(*ENTRIES, stated=STATED), NOTHING), re.MULTILINE)
    assert headings == [
        "Motivation",
        "Composition",
        "Collection process",
        "Preprocessing, cleaning and labelling",
        "Evaluation",
        "Uses",
        "Distribution",
        "Maintenance",
    ]


def test_it_can_be_verified_by_itself(packages: Path) -> None:
    assert {finding.status for finding in verify_path(packages / "trial.card.md")} == {"ok"}


def test_it_claims_nothing_that_cant_be_shown(packages: Path) -> None:
    assert findings((packages / "trial.card.md").read_text()) == []
