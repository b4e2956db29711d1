"""A key, a patient's name and the home folder stand in none of the files of a whole project; and no file claims what can't be shown."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

import synthnb
from synthnb._tables import SUFFIXES
from synthnb.disclosure.fields import catalogue
from synthnb.disclosure.lint import findings
from tests.leaks import KEY, PATIENT, contents, files_in, held, leaks_in, plants, unpacked

FORMAT: Any = nbformat
OTHER = "Ulrike Nirgendwo-Imgendwo"
"""A name to be found, in these tests' own files."""
PROMPT = f"Write a short note about {PATIENT}, who was seen here."
STATED = "\n".join(
    f"{field.label}: {'Ada Example, statistician' if field.id == 'responsiblePerson' else 'stated for a test'}"
    for field in catalogue().values()
    if field.fill == "human" and field.id not in {"reviewerSignOff", "releaseClass"}
)
PUBLISHED = {
    "name": "trial",
    "description": "A made-up trial for a test.",
    "version": "1.0.0",
    "datePublished": "2026-01-02",
    "license": "https://spdx.org/licenses/CC-BY-4.0.html",
    "url": "https://example.org/trial",
}
ANSWERS = """Audience: a class
Class of the sources: internal
Re-identification assessment: as proposed
Residual risk: rare ages
Governance: the board
Release model: on application
Release class: team"""
CELLS = [
    "%load_ext synthnb",
    "import os, numpy as np, pandas as pd, synthnb\nrng = np.random.default_rng(1)",
    "real = pd.DataFrame({'age': rng.integers(18, 90, 160), 'sex': rng.choice(['f', 'm'], 160)})",
    "seen, held = real.iloc[:110], real.iloc[110:]",
    "%synth generate seen --rows 60 --as made --engine trees --seed 1",
    "told = synthnb.write_column(made, 'note', os.environ['PROMPT'], given=['age'], model='echo', sensitive=True, random_state=1)\ntold",
    "%synth evaluate told --against seen --holdout held --profile small.toml --seed 1",
    f"%%synth disclose\n{STATED}",
    f"synthnb.disclose(statements={PUBLISHED})",
    "%synth export told.csv --frame told",
    f"%%synth risk --by Ada\n{ANSWERS}",
    "%synth check",
    "%synth column x --into made --model openai/gpt-none --prompt nothing",
    "%synth generate nowhere",
    "import traceback\ntry:\n    synthnb.generate('/nowhere/at/all.csv')\nexcept Exception:\n    traceback.print_exc()",
    "%synth runs",
]
SMALL = """name = "small/1"
extends = "tabular-core/1"
drop = ["tstr", "membership", "augmentation", "subgroups", "fairness", "c2st", "propensity"]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with a project in it: a notebook that ran every kind of verb, and every export there is."""
    home = tmp_path_factory.mktemp("secrets") / "home-of-somebody"
    folder = home / "project"
    folder.mkdir(parents=True)
    (folder / "small.toml").write_text(SMALL, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, value in {
            "HOME": str(home),
            "OPENAI_API_KEY": KEY,
            "SYNTHNB_API_KEY": KEY,
            "PROMPT": PROMPT,
            "SYNTHNB_PERSON": "Ada",
        }.items():
            patch.setenv(name, value)
        _run(folder / "trial.ipynb")
        _export(folder)
    return home


def _run(path: Path) -> None:
    import nbclient

    made = FORMAT.v4.new_notebook(cells=[FORMAT.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(made, allow_errors=True, resources={"metadata": {"path": str(path.parent)}}).execute()
    FORMAT.write(made, path)
    synthnb.disclose_notebook(path)


def _export(folder: Path) -> None:
    """Export to every ending there is, and write a frame that a session here has made."""
    from synthnb.disclosure.session import session
    from synthnb.jupyter.exporting import endings

    refused = {}
    for ending in endings():
        try:
            synthnb.export_notebook(folder / "trial.ipynb", folder / f"report{ending}", overwrite=True)
        except synthnb.errors.SynthnbError as error:
            refused[ending] = str(error)
    session.reset()
    import pandas as pd

    made = synthnb.generate(pd.DataFrame({"age": range(20, 80), "sex": ["f", "m"] * 30}), rows=20, random_state=1)
    told = synthnb.write_column(made, "note", PROMPT, given=["age"], model="echo", sensitive=True, random_state=1)
    for ending in SUFFIXES:
        synthnb.write_table(told, folder / f"table{ending}")
    (folder / "refused.json").write_text(json.dumps(refused), encoding="utf-8")
    session.reset()


def test_every_kind_of_file_was_written(project: Path) -> None:
    from synthnb.jupyter.exporting import endings

    refused = json.loads((project / "project" / "refused.json").read_text(encoding="utf-8"))
    assert refused == {}
    names = {path.name for path in files_in(project)}
    assert {f"report{ending}" for ending in endings()} | {f"table{ending}" for ending in SUFFIXES} <= names
    assert {"ledger.sqlite3", "calls.sqlite3"} <= names


@pytest.fixture(scope="module")
def written(project: Path) -> dict[str, list[bytes]]:
    """What each file of the project holds, unpacked."""
    return {path.relative_to(project).as_posix(): list(contents(path)) for path in files_in(project)}


def test_nothing_planted_stands_in_any_file(project: Path, written: dict[str, list[bytes]]) -> None:
    found = {name: what for name, pieces in written.items() if (what := held(pieces, plants(project)))}
    assert found == {}


def test_a_sensitive_prompt_is_disclosed_as_a_digest(project: Path) -> None:
    record = json.loads((project / "project" / "trial.ipynb").read_text(encoding="utf-8"))["metadata"]["synthnb"]
    (column,) = [entry for entry in record["entries"] if entry["kind"] == "column"]
    assert "sha256:" in json.dumps(column["fields"]["fullPrompt"])
    assert PATIENT not in json.dumps(record)


def test_no_file_claims_what_cannot_be_shown(written: dict[str, list[bytes]]) -> None:
    first = {piece: name for name, pieces in written.items() for piece in pieces}  # what is packed twice is read once
    found = {name: told[:3] for piece, name in first.items() if (told := [one.phrase for one in findings(_as_text(piece))])}
    assert found == {}


def _as_text(piece: bytes) -> str:
    """What is a text, without long runs that are no words, such as pictures and fonts."""
    try:
        return re.sub(r"[A-Za-z0-9+/=_-]{200,}", " ", piece.decode("utf-8"))
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize("ending", [".zip", ".gz", ".parquet", ".xlsx", ".sqlite3", ".pdf"])
def test_what_is_looked_for_is_found_where_it_is_packed(tmp_path: Path, ending: str) -> None:
    import gzip
    import sqlite3
    import zipfile
    import zlib

    import pandas as pd

    path = tmp_path / f"planted{ending}"
    frame = pd.DataFrame({"note": [f"about {OTHER}"] * 3})
    if ending == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inner.txt", f"about {OTHER}")
    elif ending == ".gz":
        path.write_bytes(gzip.compress(OTHER.encode()))
    elif ending == ".parquet":
        frame.to_parquet(path, compression="zstd")
    elif ending == ".xlsx":
        frame.to_excel(path)
    elif ending == ".sqlite3":
        with sqlite3.connect(path) as opened:
            opened.execute("CREATE TABLE t (a TEXT)")
            opened.execute("INSERT INTO t VALUES (?)", ("x" * 5000 + OTHER,))
    else:
        path.write_bytes(b"%PDF-1.7\nstream\n" + zlib.compress(OTHER.encode()) + b"\nendstream\n")
    found, _ = leaks_in(tmp_path, {"patient": OTHER.encode()})
    assert [leak.path for leak in found] == [path]


def test_a_path_is_found_however_it_is_spelt(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(r'"\/home\/ada\/x"', encoding="utf-8")
    (tmp_path / "b.html").write_text("file:%2Fhome%2Fada%2Fx", encoding="utf-8")
    found, _ = leaks_in(tmp_path, plants(Path("/home/ada")))
    assert [leak.path.name for leak in found] == ["a.json", "b.html"]
    assert list(unpacked(b"plain")) == []
    assert os.sep == "/"
