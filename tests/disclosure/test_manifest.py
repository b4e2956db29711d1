"""What became of a signed notebook is named cell by cell; formatters and savers are told apart from forgers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from synthnb._api.signing import sign
from synthnb._api.verifying import check
from synthnb.disclosure.code_form import comments_digest, form_digest
from synthnb.disclosure.entries import entry_for_run, entry_for_statements
from synthnb.disclosure.files import disclose_file, read_notebook
from synthnb.disclosure.ledger import Ledger
from synthnb.disclosure.manifest import manifest_of, manifest_of_notebook

from .samples import made
from .signed import Json, project, read, write

FORMAT: Any = nbformat
"""nbformat, whose functions have no annotations."""
QUIET = {"entries", "record", "fields", "outputs", "shown", "cell", "t.csv", "ledger", "signature"}


@pytest.fixture
def path(tmp_path: Path, key: Path) -> Path:
    """A notebook that was signed."""
    found = project(tmp_path)
    sign(found, by="Ada Núñez")
    return found


def found(path: Path) -> dict[str, tuple[str, str]]:
    """What the signature says of the notebook: status and detail, by what was looked at."""
    return {one.what: (one.status, one.detail) for one in check(path).findings if one.what not in QUIET or one.status == "stripped"}


def run(path: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", *words], cwd=path.parent, check=True, capture_output=True)


def edit(path: Path, change: Callable[[Json], object]) -> dict[str, tuple[str, str]]:
    content = read(path)
    change(content)
    write(path, content)
    return found(path)


def cell(content: Json, name: str) -> Json:
    one: Json = next(cell for cell in content["cells"] if cell.get("id") == name)
    return one


def test_untouched_every_byte_is_as_signed(path: Path) -> None:
    assert found(path) == {"signed content": ("ok", "Every byte is as it was signed")}
    assert check(path).signed


@pytest.mark.parametrize("formatter", [("black", "-q"), ("ruff", "format", "-q")], ids=["black", "ruff"])
def test_a_formatter_is_told_apart(path: Path, formatter: tuple[str, ...]) -> None:
    run(path, *formatter, path.name)
    named = found(path)
    assert {status for status, _ in named.values()} <= {"reformatted", "ok"}
    assert named["cell 4"] == ("reformatted", "Its code is laid out anew; its syntax tree and its comments are as signed.")
    assert check(path).exit_status == 0
    assert check(path, strict=True).exit_status == 1


def test_nbstripout_is_told_apart(path: Path) -> None:
    run(path, "nbstripout", path.name)
    named = found(path)
    assert named["outputs"][0] == "stripped"
    assert "execution counts" in named["layout"][1]
    assert check(path).exit_status == 0


def test_a_round_trip_through_jupytext_is_told_apart(path: Path) -> None:
    run(path, "jupytext", "-q", "--to", "py:percent", path.name)
    path.unlink()
    run(path, "jupytext", "-q", "--to", "ipynb", "trial.py")
    named = found(path)
    assert named["outputs"][0] == "stripped"
    assert named["signed record"][0] == "stripped"
    assert named["cell 5"] == ("stripped", "Its attachments are gone: a.txt.")
    assert {status for status, _ in named.values()} == {"ok", "stripped"}
    assert check(path).outcome == "changed", "without its record a notebook can't be checked"


def test_saving_it_anew_is_told_apart(path: Path) -> None:
    content = FORMAT.read(path, as_version=4)
    content.metadata.kernelspec = {"name": "python3", "display_name": "Another"}
    FORMAT.write(content, path)
    assert found(path)["kernel metadata"][0] == "ok"
    assert found(path)["signed bytes"][0] == "ok"


def test_another_layout_is_said_and_fine(path: Path) -> None:
    path.write_text(json.dumps(read(path)), encoding="utf-8")
    assert found(path) == {"signed bytes": ("ok", "The file's bytes differ from those signed, what it says doesn't: it was saved anew")}


@pytest.mark.parametrize("minor", [0, 1, 2, 3, 4])
def test_an_upgrade_of_the_format_is_told_apart(tmp_path: Path, key: Path, minor: int) -> None:
    path = project(tmp_path)
    content = read(path) | {"nbformat_minor": minor}
    for one in content["cells"]:
        one.pop("id", None)
    write(path, content)
    sign(path)
    assert "format" in edit(path, lambda content: content.update(_upgraded(content)))["layout"][1]
    assert check(path).outcome == "ok"


def _upgraded(content: Json) -> Json:
    cells = [one | {"id": f"new-{number}"} for number, one in enumerate(content["cells"])]
    return content | {"nbformat_minor": 5, "cells": cells}


CHANGES: list[tuple[str, Callable[[Json], object], str, str]] = [
    ("code", lambda it: cell(it, "plain").update(source="# why\nx = {'a' : 2}\nprint( x )"), "cell 4", "Its code differs."),
    ("comment", lambda it: cell(it, "plain").update(source="# who\nx = {'a' : 1}\nprint( x )"), "cell 4", "Its comments differ"),
    ("words", lambda it: cell(it, "words").update(source="Words of yours."), "cell 5", "Its text differs."),
    (
        "stream",
        lambda it: cell(it, "plain")["outputs"][0].update(text=["{'a': 2}\n"]),
        "cell 4",
        "Its output 1 isn't as signed: text/plain.",
    ),
    ("output", lambda it: cell(it, "plain").update(outputs=[]), "cell 4", "It had 1 outputs when it was signed and has 0."),
    ("kind", lambda it: cell(it, "plain")["outputs"][0].update(name="stderr"), "cell 4", "Its output 1 isn't as signed: metadata."),
    ("attachment", lambda it: cell(it, "words").update(attachments={}), "cell 5", "Its attachments differ: a.txt."),
    ("tags", lambda it: cell(it, "words")["metadata"].update(tags=["x"]), "cell 5", "Its metadata differ: tags."),
    ("hidden code", lambda it: cell(it, "plain")["metadata"].update(jupyter={"source_hidden": True}), "cell 4", "readers is code; when"),
    ("hidden output", lambda it: cell(it, "plain")["metadata"].update(collapsed=True), "cell 4", "Hidden from readers is outputs"),
    ("skipped", lambda it: cell(it, "words")["metadata"].update(slideshow={"slide_type": "skip"}), "cell 5", "slide: skip"),
    ("extra", lambda it: it["metadata"]["synthnb"].update(extra=1), "record's other keys", "They aren't as signed: extra."),
    ("opt-out", lambda it: it["metadata"]["synthnb"].update(opt_out={"at": "x"}), "record's other keys", "as signed: opt_out."),
    ("worksheets", lambda it: it.update(worksheets=[1]), "notebook's other keys", "They aren't as signed: worksheets."),
    ("key", lambda it: cell(it, "words").update(other=1), "cell 5", "Its other keys differ: other."),
    ("type", lambda it: cell(it, "words").update(cell_type="raw"), "cell 5", "It was a markdown cell and is a raw cell."),
    ("metadata", lambda it: it["metadata"].update(authors="me"), "metadata", "These parts of the notebook's metadata differ: authors."),
    ("new", lambda it: it["cells"].append(cell(it, "words") | {"id": "n", "source": "New."}), "cell 6", "wasn't there when it was signed"),
    ("gone", lambda it: it["cells"].remove(cell(it, "words")), "cell 5 as signed", "The markdown cell that stood there is gone."),
    ("order", lambda it: it["cells"].reverse(), "order of cells", "another order"),
]


@pytest.mark.parametrize(("change", "what", "detail"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_a_change_is_named_with_its_cell(path: Path, change: Callable[[Json], object], what: str, detail: str) -> None:
    status, said = edit(path, change)[what]
    assert status in {"changed", "missing"}
    assert detail in said
    assert check(path).exit_status == 1


def test_swapped_ids_dont_hide_a_change(path: Path) -> None:
    def change(content: Json) -> None:
        one, other = cell(content, "plain"), cell(content, "run")
        one["id"], other["id"], one["source"] = "run", "plain", "x = 3"

    assert any(detail == "Its code differs." for _, detail in edit(path, change).values())


def test_what_a_later_verb_shows_is_said_to_lie_outside(path: Path, tmp_path: Path) -> None:
    content = read(path)
    content["cells"].append(
        {"cell_type": "code", "id": "s", "metadata": {}, "execution_count": None, "outputs": [], "source": "%synth sign"}
    )
    write(path, content)
    sign(path)
    output = {"output_type": "stream", "name": "stdout", "text": "Signed"}
    named = edit(path, lambda it: cell(it, "s").update(outputs=[output], execution_count=9))
    assert named["cell 6"] == ("ok", "What its %synth sign shows came after the signature and isn't covered by it")


def test_a_ledger_may_grow_after_it_was_signed(path: Path) -> None:
    ledger = path.parent / ".synthnb" / "ledger.sqlite3"
    sign(ledger)
    with Ledger(ledger) as opened:
        opened.append(entry_for_statements({"intent": "teaching"}))
    details = [one.detail for one in check(ledger).findings if one.what == "signed lines"]
    assert details == ["The 5 signed lines are there; 1 came since"]
    assert check(ledger).outcome == "ok"


def test_a_ledger_begun_anew_isnt_the_signed_one(path: Path) -> None:
    ledger = path.parent / ".synthnb" / "ledger.sqlite3"
    sign(ledger)
    ledger.unlink()
    with Ledger(ledger) as opened:
        opened.append(entry_for_statements({"intent": "teaching"}))
    assert [one.status for one in check(ledger).findings if one.what == "signed lines"] == ["changed"]


def test_a_manifest_holds_nothing_of_the_contents(path: Path) -> None:
    text = json.dumps(manifest_of(path))
    assert not any(word in text for word in ("Words", "print", "Ada", "actg175"))


def test_a_manifest_is_the_same_for_lists_and_strings(path: Path) -> None:
    content = read_notebook(path)
    before = manifest_of_notebook(content)
    for one in content["cells"]:
        one["source"] = "".join(one["source"]) if isinstance(one["source"], list) else [one["source"]]
    assert manifest_of_notebook(content) == before


def test_a_record_that_went_on_is_named(path: Path) -> None:
    def change(content: Json) -> None:
        content["metadata"]["synthnb"]["entries"].append(entry_for_run(made(id="run-later", ended="2027-01-01T00:00:00Z")))

    edit(path, change)
    disclose_file(path)
    assert found(path)["signed record"][0] == "changed"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a = 'x'", 'a = ("x")', True),
        ("f(a,\n  b)", "f(a, b)", True),
        ("def f():\n  '''Doc.\n     more'''", 'def f():\n    """Doc.\n    more"""', True),
        ("%synth generate real --rows 3", "%synth generate real --rows 3", True),
        ("x=1\n%matplotlib inline", "x = 1\n%matplotlib inline", True),
        ("a = 1", "a = 2", False),
        ("a = True", "a = 'True'", False),
        ("a = 1.0", "a = 1", False),
        ("%synth generate real --rows 3", "%synth generate real --rows 4", False),
    ],
)
def test_the_form_of_code_is_what_it_says(one: str, other: str, same: bool) -> None:
    assert form_digest(one) is not None
    assert (form_digest(one) == form_digest(other)) is same


@pytest.mark.parametrize(
    "source", ["def f(:", "(" * 5000, "\ud800 = 1", "a\x00b", "x" * 2_000_000], ids=["syntax", "deep", "lone", "nul", "long"]
)
def test_what_isnt_python_has_no_form(source: str) -> None:
    assert form_digest(source) is None
    assert comments_digest("'''") is None
