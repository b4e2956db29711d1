"""Notebook files are changed only where something changed, and whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from synthnb.disclosure.files import disclose_file, read_notebook
from synthnb.errors import NotebookError, StorageError

from .samples import entries, notebook

Save = Callable[..., Path]


def test_the_file_gets_its_cell_and_record_once(saved: Save) -> None:
    path = saved()
    assert tuple(disclose_file(path)) == (True, "incomplete")
    before = path.read_bytes()
    assert tuple(disclose_file(path)) == (False, "incomplete")
    assert path.read_bytes() == before


def test_the_result_is_a_valid_notebook(saved: Save) -> None:
    path = saved()
    disclose_file(path)
    form: Any = nbformat
    form.validate(form.read(path, as_version=4))


def test_a_notebook_that_jupyter_wrote_stays_as_jupyter_would_write_it(saved: Save) -> None:
    path = saved()
    form: Any = nbformat
    form.write(form.read(path, as_version=4), path)
    disclose_file(path)
    assert path.read_text(encoding="utf-8").startswith('{\n "cells": [\n  {\n   "cell_type": "markdown",\n   "id": "title",')


def test_what_others_wrote_stays_in_their_order(saved: Save) -> None:
    path = saved()
    disclose_file(path)
    text = path.read_text(encoding="utf-8")
    assert '"b": 1,\n   "a": 2' in text
    assert "Zoë's words" in text


@pytest.mark.parametrize("indent", [None, 1, 2, 4, "\t"])
def test_the_layout_stays(saved: Save, indent: int | str | None) -> None:
    path = saved()
    path.write_bytes(json.dumps(json.loads(path.read_bytes()), indent=indent).replace("\n", "\r\n").encode())
    disclose_file(path)
    after = path.read_bytes()
    assert after == json.dumps(json.loads(after), indent=indent).replace("\n", "\r\n").encode()


def test_a_byte_order_mark_stays_and_so_does_the_layout(saved: Save) -> None:
    path = saved()
    disclose_file(path)
    wanted = path.read_bytes()
    marked = saved()
    marked.write_bytes(b"\xef\xbb\xbf" + marked.read_bytes())
    assert disclose_file(marked).changed
    assert marked.read_bytes() == b"\xef\xbb\xbf" + wanted
    assert not disclose_file(marked).changed


def test_half_a_surrogate_pair_in_a_cell_does_no_harm(saved: Save) -> None:
    path = saved()
    path.write_text(path.read_text(encoding="utf-8").replace("# Trial", "\\ud800"), encoding="utf-8")
    assert disclose_file(path).changed
    assert not disclose_file(path).changed


def test_sources_keep_the_form_of_the_file(saved: Save) -> None:
    path = saved()
    disclose_file(path)
    cell = read_notebook(path)["cells"][2]
    assert cell["source"][0] == "<!-- synthnb:disclosure:begin -->\n"
    assert cell["id"] == "synthnb-disclosure"


def test_an_old_minor_version_stays_without_ids(saved: Save) -> None:
    content = notebook(*entries()) | {"nbformat_minor": 4}
    content["cells"] = [{key: value for key, value in cell.items() if key != "id"} for cell in content["cells"]]
    path = saved(content)
    disclose_file(path)
    assert read_notebook(path)["nbformat_minor"] == 4
    assert "id" not in read_notebook(path)["cells"][2]
    nbformat.validate(read_notebook(path))


def test_checking_writes_nothing(saved: Save) -> None:
    path = saved()
    before = path.read_bytes()
    assert disclose_file(path, check=True).changed
    assert path.read_bytes() == before


def test_a_deletion_is_an_opt_out_until_asked_to_restore(saved: Save) -> None:
    path = saved()
    disclose_file(path)
    content = read_notebook(path)
    del content["cells"][2]
    saved(content)
    assert tuple(disclose_file(path, now="2026-12-01T00:00:00Z")) == (True, "opted out")
    assert read_notebook(path)["metadata"]["synthnb"]["opt_out"] == {"at": "2026-12-01T00:00:00Z"}
    assert tuple(disclose_file(path)) == (False, "opted out")
    assert tuple(disclose_file(path, restore=True)) == (True, "incomplete")


def test_a_notebook_without_runs_is_left_alone(saved: Save) -> None:
    assert tuple(disclose_file(saved(notebook(cells=[])))) == (False, "none")


def test_permissions_and_links_stay(saved: Save, tmp_path: Path) -> None:
    path = saved()
    path.chmod(0o640)
    link = tmp_path / "link.ipynb"
    link.symlink_to(path)
    disclose_file(link)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    "changes",
    [
        {"metadata": {"synthnb": {"entries": [1], "fields": [2]}}},
        {"metadata": {"synthnb": {"entries": [1], "fields": {"intent": 2}}}},
        {"nbformat_minor": "5"},
        {"cells": [{"id": []}, *notebook(*entries())["cells"]]},
    ],
)
def test_odd_shapes_do_no_harm(saved: Save, changes: dict[str, Any]) -> None:
    path = saved(notebook(*entries()) | changes)
    assert disclose_file(path, now="2026-12-01T00:00:00Z").status == "incomplete"
    assert not disclose_file(path).changed


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "can't be read as JSON"),
        (b"PK\x03\x04\xff", "isn't UTF-8 text: invalid start byte at byte 4"),
        ('{"nbformat": 4}'.encode("utf-16"), "isn't UTF-8 text"),
        (b'{"a":' * 250 + b"1" + b"}" * 250, "nested deeper than 200 levels"),
        (b"[" * 100_000 + b"]" * 100_000, "nested deeper than 200 levels"),
        (b"[1]", "not a notebook's"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 3, "worksheets": []}', "has format 3"),
        (b'{"nbformat": 4, "cells": [], "metadata": []}', "no metadata"),
    ],
)
def test_what_isnt_a_notebook_is_refused_and_left(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    with pytest.raises(NotebookError, match=message):
        disclose_file(path)
    assert path.read_bytes() == content


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match=r"no notebook at 'gone\.ipynb'"):
        disclose_file(tmp_path / "gone.ipynb")


def test_a_read_only_file_is_left(saved: Save) -> None:
    path = saved()
    path.chmod(0o444)
    with pytest.raises(StorageError, match="read-only; it is left as it was"):
        disclose_file(path)
    assert disclose_file(path, check=True).changed


def test_a_record_of_a_later_version_is_left(saved: Save) -> None:
    content = notebook(*entries())
    content["metadata"]["synthnb"] = {"schema": "synthnb.record/7"}
    with pytest.raises(NotebookError, match="later version of synthnb"):
        disclose_file(saved(content))


def test_two_cells_become_one_in_the_file(saved: Save) -> None:
    path = saved()
    disclose_file(path)
    content: dict[str, Any] = read_notebook(path)
    content["cells"].append(content["cells"][2] | {"id": "copy"})
    saved(content)
    assert disclose_file(path).changed
    assert len(read_notebook(path)["cells"]) == 3
