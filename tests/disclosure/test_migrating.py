"""Records that other versions wrote are read, verified and brought up to date without losing an entry."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from synthnb.disclosure.files import disclose_file
from synthnb.disclosure.folding import differing, fold
from synthnb.disclosure.migrating import first_block, layouts, reading_notes
from synthnb.disclosure.notebook import blocks_of, is_disclosure, source_of
from synthnb.disclosure.record import Record
from synthnb.disclosure.render import render_block
from synthnb.disclosure.verify import verify_path

from .samples import entries

FOLDER = Path(__file__).parents[1] / "fixtures" / "records"
VERSIONS = ["draft", "first"]
"""The first commits of this repository, and the last one before the cell became short."""


def own(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["metadata"]["synthnb"]
    return found


@pytest.fixture(params=VERSIONS)
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(shutil.copy(FOLDER / f"{request.param}.ipynb", tmp_path / "wards.ipynb"))


def test_an_earlier_record_is_read(earlier: Path) -> None:
    record = Record.from_dict(own(earlier))
    assert [entry["kind"] for entry in record.entries] == ["generate", "evaluate", "disclose", "generate"]
    assert record.fields["responsiblePerson"]["values"][0]["value"] == "Ada Núñez, data steward"
    assert reading_notes(own(earlier)) == []


def test_an_earlier_notebook_verifies(earlier: Path) -> None:
    findings = {finding.what: finding for finding in verify_path(earlier)}
    assert {findings[what].status for what in ("entries", "record", "fields", "outputs", "shown", "cell")} == {"ok"}
    assert "as earlier versions wrote it" in findings["cell"].detail


def test_an_earlier_notebook_is_brought_up_to_date_without_losing_an_entry(earlier: Path) -> None:
    before = own(earlier)
    assert disclose_file(earlier).changed
    after = own(earlier)
    assert after["entries"] == before["entries"]
    assert after["fields"] == fold(before["entries"])
    assert not disclose_file(earlier).changed
    assert {finding.status for finding in verify_path(earlier) if finding.what in {"record", "fields", "cell"}} == {"ok"}


def test_the_first_layout_is_the_one_that_was_written(earlier: Path) -> None:
    cells = json.loads(earlier.read_text(encoding="utf-8"))["cells"]
    (cell,) = [cell for cell in cells if is_disclosure(cell)]
    assert blocks_of(source_of(cell)) == [first_block(own(earlier))]
    assert layouts(own(earlier))[0][0] == render_block(own(earlier))


def test_a_change_of_an_earlier_cell_is_named(earlier: Path) -> None:
    text = earlier.read_text(encoding="utf-8")
    earlier.write_text(text.replace("| Intent | teaching |", "| Intent | training |"), encoding="utf-8")
    assert {finding.status for finding in verify_path(earlier) if finding.what == "cell"} == {"changed"}


def test_a_field_of_an_earlier_record_that_says_something_else_is_named(earlier: Path) -> None:
    record = own(earlier)
    record["fields"]["intent"]["values"][0]["value"] = "training"
    assert differing(record["fields"], record["entries"]) == ["intent"]


def test_a_field_that_was_taken_away_is_named() -> None:
    given = entries()
    fields = {name: field for name, field in fold(given).items() if name != "seed"}
    assert differing(fields, given) == ["seed"]


def test_a_later_record_is_read_as_far_as_it_is_known() -> None:
    made, *others = entries()
    later = made | {"kind": "dream", "fields": made["fields"] | {"mood": "good"}}
    data = Record.from_entries([later, *others]).to_dict() | {"schema": "synthnb.record/2", "tomorrow": 1}
    assert Record.from_dict(data).entries == tuple(data["entries"])
    assert reading_notes(data) == [
        "It has synthnb.record/2, not synthnb.record/1: it is read as far as this version knows it.",
        "Kinds of entries that aren't known here, kept as they are: dream.",
        "Fields that aren't known here, kept as they are: mood.",
    ]


@pytest.mark.parametrize("data", [{}, {"entries": 3, "fields": [], "unreadable": "x"}, {"entries": [None, {"id": 1}]}])
def test_notes_are_made_of_anything(data: dict[str, Any]) -> None:
    assert reading_notes(data)
    assert layouts(data)
