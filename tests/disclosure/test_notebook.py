"""The disclosure in a notebook, held to the fixtures that TypeScript shares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synthnb._canonical import digest, digest_bytes
from synthnb.disclosure.folding import fold
from synthnb.disclosure.notebook import apply, harvest, merged, upsert, words_of
from synthnb.disclosure.render import BEGIN, END, inline, render_block

FOLDER = Path(__file__).parents[1] / "fixtures" / "disclosure"
TABLES = {"inline", "render", "fold"}
CASES = sorted(path.stem for path in FOLDER.glob("*.json") if path.stem not in TABLES)


def load(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def notebook(case: dict[str, Any]) -> dict[str, Any]:
    given = case["input"]
    return {"cells": given["cells"], "metadata": given["metadata"], "nbformat": 4, "nbformat_minor": 5}


def edits(name: str) -> list[dict[str, Any]]:
    given = load(name)["input"]
    return upsert(given["cells"], given["metadata"], now=given["now"], restore=given["restore"])


def own(name: str) -> dict[str, Any]:
    (edit,) = [edit for edit in edits(name) if edit["op"] == "set_metadata"]
    value: dict[str, Any] = edit["value"]
    return value


@pytest.mark.parametrize("name", CASES)
def test_harvest_matches_the_fixture(name: str) -> None:
    case = load(name)
    assert harvest(case["input"]["cells"], case["input"]["metadata"]) == case["expected"]["harvest"]


@pytest.mark.parametrize("name", CASES)
def test_upsert_matches_the_fixture(name: str) -> None:
    assert edits(name) == load(name)["expected"]["edits"]


@pytest.mark.parametrize("name", CASES)
def test_a_second_upsert_gives_no_edits(name: str) -> None:
    after = apply(edits(name), notebook(load(name)))
    assert upsert(after["cells"], after["metadata"], now="2099-01-01T00:00:00Z") == []


@pytest.mark.parametrize("name", CASES)
def test_upsert_leaves_its_arguments_alone(name: str) -> None:
    case = load(name)
    before = json.dumps(case["input"])
    apply(upsert(case["input"]["cells"], case["input"]["metadata"], now="2099-01-01T00:00:00Z"), notebook(case))
    assert json.dumps(case["input"]) == before


def test_inline_matches_the_fixture() -> None:
    for item in load("inline")["cases"]:
        assert inline(item["value"]) == item["text"]


def test_render_matches_the_fixture() -> None:
    for item in load("render")["cases"]:
        assert render_block(item["metadata"]) == item["block"]


def test_fold_matches_the_fixture() -> None:
    for item in load("fold")["cases"]:
        assert fold(item["entries"]) == item["fields"]


def test_the_cell_follows_the_first_run() -> None:
    (edit,) = [edit for edit in edits("first-run") if edit["op"] == "insert_cell"]
    assert edit["index"] == 3
    assert edit["metadata"] == {"synthnb": {"role": "disclosure"}, "tags": ["synthnb-disclosure"]}


def test_without_outputs_the_cell_goes_to_the_end() -> None:
    assert [edit["index"] for edit in edits("stale-only") if edit["op"] == "insert_cell"] == [2]


def test_the_digests_are_of_the_record_and_of_the_block() -> None:
    record, block = own("first-run"), edits("first-run")[1]["source"]
    assert record["digest"] == digest({key: record[key] for key in ("schema", "entries", "fields")})
    assert record["cell"] == {"digest": digest_bytes(block.encode())}


def test_a_rerun_supersedes_and_keeps_the_old_entry() -> None:
    record = own("rerun")
    assert [entry["id"] for entry in record["entries"]] == ["run-aaaaaaaaaaaa", "run-bbbbbbbbbbbb"]
    assert record["stale"] == ["run-aaaaaaaaaaaa"]
    assert record["fields"]["seed"]["values"] == [{"value": "synthetic: 8", "from": ["run-bbbbbbbbbbbb"]}]


def test_equal_values_are_listed_once_with_every_origin() -> None:
    assert own("later-runs")["fields"]["toolNameVersion"]["values"] == [
        {"value": "synthnb 0.1.0", "from": ["run-aaaaaaaaaaaa", "run-cccccccccccc", "report-dddddddddddd"]},
        {"value": "Python 3.11.9", "from": ["run-aaaaaaaaaaaa"]},
    ]


def test_a_machine_never_states_a_human_field_nor_a_person_a_machine_field() -> None:
    fields = own("later-runs")["fields"]
    assert [value["from"] for value in fields["intent"]["values"]] == [["said-111111111111"]]
    assert [value["value"] for value in fields["seed"]["values"]] == ["synthetic: 7"]


def test_a_blank_withdraws_and_the_latest_statement_wins() -> None:
    fields = own("said")["fields"]
    assert fields["intent"] == {"fill": "human", "status": "not stated", "values": []}
    assert [value["value"] for value in fields["limitations"]["values"]] == ["small", "one trial"]
    assert [value["value"] for value in fields["missingDataHandling"]["values"]] == ["imputed by hand"]


def test_a_deletion_is_noted_once_and_kept() -> None:
    assert own("deleted")["opt_out"] == {"at": "2026-11-23T16:00:00Z"}
    assert "cell" not in own("deleted")
    assert own("opted-out")["opt_out"] == {"at": "2026-01-01T00:00:00Z"}
    assert [edit["op"] for edit in edits("deleted") + edits("opted-out")] == ["set_metadata", "set_metadata"]


def test_a_deleted_cell_comes_back_on_request() -> None:
    assert [edit["op"] for edit in edits("restored")] == ["set_metadata", "insert_cell"]
    assert "opt_out" not in own("restored")


def test_cells_are_merged_and_words_kept_once() -> None:
    source = edits("two-cells")[0]["source"]
    assert source.startswith(f"My words.\n\n{BEGIN}")
    assert source.endswith(f"{END}\nMore of mine.\n\nWords of the second.\n\nMine.")
    assert [edit["index"] for edit in edits("two-cells")[1:]] == [5, 4, 2]


def test_nothing_unreadable_is_lost() -> None:
    aside = own("corrupt-entries")["unreadable"]
    assert aside[0] == "earlier"
    assert aside[1:3] == [{"id": "x"}, None]
    assert own("corrupt-metadata")["unreadable"] == ["oops"]


def test_a_later_version_is_left_alone() -> None:
    assert edits("newer") == []


def test_a_lone_begin_marker_costs_no_words() -> None:
    assert merged(f"{BEGIN} mine {BEGIN} old {END} too", [], "B") == " mine B too"
    assert words_of(f"{BEGIN} mine {BEGIN} old {END} too") == "mine\n\ntoo"


def test_markers_that_form_when_others_are_cut_out_go_too() -> None:
    split = len(BEGIN) // 2
    assert merged(f"{BEGIN[:split]}{END}{BEGIN[split:]}x", [], "B") == "B\n\nx"


def test_a_new_cell_has_an_id_only_where_the_format_has_them() -> None:
    edit = {"op": "insert_cell", "index": 0, "source": "", "metadata": {}}
    assert "id" not in apply([edit], {"cells": [], "nbformat_minor": 4})["cells"][0]
    taken = {"cells": [{"id": "synthnb-disclosure"}], "nbformat_minor": 5}
    assert apply([edit], taken)["cells"][0]["id"] == "synthnb-disclosure-2"
