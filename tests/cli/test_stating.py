"""`synthnb state`: a person's words in a notebook's record, without a kernel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from synthnb.cli.main import cli
from synthnb.disclosure.files import disclose_file, read_notebook
from synthnb.disclosure.verify import verify_path
from synthnb.errors import OptionError
from tests.disclosure.samples import entries, notebook


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "study.ipynb"
    path.write_text(json.dumps(notebook(*entries())), encoding="utf-8")
    disclose_file(path)
    return path


def state(*words: str) -> str:
    done = CliRunner().invoke(cli, ["state", *words], catch_exceptions=False)
    return done.output


def test_what_is_stated_stands_in_record_and_cell(file: Path) -> None:
    state(str(file), "Intent: replica for teaching", "--by", "Ada Núñez")
    own = read_notebook(file)["metadata"]["synthnb"]
    assert own["fields"]["intent"]["values"][0]["value"] == "replica for teaching"
    assert own["entries"][-1]["detail"]["by"] == "Ada Núñez"
    assert all(finding.ok for finding in verify_path(file) if finding.what in {"record", "fields", "cell"})


def test_statements_come_from_a_file_too(file: Path, tmp_path: Path) -> None:
    words = tmp_path / "said.txt"
    words.write_text("Name: A register\n  for teaching\nLicence: CC BY 4.0\n", encoding="utf-8")
    assert "stated name, license" in state(str(file), "--file", str(words))
    fields = read_notebook(file)["metadata"]["synthnb"]["fields"]
    assert fields["name"]["values"][0]["value"] == "A register for teaching"


def test_an_empty_statement_withdraws(file: Path) -> None:
    state(str(file), "Intent: replica")
    state(str(file), "Intent:")
    assert read_notebook(file)["metadata"]["synthnb"]["fields"]["intent"]["status"] == "not stated"


def test_what_the_machine_fills_is_refused(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(OptionError, match="Seed: 7"):
        state(str(file), "Seed: 7")
    assert file.read_bytes() == before


def test_nothing_stated_is_an_error(file: Path) -> None:
    with pytest.raises(OptionError, match="got none"):
        state(str(file))
