"""No real row goes into a crate unless somebody gives a reason that names the file, and everything says what the rows are."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from synthnb.disclosure.crates import verify_crate
from synthnb.disclosure.crates.rows import rows_of
from synthnb.disclosure.entries import entry_for_run
from synthnb.disclosure.mixing import Part, entry_for_mix, mix_detail
from synthnb.disclosure.session import session
from synthnb.errors import OptionError, SynthnbWarning
from synthnb.jupyter.packages import export_package
from tests.disclosure.samples import made

from .conftest import account_of, make_mixed_folder

REASON = "both.csv: its people agreed to open data."


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    session.reset()
    return make_mixed_folder(tmp_path)


def files(crate: str) -> dict[str, bytes]:
    with zipfile.ZipFile(crate) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def entity(content: dict[str, bytes], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in json.loads(content["ro-crate-metadata.json"])["@graph"] if item["@id"] == name)
    return found


def test_a_table_with_real_rows_stays_out_and_is_named(notebook: Path) -> None:
    with pytest.warns(SynthnbWarning, match=r"leaves out .*'both\.csv' \(20 real rows and 30 synthetic rows\)"):
        export_package(notebook, "trial.zip")
    content = files("trial.zip")
    assert [name for name in content if name.startswith("both")] == []
    assert "- both.csv: 20 real rows and 30 synthetic rows" in content["README.md"].decode()
    assert "both.csv (20 real rows and 30 synthetic rows)" in content["ro-crate-preview.html"].decode()
    assert [finding for finding in verify_crate("trial.zip") if finding.status not in {"ok", "not looked at"}] == []


def test_a_reason_that_names_it_takes_it_along(notebook: Path) -> None:
    export_package(notebook, "trial.zip", override=REASON)
    content = files("trial.zip")
    assert "both.csv holds 20 real rows and 30 synthetic rows." in entity(content, "./")["description"]
    assert entity(content, "both.csv")["description"].endswith(f"20 real rows and 30 synthetic rows; taken along because: {REASON}")
    assert REASON in content["disclosure/record.json"].decode()
    assert [finding for finding in verify_crate("trial.zip") if not finding.ok] == []


def test_a_reason_is_for_one_crate(notebook: Path) -> None:
    export_package(notebook, "trial.zip", override=REASON)
    with pytest.warns(SynthnbWarning, match="leaves out"):
        export_package(notebook, "other.zip")
    assert "both.csv" not in files("other.zip")


def test_a_reason_that_names_no_file_is_refused(notebook: Path) -> None:
    with pytest.raises(OptionError, match=r"it names none of the tables that the crate leaves out: 'both\.csv'"):
        export_package(notebook, "trial.zip", override="They all agreed to it.")


def test_each_table_has_its_source_type(notebook: Path) -> None:
    export_package(notebook, "trial.zip", override=REASON)
    content = files("trial.zip")
    types = {name: entity(content, name)["digitalSourceType"]["@id"].rpartition("/")[2] for name in ("synthetic.csv", "both.csv")}
    assert types == {"synthetic.csv": "AlgorithmicMediaDigitalSource", "both.csv": "CompositeSyntheticDigitalSource"}
    assert "digitalSourceType" not in entity(content, "README.md")


def test_croissant_says_how_many_rows_are_real(notebook: Path) -> None:
    export_package(notebook, "trial.croissant.json")
    described = json.loads(Path("trial.croissant.json").read_text())
    words = {item["name"]: item["description"] for item in described["distribution"]}
    assert words["both.csv"] == "The table “both”, 50 rows: 20 real rows and 30 synthetic rows"
    assert "both.csv holds 20 real rows and 30 synthetic rows." in described["description"]


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({"share": 1.0}, "10 synthetic rows"),
        ({"share": 0.61}, "4 rows real or of unknown origin and 6 synthetic rows"),
        ({"share": "x"}, "10 synthetic rows"),
        ({"run": "run-gone", "share": 1.0}, "10 rows real or of unknown origin"),
        ({"share": 1.0, "other_columns": ["chol"]}, "10 synthetic rows; no run made column “chol”"),
    ],
)
def test_what_rows_are(detail: dict[str, Any], words: str) -> None:
    rows = rows_of(account_of(entry_for_run(made())), {"rows": 10, "run": "run-0123456789ab"} | detail)
    assert rows.words() == words
    assert rows.are_synthetic is (words == "10 synthetic rows")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([Part("a", 4, "unknown"), Part("b", 6, "synthetic")], "4 rows real or of unknown origin and 6 synthetic rows"),
        (
            [Part("a", 4, "real"), Part("b", 6, {"run": "x", "share": 0.5})],
            "4 real rows and 3 rows real or of unknown origin and 3 synthetic rows",
        ),
        ([Part("", 4, "synthetic", marked=True), Part("b", 6, {"run": "x"})], "4 rows real or of unknown origin and 6 synthetic rows"),
    ],
)
def test_what_mixed_rows_are(parts: list[Part], words: str) -> None:
    digest = f"sha256:{'7' * 64}"
    entry = entry_for_mix(mix_detail(parts, name="m", columns=["age"], digest=digest, started="2026-11-23T16:00:00Z"))
    assert rows_of(account_of(entry), {"rows": 10, "run": entry["id"], "content": digest, "share": 1.0}).words() == words


def test_filled_cells_of_real_rows_leave_them_real() -> None:
    run = entry_for_run(made(kind="impute"))
    assert rows_of(account_of(run), {"rows": 10, "run": run["id"]}).words() == "10 rows real or of unknown origin"
