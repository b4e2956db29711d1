"""Whatever drifts apart is named."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from synthnb._frames import frame_digest
from synthnb.disclosure.embedded import comment
from synthnb.disclosure.entries import entry_for_export, entry_for_run, sealed
from synthnb.disclosure.files import disclose_file, read_notebook
from synthnb.disclosure.jsonld import json_ld
from synthnb.disclosure.ledger import Ledger
from synthnb.disclosure.notebook import MIME
from synthnb.disclosure.sidecar import write_data
from synthnb.disclosure.verify import Finding, verify_path
from synthnb.errors import NotebookError, OptionError

from .samples import entries, evaluated, made, notebook

Save = Callable[..., Path]
Json = dict[str, Any]
NOW = "2026-11-23T16:00:00Z"


def found(path: Path) -> dict[str, str]:
    """What differs, by what was looked at."""
    return {finding.what: finding.detail for finding in verify_path(path) if not finding.ok}


def changed(saved: Save, change: Callable[[Json], object]) -> dict[str, str]:
    """What differs in a disclosed notebook after a change."""
    path = saved()
    disclose_file(path)
    content = read_notebook(path)
    change(content)
    return found(saved(content))


def test_a_disclosed_notebook_is_fine_and_says_what_was_checked(saved: Save) -> None:
    path = saved()
    disclose_file(path)
    findings = verify_path(path)
    assert all(finding.ok for finding in findings)
    assert [finding.what for finding in findings] == ["entries", "record", "fields", "outputs", "cell"]


def test_an_edit_of_the_cell_is_named_with_its_line(saved: Save) -> None:
    def change(content: Json) -> None:
        lines = content["cells"][2]["source"]
        at = next(number for number, line in enumerate(lines) if "seed 7" in line)
        lines[at] = lines[at].replace("seed 7", "seed 8")

    detail = changed(saved, change)["cell"]
    assert "of the block says" in detail
    assert "instead of" in detail
    assert "seed 8" in detail


def test_the_researchers_words_beside_the_block_are_no_drift(saved: Save) -> None:
    assert changed(saved, lambda content: content["cells"][2]["source"].append("\n\nMy words.")) == {}


def test_a_changed_value_in_the_metadata_is_named(saved: Save) -> None:
    def change(content: Json) -> None:
        content["metadata"]["synthnb"]["fields"]["madeInBrief"]["values"][0]["value"] = "99"

    assert set(changed(saved, change)) == {"record", "fields", "cell"}


def test_a_changed_entry_is_named(saved: Save) -> None:
    def change(content: Json) -> None:
        content["metadata"]["synthnb"]["entries"][0]["detail"]["seed"] = 99

    named = changed(saved, change)
    assert named["entry run-0123456789ab"] == "It was changed after it was made: its digest doesn't match."
    assert "output of run-0123456789ab" in named


def test_an_output_that_isnt_in_the_record_yet_is_outdated(saved: Save) -> None:
    def change(content: Json) -> None:
        content["cells"][1]["outputs"][0]["data"][MIME]["entries"].append(entry_for_run(made(id="run-later")))

    assert changed(saved, change) == {"output of run-later": "Its entry isn't in the metadata yet. Run: synthnb disclose"}


def test_cleared_outputs_are_no_drift(saved: Save) -> None:
    assert changed(saved, lambda content: content["cells"][1]["outputs"].clear()) == {}


def test_a_deleted_cell_is_removed_not_fine(saved: Save) -> None:
    assert "it isn't there" in changed(saved, lambda content: content["cells"].pop(2))["cell"]


def test_two_cells_are_too_many(saved: Save) -> None:
    named = changed(saved, lambda content: content["cells"].append(content["cells"][2] | {"id": "copy"}))
    assert named["cell"].startswith("2 disclosure cells")


def test_without_a_record_that_is_said(saved: Save) -> None:
    assert "nothing here was made with synthnb" in found(saved(notebook(cells=[])))["record"]
    assert "Outputs carry entries" in found(saved())["record"]


@pytest.mark.parametrize("own", ["oops", {"entries": 7}, {"entries": [{"id": 1}, None], "fields": 3, "digest": []}])
def test_a_damaged_record_is_unreadable_and_nothing_breaks(saved: Save, own: object) -> None:
    content = notebook(cells=[])
    content["metadata"]["synthnb"] = own
    assert "unreadable" in {finding.status for finding in verify_path(saved(content))}


def test_a_report_about_other_data_is_outdated(saved: Save) -> None:
    path = saved(
        notebook(entries()[0], entry_of(evaluated(synthetic={"name": "synthetic", "rows": 1, "columns": 2, "digest": "sha256:0"})))
    )
    disclose_file(path)
    assert found(path) == {"report report-0123456789ab": "It is about another version of 'synthetic'. Evaluate it again."}


def entry_of(report: Json) -> Json:
    from synthnb.disclosure.entries import entry_for_report

    return entry_for_report(report)


def test_exported_files_are_checked(saved: Save, tmp_path: Path) -> None:
    (tmp_path / "same.txt").write_text("same", encoding="utf-8")
    shape = {"sha256": "sha256:0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5", "bytes": 4, "record_digest": "sha256:1"}
    exports = [entry_for_export(shape | {"path": name}) for name in ("same.txt", "gone.txt")]
    path = saved(notebook(*entries(), *exports))
    disclose_file(path)
    assert found(path) == {"gone.txt": "It isn't there: it was moved or deleted, or written in another working folder."}
    (tmp_path / "same.txt").write_text("other", encoding="utf-8")
    assert found(path)["same.txt"].startswith("It was changed after the export")


def test_files_outside_the_folder_are_not_looked_at(saved: Save, tmp_path: Path) -> None:
    shape = {"sha256": "sha256:0", "bytes": 4, "record_digest": "sha256:1"}
    (tmp_path / "link").symlink_to("/etc/hostname")
    names = ["/etc/hostname", "../x", "link", "…/x.html"]
    path = saved(notebook(*(entry_for_export(shape | {"path": name}) for name in names)))
    disclose_file(path)
    differing = [finding for finding in verify_path(path) if not finding.ok]
    assert {finding.what for finding in differing} == set(names)
    assert {finding.status for finding in differing} == {"not looked at"}


@pytest.mark.parametrize("name", ["x" * 5000, "a\x00b", "circle"])
def test_names_that_no_file_can_have_are_said(saved: Save, tmp_path: Path, name: str) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    path = saved(notebook(entry_for_export({"path": name, "sha256": "sha256:0", "bytes": 4, "record_digest": "sha256:1"})))
    disclose_file(path)
    ((what, detail),) = found(path).items()
    assert len(what) <= 300
    assert detail.startswith("It can't be read")


@pytest.mark.parametrize("detail", [7, "text", [], None])
def test_an_entry_whose_detail_isnt_an_object_is_set_aside(saved: Save, detail: object) -> None:
    wrong = [entry | {"detail": detail} for entry in entries()]
    path = saved(notebook(*entries()) | {"metadata": {"synthnb": {"schema": "synthnb.record/1", "entries": wrong}}})
    disclose_file(path)
    assert found(path) == {"entries": "3 can't be read and don't count."}


@pytest.mark.parametrize("part", [7, "text", [], [1], {}, {"name": []}, {"name": "synthetic"}, None])
def test_parts_of_an_entry_of_any_shape_break_nothing(saved: Save, part: Any) -> None:
    odd = {"output": part, "synthetic": part, "path": part, "sha256": part, "inputs": part, "model": part, "versions": part}
    made_of = [sealed(id=kind, kind=kind, created=NOW, slot=kind, fields={}, detail=odd) for kind in ("generate", "evaluate", "export")]
    path = saved(notebook(*made_of))
    disclose_file(path)
    assert not {"record", "fields", "entries", "cell"} & found(path).keys()
    linked = json_ld(read_notebook(path)["metadata"]["synthnb"])
    assert linked is None or linked["@graph"]


@pytest.mark.parametrize(
    "own", [{"entries": [1], "unreadable": 5}, {"entries": {"a": 1}, "opt_out": {"at": []}}, {"entries": [1], "stale": 3}]
)
def test_a_record_of_odd_parts_breaks_nothing(saved: Save, own: Json) -> None:
    assert "unreadable" in {finding.status for finding in verify_path(saved(notebook(cells=[]) | {"metadata": {"synthnb": own}}))}


def test_true_for_one_is_a_change(saved: Save) -> None:
    run = {"id": "r", "kind": "x", "slot": "x", "created": NOW, "fields": {}, "detail": {"n": 1}}
    path = saved(notebook(run))
    disclose_file(path)
    content = read_notebook(path)
    content["metadata"]["synthnb"]["entries"][0]["detail"]["n"] = True
    assert "output of r" in found(saved(content))


def test_the_ledger_beside_the_notebook_is_checked(saved: Save, tmp_path: Path) -> None:
    path = saved()
    disclose_file(path)
    with Ledger(tmp_path / ".synthnb" / "ledger.sqlite3") as ledger:
        ledger.append(entries()[0])
    assert (verify_path(path)[-1].what, verify_path(path)[-1].status) == ("ledger", "ok")
    assert "1 lines in an unbroken chain, 1 of 3 entries among them (" in verify_path(path)[-1].detail
    assert "aren't in it, though an earlier entry is: its end was cut off, or they were made elsewhere." in verify_path(path)[-1].detail


def test_a_ledger_whose_end_was_cut_is_named(saved: Save, tmp_path: Path) -> None:
    written = {"path": "t.html", "sha256": "sha256:1", "bytes": 1, "record_digest": None, "ledger": {"lines": 7, "digest": "sha256:3"}}
    path = saved(notebook(*entries(), entry_for_export(written)))
    disclose_file(path)
    with Ledger(tmp_path / ".synthnb" / "ledger.sqlite3") as ledger:
        ledger.append(entries()[0])
    assert "lines when export-" in found(path)["ledger"]
    assert "and has 1: its end was cut off." in found(path)["ledger"]


def test_a_ledger_of_another_project_is_said_and_no_change(saved: Save, tmp_path: Path) -> None:
    path = saved()
    disclose_file(path)
    with Ledger(tmp_path / ".synthnb" / "ledger.sqlite3") as ledger:
        ledger.append(entry_for_run(made(id="run-elsewhere")))
    assert verify_path(path)[-1].status == "not looked at"
    assert found(path)["ledger"].startswith("None of its 1 lines is about this")


@pytest.mark.parametrize("line", ["[1]", "7", "{", '{"id": 1}', "[" * 5000])
def test_a_ledger_of_odd_lines_is_named(saved: Save, tmp_path: Path, line: str) -> None:
    path = saved()
    disclose_file(path)
    with Ledger(tmp_path / ".synthnb" / "ledger.sqlite3") as ledger:
        ledger.append(entries()[0])
    connection = sqlite3.connect(tmp_path / ".synthnb" / "ledger.sqlite3")
    connection.execute("INSERT INTO line VALUES (2, 'x', '', ?, '', '')", (line,))
    connection.commit()
    connection.close()
    assert "Line 2" in found(path)["ledger"]


def test_verifying_changes_nothing_in_the_folder(saved: Save, tmp_path: Path) -> None:
    path = saved()
    disclose_file(path)
    with Ledger(tmp_path / ".synthnb" / "ledger.sqlite3") as ledger:
        ledger.append(entries()[0])
    before = {item: item.read_bytes() for item in tmp_path.rglob("*") if item.is_file()}
    assert verify_path(path)[-1].ok
    assert {item: item.read_bytes() for item in tmp_path.rglob("*") if item.is_file()} == before


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"age": [1, 2], "sex": ["f", "m"]})
    output = {"name": "synthetic", "rows": 2, "columns": ["age", "sex"], "digest": frame_digest(frame)}
    entry = write_data(frame, tmp_path / "s.csv", frame_name="synthetic", entries=[entry_for_run(made(output=output))])
    assert entry["detail"]["as_made"] is True
    return tmp_path / "s.csv"


def test_a_table_and_its_sidecar_fit_together(table: Path) -> None:
    assert found(table) == {}
    assert found(table.with_name("s.csv.synthnb.json")) == {}
    assert table.read_text(encoding="utf-8") == "age,sex\n1,f\n2,m\n"


def test_a_changed_table_is_named(table: Path) -> None:
    table.write_text("age,sex\n9,f\n", encoding="utf-8")
    assert found(table)["s.csv"].startswith("It was changed after the export")


def test_a_changed_sidecar_is_named(table: Path) -> None:
    beside = table.with_name("s.csv.synthnb.json")
    beside.write_text(beside.read_text(encoding="utf-8").replace("actg175", "another"), encoding="utf-8")
    assert {"entry run-0123456789ab", "record"} <= set(found(table))


def test_a_table_outside_the_notebooks_folder_is_marked_as_outside(tmp_path: Path) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    frame = pd.DataFrame({"age": [1]})
    output = {"name": "synthetic", "rows": 1, "columns": ["age"], "digest": frame_digest(frame)}
    for where, wanted in ((folder, "s.csv"), (tmp_path, "…/s.csv")):
        entry = write_data(frame, where / "s.csv", frame_name="synthetic", entries=[entry_for_run(made(output=output))], folder=folder)
        assert entry["detail"]["path"] == wanted
        assert found(where / "s.csv") == {}


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"entries": []}', '{"entries": [{"detail": 3}]}', "[" * 100_000, '{"a":' * 250],
    ids=["empty", "list", "object", "no entries", "odd entry", "deep list", "deep object"],
)
def test_a_damaged_sidecar_is_named(table: Path, content: str) -> None:
    table.with_name("s.csv.synthnb.json").write_text(content, encoding="utf-8")
    assert found(table)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x.html", "<![foo[x]]>", "The page can't be read: unknown status keyword"),
        ("x.md", f"{comment({'entries': []})}{comment({'entries': []})}", "carries 2 records where one was expected"),
        ("x.md", comment({"entries": []}).replace("[]", "[" * 100_000), "can't be read: it is nested deeper"),
    ],
    ids=["declaration", "two", "deep"],
)
def test_a_hostile_export_is_unreadable(tmp_path: Path, name: str, content: str, sentence: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    (finding,) = verify_path(tmp_path / name)
    assert finding.status == "unreadable"
    assert sentence in finding.detail


def test_a_sidecar_of_nothing_is_missing_its_own(tmp_path: Path) -> None:
    (tmp_path / ".synthnb.json").write_text("{}", encoding="utf-8")
    assert verify_path(tmp_path / ".synthnb.json")[0].status == "missing"


def test_a_table_without_a_sidecar_is_missing_it(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a\n", encoding="utf-8")
    assert "no sidecar x.csv.synthnb.json" in found(tmp_path / "x.csv")["x.csv"]


def test_a_frame_nobody_made_here_isnt_exported(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="'other' isn't one, or has changed since"):
        write_data(pd.DataFrame({"a": [1]}), tmp_path / "o.csv", frame_name="other", entries=entries())
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match=r"no file at 'x\.html'"):
        verify_path(tmp_path / "x.html")


def test_findings_are_plain_data() -> None:
    assert json.loads(json.dumps(Finding("a", "ok", "b").to_dict())) == {"what": "a", "status": "ok", "detail": "b"}
