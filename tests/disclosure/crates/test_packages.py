"""Packages from notebooks, as a user writes them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from synthnb.disclosure.crates.descriptions import verify_description
from synthnb.disclosure.entries import entry_for_report
from synthnb.disclosure.files import disclose_file
from synthnb.disclosure.verify import all_ok
from synthnb.errors import NotebookError, OptionError, StorageError
from synthnb.jupyter.packages import PACKAGES, export_package, is_package
from tests.disclosure.samples import evaluated, notebook

from .conftest import STATED, entries_of, output_of, table


@pytest.mark.parametrize("ending", PACKAGES)
def test_the_records_digest_is_the_same_in_every_package(packages: Path, ending: str) -> None:
    with zipfile.ZipFile(packages / "trial.zip") as packed:
        digest = json.loads(packed.read("disclosure/record.json"))["digest"]
        shown = packed.read("ro-crate-metadata.json").decode() if ending == ".zip" else (packages / f"trial{ending}").read_text()
    assert digest in shown


def test_endings() -> None:
    assert all(is_package(f"a{ending}") for ending in PACKAGES)
    assert not any(is_package(name) for name in ("a.json", "a.md", "a.svg", ".zip", "a.html"))


def test_descriptions_can_be_checked(fresh: Callable[..., Path]) -> None:
    disclose_file(fresh())
    for ending in (".croissant.json", ".prov.json", ".prov.svg"):
        export_package("trial.ipynb", f"trial{ending}")
        assert all_ok(verify_description(f"trial{ending}"))


@pytest.mark.parametrize("ending", [".croissant.json", ".prov.json", ".prov.svg"])
@pytest.mark.parametrize("saved", [True, False], ids=["notebook beside", "alone"])
def test_a_description_that_says_something_else_isnt_fine(packages: Path, tmp_path: Path, ending: str, *, saved: bool) -> None:
    for name in ("synthetic.csv", "synthetic.parquet", *(["trial.ipynb"] if saved else [])):
        shutil.copy(packages / name, tmp_path / name)
    if saved:
        disclose_file(tmp_path / "trial.ipynb")
    file = tmp_path / f"trial{ending}"
    file.write_bytes((packages / file.name).read_bytes().replace(b"Ana Ruiz", b"Eve Rose"))
    assert verify_description(file)[0].status == ("changed" if saved else "not looked at")


def test_a_description_that_the_notebook_notes_is_known_by_its_digest(fresh: Callable[..., Path]) -> None:
    path = fresh()
    entry = export_package(path, "trial.prov.svg")
    content = json.loads(path.read_text())
    content["cells"][1]["outputs"].append(output_of(entry))
    path.write_text(json.dumps(content))
    disclose_file(path)
    assert [finding.status for finding in verify_description("trial.prov.svg")] == ["ok"]
    Path("trial.prov.svg").write_text(Path("trial.prov.svg").read_text().replace("</svg>", "<script/></svg>"))
    assert [finding.status for finding in verify_description("trial.prov.svg")] == ["changed"]


def test_a_description_of_data_that_changed_is_told(fresh: Callable[..., Path]) -> None:
    export_package(fresh(), "trial.croissant.json")
    Path("synthetic.csv").write_text("x\n")
    assert {finding.what: finding.status for finding in verify_description("trial.croissant.json")}["synthetic.csv"] == "changed"


def test_the_export_is_remembered(fresh: Callable[..., Path]) -> None:
    entry = export_package(fresh(), "trial.prov.json")
    assert (entry["kind"], entry["detail"]["path"]) == ("export", "trial.prov.json")
    assert export_package("trial.ipynb", "trial.prov.json")["detail"]["sha256"] == entry["detail"]["sha256"]


def test_a_file_of_somebody_elses_isnt_replaced(fresh: Callable[..., Path]) -> None:
    path = fresh()
    Path("trial.zip").write_text("mine")
    with pytest.raises(OptionError, match="exists and isn't as synthnb wrote it"):
        export_package(path, "trial.zip")
    export_package(path, "trial.zip", overwrite=True)
    assert zipfile.is_zipfile("trial.zip")


def test_a_failed_gate_blocks_and_an_override_goes_in(fresh: Callable[..., Path]) -> None:
    path = fresh()
    content = json.loads(path.read_text())
    entries = content["cells"][1]["outputs"][0]["data"]["application/vnd.synthnb.record+json"]["entries"]
    gate = {"metric": "auc", "label": "AUC", "at_most": 0.5, "value": 0.61, "outcome": "fail"}
    frame = entries[0]["detail"]["output"]
    entries.append(entry_for_report(evaluated(id="report-9", synthetic=frame, gates=[gate])))
    path.write_text(json.dumps(content))
    with pytest.raises(OptionError, match="A failed gate blocks the export"):
        export_package(path, "trial.zip")
    export_package(path, "trial.zip", override="It is for teaching only.")
    with zipfile.ZipFile("trial.zip") as packed:
        assert "It is for teaching only." in packed.read("disclosure/record.json").decode()


def test_a_notebook_that_is_up_to_date_goes_in_byte_for_byte(fresh: Callable[..., Path]) -> None:
    path = fresh()
    disclose_file(path)
    export_package(path, "trial.zip")
    with zipfile.ZipFile("trial.zip") as packed:
        assert packed.read("trial.ipynb") == path.read_bytes()


def test_without_a_record_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "empty.ipynb"
    path.write_text(json.dumps(notebook(cells=[])))
    with pytest.raises(OptionError, match="nothing in this one was made by synthnb"):
        export_package(path, tmp_path / "a.zip")


def test_a_notebook_that_isnt_there(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match=r"none\.ipynb"):
        export_package(tmp_path / "none.ipynb", tmp_path / "a.zip")


def test_a_folder_that_isnt_there(fresh: Callable[..., Path]) -> None:
    with pytest.raises(StorageError, match="couldn't be written"):
        export_package(fresh(), "no/such/trial.zip")


def test_what_this_session_showed_can_be_packed(fresh: Callable[..., Path]) -> None:
    content = json.loads(fresh().read_text())
    entry = export_package(content, "session.zip")
    with zipfile.ZipFile(entry["detail"]["path"]) as packed:
        assert {"notebook.ipynb", "synthetic.csv"} <= set(packed.namelist())


def test_no_path_of_this_machine_is_in_any_package(packages: Path) -> None:
    places = [str(packages), str(Path.home()), str(Path.cwd())]
    with zipfile.ZipFile(packages / "trial.zip") as packed:
        texts = [packed.read(name) for name in packed.namelist()]
    texts += [(packages / f"trial{ending}").read_bytes() for ending in PACKAGES]
    assert not [place for place in places for text in texts if place.encode() in text]


def test_no_package_fetches_or_runs_anything(packages: Path) -> None:
    with zipfile.ZipFile(packages / "trial.zip") as packed:
        page = packed.read("ro-crate-preview.html").decode()
    assert "default-src 'none'" in page
    assert not re.search(r"<script|<link|src=|@import|url\((?!#)", page)


def test_from_the_command_line(fresh: Callable[..., Path], tmp_path: Path) -> None:
    path = fresh()
    run = [sys.executable, "-m", "synthnb"]
    done = subprocess.run([*run, "export", path.name, "trial.zip"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "Wrote trial.zip" in done.stdout
    checked = subprocess.run([*run, "verify", "trial.zip"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_the_package_reads_its_own_samples() -> None:
    assert len(entries_of(table())) == 3
    assert set(STATED) >= {"name", "license"}
